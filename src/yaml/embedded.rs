//! Texts inside texts: YAML, SQL or properties in a scalar, with places in the file that holds them.
//!
//! A literal block stands in the file line by line, a quoted or plain scalar without escapes and line ends byte by byte:
//! there a place is exact. Elsewhere it is the whole scalar.

use std::ops::Range;

use super::node::{Contribution, Entry, Node, Origin, Scalar, Style, Value};
use super::parse::{Parsed, parse};
use crate::budget::Budget;
use crate::source::{FileId, SourceMap, Span};

impl Node {
    /// Where a part of this scalar's text stands in the file, given in bytes of the text.
    ///
    /// The scalar's whole span where that cannot be told: escapes, folding, a value that a template wrote.
    pub fn content_span(&self, sources: &SourceMap, range: Range<usize>) -> Span {
        let whole = self.span();
        Places::of(self, sources).map_or(whole, |places| places.span(whole, range))
    }
}

/// Where the parts of a text stand that is written at a place, whichever way it is spelled there.
pub struct TextPlaces {
    whole: Span,
    places: Option<Places>,
}

impl TextPlaces {
    /// Those of a text that an origin tells where it is.
    pub fn of(sources: &SourceMap, text: &str, origin: &Origin) -> Self {
        let text: std::sync::Arc<str> = text.into();
        let places = [Style::Plain, Style::DoubleQuoted, Style::Literal].into_iter().find_map(|style| {
            let value = Value::Scalar(Scalar { text: text.clone(), style, tag: None });
            Places::of(&Node { value, origin: origin.clone() }, sources)
        });
        Self { whole: origin.anchor(), places }
    }

    /// Where a part stands, in bytes of the text; the whole place where that cannot be told.
    pub fn span(&self, range: Range<usize>) -> Span {
        self.places.as_ref().map_or(self.whole, |places| places.span(self.whole, range))
    }
}

/// Reads a scalar's text as YAML; every place is one in the file that holds the scalar.
///
/// What the embedded text says of a document (its span) is mapped as well; problems point at the line concerned.
pub fn parse_embedded(node: &Node, sources: &SourceMap, budget: &Budget) -> Parsed {
    let Some(scalar) = node.as_scalar() else { return Parsed::default() };
    let file = node.span().file;
    let mut parsed = parse(FileId(u32::MAX), &scalar.text, budget);
    let places = Places::of(node, sources);
    let map = |span: Span| -> Span {
        let exact =
            places.as_ref().and_then(|places| Some((places.at(span.start as usize)?, places.last(span.end as usize)?)));
        exact.map_or(node.span(), |(start, end)| Span::new(file, start, end.max(start)))
    };
    for document in &mut parsed.documents {
        document.span = map(document.span);
        relocate(&mut document.root, &node.origin, &map);
    }
    parsed.comments.iter_mut().for_each(|comment| *comment = map(*comment));
    parsed.problems.iter_mut().for_each(|problem| problem.span = map(problem.span));
    for duplicate in &mut parsed.duplicates {
        duplicate.first = map(duplicate.first);
        duplicate.again = map(duplicate.again);
    }
    parsed
}

/// Gives a tree the places of the outer file, and the role and further contributions of the scalar that held it.
fn relocate(node: &mut Node, outer: &Origin, map: &impl Fn(Span) -> Span) {
    let origin = |inner: &Origin| {
        let also = outer.contributions().skip(1).collect::<Vec<_>>();
        Origin::made_of(Contribution { role: outer.role(), span: map(inner.anchor()) }, also)
    };
    node.origin = origin(&node.origin);
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::Seq(items) => {
            std::sync::Arc::make_mut(items).iter_mut().for_each(|item| relocate(item, outer, map));
        }
        Value::Map(entries) => {
            for Entry { key_origin, value, .. } in &mut std::sync::Arc::make_mut(entries).entries {
                *key_origin = origin(key_origin);
                relocate(value, outer, map);
            }
        }
    }
}

/// Where the lines of a scalar's text stand in the file.
struct Places {
    /// For each line of the text: its first byte in the text, and in the file.
    lines: Vec<(usize, usize)>,
    len: usize,
}

impl Places {
    fn of(node: &Node, sources: &SourceMap) -> Option<Self> {
        let scalar = node.as_scalar()?;
        let file = sources.text(node.span().file)?;
        let span = node.span();
        let written = file.get(span.start as usize..span.end as usize)?;
        match scalar.style {
            Style::Literal => Self::of_block(scalar, &file, span.start as usize),
            Style::Folded => None,
            Style::Plain => (*written == *scalar.text).then(|| Self::of_line(scalar, span.start as usize)),
            Style::SingleQuoted | Style::DoubleQuoted => {
                let inner = written.get(1..written.len().checked_sub(1)?)?;
                (*inner == *scalar.text).then(|| Self::of_line(scalar, span.start as usize + 1))
            }
        }
    }

    /// Where a part stands in the place of the whole.
    fn span(&self, whole: Span, range: Range<usize>) -> Span {
        match (self.at(range.start), self.last(range.end)) {
            (Some(start), Some(end)) => Span::new(whole.file, start, end.max(start)),
            _ => whole,
        }
    }

    fn of_line(scalar: &Scalar, start: usize) -> Self {
        Self { lines: vec![(0, start)], len: scalar.text.len() }
    }

    /// Lines of a literal block are lines of the file behind the block's indentation.
    fn of_block(scalar: &Scalar, file: &str, start: usize) -> Option<Self> {
        // The span begins with the first line that is not blank.
        let blank = scalar.text.len() - scalar.text.trim_start_matches('\n').len();
        let first = file[..start].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let indent = start - first;
        let mut lines = Vec::new();
        let mut in_file = first;
        for _ in 0..blank {
            let before = file.get(..in_file)?.strip_suffix('\n')?;
            in_file = before.strip_suffix('\r').unwrap_or(before).rfind('\n').map_or(0, |end| end + 1);
        }
        let mut in_text = 0;
        for line in scalar.text.split_inclusive('\n') {
            let rest = file.get(in_file..)?;
            let end = rest.find('\n').unwrap_or(rest.len());
            let body = line.trim_end_matches('\n');
            let strip = if body.is_empty() { indent.min(end) } else { indent };
            let written = rest[..end].trim_end_matches('\r').get(strip..).unwrap_or("");
            if !body.is_empty() && written != body {
                return None;
            }
            lines.push((in_text, in_file + strip));
            in_text += line.len();
            in_file += end + 1;
        }
        (!lines.is_empty()).then_some(Self { lines, len: scalar.text.len() })
    }

    /// The place of a byte.
    fn at(&self, byte: usize) -> Option<usize> {
        let line = self.lines.partition_point(|&(text, _)| text <= byte).checked_sub(1)?;
        let (text, file) = self.lines[line];
        (byte <= self.len).then_some(file + byte - text)
    }

    /// The place of an end: that of the byte before it, and one more.
    fn last(&self, end: usize) -> Option<usize> {
        match end.checked_sub(1) {
            Some(before) => self.at(before).map(|place| place + 1),
            None => self.at(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;

    fn outer(text: &str) -> (SourceMap, Node) {
        let sources = SourceMap::default();
        let id = sources.add(RepoPath::new("a.yaml").unwrap(), text);
        let root = parse(id, text, &Budget::default()).documents.remove(0).root;
        (sources, root)
    }

    /// What the file has at the place of the first `part` in the scalar under `key`.
    fn written(text: &str, key: &str, part: &str) -> String {
        let (sources, root) = outer(text);
        let node = root.get(key).unwrap();
        let at = node.as_scalar().unwrap().text.find(part).unwrap();
        sources.slice(node.content_span(&sources, at..at + part.len())).unwrap()
    }

    #[test]
    fn places_in_literal_blocks_are_exact() {
        for text in [
            "k: |\n  one\n    two\n\n  three\n",
            "k: |2-\n    one\n    two\n\n  three",
            "k: |+\n\n \n  one\r\n  two\r\n\r\n  three\r\n\r\n",
            "a:\n- x\nk: |-\n\n    one\n    é two\n    three\nz: 1\n",
        ] {
            for part in ["one", "two", "three"] {
                assert_eq!(written(text, "k", part), part, "{text:?}");
            }
        }
        assert_eq!(written("k: |\n  one\n  two\n", "k", "e\nt"), "e\n  t");
    }

    #[test]
    fn places_on_one_line_are_exact_and_others_are_the_whole() {
        assert_eq!(written("k: 'one two'\n", "k", "two"), "two");
        assert_eq!(written("k: one two\n", "k", "two"), "two");
        assert_eq!(written("k: \"one\\x20two\"\n", "k", "two"), "\"one\\x20two\"");
        assert_eq!(written("k: >\n  one\n  two\n", "k", "two"), "one\n  two\n");
    }

    #[test]
    fn embedded_yaml_has_places_of_the_file() {
        let (sources, root) = outer("data:\n  v: |\n    a: 1\n    b:\n      - x: on # c\n    ---\n    c: [\n");
        let node = root.at(&["data", "v"]).unwrap();
        let parsed = parse_embedded(node, &sources, &Budget::default());
        let item = &parsed.documents[0].root.items("b")[0];
        let slice = |span| sources.slice(span).unwrap();
        assert_eq!(slice(item.get("x").unwrap().span()), "on");
        assert_eq!(item.get("x").unwrap().as_bool(), Some(true));
        assert_eq!(slice(item.as_map().unwrap().entries[0].key_origin.anchor()), "x");
        assert_eq!(slice(parsed.comments[0]), "# c");
        assert_eq!(sources.place(parsed.problems[0].span).line, 7);
        let (sources, root) = outer("v: \"a: 1\\nb: 2\\n\"\n");
        let parsed = parse_embedded(root.get("v").unwrap(), &sources, &Budget::default());
        assert_eq!(sources.slice(parsed.documents[0].root.get("b").unwrap().span()).unwrap(), "\"a: 1\\nb: 2\\n\"");
    }
}
