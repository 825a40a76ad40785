//! Workloads: what their containers are told, and what they are handed.

use std::collections::BTreeSet;

use super::objects::Objects;
use super::{
    Container, EnvFact, EnvFromFact, EnvHolds, Facts, Grant, Keeper, MountFact, Need, Object, ObjectId, SecretId,
    Sources, Way, Workload, WorkloadRole, Written, addresses, places, rights,
};
use crate::catalog::CredentialKind;
use crate::k8s::secret::Keys;
use crate::k8s::text::{Shape, Text, conceal};
use crate::k8s::workload::{
    self, Container as PodContainer, ContainerRole, Env, EnvValue, Pod, Source, Volume, VolumeContent,
};
use crate::k8s::{Resource, Word};
use crate::sql::parse_url;
use crate::yaml::Node;

/// Records the workloads.
pub fn collect(sources: &Sources, objects: &Objects, facts: &mut Facts) {
    for (id, resource) in objects.iter() {
        for pod in workload::pods(resource) {
            let workload = read(sources, objects, facts, id, resource, &pod);
            facts.workloads.push(workload);
        }
    }
}

fn read(
    sources: &Sources,
    objects: &Objects,
    facts: &mut Facts,
    id: ObjectId,
    resource: &Resource,
    pod: &Pod,
) -> Workload {
    let object = facts.objects[id.0].clone();
    let (grants, needs, written) = (Vec::new(), Vec::new(), Vec::new());
    let read = pod.secrets().map(str::to_owned).collect();
    let mut reader = Reader { sources, objects, facts, object: &object, grants, needs, written, read };
    let containers: Vec<Container> =
        pod.containers.iter().enumerate().map(|(i, container)| reader.container(i, container, pod)).collect();
    reader.pod(pod);
    let Reader { mut grants, mut needs, mut written, .. } = reader;
    // Workloads are kept by the thousand, and most have one of each.
    grants.shrink_to_fit();
    needs.shrink_to_fit();
    written.shrink_to_fit();
    let vendor = containers.iter().find_map(|container| container.vendor);
    // A Job or an init container of a server's image is a client of it.
    let role = role(resource, &object);
    let mut stays = containers.iter().filter(|c| role == WorkloadRole::Service && c.role == ContainerRole::Main);
    let database_server =
        stays.any(|container| {
            let image = container.image.as_ref().is_some_and(|image| sources.catalog.is_database_server(&image.value));
            // Only the server is told where the data lie.
            image || container.env.iter().any(|variable| variable.name == "PGDATA")
        }) || pod.containers.iter().any(|container| role == WorkloadRole::Service && sets_up_server(container));
    Workload {
        object: id,
        app: object.app,
        role,
        token: mounts_token(facts, objects, &object, pod),
        service_account: pod.service_account.clone(),
        containers,
        grants,
        needs,
        replicas: resource.node.at(&["spec", "replicas"]).and_then(Node::as_i64),
        suspended: resource.node.at(&["spec", "suspend"]).and_then(Node::as_bool) == Some(true),
        expires: resource.node.at(&["spec", "ttlSecondsAfterFinished"]).is_some(),
        vendor,
        database_server,
        written,
    }
}

fn role(resource: &Resource, object: &Object) -> WorkloadRole {
    match resource.kind() {
        "CronJob" | "CronWorkflow" => WorkloadRole::Scheduled,
        "WorkflowTemplate" | "ClusterWorkflowTemplate" => WorkloadRole::OnDemand,
        "Job" | "Workflow" => WorkloadRole::Hook,
        "Pod" if object.schedule.hook => WorkloadRole::Hook,
        "Pod" => match resource.node.at(&["spec", "restartPolicy"]).and_then(Node::as_str) {
            Some("Never" | "OnFailure") => WorkloadRole::Hook,
            _ => WorkloadRole::Service,
        },
        _ => WorkloadRole::Service,
    }
}

/// A token that a container mounts itself counts whatever else is said. The pod's word counts before the account's; both default
/// to yes.
fn mounts_token(facts: &Facts, objects: &Objects, object: &Object, pod: &Pod) -> bool {
    let account = pod.service_account.as_ref().map_or("default", |name| &name.value);
    let mut accounts = facts.producers_of("ServiceAccount", &object.namespace, account);
    let of_account = accounts.find_map(|made| rights::mounts_token(objects.resource(made.object)));
    let projected =
        pod.volumes.iter().filter(|volume| volume.content.iter().any(|it| matches!(it, VolumeContent::Token)));
    let mounts = |volume: &Volume| {
        let mut mounts = pod.containers.iter().flat_map(|container| &container.mounts);
        mounts.any(|mount| mount.volume.value == volume.name.value)
    };
    projected.into_iter().any(mounts) || pod.automount.or(of_account).unwrap_or(true)
}

struct Reader<'a, 'f> {
    sources: &'a Sources<'a>,
    objects: &'a Objects<'a>,
    facts: &'f mut Facts,
    object: &'a Object,
    grants: Vec<Grant>,
    needs: Vec<Need>,
    written: Vec<Written>,
    /// The names of the Secrets that the pod reads.
    read: BTreeSet<String>,
}

impl Reader<'_, '_> {
    fn pod(&mut self, pod: &Pod) {
        if let Some(account) = &pod.service_account {
            self.need("ServiceAccount", account);
        }
        self.injected(pod);
        for name in &pod.pull_secrets {
            let secret = self.secret(&name.value);
            let origin = name.origin.clone();
            self.grants.push(Grant {
                secret,
                container: None,
                keys: Vec::new(),
                key_origins: Vec::new(),
                way: Way::Pull,
                optional: true,
                origin,
            });
        }
    }

    /// What Vault's agent is told to bring in: one path of Vault by annotation.
    fn injected(&mut self, pod: &Pod) {
        let told = |key: &str| pod.annotations.iter().any(|(k, v)| k == key && v.value == "true");
        if !told("vault.hashicorp.com/agent-inject") {
            return;
        }
        for (key, path) in &pod.annotations {
            if key.starts_with("vault.hashicorp.com/agent-inject-secret-") && !path.value.is_empty() {
                self.grant_from(Keeper::Vault, None, path);
            }
        }
    }

    fn grant_from(&mut self, keeper: Keeper, container: Option<usize>, name: &Text) {
        let secret = self.facts.credential(keeper, &self.object.namespace, &name.value);
        let origin = name.origin.clone();
        self.grants.push(Grant {
            secret,
            container,
            keys: Vec::new(),
            key_origins: Vec::new(),
            way: Way::Injected,
            optional: false,
            origin,
        });
    }

    fn need(&mut self, kind: &'static str, name: &Text) {
        let need = Need { kind, name: name.value.clone(), origin: name.origin.clone() };
        if !self.needs.iter().any(|n| n.kind == kind && n.name == need.name) {
            self.needs.push(need);
        }
    }

    fn secret(&mut self, name: &Word) -> SecretId {
        self.facts.secret(&self.object.namespace, name)
    }

    fn container(&mut self, at: usize, container: &PodContainer, pod: &Pod) -> Container {
        let mut env = Vec::new();
        let mut env_from = Vec::with_capacity(container.env_from.len());
        for whole in &container.env_from {
            let fact = self.whole(at, whole, &mut env);
            env_from.push(fact);
        }
        for variable in &container.env {
            let fact = self.variable(at, variable);
            env.push(fact);
        }
        // What is said last counts.
        let mut said = BTreeSet::new();
        env.reverse();
        env.retain(|variable: &EnvFact| said.insert(variable.name.clone()));
        env.reverse();
        let mounts = self.mounts(at, container, pod);
        self.client_passwords(container);
        env.shrink_to_fit();
        let catalog = self.sources.catalog;
        Container {
            name: container.name.clone(),
            origin: container.origin.clone(),
            role: container.role,
            image: container.image.clone(),
            vendor: container.image.as_ref().and_then(|image| Some(catalog.vendor_of_image(&image.value)?.vendor)),
            command_words: container.command.len(),
            words: container
                .command
                .iter()
                .chain(&container.args)
                .map(|w| self.clean("an argument", w.clone()))
                .collect(),
            env,
            env_from,
            mounts,
        }
    }

    fn whole(&mut self, at: usize, whole: &workload::EnvFrom, env: &mut Vec<EnvFact>) -> EnvFromFact {
        let mut secret = None;
        if whole.source == Source::Secret {
            let id = self.secret(&whole.name.value);
            secret = Some(id);
            self.grants.push(Grant {
                secret: id,
                container: Some(at),
                keys: Vec::new(),
                key_origins: Vec::new(),
                way: Way::EnvFrom,
                optional: whole.optional,
                origin: whole.name.origin.clone(),
            });
        } else {
            if !whole.optional {
                self.need("ConfigMap", &whole.name);
            }
            for entry in self.objects.config_map(&self.object.namespace, &whole.name.value).unwrap_or_default() {
                let name = format!("{}{}", whole.prefix, entry.key);
                let value = self.literal(&name, &entry.value);
                env.push(EnvFact { name: name.into(), origin: entry.key_origin.clone(), value });
            }
        }
        EnvFromFact {
            source: whole.source,
            name: whole.name.clone(),
            prefix: whole.prefix.clone(),
            secret,
            keys: self.keys(whole.source, &whole.name.value),
        }
    }

    /// The keys of a Secret or ConfigMap, where all of them are known.
    fn keys(&self, source: Source, name: &Word) -> Option<BTreeSet<Word>> {
        let kind = if source == Source::Secret { "Secret" } else { "ConfigMap" };
        let mut makers = self.facts.producers_of(kind, &self.object.namespace, name);
        let first = makers.next()?;
        match &first.keys {
            Keys::Known(keys) if makers.next().is_none() => Some(keys.iter().map(|k| k.value.clone()).collect()),
            _ => None,
        }
    }

    fn variable(&mut self, at: usize, variable: &Env) -> EnvFact {
        let name = variable.name.value.clone();
        let value = match &variable.value {
            EnvValue::Literal(node) => self.literal(&name, node),
            EnvValue::Secret(key) => {
                let secret = self.secret(&key.name.value);
                self.grants.push(Grant {
                    secret,
                    container: Some(at),
                    keys: vec![key.key.value.clone()],
                    key_origins: vec![key.key.origin.clone()],
                    way: Way::Env(name.clone()),
                    optional: key.optional,
                    origin: key.name.origin.clone(),
                });
                EnvHolds::Secret(secret, key.key.value.clone())
            }
            EnvValue::ConfigMap(key) => {
                if !key.optional {
                    self.need("ConfigMap", &key.name);
                }
                let entries = self.objects.config_map(&self.object.namespace, &key.name.value);
                match entries.and_then(|all| all.iter().find(|e| *e.key == *key.key.value)) {
                    Some(entry) => self.literal(&name, &entry.value),
                    None => EnvHolds::Config(key.name.value.clone(), key.key.value.clone()),
                }
            }
            EnvValue::Other => EnvHolds::Other,
        };
        EnvFact { name, origin: variable.name.origin.clone(), value }
    }

    /// A value that is written in Git: a credential by the variable's name gives its shape only, a password inside a URL
    /// is taken out.
    fn literal(&mut self, name: &str, node: &Node) -> EnvHolds {
        let Some(text) = Text::of(node) else { return EnvHolds::Other };
        if self.sources.catalog.is_credential_name(name) {
            // A value that repeats the name is a stand-in.
            let stands_in = text.value.eq_ignore_ascii_case(name);
            let mut shape = if stands_in { Shape::Placeholder } else { conceal(node, self.sources.texts) };
            if shape == Shape::Value && self.names_own_secret(name, &text.value) {
                shape = Shape::Reference;
            }
            if shape == Shape::Value && is_life_of_token(name, &text.value) {
                shape = Shape::Empty;
            }
            self.written.push(Written { name: name.into(), shape, origin: node.origin.clone() });
            return EnvHolds::Credential(shape, node.origin.clone());
        }
        let text = self.clean(name, text);
        // Of an address that a template composed, the place counts that says who logs on.
        let url = text.value.contains("://").then(|| parse_url(&text.value)).flatten();
        let Some(user) = url.and_then(|url| url.user?.text) else { return EnvHolds::Text(text) };
        let origin = places::of_user(self.sources, &text.origin, &user);
        EnvHolds::Text(Text { origin, ..text })
    }

    /// Whether the value of a `..._SECRET` is the name of a Secret that the same pod reads, and not what is in it.
    fn names_own_secret(&self, variable: &str, value: &str) -> bool {
        let secret = self.sources.catalog.credential_kind(variable) == Some(CredentialKind::Secret);
        secret && self.read.contains(value)
    }

    /// MySQL's clients are given their password as `-pSECRET`.
    fn client_passwords(&mut self, container: &PodContainer) {
        let words = || container.command.iter().chain(&container.args);
        if !words().any(|word| word.value.contains("mysql") || word.value.contains("mariadb")) {
            return;
        }
        for word in words() {
            let option = |rest: &str| matches!(rest, "ort" | "rotocol" | "assword");
            let given = |part: &str| {
                let rest = part.strip_prefix("-p").filter(|rest| !option(rest))?.trim_matches(['"', '\'']);
                // What stands between backquotes is a command, too.
                (Shape::of(rest) == Shape::Value && !rest.starts_with('`')).then(|| rest.to_owned())
            };
            let program = |line: &&str| line.contains("mysql") || line.contains("mariadb");
            let alone = given(&word.value);
            let in_script = || word.value.lines().filter(program).flat_map(str::split_whitespace).find_map(given);
            let masked = alone.is_some();
            if let Some(password) = alone.or_else(in_script) {
                let origin = places::of_password(self.sources, &word.origin, &password);
                if masked || origin.anchor() != word.origin.anchor() {
                    self.sources.texts.mask(origin.anchor());
                }
                self.written.push(Written { name: "an argument".into(), shape: Shape::Value, origin });
            }
        }
    }

    /// Takes the password out of a URL.
    fn clean(&mut self, name: &str, text: Text) -> Text {
        let Some((value, passwords)) = addresses::without_passwords(&text.value) else { return text };
        let before = self.written.len();
        for (at, password) in passwords.into_iter().enumerate() {
            let found = (at < PASSWORDS).then(|| places::of_password(self.sources, &text.origin, password));
            let origin = found.unwrap_or_else(|| text.origin.clone());
            self.sources.texts.mask(origin.anchor());
            if self.written[before..].iter().all(|one| one.origin != origin) {
                self.written.push(Written { name: name.into(), shape: Shape::of(password), origin });
            }
        }
        Text { value: value.into(), origin: text.origin }
    }

    fn mounts(&mut self, at: usize, container: &PodContainer, pod: &Pod) -> Vec<MountFact> {
        let mut facts = Vec::new();
        for mount in &container.mounts {
            let Some(volume) = pod.volumes.iter().find(|v| v.name.value == mount.volume.value) else { continue };
            for content in &volume.content {
                self.mounted(at, content);
                if let VolumeContent::Keys { source, name, items, optional } = content {
                    facts.push(MountFact {
                        source: *source,
                        name: name.clone(),
                        items: items.clone(),
                        path: mount.path.clone(),
                        sub_path: mount.sub_path.clone(),
                        optional: *optional,
                    });
                }
            }
        }
        facts
    }

    fn mounted(&mut self, at: usize, content: &VolumeContent) {
        match content {
            VolumeContent::Keys { source: Source::Secret, name, items, optional } => {
                let secret = self.secret(&name.value);
                self.grants.push(Grant {
                    secret,
                    container: Some(at),
                    keys: items.iter().map(|(key, _)| key.value.clone()).collect(),
                    key_origins: items.iter().map(|(key, _)| key.origin.clone()).collect(),
                    way: Way::Volume,
                    optional: *optional,
                    origin: name.origin.clone(),
                });
            }
            VolumeContent::Keys { source: Source::ConfigMap, name, optional: false, .. } => {
                self.need("ConfigMap", name)
            }
            VolumeContent::Claim(name) => self.need("PersistentVolumeClaim", name),
            VolumeContent::SecretProviderClass(name) => self.grant_from(Keeper::Csi, Some(at), name),
            _ => {}
        }
    }
}

/// How many passwords of one text are looked for one by one.
const PASSWORDS: usize = 16;

/// Whether a container is told the password that its administrator is to have, and listens where a database does.
fn sets_up_server(container: &PodContainer) -> bool {
    const FIRST: [&str; 3] = ["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD", "POSTGRES_PASSWORD"];
    let told = container.env.iter().any(|variable| FIRST.contains(&variable.name.value.as_str()));
    told && container.ports.iter().any(|port| matches!(port, 3306 | 5432))
}

/// Whether a value is a small number that says how long a token holds (`ACCESS_TOKEN: "15"`).
fn is_life_of_token(variable: &str, value: &str) -> bool {
    variable.to_ascii_uppercase().contains("TOKEN") && value.len() <= 3 && value.bytes().all(|b| b.is_ascii_digit())
}
