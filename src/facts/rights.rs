//! What a ServiceAccount may do: each rule through each binding, never flattened into one set.

use std::sync::Arc;

use super::objects::Objects;
use super::{AppId, Facts, Object, ObjectId, Right, RulePlaces, evidence};
use crate::finding::Evidence;
use crate::k8s::rbac::{self, Binding, PolicyRule, Role, Subject};
use crate::k8s::text::Text;
use crate::k8s::{Resource, Word};
use crate::source::Span;
use crate::yaml::Node;

struct KnownRole {
    app: AppId,
    namespace: Word,
    role: Role,
    labels: Vec<(String, String)>,
}

/// Records the rights that bindings give. The Applications' targets must be there.
pub fn collect(objects: &Objects, facts: &mut Facts) {
    let mut roles = Vec::new();
    let mut bindings: Vec<(ObjectId, Binding)> = Vec::new();
    for (id, resource) in objects.iter() {
        let Object { app, namespace, .. } = &facts.objects[id.0];
        if let Some(role) = rbac::role(resource) {
            roles.push(KnownRole { app: *app, namespace: namespace.clone(), role, labels: labels(resource) });
        }
        if let Some(binding) = rbac::binding(resource) {
            bindings.push((id, binding));
        }
    }
    let mut rights = Vec::new();
    for (id, binding) in &bindings {
        let object = &facts.objects[id.0];
        let meets = |role: &KnownRole| facts.may_share_cluster(role.app, object.app);
        for rule in rules(&roles, binding, &object.namespace, meets) {
            for subject in &binding.subjects {
                rights.extend(right(binding, subject, object, &rule));
            }
        }
    }
    facts.rights = rights;
}

fn labels(resource: &Resource) -> Vec<(String, String)> {
    let entries = resource.node.get("metadata").map(|meta| meta.entries("labels")).unwrap_or_default();
    entries.iter().filter_map(|e| Some((e.key.to_string(), e.value.as_text()?.to_owned()))).collect()
}

/// A rule of a role, with its half of the sentence.
struct Found {
    rule: PolicyRule,
    places: Arc<RulePlaces>,
    evidence: Evidence,
}

fn rules(roles: &[KnownRole], binding: &Binding, namespace: &str, meets: impl Fn(&KnownRole) -> bool) -> Vec<Found> {
    let bound = roles.iter().filter(|known| {
        known.role.cluster == binding.to_cluster_role
            && known.role.name.value == binding.role.value
            && (known.role.cluster || known.namespace == namespace)
            && meets(known)
    });
    let mut found = Vec::new();
    for known in bound {
        let aggregated = roles.iter().filter(|other| {
            other.role.cluster
                && known
                    .role
                    .aggregates
                    .iter()
                    .any(|set| !set.is_empty() && set.iter().all(|label| other.labels.contains(label)))
                && meets(other)
        });
        for source in std::iter::once(known).chain(aggregated) {
            let kind = if source.role.cluster { "ClusterRole" } else { "Role" };
            found.extend(source.role.rules.iter().map(|rule| Found {
                places: Arc::new(RulePlaces::of(rule)),
                rule: rule.clone(),
                evidence: evidence(&place(rule), format!("{kind} `{}` allows it", source.role.name.value)),
            }));
        }
    }
    if found.is_empty() && binding.to_cluster_role {
        found.extend(built_in(binding));
    }
    found
}

impl RulePlaces {
    fn of(rule: &PolicyRule) -> Self {
        let spans = |texts: &[Text]| texts.iter().map(|text| text.origin.anchor()).collect();
        Self { verbs: spans(&rule.verbs), groups: spans(&rule.groups), resources: spans(&rule.resources) }
    }
}

impl Right {
    /// The rule, shown at the first of its resources that is one of some.
    pub fn at_resource(&self, wanted: &[&str]) -> Evidence {
        self.shown_at(&self.resources, &self.places.resources, wanted)
    }

    /// The rule, shown at the first `*` in it.
    pub fn at_wildcard(&self) -> Evidence {
        let places = &self.places;
        let parts =
            [(&self.resources, &places.resources), (&self.verbs, &places.verbs), (&self.groups, &places.groups)];
        let wild = parts.into_iter().find(|(words, _)| words.iter().any(|word| word == "*"));
        wild.map_or_else(|| self.rule.clone(), |(words, places)| self.shown_at(words, places, &["*"]))
    }

    fn shown_at(&self, words: &[String], places: &[Span], wanted: &[&str]) -> Evidence {
        let at = words.iter().position(|word| wanted.contains(&word.as_str()));
        let span = at.and_then(|at| places.get(at)).copied();
        Evidence { span: span.unwrap_or(self.rule.span), ..self.rule.clone() }
    }
}

/// Where a rule is best shown: its first verb or resource, rather than the whole block.
fn place(rule: &PolicyRule) -> crate::yaml::Origin {
    let word = rule.resources.first().or(rule.verbs.first());
    word.map_or_else(|| rule.origin.clone(), |text| text.origin.clone())
}

/// Roles that every cluster has (`kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`), as far as they
/// matter here.
fn built_in(binding: &Binding) -> Vec<Found> {
    let rule = |verbs: &[&str], resources: &[&str], groups: &[&str]| {
        let texts = |all: &[&str]| -> Vec<Text> {
            all.iter().map(|v| Text { value: (*v).into(), origin: binding.role.origin.clone() }).collect()
        };
        let rule = PolicyRule {
            groups: texts(groups),
            resources: texts(resources),
            names: Vec::new(),
            verbs: texts(verbs),
            origin: binding.role.origin.clone(),
        };
        Found {
            places: Arc::new(RulePlaces::of(&rule)),
            rule,
            evidence: evidence(
                &binding.role.origin,
                format!("the built-in ClusterRole `{}` allows it", binding.role.value),
            ),
        }
    };
    let read = ["get", "list", "watch"];
    let write = ["create", "delete", "deletecollection", "patch", "update"];
    let all: Vec<&str> = read.iter().chain(&write).copied().collect();
    match binding.role.value.as_str() {
        "cluster-admin" => vec![rule(&["*"], &["*"], &["*"])],
        "admin" | "edit" => vec![
            rule(&all, &["secrets", "configmaps", "pods", "pods/exec", "services", "serviceaccounts"], &[""]),
            rule(&["impersonate"], &["serviceaccounts"], &[""]),
            rule(&all, &["deployments", "statefulsets", "daemonsets", "replicasets"], &["apps"]),
            rule(&all, &["jobs", "cronjobs"], &["batch"]),
        ],
        "view" => vec![rule(&read, &["configmaps", "pods", "pods/log", "services"], &[""])],
        _ => Vec::new(),
    }
}

fn right(binding: &Binding, subject: &Subject, object: &Object, found: &Found) -> Option<Right> {
    let namespace = &object.namespace;
    let (of, account) = match subject.kind.as_str() {
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().map(Word::from);
            (own.unwrap_or_else(|| namespace.clone()), subject.name.value.clone())
        }
        "Group" => group(&subject.name.value)?,
        // The name by which the API server knows an account.
        "User" => {
            let (of, account) = subject.name.value.strip_prefix("system:serviceaccount:")?.split_once(':')?;
            (of.into(), account.into())
        }
        _ => return None,
    };
    let words = |texts: &[Text]| texts.iter().map(|t| t.value.to_string()).collect();
    let kind = if binding.cluster { "ClusterRoleBinding" } else { "RoleBinding" };
    Some(Right {
        app: object.app,
        namespace: of,
        account,
        within: (!binding.cluster).then(|| namespace.clone()),
        verbs: words(&found.rule.verbs),
        groups: words(&found.rule.groups),
        resources: words(&found.rule.resources),
        names: words(&found.rule.names),
        places: Arc::clone(&found.places),
        rule: found.evidence.clone(),
        binding: evidence(
            &subject.name.origin,
            format!("{kind} `{}` gives it to {} `{}`", binding.name.value, subject.kind, subject.name.value),
        ),
    })
}

/// The groups that stand for ServiceAccounts.
fn group(name: &str) -> Option<(Word, Word)> {
    match name {
        "system:serviceaccounts" | "system:authenticated" => Some(("*".into(), "*".into())),
        _ => name.strip_prefix("system:serviceaccounts:").map(|ns| (ns.into(), "*".into())),
    }
}

/// Whether a ServiceAccount says that its pods get no token.
pub fn mounts_token(resource: &Resource) -> Option<bool> {
    resource.node.get("automountServiceAccountToken").and_then(Node::as_bool)
}
