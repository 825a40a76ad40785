//! `envfrom-key-collision`: two sources of a container's environment bring the same variable; the later one wins.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, listed};
use crate::finding::Finding;
use crate::graph::{Container, EnvFromFact, Graph, KeySource, Workload, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "envfrom-key-collision", page: include_str!("../../rules/envfrom-key-collision.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, workload) in graph.workloads() {
        for container in workload.containers.iter().filter(|container| container.env_from.len() > 1) {
            findings.extend(collisions(graph, workload, container));
        }
    }
    findings
}

fn collisions(graph: &Graph, workload: &Workload, container: &Container) -> Vec<Finding> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut pairs: BTreeMap<(usize, usize), BTreeSet<String>> = BTreeMap::new();
    // A variable that the container sets itself wins over both.
    let settled: BTreeSet<&str> = container.env.iter().map(|variable| variable.name.as_str()).collect();
    for (at, whole) in container.env_from.iter().enumerate() {
        for key in whole.keys.iter().flatten() {
            let name = format!("{}{key}", whole.prefix);
            match first.get(&name) {
                Some(&before) if !same(&container.env_from[before], whole) && !is_settled(&settled, &name, container) => {
                    pairs.entry((before, at)).or_default().insert(name);
                }
                Some(_) => {}
                None => {
                    first.insert(name, at);
                }
            }
        }
    }
    let who = graph.name_of(workload.object);
    let report = |((before, after), names): ((usize, usize), BTreeSet<String>)| {
        let (earlier, later) = (&container.env_from[before], &container.env_from[after]);
        let names = listed(names.iter().map(String::as_str));
        let message = format!("{} and {} both bring {names} to {who}", words(earlier), words(later));
        RULE.finding_in(
            graph.app(workload.app),
            message,
            evidence(&later.name.origin, format!("{} comes later and wins", words(later))),
        )
        .because(evidence(&earlier.name.origin, format!("{} brings the same variables", words(earlier))))
        .about("workload", who.clone())
        .about("container", container.name.clone())
        .help("give one of them a `prefix`, or name the keys one by one under `env`")
    };
    pairs.into_iter().map(report).collect()
}

fn same(a: &EnvFromFact, b: &EnvFromFact) -> bool {
    (a.source, &a.name.value) == (b.source, &b.name.value)
}

/// Variables of ConfigMaps stand in `env` too, at the place of their keys; what the container sets itself stands in it.
fn is_settled(settled: &BTreeSet<&str>, name: &str, container: &Container) -> bool {
    let from_config = container.env_from.iter().any(|whole| {
        let key = name.strip_prefix(whole.prefix.as_str());
        whole.source == KeySource::ConfigMap && key.is_some_and(|key| whole.keys.iter().flatten().any(|k| k == key))
    });
    settled.contains(name) && !from_config
}

fn words(whole: &EnvFromFact) -> String {
    let kind = if whole.source == KeySource::Secret { "Secret" } else { "ConfigMap" };
    format!("{kind} `{}`", whole.name.value)
}
