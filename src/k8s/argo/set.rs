//! An ApplicationSet and the steps of its rollout.

use super::{flag, is, present, text};
use crate::yaml::{Entry, Node};

/// An `ApplicationSet`.
#[derive(Debug, Clone, Copy)]
pub struct ApplicationSet<'a> {
    /// The whole object.
    pub node: &'a Node,
}

impl<'a> ApplicationSet<'a> {
    /// Views an object, if it is an ApplicationSet.
    pub fn new(node: &'a Node) -> Option<Self> {
        is(node, "ApplicationSet").then_some(Self { node })
    }

    /// `metadata.name`.
    pub fn name(&self) -> &'a str {
        text(self.node, &["metadata", "name"])
    }

    /// `metadata.namespace`; empty where it is not written.
    pub fn namespace(&self) -> &'a str {
        text(self.node, &["metadata", "namespace"])
    }

    /// `spec`.
    pub fn spec(&self) -> Option<&'a Node> {
        self.node.get("spec")
    }

    /// `spec.goTemplate`.
    pub fn go_template(&self) -> bool {
        flag(self.node, &["spec", "goTemplate"])
    }

    /// `spec.goTemplateOptions`.
    pub fn go_template_options(&self) -> impl Iterator<Item = &'a str> {
        self.spec().map_or(&[][..], |spec| spec.items("goTemplateOptions")).iter().filter_map(Node::as_text)
    }

    /// `spec.generators`.
    pub fn generators(&self) -> &'a [Node] {
        self.spec().map_or(&[], |spec| spec.items("generators"))
    }

    /// `spec.template`.
    pub fn template(&self) -> Option<&'a Node> {
        present(self.spec()?, "template")
    }

    /// `spec.templatePatch`.
    pub fn template_patch(&self) -> Option<&'a Node> {
        present(self.spec()?, "templatePatch")
    }

    /// `spec.syncPolicy.preserveResourcesOnDeletion`.
    pub fn preserve_resources_on_deletion(&self) -> bool {
        flag(self.node, &["spec", "syncPolicy", "preserveResourcesOnDeletion"])
    }

    /// `spec.syncPolicy.applicationsSync`; empty where it is not written.
    pub fn applications_sync(&self) -> &'a str {
        text(self.node, &["spec", "syncPolicy", "applicationsSync"])
    }

    /// `spec.strategy.type`; empty where it is not written.
    pub fn strategy(&self) -> &'a str {
        text(self.node, &["spec", "strategy", "type"])
    }

    /// `spec.strategy.deletionOrder`; empty where it is not written.
    pub fn deletion_order(&self) -> &'a str {
        text(self.node, &["spec", "strategy", "deletionOrder"])
    }

    /// The steps of a RollingSync, in order; none with another strategy.
    pub fn rolling_steps(&self) -> Vec<RollingStep<'a>> {
        if self.strategy() != "RollingSync" {
            return Vec::new();
        }
        let rolling = self.node.at(&["spec", "strategy", "rollingSync"]);
        rolling.map_or(&[][..], |node| node.items("steps")).iter().map(|node| RollingStep { node }).collect()
    }
}

/// A step of a RollingSync.
#[derive(Debug, Clone, Copy)]
pub struct RollingStep<'a> {
    /// The mapping.
    pub node: &'a Node,
}

impl<'a> RollingStep<'a> {
    /// `maxUpdate`: a number or a percentage.
    pub fn max_update(&self) -> Option<&'a Node> {
        present(self.node, "maxUpdate")
    }

    /// `matchExpressions`.
    pub fn expressions(&self) -> impl Iterator<Item = MatchExpression<'a>> {
        self.node.items("matchExpressions").iter().map(|node| MatchExpression { node })
    }

    /// Whether the step selects an Application with these labels
    /// (`applicationset_controller.go: buildAppDependencyList`).
    pub fn selects(&self, labels: &[Entry]) -> bool {
        self.expressions().all(|expression| expression.matches(labels))
    }
}

/// One of a step's `matchExpressions`.
#[derive(Debug, Clone, Copy)]
pub struct MatchExpression<'a> {
    /// The mapping.
    pub node: &'a Node,
}

impl<'a> MatchExpression<'a> {
    /// The label's key.
    pub fn key(&self) -> &'a str {
        text(self.node, &["key"])
    }

    /// The operator, as written.
    pub fn operator(&self) -> &'a str {
        text(self.node, &["operator"])
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &'a Node> {
        self.node.items("values").iter()
    }

    /// An operator other than `In` and `NotIn` matches no label that is there, and all that are not.
    fn matches(&self, labels: &[Entry]) -> bool {
        let label = labels.iter().find(|entry| &*entry.key == self.key());
        let Some(value) = label.map(|entry| entry.value.as_text().unwrap_or("")) else {
            return self.operator() != "In";
        };
        let listed = self.values().any(|listed| listed.as_text() == Some(value));
        match self.operator() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        }
    }
}
