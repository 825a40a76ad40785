//! One source of an Application: where it lies and what it tells its tool.

use super::{flag, present, text};
use crate::yaml::Node;

/// One source of an Application.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The whole source.
    pub node: &'a Node,
}

impl<'a> Source<'a> {
    /// `repoURL`.
    pub fn repo_url(&self) -> &'a str {
        text(self.node, &["repoURL"])
    }

    /// `targetRevision`; empty where it is not written.
    pub fn target_revision(&self) -> &'a str {
        text(self.node, &["targetRevision"])
    }

    /// `path`, if it is written.
    pub fn path(&self) -> Option<&'a str> {
        self.node.get("path").and_then(Node::as_text).filter(|path| !path.is_empty())
    }

    /// `chart`, the name in a Helm repository, if it is written.
    pub fn chart(&self) -> Option<&'a str> {
        self.node.get("chart").and_then(Node::as_text).filter(|chart| !chart.is_empty())
    }

    /// `ref`, by which values files of other sources name this one.
    pub fn reference(&self) -> Option<&'a str> {
        self.node.get("ref").and_then(Node::as_text).filter(|name| !name.is_empty())
    }

    /// `name`.
    pub fn name(&self) -> &'a str {
        text(self.node, &["name"])
    }

    /// Whether this source only lends its files: a `ref` without path and chart.
    pub fn is_ref_only(&self) -> bool {
        self.reference().is_some() && self.path().is_none() && self.chart().is_none()
    }

    /// `directory`.
    pub fn directory(&self) -> Option<Directory<'a>> {
        present(self.node, "directory").map(|node| Directory { node })
    }

    /// `helm`.
    pub fn helm(&self) -> Option<Helm<'a>> {
        present(self.node, "helm").map(|node| Helm { node })
    }

    /// `kustomize`.
    pub fn kustomize(&self) -> Option<&'a Node> {
        present(self.node, "kustomize")
    }

    /// `plugin`.
    pub fn plugin(&self) -> Option<&'a Node> {
        present(self.node, "plugin")
    }
}

/// An address as it may be shown: without a user and a password.
pub fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rfind('@').map_or(&rest[..end], |at| &rest[at + 1..end]);
            format!("{scheme}://{host}{}", &rest[end..])
        }
        None => url.to_owned(),
    }
}

/// `source.directory`.
#[derive(Debug, Clone, Copy)]
pub struct Directory<'a> {
    /// The mapping.
    pub node: &'a Node,
}

impl<'a> Directory<'a> {
    /// Whether folders below count.
    pub fn recurse(&self) -> bool {
        flag(self.node, &["recurse"])
    }

    /// The glob of files to take; empty for all.
    pub fn include(&self) -> &'a str {
        text(self.node, &["include"])
    }

    /// The glob of files to leave out; empty for none.
    pub fn exclude(&self) -> &'a str {
        text(self.node, &["exclude"])
    }

    /// Whether files count whatever their names end with (Argo CD 3.6).
    pub fn disable_extension_filter(&self) -> bool {
        flag(self.node, &["disableExtensionFilter"])
    }

    /// `jsonnet`.
    pub fn jsonnet(&self) -> Option<&'a Node> {
        present(self.node, "jsonnet")
    }
}

/// `source.helm`.
#[derive(Debug, Clone, Copy)]
pub struct Helm<'a> {
    /// The mapping.
    pub node: &'a Node,
}

impl<'a> Helm<'a> {
    /// `releaseName`, if it is written.
    pub fn release_name(&self) -> Option<&'a str> {
        self.node.get("releaseName").and_then(Node::as_text).filter(|name| !name.is_empty())
    }

    /// `valueFiles`, in order.
    pub fn value_files(&self) -> &'a [Node] {
        self.node.items("valueFiles")
    }

    /// `ignoreMissingValueFiles`.
    pub fn ignore_missing_value_files(&self) -> bool {
        flag(self.node, &["ignoreMissingValueFiles"])
    }

    /// `values`, a text of YAML.
    pub fn values(&self) -> Option<&'a Node> {
        self.node.get("values").filter(|node| node.as_text().is_some_and(|text| !text.is_empty()))
    }

    /// `valuesObject`; where it is written, `values` does not count (`types.go: ValuesYAML`).
    pub fn values_object(&self) -> Option<&'a Node> {
        present(self.node, "valuesObject")
    }

    /// `parameters`, in order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'a>> {
        self.node.items("parameters").iter().map(|node| Parameter { node })
    }

    /// `fileParameters`, in order: (`name`, `path`) as nodes.
    pub fn file_parameters(&self) -> impl Iterator<Item = (&'a Node, &'a Node)> {
        self.node.items("fileParameters").iter().filter_map(|node| Some((node.get("name")?, node.get("path")?)))
    }

    /// `skipCrds`.
    pub fn skip_crds(&self) -> bool {
        flag(self.node, &["skipCrds"])
    }

    /// `skipTests`.
    pub fn skip_tests(&self) -> bool {
        flag(self.node, &["skipTests"])
    }

    /// `skipSchemaValidation`.
    pub fn skip_schema_validation(&self) -> bool {
        flag(self.node, &["skipSchemaValidation"])
    }

    /// `passCredentials`.
    pub fn pass_credentials(&self) -> bool {
        flag(self.node, &["passCredentials"])
    }

    /// `kubeVersion`; empty where it is not written.
    pub fn kube_version(&self) -> &'a str {
        text(self.node, &["kubeVersion"])
    }

    /// `apiVersions`, in order.
    pub fn api_versions(&self) -> impl Iterator<Item = &'a str> {
        self.node.items("apiVersions").iter().filter_map(Node::as_text)
    }

    /// `namespace`; empty where it is not written.
    pub fn namespace(&self) -> &'a str {
        text(self.node, &["namespace"])
    }
}

/// One of `helm.parameters`.
#[derive(Debug, Clone, Copy)]
pub struct Parameter<'a> {
    /// The mapping.
    pub node: &'a Node,
}

impl<'a> Parameter<'a> {
    /// The path in the values.
    pub fn name(&self) -> &'a str {
        text(self.node, &["name"])
    }

    /// The value's text.
    pub fn value(&self) -> &'a str {
        text(self.node, &["value"])
    }

    /// The value, for its place.
    pub fn value_node(&self) -> Option<&'a Node> {
        self.node.get("value")
    }

    /// Whether the value is a string whatever it looks like.
    pub fn force_string(&self) -> bool {
        flag(self.node, &["forceString"])
    }
}
