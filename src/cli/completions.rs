//! `completions`: what a shell needs to complete our command line.

use clap::Args;
use clap_complete::Shell;

use super::{Exit, Global, Outcome, command, screen};

/// Completions for a shell
#[derive(Debug, Args)]
pub(super) struct Typed {
    /// The shell
    shell: Shell,
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    let mut bytes = Vec::new();
    clap_complete::generate(typed.shell, &mut command(), "schemaward", &mut bytes);
    screen::write(&String::from_utf8_lossy(&bytes), global)?;
    Ok(Exit::Clean)
}
