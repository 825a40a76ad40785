//! Which Secrets a resource's controller makes: their names, their keys as far as they are known, and what they are for.

use serde::Deserialize;

use super::pattern::fits;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// What a made Secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretRole {
    /// It opens everything in a database.
    Superuser,
    /// An application's own credential.
    Application,
    /// Certificates and their keys.
    Certificate,
    /// The administrator of a product.
    Admin,
    /// A token.
    Token,
    /// What it is for is the project's affair.
    Other,
}

/// A Secret that a resource's controller makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeSecret {
    /// Its name.
    pub name: String,
    /// The keys that are known.
    pub keys: Vec<String>,
    /// Whether it may have others too.
    pub open: bool,
    /// What it is for.
    pub role: SecretRole,
    /// Whether it is made in namespaces that the resource does not name.
    pub cluster: bool,
    /// Where the resource says the name.
    pub span: Span,
}

/// A name that the cluster brings itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WellKnown {
    /// `Secret`, `ConfigMap` or `ServiceAccount`.
    pub kind: String,
    /// The name; `*` allowed.
    pub name: String,
    /// Who makes it.
    pub by: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretFile {
    pub resources: Vec<Maker>,
    pub wellknown: Vec<WellKnown>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Maker {
    pub group: String,
    pub kind: String,
    #[serde(default)]
    annotated: Vec<String>,
    secrets: Vec<Made>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    name: String,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    keys_at: Vec<String>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    open_if: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    cluster: bool,
    /// `_` of a user's name is `-` in the secret's.
    #[serde(default)]
    dashes: bool,
    /// Fields of one item of this list belong together.
    #[serde(default)]
    zip: Option<String>,
    role: SecretRole,
}

/// The most secrets that one resource is taken to make.
const MOST: usize = 500;

impl SecretFile {
    /// Whether resources of a kind make Secrets.
    pub fn makes(&self, group: &str, kind: &str) -> bool {
        self.resources.iter().any(|maker| maker.group == group && maker.kind == kind)
    }

    /// The Secrets that a resource's controller makes.
    pub fn made_by(&self, group: &str, kind: &str, node: &Node) -> Vec<MadeSecret> {
        let mut found = Vec::new();
        for maker in self.resources.iter().filter(|maker| fits(&maker.group, group) && fits(&maker.kind, kind)) {
            let annotated = |key: &String| node.at(&["metadata", "annotations", key]).is_some();
            if !maker.annotated.is_empty() && !maker.annotated.iter().any(annotated) {
                continue;
            }
            for made in &maker.secrets {
                made.of(node, &mut found);
            }
        }
        found.truncate(MOST);
        found
    }
}

impl Made {
    fn of(&self, node: &Node, found: &mut Vec<MadeSecret>) {
        let is_there = |path: &String| {
            let values = at(node, path);
            !values.is_empty() && values.iter().any(|(text, _)| text.as_deref() != Some("false"))
        };
        if self.unless.iter().any(is_there) || !self.only.iter().all(is_there) {
            return;
        }
        let items: Vec<&Node> = match &self.zip {
            Some(list) => nodes(node, list),
            None => vec![node],
        };
        let open = self.open || self.open_if.iter().any(is_there) || (self.keys.is_empty() && self.keys_at.is_empty());
        let mut keys = self.keys.clone();
        keys.extend(self.keys_at.iter().flat_map(|path| at(node, path)).filter_map(|(text, _)| text));
        for item in items {
            for (name, span) in self.names(node, item) {
                let name = if self.dashes { name.replace('_', "-") } else { name };
                let made = MadeSecret { name, keys: keys.clone(), open, role: self.role, cluster: self.cluster, span };
                if found.len() < MOST {
                    found.push(made);
                }
            }
        }
    }

    /// Fills in the name; a path of several values gives several names, one without any none.
    fn names(&self, node: &Node, item: &Node) -> Vec<(String, Span)> {
        let mut names = vec![(String::new(), None)];
        let mut rest = self.name.as_str();
        while let Some(open) = rest.find('{') {
            let Some(close) = closing(rest, open) else { break };
            let values =
                rest[open + 1..close].split('|').map(|path| self.values(node, item, path)).find(|it| !it.is_empty());
            let literal = &rest[..open];
            let mut longer = Vec::new();
            for (name, span) in &names {
                for (value, at) in values.iter().flatten() {
                    let Some(value) = value else { continue };
                    // The most telling place is the one that is not the resource's own name.
                    let at = if rest[open + 1..close] == *"metadata.name" { span.unwrap_or(*at) } else { *at };
                    if longer.len() < MOST {
                        longer.push((format!("{name}{literal}{value}"), Some(at)));
                    }
                }
            }
            names = longer;
            rest = &rest[close + 1..];
        }
        let own = node.at(&["metadata", "name"]).unwrap_or(node).span();
        names
            .into_iter()
            .map(|(name, span)| (format!("{name}{rest}"), span.unwrap_or(own)))
            .filter(|it| !it.0.is_empty())
            .collect()
    }

    fn values(&self, node: &Node, item: &Node, path: &str) -> Vec<(Option<String>, Span)> {
        match self.zip.as_ref().and_then(|list| path.strip_prefix(list.as_str())) {
            Some(inner) => at(item, inner.trim_start_matches('.')),
            None => at(node, path),
        }
    }
}

/// The `}` that closes a placeholder; `x{}` within it does not.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        let close = at + text.get(at..)?.find('}')?;
        if text[..close].ends_with('{') && close > open + 1 {
            at = close + 1;
        } else {
            return Some(close);
        }
    }
}

/// The texts at a path, each with its place; a collection has no text.
fn at(node: &Node, path: &str) -> Vec<(Option<String>, Span)> {
    let (path, keys) = path.strip_suffix("{}").map_or((path, false), |path| (path, true));
    let mut found = Vec::new();
    for node in nodes(node, path) {
        match &node.value {
            Value::Map(map) if keys => {
                found.extend(map.entries.iter().map(|it| (Some(it.key.to_string()), it.key_origin.anchor())));
            }
            Value::Scalar(scalar) if !keys => found.push((Some(scalar.text.to_string()), node.span())),
            _ if !keys => found.push((None, node.span())),
            _ => {}
        }
    }
    found.retain(|(text, _)| text.as_deref() != Some(""));
    found
}

/// The nodes at a path.
fn nodes<'n>(node: &'n Node, path: &str) -> Vec<&'n Node> {
    let mut here = vec![node];
    let mut rest = path;
    while !rest.is_empty() {
        let (segment, after) = segment(rest);
        here = match segment {
            Segment::Each => here.iter().flat_map(|it| it.as_seq().unwrap_or_default()).take(MOST).collect(),
            Segment::Key(key) => here.iter().filter_map(|it| it.get(key)).collect(),
        };
        rest = after;
    }
    here
}

enum Segment<'p> {
    Key(&'p str),
    Each,
}

/// Takes one step off a path: `a.b`, `[]` or `[a key with dots]`.
fn segment(path: &str) -> (Segment<'_>, &str) {
    if let Some(inner) = path.strip_prefix('[') {
        let close = inner.find(']').unwrap_or(inner.len());
        let after = inner.get(close + 1..).unwrap_or("");
        let key = &inner[..close];
        let step = if key.is_empty() { Segment::Each } else { Segment::Key(key) };
        return (step, after.strip_prefix('.').unwrap_or(after));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let after = &path[end..];
    (Segment::Key(&path[..end]), after.strip_prefix('.').unwrap_or(after))
}
