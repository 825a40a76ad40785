//! values.schema.json, checked as Helm checks it: with the draft that it names, 2020-12 where it names none, and without
//! ever fetching anything (CVE-2025-55199).
//!
//! boon is by the author of Helm's validator and finds the same faults in the same order; `words` says them as Helm does,
//! `work` keeps schemas away that would never end. `quick` knows at once that common values fit a common schema.

mod pattern;
mod quick;
mod spelling;
#[cfg(test)]
mod tests;
mod words;
mod work;

use std::error::Error;
use std::sync::OnceLock;

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use serde_json::Value;

use self::spelling::Spelling;
use super::dependencies::Instance;
use super::tree::{Table, Tree, to_node};

/// The schema of a chart, compiled once something is not certain without.
pub(super) struct Schema {
    text: Value,
    common: bool,
    compiled: OnceLock<Compiled>,
}

/// What a schema is to a chart.
enum Compiled {
    /// It can be checked.
    Ready(Schemas, SchemaIndex, Spelling),
    /// It refers to something that is not in it; Helm would fetch that.
    Elsewhere(String),
    /// Helm refuses it.
    Broken(String),
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
    fn read(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(text) => Self { common: quick::is_common(&text), text, compiled: OnceLock::new() },
            Err(_) => Self::of(match words::of_json(bytes) {
                Some(problem) => Compiled::Broken(problem),
                None => Compiled::Elsewhere("it holds what cannot be read here".to_owned()),
            }),
        }
    }

    fn of(compiled: Compiled) -> Self {
        Self { text: Value::Null, common: false, compiled: compiled.into() }
    }

    /// What the schema has against some values; an error where nobody can say, or not in time.
    fn refuses(&self, values: &Value) -> Result<Option<String>, String> {
        if self.common && quick::fits(&self.text, values) == Some(true) {
            return Ok(None);
        }
        self.compiled.get_or_init(|| Compiled::of(&self.text)).refuses(&self.text, values)
    }
}

impl Compiled {
    fn of(text: &Value) -> Self {
        if let Err(reason) = work::compiles(text) {
            return Compiled::Elsewhere(reason);
        }
        let (spelled, spelling) = Spelling::of(text);
        if let Err(reason) = work::compiles(&spelled) {
            return Compiled::Elsewhere(reason);
        }
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Nowhere));
        let mut schemas = Schemas::new();
        if let Err(error) = compiler.add_resource(PLACE, spelled) {
            return Compiled::Broken(words::of_schema(&error, &spelling));
        }
        match compiler.compile(PLACE, &mut schemas) {
            Ok(root) => Compiled::Ready(schemas, root, spelling),
            Err(CompileError::LoadUrlError { url, .. }) => Self::of_elsewhere(&url),
            Err(CompileError::InvalidMetaSchemaUrl { .. }) => {
                Self::of_elsewhere(text.get("$schema").and_then(Value::as_str).unwrap_or_default())
            }
            Err(error) if is_too_long(&error) => Compiled::Elsewhere("its patterns are too long".to_owned()),
            Err(error) => Compiled::Broken(words::of_schema(&error, &spelling)),
        }
    }

    /// What refers to something that is not in it. Relative places are files beside the one that Helm makes up.
    fn of_elsewhere(url: &str) -> Self {
        match url.split_once("://") {
            Some(("http" | "https", _)) => Compiled::Elsewhere(format!("`{url}` is not fetched")),
            Some(("file", path)) => {
                Compiled::Broken(format!("failing loading {url:?}: open {path}: no such file or directory"))
            }
            _ => Compiled::Broken(format!("failing loading {url:?}: no URLLoader registered for {url:?}")),
        }
    }

    fn refuses(&self, text: &Value, values: &Value) -> Result<Option<String>, String> {
        match self {
            Compiled::Elsewhere(reason) => Err(reason.clone()),
            Compiled::Broken(reason) => Ok(Some(reason.clone())),
            Compiled::Ready(schemas, root, spelling) => {
                work::ends(text, values)?;
                Ok(schemas.validate(values, *root).err().map(|error| words::of_values(&error, spelling)))
            }
        }
    }
}

/// Whether a pattern is one that Go might well compile, but is more than can be compiled here.
fn is_too_long(error: &CompileError) -> bool {
    let (CompileError::Bug(source) | CompileError::InvalidRegex { src: source, .. }) = error else { return false };
    matches!(source.downcast_ref::<regex::Error>(), Some(regex::Error::CompiledTooBig(_)))
}

/// What the schemas of a chart and of its sub-charts have against its values, and which of them could not be checked.
pub(super) fn check(chart: &Instance, values: &Table, unchecked: &mut Vec<String>) -> Option<String> {
    let mut said = String::new();
    if let Some(content) = &chart.chart.schema {
        let schema = chart.chart.checked.get_or_init(|| match content.read() {
            Ok(read) => Schema::read(read.bytes()),
            Err(error) => Schema::of(Compiled::Elsewhere(error.message)),
        });
        match schema.refuses(&to_node(&Tree::Table(values.clone())).to_json()) {
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
