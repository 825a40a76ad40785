//! `app-outside-rollout`: no step of a RollingSync selects an Application, so nothing syncs it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, SHOWN, also_in, joined};
use crate::finding::{Evidence, Finding};
use crate::graph::{AppId, Graph, Label, Placing, RolloutSet, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "app-outside-rollout", page: include_str!("../../rules/app-outside-rollout.md"), check };

/// Applications with where they stand.
type Members<'g> = Vec<(AppId, &'g Placing)>;

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, set) in graph.rollout().sets.iter().enumerate() {
        let Some(rolling) = &set.rolling else { continue };
        if set.steps.is_empty() {
            let message = format!("the RollingSync of ApplicationSet `{}` has no steps, so nothing of it is synced", set.name);
            let finding = RULE.finding(message, evidence(rolling, "there is no step here"));
            let finding = graph.made_by(at).fold(finding, |finding, (id, _)| also_in(finding, graph.app(id)));
            findings.push(finding.about("applicationset", &set.name).help("write the steps, or take the strategy out"));
            continue;
        }
        // What is wrong with the label itself is `invalid-rollout-phase`.
        let outside = graph.made_by(at).filter(|(id, placing)| placing.steps.is_empty() && graph.phase_fault(*id).is_none());
        let mut by_labels: BTreeMap<Vec<(&str, &str)>, Members<'_>> = BTreeMap::new();
        for (id, placing) in outside {
            by_labels.entry(odd(set, placing)).or_default().push((id, placing));
        }
        findings.extend(by_labels.iter().map(|(labels, apps)| report(graph, set, labels, apps)));
    }
    findings
}

/// The labels that keep an Application out: those with a value that no step asks for, else all that steps look at.
fn odd<'g>(set: &'g RolloutSet, placing: &'g Placing) -> Vec<(&'g str, &'g str)> {
    let asked = |key: &str, value: &str| {
        let expressions = set.steps.iter().flat_map(|step| &step.expressions);
        expressions.filter(|e| e.operator == "In" && e.key == key).any(|e| e.values.iter().any(|label| label.value == value))
    };
    let mut keys: Vec<&str> = set.steps.iter().flat_map(|step| &step.expressions).map(|e| &*e.key).collect();
    keys.sort_unstable();
    keys.dedup();
    let all: Vec<(&str, &str)> = keys.iter().filter_map(|&key| Some((key, &*placing.label(key)?.value))).collect();
    let unknown: Vec<_> = all.iter().copied().filter(|(key, value)| set.phase_keys().contains(key) && !asked(key, value)).collect();
    if unknown.is_empty() { all } else { unknown }
}

fn report(graph: &Graph, set: &RolloutSet, labels: &[(&str, &str)], apps: &[(AppId, &Placing)]) -> Finding {
    let said: Vec<String> = labels.iter().map(|(key, value)| format!("`{key}: {value}`")).collect();
    let said = if said.is_empty() { "the lack of a label".to_owned() } else { joined(&said) };
    let message = format!("no step of ApplicationSet `{}` selects {said}, so what has it is never synced", set.name);
    let written = |id: AppId, placing: &Placing| -> Evidence {
        let label: Option<&Label> = labels.first().and_then(|(key, _)| placing.label(key));
        let origin = label.map(|label| &label.origin).or(graph.app(id).origin.as_ref()).unwrap_or(&set.origin);
        evidence(origin, format!("Application `{}` has {said}", graph.app(id).name))
    };
    let mut seen = BTreeSet::new();
    let mut finding: Option<Finding> = None;
    for &(id, placing) in apps {
        let shown = written(id, placing);
        let known = !seen.insert(shown.span) || seen.len() > SHOWN;
        finding = Some(match finding {
            None => RULE.finding_in(graph.app(id), message.clone(), shown),
            Some(finding) if known => also_in(finding, graph.app(id)),
            Some(finding) => also_in(finding.because(shown), graph.app(id)),
        });
    }
    let (step, where_to) = neighbour(graph, set, labels);
    let finding = finding.unwrap_or_else(|| RULE.finding(message, evidence(&set.origin, "nothing is selected")));
    finding
        .because(step)
        .about("applicationset", &set.name)
        .about("labels", labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","))
        .help(format!("add a step for {said} {where_to}, or give the Application a phase that has one"))
}

/// The step that a missing one belongs beside, by number.
fn neighbour(graph: &Graph, set: &RolloutSet, labels: &[(&str, &str)]) -> (Evidence, String) {
    let number = |text: &str| text.parse::<u64>().ok();
    let after = labels.first().and_then(|&(key, value)| {
        let wanted = number(value)?;
        let highest = |at: usize| {
            let values = set.steps[at].expressions.iter().filter(|e| e.key == key && e.operator == "In").flat_map(|e| &e.values);
            values.filter_map(|label| number(&label.value)).max()
        };
        (0..set.steps.len()).rev().find(|&at| highest(at).is_some_and(|highest| highest < wanted))
    });
    let last = set.steps.len() - 1;
    let at = after.unwrap_or(0);
    let text = format!("step {} of {} selects {}", at + 1, last + 1, set.steps[at].in_words());
    let place = if after.is_some() { format!("after step {}", at + 1) } else { "where it belongs".to_owned() };
    (graph.step_shown(set, at, None, text), place)
}
