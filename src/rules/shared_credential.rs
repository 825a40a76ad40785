//! `shared-credential`: one database credential is used by applications that are deployed apart from each other.

use std::collections::BTreeMap;

use super::{Rule, also_in, joined};
use crate::finding::Finding;
use crate::graph::{AppId, Graph, SecretId, Way, WorkloadId, WorkloadRole, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "shared-credential", page: include_str!("../../rules/shared-credential.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let credentials = graph.secrets().filter(|(_, secret)| secret.database.is_some());
    let reports = credentials.flat_map(|(id, _)| {
        let clusters = graph.by_cluster(graph.holders_of(id), |holder| graph.workload(*holder).app);
        clusters.into_iter().filter_map(move |holders| report(graph, id, holders))
    });
    reports.collect()
}

fn report(graph: &Graph, id: SecretId, holders: Vec<WorkloadId>) -> Option<Finding> {
    // A hook migrates for an application: that both hold the credential is another rule's question.
    let serves = |holder: &WorkloadId| {
        let workload = graph.workload(*holder);
        let container = |grant: &&crate::graph::Grant| {
            grant.secret == id && grant.way != Way::Pull && graph.secret(id).database_for(grant).is_some()
        };
        workload.role == WorkloadRole::Service
            && !workload.database_server
            && graph.app(workload.app).argo
            && workload.grants.iter().any(|grant| container(&grant))
    };
    let mut by_app: BTreeMap<AppId, WorkloadId> = BTreeMap::new();
    let mut names = std::collections::BTreeSet::new();
    let mut vendors = std::collections::BTreeSet::new();
    for holder in holders.into_iter().filter(serves) {
        let workload = graph.workload(holder);
        let object = graph.object(workload.object);
        vendors.insert(workload.vendor.map(|vendor| vendor.id.as_str()));
        if names.insert((&object.kind, &object.name)) {
            by_app.entry(workload.app).or_insert(holder);
        }
    }
    let one_product = vendors.len() == 1 && vendors.iter().all(Option::is_some);
    if by_app.len() < 2 || one_product {
        return None;
    }
    let secret = graph.secret(id);
    let who: Vec<String> = by_app.values().map(|holder| graph.name_of(graph.workload(*holder).object)).collect();
    let message = format!("database credential `{}` is used by {}", secret.name, joined(&who));
    let mut held = by_app.values().filter_map(|holder| {
        let workload = graph.workload(*holder);
        let grant = workload.grants.iter().find(|grant| grant.secret == id)?;
        Some(evidence(&grant.origin, format!("{} is given Secret `{}`", graph.name_of(workload.object), secret.name)))
    });
    let mut finding = RULE.finding(message, held.next()?);
    for evidence in held {
        finding = finding.because(evidence);
    }
    finding = by_app.keys().fold(finding, |finding, app| also_in(finding, graph.app(*app)));
    if let Some(known) = &secret.database {
        finding = finding.because(known.evidence.clone());
    }
    Some(
        finding
            .about("secret", secret.name.clone())
            .help("give each application a role and a Secret of its own, so that each can be changed and revoked alone"),
    )
}
