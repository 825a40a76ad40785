//! Where the bytes of a text stand in a file, be it the file itself or a text that one of its fields holds.

use crate::source::{FileId, Span};
use crate::yaml::{Scalar, Style};

/// Where the bytes of a text stand in a file.
pub(in crate::render::kustomize) enum Placing {
    /// The text is the file.
    Whole(FileId),
    /// The text is a literal block or a quoted text in a file: where each of its lines begins, and where it all ends.
    Lines { file: FileId, starts: Vec<(usize, usize)>, whole: Span },
    /// The text stands somewhere in this span, and no more is known.
    Somewhere(Span),
}

impl Placing {
    pub(in crate::render::kustomize) fn span(&self, start: usize, end: usize) -> Span {
        match self {
            Placing::Whole(file) => Span::new(*file, start, end),
            Placing::Somewhere(span) => *span,
            Placing::Lines { file, starts, whole } => {
                let map = |at: usize| {
                    let line = starts.partition_point(|&(inner, _)| inner <= at).max(1) - 1;
                    starts.get(line).map_or(whole.start as usize, |&(inner, outer)| outer + (at - inner))
                };
                // An end at a line's beginning belongs to the line before, whose indentation differs.
                let last = if end > start { map(end - 1) + 1 } else { map(end) };
                Span::new(*file, map(start), last)
            }
        }
    }

    /// Where the text of a scalar stands in `outer`, the text of its file.
    pub(in crate::render::kustomize) fn inside(scalar: &Scalar, at: Span, outer: &str) -> Self {
        let Some(raw) = outer.get(at.start as usize..at.end as usize) else { return Placing::Somewhere(at) };
        let inner = &*scalar.text;
        let base = at.start as usize;
        if scalar.style == Style::Literal {
            return literal(inner, at, outer);
        }
        match raw.find(inner) {
            Some(offset) if !inner.is_empty() && !inner.contains('\n') => {
                Placing::Lines { file: at.file, starts: vec![(0, base + offset)], whole: at }
            }
            _ => Placing::Somewhere(at),
        }
    }
}

/// A literal block: its lines are the file's lines without their indentation.
fn literal(inner: &str, at: Span, outer: &str) -> Placing {
    let mut line_start = outer[..at.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    // The span may begin at the indicator or at the first line of the content.
    let head = &outer[line_start..];
    let first = head.lines().next().unwrap_or("");
    if first.get(at.start as usize - line_start..).is_some_and(|rest| rest.starts_with('|')) {
        line_start += head.find('\n').map_or(head.len(), |newline| newline + 1);
    }
    let mut starts = Vec::new();
    let mut inner_at = 0;
    let mut outer_at = line_start;
    for line in inner.split('\n') {
        let Some(rest) = outer.get(outer_at..) else { return Placing::Somewhere(at) };
        let raw = rest.split('\n').next().unwrap_or("");
        let content = raw.strip_suffix('\r').unwrap_or(raw);
        if line.is_empty() {
            starts.push((inner_at, outer_at + content.len()));
        } else {
            if !content.ends_with(line) {
                return Placing::Somewhere(at);
            }
            starts.push((inner_at, outer_at + content.len() - line.len()));
        }
        inner_at += line.len() + 1;
        outer_at += raw.len() + 1;
    }
    Placing::Lines { file: at.file, starts, whole: at }
}
