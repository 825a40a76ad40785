//! sprig's functions on maps (`sprig dict.go`), and mergo's merging beneath them.

use super::builtin::{beneath, strings_of};
use super::strings::string_of;
use super::{Function, Outcome, at_once, plain, variadic};
use crate::gotmpl::collection::{Field, Fields, List, ListType, Map, MapType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::Param;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, Value};

use Param::{Any, Map as Dict, Str};

pub(super) static FAMILY: &[Function] = &[
    at_once(variadic("dict", &[], Any, dict)),
    at_once(plain("get", &[Dict, Str], |_, args| {
        let found = map(&args[0]).get(&key(&args[1]));
        Ok(found.unwrap_or_else(|| Value::fixed("")))
    })),
    at_once(plain("set", &[Dict, Str, Any], |context, args| {
        context.items(1)?;
        let target = map(&args[0]);
        if target.is_nil() {
            return Err("assignment to entry in nil map".into());
        }
        let mut value = args[2].clone();
        if matches!(value.data, Data::Missing) {
            value.data = Data::Nil;
        }
        target.set(key(&args[1]), value, context.origin_of(&args[1]));
        Ok(plain_value(&args[0]))
    })),
    at_once(plain("unset", &[Dict, Str], |_, args| {
        map(&args[0]).unset(&key(&args[1]));
        Ok(plain_value(&args[0]))
    })),
    at_once(plain("hasKey", &[Dict, Str], |context, args| {
        let found = map(&args[0]).get(&key(&args[1]));
        let origin = found.as_ref().map(|value| context.origin_of(value)).unwrap_or_default();
        Ok(Value::bool(found.is_some()).from_origin(origin))
    })),
    variadic("pluck", &[Str], Dict, |context, args| {
        let key = key(&args[0]);
        let items: Vec<Value> = args[1..].iter().filter_map(|dict| map(dict).get(&key)).collect();
        context.items(items.len())?;
        Ok(Value::list(items).from_origin(context.union_of(&args[1..])))
    }),
    variadic("keys", &[], Dict, |context, args| {
        let mut keys = Vec::new();
        for dict in args {
            let entries = map(dict).entries();
            context.items(entries.len())?;
            keys.extend(entries.into_iter().map(|(key, field)| Value::str(key).from_origin(field.key_origin)));
        }
        Ok(strings_of(keys).from_origin(context.union_of(args)))
    }),
    plain("values", &[Dict], |context, args| {
        let values: Vec<Value> = map(&args[0]).entries().into_iter().map(|(_, field)| field.value).collect();
        context.items(values.len())?;
        Ok(Value::list(values).from_origin(args[0].origin))
    }),
    variadic("pick", &[Dict], Str, |context, args| chosen(context, args, true)),
    variadic("omit", &[Dict], Str, |context, args| chosen(context, args, false)),
    variadic("merge", &[Dict], Dict, |context, args| merged(context, args, false)),
    variadic("mustMerge", &[Dict], Dict, |context, args| merged(context, args, false)),
    variadic("mergeOverwrite", &[Dict], Dict, |context, args| merged(context, args, true)),
    variadic("mustMergeOverwrite", &[Dict], Dict, |context, args| merged(context, args, true)),
    plain("deepCopy", &[Any], deep_copy),
    plain("mustDeepCopy", &[Any], deep_copy),
    at_once(variadic("dig", &[], Any, dig)),
];

/// The map of an argument that was checked to be one.
pub(super) fn map(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_else(|| Map::nil(MapType::Any))
}

fn key(value: &Value) -> std::sync::Arc<str> {
    value.as_text().map(Text::to_arc).unwrap_or_else(|| "".into())
}

/// A parameter of type `map[string]interface {}` takes the name off a named type.
fn plain_value(value: &Value) -> Value {
    Value::new(Data::Map(map(value).typed(MapType::Any))).from_origin(value.origin)
}

fn dict(context: &Context<'_>, args: &[Value]) -> Outcome {
    context.items(args.len())?;
    let mut fields = Fields::default();
    for pair in args.chunks(2) {
        let name = string_of(context, &pair[0])?;
        let mut value = pair.get(1).cloned().unwrap_or_else(|| Value::fixed(""));
        if matches!(value.data, Data::Missing) {
            value.data = Data::Nil;
        }
        fields.insert(key(&name), Field { key_origin: context.origin_of(&name), value });
    }
    Ok(Value::new(Data::Map(Map::new(fields, MapType::Any))))
}

fn chosen(context: &Context<'_>, args: &[Value], keep: bool) -> Outcome {
    let names: Vec<_> = args[1..].iter().map(key).collect();
    context.budget.steps(map(&args[0]).len() as u64)?;
    let fields: Fields = map(&args[0]).entries().into_iter().filter(|(name, _)| names.contains(name) == keep).collect();
    context.items(fields.len())?;
    Ok(Value::new(Data::Map(Map::new(fields, MapType::Any))).from_origin(args[0].origin))
}

fn merged(context: &Context<'_>, args: &[Value], overwrite: bool) -> Outcome {
    let mut target = plain_value(&args[0]);
    if map(&target).is_nil() && args.len() > 1 {
        target = Value::map([]);
    }
    let into = map(&target);
    for source in &args[1..] {
        merge(context, &into, &map(source), overwrite)?;
    }
    Ok(target)
}

/// `mergo.Merge` of maps: in place, sharing what is only on the other side (`mergo merge.go`).
fn merge(context: &Context<'_>, into: &Map, from: &Map, overwrite: bool) -> Result<(), Failure> {
    if into.is_same(from) {
        return Ok(());
    }
    context.budget.enter()?;
    context.budget.steps(from.len() as u64)?;
    // A collection beneath may be one of these two: it is looked at when nobody is reading them.
    let mut later = Vec::new();
    let mut made = 0;
    into.meet(from, |target, source| {
        for (name, field) in source {
            let wanted = overwrite || !field.value.is_nil();
            match target.get_mut(name) {
                Some(known) if known.value.holds() => later.push((name.clone(), field.clone())),
                Some(known) if overwrite || (wanted && !known.value.truth()) => *known = field.clone(),
                None if wanted => drop(target.insert(name.clone(), field.clone())),
                _ => continue,
            }
            made += 1;
        }
        made > later.len()
    });
    context.items(made)?;
    for (name, field) in later {
        let known = into.get(&name);
        if let (Some(Data::Map(known)), Data::Map(source)) =
            (known.as_ref().map(|known| beneath(known).data), &field.value.data)
        {
            merge(context, &known, source, overwrite)?;
            if !known.is_empty() {
                continue;
            }
        }
        let filled = known.is_some_and(|known| known.truth());
        if overwrite || !(filled || field.value.is_nil()) {
            into.set(name, field.value, field.key_origin);
        }
    }
    context.budget.leave();
    Ok(())
}

/// `copystructure.Copy` of nothing is a panic.
fn deep_copy(context: &Context<'_>, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    context.items(1)?;
    copied(context, &args[0])
}

/// A deep copy. The value itself is paid for, what it holds is not.
fn copied(context: &Context<'_>, value: &Value) -> Outcome {
    if !value.nests() {
        return Ok(value.clone());
    }
    context.budget.enter()?;
    let data = match &value.data {
        Data::Map(map) => {
            // A map takes the room of several values.
            context.items(1 + map.len())?;
            Data::Map(match map.copied_flat() {
                Some(copy) => copy,
                None => {
                    let mut fields = map.read(Fields::clone);
                    for field in fields.values_mut().filter(|field| field.value.nests()) {
                        field.value = copied(context, &field.value)?;
                    }
                    Map::new(fields, map.map_type())
                }
            })
        }
        Data::List(list) => {
            context.items(list.len())?;
            Data::List(match list.is_nil() {
                true => List::nil(ListType::Any),
                // What a list holds does not change, only what its items hold does.
                false if list.is_flat() => list.clone(),
                false => {
                    let items = list.items().iter().map(|item| copied(context, item)).collect::<Result<_, _>>()?;
                    List::new(items, list.list_type())
                }
            })
        }
        data => data.clone(),
    };
    context.budget.leave();
    Ok(Value { data, origin: value.origin })
}

fn dig(_: &Context<'_>, args: &[Value]) -> Outcome {
    if args.len() < 3 {
        return Err("dig needs at least three arguments".into());
    }
    let mut dict = asserted(&args[args.len() - 1])?;
    let default = &args[args.len() - 2];
    let mut keys = Vec::new();
    for name in &args[..args.len() - 2] {
        match name.as_text() {
            Some(text) => keys.push(text.to_arc()),
            None => return Err(conversion(name, "string").into()),
        }
    }
    for (i, name) in keys.iter().enumerate() {
        let Some(step) = dict.get(name) else { return Ok(default.clone()) };
        if i + 1 == keys.len() {
            return Ok(step);
        }
        dict = asserted(&step)?;
    }
    Ok(default.clone())
}

/// `value.(map[string]interface{})`: a named type is no such map.
fn asserted(value: &Value) -> Result<Map, Failure> {
    match &value.data {
        Data::Map(map) if map.map_type() == MapType::Any => Ok(map.clone()),
        _ => Err(conversion(value, "map[string]interface {}").into()),
    }
}

fn conversion(value: &Value, wanted: &str) -> String {
    let is = if value.is_nil() { "nil" } else { value.type_name() };
    format!("interface conversion: interface {{}} is {is}, not {wanted}")
}
