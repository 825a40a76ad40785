//! YAML inside a scalar of YAML (`values: |`, `elementsYaml`, `templatePatch`): parsed so that every value keeps a place
//! in the file, by line for literal blocks, by the whole scalar otherwise.

use crate::budget::Budget;
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{Contribution, Entry, Node, Origin, Parsed, Style, Value, parse};

/// The number of a text that is in no map; its spans never leave this module.
const SCRATCH: FileId = FileId(u32::MAX - 1);

/// From places in the text of a scalar to places in its file.
#[derive(Debug, Clone)]
pub struct Places {
    whole: Span,
    lines: Vec<Line>,
}

/// A line of the text.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Where it begins in the text.
    offset: usize,
    /// Where it begins in the file.
    at: usize,
    /// Whether the file has a template there.
    filled: bool,
}

impl Places {
    /// The places of a scalar's text.
    pub fn of(sources: &SourceMap, node: &Node) -> Self {
        let whole = node.span();
        let none = Self { whole, lines: Vec::new() };
        let Some(scalar) = node.as_scalar() else { return none };
        let plain = matches!(scalar.style, Style::Literal);
        if !plain || whole.file.0 >= SCRATCH.0 {
            return none;
        }
        let Some(source) = sources.text(whole.file) else { return none };
        let mut at = whole.start as usize;
        // The span may begin at the content or at its indentation: either way at a line's first character that counts.
        let Some(before) = source.get(..at) else { return none };
        at = before.rfind('\n').map_or(0, |n| n + 1);
        let block = source[at..].split_inclusive('\n').map(|line| line.trim_end_matches(['\n', '\r']));
        let Some(indent) = block.clone().find(|line| !line.trim().is_empty()).map(spaces) else { return none };
        let deeper = scalar.text.lines().find(|line| !line.trim().is_empty()).map_or(0, spaces);
        let Some(indent) = indent.checked_sub(deeper) else { return none };
        let mut lines = Vec::new();
        let mut offset = 0;
        for (line, written) in scalar.text.split_inclusive('\n').zip(source[at..].split_inclusive('\n')) {
            // A line that was filled in may differ from what is written; any other must be the same, or lines were added.
            if !written.contains("{{") && written.trim() != line.trim() {
                return none;
            }
            let indent = indent.min(written.trim_end_matches(['\n', '\r']).len());
            lines.push(Line { offset, at: at + indent, filled: written.contains("{{") });
            offset += line.len();
            at += written.len();
        }
        if lines.len() != scalar.text.split_inclusive('\n').count() {
            return none;
        }
        Self { whole, lines }
    }

    /// The place in the file of a range of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let number = self.lines.partition_point(|line| line.offset <= start);
        let Some(line) = number.checked_sub(1).map(|number| self.lines[number]) else { return self.whole };
        let next = self.lines.get(number).map_or(usize::MAX, |line| line.offset);
        let start_at = line.at + (start - line.offset);
        let length = end.min(next).saturating_sub(start).max(1);
        Span::new(self.whole.file, start_at, start_at + length)
    }

    /// Whether a place in the text may have been filled in.
    fn is_filled(&self, start: usize) -> bool {
        let number = self.lines.partition_point(|line| line.offset <= start);
        number.checked_sub(1).is_none_or(|number| self.lines[number].filled)
    }
}

fn spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Parses the text of a scalar; each value's origin is `place` of its range in the text.
pub fn parse_with(text: &str, budget: &Budget, place: &dyn Fn(usize, usize) -> Origin) -> Parsed {
    let mut parsed = parse(SCRATCH, text, budget);
    for document in &mut parsed.documents {
        document.root = placed(&document.root, place);
    }
    for problem in &mut parsed.problems {
        problem.span = place(problem.span.start as usize, problem.span.end as usize).anchor();
    }
    parsed
}

/// Parses the text of a scalar of a file.
pub fn parse_scalar(sources: &SourceMap, node: &Node, budget: &Budget) -> Parsed {
    let text = node.as_text().unwrap_or("");
    let places = Places::of(sources, node);
    let place = |start: usize, end: usize| {
        let span = places.span(start, end);
        let filled = places.is_filled(start);
        let all: Vec<Contribution> = node.origin.contributions().skip(1).filter(|_| filled).collect();
        Origin::made_of(Contribution { role: node.origin.role(), span }, all)
    };
    parse_with(text, budget, &place)
}

fn placed(node: &Node, place: &dyn Fn(usize, usize) -> Origin) -> Node {
    let moved = |origin: &Origin| {
        let span = origin.anchor();
        if span.file == SCRATCH { place(span.start as usize, span.end as usize) } else { origin.clone() }
    };
    match &node.value {
        Value::Scalar(_) => Node { value: node.value.clone(), origin: moved(&node.origin) },
        Value::Seq(items) => Node::seq(items.iter().map(|item| placed(item, place)).collect(), moved(&node.origin)),
        Value::Map(map) => {
            let entries = map.entries.iter().map(|entry| Entry {
                key: entry.key.clone(),
                key_origin: moved(&entry.key_origin),
                value: placed(&entry.value, place),
            });
            Node::map(entries.collect(), moved(&node.origin))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;

    #[test]
    fn values_in_a_literal_block_keep_their_lines() {
        let text = "spec:\n  values: |\n    a: 1\n\n    b:\n      c: deep\n";
        let sources = SourceMap::default();
        let file = sources.add(RepoPath::new("x.yaml").unwrap(), text);
        let root = parse(file, text, &Budget::default()).documents.remove(0).root;
        let inner = parse_scalar(&sources, root.at(&["spec", "values"]).unwrap(), &Budget::default());
        let deep = inner.documents[0].root.at(&["b", "c"]).unwrap();
        assert_eq!(sources.slice(deep.span()).as_deref(), Some("deep"));
        assert_eq!(sources.place(deep.span()).line, 6);
    }
}
