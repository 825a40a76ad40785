//! `invalid-rollout-phase`: the label that decides about the step is not what was meant, or not there.

use std::collections::BTreeMap;

use super::{Rule, also_in};
use crate::finding::{Certainty, Evidence, Finding};
use crate::graph::{AppId, Graph, Label, PhaseFault, RolloutSet, Span, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "invalid-rollout-phase", page: include_str!("../../rules/invalid-rollout-phase.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, set) in graph.rolling_sets() {
        let mut found: BTreeMap<(Span, &str), Finding> = BTreeMap::new();
        for (id, placing) in graph.made_by(at) {
            let Some(fault) = graph.phase_fault(id) else { continue };
            let (span, key, made) = match fault {
                PhaseFault::Misread(key, label, read) => {
                    let steps = &placing.steps;
                    (read.span, key, misread(set, key, label, &read.written, read.span, steps))
                }
                PhaseFault::Missing(key, label) => {
                    let written = label.filter(|label| !label.value.is_empty()).map(|label| label.origin.anchor());
                    let span = placing.descriptor.or(written).unwrap_or_else(|| set.origin.anchor());
                    (span, key, missing(graph, set, key, label, span, id))
                }
            };
            let finding = found.entry((span, key)).or_insert(made);
            *finding = also_in(finding.clone(), graph.app(id));
        }
        findings.extend(found.into_values());
        findings.extend(untyped(set));
    }
    findings
}

fn misread(set: &RolloutSet, key: &str, label: &Label, written: &str, span: Span, steps: &[usize]) -> Finding {
    let ends = match steps.first() {
        Some(step) => format!("so step {} of ApplicationSet `{}` selects it", step + 1, set.name),
        None => format!("which no step of ApplicationSet `{}` selects", set.name),
    };
    let message = format!("`{written}` without quotes becomes `{key}: {}`, {ends}", label.value);
    let text = format!("YAML reads `{written}` as a number or a truth value, not as a text");
    let shown = Evidence { span, text, certainty: Certainty::Literal };
    let mut finding = RULE.finding(message, shown);
    if let Some(template) = &set.template {
        finding = finding.because(evidence(template, format!("the label `{key}` is made of it")));
    }
    finding
        .about("applicationset", &set.name)
        .about("phase", written)
        .help(format!("put the value in quotes: \"{written}\""))
}

fn missing(graph: &Graph, set: &RolloutSet, key: &str, label: Option<&Label>, span: Span, id: AppId) -> Finding {
    let how = match label {
        Some(label) if label.value.is_empty() => "an empty label",
        Some(_) => "no value for the label",
        None => "no label",
    };
    let component = &graph.placing(id).component;
    let message = format!(
        "`{component}` has {how} `{key}`, by which the steps of ApplicationSet `{}` select, so it is never synced",
        set.name
    );
    let text = format!("Application `{}` is made of this, and has {how} `{key}`", graph.app(id).name);
    let mut finding = RULE.finding(message, Evidence { span, text, certainty: Certainty::Rendered });
    if let Some(origin) = label.map(|label| &label.origin).or(set.template.as_ref()) {
        finding = finding.because(evidence(origin, "the labels come from here"));
    }
    finding
        .because(graph.step_shown(set, 0, None, format!("step 1 selects {}", set.steps[0].in_words())))
        .about("applicationset", &set.name)
        .about("component", component)
        .help(format!("give it a phase of which `{key}` is made, with a step that selects it"))
}

/// Values of steps must be texts; Kubernetes refuses a set with others.
fn untyped(set: &RolloutSet) -> Option<Finding> {
    let expressions = set.steps.iter().flat_map(|step| &step.expressions);
    let mut values = expressions.flat_map(|expression| &expression.values).filter(|label| label.untyped);
    let first = values.next()?;
    let message = format!("a step of ApplicationSet `{}` selects a value without quotes, for which Kubernetes refuses the set", set.name);
    let text = |label: &Label| format!("`{}` is no text to YAML", label.value);
    let finding = RULE.finding(message, evidence(&first.origin, text(first)));
    let finding = values.fold(finding, |finding, label| finding.because(evidence(&label.origin, text(label))));
    Some(finding.about("applicationset", &set.name).help("put the values of `matchExpressions` in quotes"))
}
