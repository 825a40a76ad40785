//! `resource-in-two-applications`: several Applications render one object of a namespace.

use super::{Rule, shared_objects};
use crate::finding::Finding;
use crate::graph::{Graph, Scope};

/// The rule.
pub const RULE: Rule = Rule { id: "resource-in-two-applications", page: include_str!("../../rules/resource-in-two-applications.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    graph.shared_objects(Scope::Namespaced).iter().filter_map(|shared| shared_objects(&RULE, graph, shared)).collect()
}
