//! `missing-secret`: a pod needs a Secret that nothing makes.

use std::collections::BTreeMap;

use super::{FURTHER, Rule, also_in, some_of};
use crate::finding::Finding;
use crate::graph::{Grant, Graph, SecretId, Way, Workload, WorkloadRole, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "missing-secret", page: include_str!("../../rules/missing-secret.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut needed: BTreeMap<SecretId, Vec<(&Workload, &Grant)>> = BTreeMap::new();
    // Of a chart that nobody installs here, the values may switch on what makes its Secrets.
    let open = |workload: &Workload| graph.app(workload.app).guess.as_ref().is_some_and(|guess| guess.secrets);
    let runs = |workload: &Workload| workload.role != WorkloadRole::OnDemand && !open(workload);
    for (_, workload) in graph.workloads().filter(|(_, workload)| runs(workload)) {
        for grant in workload.grants.iter().filter(|grant| !grant.optional && grant.way != Way::Pull) {
            let users = needed.entry(grant.secret).or_default();
            if !users.iter().any(|(known, _)| known.object == workload.object) {
                users.push((workload, grant));
            }
        }
    }
    let programs = graph.secrets_of_programs();
    let missing = needed.into_iter().filter(|(id, _)| {
        let secret = graph.secret(*id);
        let (namespace, name) = (&secret.namespace, &secret.name);
        graph.is_missing("Secret", namespace, name) && !programs.may_make(namespace, name)
    });
    missing.filter_map(|(id, users)| report(graph, id, &users)).collect()
}

fn report(graph: &Graph, id: SecretId, users: &[(&Workload, &Grant)]) -> Option<Finding> {
    let name = &graph.secret(id).name;
    let mut who: Vec<String> = users.iter().map(|(workload, _)| graph.name_of(workload.object)).collect();
    who.dedup();
    let verb = if who.len() == 1 { "needs" } else { "need" };
    let who = some_of(who);
    let place = if graph.is_elsewhere("Secret", name) { " in that namespace" } else { "" };
    let message = format!("{who} {verb} Secret `{name}`, and no manifest in the repository makes it{place}");
    let mut needs = users.iter().map(|(workload, grant)| {
        evidence(&grant.origin, format!("{} does not start without Secret `{name}`", graph.name_of(workload.object)))
    });
    let mut finding = RULE.finding(message, needs.next()?);
    for evidence in needs.take(FURTHER) {
        finding = finding.because(evidence);
    }
    finding = users.iter().fold(finding, |finding, (workload, _)| also_in(finding, graph.app(workload.app)));
    Some(finding.about("secret", name.clone()).help(format!(
        "add what makes `{name}` in this namespace (an ExternalSecret, say), or name it under `external.secrets` in the \
         configuration if it comes from elsewhere"
    )))
}
