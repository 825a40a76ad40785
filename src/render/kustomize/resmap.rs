//! The list of objects of a build: unique names, finding by present or former names, and what becomes of the documents of a
//! file (lists taken apart, what is no object refused).

use std::collections::hash_map::Entry as Known;
use std::sync::Arc;

use super::fail::{Fail, Outcome};
use super::id::ResId;
use super::list::List;
use super::metadata;
use super::object::{Behavior, Object};
use super::parse::Document;
use super::selector::{Compiled, Selector};
use super::tree;
use crate::budget::Budget;
use crate::hash::{Seed, Seeded};
use crate::yaml::{Entry, Node, Value};

/// Objects in order.
#[derive(Debug, Clone, Default)]
pub(super) struct ResMap {
    pub(super) list: List,
    /// Whether objects may have got names since anybody looked whether all are different.
    pub(super) unchecked: bool,
}

/// Takes documents for objects.
pub(super) fn objects_of(documents: Vec<Document>) -> Result<Vec<Object>, Fail> {
    let alone = documents.len() == 1;
    let mut nodes = Vec::new();
    for document in documents {
        let root = document.root;
        // A `List` that is alone in its file is taken apart before anything is asked of it.
        let kind = root.get("kind").map_or("", tree::text);
        let items = root.get("items");
        if alone && matches!(kind, "List" | "ResourceList") && (items.is_some() || root.get("functionConfig").is_some())
        {
            for item in items.into_iter().flat_map(contents) {
                nodes.push(Object::new(item, document.flaws.clone()));
            }
        } else {
            nodes.push(Object::new(root, document.flaws));
        }
    }
    let mut queue = keep_good(nodes)?;
    let mut found = Vec::new();
    while !queue.is_empty() {
        let mut more = Vec::new();
        for object in queue {
            if !object.kind().ends_with("List") {
                found.push(object);
                continue;
            }
            let Some(items) = object.node.get("items") else {
                found.push(object);
                continue;
            };
            if tree::is_null(items) {
                continue;
            }
            let Some(items) = items.as_seq() else {
                let message = format!("expected array in {}/items", object.kind());
                return Err(Fail::at(items.span(), message));
            };
            let inner = items.iter().map(|item| Object::new(item.clone(), object.flaws.clone())).collect();
            more.extend(keep_good(inner)?);
        }
        queue = more;
    }
    Ok(found)
}

/// What a collection consists of; of a mapping these are keys and values alike.
fn contents(node: &Node) -> Vec<Node> {
    match &node.value {
        Value::Seq(items) => items.to_vec(),
        Value::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| [Node::string(Arc::clone(&entry.key), entry.key_origin.clone()), entry.value.clone()])
            .collect(),
        Value::Scalar(_) => Vec::new(),
    }
}

fn keep_good(nodes: Vec<Object>) -> Result<Vec<Object>, Fail> {
    let mut good = Vec::with_capacity(nodes.len());
    for object in nodes {
        if tree::is_empty(&object.node) && object.flaws.is_empty() {
            continue;
        }
        object.validate()?;
        good.push(object);
    }
    Ok(good)
}

fn registered(object: &Object) -> Fail {
    let span = object.node.at(&["metadata", "name"]).unwrap_or(&object.node).span();
    Fail::at(span, format!("may not add resource with an already registered id: {}", object.id()))
}

/// Objects for which looking at all others takes less time than noting their names.
const FEW: usize = 4;

/// The first object, from some place on, that is the same as one before.
fn first_twin(list: &[Object], from: usize) -> Option<usize> {
    let mut first: Seeded<&str, usize> = Seeded::with_capacity_and_hasher(list.len(), Seed::default());
    // In full only those whose names are there more than once.
    let mut full: Seeded<ResId, ()> = Seeded::default();
    for (at, object) in list.iter().enumerate() {
        match first.entry(object.name()) {
            Known::Vacant(new) => {
                new.insert(at);
            }
            Known::Occupied(known) => {
                full.insert(list[*known.get()].id().effective(), ());
                if full.insert(object.id().effective(), ()).is_some() && at >= from {
                    return Some(at);
                }
            }
        }
    }
    None
}

impl ResMap {
    pub(super) fn of(objects: Vec<Object>) -> Result<Self, Fail> {
        let mut map = Self::default();
        map.append_all(objects)?;
        Ok(map)
    }

    pub(super) fn append(&mut self, object: Object) -> Outcome {
        let name = object.name();
        let is_twin = |known: &Object| known.name() == name && known.is_twin(&object);
        if self.list.named(name).into_iter().any(|at| is_twin(&self.list[at])) {
            return Err(registered(&object));
        }
        self.list.push(object);
        Ok(())
    }

    pub(super) fn append_all(&mut self, objects: impl IntoIterator<Item = Object>) -> Outcome {
        let objects = objects.into_iter();
        // Only objects of the same name can be the same.
        if matches!(objects.size_hint(), (_, Some(most)) if most <= FEW) {
            for object in objects {
                self.append(object)?;
            }
            return Ok(());
        }
        let known = self.list.len();
        self.list.extend(objects);
        match first_twin(&self.list, known) {
            Some(at) => Err(registered(&self.list[at])),
            None => Ok(()),
        }
    }

    /// The first object that has the name of another one.
    pub(super) fn twin(&self) -> Option<ResId> {
        first_twin(&self.list, 0).map(|at| self.list[at].id())
    }

    /// The places of the objects that have or had a name, and are what is asked for.
    pub(super) fn ever(&self, name: &str, matches: impl Fn(&ResId) -> bool) -> Vec<usize> {
        let mut found = self.list.named(name);
        found.retain(|&at| !self.list[at].deleted && self.list[at].was_ever(name, &matches));
        found
    }

    /// The one object that has or had a name.
    pub(super) fn one(&self, id: &ResId) -> Result<usize, Fail> {
        match self.ever(&id.name, |known| known.same(id)).as_slice() {
            [at] => Ok(*at),
            [] => Err(Fail::new(format!("no matches for Id {id}; failed to find unique target for patch {id}"))),
            _ => Err(Fail::new(format!("multiple matches for Id {id}; failed to find unique target for patch {id}"))),
        }
    }

    /// The places, in order, of all objects whose present or former names may fit.
    pub(super) fn places(&self, compiled: &Compiled) -> Vec<usize> {
        compiled.only_name().map_or_else(|| (0..self.list.len()).collect(), |name| self.list.named(name))
    }

    /// The places of the objects that a target means.
    pub(super) fn select(&self, selector: &Selector, budget: &Budget) -> Result<Vec<usize>, Fail> {
        let compiled = selector.compile()?;
        let places = self.places(&compiled);
        budget.steps(places.len() as u64)?;
        let mut found = Vec::new();
        for at in places {
            let object = &self.list[at];
            if !object.deleted && compiled.selects(object)? {
                found.push(at);
            }
        }
        Ok(found)
    }

    pub(super) fn drop_deleted(&mut self) {
        let leaves = |object: &Object| object.deleted || tree::is_empty(&object.node);
        // To ask first leaves the names noted.
        if self.list.iter().any(leaves) {
            self.list.retain(|object| !leaves(object));
        }
    }

    /// Takes in what a generator made: new, or in place of an object, or merged into one.
    pub(super) fn absorb(&mut self, mut made: Object, budget: &Budget) -> Outcome {
        let id = made.id();
        let span = made.node.at(&["metadata", "name"]).unwrap_or(&made.node).span();
        match self.ever(&id.name, |known| known.same(&id)).as_slice() {
            [] => match made.notes.behavior {
                Behavior::Merge | Behavior::Replace => {
                    Err(Fail::at(span, format!("id {id}: does not exist; cannot merge or replace")))
                }
                _ => self.append(made),
            },
            [at] => {
                let old = &self.list[*at];
                match made.notes.behavior {
                    Behavior::Replace => take_metadata(&mut made, old)?,
                    Behavior::Merge => {
                        let origin = old.annotation(metadata::ORIGIN).map(str::to_owned);
                        take_metadata(&mut made, old)?;
                        if let Some(origin) = origin {
                            metadata::annotate_all(std::slice::from_mut(&mut made), metadata::ORIGIN, &origin);
                        }
                        for field in ["data", "binaryData"] {
                            budget.steps(old.node.entries(field).len() as u64)?;
                            take_map(&mut made.node, &old.node, field)?;
                        }
                    }
                    behavior => {
                        return Err(Fail::at(
                            span,
                            format!(
                                "id {id} exists; can not use behavior: '{}', behavior must be merge or replace",
                                behavior.name()
                            ),
                        ));
                    }
                }
                *self.list.at_mut(*at) = made;
                Ok(())
            }
            _ => Err(Fail::at(span, format!("found multiple objects that could accept merge of {id}"))),
        }
    }
}

/// What a generated object takes over from the one whose place it takes.
fn take_metadata(made: &mut Object, old: &Object) -> Outcome {
    let wants_hash = made.notes.wants_hash && old.notes.wants_hash;
    made.notes = old.notes.clone();
    made.notes.wants_hash = wants_hash;
    let Some(new_meta) = tree::get_mut(&mut made.node, "metadata") else { return Ok(()) };
    let Some(old_meta) = old.node.get("metadata") else { return Ok(()) };
    for field in ["labels", "annotations"] {
        take_map(new_meta, old_meta, field)?;
    }
    for field in ["name", "namespace"] {
        match old_meta.as_map().and_then(|map| map.entry(field)).filter(|entry| !tree::is_empty(&entry.value)) {
            Some(entry) => tree::put(new_meta, field, &entry.key_origin, entry.value.clone())?,
            None => {
                tree::remove(new_meta, field);
            }
        }
    }
    Ok(())
}

/// The entries of both mappings as strings, in the order of their keys; the new one's win. Null is a word among labels and
/// annotations, and nothing among data.
fn take_map(new: &mut Node, old: &Node, field: &str) -> Outcome {
    let is_data = matches!(field, "data" | "binaryData");
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: Seeded<Arc<str>, usize> = Seeded::default();
    for source in [old.get(field), new.get(field)].into_iter().flatten() {
        for (entry, text) in tree::string_map(Some(source)) {
            let text = if is_data && tree::is_null(&entry.value) { "" } else { text.as_ref() };
            let value = Node::string(text, entry.value.origin.clone());
            let made = Entry { key: entry.key.clone(), key_origin: entry.key_origin.clone(), value };
            match places.entry(Arc::clone(&made.key)) {
                Known::Occupied(known) => entries[*known.get()] = made,
                Known::Vacant(new) => {
                    new.insert(entries.len());
                    entries.push(made);
                }
            }
        }
    }
    let Some(origin) = new.get(field).or(old.get(field)).map(|node| node.origin.clone()) else { return Ok(()) };
    tree::remove(new, field);
    if entries.is_empty() {
        return Ok(());
    }
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    tree::put(new, field, &origin.clone(), Node::map(entries, origin))
}
