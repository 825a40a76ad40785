//! `wildcard-project`: an AppProject allows every repository, destination or kind.

use std::collections::BTreeSet;

use super::{Rule, joined};
use crate::finding::Finding;
use crate::graph::{Graph, Origin, Project, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "wildcard-project", page: include_str!("../../rules/wildcard-project.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let projects = graph.facts().projects.iter();
    let all = projects.map(|project| (project, wildcards(project)));
    let once = all.filter(|(_, all)| all.first().is_some_and(|(origin, _)| seen.insert(origin.anchor())));
    once.filter_map(|(project, all)| report(project, &all)).collect()
}

/// The entries of a project that allow everything; not where another entry of the list denies something.
fn wildcards(project: &Project) -> Vec<(&Origin, &'static str)> {
    let mut found = Vec::new();
    if !project.repositories.iter().any(|pattern| pattern.denies) {
        let all = project.repositories.iter().filter(|pattern| pattern.is_everything());
        found.extend(all.map(|pattern| (&pattern.text.origin, "repository")));
    }
    if !project.destinations.iter().any(|place| place.denies()) {
        let all = project.destinations.iter().filter(|place| place.is_everywhere());
        found.extend(all.map(|place| (&place.origin, "namespace of every cluster")));
    }
    if project.cluster_denied.is_empty() {
        let all = project.cluster_allowed.iter().filter(|kinds| {
            kinds.group.is_everything() && kinds.kind.is_everything() && kinds.name.as_ref().is_none_or(|name| name.is_everything())
        });
        found.extend(all.map(|kinds| (&kinds.origin, "kind of the cluster")));
    }
    found
}

/// One finding for a project, at the first entry that allows everything.
fn report(project: &Project, wildcards: &[(&Origin, &'static str)]) -> Option<Finding> {
    let name = &project.name.value;
    let mut each: Vec<String> = wildcards.iter().map(|(_, what)| format!("every {what}")).collect();
    each.dedup();
    let entry = |(origin, what): &(&Origin, &str)| evidence(origin, format!("this entry allows every {what}"));
    let (first, further) = wildcards.split_first()?;
    let finding = RULE.finding(format!("AppProject `{name}` allows {}", joined(&each)), entry(first));
    let finding = further.iter().map(entry).fold(finding, Finding::because);
    Some(
        finding
            .because(evidence(&project.name.origin, format!("AppProject `{name}` is declared here")))
            .about("project", name.clone())
            .help(format!("name what the Applications of `{name}` need, and nothing else")),
    )
}
