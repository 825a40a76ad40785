//! `same-step-dependency`: an Application and the one that makes what it needs are synced in one step, in no order.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Dependency, Graph, Ranking, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "same-step-dependency", page: include_str!("../../rules/same-step-dependency.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let beside = graph.dependencies().filter(|dependency| {
        let unordered = |ranking| matches!(ranking, Ranking::Before | Ranking::Together);
        dependency.producers.iter().all(|(_, order)| !order.same_application && unordered(order.ranking))
    });
    beside.filter_map(|dependency| report(graph, &dependency)).collect()
}

fn report(graph: &Graph, dependency: &Dependency) -> Option<Finding> {
    let (maker, order) = dependency.producers.iter().find(|(producer, order)| {
        order.ranking == Ranking::Together && producer.certainty > crate::finding::Certainty::Inferred
    })?;
    let workload = graph.workload(dependency.workload);
    let (who, what) = (graph.name_of(workload.object), graph.name_of(maker.object));
    let needed = format!("{} `{}`", dependency.kind, dependency.name);
    let made = if what == needed { "comes".to_owned() } else { format!("{what} makes") };
    let message = format!("{who} needs {needed}, which {made} in the same step: {}", order.first);
    let mut finding = RULE
        .finding_in(graph.app(workload.app), message, evidence(dependency.origin, format!("{who} needs {needed}")))
        .because(evidence(&maker.origin, format!("{what} is synced in {}", order.second)));
    for said in &order.evidence {
        finding = finding.because(said.clone());
    }
    let other = &graph.app(graph.object(maker.object).app).name;
    Some(
        finding
            .about("workload", who.clone())
            .about("needs", needed)
            .help(format!("move Application `{other}` to an earlier step: inside a step nothing waits for anything")),
    )
}
