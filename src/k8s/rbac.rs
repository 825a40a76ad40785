//! Accounts, roles and bindings, each rule kept as it is written: rights are never flattened.

use super::Resource;
use super::text::Text;
use crate::yaml::{Node, Origin};

/// A rule of a Role or ClusterRole.
#[derive(Debug, Clone)]
pub struct PolicyRule {
    /// API groups.
    pub groups: Vec<Text>,
    /// Resources and subresources.
    pub resources: Vec<Text>,
    /// Names the rule is restricted to; all where there are none.
    pub names: Vec<Text>,
    /// Verbs.
    pub verbs: Vec<Text>,
    /// Where the rule stands.
    pub origin: Origin,
}

/// A Role or ClusterRole.
#[derive(Debug, Clone)]
pub struct Role {
    /// Whether it is a ClusterRole.
    pub cluster: bool,
    /// Its name.
    pub name: Text,
    /// Its rules.
    pub rules: Vec<PolicyRule>,
    /// Labels that other ClusterRoles must carry to be aggregated into this one; one set a selector.
    pub aggregates: Vec<Vec<(String, String)>>,
}

/// Who a binding is for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// `ServiceAccount`, `Group` or `User`.
    pub kind: String,
    /// Its name.
    pub name: Text,
    /// Its namespace, for a ServiceAccount.
    pub namespace: Option<String>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Whether it is a ClusterRoleBinding.
    pub cluster: bool,
    /// Its name.
    pub name: Text,
    /// Whether the role it binds is a ClusterRole.
    pub to_cluster_role: bool,
    /// The role it binds.
    pub role: Text,
    /// Whom it binds to the role.
    pub subjects: Vec<Subject>,
}

const GROUP: &str = "rbac.authorization.k8s.io";

/// Reads a Role or ClusterRole.
pub fn role(resource: &Resource) -> Option<Role> {
    let cluster = match (resource.group(), resource.kind()) {
        (GROUP, "Role") => false,
        (GROUP, "ClusterRole") => true,
        _ => return None,
    };
    let selectors = resource.node.get("aggregationRule").map(|rule| rule.items("clusterRoleSelectors"));
    let aggregates = selectors.unwrap_or_default().iter().map(|selector| {
        let labels = selector.entries("matchLabels").iter();
        labels.filter_map(|e| Some((e.key.to_string(), e.value.as_text()?.to_owned()))).collect()
    });
    Some(Role {
        cluster,
        name: Text::named(&resource.node)?,
        rules: resource.node.items("rules").iter().map(policy_rule).collect(),
        aggregates: aggregates.collect(),
    })
}

fn policy_rule(node: &Node) -> PolicyRule {
    PolicyRule {
        groups: Text::list(node, "apiGroups"),
        resources: Text::list(node, "resources"),
        names: Text::list(node, "resourceNames"),
        verbs: Text::list(node, "verbs"),
        origin: node.origin.clone(),
    }
}

/// Reads a RoleBinding or ClusterRoleBinding.
pub fn binding(resource: &Resource) -> Option<Binding> {
    let cluster = match (resource.group(), resource.kind()) {
        (GROUP, "RoleBinding") => false,
        (GROUP, "ClusterRoleBinding") => true,
        _ => return None,
    };
    let subjects = resource.node.items("subjects").iter().filter_map(|subject| {
        Some(Subject {
            kind: subject.str_at("kind")?.to_owned(),
            name: Text::name(subject, "name")?,
            namespace: subject.str_at("namespace").map(str::to_owned),
        })
    });
    Some(Binding {
        cluster,
        name: Text::named(&resource.node)?,
        to_cluster_role: resource.node.at(&["roleRef", "kind"]).and_then(Node::as_str) == Some("ClusterRole"),
        role: resource.node.get("roleRef").and_then(|role| Text::name(role, "name"))?,
        subjects: subjects.collect(),
    })
}
