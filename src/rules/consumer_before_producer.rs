//! `consumer-before-producer`: an Application is synced before the one that makes what it needs.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Dependency, Graph, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "consumer-before-producer", page: include_str!("../../rules/consumer-before-producer.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let early = graph.dependencies().filter(|dependency| {
        dependency.producers.iter().all(|(_, order)| !order.same_application) && dependency.is_before_all()
    });
    early.filter_map(|dependency| report(graph, &dependency)).collect()
}

fn report(graph: &Graph, dependency: &Dependency) -> Option<Finding> {
    let (maker, order) = dependency.maker()?;
    let workload = graph.workload(dependency.workload);
    let (who, what) = (graph.name_of(workload.object), graph.name_of(maker.object));
    let needed = format!("{} `{}`", dependency.kind, dependency.name);
    let later = if what == needed { "comes".to_owned() } else { format!("{what} makes") };
    let message =
        format!("{who} is synced in {} and needs {needed}, which {later} in {} only", order.first, order.second);
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
            .help(format!("move Application `{other}` to an earlier step than the one of {who}, or this one to a later step")),
    )
}
