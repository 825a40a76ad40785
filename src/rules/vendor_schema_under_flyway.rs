//! `vendor-schema-under-flyway`: a migration of the project's own changes a schema that belongs to a vendor's product.

use super::Rule;
use crate::finding::Finding;
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule =
    Rule { id: "vendor-schema-under-flyway", page: include_str!("../../rules/vendor-schema-under-flyway.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, migrator) in graph.migrators().filter(|(_, migrator)| migrator.is_first_party_job()) {
        let who = graph.name_of(migrator.object);
        for claim in graph.claims_of(id) {
            let schema = graph.schema(claim.schema);
            let (Some(vendor), Some(strongest)) = (schema.vendor, claim.evidence.first()) else { continue };
            let message = format!("schema `{}` belongs to {}, and {who} migrates it", schema.label(), vendor.name);
            let mut finding = RULE.finding_in(graph.app(migrator.app), message, strongest.clone());
            for evidence in claim.evidence.iter().skip(1).chain([&migrator.evidence]).chain(&schema.declared) {
                finding = finding.because(evidence.clone());
            }
            let help = format!(
                "take `{0}` out of {who} and leave it to {1}'s own migration; credential, URL and scripts go with it",
                schema.label(),
                vendor.name
            );
            findings.push(finding.help(help).about("schema", schema.label()).about("migrator", who.clone()));
        }
    }
    findings
}
