//! `migration-not-mounted`: a script is in the ConfigMap and not in the job, or the job mounts one that is not there.

use std::collections::{BTreeMap, BTreeSet};

use super::{FURTHER, Rule, also_in, distinct, some_of};
use crate::finding::Finding;
use crate::graph::{Graph, Keys, KeySource, MountFact, Producer, Text, Workload, WorkloadId, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "migration-not-mounted", page: include_str!("../../rules/migration-not-mounted.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut jobs = BTreeSet::new();
    for (_, migrator) in graph.migrators().filter(|(_, m)| m.tool.is_some_and(|tool| tool.id == "flyway")) {
        jobs.extend(migrator.workload);
    }
    let mut mounts: BTreeMap<(&str, &str), Vec<(WorkloadId, &MountFact)>> = BTreeMap::new();
    for id in jobs {
        let workload = graph.workload(id);
        let namespace = &graph.object(workload.object).namespace;
        for mount in workload.containers.iter().flat_map(|container| &container.mounts) {
            if mount.source == KeySource::ConfigMap {
                mounts.entry((namespace.as_str(), mount.name.value.as_str())).or_default().push((id, mount));
            }
        }
    }
    let mut findings = Vec::new();
    for ((namespace, name), mounts) in &mounts {
        let makers = graph.producers_of("ConfigMap", namespace, name);
        if makers.is_empty() && graph.is_missing("ConfigMap", namespace, name) {
            findings.extend(without_maker(graph, mounts));
        }
        if let [maker] = makers.as_slice()
            && let Keys::Known(keys) = &maker.keys
        {
            findings.extend(left_out(graph, maker, keys, mounts));
            findings.extend(not_there(graph, maker, keys, mounts));
        }
    }
    findings
}

/// Mounts where Flyway looks for scripts, of a ConfigMap that nothing makes.
fn without_maker(graph: &Graph, mounts: &[(WorkloadId, &MountFact)]) -> Option<Finding> {
    let folders = |mount: &MountFact| mount.path.value.split('/').any(|part| SCRIPTS.contains(&part));
    let mut missed: Vec<(&Workload, &MountFact)> = Vec::new();
    for (id, mount) in mounts.iter().filter(|(_, mount)| !mount.optional && folders(mount)) {
        let workload = graph.workload(*id);
        if !missed.iter().any(|(known, _)| known.object == workload.object) {
            missed.push((workload, mount));
        }
    }
    let name = &missed.first()?.1.name.value;
    let who = distinct(missed.iter().map(|(workload, _)| graph.name_of(workload.object)));
    let (named, verb, their) = match who.len() {
        1 => (who[0].clone(), "mounts", "its"),
        _ => (who[0].clone(), "mount", "their"),
    };
    let who = some_of(who);
    let message =
        format!("{who} {verb} {their} scripts from ConfigMap `{name}`, and no manifest in the repository makes it");
    let mut shown = missed.iter().map(|(workload, mount)| {
        let text = format!("{} does not start without ConfigMap `{name}`", graph.name_of(workload.object));
        evidence(&mount.name.origin, text)
    });
    let mut finding = RULE.finding(message, shown.next()?);
    for evidence in shown.take(FURTHER) {
        finding = finding.because(evidence);
    }
    let finding = missed.iter().fold(finding, |finding, (workload, _)| also_in(finding, graph.app(workload.app)));
    Some(
        finding
            .about("script", name.clone())
            .about("hook", named)
            .help(format!("name the ConfigMap that holds the scripts, or add `{name}` to the Application")),
    )
}

/// Folders of scripts, by their names.
const SCRIPTS: [&str; 3] = ["sql", "migration", "migrations"];

/// The file names under which a mount shows entries; none where it shows all.
fn shown(mount: &MountFact) -> Option<BTreeSet<&str>> {
    match &mount.sub_path {
        Some(path) => {
            let item = mount.items.iter().find(|(_, file)| *file == path.value);
            Some([item.map_or(path.value.as_str(), |(key, _)| key.value.as_str())].into())
        }
        None if mount.items.is_empty() => None,
        None => Some(mount.items.iter().map(|(key, _)| key.value.as_str()).collect()),
    }
}

fn left_out(graph: &Graph, maker: &Producer, keys: &[Text], mounts: &[(WorkloadId, &MountFact)]) -> Vec<Finding> {
    let mut used = BTreeSet::new();
    for (_, mount) in mounts {
        match shown(mount) {
            Some(keys) => used.extend(keys),
            None => return Vec::new(),
        }
    }
    let Some((id, mount)) = mounts.first() else { return Vec::new() };
    let workload = graph.workload(*id);
    let who = graph.name_of(workload.object);
    let unused = keys.iter().filter(|key| is_migration(&key.value) && !used.contains(key.value.as_str()));
    let report = |key: &Text| {
        let message = format!("script `{}` is in ConfigMap `{}`, and {who} does not mount it", key.value, maker.name);
        RULE.finding_in(graph.app(workload.app), message, evidence(&key.origin, "this script never runs"))
            .because(evidence(&mount.name.origin, format!("{who} mounts some entries of ConfigMap `{}`", maker.name)))
            .about("script", key.value.clone())
            .about("hook", who.clone())
            .help(format!("mount ConfigMap `{}` as a whole folder, without `subPath` and `items`", maker.name))
    };
    unused.map(report).collect()
}

fn not_there(graph: &Graph, maker: &Producer, keys: &[Text], mounts: &[(WorkloadId, &MountFact)]) -> Vec<Finding> {
    let known: BTreeSet<&str> = keys.iter().map(|key| key.value.as_str()).collect();
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (id, mount) in mounts.iter().filter(|(_, mount)| !mount.optional) {
        let named = mount.items.iter().map(|(key, _)| key).chain(mount.sub_path.iter().filter(|_| mount.items.is_empty()));
        for key in named.filter(|key| !known.contains(key.value.as_str())) {
            if is_migration(&key.value) && seen.insert((*id, key.value.clone())) {
                findings.push(absent(graph, graph.workload(*id), maker, key));
            }
        }
    }
    findings
}

fn absent(graph: &Graph, workload: &Workload, maker: &Producer, key: &Text) -> Finding {
    let who = graph.name_of(workload.object);
    let message = format!("{who} mounts script `{}`, and ConfigMap `{}` does not hold it", key.value, maker.name);
    RULE.finding_in(graph.app(workload.app), message, evidence(&key.origin, "there is no entry of this name"))
        .because(evidence(&maker.origin, format!("ConfigMap `{}` is made here", maker.name)))
        .about("script", key.value.clone())
        .about("hook", who.clone())
        .help(format!("add the script to ConfigMap `{}`, or take the mount away", maker.name))
}

/// A name that means to be a migration: `V1__x.sql`, `U1__x.sql`, `R__x.sql`, `B1__x.sql`.
fn is_migration(key: &str) -> bool {
    key.ends_with(".sql") && key.starts_with(['V', 'U', 'R', 'B']) && key.contains("__")
}
