//! `rollout-step-blocked`: a step's `maxUpdate` lets nothing through, or is no number at all.

use super::{Rule, also_in};
use crate::finding::Finding;
use crate::graph::{Graph, LimitKind, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "rollout-step-blocked", page: include_str!("../../rules/rollout-step-blocked.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, set) in graph.rolling_sets() {
        for (number, step) in set.steps.iter().enumerate() {
            let Some(limit) = &step.limit else { continue };
            let members: Vec<_> = graph.made_by(at).filter(|(_, p)| p.steps.first() == Some(&number)).collect();
            let later = set.steps.len() - number - 1;
            let (what, help) = match limit.kind {
                LimitKind::Usable => continue,
                LimitKind::Nothing if later > 0 => (
                    "syncs none of its Applications, and the steps after it wait for them".to_owned(),
                    "give `maxUpdate` a number above 0; if the step is to wait for somebody's hand, allow this with the reason",
                ),
                LimitKind::Nothing => (
                    "syncs none of its Applications".to_owned(),
                    "give `maxUpdate` a number above 0; if somebody is to sync them by hand, allow this with the reason",
                ),
                LimitKind::OneByOne => (
                    "has a `maxUpdate` that is neither a whole number nor a percentage, and syncs one Application at a time".to_owned(),
                    "write a whole number without quotes, or a percentage such as \"25%\"",
                ),
                LimitKind::Refused => (
                    "has a `maxUpdate` that is neither a whole number nor a text, for which Kubernetes refuses the ApplicationSet".to_owned(),
                    "write a whole number without quotes, or a percentage such as \"25%\"",
                ),
            };
            if members.is_empty() {
                continue;
            }
            let message = format!("step {} of ApplicationSet `{}` {what}: `maxUpdate: {}`", number + 1, set.name, limit.text);
            let finding = RULE.finding(message, evidence(&limit.origin, format!("`maxUpdate` of step {}", number + 1)));
            let finding = finding.because(graph.step_shown(set, number, None, format!("the step selects {}", step.in_words())));
            let finding = members.iter().fold(finding, |finding, (id, _)| also_in(finding, graph.app(*id)));
            findings.push(
                finding
                    .about("applicationset", &set.name)
                    .about("step", step.in_words().replace('`', ""))
                    .help(help),
            );
        }
    }
    findings
}
