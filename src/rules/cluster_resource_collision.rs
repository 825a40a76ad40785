//! `cluster-resource-collision`: several Applications render one object of the cluster.

use super::{Rule, shared_objects};
use crate::finding::Finding;
use crate::graph::{Graph, Scope};

/// The rule.
pub const RULE: Rule = Rule { id: "cluster-resource-collision", page: include_str!("../../rules/cluster-resource-collision.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    graph.shared_objects(Scope::Cluster).iter().filter_map(|shared| shared_objects(&RULE, graph, shared)).collect()
}
