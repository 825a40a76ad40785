//! `unpinned-migration-image`: what changes the schema is another program tomorrow.

use super::Rule;
use crate::finding::Finding;
use crate::graph::{Graph, Mechanism, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "unpinned-migration-image", page: include_str!("../../rules/unpinned-migration-image.md"), check };

/// Tags that are moved from build to build.
const MOVING: &[&str] =
    &["latest", "main", "master", "edge", "stable", "dev", "develop", "development", "nightly", "head", "trunk", "staging", "production", "alpine"];

fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, migrator) in graph.migrators().filter(|(_, migrator)| migrator.mechanism != Mechanism::StartUp) {
        let (Some(workload), Some(container)) = (migrator.workload, migrator.container) else { continue };
        let workload = graph.workload(workload);
        let Some(image) = &workload.containers[container].image else { continue };
        let Some(why) = moves(&image.value) else { continue };
        let who = graph.name_of(workload.object);
        let message = format!("{who} migrates with image `{}`, {why}", image.value);
        findings.push(
            RULE.finding_in(graph.app(migrator.app), message, evidence(&image.origin, why))
                .because(migrator.evidence.clone())
                .about("hook", who)
                .about("image", image.value.clone())
                .help("name a full version, or better a digest (`@sha256:...`)"),
        );
    }
    findings
}

/// Why an image is not always the same one; nothing for one that is, or that something fills in later.
fn moves(image: &str) -> Option<String> {
    if image.contains(['@', '$', '{', '<']) {
        return None;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    let Some((_, tag)) = name.split_once(':') else { return Some("which names no tag".to_owned()) };
    let release = tag.split('-').next().unwrap_or(tag);
    let number = release.strip_prefix('v').unwrap_or(release);
    // Four digits and more are a build or a date, which does not move.
    let major_only = !number.is_empty() && number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit());
    if MOVING.contains(&tag) || MOVING.contains(&release) {
        Some(format!("whose tag `{tag}` moves"))
    } else if major_only {
        Some(format!("whose tag `{tag}` moves with every release of that major version"))
    } else {
        None
    }
}
