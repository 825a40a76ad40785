//! Kustomize 5.8 in process: a kustomization of the repository becomes the objects that `kustomize build` prints, each value
//! with the line that wrote it. Nothing is run and nothing is fetched: what lies outside, or is a program, is a gap.
//!
//! `target` is the order of things; the other files are one matter each. What is refused is refused with Kustomize's words.

mod argo;
mod bases;
mod build;
mod charts;
mod config;
mod crds;
mod expression;
mod fail;
mod field_paths;
mod fieldspec;
mod files;
mod finish;
mod generator;
mod globs;
mod id;
mod images;
mod json;
mod json_patch;
mod kustomization;
mod list;
mod meaning;
mod merge;
mod merge_list;
mod metadata;
mod nameref;
mod nodes;
mod notes;
mod object;
mod parse;
mod patch;
mod plugin;
mod read;
mod remote;
mod replacement;
mod resmap;
mod retext;
mod schema;
mod selector;
mod structs;
mod target;
mod transform;
mod tree;
mod vars;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use argo::{ApplicationSource, BuildOptions};
pub use charts::{ChartRequest, Charts, Values};
pub use files::{Cache, Files, Found};
pub use kustomization::FILE_NAMES;

use crate::budget::Budget;
use crate::finding::Gap;
use crate::k8s::Resource;
use crate::source::{RepoPath, Span};
use build::Build;
use fail::Fail;
use files::{Loader, Shared};
use kustomization::Kustomization;
use metadata::BuildMetadata;
use target::{Accumulated, Target};

/// The version whose behaviour this is.
pub const VERSION: &str = "5.8.1";

/// From the address of a remote base to the folder in which its checkout lies.
pub type Remotes<'o> = &'o dyn Fn(&str) -> Option<RepoPath>;

/// How to build.
#[derive(Default, Clone, Copy)]
pub struct Options<'o> {
    /// What Argo CD edits into the kustomization first (`spec.source.kustomize`).
    pub source: Option<&'o ApplicationSource>,
    /// The options of the command line.
    pub build: Option<&'o BuildOptions>,
    /// Who renders `helmCharts`; without one each chart is a gap.
    pub charts: Option<&'o dyn Charts>,
    /// Where the checkout of a remote base lies in this repository, if the configuration says so.
    pub remotes: Option<Remotes<'o>>,
    /// Parsed files of earlier builds.
    pub cache: Option<&'o Cache>,
}

/// What a kustomization gives.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// The objects in the order in which Kustomize prints them.
    pub objects: Vec<Resource>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// Every file that was read.
    pub files: BTreeSet<RepoPath>,
}

/// Why a kustomization does not build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BuildError {
    /// What Kustomize says.
    pub message: String,
    /// Where it went wrong.
    pub span: Option<Span>,
    /// Whether a limit was met rather than a rule broken.
    pub exceeded: bool,
    /// Every file that was read until then.
    pub files: BTreeSet<RepoPath>,
    /// What had not been seen until then, and may be why.
    pub gaps: Vec<Gap>,
}

/// Whether a folder holds a kustomization, which is how Argo CD tells such folders from plain ones.
pub fn is_kustomization(files: &dyn Files, dir: &RepoPath) -> bool {
    FILE_NAMES.iter().any(|name| dir.join(name).is_ok_and(|path| matches!(files.find(&path), Some(Found::File(_)))))
}

/// Builds the kustomization of a folder.
pub fn build(
    files: &dyn Files,
    dir: &RepoPath,
    options: &Options<'_>,
    budget: &Budget,
) -> Result<Built, Box<BuildError>> {
    let defaults = BuildOptions::default();
    let flags = options.build.unwrap_or(&defaults);
    let own_cache = Cache::default();
    let shared = Shared::new(files, options.cache.unwrap_or(&own_cache), budget, flags.load_restrictor_none);
    run(&shared, dir, options, flags).map_err(|(fail, gaps)| {
        Box::new(BuildError {
            message: fail.message,
            span: fail.span,
            exceeded: fail.exceeded,
            files: shared.files_read(),
            gaps,
        })
    })
}

fn run(
    shared: &Shared<'_>,
    dir: &RepoPath,
    options: &Options<'_>,
    flags: &BuildOptions,
) -> Result<Built, (Fail, Vec<Gap>)> {
    let at_once = |fail: Fail| (fail, Vec::new());
    let loader = Loader::new(shared, dir).map_err(at_once)?;
    let mut empty = None;
    let mut kustomization = match (kustomization::load(&loader), options.source) {
        (Err(fail), Some(source))
            if fail.message == kustomization::EMPTY
                && (source.edits_the_file() || (source.patches.is_empty() && !source.components.is_empty())) =>
        {
            empty = Some(fail).filter(|_| !source.edits_the_file());
            let name = FILE_NAMES.into_iter().find(|name| loader.load_own(name).is_some());
            Arc::new(Kustomization::blank(name.unwrap_or(FILE_NAMES[0])))
        }
        (Err(fail), Some(source)) if fail.message == kustomization::EMPTY && !source.patches.is_empty() => {
            let message = "expected kustomization.yaml to be type map[string]any, but got <nil>".to_owned();
            return Err(at_once(Fail { message, ..fail }));
        }
        (loaded, _) => loaded.map_err(at_once)?,
    };
    let nowhere = |_: &str| None;
    if let Some(source) = options.source {
        source.edit(Arc::make_mut(&mut kustomization), &loader).map_err(at_once)?;
    }
    if let Some(fail) = empty.filter(|_| kustomization.components.is_empty()) {
        return Err(at_once(fail));
    }
    let build = Build {
        charts: options.charts,
        enable_helm: flags.enable_helm,
        enable_plugins: flags.enable_plugins,
        kube_version: match options.source {
            // Argo CD's own come last on the command line.
            Some(source) if !source.kube_version.is_empty() => source.kube_version.clone(),
            _ => flags.kube_version.clone(),
        },
        api_versions: flags
            .api_versions
            .iter()
            .chain(options.source.iter().flat_map(|source| &source.api_versions))
            .cloned()
            .collect(),
        remotes: options.remotes.unwrap_or(&nowhere),
        told: RefCell::default(),
        gaps: RefCell::default(),
        incomplete: Cell::new(false),
        schemas: RefCell::default(),
        unknown_kind: Cell::new(false),
        metadata: BuildMetadata::of(&kustomization.build_metadata),
    };
    match objects(&build, loader, kustomization, flags) {
        Ok(objects) => Ok(Built { objects, gaps: build.gaps.take(), files: shared.files_read() }),
        Err(fail) => Err((fail, build.gaps.take())),
    }
}

fn objects(
    build: &Build<'_>,
    loader: Loader<'_>,
    kustomization: Arc<Kustomization>,
    flags: &BuildOptions,
) -> Result<Vec<Resource>, Fail> {
    let wanted = build.metadata;
    let sort = kustomization.sort.clone();
    let target = Target::new(build, loader, kustomization);
    target.set_schema(true)?;
    let Accumulated { mut map, config, vars } = target.accumulate(Accumulated::default())?;
    generator::add_hashes(&mut map, build, &target.loader)?;
    nameref::fix(&mut map, &config)?;
    vars::resolve(&mut map, &vars, &config, build.incomplete.get(), target.loader.shared.budget)?;
    finish::drop_local(&mut map)?;
    if sort.is_some() || !flags.keep_order {
        finish::sort(&mut map, sort.as_ref())?;
    }
    if wanted.managed_by || flags.managed_by_label {
        target.label_managed(&mut map)?;
    }
    Ok(finish::publish(map.list.into_iter().collect(), wanted)?.into_iter().map(|node| Resource { node }).collect())
}
