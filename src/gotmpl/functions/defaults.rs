//! Defaults and choices, and what Helm refuses with (`sprig defaults.go`, `helm pkg/engine/engine.go`).

use super::{Function, Outcome, Runs, at_once, plain, variadic};
use crate::gotmpl::context::Context;
use crate::gotmpl::object::Param;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, Value};

use Param::{Any, Bool, Str};

pub(super) static FAMILY: &[Function] = &[
    at_once(variadic("default", &[Any], Any, |context, args| match args.get(1) {
        Some(given) if given.truth() => Ok(given.clone()),
        // An empty value that is written somewhere decided as well, and is where to write another.
        Some(given) => Ok(also(context, &args[0], &[given])),
        None => Ok(args[0].clone()),
    })),
    at_once(plain("empty", &[Any], |context, args| {
        Ok(Value::bool(!args[0].truth()).from_origin(context.origin_of(&args[0])))
    })),
    at_once(variadic("coalesce", &[], Any, |context, args| {
        let chosen = args.iter().position(Value::truth);
        let value = chosen.map_or(Value::NIL, |at| args[at].clone());
        let before: Vec<&Value> = args[..chosen.unwrap_or(args.len())].iter().collect();
        Ok(also(context, &value, &before))
    })),
    variadic("all", &[], Any, |context, args| {
        Ok(Value::bool(args.iter().all(Value::truth)).from_origin(context.union_of(args)))
    }),
    variadic("any", &[], Any, |context, args| {
        Ok(Value::bool(args.iter().any(Value::truth)).from_origin(context.union_of(args)))
    }),
    at_once(plain("ternary", &[Any, Any, Bool], |context, args| {
        let yes = matches!(args[2].data, Data::Bool(true));
        let mut value = args[usize::from(!yes)].clone();
        let test = context.origins.condition(args[2].origin);
        value.origin = context.origins.union(value.origin, test);
        Ok(value)
    })),
    at_once(plain("fail", &[Str], |_, args| {
        Err(args[0].as_text().map(|text| text.as_str().into_owned()).unwrap_or_default().into())
    })),
];

/// A value in whose choice others took part.
fn also(context: &Context<'_>, value: &Value, others: &[&Value]) -> Value {
    let mut value = value.clone();
    for other in others {
        value.origin = context.origins.union(value.origin, context.origin_of(other));
    }
    value
}

/// What looks outside of the template: there is nothing to see.
pub(super) static OUTSIDE: &[Function] = &[
    plain("env", &[Str], |_, _| Ok(Value::fixed(""))),
    plain("expandenv", &[Str], |_, args| Ok(args[0].clone())),
    plain("getHostByName", &[Str], |_, _| Ok(Value::fixed(""))),
];

/// Helm finds its own refusals again by these marks.
const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

pub(super) static HELM: &[Function] = &[
    Function { name: "include", params: &[Str, Any], variadic: None, run: Runs::Include, looks: false },
    Function { name: "tpl", params: &[Str, Any], variadic: None, run: Runs::Tpl, looks: true },
    at_once(plain("required", &[Str, Any], |context, args| {
        let empty = args[1].is_nil() || args[1].as_text().is_some_and(Text::is_empty);
        if !empty {
            return Ok(args[1].clone());
        }
        refuse(context, &args[0])
    })),
    at_once(plain("fail", &[Str], |context, args| refuse(context, &args[0]))),
    plain("lookup", &[Str, Str, Str, Str], |_, _| Ok(Value::map([]))),
    plain("getHostByName", &[Str], |_, _| Ok(Value::fixed(""))),
];

fn refuse(context: &Context<'_>, message: &Value) -> Outcome {
    if context.lint {
        return Ok(Value::fixed(""));
    }
    let message = message.as_text().map(|text| text.as_str().into_owned()).unwrap_or_default();
    Err(format!("{START}{message}{END}").into())
}
