//! What makes the Secrets, ConfigMaps, accounts and claims that workloads need.

use std::collections::BTreeMap;

use super::addresses::without_passwords;
use super::objects::{Objects, texts};
use super::{Facts, ObjectId, Producer, Reference, Sources, Written, places, settings};
use crate::catalog::MadeSecret;
use crate::finding::Certainty;
use crate::k8s::secret::{self, Keys};
use crate::k8s::text::{Shape, Text};
use crate::k8s::workload::{self, Source};
use crate::k8s::{Resource, Word, copied, database, store};
use crate::sql::{flyway, parse_url, scan};
use crate::yaml::{Entry, Node, Origin};

/// How deep a resource of an unknown kind is searched for the names of Secrets.
const DEPTH: u32 = 24;

/// Records the producers.
pub fn collect(sources: &Sources, objects: &Objects, facts: &mut Facts) {
    let mut producers = Vec::new();
    for (id, resource) in objects.iter() {
        facts.references.extend(references(id, resource));
        producers.extend(read(sources, objects, id, resource, facts));
    }
    for (at, producer) in producers.iter().enumerate() {
        let names = facts.producer_ids.entry(producer.kind).or_default();
        names.entry(producer.name.clone()).or_default().push((producer.namespace.clone(), at));
    }
    for known in facts.producer_ids.values_mut().flat_map(BTreeMap::values_mut) {
        known.sort();
        known.shrink_to_fit();
    }
    facts.producers = producers;
}

fn read(sources: &Sources, objects: &Objects, id: ObjectId, resource: &Resource, facts: &Facts) -> Vec<Producer> {
    let own = &facts.objects[id.0].namespace;
    let make = |kind: &'static str, name: Text, keys: Keys, certainty: Certainty| Producer {
        object: id,
        kind,
        namespace: own.clone(),
        name: name.value,
        origin: name.origin,
        keys,
        merges: false,
        certainty,
        written: Vec::new(),
        texts: Vec::new(),
    };
    let mut all = Vec::new();
    for made in secret::produced(resource, sources.texts) {
        let kind = if made.source == Source::Secret { "Secret" } else { "ConfigMap" };
        let any = made.any_namespace;
        let mut producer = make(kind, made.name, made.keys, Certainty::Literal);
        producer.merges = made.merges;
        let written = |(key, shape): (Text, _)| Written { name: key.value, shape, origin: key.origin };
        producer.written = made.written.into_iter().map(written).collect();
        if any {
            producer.namespace = "*".into();
        }
        if kind == "ConfigMap" {
            let data = resource.node.entries("data").iter();
            producer.texts = data.filter_map(|e| Some((e.key.clone().into(), Text::of(&e.value)?))).collect();
            producer.written =
                resource.node.entries("data").iter().flat_map(|e| in_file(sources, objects, e)).collect();
        }
        all.push(producer);
    }
    if !all.is_empty() {
        for namespace in copied::namespaces(resource) {
            let copies: Vec<Producer> =
                all.iter().filter(|made| made.namespace == *own).map(|made| copy(made, &namespace)).collect();
            all.extend(copies);
        }
        return all;
    }
    let name = Text::named(&resource.node);
    let nothing = || Keys::AtLeast(Vec::new());
    if let Some(store) = store::store(resource) {
        all.push(make(store.kind, store.name, nothing(), Certainty::Literal));
    }
    match (resource.group(), resource.kind()) {
        ("", "ServiceAccount") => all.extend(name.map(|n| make("ServiceAccount", n, nothing(), Certainty::Literal))),
        ("", "PersistentVolumeClaim") => {
            all.extend(name.map(|n| make("PersistentVolumeClaim", n, nothing(), Certainty::Literal)));
        }
        ("apps", "StatefulSet") => all.extend(claims(resource).map(|(name, origin)| {
            make("PersistentVolumeClaim", Text { value: name, origin }, nothing(), Certainty::Literal)
        })),
        _ => {}
    }
    for declared in database::declared(resource) {
        let made = declared.secrets.into_iter().filter(|s| s.made);
        all.extend(made.map(|s| make("Secret", s.name, nothing(), Certainty::Literal)));
    }
    if let Some(server) = database::server(resource) {
        let made = server.superuser.into_iter().filter(|s| s.made);
        all.extend(made.map(|s| make("Secret", s.name, nothing(), Certainty::Literal)));
    }
    all.extend(by_catalogue(sources, resource, &make));
    all.extend(mentioned(resource, &all, &make));
    dedup(all)
}

/// What a controller makes of something in another namespace, beside what may be there.
fn copy(made: &Producer, namespace: &str) -> Producer {
    Producer { namespace: namespace.into(), merges: true, written: Vec::new(), ..made.clone() }
}

/// What an external secret, a PushSecret or a login to Vault names.
fn references(object: ObjectId, resource: &Resource) -> Vec<Reference> {
    let to = |kind: &'static str, name: Text| Reference { object, kind, name: name.value, origin: name.origin };
    let mut found: Vec<Reference> = store::read_by(resource).into_iter().map(|it| to(it.kind, it.name)).collect();
    if let Some(push) = store::push(resource) {
        found.extend(push.stores.into_iter().map(|it| to(it.kind, it.name)));
        found.extend(push.secret.map(|name| to("Secret", name)));
    }
    found.extend(store::vault_auth(resource).map(|auth| to("ServiceAccount", auth.account)));
    found
}

/// Passwords in a file that a ConfigMap holds: Flyway's settings, and SQL that makes roles.
fn in_file(sources: &Sources, objects: &Objects, entry: &Entry) -> Vec<Written> {
    let text = entry.value.as_text().unwrap_or("");
    let mut found: Vec<(String, std::ops::Range<usize>)> = Vec::new();
    if let Some(config) = settings::read(&entry.key, text) {
        let secret = |e: &flyway::Entry| !e.is_empty && e.text.is_none();
        found.extend(config.entries.into_iter().filter(secret).map(|e| (e.key, e.span)));
    }
    if entry.key.ends_with(".sql") {
        found.extend(scan(text).passwords.into_iter().map(|range| (entry.key.to_string(), range)));
    }
    let written = found.into_iter().map(|(name, range)| {
        let shape = shape(text.get(range.clone()).unwrap_or(""));
        let said = text.get(range.clone()).unwrap_or("").trim_matches('\'');
        let password = without_passwords(said).and_then(|(_, passwords)| passwords.first().copied()).unwrap_or(said);
        let origin = places::of_password(sources, &objects.origin_within(&entry.value, range), password);
        sources.texts.mask(origin.anchor());
        Written { name: name.into(), shape, origin }
    });
    written.collect()
}

/// The shape of a password, or of the password in a URL.
fn shape(text: &str) -> Shape {
    match parse_url(text) {
        Some(url) if text.contains("://") => {
            if url.literal_password {
                Shape::Value
            } else {
                Shape::Reference
            }
        }
        _ => Shape::of(text.trim_matches('\'')),
    }
}

/// Secrets that come with a resource by the catalogue's word.
fn by_catalogue(
    sources: &Sources,
    resource: &Resource,
    make: &dyn Fn(&'static str, Text, Keys, Certainty) -> Producer,
) -> Vec<Producer> {
    let made = sources.catalog.made_secrets(resource.group(), resource.kind(), &resource.node);
    let producer = |made: MadeSecret| {
        let origin = Origin::literal(made.span);
        let keys = made.keys.into_iter().map(|value| Text { value: value.into(), origin: origin.clone() }).collect();
        let keys = if made.open { Keys::AtLeast(keys) } else { Keys::Known(keys) };
        let mut producer =
            make("Secret", Text { value: made.name.into(), origin: origin.clone() }, keys, Certainty::Rendered);
        if made.cluster {
            producer.namespace = "*".into();
        }
        producer
    };
    made.into_iter().map(producer).collect()
}

/// Kinds that nobody here knows may well make the Secrets that they name; nothing may be called missing because of them.
fn mentioned(
    resource: &Resource,
    known: &[Producer],
    make: &dyn Fn(&'static str, Text, Keys, Certainty) -> Producer,
) -> Vec<Producer> {
    let third_party = resource.group().contains('.') && !resource.group().ends_with(".k8s.io");
    let consumes = matches!(resource.group(), "argoproj.io" | "apps.openshift.io" | "external-secrets.io")
        || !workload::pods(resource).is_empty();
    if !third_party || consumes || !known.is_empty() {
        return Vec::new();
    }
    let mut names: BTreeMap<Word, Text> = BTreeMap::new();
    let mut note = |node: &Node| {
        if let Some(text) = Text::of(node).filter(|t| is_object_name(&t.value)) {
            names.entry(text.value.clone()).or_insert(text);
        }
    };
    texts(&resource.node, DEPTH, &mut |key, node| {
        if key.to_ascii_lowercase().contains("secret") || key == "name" {
            note(node);
        }
    });
    let nothing = || Keys::AtLeast(Vec::new());
    names.into_values().map(|name| make("Secret", name, nothing(), Certainty::Inferred)).collect()
}

fn is_object_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// The claims that a StatefulSet makes, as patterns of their names' beginnings.
fn claims(resource: &Resource) -> impl Iterator<Item = (Word, crate::yaml::Origin)> + '_ {
    let templates = resource.node.get("spec").map(|spec| spec.items("volumeClaimTemplates")).unwrap_or_default();
    templates.iter().filter_map(|template| {
        let name = Text::at(template, &["metadata", "name"])?;
        Some((name.value, name.origin))
    })
}

fn dedup(all: Vec<Producer>) -> Vec<Producer> {
    let mut kept: Vec<Producer> = Vec::new();
    for producer in all {
        if !kept.iter().any(|k| k.kind == producer.kind && k.name == producer.name && k.namespace == producer.namespace)
        {
            kept.push(producer);
        }
    }
    kept
}
