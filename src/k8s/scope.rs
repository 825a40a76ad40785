//! Whether objects of a kind live in a namespace or belong to the whole cluster: Kubernetes' own kinds, those of operators that
//! are in wide use, and what a CustomResourceDefinition says. Of any other kind nothing is concluded.

use super::Resource;
use crate::yaml::Node;

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In none.
    Cluster,
}

/// Groups with their kinds that have no namespace, and those that do. `*` stands for all kinds of a group.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "",
        "ComponentStatus Namespace Node PersistentVolume",
        "Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota \
         Secret Service ServiceAccount",
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy \
         ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
        "",
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition", ""),
    ("apiregistration.k8s.io", "APIService", ""),
    ("apps", "", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"),
    ("autoscaling", "", "HorizontalPodAutoscaler"),
    ("batch", "", "CronJob Job"),
    ("certificates.k8s.io", "CertificateSigningRequest ClusterTrustBundle", ""),
    ("coordination.k8s.io", "", "Lease"),
    ("discovery.k8s.io", "", "EndpointSlice"),
    ("events.k8s.io", "", "Event"),
    ("extensions", "", "DaemonSet Deployment Ingress ReplicaSet"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema PriorityLevelConfiguration", ""),
    ("networking.k8s.io", "IPAddress IngressClass ServiceCIDR", "Ingress NetworkPolicy"),
    ("node.k8s.io", "RuntimeClass", ""),
    ("policy", "PodSecurityPolicy", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "ClusterRole ClusterRoleBinding", "Role RoleBinding"),
    ("resource.k8s.io", "DeviceClass ResourceSlice", "ResourceClaim ResourceClaimTemplate"),
    ("scheduling.k8s.io", "PriorityClass", ""),
    ("storage.k8s.io", "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass", "CSIStorageCapacity"),
    (
        "argoproj.io",
        "ClusterWorkflowTemplate",
        "AppProject Application ApplicationSet CronWorkflow Rollout Workflow WorkflowTemplate",
    ),
    ("bitnami.com", "", "SealedSecret"),
    ("cert-manager.io", "ClusterIssuer", "Certificate CertificateRequest Issuer"),
    (
        "external-secrets.io",
        "ClusterExternalSecret ClusterPushSecret ClusterSecretStore",
        "ExternalSecret PushSecret SecretStore",
    ),
    (
        "gateway.networking.k8s.io",
        "GatewayClass",
        "GRPCRoute Gateway HTTPRoute ReferenceGrant TCPRoute TLSRoute UDPRoute",
    ),
    ("monitoring.coreos.com", "", "*"),
    ("postgresql.cnpg.io", "ClusterImageCatalog", "Backup Cluster Database ImageCatalog Pooler ScheduledBackup"),
    ("traefik.io", "", "*"),
];

/// Where objects of a kind live, for kinds that are known without their definition.
pub fn known(group: &str, kind: &str) -> Option<Scope> {
    let (_, cluster, namespaced) = KINDS.iter().find(|(known, ..)| *known == group)?;
    let names = |kinds: &str| !kind.is_empty() && (kinds == "*" || kinds.split(' ').any(|known| known == kind));
    if names(cluster) {
        return Some(Scope::Cluster);
    }
    names(namespaced).then_some(Scope::Namespaced)
}

/// What a CustomResourceDefinition says of its kind: the group, the kind and where its objects live.
pub fn defined(resource: &Resource) -> Option<(&str, &str, Scope)> {
    if (resource.group(), resource.kind()) != ("apiextensions.k8s.io", "CustomResourceDefinition") {
        return None;
    }
    let text = |path: &[&str]| resource.node.at(path).and_then(Node::as_text);
    let scope = match text(&["spec", "scope"])? {
        "Cluster" => Scope::Cluster,
        "Namespaced" => Scope::Namespaced,
        _ => return None,
    };
    Some((text(&["spec", "group"])?, text(&["spec", "names", "kind"])?, scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_kinds_that_nobody_knows_nothing_is_said() {
        assert_eq!(known("", "Namespace"), Some(Scope::Cluster));
        assert_eq!(known("", "Secret"), Some(Scope::Namespaced));
        assert_eq!(known("monitoring.coreos.com", "Probe"), Some(Scope::Namespaced));
        assert_eq!(known("example.com", "Cluster"), None);
        assert_eq!(known("apps", ""), None);
    }
}
