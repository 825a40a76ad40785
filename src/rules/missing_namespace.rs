//! `missing-namespace`: objects go into a namespace that nothing creates.

use std::collections::{BTreeMap, BTreeSet};

use super::{FURTHER, Rule, also_in};
use crate::finding::Finding;
use crate::graph::{AppId, Graph, ObjectId, Scope, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "missing-namespace", page: include_str!("../../rules/missing-namespace.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let namespaces = graph.namespaces();
    let mut asked: BTreeMap<(AppId, &str), ObjectId> = BTreeMap::new();
    for (id, object) in graph.objects().filter(|(_, object)| object.scope == Some(Scope::Namespaced)) {
        asked.entry((object.app, &object.namespace)).or_insert(id);
    }
    let mut missing: BTreeMap<&str, Vec<(AppId, ObjectId)>> = BTreeMap::new();
    for ((app, name), object) in asked {
        if graph.target(app).is_some_and(|target| namespaces.is_missing(target, name)) {
            missing.entry(name).or_default().push((app, object));
        }
    }
    missing.into_iter().filter_map(|(name, users)| report(graph, name, &users)).collect()
}

fn report(graph: &Graph, name: &str, users: &[(AppId, ObjectId)]) -> Option<Finding> {
    let apps: BTreeSet<AppId> = users.iter().map(|(app, _)| *app).collect();
    let verb = if apps.len() == 1 { "puts" } else { "put" };
    let who = graph.applications_named(apps.iter().copied());
    let message = format!("{who} {verb} objects into namespace `{name}`, and nothing creates it");
    let own = |app: &AppId| graph.target(*app)?.namespace.as_ref().filter(|text| text.value == name);
    let mut said = users.iter().map(|(app, object)| match own(app) {
        Some(text) => evidence(&text.origin, format!("Application `{}` goes to namespace `{name}`", graph.app(*app).name)),
        None => graph.shown(*object, format!("{} goes to namespace `{name}`", graph.name_of(*object))),
    });
    let mut finding = RULE.finding(message, said.next()?);
    for evidence in said.take(FURTHER) {
        finding = finding.because(evidence);
    }
    let finding = apps.iter().fold(finding, |finding, app| also_in(finding, graph.app(*app)));
    let destination = users.iter().any(|(app, _)| own(app).is_some());
    let help = if destination {
        format!("set the sync option `CreateNamespace=true`, or add a Namespace `{name}`")
    } else {
        format!("add a Namespace `{name}`: `CreateNamespace=true` makes an Application's own destination only")
    };
    Some(finding.about("namespace", name).help(help))
}
