//! What was read already of charts and values files, and one chart rendered of it, without Argo CD around it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rayon::prelude::*;
use serde::Deserialize;

use super::super::quiet::quiet;
use super::engine::parse_ahead;
use super::render::read_crds_ahead;
use super::{
    Capabilities, Chart, HelmVersion, Loader, Parameter, ParameterKind, Printed, Release, RenderError, Request,
    ValuesLayer, render,
};
use crate::budget::Budget;
use crate::discover::{ReadLimits, Repository, read_named};
use crate::finding::Gap;
use crate::gotmpl::Shelf;
use crate::source::{FileId, RepoPath, SourceMap, Span};
use crate::yaml::{Origin, Role};

/// One line of input: what to render.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Comes back in the answer.
    pub id: String,
    /// A chart's folder or archive.
    pub chart: Option<PathBuf>,
    /// A kustomization's folder, instead of a chart.
    pub kustomize: Option<PathBuf>,
    /// Values files.
    pub values: Option<Vec<PathBuf>>,
    /// `--set`
    pub set: Option<Vec<String>>,
    /// `--set-string`
    pub set_string: Option<Vec<String>>,
    /// `--set-json`
    pub set_json: Option<Vec<String>>,
    /// `--set-file`
    pub set_file: Option<Vec<String>>,
    /// `--set-literal`
    pub set_literal: Option<Vec<String>>,
    /// The release's name; `release-name` where there is none.
    pub release: Option<String>,
    /// The release's namespace; `default` where there is none.
    pub namespace: Option<String>,
    /// The Kubernetes version.
    pub kube_version: Option<String>,
    /// Further API versions.
    pub api_versions: Option<Vec<String>>,
    /// Whether the files in `crds/` are printed.
    #[serde(rename = "includeCRDs")]
    pub include_crds: bool,
    /// Whether tests are left out.
    pub skip_tests: bool,
}

/// What was read already.
pub struct Shop {
    helm: HelmVersion,
    quiet: bool,
    origins: bool,
    folders: Vec<PathBuf>,
    beside: OnceLock<Result<Vec<Repository>, RenderError>>,
    sources: Arc<SourceMap>,
    shelf: Arc<Shelf>,
    charts: Mutex<BTreeMap<PathBuf, Result<Shelved, RenderError>>>,
    layers: Mutex<BTreeMap<PathBuf, Result<Arc<ValuesLayer>, RenderError>>>,
}

/// A chart, and the links in it that nobody follows.
#[derive(Clone)]
struct Shelved {
    chart: Arc<Chart>,
    links: Arc<[Gap]>,
}

/// The kind of gap that a link out of all that may be read is.
pub(super) const LINK: &str = "link-outside-repository";

impl Shop {
    /// A shop in which nothing was read yet.
    pub fn new(helm: HelmVersion) -> Self {
        let (charts, layers) = (Mutex::default(), Mutex::default());
        let (folders, beside) = (Vec::new(), OnceLock::new());
        let (sources, shelf) = (Arc::default(), Arc::default());
        Self { helm, quiet: false, origins: true, folders, beside, sources, shelf, charts, layers }
    }

    /// The same shop, where what charts list and do not bring is looked for: in these folders and, at a `file://`, where it
    /// lies.
    pub fn with_charts(self, folders: &[PathBuf]) -> Self {
        Self { folders: folders.to_vec(), ..self }
    }

    /// The same shop, whose errors give no credential among the values away.
    pub fn quietly(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// The same shop, for objects that nobody asks where they came from.
    pub fn without_origins(self) -> Self {
        Self { origins: false, ..self }
    }

    /// The texts that were read.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// Renders one job that names a chart.
    ///
    /// # Errors
    /// Helm's text.
    pub fn print(&self, job: &Job) -> Result<Printed, RenderError> {
        let budget = Budget::default();
        let capabilities =
            Capabilities::new(self.helm, job.kube_version.as_deref(), job.api_versions.as_deref().unwrap_or_default())?;
        let layers: Vec<Arc<ValuesLayer>> =
            job.values.iter().flatten().map(|path| self.layer(path)).collect::<Result<_, _>>()?;
        let parameters = parameters(job, self.helm)?;
        let Shelved { chart, links } = self.chart(job.chart.as_deref().unwrap_or(Path::new("")))?;
        let or = |text: &Option<String>, other: &str| {
            text.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| other.to_owned())
        };
        let release = Release::new(or(&job.release, "release-name"), or(&job.namespace, "default"));
        let layers: Vec<&ValuesLayer> = layers.iter().map(Arc::as_ref).collect();
        let request = Request {
            chart: &chart,
            release: &release,
            layers: &layers,
            parameters: &parameters,
            capabilities: &capabilities,
            include_crds: job.include_crds,
            skip_tests: job.skip_tests,
            skip_schema: false,
            without_missing: false,
            origins: self.origins,
        };
        match render(&request, &budget) {
            Ok(mut printed) => {
                printed.gaps.extend(links.iter().cloned());
                Ok(printed)
            }
            Err(error) => {
                let error = if self.quiet { quietened(error, &request) } else { error };
                // Helm would have followed it, and might have gone on.
                Err(match links.first() {
                    Some(link) => error.within(&link.message),
                    None => error,
                })
            }
        }
    }

    /// Reads the charts of some jobs, each once. A thread that lists a folder takes up other work meanwhile: were that the
    /// next job of the same chart, it would read the chart again. Where there are several threads, they also read together
    /// what one job would read while others wait for it.
    pub(super) fn stock(&self, jobs: &[Job]) {
        let mut charts: BTreeMap<&Path, bool> = BTreeMap::new();
        for job in jobs {
            if let Some(path) = job.chart.as_deref() {
                *charts.entry(path).or_default() |= job.include_crds;
            }
        }
        let together = !self.origins && rayon::current_num_threads() > 1;
        // What is beside them is listed here once, before anybody asks. What is wrong with it is said in the answers.
        let _ = (!charts.is_empty()).then(|| self.loader());
        charts.into_par_iter().for_each(|(path, crds)| {
            // What is wrong with a chart is kept, and said in the answers.
            let Ok(Shelved { chart, .. }) = self.chart(path) else { return };
            if together {
                rayon::join(|| parse_ahead(&chart), || crds.then(|| read_crds_ahead(&chart)));
            }
        });
    }

    fn chart(&self, path: &Path) -> Result<Shelved, RenderError> {
        once(&self.charts, path, || self.load(path))
    }

    fn open(&self, folder: &Path) -> Result<(Repository, Vec<Gap>), RenderError> {
        let opened = Repository::open_whole(folder, ReadLimits::default(), &self.sources);
        opened.map_err(|error| RenderError::refused(error.to_string()))
    }

    fn loader(&self) -> Result<Loader<'_>, RenderError> {
        if self.folders.is_empty() {
            return Ok(Loader::new(self.helm).sharing(&self.shelf));
        }
        let beside = match self.beside.get() {
            Some(known) => known,
            None => {
                // Listed outside the cell: a thread that lists may take up another chart, which asks for the same.
                let listed = self.folders.iter().map(|folder| Ok(self.open(folder)?.0)).collect();
                self.beside.get_or_init(|| listed)
            }
        };
        let beside = beside.as_ref().map_err(Clone::clone)?;
        Ok(Loader::new(self.helm).sharing(&self.shelf).building(beside))
    }

    fn load(&self, path: &Path) -> Result<Shelved, RenderError> {
        let loader = self.loader()?;
        let budget = Budget::default();
        if path.is_file() {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let bytes = read_named(path, ReadLimits { text: 100 << 20, ..ReadLimits::default() })?;
            let place = RepoPath::new(name).map_err(|error| error.to_string())?;
            let chart = Arc::new(loader.load_archive(&self.sources, &bytes, &place, &budget)?);
            return Ok(Shelved { chart, links: Arc::default() });
        }
        let (mut tree, mut gaps) = self.open(path)?;
        let mut place = RepoPath::root();
        // A link out of the chart may lead to a neighbour in the same repository.
        if gaps.iter().any(|gap| gap.kind.contains("link"))
            && let Ok(real) = path.canonicalize()
            && let Some(root) = real.ancestors().find(|folder| folder.join(".git").exists())
            && let Some(inner) = real.strip_prefix(root).ok().and_then(Path::to_str)
        {
            (tree, gaps) = self.open(root)?;
            place = RepoPath::new(inner).map_err(|error| error.to_string())?;
        }
        let chart = Arc::new(loader.load(&tree, &place, &budget)?);
        let links = gaps.iter().filter(|gap| gap.kind == LINK).filter_map(|gap| {
            let link = self.sources.path(gap.span?.file);
            let plays_a_part = link.relative_to(&place).is_some_and(is_rendered);
            let message = format!("the link `{link}` leads out of what may be read, and what it leads to is left out");
            plays_a_part.then(|| Gap { message, ..gap.clone() })
        });
        Ok(Shelved { chart, links: links.collect() })
    }

    fn layer(&self, path: &Path) -> Result<Arc<ValuesLayer>, RenderError> {
        once(&self.layers, path, || self.read_layer(path).map(Arc::new))
    }

    fn read_layer(&self, path: &Path) -> Result<ValuesLayer, RenderError> {
        let name = path.display().to_string();
        let bytes = read_named(path, ReadLimits::default())?;
        let text: Arc<str> = String::from_utf8(bytes)
            .map_err(|_| {
                format!("failed to parse {name}: error converting YAML to JSON: yaml: invalid leading UTF-8 octet")
            })?
            .into();
        let shown = RepoPath::new(path.file_name().and_then(|name| name.to_str()).unwrap_or("values.yaml"));
        let shown = shown.unwrap_or_else(|_| RepoPath::root());
        let file = self.sources.add(shown, Arc::clone(&text));
        ValuesLayer::read(&name, file, &text, self.helm, &Budget::default())
    }
}

fn quietened(error: RenderError, request: &Request<'_>) -> RenderError {
    let said = request.layers.iter().flat_map(|layer| layer.documents()).chain(&request.chart.values);
    let given = request.parameters.iter().filter_map(|parameter| parameter.text.split_once('='));
    RenderError { message: quiet(error.message, said, given), ..error }
}

/// What is known of a path, or is made now. Nothing is locked meanwhile: two threads may make the same, which costs less than
/// waiting.
fn once<T: Clone>(known: &Mutex<BTreeMap<PathBuf, T>>, path: &Path, make: impl FnOnce() -> T) -> T {
    let lock = || known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(found) = lock().get(path).cloned() {
        return found;
    }
    let made = make();
    lock().entry(path.to_owned()).or_insert(made).clone()
}

/// Whether Helm makes anything of a file of a chart by itself.
fn is_rendered(name: &str) -> bool {
    let about = ["Chart.yaml", "requirements.yaml", "values.yaml", "values.schema.json", ".helmignore"];
    about.contains(&name) || ["templates", "crds", "charts"].contains(&name.split('/').next().unwrap_or_default())
}

fn parameters(job: &Job, helm: HelmVersion) -> Result<Vec<Parameter>, RenderError> {
    let mut all = Vec::new();
    let origin = Origin::of(Role::Parameter, Span::new(FileId(u32::MAX), 0, 0));
    let kinds = [
        (ParameterKind::Json, &job.set_json),
        (ParameterKind::Set, &job.set),
        (ParameterKind::String, &job.set_string),
        (ParameterKind::Literal, &job.set_literal),
    ];
    for (kind, texts) in kinds {
        for text in texts.iter().flatten() {
            all.push(Parameter::of_kind(kind, text, origin.clone()));
        }
    }
    let read = |path: &str| {
        let bytes = read_named(Path::new(path), ReadLimits::default())?;
        Ok(Arc::from(String::from_utf8_lossy(&bytes)))
    };
    for text in job.set_file.iter().flatten() {
        all.push(Parameter::set_file(text, read, helm, origin.clone())?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_list_what_lies_beside_do_not_wait_for_each_other() {
        let root = tempfile::tempdir().unwrap();
        let beside = root.path().join("beside");
        for number in 0..60 {
            std::fs::create_dir_all(beside.join(format!("{number}/a/b/c"))).unwrap();
            std::fs::create_dir_all(beside.join(format!("{number}/d/e/f"))).unwrap();
        }
        let mut jobs: Vec<Job> = Vec::new();
        for number in 0..60 {
            let chart = root.path().join(format!("charts/{number}"));
            std::fs::create_dir_all(&chart).unwrap();
            std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: a\nversion: 1.0.0\n").unwrap();
            let job = serde_json::json!({"id": number.to_string(), "chart": chart, "release": "a"});
            jobs.push(serde_json::from_value(job).unwrap());
        }
        let (says, done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for _ in 0..20 {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(6).build().unwrap();
                let shop = Shop::new(HelmVersion::V4).with_charts(std::slice::from_ref(&beside)).without_origins();
                let print = || jobs.par_iter().filter(|job| shop.print(job).is_ok()).count();
                says.send(pool.install(print)).unwrap();
            }
        });
        for _ in 0..20 {
            let printed = done.recv_timeout(std::time::Duration::from_secs(60));
            assert_eq!(printed, Ok(60));
        }
    }
}
