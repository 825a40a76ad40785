//! Kustomizations without Argo CD around them, one or many: what was looked up, read, parsed and built for one of a checkout
//! serves the next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::kustomize::{self, ApplicationSource, BuildOptions, Built, Cache};
use super::{Addresses, Context, Inflater, Manifests, Options, Tools};
use crate::budget::Budget;
use crate::discover::{Disk, ReadLimits, Repository};
use crate::source::{RepoPath, SourceMap};

/// Builds kustomizations from disk.
pub struct Workshop {
    options: Options,
    /// Folders of charts, as the user named them.
    charts: Vec<PathBuf>,
    yards: Mutex<BTreeMap<PathBuf, Arc<Yard>>>,
}

/// What is known of one checkout.
struct Yard {
    disk: Disk,
    cache: Cache,
    /// The checkout as a whole, for kustomizations that ask for charts.
    whole: OnceLock<Result<Whole, String>>,
}

struct Whole {
    repository: Repository,
    tools: Tools,
    cache: Cache,
}

/// A kustomization that was built.
pub struct Finished {
    /// The objects and gaps.
    pub built: Built,
    /// The texts that their places point into.
    pub sources: Arc<SourceMap>,
    /// The folder's name.
    pub name: String,
}

impl Workshop {
    /// Nothing is read yet. `options.charts` is left to the folders of `charts`.
    pub fn new(options: Options, charts: Vec<PathBuf>) -> Self {
        Self { options, charts, yards: Mutex::default() }
    }

    /// Builds what is at hand; once more with charts, where the kustomization asks for some.
    ///
    /// # Errors
    /// Kustomize's reason, or why the folder cannot be read.
    pub fn build(
        &self,
        folder: &Path,
        flags: &BuildOptions,
        source: Option<&ApplicationSource>,
    ) -> Result<Finished, String> {
        let (root, place) = Disk::place(folder)?;
        let in_checkout = root.join(".git").exists();
        let yard = {
            let mut yards = self.yards.lock().unwrap_or_else(PoisonError::into_inner);
            let made = || Arc::new(Yard::below(root.clone()));
            Arc::clone(yards.entry(root.clone()).or_insert_with(made))
        };
        let name = place.file_name().to_owned();
        let options = kustomize::Options {
            build: Some(flags),
            cache: Some(&yard.cache),
            source,
            ..kustomize::Options::default()
        };
        let refused = |error: Box<kustomize::BuildError>| error.message.clone();
        let built = kustomize::build(&yard.disk, &place, &options, &Budget::default()).map_err(refused)?;
        if !built.gaps.iter().any(|gap| gap.kind == "missing-chart") {
            return Ok(Finished { built, sources: Arc::clone(yard.disk.sources()), name });
        }
        // Without a checkout the folder itself is the limit, or the whole disk would be listed.
        if !in_checkout {
            let whole = self.whole(folder)?;
            return whole.build(&RepoPath::root(), flags, source, name);
        }
        if yard.whole.get().is_none() {
            // Listed outside the cell: a thread that lists may take up another kustomization, which asks for the same.
            let _ = yard.whole.set(self.whole(&root));
        }
        let whole = yard.whole.get().ok_or("the checkout was not listed")?;
        whole.as_ref().map_err(Clone::clone)?.build(&place, flags, source, name)
    }

    fn whole(&self, root: &Path) -> Result<Whole, String> {
        let (repository, _) = Repository::open_whole(root, ReadLimits::default()).map_err(|error| error.to_string())?;
        let mut charts = Vec::new();
        for folder in &self.charts {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("charts");
            let shown = RepoPath::new(name).unwrap_or_else(|_| RepoPath::root());
            charts.push(repository.beside(folder, &shown, None).map_err(|error| error.to_string())?.0);
        }
        let options = Options { charts: Arc::new(charts), ..self.options.clone() };
        Ok(Whole { repository, tools: Tools::new(options, BuildOptions::default()), cache: Cache::default() })
    }
}

impl Yard {
    fn below(root: PathBuf) -> Self {
        Self { disk: Disk::below(root), cache: Cache::default(), whole: OnceLock::new() }
    }
}

impl Whole {
    fn build(
        &self,
        place: &RepoPath,
        flags: &BuildOptions,
        source: Option<&ApplicationSource>,
        name: String,
    ) -> Result<Finished, String> {
        let manifests = Manifests::new(&self.repository);
        let addresses = Addresses::default();
        let context = Context::new(&manifests, &addresses, &self.tools);
        let inflater = Inflater { context: &context };
        let options = kustomize::Options {
            build: Some(flags),
            charts: Some(&inflater),
            cache: Some(&self.cache),
            source,
            ..kustomize::Options::default()
        };
        let built = kustomize::build(&self.repository, place, &options, &Budget::default());
        let built = built.map_err(|error| error.message.clone())?;
        Ok(Finished { built, sources: Arc::clone(self.repository.sources()), name })
    }
}
