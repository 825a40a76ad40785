//! Where the records of a kind are, by what they are asked for: so that every question costs what its answer holds, however
//! large the repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{AppId, Facts, MigratorId, SchemaId};
use crate::k8s::Word;

/// Positions in the lists of [`Facts`].
#[derive(Debug, Default)]
pub struct Index {
    /// Claims by schema.
    pub claims_on: BTreeMap<SchemaId, Vec<usize>>,
    /// Claims by migrator.
    pub claims_by: BTreeMap<MigratorId, Vec<usize>>,
    /// Uses by schema.
    pub uses_of: BTreeMap<SchemaId, Vec<usize>>,
    /// Rights by the account's namespace and name.
    pub rights: BTreeMap<(Word, Word), Vec<usize>>,
    /// Schemas by scope and database.
    pub schemas: BTreeMap<(Word, String), Vec<SchemaId>>,
    /// Workloads by Application.
    pub workloads: BTreeMap<AppId, Vec<usize>>,
    /// By root: the Applications that it brings, by the namespace that they live in and their name.
    brought: BTreeMap<Word, BTreeSet<(Word, Word)>>,
    /// Namespaces in which an Application with gaps puts its objects.
    hidden: BTreeSet<Word>,
    /// What charts make that nobody installs here, without the name that stands for the release's.
    released: BTreeMap<&'static str, BTreeSet<String>>,
    /// The namespaces of Applications that a set may make and nobody knows: what stands around its placeholders.
    open: BTreeSet<Vec<String>>,
}

impl Index {
    /// Goes over the facts once.
    pub fn new(facts: &Facts) -> Self {
        let mut index = Self::default();
        for (at, claim) in facts.claims.iter().enumerate() {
            index.claims_on.entry(claim.schema).or_default().push(at);
            index.claims_by.entry(claim.migrator).or_default().push(at);
        }
        for (at, usage) in facts.uses.iter().enumerate() {
            index.uses_of.entry(usage.schema).or_default().push(at);
        }
        for (at, right) in facts.rights.iter().enumerate() {
            index.rights.entry((right.namespace.clone(), right.account.clone())).or_default().push(at);
        }
        for (at, workload) in facts.workloads.iter().enumerate() {
            index.workloads.entry(workload.app).or_default().push(at);
        }
        for (at, schema) in facts.schemas.iter().enumerate() {
            index.schemas.entry((schema.scope.clone(), schema.database.clone())).or_default().push(SchemaId(at));
        }
        for producer in &facts.producers {
            let guess = facts.apps[facts.objects[producer.object.0].app.0].guess.as_ref();
            let rest = guess.and_then(|guess| producer.name.strip_prefix(guess.release.as_str())?.strip_prefix('-'));
            // One word (`db`) is the end of too many names.
            let telling = rest.filter(|rest| rest.contains('-'));
            index.released.entry(producer.kind).or_default().extend(telling.map(str::to_owned));
        }
        for (id, target) in &facts.targets {
            let brought = index.brought.entry(target.root.clone()).or_default();
            brought.insert((target.home.clone(), facts.apps[id.0].name.clone()));
        }
        index.hidden = facts.apps.iter().filter(|app| app.gaps).map(|app| app.namespace.clone()).collect();
        let open = facts.rollout.sets.iter().filter(|set| set.unresolved);
        index.open = open.map(|set| around_placeholders(&set.namespace)).collect();
        index
    }

    /// Whether a chart that nobody installs here makes a thing of this name as a release of some name.
    pub fn may_release(&self, kind: &str, name: &str) -> bool {
        let mut ends = name.match_indices('-').map(|(at, _)| &name[at + 1..]);
        self.released.get(kind).is_some_and(|released| ends.any(|end| released.contains(end)))
    }

    /// Whether a root brings an Application of a name.
    pub fn brings(&self, root: &str, home: &Word, name: &Word) -> bool {
        self.brought.get(root).is_some_and(|brought| brought.contains(&(home.clone(), name.clone())))
    }

    /// Whether a place with gaps may hold objects of a namespace.
    pub fn may_hide(&self, namespace: &str) -> bool {
        let of_app = || namespace.is_empty() || self.hidden.contains("") || self.hidden.contains(namespace);
        let of_set = |parts: &Vec<String>| namespace.is_empty() || may_become(parts, namespace);
        (!self.hidden.is_empty() && of_app()) || self.open.iter().any(of_set)
    }
}

/// The parts of a template that stay as they are: `a-{{x}}-b` gives `a-` and `-b`. One part: nothing is filled in.
fn around_placeholders(template: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        parts.push(before.to_owned());
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    parts.push(rest.to_owned());
    // Nobody knows the namespace of what a patch, or the object itself, gives one.
    if template.is_empty() { vec![String::new(); 2] } else { parts }
}

/// Whether a template can become a text, whatever is filled in.
pub(super) fn may_become(parts: &[String], text: &str) -> bool {
    let [first, inner @ .., last] = parts else { return parts.first().is_some_and(|only| only == text) };
    let Some(rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
        return false;
    };
    inner.iter().try_fold(rest, |rest, part| rest.split_once(part.as_str()).map(|(_, after)| after)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_may_become_what_its_own_parts_allow() {
        let rows = [
            ("preview-{{ .number }}", "preview-7", true),
            ("preview-{{ .number }}", "shop", false),
            ("{{ .env }}-{{ .app }}-x", "dev-web-x", true),
            ("{{ .env }}-{{ .app }}-x", "web", false),
            ("shop", "shop", true),
            ("shop", "shop-2", false),
            ("{{ .namespace }}", "anything", true),
            ("", "anything", true),
        ];
        for (template, namespace, expected) in rows {
            assert_eq!(may_become(&around_placeholders(template), namespace), expected, "{template} {namespace}");
        }
    }
}
