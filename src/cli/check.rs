//! `check`: findings with evidence, gaps, a summary; and the exit code that a pipeline goes by.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, Global, Outcome, Refusal, rules, screen};
use crate::Audit;
use crate::finding::{Finding, Severity};
use crate::output::{github, json, sarif, table};

const FORMATS: [&str; 4] = ["table", "json", "sarif", "github"];

/// Findings with evidence, gaps, a summary (formats: table, json, sarif, github)
#[derive(Debug, Args)]
pub(super) struct Typed {
    /// A repository or a folder of one
    #[arg(default_value = ".")]
    path: PathBuf,
    /// From which severity on findings make the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: Threshold,
    /// Gaps make the exit code 3
    #[arg(long)]
    strict: bool,
    /// Only this rule
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Only rules of this family
    #[arg(long, value_name = "NAME")]
    family: Vec<String>,
    /// Only findings of this Application
    #[arg(long, value_name = "NAME")]
    app: Vec<String>,
    /// Only findings of this environment
    #[arg(long, value_name = "NAME")]
    environment: Vec<String>,
    /// Only what is not so in this commit already
    #[arg(long, value_name = "REF")]
    base: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Threshold {
    Error,
    Warning,
    Info,
    Never,
}

impl Threshold {
    fn severity(self) -> Option<Severity> {
        match self {
            Threshold::Error => Some(Severity::Error),
            Threshold::Warning => Some(Severity::Warning),
            Threshold::Info => Some(Severity::Info),
            Threshold::Never => None,
        }
    }
}

pub(super) fn run(typed: &Typed, global: &Global) -> Outcome {
    let format = global.format("check", &FORMATS)?;
    for id in &typed.rule {
        rules::named(id)?;
    }
    for family in &typed.family {
        rules::of_family(family)?;
    }
    let audit = global.audit(typed.path.clone())?;
    super::known_applications(&typed.app, &audit)?;
    typed.known_environments(&audit)?;
    let mut report = audit.report;
    if let Some(base) = &typed.base {
        let before = global.audit_at(typed.path.clone(), base)?.report;
        let left = report.leave_out(&before);
        screen::remark(&format!("left out what `{base}` has as well: {left} findings"), global);
    }
    report.retain(|finding| typed.wants(finding));
    // A gap of no Application concerns every one.
    report.retain_gaps(|gap| {
        typed.app.is_empty() || gap.application.as_ref().is_none_or(|name| typed.app.contains(name))
    });
    let text = match format {
        "json" => json::write(&report),
        "sarif" => sarif::write(&report),
        "github" => github::write(&report),
        _ => table::write(&report, screen::layout(global)),
    };
    screen::write(&text, global)?;
    if matches!((report.worst(), typed.fail_on.severity()), (Some(worst), Some(least)) if worst >= least) {
        return Ok(Exit::Findings);
    }
    Ok(if typed.strict && !report.gaps().is_empty() { Exit::Gaps } else { Exit::Clean })
}

impl Typed {
    fn known_environments(&self, audit: &Audit) -> Result<(), Refusal> {
        let placed = audit.expansion.applications.iter().filter_map(|(app, _)| app.environment.as_ref());
        let mut known: Vec<&str> = placed.map(|environment| environment.text.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let Some(unknown) = self.environment.iter().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        Err(Refusal::Environment { environment: unknown.clone(), known: super::listed(known) })
    }

    fn wants(&self, finding: &Finding) -> bool {
        let any = |asked: &[String], is: &dyn Fn(&String) -> bool| asked.is_empty() || asked.iter().any(is);
        let rules = self.rule.is_empty() && self.family.is_empty()
            || self.rule.iter().any(|id| id == finding.rule)
            || self.family.iter().any(|name| name == finding.family);
        rules
            && any(&self.app, &|name| finding.applications.contains(name))
            && any(&self.environment, &|name| finding.environments.contains(name))
    }
}
