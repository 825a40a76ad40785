//! One chart or one kustomization without Argo CD around it, and many of either in one run.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::super::{Exit, Global, Outcome, Refusal, input, request, screen, versions};
use crate::budget::Budget;
use crate::config::Emulate;
use crate::discover::{Disk, ReadLimits, Repository};
use crate::finding::Gap;
use crate::output::objects::{self, Showing};
use crate::output::{mask, prose};
use crate::render;
use crate::render::helm::{BatchOptions, HelmVersion, Job, Mask, Shop, run_batch};
use crate::render::kustomize::{self, BuildOptions, Options};
use crate::source::{RepoPath, SourceMap};
use crate::yaml::Node;

#[derive(Debug, Args)]
#[command(next_help_heading = "Without Argo CD")]
#[group(skip)]
pub(in crate::cli) struct Typed {
    /// One chart, as `helm template` would render it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kustomize", "batch"])]
    chart: Option<PathBuf>,
    /// A values file; later ones win
    #[arg(long, value_name = "FILE", requires = "chart")]
    values: Vec<PathBuf>,
    /// A value, in Helm's grammar
    #[arg(long, value_name = "K=V", requires = "chart")]
    set: Vec<String>,
    /// A value that stays a string
    #[arg(long, value_name = "K=V", requires = "chart")]
    set_string: Vec<String>,
    /// A value, or several, as JSON
    #[arg(long, value_name = "K=JSON", requires = "chart")]
    set_json: Vec<String>,
    /// A value that is the text of a file
    #[arg(long, value_name = "K=FILE", requires = "chart")]
    set_file: Vec<String>,
    /// A value that is taken as it stands
    #[arg(long, value_name = "K=V", requires = "chart")]
    set_literal: Vec<String>,
    /// The release's name
    #[arg(long, value_name = "NAME", requires = "chart")]
    release: Option<String>,
    /// The release's namespace
    #[arg(long, value_name = "NS", requires = "chart")]
    namespace: Option<String>,
    /// API versions that the cluster has besides Helm's defaults
    #[arg(long, value_name = "V", requires = "chart")]
    api_versions: Vec<String>,
    /// Print the files in `crds/` too
    #[arg(long, requires = "chart")]
    include_crds: bool,
    /// One kustomization, as `kustomize build --enable-helm` would build it from what is at hand
    #[arg(long, value_name = "DIR", conflicts_with = "batch")]
    kustomize: Option<PathBuf>,
    /// Many charts or kustomizations: JSON lines in (`-`: standard input), JSON lines out
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
}

/// Renders what was named by itself; nothing if no such thing was named.
pub(super) fn run(typed: &Typed, showing: Showing, format: &str, global: &Global) -> Option<Outcome> {
    let helm = versions::resolve(global, &Emulate::default()).map(|versions| versions.helm);
    if let Some(file) = &typed.batch {
        return Some(helm.and_then(|helm| batch(file, helm, showing, global)));
    }
    if let Some(folder) = &typed.kustomize {
        return Some(helm.and_then(|helm| kustomization(folder, helm, showing, format, global)));
    }
    typed.chart.as_ref()?;
    Some(helm.and_then(|helm| chart(typed, helm, showing, format, global)))
}

fn chart(typed: &Typed, helm: HelmVersion, showing: Showing, format: &str, global: &Global) -> Outcome {
    let job = Job {
        chart: typed.chart.clone(),
        values: Some(typed.values.clone()),
        set: Some(typed.set.clone()),
        set_string: Some(typed.set_string.clone()),
        set_json: Some(typed.set_json.clone()),
        set_file: Some(typed.set_file.clone()),
        set_literal: Some(typed.set_literal.clone()),
        release: typed.release.clone(),
        namespace: typed.namespace.clone(),
        kube_version: global.kube_version.clone(),
        api_versions: Some(typed.api_versions.clone()),
        include_crds: typed.include_crds,
        ..Job::default()
    };
    let shop = if showing.secrets { Shop::new(helm) } else { Shop::new(helm).quietly() };
    let printed = shop.print(&job).map_err(|error| Refusal::Usage(prose(&error.message)))?;
    let name = typed.release.as_deref().unwrap_or("release-name");
    let namespace = typed.namespace.as_deref().unwrap_or("default");
    let documents = printed.manifests.iter().map(|manifest| (Some(&*manifest.source), &manifest.node)).collect();
    let shown = Shown { name, namespace, documents, gaps: &printed.gaps, sources: shop.sources() };
    print(&shown, showing, format, global)
}

fn kustomization(folder: &Path, helm: HelmVersion, showing: Showing, format: &str, global: &Global) -> Outcome {
    let (built, sources, name) = build(folder, helm, global).map_err(|error| Refusal::Usage(prose(&error)))?;
    let documents = built.objects.iter().map(|object| (None, &object.node)).collect();
    let shown = Shown { name: &name, namespace: "", documents, gaps: &built.gaps, sources: &sources };
    print(&shown, showing, format, global)
}

type Build = (kustomize::Built, Arc<SourceMap>, String);

/// Builds what is at hand; once more with charts, where the kustomization asks for some.
fn build(folder: &Path, helm: HelmVersion, global: &Global) -> Result<Build, String> {
    let flags = BuildOptions::parse("--enable-helm");
    let (disk, place) = Disk::around(folder)?;
    let name = place.file_name().to_owned();
    let options = Options { build: Some(&flags), ..Options::default() };
    let built = kustomize::build(&disk, &place, &options, &Budget::default()).map_err(|error| error.message.clone())?;
    if !built.gaps.iter().any(|gap| gap.kind == "missing-chart") {
        return Ok((built, disk.into_sources(), name));
    }
    let in_checkout = disk.root().join(".git").exists();
    let (root, place) = if in_checkout { (disk.root(), place) } else { (folder, RepoPath::root()) };
    let (repository, _) = Repository::open_whole(root, ReadLimits::default()).map_err(|error| error.to_string())?;
    let mut charts = Vec::new();
    for folder in &global.charts {
        charts.push(request::chart_folder(&repository, folder).map_err(|error| error.to_string())?.0);
    }
    let kube_version = global.kube_version.clone().unwrap_or_default();
    let rendering = render::Options { helm, kube_version, api_versions: Vec::new(), charts: Arc::new(charts) };
    let tools = render::Tools::new(rendering, flags.clone());
    let manifests = render::Manifests::new(&repository);
    let addresses = render::Addresses::default();
    let context = render::Context { manifests: &manifests, addresses: &addresses, tools: &tools };
    let inflater = render::Inflater { context: &context };
    let options = Options { build: Some(&flags), charts: Some(&inflater), ..Options::default() };
    let built = kustomize::build(&repository, &place, &options, &Budget::default());
    let built = built.map_err(|error| error.message.clone())?;
    Ok((built, Arc::clone(repository.sources()), name))
}

/// What was rendered, each document with the template that it comes from.
struct Shown<'a> {
    name: &'a str,
    namespace: &'a str,
    documents: Vec<(Option<&'a str>, &'a Node)>,
    gaps: &'a [Gap],
    sources: &'a SourceMap,
}

fn print(shown: &Shown, showing: Showing, format: &str, global: &Global) -> Outcome {
    if format == "jsonl" {
        let nodes: Vec<&Node> = shown.documents.iter().map(|(_, node)| *node).collect();
        let line = objects::line(shown.name, shown.namespace, &nodes, shown.gaps, shown.sources, showing);
        screen::write(&line, global)?;
        return Ok(Exit::Clean);
    }
    for gap in shown.gaps {
        screen::remark(&format!("{}: {}", gap.kind, prose(&gap.message)), global);
    }
    let mut text = String::new();
    for (source, node) in &shown.documents {
        let document = objects::yaml(node, shown.sources, showing);
        let source = source.map(|source| format!("# Source: {}\n", prose(source))).unwrap_or_default();
        text.push_str(&format!("---\n{source}{}", document.strip_prefix("---\n").unwrap_or(&document)));
    }
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}

fn batch(file: &Path, helm: HelmVersion, showing: Showing, global: &Global) -> Outcome {
    let masked = |node: &Node, sources: &SourceMap| mask::object(node, sources);
    let build = |folder: &Path| {
        let (built, sources, _) = build(folder, helm, global)?;
        if let Some(gap) = built.gaps.first() {
            return Err(gap.message.clone());
        }
        let objects = built.objects.iter().map(|object| &object.node);
        let shown = |node: &Node| if showing.secrets { node.to_json() } else { masked(node, &sources).to_json() };
        Ok(objects.map(shown).collect())
    };
    let jobs = global.jobs.map_or(0, usize::from);
    let mask: &Mask<'_> = &masked;
    let mask = Some(mask).filter(|_| !showing.secrets);
    let options = BatchOptions { helm, jobs, repeat: 1, kustomize: Some(&build), mask };
    let lines: Box<dyn Read> =
        if file == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(input::open(file)?) };
    match run_batch(BufReader::new(lines), screen::open(global)?, &options) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Refusal::Usage(format!("the batch cannot be run: {error}")))
        }
        _ => Ok(Exit::Clean),
    }
}
