//! Objects in order, and where each name that any of them has or had stands: builds ask for names much more often than they
//! change them.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use super::object::Object;
use crate::hash::Seeded;

/// Objects in order. Whoever may have changed any of them, by [`DerefMut`], leaves all names to be noted anew.
#[derive(Debug, Default)]
pub(super) struct List {
    objects: Vec<Object>,
    names: OnceLock<Names>,
}

#[derive(Debug, Default)]
struct Names {
    /// By each present or former name, where it stood when it was noted.
    places: Seeded<Arc<str>, Vec<usize>>,
    /// Objects that may have changed since then.
    touched: Vec<usize>,
}

/// Lists in which every object is looked at.
const SHORT: usize = 32;

/// As many objects may have changed before all names are noted anew.
const TOUCHED: usize = 256;

impl Names {
    fn note(&mut self, at: usize, object: &Object) {
        let present = object.name();
        self.places.entry(present.into()).or_default().push(at);
        for former in &object.notes.former {
            if former.name != present {
                let places = self.places.entry(former.name.as_str().into()).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
    }
}

impl List {
    /// The places, in order, of all objects that have or had a name; and, it may be, of others.
    pub(super) fn named(&self, name: &str) -> Vec<usize> {
        if self.objects.len() <= SHORT {
            return (0..self.objects.len()).collect();
        }
        let names = self.names.get_or_init(|| {
            let mut names = Names::default();
            self.objects.iter().enumerate().for_each(|(at, object)| names.note(at, object));
            names
        });
        let mut places = names.places.get(name).cloned().unwrap_or_default();
        if !names.touched.is_empty() {
            places.extend(&names.touched);
            places.sort_unstable();
            places.dedup();
        }
        places
    }

    /// One object, to be changed.
    pub(super) fn at_mut(&mut self, at: usize) -> &mut Object {
        if let Some(names) = self.names.get_mut() {
            if !names.touched.contains(&at) {
                names.touched.push(at);
            }
            if names.touched.len() > TOUCHED {
                self.names.take();
            }
        }
        &mut self.objects[at]
    }

    /// Adds an object at the end.
    pub(super) fn push(&mut self, object: Object) {
        if let Some(names) = self.names.get_mut() {
            names.note(self.objects.len(), &object);
        }
        self.objects.push(object);
    }
}

impl Clone for List {
    fn clone(&self) -> Self {
        self.objects.clone().into()
    }
}

impl From<Vec<Object>> for List {
    fn from(objects: Vec<Object>) -> Self {
        Self { objects, names: OnceLock::new() }
    }
}

impl Deref for List {
    type Target = Vec<Object>;

    fn deref(&self) -> &Self::Target {
        &self.objects
    }
}

impl DerefMut for List {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.names.take();
        &mut self.objects
    }
}

impl IntoIterator for List {
    type Item = Object;
    type IntoIter = std::vec::IntoIter<Object>;

    fn into_iter(self) -> Self::IntoIter {
        self.objects.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;

    fn object(name: &str) -> Object {
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
        let root = crate::yaml::parse(FileId(0), &text, &Budget::default()).documents.remove(0).root;
        Object::new(root, Vec::new())
    }

    #[test]
    fn names_are_found_however_the_list_changes() {
        let mut list = List::default();
        let rename = |object: &mut Object, name: &str| {
            object.remember_name();
            object.set_name(name, object.node.origin.clone()).unwrap();
        };
        let check = |list: &List, name: &str, wanted: &[usize]| {
            let mut found = list.named(name);
            found.retain(|&at| list[at].was_ever(name, |_| true));
            assert_eq!(found, wanted, "{name}");
        };
        for at in 0..300 {
            list.push(object(&format!("n{}", at % 290)));
            let wanted = if at < 290 { vec![at] } else { vec![at - 290, at] };
            check(&list, &format!("n{}", at % 290), &wanted);
        }
        for at in 0..280 {
            rename(list.at_mut(at), &format!("m{at}"));
            check(&list, &format!("m{at}"), &[at]);
        }
        check(&list, "n5", &[5, 295]);
        list.iter_mut().for_each(|object| rename(object, "same"));
        assert_eq!(list.named("same").len(), 300);
        list.retain(|object| object.notes.former[0].name != "n5");
        check(&list, "n6", &[5, 294]);
    }
}
