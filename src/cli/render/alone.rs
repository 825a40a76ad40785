//! One chart or one kustomization without Argo CD around it, and many of either in one run.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Exit, Global, Outcome, Refusal, input, screen, versions};
use crate::config::Emulate;
use crate::finding::Gap;
use crate::output::objects::{self, Showing};
use crate::output::{mask, prose};
use crate::render;
use crate::render::helm::{BatchOptions, HelmVersion, Job, Mask, Reason, RenderError, Shop, run_batch};
use crate::render::kustomize::BuildOptions;
use crate::source::SourceMap;
use crate::yaml::Node;

/// Lines of an error that are shown: one may tell of a thousand templates that call each other.
const MOST_LINES: usize = 40;

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
    let shop = Shop::new(helm).with_charts(&global.charts);
    let shop = match showing {
        Showing { secrets: false, .. } => shop.quietly(),
        Showing { secrets: true, origins: false } => shop.without_origins(),
        Showing { secrets: true, origins: true } => shop,
    };
    let printed = shop.print(&job).map_err(|error| Refusal::Usage(told(&error, shop.sources())))?;
    let name = typed.release.as_deref().unwrap_or("release-name");
    let namespace = typed.namespace.as_deref().unwrap_or("default");
    let documents = printed.manifests.iter().map(|manifest| (Some(&*manifest.source), &manifest.node)).collect();
    let shown = Shown { name, namespace, documents, gaps: &printed.gaps, sources: shop.sources() };
    print(&shown, showing, format, global)
}

/// What is wrong, where, and what can be done about it; no line but the first begins with a word of the repository's.
fn told(error: &RenderError, sources: &SourceMap) -> String {
    let mut lines: Vec<String> = error.message.lines().take(MOST_LINES).map(prose).collect();
    if let Some(span) = error.span.filter(|span| sources.has(span.file)) {
        let place = sources.place(span);
        // What Helm says of a template names the line already.
        if !error.message.contains(&format!("{}:{}:", place.path.file_name(), place.line)) {
            lines.push(prose(&format!("at {}:{}:{}", place.path, place.line, place.column)));
        }
    }
    if error.reason == Reason::MissingChart {
        lines.push("`helm dependency build` brings it; `--charts DIR` looks for it in a folder of charts".to_owned());
    }
    lines.join("\n  | ")
}

fn kustomization(folder: &Path, helm: HelmVersion, showing: Showing, format: &str, global: &Global) -> Outcome {
    let flags = BuildOptions::parse("--enable-helm");
    let finished = workshop(helm, global).build(folder, &flags, None);
    let finished = finished.map_err(|error| Refusal::Usage(prose(&error)))?;
    let documents = finished.built.objects.iter().map(|object| (None, &object.node)).collect();
    let gaps = &finished.built.gaps;
    let shown = Shown { name: &finished.name, namespace: "", documents, gaps, sources: &finished.sources };
    print(&shown, showing, format, global)
}

fn workshop(helm: HelmVersion, global: &Global) -> render::Workshop {
    let kube_version = global.kube_version.clone().unwrap_or_default();
    let options = render::Options { helm, kube_version, ..render::Options::default() };
    render::Workshop::new(options, global.charts.clone())
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
    let (workshop, flags) = (workshop(helm, global), BuildOptions::parse("--enable-helm"));
    let build = |folder: &Path| {
        let finished = workshop.build(folder, &flags, None)?;
        if let Some(gap) = finished.built.gaps.first() {
            return Err(gap.message.clone());
        }
        let objects = finished.built.objects.into_iter().map(|object| object.node);
        if showing.secrets {
            return Ok(objects.collect());
        }
        Ok(objects.map(|node| masked(&node, &finished.sources)).collect())
    };
    let jobs = global.jobs.map_or(0, usize::from);
    let mask: &Mask<'_> = &masked;
    let mask = Some(mask).filter(|_| !showing.secrets);
    let options = BatchOptions { helm, jobs, charts: &global.charts, repeat: 1, kustomize: Some(&build), mask };
    let lines: Box<dyn Read> =
        if file == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(input::open(file)?) };
    let shop = options.shop();
    let run = run_batch(BufReader::new(lines), screen::open(global)?, &options, &shop);
    // The process ends here; to take apart what was read and built would be work for nobody.
    std::mem::forget((shop, workshop));
    match run {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Refusal::Usage(format!("the batch cannot be run: {error}")))
        }
        _ => Ok(Exit::Clean),
    }
}
