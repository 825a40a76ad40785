//! `missing-secret-key`: the Secret is made, and the key that is read is not among its keys.

use std::collections::BTreeSet;

use super::{Rule, listed};
use crate::finding::Finding;
use crate::graph::{Grant, Graph, Producer, Way, Workload, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "missing-secret-key", page: include_str!("../../rules/missing-secret-key.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, workload) in graph.workloads() {
        let mut seen = BTreeSet::new();
        for grant in workload.grants.iter().filter(|grant| !grant.optional && grant.way != Way::Pull) {
            let secret = graph.secret(grant.secret);
            if grant.keys.is_empty() || graph.may_hide(&secret.namespace) {
                continue;
            }
            let makers = graph.producers_of("Secret", &secret.namespace, &secret.name);
            let Some(first) = makers.first() else { continue };
            for (at, key) in grant.keys.iter().enumerate() {
                let absent = makers.iter().all(|maker| maker.keys.has(key) == Some(false));
                if absent && seen.insert((grant.secret, key)) {
                    findings.push(report(graph, workload, grant, at, first));
                }
            }
        }
    }
    findings
}

fn report(graph: &Graph, workload: &Workload, grant: &Grant, at: usize, maker: &Producer) -> Finding {
    let key = &grant.keys[at];
    let who = graph.name_of(workload.object);
    let what = graph.name_of(maker.object);
    let secret = &graph.secret(grant.secret).name;
    let keys = listed(maker.keys.known().iter().map(|known| known.value.as_str()));
    let keys = if keys.is_empty() { "no key".to_owned() } else { keys };
    let message = format!("{who} reads key `{key}` of Secret `{secret}`, and {what} gives it {keys} only");
    RULE.finding_in(
        graph.app(workload.app),
        message,
        evidence(&grant.key_origins[at], format!("{who} reads key `{key}`")),
    )
    .because(evidence(&grant.origin, format!("it is to be in Secret `{secret}`")))
    .because(evidence(&maker.origin, format!("{what} gives it {keys}")))
    .about("workload", who.clone())
    .about("secret", secret.clone())
    .about("key", key.clone())
    .help(format!("read one of the keys that are there, or have {what} write `{key}`"))
}
