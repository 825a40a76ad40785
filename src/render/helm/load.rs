//! From a folder or an archive to a chart, as Helm's loader does it, through `discover` only.
//!
//! Helm follows links to anywhere; here a link leads inside the tree or nowhere. What a chart lists and does not have is
//! looked up beside it where the caller allows it, and is said to be missing otherwise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::archive::{self, MOST_FILE_BYTES};
use super::chart::{Bytes, Chart, ChartFile, Content, Missing};
use super::dependencies::MOST_LEVELS;
use super::documents;
use super::error::{Reason, RenderError};
use super::ignore::Rules;
use super::metadata::{self, Dependency, Metadata};
use super::remembered::Remembered;
use super::semver;
use super::version::HelmVersion;
use crate::budget::Budget;
use crate::discover::{ReadError, Repository};
use crate::gotmpl::Shelf;
use crate::source::{RepoPath, SourceMap};
use crate::yaml::{self, Node, Origin, Role};

/// How charts are found and read.
pub struct Loader<'r> {
    helm: HelmVersion,
    /// Folders of charts, as `helm pull` leaves them.
    beside: &'r [Repository],
    /// Whether `file://` dependencies that are not in `charts/` are taken from where they lie, as Argo CD has them built.
    build: bool,
    shelf: Arc<Shelf>,
}

/// A file before the chart is put together.
struct Found {
    name: String,
    content: Content,
}

/// Helm follows links before it asks whether they count.
fn links_lead_somewhere(tree: &Repository, folder: &RepoPath, rules: &Rules) -> Result<(), RenderError> {
    // What a submodule brings may not be at hand.
    if RepoPath::new(".gitmodules").is_ok_and(|list| tree.is_file(&list)) {
        return Ok(());
    }
    let looked_at = |link: &RepoPath| link.relative_to(folder).is_some_and(|name| !rules.ignores_above(name));
    let Some(broken) = tree.broken_under(folder).find(|broken| looked_at(&broken.link)) else { return Ok(()) };
    let why = match &broken.missing {
        Some(path) if tree.is_file(path) => "not a directory".to_owned(),
        Some(path) => format!("lstat {path}: no such file or directory"),
        None => "EvalSymlinks: too many links".to_owned(),
    };
    Err(RenderError::refused(format!("error evaluating symlink {}: {why}", broken.link)))
}

impl<'r> Loader<'r> {
    /// A loader as the command line is: nothing but what lies in the chart.
    pub fn new(helm: HelmVersion) -> Self {
        Self { helm, beside: &[], build: false, shelf: Arc::default() }
    }

    /// Lets the charts share what texts of templates are parsed to.
    pub fn sharing(mut self, shelf: &Arc<Shelf>) -> Self {
        self.shelf = Arc::clone(shelf);
        self
    }

    /// Lets missing charts be looked up: `file://` dependencies where they lie, others in these folders.
    pub fn building(mut self, beside: &'r [Repository]) -> Self {
        self.beside = beside;
        self.build = true;
        self
    }

    /// Loads the chart in a folder, or an archive.
    ///
    /// # Errors
    /// Helm's text.
    pub fn load(&self, tree: &Repository, place: &RepoPath, budget: &Budget) -> Result<Chart, RenderError> {
        self.load_at(tree, place, budget, 0)
    }

    /// Loads a chart from the bytes of an archive, which is shown as `place`.
    ///
    /// # Errors
    /// Helm's text.
    pub fn load_archive(
        &self,
        sources: &SourceMap,
        bytes: &[u8],
        place: &RepoPath,
        budget: &Budget,
    ) -> Result<Chart, RenderError> {
        let mut chart = self.archive(sources, bytes, place, budget, 0)?;
        chart.missing = missing(&chart);
        Ok(chart)
    }

    fn load_at(
        &self,
        tree: &Repository,
        place: &RepoPath,
        budget: &Budget,
        level: usize,
    ) -> Result<Chart, RenderError> {
        let mut chart = if tree.is_file(place) {
            let bytes = tree.read_bytes(place).map_err(|error| unreadable(&error))?;
            self.archive(tree.sources(), &bytes, place, budget, level)?
        } else {
            let files = self.folder(tree, place)?;
            self.assemble(tree.sources(), files, place, budget, level)?
        };
        // Helm looks at the top chart only: what a sub-chart lists and does not bring is left out without a word.
        if level == 0 {
            self.complete(&mut chart, tree, budget)?;
        }
        Ok(chart)
    }

    /// The files of a folder that `.helmignore` leaves.
    fn folder(&self, tree: &Repository, folder: &RepoPath) -> Result<Vec<Found>, RenderError> {
        let join = |name: &str| folder.join(name).ok();
        let about = join("Chart.yaml").filter(|path| tree.is_file(path));
        if about.is_none() {
            let words = match self.helm {
                HelmVersion::V3 => "Chart.yaml file is missing".to_owned(),
                HelmVersion::V4 => format!("unable to detect chart at {folder}/Chart.yaml: no such file or directory"),
            };
            return Err(RenderError::refused(words));
        }
        let ignored = join(".helmignore").filter(|path| tree.is_file(path)).map(|path| tree.read(&path));
        let ignored = ignored.transpose().map_err(|error| unreadable(&error))?;
        let rules = Rules::parse(ignored.as_deref())?;
        links_lead_somewhere(tree, folder, &rules)?;
        let mut files = Vec::new();
        for path in tree.under_following(folder) {
            let Some(name) = path.relative_to(folder).filter(|name| !rules.ignores(name)).map(str::to_owned) else {
                continue;
            };
            if tree.size(&path).map_err(|error| unreadable(&error))? > MOST_FILE_BYTES {
                let name = path.file_name();
                let message = format!("chart file {name:?} is larger than the maximum file size {MOST_FILE_BYTES}");
                return Err(RenderError::refused(message));
            }
            files.push(Found { name, content: Content::of(tree, path) });
        }
        Ok(files)
    }

    fn archive(
        &self,
        sources: &SourceMap,
        bytes: &[u8],
        place: &RepoPath,
        budget: &Budget,
        level: usize,
    ) -> Result<Chart, RenderError> {
        let mut files = Vec::new();
        for member in archive::unpack(bytes)? {
            budget.bytes(member.bytes.len())?;
            let bytes = match String::from_utf8(member.bytes) {
                Ok(text) => {
                    let text: Arc<str> = text.into();
                    let path = place.join(&member.name).unwrap_or_else(|_| place.clone());
                    Bytes::Text(sources.add(path, Arc::clone(&text)), text)
                }
                Err(error) => Bytes::Binary(error.into_bytes().into()),
            };
            files.push(Found { name: member.name, content: Content::known(bytes) });
        }
        self.assemble(sources, files, place, budget, level)
    }

    /// Puts a chart together from its files (`pkg/chart/loader/load.go`: `LoadFiles`).
    fn assemble(
        &self,
        sources: &SourceMap,
        files: Vec<Found>,
        place: &RepoPath,
        budget: &Budget,
        level: usize,
    ) -> Result<Chart, RenderError> {
        if level > MOST_LEVELS {
            let message = format!("charts nested deeper than {MOST_LEVELS}");
            return Err(RenderError::new(Reason::Exceeded, message));
        }
        let mut chart = Chart {
            metadata: Metadata::default(),
            values: None,
            schema: None,
            templates: Vec::new(),
            files: Vec::new(),
            dependencies: Vec::new(),
            missing: Vec::new(),
            place: place.clone(),
            helm: self.helm,
            checked: std::sync::OnceLock::new(),
            remembered: Remembered::default(),
            shelf: Arc::clone(&self.shelf),
            sets: Mutex::default(),
        };
        let mut described = false;
        for file in files.iter().filter(|file| file.name == "Chart.yaml") {
            described = true;
            if level == 0 && self.helm == HelmVersion::V4 {
                supported(file, budget)?;
            }
            read_into(&mut chart.metadata, file, self.helm, budget)?;
            if chart.metadata.api_version.text.is_empty() {
                chart.metadata.api_version.text = "v1".into();
            }
        }
        let mut below: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for file in files {
            let first_version = &*chart.metadata.api_version.text == "v1";
            match file.name.as_str() {
                "Chart.yaml" => {}
                "Chart.lock" => locked(&file, self.helm, budget)?,
                "values.yaml" => chart.values = self.values(&file, budget)?,
                "values.schema.json" => chart.schema = Some(file.content),
                "requirements.yaml" => {
                    described = true;
                    read_into(&mut chart.metadata, &file, self.helm, budget)?;
                    if &*chart.metadata.api_version.text == "v1" {
                        chart.files.push(file.into());
                    }
                }
                "requirements.lock" => {
                    described = true;
                    locked(&file, self.helm, budget)?;
                    if first_version {
                        chart.files.push(file.into());
                    }
                }
                name if name.starts_with("templates/") => chart.templates.push(file.into()),
                name if name.starts_with("charts/") && !name.ends_with(".prov") => {
                    let inner = name["charts/".len()..].to_owned();
                    let folder = inner.split('/').next().unwrap_or("").to_owned();
                    below.entry(folder).or_default().push(Found { name: inner, content: file.content });
                }
                _ => chart.files.push(file.into()),
            }
        }
        if !described {
            return Err(RenderError::refused("Chart.yaml file is missing"));
        }
        let span = chart.metadata.name.origin.as_ref().map(Origin::anchor);
        chart.metadata.validate(self.helm).map_err(|message| RenderError::refused(message).at(span))?;
        for (name, files) in below {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let sub = self.sub_chart(sources, &name, files, place, budget, level + 1);
            let sub = sub.map_err(|error| match error.reason {
                Reason::Refused if error.message.starts_with("error unpacking subchart tar") => error,
                Reason::Unreadable => error,
                _ => error.within(&format!("error unpacking subchart {name} in {}", chart.name())),
            })?;
            chart.dependencies.push(Arc::new(sub));
        }
        Ok(chart)
    }

    fn sub_chart(
        &self,
        sources: &SourceMap,
        name: &str,
        files: Vec<Found>,
        place: &RepoPath,
        budget: &Budget,
        level: usize,
    ) -> Result<Chart, RenderError> {
        let place = place.join(&format!("charts/{name}")).unwrap_or_else(|_| place.clone());
        if name.ends_with(".tgz") {
            let Some(file) = files.first().filter(|file| file.name == name) else {
                let got = files.first().map_or("", |file| &file.name);
                let message = format!("error unpacking subchart tar in {place}: expected {name}, got {got}");
                return Err(RenderError::refused(message));
            };
            return self.archive(sources, file.content.read()?.bytes(), &place, budget, level);
        }
        let inner = files.into_iter().filter_map(|file| {
            let (_, inner) = file.name.split_once('/')?;
            Some(Found { name: inner.to_owned(), content: file.content })
        });
        self.assemble(sources, inner.collect(), &place, budget, level)
    }

    fn values(&self, file: &Found, budget: &Budget) -> Result<Option<Node>, RenderError> {
        let documents = documents::of_values(file.content.read()?, Role::Default, self.helm, budget);
        let documents = documents.map_err(|error| error.within("cannot load values.yaml"))?;
        Ok(super::values::merged(documents))
    }

    /// Looks for what the chart lists and does not have.
    fn complete(&self, chart: &mut Chart, tree: &Repository, budget: &Budget) -> Result<(), RenderError> {
        let listed = chart.metadata.dependencies.clone().unwrap_or_default();
        for dependency in &listed {
            if chart.dependencies.iter().any(|sub| *sub.name() == *dependency.name.text) {
                continue;
            }
            if let Some(sub) = self.find(dependency, chart, tree, budget)? {
                chart.dependencies.push(Arc::new(sub));
            }
        }
        chart.missing = missing(chart);
        Ok(())
    }

    fn find(
        &self,
        dependency: &Dependency,
        chart: &Chart,
        tree: &Repository,
        budget: &Budget,
    ) -> Result<Option<Chart>, RenderError> {
        if !self.build {
            return Ok(None);
        }
        if let Some(path) = dependency.repository.text.strip_prefix("file://") {
            // An absolute path is one of the machine, not of the repository.
            let place = chart.place.join(path).ok().filter(|_| !path.starts_with('/'));
            return match place.filter(|place| tree.is_dir(place)) {
                Some(place) => self.load_at(tree, &place, budget, 1).map(Some),
                None => Ok(None),
            };
        }
        let found = self.beside(&dependency.name.text, &dependency.version.text);
        let Some((folder, place)) = found else { return Ok(None) };
        self.load_at(folder, &place, budget, 1).map(Some)
    }

    /// The newest chart of a name in the folders of charts whose version is in a range: `name-version.tgz`, or unpacked.
    pub fn beside(&self, name: &str, range: &str) -> Option<(&'r Repository, RepoPath)> {
        let mut best: Option<(String, &'r Repository, RepoPath)> = None;
        for folder in self.beside {
            for child in folder.children(&RepoPath::root()) {
                let file = child.path.file_name();
                let version = match file.strip_suffix(".tgz").and_then(|rest| rest.strip_prefix(name)) {
                    Some(rest) => rest.strip_prefix('-').map(str::to_owned),
                    None => unpacked_version(folder, &child.path, name),
                };
                let Some(version) = version.filter(|version| semver::fits(range, version, self.helm)) else { continue };
                if best.as_ref().is_none_or(|(known, ..)| semver::newer(&version, known)) {
                    best = Some((version, folder, child.path));
                }
            }
        }
        best.map(|(_, folder, place)| (folder, place))
    }
}

/// What a chart lists and does not have.
fn missing(chart: &Chart) -> Vec<Missing> {
    let listed = chart.metadata.dependencies.iter().flatten();
    let absent = listed.filter(|one| !chart.dependencies.iter().any(|sub| *sub.name() == *one.name.text));
    let missing = absent.map(|one| Missing {
        name: Arc::clone(&one.name.text),
        version: Arc::clone(&one.version.text),
        repository: Arc::clone(&one.repository.text),
        span: one.name.origin.as_ref().map(Origin::anchor),
    });
    missing.collect()
}

/// The version of an unpacked chart, if it has this name.
fn unpacked_version(folder: &Repository, place: &RepoPath, name: &str) -> Option<String> {
    let path = place.join("Chart.yaml").ok().filter(|path| folder.is_file(path))?;
    let text = folder.read(&path).ok()?;
    let parsed = yaml::parse(folder.id(&path)?, &text, &Budget::default());
    let about = &parsed.documents.first()?.root;
    let same = about.get("name").and_then(Node::as_text) == Some(name);
    same.then(|| about.get("version").and_then(Node::as_text).map(str::to_owned)).flatten()
}

impl From<Found> for ChartFile {
    fn from(file: Found) -> Self {
        ChartFile { name: file.name.into(), content: file.content }
    }
}

fn unreadable(error: &ReadError) -> RenderError {
    RenderError::new(Reason::Unreadable, error.to_string())
}

/// Helm 4 looks at the version of a chart before it reads anything else of it.
fn supported(file: &Found, budget: &Budget) -> Result<(), RenderError> {
    let about = documents::first(file.content.read()?, Role::Default, budget).ok().flatten();
    let Some(about) = about.filter(|about| !about.is_null()) else { return Ok(()) };
    if about.as_map().is_none() {
        let words = metadata::mismatch(about.json_kind(), "Go value of type loader.chartBase");
        return Err(RenderError::refused(words).at(Some(about.span())).within("cannot load Chart.yaml"));
    }
    let Some(node) = about.get("apiVersion") else { return Ok(()) };
    let Some(version) = metadata::said(node) else {
        let words = metadata::mismatch(node.json_kind(), "Go struct field chartBase.apiVersion of type string");
        return Err(RenderError::refused(words).at(Some(node.span())).within("cannot load Chart.yaml"));
    };
    match &*version.text {
        "" | "v1" | "v2" | "v3" => Ok(()),
        _ => Err(RenderError::refused("unsupported chart version")),
    }
}

fn read_into(metadata: &mut Metadata, file: &Found, helm: HelmVersion, budget: &Budget) -> Result<(), RenderError> {
    let words = format!("cannot load {}", file.name);
    let node = documents::first(file.content.read()?, Role::Default, budget).map_err(|error| error.within(&words))?;
    let Some(node) = node else { return Ok(()) };
    metadata.read(&node, helm).map_err(|message| RenderError::refused(message).at(Some(node.span())).within(&words))
}

/// A lock file says nothing that rendering needs, but one that cannot be read is refused.
fn locked(file: &Found, helm: HelmVersion, budget: &Budget) -> Result<(), RenderError> {
    let words = format!("cannot load {}", file.name);
    let node = documents::first(file.content.read()?, Role::Default, budget).map_err(|error| error.within(&words))?;
    let Some(node) = node else { return Ok(()) };
    let fit = metadata::lock(&node, helm);
    fit.map_err(|message| RenderError::refused(message).at(Some(node.span())).within(&words))
}
