//! From the text that a template wrote to objects: taking it apart, telling hooks, sorting
//! (`pkg/releaseutil/manifest.go`, `manifest_sorter.go`).

use std::sync::Arc;

use memchr::memmem;

use super::error::{Reason, RenderError};
use super::kinds;
use super::metadata::{Fields, said};
use super::render::Request;
use super::version::HelmVersion;
use crate::budget::Budget;
use crate::gotmpl::Output;
use crate::source::FileId;
use crate::yaml::{self, Node};

/// The file of text that was rendered, whose spans are replaced by those of what wrote it.
const RENDERED: FileId = FileId(u32::MAX - 1);

/// When a hook runs, to Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `pre-install`, `post-upgrade`, `test`, ...
    pub events: Vec<String>,
    /// Its weight.
    pub weight: i64,
}

impl Hook {
    /// Whether it is a test.
    pub fn is_test(&self) -> bool {
        self.events.iter().any(|event| event == "test")
    }
}

/// One document that Helm prints.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The object; every value with its origin.
    pub node: Node,
    /// The template, or the file in `crds/`, that it comes from, as Helm's `# Source:` names it.
    pub source: Arc<str>,
    /// What makes it a hook, if it is one.
    pub hook: Option<Hook>,
}

impl Manifest {
    /// The object as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        self.node.to_json()
    }
}

/// A document and what Helm needs to know of it.
struct Document {
    manifest: Manifest,
    kind: String,
    empty: bool,
    /// Its bytes in the text of its template.
    range: (usize, usize),
}

const EVENTS: [&str; 9] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
];

/// The documents of all templates: those that are no hooks, then hooks, each sorted by kind.
///
/// # Errors
/// Helm's text about a document that is no object.
pub(super) fn sorted(
    outputs: &[(Arc<str>, Output)],
    request: &Request<'_>,
    budget: &Budget,
) -> Result<Vec<Manifest>, RenderError> {
    let helm = request.chart.helm();
    let (mut generic, mut hooks) = (Vec::new(), Vec::new());
    for (path, output) in outputs {
        for (start, end) in split(&output.text, helm) {
            let Some(document) = read(path, output, (start, end), request, budget)? else { continue };
            if document.manifest.hook.is_some() { hooks.push(document) } else { generic.push(document) }
        }
    }
    for list in [&mut generic, &mut hooks] {
        list.sort_by(|a, b| kinds::compare(&a.kind, &b.kind, helm));
    }
    // What is printed last loses the blanks behind it, which a block scalar gets to feel that keeps them, or has a line of
    // more blanks than its indentation among them.
    if let Some(last) = generic.last_mut()
        && let Some((path, output)) = outputs.iter().find(|(path, _)| *path == last.manifest.source)
    {
        let text = &output.text[last.range.0..last.range.1];
        let end = last.range.0 + text.trim_end().len();
        let blanks = output.text[end..last.range.1].contains([' ', '\t']) && text.contains(['|', '>']);
        if end < last.range.1
            && (blanks || text.contains("|+") || text.contains(">+"))
            && let Some(again) = read(path, output, (last.range.0, end), request, budget)?
        {
            *last = again;
        }
    }
    let all = generic.into_iter().chain(hooks).filter(|document| !document.empty);
    Ok(all.map(|document| document.manifest).collect())
}

/// Reads one document; nothing where it is a hook of a type that Helm does not know, which Helm drops.
fn read(
    path: &Arc<str>,
    output: &Output,
    (start, end): (usize, usize),
    request: &Request<'_>,
    budget: &Budget,
) -> Result<Option<Document>, RenderError> {
    let place = || output.origin_at(start..end).map(|origin| origin.anchor());
    let broken =
        |message: String, span| RenderError::refused(format!("YAML parse error on {path}: {message}")).at(span);
    // Helm prints a line end behind each document, which a block scalar at its end gets to see.
    let text = match output.text[end..].starts_with('\n') {
        true => std::borrow::Cow::Borrowed(&output.text[start..=end]),
        false => std::borrow::Cow::Owned(format!("{}\n", &output.text[start..end])),
    };
    budget.bytes(text.len())?;
    let read = || {
        let parsed = yaml::parse(RENDERED, &text, budget);
        if let Err(problem) = parsed.read_first() {
            let at = start + problem.span.start as usize;
            let span = output.fault_at(at).or_else(place);
            if problem.exceeded {
                return Err(RenderError::new(Reason::Exceeded, format!("{path}: {}", problem.message)).at(span));
            }
            return Err(broken(
                format!(
                    "error converting YAML to JSON: {}",
                    yaml::refusal(&output.text[start..end], problem, yaml::Quoting::Nothing)
                ),
                span,
            ));
        }
        let first = parsed.documents.into_iter().next().filter(|document| document.index == 0);
        Ok(first.map(|document| document.root).into_iter().collect())
    };
    // Where origins are asked for, each release traces its own.
    let nodes = match request.origins {
        true => read()?,
        false => request.chart.remembered.nodes(RENDERED, &*text, budget, read)?,
    };
    let nothing = |node: Option<Node>| {
        let node = node.unwrap_or_else(|| Node::plain("null", super::dependencies::nowhere()));
        let manifest = Manifest { node, source: Arc::clone(path), hook: None };
        Ok(Some(Document { manifest, kind: String::new(), empty: true, range: (start, end) }))
    };
    let Some(mut node) = nodes.into_iter().next() else { return nothing(None) };
    if node.is_null() {
        return nothing(Some(node));
    }
    output.trace(&mut node, RENDERED, start);
    let head = Head::of(&node, request.chart.helm()).map_err(|message| broken(message, Some(node.span())))?;
    let hook = match head.hook {
        None => None,
        Some(types) => match events(&types) {
            Some(events) => Some(Hook { events, weight: head.weight.parse().unwrap_or(0) }),
            None => return Ok(None),
        },
    };
    let manifest = Manifest { node, source: Arc::clone(path), hook };
    Ok(Some(Document { manifest, kind: head.kind, empty: false, range: (start, end) }))
}

/// The types of a hook; nothing if Helm does not know one of them.
fn events(types: &str) -> Option<Vec<String>> {
    let each = types.split(',').map(|one| {
        let one = one.trim().to_lowercase();
        let one = if one == "test-success" { "test".to_owned() } else { one };
        EVENTS.contains(&one.as_str()).then_some(one)
    });
    each.collect()
}

/// What Helm reads of a document, as Go reads it into `SimpleHead`.
struct Head {
    kind: String,
    hook: Option<String>,
    weight: String,
}

impl Head {
    fn of(node: &Node, helm: HelmVersion) -> Result<Self, String> {
        let owner = match helm {
            HelmVersion::V3 => "releaseutil.SimpleHead",
            HelmVersion::V4 => "util.SimpleHead",
        };
        let fields = Fields::of(node, owner, "")?;
        let text = |fields: &Fields<'_>, name: &str| match fields.get(name) {
            None => Ok(String::new()),
            Some(node) => {
                said(node).map(|said| said.text.to_string()).ok_or_else(|| fields.wrong(name, node, "string"))
            }
        };
        text(&fields, "apiVersion")?;
        let mut head = Self { kind: text(&fields, "kind")?, hook: None, weight: String::new() };
        let Some(metadata) = fields.get("metadata").filter(|node| !node.is_null()) else { return Ok(head) };
        if metadata.as_map().is_none() {
            return Err(fields.wrong(
                "metadata",
                metadata,
                "struct { Name string \"json:\\\"name\\\"\"; Annotations \
                map[string]string \"json:\\\"annotations\\\"\" }",
            ));
        }
        let inner = Fields::of(metadata, "", "metadata.")?;
        text(&inner, "name")?;
        let Some(annotations) = inner.get("annotations").filter(|node| !node.is_null()) else { return Ok(head) };
        let Some(map) = annotations.as_map() else {
            return Err(inner.wrong("annotations", annotations, "map[string]string"));
        };
        for entry in &map.entries {
            let Some(said) = said(&entry.value) else {
                let kind = entry.value.json_kind();
                return Err(format!(
                    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go struct field \
                     .metadata.annotations of type string"
                ));
            };
            match &*entry.key {
                "helm.sh/hook" => head.hook = Some(said.text.to_string()),
                "helm.sh/hook-weight" => head.weight = said.text.to_string(),
                _ => {}
            }
        }
        Ok(head)
    }
}

/// Go's `\s`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// The documents of a text: between matches of `(?:^|\s*\n)---\s*`, without the blanks around them (Helm 4 leaves those
/// behind them), empty ones left out. As ranges of bytes.
pub(super) fn split(text: &str, helm: HelmVersion) -> Vec<(usize, usize)> {
    let begin = text.len() - text.trim_start().len();
    let bytes = text.as_bytes();
    let end_of_blanks = |mut at: usize| {
        while at < bytes.len() && is_space(bytes[at]) {
            at += 1;
        }
        at
    };
    let mut parts = Vec::new();
    let mut from = begin;
    if text[begin..].starts_with("---") {
        parts.push((begin, begin));
        from = end_of_blanks(begin + 3);
    }
    let mut search = from;
    while let Some(found) = memmem::find(&bytes[search..], b"\n---") {
        let newline = search + found;
        let mut stop = newline;
        while stop > from && is_space(bytes[stop - 1]) {
            stop -= 1;
        }
        parts.push((from, stop));
        from = end_of_blanks(newline + 4);
        search = from;
    }
    parts.push((from, text.len()));
    let trimmed = parts.into_iter().map(|(from, to)| {
        let part = &text[from..to];
        let from = to - part.trim_start().len();
        match helm {
            HelmVersion::V3 => (from, from + text[from..to].trim_end().len()),
            HelmVersion::V4 => (from, to),
        }
    });
    trimmed.filter(|&(from, to)| from < to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, helm: HelmVersion) -> Vec<&str> {
        split(text, helm).into_iter().map(|(from, to)| &text[from..to]).collect()
    }

    #[test]
    fn texts_are_taken_apart_as_helm_does() {
        for helm in [HelmVersion::V3, HelmVersion::V4] {
            assert_eq!(parts("a: 1\n---\nb: 2", helm), ["a: 1", "b: 2"]);
            assert_eq!(parts("---\na: 1\n---b: 2", helm), ["a: 1", "b: 2"]);
            assert_eq!(parts("\n\n---\n\n---\na: 1\n   \n---  \n", helm), ["---\na: 1"]);
            assert_eq!(parts("a: |\n  ---\n  x", helm), ["a: |\n  ---\n  x"]);
            assert_eq!(parts("---------\na: 1", helm), ["------\na: 1"]);
            assert_eq!(parts(" \n ", helm), [""; 0]);
        }
        assert_eq!(parts("a: 1\n\n---\nb: 2\n\n", HelmVersion::V3), ["a: 1", "b: 2"]);
        assert_eq!(parts("a: 1\n\n---\nb: 2\n\n", HelmVersion::V4), ["a: 1", "b: 2\n\n"]);
    }

    #[test]
    fn hooks_of_unknown_types_are_none() {
        assert_eq!(events("pre-install, Post-Upgrade"), Some(vec!["pre-install".into(), "post-upgrade".into()]));
        assert_eq!(events("test-success"), Some(vec!["test".into()]));
        assert_eq!(events("crd-install"), None);
        assert_eq!(events("pre-install,"), None);
    }
}
