//! Applications as their destinations and projects see them, and what went wrong in making them.

use super::AppId;
use crate::finding::Evidence;
use crate::k8s::Word;
use crate::k8s::text::Text;
use crate::source::Span;
use crate::yaml::Origin;

/// Where an Application goes and what it belongs to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The root it belongs to; different roots are alternative worlds.
    pub root: Word,
    /// The cluster.
    pub cluster: Cluster,
    /// The destination, for its place.
    pub destination: Origin,
    /// The namespace of objects that name none.
    pub namespace: Option<Text>,
    /// The namespace of the Application object itself.
    pub home: Word,
    /// Its project; `default` where none is said.
    pub project: Text,
    /// The sync option that has its namespace made.
    pub creates_namespace: Option<Origin>,
    /// The repositories of its sources, as they are written.
    pub repositories: Vec<Text>,
    /// Whether a generator of its root could not be evaluated, so that there may be Applications that are not known.
    pub uncertain: bool,
    /// Whether something of it lies where anything may be: in another repository, in a remote base.
    pub open: bool,
}

/// A cluster, as far as it is known; empty for what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cluster {
    /// Its name in Argo CD.
    pub name: Word,
    /// The address of its API server.
    pub server: Word,
    /// Whether a Secret that registers it is known, and the project that the Secret gives it to.
    pub secret: Option<Word>,
}

impl Cluster {
    /// What tells it from others: the address, or else the name; nothing where neither is known.
    pub fn id(&self) -> Option<&str> {
        [&self.server, &self.name].into_iter().map(Word::as_str).find(|text| !text.is_empty())
    }

    /// Whether two may be one cluster: unless both addresses are known and differ, or else both names. Several Secrets may
    /// register one address, each by a name of its own.
    pub fn may_be(&self, other: &Cluster) -> bool {
        let said = [(&self.server, &other.server), (&self.name, &other.name)];
        let both = said.into_iter().find(|(a, b)| !a.is_empty() && !b.is_empty());
        both.is_none_or(|(a, b)| a == b)
    }

    /// The cluster for people.
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { &self.server } else { &self.name }
    }
}

/// Something in the repository that Argo CD would fail on, found when Applications were made or rendered.
#[derive(Debug, Clone)]
pub struct Defect {
    /// The kind: `missing-chart`, `render-failed`, ...
    pub kind: &'static str,
    /// The Application, if it is one's.
    pub app: Option<AppId>,
    /// Where, and what.
    pub evidence: Evidence,
}

/// A values file that an Application names.
#[derive(Debug, Clone)]
pub struct NamedFile {
    /// The Application.
    pub app: AppId,
    /// Its path in the repository.
    pub path: Word,
    /// Whether it is there.
    pub exists: bool,
    /// Where it is named.
    pub span: Span,
}
