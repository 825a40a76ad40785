//! The command line: what was typed, one file per command, and the exit code.
//!
//! Reports go to standard output (or `--output`), everything else to standard error. Exit codes never depend on a format.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::{Audit, config};

mod apps;
mod beside;
mod charts;
mod check;
mod completions;
mod explain;
mod input;
mod man;
mod progress;
mod render;
mod request;
mod rules;
mod schema;
mod screen;
mod versions;

/// What the process says to whoever called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above the threshold.
    Clean = 0,
    /// Findings at or above it.
    Findings = 1,
    /// The run is worthless.
    Worthless = 2,
    /// Gaps, under `--strict`.
    Gaps = 3,
}

/// Why a run is worthless, in a sentence.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the format `{format}` is not one of `{command}`: {known}")]
    Format { format: String, command: &'static str, known: String },
    #[error("there is no rule `{0}`; `schemaward rules` lists all")]
    Rule(String),
    #[error("there is no family `{family}`: {known}")]
    Family { family: String, known: String },
    #[error("there is no environment `{environment}`: {known}")]
    Environment { environment: String, known: String },
    #[error("there is no Application `{0}`; `schemaward apps` lists all")]
    Application(String),
    #[error("`{path}` cannot be {verb}: {reason}")]
    File { path: String, verb: &'static str, reason: String },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Request(#[from] request::RequestError),
}

use request::Request;

type Outcome = Result<Exit, Refusal>;

/// Audits GitOps repositories: who owns which database schema, in which order things come up, who holds which credential.
#[derive(Debug, Parser)]
#[command(name = "schemaward", version, max_term_width = 100, propagate_version = true)]
struct Typed {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Typed),
    Apps(apps::Typed),
    Render(render::Typed),
    Charts(charts::Typed),
    Rules(rules::Typed),
    Explain(explain::Typed),
    Schema(schema::Typed),
    Completions(completions::Typed),
    Man(man::Typed),
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
struct Global {
    /// How to print; each command names its formats
    #[arg(long, global = true, value_name = "F")]
    format: Option<String>,
    /// Write the report to a file instead of standard output
    #[arg(long, short, global = true, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The configuration; default: `schemaward.yaml` at the repository's root
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Audit a commit of the Git repository instead of the work tree
    #[arg(long = "ref", global = true, value_name = "COMMIT")]
    reference: Option<String>,
    /// A folder of charts: `name-version.tgz` or unpacked
    #[arg(long, global = true, value_name = "DIR")]
    charts: Vec<PathBuf>,
    /// A checkout of another repository that sources name
    #[arg(long = "repository", global = true, value_name = "URL=DIR")]
    repositories: Vec<String>,
    /// The version of Argo CD to emulate; it decides the Helm and Kustomize versions
    #[arg(long, global = true, value_name = "V")]
    argocd_version: Option<String>,
    /// Helm's major version, where it is not the one of that Argo CD
    #[arg(long, global = true, value_name = "3|4", value_parser = ["3", "4"])]
    helm_version: Option<String>,
    /// The version of Kubernetes to emulate
    #[arg(long, global = true, value_name = "V")]
    kube_version: Option<String>,
    /// What Argo CD starts from: a root Application's name, an overlay's folder, a file
    #[arg(long, global = true, value_name = "NAME|PATH")]
    root: Vec<String>,
    /// The day by which allowances expire, as YYYY-MM-DD; default: SOURCE_DATE_EPOCH, then the audited commit's day
    #[arg(long, global = true, value_name = "DATE", value_parser = config::parse_date)]
    today: Option<String>,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Say nothing on standard error but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// List everything, also what is usually counted only
    #[arg(long, short, global = true)]
    verbose: bool,
    /// Threads to work with; default: one for each core
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

impl Global {
    /// The format that was asked for, if the command has it; its first one by default.
    fn format<'a>(&self, command: &'static str, known: &[&'a str]) -> Result<&'a str, Refusal> {
        let Some(asked) = &self.format else { return Ok(known.first().copied().unwrap_or("text")) };
        known.iter().find(|name| *name == asked).copied().ok_or_else(|| Refusal::Format {
            format: asked.clone(),
            command,
            known: listed(known.iter().copied()),
        })
    }

    /// The question that these options ask of a folder.
    fn request(&self, path: PathBuf) -> Result<Request, Refusal> {
        Ok(Request {
            path,
            reference: self.reference.clone(),
            config: self.config.as_deref().map(input::config).transpose()?,
            roots: self.root.clone(),
            today: self.today.clone().or_else(input::source_date),
            objects: false,
        })
    }

    /// Audits a folder, with a sign of life on a terminal.
    fn audit(&self, path: PathBuf) -> Result<Audit, Refusal> {
        let request = self.request(path)?;
        let _sign = progress::Sign::of_life(!self.quiet);
        request::audit(&request, self)
    }

    /// Audits a folder, and keeps the objects.
    fn audit_with_objects(&self, path: PathBuf) -> Result<Audit, Refusal> {
        let request = Request { objects: true, ..self.request(path)? };
        let _sign = progress::Sign::of_life(!self.quiet);
        request::audit(&request, self)
    }

    /// Audits a folder as another commit has it.
    fn audit_at(&self, path: PathBuf, commit: &str) -> Result<Audit, Refusal> {
        let request = Request { reference: Some(commit.to_owned()), ..self.request(path)? };
        let _sign = progress::Sign::of_life(!self.quiet);
        request::audit(&request, self)
    }
}

/// Runs a command line from its first word, the program's name, to the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    std::panic::set_hook(Box::new(screen::panicked));
    // A panic has been reported by the hook already; the process still owes an exit code.
    let run = std::panic::AssertUnwindSafe(|| parse_and_run(arguments));
    ExitCode::from(std::panic::catch_unwind(run).unwrap_or(Exit::Worthless) as u8)
}

fn parse_and_run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let typed = match Typed::try_parse_from(arguments) {
        Ok(typed) => typed,
        Err(error) => {
            // Help and version are errors to clap, but not to the caller.
            let _ = error.print();
            return if error.use_stderr() { Exit::Worthless } else { Exit::Clean };
        }
    };
    let jobs = typed.global.jobs.map_or(0, usize::from);
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).stack_size(STACK).build() {
        Ok(pool) => pool.install(|| run(&typed)),
        Err(error) => screen::refuse(&format!("no threads to work with: {error}")),
    }
}

/// Bytes of stack of each thread: evaluating what a repository nests is bounded by depth, not by what a default allows.
const STACK: usize = 64 << 20;

fn run(typed: &Typed) -> Exit {
    let global = &typed.global;
    let outcome = match &typed.command {
        Command::Check(typed) => check::run(typed, global),
        Command::Apps(typed) => apps::run(typed, global),
        Command::Render(typed) => render::run(typed, global),
        Command::Charts(typed) => charts::run(typed, global),
        Command::Rules(typed) => rules::run(typed, global),
        Command::Explain(typed) => explain::run(typed, global),
        Command::Schema(typed) => schema::run(typed, global),
        Command::Completions(typed) => completions::run(typed, global),
        Command::Man(typed) => man::run(typed, global),
    };
    outcome.unwrap_or_else(|refusal| screen::refuse(&refusal.to_string()))
}

/// Names in a sentence; `none` if there is none.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Refuses names that no Application has.
fn known_applications(names: &[String], audit: &Audit) -> Result<(), Refusal> {
    let known = |name: &&String| audit.expansion.applications.iter().any(|(app, _)| app.name == **name);
    names.iter().find(|name| !known(name)).map_or(Ok(()), |name| Err(Refusal::Application(name.clone())))
}

/// The whole command line as clap knows it, for completions and the manual.
fn command() -> clap::Command {
    Typed::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
