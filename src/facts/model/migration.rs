//! Records of migrations: who changes which schema, by what it is told, with which scripts.

use super::{AppId, MigratorId, ObjectId, SchemaId, WorkloadId};
use crate::catalog::{Embedded, Setting as ToolSetting, Tool, Vendor};
use crate::finding::{Certainty, Evidence};
use crate::k8s::Word;
use crate::source::Span;
use crate::sql::DatabaseUrl;
use crate::yaml::Origin;

/// How a migrator works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// A Job, or a Pod or workflow like one.
    Job,
    /// A CronJob.
    CronJob,
    /// An init container.
    InitContainer,
    /// The application itself, when it starts.
    StartUp,
    /// An operator, told by a resource.
    Operator,
}

/// Something that changes schemas.
#[derive(Debug, Clone)]
pub struct Migrator {
    /// Its Application.
    pub app: AppId,
    /// The object it is.
    pub object: ObjectId,
    /// The workload, unless an operator does it.
    pub workload: Option<WorkloadId>,
    /// The container, by position.
    pub container: Option<usize>,
    /// How it works.
    pub mechanism: Mechanism,
    /// The tool, where it is known.
    pub tool: Option<&'static Tool>,
    /// The framework that runs the tool, where that is an application's and not a migration of its own.
    pub framework: Option<&'static Embedded>,
    /// The vendor whose product it is part of.
    pub vendor: Option<&'static Vendor>,
    /// Whether the SQL is given by hand rather than by a migration tool.
    pub ad_hoc: bool,
    /// What the command line tells the tool; never a credential.
    pub told: Vec<(ToolSetting, String, Origin)>,
    /// The settings by which the tool was told what to do, by Flyway's names (`flyway.baselineOnMigrate`).
    pub settings: Vec<Setting>,
    /// Whether it says itself which databases it migrates (else they follow from its credentials).
    pub explicit: bool,
    /// What says that it is one.
    pub evidence: Evidence,
}

impl Migrator {
    /// Whether it is a migration of the project's own that is no part of an application's start.
    pub fn is_first_party_job(&self) -> bool {
        self.vendor.is_none() && self.mechanism != Mechanism::StartUp
    }
}

/// A setting of a tool.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The tool's name of it.
    pub name: Word,
    /// What it says; empty where it is, or holds, a credential.
    pub value: Word,
    /// A database address, taken apart.
    pub url: Option<Box<DatabaseUrl>>,
    /// Where it is said.
    pub origin: Origin,
}

/// "This migrator changes this schema."
#[derive(Debug, Clone)]
pub struct Claim {
    /// Who.
    pub migrator: MigratorId,
    /// What.
    pub schema: SchemaId,
    /// The table it keeps its history in, where it is said.
    pub history: Option<String>,
    /// Why, the strongest first; at least one.
    pub evidence: Vec<Evidence>,
    /// Whether only a credential says so.
    pub by_credential: bool,
}

/// "This workload uses this schema", without migrating it.
#[derive(Debug, Clone)]
pub struct Use {
    /// Who.
    pub workload: WorkloadId,
    /// What.
    pub schema: SchemaId,
    /// Why.
    pub evidence: Evidence,
}

/// A schema of a database, or a database where no schema is named.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The server, as `name.namespace` or a host; empty where it is not known.
    pub server: String,
    /// The namespace from which it is meant, where the server is not known.
    pub scope: Word,
    /// The environment from which it is meant.
    pub environment: Option<Word>,
    /// The database.
    pub database: String,
    /// The schema, if it is not the default one.
    pub schema: Option<String>,
    /// The declarations of it (a CloudNativePG Database, say).
    pub declared: Vec<Evidence>,
    /// The vendor that the catalogue or the configuration gives it to.
    pub vendor: Option<&'static Vendor>,
    /// The owner that the configuration declares.
    pub owner: Option<String>,
}

impl Schema {
    /// The name for people: `keycloak`, or `platform.agents`.
    pub fn label(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{schema}", self.database),
            None => self.database.clone(),
        }
    }
}

/// A migration script that is kept in the repository or in a ConfigMap.
#[derive(Debug, Clone)]
pub struct Script {
    /// The set it belongs to: a folder, or a ConfigMap.
    pub set: String,
    /// The Application, for one in a ConfigMap.
    pub app: Option<AppId>,
    /// The file's name, or the ConfigMap's key.
    pub name: String,
    /// Its kind and version in one form (`V1.2`), for a versioned one.
    pub version: Option<String>,
    /// Why Flyway would not take it, if it would not.
    pub error: Option<String>,
    /// Where its name stands (the file's first character for a file).
    pub span: Span,
    /// How sure it is that Flyway reads it.
    pub certainty: Certainty,
}
