//! GitHub's workflow commands: one annotation a finding, its further evidence and help in the message.

use super::{harmless, prose};
use crate::finding::Severity;
use crate::report::Report;

/// Writes a report.
pub fn write(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.findings().iter().filter(|finding| finding.suppressed.is_none()) {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let place = report.sources.place(finding.primary().span);
        let mut lines = vec![prose(&finding.message)];
        lines.extend(finding.related().iter().map(|evidence| {
            let place = report.sources.place(evidence.span);
            prose(&format!("{}:{}: {}", place.path, place.line, evidence.text))
        }));
        if !finding.help.is_empty() {
            lines.push(format!("help: {}", prose(&finding.help)));
        }
        let message: Vec<String> = lines.iter().map(|line| harmless::workflow_data(line)).collect();
        // A runner ignores columns of a span over several lines, and complains of an end before the start.
        let columns = if place.line == place.end_line {
            format!(",col={},endColumn={}", place.column, place.end_column)
        } else {
            String::new()
        };
        text.push_str(&format!(
            "::{command} file={},line={},endLine={}{columns},title={}::{}\n",
            harmless::workflow_property(&prose(place.path.as_str())),
            place.line,
            place.end_line,
            harmless::workflow_property(&format!("{} ({})", finding.rule, finding.severity.name())),
            message.join("%0A")
        ));
    }
    for gap in report.gaps() {
        let place = gap.span.map(|span| report.sources.place(span)).map(|place| {
            format!(" file={},line={}", harmless::workflow_property(&prose(place.path.as_str())), place.line)
        });
        let message = format!("{}: {}", gap.kind, prose(&gap.message));
        let title = if place.is_some() { ",title=not seen" } else { " title=not seen" };
        text.push_str(&format!(
            "::notice{}{title}::{}\n",
            place.unwrap_or_default(),
            harmless::workflow_data(&message)
        ));
    }
    text
}
