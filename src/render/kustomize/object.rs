//! One object on its way through a build: its tree, its present and former names, what keeps it from being written, and what
//! Kustomize notes about it.

use std::sync::Arc;

use super::fail::{Fail, Outcome};
use super::fieldspec;
use super::id::{Gvk, ResId};
use super::notes::{Former, Noted, Notes};
use super::parse::Flaw;
use super::tree;
use crate::hash::Seeded;
use crate::yaml::{Entry, Node, Origin, Value};

/// What a generated object does to one of the same name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "create" => Behavior::Create,
            "replace" => Behavior::Replace,
            "merge" => Behavior::Merge,
            _ => Behavior::Unspecified,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Behavior::Unspecified => "unspecified",
            Behavior::Create => "create",
            Behavior::Replace => "replace",
            Behavior::Merge => "merge",
        }
    }
}

/// An object in the making.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) node: Node,
    pub(super) notes: Notes,
    pub(super) flaws: Vec<Flaw>,
    /// A patch deleted it; it leaves the list after the transformer.
    pub(super) deleted: bool,
}

impl Object {
    pub(super) fn new(node: Node, flaws: Vec<Flaw>) -> Self {
        let mut object = Self { node, notes: Notes::default(), flaws, deleted: false };
        object.heal_annotations();
        object
    }

    /// Annotations that are written twice are joined when Kustomize takes its notes there: the first mapping wins, and in each
    /// the last value of a key.
    fn heal_annotations(&mut self) {
        if !self.flaws.iter().any(|flaw| flaw.repeated) {
            return;
        }
        let Some(meta) = tree::get_mut(&mut self.node, "metadata").and_then(tree::entries_mut) else { return };
        let mut known: Seeded<Arc<str>, ()> = Seeded::default();
        let mut healed: Vec<Entry> = Vec::new();
        for entry in meta.iter().filter(|entry| &*entry.key == "annotations") {
            for entry in tree::last_values(entry.value.as_map().map_or(&[], |map| &map.entries)) {
                if known.insert(Arc::clone(&entry.key), ()).is_none() {
                    healed.push(entry);
                }
            }
        }
        // One that is no mapping has none to give, and gives way.
        let is_one = |entry: &Entry| &*entry.key == "annotations";
        let gives = |entry: &Entry| healed.is_empty() || entry.value.as_map().is_some();
        let mut is_first = true;
        meta.retain(|entry| !is_one(entry) || (gives(entry) && std::mem::take(&mut is_first)));
        let annotations = meta.iter_mut().find(|entry| is_one(entry));
        if let Some(entries) = annotations.and_then(|entry| tree::entries_mut(&mut entry.value)) {
            *entries = healed;
        }
    }

    /// The first thing that keeps it from being written.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        let flaw = self.flaws.iter().find(|flaw| !flaw.repeated).cloned();
        flaw.or_else(|| (!self.flaws.is_empty()).then(|| tree::repeated(&self.node).map(Flaw::repeated)).flatten())
    }

    /// Refuses what cannot be written.
    pub(super) fn check_flaws(&self) -> Outcome {
        self.flaw().map_or(Ok(()), |flaw| Err(Fail::at(flaw.span, flaw.message)))
    }

    /// Brings the places that share one of these labels to what one of them was changed to; the last in the order of the walk
    /// counts. Of all that are noted the first so many may have changed.
    pub(super) fn follow_shared(&mut self, so_many: usize, concerns: impl Fn(&str) -> bool) {
        for shared in self.notes.shared.iter_mut().take(so_many).filter(|shared| concerns(&shared.key)) {
            let mut paths: Vec<Vec<String>> = Vec::with_capacity(shared.paths.len());
            for path in &shared.paths {
                let steps = fieldspec::steps(path).into_iter().map(|step| step.trim_end_matches("[]").to_owned());
                paths.push(steps.chain([shared.key.to_string()]).collect());
            }
            paths.sort_unstable();
            let mut changed = None;
            for path in &paths {
                each(&self.node, path, &mut |node| {
                    if tree::text(node) != shared.text {
                        changed = Some(node.clone());
                    }
                });
            }
            let Some(changed) = changed else { continue };
            for path in &paths {
                replace_each(&mut self.node, path, &changed);
            }
            tree::text(&changed).clone_into(&mut shared.text);
        }
    }

    pub(super) fn kind(&self) -> &str {
        self.node.get("kind").map_or("", tree::text)
    }

    pub(super) fn api_version(&self) -> &str {
        self.node.get("apiVersion").map_or("", tree::text)
    }

    fn meta(&self, key: &str) -> &str {
        let field = self.node.get("metadata").and_then(|meta| meta.get(key));
        field.filter(|node| !tree::is_empty(node)).map_or("", tree::text)
    }

    pub(super) fn name(&self) -> &str {
        self.meta("name")
    }

    pub(super) fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    pub(super) fn gvk(&self) -> Gvk {
        Gvk::parse(self.api_version(), self.kind())
    }

    /// What it is called now.
    pub(super) fn id(&self) -> ResId {
        ResId::new(self.gvk(), self.name(), self.namespace())
    }

    /// Whether another object of the same name is the same one, as their ids would say.
    pub(super) fn is_twin(&self, other: &Object) -> bool {
        self.kind() == other.kind() && self.id().same(&other.id())
    }

    /// What it was called, the first name first.
    pub(super) fn former_ids(&self) -> Vec<ResId> {
        self.notes.former.iter().map(|former| self.former_id(former)).collect()
    }

    fn former_id(&self, former: &Former) -> ResId {
        let gvk = Gvk::parse(self.api_version(), &former.kind);
        ResId { gvk, name: former.name.clone(), namespace: former.namespace.clone(), cluster: false }
    }

    /// What it was called at first.
    pub(super) fn original_id(&self) -> ResId {
        self.notes.former.first().map_or_else(|| self.id(), |former| self.former_id(former))
    }

    /// Whether this or any former name is the one asked for, which goes by a name.
    pub(super) fn was_ever(&self, name: &str, matches: impl Fn(&ResId) -> bool) -> bool {
        if self.name() != name && self.notes.former.iter().all(|former| former.name != name) {
            return false;
        }
        self.notes.former.iter().any(|former| matches(&self.former_id(former))) || matches(&self.id())
    }

    /// Notes the present name as a former one.
    pub(super) fn remember_name(&mut self) {
        let id = self.id();
        if id.name.is_empty() {
            return;
        }
        let namespace = id.effective_namespace().to_owned();
        self.notes.takes(Noted::Names);
        self.notes.former.push(Former { name: id.name, namespace, kind: id.gvk.kind });
    }

    /// Gives a new name in the spelling of the old one.
    pub(super) fn set_name(&mut self, name: &str, origin: Origin) -> Outcome {
        let own = origin.clone();
        let meta = tree::ensure_map(&mut self.node, "metadata", &own)?;
        tree::set(meta, "name", &own, Some(tree::untagged(name, origin)))
    }

    /// Annotations as Kustomize reads them.
    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.node.at(&["metadata", "annotations", key]).map(tree::text)
    }

    /// Whether the name is to end with a hash; resources may bring the note that says so.
    pub(super) fn wants_hash(&self) -> bool {
        let note = || self.annotation("internal.config.kubernetes.io/needsHashSuffix");
        self.notes.wants_hash || note() == Some("enabled")
    }

    /// Writes the notes into the annotations, where Kustomize has them, for whoever copies all annotations.
    pub(super) fn show_notes(&mut self) -> Outcome {
        let notes = self.notes.annotations();
        if notes.is_empty() {
            return Ok(());
        }
        let origin = self.node.origin.clone();
        let meta = tree::ensure_map(&mut self.node, "metadata", &origin)?;
        let annotations = tree::ensure_map(meta, "annotations", &origin)?;
        notes
            .into_iter()
            .try_for_each(|(key, value)| tree::put(annotations, &key, &origin, Node::string(value, origin.clone())))
    }

    /// Takes the notes out of the annotations again.
    pub(super) fn hide_notes(&mut self) {
        let Some(annotations) = tree::at_mut(&mut self.node, &["metadata", "annotations"]) else { return };
        for (key, _) in self.notes.annotations() {
            tree::remove(annotations, &key);
        }
    }

    /// Takes the notes out of the annotations, as somebody left them there who may have taken some away.
    pub(super) fn read_notes(&mut self) {
        let shown: Vec<String> = self.notes.annotations().into_iter().map(|(key, _)| key).collect();
        let mut notes = std::mem::take(&mut self.notes);
        notes.read_back(|key| self.annotation(key).map(str::to_owned));
        self.notes = notes;
        let Some(annotations) = tree::at_mut(&mut self.node, &["metadata", "annotations"]) else { return };
        for key in shown {
            tree::remove(annotations, &key);
        }
    }

    /// Refuses what has no kind or no name; lists need no name.
    pub(super) fn validate(&self) -> Outcome {
        let kind = self.node.get("kind").filter(|node| !tree::is_empty(node)).map_or("", tree::text);
        let has_version = self.node.get("apiVersion").is_some_and(|node| !tree::is_empty(node));
        let meta = self.node.get("metadata").filter(|node| !tree::is_empty(node));
        let in_meta = |key: &str| meta.and_then(|meta| meta.get(key)).is_some_and(|node| !tree::is_empty(node));
        let nothing = kind.is_empty()
            && !has_version
            && !["name", "namespace", "labels", "annotations"].iter().any(|key| in_meta(key));
        if nothing {
            return Err(Fail::at(self.node.span(), "missing Resource metadata"));
        }
        if kind.is_empty() {
            return Err(Fail::at(self.node.span(), format!("missing kind in object {}", self.summary())));
        }
        if !kind.ends_with("List") && self.name().is_empty() {
            return Err(Fail::at(self.node.span(), format!("missing metadata.name in object {}", self.summary())));
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let map = |key: &str| {
            let mut pairs: Vec<String> = tree::string_map(self.node.at(&["metadata", key]))
                .into_iter()
                .map(|(entry, _)| format!("{}:...", entry.key))
                .collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        };
        format!(
            "{{{{{} {}}} {{{{{} {}}} {} {}}}}}",
            self.api_version(),
            self.kind(),
            self.name(),
            self.namespace(),
            map("labels"),
            map("annotations")
        )
    }

    /// Labels or annotations made strings, in the order of their keys; gone where there are none.
    pub(super) fn stringify(&mut self, field: &str) -> Outcome {
        let Some(meta) = self.node.get("metadata") else { return Ok(()) };
        let Some(old) = meta.get(field) else { return Ok(()) };
        refuse_list(old)?;
        let strings = |node: &Node| {
            node.as_map().is_some_and(|map| {
                !map.entries.is_empty()
                    && map.entries.iter().all(|entry| {
                        entry.value.as_scalar().is_some_and(|s| {
                            s.tag.as_deref().is_none_or(|tag| tag == "!!str")
                                && matches!(super::meaning::of(s), crate::yaml::Meaning::Str(text) if *text == *s.text)
                        })
                    })
            })
        };
        let is_flawed = !self.flaws.is_empty();
        if strings(old) && !is_flawed {
            return Ok(());
        }
        let mut entries: Vec<Entry> = tree::string_map(Some(old))
            .into_iter()
            .map(|(entry, text)| Entry {
                key: entry.key.clone(),
                key_origin: entry.key_origin.clone(),
                value: Node::string(text.as_ref(), entry.value.origin.clone()),
            })
            .collect();
        if is_flawed {
            entries = tree::last_values(&entries);
        }
        let made = Node::map(entries, old.origin.clone());
        self.put_marks(field, made);
        Ok(())
    }

    /// Annotations that are a list: Kustomize takes its items for keys and values by turns, unless it had to take a note there.
    pub(super) fn pair_annotations(&mut self, noted: bool) -> Outcome {
        let Some(node) = self.node.at(&["metadata", "annotations"]) else { return Ok(()) };
        refuse_list(node)?;
        let Some(items) = node.as_seq() else { return Ok(()) };
        let wrong = |node: &Node, expected: &str, found: &str| {
            Fail::at(node.span(), format!("wrong node kind: expected {expected} but got {found}"))
        };
        if !items.is_empty() && (noted || self.notes.any()) {
            return Err(wrong(node, "MappingNode", "SequenceNode"));
        }
        let mut entries = Vec::new();
        for pair in items.chunks_exact(2) {
            let [key, value] = pair else { continue };
            if key.as_scalar().is_none() {
                return Err(wrong(key, "ScalarNode", "MappingNode"));
            }
            entries.push(Entry {
                key: tree::text(key).into(),
                key_origin: key.origin.clone(),
                value: Node::string(tree::text(value), value.origin.clone()),
            });
        }
        let made = Node::map(entries, node.origin.clone());
        self.put_marks("annotations", made);
        Ok(())
    }

    fn put_marks(&mut self, field: &str, made: Node) {
        if let Some(meta) = tree::get_mut(&mut self.node, "metadata") {
            if made.as_map().is_some_and(|map| map.entries.is_empty()) {
                tree::remove(meta, field);
            } else if let Some(place) = tree::get_mut(meta, field) {
                *place = made;
            }
        }
    }
}

/// Looks at the scalars at the end of a path, through lists.
fn each(node: &Node, path: &[String], look: &mut impl FnMut(&Node)) {
    match (&node.value, path.split_first()) {
        (Value::Seq(items), _) => items.iter().for_each(|item| each(item, path, look)),
        (Value::Map(_), Some((key, rest))) => node.get(key).into_iter().for_each(|node| each(node, rest, look)),
        (Value::Scalar(_), None) => look(node),
        _ => {}
    }
}

/// Puts a scalar at the ends of a path that are scalars.
fn replace_each(node: &mut Node, path: &[String], new: &Node) {
    match path.split_first() {
        _ if node.as_seq().is_some() => {
            tree::items_mut(node).into_iter().flatten().for_each(|item| replace_each(item, path, new));
        }
        Some((key, rest)) => tree::get_mut(node, key).into_iter().for_each(|node| replace_each(node, rest, new)),
        None if node.as_scalar().is_some() => *node = new.clone(),
        None => {}
    }
}

/// Labels or annotations that are a list: Kustomize falls over them.
pub(super) fn refuse_list(node: &Node) -> Outcome {
    match node.as_seq() {
        Some(items) if items.len() % 2 == 1 => {
            let message = "a list where labels or annotations are expected: runtime error: index out of range";
            Err(Fail::at(node.span(), message))
        }
        _ => Ok(()),
    }
}
