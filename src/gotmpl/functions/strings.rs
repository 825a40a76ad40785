//! sprig's functions on text that move it (`sprig strings.go`, Go's `strings`).

use super::cases;
use super::{Function, Outcome, plain, variadic};
use crate::gotmpl::collection::{ListType, Map, MapType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::moving::{Joining, Moving};
use crate::gotmpl::object::Param;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, Value};
use crate::gotmpl::{print, quote};

use Param::{Any, Int, Str};

pub(super) static FAMILY: &[Function] = &[
    plain("hello", &[], |_, _| Ok(Value::fixed("Hello!"))),
    plain("trim", &[Str], |context, args| trim(context, &args[0], |c| c.is_whitespace())),
    plain("trimAll", &[Str, Str], trim_all),
    plain("trimall", &[Str, Str], trim_all),
    plain("trimSuffix", &[Str, Str], |context, args| {
        let (affix, text) = (bytes(&args[0]), bytes(&args[1]));
        let end = text.len() - if text.ends_with(affix) { affix.len() } else { 0 };
        part(context, &args[1], 0, end)
    }),
    plain("trimPrefix", &[Str, Str], |context, args| {
        let (affix, text) = (bytes(&args[0]), bytes(&args[1]));
        let start = if text.starts_with(affix) { affix.len() } else { 0 };
        part(context, &args[1], start, text.len())
    }),
    plain("upper", &[Str], |context, args| each(context, &args[0], cases::upper)),
    plain("lower", &[Str], |context, args| each(context, &args[0], cases::lower)),
    plain("title", &[Str], |context, args| {
        let mut previous = ' ';
        each(context, &args[0], |c| {
            let shown = if cases::is_separator(previous) { cases::title(c) } else { c };
            previous = c;
            shown
        })
    }),
    plain("untitle", &[Str], |context, args| {
        let mut next = true;
        each(context, &args[0], |c| {
            let shown = if next && !c.is_whitespace() { cases::lower(c) } else { c };
            next = c.is_whitespace();
            shown
        })
    }),
    plain("swapcase", &[Str], |context, args| {
        let mut after_space = true;
        each(context, &args[0], |c| cases::swap(c, &mut after_space))
    }),
    plain("nospace", &[Str], no_space),
    plain("initials", &[Str], initials),
    plain("snakecase", &[Str], |context, args| melted(context, &args[0], |text| cases::connected(text, '_'))),
    plain("kebabcase", &[Str], |context, args| melted(context, &args[0], |text| cases::connected(text, '-'))),
    plain("camelcase", &[Str], |context, args| melted(context, &args[0], cases::pascal)),
    plain("substr", &[Int, Int, Str], substring),
    plain("trunc", &[Int, Str], |context, args| {
        let (n, len) = (int(&args[0]), bytes(&args[1]).len() as i64);
        let (start, end) = match n {
            n if n < 0 && len + n > 0 => (len + n, len),
            n if n >= 0 && len > n => (0, n),
            _ => (0, len),
        };
        part(context, &args[1], start as usize, end as usize)
    }),
    plain("abbrev", &[Int, Str], |context, args| {
        let width = int(&args[0]);
        if width < 4 {
            return Ok(args[1].clone());
        }
        abbreviate(context, &args[1], 0, width)
    }),
    plain("abbrevboth", &[Int, Int, Str], |context, args| {
        let (left, right) = (int(&args[0]), int(&args[1]));
        if right < 4 || left > 0 && right < 7 {
            return Ok(args[2].clone());
        }
        abbreviate(context, &args[2], left, right)
    }),
    plain("repeat", &[Int, Str], |context, args| {
        let (count, text) = (count(&args[0])?, bytes(&args[1]));
        context.bytes(count.saturating_mul(text.len()))?;
        Ok(Value::str(Text::from_bytes(text.repeat(count))).from_origin(context.origin_of(&args[1])))
    }),
    plain("wrap", &[Int, Str], |context, args| {
        melted(context, &args[1], |text| cases::wrap(text, int(&args[0]), "", false))
    }),
    plain("wrapWith", &[Int, Str, Str], |context, args| {
        let with = args[1].as_text().map(Text::as_str).unwrap_or_default();
        context.bytes(with.len().saturating_mul(bytes(&args[2]).len()))?;
        melted(context, &args[2], |text| cases::wrap(text, int(&args[0]), &with, true))
    }),
    plain("contains", &[Str, Str], |context, args| tested(context, args, holds)),
    plain("hasPrefix", &[Str, Str], |context, args| tested(context, args, |a, b| b.starts_with(a))),
    plain("hasSuffix", &[Str, Str], |context, args| tested(context, args, |a, b| b.ends_with(a))),
    variadic("quote", &[], Any, |context, args| quoted(context, args, double_quoted)),
    variadic("squote", &[], Any, |context, args| quoted(context, args, single_quoted)),
    variadic("cat", &[], Any, cat),
    plain("indent", &[Int, Str], |context, args| indent(context, args, "")),
    plain("nindent", &[Int, Str], |context, args| indent(context, args, "\n")),
    plain("replace", &[Str, Str, Str], replace),
    plain("plural", &[Str, Str, Int], |_, args| Ok(args[usize::from(int(&args[2]) != 1)].clone())),
    plain("split", &[Str, Str], |context, args| numbered(context, &args[1], split(context, &args[0], &args[1], -1)?)),
    plain("splitn", &[Str, Int, Str], |context, args| {
        numbered(context, &args[2], split(context, &args[0], &args[2], int(&args[1]))?)
    }),
    plain("splitList", &[Str, Str], |context, args| {
        let parts = split(context, &args[0], &args[1], -1)?;
        Ok(Value::strings(parts).from_origin(context.origin_of(&args[1])))
    }),
];

/// The bytes of a string argument.
pub(super) fn bytes(value: &Value) -> &[u8] {
    value.as_text().map(Text::as_bytes).unwrap_or_default()
}

/// The number of an integer argument.
pub(super) fn int(value: &Value) -> i64 {
    match value.data {
        Data::Int(n, _) => n,
        Data::Uint(n, _) => n as i64,
        _ => 0,
    }
}

/// A count for Go's `strings.Repeat`.
fn count(value: &Value) -> Result<usize, Failure> {
    usize::try_from(int(value)).map_err(|_| "strings: negative Repeat count".into())
}

/// A value as it prints, paid for.
pub(super) fn shown(context: &Context<'_>, value: &Value) -> Result<String, Failure> {
    let text = print::show(value)?;
    context.bytes(text.len())?;
    Ok(text)
}

/// What `toString` gives: strings as they are, everything else as it prints.
pub(super) fn string_of(context: &Context<'_>, value: &Value) -> Outcome {
    match &value.data {
        Data::Str(_) => Ok(value.clone()),
        Data::List(list) if list.list_type() == ListType::Bytes => {
            Ok(Value::str(list.to_text()).from_origin(value.origin))
        }
        Data::Missing | Data::Nil => Ok(Value::fixed("<nil>").from_origin(value.origin)),
        _ => Ok(Value::str(shown(context, value)?).from_origin(value.origin)),
    }
}

fn part(context: &Context<'_>, value: &Value, start: usize, end: usize) -> Outcome {
    if start == 0 && end == bytes(value).len() {
        return Ok(value.clone());
    }
    let mut moving = Moving::new(value);
    moving.keep(start..end);
    moving.finish(context)
}

fn trim(context: &Context<'_>, value: &Value, cut: impl Fn(char) -> bool) -> Outcome {
    let Some(text) = value.as_text().and_then(Text::utf8) else { return Ok(value.clone()) };
    let start = text.len() - text.trim_start_matches(&cut).len();
    let end = text.trim_end_matches(&cut).len().max(start);
    part(context, value, start, end)
}

fn trim_all(context: &Context<'_>, args: &[Value]) -> Outcome {
    let cut = args[0].as_text().map(Text::as_str).unwrap_or_default();
    trim(context, &args[1], |c| cut.contains(c))
}

/// Maps characters one by one.
fn each(context: &Context<'_>, value: &Value, mut map: impl FnMut(char) -> char) -> Outcome {
    let mut moving = Moving::new(value);
    let mut at = 0;
    for chunk in moving.bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            let end = at + c.len_utf8();
            let mapped = map(c);
            if mapped == c {
                moving.keep(at..end);
            } else {
                moving.respell(at..end, mapped.encode_utf8(&mut [0; 4]).as_bytes());
            }
            at = end;
        }
        for _ in chunk.invalid() {
            map('\u{fffd}');
            moving.respell(at..at + 1, "\u{fffd}".as_bytes());
            at += 1;
        }
    }
    moving.finish(context)
}

/// A text that a function makes anew from another.
pub(super) fn melted(context: &Context<'_>, value: &Value, make: impl FnOnce(&str) -> String) -> Outcome {
    let text = value.as_text().map(Text::as_str).unwrap_or_default();
    context.bytes(text.len())?;
    let made = make(&text);
    context.bytes(made.len())?;
    Ok(Value::str(made).from_origin(context.origin_of(value)))
}

fn tested(context: &Context<'_>, args: &[Value], test: fn(&[u8], &[u8]) -> bool) -> Outcome {
    let answer = test(bytes(&args[0]), bytes(&args[1]));
    Ok(Value::bool(answer).from_origin(context.union_of(args)))
}

/// goutils takes bytes for characters, so that other than ASCII text comes out mangled once there is a space to delete.
fn no_space(context: &Context<'_>, args: &[Value]) -> Outcome {
    let space = |b: u8| char::from(b).is_whitespace();
    let text = bytes(&args[0]);
    if !text.iter().any(|&b| space(b)) {
        return Ok(args[0].clone());
    }
    let mut moving = Moving::new(&args[0]);
    for (at, &b) in text.iter().enumerate().filter(|&(_, &b)| !space(b)) {
        moving.respell(at..at + 1, char::from(b).encode_utf8(&mut [0; 4]).as_bytes());
    }
    moving.finish(context)
}

fn initials(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut moving = Moving::new(&args[0]);
    let mut gap = true;
    for (at, &b) in moving.bytes().iter().enumerate() {
        let c = char::from(b);
        if c.is_whitespace() {
            gap = true;
        } else if gap {
            moving.respell(at..at + 1, c.encode_utf8(&mut [0; 4]).as_bytes());
            gap = false;
        }
    }
    moving.finish(context)
}

fn substring(context: &Context<'_>, args: &[Value]) -> Outcome {
    let (start, end) = (int(&args[0]), int(&args[1]));
    let len = bytes(&args[2]).len() as i64;
    let (start, end) = match (start, end) {
        (start, end) if start < 0 => (0, Some(end)),
        (start, end) if end < 0 || end > len => (start, None),
        (start, end) => (start, Some(end)),
    };
    bounds(start, end, len)?;
    part(context, &args[2], start as usize, end.unwrap_or(len) as usize)
}

/// What Go says when a slice leaves its bounds.
pub(super) fn bounds(start: i64, end: Option<i64>, len: i64) -> Result<(), Failure> {
    let out = "runtime error: slice bounds out of range";
    match end {
        Some(end) if end < 0 => Err(format!("{out} [:{end}]").into()),
        Some(end) if end > len => Err(format!("{out} [:{end}] with length {len}").into()),
        _ if start < 0 => Err(format!("{out} [{start}:]").into()),
        Some(end) if start > end => Err(format!("{out} [{start}:{end}]").into()),
        None if start > len => Err(format!("{out} [{start}:{len}]").into()),
        _ => Ok(()),
    }
}

fn abbreviate(context: &Context<'_>, value: &Value, offset: i64, width: i64) -> Outcome {
    let len = bytes(value).len() as i64;
    if len <= width {
        return Ok(value.clone());
    }
    let mut offset = offset.min(len);
    if len - offset < width - 3 {
        offset = len - (width - 3);
    }
    let mut moving = Moving::new(value);
    if offset <= 4 {
        moving.keep(0..(width - 3) as usize);
        moving.insert("...");
    } else if width < 7 {
        return Ok(Value::str(""));
    } else if offset + width - 3 < len {
        moving.insert("...");
        // The rest is abbreviated once more, to a width without the dots.
        let inner = width - 3;
        if inner < 4 {
            return Ok(Value::fixed("..."));
        }
        moving.keep(offset as usize..(offset + inner - 3) as usize);
        moving.insert("...");
    } else {
        moving.insert("...");
        moving.keep((len - (width - 3)) as usize..len as usize);
    }
    moving.finish(context)
}

fn quoted(context: &Context<'_>, args: &[Value], quote: fn(&Context<'_>, &Value) -> Outcome) -> Outcome {
    let mut given = args.iter().filter(|value| !value.is_nil());
    let (first, second) = (given.next(), given.next());
    match (first, second) {
        (None, _) => Ok(Value::fixed("").from_origin(context.union_of(args))),
        (Some(one), None) => quote(context, one),
        _ => {
            let mut joining = Joining::default();
            for (i, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
                if i > 0 {
                    joining.add_bytes(b" ", Default::default());
                }
                joining.add(&quote(context, value)?)?;
            }
            joining.finish(context)
        }
    }
}

fn double_quoted(context: &Context<'_>, value: &Value) -> Outcome {
    let value = string_of(context, value)?;
    let mut moving = Moving::new(&value);
    moving.insert("\"");
    let (mut kept, mut at) = (0, 0);
    let mut escaped = String::new();
    for chunk in moving.bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            let end = at + c.len_utf8();
            if !(matches!(c, ' ' | '!' | '#'..='[' | ']'..='~')) {
                escaped.clear();
                quote::escape(&mut escaped, c, '"', false);
                moving.keep(kept..at);
                moving.respell(at..end, escaped.as_bytes());
                kept = end;
            }
            at = end;
        }
        for b in chunk.invalid() {
            moving.keep(kept..at);
            moving.respell(at..at + 1, format!("\\x{b:02x}").as_bytes());
            at += 1;
            kept = at;
        }
    }
    moving.keep(kept..at);
    moving.insert("\"");
    moving.finish(context)
}

fn single_quoted(context: &Context<'_>, value: &Value) -> Outcome {
    let value = match &value.data {
        Data::Str(_) => value.clone(),
        _ => Value::str(shown(context, value)?).from_origin(value.origin),
    };
    let mut moving = Moving::new(&value);
    moving.insert("'");
    moving.keep(0..moving.bytes().len());
    moving.insert("'");
    moving.finish(context)
}

fn cat(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut joining = Joining::default();
    for (i, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
        if i > 0 {
            joining.add_bytes(b" ", Default::default());
        }
        joining.add(value)?;
    }
    joining.finish(context)
}

fn indent(context: &Context<'_>, args: &[Value], before: &str) -> Outcome {
    let spaces = count(&args[0])?;
    let lines = bytes(&args[1]).iter().filter(|&&b| b == b'\n').count() + 1;
    context.bytes(spaces.saturating_mul(lines))?;
    let pad = " ".repeat(spaces);
    let mut moving = Moving::new(&args[1]);
    moving.insert(before);
    moving.insert(&pad);
    let mut at = 0;
    for line in moving.bytes().split_inclusive(|&b| b == b'\n') {
        moving.keep(at..at + line.len());
        at += line.len();
        if line.ends_with(b"\n") {
            moving.insert(&pad);
        }
    }
    moving.finish(context)
}

fn holds(needle: &[u8], hay: &[u8]) -> bool {
    match (std::str::from_utf8(hay), std::str::from_utf8(needle)) {
        (Ok(text), Ok(needle)) => text.contains(needle),
        _ => needle.is_empty() || hay.windows(needle.len()).any(|window| window == needle),
    }
}

/// The places of `needle`, one after the other, none overlapping another.
fn places(hay: &[u8], needle: &[u8]) -> Vec<usize> {
    if let (Ok(text), Ok(needle)) = (std::str::from_utf8(hay), std::str::from_utf8(needle)) {
        return text.match_indices(needle).map(|(at, _)| at).collect();
    }
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(found) =
        hay.get(at..).and_then(|rest| rest.windows(needle.len()).position(|window| window == needle))
    {
        places.push(at + found);
        at += found + needle.len();
    }
    places
}

fn replace(context: &Context<'_>, args: &[Value]) -> Outcome {
    let (old, new, text) = (bytes(&args[0]), &args[1], bytes(&args[2]));
    let with = new.as_text().map(Text::as_str).unwrap_or_default();
    let places = if old.is_empty() {
        let chars = String::from_utf8_lossy(text);
        chars.char_indices().map(|(at, _)| at).chain([text.len()]).collect::<Vec<usize>>()
    } else {
        places(text, old)
    };
    if places.is_empty() {
        return Ok(args[2].clone());
    }
    context.bytes(with.len().saturating_mul(places.len()))?;
    // Each place may begin a run of its own.
    context.items(places.len())?;
    let mut moving = Moving::new(&args[2]);
    let mut kept = 0;
    for at in places {
        moving.keep(kept..at);
        moving.respell(at..at + old.len().max(1), with.as_bytes());
        kept = at + old.len();
    }
    moving.keep(kept..text.len());
    moving.finish(context)
}

/// The parts between separators, each with its runs; `limit` as `strings.SplitN` takes it.
pub(super) fn split(context: &Context<'_>, sep: &Value, value: &Value, limit: i64) -> Result<Vec<Value>, Failure> {
    let (sep, text) = (bytes(sep), bytes(value));
    if limit == 0 {
        return Ok(Vec::new());
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut ranges = Vec::new();
    let mut at = 0;
    if sep.is_empty() {
        let lossy = String::from_utf8_lossy(text);
        for c in lossy.chars() {
            let end = if ranges.len() + 1 == most { text.len() } else { (at + c.len_utf8()).min(text.len()) };
            ranges.push(at..end);
            at = end;
            if ranges.len() == most {
                break;
            }
        }
    } else {
        for found in places(text, sep).into_iter().take(most.saturating_sub(1)) {
            ranges.push(at..found);
            at = found + sep.len();
        }
        ranges.push(at..text.len());
    }
    context.items(ranges.len())?;
    let mut moving = Moving::new(value);
    ranges.into_iter().map(|range| moving.take(range).finish(context)).collect()
}

/// `map[string]string{"_0": ..., "_1": ...}`
fn numbered(context: &Context<'_>, value: &Value, parts: Vec<Value>) -> Outcome {
    let map = Map::new(Default::default(), MapType::Strings);
    for (i, part) in parts.into_iter().enumerate() {
        map.set(format!("_{i}"), part, Default::default());
    }
    Ok(Value::new(Data::Map(map)).from_origin(context.origin_of(value)))
}
