//! The entries of a mapping that is read: keys that stand twice, and merges (`<<`).

use super::Dialect;
use super::index::Index;
use crate::source::Span;
use crate::yaml::node::{Entry, Mapping, Node, Value};

/// The entries of a mapping, each key once.
#[derive(Default)]
pub(super) struct Entries {
    list: Vec<Entry>,
    /// Keys that came by a merge: in yaml.v3 they give way to written ones.
    merged: Vec<bool>,
    index: Index,
}

impl Entries {
    /// The entries in their order.
    pub(super) fn into_list(self) -> Vec<Entry> {
        self.list
    }

    /// Sets an entry; the last of equal keys wins, in the place of the first. Gives where a written one was before.
    pub(super) fn set(&mut self, entry: Entry, merged: bool) -> Option<Span> {
        match self.index.position(&self.list, &entry.key) {
            Some(at) => {
                let before = (!self.merged[at] && !merged).then(|| self.list[at].key_origin.anchor());
                self.list[at] = entry;
                self.merged[at] = merged;
                before
            }
            None => {
                self.list.push(entry);
                self.merged.push(merged);
                None
            }
        }
    }

    /// `<<`: in document order, as yaml.v2 applies it; of a list the first map wins. In yaml.v3 it never overrides.
    pub(super) fn merge(&mut self, node: &Node, dialect: Dialect) -> Option<()> {
        let maps: Vec<&Mapping> = match &node.value {
            Value::Map(map) => vec![map],
            Value::Seq(items) => items.iter().rev().map(Node::as_map).collect::<Option<_>>()?,
            Value::Scalar(_) => return None,
        };
        // What a later merge of yaml.v3 may not touch: everything that was there before this one.
        let before = self.list.len();
        for map in maps {
            for entry in &map.entries {
                let kept =
                    dialect == Dialect::V3 && self.index.position(&self.list, &entry.key).is_some_and(|at| at < before);
                if !kept {
                    self.set(entry.clone(), true);
                }
            }
        }
        Some(())
    }
}
