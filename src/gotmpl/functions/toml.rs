//! TOML as BurntSushi's encoder writes it (`toml encode.go`).

use std::sync::Arc;

use super::builtin::beneath;
use super::cast::text;
use super::emit::is_exported;
use super::{Function, Functions, Outcome, plain};
use crate::gotmpl::collection::{Field, List};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::moving::Joining;
use crate::gotmpl::number;
use crate::gotmpl::object::Param;
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::value::{Data, IntType, Value};

mod read;
mod scalars;
mod scan;
mod tables;
mod zones;

pub(super) static FAMILY: &[Function] = &[
    plain("toToml", &[Param::Any], |context, args| match encode(context, &args[0]) {
        // The text of the error is the result, but for Go's panic over no value at all.
        Err(Failure::Message(message)) if !args[0].is_nil() => Ok(Value::str(message)),
        other => other,
    }),
    plain("fromToml", &[Param::Str], |context, args| {
        let origin = context.origin_of(&args[0]);
        let source = text(&args[0]);
        context.bytes(source.len())?;
        Ok(match read::read(context, &source, origin)? {
            Ok(value) => value,
            Err(problem) => Value::map([(Arc::from("Error"), Value::str(problem))]).from_origin(origin),
        })
    }),
];

/// Helm 4's stricter form.
pub(super) static MUST: &[Function] = &[plain("mustToToml", &[Param::Any], |context, args| encode(context, &args[0]))];

fn encode(context: &Context<'_>, value: &Value) -> Outcome {
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    let mut encoder = Encoder { context, out: Joining::default(), written: false };
    encoder.entry(&[], value)?;
    encoder.out.finish(context)
}

struct Encoder<'c, 'r> {
    context: &'c Context<'r>,
    out: Joining,
    written: bool,
}

type Encoded = Result<(), Failure>;
type Key<'k> = (&'k Arc<str>, OriginId);

/// What a value is to TOML; nothing for nil.
#[derive(PartialEq, Eq)]
enum Shape {
    Nil,
    Scalar,
    Array,
    Table,
    Tables,
}

fn shape(value: &Value) -> Result<Shape, Failure> {
    Ok(match &beneath(value).data {
        Data::Nil | Data::Missing => Shape::Nil,
        Data::Map(map) if map.is_nil() => Shape::Nil,
        Data::List(list) if list.is_nil() => Shape::Nil,
        Data::Map(_) => Shape::Table,
        Data::List(list) if list.is_empty() => Shape::Array,
        Data::List(list) => {
            let mut all = true;
            for item in list.items() {
                match shape(item)? {
                    Shape::Nil => return Err("toml: cannot encode array with nil element".into()),
                    Shape::Table => {}
                    _ => all = false,
                }
            }
            if all { Shape::Tables } else { Shape::Array }
        }
        Data::Object(object) if object.show().is_none() => Shape::Table,
        _ => Shape::Scalar,
    })
}

fn bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn key_text(key: &str) -> String {
    if bare(key) { key.to_owned() } else { quoted(key) }
}

impl Encoder<'_, '_> {
    fn put(&mut self, text: &str, what: OriginId) {
        self.out.add_bytes(text.as_bytes(), what);
        self.written = true;
    }

    fn newline(&mut self) {
        if self.written {
            self.put("\n", OriginId::NONE);
        }
    }

    fn indent(&mut self, key: &[Key<'_>]) {
        let spaces = "  ".repeat(key.len().saturating_sub(1));
        self.put(&spaces, OriginId::NONE);
    }

    fn header(&mut self, key: &[Key<'_>], open: &str, close: &str) {
        let path: Vec<String> = key.iter().map(|(name, _)| key_text(name)).collect();
        self.indent(key);
        let what = key.last().map(|(_, origin)| *origin).unwrap_or_default();
        self.put(&format!("{open}{}{close}", path.join(".")), what);
        self.newline();
    }

    fn entry(&mut self, key: &[Key<'_>], value: &Value) -> Encoded {
        self.context.budget.steps(1)?;
        let value = match &value.data {
            Data::Object(object) if object.show().is_none() => {
                object.underlying().map_or_else(|| value.clone(), |inner| inner.from_origin(value.origin))
            }
            _ => value.clone(),
        };
        match shape(&value)? {
            Shape::Nil => Ok(()),
            Shape::Scalar | Shape::Array => self.key_value(key, &value, false),
            Shape::Table => {
                if key.len() == 1 {
                    self.newline();
                }
                if !key.is_empty() {
                    self.header(key, "[", "]");
                }
                self.map(key, &value, false)
            }
            Shape::Tables => {
                if key.is_empty() {
                    return Err("toml: top-level values must be Go maps or structs".into());
                }
                for item in items(&value) {
                    self.newline();
                    self.header(key, "[[", "]]");
                    self.map(key, &item, false)?;
                }
                Ok(())
            }
        }
    }

    fn map(&mut self, key: &[Key<'_>], value: &Value, inline: bool) -> Encoded {
        self.context.budget.enter()?;
        let entries = fields(value);
        let mut direct: Vec<&(Arc<str>, Field)> = Vec::new();
        let mut nested: Vec<&(Arc<str>, Field)> = Vec::new();
        for entry in &entries {
            let table = matches!(shape(&entry.1.value)?, Shape::Table | Shape::Tables);
            if table { nested.push(entry) } else { direct.push(entry) }
        }
        if inline {
            self.put("{", value.origin);
        }
        for (group, trails) in [(&direct, !nested.is_empty()), (&nested, false)] {
            for (i, (name, field)) in group.iter().enumerate() {
                if shape(&field.value)? == Shape::Nil {
                    continue;
                }
                if inline {
                    self.key_value(&[(name, field.key_origin)], &field.value, true)?;
                    if trails || i + 1 < group.len() {
                        self.put(", ", OriginId::NONE);
                    }
                } else {
                    let path: Vec<Key<'_>> = key.iter().copied().chain([(name, field.key_origin)]).collect();
                    self.entry(&path, &field.value)?;
                }
            }
        }
        if inline {
            self.put("}", value.origin);
        }
        self.context.budget.leave();
        Ok(())
    }

    fn key_value(&mut self, key: &[Key<'_>], value: &Value, inline: bool) -> Encoded {
        let Some((name, origin)) = key.last() else { return self.element(value) };
        self.indent(key);
        self.put(&key_text(name), *origin);
        self.put(" = ", OriginId::NONE);
        self.element(value)?;
        if !inline {
            self.newline();
        }
        Ok(())
    }

    fn element(&mut self, value: &Value) -> Encoded {
        let context = self.context;
        let what = context.origin_of(value);
        let text = match &value.data {
            Data::Bool(b) => b.to_string(),
            Data::Int(n, IntType::Named(named)) if named.is_duration() => quoted(&(named.show)(*n)),
            Data::Int(n, _) => n.to_string(),
            Data::Uint(n, _) => n.to_string(),
            Data::Float(f) if f.is_nan() => if f.is_sign_negative() { "-nan" } else { "nan" }.to_owned(),
            Data::Float(f) if f.is_infinite() => if *f > 0.0 { "inf" } else { "-inf" }.to_owned(),
            Data::Float(f) => {
                // The library's later version writes large and small ones with exponents.
                let exponents = context.functions == Functions::Helm4;
                let text = if exponents { number::show_float(*f) } else { number::show_plain(*f) };
                if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
            }
            Data::Str(text) => quoted(&text.as_str()),
            Data::Map(_) => return self.map(&[], value, true),
            Data::List(list) => return self.array(list, value.origin),
            Data::Object(object) => match (object.show(), object.underlying()) {
                // A moment is one of TOML's own values.
                _ if let Some(time) = object.as_any().downcast_ref() => zones::written(time),
                (Some(text), _) => quoted(&text),
                (None, Some(inner)) => return self.element(&inner),
                (None, None) => return self.map(&[], value, true),
            },
            _ => return Err(format!("unexpected type: {}", value.type_name()).into()),
        };
        self.put(&text, what);
        Ok(())
    }

    fn array(&mut self, list: &List, what: OriginId) -> Encoded {
        self.context.budget.enter()?;
        self.put("[", what);
        for (i, item) in list.items().iter().enumerate() {
            if i > 0 {
                self.put(", ", OriginId::NONE);
            }
            self.element(item)?;
        }
        self.put("]", what);
        self.context.budget.leave();
        Ok(())
    }
}

/// What a map or a struct has: keys in order, fields in the struct's.
fn fields(value: &Value) -> Vec<(Arc<str>, Field)> {
    let value = beneath(value);
    match &value.data {
        Data::Map(map) => map.entries(),
        Data::Object(object) => {
            let exported = object.promoted().into_iter().filter(|(name, _)| is_exported(name));
            exported.map(|(name, value)| (name.into(), Field { key_origin: OriginId::NONE, value })).collect()
        }
        _ => Vec::new(),
    }
}

fn items(value: &Value) -> Vec<Value> {
    match beneath(value).data {
        Data::List(list) => list.items().to_vec(),
        _ => Vec::new(),
    }
}
