//! `schema`: the published JSON schemas.

use clap::{Args, ValueEnum};

use super::{Exit, Global, Outcome, screen};
use crate::{config, output};

/// JSON schemas of what is written and read (format: json)
#[derive(Debug, Args)]
pub(super) struct Typed {
    /// Of what
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// The configuration, `schemaward.yaml`
    Config,
    /// The report of `check --format json`
    Report,
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    global.format("schema", &["json"])?;
    let text = match typed.of {
        Of::Config => output::pretty(&config::schema()),
        Of::Report => output::json::schema(),
    };
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}
