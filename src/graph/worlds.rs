//! What Applications share: clusters, namespaces, objects. Different roots are alternative worlds: nothing of one is held
//! against the other, and what one of them brings is missing in none.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::facts::{AppId, Cluster, Object, ObjectId, Target};
use crate::k8s::scope::Scope;
use crate::source::Span;

/// Namespaces that every cluster has.
const GIVEN: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Objects that several Applications apply: those that are the same defect together.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// The Applications.
    pub apps: BTreeSet<AppId>,
    /// Each object as each of the Applications renders it.
    pub objects: Vec<Vec<ObjectId>>,
}

/// Where Namespaces come from.
pub struct Namespaces<'g> {
    graph: &'g Graph,
    /// By name: the clusters in which something makes it; nothing for one that may be any.
    made: BTreeMap<&'g str, Vec<Option<&'g Cluster>>>,
    /// By name: the clusters in which Argo CD itself makes it for an Application.
    on_demand: BTreeMap<&'g str, Vec<&'g Cluster>>,
    /// Roots in which anything may be hidden.
    open: BTreeSet<&'g str>,
}

impl Graph {
    /// Where an Application goes; nothing for a folder.
    pub fn target(&self, app: AppId) -> Option<&Target> {
        self.facts().targets.get(&app)
    }

    /// Whether one root brings two objects; a folder that nobody brings is one by itself.
    pub fn share_root(&self, a: ObjectId, b: ObjectId) -> bool {
        let (a, b) = (self.object(a).app, self.object(b).app);
        let root = |app: AppId| self.target(app).map(|target| &target.root);
        a == b || root(a).is_some_and(|one| root(b) == Some(one))
    }

    /// Whether what two Applications bring may meet in one cluster.
    pub fn may_share_cluster(&self, a: AppId, b: AppId) -> bool {
        self.facts().may_share_cluster(a, b)
    }

    /// Things of Applications by cluster: all that stand in a group may meet. One whose cluster is not known may meet things of
    /// clusters that do not meet, and stands with the first of them.
    pub fn by_cluster<T>(&self, things: impl IntoIterator<Item = T>, app: impl Fn(&T) -> AppId) -> Vec<Vec<T>> {
        let unknown = Cluster::default();
        let mut groups: Vec<(BTreeSet<&Cluster>, Vec<T>)> = Vec::new();
        let mut known: BTreeMap<&Cluster, usize> = BTreeMap::new();
        for thing in things {
            let cluster = self.target(app(&thing)).map_or(&unknown, |target| &target.cluster);
            let meets = |(others, _): &(BTreeSet<&Cluster>, Vec<T>)| others.iter().all(|other| other.may_be(cluster));
            let at = *known.entry(cluster).or_insert_with(|| groups.iter().position(meets).unwrap_or(groups.len()));
            if at == groups.len() {
                groups.push(Default::default());
            }
            groups[at].0.insert(cluster);
            groups[at].1.push(thing);
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Where each Application goes.
    pub fn targets(&self) -> impl Iterator<Item = (AppId, &Target)> {
        self.facts().targets.iter().map(|(id, target)| (*id, target))
    }

    /// The roots of which something lies where it cannot be seen at all, so that any object may come from there.
    pub fn open_roots(&self) -> BTreeSet<&str> {
        let open = self.targets().filter(|(_, target)| target.open || target.uncertain);
        open.map(|(_, target)| target.root.as_str()).collect()
    }

    /// Objects that several Applications of one root apply to one cluster: those of the cluster, or those of namespaces.
    pub fn shared_objects(&self, scope: Scope) -> Vec<Shared> {
        let identity = |id: &ObjectId| {
            let object = self.object(*id);
            let target = self.target(object.app)?;
            let (root, cluster) = (target.root.as_str(), target.cluster.id()?);
            Some((root, cluster, &*object.group, &*object.kind, &*object.namespace, &*object.name))
        };
        let known = self.objects().filter(|(_, object)| is_of(object, scope)).map(|(id, _)| id);
        let mut known: Vec<ObjectId> = known.filter(|id| identity(id).is_some()).collect();
        known.sort_by_key(|id| identity(id));
        let mut by_apps: BTreeMap<Vec<AppId>, Vec<Vec<ObjectId>>> = BTreeMap::new();
        for copies in known.chunk_by(|a, b| identity(a) == identity(b)).filter(|copies| copies.len() > 1) {
            let copies: BTreeMap<AppId, ObjectId> = copies.iter().map(|id| (self.object(*id).app, *id)).collect();
            // Two files with one Application are versions of it, of which a cluster has one.
            let applications =
                copies.keys().map(|id| (&self.app(*id).name, self.target(*id).map(|target| &target.home)));
            if applications.collect::<BTreeSet<_>>().len() > 1 {
                by_apps.entry(copies.keys().copied().collect()).or_default().push(copies.into_values().collect());
            }
        }
        // The same lines that meet in every environment are one thing to mend.
        let mut by_lines: BTreeMap<BTreeSet<Span>, Shared> = BTreeMap::new();
        for (apps, objects) in by_apps {
            let lines = objects.iter().flatten().map(|id| self.object(*id).origin.anchor()).collect();
            let shared = by_lines.entry(lines).or_default();
            shared.apps.extend(apps);
            if shared.objects.is_empty() {
                shared.objects = objects;
            }
        }
        by_lines.into_values().collect()
    }

    /// Where Namespaces come from.
    pub fn namespaces(&self) -> Namespaces<'_> {
        let mut made: BTreeMap<&str, Vec<Option<&Cluster>>> = BTreeMap::new();
        for (_, object) in self.objects() {
            let own = object.group.is_empty() && object.kind == "Namespace";
            // Operators have kinds of their own that bring a namespace of their name (a tenant, a project).
            let other = object.group.contains('.')
                && object.scope != Some(Scope::Namespaced)
                && !object.group.ends_with(".k8s.io");
            if own || other {
                let cluster = self.target(object.app).map(|target| &target.cluster);
                made.entry(&object.name).or_default().push(cluster);
            }
        }
        for name in &self.facts().declared_namespaces {
            made.entry(name).or_default().push(None);
        }
        let mut on_demand: BTreeMap<&str, Vec<&Cluster>> = BTreeMap::new();
        for (_, target) in self.targets() {
            // Argo CD lives where its Applications are.
            made.entry(&target.home).or_default().push(None);
            if let (Some(namespace), Some(_)) = (&target.namespace, &target.creates_namespace) {
                on_demand.entry(&namespace.value).or_default().push(&target.cluster);
            }
        }
        Namespaces { graph: self, made, on_demand, open: self.open_roots() }
    }
}

fn is_of(object: &Object, scope: Scope) -> bool {
    let placed = match scope {
        Scope::Cluster => object.scope == Some(Scope::Cluster),
        // Of a kind that nobody knows one name in one namespace is one object, wherever it lives.
        Scope::Namespaced => object.scope != Some(Scope::Cluster) && !object.namespace.is_empty(),
    };
    placed && !object.name.is_empty()
}

impl Namespaces<'_> {
    /// Whether an object, or somebody's file, makes a namespace in a cluster, or may do so behind a gap.
    pub fn is_made(&self, target: &Target, name: &str) -> bool {
        let fits = |cluster: &Option<&Cluster>| cluster.is_none_or(|cluster| cluster.may_be(&target.cluster));
        GIVEN.contains(&name)
            || name.starts_with("openshift")
            || self.open.contains(target.root.as_str())
            || self.graph.may_hide(name)
            || self.made.get(name).is_some_and(|clusters| clusters.iter().any(fits))
    }

    /// Whether nothing makes a namespace in the cluster of an Application: no object, no Application's sync option, nothing
    /// that may be hidden. Where the cluster is not known, nothing is missing.
    pub fn is_missing(&self, target: &Target, name: &str) -> bool {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let demanded =
            || self.on_demand.get(name).is_some_and(|all| all.iter().any(|cluster| cluster.may_be(&target.cluster)));
        plain && target.cluster.id().is_some() && !self.is_made(target, name) && !demanded()
    }
}
