//! Paths into objects at which a transformer works: by group, version and kind, through lists, made on the way if asked for.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use super::fail::{Fail, Outcome};
use super::id::{Gvk, ResId};
use super::tree::{self, Shape};
use crate::hash::Seeded;
use crate::yaml::{Entry, Node, Origin};

/// One path for some kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FieldSpec {
    pub(super) gvk: Gvk,
    pub(super) path: String,
    pub(super) create: bool,
}

impl FieldSpec {
    /// A path for every kind.
    pub(super) fn any(path: &str, create: bool) -> Self {
        Self { gvk: Gvk::default(), path: path.to_owned(), create }
    }

    fn covers(&self, other: &FieldSpec) -> bool {
        self.path == other.path && self.gvk.is_selected_by(&other.gvk)
    }

    fn is_for(&self, object: &Node) -> bool {
        let field = |key: &str| object.get(key).map_or("", tree::text);
        let version = field("apiVersion");
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        (self.gvk.kind.is_empty() || self.gvk.kind == field("kind"))
            && (self.gvk.group.is_empty() || self.gvk.group == group)
            && (self.gvk.version.is_empty() || self.gvk.version == version)
    }
}

/// Whether anything is not there yet; a conflict is only looked for up to there.
pub(super) fn gains(into: &[FieldSpec], incoming: &[FieldSpec]) -> Result<bool, Fail> {
    let places = Places::of(into, incoming.len());
    for spec in incoming {
        match places.covering(into, spec) {
            Some(known) if known.create != spec.create => return Err(Fail::new("conflicting fieldspecs")),
            Some(_) => {}
            None => return Ok(true),
        }
    }
    Ok(false)
}

/// Adds what is not there yet; the same path once to be made and once not is a conflict.
pub(super) fn merge_all(into: &mut Vec<FieldSpec>, incoming: &[FieldSpec]) -> Outcome {
    let mut places = Places::of(into, incoming.len());
    for spec in incoming {
        match places.covering(into, spec) {
            Some(known) if known.create != spec.create => return Err(Fail::new("conflicting fieldspecs")),
            Some(_) => {}
            None => {
                places.note(into.len(), &spec.path);
                into.push(spec.clone());
            }
        }
    }
    Ok(())
}

/// Where each path stands in a list, if so much is looked for there that it is worth noting.
struct Places(Option<HashMap<String, Vec<usize>>>);

impl Places {
    fn of(list: &[FieldSpec], lookups: usize) -> Self {
        let mut places = Self((lookups > 512).then(HashMap::new));
        if places.0.is_some() {
            list.iter().enumerate().for_each(|(at, spec)| places.note(at, &spec.path));
        }
        places
    }

    fn note(&mut self, at: usize, path: &str) {
        if let Some(places) = &mut self.0 {
            places.entry(path.to_owned()).or_default().push(at);
        }
    }

    fn covering<'s>(&self, list: &'s [FieldSpec], spec: &FieldSpec) -> Option<&'s FieldSpec> {
        match &self.0 {
            None => list.iter().find(|known| known.covers(spec)),
            Some(places) => places.get(&spec.path)?.iter().map(|&at| &list[at]).find(|known| known.covers(spec)),
        }
    }
}

/// Which of some paths are for an object, noted by its kind: objects of one kind are many.
pub(super) struct Fitting<'s> {
    specs: &'s [FieldSpec],
    known: Seeded<(String, String), Vec<&'s FieldSpec>>,
}

impl<'s> Fitting<'s> {
    pub(super) fn of(specs: &'s [FieldSpec]) -> Self {
        Self { specs, known: Seeded::default() }
    }

    /// The paths for this object, in order.
    pub(super) fn to(&mut self, object: &Node) -> &[&'s FieldSpec] {
        let field = |key: &str| object.get(key).map_or("", tree::text).to_owned();
        self.known
            .entry((field("apiVersion"), field("kind")))
            .or_insert_with(|| self.specs.iter().filter(|spec| spec.is_for(object)).collect())
    }
}

/// What stands for a missing last field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    Nothing,
    Scalar,
    Map,
}

/// What is done at the end of a path.
pub(super) type Edit<'e> = &'e mut dyn FnMut(&mut Node) -> Outcome;

/// Works on an object at one path; `origin` is who asks, for what has to be made on the way.
pub(super) fn apply(object: &mut Node, spec: &FieldSpec, make: Make, origin: &Origin, edit: Edit<'_>) -> Outcome {
    if !spec.is_for(object) {
        return Ok(());
    }
    apply_path(object, spec, make, origin, edit)
}

/// As [`apply`], to an object of whatever kind.
pub(super) fn apply_path(object: &mut Node, spec: &FieldSpec, make: Make, origin: &Origin, edit: Edit<'_>) -> Outcome {
    apply_counted(object, spec, make, origin, edit).map(|_| ())
}

/// As [`apply_path`]; gives how many keys of wide mappings were looked at on the way.
pub(super) fn apply_counted(
    object: &mut Node,
    spec: &FieldSpec,
    make: Make,
    origin: &Origin,
    edit: Edit<'_>,
) -> Result<u64, Fail> {
    let looked = Cell::new(0);
    count(&looked, object);
    // Most paths end at the first step.
    if let Some(first) = first_step(&spec.path)
        && (!spec.create || make == Make::Nothing)
        && object.as_map().is_some_and(|map| map.get(first).is_none())
    {
        return Ok(looked.get());
    }
    let path = steps(&spec.path);
    if path.len() > tree::DEEPEST as usize {
        return Err(tree::too_deep());
    }
    let walk = Walk { path: &path, create: spec.create, make, origin, looked: &looked };
    // Asking first whether the path leads anywhere keeps shared trees shared.
    if walk.leads_somewhere(object, 0) {
        walk.visit(object, 0, edit)
            .map_err(|fail| fail.within(format!("considering field '{}' of object {}", spec.path, describe(object))))?;
    }
    Ok(looked.get())
}

/// Mappings with fewer keys are no work.
const WIDE: usize = 32;

/// Counts the keys of a mapping in which one is looked for.
fn count(looked: &Cell<u64>, node: &Node) {
    let keys = node.as_map().map_or(0, |map| map.entries.len());
    if keys > WIDE {
        looked.set(looked.get() + keys as u64);
    }
}

/// Refuses an object in which the path meets a single value where it goes on, or at its end what `fits` refuses; changes
/// nothing.
pub(super) fn check_path(object: &Node, spec: &FieldSpec, fits: fn(&Node) -> Outcome) -> Outcome {
    if first_step(&spec.path).is_some_and(|first| object.get(first).is_none()) {
        return Ok(());
    }
    check(object, &steps(&spec.path), fits)
        .map_err(|fail| fail.within(format!("considering field '{}' of object {}", spec.path, describe(object))))
}

/// The first field of a path, unless it is a list or must be unescaped.
fn first_step(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    let plain = !first.is_empty() && !first.bytes().any(|b| matches!(b, b'\\' | b'[' | b' '));
    (plain && names_no_item(first)).then_some(first)
}

/// Whether a step cannot be meant for an item of a list, which no mapping has.
fn names_no_item(step: &str) -> bool {
    !step.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '-' | '+' | '[')) || !is_item(step)
}

fn is_item(step: &str) -> bool {
    matches!(step, "*" | "-") || step.parse::<i64>().is_ok() || tree::is_selector(step)
}

/// Refuses a step from a mapping to an item of a list.
fn check_step(node: &Node, step: &str) -> Outcome {
    if names_no_item(step) {
        return Ok(());
    }
    tree::lookup(node, &[step]).map(|_| ()).map_err(|fail| fail.within(format!("fieldName: {step}")))
}

/// A path taken apart, as [`tree::split_path`] does it.
pub(super) fn steps(path: &str) -> Vec<Cow<'_, str>> {
    if path.starts_with('/') || path.contains('\\') {
        return tree::split_path(path, '/').into_iter().map(Cow::Owned).collect();
    }
    path.split('/').map(Cow::Borrowed).collect()
}

fn check(node: &Node, path: &[Cow<'_, str>], fits: fn(&Node) -> Outcome) -> Outcome {
    let Some((part, rest)) = path.split_first() else { return fits(node) };
    if tree::is_null(node) {
        return Ok(());
    }
    match Shape::of(node) {
        Shape::Seq => node.as_seq().unwrap_or_default().iter().try_for_each(|item| check(item, path, fits)),
        Shape::Map => {
            let name = part.strip_suffix("[]").unwrap_or(part).trim();
            check_step(node, name)?;
            node.get(name).map_or(Ok(()), |field| check(field, rest, fits))
        }
        Shape::Scalar => Err(no_collection(node)),
    }
}

fn no_collection(node: &Node) -> Fail {
    Fail::at(node.span(), "expected sequence or mapping node")
}

/// Works on an object at several paths.
pub(super) fn apply_all(
    object: &mut Node,
    specs: &[FieldSpec],
    make: Make,
    origin: &Origin,
    edit: Edit<'_>,
) -> Outcome {
    specs.iter().try_for_each(|spec| apply(object, spec, make, origin, edit))
}

fn describe(object: &Node) -> String {
    let field = |path: &[&str]| object.at(path).map_or("", tree::text).to_owned();
    let gvk = Gvk::parse(&field(&["apiVersion"]), &field(&["kind"]));
    let (name, namespace) = (field(&["metadata", "name"]), field(&["metadata", "namespace"]));
    ResId { gvk, name, namespace, cluster: false }.to_string()
}

struct Walk<'w> {
    path: &'w [Cow<'w, str>],
    create: bool,
    make: Make,
    origin: &'w Origin,
    looked: &'w Cell<u64>,
}

impl Walk<'_> {
    fn makes(&self) -> bool {
        self.create && self.make != Make::Nothing
    }

    fn leads_somewhere(&self, node: &Node, at: usize) -> bool {
        let Some(part) = self.path.get(at) else { return true };
        if tree::is_null(node) {
            return false;
        }
        match Shape::of(node) {
            Shape::Seq => node.as_seq().unwrap_or_default().iter().any(|item| self.leads_somewhere(item, at)),
            Shape::Map => {
                count(self.looked, node);
                let list = part.strip_suffix("[]");
                let name = list.unwrap_or(part);
                if !names_no_item(name.trim()) {
                    // An error, which the visit tells.
                    return true;
                }
                match node.get(name.trim()) {
                    Some(field) if tree::is_null(field) => self.makes() || list.is_some() || at + 1 == self.path.len(),
                    Some(field) => self.leads_somewhere(field, at + 1),
                    None => name.is_empty() || (self.makes() && list.is_none()),
                }
            }
            // An error, which the visit tells.
            Shape::Scalar => true,
        }
    }

    fn visit(&self, node: &mut Node, at: usize, edit: Edit<'_>) -> Outcome {
        let Some(part) = self.path.get(at) else { return edit(node) };
        if tree::is_null(node) {
            return Ok(());
        }
        match Shape::of(node) {
            Shape::Seq => {
                for item in tree::items_mut(node).into_iter().flatten() {
                    if self.leads_somewhere(item, at) {
                        self.visit(item, at, edit).map_err(|fail| {
                            fail.within(format!("visit traversal on path: [{}]", self.path[at..].join(" ")))
                        })?;
                    }
                }
                Ok(())
            }
            Shape::Map => self.visit_map(node, part, at, edit),
            Shape::Scalar => Err(no_collection(node)),
        }
    }

    fn visit_map(&self, node: &mut Node, part: &str, at: usize, edit: Edit<'_>) -> Outcome {
        let list = part.strip_suffix("[]");
        let name = list.unwrap_or(part).trim();
        if name.is_empty() {
            return Err(Fail::at(node.span(), "cannot set or create an empty field name"));
        }
        check_step(node, name)?;
        let last = at + 1 == self.path.len();
        let made = if list.is_some() {
            Some(Node::seq(Vec::new(), self.origin.clone()))
        } else if !self.makes() {
            None
        } else if last && self.make == Make::Scalar {
            // The text is written over by the edit.
            Some(tree::untagged("", self.origin.clone()))
        } else {
            Some(Node::map(Vec::new(), self.origin.clone()))
        };
        match tree::get_mut(node, name) {
            Some(field) => {
                if tree::is_null(field)
                    && let Some(made) = made
                {
                    *field = made;
                }
            }
            None => {
                let (None, Some(made)) = (list, made) else { return Ok(()) };
                if let Some(entries) = tree::entries_mut(node) {
                    entries.push(Entry { key: name.into(), key_origin: self.origin.clone(), value: made });
                }
            }
        }
        let Some(field) = tree::get_mut(node, name) else { return Ok(()) };
        if last && tree::text(field).is_empty() && self.makes() && self.make == Make::Scalar {
            // A fresh scalar counts as empty rather than as null.
            return edit(field);
        }
        if self.leads_somewhere(field, at + 1) { self.visit(field, at + 1, edit) } else { Ok(()) }
    }
}
