//! `explain`: the whole story of one thing. So far: of a rule.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Exit, Global, Outcome, rules, screen};
use crate::output::pretty;

/// The whole story of one thing (formats: text, json)
#[derive(Debug, Args)]
pub(super) struct Typed {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What a rule looks at, why it hurts, how to mend it
    Rule {
        /// The rule's id
        id: String,
    },
}

#[derive(Serialize)]
struct Rule {
    id: &'static str,
    family: &'static str,
    severity: &'static str,
    title: &'static str,
    page: &'static str,
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    let format = global.format("explain", &["text", "json"])?;
    let What::Rule { id } = &typed.what;
    let rule = rules::named(id)?;
    let text = if format == "json" {
        pretty(&Rule {
            id: rule.id,
            family: rule.family,
            severity: rule.severity.name(),
            title: rule.title,
            page: rule.page,
        })
    } else {
        let head = format!("{}: {}\nfamily {}, severity {}", rule.id, rule.title, rule.family, rule.severity.name());
        format!("{head}\n\n{}\n", rule.page.trim())
    };
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}
