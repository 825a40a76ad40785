//! What an ApplicationSet's templates have besides sprig (`argo-cd applicationset/utils/template_functions.go`).

use super::encode::yaml_of;
use super::strings::{bytes, int, melted};
use super::{Function, Outcome, decode, plain, variadic};
use crate::gotmpl::context::Context;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::{Data, Value};

use Param::{Any, Str};

pub(super) static FAMILY: &[Function] = &[
    plain("normalize", &[Str], |context, args| melted(context, &args[0], normalized)),
    variadic("slugify", &[], Any, slugify),
    plain("toYaml", &[Any], |context, args| yaml_of(context, &args[0], false)),
    plain("fromYaml", &[Str], |context, args| decode::strict_yaml(context, &args[0], true)),
    plain("fromYamlArray", &[Str], |context, args| decode::strict_yaml(context, &args[0], false)),
];

/// A name that Kubernetes takes.
fn normalized(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        out.push(if matches!(c, 'a'..='z' | '0'..='9' | '.' | '-') { c } else { '-' });
    }
    out.truncate(253);
    out.trim_matches(['-', '.']).to_owned()
}

/// `slugify [size [smart]] name`
fn slugify(context: &Context<'_>, args: &[Value]) -> Outcome {
    let (mut size, mut smart, mut name) = (50i64, true, None);
    for (i, arg) in args.iter().enumerate() {
        let wrong = |wanted: &str| {
            let is = if arg.is_nil() { "nil" } else { arg.type_name() };
            Err(format!("interface conversion: interface {{}} is {is}, not {wanted}").into())
        };
        match (&arg.data, i) {
            (Data::Str(_), _) if i + 1 == args.len() => name = Some(arg),
            _ if i + 1 == args.len() => return wrong("string"),
            (Data::Int(_, crate::gotmpl::IntType::Int), 0) => size = int(arg),
            (_, 0) => return wrong("int"),
            (Data::Bool(b), 1) => smart = *b,
            (_, 1) => return wrong("bool"),
            _ => {}
        }
    }
    let Some(name) = name else { return Ok(Value::fixed("")) };
    let _ = bytes(name);
    let mut slug = String::new();
    for c in normalized(&name.as_text().map(|text| text.as_str().into_owned()).unwrap_or_default()).chars() {
        slug.push(if c.is_ascii_alphanumeric() { c } else { '-' });
    }
    if !smart && slug.len() as i64 >= size {
        let Ok(size) = usize::try_from(size) else {
            return Err(format!("runtime error: slice bounds out of range [:{size}]").into());
        };
        slug.truncate(size);
    }
    let mut single = String::with_capacity(slug.len());
    for c in slug.chars() {
        if !(c == '-' && single.ends_with('-')) {
            single.push(c);
        }
    }
    let mut slug = single.trim_matches(['-', '_']).to_owned();
    if let (true, Ok(size)) = (smart && size > 0, usize::try_from(size))
        && slug.len() > size
    {
        // The last word that fits whole, or a part of the only one.
        slug.truncate(slug[..=size].rfind('-').unwrap_or(size));
    }
    let origin = context.origins.union(context.origin_of(name), context.union_of(&args[..args.len() - 1]));
    Ok(Value::str(slug).from_origin(origin))
}
