//! Every object with its Application, its namespace and its place in the sync.

use std::collections::BTreeMap;
use std::ops::Range;

use super::order::Schedule;
use super::{AppId, Facts, Object, ObjectId, Sources};
use crate::k8s::Resource;
use crate::k8s::scope::{self, Scope};
use crate::k8s::text::is_generated;
use crate::source::SourceMap;
use crate::yaml::{Contribution, Entry, Node, Origin, Role};

/// The resources behind the objects, for the stages that read more of them.
pub struct Objects<'a> {
    texts: &'a SourceMap,
    resources: Vec<&'a Resource>,
    config_maps: BTreeMap<(String, String), ObjectId>,
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

    /// The entries of a ConfigMap that the repository makes.
    pub fn config_map(&self, namespace: &str, name: &str) -> Option<&'a [Entry]> {
        let key = |ns: &str| (ns.to_owned(), name.to_owned());
        let id = self.config_maps.get(&key(namespace)).or_else(|| self.config_maps.get(&key("")))?;
        Some(self.resources[id.0].node.entries("data"))
    }
}

/// Records the objects.
pub fn collect<'a>(sources: &Sources<'a>, facts: &mut Facts) -> Objects<'a> {
    let mut objects = Objects { texts: sources.texts, resources: Vec::new(), config_maps: BTreeMap::new() };
    let scopes = Scopes::new(sources);
    facts.objects.reserve_exact(sources.applications.iter().map(|(_, resources)| resources.len()).sum());
    for (app, resources) in &sources.applications {
        let id = AppId(facts.apps.len());
        for resource in *resources {
            let scope = scopes.of(resource);
            // Objects of kinds that nobody knows are taken to live in a namespace.
            let namespace = match scope {
                Some(Scope::Cluster) => String::new(),
                _ => resource.namespace().unwrap_or(&app.namespace).to_owned(),
            };
            if (resource.group(), resource.kind()) == ("", "ConfigMap") {
                let key = (namespace.clone(), resource.name().to_owned());
                objects.config_maps.entry(key).or_insert(ObjectId(facts.objects.len()));
            }
            // A name that a template composed says where its parts stand; the object begins where its kind is written.
            let written = |node: &&Node| matches!(node.origin.role(), Role::Manifest | Role::Patch | Role::Values);
            let named = resource.node.at(&["metadata", "name"]);
            let name = named.filter(written);
            let name = name.or_else(|| resource.node.get("kind"));
            facts.objects.push(Object {
                app: id,
                group: resource.group().to_owned(),
                kind: resource.kind().to_owned(),
                name: resource.name().to_owned(),
                namespace,
                scope,
                schedule: Schedule::of(resource),
                origin: name.unwrap_or(&resource.node).origin.clone(),
                drawn: named.is_some_and(is_generated),
            });
            objects.resources.push(resource);
        }
        facts.apps.push(app.clone());
    }
    objects
}

/// Where objects live, by the definitions that the Applications bring and by what is known anyway.
struct Scopes<'a> {
    defined: BTreeMap<(&'a str, &'a str), Scope>,
}

impl<'a> Scopes<'a> {
    fn new(sources: &Sources<'a>) -> Self {
        let resources = sources.applications.iter().flat_map(|(_, resources)| resources.iter());
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
