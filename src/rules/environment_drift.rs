//! `environment-drift`: one component holds other credentials, stands in another phase or runs other hooks in one environment
//! than in another.

use std::collections::BTreeSet;

use super::{Rule, also_in, joined, listed, some_of};
use crate::finding::{Evidence, Finding, Suppression};
use crate::graph::{AppId, Drift, Graph, Origin, Side, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "environment-drift", page: include_str!("../../rules/environment-drift.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    graph.drifts().iter().filter_map(|drift| report(graph, drift)).collect()
}

/// The Application of environments that lack something, where it is written for them alone: there it is to be added.
fn written_apart(graph: &Graph, drift: &Drift<'_>, side: &Side) -> Option<Evidence> {
    let belongs = |id: &AppId| graph.app(*id).environment.as_ref().is_some_and(|name| side.environments.iter().any(|known| name == known));
    let (own, others): (Vec<AppId>, Vec<AppId>) = drift.apps.iter().copied().partition(belongs);
    let app = graph.app(*own.first()?);
    let origin = app.origin.as_ref()?;
    let at = |id: &AppId| graph.app(*id).origin.as_ref().map(Origin::anchor);
    let apart = others.iter().all(|id| at(id) != Some(origin.anchor()));
    apart.then(|| evidence(origin, format!("Application `{}` lacks it", app.name)))
}

fn report(graph: &Graph, drift: &Drift<'_>) -> Option<Finding> {
    let most: BTreeSet<&String> = drift.most.items.keys().collect();
    let mut said = Vec::new();
    let mut shown: Vec<Evidence> = Vec::new();
    for side in &drift.others {
        let own: BTreeSet<&String> = side.items.keys().collect();
        let words = |items: BTreeSet<&String>| some_of(items.into_iter().cloned().collect());
        let (more, less) = (&own - &most, &most - &own);
        if more.is_empty() {
            shown.extend(written_apart(graph, drift, side));
        }
        shown.extend(more.iter().map(|item| side.items[*item].clone()));
        shown.extend(less.iter().map(|item| drift.most.items[*item].clone()));
        let place = listed(side.environments.iter().map(String::as_str));
        said.push(match (more.is_empty(), less.is_empty()) {
            (false, false) => format!("in {place} it has {} instead of {}", words(more), words(less)),
            (false, true) => format!("only in {place} it has {}", words(more)),
            _ => format!("in {place} it lacks {}", words(less)),
        });
    }
    let aspect = drift.aspect.name();
    let rest = listed(drift.most.environments.iter().map(String::as_str));
    let message = format!("component `{}` differs from {rest} in its {aspect}: {}", drift.component, joined(&said));
    let mut shown = shown.into_iter();
    let mut finding = RULE.finding(message, shown.next()?);
    for evidence in shown.take(7) {
        finding = finding.because(evidence);
    }
    finding = drift.apps.iter().fold(finding, |finding, id| also_in(finding, graph.app(*id)));
    finding.suppressed =
        drift.intended.map(|intended| Suppression { reason: intended.reason.clone(), span: intended.span });
    Some(
        finding
            .about("component", &drift.component)
            .about("aspect", aspect)
            .help("make the environments alike, or declare the difference in the configuration, under `differences`"),
    )
}
