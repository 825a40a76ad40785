//! `unmatched-component`: a descriptor that looks like those of a set, and that no generator picks up.

use std::collections::BTreeMap;

use super::{Rule, SHOWN};
use crate::finding::Finding;
use crate::graph::{Graph, StrayComponent};

/// The rule.
pub const RULE: Rule =
    Rule { id: "unmatched-component", page: include_str!("../../rules/unmatched-component.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    // A folder that the generator does not know is one fault, however many descriptors it holds.
    let mut groups: BTreeMap<(&str, &str), Vec<&StrayComponent>> = BTreeMap::new();
    for stray in &graph.rollout().strays {
        groups.entry((&stray.set.0, stray.folder.as_deref().unwrap_or(&stray.path))).or_default().push(stray);
    }
    groups.into_iter().map(|((set, place), group)| report(set, place, &group)).collect()
}

fn report(set: &str, place: &str, group: &[&StrayComponent]) -> Finding {
    let (one, siblings) = (group[0], group[0].set.1);
    let like = format!("like the {siblings} that ApplicationSet `{set}` picks up, and no generator picks");
    let (message, subject) = match group.len() {
        1 => (format!("`{}` looks {like} it up", one.path), &*one.path),
        many => (format!("`{place}` holds {many} descriptors {like} them up"), place),
    };
    let finding = RULE.finding(message, one.evidence.clone());
    let others = group.iter().skip(1).take(SHOWN);
    let finding = others.fold(finding, |finding, stray| finding.because(stray.evidence.clone()));
    let finding = one.patterns.iter().take(SHOWN).fold(finding, |finding, pattern| finding.because(pattern.clone()));
    finding
        .about("component", subject)
        .about("applicationset", set)
        .help("let a pattern of the generator match it; if it is parked, rename it or take it away")
}
