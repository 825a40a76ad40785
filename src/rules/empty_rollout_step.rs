//! `empty-rollout-step`: a step of a RollingSync selects no Application.

use std::collections::BTreeSet;

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Placing, RolloutStep, Span};

/// The rule.
pub const RULE: Rule = Rule { id: "empty-rollout-step", page: include_str!("../../rules/empty-rollout-step.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    // A set that several roots bring may need a step in one of them only.
    let mut used: BTreeSet<Span> = BTreeSet::new();
    for (at, set) in graph.rolling_sets() {
        let whole = !set.unresolved && set.applications > 0;
        let taken = |(step, known): (usize, &RolloutStep)| {
            let taken = graph.made_by(at).any(|(_, placing)| placing.steps.contains(&step) || is_meant(known, placing));
            (!whole || taken).then(|| known.origin.anchor())
        };
        used.extend(set.steps.iter().enumerate().filter_map(taken));
    }
    let mut findings = Vec::new();
    for (_, set) in graph.rolling_sets() {
        for (at, step) in set.steps.iter().enumerate().filter(|(_, step)| !used.contains(&step.origin.anchor())) {
            let message = format!("step {} of ApplicationSet `{}` selects no Application", at + 1, set.name);
            let shown = graph.step_shown(set, at, None, format!("no Application has {}", step.in_words()));
            findings.push(
                RULE.finding(message, shown)
                    .about("applicationset", &set.name)
                    .about("step", step.in_words().replace('`', ""))
                    .help("take the step out, or mend its values if it should select something"),
            );
        }
    }
    findings
}

/// Whether an Application would be in the step had YAML not made another value of its phase: that is one fault, not two.
fn is_meant(step: &RolloutStep, placing: &Placing) -> bool {
    step.expressions.iter().any(|expression| {
        let written = placing.label(&expression.key).and_then(|label| label.misread.as_ref());
        written.is_some_and(|misread| expression.values.iter().any(|value| value.value == misread.written))
    })
}
