//! `app-in-several-steps`: more than one step selects an Application, and only the first counts.

use std::collections::BTreeMap;

use super::{Rule, also_in, joined};
use crate::finding::Finding;
use crate::graph::{AppId, Graph, Placing};

/// The rule.
pub const RULE: Rule =
    Rule { id: "app-in-several-steps", page: include_str!("../../rules/app-in-several-steps.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, set) in graph.rolling_sets() {
        let mut by_steps: BTreeMap<&[usize], Vec<(AppId, &Placing)>> = BTreeMap::new();
        for (id, placing) in graph.made_by(at).filter(|(_, placing)| placing.steps.len() > 1) {
            by_steps.entry(&placing.steps).or_default().push((id, placing));
        }
        for (steps, apps) in by_steps {
            let numbers: Vec<String> = steps.iter().map(|step| (step + 1).to_string()).collect();
            let numbers = joined(&numbers);
            let message = format!(
                "steps {numbers} of ApplicationSet `{}` select the same Applications, and only step {} counts",
                set.name,
                steps[0] + 1
            );
            let (first, placing) = apps[0];
            let shown = |at: usize| {
                let text = format!("step {} selects Application `{}`", at + 1, graph.app(first).name);
                graph.step_shown(set, at, Some(placing), text)
            };
            let mut finding = RULE.finding(message, shown(steps[1])).because(shown(steps[0]));
            for &step in &steps[2..] {
                finding = finding.because(shown(step));
            }
            for (id, _) in &apps {
                finding = also_in(finding, graph.app(*id));
            }
            findings.push(
                finding
                    .about("applicationset", &set.name)
                    .about("steps", numbers)
                    .help("let one step only select them: take the value out of the others"),
            );
        }
    }
    findings
}
