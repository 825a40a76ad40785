//! Trees that are much alike, as the objects of Applications of one chart are, and that are kept by the thousand: what is equal
//! in them, text, spelling and origin, is held once. What a tree says stays as it is.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::node::{Contribution, Mapping, Node, Origin, Value};
use crate::hash::Mixing;

/// Parts of a pool, so that threads seldom wait for each other.
const PARTS: usize = 64;

/// What is held of many trees.
#[derive(Debug, Default)]
pub struct Pool {
    maps: Held<Mapping>,
    lists: Held<Vec<Node>>,
    origins: Held<Vec<Contribution>>,
    texts: Held<str>,
}

impl Pool {
    /// Lets a tree share what another one holds already. What is shared when it comes stays as it is. The recursion is bounded
    /// by the depth of the tree, which the parser bounds.
    pub fn share(&self, node: &mut Node) {
        self.share_origin(&mut node.origin);
        match &mut node.value {
            Value::Scalar(scalar) => {
                if Arc::get_mut(&mut scalar.text).is_some() {
                    self.texts.share(hash(|hasher| scalar.text.hash(hasher)), &mut scalar.text);
                }
            }
            Value::Seq(items) => {
                let Some(own) = Arc::get_mut(items) else { return };
                own.shrink_to_fit();
                own.iter_mut().for_each(|item| self.share(item));
                self.lists.share(hash(|hasher| own.iter().for_each(|item| look(item, hasher))), items);
            }
            Value::Map(map) => {
                let Some(own) = Arc::get_mut(map) else { return };
                own.entries.shrink_to_fit();
                for entry in &mut own.entries {
                    self.share_origin(&mut entry.key_origin);
                    self.share(&mut entry.value);
                }
                let hash = hash(|hasher| {
                    for entry in &own.entries {
                        entry.key.hash(hasher);
                        look_at_origin(&entry.key_origin, hasher);
                        look(&entry.value, hasher);
                    }
                });
                self.maps.share(hash, map);
            }
        }
    }

    fn share_origin(&self, origin: &mut Origin) {
        if let Some(also) = origin.also_mut() {
            self.origins.share(hash(|hasher| also.hash(hasher)), also);
        }
    }
}

fn hash(look: impl FnOnce(&mut Mixing)) -> u64 {
    let mut hasher = Mixing::default();
    look(&mut hasher);
    hasher.finish()
}

/// Looks at a value as far as its parent goes: what it holds itself is held once by now, and known by its address.
fn look(node: &Node, hasher: &mut impl Hasher) {
    look_at_origin(&node.origin, hasher);
    match &node.value {
        Value::Scalar(scalar) => (&scalar.text, scalar.style, &scalar.tag).hash(hasher),
        Value::Seq(items) => Arc::as_ptr(items).hash(hasher),
        Value::Map(map) => Arc::as_ptr(map).hash(hasher),
    }
}

fn look_at_origin(origin: &Origin, hasher: &mut impl Hasher) {
    (origin.role(), origin.anchor(), origin.also().map(Arc::as_ptr)).hash(hasher);
}

/// Things by their hash, which anybody may foresee: of two with one hash only the first is shared, and the map has one of its
/// own.
#[derive(Debug)]
struct Held<T: ?Sized>([Mutex<HashMap<u64, Arc<T>>>; PARTS]);

impl<T: ?Sized> Default for Held<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<T: Eq + ?Sized> Held<T> {
    fn share(&self, hash: u64, own: &mut Arc<T>) {
        let part = &self.0[hash as usize % PARTS];
        match part.lock().unwrap_or_else(PoisonError::into_inner).entry(hash) {
            Place::Occupied(held) if held.get() == own => *own = Arc::clone(held.get()),
            Place::Occupied(_) => {}
            Place::Vacant(free) => {
                free.insert(Arc::clone(own));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;
    use crate::yaml::parse;

    fn tree(text: &str) -> Node {
        parse(FileId(0), text, &Budget::default()).documents.remove(0).root
    }

    fn map<'n>(node: &'n Node, path: &[&str]) -> &'n Arc<Mapping> {
        match &node.at(path).unwrap().value {
            Value::Map(map) => map,
            _ => panic!("no mapping at {path:?}"),
        }
    }

    #[test]
    fn equal_parts_are_held_once_and_nothing_changes() {
        let texts = ["a: {b: [1, {c: x}], d: 2}\nn: 1\n", "a: {b: [1, {c: x}], d: 2}\nn: 2\n"];
        let pool = Pool::default();
        let mut trees = texts.map(tree);
        trees.iter_mut().for_each(|tree| pool.share(tree));
        assert_eq!(trees, texts.map(tree));
        assert!(Arc::ptr_eq(map(&trees[0], &["a"]), map(&trees[1], &["a"])));
        assert!(!Arc::ptr_eq(map(&trees[0], &[]), map(&trees[1], &[])));
    }

    #[test]
    fn what_is_spelled_or_placed_otherwise_is_another() {
        let texts = ["a: {b: 1}\n", "a: {b: '1'}\n", "a:  {b: 1}\n", "a: {b: !x 1}\n"];
        let pool = Pool::default();
        let mut trees = texts.map(tree);
        trees.iter_mut().for_each(|tree| pool.share(tree));
        assert_eq!(trees, texts.map(tree));
        assert!(trees[1..].iter().all(|other| !Arc::ptr_eq(map(&trees[0], &["a"]), map(other, &["a"]))));
    }
}
