//! `vendor-credential-in-migration-job`: a migration of the project's own is handed the credential of a vendor's database.

use std::collections::BTreeSet;

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Grant, Graph, Way, Workload, WorkloadId, WorkloadRole};

/// The rule.
pub const RULE: Rule = Rule {
    id: "vendor-credential-in-migration-job",
    page: include_str!("../../rules/vendor-credential-in-migration-job.md"),
    check,
};

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, workload) in graph.hooks() {
        let migrators = graph.first_party_in(id);
        let Some((_, first)) = migrators.first() else { continue };
        let who = graph.name_of(workload.object);
        let mut seen = BTreeSet::new();
        for (grant, secret) in graph.credentials_of(id).filter(|(grant, _)| reaches(graph, id, workload, grant)) {
            let Some((vendor, why)) = secret.vendor_for(grant) else { continue };
            let own = workload.vendor.is_some_and(|own| own.id == vendor.id);
            if own || !seen.insert(grant.secret) {
                continue;
            }
            let message =
                format!("{who} migrates for the project, and holds Secret `{}` of {}", secret.name, vendor.name);
            let held = crate::graph::evidence(&grant.origin, format!("{who} is given Secret `{}`", secret.name));
            let finding = RULE
                .finding_in(graph.app(workload.app), message, held)
                .because(why.clone())
                .because(first.evidence.clone())
                .help(format!("take Secret `{}` away from {who}: {} migrates its own schema", secret.name, vendor.name))
                .about("hook", who.clone())
                .about("secret", secret.name.clone());
            findings.push(finding);
        }
    }
    findings
}

/// Whether the migrating containers get it: a Deployment's own container beside a migrating init container may hold more.
fn reaches(graph: &Graph, id: WorkloadId, workload: &Workload, grant: &Grant) -> bool {
    let migrates = |at: usize| graph.first_party_in(id).iter().any(|(_, migrator)| migrator.container == Some(at));
    grant.way != Way::Pull && (workload.role != WorkloadRole::Service || grant.container.is_none_or(migrates))
}
