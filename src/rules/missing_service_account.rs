//! `missing-service-account`: a hook names an account that nothing makes.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Workload, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "missing-service-account", page: include_str!("../../rules/missing-service-account.md"), check };

/// Accounts that Kubernetes and OpenShift make in every namespace.
const EVERYWHERE: &[&str] = &["default", "builder", "deployer", "pipeline"];

fn check(graph: &Graph) -> Vec<Finding> {
    graph.hooks().filter_map(|(_, workload)| report(graph, workload)).collect()
}

fn report(graph: &Graph, workload: &Workload) -> Option<Finding> {
    let account = workload.service_account.as_ref()?;
    let namespace = &graph.object(workload.object).namespace;
    let known = EVERYWHERE.contains(&account.value.as_str());
    if known || !graph.is_missing("ServiceAccount", namespace, &account.value) {
        return None;
    }
    let who = graph.name_of(workload.object);
    let name = &account.value;
    let message = format!("{who} runs as ServiceAccount `{name}`, and no manifest in the repository makes it");
    Some(
        RULE.finding_in(graph.app(workload.app), message, evidence(&account.origin, format!("{who} names `{name}`")))
            .about("hook", who.clone())
            .about("account", name.clone())
            .help(format!("add ServiceAccount `{name}` to the Application, applied before {who}")),
    )
}
