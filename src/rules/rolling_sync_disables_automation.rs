//! `rolling-sync-disables-automation`: automated sync is asked for where a RollingSync switches it off.

use super::{Rule, SHOWN, also_in};
use crate::finding::Finding;
use crate::graph::{Graph, evidence};

/// The rule.
pub const RULE: Rule = Rule {
    id: "rolling-sync-disables-automation",
    page: include_str!("../../rules/rolling-sync-disables-automation.md"),
    check,
};

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, set) in graph.rolling_sets() {
        let mut found: Option<Finding> = None;
        let heals = graph.made_by(at).any(|(_, placing)| placing.automated.is_some() && placing.heals);
        for (id, placing) in graph.made_by(at) {
            let Some(automated) = &placing.automated else { continue };
            let lost = if heals { ": changes in the cluster are not undone" } else { "" };
            let message =
                format!("the RollingSync of ApplicationSet `{}` switches the automated sync of its Applications off{lost}", set.name);
            let shown = evidence(automated, "automated sync is asked for here");
            let finding = match found {
                None => RULE.finding(message, shown),
                Some(finding) if finding.related().len() >= SHOWN => finding,
                Some(finding) => finding.because(shown),
            };
            found = Some(also_in(finding, graph.app(id)));
        }
        let rolling = set.rolling.as_ref().unwrap_or(&set.origin);
        findings.extend(found.map(|finding| {
            finding
                .because(evidence(rolling, "the RollingSync starts every sync itself"))
                .about("applicationset", &set.name)
                .help("keep `automated.prune` if the rollout is to prune; do not count on `selfHeal`, and take it out")
        }));
    }
    findings
}
