//! `migration-after-workload`: an application comes up before the job that migrates its schema.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, SHOWN, also_in, some_of};
use crate::finding::{Evidence, Finding};
use crate::graph::{Graph, Mechanism, Migrator, ObjectId, Order, Ranking, SchemaId, Span, WorkloadId, WorkloadRole};

/// The rule.
pub const RULE: Rule =
    Rule { id: "migration-after-workload", page: include_str!("../../rules/migration-after-workload.md"), check };

/// A workload that is ordered before the job that migrates its schema.
struct Early {
    schema: SchemaId,
    user: WorkloadId,
    job: ObjectId,
    order: Order,
    uses: Evidence,
}

fn check(graph: &Graph) -> Vec<Finding> {
    // A job, or what one template makes of it several times over, that all its users come before is one thing to mend.
    let mut by_lines: BTreeMap<(Span, String, String), Vec<Early>> = BTreeMap::new();
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
        for (user, uses) in users {
            if let Some((job, order)) = early(graph, user, &objects) {
                let lines = (graph.shown(job, "").span, order.first.clone(), order.second.clone());
                by_lines.entry(lines).or_default().push(Early { schema: id, user, job, order, uses: uses.clone() });
            }
        }
    }
    let mut groups: Vec<Vec<Early>> = by_lines.into_values().collect();
    groups.sort_by_key(|group| (group[0].schema, group[0].user));
    groups.iter().filter_map(|group| report(graph, group)).collect()
}

/// The first of the jobs, if the workload is ordered before all of them.
fn early(graph: &Graph, user: WorkloadId, jobs: &[ObjectId]) -> Option<(ObjectId, Order)> {
    let workload = graph.workload(user);
    let serves = workload.role == WorkloadRole::Service && !workload.database_server && workload.replicas != Some(0);
    if !serves || !graph.migrators_in(user).is_empty() {
        return None;
    }
    // What another root brings is another cluster's, or the same thing once more.
    let own = |job: &&ObjectId| graph.share_root(**job, workload.object);
    let whole = !jobs.iter().any(|job| own(&job));
    let orders: Vec<(ObjectId, Order)> =
        jobs.iter().filter(|job| whole || own(job)).map(|job| (*job, graph.order(workload.object, *job))).collect();
    let all = orders.iter().all(|(_, order)| order.ranking == Ranking::Before);
    // The one that comes first is the one to move.
    let earlier = |known: (ObjectId, Order), next: (ObjectId, Order)| {
        if graph.order(next.0, known.0).ranking == Ranking::Before { next } else { known }
    };
    orders.into_iter().reduce(earlier).filter(|_| all)
}

/// The texts without those that occurred before.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    texts.filter(|text| seen.insert(text.clone())).collect()
}

fn report(graph: &Graph, group: &[Early]) -> Option<Finding> {
    let first = group.first()?;
    let name = |object: ObjectId| graph.name_of(object);
    let workload = graph.workload(first.user);
    let (who, migrator) = (name(workload.object), name(first.job));
    let label = graph.schema(first.schema).label();
    let users = distinct(group.iter().map(|early| name(graph.workload(early.user).object)));
    let schemas = distinct(group.iter().map(|early| format!("`{}`", graph.schema(early.schema).label())));
    let jobs = distinct(group.iter().map(|early| name(early.job)));
    let many = |all: &[String], one: &'static str, several: &'static str| if all.len() == 1 { one } else { several };
    let (uses, schema) = (many(&users, "uses", "use"), many(&schemas, "schema", "schemas"));
    let (migrates, it) = (many(&jobs, "migrates", "migrate"), many(&schemas, "it", "them"));
    let message = format!(
        "{} {uses} {schema} {} in {}, and {} {migrates} {it} in {} only",
        some_of(users.clone()),
        some_of(schemas),
        first.order.first,
        some_of(jobs.clone()),
        first.order.second
    );
    let shown = graph.shown(first.job, format!("{migrator} comes in {}", first.order.second));
    let mut finding = RULE
        .finding_in(graph.app(workload.app), message, shown)
        .because(graph.shown(workload.object, format!("{who} comes in {}", first.order.first)));
    for said in &first.order.evidence {
        finding = finding.because(said.clone());
    }
    let mut shown = BTreeSet::from([graph.shown(workload.object, "").span]);
    for early in group {
        let user = graph.workload(early.user).object;
        let place = graph.shown(user, format!("{} comes in {}", name(user), first.order.first));
        if shown.len() < SHOWN && shown.insert(place.span) {
            finding = finding.because(place);
        }
        finding = also_in(finding, graph.app(graph.workload(early.user).app)).because(early.uses.clone());
    }
    Some(
        finding
            .about("schema", label)
            .about("workload", who)
            .help(format!("order {} before {}: an earlier phase, wave or step", some_of(jobs), some_of(users))),
    )
}
