//! What a Secret is for: which database it opens, whose that is, and whether it is an administrator's.
//!
//! Told by what makes it, by the variables that it feeds, and, weakest, by its name.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::Objects;
use super::{DatabaseCredential, EnvFact, EnvHolds, Facts, Secret, SecretId, Sources, Way, evidence};
use crate::catalog::{Sureness, Vendor};
use crate::finding::{Certainty, Evidence};
use crate::k8s::{Word, database};
use crate::sql::parse_url;
use crate::yaml::Origin;

/// Completes the records of Secrets.
pub fn classify(sources: &Sources, objects: &Objects, facts: &mut Facts) {
    by_declaration(objects, facts);
    by_variable(sources, facts);
    by_name(sources, facts);
    let elsewhere = facts.secrets.iter().filter(|s| sources.config.external_secret(&s.namespace, &s.name).is_some());
    facts.external = elsewhere.map(|secret| (secret.namespace.to_string(), secret.name.to_string())).collect();
}

fn by_declaration(objects: &Objects, facts: &mut Facts) {
    for (id, resource) in objects.iter() {
        let namespace = facts.objects[id.0].namespace.clone();
        let what = format!("{} `{}`", resource.kind(), resource.name());
        for declared in database::declared(resource) {
            for secret in &declared.secrets {
                let role = declared.owner.as_ref().map(|o| o.value.to_string());
                let text = format!("{what} gives it for database `{}`", declared.database.value);
                let said = evidence(&secret.name.origin, text);
                let id = facts.secret(&namespace, &secret.name.value);
                opens(facts, id, None, Some(declared.database.value.to_string()), role, said);
            }
        }
        if let Some(superuser) = database::server(resource).and_then(|server| server.superuser) {
            let id = facts.secret(&namespace, &superuser.name.value);
            let said = evidence(&superuser.name.origin, format!("it is the superuser's of {what}"));
            administers(facts, id, None, &said);
            opens(facts, id, None, None, Some("postgres".to_owned()), said);
        }
        for role in database::managed_roles(resource) {
            let Some(secret) = role.secret else { continue };
            let id = facts.secret(&namespace, &secret.value);
            let said =
                evidence(&secret.origin, format!("{what} takes the password of role `{}` from it", role.name.value));
            if role.superuser {
                administers(facts, id, None, &said);
            }
            opens(facts, id, None, None, Some(role.name.value.to_string()), said);
        }
    }
}

/// Notes that a Secret is an administrator's; what was known before stays.
fn administers(facts: &mut Facts, id: SecretId, key: Option<&Word>, said: &Evidence) {
    facts.secrets[id.0].admin_keys.add(key);
    facts.secrets[id.0].admin.get_or_insert_with(|| said.clone());
}

/// Notes that a Secret, or one key of it, opens a database; what was known before stays.
fn opens(
    facts: &mut Facts,
    id: SecretId,
    key: Option<&Word>,
    database: Option<String>,
    role: Option<String>,
    said: Evidence,
) {
    facts.secrets[id.0].database_keys.add(key);
    let known = &mut facts.secrets[id.0].database;
    match known {
        None => *known = Some(DatabaseCredential { database, role, evidence: said }),
        Some(known) => {
            known.database = known.database.take().or(database);
            known.role = known.role.take().or(role);
        }
    }
}

/// A Secret that feeds `KC_DB_PASSWORD` of Keycloak itself is Keycloak's; one that feeds `DB_PASSWORD` opens a database.
fn by_variable(sources: &Sources, facts: &mut Facts) {
    let mut seen = Vec::new();
    let mut guessed_vendors = Vec::new();
    let others = passwords_of_others(sources, facts);
    for workload in &facts.workloads {
        for container in &workload.containers {
            for variable in &container.env {
                let EnvHolds::Secret(secret, key) = &variable.value else { continue };
                let named = sources.catalog.vendor_of_env(&variable.name).filter(|m| m.sureness == Sureness::Exact);
                let own = workload.vendor.zip(named).filter(|(vendor, m)| vendor.id == m.vendor.id).map(|(v, _)| v);
                let database = is_database_word(&variable.name) || is_database_word(key);
                if own.is_none() && !database {
                    continue;
                }
                let said = evidence(&variable.origin, format!("variable `{}` takes its key `{key}`", variable.name));
                guessed_vendors.extend(by_name_and_key(sources, facts, *secret, key, &variable.origin));
                let admin = sources.catalog.is_admin_key(&variable.name)
                    || (sources.catalog.is_admin_key(key) && !others.contains(&(*secret, key.clone())));
                seen.push((*secret, key.clone(), own, variable.name.clone(), said, admin));
            }
        }
    }
    for (id, key, vendor, variable, said, admin) in seen {
        let guessed = Evidence { certainty: Certainty::Inferred, ..said.clone() };
        if let Some(vendor) = vendor {
            facts.secrets[id.0].vendor_keys.add(Some(&key));
            facts.secrets[id.0].vendor.get_or_insert((vendor, said.clone()));
        }
        if admin {
            administers(facts, id, Some(&key), &said);
        }
        // A product's own variable is named after the product, not after a database.
        let database = database_before_word(&variable).filter(|_| vendor.is_none());
        opens(facts, id, Some(&key), database, None, guessed);
    }
    for (id, key, vendor, said) in guessed_vendors {
        let known = facts.secrets[id.0].vendor.get_or_insert((vendor, said));
        if known.0.id == vendor.id {
            facts.secrets[id.0].vendor_keys.add(Some(&key));
        }
    }
}

/// The vendor whose database a key opens, by the Secret's name and the key's together: `keycloak-secrets` says whose it is, and
/// `database_password` what for.
fn by_name_and_key(
    sources: &Sources,
    facts: &Facts,
    secret: SecretId,
    key: &Word,
    origin: &Origin,
) -> Option<(SecretId, Word, &'static Vendor, Evidence)> {
    let name = &facts.secrets[secret.0].name;
    let credential = is_database_word(key) && sources.catalog.is_credential_name(key);
    let both = credential.then(|| format!("{name}-{key}"))?;
    let found = sources.catalog.vendor_of_secret_name(&both).filter(|m| m.sureness > Sureness::Ambiguous)?;
    let text = format!("by its name and key `{key}`, `{name}` opens a database of {}", found.vendor.name);
    let said = Evidence { certainty: Certainty::Inferred, ..evidence(origin, text) };
    Some((secret, key.clone(), found.vendor, said))
}

/// The keys that are called after the server's product alone (`postgres-password`) and stand beside a user who is no
/// administrator, wherever they are read.
fn passwords_of_others(sources: &Sources, facts: &Facts) -> BTreeSet<(SecretId, Word)> {
    let mut others = BTreeSet::new();
    for container in facts.workloads.iter().flat_map(|workload| &workload.containers) {
        let mut users = container.env.iter().filter_map(|variable| user(sources, variable)).peekable();
        if users.peek().is_none() || users.any(|admin| admin) {
            continue;
        }
        let read = || {
            container.env.iter().filter_map(|variable| match &variable.value {
                EnvHolds::Secret(secret, key) => Some((*secret, key)),
                _ => None,
            })
        };
        for (secret, key) in read().filter(|(_, key)| sources.catalog.is_product_key(key)) {
            // The user's may be another password of the Secret.
            let is_other = |(of, other): (SecretId, &Word)| {
                of == secret && other != key && other.to_ascii_lowercase().contains("pass")
            };
            if !read().any(is_other) {
                others.insert((secret, key.clone()));
            }
        }
    }
    others
}

/// Whether the user that a variable says is an administrator; nothing where it says none.
fn user(sources: &Sources, variable: &EnvFact) -> Option<bool> {
    let name = variable.name.to_ascii_uppercase();
    let named = (name.ends_with("USER") || name.ends_with("USERNAME")) && is_database_word(&variable.name);
    match &variable.value {
        EnvHolds::Text(text) => {
            let of_url = || parse_url(&text.value)?.user?.text;
            let user = if named { Some(text.value.to_string()) } else { of_url() };
            let written = user.filter(|user| !user.is_empty() && !user.contains('$'));
            written.map(|user| sources.catalog.is_admin_user(&user))
        }
        // Secrets of charts that have an administrator's password name no user.
        EnvHolds::Secret(..) if named => Some(false),
        _ => None,
    }
}

fn by_name(sources: &Sources, facts: &mut Facts) {
    let mut read: BTreeMap<SecretId, Origin> = BTreeMap::new();
    for grant in facts.workloads.iter().flat_map(|w| &w.grants).filter(|g| g.way != Way::Pull) {
        read.entry(grant.secret).or_insert_with(|| grant.origin.clone());
    }
    for at in 0..facts.secrets.len() {
        let secret = &facts.secrets[at];
        let made = facts.producers_of("Secret", &secret.namespace, &secret.name).next().map(|p| &p.origin);
        let Some(origin) = read.get(&SecretId(at)).or(made).cloned() else { continue };
        let name = secret.name.clone();
        let said = |text: &str| Evidence { certainty: Certainty::Inferred, ..evidence(&origin, text) };
        let vendor = sources.catalog.vendor_of_secret_name(&name).filter(|m| m.sureness > Sureness::Ambiguous);
        if let Some(found) = vendor {
            let text = format!("by its name `{name}` opens a database of {}", found.vendor.name);
            facts.secrets[at].vendor_keys.add(None);
            facts.secrets[at].vendor.get_or_insert((found.vendor, said(&text)));
        }
        if is_database_word(&name) {
            let text = format!("by its name `{name}` opens a database");
            let database = database_before_word(&name).filter(|guess| fits_role(&facts.secrets[at], guess));
            opens(facts, SecretId(at), None, database, None, said(&text));
        }
        if sources.catalog.is_admin_secret(&name) {
            administers(facts, SecretId(at), None, &said("by its name it is a superuser's"));
        }
    }
    let vendors: Vec<_> = facts.secrets.iter().map(|s| s.database.as_ref().and_then(|d| d.database.clone())).collect();
    for (at, database) in vendors.into_iter().enumerate() {
        let Some(found) = database.as_deref().and_then(|d| sources.catalog.vendor_of_database(d)) else { continue };
        let secret = &mut facts.secrets[at];
        if let (None, Some(known), true) = (&secret.vendor, &secret.database, found.sureness > Sureness::Ambiguous) {
            secret.vendor = Some((found.vendor, known.evidence.clone()));
            secret.vendor_keys = secret.database_keys.clone();
        }
    }
}

/// Whether the database in a Secret's name may be the one that it opens: a server that says whose password it is knows better
/// than the name (`shop-postgresql-billing` of role `billing`), save for one who may open every database, and a role that is called
/// after what it does (`migrator`).
fn fits_role(secret: &Secret, guess: &str) -> bool {
    let role = secret.database.as_ref().and_then(|known| known.role.as_deref());
    role.is_none_or(|role| {
        let words = words(role);
        let is_task = words.iter().all(|word| TASK_WORDS.contains(&word.as_str()));
        let role = words.join("_");
        is_task
            || secret.admin.is_some()
            || role.strip_prefix(guess).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

/// Of what roles are called that are there for a task, in whatever database.
const TASK_WORDS: &[&str] = &[
    "app",
    "application",
    "owner",
    "user",
    "admin",
    "migrate",
    "migrator",
    "migration",
    "migrations",
    "flyway",
    "liquibase",
    "reader",
    "writer",
    "readonly",
    "readwrite",
    "read",
    "write",
    "only",
    "ro",
    "rw",
];

const DATABASE_WORDS: &[&str] = &[
    "db",
    "dbname",
    "database",
    "postgres",
    "postgresql",
    "pg",
    "pgsql",
    "mysql",
    "mariadb",
    "jdbc",
    "datasource",
    "cnpg",
    "flyway",
];

/// Stores without a schema that anybody migrates.
const OTHER_STORES: &[&str] = &[
    "mongodb",
    "mongo",
    "redis",
    "valkey",
    "elasticsearch",
    "opensearch",
    "influxdb",
    "influx",
    "memcached",
    "etcd",
    "couchdb",
];

/// The words of a name: `AGENTS_RUNTIME_DB` and `agents-runtime-db` are agents, runtime, db.
fn words(name: &str) -> Vec<String> {
    let split = name.split(|c: char| !c.is_ascii_alphanumeric());
    split.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// Whether a name says that it is about a database.
pub fn is_database_word(name: &str) -> bool {
    let words = words(name);
    let elsewhere = words.iter().any(|word| OTHER_STORES.contains(&word.as_str()));
    !elsewhere
        && words.iter().any(|word| {
            DATABASE_WORDS.contains(&word.as_str()) || matches!(&**word, "pgpassword" | "pguser" | "pgdatabase")
        })
}

/// The words before the one that says database: `agents-runtime-db-secret` is about `agents_runtime`.
fn database_before_word(name: &str) -> Option<String> {
    if name.contains(['$', '{', '<']) {
        return None;
    }
    let words = words(name);
    let at = words.iter().position(|word| DATABASE_WORDS.contains(&word.as_str()))?;
    // A framework and its pool stand for the access to a database, not for one.
    let named = words[..at].iter().rposition(|word| !FRAMEWORK_WORDS.contains(&word.as_str()))? + 1;
    Some(words[..named].join("_"))
}

const FRAMEWORK_WORDS: &[&str] = &["hikari", "hikaricp", "spring", "quarkus", "micronaut", "pool"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_database() {
        assert_eq!(database_before_word("platform-db-credentials").as_deref(), Some("platform"));
        assert_eq!(database_before_word("AGENTS_RUNTIME_DATABASE_URL").as_deref(), Some("agents_runtime"));
        assert_eq!(database_before_word("ORDERS_HIKARI_JDBC_URL").as_deref(), Some("orders"));
        assert_eq!(database_before_word("SPRING_DATASOURCE_URL"), None);
        assert_eq!(database_before_word("db-credentials"), None);
        assert_eq!(database_before_word("stripe-api-key"), None);
        assert!(is_database_word("PGPASSWORD"));
        assert!(!is_database_word("temporal-api-key"));
    }
}
