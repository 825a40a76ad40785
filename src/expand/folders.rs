//! Folders of manifests that no Application brings, audited as if each were one: the way plain repositories are read.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::roots::Charts;
use super::world::World;
use super::{Application, Expansion, Made, Root, RootKind};
use crate::finding::Gap;
use crate::k8s::Resource;
use crate::render::{self, Output, Rendered};
use crate::source::{RepoPath, Span};

/// Adds a unit for every folder that holds manifests that nobody brings. `uncertain` says that somebody may; `charts` are
/// rendered already.
pub fn audit(
    world: &World<'_>,
    sources: &BTreeSet<RepoPath>,
    mut charts: Charts,
    uncertain: bool,
    expansion: &mut Expansion,
) {
    let inventory = world.inventory;
    let kustomizations = &inventory.kustomizations;
    let free = |path: &RepoPath| !expansion.covered.contains(path);
    let mut units: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
    let mut built: BTreeSet<RepoPath> = BTreeSet::new();
    for folder in kustomizations.outermost().filter(|folder| !sources.contains(*folder)) {
        let files = kustomizations.files_of(folder);
        if files.iter().all(free) && files.iter().any(|file| inventory.manifests.binary_search(file).is_ok()) {
            units.insert(folder.clone(), BTreeSet::new());
            built.extend(files);
        }
    }
    // Without Argo CD a chart is a unit as well, with its own values.
    for folder in inventory.charts.iter().filter(|folder| !sources.contains(*folder)) {
        if uncertain {
            let message = format!(
                "the chart `{folder}` is brought by no Application that is known, and its values are not known"
            );
            expansion.gaps.push(Gap::new("unresolved-generator", message));
        } else {
            units.entry(folder.clone()).or_default();
        }
    }
    for path in inventory.manifests.iter().filter(|path| free(path) && !built.contains(*path)) {
        let Some(folder) = path.parent() else { continue };
        if !kustomizations.contains(&folder) && !sources.contains(&folder) {
            units.entry(folder).or_default().insert(path.clone());
        }
    }
    let units: Vec<(RepoPath, BTreeSet<RepoPath>, Option<Output>)> = units
        .into_iter()
        .map(|(folder, own)| {
            let rendered = charts.remove(&folder);
            (folder, own, rendered)
        })
        .collect();
    let units: Vec<(RepoPath, Output)> = units
        .into_par_iter()
        .map(|(folder, own, rendered)| {
            let mut output = rendered.unwrap_or_else(|| render::folder_unit(&world.context, &folder));
            // Helm reads nothing of a chart's own folder: what lies there somebody applies beside the chart.
            if inventory.charts.contains(&folder) {
                render::plain_files(&world.context, &own, &mut output);
            }
            (folder, output)
        })
        .collect();
    for (folder, output) in units {
        let name = folder.to_string();
        if output.rendered.objects.is_empty() && output.rendered.gaps.is_empty() {
            continue;
        }
        expansion.covered.extend(output.files);
        if !uncertain {
            expansion.roots.push(Root { name: name.clone(), kind: RootKind::Folder });
        }
        let mut rendered = output.rendered;
        for gap in &mut rendered.gaps {
            gap.application.get_or_insert_with(|| name.clone());
        }
        expansion.applications.push((unit(name.clone(), folder, name), rendered));
    }
    expansion.covered.extend(built);
    if uncertain {
        let message = "some generators could not be evaluated: folders that no known Application brings are audited by themselves";
        expansion.gaps.push(Gap::new("unresolved-generator", message));
    }
}

fn unit(name: String, folder: RepoPath, root: String) -> Application {
    Application {
        name,
        namespace: String::new(),
        manifest: None,
        made: Made::Folder(folder),
        root,
        parent: None,
        environment: None,
        destination_namespace: None,
        values_files: Vec::new(),
    }
}

/// Keeps what an overlay applies besides Argo CD's objects, unless Applications bring it: a unit of the overlay's name.
pub fn keep_rest(world: &World<'_>, root: &Root, rest: Rendered, expansion: &mut Expansion) {
    let sources = world.context.repository().sources();
    let covered = |span: Span| world.is_file(span) && expansion.covered.contains(&sources.path(span.file));
    let brought = |object: &Resource| object.node.get("kind").is_some_and(|kind| covered(kind.span()));
    let objects: Vec<Resource> = rest.objects.into_iter().filter(|object| !brought(object)).collect();
    let mut gaps: Vec<Gap> = rest.gaps.into_iter().filter(|gap| !gap.span.is_some_and(covered)).collect();
    if objects.is_empty() && gaps.is_empty() {
        return;
    }
    let Ok(folder) = RepoPath::new(&root.name) else { return };
    gaps.iter_mut().for_each(|gap| gap.application = Some(root.name.clone()));
    let files: Vec<RepoPath> = objects
        .iter()
        .filter_map(|object| {
            let span = object.node.get("kind")?.span();
            world.is_file(span).then(|| sources.path(span.file))
        })
        .collect();
    expansion.covered.extend(files);
    let application = unit(root.name.clone(), folder, root.name.clone());
    expansion.applications.push((application, Rendered { objects, gaps }));
}
