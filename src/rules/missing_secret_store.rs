//! `missing-secret-store`: an external secret names a store that nothing makes.

use std::collections::BTreeMap;

use super::{FURTHER, Rule, also_in, some_of};
use crate::finding::Finding;
use crate::graph::{Graph, Reference, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "missing-secret-store", page: include_str!("../../rules/missing-secret-store.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    // A cluster's store comes with the cluster: whoever installs a folder that no Application names brings his own.
    let has_stores = graph.producers().iter().any(|producer| producer.kind == "ClusterSecretStore");
    let elsewhere = |reference: &Reference| {
        !has_stores && reference.kind == "ClusterSecretStore" && !graph.app(graph.object(reference.object).app).argo
    };
    let mut stores: BTreeMap<(&str, &str, &str), Vec<&Reference>> = BTreeMap::new();
    for reference in &graph.facts().references {
        // A cluster's store is looked for in the whole cluster, whatever the namespace of whoever names it.
        let namespace = match reference.kind {
            "SecretStore" => graph.object(reference.object).namespace.as_str(),
            "ClusterSecretStore" => "",
            _ => continue,
        };
        if graph.is_missing(reference.kind, namespace, &reference.name) && !elsewhere(reference) {
            stores.entry((reference.kind, namespace, &reference.name)).or_default().push(reference);
        }
    }
    stores.values().filter_map(|users| report(graph, users)).collect()
}

fn report(graph: &Graph, users: &[&Reference]) -> Option<Finding> {
    let first = users.first()?;
    let what = format!("{} `{}`", first.kind, first.name);
    let who: Vec<String> = users.iter().map(|user| graph.name_of(user.object)).collect();
    let verb = if users.len() == 1 { "names" } else { "name" };
    let message = format!("{} {verb} {what}, and no manifest in the repository makes it", some_of(who));
    let said = |user: &Reference| evidence(&user.origin, format!("{} names {what}", graph.name_of(user.object)));
    let mut finding = RULE.finding(message, said(first));
    for user in users.iter().skip(1).take(FURTHER) {
        finding = finding.because(said(user));
    }
    for user in users {
        finding = also_in(finding, graph.app(graph.object(user.object).app));
    }
    let help = match first.kind {
        "SecretStore" => "add the store to this namespace, or name one that is there: a SecretStore serves its own namespace only",
        _ => "add the store, or name one that is there",
    };
    Some(finding.about("store", what).help(help))
}
