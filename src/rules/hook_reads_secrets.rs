//! `hook-reads-secrets`: a hook's account may read Secrets that nobody named.

use std::collections::BTreeSet;

use super::{Rule, listed};
use crate::finding::Finding;
use crate::graph::{Graph, Right};

/// The rule.
pub const RULE: Rule =
    Rule { id: "hook-reads-secrets", page: include_str!("../../rules/hook-reads-secrets.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (id, workload) in graph.hooks().filter(|(_, workload)| workload.token) {
        let account = graph.account_of(workload);
        let namespace = &graph.object(workload.object).namespace;
        for right in graph.rights_of(id).into_iter().filter(|right| reads_any_secret(right)) {
            if !seen.insert((namespace.clone(), account.clone(), right.rule.span, right.binding.span)) {
                continue;
            }
            let who = graph.name_of(workload.object);
            let reach = match &right.within {
                Some(within) if within == namespace => "its namespace".to_owned(),
                Some(within) => format!("namespace `{within}`"),
                None => "the cluster".to_owned(),
            };
            let message = format!(
                "{who} runs as `{account}`, which may {} every Secret of {reach}",
                verbs(right)
            );
            findings.push(
                RULE.finding_in(graph.app(workload.app), message, right.at_resource(SECRETS))
                    .because(right.binding.clone())
                    .because(graph.shown(workload.object, format!("{who} runs as `{account}`")))
                    .about("hook", who.clone())
                    .about("account", account.clone())
                    .help("name the Secrets that it needs (`resourceNames`, with the verb `get`), or mount them and drop the right"),
            );
        }
    }
    findings
}

fn verbs(right: &Right) -> String {
    if right.verbs.iter().any(|verb| verb == "*") {
        return "do anything with".to_owned();
    }
    listed(right.verbs.iter().map(String::as_str).filter(|verb| READING.contains(verb)))
}

const SECRETS: &[&str] = &["secrets", "*"];
const READING: &[&str] = &["get", "list", "watch", "*"];

/// A right that names its Secrets is a right to those; `list` with names needs a field selector and gives no more.
fn reads_any_secret(right: &Right) -> bool {
    let any = |words: &[String], wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    any(&right.verbs, READING)
        && any(&right.groups, &["", "*"])
        && any(&right.resources, SECRETS)
        && right.names.is_empty()
}
