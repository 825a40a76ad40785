//! Every object with its Application, its namespace and its place in the sync.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::order::Schedule;
use super::{App, AppId, Facts, Object, ObjectId, Sources};
use crate::k8s::scope::{self, Scope};
use crate::k8s::text::{Text, is_generated};
use crate::k8s::{Resource, Word, Words};
use crate::source::SourceMap;
use crate::yaml::{Contribution, Entry, Mapping, Node, Origin, Role, TextPlaces};

/// The resources behind the objects, for the stages that read more of them.
pub struct Objects<'a> {
    texts: &'a SourceMap,
    resources: Vec<&'a Resource>,
    config_maps: BTreeMap<(Word, Word), ObjectId>,
}

/// Where the parts of a text stand; known once for all of them, since there can be many.
pub struct Parts {
    origin: Origin,
    places: Option<TextPlaces>,
}

impl Parts {
    /// Where a part stands, in bytes of the text.
    pub fn origin(&self, range: Range<usize>) -> Origin {
        let origin = &self.origin;
        let Some(places) = &self.places else { return origin.clone() };
        let first = Contribution { role: origin.role(), span: places.span(range) };
        Origin::made_of(first, origin.contributions().skip(1).collect())
    }
}

impl<'a> Objects<'a> {
    /// All objects with their resources, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, &'a Resource)> + '_ {
        self.resources.iter().enumerate().map(|(i, resource)| (ObjectId(i), *resource))
    }

    /// The resource behind an object.
    pub fn resource(&self, id: ObjectId) -> &'a Resource {
        self.resources[id.0]
    }

    /// Where a part of a text stands, inside the scalar that holds it.
    pub fn origin_within(&self, node: &Node, range: Range<usize>) -> Origin {
        if node.origin.role() != Role::Manifest {
            return node.origin.clone();
        }
        let anchor = Contribution { role: node.origin.role(), span: node.content_span(self.texts, range) };
        Origin::made_of(anchor, node.origin.contributions().skip(1).collect())
    }

    /// Where the parts of a text stand.
    pub fn parts(&self, text: &Text) -> Parts {
        let origin = text.origin.clone();
        let places = (origin.role() == Role::Manifest).then(|| TextPlaces::of(self.texts, &text.value, &origin));
        Parts { origin, places }
    }

    /// The entries of a ConfigMap that the repository makes.
    pub fn config_map(&self, namespace: &str, name: &str) -> Option<&'a [Entry]> {
        let key = |ns: &str| (Word::from(ns), Word::from(name));
        let id = self.config_maps.get(&key(namespace)).or_else(|| self.config_maps.get(&key("")))?;
        Some(self.resources[id.0].node.entries("data"))
    }
}

/// Records the objects.
pub fn collect<'a>(sources: &Sources<'a>, applications: Vec<(App, &'a [Resource])>, facts: &mut Facts) -> Objects<'a> {
    let mut objects = Objects { texts: sources.texts, resources: Vec::new(), config_maps: BTreeMap::new() };
    let scopes = Scopes::new(&applications);
    let mut words = Words::default();
    let mut schedules = Schedules::default();
    let nothing = words.of("");
    facts.objects.reserve_exact(applications.iter().map(|(_, resources)| resources.len()).sum());
    for (app, resources) in applications {
        let id = AppId(facts.apps.len());
        for resource in resources {
            let scope = scopes.of(resource);
            let named = resource.node.at(&["metadata", "name"]);
            let name = named.and_then(Word::of).unwrap_or_else(|| nothing.clone());
            let generated = resource.node.at(&["metadata", "generateName"]).and_then(Word::of);
            // Objects of kinds that nobody knows are taken to live in a namespace.
            let namespace = match scope {
                Some(Scope::Cluster) => nothing.clone(),
                _ => resource.namespace().map_or_else(|| app.namespace.clone(), |written| words.of(written)),
            };
            if (resource.group(), resource.kind()) == ("", "ConfigMap") {
                let key = (namespace.clone(), name.clone());
                objects.config_maps.entry(key).or_insert(ObjectId(facts.objects.len()));
            }
            // A name that a template composed says where its parts stand; the object begins where its kind is written. The
            // name of an Application that a release is called after stands in another file altogether.
            let kind = resource.node.get("kind");
            let templated = kind.is_some_and(|kind| kind.origin.role() == Role::Template);
            let written = |node: &&Node| match node.origin.role() {
                Role::Manifest | Role::Patch => !templated,
                role => role == Role::Values,
            };
            let shown = named.filter(written).or(kind);
            facts.objects.push(Object {
                app: id,
                group: words.of(resource.group()),
                kind: words.of(resource.kind()),
                name,
                generated: generated.unwrap_or_else(|| nothing.clone()),
                namespace,
                scope,
                schedule: schedules.of(resource),
                origin: shown.unwrap_or(&resource.node).origin.clone(),
                drawn: named.is_some_and(is_generated),
            });
            objects.resources.push(resource);
        }
        facts.apps.push(app);
    }
    objects
}

/// Schedules by the annotations that say them: the objects of many Applications may hold the same ones.
#[derive(Default)]
struct Schedules(BTreeMap<Option<*const Mapping>, Arc<Schedule>>);

impl Schedules {
    fn of(&mut self, resource: &Resource) -> Arc<Schedule> {
        let annotations = resource.node.at(&["metadata", "annotations"]).and_then(Node::as_map).map(std::ptr::from_ref);
        Arc::clone(self.0.entry(annotations).or_insert_with(|| Arc::new(Schedule::of(resource))))
    }
}

/// Where objects live, by the definitions that the Applications bring and by what is known anyway.
struct Scopes<'a> {
    defined: BTreeMap<(&'a str, &'a str), Scope>,
}

impl<'a> Scopes<'a> {
    fn new(applications: &[(App, &'a [Resource])]) -> Self {
        let resources = applications.iter().flat_map(|(_, resources)| resources.iter());
        let defined = resources.filter_map(scope::defined).map(|(group, kind, scope)| ((group, kind), scope));
        Self { defined: defined.collect() }
    }

    fn of(&self, resource: &Resource) -> Option<Scope> {
        let defined = self.defined.get(&(resource.group(), resource.kind())).copied();
        defined.or_else(|| scope::known(resource.group(), resource.kind()))
    }
}

/// Every text in a tree with its key, to a bounded depth: for looking up names that unknown kinds mention.
pub fn texts(node: &Node, depth: u32, visit: &mut impl FnMut(&str, &Node)) {
    if depth == 0 {
        return;
    }
    if let Some(map) = node.as_map() {
        for entry in &map.entries {
            if entry.value.as_scalar().is_some() {
                visit(&entry.key, &entry.value);
            } else {
                texts(&entry.value, depth - 1, visit);
            }
        }
    }
    for item in node.as_seq().unwrap_or_default() {
        texts(item, depth - 1, visit);
    }
}
