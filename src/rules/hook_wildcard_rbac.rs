//! `hook-wildcard-rbac`: a hook's account has rights that are written with `*`.

use std::collections::BTreeSet;

use super::{Rule, joined};
use crate::finding::Finding;
use crate::graph::{Graph, Right};

/// The rule.
pub const RULE: Rule =
    Rule { id: "hook-wildcard-rbac", page: include_str!("../../rules/hook-wildcard-rbac.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (id, workload) in graph.hooks().filter(|(_, workload)| workload.token) {
        let account = graph.account_of(workload);
        let namespace = &graph.object(workload.object).namespace;
        for right in graph.rights_of(id) {
            let wild = wildcards(right);
            if wild.is_empty() || !seen.insert((namespace.clone(), account.clone(), right.rule.span, right.binding.span)) {
                continue;
            }
            let who = graph.name_of(workload.object);
            let message = format!("{who} runs as `{account}`, whose rights hold for all {}", joined(&wild));
            findings.push(
                RULE.finding_in(graph.app(workload.app), message, right.at_wildcard())
                    .because(right.binding.clone())
                    .because(graph.shown(workload.object, format!("{who} runs as `{account}`")))
                    .about("hook", who.clone())
                    .about("account", account.clone())
                    .help("write out the verbs, resources and groups that the hook uses"),
            );
        }
    }
    findings
}

fn wildcards(right: &Right) -> Vec<String> {
    let parts = [("verbs", &right.verbs), ("API groups", &right.groups), ("resources", &right.resources)];
    let wild = parts.iter().filter(|(_, words)| words.iter().any(|word| word == "*"));
    wild.map(|(what, _)| (*what).to_owned()).collect()
}
