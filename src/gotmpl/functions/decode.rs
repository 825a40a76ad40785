//! From text to values: `fromYaml`, `fromJson` and their array forms, which give errors as content.
//!
//! What is read knows where it came from: the place in the text it stands at.

mod json_text;

use std::sync::Arc;

use super::{Functions, Outcome};
use crate::budget::Budget;
use crate::gotmpl::collection::{Field, Fields, List, ListType, Map, MapType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::origin::{OriginId, SharedOrigins};
use crate::gotmpl::text::{Located, Text};
use crate::gotmpl::value::{Data, Value};
use crate::source::{FileId, Span};
use crate::yaml::{self, Meaning, Node};

/// Where the parts of a text came from.
struct Whence<'v> {
    origin: OriginId,
    written: Option<Located<'v>>,
}

impl<'v> Whence<'v> {
    fn of(value: &'v Value) -> Self {
        let written = match &value.data {
            Data::Str(Text::Written(written)) => Some(Located::new(written)),
            _ => None,
        };
        Self { origin: value.origin, written }
    }

    /// The origin of what stands at these bytes.
    fn at(&self, start: usize, end: usize) -> OriginId {
        let Some(written) = &self.written else { return self.origin };
        let range = start..end.max(start + 1);
        let valued = written.runs(range.clone()).take(64).find(|run| !run.what.is_none());
        let valued = valued.or_else(|| written.runs(range).next());
        match valued {
            Some(run) if !run.what.is_none() => run.what,
            Some(run) => run.place,
            None => self.origin,
        }
    }
}

/// What Go has against a text as JSON; nothing where it can read it, or nobody can say.
pub(crate) fn json_problem(text: &str) -> Option<String> {
    let (budget, origins) = (Budget::default(), SharedOrigins::default());
    let context = Context { budget: &budget, origins: &origins, functions: Functions::Bare, lint: false, now: 0 };
    json_text::read(&context, &Value::str(text)).ok()?.err()
}

fn node_value(context: &Context<'_>, node: &Node, whence: &Whence<'_>) -> Outcome {
    context.items(1)?;
    let span = |span: Span| whence.at(span.start as usize, span.end as usize);
    let data = match &node.value {
        yaml::Value::Map(mapping) => {
            let mut fields = Fields::default();
            for entry in &mapping.entries {
                let value = node_value(context, &entry.value, whence)?;
                fields.insert(Arc::clone(&entry.key), Field { key_origin: span(entry.key_origin.anchor()), value });
            }
            Data::Map(Map::new(fields, MapType::Any))
        }
        yaml::Value::Seq(items) => {
            let items = items.iter().map(|item| node_value(context, item, whence)).collect::<Result<_, _>>()?;
            Data::List(List::new(items, ListType::Any))
        }
        yaml::Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Data::Nil,
            Meaning::Bool(b) => Data::Bool(b),
            Meaning::Int(n) => Data::Float(n as f64),
            Meaning::Uint(n) => Data::Float(n as f64),
            Meaning::Float(n) => Data::Float(n),
            Meaning::Str(text) => Data::Str((&*text).into()),
        },
    };
    // A collection is where it begins.
    let anchor = node.origin.anchor();
    let origin = match &node.value {
        yaml::Value::Scalar(_) => span(anchor),
        _ => whence.at(anchor.start as usize, anchor.start as usize + 1),
    };
    Ok(Value { data, origin })
}

/// The first document of a text, or why there is none.
fn yaml_value(context: &Context<'_>, value: &Value) -> Result<Result<Value, String>, Failure> {
    let text = value.as_text().map(Text::as_str).unwrap_or_default();
    context.bytes(text.len())?;
    let parsed = yaml::parse(FileId(u32::MAX), &text, context.budget);
    if parsed.problems.iter().any(|problem| problem.exceeded) {
        return Err(context.exceeded());
    }
    match parsed.read_first() {
        Err(problem) => {
            let words = yaml::refusal(&text, problem, yaml::Quoting::All);
            Ok(Err(format!("error converting YAML to JSON: {words}")))
        }
        Ok(Some(document)) => Ok(Ok(node_value(context, &document.root, &Whence::of(value))?)),
        Ok(None) => Ok(Ok(Value::NIL)),
    }
}

fn json_kind(value: &Value) -> &'static str {
    match &value.data {
        Data::List(_) => "array",
        Data::Map(_) => "object",
        Data::Str(_) => "string",
        Data::Bool(_) => "bool",
        _ => "number",
    }
}

fn mismatch(value: &Value, wanted: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {wanted}", json_kind(value))
}

/// A map, or a map that holds the error.
fn as_map(read: Result<Value, String>, wrapping: &str, origin: OriginId) -> Value {
    let problem = match read {
        Ok(value) if matches!(value.data, Data::Map(_)) => return value,
        Ok(value) if value.is_nil() => return Value::map([]).from_origin(origin),
        Ok(value) => format!("{wrapping}{}", mismatch(&value, "map[string]interface {}")),
        Err(problem) => problem,
    };
    Value::map([(Arc::from("Error"), Value::str(problem))]).from_origin(origin)
}

fn as_list(read: Result<Value, String>, wrapping: &str, origin: OriginId) -> Value {
    let problem = match read {
        Ok(value) if matches!(value.data, Data::List(_)) => return value,
        Ok(value) if value.is_nil() => return Value::list(Vec::new()).from_origin(origin),
        Ok(value) => format!("{wrapping}{}", mismatch(&value, "[]interface {}")),
        Err(problem) => problem,
    };
    Value::list(vec![Value::str(problem)]).from_origin(origin)
}

const UNMARSHALING: &str = "error unmarshaling JSON: while decoding JSON: ";

pub(super) fn yaml_map(context: &Context<'_>, value: &Value) -> Outcome {
    Ok(as_map(yaml_value(context, value)?, UNMARSHALING, context.origin_of(value)))
}

pub(super) fn yaml_list(context: &Context<'_>, value: &Value) -> Outcome {
    Ok(as_list(yaml_value(context, value)?, UNMARSHALING, context.origin_of(value)))
}

/// The same with errors as errors, as ApplicationSets have it.
pub(super) fn strict_yaml(context: &Context<'_>, value: &Value, map: bool) -> Outcome {
    let read = yaml_value(context, value)?.map_err(Failure::Message)?;
    let wanted = if map { "map[string]interface {}" } else { "[]interface {}" };
    match (&read.data, map) {
        (Data::Map(_), true) | (Data::List(_), false) => Ok(read),
        (Data::Nil | Data::Missing, true) => Ok(Value::map([])),
        (Data::Nil | Data::Missing, false) => Ok(Value::list(Vec::new())),
        _ => Err(format!("{UNMARSHALING}{}", mismatch(&read, wanted)).into()),
    }
}

pub(super) fn json(context: &Context<'_>, value: &Value) -> Result<Result<Value, String>, Failure> {
    Ok(json_text::read(context, value)?.and_then(|(value, unfit)| unfit.map_or(Ok(value), Err)))
}

/// What is said of a whole text that is one number too large: that a number is no map and no list.
fn of_kind(read: Value) -> Value {
    if read.is_nil() { Value::float(0.0).from_origin(read.origin) } else { read }
}

pub(super) fn json_map(context: &Context<'_>, value: &Value) -> Outcome {
    let read = match json_text::read(context, value)? {
        Ok((read, Some(unfit))) => {
            // The error stands beside what could be read.
            if let Data::Map(map) = &read.data {
                let field = Field { key_origin: read.origin, value: Value::str(unfit).from_origin(read.origin) };
                map.change(|fields| fields.insert("Error".into(), field));
            }
            Ok(of_kind(read))
        }
        read => read.map(|(read, _)| read),
    };
    if read.as_ref().is_ok_and(Value::is_nil) {
        return Ok(Value::new(Data::Map(Map::nil(MapType::Any))).from_origin(context.origin_of(value)));
    }
    Ok(as_map(read, "", context.origin_of(value)))
}

pub(super) fn json_list(context: &Context<'_>, value: &Value) -> Outcome {
    let read = match json_text::read(context, value)? {
        Ok((read, Some(unfit))) if matches!(read.data, Data::List(_)) => Err(unfit),
        Ok((read, Some(_))) => Ok(of_kind(read)),
        read => read.map(|(read, _)| read),
    };
    if read.as_ref().is_ok_and(Value::is_nil) {
        return Ok(Value::new(Data::List(List::nil(ListType::Any))).from_origin(context.origin_of(value)));
    }
    Ok(as_list(read, "", context.origin_of(value)))
}
