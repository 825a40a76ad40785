//! Events to trees: anchors, keys, merges, limits.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::entries::Entries;
use super::repair::{self, Mended};
use super::strict;
use super::{Dialect, Document, Duplicate, MAX_DEPTH, Parsed, Problem};
use crate::budget::{Budget, Exceeded};
use crate::source::{FileId, Span};
use crate::yaml::BLANK;
use crate::yaml::node::{Entry, Mapping, Node, Origin, Scalar, Style, Value};

/// Duplicates that are remembered for a file.
pub(super) const MAX_DUPLICATES: usize = 1_000;

/// Longer keys are none to libyaml, which looks ahead no further.
pub(super) const LONGEST_KEY: usize = 1_024;

pub(super) fn read(dialect: Dialect, file: FileId, text: &str, budget: &Budget) -> Parsed {
    let as_it_is = Mended::lines(text);
    let mut reader = Reader::new(dialect, file, text, &as_it_is, budget);
    reader.stream();
    if !reader.repairable {
        return reader.finished();
    }
    let mended = Mended::of(text);
    let mut reader = Reader::new(dialect, file, text, &mended, budget);
    reader.stream();
    reader.finished()
}

pub(super) fn options() -> granit_parser::Options {
    granit_parser::options! {
        max_buffered_comment_events: 1_000_000,
        simple_key_max_lookahead: LONGEST_KEY,
        emit_anchor_events: true,
    }
}

type Step = Result<(), Problem>;

struct Reader<'t, 'b> {
    dialect: Dialect,
    file: FileId,
    text: &'t str,
    mended: &'t Mended<'t>,
    budget: &'b Budget,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, Built>,
    parsed: Parsed,
    index: usize,
    /// The document at hand, as far as it was read.
    document: Span,
    /// Whether an error was met that a mended text does not have.
    repairable: bool,
    /// Where tabs may stand, if there are suspicious ones.
    tabs: Option<strict::Tabs>,
}

/// A finished node, with what it costs whoever walks it.
#[derive(Clone)]
struct Built {
    node: Node,
    size: u64,
    depth: u32,
}

/// A collection that is still open.
struct Open {
    span: Span,
    anchor: usize,
    size: u64,
    depth: u32,
    flow: bool,
    kind: Kind,
}

enum Kind {
    Seq(Vec<Node>),
    Map { entries: Entries, key: Option<(Key, Origin)> },
}

enum Key {
    Name(Arc<str>),
    Merge,
}

impl<'t, 'b> Reader<'t, 'b> {
    /// Reads `mended`; spans are those of `text`.
    fn new(dialect: Dialect, file: FileId, text: &'t str, mended: &'t Mended<'t>, budget: &'b Budget) -> Self {
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        Self {
            dialect,
            file,
            text,
            mended,
            budget,
            events: Parser::new_from_str_with_options(&mended.text, options()),
            anchors: HashMap::new(),
            parsed: Parsed::default(),
            index: 0,
            document: Span::new(file, start, start),
            repairable: false,
            tabs: strict::Tabs::wanted(text),
        }
    }

    fn stream(&mut self) {
        loop {
            match self.document() {
                Ok(true) => {}
                Ok(false) => return,
                Err(problem) => {
                    let fatal = problem.exceeded && problem.message.starts_with("budget");
                    self.parsed.problems.push(problem);
                    self.anchors.clear();
                    self.index += 1;
                    if fatal || !matches!(self.events.proceed_next_document(), Ok(true)) {
                        return;
                    }
                }
            }
        }
    }

    fn finished(mut self) -> Parsed {
        if let Some(tabs) = self.tabs.take() {
            tabs.refuse(self.file, self.text, &mut self.parsed);
        }
        self.parsed.empty_to = self.parsed.empty_to.filter(|_| !self.parsed.problems.is_empty());
        self.parsed
    }

    fn problem(span: Span, message: impl Into<String>) -> Problem {
        Problem { span, message: message.into(), exceeded: false }
    }

    fn exceeded(span: Span, exceeded: Exceeded) -> Problem {
        Problem { span, message: exceeded.to_string(), exceeded: true }
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        Span::new(self.file, self.mended.place(range.start), self.mended.place(range.end))
    }

    /// Reads up to the end of one document; `false` at the end of the stream.
    fn document(&mut self) -> Result<bool, Problem> {
        let mut open: Vec<Open> = Vec::new();
        let mut root: Option<Node> = None;
        loop {
            let (event, at) = match self.events.next_event() {
                None => return Ok(false),
                Some(Ok((event, span))) => (event, self.span(span)),
                Some(Err(error)) => return Err(self.broken(&error)),
            };
            match event {
                Event::StreamEnd => return Ok(false),
                Event::DocumentStart(explicit, version) => {
                    self.document = at;
                    // After `...` libyaml wants `---`.
                    if !explicit && self.index > 0 {
                        return Err(Self::problem(at, strict::NO_START));
                    }
                    // Both libraries know 1.1 and nothing else.
                    if version.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                        return Err(Self::problem(at, "found incompatible YAML document"));
                    }
                }
                Event::DocumentEnd => {
                    self.anchors.clear();
                    let span = self.document.cover(at);
                    match root.filter(|root| !is_empty(root)) {
                        Some(root) => self.parsed.documents.push(Document { root, span, index: self.index }),
                        None if self.index == 0 => self.parsed.empty_to = Some(at.start),
                        None => {}
                    }
                    self.index += 1;
                    return Ok(true);
                }
                Event::Comment(text, _) => {
                    if ends_a_line(&text) {
                        return Err(Self::problem(at, UNSEEN_LINE));
                    }
                    self.cover(at, strict::Cover::Free);
                    self.parsed.comments.push(at);
                }
                Event::Anchor(_, name) => self.named(&name, at)?,
                Event::Alias(id) => {
                    let name = self.text.get(at.start as usize + 1..at.end as usize);
                    self.named(name.unwrap_or(""), at)?;
                    let Some(built) = self.anchors.get(&id).cloned() else {
                        return Err(Self::problem(at, "an anchor that contains itself"));
                    };
                    self.budget.items(built.size).map_err(|e| Self::exceeded(at, e))?;
                    self.place(&mut open, &mut root, built, at, true)?;
                }
                Event::UnresolvedAlias(_) => return Err(Self::problem(at, "an alias of an unknown anchor")),
                Event::Scalar(text, style, anchor, tag) => {
                    self.budget.items(1).map_err(|e| Self::exceeded(at, e))?;
                    if style == ScalarStyle::Plain && !open.is_empty() && ends_a_line(&text) {
                        return Err(Self::problem(at, UNSEEN_LINE));
                    }
                    let in_flow = open.last().is_some_and(|open| open.flow);
                    if in_flow && style == ScalarStyle::Plain {
                        strict::check_flow(self.text, at, &mut self.repairable)?;
                    }
                    if style == ScalarStyle::DoubleQuoted {
                        strict::check_escapes(self.text, at)?;
                    }
                    let scalar = self.scalar(&text, style.into(), tag.as_deref(), at, in_flow);
                    if self.tabs.is_some() {
                        strict::check_indentation(scalar.style, self.text, at)?;
                        let outer = open.iter().rev().find(|open| !open.flow).map(|open| open.span.start);
                        let outer = outer.map(|start| self.column(start));
                        self.cover(at, strict::Cover::of(scalar.style, self.column(at.start), outer));
                    }
                    let node = Node { value: Value::Scalar(scalar), origin: Origin::literal(at) };
                    let built = Built { node, size: 1, depth: 0 };
                    self.define(anchor, &built);
                    self.place(&mut open, &mut root, built, at, false)?;
                }
                Event::SequenceStart(style, anchor, _) => {
                    self.budget.items(1).map_err(|e| Self::exceeded(at, e))?;
                    open.push(Open::new(at, style, anchor, Kind::Seq(Vec::new())));
                }
                Event::MappingStart(style, anchor, _) => {
                    self.budget.items(1).map_err(|e| Self::exceeded(at, e))?;
                    open.push(Open::new(at, style, anchor, Kind::Map { entries: Entries::default(), key: None }));
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(done) = open.pop() else { continue };
                    // The end of a block collection is reported where the next token begins; of `[` and `{` it is real.
                    let closing = self.text.get(at.start as usize..at.end as usize);
                    let span = if matches!(closing, Some("]" | "}")) { done.span.cover(at) } else { done.span };
                    if done.flow {
                        self.cover(span, strict::Cover::Free);
                    }
                    // Trees are kept by the thousand: none keeps room for more.
                    let value = match done.kind {
                        Kind::Seq(mut items) => {
                            items.shrink_to_fit();
                            Value::Seq(Arc::new(items))
                        }
                        Kind::Map { entries, .. } => {
                            let mut list = entries.into_list();
                            list.shrink_to_fit();
                            Value::Map(Arc::new(Mapping { entries: list }))
                        }
                    };
                    let node = Node { value, origin: Origin::literal(span) };
                    let built = Built { node, size: done.size, depth: done.depth + 1 };
                    self.define(done.anchor, &built);
                    self.place(&mut open, &mut root, built, span, false)?;
                }
                _ => {}
            }
        }
    }

    fn broken(&mut self, error: &granit_parser::ScanError) -> Problem {
        let at = self.mended.place(error.marker().byte_offset().unwrap_or(0)).min(self.text.len());
        let limit = is_limit(error.kind());
        self.repairable |= repair::can(error.kind());
        Problem { span: Span::new(self.file, at, at), message: error.info(), exceeded: limit }
    }

    fn scalar(&self, text: &str, style: Style, tag: Option<&Tag>, at: Span, in_flow: bool) -> Scalar {
        // Nothing at all is reported as `~`.
        let nothing = at.start == at.end && style == Style::Plain;
        let mut text = if nothing { "" } else { text };
        if matches!(style, Style::Literal | Style::Folded) && at.end as usize >= self.text.trim_end_matches(' ').len() {
            text = without_invented_end(text, &self.mended.text);
        }
        let tag = if nothing && in_flow && tag.is_none() { Some(BLANK.into()) } else { tag.map(tag_of) };
        Scalar { text: text.into(), style, tag }
    }

    fn cover(&mut self, span: Span, cover: strict::Cover) {
        if let Some(tabs) = &mut self.tabs {
            tabs.cover(span, cover);
        }
    }

    /// Bytes between the start of a line and a byte of it.
    fn column(&self, at: u32) -> usize {
        let before = &self.text[..(at as usize).min(self.text.len())];
        before.len() - before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// Refuses the name of an anchor that libyaml does not take.
    fn named(&self, name: &str, at: Span) -> Step {
        if strict::is_anchor_name(name) {
            return Ok(());
        }
        let message = "while scanning an anchor or alias, did not find expected alphabetic or numeric character";
        Err(Self::problem(at, message))
    }

    fn define(&mut self, anchor: usize, built: &Built) {
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, open: &mut [Open], root: &mut Option<Node>, built: Built, at: Span, alias: bool) -> Step {
        self.document = self.document.cover(at);
        let is_key = matches!(open.last(), Some(Open { kind: Kind::Map { key: None, .. }, .. }));
        let built = if is_key { built } else { self.meant(built, at)? };
        if is_key && open.last().is_some_and(|open| open.flow) {
            strict::check_flow_key(self.text, at)?;
        }
        let Some(top) = open.last_mut() else {
            *root = Some(built.node);
            return Ok(());
        };
        top.span = top.span.cover(at);
        top.size = top.size.saturating_add(built.size);
        top.depth = top.depth.max(built.depth);
        if top.depth >= MAX_DEPTH {
            return Err(Problem { span: at, message: format!("nested deeper than {MAX_DEPTH}"), exceeded: true });
        }
        match &mut top.kind {
            Kind::Seq(items) => items.push(built.node),
            Kind::Map { entries, key } => match key.take() {
                None => *key = Some((self.key(&built.node, at)?, built.node.origin)),
                Some((Key::Merge, origin)) => {
                    if alias && built.node.as_seq().is_some() && self.dialect == Dialect::V2 {
                        return Err(Self::problem(origin.anchor(), NO_MAP));
                    }
                    entries.merge(&built.node, self.dialect).ok_or_else(|| Self::problem(origin.anchor(), NO_MAP))?;
                }
                Some((Key::Name(name), origin)) => {
                    let again = origin.anchor();
                    let entry = Entry { key: Arc::clone(&name), key_origin: origin, value: built.node };
                    if let Some(first) = entries.set(entry, false) {
                        if self.dialect == Dialect::V3 {
                            return Err(Self::problem(again, format!("mapping key `{name}` already defined")));
                        }
                        if self.parsed.duplicates.len() < MAX_DUPLICATES {
                            self.parsed.duplicates.push(Duplicate { key: name, first, again });
                        }
                    }
                }
            },
        }
        Ok(())
    }

    /// Checks that a scalar is what its tag says, and decodes `!!binary`, as decoding to JSON would.
    fn meant(&self, mut built: Built, at: Span) -> Result<Built, Problem> {
        if self.dialect == Dialect::V3 {
            return Ok(built);
        }
        if let Value::Scalar(scalar) = &mut built.node.value {
            use crate::yaml::scalar::{Meaning, Meaningless};
            let plain = scalar.style == Style::Plain;
            if scalar.tag.is_none() && (!plain || !scalar.text.contains(['.', 'e', 'E'])) {
                return Ok(built);
            }
            let binary = scalar.tag.as_deref() == Some("!!binary");
            match scalar.read(self.dialect) {
                Err(error) => return Err(Self::problem(at, error.to_string())),
                Ok(Meaning::Float(f)) if !f.is_finite() => {
                    return Err(Self::problem(at, Meaningless::NotFinite(f).to_string()));
                }
                Ok(Meaning::Str(text)) if binary => {
                    *scalar = Scalar { text: text.into(), style: Style::DoubleQuoted, tag: None };
                }
                Ok(_) => {}
            }
        }
        Ok(built)
    }

    fn key(&self, node: &Node, at: Span) -> Result<Key, Problem> {
        let Some(scalar) = node.as_scalar() else {
            return Err(Self::problem(at, "a mapping or a list as a key"));
        };
        if scalar.is_merge_key() {
            return Ok(Key::Merge);
        }
        scalar.key(self.dialect).map(Key::Name).ok_or_else(|| Self::problem(at, "a key that JSON cannot have"))
    }
}

const UNSEEN_LINE: &str = "a character (U+0085, U+2028 or U+2029) that ends a line to Go, behind which no key stands";

const NO_MAP: &str = "map merge requires map or sequence of maps as the value";

impl Open {
    fn new(at: Span, style: StructureStyle, anchor: usize, kind: Kind) -> Self {
        // A block collection has no text of its own: its span grows with its children.
        let flow = style == StructureStyle::Flow;
        let span = if flow { at } else { Span { end: at.start, ..at } };
        Self { span, flow, anchor, size: 1, depth: 0, kind }
    }
}

/// A document with nothing in it.
fn is_empty(root: &Node) -> bool {
    root.as_scalar()
        .is_some_and(|scalar| scalar.text.is_empty() && scalar.style == Style::Plain && scalar.tag.is_none())
}

/// Takes off the line end that a block scalar was given though the file ends without one.
fn without_invented_end<'a>(value: &'a str, file: &str) -> &'a str {
    let Some(body) = value.strip_suffix('\n') else { return value };
    let last = file.rsplit(['\n', '\r']).next().unwrap_or("");
    if last.is_empty() {
        return value;
    }
    if !last.trim_matches(' ').is_empty() {
        return body;
    }
    // The last line is blank: more blanks than the indentation are content, fewer are not even a line.
    if body.rsplit('\n').next().is_some_and(|line| !line.is_empty() && line.trim_matches(' ').is_empty()) {
        return body;
    }
    let tail = &file[file.trim_end_matches([' ', '\n', '\r']).len()..];
    let breaks = tail.replace("\r\n", "\n").matches(['\n', '\r']).count();
    let kept = value.trim_end_matches('\n').len();
    // Where there is no content, the first line end is the header's.
    let breaks = if kept == 0 { breaks.saturating_sub(1) } else { breaks };
    &value[..value.len().min(kept + breaks)]
}

/// Whether a text holds characters, with something behind them, that end a line in YAML 1.1 and not in 1.2.
fn ends_a_line(text: &str) -> bool {
    !text.is_ascii() && text.trim_end().contains(['\u{85}', '\u{2028}', '\u{2029}'])
}

fn is_limit(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::RecursionLimitExceeded | ErrorKind::TooManyComments)
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        }
    }
}

fn tag_of(tag: &Tag) -> Arc<str> {
    match tag.suffix_in_namespace("tag:yaml.org,2002:") {
        Some(suffix) => format!("!!{suffix}").into(),
        // A `%TAG` can give `!!` another meaning.
        None if tag.original_handle() == "!!" => format!("!<{}{}>", tag.handle(), tag.suffix()).into(),
        None => tag.original().into(),
    }
}
