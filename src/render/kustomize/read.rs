//! Decoding of configuration as Go's JSON decoder does it: field names in any case, null as absent, wrong types and unknown
//! fields refused.

use super::fail::{Fail, Outcome};
use super::id::{Gvk, ResId};
use super::meaning;
use super::selector::Selector;
use crate::yaml::{Entry, Meaning, Node};

/// A mapping being decoded; what nobody asked for in the end is unknown.
pub(super) struct Reading<'n> {
    node: &'n Node,
    owner: &'static str,
    known: Vec<bool>,
    lenient: bool,
}

/// What Go's JSON calls a value.
pub(super) fn kind_of(node: &Node) -> &'static str {
    match node.meaning() {
        None if node.as_map().is_some() => "object",
        None => "array",
        Some(Meaning::Null) => "null",
        Some(Meaning::Bool(_)) => "bool",
        Some(Meaning::Int(_) | Meaning::Uint(_) | Meaning::Float(_)) => "number",
        Some(Meaning::Str(_)) => "string",
    }
}

/// The package that a struct is of.
fn package(owner: &str) -> &'static str {
    if owner == "TransformerConfig" { "builtinconfig" } else { "types" }
}

impl<'n> Reading<'n> {
    /// A mapping of a struct of this name.
    pub(super) fn of(node: &'n Node, owner: &'static str) -> Result<Self, Fail> {
        match node.as_map() {
            Some(map) => Ok(Self { node, owner, known: vec![false; map.entries.len()], lenient: false }),
            None if node.is_null() => Ok(Self { node, owner, known: Vec::new(), lenient: false }),
            None => Err(Fail::at(
                node.span(),
                format!("json: cannot unmarshal {} into Go value of type {}.{owner}", kind_of(node), package(owner)),
            )),
        }
    }

    /// A plugin's configuration: unknown fields pass, numbers and booleans serve as texts.
    pub(super) fn lenient(node: &'n Node, owner: &'static str) -> Result<Self, Fail> {
        Ok(Self { lenient: true, ..Self::of(node, owner)? })
    }

    fn entries(&self) -> &'n [Entry] {
        self.node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default()
    }

    /// The entry of a field, its name in any case; null counts as absent.
    pub(super) fn entry(&mut self, field: &str) -> Option<&'n Entry> {
        let entries = self.entries();
        let mut found = None;
        for (at, entry) in entries.iter().enumerate() {
            if entry.key.eq_ignore_ascii_case(field) {
                self.known[at] = true;
                // The last one decoded wins.
                found = Some(entry);
            }
        }
        found.filter(|entry| !entry.value.is_null())
    }

    pub(super) fn get(&mut self, field: &str) -> Option<&'n Node> {
        self.entry(field).map(|entry| &entry.value)
    }

    fn wrong(&self, node: &Node, field: &str, wanted: &str) -> Fail {
        let found = kind_of(node);
        Fail::at(
            node.span(),
            format!("json: cannot unmarshal {found} into Go struct field {}.{field} of type {wanted}", self.owner),
        )
    }

    /// A string field.
    pub(super) fn text(&mut self, field: &str) -> Result<Option<&'n Node>, Fail> {
        match self.get(field) {
            Some(node) if node.as_str().is_some() || (self.lenient && node.as_scalar().is_some()) => Ok(Some(node)),
            Some(node) => Err(self.wrong(node, field, "string")),
            None => Ok(None),
        }
    }

    pub(super) fn text_or_empty(&mut self, field: &str) -> Result<String, Fail> {
        Ok(self.text(field)?.map_or("", super::tree::text).to_owned())
    }

    /// A boolean field.
    pub(super) fn flag(&mut self, field: &str) -> Result<bool, Fail> {
        match self.get(field) {
            Some(node) => node.as_bool().ok_or_else(|| self.wrong(node, field, "bool")),
            None => Ok(false),
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, field: &str) -> Result<Option<(i64, &'n Node)>, Fail> {
        match self.get(field) {
            Some(node) => {
                let whole = node.as_i64().or_else(|| match node.as_scalar().map(meaning::of) {
                    Some(Meaning::Float(value)) if value.fract() == 0.0 && value.abs() < 1e15 => Some(value as i64),
                    _ => None,
                });
                Ok(Some((whole.ok_or_else(|| self.wrong(node, field, "int64"))?, node)))
            }
            None => Ok(None),
        }
    }

    /// The items of a list; nothing where there is none.
    pub(super) fn list(&mut self, field: &str) -> Result<Vec<Node>, Fail> {
        match self.get(field) {
            Some(node) => Ok(node.as_seq().ok_or_else(|| self.wrong(node, field, "[]"))?.to_vec()),
            None => Ok(Vec::new()),
        }
    }

    /// A list of strings.
    pub(super) fn texts(&mut self, field: &str) -> Result<Vec<Node>, Fail> {
        let mut items = self.list(field)?;
        for item in &mut items {
            if item.is_null() {
                *item = Node::string("", item.origin.clone());
            }
            if item.as_str().is_none() && !(self.lenient && item.as_scalar().is_some()) {
                return Err(self.wrong(item, field, "string"));
            }
        }
        Ok(items)
    }

    /// A mapping of strings, in the order of its keys.
    pub(super) fn text_map(&mut self, field: &str) -> Result<Option<Vec<Entry>>, Fail> {
        let Some(node) = self.get(field) else { return Ok(None) };
        let Some(map) = node.as_map() else { return Err(self.wrong(node, field, "map[string]string")) };
        let mut entries = map.entries.clone();
        for entry in &mut entries {
            if entry.value.is_null() {
                entry.value = Node::string("", entry.value.origin.clone());
            }
            if entry.value.as_str().is_none() && !(self.lenient && entry.value.as_scalar().is_some()) {
                return Err(self.wrong(&entry.value, field, "string"));
            }
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Some(entries))
    }

    /// The fields `group`, `version` and `kind`.
    pub(super) fn gvk(&mut self) -> Result<Gvk, Fail> {
        Ok(Gvk {
            group: self.text_or_empty("group")?,
            version: self.text_or_empty("version")?,
            kind: self.text_or_empty("kind")?,
        })
    }

    /// The fields of an object's name in full, none of them required.
    pub(super) fn id(&mut self) -> Result<ResId, Fail> {
        let gvk = self.gvk()?;
        let (name, namespace) = (self.text_or_empty("name")?, self.text_or_empty("namespace")?);
        Ok(ResId { gvk, name, namespace, cluster: false })
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Outcome {
        if self.lenient {
            return Ok(());
        }
        match self.entries().iter().zip(&self.known).find(|(_, known)| !**known) {
            Some((entry, _)) => {
                Err(Fail::at(entry.key_origin.anchor(), format!("json: unknown field \"{}\"", entry.key)))
            }
            None => Ok(()),
        }
    }

    /// Whether unknown fields pass.
    pub(super) fn is_lenient(&self) -> bool {
        self.lenient
    }
}

/// A target.
pub(super) fn selector(node: &Node, lenient: bool) -> Result<Selector, Fail> {
    let mut reading = Reading { lenient, ..Reading::of(node, "Selector")? };
    let id = reading.id()?;
    let annotations = reading.text_or_empty("annotationSelector")?;
    let labels = reading.text_or_empty("labelSelector")?;
    reading.finish()?;
    Ok(Selector { id, annotations, labels })
}
