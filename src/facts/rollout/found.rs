//! What expansion noticed on the way: names that occur twice, descriptors without a generator, generators without an answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{DuplicateName, StrayComponent, Unresolved};
use crate::expand::{Application, Expansion, Made, RootKind};
use crate::finding::{Certainty, Evidence};
use crate::k8s::argo;
use crate::source::{SourceMap, Span};
use crate::yaml::Node;

/// Names that more than one Application has, inside a root and over files that lie side by side.
pub fn duplicates(expansion: &Expansion, texts: &SourceMap) -> Vec<DuplicateName> {
    let inside = expansion.duplicates.iter().map(|duplicate| DuplicateName {
        name: duplicate.name.clone(),
        makers: duplicate.sets.clone(),
        places: [duplicate.first, duplicate.second],
    });
    let mut found: Vec<DuplicateName> = inside.collect();
    let files: BTreeSet<&str> =
        expansion.roots.iter().filter(|root| root.kind == RootKind::File).map(|root| &*root.name).collect();
    let mut beside: BTreeMap<(String, &str, &str), Vec<&Application>> = BTreeMap::new();
    for (app, _) in &expansion.applications {
        if let Some(file) = root_file(app, &files, texts) {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            beside.entry((folder, &app.namespace, &app.name)).or_default().push(app);
        }
    }
    for ((_, _, name), apps) in beside {
        let maker = |app: &Application| app.generated().map(|made| made.set.clone());
        // Sets of one name are variants of each other, of which one is applied.
        let Some(second) = apps.iter().skip(1).find(|app| app.root != apps[0].root && maker(app) != maker(apps[0]))
        else {
            continue;
        };
        let places: Vec<Span> = [apps[0], *second].iter().filter_map(|app| app.span()).collect();
        if let [first, other] = places[..] {
            found.push(DuplicateName {
                name: name.to_owned(),
                makers: [maker(apps[0]), maker(second)],
                places: [first, other],
            });
        }
    }
    // Whichever was met first, the later one in the order of files is shown first.
    for duplicate in found.iter_mut().filter(|duplicate| duplicate.places[0] > duplicate.places[1]) {
        duplicate.places.reverse();
        duplicate.makers.reverse();
    }
    found
}

/// The file from which an Application comes that nothing else brings.
fn root_file(app: &Application, files: &BTreeSet<&str>, texts: &SourceMap) -> Option<String> {
    match &app.made {
        Made::Generated(_) => files.contains(&*app.root).then(|| app.root.clone()),
        Made::Declared if app.parent.is_none() => Some(texts.path(app.span()?.file).to_string()),
        _ => None,
    }
}

/// Descriptors that no generator picks up.
pub fn strays(expansion: &Expansion) -> Vec<StrayComponent> {
    let literal = |span: Span, text: String| Evidence { span, text, certainty: Certainty::Literal };
    let stray = |stray: &crate::expand::Stray| StrayComponent {
        path: stray.path.to_string(),
        folder: stray.folder.as_ref().map(ToString::to_string),
        set: (stray.set.clone(), stray.siblings),
        // That it is meant to be a component is told by its looks.
        evidence: Evidence {
            certainty: Certainty::Inferred,
            ..literal(stray.span, format!("it has the name and the keys of the {} that are picked up", stray.siblings))
        },
        patterns: stray
            .patterns
            .iter()
            .map(|pattern| literal(pattern.span, format!("`{}` does not match it", pattern.text)))
            .collect(),
    };
    expansion.strays.iter().map(stray).collect()
}

/// Generators that could not be evaluated.
pub fn unresolved(expansion: &Expansion) -> Vec<Unresolved> {
    let mut found = Vec::new();
    for set in &expansion.sets {
        let name = argo::ApplicationSet { node: &set.manifest }.name();
        for gap in set.gaps.iter().filter(|gap| gap.kind == "unresolved-generator") {
            let span = gap.span.unwrap_or_else(|| set.manifest.span());
            let evidence = Evidence { span, text: gap.message.clone(), certainty: Certainty::Literal };
            let cause = cause(&set.manifest, span).unwrap_or_else(|| format!("{span:?}"));
            found.push(Unresolved { set: name.to_owned(), cause, evidence });
        }
    }
    found
}

/// Whom a generator asks, where several may ask the same.
fn cause(set: &Node, span: Span) -> Option<String> {
    let mut next: Vec<(&Node, usize)> =
        set.get("spec").map_or(&[][..], |spec| spec.items("generators")).iter().map(|node| (node, 0)).collect();
    while let Some((entry, depth)) = next.pop() {
        let asked = |kind: &str| entry.get(kind).filter(|node| node.span() == span);
        if asked("clusters").is_some() {
            return Some("clusters".to_owned());
        }
        if let Some(plugin) = asked("plugin") {
            return Some(format!("plugin {}", plugin.at(&["configMapRef", "name"])?.as_text()?));
        }
        if let Some(git) = asked("git") {
            return Some(format!("git {}", git.get("repoURL")?.as_text()?));
        }
        if depth < 4 {
            let nested = ["matrix", "merge"].iter().filter_map(|kind| entry.get(kind));
            next.extend(nested.flat_map(|node| node.items("generators")).map(|node| (node, depth + 1)));
        }
    }
    None
}
