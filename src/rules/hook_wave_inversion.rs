//! `hook-wave-inversion`: inside one phase of one Application, a workload stands in an earlier wave than what it needs.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Dependency, Graph, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "hook-wave-inversion", page: include_str!("../../rules/hook-wave-inversion.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let inverted = graph.dependencies().filter(|dependency| {
        let same_phase = dependency.producers.iter().all(|(_, order)| order.same_application && !order.by_phase);
        same_phase && dependency.is_before_all()
    });
    inverted.filter_map(|dependency| report(graph, &dependency)).collect()
}

fn report(graph: &Graph, dependency: &Dependency) -> Option<Finding> {
    let (maker, order) = dependency.maker()?;
    let workload = graph.workload(dependency.workload);
    let (who, what) = (graph.name_of(workload.object), graph.name_of(maker.object));
    let needed = format!("{} `{}`", dependency.kind, dependency.name);
    let made = if what == needed { format!("{needed}, which is created") } else { format!("{needed}, which {what} makes") };
    let message = format!("{who} stands in {} and needs {made} in {}", order.first, order.second);
    let mut finding = RULE
        .finding_in(graph.app(workload.app), message, evidence(dependency.origin, format!("{who} needs {needed}")))
        .because(evidence(&maker.origin, format!("{what} is applied in {}", order.second)));
    for said in &order.evidence {
        finding = finding.because(said.clone());
    }
    Some(
        finding
            .about("workload", who.clone())
            .about("needs", needed)
            .help(format!("give {what} a lower `argocd.argoproj.io/sync-wave` than {who}")),
    )
}
