//! Patches of all fields: which kind of patch a text is, whom it is for, and how it is laid over objects.

use std::sync::Arc;

use super::build::Build;
use super::fail::{Fail, Outcome};
use super::files::Loader;
use super::json_patch::{self, Operation};
use super::kustomization::{Kustomization, Patch};
use super::merge::{self, Merging};
use super::notes;
use super::object::Object;
use super::parse::Placing;
use super::resmap::ResMap;
use super::schema::Schemas;
use super::selector::Selector;
use super::tree;
use crate::source::{FileId, Span};
use crate::yaml::{self, Entry, Meaning, Node, Origin, Role, Value};

/// A patch ready to be laid over objects.
#[derive(Debug, Clone)]
pub(super) enum Ready {
    /// `patches`: by target, or by the name in the patch.
    Strategic { patches: Vec<Object>, target: Option<Selector>, source: String },
    /// `patchesStrategicMerge`: by the name in the patch.
    Named(Vec<Object>),
    /// JSON 6902.
    Json { operations: Vec<Operation>, target: Selector, remember: bool, span: Span },
    /// JSON 6902 for nobody, which is refused when its turn comes.
    Untargeted { source: String, span: Span },
    /// A text without anything in it.
    Nothing,
}

/// The patches of a kustomization.
pub(super) struct Patches {
    pub(super) strategic: Option<Ready>,
    pub(super) patches: Vec<Ready>,
    pub(super) json: Vec<Ready>,
}

/// Reads the patches of a kustomization; of those in a file of the web a gap is left.
pub(super) fn patches(loader: &Loader<'_>, build: &Build<'_>, k: &Kustomization) -> Result<Patches, Fail> {
    let seen = |ready: Result<Ready, Fail>, kind: &str, paths: &[&Node]| {
        build.seen(ready.map_err(|fail| configuring(fail, kind, paths)))
    };
    let all = |list: &[Patch], kind: &str, read: fn(&Loader<'_>, &Patch) -> Result<Ready, Fail>| {
        let ready = |patch: &Patch| seen(read(loader, patch), kind, &patch.path.iter().collect::<Vec<_>>()).transpose();
        list.iter().filter_map(ready).collect::<Result<Vec<Ready>, Fail>>()
    };
    let strategic = match k.strategic.is_empty() {
        true => None,
        false => {
            let paths: Vec<&Node> = k.strategic.iter().collect();
            seen(named(loader, &k.strategic), "PatchStrategicMergeTransformer", &paths)?
        }
    };
    let patches = all(&k.patches, "PatchTransformer", ready)?;
    let json = all(&k.json_patches, "PatchJson6902Transformer", json)?;
    Ok(Patches { strategic, patches, json })
}

/// Reads an entry of `patches`.
pub(super) fn ready(loader: &Loader<'_>, patch: &Patch) -> Result<Ready, Fail> {
    let at = |fail: Fail| patch.span.map_or(fail.clone(), |span| fail.or_at(span));
    let inline = patch.patch.as_ref().map(|node| (node, tree::text(node).trim())).filter(|(_, text)| !text.is_empty());
    let (strategic, json, source, span) = match (inline, &patch.path) {
        (None, None) => return Err(at(Fail::new("must specify one of patch and path in"))),
        (Some(_), Some(_)) => return Err(at(Fail::new("patch and path can't be set at the same time"))),
        (Some((node, text)), None) => {
            let placing = loader.shared.placing(node);
            // The text is trimmed for Kustomize's eyes; the places are those of the whole.
            let whole = tree::text(node).trim_end();
            let strategic = loader.parse(whole, &placing, Role::Patch);
            let json = unless(&strategic, || operations(loader, text, whole, &placing));
            (strategic, json, "[patch: ...]".to_owned(), node.span())
        }
        (None, Some(path)) => {
            let name = tree::text(path);
            let loaded = loader.load(name).map_err(|fail| {
                at(fail.within(format!("failed to get the patch file from path({name})"))).or_at(path.span())
            })?;
            let text = loaded.text()?;
            let strategic = loader.objects(name, true);
            let json = unless(&strategic, || operations(loader, text, text, &Placing::Whole(loaded.file)));
            (strategic, json, format!("[path: {name:?}]"), path.span())
        }
    };
    for fail in [strategic.as_ref().err(), json.as_ref().err()].into_iter().flatten() {
        if fail.exceeded {
            return Err(fail.clone());
        }
    }
    match (strategic, json) {
        (Ok(patches), Ok(operations)) if !patches.is_empty() && !operations.is_empty() => {
            Err(Fail::at(span, format!("illegally qualifies as both an SM and JSON patch: {source}")))
        }
        (Err(_), Err(_)) => Err(Fail::at(span, format!("unable to parse SM or JSON patch from {source}"))),
        (Ok(mut patches), _) => {
            if patches.is_empty() {
                return Ok(Ready::Nothing);
            }
            for object in &mut patches {
                object.notes.allow_name_change = patch.allow_name_change;
                object.notes.allow_kind_change = patch.allow_kind_change;
            }
            Ok(Ready::Strategic { patches, target: patch.target.clone(), source })
        }
        (Err(_), Ok(operations)) => Ok(match patch.target.clone() {
            Some(target) => Ready::Json { operations, target, remember: true, span },
            None => Ready::Untargeted { source, span },
        }),
    }
}

/// Says which transformer could not be configured, and with what; texts of patches, which may hold anything, are left out.
pub(super) fn configuring(fail: Fail, kind: &str, paths: &[&Node]) -> Fail {
    let shown = |node: &&Node| {
        let text = tree::text(node);
        if text.contains([':', '\n', '{']) { "...".to_owned() } else { text.to_owned() }
    };
    let paths: Vec<String> = paths.iter().map(shown).collect();
    let config = match paths.as_slice() {
        [] => "...".to_owned(),
        [path] => format!("path: {path}"),
        paths => format!("paths: {}", paths.join(", ")),
    };
    fail.within(format!("trouble configuring builtin {kind} with config: `{config}`"))
}

/// What is an object is no list of operations, and need not be read as one.
fn unless(
    strategic: &Result<Vec<Object>, Fail>,
    json: impl FnOnce() -> Result<Vec<Operation>, Fail>,
) -> Result<Vec<Operation>, Fail> {
    match strategic {
        Ok(objects) if !objects.is_empty() => Err(Fail::new("not a list of operations")),
        _ => json(),
    }
}

/// Reads the entries of `patchesStrategicMerge`: texts, or else paths.
pub(super) fn named(loader: &Loader<'_>, paths: &[Node]) -> Result<Ready, Fail> {
    let mut patches = Vec::new();
    for node in paths {
        match loader.inline(node, tree::text(node), Role::Patch) {
            Ok(inline) => patches.extend(inline),
            Err(fail) if fail.exceeded => return Err(fail),
            Err(_) => {
                let read = loader.objects(tree::text(node), true).map_err(|fail| fail.or_at(node.span()))?;
                patches.extend(read);
            }
        }
    }
    if patches.is_empty() {
        let fail = Fail::new("patch appears to be empty; files=[], Patch=");
        return Err(paths.first().map_or(fail.clone(), |node| fail.or_at(node.span())));
    }
    Ok(Ready::Named(patches))
}

/// Reads an entry of `patchesJson6902`.
pub(super) fn json(loader: &Loader<'_>, patch: &Patch) -> Result<Ready, Fail> {
    let span = patch.span.unwrap_or(Span::new(FileId(0), 0, 0));
    let target = patch.target.clone().unwrap_or_default();
    if target.id.name.is_empty() {
        return Err(Fail::at(span, "must specify the target name"));
    }
    let inline = patch.patch.as_ref().filter(|node| !tree::text(node).is_empty());
    let operations = match (inline, &patch.path) {
        (None, None) => return Err(Fail::at(span, "empty file path and empty jsonOp")),
        (Some(_), Some(_)) => return Err(Fail::at(span, "must specify a file path or jsonOp, not both")),
        (Some(node), None) => {
            let text = tree::text(node);
            operations(loader, text, text, &loader.shared.placing(node))
        }
        (None, Some(path)) => {
            let name = tree::text(path);
            let loaded = loader.load(name).map_err(|fail| fail.or_at(path.span()))?;
            let text = loaded.text()?;
            if text.is_empty() {
                return Err(Fail::at(path.span(), format!("patch file '{name}' empty seems to be empty")));
            }
            operations(loader, text, text, &Placing::Whole(loaded.file))
        }
    };
    let operations = operations.map_err(|fail| fail.or_at(span))?;
    if operations.is_empty() {
        return Err(Fail::at(span, "patch appears to be empty"));
    }
    Ok(Ready::Json { operations, target, remember: false, span })
}

/// The operations of a text: JSON if it begins with `[`, YAML 1.1 otherwise.
fn operations(loader: &Loader<'_>, text: &str, whole: &str, placing: &Placing) -> Result<Vec<Operation>, Fail> {
    if text.is_empty() {
        return Err(Fail::new("empty json patch operations"));
    }
    if text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Err(Fail::new("the text of the operations is no JSON: invalid character"));
    }
    let parsed = yaml::parse(FileId(u32::MAX), whole, loader.shared.budget);
    let first = parsed.read_first().map_err(|problem| {
        let at = placing.span(problem.span.start as usize, problem.span.end as usize);
        Fail { exceeded: problem.exceeded, ..Fail::at(at, problem.message.clone()) }
    })?;
    let Some(document) = first else { return Ok(Vec::new()) };
    json_patch::decode(&as_json(&document.root, placing, Role::Patch))
}

/// A tree as YAML 1.1 means it, spelled so that YAML 1.2 means the same, at its places in the outer text.
pub(super) fn as_json(node: &Node, placing: &Placing, role: Role) -> Node {
    let place = |origin: &Origin| {
        let span = origin.anchor();
        Origin::of(role, placing.span(span.start as usize, span.end as usize))
    };
    let origin = place(&node.origin);
    match &node.value {
        Value::Seq(items) => Node::seq(items.iter().map(|item| as_json(item, placing, role)).collect(), origin),
        Value::Map(map) => {
            let entry = |entry: &Entry| Entry {
                key: Arc::clone(&entry.key),
                key_origin: place(&entry.key_origin),
                value: as_json(&entry.value, placing, role),
            };
            Node::map(map.entries.iter().map(entry).collect(), origin)
        }
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Node::plain("null", origin),
            Meaning::Bool(value) => Node::plain(value.to_string(), origin),
            Meaning::Int(value) => Node::plain(value.to_string(), origin),
            Meaning::Uint(value) => Node::plain(value.to_string(), origin),
            Meaning::Float(value) => Node::plain(super::meaning::float_text(value), origin),
            Meaning::Str(_) => Node::string(Arc::clone(&scalar.text), origin),
        },
    }
}

/// What laying a patch over needs.
pub(super) struct Patching<'p> {
    pub(super) schemas: &'p Schemas,
    pub(super) loader: &'p Loader<'p>,
    /// Whether something that the patch may be for could not be seen.
    pub(super) incomplete: bool,
}

impl Ready {
    /// Lays the patch over whom it is for.
    pub(super) fn transform(&self, map: &mut ResMap, patching: &Patching<'_>) -> Outcome {
        match self {
            Ready::Nothing => Ok(()),
            Ready::Untargeted { source, span } => {
                Err(Fail::at(*span, format!("must specify a target for JSON patch {source}")))
            }
            Ready::Named(patches) => {
                for patch in patches {
                    match map.one(&patch.original_id()) {
                        Ok(at) => lay(map.list.at_mut(at), normal(patch)?, true, patching)?,
                        Err(_) if patching.incomplete => {}
                        Err(fail) => return Err(fail.or_at(patch.node.span())),
                    }
                    drop_and_check(map, patch, patching)?;
                }
                Ok(())
            }
            Ready::Strategic { patches, target: None, .. } => {
                for patch in patches {
                    map.unchecked |= patch.notes.allow_name_change || patch.notes.allow_kind_change;
                    let id = patch.original_id();
                    match map.one(&id) {
                        Ok(at) => lay(map.list.at_mut(at), patch.clone(), false, patching)?,
                        Err(_) if patching.incomplete => {}
                        Err(fail) => {
                            let fail = fail.within(format!("no resource matches strategic merge patch \"{id}\""));
                            return Err(fail.or_at(patch.node.span()));
                        }
                    }
                }
                Ok(())
            }
            Ready::Strategic { patches, target: Some(target), source } => {
                let [patch] = patches.as_slice() else {
                    return Err(Fail::at(
                        patches[0].node.span(),
                        format!(
                            "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set \
                             `patches.target` field: {source}"
                        ),
                    ));
                };
                let selected = map.select(target, patching.loader.shared.budget).map_err(|fail| {
                    fail.within("unable to find patch target in `resources`").or_at(patch.node.span())
                })?;
                for at in selected {
                    lay(map.list.at_mut(at), normal(patch)?, true, patching)?;
                }
                drop_and_check(map, patch, patching)
            }
            Ready::Json { operations, target, remember, span } => {
                // Only the next patch by a target looks whether names have become the same.
                map.unchecked |= json_patch::may_rename(operations);
                for at in map.select(target, patching.loader.shared.budget).map_err(|fail| fail.or_at(*span))? {
                    let object = map.list.at_mut(at);
                    if *remember {
                        object.remember_name();
                    }
                    apply_json(object, operations, patching).map_err(|fail| fail.or_at(*span))?;
                }
                Ok(())
            }
        }
    }
}

/// A patch for a target: its labels and annotations are strings, its namespace is none if it is empty.
fn normal(patch: &Object) -> Result<Object, Fail> {
    let mut patch = patch.clone();
    patch.stringify("labels")?;
    patch.stringify("annotations")?;
    if patch.namespace().is_empty()
        && let Some(meta) = tree::get_mut(&mut patch.node, "metadata")
    {
        tree::remove(meta, "namespace");
    }
    Ok(patch)
}

/// Objects that were deleted leave, and the others must have different names.
fn drop_and_check(map: &mut ResMap, patch: &Object, patching: &Patching<'_>) -> Outcome {
    patching.loader.shared.budget.steps(map.list.len() as u64 / 16)?;
    map.drop_deleted();
    if !patch.notes.allow_name_change && !patch.notes.allow_kind_change && !map.unchecked {
        return Ok(());
    }
    map.unchecked = false;
    patching.loader.shared.budget.steps(map.list.len() as u64)?;
    let list = std::mem::take(&mut map.list);
    map.append_all(list)
}

fn lay(object: &mut Object, mut patch: Object, targeted: bool, patching: &Patching<'_>) -> Outcome {
    object.notes.patches += 1;
    let own = |path: &[&str]| object.node.at(path).filter(|node| !tree::is_empty(node)).cloned();
    let (kind, name) = (own(&["kind"]), own(&["metadata", "name"]));
    let namespace = own(&["metadata", "namespace"]);
    if targeted && let Some(version) = own(&["apiVersion"]) {
        let origin = version.origin.clone();
        tree::set(&mut patch.node, "apiVersion", &origin, Some(version))?;
    }
    if patch.notes.allow_name_change || patch.notes.allow_kind_change {
        object.remember_name();
    }
    let writes_notes = writes_notes(&patch.node);
    if writes_notes {
        object.show_notes()?;
    }
    let merging = Merging { schemas: patching.schemas, budget: patching.loader.shared.budget };
    let before = object.node.clone();
    let Some(merged) = merge::merge(before, patch.node, &merging)?.filter(|node| !tree::is_empty(node)) else {
        object.deleted = true;
        return Ok(());
    };
    object.node = merged;
    if writes_notes {
        object.read_notes();
    }
    object.flaws.extend(patch.flaws);
    if !patch.notes.allow_kind_change {
        restore(&mut object.node, "kind", kind)?;
    }
    let origin = object.node.origin.clone();
    let meta = tree::ensure_map(&mut object.node, "metadata", &origin)?;
    if !patch.notes.allow_name_change {
        restore(meta, "name", name)?;
    }
    match namespace {
        Some(namespace) => restore(meta, "namespace", Some(namespace))?,
        None => {
            tree::remove(meta, "namespace");
        }
    }
    patching.loader.shared.budget.steps(object.notes.shared_work())?;
    object.follow_shared(usize::MAX, |_| true);
    Ok(())
}

/// Whether a patch may take away or change the annotations in which Kustomize keeps its notes.
fn writes_notes(patch: &Node) -> bool {
    let directs = |node: &Node| tree::is_null(node) || node.get("$patch").is_some();
    let Some(meta) = patch.get("metadata") else { return directs(patch) };
    let annotations = meta.get("annotations");
    let own = annotations
        .and_then(Node::as_map)
        .is_some_and(|map| map.entries.iter().any(|entry| notes::is_note(&entry.key)));
    directs(patch) || directs(meta) || annotations.is_some_and(directs) || own
}

fn restore(node: &mut Node, key: &str, old: Option<Node>) -> Outcome {
    match (tree::get_mut(node, key), old) {
        (Some(place), Some(old)) => *place = old,
        (None, Some(old)) => {
            let origin = old.origin.clone();
            tree::put(node, key, &origin, old)?;
        }
        (_, None) => {}
    }
    Ok(())
}

/// What is null in JSON is called so when it becomes the text of an annotation.
fn name_nulls(object: &mut Node) {
    let annotations = tree::at_mut(object, &["metadata", "annotations"]).and_then(tree::entries_mut);
    for entry in annotations.into_iter().flatten().filter(|entry| tree::is_null(&entry.value)) {
        entry.value = Node::plain("null", entry.value.origin.clone());
    }
}

fn apply_json(object: &mut Object, operations: &[Operation], patching: &Patching<'_>) -> Outcome {
    object.check_flaws()?;
    // Kustomize keeps its notes in annotations, so a patch finds a mapping there even where the object has none.
    if object.notes.any() {
        let origin = object.node.origin.clone();
        let meta = tree::ensure_map(&mut object.node, "metadata", &origin)?;
        tree::ensure_map(meta, "annotations", &origin)?;
    }
    // The object becomes JSON first.
    object.notes.patches += 1;
    object.notes.unshare();
    super::finish::respell(&mut object.node)?;
    name_nulls(&mut object.node);
    let shows_notes = json_patch::sees_annotations(operations);
    if shows_notes {
        object.show_notes()?;
    }
    json_patch::apply(&mut object.node, operations, patching.loader.shared.budget)?;
    json_patch::round(&mut object.node);
    if shows_notes {
        object.hide_notes();
    }
    object.stringify("annotations")
}
