//! `rollout-steps-not-monotonic`: the numbers of the phases say another order than the list of steps.

use std::collections::BTreeMap;

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Label, RolloutSet, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "rollout-steps-not-monotonic", page: include_str!("../../rules/rollout-steps-not-monotonic.md"), check };

/// Words that stand before a number which says an order.
const WORDS: [&str; 9] = ["wave", "phase", "step", "stage", "tier", "ring", "layer", "batch", "group"];

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, set) in graph.rolling_sets() {
        for key in set.phase_keys() {
            for steps in comparable(set, key) {
                findings.extend(report(set, key, &steps));
            }
        }
    }
    findings
}

/// A step with its numbers: its place, the least, the greatest.
type Numbered<'g> = (usize, (u64, &'g Label), (u64, &'g Label));

/// What else a step asks for: label, operator, values.
type Rest<'g> = Vec<(&'g str, &'g str, Vec<&'g str>)>;

/// The steps that look at a label and at nothing else that differs; only where all of its values are numbers.
fn comparable<'g>(set: &'g RolloutSet, key: &str) -> Vec<Vec<Numbered<'g>>> {
    let mut groups: BTreeMap<Rest<'g>, Option<Vec<Numbered<'g>>>> = BTreeMap::new();
    for (at, step) in set.steps.iter().enumerate() {
        let (own, others): (Vec<_>, Vec<_>) =
            step.expressions.iter().partition(|expression| expression.key == key && expression.operator == "In");
        if own.is_empty() {
            continue;
        }
        let mut rest: Rest<'_> = others
            .iter()
            .map(|e| (&*e.key, &*e.operator, e.values.iter().map(|label| &*label.value).collect()))
            .collect();
        rest.sort();
        let group = groups.entry(rest).or_insert_with(|| Some(Vec::new()));
        let numbers: Option<Vec<(u64, &Label)>> =
            own.iter().flat_map(|e| &e.values).map(|label| Some((number(&label.value)?, label))).collect();
        let ends = numbers.and_then(|numbers| {
            let least = numbers.iter().copied().min_by_key(|(number, _)| *number)?;
            let greatest = numbers.iter().copied().max_by_key(|(number, _)| *number)?;
            Some((at, least, greatest))
        });
        match (group.as_mut(), ends) {
            (Some(steps), Some(ends)) => steps.push(ends),
            _ => *group = None,
        }
    }
    groups.into_values().flatten().collect()
}

/// The number of a phase: `010`, `wave15`, `phase-3`.
fn number(value: &str) -> Option<u64> {
    let digits = value.trim_start_matches(|c: char| !c.is_ascii_digit());
    let word = value[..value.len() - digits.len()].trim_end_matches(['-', '_', '.']).to_lowercase();
    if word.is_empty() || WORDS.contains(&word.as_str()) { digits.parse().ok() } else { None }
}

/// One finding for each place in which the numbers fall; a list that falls all along is one such place.
fn report(set: &RolloutSet, key: &str, steps: &[Numbered<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut falling = false;
    for pair in steps.windows(2) {
        let [(before, _, (high, above)), (after, (low, below), _)] = pair else { continue };
        let falls = low < high;
        if falls && !falling {
            let message = format!(
                "step {} of ApplicationSet `{}`, `{key}: {}`, comes after step {}, `{key}: {}`",
                after + 1,
                set.name,
                below.value,
                before + 1,
                above.value
            );
            findings.push(
                RULE.finding(message, evidence(&below.origin, format!("step {}: the lower number", after + 1)))
                    .because(evidence(&above.origin, format!("step {}: the higher number", before + 1)))
                    .about("applicationset", &set.name)
                    .about("phase", below.value.clone())
                    .help("the list decides, not the numbers: put the steps in the order of the numbers, or renumber"),
            );
        }
        falling = falls;
    }
    findings
}
