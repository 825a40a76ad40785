//! Values as YAML documents, leaf by leaf with their origins: drives `yaml::emit`.

use std::ops::Range;
use std::sync::Arc;

use super::json;
use crate::gotmpl::collection::{Field, Fields, ListType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::text::{Run, Written};
use crate::gotmpl::value::{Data, IntType, Value};
use crate::yaml::Dialect;
use crate::yaml::emit::{Emitter, Layout, Unwritable, sort};

/// A value as a YAML document, with its last line end.
///
/// # Errors
/// For what the library does not write; limits of the budget.
pub(super) fn emit(context: &Context<'_>, value: &Value, layout: Layout) -> Result<Value, Failure> {
    let mut driver = Driver { context, layout, emitter: Emitter::new(layout), leaves: Vec::new(), paid: 0 };
    driver.node(value)?;
    let text = driver.emitter.finish();
    let mut written = Written { text, runs: Vec::with_capacity(2 * driver.leaves.len() + 1) };
    let mut at = 0;
    let blank = Run { len: 0, what: OriginId::NONE, place: OriginId::NONE, under: OriginId::NONE };
    for (range, what) in driver.leaves {
        written.push_run(Run { len: (range.start - at) as u32, ..blank });
        written.push_run(Run { len: range.len() as u32, what, ..blank });
        at = range.end;
    }
    let rest = written.text.len() - at;
    written.push_run(Run { len: rest as u32, ..blank });
    Ok(Value::str(written))
}

struct Driver<'c, 'r> {
    context: &'c Context<'r>,
    layout: Layout,
    emitter: Emitter,
    leaves: Vec<(Range<usize>, OriginId)>,
    /// Bytes that the budget has paid for.
    paid: usize,
}

impl From<Unwritable> for Failure {
    fn from(problem: Unwritable) -> Self {
        Failure::Message(problem.to_string())
    }
}

impl Driver<'_, '_> {
    fn leaf(&mut self, range: Range<usize>, what: OriginId) -> Result<(), Failure> {
        if !what.is_none() && !range.is_empty() {
            self.leaves.push((range, what));
        }
        let written = self.emitter.written();
        self.context.bytes(written - self.paid)?;
        self.paid = written;
        Ok(())
    }

    fn node(&mut self, value: &Value) -> Result<(), Failure> {
        let context = self.context;
        context.budget.steps(1)?;
        let json = self.layout.dialect == Dialect::V2;
        let origin = value.origin;
        let range = match &value.data {
            Data::Missing | Data::Nil => self.emitter.null(),
            // A nil list or map is null to JSON, and empty to yaml.v3.
            Data::List(list) if json && list.is_nil() => self.emitter.null(),
            Data::Map(map) if json && map.is_nil() => self.emitter.null(),
            Data::List(list) if json && list.list_type() == ListType::Bytes => {
                let text = json::encode(context, value, json::Form::default())?;
                let text = text.as_text().map(|text| text.as_str().trim_matches('"').to_owned()).unwrap_or_default();
                self.emitter.string(&text)?
            }
            Data::List(list) => return self.list(list.items()),
            Data::Map(map) => return map.read(|fields| self.map(fields)),
            Data::Object(object) => {
                // Helm's structs have names for JSON only; yaml.v3 has its own for them.
                let fields = if json || object.underlying().is_some() { Vec::new() } else { object.fields() };
                if !fields.is_empty() {
                    return self.structure(&fields);
                }
                context.budget.enter()?;
                let encoded = object.encoded();
                let encoded = if encoded.origin.is_none() { encoded.from_origin(origin) } else { encoded };
                self.node(&encoded)?;
                context.budget.leave();
                return Ok(());
            }
            Data::Bool(b) => self.emitter.bool(*b),
            Data::Str(text) => self.emitter.string(&text.as_str())?,
            Data::Int(n, IntType::Named(named)) if !json && named.is_duration() => {
                self.emitter.string(&(named.show)(*n))?
            }
            Data::Int(n, _) => self.emitter.int(*n),
            Data::Uint(n, _) => self.emitter.uint(*n),
            Data::Float(f) => self.emitter.float(*f)?,
            Data::Complex(..) => return Err("cannot marshal type: complex128".into()),
        };
        self.leaf(range, context.origin_of(value))
    }

    fn list(&mut self, items: &[Value]) -> Result<(), Failure> {
        self.context.budget.enter()?;
        self.emitter.begin_seq(items.is_empty());
        for item in items {
            self.node(item)?;
        }
        self.emitter.end();
        self.context.budget.leave();
        Ok(())
    }

    /// The fields of a struct, those that Go exports, in small letters.
    fn structure(&mut self, fields: &[(&'static str, Value)]) -> Result<(), Failure> {
        self.context.budget.enter()?;
        self.emitter.begin_map(false);
        for (name, value) in fields.iter().filter(|(name, _)| is_exported(name)) {
            self.emitter.key(&name.to_lowercase())?;
            self.node(value)?;
        }
        self.emitter.end();
        self.context.budget.leave();
        Ok(())
    }

    fn map(&mut self, fields: &Fields) -> Result<(), Failure> {
        self.context.budget.enter()?;
        let mut entries: Vec<(&Arc<str>, &Field)> = fields.iter().collect();
        sort(self.layout.dialect, &mut entries, |(key, _)| key);
        self.emitter.begin_map(entries.is_empty());
        for (key, field) in entries {
            let range = self.emitter.key(key)?;
            self.leaf(range, field.key_origin)?;
            self.node(&field.value)?;
        }
        self.emitter.end();
        self.context.budget.leave();
        Ok(())
    }
}

/// Whether other packages of Go see a field.
pub(super) fn is_exported(name: &str) -> bool {
    name.starts_with(|c: char| c.is_uppercase())
}
