//! What all renders of one audit share: which versions are emulated, charts that were loaded, values files that were read.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ground::{Context, Ground};
use super::helm::{Chart, HelmVersion, Loader, RenderError, ValuesLayer};
use super::kustomize::BuildOptions;
use crate::budget::Budget;
use crate::discover::Repository;
use crate::source::{FileId, RepoPath};

/// How rendering is done.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which Helm is emulated.
    pub helm: HelmVersion,
    /// The Kubernetes version that charts see, unless an Application says another; empty for Helm's default.
    pub kube_version: String,
    /// API versions that charts see besides Helm's own.
    pub api_versions: Vec<String>,
    /// Folders of charts that are not in the repository.
    pub charts: Arc<Vec<Repository>>,
}

/// What all renders share.
pub struct Tools {
    /// How rendering is done.
    pub options: Options,
    /// The command line of Kustomize.
    pub build: BuildOptions,
    charts: Shelf<ChartKey, Result<Arc<Chart>, RenderError>>,
    layers: Shelf<FileId, Result<Arc<ValuesLayer>, RenderError>>,
}

/// Where a chart is: in a repository, or in one of the folders of charts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum ChartKey {
    On(Ground, RepoPath),
    Beside(usize, RepoPath),
}

impl Tools {
    /// Nothing is loaded yet.
    pub fn new(options: Options, build: BuildOptions) -> Self {
        Self { options, build, charts: Shelf::default(), layers: Shelf::default() }
    }

    fn loader(&self) -> Loader<'_> {
        Loader::new(self.options.helm).building(&self.options.charts)
    }

    /// The chart in a folder of the repository that is looked at; each is loaded once.
    pub fn chart(&self, context: &Context<'_>, folder: &RepoPath) -> Result<Arc<Chart>, RenderError> {
        let load = || self.loader().load(context.repository(), folder, &Budget::default()).map(Arc::new);
        self.charts.get(ChartKey::On(context.ground(), folder.clone()), load)
    }

    /// The chart in a folder of the repository once more, for one render alone.
    pub fn own_chart(&self, repository: &Repository, folder: &RepoPath) -> Result<Chart, RenderError> {
        self.loader().load(repository, folder, &Budget::default())
    }

    /// A chart of a name and a range of versions from the folders of charts; nothing if it is not at hand.
    pub fn chart_beside(&self, name: &str, range: &str) -> Option<Result<Arc<Chart>, RenderError>> {
        let loader = self.loader();
        let name = name.rsplit('/').next().unwrap_or(name);
        let (folder, place) = loader.beside(name, if range.is_empty() { "*" } else { range })?;
        let number = self.options.charts.iter().position(|known| std::ptr::eq(known, folder)).unwrap_or(0);
        let load = || loader.load(folder, &place, &Budget::default()).map(Arc::new);
        Some(self.charts.get(ChartKey::Beside(number, place.clone()), load))
    }

    /// A values file; each is read once.
    pub fn values(&self, repository: &Repository, path: &RepoPath) -> Result<Arc<ValuesLayer>, RenderError> {
        let (Some(id), Ok(text)) = (repository.id(path), repository.read(path)) else {
            return Err(RenderError::refused(format!("open {path}: no such file or directory")));
        };
        let read = || {
            let layer = ValuesLayer::read(path.as_str(), id, &text, self.options.helm, &Budget::default());
            layer.map(Arc::new)
        };
        self.layers.get(id, read)
    }
}

/// Things that are made once, by whoever asks first.
struct Shelf<K, V> {
    places: Mutex<HashMap<K, Arc<OnceLock<V>>>>,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { places: Mutex::default() }
    }
}

impl<K: Hash + Eq, V: Clone> Shelf<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        let place = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(key).or_default())
        };
        place.get_or_init(make).clone()
    }
}
