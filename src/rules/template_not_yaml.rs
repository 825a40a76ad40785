//! `template-not-yaml`: an ApplicationSet is no YAML before its template is filled in.

use super::Rule;
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule = Rule { id: "template-not-yaml", page: include_str!("../../rules/template-not-yaml.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let broken = graph.facts().broken_sets.iter().map(|broken| {
        RULE.finding(broken.text.clone(), broken.clone()).help(
            "an ApplicationSet is read before its template is filled in: put actions into quoted scalars, and what must change the \
             structure into `templatePatch`",
        )
    });
    broken.collect()
}
