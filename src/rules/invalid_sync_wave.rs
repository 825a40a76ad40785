//! `invalid-sync-wave`: a wave or weight that is no whole number counts as none.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "invalid-sync-wave", page: include_str!("../../rules/invalid-sync-wave.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, object) in graph.objects() {
        let who = graph.name_of(id);
        for (annotation, origin) in &object.schedule.bad_waves {
            let message = format!(
                "annotation `{annotation}` of {who} is no whole number in quotes, so it stands in wave {}",
                object.schedule.wave
            );
            let said = evidence(origin, format!("`{annotation}` must be a string that holds a whole number"));
            let finding = RULE.finding_in(graph.app(object.app), message, said);
            findings.push(
                finding
                    .about("object", who.clone())
                    .about("annotation", annotation.clone())
                    .help(format!("write `{annotation}` as a whole number in quotes, such as \"-1\"")),
            );
        }
    }
    findings
}
