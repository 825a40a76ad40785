//! Dates by Go's layouts, durations, and the clock that stands still (`sprig date.go`, Go's `time`).

mod calendar;
mod duration;
mod layout;
mod object;
mod zone;

use super::cast::text;
use super::strings::int;
use super::{Function, Outcome, Runs, plain};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::{Data, IntType, Value};

use duration::{NANOS, duration_text, parse_duration};
pub(super) use layout::{format as format_time, parse as parse_time};
pub(super) use object::Time;
pub(super) use zone::Zone;

use Param::{Any, Str};

/// The layout of a date in a form.
const HTML: &str = "2006-01-02";

const TIME: Param = Param::Object("time.Time");

/// A function that may look at the clock.
const fn clocked(
    name: &'static str,
    params: &'static [Param],
    run: fn(&Context<'_>, &[Value], &super::Seed) -> Outcome,
) -> Function {
    Function { name, params, variadic: None, run: Runs::Generated(run), looks: true }
}

pub(super) static FAMILY: &[Function] = &[
    clocked("now", &[], |context, _, seed| {
        Ok(Value::object(Time::now(context)).from_origin(context.origins.generated(seed.span)))
    }),
    clocked("date", &[Str, Any], |context, args, seed| formatted(context, args, seed, &args[1], &text(&args[0]), "")),
    clocked("dateInZone", &[Str, Any, Str], in_zone),
    clocked("date_in_zone", &[Str, Any, Str], in_zone),
    clocked("htmlDate", &[Any], |context, args, seed| formatted(context, args, seed, &args[0], HTML, "")),
    clocked("htmlDateInZone", &[Any, Str], |context, args, seed| {
        formatted(context, args, seed, &args[0], HTML, &text(&args[1]))
    }),
    clocked("ago", &[Any], |context, args, seed| {
        let (time, _) = time_of(context, &args[0]);
        let since = Time::now(context).since(&time);
        // Rounded to seconds, halves away from zero.
        let rounded = (since.unsigned_abs() + NANOS as u128 / 2) / NANOS as u128 * NANOS as u128;
        let rounded = rounded as i128 * since.signum();
        let origin = context.origins.union(context.origins.generated(seed.span), context.union_of(args));
        Ok(Value::str(duration_text(rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64)).from_origin(origin))
    }),
    plain("dateModify", &[Str, TIME], |context, args| modified(context, args, false)),
    plain("date_modify", &[Str, TIME], |context, args| modified(context, args, false)),
    plain("mustDateModify", &[Str, TIME], |context, args| modified(context, args, true)),
    plain("must_date_modify", &[Str, TIME], |context, args| modified(context, args, true)),
    plain("toDate", &[Str, Str], |context, args| {
        let time = parsed(context, args)?.unwrap_or_else(|_| Time::zero());
        Ok(Value::object(time).from_origin(context.union_of(args)))
    }),
    plain("mustToDate", &[Str, Str], |context, args| {
        let time = parsed(context, args)??;
        Ok(Value::object(time).from_origin(context.union_of(args)))
    }),
    plain("unixEpoch", &[TIME], |context, args| {
        let (time, _) = time_of(context, &args[0]);
        Ok(Value::str(time.secs.to_string()).from_origin(args[0].origin))
    }),
    plain("duration", &[Any], |context, args| {
        let seconds = match &args[0].data {
            Data::Str(text) => text.as_str().parse::<i64>().unwrap_or(0),
            Data::Int(n, IntType::Int64) => *n,
            _ => 0,
        };
        Ok(Value::str(duration_text(seconds.wrapping_mul(NANOS))).from_origin(context.union_of(args)))
    }),
    plain("durationRound", &[Any], |context, args| {
        let nanos = match &args[0].data {
            Data::Str(text) => parse_duration(&text.as_str()).unwrap_or(0),
            Data::Int(n, IntType::Int64) => *n,
            Data::Object(_) => {
                let (time, _) = time_of(context, &args[0]);
                Time::now(context).since(&time).clamp(i64::MIN.into(), i64::MAX.into()) as i64
            }
            _ => 0,
        };
        Ok(Value::str(rounded(nanos.unsigned_abs())).from_origin(context.union_of(args)))
    }),
];

fn rounded(nanos: u64) -> String {
    const SECOND: u64 = NANOS as u64;
    const UNITS: [(u64, &str); 6] = [
        (SECOND * 3600 * 24 * 365, "y"),
        (SECOND * 3600 * 24 * 30, "mo"),
        (SECOND * 3600 * 24, "d"),
        (SECOND * 3600, "h"),
        (SECOND * 60, "m"),
        (SECOND, "s"),
    ];
    let unit = UNITS.iter().find(|(size, _)| nanos > *size);
    unit.map_or_else(|| "0s".to_owned(), |(size, name)| format!("{}{name}", nanos / size))
}

/// The time that an argument means, and whether that was the clock's.
fn time_of(context: &Context<'_>, value: &Value) -> (Time, bool) {
    match &value.data {
        Data::Object(object) => match object.as_any().downcast_ref::<Time>() {
            Some(time) => (time.clone(), false),
            None => (Time::now(context), true),
        },
        Data::Int(n, IntType::Int | IntType::Int32 | IntType::Int64) => (Time::unix(*n), false),
        _ => (Time::now(context), true),
    }
}

fn in_zone(context: &Context<'_>, args: &[Value], seed: &super::Seed) -> Outcome {
    formatted(context, args, seed, &args[1], &text(&args[0]), &text(&args[2]))
}

/// A time by a layout, in a zone by name.
fn formatted(
    context: &Context<'_>,
    args: &[Value],
    seed: &super::Seed,
    value: &Value,
    layout: &str,
    zone: &str,
) -> Outcome {
    let (time, by_clock) = time_of(context, value);
    context.bytes(layout.len().saturating_mul(4))?;
    let text = layout::format(&time.shown_in(Zone::named(zone, time.secs)), layout);
    let mut origin = context.union_of(args);
    if by_clock {
        origin = context.origins.union(context.origins.generated(seed.span), origin);
    }
    Ok(Value::str(text).from_origin(origin))
}

/// The text of the second argument read by the layout of the first; slowly, byte by byte.
fn parsed(context: &Context<'_>, args: &[Value]) -> Result<Result<Time, String>, Failure> {
    let (layout, value) = (text(&args[0]), text(&args[1]));
    context.budget.steps((layout.len() + value.len()) as u64)?;
    Ok(layout::parse(&layout, &value))
}

fn modified(context: &Context<'_>, args: &[Value], must: bool) -> Outcome {
    match parse_duration(&text(&args[0])) {
        Ok(nanos) => {
            let (time, _) = time_of(context, &args[1]);
            Ok(Value::object(time.plus(nanos)).from_origin(context.union_of(args)))
        }
        Err(problem) if must => Err(problem.into()),
        Err(_) => Ok(args[1].clone()),
    }
}

/// The number of a method's argument.
fn number(args: &[Value], at: usize) -> i64 {
    args.get(at).map_or(0, int)
}
