//! The report for people: findings with excerpts, gaps, and a summary of what was covered.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use indexmap::IndexMap;

use super::{excerpt, prose};
use crate::finding::Gap;
use crate::report::Report;

/// Gaps that are listed without `--verbose`.
const GAPS: usize = 20;
/// Roots that are named without `--verbose`.
const ROOTS: usize = 8;

/// How a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Whether to colour.
    pub color: bool,
    /// Columns of the screen.
    pub width: usize,
    /// Whether to list everything.
    pub verbose: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { color: false, width: 100, verbose: false }
    }
}

/// Writes a report.
pub fn write(report: &Report, layout: Layout) -> String {
    let mut text = String::new();
    for finding in report.findings() {
        if finding.suppressed.is_none() {
            text.push_str(&excerpt::finding(finding, report, layout.color, layout.width));
            text.push_str("\n\n");
        }
    }
    if layout.verbose {
        text.push_str(&suppressed(report));
    }
    text.push_str(&gaps(report, layout));
    text.push_str(&summary(report, layout));
    text
}

/// An empty table in the style of all of ours.
pub(super) fn plain_table(width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

/// A table as lines without trailing blanks.
pub(super) fn lines(table: &Table) -> String {
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

fn suppressed(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.findings() {
        let Some(suppression) = &finding.suppressed else { continue };
        let place = report.sources.place(finding.primary().span);
        let said = report.sources.place(suppression.span);
        text.push_str(&format!(
            "suppressed[{}]: {}\n  --> {}:{}:{}\n  = allowed at {}:{}: {}\n\n",
            finding.rule,
            prose(&finding.message),
            prose(&place.path.to_string()),
            place.line,
            place.column,
            prose(&said.path.to_string()),
            said.line,
            prose(&suppression.reason),
        ));
    }
    text
}

/// Gaps that say the same, by the first place at which they do.
fn gaps(report: &Report, layout: Layout) -> String {
    if report.gaps().is_empty() {
        return String::new();
    }
    let mut same: IndexMap<(&str, &str), Vec<&Gap>> = IndexMap::new();
    for gap in report.gaps() {
        // With `--verbose` each is alone.
        let message = if layout.verbose { "" } else { gap.message.as_str() };
        same.entry((gap.kind, message)).or_default().push(gap);
    }
    let groups: Vec<&[&Gap]> = if layout.verbose {
        same.values().flat_map(|gaps| gaps.chunks(1)).collect()
    } else {
        same.values().map(Vec::as_slice).collect()
    };
    let mut text = String::from("not seen:\n");
    let limit = if layout.verbose { usize::MAX } else { GAPS };
    for gaps in groups.iter().take(limit) {
        text.push_str(&gap_line(gaps, report));
    }
    let rest: usize = groups.iter().skip(limit).map(|gaps| gaps.len()).sum();
    if rest > 0 {
        text.push_str(&format!("  and {rest} more; --verbose lists all\n"));
    }
    text.push('\n');
    text
}

fn gap_line(gaps: &[&Gap], report: &Report) -> String {
    let Some(gap) = gaps.first() else { return String::new() };
    let place = gap.span.map(|span| report.sources.place(span));
    let place = place.map(|p| format!("{}:{}:{}: ", prose(&p.path.to_string()), p.line, p.column)).unwrap_or_default();
    let whose = match (&gap.application, gaps.len()) {
        (None, 1) => String::new(),
        (Some(name), 1) => format!(" (Application `{}`)", prose(name)),
        (_, count) => format!(" (and {})", counted(count - 1, "more place")),
    };
    format!("  {place}{}: {}{whose}\n", gap.kind, prose(&gap.message))
}

fn summary(report: &Report, layout: Layout) -> String {
    let coverage = &report.coverage;
    let tally = report.tally();
    let mut table = plain_table(layout.width);
    let mut row = |name: &str, value: String| {
        table.add_row(vec![Cell::new(name), Cell::new(value).set_alignment(CellAlignment::Left)]);
    };
    let files = match coverage.ignored {
        0 => coverage.files.to_string(),
        ignored => format!("{} ({ignored} more ignored by the configuration)", coverage.files),
    };
    row("files", files);
    if coverage.unmanaged > 0 {
        row("not applied", format!("{}, which no Application brings", counted(coverage.unmanaged, "manifest")));
    }
    if coverage.templates > 0 {
        row("not read", format!("{} that nothing rendered", counted(coverage.templates, "template")));
    }
    row("roots", roots(report, layout));
    row("ApplicationSets", coverage.applicationsets.to_string());
    row("Applications", coverage.applications.to_string());
    row("objects", coverage.objects.to_string());
    row("migrators", coverage.migrators.to_string());
    row("schemas", coverage.schemas.to_string());
    let found = [counted(tally.error, "error"), counted(tally.warning, "warning"), counted(tally.info, "note")];
    row("findings", found.join(", "));
    row("suppressed", tally.suppressed.to_string());
    row("not seen", unseen(report));
    let emulated = &report.emulated;
    row(
        "emulated",
        format!(
            "Argo CD {}, Helm {}, Kustomize {}, Kubernetes {}",
            emulated.argocd, emulated.helm, emulated.kustomize, emulated.kubernetes
        ),
    );
    lines(&table)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn roots(report: &Report, layout: Layout) -> String {
    let roots = &report.coverage.roots;
    let limit = if layout.verbose { usize::MAX } else { ROOTS };
    let named = roots.iter().take(limit).map(|root| prose(root)).collect::<Vec<_>>().join(", ");
    match roots.len() {
        0 => "0".to_owned(),
        n if n > limit => format!("{n}: {named} and {} more", n - limit),
        n => format!("{n}: {named}"),
    }
}

fn unseen(report: &Report) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for gap in report.gaps() {
        *kinds.entry(gap.kind).or_default() += 1;
    }
    if kinds.is_empty() {
        return "nothing".to_owned();
    }
    kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

/// A table of rows under a head; a cell may have several lines.
pub fn grid(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, layout: Layout) -> String {
    let mut table = plain_table(layout.width);
    table.set_header(head.iter().map(Cell::new));
    for row in rows {
        table.add_row(row.iter().map(|text| Cell::new(text.split('\n').map(prose).collect::<Vec<_>>().join("\n"))));
    }
    lines(&table)
}
