//! Kubernetes objects: the untyped [`Resource`] that rendering gives, and typed views of the kinds that the domain needs.
//!
//! Views read what is there and say where; they judge nothing.

pub mod argo;
pub mod copied;
pub mod database;
pub mod rbac;
mod registry;
pub mod scope;
pub mod secret;
pub mod store;
pub mod text;
mod word;
pub mod workload;

use crate::source::Span;
use crate::yaml::Node;

pub use word::{Word, Words};

/// Whether Kubernetes takes a text for the name of most objects (RFC 1123, a subdomain). What it does not take is a token that
/// people fill in, more often than not.
pub fn is_name(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        let ends = bytes.first().is_some_and(|b| edge(*b)) && bytes.last().is_some_and(|b| edge(*b));
        ends && bytes.iter().all(|&b| edge(b) || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

/// One object that would be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The whole object; every value with its origin.
    pub node: Node,
}

impl Resource {
    /// Takes a document for an object if it has a kind and an apiVersion.
    pub fn new(node: Node) -> Option<Self> {
        let named = node.str_at("kind").is_some() && node.str_at("apiVersion").is_some();
        named.then_some(Self { node })
    }

    /// `group/version`, or `v1`.
    pub fn api_version(&self) -> &str {
        self.node.str_at("apiVersion").unwrap_or("")
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        self.node.str_at("kind").unwrap_or("")
    }

    /// `metadata.name`; empty where there is none (`generateName`).
    pub fn name(&self) -> &str {
        self.node.at(&["metadata", "name"]).and_then(Node::as_text).unwrap_or("")
    }

    /// `metadata.namespace`, as written.
    pub fn namespace(&self) -> Option<&str> {
        self.node.at(&["metadata", "namespace"]).and_then(Node::as_text).filter(|ns| !ns.is_empty())
    }

    /// An annotation.
    pub fn annotation(&self, key: &str) -> Option<&Node> {
        self.node.at(&["metadata", "annotations", key])
    }

    /// A label.
    pub fn label(&self, key: &str) -> Option<&Node> {
        self.node.at(&["metadata", "labels", key])
    }

    /// Where to point when the object as a whole is meant: its name, or its kind.
    pub fn span(&self) -> Span {
        let name = self.node.at(&["metadata", "name"]).or_else(|| self.node.get("kind"));
        name.unwrap_or(&self.node).span()
    }
}
