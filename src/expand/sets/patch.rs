//! `templatePatch`: a strategic merge into one Application (`applicationset/controllers/template/patch.go`).
//!
//! Lists are replaced but for `metadata.finalizers`, and what is under `valuesObject` has no schema: there Kubernetes'
//! merge refuses to go deeper, and so do we.

use super::schema::{APPLICATION, Field, Misfit, Reading, Shape, conform, field};
use crate::expand::ArgoCd;
use crate::yaml::{Entry, Node};

/// Lays a patch over an Application. The error is why Argo CD refuses it.
pub fn apply(app: &Node, patch: &Node, argocd: ArgoCd) -> Result<Node, Misfit> {
    if patch.as_map().is_none() {
        return Err(misfit(patch, "the templatePatch must be an object"));
    }
    // Only to see that every known field has the right type.
    checked(patch, argocd)?;
    let merged = merge(app, patch, Some(Shape::Part(APPLICATION)), argocd, "", 0)?;
    let merged = conform(&merged, APPLICATION, Reading::strict(argocd))?;
    Ok(keep_project(app, merged))
}

fn misfit(patch: &Node, message: impl Into<String>) -> Misfit {
    Misfit { message: message.into(), span: patch.span() }
}

fn checked(patch: &Node, argocd: ArgoCd) -> Result<(), Misfit> {
    let entries = patch.as_map().map_or(&[][..], |map| map.entries.as_slice());
    let known =
        entries.iter().filter(|entry| field(APPLICATION, &entry.key, argocd).is_some() && !entry.value.is_null());
    let known = Node::map(known.cloned().collect(), patch.origin.clone());
    conform(&known, APPLICATION, Reading::strict(argocd)).map(|_| ())
}

/// The project is never patched.
fn keep_project(app: &Node, merged: Node) -> Node {
    let Some(project) = app.at(&["spec", "project"]).cloned() else { return merged };
    let Some(map) = merged.as_map() else { return merged };
    let mut entries = map.entries.clone();
    if let Some(spec) = entries.iter_mut().find(|entry| &*entry.key == "spec")
        && let Some(fields) = spec.value.as_map()
    {
        let mut fields = fields.entries.clone();
        fields.iter_mut().filter(|entry| &*entry.key == "project").for_each(|entry| entry.value = project.clone());
        spec.value = Node::map(fields, spec.value.origin.clone());
    }
    Node::map(entries, merged.origin.clone())
}

fn merge(
    base: &Node,
    patch: &Node,
    shape: Option<Shape>,
    argocd: ArgoCd,
    path: &str,
    depth: usize,
) -> Result<Node, Misfit> {
    let (Some(low), Some(high)) = (base.as_map(), patch.as_map()) else { return Ok(patch.clone()) };
    if depth > 64 {
        return Err(misfit(patch, "the templatePatch is nested too deeply"));
    }
    match patch.str_at("$patch") {
        Some("replace") => return Ok(without_directives(patch)),
        Some("delete") => return Ok(Node::map(Vec::new(), base.origin.clone())),
        _ => {}
    }
    let mut entries = low.entries.clone();
    for entry in high.entries.iter().filter(|entry| !entry.key.starts_with('$')) {
        let Some(at) = entries.iter().position(|known| known.key == entry.key) else {
            if !entry.value.is_null() {
                entries.push(Entry { value: without_nulls(&entry.value, depth), ..entry.clone() });
            }
            continue;
        };
        if entry.value.is_null() {
            entries.remove(at);
            continue;
        }
        let path = format!("{path}.{}", entry.key);
        let known = &entries[at].value;
        let inner = inner(shape, &entry.key, argocd);
        let value = if known.as_map().is_some() && entry.value.as_map().is_some() {
            if inner.is_none() {
                return Err(no_schema(&entry.value, &path));
            }
            merge(known, &entry.value, inner, argocd, &path, depth + 1)?
        } else if let (Some(low), Some(high)) = (known.as_seq(), entry.value.as_seq()) {
            match inner {
                None => return Err(no_schema(&entry.value, &path)),
                Some(Shape::Lines) if path == ".metadata.finalizers" => {
                    Node::seq(joined(low, high), entry.value.origin.clone())
                }
                Some(_) => entry.value.clone(),
            }
        } else {
            entry.value.clone()
        };
        entries[at] = Entry { key: entry.key.clone(), key_origin: entry.key_origin.clone(), value };
    }
    Ok(Node::map(entries, base.origin.clone()))
}

/// A list that is merged: what the patch names first, unless the order of the base says otherwise
/// (`strategicpatch: normalizeElementOrder`).
fn joined(base: &[Node], patch: &[Node]) -> Vec<Node> {
    let place = |item: &Node| base.iter().position(|known| known.as_str() == item.as_str());
    let mut kept = base.iter().filter(|item| !patch.iter().any(|new| new.as_str() == item.as_str())).peekable();
    let mut all: Vec<Node> = Vec::new();
    for item in patch {
        while let (Some(known), Some(at)) = (kept.peek(), place(item)) {
            if place(known).is_none_or(|before| before > at) {
                break;
            }
            all.extend(kept.next().cloned());
        }
        if !all.iter().any(|known| known.as_str() == item.as_str()) {
            all.push(item.clone());
        }
    }
    all.extend(kept.cloned());
    all
}

fn no_schema(patch: &Node, path: &str) -> Misfit {
    let path = path.trim_start_matches('.');
    misfit(patch, format!("the templatePatch meets `{path}` of the template, which has no schema to merge by"))
}

/// The shape of what is under a key; nothing where the type does not say.
fn inner(shape: Option<Shape>, key: &str, argocd: ArgoCd) -> Option<Shape> {
    let fields: &[Field] = match shape? {
        Shape::Object(fields) | Shape::Part(fields) | Shape::Filled(fields) => fields,
        _ => return None,
    };
    field(fields, key, argocd)
}

fn without_directives(node: &Node) -> Node {
    let entries = node.as_map().map_or(&[][..], |map| map.entries.as_slice());
    let kept = entries.iter().filter(|entry| !entry.key.starts_with('$')).cloned();
    Node::map(kept.collect(), node.origin.clone())
}

/// What is new comes without its nulls.
fn without_nulls(node: &Node, depth: usize) -> Node {
    let Some(map) = node.as_map().filter(|_| depth < 64) else { return node.clone() };
    let kept = map.entries.iter().filter(|entry| !entry.value.is_null() && !entry.key.starts_with('$'));
    let kept = kept.map(|entry| Entry { value: without_nulls(&entry.value, depth + 1), ..entry.clone() });
    Node::map(kept.collect(), node.origin.clone())
}
