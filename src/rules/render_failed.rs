//! `render-failed`: a chart, a kustomization or an ApplicationSet's template fails.

use super::{Rule, of_defects};
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule = Rule { id: "render-failed", page: include_str!("../../rules/render-failed.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let help = "mend the line that is named, or the values that lead there: until then nothing of the Application is synced";
    of_defects(&RULE, graph, &["render-failed"], help)
}
