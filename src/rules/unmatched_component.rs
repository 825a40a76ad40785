//! `unmatched-component`: a descriptor that looks like those of a set, and that no generator picks up.

use super::Rule;
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule =
    Rule { id: "unmatched-component", page: include_str!("../../rules/unmatched-component.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let strays = graph.rollout().strays.iter().map(|stray| {
        let (set, siblings) = &stray.set;
        let message = format!(
            "`{}` looks like the {siblings} descriptors that ApplicationSet `{set}` picks up, and no generator picks it up",
            stray.path
        );
        let finding = RULE.finding(message, stray.evidence.clone());
        let finding = stray.patterns.iter().fold(finding, |finding, pattern| finding.because(pattern.clone()));
        finding
            .about("component", &stray.path)
            .about("applicationset", set)
            .help("let a pattern of the generator match it; if it is parked, rename it or take it away")
    });
    strays.collect()
}
