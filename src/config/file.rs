//! What `schemaward.yaml` may say: the file as it is written, and its JSON schema. What it means is `config`'s.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_yaml::Spanned;

/// The configuration of schemaward, `schemaward.yaml` at the repository's root. All of it is optional.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "schemaward configuration")]
pub struct File {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<u32>,
    /// Globs of paths that do not count, from the repository's root; `**` crosses folders.
    pub ignore: Vec<String>,
    /// Environments by name, each with what tells that something belongs to it.
    pub environments: BTreeMap<String, Environment>,
    /// Who owns which schema.
    pub owners: Vec<Owner>,
    /// What exists without being in the repository.
    pub external: External,
    /// Severities that differ from a rule's own, by rule id.
    #[schemars(with = "BTreeMap<String, Level>")]
    pub severities: BTreeMap<String, Spanned<Level>>,
    /// Findings that are known and accepted.
    pub allow: Vec<Allow>,
    /// Differences between the environments of a component that are meant.
    pub differences: Vec<Difference>,
    /// Other repositories, by where a copy of them is.
    pub repositories: Vec<Repository>,
    /// Folders of charts, from the repository's root: `name-version.tgz` or unpacked.
    pub charts: Vec<String>,
    /// Clusters that Argo CD knows, for cluster generators.
    pub clusters: Vec<Cluster>,
    /// Parameters to take for generators whose answers are not in Git.
    pub generators: Vec<Sample>,
    /// Versions to emulate, where the command line names none.
    pub emulate: Emulate,
}

/// What tells that something belongs to an environment. One that matches is enough.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Labels of an Application, with globs of their values.
    pub labels: BTreeMap<String, String>,
    /// Globs of destination namespaces.
    pub namespaces: Vec<String>,
    /// Globs of destination clusters, by name or server.
    pub clusters: Vec<String>,
    /// Globs of paths.
    pub paths: Vec<String>,
}

/// The owner of a database or of a schema in it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// A glob of database names; every database if it is not given.
    pub database: Option<String>,
    /// A glob of schema names; every schema if it is not given.
    pub schema: Option<String>,
    /// The owner: an Application, a component, a vendor of the catalogue.
    pub owner: String,
}

/// What exists without being in the repository.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct External {
    /// Secrets that something outside the repository makes.
    pub secrets: Vec<ExternalSecret>,
    /// Globs of host names that something outside the repository answers.
    pub services: Vec<String>,
}

/// Secrets that something outside the repository makes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalSecret {
    /// A glob of names.
    pub name: String,
    /// A glob of namespaces; every one if it is not given.
    pub namespace: Option<String>,
    /// The keys it has; any key if none is given.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Who makes it, for people.
    pub by: Option<String>,
}

/// A severity, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Wrong.
    Error,
    /// Likely to hurt.
    Warning,
    /// Worth knowing.
    Info,
    /// Reported as suppressed.
    Off,
}

/// A finding that is known and accepted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// The rule's id.
    #[schemars(with = "String")]
    pub rule: Spanned<String>,
    /// What the finding is about, by role (`schema`, `secret`, `hook`, ...), as globs; all must match.
    #[serde(default)]
    pub subject: BTreeMap<String, String>,
    /// A glob of the path of a piece of its evidence.
    pub path: Option<String>,
    /// Why it is accepted.
    #[schemars(with = "String", length(min = 1))]
    pub reason: Spanned<String>,
    /// The last day on which it is, as YYYY-MM-DD.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub expires: Option<Spanned<String>>,
}

/// A difference between the environments of a component that is meant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// A glob of component names: an Application's name without its environment's.
    #[schemars(with = "String")]
    pub component: Spanned<String>,
    /// What may differ; everything if it is not given.
    #[serde(default)]
    pub aspects: Vec<Aspect>,
    /// Globs of the environments that may differ from the others; every one if none is given.
    #[serde(default)]
    pub environments: Vec<String>,
    /// Why it is meant.
    #[schemars(with = "String", length(min = 1))]
    pub reason: Spanned<String>,
}

/// What may differ between the environments of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// The database credentials that it holds, and those of its hooks.
    Credentials,
    /// Where it stands in the rollout.
    Phase,
    /// What it runs at sync time.
    Hooks,
}

impl Aspect {
    /// The public name: `credentials`, `phase`, `hooks`.
    pub fn name(self) -> &'static str {
        match self {
            Aspect::Credentials => "credentials",
            Aspect::Phase => "phase",
            Aspect::Hooks => "hooks",
        }
    }
}

/// Another repository, by where a copy of it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// Its address, as sources name it.
    pub url: String,
    /// A folder, from the one of the configuration; `.` says that the address is this repository's own. One outside the
    /// repository counts only in a configuration outside the repository.
    pub path: String,
    /// The only revision that the copy stands for, as `targetRevision` says it; any, if it is not given.
    pub revision: Option<String>,
}

impl Repository {
    /// Whether the address is this repository's own.
    pub fn is_this(&self) -> bool {
        self.path == "."
    }
}

/// A cluster that Argo CD knows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The address of its API.
    pub server: Option<String>,
    /// Labels of its Secret.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of its Secret.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// Parameters to take for a generator whose answers are not in Git (pull requests, SCM providers, plugins).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// A glob of names of ApplicationSets.
    pub applicationset: String,
    /// The generator (`pullRequest`, `scmProvider`, `plugin`, ...); every such one if it is not given.
    pub generator: Option<String>,
    /// Sets of parameters, each as the generator would give it.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub parameters: Vec<BTreeMap<String, serde_json::Value>>,
}

/// Versions to emulate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Emulate {
    /// Argo CD.
    pub argocd: Option<String>,
    /// Helm's major version.
    pub helm: Option<String>,
    /// Kubernetes.
    pub kubernetes: Option<String>,
}
