//! `schema-without-migrator`: a server's other schemas are migrated by jobs in this repository, this one by nobody.

use std::collections::BTreeSet;

use super::{FURTHER, Rule, also_in};
use crate::finding::{Certainty, Finding};
use crate::graph::{Graph, Schema, SchemaId};

/// The rule.
pub const RULE: Rule =
    Rule { id: "schema-without-migrator", page: include_str!("../../rules/schema-without-migrator.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let kept = places_with_migrations(graph);
    let migrated = graph.schemas().filter(|(id, _)| !graph.migrators_of(*id).is_empty());
    let in_schemas: BTreeSet<(&str, &str)> =
        migrated.map(|(_, schema)| (place(schema), schema.database.as_str())).collect();
    let lonely = graph.schemas().filter(|(id, schema)| {
        let place = place(schema);
        // Who names a database alone means what migrations keep in it, in whatever schema.
        let in_part = || schema.schema.is_none() && in_schemas.contains(&(place, schema.database.as_str()));
        kept.contains(place) && schema.vendor.is_none() && graph.migrators_of(*id).is_empty() && !in_part()
    });
    lonely.filter_map(|(id, _)| report(graph, id)).collect()
}

/// Its server; the namespace from which it is meant where that is not known.
fn place(schema: &Schema) -> &str {
    if schema.server.is_empty() { schema.scope.as_str() } else { &schema.server }
}

/// Servers and namespaces where the project keeps migrations of its own: elsewhere applications may do it themselves.
fn places_with_migrations(graph: &Graph) -> BTreeSet<&str> {
    let own = graph.migrators().filter(|(_, migrator)| migrator.is_first_party_job() && !migrator.ad_hoc);
    let schemas = own.flat_map(|(id, _)| graph.claims_of(id)).map(|claim| graph.schema(claim.schema));
    schemas.flat_map(|schema| [schema.server.as_str(), schema.scope.as_str()]).filter(|place| !place.is_empty()).collect()
}

fn report(graph: &Graph, id: SchemaId) -> Option<Finding> {
    let schema = graph.schema(id);
    let users = graph.users_of(id);
    // The name of a credential alone is no name of a database.
    if schema.declared.is_empty() && users.iter().all(|(_, evidence)| evidence.certainty == Certainty::Inferred) {
        return None;
    }
    let by_itself = users.iter().any(|(user, _)| graph.workload(*user).vendor.is_some());
    if by_itself || graph.may_hide(&schema.scope) {
        return None;
    }
    let mut reasons = schema.declared.iter().chain(users.iter().map(|(_, evidence)| *evidence));
    let primary = reasons.next()?.clone();
    let label = schema.label();
    let what = if schema.declared.is_empty() { "used" } else { "declared" };
    let mut finding = RULE.finding(format!("schema `{label}` is {what}, and nothing migrates it"), primary);
    for reason in reasons.take(FURTHER) {
        finding = finding.because(reason.clone());
    }
    for (user, _) in &users {
        finding = also_in(finding, graph.app(graph.workload(*user).app));
    }
    finding.environments.extend(schema.environment.iter().map(String::from));
    Some(finding.about("schema", label.clone()).help(format!(
        "give `{label}` a migration, or declare its owner in the configuration if it is migrated elsewhere"
    )))
}
