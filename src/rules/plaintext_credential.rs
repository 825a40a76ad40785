//! `plaintext-credential`: a password, token or key is written in Git.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, also_in, joined, some_of};
use crate::catalog::catalog;
use crate::finding::Finding;
use crate::graph::{Graph, Producer, Shape, Span, Workload, Written, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "plaintext-credential", page: include_str!("../../rules/plaintext-credential.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings: Vec<Finding> = graph.producers().iter().filter_map(|producer| of_object(graph, producer)).collect();
    // A line that several workloads read is one line to change.
    let mut places: BTreeMap<Span, Vec<(&Workload, &Written)>> = BTreeMap::new();
    for (_, workload) in graph.workloads() {
        for written in workload.written.iter().filter(|written| written.shape == Shape::Value) {
            places.entry(written.origin.anchor()).or_default().push((workload, written));
        }
    }
    findings.extend(places.values().map(|readers| of_line(graph, readers)));
    findings
}

fn of_line(graph: &Graph, readers: &[(&Workload, &Written)]) -> Finding {
    let written = readers[0].1;
    let mut who: Vec<String> = readers.iter().map(|(workload, _)| graph.name_of(workload.object)).collect();
    who.sort();
    who.dedup();
    // Arguments have no names; a variable's has no blank.
    let place = if written.name.contains(' ') { written.name.to_string() } else { format!("`{}`", written.name) };
    let message = format!("the credential in {place} of {} is written in Git", some_of(who.clone()));
    let mut finding = RULE.finding(message, evidence(&written.origin, "the value is written here"));
    for (workload, _) in readers {
        finding = also_in(finding, graph.app(workload.app));
    }
    finding
        .about("object", who.swap_remove(0))
        .about("key", written.name.clone())
        .help("keep the value in a secret store, refer to it with `secretKeyRef`, and change it: Git does not forget")
}

/// One finding for all keys of an object: they are mended together.
fn of_object(graph: &Graph, producer: &Producer) -> Option<Finding> {
    let counts = |written: &&Written| written.shape == Shape::Value && is_credential(producer.kind, &written.name);
    let mut written = producer.written.iter().filter(counts);
    let first = written.next()?;
    let mut keys = vec![format!("`{}`", first.name)];
    let mut rest = Vec::new();
    // A file of SQL may hold several.
    let (mut names, mut places) = (BTreeSet::from([&first.name]), BTreeSet::from([first.origin.anchor()]));
    for further in written {
        if names.insert(&further.name) {
            keys.push(format!("`{}`", further.name));
        }
        if places.insert(further.origin.anchor()) {
            rest.push(evidence(&further.origin, format!("so is that of `{}`", further.name)));
        }
    }
    let who = graph.name_of(producer.object);
    let message = format!("{who} keeps {} in Git as plain text", joined(&keys));
    let here = evidence(&first.origin, format!("the value of `{}` is written here", first.name));
    let app = graph.app(graph.object(producer.object).app);
    let finding = rest.into_iter().fold(RULE.finding_in(app, message, here), Finding::because);
    Some(finding.about("object", who).help(
        "keep the value in a secret store or encrypt it (External Secrets, Sealed Secrets, SOPS), and change it: Git does not forget",
    ))
}

/// Keys of a Secret that hold no secret (a user name, a host) do not count; what facts found in a ConfigMap does.
fn is_credential(kind: &str, key: &str) -> bool {
    kind != "Secret"
        || catalog().is_credential_name(key)
        || matches!(key, "tls.key" | "keyData" | ".dockerconfigjson" | ".dockercfg" | "ssh-privatekey")
}
