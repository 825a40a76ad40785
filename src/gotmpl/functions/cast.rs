//! Numbers: spf13/cast's conversions, sprig's arithmetic, and reflection (`sprig numeric.go`, `reflect.go`).

use super::strings::{int, shown, string_of};
use super::{Function, Outcome, at_once, plain, variadic};
use crate::gotmpl::collection::{List, ListType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::moving::Joining;
use crate::gotmpl::number;
use crate::gotmpl::object::Param;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, IntType, Value};

use Param::{Any, Float, Int, Str};

pub(super) static FAMILY: &[Function] = &[
    plain("toString", &[Any], |context, args| string_of(context, &args[0])),
    plain("atoi", &[Str], |context, args| made(context, args, Value::int(number::saturated(&text(&args[0]))))),
    plain("int", &[Any], |context, args| made(context, args, Value::int(to_int(&args[0])))),
    plain("int64", &[Any], |context, args| made(context, args, Value::int64(to_int(&args[0])))),
    plain("float64", &[Any], |context, args| made(context, args, Value::float(to_float(&args[0])))),
    plain("toDecimal", &[Any], |context, args| {
        let text = if args[0].is_nil() { "<nil>".to_owned() } else { shown(context, &args[0])? };
        made(context, args, Value::int64(number::parse_int(&text, 8).unwrap_or(0)))
    }),
    plain("until", &[Int], |context, args| {
        let count = int(&args[0]);
        until_step(context, args, 0, count, if count < 0 { -1 } else { 1 })
    }),
    plain("untilStep", &[Int, Int, Int], |context, args| {
        until_step(context, args, int(&args[0]), int(&args[1]), int(&args[2]))
    }),
    variadic("seq", &[], Int, seq),
    plain("add1", &[Any], |context, args| made(context, args, Value::int64(to_int(&args[0]).wrapping_add(1)))),
    variadic("add", &[], Any, |context, args| {
        made(context, args, Value::int64(args.iter().map(to_int).fold(0, i64::wrapping_add)))
    }),
    plain("sub", &[Any, Any], |context, args| {
        made(context, args, Value::int64(to_int(&args[0]).wrapping_sub(to_int(&args[1]))))
    }),
    plain("div", &[Any, Any], |context, args| divided(context, args, i64::wrapping_div)),
    plain("mod", &[Any, Any], |context, args| divided(context, args, i64::wrapping_rem)),
    variadic("mul", &[Any], Any, |context, args| {
        made(context, args, Value::int64(args.iter().map(to_int).fold(1, i64::wrapping_mul)))
    }),
    variadic("max", &[Any], Any, largest),
    variadic("biggest", &[Any], Any, largest),
    variadic("min", &[Any], Any, |context, args| {
        made(context, args, Value::int64(args.iter().map(to_int).min().unwrap_or(0)))
    }),
    variadic("maxf", &[Any], Any, |context, args| extreme(context, args, f64::max)),
    variadic("minf", &[Any], Any, |context, args| extreme(context, args, f64::min)),
    plain("ceil", &[Any], |context, args| made(context, args, Value::float(to_float(&args[0]).ceil()))),
    plain("floor", &[Any], |context, args| made(context, args, Value::float(to_float(&args[0]).floor()))),
    variadic("round", &[Any, Int], Float, round),
    at_once(plain("typeOf", &[Any], |context, args| made(context, args, Value::str(args[0].type_name())))),
    at_once(plain("typeIs", &[Str, Any], |context, args| {
        made(context, &args[1..], Value::bool(text(&args[0]) == args[1].type_name()))
    })),
    at_once(plain("typeIsLike", &[Str, Any], |context, args| {
        let (target, is) = (text(&args[0]), args[1].type_name());
        made(context, &args[1..], Value::bool(target == is || is.strip_prefix('*') == Some(&target)))
    })),
    at_once(plain("kindOf", &[Any], |context, args| made(context, args, Value::str(args[0].kind())))),
    at_once(plain("kindIs", &[Str, Any], |context, args| {
        made(context, &args[1..], Value::bool(text(&args[0]) == args[1].kind()))
    })),
];

/// A result that all arguments took part in.
pub(super) fn made(context: &Context<'_>, args: &[Value], value: Value) -> Outcome {
    Ok(value.from_origin(context.union_of(args)))
}

/// The text of a string argument.
pub(super) fn text(value: &Value) -> String {
    value.as_text().map(|text| text.as_str().into_owned()).unwrap_or_default()
}

/// Whole numbers from here on do not fit an `i64`.
const WHOLE: f64 = 9_223_372_036_854_775_808.0;

/// Go's conversion of a float on amd64: what does not fit becomes the smallest number.
fn truncated(f: f64) -> i64 {
    if f.is_finite() && (-WHOLE..WHOLE).contains(&f) { f as i64 } else { i64::MIN }
}

/// `cast.ToInt64`
pub(super) fn to_int(value: &Value) -> i64 {
    match &value.data {
        Data::Int(n, IntType::Named(named)) if named.is_duration() => {
            let _ = n;
            0
        }
        Data::Int(n, _) => *n,
        Data::Uint(n, _) => *n as i64,
        Data::Float(f) => truncated(*f),
        Data::Bool(b) => i64::from(*b),
        Data::Str(text) => number::parse_int(without_zero_decimals(&text.as_str()), 0).unwrap_or(0),
        _ => 0,
    }
}

/// `8.0` and `8.00` without their decimals, and only such.
fn without_zero_decimals(text: &str) -> &str {
    let trimmed = text.trim_end_matches('0');
    match trimmed.strip_suffix('.') {
        Some(whole) if trimmed.len() < text.len() => whole,
        _ => text,
    }
}

/// `cast.ToFloat64`
pub(super) fn to_float(value: &Value) -> f64 {
    match &value.data {
        Data::Int(n, _) => *n as f64,
        Data::Uint(n, _) => *n as f64,
        Data::Float(f) => *f,
        Data::Bool(b) => f64::from(u8::from(*b)),
        Data::Str(text) => number::parse_float(&text.as_str()).unwrap_or(0.0),
        _ => 0.0,
    }
}

fn until_step(context: &Context<'_>, args: &[Value], start: i64, stop: i64, step: i64) -> Outcome {
    let origin = context.union_of(args);
    let items = steps(context, start, stop, step)?;
    let items = items.into_iter().map(|n| Value::int(n).from_origin(origin)).collect();
    Ok(Value::new(Data::List(List::new(items, ListType::Ints))).from_origin(origin))
}

fn steps(context: &Context<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, Failure> {
    let mut items = Vec::new();
    if (stop < start && step >= 0) || (stop >= start && step <= 0) {
        return Ok(items);
    }
    let count = (i128::from(stop) - i128::from(start)).unsigned_abs().div_ceil(u128::from(step.unsigned_abs()));
    context.items(usize::try_from(count).unwrap_or(usize::MAX))?;
    let mut n = start;
    while if stop < start { n > stop } else { n < stop } {
        items.push(n);
        n = n.wrapping_add(step);
    }
    Ok(items)
}

fn seq(context: &Context<'_>, args: &[Value]) -> Outcome {
    let of = |i: usize| int(&args[i]);
    let (start, end, step) = match args.len() {
        1 => (1, of(0), 1),
        2 => (of(0), of(1), 1),
        3 => (of(0), of(2), of(1)),
        _ => return Ok(Value::str("")),
    };
    let down = end < start;
    if args.len() == 3 && down && step > 0 {
        return Ok(Value::str(""));
    }
    let step = if args.len() < 3 && down { -1 } else { step };
    let items = steps(context, start, end.wrapping_add(if down { -1 } else { 1 }), step)?;
    let items: Vec<String> = items.iter().map(i64::to_string).collect();
    let text = items.join(" ");
    context.bytes(text.len())?;
    made(context, args, Value::str(text))
}

fn divided(context: &Context<'_>, args: &[Value], divide: fn(i64, i64) -> i64) -> Outcome {
    let (a, b) = (to_int(&args[0]), to_int(&args[1]));
    if b == 0 {
        return Err("runtime error: integer divide by zero".into());
    }
    made(context, args, Value::int64(divide(a, b)))
}

fn largest(context: &Context<'_>, args: &[Value]) -> Outcome {
    made(context, args, Value::int64(args.iter().map(to_int).max().unwrap_or(0)))
}

fn extreme(context: &Context<'_>, args: &[Value], of: fn(f64, f64) -> f64) -> Outcome {
    let mut values = args.iter().map(to_float);
    let first = values.next().unwrap_or(0.0);
    // What is no number makes the result none, in Go.
    let value = values.fold(first, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { of(a, b) });
    made(context, args, Value::float(value))
}

fn round(context: &Context<'_>, args: &[Value]) -> Outcome {
    let on = args.get(2).map_or(0.5, to_float);
    let power = 10f64.powi(i32::try_from(int(&args[1])).unwrap_or(i32::MAX));
    let digit = power * to_float(&args[0]);
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    made(context, args, Value::float(rounded / power))
}

/// `strslice`: what `toStrings`, `join` and `sortAlpha` make of anything.
pub(super) fn string_items(context: &Context<'_>, value: &Value) -> Result<Vec<Value>, Failure> {
    if let Some(list) = super::builtin::list_of(value) {
        // Each is printed.
        context.budget.steps(list.len() as u64)?;
        return list.items().iter().filter(|item| !item.is_nil()).map(|item| string_of(context, item)).collect();
    }
    if value.is_nil() { Ok(Vec::new()) } else { Ok(vec![string_of(context, value)?]) }
}

/// `join`
pub(super) fn join(context: &Context<'_>, args: &[Value]) -> Outcome {
    let items = string_items(context, &args[1])?;
    let sep = args[0].as_text().map(Text::as_bytes).unwrap_or_default();
    context.bytes(sep.len().saturating_mul(items.len()))?;
    let mut joining = Joining::default();
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            joining.add_bytes(sep, args[0].origin);
        }
        joining.add(item)?;
    }
    let mut joined = joining.finish(context)?;
    if joined.origin.is_none() && joined.as_text().is_some_and(Text::is_empty) {
        joined.origin = args[1].origin;
    }
    Ok(joined)
}
