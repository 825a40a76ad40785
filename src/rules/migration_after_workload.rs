//! `migration-after-workload`: an application comes up before the job that migrates its schema.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Mechanism, Migrator, ObjectId, Order, Ranking, SchemaId, WorkloadId, WorkloadRole};

/// The rule.
pub const RULE: Rule =
    Rule { id: "migration-after-workload", page: include_str!("../../rules/migration-after-workload.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, _) in graph.schemas() {
        // An init container comes before its application by itself, and so does a migration at start-up.
        let claims = graph.migrators_of(id);
        let jobs: Vec<&Migrator> = claims.iter().map(|(migrator, _)| graph.migrator(*migrator)).collect();
        let ordered = |migrator: &&Migrator| matches!(migrator.mechanism, Mechanism::Job | Mechanism::Operator);
        if jobs.is_empty() || !jobs.iter().all(ordered) {
            continue;
        }
        let mut objects: Vec<ObjectId> = jobs.iter().map(|job| job.object).collect();
        objects.sort_unstable();
        objects.dedup();
        let mut users = graph.users_of(id);
        users.dedup_by_key(|(user, _)| *user);
        for (user, evidence) in users {
            findings.extend(early(graph, user, &objects).map(|(job, order)| {
                let who = graph.name_of(graph.workload(user).object);
                report(graph, id, (user, &who), job, &order).because(evidence.clone())
            }));
        }
    }
    findings
}

/// The first of the jobs, if the workload is ordered before all of them.
fn early(graph: &Graph, user: WorkloadId, jobs: &[ObjectId]) -> Option<(ObjectId, Order)> {
    let workload = graph.workload(user);
    let serves = workload.role == WorkloadRole::Service && !workload.database_server && workload.replicas != Some(0);
    if !serves || !graph.migrators_in(user).is_empty() {
        return None;
    }
    let mut orders = jobs.iter().map(|job| (*job, graph.order(workload.object, *job)));
    let first = orders.next().filter(|(_, order)| order.ranking == Ranking::Before)?;
    orders.all(|(_, order)| order.ranking == Ranking::Before).then_some(first)
}

fn report(graph: &Graph, schema: SchemaId, (user, who): (WorkloadId, &str), job: ObjectId, order: &Order) -> Finding {
    let label = graph.schema(schema).label();
    let migrator = graph.name_of(job);
    let workload = graph.workload(user);
    let message = format!(
        "{who} uses schema `{label}` in {}, and {migrator} migrates it in {} only",
        order.first, order.second
    );
    let mut finding = RULE
        .finding_in(graph.app(workload.app), message, graph.shown(job, format!("{migrator} comes in {}", order.second)))
        .because(graph.shown(workload.object, format!("{who} comes in {}", order.first)));
    for said in &order.evidence {
        finding = finding.because(said.clone());
    }
    finding
        .about("schema", label)
        .about("workload", who)
        .help(format!("order {migrator} before {who}: an earlier phase, wave or step"))
}
