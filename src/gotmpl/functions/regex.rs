//! Regular expressions: RE2's syntax as Go has it, on the regex crate's engines (`sprig regex.go`).
//!
//! `translate` turns Go's spelling into the crate's; compiled expressions are kept for the thread.

mod translate;

pub(crate) use translate::translate;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input, PatternID};

use super::strings::{bytes, int};
use super::{Function, Outcome, plain};
use crate::gotmpl::collection::{List, ListType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::expression::{Expression, LARGEST};
use crate::gotmpl::moving::Moving;
use crate::gotmpl::object::Param;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, Value};
use crate::hash::Seeded;

use Param::{Int, Str};

pub(super) static FAMILY: &[Function] = &[
    plain("regexMatch", &[Str, Str], |context, args| match matches(context, args) {
        // Errors of the expression count as no match.
        Err(Failure::Message(_)) => Ok(Value::bool(false).from_origin(context.union_of(args))),
        other => other,
    }),
    plain("mustRegexMatch", &[Str, Str], matches),
    plain("regexFindAll", &[Str, Str, Int], |context, args| panicking(args, find_all(context, args))),
    plain("mustRegexFindAll", &[Str, Str, Int], find_all),
    plain("regexFind", &[Str, Str], |context, args| panicking(args, find(context, args))),
    plain("mustRegexFind", &[Str, Str], find),
    plain("regexReplaceAll", &[Str, Str, Str], |context, args| panicking(args, replace(context, args, true))),
    plain("mustRegexReplaceAll", &[Str, Str, Str], |context, args| replace(context, args, true)),
    plain("regexReplaceAllLiteral", &[Str, Str, Str], |context, args| panicking(args, replace(context, args, false))),
    plain("mustRegexReplaceAllLiteral", &[Str, Str, Str], |context, args| replace(context, args, false)),
    plain("regexSplit", &[Str, Str, Int], |context, args| panicking(args, split(context, args))),
    plain("mustRegexSplit", &[Str, Str, Int], split),
    plain("regexQuoteMeta", &[Str], |context, args| {
        let mut moving = Moving::new(&args[0]);
        for (at, b) in moving.bytes().iter().enumerate() {
            if b"\\.+*?()|[]{}^$".contains(b) {
                moving.insert("\\");
            }
            moving.keep(at..at + 1);
        }
        moving.finish(context)
    }),
];

/// How many expressions a thread keeps.
const KEPT: usize = 256;

/// Bytes that one state of an expression looks at for a step.
const LOOKS: u64 = 128;

/// Bytes that are compiled in a step.
const COMPILES: u64 = 16;

/// Bytes of an expression that is refused, in a step: most are seen to be wrong before anything is compiled.
const REFUSES: u64 = 64;

type Compiled = Result<Rc<Expression>, String>;

thread_local! {
    static KNOWN: RefCell<Seeded<Vec<u8>, Compiled>> = RefCell::default();
}

/// Pays for looking at so many bytes with all states.
fn pay(context: &Context<'_>, expression: &Expression, bytes: usize) -> Result<(), Failure> {
    Ok(context.budget.steps(1 + (bytes as u64).saturating_mul(expression.states) / LOOKS)?)
}

/// The expression that a text means, paid for looking through another text once.
fn compiled(context: &Context<'_>, value: &Value, through: &Value) -> Result<Rc<Expression>, Failure> {
    let text = bytes(value);
    context.budget.steps(1 + text.len() as u64)?;
    let made = expression(text);
    // Whether somebody compiled it before must not be seen. One that is refused may have become too large.
    let cost = made.as_ref().map_or(LARGEST as u64 / REFUSES, |made| made.weight() as u64 / COMPILES);
    context.budget.steps(cost)?;
    let made = made.map_err(Failure::Message)?;
    pay(context, &made, bytes(through).len())?;
    Ok(made)
}

/// The expression that a text means, or Go's words for why it is none.
pub(crate) fn expression(text: &[u8]) -> Compiled {
    if let Some(known) = KNOWN.with_borrow(|known| known.get(text).cloned()) {
        return known;
    }
    let made = match std::str::from_utf8(text) {
        Ok(text) => compile(text),
        Err(_) => Err(format!("error parsing regexp: invalid UTF-8: `{}`", String::from_utf8_lossy(text))),
    };
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(text.to_vec(), made.clone());
    });
    made
}

fn compile(text: &str) -> Compiled {
    let spelled = translate(text).map_err(|problem| format!("error parsing regexp: {problem}"))?;
    let expression = Expression::new(&spelled);
    expression.map(Rc::new).ok_or_else(|| format!("error parsing regexp: invalid expression: `{text}`"))
}

/// What `regexp.MustCompile` says when it panics.
fn panicking(args: &[Value], outcome: Outcome) -> Outcome {
    match outcome {
        Err(Failure::Message(message)) if message.starts_with("error parsing regexp") => {
            let text = bytes(&args[0]);
            let shown = match std::str::from_utf8(text) {
                Ok(text) if !text.contains('`') => format!("`{text}`"),
                _ => crate::gotmpl::quote::quote_bytes(text, '"', false),
            };
            Err(format!("regexp: Compile({shown}): {message}").into())
        }
        other => other,
    }
}

fn matches(context: &Context<'_>, args: &[Value]) -> Outcome {
    let expression = compiled(context, &args[0], &args[1])?;
    Ok(Value::bool(expression.for_text(bytes(&args[1]).len()).is_match(bytes(&args[1])))
        .from_origin(context.union_of(args)))
}

fn find(context: &Context<'_>, args: &[Value]) -> Outcome {
    let expression = compiled(context, &args[0], &args[1])?;
    let mut moving = Moving::new(&args[1]);
    match expression.for_text(bytes(&args[1]).len()).find(bytes(&args[1])) {
        Some(found) => moving.keep(found.range()),
        None => return Ok(Value::fixed("").from_origin(context.origin_of(&args[1]))),
    }
    moving.finish(context)
}

/// Whether a place is where a character begins; Go looks for empty matches nowhere else.
fn is_boundary(text: Option<&str>, at: usize) -> bool {
    text.is_none_or(|text| text.is_char_boundary(at))
}

/// The places that match, as Go finds them: no empty match right after another match.
fn places(context: &Context<'_>, args: &[Value]) -> Result<Vec<Range<usize>>, Failure> {
    let expression = compiled(context, &args[0], &args[1])?;
    let text = bytes(&args[1]);
    let mut found = Vec::new();
    let chars = std::str::from_utf8(text).ok();
    let mut last_end = usize::MAX;
    for place in expression.for_text(text.len()).find_iter(text) {
        pay(context, &expression, expression.looked_at(&text[place.end()..]))?;
        if place.is_empty() && (place.start() == last_end || !is_boundary(chars, place.start())) {
            continue;
        }
        last_end = place.end();
        found.push(place.range());
    }
    Ok(found)
}

fn find_all(context: &Context<'_>, args: &[Value]) -> Outcome {
    let limit = usize::try_from(int(&args[2])).unwrap_or(usize::MAX);
    let found: Vec<_> = places(context, args)?.into_iter().take(limit).collect();
    context.items(found.len())?;
    if found.is_empty() {
        return Ok(Value::new(Data::List(List::nil(ListType::Strings))).from_origin(context.origin_of(&args[1])));
    }
    let mut moving = Moving::new(&args[1]);
    let items = found.into_iter().map(|range| moving.take(range).finish(context)).collect::<Result<_, _>>()?;
    Ok(Value::strings(items).from_origin(args[1].origin))
}

fn split(context: &Context<'_>, args: &[Value]) -> Outcome {
    let places = places(context, args)?;
    let (text, limit) = (bytes(&args[1]), int(&args[2]));
    if limit == 0 {
        return Ok(Value::new(Data::List(List::nil(ListType::Strings))));
    }
    if !bytes(&args[0]).is_empty() && text.is_empty() {
        return Ok(Value::strings(vec![Value::fixed("")]));
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut ranges, mut start, mut end) = (Vec::new(), 0, 0);
    for place in places {
        if limit > 0 && ranges.len() == most - 1 {
            break;
        }
        end = place.start;
        if place.end != 0 {
            ranges.push(start..end);
        }
        start = place.end;
    }
    if end != text.len() {
        ranges.push(start..text.len());
    }
    context.items(ranges.len())?;
    let mut moving = Moving::new(&args[1]);
    let items = ranges.into_iter().map(|range| moving.take(range).finish(context)).collect::<Result<_, _>>()?;
    Ok(Value::strings(items).from_origin(args[1].origin))
}

fn replace(context: &Context<'_>, args: &[Value], expands: bool) -> Outcome {
    let expression = compiled(context, &args[0], &args[1])?;
    let with = args[2].as_text().map(Text::as_str).unwrap_or_default();
    let text = bytes(&args[1]);
    let mut moving = Moving::new(&args[1]);
    let chars = std::str::from_utf8(text).ok();
    let (mut kept, mut last_end) = (0, usize::MAX);
    let regex = expression.for_text(text.len());
    // To ask for the groups takes several times as long.
    let groups = expands && with.contains('$');
    let mut captures = regex.create_captures();
    for whole in regex.find_iter(text) {
        pay(context, &expression, expression.looked_at(&text[whole.end()..]))?;
        if whole.is_empty() && (whole.start() == last_end || !is_boundary(chars, whole.start())) {
            continue;
        }
        last_end = whole.end();
        moving.keep(kept..whole.start());
        let mut made = Vec::new();
        if groups {
            pay(context, &expression, whole.len())?;
            let place = Input::new(text).range(whole.range()).anchored(Anchored::Yes);
            regex.search_captures(&place, &mut captures);
            expand(&captures, text, &with, &mut made);
        } else {
            made.extend_from_slice(with.as_bytes());
        }
        context.bytes(made.len())?;
        moving.respell(whole.start()..whole.end().max(whole.start() + 1), &made);
        kept = whole.end();
    }
    moving.keep(kept..text.len());
    moving.finish(context)
}

/// Go's `$1`, `${name}`; `$1W` is the group `1W`.
fn expand(captures: &Captures, text: &[u8], template: &str, out: &mut Vec<u8>) {
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push(b'$');
            rest = after;
            continue;
        }
        let word = |text: &str| text.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(text.len());
        let (name, after) = match rest.strip_prefix('{') {
            Some(inner) => match inner.find('}') {
                Some(end) if end > 0 && word(&inner[..end]) == end => (&inner[..end], &inner[end + 1..]),
                _ => ("", rest),
            },
            None => rest.split_at(word(rest)),
        };
        if name.is_empty() {
            out.push(b'$');
            continue;
        }
        rest = after;
        // With a leading zero it is a name.
        let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        let numbered = is_number.then(|| name.parse::<usize>().ok()).flatten();
        let number = match numbered {
            Some(number) => Some(number),
            None => captures.group_info().to_index(PatternID::ZERO, name),
        };
        if let Some(group) = number.and_then(|number| captures.get_group(number)) {
            out.extend_from_slice(&text[group.range()]);
        }
    }
    out.extend_from_slice(rest.as_bytes());
}
