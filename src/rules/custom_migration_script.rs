//! `custom-migration-script`: a job changes a schema by SQL that no migration tool keeps account of.

use super::{FURTHER, Rule};
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule =
    Rule { id: "custom-migration-script", page: include_str!("../../rules/custom-migration-script.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let by_hand = graph.migrators().filter(|(_, migrator)| migrator.ad_hoc);
    let report = by_hand.map(|(id, migrator)| {
        let who = graph.name_of(migrator.object);
        let client = migrator.tool.map_or("a database client", |tool| &tool.name);
        let message = format!("{who} changes a schema through {client}, outside any migration tool");
        let mut finding = RULE.finding_in(graph.app(migrator.app), message, migrator.evidence.clone());
        for claim in graph.claims_of(id).into_iter().take(FURTHER) {
            finding = claim.evidence.iter().take(1).fold(finding, |finding, e| finding.because(e.clone()));
        }
        finding
            .help("move the statements into numbered scripts of a migration tool, which knows what ran and refuses what changed")
            .about("hook", who)
    });
    report.collect()
}
