//! A finding as people read it: its sentence, the lines it speaks of with carets, and what to do.
//!
//! Lines come from the `SourceMap` with secrets masked, and pass `credential` and `harmless` on the way.

use std::collections::BTreeSet;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use super::{credential, harmless, prose};
use crate::finding::{Evidence, Finding, Severity};
use crate::report::Report;
use crate::source::{Place, SourceMap};

/// Pieces of evidence that are shown with their lines; the rest is counted.
const SHOWN: usize = 6;
/// Longer lines are cut around the caret.
const LONGEST_LINE: usize = 400;
/// Characters before the caret that stay when a line is cut.
const BEFORE: usize = 120;
/// Names that are listed; the rest is counted.
const NAMES: usize = 6;

/// Writes one finding.
pub(super) fn finding(finding: &Finding, report: &Report, color: bool, width: usize) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(prose(&finding.message)).id(finding.rule);
    let group = title.elements(lines(finding, &report.sources)).elements(notes(finding, report, width));
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(width).render(&[group])
}

/// One line of one file with all that is said of it.
struct Line {
    place: Place,
    text: String,
    /// Characters cut off at the front.
    cut: usize,
    marks: Vec<(AnnotationKind, std::ops::Range<usize>, String)>,
}

fn lines(finding: &Finding, sources: &SourceMap) -> Vec<Element<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    let kinds = std::iter::once(AnnotationKind::Primary).chain(std::iter::repeat(AnnotationKind::Context));
    for (evidence, kind) in finding.evidence().zip(kinds).take(SHOWN) {
        let place = sources.place(evidence.span);
        let same = |line: &&mut Line| line.place.path == place.path && line.place.line == place.line;
        match lines.iter_mut().find(same) {
            Some(line) => {
                let mark = mark(&place, &line.text, line.cut);
                line.marks.push((kind, mark, label(evidence, finding)));
            }
            None => lines.push(first(evidence, place, kind, label(evidence, finding), sources)),
        }
    }
    lines.into_iter().flat_map(elements).collect()
}

/// What is said of a place, unless the sentence above says just that.
fn label(evidence: &Evidence, finding: &Finding) -> String {
    if evidence.text == finding.message { String::new() } else { prose(&evidence.text) }
}

fn first(evidence: &Evidence, place: Place, kind: AnnotationKind, label: String, sources: &SourceMap) -> Line {
    let file = sources.file(evidence.span.file);
    let Some(whole) = credential::line(&file, place.line) else {
        let text = "(a line too long to be shown)".to_owned();
        return Line { marks: vec![(kind, 0..text.len(), label)], cut: 1, text, place };
    };
    let whole = harmless::source_line(&whole);
    let (text, cut) = cut_around(&whole, place.column);
    let mark = mark(&place, &text, cut);
    Line { text, cut, marks: vec![(kind, mark, label)], place }
}

fn cut_around(line: &str, column: usize) -> (String, usize) {
    let length = line.chars().count();
    if length <= LONGEST_LINE {
        return (line.to_owned(), 0);
    }
    let cut = column.saturating_sub(1 + BEFORE).min(length - LONGEST_LINE);
    let mut text: String = line.chars().skip(cut).take(LONGEST_LINE).collect();
    if cut + LONGEST_LINE < length {
        text.push('…');
    }
    (text, cut)
}

/// The bytes of a place in the text of its first line.
fn mark(place: &Place, text: &str, cut: usize) -> std::ops::Range<usize> {
    let byte = |column: usize| {
        let characters = column.saturating_sub(1 + cut);
        text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
    };
    let start = byte(place.column);
    let end = if place.end_line > place.line { text.trim_end().len() } else { byte(place.end_column) };
    let end = end.max(start);
    // What a template wrote is known by its whole line.
    let blank = text[start..end].len() - text[start..end].trim_start().len();
    (if start + blank < end { start + blank } else { start })..end
}

fn elements(line: Line) -> Vec<Element<'static>> {
    let path = prose(&line.place.path.to_string());
    let mut snippet = Snippet::source(line.text).line_start(line.place.line).fold(false);
    for (kind, mark, text) in line.marks {
        let label = (!text.is_empty()).then_some(text);
        snippet = snippet.annotation(kind.span(mark).label(label));
    }
    if line.cut == 0 {
        return vec![snippet.path(path).into()];
    }
    // The renderer would count columns from where the line was cut.
    vec![Origin::path(path).line(line.place.line).char_column(line.place.column).into(), snippet.into()]
}

fn notes(finding: &Finding, report: &Report, width: usize) -> Vec<Element<'static>> {
    let mut notes: Vec<Element<'static>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut more: Vec<String> = Vec::new();
    for (at, evidence) in finding.evidence().enumerate() {
        let place = report.sources.place(evidence.span);
        let line = prose(&format!("{}:{}", place.path, place.line));
        if seen.insert(line.clone()) && at >= SHOWN {
            more.push(line);
        }
    }
    if !more.is_empty() {
        notes.push(Level::NOTE.message(format!("also at {}", list(&more))).into());
    }
    for (names, one, many) in [
        (&finding.applications, "the Application", "Applications"),
        (&finding.environments, "the environment", "environments"),
    ] {
        let shown: Vec<String> = names.iter().map(|name| format!("`{}`", prose(name))).collect();
        match shown.len() {
            0 => {}
            1 => notes.push(Level::NOTE.message(format!("in {one} {}", shown[0])).into()),
            n => notes.push(Level::NOTE.message(format!("in {n} {many}: {}", list(&shown))).into()),
        }
    }
    if finding.certainty() == crate::finding::Certainty::Inferred {
        notes.push(Level::NOTE.message("inferred from names, images or conventions").into());
    }
    if !finding.help.is_empty() {
        notes.push(Level::HELP.message(wrapped(&prose(&finding.help), width)).into());
    }
    notes
}

/// Prose in lines that fit beside a margin of line numbers and the word `help`.
fn wrapped(text: &str, width: usize) -> String {
    let width = width.saturating_sub(16).max(40);
    let mut lines = String::with_capacity(text.len() + 8);
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    }
}
