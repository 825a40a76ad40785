//! From an Application to the objects that Argo CD would apply, each value with its origin.
//!
//! This file decides where a source lies and which tool reads it (`reposerver/repository/repository.go`); the tools have
//! a module each. Whatever cannot be rendered becomes a gap, never a silence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::budget::Budget;
use crate::discover::{ReadError, Repository};

use crate::finding::Gap;
use crate::k8s::argo::{Application, Source};
use crate::k8s::{Resource, Word};
use crate::source::{FileId, RepoPath, Span};
use crate::yaml::{Node, Parsed, parse};
use submodules::Submodules;

mod chart;
mod ground;
pub mod helm;
pub mod inline;
pub mod kustomize;
pub mod layers;
mod overrides;
mod place;
pub mod plain;
mod quiet;
mod submodules;
mod tools;
mod variables;
mod workshop;

pub use chart::{Inflater, stand_in_release};
pub use ground::{AWAY, Checkout, Context, Ground, Neighbour, shown_name};
pub use place::{Addresses, normal};
pub use tools::{Options, Tools};
pub use workshop::{Finished, Workshop};

/// What an Application's sources give.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The objects, in the order in which the sources give them.
    pub objects: Vec<Resource>,
    /// What could not be rendered.
    pub gaps: Vec<Gap>,
}

/// What was rendered, and from which files.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The objects and gaps.
    pub rendered: Rendered,
    /// The files that were read for it.
    pub files: BTreeSet<RepoPath>,
    /// The folders from which the sources read.
    pub folders: BTreeSet<RepoPath>,
    /// Objects that a later one of the same identity hides.
    pub hidden: Vec<Resource>,
    /// The values files that Helm sources name, in the order in which they count.
    pub values: Vec<ValuesFile>,
}

/// A values file that a source names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuesFile {
    /// The file; for a chart from elsewhere its path in the chart.
    pub path: Word,
    /// Whether it is there.
    pub exists: bool,
    /// Whether it is a file of what is audited, and not one of a chart from elsewhere or of another revision.
    pub here: bool,
    /// Where it is named.
    pub span: Span,
    /// The entry of the manifest that names it, which may be one template for many Applications.
    pub entry: Span,
}

impl Output {
    /// Notes files that were read.
    fn read<'p>(&mut self, context: &Context<'_>, files: impl IntoIterator<Item = &'p RepoPath>) {
        self.files.extend(files.into_iter().map(|path| context.shown(path)));
    }

    fn gap(&mut self, gap: Gap) {
        self.rendered.gaps.push(gap);
    }
}

/// Which tool reads a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// A folder of manifests.
    Directory,
    /// A Helm chart.
    Helm,
    /// A kustomization.
    Kustomize,
    /// A configuration management plugin.
    Plugin,
}

/// The YAML and JSON files of a repository, each parsed once and then shared.
pub struct Manifests<'a> {
    repository: &'a Repository,
    parsed: Vec<OnceLock<Result<Arc<Parsed>, ReadError>>>,
    /// What building one kustomization leaves for the next.
    pub builds: kustomize::Cache,
    submodules: Submodules,
}

impl<'a> Manifests<'a> {
    /// Parses nothing yet.
    pub fn new(repository: &'a Repository) -> Self {
        let parsed = repository.files().iter().map(|_| OnceLock::new()).collect();
        Self { repository, parsed, builds: kustomize::Cache::default(), submodules: Submodules::default() }
    }

    /// The repository.
    pub fn repository(&self) -> &'a Repository {
        self.repository
    }

    /// The documents of a file, each file under a budget of its own.
    pub fn parsed(&self, path: &RepoPath) -> Result<Arc<Parsed>, ReadError> {
        let read = || {
            let text = self.repository.read(path)?;
            let id = self.repository.id(path).ok_or_else(|| ReadError::NotFound(path.clone()))?;
            Ok(Arc::new(parse(id, &text, &Budget::default())))
        };
        match self.repository.files().binary_search(path) {
            Ok(at) => self.parsed[at].get_or_init(read).clone(),
            Err(_) => read(),
        }
    }
}

/// The file names by which Kustomize knows its folders.
pub const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The tool that a folder's files ask for (`util/app/discovery/discovery.go`; of two, the later name in the walk wins).
pub fn detect(repository: &Repository, folder: &RepoPath) -> Tool {
    let mut tool = Tool::Directory;
    for path in repository.under(folder).iter().filter(|path| path.parent().as_ref() == Some(folder)) {
        let name = path.file_name();
        if KUSTOMIZATIONS.contains(&name) {
            return Tool::Kustomize;
        }
        if name.ends_with("Chart.yaml") {
            tool = Tool::Helm;
        }
    }
    tool
}

/// The tool that a source names, if it names one; a gap if it names several.
fn explicit(source: &Source<'_>) -> Result<Option<Tool>, Box<Gap>> {
    let says = |node: Option<&Node>| {
        let entries = node.and_then(Node::as_map).map_or(&[][..], |map| map.entries.as_slice());
        entries.iter().any(|entry| match entry.value.as_scalar() {
            Some(_) => entry.value.as_text().is_some_and(|text| !text.is_empty() && text != "false"),
            None => true,
        })
    };
    let named = [
        (Tool::Kustomize, says(source.kustomize())),
        (Tool::Helm, says(source.helm().map(|helm| helm.node))),
        (Tool::Directory, says(source.directory().map(|directory| directory.node))),
        (Tool::Plugin, source.plugin().is_some()),
    ];
    let tools: Vec<Tool> = named.into_iter().filter(|(_, said)| *said).map(|(tool, _)| tool).collect();
    match tools[..] {
        [] => Ok(None),
        [tool] => Ok(Some(tool)),
        _ => {
            let gap = Gap::new("render-failed", "several kinds of source are configured at once");
            Err(Box::new(gap.at(source.node.span()).defect()))
        }
    }
}

/// Renders an Application: all of its sources, in order.
pub fn application(context: &Context<'_>, app: &Application<'_>) -> Output {
    let mut output = Output::default();
    let sources = app.sources();
    if sources.is_empty() {
        output.gap(Gap::new("render-failed", "the Application has no source").at(app.node.span()).defect());
    }
    for source in &sources {
        render_source(context, app, source, &mut output);
    }
    once(&mut output, app);
    for gap in &mut output.rendered.gaps {
        gap.application.get_or_insert_with(|| app.name().to_owned());
    }
    output
}

/// Of objects with one identity the last counts, with a warning (`controller/state.go: DeduplicateTargetObjects`).
fn once(output: &mut Output, app: &Application<'_>) {
    let into = app.destination().namespace();
    let key = |object: &Resource| {
        let namespace = object.namespace().unwrap_or(into).to_owned();
        (object.group().to_owned(), object.kind().to_owned(), namespace, object.name().to_owned())
    };
    let mut last: BTreeMap<_, usize> = BTreeMap::new();
    let mut repeated = Vec::new();
    for (at, object) in output.rendered.objects.iter().enumerate().filter(|(_, object)| !object.name().is_empty()) {
        if let Some(earlier) = last.insert(key(object), at) {
            repeated.push((earlier, object));
        }
    }
    let gaps = repeated.iter().map(|(_, object)| {
        let message = format!("{} `{}` occurs more than once: only the last counts", object.kind(), object.name());
        Gap::new("repeated-resource", message).at(object.span())
    });
    let gaps: Vec<Gap> = gaps.collect();
    let dropped: BTreeSet<usize> = repeated.iter().map(|(at, _)| *at).collect();
    output.rendered.gaps.extend(gaps);
    for (at, object) in std::mem::take(&mut output.rendered.objects).into_iter().enumerate() {
        if dropped.contains(&at) { &mut output.hidden } else { &mut output.rendered.objects }.push(object);
    }
}

/// Renders a folder that no Application names, with the tool that its files ask for. OpenShift Templates are opened.
pub fn folder_unit(context: &Context<'_>, folder: &RepoPath) -> Output {
    let mut output = Output::default();
    let files = context.repository().under(folder);
    let first = files.iter().filter_map(|path| context.repository().id(path)).next();
    let at = Span::new(first.unwrap_or(FileId(0)), 0, 0);
    output.folders.insert(folder.clone());
    match detect(context.repository(), folder) {
        Tool::Kustomize => kustomization(context, None, folder, at, &mut output),
        Tool::Helm => chart::alone(context, folder, at, &mut output),
        Tool::Directory | Tool::Plugin => plain::guess(context, folder, at, &mut output),
    }
    let objects = std::mem::take(&mut output.rendered.objects);
    output.rendered.objects = objects
        .into_iter()
        .flat_map(|object| plain::template_objects(&object).unwrap_or_else(|| vec![object]))
        .collect();
    output
}

/// Renders files of manifests that no Application names, beside what is there already.
pub fn plain_files(context: &Context<'_>, files: &BTreeSet<RepoPath>, output: &mut Output) {
    let Some(first) = files.iter().find_map(|path| context.repository().id(path)) else { return };
    let files = files.iter().filter(|path| !plain::is_example(path));
    plain::these(context, files, Span::new(first, 0, 0), output);
}

fn render_source(context: &Context<'_>, app: &Application<'_>, source: &Source<'_>, output: &mut Output) {
    let at = place_of(source);
    if source.is_ref_only() {
        return;
    }
    if let Some(name) = source.chart() {
        return chart::from_repository(context, app, source, name, output);
    }
    let (context, folder) = match folder(context, source) {
        Ok((context, folder)) => (&context.clone(), folder),
        Err(gap) => return output.gap(*gap),
    };
    let overridden = match overrides::of_folder(context, app, source, &folder, output) {
        Ok(merged) => merged,
        Err(gap) => return output.gap(*gap),
    };
    let source = &overridden.as_ref().map_or(*source, |node| Source { node });
    let tool = match explicit(source) {
        Ok(tool) => tool.unwrap_or_else(|| detect(context.repository(), &folder)),
        Err(gap) => return output.gap(*gap),
    };
    output.folders.insert(context.shown(&folder));
    match tool {
        Tool::Directory => plain::render(context, &folder, source.directory().as_ref(), at, output),
        Tool::Helm => chart::in_folder(context, app, source, &folder, output),
        Tool::Kustomize => kustomization(context, Some((app, source)), &folder, at, output),
        Tool::Plugin => {
            // Most plugins fill secrets into what the usual tools would give.
            let message = "a configuration management plugin renders the source: what it does is not known, and its \
                           folder is read as it would be without it";
            output.gap(Gap::new("not-rendered", message).at(at));
            let before = output.rendered.gaps.len();
            match detect(context.repository(), &folder) {
                Tool::Helm => chart::in_folder(context, app, source, &folder, output),
                Tool::Kustomize => kustomization(context, Some((app, source)), &folder, at, output),
                Tool::Directory | Tool::Plugin => plain::render(context, &folder, None, at, output),
            }
            output.rendered.gaps[before..].iter_mut().for_each(|gap| gap.defect = false);
        }
    }
}

/// Builds a kustomization, edited as an Application's source says.
fn kustomization(
    context: &Context<'_>,
    of: Option<(&Application<'_>, &Source<'_>)>,
    folder: &RepoPath,
    at: Span,
    output: &mut Output,
) {
    let edits = of.map(|(app, source)| {
        let nothing = Node::map(Vec::new(), app.node.origin.clone());
        let mut edits = kustomize::ApplicationSource::read(source.kustomize().unwrap_or(&nothing));
        edits.environment = variables::environment(app, source);
        edits
    });
    let options = kustomize::Options {
        source: edits.as_ref(),
        build: Some(&context.tools.build),
        charts: Some(&chart::Inflater { context }),
        remotes: Some(&|address| context.base(address)),
        cache: Some(&context.manifests().builds),
    };
    match kustomize::build(context, folder, &options, &Budget::default()) {
        Ok(built) => {
            output.rendered.objects.extend(built.objects);
            output.rendered.gaps.extend(built.gaps);
            output.read(context, &built.files);
        }
        Err(error) => {
            let kind = if error.exceeded { "budget-exceeded" } else { "render-failed" };
            // What is not at hand may well be what it fails for.
            let defect = !error.exceeded && error.gaps.is_empty();
            output.gap(Gap { defect, ..Gap::new(kind, error.message).at(error.span.unwrap_or(at)) });
            output.rendered.gaps.extend(error.gaps);
            output.read(context, &error.files);
        }
    }
}

/// Whether a path is one, and nothing in it is filled in later.
fn is_written_out(path: &str) -> bool {
    !path.contains(['{', '}', '<', '>', '$'])
}

/// Where to point when a source as a whole is meant.
fn place_of(source: &Source<'_>) -> Span {
    let keys = ["path", "chart", "repoURL"];
    keys.iter().find_map(|key| source.node.get(key)).unwrap_or(source.node).span()
}

/// A source's address without what may be a password in it.
fn address(source: &Source<'_>) -> String {
    place::without_user(source.repo_url())
}

/// The folder that a source names, and the repository that it is in.
fn folder<'a>(context: &Context<'a>, source: &Source<'_>) -> Result<(Context<'a>, RepoPath), Box<Gap>> {
    let at = place_of(source);
    let Some(path) = source.path() else {
        let message = match source.node.as_seq() {
            Some(_) => "`source` is a list: several sources stand under `sources`",
            None => "the source has neither a path nor a chart",
        };
        return Err(Gap::new("render-failed", message).at(at).defect().into());
    };
    let outside = || {
        let message = format!("the path `{path}` leads out of the repository");
        Gap::new("values-outside-repository", message).at(at).defect()
    };
    if path.starts_with('/') {
        let message =
            format!("the path `{path}` is absolute, and Argo CD takes only those that begin in the repository");
        return Err(Gap::new("values-outside-repository", message).at(at).defect().into());
    }
    let folder = RepoPath::new(path).map_err(|_| outside())?;
    // Every repository has a root.
    let here = context.repository().is_dir(&folder) && (!folder.is_root() || !context.addresses().has_own());
    let Some(context) = context.of(source.repo_url(), source.target_revision(), here) else {
        let message = format!("the source `{}` is another repository, {}", address(source), ground::AWAY);
        return Err(Gap::new("other-repository", message).at(at).into());
    };
    if !context.repository().is_dir(&folder) && context.manifests().submodules.has(context.repository(), &folder) {
        return Err(submodules::gap(&folder).at(at).into());
    }
    if !context.repository().is_dir(&folder) {
        let which = if context.is_audited() { "the repository".to_owned() } else { format!("`{}`", address(source)) };
        let gap = Gap::new("missing-chart", format!("the path `{path}` is not in {which}")).at(at);
        let defect = context.addresses().is_this_revision(source.target_revision()) && is_written_out(path);
        return Err(Gap { defect, ..gap }.into());
    }
    Ok((context, folder))
}
