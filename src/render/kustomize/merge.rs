//! Strategic merge: a patch laid over an object, by the rules of Kustomize's own walker, oddities included (a quoted field
//! stays quoted, elements of a patch come first, `$patch` says delete, replace or merge). Follows
//! `kyaml/yaml/merge2` and `kyaml/yaml/walk`.

use std::sync::Arc;

use super::fail::Fail;
use super::merge_list;
use super::schema::{Schema, Schemas};
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::yaml::{Entry, Meaning, Node, Origin};

const DIRECTIVE: &str = "$patch";

/// Keys that are looked at in the time of one step.
const KEYS_A_STEP: u64 = 16;

/// What a merge needs to know.
pub(super) struct Merging<'m> {
    pub(super) schemas: &'m Schemas,
    pub(super) budget: &'m Budget,
}

/// A value that came out: `keep` is a null that was written as one and stays.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) node: Node,
    pub(super) keep: bool,
    /// The object's own mapping was changed, rather than exchanged for the patch's.
    pub(super) in_place: bool,
}

impl Merged {
    fn exchanged(node: Node) -> Self {
        Self { node, keep: false, in_place: false }
    }
}

/// The two sides at one place; `same` says that the patch's own value is being gone through.
#[derive(Clone)]
pub(super) struct Sides {
    pub(super) dest: Option<Node>,
    pub(super) patch: Option<Node>,
    pub(super) same: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The object with the patch laid over it; `None` if the patch deletes it.
///
/// Who merges looks at the object that it gave and at nothing that comes out instead of it, so that a patch which says
/// `$patch: replace` of a whole object changes nothing.
pub(super) fn merge(dest: Node, patch: Node, merging: &Merging<'_>) -> Result<Option<Node>, Fail> {
    let sides = Sides { dest: Some(dest.clone()), patch: Some(patch), same: false };
    let merged = walk(sides, None, merging)?;
    Ok(merged.map(|merged| if merged.in_place { merged.node } else { dest }))
}

fn present(node: &Option<Node>) -> Option<&Node> {
    node.as_ref().filter(|node| !tree::is_null(node))
}

/// One place of both trees.
pub(super) fn walk(sides: Sides, schema: Option<Schema>, merging: &Merging<'_>) -> Result<Option<Merged>, Fail> {
    merging.budget.steps(1)?;
    merging.budget.enter()?;
    let result = step(sides, schema, merging);
    merging.budget.leave();
    result
}

fn step(sides: Sides, schema: Option<Schema>, merging: &Merging<'_>) -> Result<Option<Merged>, Fail> {
    let schema = schema.or_else(|| {
        let of = |node: &Node| {
            let field = |key: &str| node.get(key).filter(|node| !tree::is_empty(node)).map_or("", tree::text);
            merging.schemas.of_kind(field("apiVersion"), field("kind"))
        };
        [&sides.dest, &sides.patch].into_iter().find_map(|node| present(node).and_then(of))
    });
    let shape = present(&sides.dest).or(present(&sides.patch)).map(Shape::of);
    if let Some(shape) = shape {
        for node in [&sides.dest, &sides.patch].into_iter().flatten() {
            tree::expect(node, shape)?;
        }
    }
    match shape {
        None | Some(Shape::Map) => map(sides, schema, merging),
        Some(Shape::Scalar) => Ok(over(sides)),
        Some(Shape::Seq) => match schema.as_ref().and_then(Schema::merge_keys) {
            Some(keys) => {
                let keys: Vec<String> = keys.iter().map(|key| key.to_string()).collect();
                let items = schema.as_ref().and_then(Schema::items);
                let Some(sides) = list_sides(sides)? else { return Ok(None) };
                merge_list::walk(sides, &keys, items, merging)
            }
            None => Ok(over(sides)),
        },
    }
}

/// The patch's value if it says anything.
fn over(sides: Sides) -> Option<Merged> {
    sides.patch.or(sides.dest).map(Merged::exchanged)
}

fn directive_named(text: &str) -> Result<Directive, Fail> {
    match text {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => Err(Fail::new(format!("unknown patch strategy '{other}'"))),
    }
}

/// What a mapping of the patch says about itself; the directive is taken out.
fn map_directive(patch: &mut Node) -> Result<Directive, Fail> {
    let Some(directive) = patch.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let named = directive_named(tree::text(directive)).map_err(|fail| fail.or_at(directive.span()))?;
    tree::remove(patch, DIRECTIVE);
    Ok(named)
}

/// The same for a list: an element with nothing but the directive.
fn list_directive(patch: &mut Node) -> Result<Directive, Fail> {
    let element = patch.as_seq().unwrap_or_default().iter().find(|item| item.get(DIRECTIVE).is_some());
    let Some(element) = element.filter(|item| item.as_map().is_some_and(|map| map.entries.len() == 1)) else {
        return Ok(Directive::Merge);
    };
    let Some(directive) = element.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let text = tree::text(directive).to_owned();
    let named = directive_named(&text).map_err(|fail| fail.or_at(directive.span()))?;
    merge_list::set_element(patch, None, &[DIRECTIVE], &[text])?;
    Ok(named)
}

fn map(mut sides: Sides, schema: Option<Schema>, merging: &Merging<'_>) -> Result<Option<Merged>, Fail> {
    let mut in_place = present(&sides.dest).is_some();
    if present(&sides.dest).is_none() {
        // An unknown directive, or a null, passes here.
        let directive = match &mut sides.patch {
            Some(patch) if Shape::of(patch) == Shape::Map => map_directive(patch).ok(),
            _ => None,
        };
        if directive == Some(Directive::Delete) {
            return Ok(None);
        }
        match (sides.patch, sides.dest) {
            // A null that is written as one survives.
            (None, Some(dest)) if !tree::text(&dest).is_empty() => {
                return Ok(Some(Merged { node: dest, keep: true, in_place: false }));
            }
            (None, _) => return Ok(None),
            (Some(patch), _) => {
                sides = Sides { dest: Some(patch.clone()), patch: Some(patch), same: true };
            }
        }
    } else if let Some(patch) = &mut sides.patch {
        if tree::is_null(patch) {
            return Ok(None);
        }
        match map_directive(patch)? {
            Directive::Delete => return Ok(None),
            Directive::Replace => {
                in_place = sides.same;
                sides.dest = Some(patch.clone());
                sides.same = true;
            }
            Directive::Merge => {
                if sides.same {
                    sides.dest = Some(patch.clone());
                }
            }
        }
    }
    let Sides { dest: Some(mut dest), patch, same } = sides else { return Ok(None) };
    if patch.is_none() && !needs_walk(&dest) {
        return Ok(Some(Merged { node: dest, keep: false, in_place }));
    }
    let mut gone = Vec::new();
    let fields = fields(&dest, patch.as_ref());
    merging.budget.steps(entries(&dest).len() as u64 / KEYS_A_STEP)?;
    for Field { key, key_origin, own, new } in fields {
        let at = |node: Option<&Node>, at: Option<usize>| Some(entries(node?).get(at?)?.value.clone());
        let inner = Sides { dest: at(Some(&dest), own), patch: at(patch.as_ref(), new), same };
        let schema = schema.as_ref().and_then(|schema| merging.schemas.field(schema, &key));
        let made = walk(inner, schema, merging)?.filter(|made| made.keep || !tree::is_null(&made.node));
        match (made, own) {
            (Some(made), Some(own)) => {
                if let Some(entry) = tree::entries_mut(&mut dest).and_then(|entries| entries.get_mut(own)) {
                    entry.value = tree::respell(made.node, &entry.value);
                }
            }
            (Some(made), None) => tree::add(&mut dest, key, &key_origin, made.node),
            (None, own) => gone.extend(own),
        }
    }
    if !gone.is_empty()
        && let Some(entries) = tree::entries_mut(&mut dest)
    {
        gone.sort_unstable();
        let mut at = 0..;
        entries.retain(|_| at.next().is_none_or(|at| gone.binary_search(&at).is_err()));
    }
    Ok(Some(Merged { node: dest, keep: false, in_place }))
}

/// Whether going through a value that the patch does not touch could change it: nulls go, lists of known keys may lose
/// repeated elements. Without either it stays as it is, shared.
fn needs_walk(node: &Node) -> bool {
    match node.as_scalar() {
        Some(scalar) => super::meaning::of(scalar) == Meaning::Null,
        None => true,
    }
}

/// A field of either side, and where it stands in each.
struct Field {
    key: Arc<str>,
    key_origin: Origin,
    own: Option<usize>,
    new: Option<usize>,
}

/// The fields that are merged, in the order of their names: those of the patch, and of the object those that may change by
/// themselves.
fn fields(dest: &Node, patch: Option<&Node>) -> Vec<Field> {
    let patch = patch.map(entries).unwrap_or_default();
    let mut by_key: Vec<usize> = (0..patch.len()).collect();
    by_key.sort_by(|&a, &b| patch[a].key.cmp(&patch[b].key));
    by_key.dedup_by(|&mut later, &mut first| patch[later].key == patch[first].key);
    let mut is_own = vec![false; patch.len()];
    let field =
        |entry: &Entry, own, new| Field { key: Arc::clone(&entry.key), key_origin: entry.key_origin.clone(), own, new };
    let mut fields = Vec::new();
    for (own, entry) in entries(dest).iter().enumerate() {
        let new = by_key.binary_search_by(|&at| patch[at].key.cmp(&entry.key)).ok().map(|at| by_key[at]);
        if let Some(new) = new {
            is_own[new] = true;
        } else if !needs_walk(&entry.value) {
            continue;
        }
        fields.push(field(entry, Some(own), new));
    }
    for (new, entry) in patch.iter().enumerate().filter(|(new, _)| !is_own[*new]) {
        fields.push(field(entry, None, Some(new)));
    }
    fields.sort_by(|a, b| a.key.cmp(&b.key));
    // Of a key that is written twice the first counts, on both sides.
    fields.dedup_by(|later, first| later.key == first.key);
    fields
}

fn entries(node: &Node) -> &[Entry] {
    node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default()
}

/// What remains to be merged of a list with keys.
fn list_sides(mut sides: Sides) -> Result<Option<Sides>, Fail> {
    if present(&sides.dest).is_none() {
        // Nothing is there yet: directives among the elements are not asked for.
        return Ok(sides.patch.map(|patch| Sides { dest: Some(patch.clone()), patch: Some(patch), same: true }));
    }
    if let Some(patch) = &mut sides.patch {
        if tree::is_null(patch) {
            return Ok(None);
        }
        match list_directive(patch)? {
            Directive::Delete => return Ok(None),
            Directive::Replace => {
                sides.dest = Some(patch.clone());
                sides.same = true;
            }
            Directive::Merge => {
                if sides.same {
                    sides.dest = Some(patch.clone());
                }
            }
        }
    }
    Ok(Some(sides))
}
