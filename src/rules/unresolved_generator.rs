//! `unresolved-generator`: a generator asks what is not in the repository.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, SHOWN, some_of};
use crate::finding::Finding;
use crate::graph::{Graph, Unresolved};

/// The rule.
pub const RULE: Rule =
    Rule { id: "unresolved-generator", page: include_str!("../../rules/unresolved-generator.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    // One answer may serve many sets: a list of clusters, a plugin, a repository.
    let mut by_cause: BTreeMap<&str, Vec<&Unresolved>> = BTreeMap::new();
    for unresolved in &graph.rollout().unresolved {
        by_cause.entry(&unresolved.cause).or_default().push(unresolved);
    }
    by_cause.into_values().map(|group| report(&group)).collect()
}

fn report(group: &[&Unresolved]) -> Finding {
    let names: BTreeSet<&str> = group.iter().map(|unresolved| &*unresolved.set).collect();
    let sets = some_of(names.iter().map(|name| format!("`{name}`")).collect());
    let one = &group[0].evidence;
    let many = if names.len() > 1 { "ApplicationSets" } else { "ApplicationSet" };
    let message = format!("the Applications of {many} {sets} are not all known: {}", one.text);
    let finding = RULE.finding(message, one.clone());
    let finding = group.iter().take(SHOWN).fold(finding, |finding, other| finding.because(other.evidence.clone()));
    finding
        .about("applicationset", names.into_iter().collect::<Vec<_>>().join(","))
        .help("say in the configuration what it would answer: `clusters`, `generators` with sample parameters, `repositories`")
}
