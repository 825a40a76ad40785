//! What an audit is asked on the command line: which folder, by which configuration, as whose work.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{self, Config, ConfigError};
use crate::discover::{OpenError, ReadLimits, Repository, checkout};
use crate::finding::Gap;
use crate::{Audit, expand, render, rules};

use super::beside::{self, Beside};
use super::{Global, Refusal, versions};

/// What to audit, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// The folder.
    pub path: PathBuf,
    /// A commit to audit instead of the work tree.
    pub reference: Option<String>,
    /// A configuration given by name and text; without one, that of the repository counts.
    pub config: Option<config::Source>,
    /// What Argo CD starts from; chosen from the repository if empty.
    pub roots: Vec<String>,
    /// The day by which allowances expire.
    pub today: Option<String>,
    /// Whether the objects are asked, and not only what is to be said of them.
    pub objects: bool,
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("nothing to audit: `{}` has no YAML or JSON file", .0.display())]
    Nothing(PathBuf),
}

/// Opens the folder, reads its configuration and audits it.
pub(super) fn audit(request: &Request, global: &Global) -> Result<Audit, Refusal> {
    let (repository, mut config, gaps) = open(request)?;
    let versions = versions::resolve(global, config.emulate())?;
    let Beside { charts, checkouts, inner, gaps: more } =
        beside::open(&request.path, global, request.reference.as_deref(), &repository, &config)?;
    config.set_aside(&inner).map_err(RequestError::from)?;
    let opening = gaps.into_iter().chain(more).collect();
    let config = Arc::new(config);
    let own = config.repositories().iter().filter(|other| other.is_this()).map(|other| other.url.clone());
    let asked = Arc::clone(&config);
    let settings = expand::Settings {
        samples: expand::Samples::new(move |set, generator| asked.samples(set, generator)),
        roots: request.roots.clone(),
        remotes: checkout::remotes(&request.path).into_iter().chain(own).collect(),
        ignored: config.ignored().clone(),
        clusters: config.clusters(),
        argocd: versions.argocd,
        checkouts: Arc::new(checkouts),
        render: render::Options {
            helm: versions.helm,
            kube_version: global
                .kube_version
                .clone()
                .or_else(|| config.emulate().kubernetes.clone())
                .unwrap_or_default(),
            api_versions: Vec::new(),
            charts: Arc::new(charts),
        },
        keep_objects: request.objects,
        ..expand::Settings::default()
    };
    let mut audit = crate::audit(&repository, &config, &settings, opening);
    audit.report.emulated = versions.emulated;
    Ok(audit)
}

fn open(request: &Request) -> Result<(Repository, Config, Vec<Gap>), RequestError> {
    let (repository, gaps) = Repository::open(&request.path, request.reference.as_deref(), ReadLimits::default())?;
    let mut config = Config::load(&repository, request.config.as_ref())?;
    config.check_rules(repository.sources(), |id| rules::find(id).is_some())?;
    // No clock: the same commit gives the same report.
    config.today = request.today.clone().or_else(|| checkout::day(&request.path, request.reference.as_deref()));
    let is_manifest = |name: Option<&str>| matches!(name, Some("yaml" | "yml" | "json"));
    if !repository.files().iter().any(|path| is_manifest(path.extension())) {
        return Err(RequestError::Nothing(request.path.clone()));
    }
    Ok((repository, config, gaps))
}
