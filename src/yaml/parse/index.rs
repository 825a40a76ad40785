//! Where the keys of a mapping stand, so that large mappings take linear time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::yaml::node::Entry;

/// Entries from which on keys are looked up, not searched for.
const INDEXED: usize = 16;

/// The keys of a mapping that is being made.
#[derive(Default)]
pub(crate) struct Index {
    known: Option<HashMap<Arc<str>, usize>>,
}

impl Index {
    /// Where a key is among the entries, which only grow from one call to the next.
    pub(crate) fn position(&mut self, entries: &[Entry], key: &str) -> Option<usize> {
        if entries.len() < INDEXED {
            return entries.iter().position(|entry| &*entry.key == key);
        }
        let known = self.known.get_or_insert_default();
        for (at, entry) in entries.iter().enumerate().skip(known.len()) {
            known.entry(Arc::clone(&entry.key)).or_insert(at);
        }
        known.get(key).copied()
    }
}
