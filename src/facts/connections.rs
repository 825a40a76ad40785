//! Which databases a container talks to: URLs, host and name variables, files of settings, and, failing all that, the
//! credentials it holds. On a migrator that is a claim, elsewhere a use.

use std::collections::BTreeMap;

use super::databases::{Place, Servers, schema};
use super::objects::Objects;
use super::{
    Claim, Container, EnvHolds, Facts, Keeper, Mechanism, Migrator, MigratorId, SchemaId, Sources, Use, Way, Workload,
    WorkloadId, addresses, evidence, frameworks, places,
};
use crate::catalog::{Embedded, Setting, Sureness};
use crate::finding::{Certainty, Evidence};
use crate::k8s::database;
use crate::k8s::text::Text;
use crate::sql::DatabaseUrl;
use crate::yaml::Origin;

/// A database that something names.
#[derive(Debug, Clone)]
struct Connection {
    host: String,
    database: String,
    schema: Option<String>,
    evidence: Evidence,
    by_credential: bool,
}

/// Records claims and uses.
pub fn collect(sources: &Sources, objects: &Objects, facts: &mut Facts) {
    let servers = Servers::of(objects, facts);
    let seat = |(at, migrator): (usize, &Migrator)| Some(((migrator.workload?, migrator.container?), at));
    let seats: BTreeMap<(WorkloadId, usize), usize> = facts.migrators.iter().enumerate().filter_map(seat).collect();
    let workloads = std::mem::take(&mut facts.workloads);
    for (at, workload) in workloads.iter().enumerate() {
        if workload.database_server {
            continue;
        }
        for (position, container) in workload.containers.iter().enumerate() {
            let migrator = seats.get(&(WorkloadId(at), position)).copied();
            let mut connections = explicit(sources, objects, container);
            let settings = migrator.map(|m| facts.migrators[m].settings.clone()).unwrap_or_default();
            connections.extend(by_settings(sources, facts, &settings));
            connections.extend(migrator.and_then(|m| by_command(&facts.migrators[m].told, &connections)));
            if connections.is_empty() {
                connections = by_credentials(facts, workload, position);
            }
            let migrated = migrator.map(|migrator| match facts.migrators[migrator].framework {
                None => std::mem::take(&mut connections),
                Some(framework) => of_framework(facts, workload, position, framework, &mut connections),
            });
            let place = |connection: Connection| (place(facts, &servers, workload, &connection.host), connection);
            let used: Vec<(Place, Connection)> = connections.into_iter().map(place).collect();
            let migrated: Vec<(Place, Connection)> = migrated.into_iter().flatten().map(place).collect();
            if let Some(migrator) = migrator {
                facts.migrators[migrator].explicit = migrated.iter().any(|(_, connection)| !connection.by_credential);
                let told = Told::of(&facts.migrators[migrator], container);
                for (place, connection) in migrated {
                    for id in schemas(sources, facts, &place, &connection, &told) {
                        claim(facts, MigratorId(migrator), id, &connection, told.history.clone());
                    }
                }
            }
            for (place, connection) in used {
                let id = schema(sources, facts, &place, &connection.database, connection.schema.as_deref());
                let known = |usage: &&Use| usage.workload == WorkloadId(at) && usage.schema == id;
                if facts.uses.iter().rev().take(64).find(known).is_none() {
                    facts.uses.push(Use { workload: WorkloadId(at), schema: id, evidence: connection.evidence });
                }
            }
        }
    }
    facts.workloads = workloads;
    operators(sources, objects, facts, &servers);
    of_vendors(facts);
}

fn place(facts: &Facts, servers: &Servers, workload: &Workload, host: &str) -> Place {
    let namespace = facts.objects[workload.object.0].namespace.clone();
    Place {
        server: servers.resolve(host, &namespace),
        scope: namespace,
        environment: facts.apps[workload.app.0].environment.clone(),
    }
}

/// Takes out of an application's connections those whose database its framework's tool migrates.
fn of_framework(
    facts: &Facts,
    workload: &Workload,
    position: usize,
    framework: &Embedded,
    connections: &mut Vec<Connection>,
) -> Vec<Connection> {
    let all = connections.iter().map(|connection| connection.database.as_str()).collect();
    let own = frameworks::own(facts, workload, position, framework, all);
    let is_own = |connection: &Connection| own.contains(&connection.database);
    let (mut migrated, used): (Vec<_>, Vec<_>) = std::mem::take(connections).into_iter().partition(is_own);
    *connections = used;
    if migrated.is_empty() {
        migrated = by_credentials(facts, workload, position);
        migrated.retain(is_own);
    }
    migrated
}

/// What a tool was told of schemas, in the settings of Flyway or those of its own.
struct Told {
    schemas: Option<String>,
    history: Option<String>,
}

impl Told {
    fn of(migrator: &Migrator, container: &Container) -> Self {
        let of_flyway = |name: &str| migrator.settings.iter().find(|setting| setting.name == name);
        let flyway = |name: &str| of_flyway(name).map(|setting| setting.value.to_string());
        let own = |wanted: Setting| {
            let argument =
                migrator.told.iter().find(|(setting, ..)| *setting == wanted).map(|(_, text, _)| text.clone());
            let variable = || {
                container.env.iter().find_map(|variable| match &variable.value {
                    EnvHolds::Text(text) if migrator.tool?.setting_of_env(&variable.name) == Some(wanted) => {
                        Some(text.value.to_string())
                    }
                    _ => None,
                })
            };
            argument.or_else(variable).filter(|text| !text.is_empty())
        };
        let schemas = flyway("flyway.defaultSchema").or_else(|| flyway("flyway.schemas"));
        let schemas = schemas.or_else(|| own(Setting::Schemas)).map(|all| all.replace(' ', ""));
        Self { schemas, history: flyway("flyway.table").or_else(|| own(Setting::History)) }
    }
}

/// What is said outright: URLs anywhere, and host and name in variables of one family.
fn explicit(sources: &Sources, objects: &Objects, container: &Container) -> Vec<Connection> {
    let texts = container.env.iter().filter_map(|variable| match &variable.value {
        EnvHolds::Text(text) => Some((variable.name.as_str(), text)),
        _ => None,
    });
    let mut found: Vec<Connection> = Vec::new();
    for (name, text) in texts.clone() {
        found.extend(
            addresses::databases(&text.value)
                .into_iter()
                .filter_map(|url| by_url(sources, &url, &quoted(name), &text.origin)),
        );
    }
    for word in &container.words {
        let urls = addresses::located(&word.value);
        if urls.is_empty() {
            continue;
        }
        let parts = objects.parts(word);
        let of = |(range, url): (_, DatabaseUrl)| by_url(sources, &url, "the command", &parts.origin(range));
        found.extend(urls.into_iter().filter_map(of));
    }
    let texts: Vec<(&str, &Text)> = texts.collect();
    for (name, text) in &texts {
        let Some(family) = names_database(name, &text.value) else { continue };
        let host = texts.iter().find(|(other, _)| HOST_ENDS.iter().any(|end| other.strip_suffix(end) == Some(family)));
        found.push(Connection {
            host: host.map(|(_, text)| text.value.split(':').next().unwrap_or("").to_owned()).unwrap_or_default(),
            database: text.value.to_string(),
            schema: None,
            evidence: evidence(&text.origin, format!("variable `{name}` names database `{}`", text.value)),
            by_credential: false,
        });
    }
    let mut kept: Vec<Connection> = Vec::new();
    for connection in found {
        if !kept
            .iter()
            .any(|k| k.database == connection.database && k.host == connection.host && k.schema == connection.schema)
        {
            kept.push(connection);
        }
    }
    kept
}

/// How variables end that name a database, and a host; what stands before is their family.
const NAME_ENDS: &[&str] = &["DATABASE_NAME", "DB_NAME", "DBNAME", "DATABASE", "_DB"];
const HOST_ENDS: &[&str] = &[
    "DATABASE_HOST",
    "DB_HOST",
    "DB_HOSTNAME",
    "_HOST",
    "_HOSTNAME",
    "_ADDR",
    "HOST",
    "POSTGRES_SEEDS",
    "MYSQL_SEEDS",
];

/// Whether a variable names a database, and the beginning that it shares with its family.
fn names_database<'n>(name: &'n str, value: &str) -> Option<&'n str> {
    let family = NAME_ENDS.iter().find_map(|end| name.strip_suffix(end))?;
    let is_name = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) && !value.is_empty();
    // `KONG_DATABASE=off` and `DB=sqlite` name a kind of database, or none.
    let kind = [
        "off",
        "on",
        "none",
        "true",
        "false",
        "postgres",
        "postgresql",
        "pgsql",
        "mysql",
        "mariadb",
        "sqlite",
        "sqlite3",
    ];
    let says_kind = !name.ends_with("NAME") && kind.contains(&value.to_ascii_lowercase().as_str());
    (is_name && !says_kind && value.parse::<f64>().is_err() && super::secrets::is_database_word(name)).then_some(family)
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

fn by_url(sources: &Sources, url: &DatabaseUrl, name: &str, origin: &Origin) -> Option<Connection> {
    let database = url.database_name()?.to_owned();
    let origin = places::of_word(sources, origin, &database, "name");
    Some(Connection {
        host: url.host().unwrap_or_default().to_owned(),
        schema: url.schema_name().map(str::to_owned),
        evidence: evidence(&origin, format!("the URL in {name} names database `{database}`")),
        database,
        by_credential: false,
    })
}

/// What the tool's own settings say: `flyway.url`, and locations that are named after a database.
fn by_settings(sources: &Sources, facts: &Facts, settings: &[super::Setting]) -> Vec<Connection> {
    let mut found = Vec::new();
    for setting in settings {
        if setting.name == "flyway.url" {
            found.extend(
                setting.url.as_ref().and_then(|url| by_url(sources, url, &quoted(&setting.name), &setting.origin)),
            );
        }
        if setting.name == "flyway.locations" {
            for location in setting.value.split(',') {
                let Some(name) = location.trim().trim_end_matches('/').rsplit(['/', ':']).next() else { continue };
                let vendor = sources.catalog.vendor_of_database(name).is_some_and(|m| m.sureness > Sureness::Ambiguous);
                let declared =
                    facts.schemas.iter().any(|schema| schema.database == name && !schema.declared.is_empty());
                if vendor || declared {
                    found.push(Connection {
                        host: String::new(),
                        database: name.to_owned(),
                        schema: None,
                        evidence: Evidence {
                            certainty: Certainty::Inferred,
                            ..evidence(
                                &setting.origin,
                                format!("location `{}` is named after database `{name}`", location.trim()),
                            )
                        },
                        by_credential: false,
                    });
                }
            }
        }
    }
    found
}

/// The database and host that the command line names (`psql -h db -d orders`), unless a URL said it.
fn by_command(told: &[(Setting, String, Origin)], known: &[Connection]) -> Option<Connection> {
    let given = |wanted: Setting| {
        let is_plain = |text: &str| !text.contains(['$', '{', '/', ':']);
        told.iter().find(|(setting, text, _)| *setting == wanted && is_plain(text))
    };
    let (_, database, origin) = given(Setting::Database)?;
    if known.iter().any(|connection| connection.database == *database) {
        return None;
    }
    Some(Connection {
        host: given(Setting::Host).map(|(_, host, _)| host.clone()).unwrap_or_default(),
        database: database.clone(),
        schema: None,
        evidence: evidence(origin, format!("the command names database `{database}`")),
        by_credential: false,
    })
}

/// A shared job that says nothing migrates every database whose credential it holds.
fn by_credentials(facts: &Facts, workload: &Workload, position: usize) -> Vec<Connection> {
    let mut found: Vec<Connection> = Vec::new();
    for grant in &workload.grants {
        if grant.container != Some(position) || grant.way == Way::Pull {
            continue;
        }
        let secret = &facts.secrets[grant.secret.0];
        let Some(known) = secret.database_for(grant) else { continue };
        let Some(database) = &known.database else { continue };
        if found.iter().any(|c| c.database == *database) {
            continue;
        }
        let text = format!("it holds Secret `{}`, which opens database `{database}`", secret.name);
        found.push(Connection {
            host: String::new(),
            database: database.clone(),
            schema: None,
            evidence: Evidence {
                certainty: known.evidence.certainty.min(super::certainty(&grant.origin)),
                ..evidence(&grant.origin, text)
            },
            by_credential: true,
        });
    }
    found
}

/// The schemas of a connection: those that the settings name, else the URL's.
fn schemas(sources: &Sources, facts: &mut Facts, place: &Place, connection: &Connection, told: &Told) -> Vec<SchemaId> {
    let names: Vec<String> = match &told.schemas {
        Some(all) if !all.contains('$') => all.split(',').map(str::to_owned).collect(),
        _ => connection.schema.iter().cloned().collect(),
    };
    if names.is_empty() {
        return vec![schema(sources, facts, place, &connection.database, None)];
    }
    names.iter().map(|name| schema(sources, facts, place, &connection.database, Some(name))).collect()
}

fn claim(facts: &mut Facts, migrator: MigratorId, schema: SchemaId, connection: &Connection, history: Option<String>) {
    if let Some(known) = facts.claims.iter_mut().rev().take(64).find(|c| c.migrator == migrator && c.schema == schema) {
        known.evidence.push(connection.evidence.clone());
        known.by_credential &= connection.by_credential;
        return;
    }
    facts.claims.push(Claim {
        migrator,
        schema,
        history,
        evidence: vec![connection.evidence.clone()],
        by_credential: connection.by_credential,
    });
}

/// What operators' resources claim.
fn operators(sources: &Sources, objects: &Objects, facts: &mut Facts, servers: &Servers) {
    for at in 0..facts.migrators.len() {
        if facts.migrators[at].mechanism != Mechanism::Operator {
            continue;
        }
        let object = facts.objects[facts.migrators[at].object.0].clone();
        for migration in database::operator_migrations(objects.resource(facts.migrators[at].object)) {
            let by_secret = || {
                let (name, _) = migration.secrets.first()?;
                let id = facts.secret_ids.get(&(Keeper::Cluster, object.namespace.clone(), name.value.clone()))?;
                facts.secrets[id.0].database.as_ref()?.database.clone()
            };
            let Some(database) = migration.database.as_ref().map(|d| d.value.to_string()).or_else(by_secret) else {
                continue;
            };
            let place = Place {
                server: servers.resolve(migration.host.as_deref().unwrap_or(""), &object.namespace),
                scope: object.namespace.clone(),
                environment: facts.apps[object.app.0].environment.clone(),
            };
            let text = format!("{} `{}` names database `{database}`", object.kind, object.name);
            let connection = Connection {
                host: String::new(),
                schema: migration.schema.as_ref().map(|s| s.value.to_string()),
                evidence: evidence(&migration.origin, text),
                database: database.clone(),
                by_credential: false,
            };
            let id = schema(sources, facts, &place, &database, connection.schema.as_deref());
            claim(facts, MigratorId(at), id, &connection, None);
        }
    }
}

/// A database is a vendor's, whatever its name, when the vendor's own product migrates it.
fn of_vendors(facts: &mut Facts) {
    for claim in &facts.claims {
        let vendor = facts.migrators[claim.migrator.0].vendor;
        let schema = &mut facts.schemas[claim.schema.0];
        if schema.owner.is_none() {
            schema.vendor = schema.vendor.or(vendor);
        }
    }
}
