//! `ineffective-sync-wave`: a wave of Applications that nothing waits for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, SHOWN, also_in, some_of};
use crate::finding::{Certainty, Evidence, Finding};
use crate::graph::{AppId, Graph, Placing, Span, Text, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "ineffective-sync-wave", page: include_str!("../../rules/ineffective-sync-wave.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = of_sets(graph);
    if !graph.rollout().gate.restored {
        findings.extend(of_parents(graph));
    }
    findings
}

/// What a set makes no Application syncs, so that there are no waves.
fn of_sets(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, set) in graph.rollout().sets.iter().enumerate() {
        let said = graph.made_by(at).filter_map(|(id, placing)| Some((id, placing.wave.as_ref().filter(|w| w.value != "0")?)));
        let message = format!("the sync-wave of the Applications that ApplicationSet `{}` makes orders nothing", set.name);
        let help = "take the annotation out; to order the Applications of a set, give it a RollingSync";
        findings.extend(together(graph, said, message).map(|finding| {
            finding
                .because(evidence(&set.origin, "an ApplicationSet makes its Applications in no order of waves"))
                .about("applicationset", &set.name)
                .help(help)
        }));
    }
    findings
}

/// A parent that does not wait for the health of Applications goes on to the next wave at once.
fn of_parents(graph: &Graph) -> Vec<Finding> {
    let mut children: BTreeMap<(&str, &str), Vec<(AppId, &Placing)>> = BTreeMap::new();
    for (at, placing) in graph.rollout().placings.iter().enumerate() {
        if let Some(parent) = &placing.parent {
            children.entry((&placing.root, parent)).or_default().push((AppId(at), placing));
        }
    }
    // The same lines that two parents bring are one thing to mend.
    let mut by_lines: BTreeMap<BTreeSet<Span>, Brought<'_>> = BTreeMap::new();
    for ((_, parent), children) in children {
        let wave = |placing: &Placing| placing.wave.as_ref().and_then(|wave| wave.value.parse::<i64>().ok()).unwrap_or(0);
        let waves: BTreeSet<i64> = children.iter().map(|(_, placing)| wave(placing)).collect();
        if waves.len() > 1 {
            let lines = children.iter().filter_map(|(_, placing)| Some(placing.wave.as_ref()?.origin.anchor())).collect();
            let brought = by_lines.entry(lines).or_default();
            brought.parents.insert(parent);
            brought.children.extend(children);
        }
    }
    by_lines.into_values().filter_map(|brought| of_parent(graph, &brought)).collect()
}

/// Applications with waves, and who brings them.
#[derive(Default)]
struct Brought<'g> {
    parents: BTreeSet<&'g str>,
    children: Vec<(AppId, &'g Placing)>,
}

fn of_parent(graph: &Graph, Brought { parents, children }: &Brought<'_>) -> Option<Finding> {
    let said = children.iter().filter_map(|(id, placing)| Some((*id, placing.wave.as_ref()?)));
    let names: Vec<String> = parents.iter().map(|parent| format!("`{parent}`")).collect();
    let who = match names.len() {
        1 => format!("Application {} brings", names[0]),
        _ => format!("Applications {} bring", some_of(names)),
    };
    let mut finding = together(graph, said, format!("the sync-waves of the Applications that {who} wait for nothing"))?;
    for shown in parents.iter().take(SHOWN).filter_map(|parent| no_check(graph, parent)) {
        if !finding.evidence().any(|known| known.span == shown.span) {
            finding = finding.because(shown);
        }
    }
    let first = *parents.first()?;
    Some(
        finding
            .about("parent", first)
            .help("restore the health check of `argoproj.io/Application` in `argocd-cm`, or do not count on the waves"),
    )
}

fn no_check(graph: &Graph, parent: &str) -> Option<Evidence> {
    if let Some(settings) = graph.rollout().gate.settings.first() {
        return Some(evidence(settings, "`argocd-cm` restores no health check for Applications"));
    }
    let app = graph.facts().apps.iter().find(|app| app.name == parent)?;
    let text = format!("no `argocd-cm` in the repository makes Application `{parent}` wait for the health of others");
    Some(Evidence { certainty: Certainty::Inferred, ..evidence(app.origin.as_ref()?, text) })
}

/// One finding for all Applications, shown where the first wave is written.
fn together<'g>(graph: &'g Graph, said: impl Iterator<Item = (AppId, &'g Text)>, message: String) -> Option<Finding> {
    let mut found: Option<Finding> = None;
    for (id, wave) in said {
        let shown = evidence(&wave.origin, format!("wave {} of Application `{}`", wave.value, graph.app(id).name));
        let finding = match found {
            None => RULE.finding(message.clone(), shown),
            Some(finding) if finding.related().len() >= SHOWN => finding,
            Some(finding) if finding.evidence().any(|known| known.span == shown.span) => finding,
            Some(finding) => finding.because(shown),
        };
        found = Some(also_in(finding, graph.app(id)));
    }
    found
}
