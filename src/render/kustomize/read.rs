//! Reading of configuration as Go's JSON decoder does it: field names in any case, null as absent, the last of several wins.
//!
//! What a kustomization or a file of it may not hold is refused beforehand (`structs`). In what remains, the configuration of
//! plugins, unknown fields pass, and numbers and booleans serve as texts.

use super::fail::Fail;
use super::id::{Gvk, ResId};
use super::meaning;
use super::selector::Selector;
use crate::yaml::{Entry, Meaning, Node};

/// A mapping being read.
pub(super) struct Reading<'n> {
    node: &'n Node,
    owner: &'static str,
}

/// A whole number, which may be written as a float.
pub(super) fn whole(node: &Node) -> Option<i64> {
    node.as_i64().or_else(|| match node.as_scalar().map(meaning::of) {
        Some(Meaning::Float(value)) if value.fract() == 0.0 && value.abs() < 1e15 => Some(value as i64),
        _ => None,
    })
}

impl<'n> Reading<'n> {
    /// A mapping of a struct of this name.
    pub(super) fn of(node: &'n Node, owner: &'static str) -> Result<Self, Fail> {
        if node.as_map().is_some() || node.is_null() {
            return Ok(Self { node, owner });
        }
        let found = node.json_kind();
        Err(Fail::at(node.span(), format!("json: cannot unmarshal {found} into Go value of type types.{owner}")))
    }

    fn entries(&self) -> &'n [Entry] {
        self.node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default()
    }

    /// The entry of a field, its name in any case; null counts as absent.
    pub(super) fn entry(&self, field: &str) -> Option<&'n Entry> {
        // They are decoded in the order of their names.
        let named = self.entries().iter().filter(|entry| entry.key.eq_ignore_ascii_case(field));
        let found = named.max_by(|a, b| a.key.cmp(&b.key));
        found.filter(|entry| !entry.value.is_null())
    }

    pub(super) fn get(&self, field: &str) -> Option<&'n Node> {
        self.entry(field).map(|entry| &entry.value)
    }

    fn wrong(&self, node: &Node, field: &str, wanted: &str) -> Fail {
        let found = node.json_kind();
        Fail::at(
            node.span(),
            format!("json: cannot unmarshal {found} into Go struct field {}.{field} of type {wanted}", self.owner),
        )
    }

    /// A string field.
    pub(super) fn text(&self, field: &str) -> Result<Option<&'n Node>, Fail> {
        match self.get(field) {
            Some(node) if node.as_scalar().is_some() => Ok(Some(node)),
            Some(node) => Err(self.wrong(node, field, "string")),
            None => Ok(None),
        }
    }

    pub(super) fn text_or_empty(&self, field: &str) -> Result<String, Fail> {
        Ok(self.text(field)?.map_or("", super::tree::text).to_owned())
    }

    /// A boolean field.
    pub(super) fn flag(&self, field: &str) -> Result<bool, Fail> {
        match self.get(field) {
            Some(node) => node.as_bool().ok_or_else(|| self.wrong(node, field, "bool")),
            None => Ok(false),
        }
    }

    /// A whole number.
    pub(super) fn number(&self, field: &str) -> Result<Option<(i64, &'n Node)>, Fail> {
        match self.get(field) {
            Some(node) => Ok(Some((whole(node).ok_or_else(|| self.wrong(node, field, "int64"))?, node))),
            None => Ok(None),
        }
    }

    /// The items of a list; nothing where there is none.
    pub(super) fn list(&self, field: &str) -> Result<Vec<Node>, Fail> {
        match self.get(field) {
            Some(node) => Ok(node.as_seq().ok_or_else(|| self.wrong(node, field, "[]"))?.to_vec()),
            None => Ok(Vec::new()),
        }
    }

    /// A list of strings.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<Node>, Fail> {
        let mut items = self.list(field)?;
        for item in &mut items {
            if item.is_null() {
                *item = Node::string("", item.origin.clone());
            }
            if item.as_scalar().is_none() {
                return Err(self.wrong(item, field, "string"));
            }
        }
        Ok(items)
    }

    /// A mapping of strings, in the order of its keys.
    pub(super) fn text_map(&self, field: &str) -> Result<Option<Vec<Entry>>, Fail> {
        let Some(node) = self.get(field) else { return Ok(None) };
        let Some(map) = node.as_map() else { return Err(self.wrong(node, field, "map[string]string")) };
        let mut entries = map.entries.clone();
        for entry in &mut entries {
            if entry.value.is_null() {
                entry.value = Node::string("", entry.value.origin.clone());
            }
            if entry.value.as_scalar().is_none() {
                return Err(self.wrong(&entry.value, field, "string"));
            }
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Some(entries))
    }

    /// The fields `group`, `version` and `kind`.
    pub(super) fn gvk(&self) -> Result<Gvk, Fail> {
        Ok(Gvk {
            group: self.text_or_empty("group")?,
            version: self.text_or_empty("version")?,
            kind: self.text_or_empty("kind")?,
        })
    }

    /// The fields of an object's name in full, none of them required.
    pub(super) fn id(&self) -> Result<ResId, Fail> {
        let gvk = self.gvk()?;
        let (name, namespace) = (self.text_or_empty("name")?, self.text_or_empty("namespace")?);
        Ok(ResId { gvk, name, namespace, cluster: false })
    }
}

/// A target.
pub(super) fn selector(node: &Node) -> Result<Selector, Fail> {
    let reading = Reading::of(node, "Selector")?;
    let id = reading.id()?;
    let annotations = reading.text_or_empty("annotationSelector")?;
    let labels = reading.text_or_empty("labelSelector")?;
    Ok(Selector { id, annotations, labels })
}
