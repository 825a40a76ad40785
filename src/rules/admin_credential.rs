//! `admin-credential`: a migration or an application logs on to its database as the administrator.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, SHOWN, also_in, some_of};
use crate::catalog::{Setting as ToolSetting, catalog};
use crate::finding::{Evidence, Finding};
use crate::graph::{EnvHolds, Graph, Span, Way, Workload, WorkloadId, WorkloadRole, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "admin-credential", page: include_str!("../../rules/admin-credential.md"), check };

/// The names that database servers give their administrators.
const ADMINISTRATORS: &[&str] = &["postgres", "root", "sa", "sysdba"];

/// A user's name that is written out, and the workload that logs on with it.
struct Said<'g> {
    workload: &'g Workload,
    user: String,
    evidence: Evidence,
}

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A line that several workloads read is one line to change.
    let mut by_line: BTreeMap<(Span, String), Vec<Said<'_>>> = BTreeMap::new();
    for (id, workload) in graph.workloads() {
        // What runs from time to time beside the application is a backup more often than not.
        let other = matches!(workload.role, WorkloadRole::Scheduled | WorkloadRole::OnDemand) && !graph.is_hook(id);
        if !workload.database_server && !other {
            findings.extend(by_secret(graph, id, workload));
            for said in by_name(graph, id, workload) {
                by_line.entry((said.evidence.span, said.user.clone())).or_default().push(said);
            }
        }
    }
    findings.extend(by_line.values().filter_map(|readers| of_line(graph, readers)));
    findings
}

fn of_line(graph: &Graph, readers: &[Said<'_>]) -> Option<Finding> {
    let first = readers.first()?;
    let mut who: Vec<String> = readers.iter().map(|said| graph.name_of(said.workload.object)).collect();
    let named = who[0].clone();
    who.sort();
    who.dedup();
    let (logs, their, each) = match who.len() {
        1 => ("logs", "its", named.clone()),
        _ => ("log", "their", "each of them".to_owned()),
    };
    let user = &first.user;
    let who = some_of(who);
    let message = format!("{who} {logs} on to {their} database as the administrator `{user}`");
    let mut finding = RULE.finding(message, first.evidence.clone());
    for said in readers.iter() {
        finding = also_in(finding, graph.app(said.workload.app));
        if finding.related().len() < SHOWN {
            let object = said.workload.object;
            finding = finding.because(graph.shown(object, format!("{} uses it", graph.name_of(object))));
        }
    }
    Some(
        finding
            .about("workload", named)
            .about("user", user.clone())
            .help(format!("give {each} a role of its own that owns its schema and nothing else")),
    )
}

fn by_secret(graph: &Graph, id: WorkloadId, workload: &Workload) -> Vec<Finding> {
    let who = graph.name_of(workload.object);
    let mut seen = BTreeSet::new();
    let held = graph.credentials_of(id).filter(|(grant, _)| grant.way != Way::Pull);
    let reports = held.filter_map(|(grant, secret)| {
        let why = secret.admin_for(grant).filter(|_| seen.insert(grant.secret))?;
        let message = format!("{who} holds Secret `{}`, the credential of a database's administrator", secret.name);
        let given = evidence(&grant.origin, format!("{who} is given Secret `{}`", secret.name));
        // A key that says so itself is shown where this workload takes it, and not where the first one does.
        let own = secret.admin_key(grant).filter(|(key, _)| catalog().is_admin_key(key));
        let why = own.map_or_else(|| why.clone(), |(key, origin)| evidence(origin, format!("it takes the key `{key}`")));
        Some(
            RULE.finding_in(graph.app(workload.app), message, given)
                .because(why)
                .about("workload", who.clone())
                .about("secret", secret.name.clone())
                .help(format!("give {who} a role of its own that owns its schema and nothing else")),
        )
    });
    reports.collect()
}

/// User names that are written out: in settings of the migration tool, in variables, in URLs.
fn by_name<'g>(graph: &'g Graph, id: WorkloadId, workload: &'g Workload) -> Vec<Said<'g>> {
    let mut said: Vec<(String, Evidence)> = Vec::new();
    let mut note = |user: &str, origin, name: &str| {
        let user = user.trim().trim_matches('"');
        if ADMINISTRATORS.contains(&user) {
            said.push((user.to_owned(), evidence(origin, format!("`{name}` says user `{user}`"))));
        }
    };
    for (_, migrator) in graph.migrators_in(id) {
        for (setting, text, origin) in &migrator.told {
            if *setting == ToolSetting::User {
                note(text, origin, "the command");
            }
        }
        for setting in &migrator.settings {
            match setting.name.as_str() {
                "flyway.user" => note(&setting.value, &setting.origin, &setting.name),
                "flyway.url" => note(user_of_url(&setting.value).unwrap_or(""), &setting.origin, &setting.name),
                _ => {}
            }
        }
    }
    for variable in workload.containers.iter().flat_map(|container| &container.env) {
        let EnvHolds::Text(text) = &variable.value else { continue };
        if names_database_user(&variable.name) {
            note(&text.value, &text.origin, &variable.name);
        }
        note(user_of_url(&text.value).unwrap_or(""), &text.origin, &variable.name);
    }
    let mut seen = BTreeSet::new();
    said.retain(|(_, evidence)| seen.insert(evidence.span));
    said.into_iter().map(|(user, evidence)| Said { workload, user, evidence }).collect()
}

fn names_database_user(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    let database = ["DB", "DATABASE", "PG", "POSTGRES", "MYSQL", "MARIADB", "SQL", "FLYWAY", "LIQUIBASE", "DATASOURCE"];
    (name.ends_with("USER") || name.ends_with("USERNAME")) && database.iter().any(|word| name.contains(word))
}

/// The user of `scheme://user@host` or `...?user=name` of a database's URL.
fn user_of_url(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let database = ["postgres", "mysql", "mariadb", "sqlserver", "cockroach"];
    if !database.iter().any(|word| scheme.contains(word)) {
        return None;
    }
    let host = &rest[..rest.find(['/', '?', ';']).unwrap_or(rest.len())];
    if let Some((userinfo, _)) = host.rsplit_once('@') {
        return userinfo.split(':').next();
    }
    let mut parameters = rest.split(['?', '&', ';']).skip(1);
    parameters.find_map(|parameter| parameter.strip_prefix("user="))
}
