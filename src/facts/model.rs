//! The records: what facts are, with their evidence. Plain data; how they are found is told by the files beside this one.

mod argo;
mod credential;
mod migration;
mod project;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::order::Schedule;
use crate::catalog::Vendor;
use crate::finding::{Certainty, Evidence};
use crate::k8s::Word;
use crate::k8s::scope::Scope;
use crate::k8s::secret::Keys;
use crate::k8s::text::{Shape, Text};
use crate::k8s::workload::{ContainerRole, Source};
use crate::source::Span;
use crate::yaml::{Contribution, Origin, Role};

pub use argo::{Cluster, Defect, NamedFile, Target};
pub use credential::{DatabaseCredential, Grant, Keeper, Keyed, Secret, Way};
pub use migration::{Claim, Mechanism, Migrator, Schema, Script, Setting, Use};
pub use project::{Kinds, Pattern, Place, Project};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub usize);
    )*};
}

ids! {
    /// An Application (or a folder that is audited like one).
    AppId,
    /// An object.
    ObjectId,
    /// A workload.
    WorkloadId,
    /// A migrator.
    MigratorId,
    /// A schema of a database.
    SchemaId,
    /// A Secret, by namespace and name.
    SecretId,
}

/// An Application, as far as facts need it.
#[derive(Debug, Clone)]
pub struct App {
    /// Its name.
    pub name: Word,
    /// Its environment, where one is known.
    pub environment: Option<Word>,
    /// The namespace of objects that name none.
    pub namespace: Word,
    /// Whether Argo CD is known to sync it; what nobody brings is a folder.
    pub argo: bool,
    /// Whether phases and waves order its objects; a plain folder has none of its own.
    pub phased: bool,
    /// What is not known of a chart that nobody installs here.
    pub guess: Option<Box<Guess>>,
    /// The Applications that bring it, the nearest first.
    pub above: Vec<Word>,
    /// Where it stands on the ladders that order Applications, the outermost first.
    pub rungs: Vec<Rung>,
    /// Whether something of it could not be seen.
    pub gaps: bool,
    /// Where it is written; nothing for a folder.
    pub origin: Option<Origin>,
}

/// A chart that no Application brings: rendered with its own values, as a release that may be called anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The name that stands for the release's.
    pub release: Word,
    /// The namespace that stands for the release's.
    pub namespace: Word,
    /// Whether templates that gave nothing would make Secrets with other values.
    pub secrets: bool,
}

/// A place on a ladder: a step of a RollingSync, or a wave under a parent Application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// The ladder's name; places on different ladders cannot be compared.
    pub ladder: Word,
    /// How high.
    pub step: i64,
    /// Whether the next rung waits for this one to be healthy.
    pub gated: bool,
    /// The place in words: "step 3 of ApplicationSet `x`".
    pub label: Word,
    /// Where the place is said.
    pub origin: Option<Origin>,
}

/// An object that is applied.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its Application.
    pub app: AppId,
    /// Its API group.
    pub group: Word,
    /// Its kind.
    pub kind: Word,
    /// Its name; empty where the cluster makes one.
    pub name: Word,
    /// What such a name begins with (`generateName`).
    pub generated: Word,
    /// Its namespace; the Application's where it names none.
    pub namespace: Word,
    /// Whether it lives in a namespace at all, where that is known of its kind.
    pub scope: Option<Scope>,
    /// When it is applied.
    pub schedule: Arc<Schedule>,
    /// Where its name stands.
    pub origin: Origin,
    /// Whether its name is made up at each rendering, so that each sync makes another object.
    pub drawn: bool,
}

/// What a workload is for, by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadRole {
    /// A Job or Pod, or whatever is annotated as a hook: runs at sync time, to its end.
    Hook,
    /// Runs from time to time.
    Scheduled,
    /// Stays.
    Service,
    /// Runs when something else says so (a workflow template).
    OnDemand,
}

/// A workload.
#[derive(Debug, Clone)]
pub struct Workload {
    /// The object.
    pub object: ObjectId,
    /// Its Application.
    pub app: AppId,
    /// What it is for.
    pub role: WorkloadRole,
    /// Its ServiceAccount, where one is named.
    pub service_account: Option<Text>,
    /// Whether its pods mount the account's token: false only where the pod or the account says so.
    pub token: bool,
    /// Its containers.
    pub containers: Vec<Container>,
    /// What it is given of Secrets.
    pub grants: Vec<Grant>,
    /// What else it needs to start: ConfigMaps, its account, claims.
    pub needs: Vec<Need>,
    /// How many copies run, where that is said.
    pub replicas: Option<i64>,
    /// Whether it is deleted some time after it ended (`ttlSecondsAfterFinished`).
    pub expires: bool,
    /// The product it runs, where the catalogue knows it.
    pub vendor: Option<&'static Vendor>,
    /// Whether it is a database server itself.
    pub database_server: bool,
    /// Whether it waits until somebody lets it go (`suspend`).
    pub suspended: bool,
    /// Credentials that are written in it: what they are for, their shape, where they stand.
    pub written: Vec<Written>,
}

/// A credential that is written in Git.
#[derive(Debug, Clone)]
pub struct Written {
    /// What holds it: a variable's name, a key, an argument.
    pub name: Word,
    /// What it looks like.
    pub shape: Shape,
    /// Where it stands.
    pub origin: Origin,
}

/// A container, as far as facts need it.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name.
    pub name: Word,
    /// Where its name stands.
    pub origin: Origin,
    /// When it runs.
    pub role: ContainerRole,
    /// The image.
    pub image: Option<Text>,
    /// The product that the image is of, where the catalogue knows it.
    pub vendor: Option<&'static Vendor>,
    /// The words of its command and arguments.
    pub words: Vec<Text>,
    /// How many of the words are the command; none where the image's own entry point runs.
    pub command_words: usize,
    /// Environment variables with what they hold.
    pub env: Vec<EnvFact>,
    /// Whole Secrets and ConfigMaps as environment, in order.
    pub env_from: Vec<EnvFromFact>,
    /// What is mounted, and where: Secret or ConfigMap, the path of the mount, one entry or all.
    pub mounts: Vec<MountFact>,
}

/// An environment variable.
#[derive(Debug, Clone)]
pub struct EnvFact {
    /// Its name.
    pub name: Word,
    /// Where its name stands.
    pub origin: Origin,
    /// What it holds.
    pub value: EnvHolds,
}

/// What an environment variable holds.
#[derive(Debug, Clone)]
pub enum EnvHolds {
    /// A text that is no credential; userinfo of a URL is taken out.
    Text(Text),
    /// A credential that is written in Git, by its shape.
    Credential(Shape, Origin),
    /// A key of a Secret.
    Secret(SecretId, Word),
    /// A key of a ConfigMap that nothing here makes.
    Config(Word, Word),
    /// Something else.
    Other,
}

/// A whole Secret or ConfigMap as environment.
#[derive(Debug, Clone)]
pub struct EnvFromFact {
    /// Which of the two.
    pub source: Source,
    /// Its name.
    pub name: Text,
    /// Put before each key.
    pub prefix: String,
    /// The Secret, if it is one.
    pub secret: Option<SecretId>,
    /// The keys that it brings, where they are known, without the prefix.
    pub keys: Option<BTreeSet<Word>>,
}

/// A mounted Secret or ConfigMap.
#[derive(Debug, Clone)]
pub struct MountFact {
    /// Which of the two.
    pub source: Source,
    /// Its name.
    pub name: Text,
    /// The keys it projects with their file names; all where there are none.
    pub items: Vec<(Text, String)>,
    /// Where it is mounted.
    pub path: Text,
    /// One entry of it only.
    pub sub_path: Option<Text>,
    /// Whether the pod starts without it.
    pub optional: bool,
}

/// What a workload needs to start.
#[derive(Debug, Clone)]
pub struct Need {
    /// `Secret`, `ConfigMap`, `ServiceAccount`, `PersistentVolumeClaim`.
    pub kind: &'static str,
    /// Its name, in the workload's namespace.
    pub name: Word,
    /// Where it is said.
    pub origin: Origin,
}

/// An object that names a secret store, or an account to log on to one with.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Who names it.
    pub object: ObjectId,
    /// `SecretStore`, `ClusterSecretStore`, `ServiceAccount`, `Secret`.
    pub kind: &'static str,
    /// The name, in the object's namespace unless the kind has none.
    pub name: Word,
    /// Where it is said.
    pub origin: Origin,
}

/// Something that makes a Secret, ConfigMap, ServiceAccount or claim that workloads need.
#[derive(Debug, Clone)]
pub struct Producer {
    /// The object that makes it.
    pub object: ObjectId,
    /// `Secret`, `ConfigMap`, `ServiceAccount`, `PersistentVolumeClaim`.
    pub kind: &'static str,
    /// Its namespace; `*` for all.
    pub namespace: Word,
    /// Its name.
    pub name: Word,
    /// Where the name stands.
    pub origin: Origin,
    /// The keys.
    pub keys: Keys,
    /// Whether it adds to what something else makes.
    pub merges: bool,
    /// How sure it is that this makes it.
    pub certainty: Certainty,
    /// Values of it that are written in Git.
    pub written: Vec<Written>,
    /// The ConfigMap's contents that facts read (SQL scripts, flyway.conf), by key.
    pub texts: Vec<(Word, Text)>,
}

/// A right of a ServiceAccount.
#[derive(Debug, Clone)]
pub struct Right {
    /// The Application whose binding gives it.
    pub app: AppId,
    /// The account's namespace; `*` for every account of every namespace.
    pub namespace: Word,
    /// The account; `*` for every account of the namespace.
    pub account: Word,
    /// Where the right holds; nothing for the whole cluster.
    pub within: Option<Word>,
    /// Verbs.
    pub verbs: Vec<String>,
    /// API groups.
    pub groups: Vec<String>,
    /// Resources and subresources.
    pub resources: Vec<String>,
    /// Names it is restricted to; all where there are none.
    pub names: Vec<String>,
    /// Where each of its words stands.
    pub places: Arc<RulePlaces>,
    /// The rule in its role.
    pub rule: Evidence,
    /// The binding.
    pub binding: Evidence,
}

/// Where the words of a rule stand, each in the order of the words.
#[derive(Debug, Clone, Default)]
pub struct RulePlaces {
    /// Verbs.
    pub verbs: Vec<Span>,
    /// API groups.
    pub groups: Vec<Span>,
    /// Resources.
    pub resources: Vec<Span>,
}

/// Evidence at the place to edit; whatever was rendered is no more than rendered.
pub fn evidence(origin: &Origin, text: impl Into<String>) -> Evidence {
    Evidence { span: origin.anchor(), text: text.into(), certainty: certainty(origin) }
}

/// How sure a value is by its origin.
pub fn certainty(origin: &Origin) -> Certainty {
    let literal = |c: Contribution| c.role == Role::Manifest;
    if origin.contributions().all(literal) { Certainty::Literal } else { Certainty::Rendered }
}

/// Positions of things of one name, each with its namespace and in order of it.
type InNamespaces = Vec<(Word, usize)>;

/// Everything that was found.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Applications, in order of name.
    pub apps: Vec<App>,
    /// Objects, in order of Application.
    pub objects: Vec<Object>,
    /// Workloads.
    pub workloads: Vec<Workload>,
    /// Producers.
    pub producers: Vec<Producer>,
    /// What objects other than workloads need of secret stores.
    pub references: Vec<Reference>,
    /// Secrets that are made or read.
    pub secrets: Vec<Secret>,
    /// Migrators.
    pub migrators: Vec<Migrator>,
    /// Schemas.
    pub schemas: Vec<Schema>,
    /// Claims.
    pub claims: Vec<Claim>,
    /// Uses.
    pub uses: Vec<Use>,
    /// Rights.
    pub rights: Vec<Right>,
    /// Scripts.
    pub scripts: Vec<Script>,
    /// How Applications are rolled out.
    pub rollout: super::rollout::Rollout,
    /// Lists of values that replace others.
    pub overrides: Vec<super::layers::Override>,
    /// Manifests that cannot be read.
    pub broken: Vec<Evidence>,
    /// ApplicationSets that are no YAML before they are filled in.
    pub broken_sets: Vec<Evidence>,
    /// Where the Applications go, folders left out.
    pub targets: BTreeMap<AppId, Target>,
    /// AppProjects in effect.
    pub projects: Vec<Project>,
    /// The names of AppProjects that files declare, in effect or not.
    pub declared_projects: BTreeSet<String>,
    /// The names of Namespaces that files declare, in effect or not.
    pub declared_namespaces: BTreeSet<String>,
    /// What manifests make that nobody brings, by kind, namespace (empty where none is written) and name.
    pub unmanaged: BTreeSet<(String, String, String)>,
    /// Whether Argo CD's settings let projects inherit from others, which is not followed.
    pub global_projects: bool,
    /// What Argo CD would fail on.
    pub defects: Vec<Defect>,
    /// The values files of this repository that Applications name.
    pub values_files: Vec<NamedFile>,
    /// Secrets that the configuration says come from elsewhere.
    pub external: BTreeSet<(String, String)>,
    pub(super) schema_ids: BTreeMap<(String, Option<String>), Vec<SchemaId>>,
    pub(super) secret_ids: BTreeMap<(Keeper, Word, Word), SecretId>,
    pub(super) producer_ids: BTreeMap<&'static str, BTreeMap<Word, InNamespaces>>,
}

impl Facts {
    /// Whether what two Applications bring may meet in one cluster.
    pub fn may_share_cluster(&self, a: AppId, b: AppId) -> bool {
        match (self.targets.get(&a), self.targets.get(&b)) {
            (Some(one), Some(other)) => one.cluster.may_be(&other.cluster),
            _ => true,
        }
    }

    /// The id of a Secret of the cluster; a new record where there is none yet.
    pub fn secret(&mut self, namespace: &Word, name: &Word) -> SecretId {
        self.credential(Keeper::Cluster, namespace, name)
    }

    /// The id of a credential, wherever it is kept; a new record where there is none yet.
    pub fn credential(&mut self, keeper: Keeper, namespace: &Word, name: &Word) -> SecretId {
        let key = (keeper, namespace.clone(), name.clone());
        let next = SecretId(self.secrets.len());
        let id = *self.secret_ids.entry(key).or_insert(next);
        if id == next {
            self.secrets.push(Secret {
                keeper,
                namespace: namespace.clone(),
                name: name.clone(),
                database: None,
                admin: None,
                vendor: None,
                database_keys: Keyed::default(),
                admin_keys: Keyed::default(),
                vendor_keys: Keyed::default(),
            });
        }
        id
    }

    /// What makes a Secret, ConfigMap, account or claim in a namespace. A namespace that nobody named (`""`) fits all.
    pub fn producers_of(&self, kind: &'static str, namespace: &str, name: &str) -> impl Iterator<Item = &Producer> {
        let named = self.producer_ids.get(kind).and_then(|names| names.get(name)).map_or(&[][..], Vec::as_slice);
        let mut at: Vec<usize> = if namespace.is_empty() {
            named.iter().map(|(_, at)| *at).collect()
        } else {
            let known = [namespace, "", "*"].into_iter().flat_map(|within| {
                let first = named.partition_point(|(known, _)| known.as_str() < within);
                named[first..].iter().take_while(move |(known, _)| known == within)
            });
            known.map(|(_, at)| *at).collect()
        };
        at.sort_unstable();
        at.into_iter().map(|at| &self.producers[at])
    }
}
