//! Which database is meant: servers by their host names, databases by server and name, schemas inside them.
//!
//! Two spellings of one database must give one record, two databases that share a name must not. A database whose server
//! is not said is taken for the one of that name in the same namespace, else in the same environment if there is just one.

use std::collections::BTreeMap;

use super::objects::Objects;
use super::{Facts, Schema, SchemaId, Sources, evidence};
use crate::catalog::Sureness;
use crate::finding::Evidence;
use crate::k8s::text::Text;
use crate::k8s::{Word, database};

/// The servers that resources declare, by the host names of their Services.
#[derive(Debug, Default, Clone)]
pub struct Servers {
    by_host: BTreeMap<(String, Word), String>,
}

impl Servers {
    /// Reads the servers.
    pub fn of(objects: &Objects, facts: &Facts) -> Self {
        let mut by_host = BTreeMap::new();
        for (id, resource) in objects.iter() {
            let namespace = &facts.objects[id.0].namespace;
            if let Some(server) = database::server(resource) {
                for host in server.hosts {
                    by_host.insert((host, namespace.clone()), label(&server.name.value, namespace));
                }
            }
            let pooler = (resource.group(), resource.kind()) == ("postgresql.cnpg.io", "Pooler");
            if let Some(cluster) = Text::at(&resource.node, &["spec", "cluster", "name"]).filter(|_| pooler) {
                by_host.insert((resource.name().to_owned(), namespace.clone()), label(&cluster.value, namespace));
            }
        }
        Self { by_host }
    }

    /// The server behind a host name, as seen from a namespace; empty where the name says nothing.
    pub fn resolve(&self, host: &str, namespace: &str) -> String {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let host = host.strip_suffix(".svc.cluster.local").or_else(|| host.strip_suffix(".svc")).unwrap_or(&host);
        if host.is_empty() || host == "localhost" || host.starts_with("127.") || host.contains(['$', '{', '<']) {
            return String::new();
        }
        let (name, within) = match host.split_once('.') {
            None => (host, namespace),
            Some((name, rest)) if !rest.contains('.') => (name, rest),
            Some(_) => return host.to_owned(),
        };
        let known = self.by_host.get(&(name.to_owned(), within.into()));
        known.cloned().unwrap_or_else(|| label(name, within))
    }
}

fn label(name: &str, namespace: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{name}.{namespace}") }
}

/// Records the databases that resources declare.
pub fn declare(sources: &Sources, objects: &Objects, facts: &mut Facts) {
    for (id, resource) in objects.iter() {
        let object = &facts.objects[id.0];
        let (namespace, app) = (object.namespace.clone(), object.app);
        for declared in database::declared(resource) {
            let text =
                format!("{} `{}` declares database `{}`", resource.kind(), resource.name(), declared.database.value);
            let server = label(&declared.server.value, &namespace);
            let place = Place { server, scope: namespace.clone(), environment: facts.apps[app.0].environment.clone() };
            let schema = schema(sources, facts, &place, &declared.database.value, None);
            facts.schemas[schema.0].declared.push(evidence(&declared.database.origin, text));
        }
    }
}

/// From where a database is meant.
#[derive(Debug, Clone)]
pub struct Place {
    /// The server, as [`Servers::resolve`] gives it.
    pub server: String,
    /// The namespace of whoever means it.
    pub scope: Word,
    /// The environment of whoever means it.
    pub environment: Option<Word>,
}

/// The record of a schema; a new one where none fits.
pub fn schema(sources: &Sources, facts: &mut Facts, place: &Place, database: &str, name: Option<&str>) -> SchemaId {
    let name = name.filter(|n| !matches!(*n, "public" | "dbo" | "")).map(str::to_owned);
    let known = facts.schema_ids.entry((database.to_owned(), name.clone())).or_default().clone();
    let at = |id: &SchemaId| &facts.schemas[id.0];
    let fits = |id: &&SchemaId| {
        let schema = at(id);
        let servers = schema.server == place.server || schema.server.is_empty() || place.server.is_empty();
        servers && (schema.scope == place.scope || (schema.server == place.server && !place.server.is_empty()))
    };
    let mut same_environment =
        known.iter().filter(|id| place.server.is_empty() && at(id).environment == place.environment);
    let found = known.iter().find(fits).or_else(|| {
        let only = same_environment.next()?;
        same_environment.next().is_none().then_some(only)
    });
    if let Some(&id) = found {
        let schema = &mut facts.schemas[id.0];
        if schema.server.is_empty() {
            schema.server.clone_from(&place.server);
        }
        return id;
    }
    let id = SchemaId(facts.schemas.len());
    facts.schemas.push(Schema {
        server: place.server.clone(),
        scope: place.scope.clone(),
        environment: place.environment.clone(),
        vendor: owner(sources, database, name.as_deref()),
        owner: sources.config.owner_of(database, name.as_deref()),
        database: database.to_owned(),
        schema: name.clone(),
        declared: Vec::<Evidence>::new(),
    });
    facts.schema_ids.entry((database.to_owned(), name)).or_default().push(id);
    id
}

/// The vendor to whom the catalogue gives a database, unless the project says that it is its own.
fn owner(sources: &Sources, database: &str, schema: Option<&str>) -> Option<&'static crate::catalog::Vendor> {
    if let Some(owner) = sources.config.owner_of(database, schema) {
        return sources.catalog.vendor(&owner);
    }
    let by_schema = schema.and_then(|name| sources.catalog.vendor_of_database(name));
    let found = sources.catalog.vendor_of_database(database).into_iter().chain(by_schema);
    found.filter(|m| m.sureness > Sureness::Ambiguous).map(|m| m.vendor).next()
}
