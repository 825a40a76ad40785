//! Clusters as Argo CD knows them: the Secrets that register them, and the objects of which an operator makes such a Secret
//! (`util/db/cluster.go: SecretToCluster`).
//!
//! Such a Secret keeps credentials: of its values only the cluster's name, address and project leave this module.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value as Json;

use crate::k8s::is_name;
use crate::k8s::text::Shape;
use crate::source::Span;
use crate::yaml::{Meaning, Node};

/// The label by which Argo CD knows its Secrets.
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// Go's decoder is as lenient about the last bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A Secret that registers a cluster, or what makes one.
#[derive(Debug, Clone, Copy)]
pub struct Cluster<'a> {
    /// The object.
    pub node: &'a Node,
    maker: Option<Maker<'a>>,
}

/// An operator's object of which it makes a Secret.
#[derive(Debug, Clone, Copy)]
enum Maker<'a> {
    Sealed(Option<&'a Node>),
    External(Option<&'a Node>),
}

/// What is known of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Its text.
    Text(Node),
    /// There is none.
    Absent,
    /// It is encrypted, kept elsewhere or filled in later.
    Hidden,
}

/// Why a Secret registers no cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// The API server refuses the object.
    Refused(Span, String),
    /// Argo CD cannot read its `config`.
    Unreadable(Span, String),
}

impl<'a> Cluster<'a> {
    /// Views an object, if it registers a cluster.
    pub fn new(node: &'a Node) -> Option<Self> {
        let maker = match node.str_at("kind")? {
            "Secret" => None,
            "SealedSecret" => Some(Maker::Sealed(node.at(&["spec", "template"]))),
            "ExternalSecret" => Some(Maker::External(node.at(&["spec", "target", "template"]))),
            _ => return None,
        };
        let cluster = Self { node, maker };
        let label = cluster.metadata()?.at(&["labels", SECRET_TYPE])?;
        matches!(label.meaning(), Some(Meaning::Str(kind)) if kind == "cluster").then_some(cluster)
    }

    /// Whether an operator makes the Secret.
    pub fn is_made(&self) -> bool {
        self.maker.is_some()
    }

    /// Whether the Secret has a name that there can be. `cluster-CLUSTER_NAME` is what people copy, and no cluster.
    pub fn is_filled_in(&self) -> bool {
        is_name(self.secret())
    }

    /// The metadata of the Secret: External Secrets copies its object's own where there is no template.
    pub fn metadata(&self) -> Option<&'a Node> {
        match self.maker {
            Some(Maker::Sealed(template) | Maker::External(template @ Some(_))) => template?.get("metadata"),
            None | Some(Maker::External(None)) => self.node.get("metadata"),
        }
    }

    /// The name of the Secret.
    pub fn secret(&self) -> &'a str {
        let paths: &[&[&str]] = match self.maker {
            None => &[&["metadata", "name"]],
            Some(Maker::Sealed(_)) => &[&["spec", "template", "metadata", "name"], &["metadata", "name"]],
            Some(Maker::External(_)) => &[&["spec", "target", "name"], &["metadata", "name"]],
        };
        paths.iter().find_map(|path| self.node.at(path)?.as_text()).unwrap_or("")
    }

    /// A field that is no secret: `name`, `server`, `project`.
    pub fn field(&self, key: &str) -> Field {
        match self.maker {
            None => self.written(key),
            Some(Maker::Sealed(template)) => {
                let sealed = self.node.at(&["spec", "encryptedData", key]).is_some();
                templated(template, key).unwrap_or(if sealed { Field::Hidden } else { Field::Absent })
            }
            Some(Maker::External(template)) => templated(template, key).unwrap_or_else(|| {
                let pulls = |key: &str| {
                    let spec = self.node.get("spec");
                    let listed = spec.map_or(&[][..], |spec| spec.items("data"));
                    let whole = spec.is_some_and(|spec| !spec.items("dataFrom").is_empty());
                    whole || listed.iter().any(|item| item.str_at("secretKey") == Some(key))
                };
                let open = template.is_some_and(|template| template.get("templateFrom").is_some());
                let replaced = template.is_some_and(|template| {
                    template.get("data").is_some() && template.str_at("mergePolicy") != Some("Merge")
                });
                if open || (!replaced && pulls(key)) { Field::Hidden } else { Field::Absent }
            }),
        }
    }

    /// The text of a field that is no secret; empty where it is not known.
    pub fn text(&self, key: &str) -> String {
        match self.field(key) {
            Field::Text(node) => node.as_str().unwrap_or("").to_owned(),
            Field::Absent | Field::Hidden => String::new(),
        }
    }

    /// `stringData` wins over `data`, which is decoded.
    fn written(&self, key: &str) -> Field {
        match self.value(key) {
            None => Field::Absent,
            Some((_, None)) => Field::Hidden,
            Some((_, Some(text))) if self.node.get("sops").is_some() || is_filled_in(&text) => Field::Hidden,
            Some((at, Some(text))) => Field::Text(Node::string(text, at.origin.clone())),
        }
    }

    /// The place of a value, and the value if it can be read.
    fn value(&self, key: &str) -> Option<(&'a Node, Option<String>)> {
        if let Some(plain) = self.node.at(&["stringData", key]).filter(|value| !value.is_null()) {
            return Some((plain, plain.as_text().map(str::to_owned)));
        }
        let encoded = self.node.at(&["data", key]).filter(|value| !value.is_null())?;
        Some((encoded, encoded.as_text().and_then(decoded)))
    }

    /// The fields of `config` that hold a credential in plain text.
    pub fn credentials(&self) -> Vec<&'static str> {
        let config = self.value("config").and_then(|(_, config)| config).filter(|_| !self.is_made());
        let Some(json) = config.and_then(|config| serde_json::from_str::<Json>(&config).ok()) else {
            return Vec::new();
        };
        let field = |json: &Json, name: &str| {
            let known = json.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            known.map(|(_, value)| value.clone())
        };
        let written = |value: Option<Json>| {
            value.as_ref().and_then(Json::as_str).is_some_and(|text| Shape::of(text) == Shape::Value)
        };
        let tls = field(&json, "tlsClientConfig").unwrap_or_default();
        let own = ["bearerToken", "password"].into_iter().filter(|name| written(field(&json, name)));
        own.chain(["keyData"].into_iter().filter(|name| written(field(&tls, name)))).collect()
    }

    /// Why the Secret registers no cluster. What is encrypted or filled in later is not judged.
    pub fn unfit(&self) -> Option<Unfit> {
        if self.maker.is_some() || self.node.get("sops").is_some() {
            return None;
        }
        for entry in self.node.entries("data").iter().filter(|entry| !entry.value.is_null()) {
            let text = entry.value.as_text().unwrap_or("");
            if decoded(text).is_none() && !is_filled_in(text) {
                let message = format!("`data.{}` is no base64", entry.key);
                return Some(Unfit::Refused(entry.value.span(), message));
            }
        }
        let (at, config) = self.value("config")?;
        let config = config.filter(|config| !config.is_empty() && !is_filled_in_json(config))?;
        let message = match serde_json::from_str::<Json>(&config) {
            Err(_) => "`config` is no JSON".to_owned(),
            Ok(json) => misfit(&json, &Type::Object(CONFIG), "config")?,
        };
        Some(Unfit::Unreadable(at.span(), message))
    }
}

/// What a template says of a key.
fn templated(template: Option<&Node>, key: &str) -> Option<Field> {
    let value = template?.at(&["data", key])?;
    Some(match value.as_text() {
        Some(text) if !is_filled_in(text) => Field::Text(Node::string(text, value.origin.clone())),
        _ => Field::Hidden,
    })
}

fn decoded(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    BASE64.decode(compact).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether something fills a text in before it reaches a cluster: no name or address has such signs.
fn is_filled_in(text: &str) -> bool {
    text.contains(['<', '{', '$']) || text.starts_with("ENC[")
}

/// The same of a text of JSON, which has braces of its own.
fn is_filled_in_json(text: &str) -> bool {
    ["{{", "${", "<", "ENC["].iter().any(|sign| text.contains(sign))
}

/// What a field of a cluster's `config` holds.
enum Type {
    Text,
    Flag,
    Bytes,
    Texts,
    TextByName,
    Object(&'static [(&'static str, Type)]),
}

/// `pkg/apis/application/v1alpha1/types.go: ClusterConfig`.
const CONFIG: &[(&str, Type)] = &[
    ("username", Type::Text),
    ("password", Type::Text),
    ("bearerToken", Type::Text),
    ("tlsClientConfig", Type::Object(TLS)),
    ("awsAuthConfig", Type::Object(AWS)),
    ("execProviderConfig", Type::Object(EXEC)),
    ("disableCompression", Type::Flag),
    ("proxyUrl", Type::Text),
];

const TLS: &[(&str, Type)] = &[
    ("insecure", Type::Flag),
    ("serverName", Type::Text),
    ("certData", Type::Bytes),
    ("keyData", Type::Bytes),
    ("caData", Type::Bytes),
];

const AWS: &[(&str, Type)] = &[("clusterName", Type::Text), ("roleARN", Type::Text), ("profile", Type::Text)];

const EXEC: &[(&str, Type)] = &[
    ("command", Type::Text),
    ("args", Type::Texts),
    ("env", Type::TextByName),
    ("apiVersion", Type::Text),
    ("installHint", Type::Text),
    ("provideClusterInfo", Type::Flag),
];

/// Why Go's JSON reader does not take a value. Names of fields are told apart without their case, as there.
fn misfit(json: &Json, of: &Type, path: &str) -> Option<String> {
    let wrong = |what: &str| Some(format!("`{path}` must be {what}"));
    match (of, json) {
        (_, Json::Null) | (Type::Text, Json::String(_)) | (Type::Flag, Json::Bool(_)) => None,
        (Type::Bytes, Json::String(text)) => match decoded(text) {
            Some(_) => None,
            None => Some(format!("`{path}` is no base64")),
        },
        (Type::Texts, Json::Array(items)) => items.iter().find_map(|item| misfit(item, &Type::Text, path)),
        (Type::TextByName, Json::Object(map)) => map.values().find_map(|value| misfit(value, &Type::Text, path)),
        (Type::Object(fields), Json::Object(map)) => map.iter().find_map(|(key, value)| {
            let (name, of) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
            misfit(value, of, &format!("{path}.{name}"))
        }),
        (Type::Text | Type::Bytes, _) => wrong("a string"),
        (Type::Flag, _) => wrong("a boolean"),
        (Type::Texts, _) => wrong("a list of strings"),
        (Type::TextByName | Type::Object(_), _) => wrong("an object"),
    }
}
