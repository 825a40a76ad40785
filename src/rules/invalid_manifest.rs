//! `invalid-manifest`: a file that should hold manifests cannot be read.

use super::Rule;
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule = Rule { id: "invalid-manifest", page: include_str!("../../rules/invalid-manifest.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let broken = graph.broken_files().into_iter().map(|broken| {
        RULE.finding(broken.text.clone(), broken.clone())
            .help("mend the file: what it holds was not audited, and an Application that applies it fails as a whole")
    });
    broken.collect()
}
