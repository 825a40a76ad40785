//! For which kinds Argo CD waits before it goes on.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::fits;

/// What Argo CD does after it applied an object of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// It knows no health: the object counts as done at once.
    None,
    /// It knows a health, and a fresh object has a good one.
    AtOnce,
    /// It waits until the object is healthy.
    Waits,
    /// It waits until the object has run to its end.
    Completes,
}

type Kinds = BTreeMap<String, Vec<String>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthFile {
    built_in: Group,
    customised: Group,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Group {
    completes: Kinds,
    waits: Kinds,
    at_once: Kinds,
}

impl HealthFile {
    /// Customised health goes before the built-in one, kinds by name before wildcards.
    pub fn of(&self, group: &str, kind: &str) -> Health {
        let exact = |kinds: &Kinds| kinds.get(group).is_some_and(|known| known.iter().any(|it| it == kind));
        let wild = |kinds: &Kinds| {
            kinds.iter().any(|(pattern, known)| fits(pattern, group) && known.iter().any(|it| fits(it, kind)))
        };
        let of = |part: &Group, has: &dyn Fn(&Kinds) -> bool| {
            let answers =
                [(&part.completes, Health::Completes), (&part.waits, Health::Waits), (&part.at_once, Health::AtOnce)];
            answers.into_iter().find(|(kinds, _)| has(kinds)).map(|(_, health)| health)
        };
        of(&self.customised, &exact)
            .or_else(|| of(&self.built_in, &exact))
            .or_else(|| of(&self.customised, &wild))
            .unwrap_or(Health::None)
    }
}
