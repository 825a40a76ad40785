//! `migration-name-invalid`: a script lies where Flyway looks, and Flyway passes it over because of its name.

use super::Rule;
use crate::finding::{Evidence, Finding};
use crate::graph::Graph;

/// The rule.
pub const RULE: Rule =
    Rule { id: "migration-name-invalid", page: include_str!("../../rules/migration-name-invalid.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for script in &graph.facts().scripts {
        let Some(why) = &script.error else { continue };
        let message = format!("`{}` in {} is no name that Flyway accepts: {why}", script.name, script.set);
        let here = Evidence {
            span: script.span,
            text: format!("Flyway passes `{}` over", script.name),
            certainty: script.certainty,
        };
        let mut finding = RULE.finding(message, here);
        if let Some(app) = script.app {
            finding = super::also_in(finding, graph.app(app));
        }
        findings.push(
            finding
                .about("script", script.name.clone())
                .about("set", script.set.clone())
                .help("name it `V<version>__<description>.sql`, `R__<description>.sql`, or as a callback; keep other SQL elsewhere"),
        );
    }
    findings
}
