//! `missing-secret-key`: the Secret is made, and the key that is read is not among its keys.

use std::collections::BTreeMap;

use super::{FURTHER, Rule, also_in, distinct, listed, some_of};
use crate::finding::Finding;
use crate::graph::{Grant, Graph, Producer, SecretId, Way, Word, Workload, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "missing-secret-key", page: include_str!("../../rules/missing-secret-key.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut missed: BTreeMap<(SecretId, &Word), Vec<Missed>> = BTreeMap::new();
    for (_, workload) in graph.workloads() {
        for grant in workload.grants.iter().filter(|grant| !grant.optional && grant.way != Way::Pull) {
            let secret = graph.secret(grant.secret);
            if grant.keys.is_empty() || graph.may_hide(&secret.namespace) {
                continue;
            }
            let makers = graph.producers_of("Secret", &secret.namespace, &secret.name);
            // A chart that nobody installs here makes further keys of values that it is given.
            let open = makers.iter().any(|maker| graph.app(graph.object(maker.object).app).guess.is_some());
            let Some(maker) = makers.first().copied().filter(|_| !open) else { continue };
            for (at, key) in grant.keys.iter().enumerate() {
                if makers.iter().all(|maker| maker.keys.has(key) == Some(false)) {
                    let known = missed.entry((grant.secret, key)).or_default();
                    if !known.iter().any(|known| known.workload.object == workload.object) {
                        known.push(Missed { workload, grant, at, maker });
                    }
                }
            }
        }
    }
    missed.into_values().filter_map(|missed| report(graph, &missed)).collect()
}

/// A workload that reads a key that is not there.
struct Missed<'g> {
    workload: &'g Workload,
    grant: &'g Grant,
    at: usize,
    maker: &'g Producer,
}

fn report(graph: &Graph, missed: &[Missed<'_>]) -> Option<Finding> {
    let first = missed.first()?;
    let (key, grant) = (&first.grant.keys[first.at], first.grant);
    let what = graph.name_of(first.maker.object);
    let secret = &graph.secret(grant.secret).name;
    let keys = listed(first.maker.keys.known().iter().map(|known| known.value.as_str()));
    let keys = if keys.is_empty() { "no key".to_owned() } else { keys };
    let who = distinct(missed.iter().map(|it| graph.name_of(it.workload.object)));
    let (verb, named) = (if who.len() == 1 { "reads" } else { "read" }, who[0].clone());
    let who = some_of(who);
    let message = format!("{who} {verb} key `{key}` of Secret `{secret}`, and {what} gives it {keys} only");
    let mut reads = missed.iter().map(|it| {
        let text = format!("{} reads key `{key}`", graph.name_of(it.workload.object));
        evidence(&it.grant.key_origins[it.at], text)
    });
    let mut finding = RULE
        .finding(message, reads.next()?)
        .because(evidence(&grant.origin, format!("it is to be in Secret `{secret}`")))
        .because(evidence(&first.maker.origin, format!("{what} gives it {keys}")));
    for evidence in reads.take(FURTHER) {
        finding = finding.because(evidence);
    }
    let finding = missed.iter().fold(finding, |finding, it| also_in(finding, graph.app(it.workload.app)));
    Some(
        finding
            .about("workload", named)
            .about("secret", secret.clone())
            .about("key", key.clone())
            .help(format!("read one of the keys that are there, or have {what} write `{key}`")),
    )
}
