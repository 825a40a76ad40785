//! What makes Secrets and ConfigMaps, and with which keys. Values never leave this file: only their shape does.
//!
//! Kinds whose rule is "a Secret of this name comes with it" are the catalogue's (`rules/catalog/secrets.yaml`); here are
//! those whose keys have to be read out of the resource.

use super::argo::Cluster;
use super::text::{Shape, Text, conceal, is_generated};
use super::workload::Source;
use super::{Resource, registry};
use crate::source::{SourceMap, Span};
use crate::yaml::{Contribution, Entry, Node, Origin};

/// How many places of a value are asked what they say.
const PLACES: usize = 256;

/// Something that makes a Secret or a ConfigMap.
#[derive(Debug, Clone)]
pub struct Produced {
    /// What it makes.
    pub source: Source,
    /// The name of what it makes.
    pub name: Text,
    /// The keys, where they are known.
    pub keys: Keys,
    /// Whether it adds to a Secret that something else makes.
    pub merges: bool,
    /// The store it reads, for an external secret: kind and name.
    pub store: Option<(String, Text)>,
    /// Values that are written in Git, with their keys and what they look like.
    pub written: Vec<(Text, Shape)>,
    /// The same for one that several namespaces get (ClusterExternalSecret).
    pub any_namespace: bool,
}

/// The keys of a Secret.
#[derive(Debug, Clone)]
pub enum Keys {
    /// These and no others.
    Known(Vec<Text>),
    /// At least these.
    AtLeast(Vec<Text>),
}

impl Keys {
    /// Whether a key is there; `None` where that cannot be known.
    pub fn has(&self, key: &str) -> Option<bool> {
        let (keys, closed) = match self {
            Keys::Known(keys) => (keys, true),
            Keys::AtLeast(keys) => (keys, false),
        };
        if keys.iter().any(|k| k.value == key) {
            return Some(true);
        }
        closed.then_some(false)
    }

    /// The keys that are known.
    pub fn known(&self) -> &[Text] {
        match self {
            Keys::Known(keys) | Keys::AtLeast(keys) => keys,
        }
    }
}

/// What a resource makes. Conceals every secret value on the way.
pub fn produced(resource: &Resource, sources: &SourceMap) -> Vec<Produced> {
    let node = &resource.node;
    let made = match (resource.group(), resource.kind()) {
        ("", "Secret") => secret(node, sources),
        ("", "ConfigMap") => config_map(node),
        ("bitnami.com", "SealedSecret") => sealed(node),
        ("external-secrets.io", "ExternalSecret") => node.get("spec").and_then(|spec| external(node, spec, sources)),
        ("external-secrets.io", "ClusterExternalSecret") => node.at(&["spec", "externalSecretSpec"]).and_then(|spec| {
            let mut made = external(node, spec, sources)?;
            if spec.at(&["target", "name"]).is_none() {
                made.name = Text::at(node, &["spec", "externalSecretName"]).unwrap_or(made.name);
            }
            made.any_namespace = true;
            Some(made)
        }),
        ("secrets.hashicorp.com", "VaultStaticSecret" | "VaultDynamicSecret" | "VaultPKISecret") => vault(node),
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => return provider_class(node),
        ("cert-manager.io", "Certificate") => certificate(node),
        _ => None,
    };
    made.into_iter().collect()
}

impl Produced {
    fn new(source: Source, name: Text, keys: Keys) -> Self {
        Self { source, name, keys, merges: false, store: None, written: Vec::new(), any_namespace: false }
    }
}

fn key_texts(entries: &[Entry]) -> impl Iterator<Item = Text> {
    entries.iter().map(|e| Text { value: e.key.clone().into(), origin: e.key_origin.clone() })
}

fn secret(node: &Node, sources: &SourceMap) -> Option<Produced> {
    let encrypted = node.get("sops").is_some();
    let mut keys = Vec::new();
    let mut written = Vec::new();
    for field in ["data", "stringData"] {
        for entry in node.entries(field) {
            let key = Text { value: entry.key.clone().into(), origin: entry.key_origin.clone() };
            let (shape, origin) = conceal_secret(entry, field == "data", sources);
            if !encrypted {
                written.push((Text { value: key.value.clone(), origin }, shape));
            }
            keys.push(key);
        }
    }
    // What registers a cluster keeps the credential inside a text of JSON.
    if let Some(cluster) = Cluster::new(node).filter(|_| !encrypted) {
        let config = ["stringData", "data"].iter().find_map(|field| node.at(&[field, "config"]));
        let held = cluster.credentials().into_iter().zip(std::iter::repeat(config));
        written.extend(held.filter_map(|(name, config)| {
            Some((Text { value: name.into(), origin: config?.origin.clone() }, Shape::Value))
        }));
    }
    // Kubernetes fills a token Secret in; whoever annotates one for a controller lets that controller fill it.
    let token = node.str_at("type") == Some("kubernetes.io/service-account-token");
    let filled_by_others = token || keys.is_empty();
    let keys = if filled_by_others { Keys::AtLeast(keys) } else { Keys::Known(keys) };
    let mut made = Produced::new(Source::Secret, Text::named(node)?, keys);
    made.written = written;
    Some(made)
}

/// Conceals a value of a Secret; base64 is looked through for its shape only. With it goes the place to change.
fn conceal_secret(entry: &Entry, encoded: bool, sources: &SourceMap) -> (Shape, Origin) {
    use base64::Engine;
    let node = &entry.value;
    let shape = conceal(node, sources);
    let text = node.as_text().unwrap_or("");
    let decoded = || {
        let compact: String = text.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(compact).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let origin = || node.origin.clone();
    let held = if !encoded { Some(text.to_owned()) } else { (Shape::of(text) == Shape::Value).then(decoded).flatten() };
    let Some(held) = held else { return (shape, origin()) };
    let is_made = |shape: Shape| shape == Shape::Value && is_generated(node);
    match registry::login(&entry.key, &held) {
        Some((shape, _)) if is_made(shape) => (Shape::Reference, origin()),
        Some((shape, password)) => (shape, said_by(node, &password, sources)),
        None if !encoded => (shape, origin()),
        None => {
            let shape = Shape::of(&held);
            (if is_made(shape) { Shape::Reference } else { shape }, origin())
        }
    }
}

/// The places of a value, first the one that says a password of it and nothing else.
fn said_by(node: &Node, password: &str, sources: &SourceMap) -> Origin {
    let is_short = |span: Span| (span.end.saturating_sub(span.start)) as usize <= password.len() + 2;
    let says = |part: &Contribution| {
        let said = is_short(part.span).then(|| sources.slice(part.span)).flatten();
        said.is_some_and(|text| text.trim_matches(['"', '\'']) == password)
    };
    let mut parts: Vec<Contribution> = node.origin.contributions().collect();
    match parts.iter().take(PLACES).position(says) {
        Some(at) if at > 0 => {
            let anchor = parts.remove(at);
            Origin::made_of(anchor, parts)
        }
        _ => node.origin.clone(),
    }
}

fn config_map(node: &Node) -> Option<Produced> {
    let keys = ["data", "binaryData"].iter().flat_map(|field| key_texts(node.entries(field))).collect();
    Some(Produced::new(Source::ConfigMap, Text::named(node)?, Keys::Known(keys)))
}

fn sealed(node: &Node) -> Option<Produced> {
    let name = Text::at(node, &["spec", "template", "metadata", "name"]).or_else(|| Text::named(node));
    let mut keys: Vec<Text> = key_texts(node.at(&["spec"])?.entries("encryptedData")).collect();
    if let Some(template) = node.at(&["spec", "template"]) {
        keys.extend(key_texts(template.entries("data")));
    }
    Some(Produced::new(Source::Secret, name?, Keys::Known(keys)))
}

fn external(node: &Node, spec: &Node, sources: &SourceMap) -> Option<Produced> {
    let target = spec.get("target");
    let name = target.and_then(|t| Text::at(t, &["name"])).or_else(|| Text::named(node))?;
    let policy = target.and_then(|t| t.str_at("creationPolicy")).unwrap_or("Owner");
    if policy == "None" {
        return None;
    }
    let template = target.and_then(|t| t.get("template"));
    let mut keys: Vec<Text> = Vec::new();
    let mut open = false;
    let replaces = template.is_some_and(|t| {
        t.str_at("mergePolicy") != Some("Merge") && (t.get("data").is_some() || t.get("templateFrom").is_some())
    });
    if let Some(template) = template {
        keys.extend(key_texts(template.entries("data")));
        open |= template.get("templateFrom").is_some();
        for entry in template.entries("data") {
            // A template may hold a password between its fields. Who logs in is no secret, and rules speak of it.
            let login = matches!(&*entry.key, "username" | "user");
            if !login && entry.value.as_text().is_some_and(|text| !text.contains("{{")) {
                conceal(&entry.value, sources);
            }
        }
    }
    if !replaces {
        keys.extend(spec.items("data").iter().filter_map(|item| Text::at(item, &["secretKey"])));
        open |= !spec.items("dataFrom").is_empty();
    }
    let mut made = Produced::new(Source::Secret, name, if open { Keys::AtLeast(keys) } else { Keys::Known(keys) });
    made.merges = policy == "Merge";
    made.store = spec.get("secretStoreRef").and_then(|store| {
        Some((store.str_at("kind").unwrap_or("SecretStore").to_owned(), Text::at(store, &["name"])?))
    });
    Some(made)
}

fn vault(node: &Node) -> Option<Produced> {
    let destination = node.at(&["spec", "destination"])?;
    let templates = destination.at(&["transformation", "templates"]).and_then(Node::as_map);
    let keys = templates.map(|map| key_texts(&map.entries).collect()).unwrap_or_default();
    let mut made = Produced::new(Source::Secret, Text::at(destination, &["name"])?, Keys::AtLeast(keys));
    made.merges = destination.get("create").and_then(Node::as_bool) != Some(true);
    Some(made)
}

fn provider_class(node: &Node) -> Vec<Produced> {
    let objects = node.get("spec").map(|spec| spec.items("secretObjects")).unwrap_or_default();
    let made = objects.iter().filter_map(|object| {
        let keys = object.items("data").iter().filter_map(|item| Text::at(item, &["key"])).collect();
        Some(Produced::new(Source::Secret, Text::at(object, &["secretName"])?, Keys::Known(keys)))
    });
    made.collect()
}

fn certificate(node: &Node) -> Option<Produced> {
    let name = Text::at(node, &["spec", "secretName"])?;
    let key = |value: &str| Text { value: value.into(), origin: name.origin.clone() };
    let mut keys = vec![key("tls.crt"), key("tls.key"), key("ca.crt")];
    if let Some(stores) = node.at(&["spec", "keystores"]) {
        keys.extend(stores.get("jks").iter().flat_map(|_| [key("keystore.jks"), key("truststore.jks")]));
        keys.extend(stores.get("pkcs12").iter().flat_map(|_| [key("keystore.p12"), key("truststore.p12")]));
    }
    for format in node.at(&["spec"])?.items("additionalOutputFormats") {
        match format.str_at("type") {
            Some("CombinedPEM") => keys.push(key("tls-combined.pem")),
            Some("DER") => keys.push(key("key.der")),
            _ => {}
        }
    }
    Some(Produced::new(Source::Secret, name.clone(), Keys::Known(keys)))
}
