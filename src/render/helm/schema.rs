//! values.schema.json, checked as Helm checks it: with the draft that it names, 2020-12 where it names none, and without
//! ever fetching anything (CVE-2025-55199).
//!
//! boon is by the author of Helm's validator and finds the same faults in the same order; `words` says them as Helm does,
//! `work` keeps schemas away that would never end.

mod pattern;
#[cfg(test)]
mod tests;
mod words;
mod work;

use std::error::Error;

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use serde_json::Value;

use super::dependencies::Instance;
use super::tree::{Table, Tree, to_node};

/// What a schema is to a chart.
pub(super) enum Schema {
    /// It can be checked.
    Ready(Box<Ready>),
    /// It refers to something that is not in it; Helm would fetch that.
    Elsewhere(String),
    /// Helm refuses it.
    Broken(String),
}

/// A schema that can be checked.
pub(super) struct Ready {
    text: Value,
    schemas: Schemas,
    root: SchemaIndex,
}

/// The name that Helm gives to what it checks.
const PLACE: &str = "file:///values.schema.json";

/// Fetches nothing.
struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        Err(format!("`{url}` is not fetched").into())
    }
}

impl Schema {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text: Value = match serde_json::from_slice(bytes) {
            Ok(text) => text,
            Err(error) => return Schema::Broken(error.to_string()),
        };
        if let Err(reason) = work::compiles(&text) {
            return Schema::Elsewhere(reason);
        }
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Nowhere));
        let mut schemas = Schemas::new();
        if let Err(error) = compiler.add_resource(PLACE, text.clone()) {
            return Schema::Broken(words::of_schema(&error));
        }
        match compiler.compile(PLACE, &mut schemas) {
            Ok(root) => Schema::Ready(Box::new(Ready { text, schemas, root })),
            Err(CompileError::LoadUrlError { url, .. }) => Self::of_elsewhere(&url),
            Err(CompileError::InvalidMetaSchemaUrl { .. }) => {
                Self::of_elsewhere(text.get("$schema").and_then(Value::as_str).unwrap_or_default())
            }
            Err(error) if is_too_long(&error) => Schema::Elsewhere("its patterns are too long".to_owned()),
            Err(error) => Schema::Broken(words::of_schema(&error)),
        }
    }
}

/// Whether a pattern is one that Go might well compile, but is more than can be compiled here.
fn is_too_long(error: &CompileError) -> bool {
    let (CompileError::Bug(source) | CompileError::InvalidRegex { src: source, .. }) = error else { return false };
    matches!(source.downcast_ref::<regex::Error>(), Some(regex::Error::CompiledTooBig(_)))
}

impl Schema {
    /// What refers to something that is not in it. Relative places are files beside the one that Helm makes up.
    fn of_elsewhere(url: &str) -> Self {
        match url.split_once("://") {
            Some(("http" | "https", _)) => Schema::Elsewhere(format!("`{url}` is not fetched")),
            Some(("file", path)) => {
                Schema::Broken(format!("failing loading {url:?}: open {path}: no such file or directory"))
            }
            _ => Schema::Broken(format!("failing loading {url:?}: no URLLoader registered for {url:?}")),
        }
    }
}

impl Ready {
    /// What the schema has against some values; an error where nobody can say in time.
    fn refuses(&self, values: &Value) -> Result<Option<String>, String> {
        work::ends(&self.text, values)?;
        Ok(self.schemas.validate(values, self.root).err().map(|error| words::of_values(&error)))
    }
}

/// What the schemas of a chart and of its sub-charts have against its values, and which of them could not be checked.
pub(super) fn check(chart: &Instance, values: &Table, unchecked: &mut Vec<String>) -> Option<String> {
    let mut said = String::new();
    if let Some(content) = &chart.chart.schema {
        let schema = chart.chart.checked.get_or_init(|| match content.read() {
            Ok(read) => Schema::read(read.bytes()),
            Err(error) => Schema::Elsewhere(error.message),
        });
        let reason = match schema {
            Schema::Elsewhere(reason) => Err(reason.clone()),
            Schema::Broken(reason) => Ok(Some(reason.clone())),
            Schema::Ready(ready) => ready.refuses(&to_node(&Tree::Table(values.clone())).to_json()),
        };
        match reason {
            Ok(None) => {}
            Ok(Some(reason)) => said.push_str(&format!("{}:\n{reason}", chart.name)),
            Err(reason) => unchecked.push(format!("the schema of `{}` was not checked: {reason}", chart.name)),
        }
    }
    for child in &chart.children {
        if let Some(Tree::Table(values)) = values.get(&child.name)
            && let Some(reason) = check(child, &values, unchecked)
        {
            said.push_str(&reason);
        }
    }
    (!said.is_empty()).then_some(said)
}
