//! `migration-version-duplicate`: two scripts of one location claim a version, and Flyway runs neither.

use std::collections::BTreeMap;

use super::{Rule, also_in};
use crate::finding::{Evidence, Finding};
use crate::graph::{Graph, Script};

/// The rule.
pub const RULE: Rule =
    Rule { id: "migration-version-duplicate", page: include_str!("../../rules/migration-version-duplicate.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut versions: BTreeMap<(&str, Option<usize>, String), Vec<&Script>> = BTreeMap::new();
    for script in &graph.facts().scripts {
        if let Some(version) = script.version.clone() {
            versions.entry((&script.set, script.app.map(|app| app.0), version)).or_default().push(script);
        }
    }
    let twice = versions.into_iter().filter(|(_, scripts)| scripts.len() > 1);
    twice.map(|((set, _, version), scripts)| report(graph, set, &version, &scripts)).collect()
}

fn report(graph: &Graph, set: &str, version: &str, scripts: &[&Script]) -> Finding {
    let names = super::listed(scripts.iter().map(|script| script.name.as_str()));
    let message = format!("version {version} is claimed by {names} in {set}");
    let shown = |script: &Script, text: &str| Evidence {
        span: script.span,
        text: format!("`{}` {text}", script.name),
        certainty: script.certainty,
    };
    // The later one is the one to rename.
    let last = scripts[scripts.len() - 1];
    let mut finding = RULE.finding(message, shown(last, "claims a version that is taken"));
    for script in &scripts[..scripts.len() - 1] {
        finding = finding.because(shown(script, "has it already"));
    }
    if let Some(app) = last.app {
        finding = also_in(finding, graph.app(app));
    }
    finding
        .about("set", set)
        .about("version", version)
        .help("give the script that has not run anywhere yet the next free version")
}
