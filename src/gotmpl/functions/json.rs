//! JSON as Go's `encoding/json` writes it: sorted keys, HTML escapes, indentation.

use std::sync::Arc;

use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::moving::Joining;
use crate::gotmpl::number;
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, Value};
use crate::yaml::{Escaping, quoted};

/// How JSON is written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Form {
    /// `<`, `>`, `&`, U+2028 and U+2029 as escapes.
    pub html: bool,
    /// Two spaces a level.
    pub pretty: bool,
}

/// A value as JSON, leaf by leaf.
///
/// # Errors
/// Go's, for numbers that JSON does not have.
pub(super) fn encode(context: &Context<'_>, value: &Value, form: Form) -> Result<Value, Failure> {
    let mut writer = Writer { context, out: Joining::default(), form, level: 0 };
    writer.value(value)?;
    writer.out.finish(context)
}

struct Writer<'c, 'r> {
    context: &'c Context<'r>,
    out: Joining,
    form: Form,
    level: usize,
}

impl Writer<'_, '_> {
    fn push(&mut self, text: &str) {
        self.out.add_bytes(text.as_bytes(), OriginId::NONE);
    }

    fn line(&mut self) {
        if self.form.pretty {
            let indent = format!("\n{}", "  ".repeat(self.level));
            self.push(&indent);
        }
    }

    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        let context = self.context;
        context.budget.steps(1)?;
        let scalar = |writer: &mut Self, text: &str| {
            writer.out.add_bytes(text.as_bytes(), context.origin_of(value));
        };
        match &value.data {
            Data::Missing | Data::Nil => scalar(self, "null"),
            Data::Bool(b) => scalar(self, if *b { "true" } else { "false" }),
            Data::Int(n, _) => scalar(self, &n.to_string()),
            Data::Uint(n, _) => scalar(self, &n.to_string()),
            Data::Float(f) => {
                if let Some(text) = number::special(*f) {
                    return Err(format!("json: unsupported value: {text}").into());
                }
                scalar(self, &number::show_json(*f));
            }
            Data::Complex(..) => return Err("json: unsupported type: complex128".into()),
            // What is not UTF-8 is written as an escape, unlike the replacement character itself.
            Data::Str(Text::Bytes(bytes)) => {
                let mut quoted = String::from("\"");
                for chunk in bytes.utf8_chunks() {
                    let part = string(chunk.valid(), self.form.html);
                    quoted.push_str(&part[1..part.len() - 1]);
                    chunk.invalid().iter().for_each(|_| quoted.push_str("\\ufffd"));
                }
                quoted.push('"');
                scalar(self, &quoted);
            }
            Data::Str(text) => scalar(self, &string(&text.as_str(), self.form.html)),
            Data::List(list) if list.is_nil() => scalar(self, "null"),
            Data::List(list) => {
                if let Some(bytes) = list.as_bytes() {
                    use base64::Engine;
                    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                    scalar(self, &format!("\"{text}\""));
                    return Ok(());
                }
                context.budget.enter()?;
                self.level += 1;
                self.push("[");
                for (i, item) in list.items().iter().enumerate() {
                    if i > 0 {
                        self.push(",");
                    }
                    self.line();
                    self.value(item)?;
                }
                self.level -= 1;
                if !list.is_empty() {
                    self.line();
                }
                self.push("]");
                context.budget.leave();
            }
            Data::Map(map) if map.is_nil() => scalar(self, "null"),
            Data::Map(map) => {
                let entries = map.entries();
                self.object(entries.iter().map(|(key, field)| (key, field.key_origin, &field.value)))?;
            }
            Data::Object(object) => match object.members() {
                Some(members) => self.object(members.iter().map(|(key, value)| (key, OriginId::NONE, value)))?,
                None => {
                    context.budget.enter()?;
                    self.value(&object.encoded())?;
                    context.budget.leave();
                }
            },
        }
        Ok(())
    }

    fn object<'v>(
        &mut self,
        entries: impl ExactSizeIterator<Item = (&'v Arc<str>, OriginId, &'v Value)>,
    ) -> Result<(), Failure> {
        self.context.budget.enter()?;
        self.level += 1;
        self.push("{");
        let is_empty = entries.len() == 0;
        for (i, (key, key_origin, value)) in entries.enumerate() {
            if i > 0 {
                self.push(",");
            }
            self.line();
            self.out.add_bytes(string(key, self.form.html).as_bytes(), key_origin);
            self.push(if self.form.pretty { ": " } else { ":" });
            self.value(value)?;
        }
        self.level -= 1;
        if !is_empty {
            self.line();
        }
        self.push("}");
        self.context.budget.leave();
        Ok(())
    }
}

/// A string as Go's `encoding/json` quotes it; with `html`, as it does by default.
pub(crate) fn string(text: &str, html: bool) -> String {
    quoted(text, if html { Escaping::GoHtml } else { Escaping::Go })
}
