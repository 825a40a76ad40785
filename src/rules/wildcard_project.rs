//! `wildcard-project`: an AppProject allows every repository, destination or kind.

use std::collections::BTreeSet;

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Origin, Project, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "wildcard-project", page: include_str!("../../rules/wildcard-project.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let all = graph.facts().projects.iter().flat_map(|project| wildcards(project).into_iter().map(move |it| (project, it)));
    let once = all.filter(|(_, (origin, _))| seen.insert(origin.anchor()));
    once.map(|(project, (origin, what))| report(project, origin, what)).collect()
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

fn report(project: &Project, origin: &Origin, what: &str) -> Finding {
    let name = &project.name.value;
    let message = format!("AppProject `{name}` allows every {what}");
    RULE.finding(message, evidence(origin, format!("this entry allows every {what}")))
        .because(evidence(&project.name.origin, format!("AppProject `{name}` is declared here")))
        .about("project", name.clone())
        .help(format!("name what the Applications of `{name}` need, and nothing else"))
}
