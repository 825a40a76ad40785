//! Kustomizations without Argo CD around them, one or many: what was looked up, read, parsed and built for one of a checkout
//! serves the next.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::kustomize::{self, ApplicationSource, BuildOptions, Built, Cache, ChartRequest, Charts};
use super::{Addresses, Context, Inflater, Manifests, Options, Tools};
use crate::budget::Budget;
use crate::discover::{Disk, ReadLimits, Repository};
use crate::finding::Gap;
use crate::source::{RepoPath, SourceMap};
use crate::yaml::Node;

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

    /// Builds from the files that the kustomization names; once more with the whole checkout, where it asks for a chart that
    /// is there.
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
        let charts = Lookout { disk: &yard.disk, more: !self.charts.is_empty(), seen: Cell::new(false) };
        let options = kustomize::Options {
            build: Some(flags),
            charts: Some(&charts),
            cache: Some(&yard.cache),
            source,
            ..kustomize::Options::default()
        };
        let built = kustomize::build(&yard.disk, &place, &options, &Budget::default());
        if !charts.seen.get() {
            let built = built.map_err(|error| error.message.clone())?;
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
        let (repository, _) =
            Repository::open_whole(root, ReadLimits::default(), &Arc::default()).map_err(|error| error.to_string())?;
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

/// Sees whether a chart is at hand, without rendering any. Answers for those that are not as an [`Inflater`] would.
struct Lookout<'y> {
    disk: &'y Disk,
    /// Whether the user named folders of charts, in which any may be.
    more: bool,
    /// Whether there was one.
    seen: Cell<bool>,
}

impl Charts for Lookout<'_> {
    fn inflate(&self, request: &ChartRequest, _: &Budget) -> Result<Vec<Node>, Gap> {
        let folder = request.home.as_ref().and_then(|home| home.join(&request.name).ok());
        let described = folder.and_then(|folder| folder.join("Chart.yaml").ok());
        let is_file = |path: RepoPath| self.disk.find(&path).is_some_and(|(_, is_file)| is_file);
        if self.more || request.folder.is_some() || described.is_some_and(is_file) {
            self.seen.set(true);
            return Err(Gap::new("chart-at-hand", "the chart is not rendered yet").at(request.span));
        }
        Err(request.missing())
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

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str =
        "resources: [own.yaml]\nhelmCharts:\n- {name: web, repo: https://charts.example.org, version: 1.0.0}\n";

    #[test]
    fn the_checkout_is_listed_for_charts_that_are_at_hand_only() {
        let checkout = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = checkout.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(".git/HEAD", "");
        for app in ["far", "near"] {
            write(&format!("{app}/kustomization.yaml"), APP);
            write(&format!("{app}/own.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n");
        }
        write("near/charts/web-1.0.0/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
        write("near/charts/web-1.0.0/web/values.yaml", "a: 1\n");
        let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\n";
        write("near/charts/web-1.0.0/web/templates/made.yaml", template);
        let workshop = Workshop::new(Options::default(), Vec::new());
        let flags = BuildOptions::parse("--enable-helm");
        let build = |app: &str| {
            let built = workshop.build(&checkout.path().join(app), &flags, None).unwrap().built;
            let listed = workshop.yards.lock().unwrap().values().any(|yard| yard.whole.get().is_some());
            let gaps: Vec<&str> = built.gaps.iter().map(|gap| gap.kind).collect();
            format!("{} {gaps:?} {listed}", built.objects.len())
        };
        assert_eq!(build("far"), "1 [\"missing-chart\"] false");
        assert_eq!(build("near"), "2 [] true");
    }
}
