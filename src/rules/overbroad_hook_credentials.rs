//! `overbroad-hook-credentials`: a migration holds credentials that its work does not call for: another database's, another
//! vendor's, or keys of a whole Secret that nothing reads.

use std::collections::BTreeSet;

use super::{Rule, listed};
use crate::catalog::{Vendor, catalog};
use crate::finding::{Finding, Severity};
use crate::graph::{Container, Grant, Graph, Keys, KeySource, Migrator, MigratorId, Secret, Text, Way, WorkloadId, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "overbroad-hook-credentials", page: include_str!("../../rules/overbroad-hook-credentials.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, _) in graph.hooks() {
        let migrators = graph.first_party_in(id);
        if migrators.is_empty() {
            findings.extend(other_vendors(graph, id));
        } else {
            findings.extend(other_databases(graph, id, &migrators));
            findings.extend(migrators.iter().flat_map(|(_, migrator)| unused_keys(graph, id, migrator)));
        }
    }
    findings
}

/// Credentials of databases that the hook does not migrate, where it says which ones it does.
fn other_databases(graph: &Graph, id: WorkloadId, migrators: &[(MigratorId, &Migrator)]) -> Vec<Finding> {
    let said = migrators.iter().all(|(_, migrator)| migrator.explicit && migrator.framework.is_none());
    let claims = || migrators.iter().flat_map(|(migrator, _)| graph.claims_of(*migrator));
    let own: BTreeSet<&str> = claims().map(|claim| graph.schema(claim.schema).database.as_str()).collect();
    if !said || own.is_empty() {
        return Vec::new();
    }
    let workload = graph.workload(id);
    let who = graph.name_of(workload.object);
    let migrating = |grant: &Grant| migrators.iter().any(|(_, migrator)| migrator.container == grant.container);
    let held = || graph.credentials_of(id).filter(|(grant, _)| grant.way != Way::Pull && migrating(grant));
    // The only credential of a database that it holds is the one with which it migrates, whatever it is called.
    let is_own = |name: &str| own.iter().any(|own| same(own, name));
    if !held().filter_map(|(grant, secret)| secret.database_for(grant)).any(|it| it.database.as_deref().is_none_or(is_own)) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (grant, secret) in held() {
        let Some(known) = secret.database_for(grant) else { continue };
        let Some(database) = known.database.as_deref().filter(|name| !is_own(name)) else { continue };
        if !seen.insert(grant.secret) {
            continue;
        }
        let message = format!("{who} does not migrate `{database}`, and holds Secret `{}`, which opens it", secret.name);
        let held = evidence(&grant.origin, format!("{who} is given Secret `{}`", secret.name));
        let mut finding = RULE.finding_in(graph.app(workload.app), message, held).because(known.evidence.clone());
        for claim in claims().take(3) {
            finding = claim.evidence.iter().take(1).fold(finding, |finding, e| finding.because(e.clone()));
        }
        if weighs(grant, secret) {
            finding.severity = Severity::Error;
        }
        findings.push(
            finding
                .about("hook", who.clone())
                .about("secret", secret.name.clone())
                .help(format!("take Secret `{}` away from {who}", secret.name)),
        );
    }
    findings
}

/// Credentials of a vendor's database in a hook that migrates for other vendors only.
fn other_vendors(graph: &Graph, id: WorkloadId) -> Vec<Finding> {
    let workload = graph.workload(id);
    let migrators = graph.migrators_in(id);
    let own: Vec<&Vendor> = migrators.iter().filter_map(|(_, migrator)| migrator.vendor).collect();
    let Some((first, (_, migrator))) = own.first().zip(migrators.first()) else { return Vec::new() };
    let who = graph.name_of(workload.object);
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (grant, secret) in graph.credentials_of(id).filter(|(grant, _)| grant.way != Way::Pull) {
        let Some((vendor, why)) = secret.vendor_for(grant) else { continue };
        let known = own.iter().copied().chain(workload.vendor).any(|known| known.id == vendor.id);
        if known || !seen.insert(grant.secret) {
            continue;
        }
        let message = format!("{who} migrates for {}, and holds Secret `{}` of {}", first.name, secret.name, vendor.name);
        let held = evidence(&grant.origin, format!("{who} is given Secret `{}`", secret.name));
        let mut finding = RULE.finding_in(graph.app(workload.app), message, held).because(why.clone());
        finding.severity = Severity::Error;
        findings.push(
            finding
                .because(migrator.evidence.clone())
                .about("hook", who.clone())
                .about("secret", secret.name.clone())
                .help(format!("take Secret `{}` away from {who}", secret.name)),
        );
    }
    findings
}

fn weighs(grant: &Grant, secret: &Secret) -> bool {
    secret.admin_for(grant).is_some() || secret.vendor_for(grant).is_some()
}

/// `agents_runtime` and `agents-runtime` are spellings of one name.
fn same(a: &str, b: &str) -> bool {
    a.replace('-', "_").eq_ignore_ascii_case(&b.replace('-', "_"))
}

/// Keys that come with a whole Secret although nothing that can be read here uses them, while others of it are used.
fn unused_keys(graph: &Graph, id: WorkloadId, migrator: &Migrator) -> Vec<Finding> {
    let workload = graph.workload(id);
    // What else an application reads cannot be read here.
    let (Some(at), Some(_), None) = (migrator.container, migrator.tool, migrator.framework) else { return Vec::new() };
    let container = &workload.containers[at];
    let texts = texts(graph, id, container);
    let who = graph.name_of(workload.object);
    let mut findings = Vec::new();
    for (grant, secret) in graph.credentials_of(id).filter(|(grant, _)| grant.container == Some(at) && grant.keys.is_empty()) {
        let (Way::EnvFrom | Way::Volume) = grant.way else { continue };
        let makers = graph.producers_of("Secret", &secret.namespace, &secret.name);
        let [maker] = makers.as_slice() else { continue };
        let Keys::Known(keys) = &maker.keys else { continue };
        let reads = |key: &Text| match grant.way {
            Way::EnvFrom => is_read_as_variable(container, secret, &key.value, &texts),
            _ => texts.iter().any(|text| text.contains(key.value.as_str())),
        };
        let (used, unused): (Vec<&Text>, Vec<&Text>) = keys.iter().partition(|key| reads(key));
        let excess: Vec<&Text> = unused.into_iter().filter(|key| catalog().is_credential_name(&key.value)).collect();
        let Some(first) = excess.first().filter(|_| !used.is_empty()) else { continue };
        let names = listed(excess.iter().map(|key| key.value.as_str()));
        let message = format!("{who} is given all of Secret `{}`, and nothing in it uses {names}", secret.name);
        let held = evidence(&grant.origin, format!("{who} is given the whole Secret `{}`", secret.name));
        findings.push(
            RULE.finding_in(graph.app(workload.app), message, held)
                .because(evidence(&first.origin, format!("Secret `{}` holds {names} too", secret.name)))
                .because(migrator.evidence.clone())
                .about("hook", who.clone())
                .about("secret", secret.name.clone())
                .help(format!("name the keys that {who} needs one by one (`secretKeyRef`, or `items` of the volume)")),
        );
    }
    findings
}

/// What can be read of what a container does: its words, its variables, the ConfigMaps that it mounts.
fn texts<'g>(graph: &'g Graph, id: WorkloadId, container: &'g Container) -> Vec<&'g str> {
    let namespace = &graph.object(graph.workload(id).object).namespace;
    let mut texts: Vec<&str> = container.words.iter().map(|word| word.value.as_str()).collect();
    texts.extend(container.env.iter().filter_map(|variable| match &variable.value {
        crate::graph::EnvHolds::Text(text) => Some(text.value.as_str()),
        _ => None,
    }));
    for mount in container.mounts.iter().filter(|mount| mount.source == KeySource::ConfigMap) {
        for made in graph.producers_of("ConfigMap", namespace, &mount.name.value) {
            texts.extend(made.texts.iter().map(|(_, text)| text.value.as_str()));
        }
    }
    texts
}

/// Whether a variable is named in a text (`$X`, `${X}`, `$(X)`, `env.X`) or is one that the tool reads by itself.
fn is_read_as_variable(container: &Container, secret: &Secret, key: &str, texts: &[&str]) -> bool {
    let whole = container.env_from.iter().find(|whole| whole.name.value == secret.name && whole.source == KeySource::Secret);
    let name = format!("{}{key}", whole.map_or("", |whole| whole.prefix.as_str()));
    let known = ["FLYWAY_", "PG", "LIQUIBASE_", "MYSQL_", "DATABASE_URL"].iter().any(|prefix| name.starts_with(prefix));
    known || texts.iter().any(|text| text.contains(&name))
}
