//! The common part of YAML, straight from lines to trees: block mappings and lists, plain and quoted scalars, literal
//! and folded blocks, flow collections on one line, comments, `---`.
//!
//! It gives exactly what `reader` gives, or nothing at all: at the first byte that is not clearly one of these it gives up,
//! has spent nothing, and `reader` decides. No error is ever found here. Other readers may ask for their manner.

mod flow;
mod scalars;

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;

use super::index::Index;
use super::reader::{LONGEST_KEY, MAX_DUPLICATES};
use super::{Dialect, Document, Duplicate, Manner, Parsed, strict};
use crate::budget::Budget;
use crate::source::{FileId, Span};
use crate::yaml::node::{Entry, Mapping, Node, Origin, Scalar, Style, Value};
use crate::yaml::scalar::{Meaning, resolve};
use crate::yaml::scan::chars_near;

/// Collections inside each other that are read here, far below every limit.
const DEEPEST: usize = 50;

/// Comments of a text that are read here, far below every limit.
const MOST_COMMENTS: usize = 100_000;

/// Texts up to this length are often the same: names of fields, types, small numbers.
const SHORT: usize = 24;

/// Places for short texts that may come again.
const KNOWN: usize = 512;

thread_local! {
    /// Short texts that were met by this thread, each where its look puts it: documents by the thousand share their keys.
    static MET: RefCell<Vec<Option<Arc<str>>>> = const { RefCell::new(Vec::new()) };
}

/// What a part of a text holds, if all of it is common; the budget is then as `reader` would leave it.
pub(super) fn read(manner: Manner, file: FileId, text: &str, part: Range<usize>, budget: &Budget) -> Option<Parsed> {
    let text = text.get(..part.end)?;
    let ordinary = text.get(part.start..)?;
    let tabs = memchr(b'\t', ordinary.as_bytes()).is_some();
    if u32::try_from(text.len()).is_err()
        || !is_ordinary(ordinary)
        || (tabs && strict::Tabs::wanted(ordinary).is_some())
    {
        return None;
    }
    let mut quick = Quick {
        manner,
        file,
        text,
        bytes: text.as_bytes(),
        tabs,
        at: part.start,
        line: part.start,
        room: budget.items_left(),
        open: Vec::new(),
        nodes: Vec::new(),
        entries: Vec::new(),
        lines: String::new(),
        met: MET.take(),
        document: None,
        root: None,
        index: 0,
        parsed: Parsed::default(),
    };
    quick.met.resize(KNOWN, None);
    let read = quick.stream();
    MET.set(quick.met);
    read?;
    budget.items(budget.items_left() - quick.room).ok()?;
    Some(quick.parsed)
}

/// Whether a text has no character that means more, or less, than itself: no control character, no byte order mark, no line
/// end but `\n`.
fn is_ordinary(text: &str) -> bool {
    let remarkable = |b: u8| ((b < 0x20) & (b != b'\n')) | (b == 0x7f) | (b == 0xc2) | (b == 0xe2) | (b == 0xef);
    let plain = |c: char| {
        matches!(c, '\t' | '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
            | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
    };
    chars_near(text, remarkable).all(plain)
}

struct Quick<'t> {
    manner: Manner,
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    /// Whether there is a tab anywhere.
    tabs: bool,
    /// The next byte.
    at: usize,
    /// The first byte of its line.
    line: usize,
    /// Values that the budget still has room for.
    room: u64,
    open: Vec<Open>,
    /// The items of the open lists, and the entries of the open mappings, those of the innermost last.
    nodes: Vec<Node>,
    entries: Vec<Entry>,
    /// The lines of a block, or a quoted text without its escapes.
    lines: String,
    /// Of [`MET`], meanwhile.
    met: Vec<Option<Arc<str>>>,
    /// Where the document at hand begins.
    document: Option<usize>,
    root: Option<Node>,
    index: usize,
    parsed: Parsed,
}

/// A block collection that is still open.
struct Open {
    column: usize,
    span: Span,
    /// Where its items or entries begin.
    base: usize,
    kind: Kind,
}

enum Kind {
    /// A list, and where the value of its last item would be, if that has none yet. Under a key of the same column its
    /// dashes are not indented.
    Seq { waiting: Option<usize>, indented: bool },
    /// A mapping, and its last key with the place of the colon, if that has no value yet.
    Map { key: Option<(Arc<str>, Span, usize)>, index: Index },
}

impl Open {
    fn waits(&self) -> bool {
        matches!(self.kind, Kind::Seq { waiting: Some(_), .. } | Kind::Map { key: Some(_), .. })
    }
}

impl<'t> Quick<'t> {
    fn stream(&mut self) -> Option<()> {
        loop {
            self.line = self.at;
            self.blanks();
            match self.peek(0) {
                None => return self.end_document(),
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.comment()?,
                Some(b'-' | b'.') if self.at == self.line && self.is_marker()? => {
                    self.end_document()?;
                    self.document = Some(self.at);
                    self.at += 3;
                    self.end_of_line()?;
                }
                Some(_) => {
                    let dash = self.is_dash();
                    self.close(self.at - self.line, dash)?;
                    self.document.get_or_insert(self.at);
                    self.token(dash)?;
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn blanks(&mut self) {
        self.at += blanks(&self.bytes[self.at..]);
    }

    fn ends(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), None | Some(b' ' | b'\n'))
    }

    fn is_dash(&self) -> bool {
        self.peek(0) == Some(b'-') && self.ends(1)
    }

    /// Whether `---` is here; nothing for what else begins like a marker.
    fn is_marker(&self) -> Option<bool> {
        match self.bytes.get(self.at..self.at + 3) {
            Some(b"---") if self.ends(3) => Some(true),
            Some(b"---" | b"...") => None,
            _ => Some(false),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn origin(&self, span: Span) -> Origin {
        Origin::of(self.manner.role, span)
    }

    /// Pays for one value.
    fn pay(&mut self) -> Option<()> {
        self.room = self.room.checked_sub(1)?;
        Some(())
    }

    fn comment(&mut self) -> Option<()> {
        let start = self.at;
        self.at = memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |len| start + len);
        self.parsed.comments.push(self.span(start, self.at));
        (self.parsed.comments.len() < MOST_COMMENTS).then_some(())
    }

    /// Goes to the end of the line, on which nothing stands but a comment after a blank.
    fn end_of_line(&mut self) -> Option<()> {
        let before = self.at;
        self.blanks();
        match self.peek(0) {
            None | Some(b'\n') => Some(()),
            Some(b'#') if self.at > before => self.comment(),
            _ => None,
        }
    }

    /// Ends the document at hand before the next token, or at the end of the text.
    fn end_document(&mut self) -> Option<()> {
        let block = !self.open.is_empty();
        while !self.open.is_empty() {
            self.pop()?;
        }
        let Some(start) = self.document.take() else { return Some(()) };
        match self.root.take() {
            None => self.pay()?,
            Some(root) => {
                let own = root.span().end as usize;
                let span = self.span(start, if block { self.at.max(own) } else { own });
                self.parsed.documents.push(Document { root, span, index: self.index });
            }
        }
        self.index += 1;
        Some(())
    }

    /// Closes the collections that a token of this column does not belong to.
    fn close(&mut self, column: usize, dash: bool) -> Option<()> {
        while let Some(top) = self.open.last() {
            let beside = top.column == column && !dash && matches!(top.kind, Kind::Seq { indented: false, .. });
            if top.column <= column && !beside {
                break;
            }
            self.pop()?;
        }
        Some(())
    }

    fn pop(&mut self) -> Option<()> {
        self.give_nothing()?;
        let done = self.open.pop()?;
        let value = match done.kind {
            Kind::Seq { .. } => Value::Seq(Arc::new(self.nodes.drain(done.base..).collect())),
            Kind::Map { .. } => Value::Map(Arc::new(Mapping { entries: self.entries.drain(done.base..).collect() })),
        };
        self.give(Node { value, origin: self.origin(done.span) })
    }

    /// Gives the innermost collection an empty value, if it waits for one.
    fn give_nothing(&mut self) -> Option<()> {
        let at = match self.open.last()?.kind {
            Kind::Seq { waiting: Some(at), .. } | Kind::Map { key: Some((.., at)), .. } => at,
            _ => return Some(()),
        };
        let nothing = self.scalar("".into(), Style::Plain, self.span(at, at))?;
        self.give(nothing)
    }

    /// Gives a finished value to the innermost collection.
    fn give(&mut self, node: Node) -> Option<()> {
        let Some(top) = self.open.last_mut() else {
            return if self.root.replace(node).is_none() { Some(()) } else { None };
        };
        top.span.end = top.span.end.max(node.span().end);
        match &mut top.kind {
            Kind::Seq { waiting, .. } => {
                *waiting = None;
                self.nodes.push(node);
            }
            Kind::Map { key, index } => {
                let (key, span, _) = key.take()?;
                let entry = Entry { key, key_origin: Origin::of(self.manner.role, span), value: node };
                set(&mut self.entries, top.base, index, entry, self.manner.dialect, &mut self.parsed.duplicates)?;
            }
        }
        Some(())
    }

    /// Opens a collection where a value is waited for, further in than what waits.
    fn begin(&mut self, column: usize, start: usize, kind: Kind) -> Option<()> {
        let base = if matches!(kind, Kind::Seq { .. }) { self.nodes.len() } else { self.entries.len() };
        self.pay()?;
        self.open.push(Open { column, span: self.span(start, start), base, kind });
        (self.open.len() < DEEPEST).then_some(())
    }

    /// Whether a value that begins in this column is one that is waited for.
    fn has_place(&self, column: usize) -> bool {
        match self.open.last() {
            Some(top) => top.column < column && top.waits(),
            None => self.root.is_none(),
        }
    }

    /// Reads from the first token of a line to its end, or to the end of the block that begins on it.
    fn token(&mut self, mut dash: bool) -> Option<()> {
        while dash {
            if self.item()? {
                return Some(());
            }
            dash = self.is_dash();
        }
        let (start, column) = (self.at, self.at - self.line);
        let (text, style) = match self.peek(0)? {
            quote @ (b'"' | b'\'') => self.quoted(quote, self.open.last().map(|top| top.column))?,
            b'[' | b'{' | b'|' | b'>' if self.has_place(column) => return self.value(),
            _ => (self.plain(false)?, Style::Plain),
        };
        let span = self.span(start, self.at);
        if !self.is_colon() {
            return if self.has_place(column) { self.give_scalar(text, style, start) } else { None };
        }
        match self.open.last() {
            Some(Open { column: same, kind: Kind::Map { .. }, .. }) if *same == column => self.give_nothing()?,
            _ if self.has_place(column) => {
                self.begin(column, start, Kind::Map { key: None, index: Index::default() })?
            }
            _ => return None,
        }
        let name = self.key(text, style, start)?;
        let colon = self.at;
        let top = self.open.last_mut()?;
        top.span.end = top.span.end.max(span.end);
        if let Kind::Map { key, .. } = &mut top.kind {
            *key = Some((name, span, colon));
        }
        self.at += 1;
        self.blanks();
        match self.peek(0) {
            None | Some(b'\n') => Some(()),
            Some(b'#') => self.comment(),
            Some(_) => self.value(),
        }
    }

    /// Reads a dash; whether nothing stands behind it.
    fn item(&mut self) -> Option<bool> {
        let (start, column) = (self.at, self.at - self.line);
        self.at += 1;
        self.blanks();
        let nothing = match self.peek(0) {
            None | Some(b'\n') => true,
            Some(b'#') => self.comment().map(|()| true)?,
            Some(_) => false,
        };
        let list = |indented| Kind::Seq { waiting: None, indented };
        match self.open.last() {
            Some(top) if top.column == column => match &top.kind {
                Kind::Seq { .. } => self.give_nothing()?,
                Kind::Map { key: Some(_), .. } => self.begin(column, self.at, list(false))?,
                Kind::Map { .. } => return None,
            },
            _ if self.has_place(column) => self.begin(column, start, list(true))?,
            _ => return None,
        }
        if let Kind::Seq { waiting, .. } = &mut self.open.last_mut()?.kind {
            *waiting = Some(self.at);
        }
        Some(nothing)
    }

    /// Reads the value that the innermost collection waits for, to the end of its last line.
    fn value(&mut self) -> Option<()> {
        let start = self.at;
        let (text, style) = match self.peek(0)? {
            b'|' | b'>' => return self.block(),
            b'[' | b'{' => {
                let node = self.flow(0)?;
                self.give(node)?;
                return self.end_of_line();
            }
            quote @ (b'"' | b'\'') => self.quoted(quote, self.open.last().map(|top| top.column))?,
            _ => (self.plain(false)?, Style::Plain),
        };
        self.give_scalar(text, style, start)
    }

    fn give_scalar(&mut self, text: Cow<'t, str>, style: Style, start: usize) -> Option<()> {
        let text = if style == Style::Plain { self.continued(text)? } else { text };
        let node = self.scalar(text, style, self.span(start, self.at))?;
        self.give(node)?;
        // A colon would be one too many.
        self.end_of_line()
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: Style, span: Span) -> Option<Node> {
        self.pay()?;
        let number = |text: &str| {
            text.starts_with(['.', '+', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
                && text.contains(['.', 'e', 'E'])
        };
        if style == Style::Plain && self.manner.dialect == Dialect::V2 && number(&text) {
            // JSON has no word for some.
            if let Meaning::Float(n) = resolve(&text, Dialect::V2) {
                n.is_finite().then_some(())?;
            }
        }
        let text = self.shared(text);
        Some(Node { value: Value::Scalar(Scalar { text, style, tag: None }), origin: self.origin(span) })
    }

    /// A text, which those that are the same share if they are short.
    fn shared(&mut self, text: Cow<'t, str>) -> Arc<str> {
        let (&[first, ..], len @ ..=SHORT) = (text.as_bytes(), text.len()) else { return text.into() };
        let look = [first, text.as_bytes()[len / 2], text.as_bytes()[len - 1], len as u8];
        let place = look.iter().fold(0, |all, &b| all * 31 + usize::from(b)) % KNOWN;
        match &self.met[place] {
            Some(known) if **known == *text => Arc::clone(known),
            _ => {
                let text: Arc<str> = text.into();
                self.met[place] = Some(Arc::clone(&text));
                text
            }
        }
    }

    /// The name of a key that ends here.
    fn key(&mut self, text: Cow<'t, str>, style: Style, start: usize) -> Option<Arc<str>> {
        self.pay()?;
        let scalar = Scalar { text: self.shared(text), style, tag: None };
        let over_lines = style != Style::Plain && memchr(b'\n', &self.bytes[start..self.at]).is_some();
        if scalar.is_merge_key() || over_lines || self.at - start > LONGEST_KEY || !(self.manner.takes_key)(&scalar) {
            return None;
        }
        scalar.key(self.manner.dialect)
    }

    /// Whether a colon that makes a key comes next; goes to it.
    fn is_colon(&mut self) -> bool {
        let before = self.at;
        self.blanks();
        let colon = self.peek(0) == Some(b':') && self.ends(1);
        if !colon {
            self.at = before;
        }
        colon
    }
}

/// How many blanks a text begins with.
fn blanks(bytes: &[u8]) -> usize {
    const MANY: [u8; 8] = [b' '; 8];
    let mut count = 0;
    while bytes[count..].first_chunk() == Some(&MANY) {
        count += MANY.len();
    }
    count + bytes[count..].iter().take_while(|&&b| b == b' ').count()
}

/// Sets an entry of the mapping that begins at `base`: the last of equal keys wins, in the place of the first.
fn set(
    entries: &mut Vec<Entry>,
    base: usize,
    index: &mut Index,
    entry: Entry,
    dialect: Dialect,
    duplicates: &mut Vec<Duplicate>,
) -> Option<()> {
    let Some(at) = index.position(&entries[base..], &entry.key) else {
        entries.push(entry);
        return Some(());
    };
    if dialect == Dialect::V3 {
        return None;
    }
    let known = &mut entries[base + at];
    if duplicates.len() < MAX_DUPLICATES {
        let (first, again) = (known.key_origin.anchor(), entry.key_origin.anchor());
        duplicates.push(Duplicate { key: Arc::clone(&entry.key), first, again });
    }
    *known = entry;
    Some(())
}
