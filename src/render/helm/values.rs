//! What a release is given: values files and inline values as layers, and parameters (`pkg/cli/values/options.go`).
//!
//! A layer is read once and shared; the layers of a release are merged into a table of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::chart::Bytes;
use super::dependencies::nowhere;
use super::documents;
use super::error::RenderError;
use super::strvals::{self, Typed};
use super::tree::{Slot, Table, Tree, to_node};
use super::version::HelmVersion;
use crate::budget::Budget;
use crate::source::FileId;
use crate::yaml::{Node, Origin, Role};

/// A values file, or values written inline.
#[derive(Debug, Clone)]
pub struct ValuesLayer {
    documents: Vec<Node>,
}

impl ValuesLayer {
    /// Reads a values file; `name` is how Helm's errors call it.
    ///
    /// # Errors
    /// Helm's text.
    pub fn read(
        name: &str,
        file: FileId,
        text: &Arc<str>,
        helm: HelmVersion,
        budget: &Budget,
    ) -> Result<Self, RenderError> {
        let content = Bytes::Text(file, Arc::clone(text));
        let documents = documents::of_values(&content, Role::Values, helm, budget);
        let documents = documents.map_err(|error| error.within(&format!("failed to parse {name}")))?;
        Ok(Self { documents })
    }

    /// The values, the first document first.
    pub fn documents(&self) -> &[Node] {
        &self.documents
    }

    /// Values that are part of a document which was read already (an Application's `valuesObject`).
    pub fn inline(node: &Node) -> Self {
        Self { documents: vec![documents::in_role(node, Role::Values)] }
    }
}

/// How a parameter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterKind {
    /// `--set-json`
    Json,
    /// `--set`
    Set,
    /// `--set-string`
    String,
    /// `--set-file`, with the files' texts.
    File,
    /// `--set-literal`
    Literal,
}

/// A parameter, as `helm template` takes one.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// How it is read.
    pub kind: ParameterKind,
    /// `name=value,...`; for files, `name=path,...`.
    pub text: String,
    /// The texts of the files that are named, by their paths.
    pub files: BTreeMap<String, Arc<str>>,
    /// Where it is written.
    pub origin: Origin,
}

impl Parameter {
    /// A parameter of a kind that names no files.
    pub fn of_kind(kind: ParameterKind, text: impl Into<String>, origin: Origin) -> Self {
        Self { kind, text: text.into(), files: BTreeMap::new(), origin }
    }

    /// `--set text`
    pub fn set(text: impl Into<String>, origin: Origin) -> Self {
        Self::of_kind(ParameterKind::Set, text, origin)
    }

    /// `--set-string text`
    pub fn set_string(text: impl Into<String>, origin: Origin) -> Self {
        Self::of_kind(ParameterKind::String, text, origin)
    }

    /// A parameter of an Application's Helm source: commas are taken for themselves, unless it is a list
    /// (`argo-cd util/helm/cmd.go`: `cleanSetParameters`).
    pub fn of_application(name: &str, value: &str, force_string: bool, origin: Origin) -> Self {
        let list = value.starts_with('{') && value.ends_with('}');
        let value = if list { value.to_owned() } else { quote_commas(value) };
        let kind = if force_string { ParameterKind::String } else { ParameterKind::Set };
        Self::of_kind(kind, format!("{name}={value}"), origin)
    }

    /// A file parameter of an Application's Helm source, with the text of its file and where that is.
    pub fn of_file(name: &str, text: Arc<str>, origin: Origin) -> Self {
        let files = BTreeMap::from([("file".to_owned(), text)]);
        Self { kind: ParameterKind::File, text: format!("{name}=file"), files, origin }
    }

    /// `--set-file text`; the reader gives a file's text, or why it cannot be read.
    ///
    /// # Errors
    /// Helm's text, and the reader's.
    pub fn set_file(
        text: impl Into<String>,
        read: impl Fn(&str) -> Result<Arc<str>, String>,
        helm: HelmVersion,
        origin: Origin,
    ) -> Result<Self, RenderError> {
        let (text, files) = (text.into(), RefCell::default());
        let reader = |path: &str| {
            let content = read(path)?;
            let files: &RefCell<BTreeMap<String, Arc<str>>> = &files;
            files.borrow_mut().insert(path.to_owned(), Arc::clone(&content));
            Ok(content)
        };
        strvals::parse_into(&Table::new(nowhere()), &text, Typed::File(&reader), helm, &origin)
            .map_err(|reason| RenderError::refused(format!("failed parsing --set-file data: {reason}")))?;
        Ok(Self { kind: ParameterKind::File, text, files: files.into_inner(), origin })
    }
}

/// Puts a backslash before each comma that has none.
fn quote_commas(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut before = None;
    for c in value.chars() {
        if c == ',' && before != Some('\\') {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    out
}

/// Several documents of one file as one, the later over the earlier.
pub(super) fn merged(documents: Vec<Node>) -> Option<Node> {
    if documents.len() < 2 {
        return documents.into_iter().next();
    }
    let table = Table::new(documents[0].origin.clone());
    documents.iter().for_each(|document| lay_over(&table, document));
    Some(to_node(&Tree::Table(table)))
}

/// A document over a table: maps meet, anything else replaces.
fn lay_over(table: &Table, document: &Node) {
    let Some(mapping) = document.as_map() else { return };
    for entry in &mapping.entries {
        if entry.value.as_map().is_some()
            && let Some(Tree::Table(known)) = table.get(&entry.key)
        {
            lay_over(&known, &entry.value);
            continue;
        }
        let slot = Slot { key_origin: entry.key_origin.clone(), value: Tree::from_node(&entry.value) };
        table.set(Arc::clone(&entry.key), slot);
    }
}

/// The values of a release, before any chart's defaults.
///
/// # Errors
/// Helm's text about a parameter.
pub(super) fn given(
    layers: &[&ValuesLayer],
    parameters: &[Parameter],
    helm: HelmVersion,
) -> Result<Table, RenderError> {
    let table = Table::new(nowhere());
    layers.iter().flat_map(|layer| &layer.documents).for_each(|document| lay_over(&table, document));
    // Helm reads parameters kind by kind, in whatever order they were given.
    for kind in
        [ParameterKind::Json, ParameterKind::Set, ParameterKind::String, ParameterKind::File, ParameterKind::Literal]
    {
        for parameter in parameters.iter().filter(|parameter| parameter.kind == kind) {
            apply(&table, parameter, helm).map_err(|error| error.at(Some(parameter.origin.anchor())))?;
        }
    }
    Ok(table)
}

fn apply(table: &Table, parameter: &Parameter, helm: HelmVersion) -> Result<(), RenderError> {
    let (text, origin) = (&parameter.text, &parameter.origin);
    let file = |path: &str| parameter.files.get(path).cloned().ok_or_else(|| format!("`{path}` was not read"));
    let (flag, typed) = match parameter.kind {
        ParameterKind::Json => return json(table, text, origin, helm),
        ParameterKind::Set => ("--set", Typed::Guessed),
        ParameterKind::String => ("--set-string", Typed::Text),
        ParameterKind::File => ("--set-file", Typed::File(&file)),
        ParameterKind::Literal => ("--set-literal", Typed::Literal),
    };
    strvals::parse_into(table, text, typed, helm, origin)
        .map_err(|reason| RenderError::refused(format!("failed parsing {flag} data: {reason}")))
}

fn json(table: &Table, text: &str, origin: &Origin, helm: HelmVersion) -> Result<(), RenderError> {
    let trimmed = text.trim();
    if helm == HelmVersion::V4 && trimmed.starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(trimmed)
            .map_err(|_| RenderError::refused(format!("failed parsing --set-json data JSON: {text}")))?;
        lay_over(table, &strvals::json_node(&value, origin));
        return Ok(());
    }
    strvals::parse_into(table, text, Typed::Json, helm, origin)
        .map_err(|_| RenderError::refused(format!("failed parsing --set-json data {text}")))
}
