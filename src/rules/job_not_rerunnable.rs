//! `job-not-rerunnable`: a migration Job that can be applied once only.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Way, Workload, WorkloadId};

/// The rule.
pub const RULE: Rule = Rule { id: "job-not-rerunnable", page: include_str!("../../rules/job-not-rerunnable.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    graph.workloads().filter_map(|(id, workload)| report(graph, id, workload)).collect()
}

fn report(graph: &Graph, id: WorkloadId, workload: &Workload) -> Option<Finding> {
    let object = graph.object(workload.object);
    let named_job = (object.group.as_str(), object.kind.as_str()) == ("batch", "Job") && !object.name.is_empty();
    if !named_job || workload.expires || workload.suspended || object.schedule.replaceable || object.drawn {
        return None;
    }
    let holds_database =
        || graph.credentials_of(id).any(|(grant, secret)| grant.way != Way::Pull && secret.database_for(grant).is_some());
    let migrators = graph.migrators_in(id);
    if migrators.is_empty() && !holds_database() {
        return None;
    }
    let who = graph.name_of(workload.object);
    let policies = &object.schedule.delete_policies;
    let (why, help) = if object.schedule.hook {
        let kept = !policies.is_empty()
            && !policies.iter().any(|policy| matches!(policy.as_str(), "BeforeHookCreation" | "HookSucceeded"));
        if !kept || object.schedule.phases.is_empty() {
            return None;
        }
        let why = format!("its delete policy {} keeps it after success", super::listed(policies.iter().map(String::as_str)));
        (why, "give it the delete policy `BeforeHookCreation`".to_owned())
    } else {
        let why = "it is no hook, does not expire and is not replaced".to_owned();
        let help = "make it a hook (`argocd.argoproj.io/hook: PreSync`, deleted before the next one is created), let it expire \
                    (`ttlSecondsAfterFinished`), or have it replaced (`argocd.argoproj.io/sync-options: Replace=true,Force=true`)";
        (why, help.to_owned())
    };
    let message = format!("{who} runs once: {why}, and a finished Job of that name cannot be changed or run again");
    let shown = graph.shown(workload.object, format!("{who} has a fixed name"));
    let mut finding = RULE.finding_in(graph.app(workload.app), message, shown);
    for (_, migrator) in migrators.iter().take(1) {
        finding = finding.because(migrator.evidence.clone());
    }
    Some(finding.about("hook", who).help(help))
}
