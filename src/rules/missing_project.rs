//! `missing-project`: an Application names an AppProject that nothing brings.

use std::collections::BTreeMap;

use super::{FURTHER, Rule, also_in};
use crate::finding::Finding;
use crate::graph::{AppId, Graph, Target, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "missing-project", page: include_str!("../../rules/missing-project.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let open = graph.open_roots();
    let mut missing: BTreeMap<&str, Vec<(AppId, &Target)>> = BTreeMap::new();
    for (id, target) in graph.targets().filter(|(id, target)| graph.project_is_missing(*id, target, &open)) {
        missing.entry(&target.project.value).or_default().push((id, target));
    }
    missing.into_iter().filter_map(|(name, users)| report(graph, name, &users)).collect()
}

fn report(graph: &Graph, name: &str, users: &[(AppId, &Target)]) -> Option<Finding> {
    let who = graph.applications_named(users.iter().map(|(id, _)| *id));
    let verb = if who.starts_with("Application `") { "belongs" } else { "belong" };
    let message = format!("{who} {verb} to AppProject `{name}`, and nothing in the repository brings it");
    let mut said = users.iter().map(|(id, target)| {
        evidence(&target.project.origin, format!("Application `{}` names AppProject `{name}`", graph.app(*id).name))
    });
    let mut finding = RULE.finding(message, said.next()?);
    for evidence in said.take(FURTHER) {
        finding = finding.because(evidence);
    }
    let finding = users.iter().fold(finding, |finding, (id, _)| also_in(finding, graph.app(*id)));
    let help = format!("add an AppProject `{name}`, or name one that exists: Argo CD syncs no Application of an unknown project");
    Some(finding.about("project", name).help(help))
}
