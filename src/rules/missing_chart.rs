//! `missing-chart`: an Application's path or chart is not in the repository that should hold it.

use super::{Rule, of_groups};
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule = Rule { id: "missing-chart", page: include_str!("../../rules/missing-chart.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let help = "add what is named, or name what is there: Argo CD cannot make the manifests of such an Application at all";
    of_groups(&RULE, graph, graph.defects_by_text(&["missing-chart"]), help)
}
