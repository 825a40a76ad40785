//! Secret stores, and what reads from them and writes to them: External Secrets' stores, PushSecrets, Vault's logins.

use super::Resource;
use super::text::Text;
use crate::yaml::Node;

/// A SecretStore or ClusterSecretStore.
#[derive(Debug, Clone)]
pub struct Store {
    /// `SecretStore` or `ClusterSecretStore`.
    pub kind: &'static str,
    /// Its name.
    pub name: Text,
}

/// A reference to a store.
#[derive(Debug, Clone)]
pub struct StoreRef {
    /// `SecretStore` or `ClusterSecretStore`.
    pub kind: &'static str,
    /// The store's name.
    pub name: Text,
}

/// A PushSecret: a Secret of the cluster that is written to stores.
#[derive(Debug, Clone)]
pub struct Push {
    /// The Secret that it reads.
    pub secret: Option<Text>,
    /// The stores that it writes to.
    pub stores: Vec<StoreRef>,
}

/// A login to Vault that the Vault Secrets Operator uses.
#[derive(Debug, Clone)]
pub struct VaultAuth {
    /// The ServiceAccount it logs on as.
    pub account: Text,
}

const GROUP: &str = "external-secrets.io";

/// Reads a store.
pub fn store(resource: &Resource) -> Option<Store> {
    let kind = match (resource.group(), resource.kind()) {
        (GROUP, "SecretStore") => "SecretStore",
        (GROUP, "ClusterSecretStore") => "ClusterSecretStore",
        _ => return None,
    };
    Some(Store { kind, name: Text::named(&resource.node)? })
}

/// Reads a PushSecret.
pub fn push(resource: &Resource) -> Option<Push> {
    if (resource.group(), resource.kind()) != (GROUP, "PushSecret") {
        return None;
    }
    let spec = resource.node.get("spec")?;
    Some(Push {
        secret: Text::at(spec, &["selector", "secret", "name"]),
        stores: spec.items("secretStoreRefs").iter().filter_map(reference).collect(),
    })
}

/// The stores that an ExternalSecret or ClusterExternalSecret reads, one by one.
pub fn read_by(resource: &Resource) -> Vec<StoreRef> {
    let spec = match (resource.group(), resource.kind()) {
        (GROUP, "ExternalSecret") => resource.node.get("spec"),
        (GROUP, "ClusterExternalSecret") => resource.node.at(&["spec", "externalSecretSpec"]),
        _ => None,
    };
    let Some(spec) = spec else { return Vec::new() };
    let parts = spec.items("data").iter().chain(spec.items("dataFrom"));
    let own = parts.filter_map(|part| part.at(&["sourceRef", "storeRef"]));
    spec.get("secretStoreRef").into_iter().chain(own).filter_map(reference).collect()
}

fn reference(node: &Node) -> Option<StoreRef> {
    let kind = match node.str_at("kind") {
        Some("ClusterSecretStore") => "ClusterSecretStore",
        _ => "SecretStore",
    };
    Some(StoreRef { kind, name: Text::at(node, &["name"])? })
}

/// Reads a VaultAuth.
pub fn vault_auth(resource: &Resource) -> Option<VaultAuth> {
    if (resource.group(), resource.kind()) != ("secrets.hashicorp.com", "VaultAuth") {
        return None;
    }
    Some(VaultAuth { account: Text::at(&resource.node, &["spec", "kubernetes", "serviceAccount"])? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;

    fn resource(text: &str) -> Resource {
        let parsed = crate::yaml::parse(FileId(0), text, &Budget::default());
        Resource::new(parsed.documents[0].root.clone()).unwrap()
    }

    #[test]
    fn every_reference_to_a_store_is_read() {
        let read = read_by(&resource(
            "apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: a}
spec:
  secretStoreRef: {name: vault}
  data: [{secretKey: x, sourceRef: {storeRef: {name: other, kind: ClusterSecretStore}}}]
",
        ));
        let names: Vec<_> = read.iter().map(|it| (it.kind, it.name.value.as_str())).collect();
        assert_eq!(names, [("SecretStore", "vault"), ("ClusterSecretStore", "other")]);
    }

    #[test]
    fn pushes_and_logins_are_read() {
        let push = push(&resource(
            "apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: a}
spec: {selector: {secret: {name: db}}, secretStoreRefs: [{name: vault, kind: ClusterSecretStore}]}
",
        ))
        .unwrap();
        assert_eq!((push.secret.unwrap().value.as_str(), push.stores[0].kind), ("db", "ClusterSecretStore"));
        let auth =
            "apiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultAuth\nspec: {kubernetes: {serviceAccount: app}}\n";
        assert_eq!(vault_auth(&resource(auth)).unwrap().account.value, "app");
    }
}
