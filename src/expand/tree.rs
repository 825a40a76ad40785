//! What one root brings: Applications, sets, projects and clusters, level by level.
//!
//! Levels are rendered in parallel and met again in order. Depth and number are bounded, so that a chart that makes
//! Applications of itself ends in a gap.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::environment::{self, ClusterEnvironments};
use super::inventory::is_argo_settings;
use super::world::World;
use super::{Application, Duplicate, Generated, Made, Placed, Root, Set, Shared, sets};
use crate::finding::Gap;
use crate::k8s::Resource;
use crate::k8s::argo;
use crate::render::Rendered;
use crate::source::{RepoPath, Span};
use crate::yaml::{Entry, Node};

const MAX_LEVELS: usize = 16;
const MAX_APPLICATIONS: usize = 50_000;

/// What is known to be rendered already: Applications as they are written.
pub type Memo = HashMap<Span, (Node, Shared)>;

/// An object from which a tree grows or that it meets.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The object.
    pub node: Node,
    /// The Application that brings it.
    pub parent: Option<String>,
    /// The namespace for an object without one.
    pub namespace: String,
    /// The set and the parameters that made it.
    pub generated: Option<Generated>,
}

impl Seed {
    /// An object that nobody brings.
    pub fn new(node: Node) -> Self {
        Self { node, parent: None, namespace: argo::NAMESPACE.to_owned(), generated: None }
    }
}

/// What one root brings.
#[derive(Debug)]
pub struct Tree {
    /// The root.
    pub root: Root,
    /// The declared objects from which it grew.
    pub seeds: BTreeSet<usize>,
    /// The declared objects that its Applications bring.
    pub brought: BTreeSet<usize>,
    /// The Applications, in the order in which they were met.
    pub applications: Vec<(Application, Shared)>,
    /// The sets.
    pub sets: Vec<Set>,
    /// The projects.
    pub projects: Vec<Node>,
    /// The cluster Secrets in effect, by name.
    pub clusters: BTreeMap<String, Node>,
    /// `argocd-cm`.
    pub settings: Vec<Node>,
    /// The files that were read.
    pub files: BTreeSet<RepoPath>,
    /// The folders that sources name.
    pub folders: BTreeSet<RepoPath>,
    /// Gaps of no single Application.
    pub gaps: Vec<Gap>,
    /// Names that occur twice.
    pub duplicates: Vec<Duplicate>,
    /// Whether a generator could not be evaluated.
    pub unresolved: bool,
    /// What an overlay holds besides Argo CD's objects.
    pub rest: Rendered,
}

impl Tree {
    /// A tree that brings nothing.
    pub fn empty(root: Root) -> Self {
        Self::new(root, BTreeSet::new(), BTreeMap::new())
    }

    fn new(root: Root, seeds: BTreeSet<usize>, clusters: BTreeMap<String, Node>) -> Self {
        Self {
            root,
            seeds,
            brought: BTreeSet::new(),
            applications: Vec::new(),
            sets: Vec::new(),
            projects: Vec::new(),
            clusters,
            settings: Vec::new(),
            files: BTreeSet::new(),
            folders: BTreeSet::new(),
            gaps: Vec::new(),
            duplicates: Vec::new(),
            unresolved: false,
            rest: Rendered::default(),
        }
    }
}

/// The cluster Secrets that count for every root: those written in the repository, and those of the inventory that the
/// repository does not have, by the cluster's name or address.
fn written_clusters(world: &World<'_>) -> BTreeMap<String, Node> {
    let written: Vec<&Node> = world.inventory.cluster_secrets.iter().collect();
    let same = |a: &argo::Cluster<'_>, b: &argo::Cluster<'_>| {
        ["name", "server"].iter().any(|key| !a.text(key).is_empty() && a.text(key) == b.text(key))
    };
    let written: Vec<argo::Cluster<'_>> = written.into_iter().filter_map(argo::Cluster::new).collect();
    let inventory = world.settings.clusters.iter().filter_map(argo::Cluster::new);
    let inventory = inventory.filter(|cluster| !written.iter().any(|known| same(known, cluster)));
    inventory
        .chain(written.iter().copied())
        .map(|cluster| (cluster.secret().to_owned(), cluster.node.clone()))
        .collect()
}

/// Argo CD's settings that are written in the repository: whoever applies them, they hold for every root.
fn written_settings(world: &World<'_>) -> Vec<Node> {
    world.inventory.argo_settings.clone()
}

/// Grows a root. Clusters that it brings may change what its sets generate, so it grows again until they stay the same.
pub fn grow(world: &World<'_>, root: &Root, seeds: &[Seed], memo: &Memo) -> Tree {
    let mut clusters = written_clusters(world);
    for _ in 0..3 {
        let tree = once(world, root, seeds, memo, &clusters);
        if tree.clusters == clusters {
            return tree;
        }
        clusters.clone_from(&tree.clusters);
    }
    once(world, root, seeds, memo, &clusters)
}

struct Growth<'w, 'a> {
    world: &'w World<'a>,
    tree: Tree,
    level: Vec<Seed>,
    seen: HashMap<String, Vec<(String, Node)>>,
    seen_sets: HashMap<(String, String), Node>,
    /// By Application: what its children belong to unless they say otherwise.
    environments: HashMap<String, Placed>,
    /// What the clusters say, once somebody asks.
    of_clusters: OnceCell<ClusterEnvironments>,
    /// Whether there are more Applications than are expanded.
    overflow: bool,
}

fn once(world: &World<'_>, root: &Root, seeds: &[Seed], memo: &Memo, clusters: &BTreeMap<String, Node>) -> Tree {
    let own = seeds.iter().filter_map(|seed| world.inventory.declared_as(&seed.node)).collect();
    let mut growth = Growth {
        world,
        tree: Tree { settings: written_settings(world), ..Tree::new(root.clone(), own, clusters.clone()) },
        level: Vec::new(),
        seen: HashMap::new(),
        seen_sets: HashMap::new(),
        environments: HashMap::new(),
        of_clusters: OnceCell::new(),
        overflow: false,
    };
    for &at in &growth.tree.seeds.clone() {
        growth.tree.files.insert(world.inventory.declared[at].path.clone());
    }
    for seed in seeds {
        growth.meet(seed.clone(), clusters);
    }
    for depth in 0.. {
        let level = std::mem::take(&mut growth.level);
        if level.is_empty() {
            break;
        }
        if depth == MAX_LEVELS {
            let message = "budget exceeded: Applications make Applications too deeply; the rest is not expanded";
            growth.tree.gaps.push(Gap::new("budget-exceeded", message).at(level[0].node.span()));
            break;
        }
        let outputs: Vec<Shared> = level.par_iter().map(|seed| rendered(world, seed, memo)).collect();
        for (seed, output) in level.into_iter().zip(outputs) {
            growth.settle(seed, output, clusters);
        }
    }
    growth.tree
}

fn rendered(world: &World<'_>, seed: &Seed, memo: &Memo) -> Shared {
    if let Some((node, output)) = memo.get(&seed.node.span())
        && *node == seed.node
    {
        return Arc::clone(output);
    }
    match argo::Application::new(&seed.node) {
        Some(app) => Arc::new(world.rendered(&app)),
        None => Arc::default(),
    }
}

impl Growth<'_, '_> {
    /// Takes an object in: an Application waits for its level, a set is expanded at once.
    fn meet(&mut self, seed: Seed, clusters: &BTreeMap<String, Node>) {
        let node = &seed.node;
        if let Some(app) = argo::Application::new(node) {
            let namespace =
                if app.namespace().is_empty() { seed.namespace.clone() } else { app.namespace().to_owned() };
            let known = self.seen.entry(app.name().to_owned()).or_default();
            // A root that syncs its own file meets itself, perhaps in another namespace.
            if known.iter().any(|(_, other)| other.span() == node.span() || other == node) && seed.generated.is_none() {
                return;
            }
            if let Some((_, first)) = known.iter().find(|(other, _)| *other == namespace) {
                let span = |node: &Node| node.at(&["metadata", "name"]).unwrap_or(node).span();
                self.tree.duplicates.push(Duplicate {
                    name: app.name().to_owned(),
                    root: self.tree.root.name.clone(),
                    first: span(first),
                    second: span(node),
                    sets: [owner(first), owner(node)],
                });
                return;
            }
            if self.tree.applications.len() + self.level.len() >= MAX_APPLICATIONS {
                if !std::mem::replace(&mut self.overflow, true) {
                    let message =
                        format!("budget exceeded: more than {MAX_APPLICATIONS} Applications; the rest is not expanded");
                    self.tree.gaps.push(Gap::new("budget-exceeded", message).at(node.span()));
                }
                return;
            }
            known.push((namespace, node.clone()));
            self.level.push(seed);
        } else if let Some(set) = argo::ApplicationSet::new(node) {
            let namespace =
                if set.namespace().is_empty() { seed.namespace.clone() } else { set.namespace().to_owned() };
            let key = (namespace.clone(), set.name().to_owned());
            if self.seen_sets.insert(key, node.clone()).is_none() {
                self.set(&set, &namespace, clusters);
            }
        } else if argo::AppProject::new(node).is_some() {
            self.tree.projects.push(seed.node);
        } else if let Some(cluster) = argo::Cluster::new(node).filter(argo::Cluster::is_filled_in) {
            self.tree.clusters.insert(cluster.secret().to_owned(), seed.node);
        } else if is_argo_settings(node) {
            self.tree.settings.push(seed.node);
        }
    }

    fn set(&mut self, set: &argo::ApplicationSet<'_>, namespace: &str, clusters: &BTreeMap<String, Node>) {
        let result = sets::expand(self.world, set, namespace, clusters);
        // An Application that is read as parameters, and handed on under its name, is the one that is made of it.
        let names: BTreeSet<&str> =
            result.applications.iter().filter_map(|(node, _)| node.at(&["metadata", "name"])?.as_text()).collect();
        for file in result.picked.iter().flat_map(|picked| &picked.files) {
            let read = self.world.inventory.declared_in(self.world.context.repository(), file);
            self.tree.brought.extend(read.filter(|(_, app)| names.contains(app.name())).map(|(at, _)| at));
        }
        self.tree.unresolved |= result.unresolved;
        self.tree.files.extend(result.files);
        self.tree.gaps.extend(result.gaps.iter().cloned());
        self.tree.sets.push(Set {
            manifest: set.node.clone(),
            root: self.tree.root.name.clone(),
            applications: result.applications.len(),
            gaps: result.gaps,
            unresolved: result.unresolved,
            picked: result.picked,
        });
        for (node, generated) in result.applications {
            let parent = Some(set.name().to_owned());
            self.meet(Seed { node, parent, namespace: namespace.to_owned(), generated: Some(generated) }, clusters);
        }
    }

    /// Keeps a rendered Application and takes in what it brings.
    fn settle(&mut self, seed: Seed, output: Shared, clusters: &BTreeMap<String, Node>) {
        let Some(app) = argo::Application::new(&seed.node) else { return };
        let namespace = if app.namespace().is_empty() { seed.namespace.clone() } else { app.namespace().to_owned() };
        let application = Application {
            name: app.name().to_owned(),
            root: self.tree.root.name.clone(),
            environment: environment::environment(&app, seed.generated.as_ref())
                .or_else(|| self.of_clusters.get_or_init(|| ClusterEnvironments::new(clusters)).of(&app))
                .or_else(|| self.environments.get(seed.parent.as_deref()?).cloned()),
            destination_namespace: environment::destination_namespace(&app),
            values_files: output.values.clone(),
            parent: seed.parent,
            made: seed.generated.map_or(Made::Declared, Made::Generated),
            manifest: Some(with_namespace(&seed.node, &namespace)),
            namespace,
        };
        if let Some(environment) = &application.environment {
            self.environments.insert(application.name.clone(), environment.clone());
        }
        self.tree.files.extend(output.files.iter().cloned());
        self.tree.folders.extend(output.folders.iter().cloned());
        let into = app.destination().namespace();
        let into = if into.is_empty() { argo::NAMESPACE } else { into };
        let shown = output.rendered.objects.iter();
        for object in shown.chain(&output.hidden).filter(|object| is_followed(object)) {
            if let Some(at) = self.world.inventory.declared_as(&object.node) {
                self.tree.brought.insert(at);
            }
            let parent = Some(application.name.clone());
            self.meet(
                Seed { node: object.node.clone(), parent, namespace: into.to_owned(), generated: None },
                clusters,
            );
        }
        self.tree.applications.push((application, output));
    }
}

/// The set that made an Application.
fn owner(node: &Node) -> Option<String> {
    let owner = node.get("metadata")?.items("ownerReferences").first()?;
    owner.str_at("name").filter(|_| owner.str_at("kind") == Some("ApplicationSet")).map(str::to_owned)
}

/// An Application as it is stored: with the namespace that it lands in.
fn with_namespace(node: &Node, namespace: &str) -> Node {
    let mut node = node.clone();
    let written = node.at(&["metadata", "namespace"]).is_some_and(|namespace| !namespace.is_null());
    if let Some(meta) = node.get("metadata").filter(|meta| !written && meta.as_map().is_some()) {
        let origin = meta.origin.clone();
        let value = Node::string(namespace, origin.clone());
        if let Some(fields) = node.get_mut("metadata").and_then(Node::as_map_mut) {
            fields.remove("namespace");
            fields.entries.push(Entry { key: "namespace".into(), key_origin: origin, value });
        }
    }
    node
}

/// Whether expansion follows an object.
pub fn is_followed(object: &Resource) -> bool {
    argo::is_argo(&object.node) || argo::Cluster::new(&object.node).is_some() || is_argo_settings(&object.node)
}
