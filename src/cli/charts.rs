//! `charts`: charts and chart dependencies that are needed and not at hand, each with the line that fetches it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Global, Outcome, screen};
use crate::finding::WantedChart;
use crate::output::charts;

/// Charts that are needed and not at hand, each with the line that fetches it (formats: table, json)
#[derive(Debug, Args)]
pub(super) struct Typed {
    /// A repository or a folder of one
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    let format = global.format("charts", &["table", "json"])?;
    let audit = global.audit(typed.path.clone())?;
    let mut wanted: BTreeMap<&WantedChart, Vec<&str>> = BTreeMap::new();
    for gap in audit.report.gaps() {
        let Some(chart) = gap.chart.as_deref() else { continue };
        let applications = wanted.entry(chart).or_default();
        applications.extend(gap.application.as_deref().filter(|name| !applications.contains(name)));
    }
    let text =
        if format == "json" { charts::json(&wanted) } else { charts::table(&wanted, screen::layout(global).width) };
    screen::write(&text, global)?;
    Ok(Exit::Clean)
}
