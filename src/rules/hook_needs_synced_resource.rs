//! `hook-needs-synced-resource`: a hook needs what its own Application creates in a later phase only.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Dependency, Graph, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "hook-needs-synced-resource", page: include_str!("../../rules/hook-needs-synced-resource.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let late = graph.dependencies().filter(|dependency| {
        let by_phase = dependency.producers.iter().all(|(_, order)| order.same_application && order.by_phase);
        by_phase && dependency.is_before_all()
    });
    late.filter_map(|dependency| report(graph, &dependency)).collect()
}

fn report(graph: &Graph, dependency: &Dependency) -> Option<Finding> {
    let (maker, order) = dependency.maker()?;
    let workload = graph.workload(dependency.workload);
    let (who, what) = (graph.name_of(workload.object), graph.name_of(maker.object));
    let needed = format!("{} `{}`", dependency.kind, dependency.name);
    let made = if what == needed { format!("{needed}, which is created") } else { format!("{needed}, which {what} makes") };
    let message = format!("{who} runs in {} and needs {made} in {}", order.first, order.second);
    let mut finding = RULE
        .finding_in(graph.app(workload.app), message, evidence(dependency.origin, format!("{who} needs {needed}")))
        .because(evidence(&maker.origin, format!("{what} is applied in {}", order.second)));
    for said in &order.evidence {
        finding = finding.because(said.clone());
    }
    Some(finding.about("hook", who.clone()).about("needs", needed).help(format!(
        "annotate {what} with `argocd.argoproj.io/hook: PreSync` and a lower sync-wave than {who}, or make {who} a Sync hook \
         in a later wave than {what}"
    )))
}
