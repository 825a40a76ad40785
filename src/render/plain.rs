//! Folders of manifests, read as Argo CD's directory sources (`reposerver/repository/repository.go: findManifests`).
//!
//! One broken file does not hide the others: Argo CD would fail as a whole, the audit says so and reads on.

use std::cmp::Ordering;

use super::{Context, Output};
use crate::finding::Gap;
use crate::glob::{Dialect, Glob};
use crate::k8s::Resource;
use crate::k8s::argo::Directory;
use crate::source::{RepoPath, Span};
use crate::yaml::{Node, Parsed};

/// A file with this text in it is no manifest to Argo CD.
const SKIP: &str = "+argocd:skip-file-rendering";

/// Whether a file's name is one that Argo CD reads in a folder.
pub fn is_manifest_name(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("yaml" | "yml" | "json" | "jsonnet")) || is_dot_file(path)
}

/// `.yaml` alone matches Argo CD's expression, too.
fn is_dot_file(path: &RepoPath) -> bool {
    matches!(path.file_name(), ".yaml" | ".yml" | ".json" | ".jsonnet")
}

/// Whether a file is there to be copied and filled in, by its name: `app.example.yaml`, `_template/app.yaml`.
pub fn is_pattern(path: &RepoPath) -> bool {
    const WORDS: [&str; 6] = ["example", "examples", "sample", "samples", "template", "templates"];
    let folder = |name: &str| name.strip_prefix('_').is_some_and(|name| WORDS.contains(&name));
    let mut parts = path.file_name().split('.').rev().skip(1);
    let name = path.file_name().contains('.') && parts.next().is_some_and(|part| WORDS.contains(&part));
    (name && path.file_name().matches('.').count() > 1) || path.segments().any(folder)
}

/// Whether a file beside a chart shows how the chart is used (`example-resources.yaml`).
pub fn is_example(path: &RepoPath) -> bool {
    let words = path.file_name().split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(|word| matches!(word, "example" | "examples" | "sample" | "samples"))
}

/// The order in which a walk meets files: by segment, not by character.
pub fn walk_order(a: &RepoPath, b: &RepoPath) -> Ordering {
    a.segments().cmp(b.segments())
}

/// Renders a folder that nobody syncs: without what is there to be copied.
pub fn guess(context: &Context<'_>, folder: &RepoPath, at: Span, output: &mut Output) {
    let files = context.repository().under(folder).iter();
    let own: Vec<&RepoPath> =
        files.filter(|path| path.parent().as_ref() == Some(folder) && is_manifest_name(path)).collect();
    these(context, own, at, output);
}

/// Renders files that nobody syncs, likewise.
pub fn these<'f>(context: &Context<'_>, files: impl IntoIterator<Item = &'f RepoPath>, at: Span, output: &mut Output) {
    let mut files: Vec<&RepoPath> = files.into_iter().filter(|path| !is_pattern(path)).collect();
    files.sort_by(|a, b| walk_order(a, b));
    files.into_iter().for_each(|path| file(context, path, at, output));
}

/// Renders a folder.
pub fn render(
    context: &Context<'_>,
    folder: &RepoPath,
    options: Option<&Directory<'_>>,
    at: Span,
    output: &mut Output,
) {
    let recurse = options.is_some_and(Directory::recurse);
    let any_name = options.is_some_and(Directory::disable_extension_filter);
    let mut globs = [None, None];
    for (slot, pattern) in
        globs.iter_mut().zip([options.map_or("", Directory::include), options.map_or("", Directory::exclude)])
    {
        if pattern.is_empty() {
            continue;
        }
        match Glob::new(pattern, Dialect::Gobwas) {
            Ok(glob) => *slot = Some(glob),
            // Argo CD takes a pattern that does not compile for one that matches nothing.
            Err(error) => output.gap(Gap::new("render-failed", error.to_string()).at(at)),
        }
    }
    let [include, exclude] = globs;
    let only = options.is_some_and(|options| !options.include().is_empty());
    let mut files: Vec<&RepoPath> = context
        .repository()
        .under(folder)
        .iter()
        .filter(|path| (any_name || is_manifest_name(path)) && (recurse || path.parent().as_ref() == Some(folder)))
        .filter(|path| {
            let relative = path.relative_to(folder).unwrap_or("");
            let included = include.as_ref().map_or(!only, |glob| glob.matches(relative));
            included && !exclude.as_ref().is_some_and(|glob| glob.matches(relative))
        })
        .collect();
    files.sort_by(|a, b| walk_order(a, b));
    for path in files {
        file(context, path, at, output);
    }
}

fn file(context: &Context<'_>, path: &RepoPath, at: Span, output: &mut Output) {
    let text = match context.repository().read(path) {
        Ok(text) => text,
        Err(error) => return output.gap(error.gap().at(at)),
    };
    if text.contains(SKIP) {
        return;
    }
    output.read(context, [path]);
    if path.extension() == Some("jsonnet") || path.file_name() == ".jsonnet" {
        output.gap(Gap::new("not-rendered", format!("`{path}` is Jsonnet, which is not evaluated")).at(at));
        return;
    }
    let parsed = match context.manifests().parsed(path) {
        Ok(parsed) => parsed,
        Err(error) => return output.gap(error.gap().at(at)),
    };
    let documents = objects(&parsed);
    if looks_like_manifest(&text) || !documents.is_empty() {
        for problem in &parsed.problems {
            let kind = if problem.exceeded { "budget-exceeded" } else { "invalid-manifest" };
            output.gap(Gap::new(kind, format!("`{path}` is no valid manifest: {}", problem.message)).at(problem.span));
        }
    }
    output.rendered.objects.extend(documents);
}

/// Argo CD's own test for a text that was meant as a manifest.
pub fn looks_like_manifest(text: &str) -> bool {
    text.contains("apiVersion:") && text.contains("kind:") && text.contains("metadata:")
}

/// The objects of a file, lists taken apart.
pub fn objects(parsed: &Parsed) -> Vec<Resource> {
    let mut found = Vec::new();
    for document in &parsed.documents {
        collect(&document.root, 0, &mut found);
    }
    found
}

/// Anything with `items` is a list (`unstructured.IsList`).
fn collect(node: &Node, depth: usize, found: &mut Vec<Resource>) {
    let Some(object) = Resource::new(node.clone()) else { return };
    match node.get("items") {
        Some(items) if items.as_seq().is_some() && depth < 8 => {
            items.as_seq().unwrap_or_default().iter().for_each(|item| collect(item, depth + 1, found));
        }
        Some(items) if items.is_null() && object.kind().ends_with("List") => {}
        _ => found.push(object),
    }
}

/// The objects that an OpenShift Template holds, its `${PARAMETER}` tokens as they are; nothing for another object.
pub fn template_objects(object: &Resource) -> Option<Vec<Resource>> {
    if object.kind() != "Template" || !matches!(object.group(), "" | "template.openshift.io") {
        return None;
    }
    let items = object.node.get("objects")?.as_seq()?;
    Some(items.iter().filter_map(|item| Resource::new(item.clone())).collect())
}
