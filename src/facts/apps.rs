//! Applications as facts need them: their environment, their namespace, and the ladders that order them.

use std::collections::BTreeMap;

use super::{App, Rung, guesses};
use crate::expand::{Application, Expansion, Made};
use crate::k8s::{Resource, Word, Words};
use crate::source::SourceMap;
use crate::yaml::{Node, Origin};

/// The Applications of an expansion with the objects that each applies; `gated` says whether Argo CD waits for the health of
/// child Applications.
pub fn of<'e>(expansion: &'e Expansion, gated: bool, texts: &SourceMap) -> Vec<(App, &'e [Resource])> {
    let by_name: BTreeMap<&str, &Application> =
        expansion.applications.iter().map(|(app, _)| (app.name.as_str(), app)).collect();
    let mut words = Words::default();
    let mut read = |app: &Application, gaps: bool, objects: &[Resource]| App {
        name: app.name.as_str().into(),
        environment: app.environment.as_ref().map(|placed| words.of(&placed.text)),
        namespace: words.of(app.destination_namespace.as_ref().map_or("", |placed| placed.text.as_str())),
        argo: !matches!(app.made, Made::Folder(_)),
        phased: !matches!(app.made, Made::Folder(_)) || guesses::is_phased(objects),
        guess: guesses::of(app, objects, texts),
        above: above(app, &by_name, &mut words),
        rungs: rungs(app, &by_name, gated, &mut words),
        gaps,
        origin: app.manifest.as_ref().map(|node| node.at(&["metadata", "name"]).unwrap_or(node).origin.clone()),
    };
    let all = expansion.applications.iter();
    all.map(|(app, out)| (read(app, !out.gaps.is_empty(), &out.objects), out.objects.as_slice())).collect()
}

/// Since Argo CD 1.8 an Application waits for its child Applications only where their health check is restored in
/// `argocd-cm` (`docs/operator-manual/health.md`).
pub(super) fn waits_for_applications(expansion: &Expansion) -> bool {
    expansion.settings.iter().any(|settings| {
        settings.entries("data").iter().any(|entry| {
            let text = || entry.value.as_text().unwrap_or("");
            &*entry.key == "resource.customizations.health.argoproj.io_Application"
                || (&*entry.key == "resource.customizations" && text().contains("argoproj.io/Application"))
        })
    })
}

/// An Application and those that bring it, the nearest first. A chain longer than this is a cycle.
fn chain<'a>(app: &'a Application, by_name: &BTreeMap<&str, &'a Application>) -> impl Iterator<Item = &'a Application> {
    const LONGEST: usize = 32;
    std::iter::successors(Some(app), |app| by_name.get(app.parent.as_deref()?).copied()).take(LONGEST)
}

fn above(app: &Application, by_name: &BTreeMap<&str, &Application>, words: &mut Words) -> Vec<Word> {
    let mut names: Vec<Word> = chain(app, by_name).skip(1).map(|app| words.of(&app.name)).collect();
    names.shrink_to_fit();
    names
}

/// The ladders from the outermost Application down.
fn rungs(app: &Application, by_name: &BTreeMap<&str, &Application>, gated: bool, words: &mut Words) -> Vec<Rung> {
    let own = |app| step_of_set(app, words).or_else(|| wave_of_parent(app, gated, words));
    let mut chain: Vec<Rung> = chain(app, by_name).filter_map(own).collect();
    chain.reverse();
    chain.shrink_to_fit();
    chain
}

fn step_of_set(app: &Application, words: &mut Words) -> Option<Rung> {
    let made = app.generated()?;
    let &step = made.steps.first()?;
    let labels = app.manifest.as_ref().and_then(|node| node.at(&["metadata", "labels"]));
    let label = labels.map(|labels| made.step_label.as_deref().and_then(|key| labels.get(key)).unwrap_or(labels));
    Some(Rung {
        ladder: words.of(&format!("ApplicationSet {}", made.set)),
        step: i64::try_from(step).unwrap_or(i64::MAX),
        gated: true,
        label: words.of(&format!("step {} of ApplicationSet `{}`", step + 1, made.set)),
        origin: label.map(|node| node.origin.clone()).or_else(|| Some(Origin::literal(made.set_span))),
    })
}

fn wave_of_parent(app: &Application, gated: bool, words: &mut Words) -> Option<Rung> {
    let parent = app.parent.as_ref()?;
    let manifest = app.manifest.as_ref()?;
    let said = manifest.at(&["metadata", "annotations", "argocd.argoproj.io/sync-wave"]);
    let wave = said.and_then(Node::as_str).and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(Rung {
        ladder: words.of(&format!("Application {parent}")),
        step: wave,
        gated,
        label: words.of(&format!("wave {wave} of Application `{parent}`")),
        origin: said.map(|node| node.origin.clone()),
    })
}
