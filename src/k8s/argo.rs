//! Argo CD's own kinds as typed views: Application, ApplicationSet, AppProject.
//!
//! A view borrows the object's tree and answers in nodes, so that every answer still knows its place. Views read what is
//! there; defaults of Argo CD are named where they are given, nothing is judged.

use crate::yaml::{Entry, Node};

mod cluster;
mod set;
mod source;

pub use cluster::{Cluster, Field, Unfit};
pub use set::{ApplicationSet, MatchExpression, RollingStep};
pub use source::{Directory, Helm, Parameter, Source, without_user};

/// The API group of Argo CD's kinds.
pub const GROUP: &str = "argoproj.io";
/// The namespace that objects without one are taken to live in.
pub const NAMESPACE: &str = "argocd";

fn is(node: &Node, kind: &str) -> bool {
    node.str_at("kind") == Some(kind)
        && node.str_at("apiVersion").is_some_and(|version| version.split('/').next() == Some(GROUP))
}

fn text<'a>(node: &'a Node, path: &[&str]) -> &'a str {
    node.at(path).and_then(Node::as_text).unwrap_or("")
}

fn flag(node: &Node, path: &[&str]) -> bool {
    node.at(path).and_then(Node::as_bool).unwrap_or(false)
}

/// A present, non-null value.
fn present<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|value| !value.is_null())
}

/// Whether a document is an object of Argo CD that expansion follows.
pub fn is_argo(node: &Node) -> bool {
    is(node, "Application") || is(node, "ApplicationSet") || is(node, "AppProject")
}

/// An `Application`.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// The whole object.
    pub node: &'a Node,
}

impl<'a> Application<'a> {
    /// Views an object, if it is an Application.
    pub fn new(node: &'a Node) -> Option<Self> {
        is(node, "Application").then_some(Self { node })
    }

    /// `metadata.name`.
    pub fn name(&self) -> &'a str {
        text(self.node, &["metadata", "name"])
    }

    /// `metadata.namespace`; empty where it is not written.
    pub fn namespace(&self) -> &'a str {
        text(self.node, &["metadata", "namespace"])
    }

    /// A label.
    pub fn label(&self, key: &str) -> Option<&'a Node> {
        self.node.at(&["metadata", "labels", key])
    }

    /// All labels.
    pub fn labels(&self) -> &'a [Entry] {
        self.node.get("metadata").map_or(&[], |meta| meta.entries("labels"))
    }

    /// An annotation.
    pub fn annotation(&self, key: &str) -> Option<&'a Node> {
        self.node.at(&["metadata", "annotations", key])
    }

    /// All annotations.
    pub fn annotations(&self) -> &'a [Entry] {
        self.node.get("metadata").map_or(&[], |meta| meta.entries("annotations"))
    }

    /// `metadata.finalizers`.
    pub fn finalizers(&self) -> &'a [Node] {
        self.node.get("metadata").map_or(&[], |meta| meta.items("finalizers"))
    }

    /// `spec`.
    pub fn spec(&self) -> Option<&'a Node> {
        self.node.get("spec")
    }

    /// `spec.project`; empty where it is not written.
    pub fn project(&self) -> &'a str {
        text(self.node, &["spec", "project"])
    }

    /// `spec.destination`.
    pub fn destination(&self) -> Destination<'a> {
        Destination { node: self.node.at(&["spec", "destination"]) }
    }

    /// Whether the Application uses `spec.sources` (`sources` wins over `source`, `types.go: GetSources`).
    pub fn is_multi_source(&self) -> bool {
        self.spec().is_some_and(|spec| !spec.items("sources").is_empty())
    }

    /// The sources in order; that of `spec.sourceHydrator` where there is one.
    pub fn sources(&self) -> Vec<Source<'a>> {
        let Some(spec) = self.spec() else { return Vec::new() };
        if let Some(dry) = spec.at(&["sourceHydrator", "drySource"]) {
            return vec![Source { node: dry }];
        }
        let many = spec.items("sources");
        if !many.is_empty() {
            return many.iter().map(|node| Source { node }).collect();
        }
        present(spec, "source").map(|node| Source { node }).into_iter().collect()
    }

    /// `spec.syncPolicy`.
    pub fn sync_policy(&self) -> SyncPolicy<'a> {
        SyncPolicy { node: self.node.at(&["spec", "syncPolicy"]) }
    }

    /// `spec.ignoreDifferences`.
    pub fn ignore_differences(&self) -> &'a [Node] {
        self.spec().map_or(&[], |spec| spec.items("ignoreDifferences"))
    }
}

/// `spec.destination`.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The mapping, if it is written.
    pub node: Option<&'a Node>,
}

impl<'a> Destination<'a> {
    fn field(&self, key: &str) -> &'a str {
        self.node.and_then(|node| node.get(key)).and_then(Node::as_text).unwrap_or("")
    }

    /// The API server's URL.
    pub fn server(&self) -> &'a str {
        self.field("server")
    }

    /// The cluster's name.
    pub fn name(&self) -> &'a str {
        self.field("name")
    }

    /// The namespace for objects that name none.
    pub fn namespace(&self) -> &'a str {
        self.field("namespace")
    }

    /// The namespace's value, for its place.
    pub fn namespace_node(&self) -> Option<&'a Node> {
        self.node?.get("namespace")
    }
}

/// `spec.syncPolicy`.
#[derive(Debug, Clone, Copy)]
pub struct SyncPolicy<'a> {
    /// The mapping, if it is written.
    pub node: Option<&'a Node>,
}

impl<'a> SyncPolicy<'a> {
    /// `automated`, if it is written and not switched off by `enabled: false`.
    pub fn automated(&self) -> Option<&'a Node> {
        let automated = present(self.node?, "automated")?;
        (automated.get("enabled").and_then(Node::as_bool) != Some(false)).then_some(automated)
    }

    /// Whether automated sync deletes what Git no longer has.
    pub fn prune(&self) -> bool {
        self.automated().is_some_and(|automated| flag(automated, &["prune"]))
    }

    /// Whether automated sync reverts what the cluster changed.
    pub fn self_heal(&self) -> bool {
        self.automated().is_some_and(|automated| flag(automated, &["selfHeal"]))
    }

    /// `syncOptions`, as written (`CreateNamespace=true`).
    pub fn options(&self) -> &'a [Node] {
        self.node.map_or(&[], |node| node.items("syncOptions"))
    }

    /// The value of a sync option; the last of equal ones counts for nothing, the first does.
    pub fn option(&self, name: &str) -> Option<&'a str> {
        self.options()
            .iter()
            .filter_map(Node::as_text)
            .find_map(|option| option.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    /// `retry`.
    pub fn retry(&self) -> Option<&'a Node> {
        present(self.node?, "retry")
    }

    /// `managedNamespaceMetadata`.
    pub fn managed_namespace_metadata(&self) -> Option<&'a Node> {
        present(self.node?, "managedNamespaceMetadata")
    }
}

/// An `AppProject`.
#[derive(Debug, Clone, Copy)]
pub struct AppProject<'a> {
    /// The whole object.
    pub node: &'a Node,
}

impl<'a> AppProject<'a> {
    /// Views an object, if it is an AppProject.
    pub fn new(node: &'a Node) -> Option<Self> {
        is(node, "AppProject").then_some(Self { node })
    }

    /// `metadata.name`.
    pub fn name(&self) -> &'a str {
        text(self.node, &["metadata", "name"])
    }

    /// `spec.sourceRepos`.
    pub fn source_repos(&self) -> &'a [Node] {
        self.node.get("spec").map_or(&[], |spec| spec.items("sourceRepos"))
    }

    /// `spec.destinations`.
    pub fn destinations(&self) -> impl Iterator<Item = Destination<'a>> {
        let items = self.node.get("spec").map_or(&[][..], |spec| spec.items("destinations"));
        items.iter().map(|node| Destination { node: Some(node) })
    }

    /// `spec.sourceNamespaces`.
    pub fn source_namespaces(&self) -> &'a [Node] {
        self.node.get("spec").map_or(&[], |spec| spec.items("sourceNamespaces"))
    }

    /// A list of the specification (`clusterResourceWhitelist`, `syncWindows`, ...).
    pub fn list(&self, key: &str) -> &'a [Node] {
        self.node.get("spec").map_or(&[], |spec| spec.items(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;
    use crate::yaml::parse;

    fn node(text: &str) -> Node {
        parse(FileId(0), text, &Budget::default()).documents.remove(0).root
    }

    const SET: &str = "
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: s}
spec:
  strategy:
    type: RollingSync
    rollingSync:
      steps:
        - matchExpressions: [{key: phase, operator: In, values: ['010']}]
        - matchExpressions: [{key: phase, operator: NotIn, values: ['010']}]
          maxUpdate: 10%
        - matchExpressions: [{key: phase, operator: Exists}]
";

    #[test]
    fn steps_select_as_the_controller_does() {
        let set = node(SET);
        let steps = ApplicationSet::new(&set).unwrap().rolling_steps();
        let selected = |labels: &str| {
            let labels = node(labels);
            let entries = labels.entries("labels");
            steps.iter().map(|step| step.selects(entries)).collect::<Vec<_>>()
        };
        assert_eq!(selected("labels: {phase: '010'}"), [true, false, false]);
        assert_eq!(selected("labels: {phase: '020'}"), [false, true, false]);
        assert_eq!(
            selected("labels: {}"),
            [false, true, true],
            "an unknown operator passes where the label is missing"
        );
    }

    #[test]
    fn sources_win_over_source() {
        let app = node(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {path: old}\n  \
             sources: [{ref: values, repoURL: r}, {path: new, ref: x}]\n",
        );
        let app = Application::new(&app).unwrap();
        let sources = app.sources();
        assert_eq!(sources.len(), 2);
        assert!(sources[0].is_ref_only());
        assert!(!sources[1].is_ref_only());
        assert_eq!(sources[1].path(), Some("new"));
    }
}
