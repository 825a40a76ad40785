//! AppProjects and what they permit (`pkg/apis/application/v1alpha1/app_project_types.go`).

use super::Cluster;
use crate::glob::{Dialect, Glob};
use crate::k8s::text::Text;
use crate::yaml::Origin;

/// An AppProject.
#[derive(Debug, Clone)]
pub struct Project {
    /// The root that brings it.
    pub root: String,
    /// Its name.
    pub name: Text,
    /// Its namespace, which is Argo CD's own; empty where none is written.
    pub namespace: String,
    /// `sourceRepos`, in one spelling each.
    pub repositories: Vec<Pattern>,
    /// `destinations`.
    pub destinations: Vec<Place>,
    /// `clusterResourceWhitelist`: without it no kind of the cluster's is permitted.
    pub cluster_allowed: Vec<Kinds>,
    /// `clusterResourceBlacklist`.
    pub cluster_denied: Vec<Kinds>,
    /// `namespaceResourceWhitelist`: without it all are permitted.
    pub namespaced_allowed: Option<Vec<Kinds>>,
    /// `namespaceResourceBlacklist`.
    pub namespaced_denied: Vec<Kinds>,
    /// `sourceNamespaces`.
    pub namespaces: Vec<Pattern>,
    /// `permitOnlyProjectScopedClusters`.
    pub scoped_clusters_only: bool,
    /// Where each list is written, by its field.
    pub lists: Vec<(&'static str, Origin)>,
}

/// A glob of a project.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it is written.
    pub text: Text,
    /// Whether it forbids what it matches (`!`).
    pub denies: bool,
    /// What it matches; nothing where it cannot be read.
    glob: Option<Glob>,
}

impl Pattern {
    /// A pattern whose text is `shape` after the `!`.
    pub fn new(text: Text, shape: &str, dialect: Dialect) -> Self {
        let denies = text.value.starts_with('!');
        Self { glob: Glob::new(shape, dialect).ok(), denies, text }
    }

    /// Whether it is `*`, or another spelling of everything.
    pub fn is_everything(&self) -> bool {
        !self.text.value.is_empty() && self.text.value.bytes().all(|b| b == b'*')
    }

    /// Whether it is written at all.
    fn is_set(&self) -> bool {
        !self.text.value.is_empty()
    }

    /// Whether it takes a text: what it denies it takes unless the glob matches (`globMatch`).
    fn takes(&self, text: &str) -> bool {
        let plain = !self.denies && self.text.value == "*";
        plain || self.denies != self.glob.as_ref().is_some_and(|glob| glob.matches(text))
    }
}

/// A destination that a project permits or denies.
#[derive(Debug, Clone)]
pub struct Place {
    /// `server`.
    pub server: Pattern,
    /// `name`.
    pub name: Pattern,
    /// `namespace`.
    pub namespace: Pattern,
    /// Where it is written.
    pub origin: Origin,
}

impl Place {
    /// Whether it is every namespace of every cluster.
    pub fn is_everywhere(&self) -> bool {
        (self.server.is_everything() || self.name.is_everything()) && self.namespace.is_everything()
    }

    /// Whether any part of it denies.
    pub fn denies(&self) -> bool {
        self.server.denies || self.name.denies || self.namespace.denies
    }
}

/// An entry of a list of kinds.
#[derive(Debug, Clone)]
pub struct Kinds {
    /// `group`.
    pub group: Pattern,
    /// `kind`.
    pub kind: Pattern,
    /// `name`, for the cluster's kinds.
    pub name: Option<Pattern>,
    /// Where it is written.
    pub origin: Origin,
}

impl Kinds {
    fn take(&self, group: &str, kind: &str, name: &str) -> bool {
        let matches = |pattern: &Pattern, text: &str| pattern.glob.as_ref().is_some_and(|glob| glob.matches(text));
        matches(&self.kind, kind)
            && matches(&self.group, group)
            && self.name.as_ref().is_none_or(|pattern| matches(pattern, name))
    }
}

impl Project {
    /// Where a list is written, or else the project's name.
    pub fn list(&self, field: &str) -> &Origin {
        let found = self.lists.iter().find(|(name, _)| *name == field);
        found.map_or(&self.name.origin, |(_, origin)| origin)
    }

    /// Whether Applications may take from a repository, whose address is in one spelling (`IsSourcePermitted`).
    pub fn permits_repository(&self, address: &str) -> bool {
        let mut any = false;
        for pattern in &self.repositories {
            match (pattern.takes(address), pattern.denies) {
                (true, _) => any = true,
                (false, true) => return false,
                (false, false) => {}
            }
        }
        any
    }

    /// Whether Applications may go to a namespace of a cluster (`isDestinationMatched`). Of a cluster whose name or address
    /// is not known nothing is denied that depends on it.
    pub fn permits_destination(&self, cluster: &Cluster, namespace: &str) -> bool {
        let mut any = false;
        for place in &self.destinations {
            let by_name = !cluster.name.is_empty() && place.name.takes(&cluster.name);
            let by_server = !cluster.server.is_empty() && place.server.takes(&cluster.server);
            let in_namespace = place.namespace.takes(namespace);
            let unknown = (cluster.name.is_empty() && place.name.is_set())
                || (cluster.server.is_empty() && place.server.is_set());
            if (by_name || by_server || unknown) && in_namespace {
                any = true;
            } else if !unknown
                && ((!by_name && place.name.denies)
                    || (!by_server && place.server.denies && in_namespace)
                    || (!in_namespace && place.namespace.denies && by_server))
            {
                return false;
            }
        }
        let registered = cluster.secret.as_ref().filter(|_| self.scoped_clusters_only);
        any && registered.is_none_or(|project| *project == self.name.value)
    }

    /// Whether a kind may be applied (`IsGroupKindNamePermitted`).
    pub fn permits_kind(&self, group: &str, kind: &str, name: &str, namespaced: bool) -> bool {
        let listed = |list: &[Kinds]| list.iter().any(|kinds| kinds.take(group, kind, name));
        if namespaced {
            return self.namespaced_allowed.as_deref().is_none_or(listed) && !listed(&self.namespaced_denied);
        }
        listed(&self.cluster_allowed) && !listed(&self.cluster_denied)
    }

    /// Whether an Application may live in a namespace (`IsAppNamespacePermitted`).
    pub fn permits_home(&self, namespace: &str) -> bool {
        // A regular expression between slashes is not evaluated here.
        let regex = |pattern: &Pattern| pattern.text.value.len() > 1 && pattern.text.value.starts_with('/');
        self.namespace.is_empty()
            || namespace.is_empty()
            || namespace == self.namespace
            || self.namespaces.iter().any(|pattern| regex(pattern) || pattern.takes(namespace))
    }
}
