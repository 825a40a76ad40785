//! `values-outside-repository`: a path, a values file or a link leads out of the repository.

use super::{Rule, of_defects};
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule = Rule { id: "values-outside-repository", page: include_str!("../../rules/values-outside-repository.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let help = "keep to paths inside the repository: Argo CD refuses whatever leads out of it";
    let argo = graph.targets().next().is_some();
    // Where there is no Argo CD, nobody refuses a link.
    let kinds: &[&str] = if argo { &["values-outside-repository", "link-outside-repository"] } else { &["values-outside-repository"] };
    of_defects(&RULE, graph, kinds, help)
}
