//! Who migrates what, who holds which key, what runs when, who produces what: read off the rendered objects.
//!
//! Facts are plain records with their evidence (`model`). They conclude only what one place or one chain of places says;
//! questions that need several records are `graph`'s, judgements are the rules'. No secret's value gets in here.

mod addresses;
pub mod apps;
mod connections;
mod databases;
mod frameworks;
mod guesses;
pub mod layers;
mod migrators;
mod model;
mod objects;
pub mod order;
mod places;
mod producers;
pub mod projects;
mod rights;
pub mod rollout;
mod scripts;
mod secrets;
mod settings;
mod targets;
mod workloads;

use crate::catalog::Catalog;
use crate::config::Config;
use crate::expand::{BrokenFile, Expansion};
use crate::finding::{Certainty, Evidence, Gap};
use crate::k8s::Resource;
use crate::source::SourceMap;

pub use crate::config::{Aspect, Intended};
pub use layers::Override;
pub use model::*;
pub use rollout::{
    DuplicateName, Expression, Gate, Label, Limit, LimitKind, Misread, Placing, Rollout, RolloutSet, RolloutStep,
    StrayComponent, Unresolved,
};

/// What facts are read from.
pub struct Sources<'a> {
    /// The Applications, each with the objects that it applies, in order of name.
    pub applications: Vec<(App, &'a [Resource])>,
    /// How they are rolled out.
    pub rollout: rollout::Rollout,
    /// Lists of values that replace others.
    pub overrides: Vec<layers::Override>,
    /// What they were expanded from.
    pub expansion: &'a Expansion,
    /// What could not be seen before anything was expanded.
    pub opening: &'a [Gap],
    /// The SQL files of the repository, by path, each with the span of its first character.
    pub sql_files: Vec<SqlFile>,
    /// The texts, so that secrets can be concealed.
    pub texts: &'a SourceMap,
    /// What is known of vendors and tools.
    pub catalog: &'static Catalog,
    /// What the user says.
    pub config: &'a Config,
}

/// A file of SQL in the repository.
#[derive(Debug, Clone)]
pub struct SqlFile {
    /// Its path.
    pub path: crate::source::RepoPath,
    /// Its first character.
    pub span: crate::source::Span,
}

/// Reads the facts, stage by stage; each stage sees only what the stages before it found.
pub fn collect(mut all: Sources) -> Facts {
    let mut facts = Facts::default();
    let applications = std::mem::take(&mut all.applications);
    let sources = &all;
    let objects = objects::collect(sources, applications, &mut facts);
    targets::collect(sources.expansion, sources.opening, &mut facts);
    producers::collect(sources, &objects, &mut facts);
    rights::collect(&objects, &mut facts);
    workloads::collect(sources, &objects, &mut facts);
    secrets::classify(sources, &objects, &mut facts);
    databases::declare(sources, &objects, &mut facts);
    migrators::collect(sources, &objects, &mut facts);
    connections::collect(sources, &objects, &mut facts);
    scripts::collect(sources, &mut facts);
    facts.projects = projects::of(sources.expansion);
    let (sets, files): (Vec<&BrokenFile>, Vec<_>) = sources.expansion.broken.iter().partition(|file| file.set);
    facts.broken = files.into_iter().map(broken).collect();
    facts.broken_sets = sets.into_iter().map(broken).collect();
    facts.rollout = rollout::Rollout { intended: sources.config.intended().to_vec(), ..all.rollout };
    facts.overrides = all.overrides;
    facts
}

fn broken(file: &BrokenFile) -> Evidence {
    let text = format!("`{}` cannot be read: {}", file.path, file.message);
    Evidence { span: file.span, text, certainty: Certainty::Literal }
}
