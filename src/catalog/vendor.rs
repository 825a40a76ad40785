//! Vendors: products that own a database schema, and the signs by which one is told.
//!
//! Matching never takes a part for the whole: every word of a name must be accounted for, so that
//! `keycloak-theme-api-db` is not Keycloak's.

use serde::Deserialize;

use super::pattern::{Fit, ImageRef, fits, words};

/// A product that brings and migrates its own schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Its short name in configuration and reports.
    pub id: String,
    /// Its name in sentences.
    pub name: String,
    /// Image repositories without registry.
    pub images: Vec<String>,
    /// Chart names.
    #[serde(default)]
    pub charts: Vec<String>,
    /// Custom resources whose operator runs it.
    #[serde(default)]
    pub resources: Vec<GroupKind>,
    /// Database names that say whose they are.
    pub databases: Vec<String>,
    /// Database names that count beside another sign only.
    #[serde(default)]
    pub ambiguous: Vec<String>,
    /// Environment names by which it is given its database.
    #[serde(default)]
    pub database_env: Vec<String>,
    /// What its database secrets are called after.
    #[serde(default)]
    pub words: Vec<String>,
    /// Whether `words` are ordinary words.
    #[serde(default)]
    pub common: bool,
    /// Names of database secrets that do not follow the usual shape.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Schemas it is known by.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// Tables it is known by.
    #[serde(default)]
    pub tables: Vec<String>,
    /// How it migrates.
    pub migrates: Vec<Migration>,
    /// `NAME=value` in its environment under which it has no schema at all.
    #[serde(default)]
    pub unless_env: Vec<String>,
    /// What a person does to migrate it.
    #[serde(default)]
    pub runbook: String,
    /// Its own documentation of it.
    #[serde(default)]
    pub docs: String,
    /// `words`, split once.
    #[serde(skip)]
    cores: Vec<Vec<String>>,
    /// `databases` without patterns, split once.
    #[serde(skip)]
    database_cores: Vec<Vec<String>>,
}

/// One way in which a vendor's schema is migrated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Who does it.
    pub when: When,
    /// How, in words that follow the vendor's name.
    #[serde(default)]
    pub how: String,
    /// The images that do it; empty means any of the vendor's.
    #[serde(default)]
    pub images: Vec<String>,
    /// Command words by which it is recognised.
    #[serde(default)]
    pub commands: Vec<String>,
    /// `NAME=value` that switches it off.
    #[serde(default)]
    pub switch: Option<String>,
    /// It happens only with one of these `NAME=value`.
    #[serde(default)]
    pub only_with: Vec<String>,
}

/// Who migrates a vendor's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The application itself, when it starts.
    Startup,
    /// A job of its chart.
    Hook,
    /// Its operator.
    Operator,
    /// An init container.
    InitContainer,
}

/// A kind of resource by its group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// How sure a sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sureness {
    /// A name that others use too: it counts beside another sign only.
    Ambiguous,
    /// It fits the shape of the vendor's names.
    Pattern,
    /// It is the vendor's name for it.
    Exact,
}

/// A vendor and how sure the sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'c> {
    /// The vendor.
    pub vendor: &'c Vendor,
    /// How sure.
    pub sureness: Sureness,
}

/// Words that say "database" in the name of a secret or database.
const DATABASE_WORDS: &[&str] = &[
    "db",
    "dbs",
    "database",
    "databases",
    "postgres",
    "postgresql",
    "pg",
    "pgsql",
    "pguser",
    "mysql",
    "mariadb",
    "sql",
    "cnpg",
    "jdbc",
    "dsn",
    "rds",
    "crdb",
    "cockroachdb",
    "clickhouse",
    "dburl",
    "pgcluster",
    "dbsecret",
    "dbpassword",
];

/// Words that say "credential" in the name of a secret.
const CREDENTIAL_WORDS: &[&str] = &[
    "credentials",
    "credential",
    "creds",
    "cred",
    "secret",
    "secrets",
    "auth",
    "user",
    "username",
    "password",
    "pass",
    "passwd",
    "pw",
    "env",
    "url",
    "uri",
    "dsn",
    "conn",
    "connection",
    "string",
    "app",
    "owner",
    "role",
    "access",
    "login",
    "config",
    "cluster",
    "sync",
    "external",
    "superuser",
    "admin",
    "root",
    "rw",
    "ro",
    "acid",
    "zalan",
    "do",
    "local",
];

/// Words that end the name of a database setting.
const SETTING_WORDS: &[&str] = &["host", "hostname", "port", "name", "schema", "sslmode", "file", "type", "server"];

/// Words that name a place or a layer and say nothing about whose it is.
const PLACE_WORDS: &[&str] = &[
    "prod",
    "production",
    "prd",
    "staging",
    "stage",
    "stg",
    "dev",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "local",
    "preview",
    "preprod",
    "demo",
    "main",
    "shared",
    "platform",
    "data",
    "infra",
    "infrastructure",
    "core",
    "system",
    "apps",
    "app",
    "foundation",
    "observability",
    "monitoring",
    "my",
    "the",
    "primary",
    "v1",
    "v2",
    "new",
    "store",
];

impl Vendor {
    /// How well an image fits.
    pub(super) fn image(&self, image: &ImageRef<'_>) -> Option<Sureness> {
        let best = self.images.iter().filter_map(|pattern| image.fits(pattern)).max()?;
        Some(if best == Fit::Exact { Sureness::Exact } else { Sureness::Pattern })
    }

    /// Spells and splits what every question needs so.
    pub(super) fn prepare(&mut self) {
        self.databases.iter_mut().chain(&mut self.ambiguous).for_each(|name| *name = spelled(name));
        self.cores = self.words.iter().map(|word| words(word)).collect();
        self.database_cores = self.databases.iter().filter(|it| !it.contains('*')).map(|it| words(it)).collect();
    }

    /// How well a database's name fits, as [`spelled`]; `all` are its words.
    pub(super) fn database(&self, name: &str, all: &[String]) -> Option<Sureness> {
        if self.databases.iter().any(|known| known == name) {
            return Some(Sureness::Exact);
        }
        if self.ambiguous.iter().any(|known| known == name) {
            return Some(Sureness::Ambiguous);
        }
        let shaped = self.databases.iter().any(|known| known.contains('*') && fits(known, name));
        let dressed = self.database_cores.iter().any(|core| {
            within(all, core).any(|at| {
                let (before, after) = (&all[..at], &all[at + core.len()..]);
                before.iter().chain(after).all(|w| is_one_of(w, PLACE_WORDS) || is_one_of(w, DATABASE_WORDS))
            })
        });
        (shaped || dressed).then_some(Sureness::Pattern)
    }

    /// How well the name of a database credential (in lower case) fits; names of other secrets do not.
    pub(super) fn secret(&self, lower: &str, all: &[String]) -> Option<Sureness> {
        let listed = self.secrets.iter().any(|pattern| fits(pattern, lower));
        let mut best = listed.then_some(Sureness::Pattern);
        for core in &self.cores {
            for at in within(all, core) {
                let (before, after) = (&all[..at], &all[at + core.len()..]);
                let says_database = all.iter().any(|w| is_one_of(w, DATABASE_WORDS));
                let known = |w: &String| {
                    is_one_of(w, DATABASE_WORDS)
                        || is_one_of(w, CREDENTIAL_WORDS)
                        || is_one_of(w, PLACE_WORDS)
                        || core.contains(w)
                        || w.chars().all(|c| c.is_ascii_digit())
                };
                let accounted = after.iter().all(known) && (!self.common || before.iter().all(known));
                if says_database && accounted {
                    let said = |w: &String| is_one_of(w, CREDENTIAL_WORDS) || !is_one_of(w, PLACE_WORDS);
                    let whole = before.is_empty() && after.iter().all(said);
                    best = best.max(Some(if whole { Sureness::Exact } else { Sureness::Pattern }));
                }
            }
        }
        best
    }

    /// How well an environment name fits.
    pub(super) fn env(&self, name: &str, all: &[String]) -> Option<Sureness> {
        if self.database_env.iter().any(|known| known == name) {
            return Some(Sureness::Exact);
        }
        let shaped = self.database_env.iter().any(|known| known.contains('*') && fits(known, name));
        let named = self.cores.iter().any(|core| {
            all.starts_with(core)
                && all[core.len()..].iter().any(|w| is_one_of(w, DATABASE_WORDS))
                && all[core.len()..].iter().all(|w| {
                    is_one_of(w, DATABASE_WORDS) || is_one_of(w, CREDENTIAL_WORDS) || is_one_of(w, SETTING_WORDS)
                })
        });
        (shaped || named).then_some(Sureness::Pattern)
    }
}

/// Database names are compared without regard to case and to `-` or `_`.
/// A database's name as it is compared: in lower case, with `_`.
pub(super) fn spelled(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.contains(&word)
}

/// Where `core` stands in `all`, in one piece.
fn within<'a>(all: &'a [String], core: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    let room = if core.is_empty() { 0 } else { (all.len() + 1).saturating_sub(core.len()) };
    (0..room).filter(move |&at| all[at..at + core.len()] == *core)
}
