//! `placeholder-credential`: CHANGEME and its kin stand where a credential should be.

use super::{Rule, joined};
use crate::finding::Finding;
use crate::graph::{App, Graph, Role, Shape, Written, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "placeholder-credential", page: include_str!("../../rules/placeholder-credential.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for producer in graph.producers() {
        let app = graph.app(graph.object(producer.object).app);
        // The keys of one object are filled in together.
        let keys: Vec<&Written> = producer.written.iter().filter(|written| is_left(app, written)).collect();
        findings.extend(report(app, &graph.name_of(producer.object), &keys));
    }
    for (_, workload) in graph.workloads() {
        let (app, who) = (graph.app(workload.app), graph.name_of(workload.object));
        let left = workload.written.iter().filter(|written| is_left(app, written));
        findings.extend(left.filter_map(|written| report(app, &who, &[written])));
    }
    findings
}

fn is_left(app: &App, written: &Written) -> bool {
    // Whoever installs a chart that no Application names gives it other values than its own.
    let default_of_nobody = !app.argo && written.origin.role() == Role::Default;
    written.shape == Shape::Placeholder && !default_of_nobody
}

fn report(app: &App, who: &str, keys: &[&Written]) -> Option<Finding> {
    let (first, rest) = keys.split_first()?;
    let names: Vec<String> = keys.iter().map(|written| format!("`{}`", written.name)).collect();
    let holds = if rest.is_empty() { "holds a placeholder that was" } else { "hold placeholders that were" };
    let message = format!("{} of {who} {holds} never filled in", joined(&names));
    let text = "this stands where a credential should be";
    let finding = RULE.finding_in(app, message, evidence(&first.origin, text));
    let so = |written: &&&Written| evidence(&written.origin, format!("so does this: `{}`", written.name));
    let finding = rest.iter().map(|written| so(&written)).fold(finding, Finding::because);
    Some(
        finding
            .about("object", who)
            .about("key", first.name.clone())
            .help("have the value written by a secret store; a placeholder that reaches a cluster is a known password"),
    )
}
