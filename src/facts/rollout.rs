//! How Applications are rolled out: the sets and their steps, who stands in which, what generators left open.
//!
//! Steps select as the ApplicationSet controller does (`applicationset/progressivesync/progressive_sync.go`). Here is what is
//! so; whether it is wrong is the rules' to say.

mod found;
mod labels;
mod model;

use std::collections::BTreeMap;

use super::apps::waits_for_applications;
use crate::expand::{Application, Expansion, Made};
use crate::k8s::Words;
use crate::k8s::argo::{self, RollingStep};
use crate::k8s::text::Text;
use crate::source::{SourceMap, Span};
use crate::yaml::{Meaning, Node, Origin};

pub use labels::{component, is_named};
pub use model::*;

const WAVE: &str = "argocd.argoproj.io/sync-wave";

/// Reads off an expansion what concerns the rollout.
pub fn of(expansion: &Expansion, texts: &SourceMap) -> Rollout {
    let mut rollout = Rollout {
        sets: expansion.sets.iter().map(|set| self::set(set, texts)).collect(),
        gate: gate(expansion, texts),
        duplicates: found::duplicates(expansion, texts),
        strays: found::strays(expansion),
        unresolved: found::unresolved(expansion),
        ..Rollout::default()
    };
    let mut by_place: BTreeMap<(&str, &str, Span), usize> = BTreeMap::new();
    for (at, set) in expansion.sets.iter().enumerate() {
        let name = set.manifest.at(&["metadata", "name"]).unwrap_or(&set.manifest);
        by_place.insert((&set.root, name.as_text().unwrap_or(""), name.span()), at);
    }
    let mut words = Words::default();
    for (app, _) in &expansion.applications {
        let set = app.generated().and_then(|made| by_place.get(&(&*app.root, &*made.set, made.set_span))).copied();
        rollout.placings.push(placing(app, set, texts, &mut words));
    }
    labels::find_descriptors(&mut rollout, expansion);
    rollout
}

fn set(set: &crate::expand::Set, texts: &SourceMap) -> RolloutSet {
    let view = argo::ApplicationSet { node: &set.manifest };
    let rolling = set.manifest.at(&["spec", "strategy", "rollingSync"]).filter(|node| !node.is_null());
    let rolling = rolling.filter(|_| view.strategy() == "RollingSync");
    let namespace = view.template().and_then(|template| template.at(&["spec", "destination", "namespace"]));
    let template = view.template().and_then(|template| template.get("metadata"));
    RolloutSet {
        name: view.name().to_owned(),
        root: set.root.clone(),
        origin: set.manifest.at(&["metadata", "name"]).unwrap_or(&set.manifest).origin.clone(),
        rolling: rolling.map(|node| node.get("steps").unwrap_or(node).origin.clone()),
        steps: view.rolling_steps().iter().map(|step| self::step(step, texts)).collect(),
        template: template.map(|node| node.get("labels").unwrap_or(node).origin.clone()),
        naming: template.and_then(|node| node.get("name")).map(|node| node.origin.clone()),
        applications: set.applications,
        unresolved: set.unresolved,
        namespace: namespace.and_then(Node::as_text).unwrap_or_default().to_owned(),
    }
}

fn step(step: &RollingStep<'_>, texts: &SourceMap) -> RolloutStep {
    let expression = |expression: argo::MatchExpression<'_>| Expression {
        key: expression.key().to_owned(),
        operator: expression.operator().to_owned(),
        values: expression.values().map(|node| labels::label(node, texts)).collect(),
    };
    RolloutStep {
        expressions: step.expressions().map(expression).collect(),
        limit: step.max_update().map(limit),
        origin: step.node.origin.clone(),
    }
}

/// `maxUpdate` as `intstr.GetScaledValueFromIntOrPercent` and the controller's floor of one read it.
fn limit(node: &Node) -> Limit {
    let text = match node.as_str() {
        Some(text) => format!("{text:?}"),
        None => node.as_text().unwrap_or("").to_owned(),
    };
    let kind = match node.meaning() {
        Some(Meaning::Int(n)) if n <= 0 => LimitKind::Nothing,
        Some(Meaning::Int(_)) => LimitKind::Usable,
        Some(Meaning::Float(n)) if n.fract() == 0.0 && n > 0.0 => LimitKind::Usable,
        Some(Meaning::Float(0.0)) => LimitKind::Nothing,
        Some(Meaning::Str(percent)) if percent == "0%" => LimitKind::Nothing,
        Some(Meaning::Str(percent)) if percent.strip_suffix('%').is_some_and(|n| n.parse::<i32>().is_ok()) => {
            LimitKind::Usable
        }
        Some(Meaning::Str(_)) => LimitKind::OneByOne,
        _ => LimitKind::Refused,
    };
    Limit { text, kind, origin: node.origin.clone() }
}

fn placing(app: &Application, set: Option<usize>, texts: &SourceMap, words: &mut Words) -> Placing {
    let manifest = app.manifest.as_ref();
    let labels = manifest.and_then(|node| node.get("metadata")).map_or(&[][..], |metadata| metadata.entries("labels"));
    let automated = manifest.and_then(|node| node.at(&["spec", "syncPolicy", "automated"]));
    let on = |node: &&Node| !node.is_null() && node.get("enabled").and_then(Node::as_bool) != Some(false);
    let wave = manifest.and_then(|node| Text::at(node, &["metadata", "annotations", WAVE]));
    Placing {
        set,
        steps: app.generated().map(|made| made.steps.clone()).unwrap_or_default(),
        labels: labels.iter().map(|entry| (entry.key.clone().into(), labels::label(&entry.value, texts))).collect(),
        automated: automated.filter(on).map(|node| node.origin.clone()),
        heals: automated.and_then(|node| node.get("selfHeal")).and_then(Node::as_bool) == Some(true),
        wave,
        parent: app.parent.as_deref().filter(|_| app.made == Made::Declared).map(|parent| words.of(parent)),
        root: words.of(&app.root),
        component: words.of(&labels::component(&app.name, app.environment.as_ref().map(|placed| placed.text.as_str()))),
        descriptor: None,
    }
}

fn gate(expansion: &Expansion, texts: &SourceMap) -> Gate {
    let settings = expansion.settings.iter().map(|node| node.at(&["metadata", "name"]).unwrap_or(node).origin.clone());
    // Values of Argo CD's own chart say it as well, and the chart need not be at hand.
    let said = || texts.ids().any(|id| texts.text(id).is_some_and(|text| restores(&text)));
    Gate { restored: waits_for_applications(expansion) || said(), settings: settings.collect::<Vec<Origin>>() }
}

fn restores(text: &str) -> bool {
    const KEYS: [&str; 2] = ["health.argoproj.io_Application:", "argoproj.io/Application:"];
    KEYS.iter().any(|key| text.contains(key))
        && text.lines().any(|line| {
            let line = line.trim_start();
            !line.starts_with('#') && KEYS.iter().any(|key| line.contains(key))
        })
}
