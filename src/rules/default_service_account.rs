//! `default-service-account`: a hook runs as the account that everything else in its namespace may run as.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Way, Workload, WorkloadId, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "default-service-account", page: include_str!("../../rules/default-service-account.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let hooks = graph.workloads().filter(|(_, workload)| graph.runs_at_sync(workload));
    hooks.filter_map(|(id, workload)| report(graph, id, workload)).collect()
}

fn report(graph: &Graph, id: WorkloadId, workload: &Workload) -> Option<Finding> {
    if !workload.token || graph.account_of(workload) != "default" {
        return None;
    }
    let secrets = workload.grants.iter().any(|grant| grant.way != Way::Pull);
    let rights = graph.rights_of(id);
    if graph.migrators_in(id).is_empty() && !secrets && rights.is_empty() {
        return None;
    }
    let who = graph.name_of(workload.object);
    let message = format!("{who} runs as the `default` account of its namespace, with its token");
    let shown = match &workload.service_account {
        Some(named) => evidence(&named.origin, format!("{who} names the `default` account")),
        None => graph.shown(workload.object, format!("{who} names no account")),
    };
    let mut finding = RULE.finding_in(graph.app(workload.app), message, shown);
    for right in rights.iter().take(2) {
        finding = finding.because(right.rule.clone()).because(right.binding.clone());
    }
    Some(finding.about("hook", who).help(
        "give it a ServiceAccount of its own, with `automountServiceAccountToken: false` if it never talks to the API server",
    ))
}
