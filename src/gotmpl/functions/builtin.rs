//! text/template's own functions (`text/template/funcs.go`).

use super::{Function, Outcome, Runs, at_once, plain, variadic};
use crate::gotmpl::collection::ListType;
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::{ObjectKind, Param};
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, UintType, Value};
use crate::gotmpl::{List, print, quote};

use Param::{Any, Reflect, Str};

pub(super) static FAMILY: &[Function] = &[
    Function { name: "and", params: &[Reflect], variadic: Some(Reflect), run: Runs::And, looks: false },
    Function { name: "or", params: &[Reflect], variadic: Some(Reflect), run: Runs::Or, looks: false },
    at_once(plain("not", &[Reflect], |context, args| {
        Ok(Value::bool(!args[0].truth()).from_origin(context.union_of(args)))
    })),
    Function { name: "call", params: &[Reflect], variadic: Some(Reflect), run: Runs::Call, looks: true },
    variadic("html", &[], Any, |context, args| escape(context, args, html)),
    variadic("js", &[], Any, |context, args| escape(context, args, js)),
    variadic("urlquery", &[], Any, |context, args| escape(context, args, url_query)),
    at_once(variadic("index", &[Reflect], Reflect, index)),
    variadic("slice", &[Reflect], Reflect, slice),
    at_once(plain("len", &[Reflect], len)),
    variadic("print", &[], Any, print::sprint),
    variadic("println", &[], Any, print::sprintln),
    variadic("printf", &[Str], Any, print::sprintf),
    variadic("eq", &[Reflect], Reflect, |context, args| {
        Ok(Value::bool(equal(&args[0], &args[1..])?).from_origin(context.union_of(args)))
    }),
    plain("ne", &[Reflect, Reflect], |context, args| {
        compared(context, args, |a, b| Ok(!equal(a, std::slice::from_ref(b))?))
    }),
    plain("lt", &[Reflect, Reflect], |context, args| compared(context, args, less)),
    plain("le", &[Reflect, Reflect], |context, args| compared(context, args, less_or_equal)),
    plain("gt", &[Reflect, Reflect], |context, args| compared(context, args, |a, b| Ok(!less_or_equal(a, b)?))),
    plain("ge", &[Reflect, Reflect], |context, args| compared(context, args, |a, b| Ok(!less(a, b)?))),
];

fn compared(context: &Context<'_>, args: &[Value], test: fn(&Value, &Value) -> Result<bool, Failure>) -> Outcome {
    Ok(Value::bool(test(&args[0], &args[1])?).from_origin(context.union_of(args)))
}

/// What a named list or map is beneath its name.
pub(super) fn beneath(value: &Value) -> Value {
    match &value.data {
        Data::Object(object) => object.underlying().unwrap_or_else(|| value.clone()),
        _ => value.clone(),
    }
}

/// There are no values that are functions: calling one fails, by the name it was written with.
pub(in crate::gotmpl) fn call(name: Option<String>, callee: &Value) -> Outcome {
    if callee.is_nil() {
        return Err("call of nil".into());
    }
    let type_name = callee.type_name();
    let name = name.unwrap_or_else(|| match &callee.data {
        Data::Str(text) => text.as_str().into_owned(),
        _ => format!("<{type_name} Value>"),
    });
    Err(format!("non-function {name} of type {type_name}").into())
}

fn len(context: &Context<'_>, args: &[Value]) -> Outcome {
    let value = beneath(&args[0]);
    let n = match &value.data {
        Data::Str(text) => text.len(),
        Data::List(list) => list.len(),
        Data::Map(map) => map.len(),
        Data::Nil => return Err("len of nil pointer".into()),
        Data::Missing => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        _ => return Err(format!("len of type {}", value.type_name().trim_start_matches('*')).into()),
    };
    Ok(Value::int(n as i64).from_origin(context.origin_of(&args[0])))
}

fn index_number(index: &Value, cap: usize) -> Result<usize, Failure> {
    let n = match &index.data {
        Data::Int(n, _) => *n,
        Data::Uint(n, _) => *n as i64,
        Data::Missing | Data::Nil => return Err("cannot index slice/array with nil".into()),
        _ => return Err(format!("cannot index slice/array with type {}", index.type_name()).into()),
    };
    usize::try_from(n).ok().filter(|&n| n <= cap).ok_or_else(|| format!("index out of range: {n}").into())
}

fn index(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut item = args[0].clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in &args[1..] {
        let container = beneath(&item);
        item = match &container.data {
            Data::Nil | Data::Missing => return Err("index of nil pointer".into()),
            Data::List(list) => {
                let n = index_number(index, list.len())?;
                list.get(n).ok_or("reflect: slice index out of range")?
            }
            Data::Str(text) => {
                let n = index_number(index, text.len())?;
                match text.as_bytes().get(n) {
                    Some(&b) => {
                        let origin = context.origin_of(&container);
                        Value::new(Data::Uint(u64::from(b), UintType::Uint8)).from_origin(origin)
                    }
                    None => return Err("reflect: string index out of range".into()),
                }
            }
            Data::Map(map) => {
                let key = match &index.data {
                    Data::Str(key) => key,
                    Data::Nil | Data::Missing => return Err("value is nil; should be of type string".into()),
                    _ => return Err(format!("value has type {}; should be string", index.type_name()).into()),
                };
                map.get(&key.as_str()).unwrap_or_else(|| map.map_type().zero())
            }
            _ => {
                let name = container.type_name().trim_start_matches('*');
                return Err(format!("can't index item of type {name}").into());
            }
        };
    }
    Ok(item)
}

fn slice(_: &Context<'_>, args: &[Value]) -> Outcome {
    let item = beneath(&args[0]);
    let indexes = &args[1..];
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let cap = match &item.data {
        Data::Str(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Data::Str(text) => text.len(),
        Data::List(list) => list.len(),
        _ => return Err(format!("can't slice item of type {}", item.type_name()).into()),
    };
    let mut bounds = [0, cap, cap];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_number(index, cap)?;
    }
    let [start, end, limit] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}").into());
    }
    if indexes.len() == 3 && end > limit {
        return Err(format!("invalid slice index: {end} > {limit}").into());
    }
    let data = match &item.data {
        Data::Str(text) => Data::Str(Text::from_bytes(text.as_bytes()[start..end].to_vec())),
        Data::List(list) => Data::List(List::new(list.items()[start..end].to_vec(), list.list_type())),
        _ => Data::Missing,
    };
    Ok(Value::new(data).from_origin(item.origin))
}

/// Go's basic kinds: values of one can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    Str,
    Uint,
}

fn basic(value: &Value) -> Option<Basic> {
    match &value.data {
        Data::Bool(_) => Some(Basic::Bool),
        Data::Int(..) => Some(Basic::Int),
        Data::Uint(..) => Some(Basic::Uint),
        Data::Float(_) => Some(Basic::Float),
        Data::Complex(..) => Some(Basic::Complex),
        Data::Str(_) => Some(Basic::Str),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> Failure {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name()).into()
}

/// `eq`: whether the first equals any of the others.
fn equal(first: &Value, others: &[Value]) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        let same = match (&first.data, &other.data) {
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a, _), Data::Int(b, _)) => a == b,
            (Data::Uint(a, _), Data::Uint(b, _)) => a == b,
            (Data::Int(a, _), Data::Uint(b, _)) | (Data::Uint(b, _), Data::Int(a, _)) => {
                u64::try_from(*a).is_ok_and(|a| a == *b)
            }
            (Data::Float(a), Data::Float(b)) => a == b,
            (Data::Complex(a, b), Data::Complex(c, d)) => a == c && b == d,
            (Data::Str(a), Data::Str(b)) => a == b,
            _ if basic(first) != basic(other) => {
                if !first.is_nil() && !other.is_nil() {
                    return Err(incompatible(first, other));
                }
                false
            }
            _ => equal_others(first, other)?,
        };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Values of no basic kind: nils, lists, maps, structs.
fn equal_others(a: &Value, b: &Value) -> Result<bool, Failure> {
    if !a.is_nil() && !b.is_nil() && a.kind() != b.kind() {
        let (shown, other) = (print::show_as(a, 's')?, print::show(b)?);
        let text = format!("non-comparable types {shown}: {}, {}: {other}", a.type_name(), b.type_name());
        return Err(text.into());
    }
    let nil = |value: &Value| match &value.data {
        Data::Nil | Data::Missing => true,
        Data::List(list) => list.is_nil(),
        Data::Map(map) => map.is_nil(),
        _ => false,
    };
    if nil(a) || nil(b) {
        return Ok(nil(a) == nil(b));
    }
    match (&a.data, &b.data) {
        (Data::Object(x), Data::Object(y))
            if !matches!(y.kind(), ObjectKind::Map | ObjectKind::List | ObjectKind::Func) =>
        {
            Ok(x.is(y.as_ref()))
        }
        _ => Err(format!("non-comparable type {}: {}", print::show_as(b, 's')?, b.type_name()).into()),
    }
}

fn less(a: &Value, b: &Value) -> Result<bool, Failure> {
    let bad = || Failure::from("invalid type for comparison");
    let (x, y) = (basic(a).ok_or_else(bad)?, basic(b).ok_or_else(bad)?);
    match (&a.data, &b.data) {
        (Data::Int(a, _), Data::Uint(b, _)) => Ok(u64::try_from(*a).map_or(true, |a| a < *b)),
        (Data::Uint(a, _), Data::Int(b, _)) => Ok(u64::try_from(*b).is_ok_and(|b| *a < b)),
        _ if x != y => Err(incompatible(a, b)),
        (Data::Float(a), Data::Float(b)) => Ok(a < b),
        (Data::Int(a, _), Data::Int(b, _)) => Ok(a < b),
        (Data::Uint(a, _), Data::Uint(b, _)) => Ok(a < b),
        (Data::Str(a), Data::Str(b)) => Ok(a.as_bytes() < b.as_bytes()),
        _ => Err(bad()),
    }
}

fn less_or_equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    Ok(less(a, b)? || equal(a, std::slice::from_ref(b))?)
}

/// Escapes what arguments print to.
fn escape(context: &Context<'_>, args: &[Value], escaper: fn(&str) -> String) -> Outcome {
    // What is no value is written as the output of an action would have it, not as `print` does.
    let shown = |value: &Value| match value.is_nil() {
        true => Value::fixed("<no value>").from_origin(value.origin),
        false => value.clone(),
    };
    let args: Vec<Value> = args.iter().map(shown).collect();
    let text = print::sprint_followed(context, &args)?;
    let origin = context.origin_of(&text);
    let escaped = text.as_text().map(|text| escaper(&text.as_str())).unwrap_or_default();
    context.bytes(escaped.len())?;
    Ok(Value::str(escaped).from_origin(origin))
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..'\u{20}' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if c.is_ascii() || quote::is_print(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04X}", c as u32)),
        }
    }
    out
}

/// `url.QueryEscape`
pub(super) fn url_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            b' ' => out.push('+'),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// The items of a list, named or not.
pub(super) fn list_of(value: &Value) -> Option<List> {
    match beneath(value).data {
        Data::List(list) => Some(list),
        _ => None,
    }
}

/// A list of strings with one origin.
pub(super) fn strings_of(value: Vec<Value>) -> Value {
    Value::new(Data::List(List::new(value, ListType::Strings)))
}
