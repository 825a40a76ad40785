//! `apps`: every Application that Argo CD would have.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Exit, Global, Outcome, screen};
use crate::Audit;
use crate::expand::Application;
use crate::output::objects::{self, Showing};
use crate::output::{pretty, prose, table};
use crate::render::Rendered;

/// Every Application that Argo CD would have (formats: table, json, manifests)
#[derive(Debug, Args)]
pub(super) struct Typed {
    /// A repository or a folder of one
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this Application
    #[arg(long, value_name = "NAME")]
    app: Vec<String>,
    /// Show the data of Secrets and other credentials in manifests
    #[arg(long)]
    show_secrets: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    namespace: String,
    root: String,
    /// The Application that brings it, or its ApplicationSet.
    parent: Option<String>,
    #[serde(rename = "applicationSet")]
    set: Option<String>,
    project: Option<String>,
    environment: Option<String>,
    destination: Destination,
    sources: Vec<Source>,
    /// The values files that Helm would read, in the order in which they count.
    #[serde(rename = "valuesFiles")]
    values_files: Vec<ValuesFile>,
    /// The RollingSync step, from 1.
    step: Option<usize>,
    objects: usize,
    gaps: usize,
    file: Option<String>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Destination {
    server: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
}

#[derive(Serialize)]
struct ValuesFile {
    path: String,
    exists: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(rename = "repoURL")]
    repo_url: String,
    path: Option<String>,
    chart: Option<String>,
    target_revision: Option<String>,
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    let format = global.format("apps", &["table", "json", "manifests"])?;
    let audit = global.audit_with_objects(typed.path.clone())?;
    super::known_applications(&typed.app, &audit)?;
    let wanted = |app: &Application| typed.app.is_empty() || typed.app.contains(&app.name);
    let rows = || {
        let applications = audit.expansion.applications.iter().filter(|(app, _)| app.manifest.is_some() && wanted(app));
        applications.map(|(app, rendered)| row(app, rendered, &audit))
    };
    let text = match format {
        "json" => pretty(&serde_json::json!({ "version": 1, "applications": rows().collect::<Vec<_>>() })),
        "manifests" => {
            let showing = Showing { origins: false, secrets: typed.show_secrets };
            let manifests = audit
                .expansion
                .applications
                .iter()
                .filter(|(app, _)| wanted(app))
                .filter_map(|(app, _)| app.manifest.as_ref());
            manifests.map(|manifest| objects::yaml(manifest, &audit.report.sources, showing)).collect()
        }
        _ => {
            let head = ["application", "sources, values files", "objects", "not seen"];
            table::grid(&head, rows().map(cells), screen::layout(global))
        }
    };
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}

fn row(app: &Application, rendered: &Rendered, audit: &Audit) -> Row {
    let place = app.span().map(|span| audit.report.sources.place(span));
    let view = app.view();
    let spec = |key: &str| {
        let spec = app.manifest.as_ref()?.at(&["spec", "destination", key])?;
        spec.as_text().map(prose)
    };
    let source = |source: &crate::k8s::argo::Source<'_>| Source {
        repo_url: prose(source.repo_url()),
        path: source.path().map(prose),
        chart: source.chart().map(prose),
        target_revision: source.node.str_at("targetRevision").map(prose),
    };
    let generated = app.generated();
    Row {
        name: prose(&app.name),
        namespace: prose(&app.namespace),
        root: prose(&app.root),
        parent: app.parent.as_deref().map(prose),
        set: generated.map(|generated| prose(&generated.set)),
        project: app.manifest.as_ref().and_then(|node| node.at(&["spec", "project"])?.as_text().map(prose)),
        environment: app.environment.as_ref().map(|placed| prose(&placed.text)),
        destination: Destination { server: spec("server"), name: spec("name"), namespace: spec("namespace") },
        sources: view.map(|view| view.sources().iter().map(source).collect()).unwrap_or_default(),
        values_files: app.values_files.iter().map(values_file).collect(),
        step: generated.and_then(|generated| generated.steps.first()).map(|step| step + 1),
        objects: rendered.objects.len(),
        gaps: rendered.gaps.len(),
        file: place.as_ref().map(|place| prose(place.path.as_str())),
        line: place.as_ref().map(|place| place.line),
    }
}

fn values_file(file: &crate::render::ValuesFile) -> ValuesFile {
    ValuesFile { path: prose(&file.path), exists: file.exists }
}

fn cells(row: Row) -> Vec<String> {
    // A source that only lends its values files shows in their paths.
    let sources = row.sources.iter().filter_map(|source| match (&source.path, &source.chart) {
        (_, Some(chart)) => Some(format!("chart {chart} {}", source.target_revision.as_deref().unwrap_or(""))),
        (path, None) => path.clone(),
    });
    let values = row.values_files.iter().map(|file| {
        let note = if file.exists { "" } else { " (missing)" };
        format!("- {}{note}", file.path)
    });
    let step = row.step.map(|step| step.to_string());
    let labelled = [
        ("environment", row.environment),
        ("project", row.project),
        ("cluster", row.destination.name.or(row.destination.server)),
        ("namespace", row.destination.namespace),
        ("step", step),
    ];
    let labelled = labelled
        .into_iter()
        .filter_map(|(label, text)| Some(format!("{label} {}", text.filter(|text| !text.is_empty())?)));
    let from = match (&row.set, &row.parent) {
        (Some(set), _) => format!("ApplicationSet {set}"),
        (None, Some(parent)) => format!("Application {parent}"),
        (None, None) => "a root".to_owned(),
    };
    vec![
        [row.name, from].into_iter().chain(labelled).collect::<Vec<_>>().join("\n"),
        sources.chain(values).collect::<Vec<_>>().join("\n"),
        row.objects.to_string(),
        row.gaps.to_string(),
    ]
}
