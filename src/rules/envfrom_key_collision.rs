//! `envfrom-key-collision`: two sources of a container's environment bring the same variable; the later one wins.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, listed};
use crate::finding::Finding;
use crate::graph::{Container, EnvFromFact, Graph, KeySource, Workload, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "envfrom-key-collision", page: include_str!("../../rules/envfrom-key-collision.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let place = |whole: &EnvFromFact| {
        (whole.source == KeySource::Secret, whole.name.value.clone(), whole.name.origin.anchor())
    };
    let mut findings = Vec::new();
    for (_, workload) in graph.workloads() {
        let mut collisions: Vec<Collision> = Vec::new();
        let mut known = BTreeMap::new();
        for container in workload.containers.iter().filter(|container| container.env_from.len() > 1) {
            for found in collided(container) {
                // Containers that take the same lines of a chart are mended in one place.
                let key = (place(found.earlier), place(found.later), found.names.clone());
                let at = *known.entry(key).or_insert(collisions.len());
                match collisions.get_mut(at) {
                    Some(again) => again.containers.extend(found.containers),
                    None => collisions.push(found),
                }
            }
        }
        findings.extend(collisions.iter().map(|collision| report(graph, workload, collision)));
    }
    findings
}

/// Two sources of a container that bring the same variables, and the containers in which they do.
struct Collision<'g> {
    earlier: &'g EnvFromFact,
    later: &'g EnvFromFact,
    names: BTreeSet<String>,
    containers: Vec<&'g str>,
}

fn collided(container: &Container) -> Vec<Collision<'_>> {
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
    let collision = |((before, after), names): ((usize, usize), BTreeSet<String>)| Collision {
        earlier: &container.env_from[before],
        later: &container.env_from[after],
        names,
        containers: vec![container.name.as_str()],
    };
    pairs.into_iter().map(collision).collect()
}

fn report(graph: &Graph, workload: &Workload, collision: &Collision<'_>) -> Finding {
    let who = graph.name_of(workload.object);
    let (earlier, later) = (words(collision.earlier), words(collision.later));
    let names = listed(collision.names.iter().map(String::as_str));
    RULE.finding_in(
        graph.app(workload.app),
        format!("{earlier} and {later} both bring {names} to {who}"),
        evidence(&collision.later.name.origin, format!("{later} comes later and wins")),
    )
    .because(evidence(&collision.earlier.name.origin, format!("{earlier} brings the same variables")))
    .about("workload", who)
    .about("container", collision.containers.join(", "))
    .help("give one of them a `prefix`, or name the keys one by one under `env`")
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
