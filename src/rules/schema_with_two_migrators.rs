//! `schema-with-two-migrators`: two parties that know nothing of each other change one schema.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, also_in, joined};
use crate::finding::Finding;
use crate::graph::{AppId, Claim, Graph, Mechanism, Migrator, MigratorId, SchemaId, WorkloadId};

/// The rule.
pub const RULE: Rule =
    Rule { id: "schema-with-two-migrators", page: include_str!("../../rules/schema-with-two-migrators.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    graph.schemas().filter_map(|(id, _)| conflict(graph, id)).collect()
}

/// Claims that belong together: one tool of one Application, however many jobs it comes in.
struct Party<'g> {
    key: (String, &'static str, bool),
    claims: Vec<(MigratorId, &'g Claim)>,
}

fn conflict(graph: &Graph, schema: SchemaId) -> Option<Finding> {
    let mut parties: Vec<Party> = Vec::new();
    let mut by_key: BTreeMap<(String, &'static str, bool), usize> = BTreeMap::new();
    let mut by_workload: BTreeMap<WorkloadId, usize> = BTreeMap::new();
    let mut objects: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    let mut places = BTreeSet::new();
    let mut taken = Versions::default();
    for (id, claim) in graph.migrators_of(schema) {
        let migrator = graph.migrator(id);
        let key = key(graph, migrator);
        let known = by_key.get(&key).or_else(|| migrator.workload.and_then(|at| by_workload.get(&at))).copied();
        let object = graph.object(migrator.object);
        // One object that two Applications render, or one file in several environments, is one migrator.
        let again = !objects.insert((&object.kind, &object.namespace, &object.name))
            || !places.insert((object.origin.anchor(), &object.name, migrator.container))
            || taken.is_another(graph, migrator.app);
        let at = match known {
            Some(at) => at,
            None if again => continue,
            None => {
                taken.add(graph, migrator.app);
                parties.push(Party { key: key.clone(), claims: Vec::new() });
                parties.len() - 1
            }
        };
        by_key.insert(key, at);
        migrator.workload.map(|workload| by_workload.insert(workload, at));
        parties[at].claims.push((id, claim));
    }
    let mut parties = at_odds(parties);
    // What is the project's own is what it can take away.
    parties.sort_by_key(|party| graph.migrator(party.claims[0].0).vendor.is_some());
    if parties.len() < 2 {
        return None;
    }
    let label = graph.schema(schema).label();
    let names: Vec<String> = parties.iter().map(|party| name(graph, party)).collect();
    let message = format!("schema `{label}` is migrated by {}", joined(&names));
    let first = parties[0].claims[0].1.evidence.first()?.clone();
    let mut finding = RULE.finding(message, first).about("schema", label.clone());
    for (id, claim) in parties.iter().flat_map(|party| &party.claims) {
        let migrator = graph.migrator(*id);
        finding = also_in(finding, graph.app(migrator.app));
        for evidence in claim.evidence.iter().take(1).chain([&migrator.evidence]) {
            finding = finding.because(evidence.clone());
        }
    }
    Some(finding.help(format!("let one of them migrate `{label}` and take it away from the others")))
}

/// What the workloads are called in folders that no Application brings: those that have one of the same name are versions of
/// one thing, of which a cluster has one.
#[derive(Default)]
struct Versions<'g> {
    folders: BTreeMap<(&'g str, &'g str, &'g str), BTreeSet<AppId>>,
}

impl<'g> Versions<'g> {
    fn add(&mut self, graph: &'g Graph, app: AppId) {
        for name in workload_names(graph, app) {
            self.folders.entry(name).or_default().insert(app);
        }
    }

    /// Whether a folder is another version of one that was added.
    fn is_another(&self, graph: &Graph, app: AppId) -> bool {
        let mut known = workload_names(graph, app).filter_map(|name| self.folders.get(&name));
        known.any(|folders| folders.iter().any(|folder| *folder != app))
    }
}

fn workload_names(graph: &Graph, app: AppId) -> impl Iterator<Item = (&str, &str, &str)> {
    let workloads = graph.workloads_of(app).filter(move |_| !graph.app(app).argo);
    workloads.map(|workload| {
        let object = graph.object(workload.object);
        (object.kind.as_str(), object.namespace.as_str(), object.name.as_str())
    })
}

fn key(graph: &Graph, migrator: &Migrator) -> (String, &'static str, bool) {
    let operator = migrator.mechanism == Mechanism::Operator;
    match (migrator.vendor, migrator.tool) {
        // A vendor's server, worker and job are one product, in however many Applications they come.
        (Some(vendor), _) => (String::new(), &vendor.id, operator),
        (None, Some(tool)) => (graph.app(migrator.app).name.to_string(), &tool.id, operator),
        (None, None) => (graph.app(migrator.app).name.to_string(), "", operator),
    }
}

/// Leaves out parties of one tool that keep their histories in tables of different names.
fn at_odds(parties: Vec<Party>) -> Vec<Party> {
    let history = |party: &Party| party.claims.iter().find_map(|(_, claim)| claim.history.clone());
    let mut kept: Vec<Party> = Vec::new();
    let mut tables: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for party in parties {
        let (tool, table) = (party.key.1, history(&party));
        if let Some(table) = table {
            let seen = tables.entry(tool).or_default();
            let first = seen.is_empty();
            if seen.insert(table) && !first {
                continue;
            }
        }
        kept.push(party);
    }
    kept
}

fn name(graph: &Graph, party: &Party) -> String {
    let migrator = graph.migrator(party.claims[0].0);
    let who = graph.name_of(migrator.object);
    match (migrator.tool, migrator.vendor) {
        (Some(tool), _) => format!("{who} ({})", tool.name),
        (None, Some(vendor)) => format!("{who} ({})", vendor.name),
        (None, None) => who,
    }
}
