//! What Argo CD starts from: declared Applications that no other brings, overlays, files, or what the user names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rayon::prelude::*;

use super::tree::{Memo, Seed, Tree, grow as grow_tree, is_followed};
use super::world::World;
use super::{Root, RootKind};
use crate::finding::Gap;
use crate::k8s::argo;
use crate::render::{self, Output, Rendered};
use crate::source::RepoPath;

/// What charts render with their own values, by folder.
pub type Charts = BTreeMap<RepoPath, Output>;

/// Grows every root of the repository. Charts that had to be rendered for it and are no roots are given as well.
pub fn grow(world: &World<'_>) -> (Vec<Tree>, Charts) {
    let memo = as_written(world);
    if !world.settings.roots.is_empty() {
        let named = world.settings.roots.iter().flat_map(|name| named(world, name, &memo));
        return (named.collect(), Charts::new());
    }
    let mut trees = written(world, &memo);
    let manages = |tree: &Tree| !tree.applications.is_empty() || !tree.sets.is_empty();
    if trees.iter().any(manages) {
        return (trees, Charts::new());
    }
    let (roots, charts) = charts(world, &memo);
    trees.extend(roots);
    (trees, charts)
}

/// The charts that make Applications or sets, where nothing else in the repository does: somebody installs them from outside,
/// with values of his own or the chart's. One that another brings is no root; of a circle the first is.
fn charts(world: &World<'_>, memo: &Memo) -> (Vec<Tree>, Charts) {
    let folders = &world.inventory.charts;
    let outputs: Vec<Output> = folders.par_iter().map(|folder| render::folder_unit(&world.context, folder)).collect();
    let starts = |output: &Output| {
        let mut nodes = output.rendered.objects.iter().map(|object| &object.node);
        nodes.any(|node| argo::is_argo(node) && argo::AppProject::new(node).is_none())
    };
    let (starting, plain): (Charts, Charts) =
        folders.iter().cloned().zip(outputs).partition(|(_, output)| starts(output));
    let numbers: BTreeMap<RepoPath, usize> =
        starting.keys().enumerate().map(|(at, folder)| (folder.clone(), at)).collect();
    let trees: Vec<Tree> = starting.into_iter().map(|(folder, output)| chart(world, &folder, output, memo)).collect();
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..trees.len()).map(|at| graph.add_node(at)).collect();
    for (at, tree) in trees.iter().enumerate() {
        for &to in tree.folders.iter().filter_map(|folder| numbers.get(folder)).filter(|&&to| to != at) {
            graph.add_edge(nodes[at], nodes[to], ());
        }
    }
    (those(trees, &sources(&graph)), plain)
}

fn chart(world: &World<'_>, folder: &RepoPath, output: Output, memo: &Memo) -> Tree {
    let mut tree = overlay(world, folder, &BTreeSet::new(), true, output, memo);
    tree.root.kind = RootKind::Chart;
    tree.folders.insert(folder.clone());
    tree
}

/// The roots that are written in files.
fn written(world: &World<'_>, memo: &Memo) -> Vec<Tree> {
    let roots = root_applications(world, memo);
    let patching = patching(world, &roots, memo);
    let patched: BTreeSet<usize> = patching.iter().flat_map(|overlay| overlay.applications.iter().copied()).collect();
    let written: Vec<usize> = roots.into_iter().filter(|at| !patched.contains(at)).collect();
    let mut trees = applications(world, &written, memo);
    let mut taken: BTreeSet<usize> = trees.iter().flat_map(|tree| tree.brought.iter().copied()).collect();
    let mut in_overlays = BTreeSet::new();
    let free_sets = |folder: &RepoPath, taken: &BTreeSet<usize>| {
        let files = world.inventory.kustomizations.files_of(folder);
        let own = |at: &usize| !taken.contains(at) && files.contains(&world.inventory.declared[*at].path);
        (sets_and_projects(world).filter(own).collect::<BTreeSet<usize>>(), files)
    };
    let mut done = BTreeSet::new();
    for Patching { folder, applications, output } in patching {
        let (mut free, _) = free_sets(&folder, &taken);
        free.extend(applications);
        in_overlays.extend(free.iter().copied());
        trees.push(overlay(world, &folder, &free, false, output, memo));
        done.insert(folder);
    }
    taken.extend(trees.iter().flat_map(|tree| tree.brought.iter().copied()));
    let covered: BTreeSet<RepoPath> = trees.iter().flat_map(|tree| tree.files.iter().cloned()).collect();
    let outermost = world.inventory.kustomizations.outermost().filter(|folder| !done.contains(*folder));
    for folder in outermost {
        let (free, files) = free_sets(folder, &taken);
        in_overlays.extend(free.iter().copied());
        if !free.is_empty() && !files.iter().any(|file| is_kustomization_file(file) && covered.contains(file)) {
            trees.push(overlay(world, folder, &free, false, render::folder_unit(&world.context, folder), memo));
        }
    }
    taken.extend(in_overlays);
    let free: Vec<usize> = sets_and_projects(world).filter(|at| !taken.contains(at)).collect();
    trees.extend(free.into_iter().map(|at| in_file(world, at, memo)));
    outer(trees)
}

/// An overlay that no Application brings and that makes other Applications of declared ones.
struct Patching {
    folder: RepoPath,
    /// The root Applications that it holds: they count as it makes them, not as they are written.
    applications: BTreeSet<usize>,
    output: Output,
}

fn patching(world: &World<'_>, roots: &[usize], memo: &Memo) -> Vec<Patching> {
    let brought: BTreeSet<&RepoPath> = memo.values().flat_map(|(_, output)| &output.files).collect();
    let kustomizations = &world.inventory.kustomizations;
    let holds: Vec<(&RepoPath, BTreeSet<usize>)> = kustomizations
        .outermost()
        .filter_map(|folder| {
            let files = kustomizations.files_of(folder);
            if files.iter().any(|file| is_kustomization_file(file) && brought.contains(file)) {
                return None;
            }
            let own = roots.iter().copied().filter(|at| files.contains(&world.inventory.declared[*at].path));
            Some((folder, own.collect::<BTreeSet<usize>>())).filter(|(_, own)| !own.is_empty())
        })
        .collect();
    let built: Vec<Option<Patching>> = holds
        .into_par_iter()
        .map(|(folder, applications)| {
            let output = render::folder_unit(&world.context, folder);
            let patched = output.rendered.objects.iter().any(|object| {
                let at = world.inventory.declared_as(&object.node).filter(|at| applications.contains(at));
                at.is_some_and(|at| !object.node.same_data(&world.inventory.declared[at].node))
            });
            patched.then(|| Patching { folder: folder.clone(), applications, output })
        })
        .collect();
    built.into_iter().flatten().collect()
}

fn is_kustomization_file(path: &RepoPath) -> bool {
    render::KUSTOMIZATIONS.contains(&path.file_name())
}

fn sets_and_projects<'a>(world: &'a World<'_>) -> impl Iterator<Item = usize> + 'a {
    let declared = world.inventory.declared.iter().enumerate();
    declared
        .filter(|(_, declared)| argo::is_argo(&declared.node) && argo::Application::new(&declared.node).is_none())
        .map(|(at, _)| at)
}

/// Renders every Application as it is written.
fn as_written(world: &World<'_>) -> Memo {
    let apps: Vec<_> = world.inventory.declared.iter().map(|d| &d.node).filter_map(argo::Application::new).collect();
    let outputs: Vec<_> = apps.par_iter().map(|app| Arc::new(world.rendered(app))).collect();
    apps.iter().zip(outputs).map(|(app, output)| (app.node.span(), (app.node.clone(), output))).collect()
}

/// The declared Applications that no other declared Application brings; of a circle the first.
fn root_applications(world: &World<'_>, memo: &Memo) -> Vec<usize> {
    let declared = &world.inventory.declared;
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let apps: BTreeMap<usize, NodeIndex> = (0..declared.len())
        .filter(|&at| argo::Application::new(&declared[at].node).is_some())
        .map(|at| (at, graph.add_node(at)))
        .collect();
    for (&at, &from) in &apps {
        let Some((_, output)) = memo.get(&declared[at].node.span()) else { continue };
        for object in output.rendered.objects.iter().chain(&output.hidden).filter(|object| is_followed(object)) {
            let brought = world.inventory.declared_as(&object.node).and_then(|brought| apps.get(&brought));
            if let Some(&to) = brought.filter(|to| **to != from) {
                graph.update_edge(from, to, ());
            }
        }
    }
    sources(&graph)
}

/// The least node of every strongly connected component that no other component leads to, in order.
fn sources(graph: &DiGraph<usize, ()>) -> Vec<usize> {
    let mut found = Vec::new();
    for component in kosaraju_scc(graph) {
        let members: BTreeSet<NodeIndex> = component.iter().copied().collect();
        let entered = component
            .iter()
            .any(|&node| graph.neighbors_directed(node, petgraph::Incoming).any(|from| !members.contains(&from)));
        if !entered {
            found.extend(component.iter().map(|&node| graph[node]).min());
        }
    }
    found.sort_unstable();
    found
}

/// Drops the roots that an Application of another root brings.
fn outer(trees: Vec<Tree>) -> Vec<Tree> {
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..trees.len()).map(|at| graph.add_node(at)).collect();
    let mut grown_from: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, tree) in trees.iter().enumerate() {
        tree.seeds.iter().for_each(|&seed| grown_from.entry(seed).or_default().push(at));
    }
    for (at, tree) in trees.iter().enumerate() {
        for to in tree.brought.iter().filter_map(|brought| grown_from.get(brought)).flatten().filter(|&&to| to != at) {
            graph.update_edge(nodes[at], nodes[*to], ());
        }
    }
    those(trees, &sources(&graph))
}

/// The trees at some places, which are in order.
fn those(trees: Vec<Tree>, places: &[usize]) -> Vec<Tree> {
    let kept = trees.into_iter().enumerate().filter(|(at, _)| places.binary_search(at).is_ok());
    kept.map(|(_, tree)| tree).collect()
}

/// The trees of declared Applications. Those of one name, of which a cluster has one, are told apart by their files.
fn applications(world: &World<'_>, all: &[usize], memo: &Memo) -> Vec<Tree> {
    let name = |at: usize| argo::Application::new(&world.inventory.declared[at].node).map_or("", |app| app.name());
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().for_each(|&at| *named.entry(name(at)).or_default() += 1);
    let shared = |at: usize| named.get(name(at)).is_some_and(|&count| count > 1);
    let mut trees = Vec::new();
    for &at in all {
        let declared = &world.inventory.declared[at];
        let name = if shared(at) { declared.path.to_string() } else { name(at).to_owned() };
        let root = Root { name, kind: RootKind::Application };
        trees.push(grow_tree(world, &root, &[Seed::new(declared.node.clone())], memo));
    }
    trees
}

/// The tree of one file's set or project.
fn in_file(world: &World<'_>, at: usize, memo: &Memo) -> Tree {
    let declared = &world.inventory.declared[at];
    let root = Root { name: declared.path.to_string(), kind: RootKind::File };
    grow_tree(world, &root, &[Seed::new(declared.node.clone())], memo)
}

/// The tree of an overlay: what it builds; where that cannot be built, its files as they are written.
fn overlay(
    world: &World<'_>,
    folder: &RepoPath,
    free: &BTreeSet<usize>,
    whole: bool,
    output: Output,
    memo: &Memo,
) -> Tree {
    let mut seeds: Vec<Seed> = Vec::new();
    let mut rest = Vec::new();
    for object in output.rendered.objects {
        if !is_followed(&object) {
            rest.push(object);
            continue;
        }
        let at = world.inventory.declared_as(&object.node);
        if whole || at.is_none_or(|at| free.contains(&at)) {
            seeds.push(Seed::new(object.node));
        }
    }
    if seeds.is_empty() {
        seeds = free.iter().map(|&at| Seed::new(world.inventory.declared[at].node.clone())).collect();
    }
    let mut tree = grow_tree(world, &Root { name: folder.to_string(), kind: RootKind::Overlay }, &seeds, memo);
    tree.seeds.extend(free);
    tree.files.extend(free.iter().map(|&at| world.inventory.declared[at].path.clone()));
    tree.rest = Rendered { objects: rest, gaps: output.rendered.gaps };
    tree
}

/// The trees of what `--root` names: a root Application, an overlay's folder, a file.
fn named(world: &World<'_>, name: &str, memo: &Memo) -> Vec<Tree> {
    let declared_objects = world.inventory.declared.iter().enumerate();
    let by_name: Vec<usize> = declared_objects
        .clone()
        .filter(|(_, declared)| argo::Application::new(&declared.node).is_some_and(|app| app.name() == name))
        .map(|(at, _)| at)
        .collect();
    if !by_name.is_empty() {
        return applications(world, &by_name, memo);
    }
    let Ok(path) = RepoPath::new(name) else { return vec![unknown(name)] };
    if world.inventory.kustomizations.contains(&path) {
        let files = world.inventory.kustomizations.files_of(&path);
        let own = declared_objects.filter(|(_, declared)| files.contains(&declared.path)).map(|(at, _)| at).collect();
        return vec![overlay(world, &path, &own, true, render::folder_unit(&world.context, &path), memo)];
    }
    if world.inventory.charts.contains(&path) {
        return vec![chart(world, &path, render::folder_unit(&world.context, &path), memo)];
    }
    let seeds: Vec<Seed> = declared_objects
        .filter(|(_, declared)| declared.path.is_within(&path) && !name.is_empty())
        .map(|(_, declared)| Seed::new(declared.node.clone()))
        .collect();
    if seeds.is_empty() {
        return vec![unknown(name)];
    }
    vec![grow_tree(world, &Root { name: path.to_string(), kind: RootKind::File }, &seeds, memo)]
}

fn unknown(name: &str) -> Tree {
    let mut tree = Tree::empty(Root { name: name.to_owned(), kind: RootKind::File });
    tree.gaps.push(Gap::new("unknown-root", format!("no Application, overlay or file is called `{name}`")));
    tree
}
