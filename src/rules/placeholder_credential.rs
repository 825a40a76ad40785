//! `placeholder-credential`: CHANGEME and its kin stand where a credential should be.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{App, Graph, Role, Shape, Written, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "placeholder-credential", page: include_str!("../../rules/placeholder-credential.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for producer in graph.producers() {
        let app = graph.app(graph.object(producer.object).app);
        let who = graph.name_of(producer.object);
        findings.extend(producer.written.iter().filter_map(|written| report(app, &who, written)));
    }
    for (_, workload) in graph.workloads() {
        let (app, who) = (graph.app(workload.app), graph.name_of(workload.object));
        findings.extend(workload.written.iter().filter_map(|written| report(app, &who, written)));
    }
    findings
}

fn report(app: &App, who: &str, written: &Written) -> Option<Finding> {
    // Whoever installs a chart that no Application names gives it other values than its own.
    let default_of_nobody = !app.argo && written.origin.role() == Role::Default;
    if written.shape != Shape::Placeholder || default_of_nobody {
        return None;
    }
    let message = format!("`{}` of {who} holds a placeholder that was never filled in", written.name);
    Some(
        RULE.finding_in(app, message, evidence(&written.origin, "this stands where a credential should be"))
            .about("object", who)
            .about("key", written.name.clone())
            .help("have the value written by a secret store; a placeholder that reaches a cluster is a known password"),
    )
}
