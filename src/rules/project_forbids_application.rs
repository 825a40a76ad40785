//! `project-forbids-application`: an AppProject does not permit what one of its Applications asks for.

use super::{Rule, also_in};
use crate::finding::Finding;
use crate::graph::{Graph, Refusal, Refused, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "project-forbids-application", page: include_str!("../../rules/project-forbids-application.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    graph.refusals().iter().map(|refusal| report(graph, refusal)).collect()
}

fn report(graph: &Graph, refusal: &Refusal<'_>) -> Finding {
    let name = &refusal.project.name.value;
    let who = graph.applications_named(refusal.apps.iter().copied());
    let (what, field) = match &refusal.what {
        Refused::Repository(address) => (format!("the repository `{address}`"), "sourceRepos"),
        Refused::Destination(cluster, namespace) if namespace.is_empty() => {
            (format!("cluster `{cluster}` without a namespace"), "destinations")
        }
        Refused::Destination(cluster, namespace) => (format!("namespace `{namespace}` of cluster `{cluster}`"), "destinations"),
        Refused::Kind(group, kind, false) => (format!("the kind {}", shown(group, kind)), "clusterResourceWhitelist"),
        Refused::Kind(group, kind, true) => (format!("the kind {}", shown(group, kind)), "namespaceResourceWhitelist"),
        Refused::Home(namespace) => (format!("Applications in namespace `{namespace}`"), "sourceNamespaces"),
    };
    let message = format!("AppProject `{name}` does not permit {what}, which {who} needs");
    let message = if refusal.apps.len() == 1 { message } else { message.replace(" needs", " need") };
    let primary = evidence(refusal.project.list(field), format!("AppProject `{name}` does not permit it"));
    let mut finding = RULE.finding(message, primary);
    for asked in &refusal.asked {
        finding = finding.because(asked.clone());
    }
    let finding = refusal.apps.iter().fold(finding, |finding, app| also_in(finding, graph.app(*app)));
    finding
        .about("project", name.clone())
        .about("refused", what)
        .help(format!("permit it in the project's `{field}`, or move the Application: Argo CD refuses to sync it as it is"))
}

fn shown(group: &str, kind: &str) -> String {
    if group.is_empty() { format!("`{kind}`") } else { format!("`{kind}` of `{group}`") }
}
