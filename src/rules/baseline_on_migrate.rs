//! `baseline-on-migrate`: Flyway takes any schema it does not know for migrated up to its baseline.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "baseline-on-migrate", page: include_str!("../../rules/baseline-on-migrate.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, migrator) in graph.migrators() {
        let on = migrator.settings.iter().find(|setting| {
            setting.name.eq_ignore_ascii_case("flyway.baselineOnMigrate") && setting.value.trim().eq_ignore_ascii_case("true")
        });
        let Some(setting) = on else { continue };
        let who = graph.name_of(migrator.object);
        let message = format!("{who} migrates with `baselineOnMigrate`, so a schema without history is not checked");
        findings.push(
            RULE.finding_in(graph.app(migrator.app), message, evidence(&setting.origin, "baselineOnMigrate is on"))
                .because(migrator.evidence.clone())
                .about("hook", who)
                .help("run `flyway baseline` once where it is needed, and take the setting away"),
        );
    }
    findings
}
