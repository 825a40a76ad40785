//! From text to objects as Kustomize reads them: documents cut at `---` lines, keys by their text, `<<` with the mapping's own
//! keys winning. Also texts inside texts (an inline patch), whose places are those of the outer file.

mod flaw;
mod merging;
mod pieces;
mod placing;
mod quick;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, StructureStyle, Tag};

pub(super) use flaw::Flaw;
pub(super) use pieces::cut;
pub(super) use placing::Placing;

use super::fail::{Fail, Outcome};
use super::meaning;
use crate::budget::Budget;
use crate::source::Span;
use crate::yaml::{
    BLANK, Dialect, Entry, Index, Meaning, Node, Origin, Quoting, Role, Scalar, Style, Value, is_anchor_name,
    misplaced_tab, odd_in_flow, refusal_words, unreadable,
};
use merging::merge;
use pieces::Lines;

/// Deeper nesting is refused; everything downstream recurses along trees.
const DEEPEST: usize = 200;

/// One document of a text.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) root: Node,
    /// What will keep the object from being written: repeated keys, which stay in the tree, and keys that are no strings.
    pub(super) flaws: Vec<Flaw>,
}

/// The documents of a text; empty and null ones are left out.
///
/// A text is cut at its `---` lines first, and each piece gives one document: what stands behind a `...`, or another flow
/// mapping behind the first, is never looked at (`kyaml/kio/byteio_reader.go`).
pub(super) fn documents(text: &str, placing: &Placing, role: Role, budget: &Budget) -> Result<Vec<Document>, Fail> {
    let cut = pieces::cut(text).map_err(|(at, message)| Fail::at(placing.span(at.start, at.end), message))?;
    let mut found = Vec::new();
    for piece in cut {
        let read = match quick::read(text, piece.clone(), placing, role, budget) {
            Some(root) => root.map(|root| (root, Vec::new())),
            None => whole(text, piece, placing, role, budget)?,
        };
        if let Some((root, flaws)) = read
            && !super::tree::is_null(&root)
        {
            found.push(Document { root, flaws });
        }
    }
    Ok(found)
}

/// What stands before a node: the name by which aliases know it, and its tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<Arc<str>>,
}

/// The marks of nodes by where they begin; a block and its first key begin at the same byte.
pub(super) type Marks = HashMap<(u32, bool), Mark>;

/// A document as it is written: aliases are scalars of their own (see [`is_alias`]), `<<` and repeated keys stay what they are.
pub(super) struct Written {
    pub(super) root: Node,
    pub(super) marks: Marks,
    /// Whether nothing was left out, as keys are that are no single values.
    pub(super) complete: bool,
}

/// The first document of a text as it is written, if there is one.
pub(super) fn as_written(text: &str, placing: &Placing, role: Role, budget: &Budget) -> Result<Option<Written>, Fail> {
    let mut lines = Lines::of(text, 0);
    check(&lines, placing, budget)?;
    let read = |lines: &Lines<'_>| {
        let mut reader = Reader::new(lines, placing, role, budget);
        reader.marks = Some(Marks::new());
        let root = reader.document()?;
        let marks = reader.marks.unwrap_or_default();
        let complete = reader.flaws.is_empty();
        Ok::<_, Fail>(root.map(|root| Written { root, marks, complete }))
    };
    match read(&lines) {
        Err(fail) if fail.malformed && lines.mend(budget)? => read(&lines),
        read => read,
    }
}

/// The tag of what stands for an alias.
const ALIAS: &str = "*";

/// Whether a node stands for an alias.
pub(super) fn is_alias(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.tag.as_deref() == Some(ALIAS))
}

/// A document, if there is one, and what keeps it from being written.
type Read = Option<(Node, Vec<Flaw>)>;

/// Reads a piece of a text by all of YAML's rules.
fn whole(text: &str, piece: Range<usize>, placing: &Placing, role: Role, budget: &Budget) -> Result<Read, Fail> {
    let mut lines = Lines::of(&text[piece.clone()], piece.start);
    let read = check(&lines, placing, budget).and_then(|()| match read(&lines, placing, role, budget) {
        Err(fail) if fail.malformed && lines.mend(budget)? => read(&lines, placing, role, budget),
        read => read,
    });
    if read.is_ok() {
        budget.bytes(piece.len())?;
        if let Some((at, words)) = unreadable(&text[piece.clone()], Dialect::V3) {
            let at = (piece.start + at).min(text.len());
            return Err(malformed(placing.span(at, at), words));
        }
    }
    read.map_err(|fail| {
        let words = || refusal_words(&text[piece], Dialect::V3, Quoting::Nothing);
        match fail.malformed.then(words).flatten() {
            Some(words) => Fail { message: malformed_message(words), ..fail },
            None => fail,
        }
    })
}

/// Refuses what go-yaml refuses and the event parser does not look at.
fn check(lines: &Lines<'_>, placing: &Placing, budget: &Budget) -> Outcome {
    let at = |at: usize| placing.span(lines.outer(at), lines.outer(at));
    pieces::check_head(&lines.text).map_err(|(offset, message)| malformed(at(offset), message))?;
    match misplaced_tab(&lines.text, budget) {
        Some(tab) => Err(malformed(at(tab), "found character that cannot start any token")),
        None => Ok(()),
    }
}

fn read(lines: &Lines<'_>, placing: &Placing, role: Role, budget: &Budget) -> Result<Read, Fail> {
    let mut reader = Reader::new(lines, placing, role, budget);
    let root = reader.document()?;
    Ok(root.map(|root| (root, reader.flaws)))
}

fn malformed(at: Span, message: impl std::fmt::Display) -> Fail {
    Fail { malformed: true, ..Fail::at(at, malformed_message(message)) }
}

fn malformed_message(message: impl std::fmt::Display) -> String {
    format!("MalformedYAMLError: yaml: {message}")
}

struct Reader<'t, 'p> {
    placing: &'p Placing,
    lines: &'t Lines<'t>,
    role: Role,
    budget: &'p Budget,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, (Node, u64)>,
    flaws: Vec<Flaw>,
    /// Where the document is read as it is written.
    marks: Option<Marks>,
}

struct Open {
    /// Of a block, which has no text of its own, it grows with what stands in it.
    span: Span,
    anchor: usize,
    size: u64,
    flow: bool,
    kind: Kind,
}

enum Kind {
    Seq(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        index: Index,
        repeated: Vec<Entry>,
        merged: Option<Vec<Entry>>,
        key: Option<(Key, Origin)>,
    },
}

enum Key {
    Name(Arc<str>),
    /// `<<`; with a name where the tag of a merge is on another key, which then stays.
    Merge(Option<Arc<str>>),
    /// Of an entry that goes: `<<` that merges nothing, and what can be no key at all.
    Lost,
}

/// Where an event stands: in the text that is parsed, and in the file.
struct At {
    begin: usize,
    end: usize,
    span: Span,
}

impl<'t, 'p> Reader<'t, 'p> {
    fn new(lines: &'t Lines<'t>, placing: &'p Placing, role: Role, budget: &'p Budget) -> Self {
        let options = granit_parser::options! { emit_comments: false, emit_anchor_events: true };
        let events = Parser::new_from_str_with_options(&lines.text, options);
        Self { placing, lines, role, budget, events, anchors: HashMap::new(), flaws: Vec::new(), marks: None }
    }

    /// The mark of the node that begins here.
    fn mark(&mut self, at: Span, scalar: bool, mark: impl FnOnce(&mut Mark)) {
        if let Some(marks) = &mut self.marks {
            mark(marks.entry((at.start, scalar)).or_default());
        }
    }

    fn origin(&self, span: Span) -> Origin {
        Origin::of(self.role, span)
    }

    fn span(&self, begin: usize, end: usize) -> Span {
        self.placing.span(self.lines.outer(begin), self.lines.outer(end))
    }

    /// What go-yaml refuses of a text in double quotes.
    fn check_escapes(&self, at: &At) -> Outcome {
        let raw = self.lines.text.get(at.begin..at.end).unwrap_or("");
        pieces::check_escapes(raw).map_err(|(offset, message)| {
            let at = at.begin + offset;
            malformed(self.span(at, at), message)
        })
    }

    fn scalar(&self, text: &str, style: Style, tag: Option<&Tag>, at: &At, in_flow: bool) -> Result<Scalar, Fail> {
        let mut text = text;
        let mut tag = tag_of(tag);
        if style == Style::DoubleQuoted {
            self.check_escapes(at)?;
        }
        if in_flow
            && style == Style::Plain
            && let Some(message) = odd_in_flow(&self.lines.text, at.begin, at.end)
        {
            return Err(malformed(at.span, message));
        }
        // Nothing at all is told as `~`.
        if style == Style::Plain && text == "~" && at.end == at.begin {
            text = "";
            if in_flow && tag.is_none() {
                tag = Some(BLANK.into());
            }
        }
        if matches!(style, Style::Literal | Style::Folded)
            && text.trim_start_matches('\n').starts_with('\t')
            && !pieces::says_indentation(&self.lines.text, at.begin)
        {
            let message = "found a tab character where an indentation space is expected";
            return Err(malformed(at.span, message));
        }
        // A block whose last line ends the text has the line end that the text has: none.
        let whole = &self.lines.text;
        let unended = at.end == whole.len() && !whole.ends_with('\n');
        if unended && matches!(style, Style::Literal | Style::Folded) {
            let last = whole.rsplit('\n').next().unwrap_or("");
            if !last.trim_matches(' ').is_empty() {
                text = text.strip_suffix('\n').unwrap_or(text);
            }
        }
        Ok(Scalar { text: text.into(), style, tag })
    }

    /// The first document; nothing more is looked at.
    fn document(&mut self) -> Result<Option<Node>, Fail> {
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        let mut last = (self.span(0, 0), true);
        loop {
            let (event, mut at) = match self.events.next_event() {
                None => return Ok(root),
                Some(Ok((event, span))) => {
                    let range = span.byte_range().unwrap_or_default();
                    let span = self.span(range.start, range.end);
                    (event, At { begin: range.start, end: range.end, span })
                }
                Some(Err(error)) => {
                    let offset = error.marker().byte_offset().unwrap_or(0);
                    let message = format!("line {}: {}", error.marker().line(), error.info());
                    return Err(malformed(self.span(offset, offset), message));
                }
            };
            let (node, size, anchor) = match event {
                Event::StreamEnd | Event::DocumentEnd => return Ok(root),
                Event::Alias(_) if self.marks.is_some() => {
                    let name = self.lines.text.get(at.begin..at.end).unwrap_or("");
                    self.check_anchor(name.get(1..).unwrap_or(""), at.span)?;
                    let scalar = Scalar { text: name.into(), style: Style::Plain, tag: Some(ALIAS.into()) };
                    (Node { value: Value::Scalar(scalar), origin: self.origin(at.span) }, 1, 0)
                }
                Event::Alias(id) => match self.anchors.get(&id).cloned() {
                    Some((node, size)) => {
                        self.check_anchor(self.lines.text.get(at.begin + 1..at.end).unwrap_or(""), at.span)?;
                        self.budget.items(size.saturating_sub(1))?;
                        (node, size, 0)
                    }
                    // A mapping that takes itself in gains nothing.
                    None if is_merging(&open) => (Node::map(Vec::new(), self.origin(at.span)), 1, 0),
                    None => {
                        let message = "anchor value contains itself, without end: stack overflow";
                        return Err(malformed(at.span, message));
                    }
                },
                Event::UnresolvedAlias(_) => return Err(malformed(at.span, "unknown anchor referenced")),
                Event::Anchor(_, name) => {
                    self.check_anchor(&name, at.span)?;
                    self.mark(last.0, last.1, |mark| mark.anchor = Some(name.to_string()));
                    continue;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let in_flow = open.last().is_some_and(|open| open.flow);
                    let scalar = self.scalar(&text, style.into(), tag.as_deref(), &at, in_flow)?;
                    self.check_key(&open, &scalar, &at)?;
                    last = (at.span, true);
                    if let Some(tag) = tag_of(tag.as_deref()) {
                        self.mark(at.span, true, |mark| mark.tag = Some(tag));
                    }
                    (Node { value: Value::Scalar(scalar), origin: self.origin(at.span) }, 1, anchor)
                }
                Event::SequenceStart(style, anchor, tag) => {
                    self.enter(&open, at.span)?;
                    last = (at.span, false);
                    if let Some(tag) = tag_of(tag.as_deref()) {
                        self.mark(at.span, false, |mark| mark.tag = Some(tag));
                    }
                    let kind = Kind::Seq(Vec::new());
                    open.push(self.open(&at, style, anchor, kind));
                    continue;
                }
                Event::MappingStart(style, anchor, tag) => {
                    self.enter(&open, at.span)?;
                    last = (at.span, false);
                    if let Some(tag) = tag_of(tag.as_deref()) {
                        self.mark(at.span, false, |mark| mark.tag = Some(tag));
                    }
                    let (entries, index, repeated) = (Vec::new(), Index::default(), Vec::new());
                    let kind = Kind::Map { entries, index, repeated, merged: None, key: None };
                    open.push(self.open(&at, style, anchor, kind));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(done) = open.pop() else { continue };
                    let span = if done.flow { done.span.cover(at.span) } else { done.span };
                    let origin = self.origin(span);
                    at.span = span;
                    let node = match done.kind {
                        Kind::Seq(items) => Node::seq(items, origin),
                        Kind::Map { mut entries, mut index, repeated, merged, .. } => {
                            for entry in merged.into_iter().flatten() {
                                if index.position(&entries, &entry.key).is_none() {
                                    entries.push(entry);
                                }
                            }
                            entries.extend(repeated);
                            Node::map(entries, origin)
                        }
                    };
                    (node, done.size, done.anchor)
                }
                _ => continue,
            };
            self.budget.items(1)?;
            if anchor != 0 && self.marks.is_none() {
                self.anchors.insert(anchor, (node.clone(), size));
            }
            match open.last_mut() {
                None => root = Some(node),
                Some(_) => self.place(&mut open, node, size, at.span)?,
            }
        }
    }

    fn enter(&self, open: &[Open], at: Span) -> Outcome {
        if open.len() >= DEEPEST {
            return Err(Fail { exceeded: true, ..Fail::at(at, format!("nested deeper than {DEEPEST}")) });
        }
        Ok(())
    }

    fn check_anchor(&self, name: &str, at: Span) -> Outcome {
        if is_anchor_name(name) {
            return Ok(());
        }
        Err(malformed(at, "did not find expected alphabetic or numeric character"))
    }

    /// Refuses `: value` in a block, which is a key only behind a `?`.
    fn check_key(&self, open: &[Open], scalar: &Scalar, at: &At) -> Outcome {
        let is_key = open.last().is_some_and(|open| !open.flow && matches!(open.kind, Kind::Map { key: None, .. }));
        let nothing = at.begin == at.end && scalar.tag.is_none() && scalar.style == Style::Plain;
        let before = self.lines.text.get(..at.begin).unwrap_or("").trim_end();
        if is_key && nothing && !before.ends_with('?') {
            return Err(malformed(at.span, "did not find expected key"));
        }
        Ok(())
    }

    fn open(&self, at: &At, style: StructureStyle, anchor: usize, kind: Kind) -> Open {
        let flow = style == StructureStyle::Flow;
        let span = if flow { at.span } else { self.span(at.begin, at.begin) };
        Open { span, anchor, size: 1, flow, kind }
    }

    fn place(&mut self, open: &mut [Open], node: Node, size: u64, at: Span) -> Outcome {
        let is_top = open.len() == 1;
        let Some(top) = open.last_mut() else { return Ok(()) };
        top.span = top.span.cover(at);
        top.size = top.size.saturating_add(size);
        match &mut top.kind {
            Kind::Seq(items) => items.push(node),
            Kind::Map { entries, index, repeated, merged, key } => match key.take() {
                None => *key = Some(self.key(node, is_top)),
                Some((Key::Lost, _)) => {}
                Some((Key::Merge(name), origin)) => {
                    if merged.is_some() {
                        return Err(Fail::at(origin.anchor(), "duplicate merge key"));
                    }
                    *merged = Some(merge(&node).map_err(|fail| fail.or_at(origin.anchor()))?);
                    if let Some(name) = name {
                        entries.push(Entry { key: name, key_origin: origin, value: node });
                    }
                }
                Some((Key::Name(name), origin)) if self.marks.is_some() => {
                    entries.push(Entry { key: name, key_origin: origin, value: node });
                }
                Some((Key::Name(key), key_origin)) => {
                    let is_known = index.position(entries, &key).is_some();
                    let entry = Entry { key, key_origin, value: node };
                    if is_known {
                        self.flaws.push(Flaw::repeated(&entry));
                        repeated.push(entry);
                    } else {
                        entries.push(entry);
                    }
                }
            },
        }
        Ok(())
    }

    /// What a key names; on top of a document Go makes texts of those that are none.
    fn key(&mut self, node: Node, is_top: bool) -> (Key, Origin) {
        let Some(scalar) = node.as_scalar() else {
            self.flaws.push(Flaw { message: "yaml: invalid map key".to_owned(), ..Flaw::key(node.span()) });
            return (Key::Lost, node.origin);
        };
        let text = Arc::clone(&scalar.text);
        if self.marks.is_some() {
            return (Key::Name(text), node.origin);
        }
        let is_sign = &*text == "<<";
        let tag = scalar.tag.as_deref();
        if tag == Some("!!merge") || (is_sign && tag.is_none() && scalar.style == Style::Plain) {
            return (Key::Merge((!is_sign).then_some(text)), node.origin);
        }
        if is_sign {
            return (Key::Lost, node.origin);
        }
        // No text at all is written as an empty one.
        let blank = text.is_empty() && tag.is_none();
        let is_null = meaning::of(scalar) == Meaning::Null;
        if !blank && !meaning::is_text(scalar) && (!is_top || is_null) {
            let mut flaw = Flaw::key(node.span());
            if is_null && !text.is_empty() {
                // Where anything is set beside it, it stands there twice.
                flaw.message = format!("{}, or yaml: mapping key \"{text}\" already defined", flaw.message);
            }
            self.flaws.push(flaw);
        }
        (Key::Name(text), node.origin)
    }
}

/// Whether the next node is the value of `<<`.
fn is_merging(open: &[Open]) -> bool {
    matches!(open.last(), Some(Open { kind: Kind::Map { key: Some((Key::Merge(_), _)), .. }, .. }))
}

fn tag_of(tag: Option<&Tag>) -> Option<Arc<str>> {
    let tag = tag?;
    let tag: Arc<str> = match tag.suffix_in_namespace("tag:yaml.org,2002:") {
        Some(suffix) => format!("!!{suffix}").into(),
        None => tag.original().into(),
    };
    // The tag that asks for no type.
    (&*tag != "!").then_some(tag)
}
