//! Databases: the servers, databases and roles that operators' resources declare, and the resources that migrate schemas.

use super::text::Text;
use super::{Resource, Word};
use crate::yaml::{Node, Origin};

/// A database that a resource declares.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The resource that stands for the server, by name, in the declaring resource's namespace.
    pub server: Text,
    /// The database.
    pub database: Text,
    /// The role that owns it.
    pub owner: Option<Text>,
    /// Secrets with credentials of it that come with the declaration or are named by it, with the role they are for.
    pub secrets: Vec<DatabaseSecret>,
}

/// A Secret with a database credential.
#[derive(Debug, Clone)]
pub struct DatabaseSecret {
    /// Its name.
    pub name: Text,
    /// Whether it is a superuser's.
    pub superuser: bool,
    /// Whether the operator makes it, rather than reads it.
    pub made: bool,
}

/// A server that a resource declares, with the host names of its Services.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name.
    pub name: Text,
    /// Host names of its Services, without namespace.
    pub hosts: Vec<String>,
    /// The superuser's Secret, if one is made or named.
    pub superuser: Option<DatabaseSecret>,
}

/// Reads the server that a resource stands for.
pub fn server(resource: &Resource) -> Option<Server> {
    let node = &resource.node;
    let name = Text::named(node)?;
    let host = |suffix: &str| format!("{}{suffix}", name.value);
    match (resource.group(), resource.kind()) {
        ("postgresql.cnpg.io", "Cluster") => {
            Some(Server { hosts: vec![host("-rw"), host("-ro"), host("-r")], superuser: superuser(node, &name), name })
        }
        ("acid.zalan.do", "postgresql") => Some(Server {
            hosts: vec![name.value.to_string(), host("-repl"), host("-pooler")],
            superuser: Some(DatabaseSecret {
                name: derived(&name, format!("postgres.{}.credentials.postgresql.acid.zalan.do", name.value)),
                superuser: true,
                made: true,
            }),
            name,
        }),
        ("postgres-operator.crunchydata.com", "PostgresCluster") => Some(Server {
            hosts: vec![host("-primary"), host("-replicas"), host("-ha"), host("-pgbouncer")],
            superuser: None,
            name,
        }),
        _ => None,
    }
}

fn superuser(node: &Node, name: &Text) -> Option<DatabaseSecret> {
    let spec = node.get("spec")?;
    if spec.get("enableSuperuserAccess").and_then(Node::as_bool) != Some(true) {
        return None;
    }
    let given = Text::at(spec, &["superuserSecret", "name"]);
    let made = given.is_none();
    let name = given.unwrap_or_else(|| derived(name, format!("{}-superuser", name.value)));
    Some(DatabaseSecret { name, superuser: true, made })
}

/// A name that follows from another one, shown where that one stands.
fn derived(from: &Text, value: impl Into<Word>) -> Text {
    Text { value: value.into(), origin: from.origin.clone() }
}

/// Reads the databases that a resource declares.
pub fn declared(resource: &Resource) -> Vec<Declared> {
    match (resource.group(), resource.kind()) {
        ("postgresql.cnpg.io", "Cluster") => cnpg_cluster(&resource.node).into_iter().collect(),
        ("postgresql.cnpg.io", "Database") => cnpg_database(&resource.node).into_iter().collect(),
        ("acid.zalan.do", "postgresql") => zalando(&resource.node),
        ("postgres-operator.crunchydata.com", "PostgresCluster") => crunchy(&resource.node),
        _ => Vec::new(),
    }
}

fn cnpg_cluster(node: &Node) -> Option<Declared> {
    let name = Text::named(node)?;
    let spec = node.get("spec")?;
    // A replica or a restored cluster takes its databases over from its source.
    let bootstrap = spec.get("bootstrap");
    let method = ["initdb", "recovery", "pg_basebackup"].iter().find_map(|m| bootstrap.and_then(|b| b.get(m)));
    if bootstrap.is_some_and(|b| b.get("initdb").is_none()) && method.is_none_or(|m| m.get("database").is_none()) {
        return None;
    }
    let database = method.and_then(|m| Text::at(m, &["database"])).unwrap_or_else(|| derived(&name, "app"));
    let owner = method.and_then(|m| Text::at(m, &["owner"]));
    let given = method.and_then(|m| Text::at(m, &["secret", "name"]));
    let made = given.is_none();
    let secret = given.unwrap_or_else(|| derived(&name, format!("{}-app", name.value)));
    Some(Declared {
        owner: owner.or_else(|| Some(derived(&database, database.value.clone()))),
        secrets: vec![DatabaseSecret { name: secret, superuser: false, made }],
        database,
        server: name,
    })
}

fn cnpg_database(node: &Node) -> Option<Declared> {
    let spec = node.get("spec")?;
    Some(Declared {
        server: Text::at(spec, &["cluster", "name"])?,
        database: Text::at(spec, &["name"])?,
        owner: Text::at(spec, &["owner"]),
        secrets: Vec::new(),
    })
}

fn zalando(node: &Node) -> Vec<Declared> {
    let Some(name) = Text::named(node) else { return Vec::new() };
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let declared = spec.entries("databases").iter().map(|entry| {
        let owner = Text::of(&entry.value);
        let secrets = owner.iter().map(|owner| DatabaseSecret {
            name: derived(owner, zalando_secret(&owner.value, &name.value)),
            superuser: false,
            made: true,
        });
        Declared {
            server: name.clone(),
            database: Text { value: entry.key.clone().into(), origin: entry.key_origin.clone() },
            secrets: secrets.collect(),
            owner,
        }
    });
    declared.collect()
}

/// The operator spells a role's underscores as dashes in the Secret's name.
fn zalando_secret(role: &str, cluster: &str) -> String {
    format!("{}.{cluster}.credentials.postgresql.acid.zalan.do", role.replace('_', "-"))
}

fn crunchy(node: &Node) -> Vec<Declared> {
    let Some(name) = Text::named(node) else { return Vec::new() };
    let secret = |user: &Text| DatabaseSecret {
        name: derived(user, format!("{}-pguser-{}", name.value, user.value)),
        superuser: false,
        made: true,
    };
    let users = node.get("spec").map(|spec| spec.items("users")).unwrap_or_default();
    if users.is_empty() {
        let database = name.clone();
        return vec![Declared {
            server: name.clone(),
            secrets: vec![secret(&name)],
            owner: Some(name.clone()),
            database,
        }];
    }
    let declared = users.iter().flat_map(|user| {
        let owner = Text::at(user, &["name"]);
        let databases = Text::list(user, "databases");
        databases.into_iter().map(move |database| (owner.clone(), database))
    });
    declared
        .map(|(owner, database)| Declared {
            server: name.clone(),
            secrets: owner.iter().map(secret).collect(),
            owner,
            database,
        })
        .collect()
}

/// A role that a CloudNativePG cluster manages, with the Secret of its password.
#[derive(Debug, Clone)]
pub struct ManagedRole {
    /// The role.
    pub name: Text,
    /// The Secret that the operator reads its password from.
    pub secret: Option<Text>,
    /// Whether it is a superuser.
    pub superuser: bool,
}

/// The roles that a CloudNativePG cluster manages.
pub fn managed_roles(resource: &Resource) -> Vec<ManagedRole> {
    if (resource.group(), resource.kind()) != ("postgresql.cnpg.io", "Cluster") {
        return Vec::new();
    }
    let roles = resource.node.at(&["spec", "managed"]).map(|managed| managed.items("roles")).unwrap_or_default();
    let read = |role: &Node| {
        Some(ManagedRole {
            name: Text::at(role, &["name"])?,
            secret: Text::at(role, &["passwordSecret", "name"]),
            superuser: role.get("superuser").and_then(Node::as_bool) == Some(true),
        })
    };
    roles.iter().filter_map(read).collect()
}

/// What an operator's resource migrates.
#[derive(Debug, Clone)]
pub struct OperatorMigration {
    /// The database, where it is named.
    pub database: Option<Text>,
    /// The schema, where it is named.
    pub schema: Option<Text>,
    /// The host, where it is named.
    pub host: Option<String>,
    /// The Secret keys it is given.
    pub secrets: Vec<(Text, Option<Text>)>,
    /// Where to point.
    pub origin: Origin,
}

/// What a resource makes its operator migrate.
pub fn operator_migrations(resource: &Resource) -> Vec<OperatorMigration> {
    let node = &resource.node;
    match (resource.group(), resource.kind()) {
        ("temporal.io", "TemporalCluster") => ["defaultStore", "visibilityStore"]
            .iter()
            .filter_map(|store| temporal(node.at(&["spec", "persistence", store])?))
            .collect(),
        ("k8s.keycloak.org", "Keycloak") => keycloak(node).into_iter().collect(),
        ("db.atlasgo.io", "AtlasMigration" | "AtlasSchema") => atlas(node).into_iter().collect(),
        ("databases.schemahero.io", "Database") => schemahero(node).into_iter().collect(),
        ("schemas.schemahero.io", "Table") => table(node).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn temporal(store: &Node) -> Option<OperatorMigration> {
    let sql = store.get("sql")?;
    let database = Text::at(sql, &["databaseName"]);
    Some(OperatorMigration {
        host: sql.str_at("connectAddr").map(|addr| addr.split(':').next().unwrap_or(addr).to_owned()),
        schema: None,
        secrets: secret_key(store.get("passwordSecretRef")).into_iter().collect(),
        origin: database.as_ref().map_or_else(|| sql.origin.clone(), |d| d.origin.clone()),
        database,
    })
}

fn keycloak(node: &Node) -> Option<OperatorMigration> {
    let db = node.at(&["spec", "db"])?;
    let vendor = db.str_at("vendor").unwrap_or("dev-file");
    if vendor.starts_with("dev-") {
        return None;
    }
    let database = Text::at(db, &["database"]);
    let url = Text::at(db, &["url"]);
    let origin = database.as_ref().or(url.as_ref()).map_or_else(|| db.origin.clone(), |d| d.origin.clone());
    Some(OperatorMigration {
        database: database.or_else(|| Some(Text { value: "keycloak".into(), origin: db.origin.clone() })),
        schema: Text::at(db, &["schema"]),
        host: db.str_at("host").map(str::to_owned),
        secrets: ["usernameSecret", "passwordSecret"].iter().filter_map(|key| secret_key(db.get(key))).collect(),
        origin,
    })
}

fn atlas(node: &Node) -> Option<OperatorMigration> {
    let spec = node.get("spec")?;
    let credentials = spec.get("credentials");
    let database = credentials.and_then(|c| Text::at(c, &["database"]));
    let from =
        [spec.at(&["urlFrom", "secretKeyRef"]), credentials.and_then(|c| c.at(&["passwordFrom", "secretKeyRef"]))];
    Some(OperatorMigration {
        host: credentials.and_then(|c| c.str_at("host")).map(str::to_owned),
        schema: None,
        secrets: from.into_iter().filter_map(secret_key).collect(),
        origin: database.as_ref().map_or_else(|| spec.origin.clone(), |d| d.origin.clone()),
        database,
    })
}

fn schemahero(node: &Node) -> Option<OperatorMigration> {
    let connection = node.at(&["spec", "connection"])?.as_map()?.entries.first()?;
    let uri = connection.value.get("uri");
    Some(OperatorMigration {
        database: Text::at(&connection.value, &["dbname", "value"]).or_else(|| Text::named(node)),
        schema: None,
        host: connection.value.at(&["host", "value"]).and_then(Node::as_str).map(str::to_owned),
        secrets: secret_key(uri.and_then(|uri| uri.at(&["valueFrom", "secretKeyRef"]))).into_iter().collect(),
        origin: connection.key_origin.clone(),
    })
}

/// A table changes the database that SchemaHero knows by the name of a Database resource.
fn table(node: &Node) -> Option<OperatorMigration> {
    let database = Text::at(node, &["spec", "database"])?;
    let origin = database.origin.clone();
    Some(OperatorMigration { database: Some(database), schema: None, host: None, secrets: Vec::new(), origin })
}

fn secret_key(node: Option<&Node>) -> Option<(Text, Option<Text>)> {
    let node = node?;
    Some((Text::at(node, &["name"])?, Text::at(node, &["key"])))
}
