//! sprig's functions on lists (`sprig list.go`), with Go's panics for what is no list.

use super::builtin::{list_of, strings_of};
use super::cast::{join, made, string_items, to_int};
use super::strings::{bounds, bytes, int, string_of};
use super::{Function, Outcome, at_once, plain, variadic};
use crate::gotmpl::collection::{List, ListType};
use crate::gotmpl::context::Context;
use crate::gotmpl::equal::deep_equal;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::{Data, Value};

use Param::{Any, Int, Str};

pub(super) static FAMILY: &[Function] = &[
    at_once(variadic("list", &[], Any, |context, args| new_list(context, args, args.to_vec()))),
    at_once(variadic("tuple", &[], Any, |context, args| new_list(context, args, args.to_vec()))),
    plain("append", &[Any, Any], append),
    plain("push", &[Any, Any], append),
    plain("mustAppend", &[Any, Any], append),
    plain("mustPush", &[Any, Any], append),
    plain("prepend", &[Any, Any], prepend),
    plain("mustPrepend", &[Any, Any], prepend),
    plain("chunk", &[Int, Any], chunk),
    plain("mustChunk", &[Int, Any], chunk),
    at_once(plain("first", &[Any], first)),
    at_once(plain("mustFirst", &[Any], first)),
    at_once(plain("last", &[Any], last)),
    at_once(plain("mustLast", &[Any], last)),
    plain("rest", &[Any], |context, args| all_but(context, args, "rest", 1, 0)),
    plain("mustRest", &[Any], |context, args| all_but(context, args, "rest", 1, 0)),
    plain("initial", &[Any], |context, args| all_but(context, args, "initial", 0, 1)),
    plain("mustInitial", &[Any], |context, args| all_but(context, args, "initial", 0, 1)),
    plain("reverse", &[Any], reverse),
    plain("mustReverse", &[Any], reverse),
    plain("compact", &[Any], compact),
    plain("mustCompact", &[Any], compact),
    plain("uniq", &[Any], uniq),
    plain("mustUniq", &[Any], uniq),
    variadic("without", &[Any], Any, without),
    variadic("mustWithout", &[Any], Any, without),
    plain("has", &[Any, Any], has),
    plain("mustHas", &[Any, Any], has),
    variadic("slice", &[Any], Any, slice),
    variadic("mustSlice", &[Any], Any, slice),
    variadic("concat", &[], Any, concat),
    plain("toStrings", &[Any], |context, args| made(context, args, strings_of(string_items(context, &args[0])?))),
    plain("sortAlpha", &[Any], sort_alpha),
    plain("join", &[Str, Any], join),
    plain("deepEqual", &[Any, Any], |context, args| {
        made(context, args, Value::bool(deep_equal(context.budget, &args[0], &args[1])?))
    }),
];

fn new_list(context: &Context<'_>, args: &[Value], items: Vec<Value>) -> Outcome {
    context.items(items.len())?;
    let origin = args.first().map(|value| value.origin).unwrap_or_default();
    Ok(Value::list(items).from_origin(origin))
}

/// A list like another: its origin is the other's.
fn like(context: &Context<'_>, value: &Value, items: Vec<Value>) -> Outcome {
    context.items(items.len())?;
    Ok(Value::list(items).from_origin(value.origin))
}

/// The list, or what Go says of anything else.
fn list(value: &Value, verb: &str) -> Result<List, Failure> {
    if value.is_nil() {
        return Err("runtime error: invalid memory address or nil pointer dereference".into());
    }
    list_of(value).ok_or_else(|| format!("Cannot {verb} type {}", value.kind()).into())
}

fn append(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut items = list(&args[0], "push on")?.items().to_vec();
    items.push(args[1].clone());
    like(context, &args[0], items)
}

fn prepend(context: &Context<'_>, args: &[Value]) -> Outcome {
    let list = list(&args[0], "prepend on")?;
    let items = std::iter::once(&args[1]).chain(list.items()).cloned().collect();
    like(context, &args[0], items)
}

/// What sprig does with sizes below one follows from its arithmetic: often a panic, sometimes a list.
fn chunk(context: &Context<'_>, args: &[Value]) -> Outcome {
    let size = int(&args[0]);
    let list = list(&args[1], "chunk")?;
    let length = list.len() as i64;
    let count = if size == 0 { -1 } else { ((length - 1) as f64 / size as f64).floor() as i64 + 1 };
    if count < 0 || (count > 0 && size < 0 && (length != 1 || size == -1)) {
        return Err("runtime error: makeslice: len out of range".into());
    }
    context.items(list.len())?;
    let chunks = list.items().chunks(usize::try_from(size).unwrap_or(usize::MAX));
    let chunks = chunks.take(count as usize).map(|chunk| Value::list(chunk.to_vec()).from_origin(args[1].origin));
    let chunks = List::new(chunks.collect(), ListType::Lists);
    Ok(Value::new(Data::List(chunks)).from_origin(args[1].origin))
}

fn first(_: &Context<'_>, args: &[Value]) -> Outcome {
    Ok(list(&args[0], "find first on")?.get(0).unwrap_or(Value::NIL))
}

fn last(_: &Context<'_>, args: &[Value]) -> Outcome {
    let list = list(&args[0], "find last on")?;
    Ok(list.len().checked_sub(1).and_then(|last| list.get(last)).unwrap_or(Value::NIL))
}

fn all_but(context: &Context<'_>, args: &[Value], name: &str, front: usize, back: usize) -> Outcome {
    let list = list(&args[0], &format!("find {name} on"))?;
    if list.is_empty() {
        return Ok(Value::new(Data::List(List::nil(ListType::Any))).from_origin(args[0].origin));
    }
    like(context, &args[0], list.items()[front..list.len() - back].to_vec())
}

fn reverse(context: &Context<'_>, args: &[Value]) -> Outcome {
    let list = list(&args[0], "find reverse on")?;
    like(context, &args[0], list.items().iter().rev().cloned().collect())
}

fn compact(context: &Context<'_>, args: &[Value]) -> Outcome {
    let list = list(&args[0], "compact on")?;
    like(context, &args[0], list.items().iter().filter(|item| item.truth()).cloned().collect())
}

fn contains(context: &Context<'_>, items: &[Value], value: &Value) -> Result<bool, Failure> {
    for item in items {
        context.budget.steps(1)?;
        if deep_equal(context.budget, value, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut items: Vec<Value> = Vec::new();
    for item in list(&args[0], "find uniq on")?.items() {
        if !contains(context, &items, item)? {
            items.push(item.clone());
        }
    }
    like(context, &args[0], items)
}

fn without(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut items = Vec::new();
    for item in list(&args[0], "find without on")?.items() {
        if !contains(context, &args[1..], item)? {
            items.push(item.clone());
        }
    }
    like(context, &args[0], items)
}

fn has(context: &Context<'_>, args: &[Value]) -> Outcome {
    if args[1].is_nil() {
        return Ok(Value::bool(false).from_origin(context.union_of(args)));
    }
    let list = list(&args[1], "find has on")?;
    made(context, args, Value::bool(contains(context, list.items(), &args[0])?))
}

fn slice(_: &Context<'_>, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Err("runtime error: invalid memory address or nil pointer dereference".into());
    }
    let Some(list) = list_of(&args[0]) else {
        return Err(format!("list should be type of slice or array but {}", args[0].kind()).into());
    };
    if list.is_empty() {
        return Ok(Value::NIL);
    }
    let start = args.get(1).map_or(0, to_int);
    let end = args.get(2).map_or(list.len() as i64, to_int);
    if start < 0 || end < start || bounds(start, Some(end), list.len() as i64).is_err() {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    }
    let items = list.iter().take(end as usize).skip(start as usize).collect();
    Ok(Value::new(Data::List(List::new(items, list.list_type()))).from_origin(args[0].origin))
}

fn concat(context: &Context<'_>, args: &[Value]) -> Outcome {
    let mut items = Vec::new();
    for value in args {
        if value.is_nil() {
            return Err("runtime error: invalid memory address or nil pointer dereference".into());
        }
        let Some(list) = list_of(value) else {
            return Err(format!("Cannot concat type {} as list", value.kind()).into());
        };
        context.items(list.len())?;
        items.extend(list.items().iter().cloned());
    }
    let origin = context.union_of(args);
    if items.is_empty() {
        return Ok(Value::new(Data::List(List::nil(ListType::Any))).from_origin(origin));
    }
    Ok(Value::list(items).from_origin(origin))
}

fn sort_alpha(context: &Context<'_>, args: &[Value]) -> Outcome {
    if list_of(&args[0]).is_none() {
        return made(context, args, strings_of(vec![string_of(context, &args[0])?]));
    }
    let mut items = string_items(context, &args[0])?;
    context.budget.steps(items.len() as u64)?;
    items.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(strings_of(items).from_origin(args[0].origin))
}
