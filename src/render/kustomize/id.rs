//! What an object is called: group, version, kind, name and namespace, and which of Kubernetes' own kinds have no namespace.

use std::fmt;
use std::sync::OnceLock;

use crate::hash::Seeded;

const TABLE: &str = include_str!("data/merge-keys.txt");

/// The effective namespace of what has none.
pub(super) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Group, version and kind; empty in a selector means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Gvk {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

impl Gvk {
    pub(super) fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    /// Whether this is one of what a selector means.
    pub(super) fn is_selected_by(&self, selector: &Gvk) -> bool {
        // Most differ in the kind.
        (selector.kind.is_empty() || selector.kind == self.kind)
            && (selector.group.is_empty() || selector.group == self.group)
            && (selector.version.is_empty() || selector.version == self.version)
    }

    /// Kubernetes' own kinds that live outside namespaces; other kinds are taken to live in one.
    pub(super) fn is_cluster_scoped(&self) -> bool {
        self.scope().unwrap_or(false)
    }

    /// Whether this is one of Kubernetes' own kinds.
    pub(super) fn is_known(&self) -> bool {
        self.scope().is_some()
    }

    fn scope(&self) -> Option<bool> {
        /// By kind: the versions, with their groups, in which it is known.
        type Scopes = Seeded<&'static str, Vec<(&'static str, bool)>>;
        static SCOPES: OnceLock<Scopes> = OnceLock::new();
        let scopes = SCOPES.get_or_init(|| {
            let mut scopes = Scopes::default();
            for scope in TABLE.lines().filter_map(|line| line.strip_prefix("scope ")) {
                let mut words = scope.split(' ');
                if let (Some(version), Some(kind), Some(scope)) = (words.next(), words.next(), words.next()) {
                    scopes.entry(kind).or_default().push((version, scope == "cluster"));
                }
            }
            scopes
        });
        let is_own = |version: &str| {
            let (group, version) = version.split_once('/').unwrap_or(("", version));
            group == self.group && version == self.version
        };
        scopes.get(self.kind.as_str())?.iter().find(|(version, _)| is_own(version)).map(|&(_, cluster)| cluster)
    }

    /// The order of configured field paths and back references.
    pub(super) fn sort_key(&self) -> (i32, String) {
        let text = [or(&self.group, "~G"), "_", or(&self.version, "~V"), "_", or(&self.kind, "~K")].concat();
        (rank(&self.kind, &ORDER_FIRST, &ORDER_LAST), text)
    }
}

fn or<'t>(text: &'t str, none: &'t str) -> &'t str {
    if text.is_empty() { none } else { text }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"), or(&self.group, "[noGrp]"))
    }
}

/// Kinds that come first in the old order of output.
pub(super) const ORDER_FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last in the old order of output.
pub(super) const ORDER_LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Where a kind stands: negative among the first, 0 in the middle, positive among the last.
pub(super) fn rank<S: AsRef<str>>(kind: &str, first: &[S], last: &[S]) -> i32 {
    // The last mention counts, as in a map that is filled in order.
    if let Some(at) = last.iter().rposition(|k| k.as_ref() == kind) {
        return 1 + at as i32;
    }
    match first.iter().rposition(|k| k.as_ref() == kind) {
        Some(at) => at as i32 - first.len() as i32,
        None => 0,
    }
}

/// An object's name in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ResId {
    pub(super) gvk: Gvk,
    pub(super) name: String,
    /// As written; empty for none.
    pub(super) namespace: String,
    /// Whether the kind is known to have no namespace; former names do not know.
    pub(super) cluster: bool,
}

impl ResId {
    pub(super) fn new(gvk: Gvk, name: &str, namespace: &str) -> Self {
        let cluster = gvk.is_cluster_scoped();
        Self { gvk, name: name.to_owned(), namespace: namespace.to_owned(), cluster }
    }

    /// The namespace that counts: `default` for none.
    pub(super) fn effective_namespace(&self) -> &str {
        if self.cluster {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// The same for all that are [`Self::same`].
    pub(super) fn effective(self) -> Self {
        Self { namespace: self.effective_namespace().to_owned(), cluster: false, ..self }
    }

    pub(super) fn same_namespace(&self, other: &ResId) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// The same object.
    pub(super) fn same(&self, other: &ResId) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.same_namespace(other)
    }

    /// Whether a selector without regular expressions means this.
    pub(super) fn is_selected_by(&self, selector: &ResId) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.same_namespace(self))
            && self.gvk.is_selected_by(&selector.gvk)
    }
}

impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        let namespace = if self.namespace.is_empty() { "[noNs]" } else { &self.namespace };
        write!(f, "{}/{name}.{namespace}", self.gvk)
    }
}
