//! `rules`: every rule with its family, severity and title.

use clap::Args;
use serde::Serialize;

use super::{Exit, Global, Outcome, Refusal, screen};
use crate::output::{pretty, table};
use crate::report::RuleCard;

/// The rules (formats: table, json)
#[derive(Debug, Args)]
pub(super) struct Typed {}

#[derive(Serialize)]
struct Row {
    id: &'static str,
    family: &'static str,
    severity: &'static str,
    title: &'static str,
}

pub(super) fn run(_: &Typed, global: &Global) -> Outcome {
    let format = global.format("rules", &["table", "json"])?;
    let rows = all().into_iter().map(|rule| Row {
        id: rule.id,
        family: rule.family,
        severity: rule.severity.name(),
        title: rule.title,
    });
    let text = if format == "json" {
        pretty(&rows.collect::<Vec<_>>())
    } else {
        let rows = rows
            .map(|row| vec![row.id.to_owned(), row.family.to_owned(), row.severity.to_owned(), row.title.to_owned()]);
        table::grid(&["rule", "family", "severity", "title"], rows, screen::layout(global))
    };
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}

/// Every rule.
pub(super) fn all() -> Vec<RuleCard> {
    crate::rules::all().iter().map(|rule| rule.card()).collect()
}

/// The rule of an id.
pub(super) fn named(id: &str) -> Result<RuleCard, Refusal> {
    all().into_iter().find(|rule| rule.id == id).ok_or_else(|| Refusal::Rule(id.to_owned()))
}

/// Refuses a family that no rule has.
pub(super) fn of_family(family: &str) -> Result<(), Refusal> {
    let mut known: Vec<&str> = all().iter().map(|rule| rule.family).collect();
    known.sort_unstable();
    known.dedup();
    if known.contains(&family) {
        return Ok(());
    }
    Err(Refusal::Family { family: family.to_owned(), known: super::listed(known) })
}
