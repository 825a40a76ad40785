//! `hook-never-completes`: a Job's sidecar goes on for ever, and so does the Job.

use super::Rule;
use crate::catalog::catalog;
use crate::finding::Finding;
use crate::graph::{Container, ContainerRole, Graph, Workload, WorkloadRole, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "hook-never-completes", page: include_str!("../../rules/hook-never-completes.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let runs_to_end = |workload: &Workload| matches!(workload.role, WorkloadRole::Hook | WorkloadRole::Scheduled);
    graph.workloads().filter(|(_, w)| runs_to_end(w)).flat_map(|(_, workload)| reports(graph, workload)).collect()
}

fn reports(graph: &Graph, workload: &Workload) -> Vec<Finding> {
    let main: Vec<&Container> = workload.containers.iter().filter(|c| c.role == ContainerRole::Main).collect();
    if main.len() < 2 {
        return Vec::new();
    }
    let who = graph.name_of(workload.object);
    let mut findings = Vec::new();
    for sidecar in &main {
        let Some(image) = &sidecar.image else { continue };
        let Some(known) = catalog().sidecar(&image.value) else { continue };
        if main.iter().any(|container| ends(container, sidecar)) {
            continue;
        }
        let name = &sidecar.name;
        let message = format!("{who} never completes: container `{name}` ({known}) runs on after the others have ended");
        let mut finding = RULE.finding_in(
            graph.app(workload.app),
            message,
            evidence(&image.origin, format!("container `{name}` runs until it is stopped")),
        );
        if let Some(work) = main.iter().find(|c| c.name != sidecar.name) {
            finding = finding.because(evidence(&work.origin, format!("container `{}` does the work and ends", work.name)));
        }
        findings.push(finding.about("hook", who.clone()).about("container", name.clone()).help(format!(
            "move `{name}` to `initContainers` with `restartPolicy: Always`, so that it ends with the Job"
        )));
    }
    findings
}

/// Whether a script starts something in the background, and ends when its last command does.
fn backgrounds_and_ends(script: &str) -> bool {
    let background = |line: &str| line.ends_with('&') && !line.ends_with("&&");
    let lines = || script.lines().map(str::trim).filter(|line| !line.is_empty());
    // What takes the place of the script does not end with it.
    let goes_on = |line: &str| line == "wait" || line.starts_with("exec ") || background(line);
    lines().any(background) && !lines().next_back().is_some_and(goes_on) && !lines().any(|line| line == "wait")
}

/// Whether a container's script stops the sidecar; one that is told how it could be stopped is not stopped by that.
fn ends(container: &Container, sidecar: &Container) -> bool {
    let itself = std::ptr::eq(container, sidecar);
    container.words.iter().map(|word| word.value.as_str()).any(|word| {
        let script = word.contains([' ', '\n', ';']);
        if itself {
            return script && (word.contains("kill") || word.contains("trap") || backgrounds_and_ends(word));
        }
        let asked = ["quitquitquit", "/shutdown", "linkerd-await", "scuttle"].iter().any(|call| word.contains(call));
        asked || (script && word.contains("kill"))
    })
}
