//! `render`: the objects that Applications would apply.

use std::path::PathBuf;

use clap::Args;

mod alone;

use super::{Exit, Global, Outcome, screen};
use crate::output::objects::{self, Showing};
use crate::output::prose;
use crate::yaml::Node;

/// The objects of one, several or all Applications (formats: yaml, jsonl)
#[derive(Debug, Args)]
pub(super) struct Typed {
    /// A repository or a folder of one
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this Application
    #[arg(long, value_name = "NAME")]
    app: Vec<String>,
    /// Say for each value where it was written
    #[arg(long)]
    origins: bool,
    /// Show the data of Secrets and other credentials
    #[arg(long)]
    show_secrets: bool,
    #[command(flatten)]
    alone: alone::Typed,
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    let format = global.format("render", &["yaml", "jsonl"])?;
    let showing = Showing { origins: typed.origins, secrets: typed.show_secrets };
    if let Some(outcome) = alone::run(&typed.alone, showing, format, global) {
        return outcome;
    }
    let audit = global.audit_with_objects(typed.path.clone())?;
    super::known_applications(&typed.app, &audit)?;
    let sources = &audit.report.sources;
    let mut text = String::new();
    for (app, rendered) in &audit.expansion.applications {
        if !typed.app.is_empty() && !typed.app.contains(&app.name) {
            continue;
        }
        let objects: Vec<&Node> = rendered.objects.iter().map(|object| &object.node).collect();
        let namespace = app.destination_namespace.as_ref().map_or("", |placed| placed.text.as_str());
        if format == "jsonl" {
            text.push_str(&objects::line(&app.name, namespace, &objects, &rendered.gaps, sources, showing));
            continue;
        }
        for object in objects {
            let document = objects::yaml(object, sources, showing);
            let body = document.strip_prefix("---\n").unwrap_or(&document);
            text.push_str(&format!("---\n# Application: {}\n{body}", prose(&app.name)));
        }
        for gap in &rendered.gaps {
            screen::remark(&format!("{}: {}: {}", prose(&app.name), gap.kind, prose(&gap.message)), global);
        }
    }
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}
