//! From text to objects as Kustomize reads them: documents cut at `---` lines, keys by their text, `<<` with the mapping's own
//! keys winning. Also texts inside texts (an inline patch), whose places are those of the outer file.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::fail::Fail;
use super::meaning;
use crate::budget::Budget;
use crate::source::{FileId, Span};
use crate::yaml::{Entry, Meaning, Node, Origin, Role, Scalar, Style, Value};

/// Deeper nesting is refused; everything downstream recurses along trees.
const DEEPEST: usize = 200;

/// One document of a text.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) root: Node,
    /// What will keep the object from being written: repeated keys, keys that are no strings.
    pub(super) flaws: Vec<Flaw>,
}

/// Why an object cannot be written in the end.
#[derive(Debug, Clone)]
pub(super) struct Flaw {
    pub(super) span: Span,
    pub(super) message: String,
    /// Of a repeated key: where it stood first, and the later value.
    pub(super) repeated: Option<(Span, Node)>,
}

impl Flaw {
    /// A key that is no string.
    pub(super) fn key(span: Span) -> Self {
        let message = "json: unsupported type: map[interface {}]interface {}".to_owned();
        Self { span, message, repeated: None }
    }
}

/// Where the bytes of a text stand in a file.
pub(super) enum Placing {
    /// The text is the file.
    Whole(FileId),
    /// The text is a literal block or a quoted text in a file: where each of its lines begins, and where it all ends.
    Lines { file: FileId, starts: Vec<(usize, usize)>, whole: Span },
    /// The text stands somewhere in this span, and no more is known.
    Somewhere(Span),
}

impl Placing {
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
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
    pub(super) fn inside(scalar: &Scalar, at: Span, outer: &str) -> Self {
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

/// The documents of a text; empty and null ones are left out.
pub(super) fn documents(text: &str, placing: &Placing, role: Role, budget: &Budget) -> Result<Vec<Document>, Fail> {
    check_separators(text, placing)?;
    let options = granit_parser::options! { max_buffered_comment_events: 1_000_000 };
    let mut reader = Reader {
        placing,
        role,
        budget,
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        unended: (!text.ends_with('\n')).then_some(text.len()),
        flaws: Vec::new(),
    };
    let mut found = Vec::new();
    while let Some(root) = reader.document()? {
        let flaws = std::mem::take(&mut reader.flaws);
        if let Some(root) = root
            && !super::tree::is_null(&root)
        {
            found.push(Document { root, flaws });
        }
    }
    Ok(found)
}

/// `---` may be followed by a comment only.
fn check_separators(text: &str, placing: &Placing) -> Result<(), Fail> {
    let mut at = 0;
    for (number, line) in text.split('\n').enumerate() {
        let rest = line.strip_prefix("---").map(str::trim);
        // The very first line is no separator, and the last one needs its line end.
        if number > 0
            && at + line.len() < text.len()
            && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('#'))
        {
            let span = placing.span(at, at + line.len());
            return Err(Fail::at(span, format!("invalid document separator: {}", line.trim())));
        }
        at += line.len() + 1;
    }
    Ok(())
}

struct Reader<'t, 'p> {
    placing: &'p Placing,
    role: Role,
    budget: &'p Budget,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, (Node, u64)>,
    /// The length of a text whose last line has no end.
    unended: Option<usize>,
    flaws: Vec<Flaw>,
}

struct Open {
    start: Span,
    anchor: usize,
    size: u64,
    kind: Kind,
}

enum Kind {
    Seq(Vec<Node>),
    Map { entries: Vec<Entry>, merged: Option<Vec<Entry>>, key: Option<(Key, Origin)> },
}

enum Key {
    Name(Arc<str>),
    Merge,
}

impl Reader<'_, '_> {
    fn origin(&self, span: Span) -> Origin {
        Origin::of(self.role, span)
    }

    fn malformed(&self, at: Span, message: impl std::fmt::Display) -> Fail {
        Fail { malformed: true, ..Fail::at(at, format!("MalformedYAMLError: yaml: {message}")) }
    }

    /// The next document; `Some(None)` for an empty one.
    fn document(&mut self) -> Result<Option<Option<Node>>, Fail> {
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        loop {
            let (event, at, begin, end) = match self.events.next_event() {
                None => return Ok(None),
                Some(Ok((event, span))) => {
                    let range = span.byte_range().unwrap_or_default();
                    (event, self.placing.span(range.start, range.end), range.start, range.end)
                }
                Some(Err(error)) => {
                    let offset = error.marker().byte_offset().unwrap_or(0);
                    let message = format!("line {}: {}", error.marker().line(), error.info());
                    return Err(self.malformed(self.placing.span(offset, offset), message));
                }
            };
            let (node, size, anchor) = match event {
                Event::StreamEnd => return Ok(None),
                Event::DocumentEnd => {
                    self.anchors.clear();
                    return Ok(Some(root));
                }
                Event::Alias(id) => {
                    let Some((node, size)) = self.anchors.get(&id).cloned() else {
                        return Err(self.malformed(at, "anchor value contains itself"));
                    };
                    (node, size, 0)
                }
                Event::UnresolvedAlias(_) => return Err(self.malformed(at, "unknown anchor referenced")),
                Event::Scalar(text, style, anchor, tag) => {
                    let style = style_of(style);
                    let mut text = text.as_ref();
                    // Nothing at all is told as `~`.
                    if style == Style::Plain && text == "~" && end == begin {
                        text = "";
                    }
                    // A block that ends with the text has the line end that the text has: none.
                    if self.unended == Some(end) && matches!(style, Style::Literal | Style::Folded) {
                        text = text.strip_suffix('\n').unwrap_or(text);
                    }
                    let scalar = Scalar { text: text.into(), style, tag: tag_of(tag.as_deref()) };
                    (Node { value: Value::Scalar(scalar), origin: self.origin(at) }, 1, anchor)
                }
                Event::SequenceStart(_, anchor, _) => {
                    self.enter(&open, at)?;
                    open.push(Open { start: at, anchor, size: 1, kind: Kind::Seq(Vec::new()) });
                    continue;
                }
                Event::MappingStart(_, anchor, _) => {
                    self.enter(&open, at)?;
                    let kind = Kind::Map { entries: Vec::new(), merged: None, key: None };
                    open.push(Open { start: at, anchor, size: 1, kind });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(done) = open.pop() else { continue };
                    let origin = self.origin(done.start.cover(at));
                    let node = match done.kind {
                        Kind::Seq(items) => Node::seq(items, origin),
                        Kind::Map { mut entries, merged, .. } => {
                            for entry in merged.into_iter().flatten() {
                                if !entries.iter().any(|own| own.key == entry.key) {
                                    entries.push(entry);
                                }
                            }
                            Node::map(entries, origin)
                        }
                    };
                    (node, done.size, done.anchor)
                }
                _ => continue,
            };
            self.budget.items(if anchor == 0 { size } else { 1 })?;
            if anchor != 0 {
                self.anchors.insert(anchor, (node.clone(), size));
            }
            match open.last_mut() {
                None => root = Some(node),
                Some(_) => self.place(&mut open, node, size)?,
            }
        }
    }

    fn enter(&self, open: &[Open], at: Span) -> Result<(), Fail> {
        if open.len() >= DEEPEST {
            return Err(Fail { exceeded: true, ..Fail::at(at, format!("nested deeper than {DEEPEST}")) });
        }
        Ok(())
    }

    fn place(&mut self, open: &mut [Open], node: Node, size: u64) -> Result<(), Fail> {
        let Some(top) = open.last_mut() else { return Ok(()) };
        top.size = top.size.saturating_add(size);
        match &mut top.kind {
            Kind::Seq(items) => items.push(node),
            Kind::Map { entries, merged, key } => match key.take() {
                None => *key = Some(self.key(node)?),
                Some((Key::Merge, origin)) => {
                    if merged.is_some() {
                        return Err(Fail::at(origin.anchor(), "duplicate merge key"));
                    }
                    *merged = Some(merge(&node).map_err(|fail| fail.or_at(origin.anchor()))?);
                }
                Some((Key::Name(name), origin)) => match entries.iter().find(|entry| entry.key == name) {
                    Some(first) => self.flaws.push(Flaw {
                        span: origin.anchor(),
                        message: format!("mapping key \"{name}\" already defined"),
                        repeated: Some((first.key_origin.anchor(), node)),
                    }),
                    None => entries.push(Entry { key: name, key_origin: origin, value: node }),
                },
            },
        }
        Ok(())
    }

    fn key(&mut self, node: Node) -> Result<(Key, Origin), Fail> {
        let Some(scalar) = node.as_scalar() else {
            return Err(Fail::at(node.span(), "a mapping or a list as a key"));
        };
        if (&*scalar.text == "<<" && scalar.style == Style::Plain) || scalar.tag.as_deref() == Some("!!merge") {
            return Ok((Key::Merge, node.origin));
        }
        if !matches!(meaning::of(scalar), Meaning::Str(_)) {
            self.flaws.push(Flaw::key(node.span()));
        }
        let text = Arc::clone(&scalar.text);
        Ok((Key::Name(text), node.origin))
    }
}

/// What `<<` brings; of a list the first mapping wins.
fn merge(node: &Node) -> Result<Vec<Entry>, Fail> {
    let mut found: Vec<Entry> = Vec::new();
    let maps: Vec<&Node> = match &node.value {
        Value::Map(_) => vec![node],
        Value::Seq(items) => items.iter().collect(),
        Value::Scalar(_) => {
            return Err(Fail::at(node.span(), "map merge requires map or sequence of maps as the value"));
        }
    };
    for map in maps {
        let Some(map) = map.as_map() else {
            return Err(Fail::at(map.span(), "invalid map merge: received alias for a non-map value"));
        };
        for entry in &map.entries {
            if !found.iter().any(|known| known.key == entry.key) {
                found.push(entry.clone());
            }
        }
    }
    Ok(found)
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn tag_of(tag: Option<&Tag>) -> Option<Arc<str>> {
    tag.map(|tag| match tag.core_suffix() {
        Some(suffix) => format!("!!{suffix}").into(),
        None => tag.original().into(),
    })
}
