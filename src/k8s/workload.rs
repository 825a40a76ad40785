//! Pods in all their owners: containers, what they are told, and what they are handed.
//!
//! Reads Jobs, CronJobs, Deployments, StatefulSets, DaemonSets, Pods, Rollouts, OpenShift DeploymentConfigs and Argo
//! Workflow templates. Judges nothing; literal environment values are `facts`' to classify.

use super::text::Text;
use super::{Resource, Word};
use crate::source::Span;
use crate::yaml::{Node, Origin};

/// A pod, or the template of one.
#[derive(Debug, Clone)]
pub struct Pod {
    /// `spec.serviceAccountName`.
    pub service_account: Option<Text>,
    /// `spec.automountServiceAccountToken`.
    pub automount: Option<bool>,
    /// `spec.restartPolicy`.
    pub restart_policy: Option<String>,
    /// All containers, init containers first.
    pub containers: Vec<Container>,
    /// The volumes.
    pub volumes: Vec<Volume>,
    /// `spec.imagePullSecrets`.
    pub pull_secrets: Vec<Text>,
    /// The annotations of the pod (Vault's agent is told by them).
    pub annotations: Vec<(String, Text)>,
    /// Where the pod's spec stands.
    pub span: Span,
}

impl Pod {
    /// The names of the Secrets that its containers read, or mount.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let containers = || self.containers.iter();
        let whole = containers().flat_map(|container| &container.env_from).filter(|it| it.source == Source::Secret);
        let keys = containers().flat_map(|container| &container.env).filter_map(|it| match &it.value {
            EnvValue::Secret(key) => Some(&*key.name.value),
            _ => None,
        });
        let mounted = self.volumes.iter().flat_map(|volume| &volume.content).filter_map(|it| match it {
            VolumeContent::Keys { source: Source::Secret, name, .. } => Some(&*name.value),
            _ => None,
        });
        keys.chain(mounted).chain(whole.map(|it| &*it.name.value))
    }
}

/// When a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerRole {
    /// Runs to its end before the main containers.
    Init,
    /// An init container that stays (`restartPolicy: Always`).
    NativeSidecar,
    /// A main container.
    Main,
}

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// When it runs.
    pub role: ContainerRole,
    /// Its name.
    pub name: Word,
    /// Where its name stands.
    pub origin: Origin,
    /// The image.
    pub image: Option<Text>,
    /// `command`.
    pub command: Vec<Text>,
    /// `args`.
    pub args: Vec<Text>,
    /// `env`.
    pub env: Vec<Env>,
    /// `envFrom`.
    pub env_from: Vec<EnvFrom>,
    /// `volumeMounts`.
    pub mounts: Vec<Mount>,
    /// `ports`: where it listens.
    pub ports: Vec<i64>,
}

/// An environment variable.
#[derive(Debug, Clone)]
pub struct Env {
    /// Its name.
    pub name: Text,
    /// Where its value comes from.
    pub value: EnvValue,
}

/// Where an environment variable's value comes from.
#[derive(Debug, Clone)]
pub enum EnvValue {
    /// Written in the manifest. The node is kept so that its reader can conceal it.
    Literal(Node),
    /// A key of a Secret.
    Secret(KeyRef),
    /// A key of a ConfigMap.
    ConfigMap(KeyRef),
    /// A field of the pod, or something else that needs nothing.
    Other,
}

/// A key of a Secret or ConfigMap.
#[derive(Debug, Clone)]
pub struct KeyRef {
    /// The Secret or ConfigMap.
    pub name: Text,
    /// The key.
    pub key: Text,
    /// Whether the pod starts without it.
    pub optional: bool,
}

/// A whole Secret or ConfigMap as environment.
#[derive(Debug, Clone)]
pub struct EnvFrom {
    /// What it is.
    pub source: Source,
    /// Its name.
    pub name: Text,
    /// Put before each key.
    pub prefix: String,
    /// Whether the pod starts without it.
    pub optional: bool,
}

/// A Secret or a ConfigMap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

/// A volume of a pod.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its name in the pod.
    pub name: Text,
    /// What it holds.
    pub content: Vec<VolumeContent>,
}

/// What a volume holds, as far as it matters here.
#[derive(Debug, Clone)]
pub enum VolumeContent {
    /// A token for the API server, which is there whatever `automountServiceAccountToken` says.
    Token,
    /// Keys of a Secret or ConfigMap.
    Keys {
        /// Which of the two.
        source: Source,
        /// Its name.
        name: Text,
        /// The keys with the paths they get; all keys where there are none.
        items: Vec<(Text, String)>,
        /// Whether the pod starts without it.
        optional: bool,
    },
    /// A claim on storage.
    Claim(Text),
    /// A volume of the secrets-store CSI driver, by its SecretProviderClass.
    SecretProviderClass(Text),
    /// Something that holds no key (an empty folder, a host path, ...).
    Other,
}

/// A mount of a volume.
#[derive(Debug, Clone)]
pub struct Mount {
    /// The volume.
    pub volume: Text,
    /// Where it is mounted.
    pub path: Text,
    /// One entry of it only.
    pub sub_path: Option<Text>,
}

/// The pods that a resource owns; most have one, an Argo Workflow may have several.
pub fn pods(resource: &Resource) -> Vec<Pod> {
    let node = &resource.node;
    let template = match (resource.group(), resource.kind()) {
        ("", "Pod") => Some(node),
        ("batch", "Job")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("apps.openshift.io", "DeploymentConfig")
        | ("", "DeploymentConfig")
        | ("argoproj.io", "Rollout")
        | ("serving.knative.dev", "Service") => node.at(&["spec", "template"]),
        ("batch", "CronJob") => node.at(&["spec", "jobTemplate", "spec", "template"]),
        ("argoproj.io", "Workflow" | "WorkflowTemplate" | "ClusterWorkflowTemplate") => {
            return workflow(node.get("spec"));
        }
        ("argoproj.io", "CronWorkflow") => return workflow(node.at(&["spec", "workflowSpec"])),
        _ => None,
    };
    template.and_then(pod).into_iter().collect()
}

fn pod(template: &Node) -> Option<Pod> {
    let spec = template.get("spec")?;
    let annotations = template.get("metadata").map(|meta| meta.entries("annotations")).unwrap_or_default();
    let mut containers: Vec<Container> =
        spec.items("initContainers").iter().filter_map(|node| container(node, ContainerRole::Init)).collect();
    containers.extend(spec.items("containers").iter().filter_map(|node| container(node, ContainerRole::Main)));
    Some(Pod {
        service_account: Text::name(spec, "serviceAccountName").or_else(|| Text::name(spec, "serviceAccount")),
        automount: spec.get("automountServiceAccountToken").and_then(Node::as_bool),
        restart_policy: spec.str_at("restartPolicy").map(str::to_owned),
        containers,
        volumes: spec.items("volumes").iter().filter_map(volume).collect(),
        pull_secrets: spec.items("imagePullSecrets").iter().filter_map(|n| Text::at(n, &["name"])).collect(),
        annotations: annotations
            .iter()
            .filter_map(|entry| Text::of(&entry.value).map(|text| (entry.key.to_string(), text)))
            .collect(),
        span: spec.span(),
    })
}

/// Argo Workflow templates: each container or script template runs as a pod of its own.
fn workflow(spec: Option<&Node>) -> Vec<Pod> {
    let Some(spec) = spec else { return Vec::new() };
    let account = Text::name(spec, "serviceAccountName");
    let pods = spec.items("templates").iter().filter_map(|template| {
        let main = template.get("container").or_else(|| template.get("script"))?;
        let mut containers: Vec<Container> =
            template.items("initContainers").iter().filter_map(|node| container(node, ContainerRole::Init)).collect();
        let mut first = container(main, ContainerRole::Main)?;
        if first.name.is_empty() {
            first.name = template.str_at("name").unwrap_or("main").into();
        }
        first.args.extend(Text::at(main, &["source"]));
        containers.push(first);
        containers
            .extend(template.items("sidecars").iter().filter_map(|node| container(node, ContainerRole::NativeSidecar)));
        Some(Pod {
            service_account: Text::name(template, "serviceAccountName").or_else(|| account.clone()),
            automount: template.get("automountServiceAccountToken").and_then(Node::as_bool),
            restart_policy: Some("Never".to_owned()),
            containers,
            volumes: [template, spec].iter().flat_map(|n| n.items("volumes")).filter_map(volume).collect(),
            pull_secrets: spec.items("imagePullSecrets").iter().filter_map(|n| Text::at(n, &["name"])).collect(),
            annotations: Vec::new(),
            span: template.span(),
        })
    });
    pods.collect()
}

fn container(node: &Node, role: ContainerRole) -> Option<Container> {
    let map = node.as_map()?;
    let stays = role == ContainerRole::Init && node.str_at("restartPolicy") == Some("Always");
    Some(Container {
        role: if stays { ContainerRole::NativeSidecar } else { role },
        name: map.get("name").and_then(Word::of).unwrap_or_default(),
        origin: map.get("name").map_or_else(|| node.origin.clone(), |name| name.origin.clone()),
        // A sentence that stands for an image to come is none.
        image: Text::at(node, &["image"]).filter(|image| !image.value.trim().contains(char::is_whitespace)),
        command: words(node.get("command")),
        args: words(node.get("args")),
        env: node.items("env").iter().filter_map(env).collect(),
        env_from: node.items("envFrom").iter().filter_map(env_from).collect(),
        mounts: node.items("volumeMounts").iter().filter_map(mount).collect(),
        ports: node.items("ports").iter().filter_map(|port| port.get("containerPort")?.as_i64()).collect(),
    })
}

fn words(node: Option<&Node>) -> Vec<Text> {
    node.and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Text::of).collect()
}

fn env(node: &Node) -> Option<Env> {
    let name = Text::at(node, &["name"])?;
    let from = node.get("valueFrom");
    let value = if let Some(key) = from.and_then(|from| from.get("secretKeyRef")).and_then(key_ref) {
        EnvValue::Secret(key)
    } else if let Some(key) = from.and_then(|from| from.get("configMapKeyRef")).and_then(key_ref) {
        EnvValue::ConfigMap(key)
    } else if let Some(value) = node.get("value") {
        EnvValue::Literal(value.clone())
    } else {
        EnvValue::Other
    };
    Some(Env { name, value })
}

fn key_ref(node: &Node) -> Option<KeyRef> {
    Some(KeyRef { name: Text::name(node, "name")?, key: Text::at(node, &["key"])?, optional: optional(node) })
}

fn optional(node: &Node) -> bool {
    node.get("optional").and_then(Node::as_bool).unwrap_or(false)
}

fn env_from(node: &Node) -> Option<EnvFrom> {
    let (source, reference) = match (node.get("secretRef"), node.get("configMapRef")) {
        (Some(secret), _) => (Source::Secret, secret),
        (None, Some(config)) => (Source::ConfigMap, config),
        (None, None) => return None,
    };
    Some(EnvFrom {
        source,
        name: Text::name(reference, "name")?,
        prefix: node.str_at("prefix").unwrap_or("").to_owned(),
        optional: optional(reference),
    })
}

fn mount(node: &Node) -> Option<Mount> {
    Some(Mount {
        volume: Text::at(node, &["name"])?,
        path: Text::at(node, &["mountPath"])?,
        sub_path: Text::at(node, &["subPath"]),
    })
}

fn volume(node: &Node) -> Option<Volume> {
    let name = Text::at(node, &["name"])?;
    let mut content: Vec<VolumeContent> = Vec::new();
    if let Some(projected) = node.get("projected") {
        for part in projected.items("sources") {
            content.extend(part.get("secret").and_then(|s| keys(s, Source::Secret, "name")));
            content.extend(part.get("configMap").and_then(|c| keys(c, Source::ConfigMap, "name")));
            // A token for somebody else's ears (`audience: vault`) opens nothing here.
            let own = part.get("serviceAccountToken").filter(|token| token.get("audience").is_none());
            content.extend(own.map(|_| VolumeContent::Token));
        }
    }
    content.extend(node.get("secret").and_then(|s| keys(s, Source::Secret, "secretName")));
    content.extend(node.get("configMap").and_then(|c| keys(c, Source::ConfigMap, "name")));
    let claim = node.get("persistentVolumeClaim").and_then(|claim| Text::name(claim, "claimName"));
    content.extend(claim.map(VolumeContent::Claim));
    if node.at(&["csi", "driver"]).and_then(Node::as_str) == Some("secrets-store.csi.k8s.io") {
        let class = Text::at(node, &["csi", "volumeAttributes", "secretProviderClass"]);
        content.extend(class.map(VolumeContent::SecretProviderClass));
    }
    if content.is_empty() {
        content.push(VolumeContent::Other);
    }
    Some(Volume { name, content })
}

fn keys(node: &Node, source: Source, name: &str) -> Option<VolumeContent> {
    let items = node.items("items").iter().filter_map(|item| {
        let key = Text::at(item, &["key"])?;
        let path = item.str_at("path").unwrap_or(&key.value).to_owned();
        Some((key, path))
    });
    Some(VolumeContent::Keys {
        source,
        name: Text::name(node, name)?,
        items: items.collect(),
        optional: optional(node),
    })
}
