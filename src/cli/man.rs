//! `man`: the manual page, all commands in one.

use clap::Args;

use super::{Exit, Global, Outcome, Refusal, command, screen};

/// The manual page
#[derive(Debug, Args)]
pub(super) struct Typed {}

pub(super) fn run(_: &Typed, global: &Global) -> Outcome {
    let mut bytes = Vec::new();
    let mut whole = command();
    whole.build();
    let failed = |error: std::io::Error| Refusal::Usage(format!("the manual cannot be made: {error}"));
    clap_mangen::Man::new(whole.clone()).render(&mut bytes).map_err(failed)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for part in whole.get_subcommands().filter(|part| part.get_name() != "help") {
        bytes.clear();
        clap_mangen::Man::new(part.clone()).render(&mut bytes).map_err(failed)?;
        // One page has one head.
        let body = String::from_utf8_lossy(&bytes);
        let lines = body
            .split_inclusive('\n')
            .filter(|line| ![".ie ", ".el ", ".TH "].iter().any(|head| line.starts_with(head)));
        text.extend(lines);
    }
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}
