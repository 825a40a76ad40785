//! What the event parser lets pass and Go's does not: characters that no YAML may hold, and tabs where a token could begin.

use super::{Parsed, Problem};
use crate::budget::Budget;
use crate::source::{FileId, Span};
use crate::yaml::node::Style;
use crate::yaml::scalar::Dialect;
use crate::yaml::scan::holds;

/// What is said of what stands behind a document without a `---`.
pub(super) const NO_START: &str = "did not find expected <document start>";

/// Takes out the documents that hold a character which Go's reader refuses.
pub(super) fn refuse(file: FileId, text: &str, parsed: &mut Parsed) {
    for at in refused(text) {
        let end = at + text[at..].chars().next().map_or(1, char::len_utf8);
        take_out(Span::new(file, at, end), "control characters are not allowed", parsed);
    }
}

/// Takes out a first document that ends (`...`) before it began: yaml.v2 wants something there.
pub(super) fn refuse_empty_end(file: FileId, text: &str, parsed: &mut Parsed) {
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    let nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let mut lines = text[at..].split_inclusive('\n');
    let line = loop {
        match lines.next() {
            Some(line) if nothing(line) => at += line.len(),
            other => break other.unwrap_or(""),
        }
    };
    if line.strip_prefix("...").is_some_and(|rest| rest.trim_start() != rest || rest.is_empty()) {
        let span = Span::new(file, at, at + 3);
        parsed.documents.retain(|document| document.index > 0);
        parsed
            .problems
            .insert(0, Problem { span, message: "did not find expected node content".into(), exceeded: false });
    }
}

/// Whether libyaml takes the name of an anchor.
pub fn is_anchor_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// What the event parser makes of a plain scalar of a flow collection, and libyaml does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misread {
    /// It goes on to here: a colon ends one only before a blank, and belongs to it before what ends an item.
    EndsAt(usize),
    /// Its first byte, a question mark, begins a key.
    BeginsKey,
}

/// Whether a plain scalar of a flow collection is misread.
pub(crate) fn misread_in_flow(text: &str, start: usize, end: usize) -> Option<Misread> {
    let rest = text.as_bytes().get(end..)?;
    match text.as_bytes().get(start..end)?.first()? {
        b'?' => return Some(Misread::BeginsKey),
        b':' => return None,
        _ => {}
    }
    let colon = rest.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    matches!(rest[colon..], [b':', b',' | b']' | b'}', ..]).then_some(Misread::EndsAt(end + colon + 1))
}

/// What libyaml has against a plain scalar of a flow collection: to it `?` ends one wherever it stands, and `:` begins a value
/// there.
pub(crate) fn odd_in_flow(text: &str, start: usize, end: usize) -> Option<&'static str> {
    let raw = text.get(start..end)?.as_bytes();
    match (raw.first()?, text.as_bytes().get(end..)?) {
        (b':', _) => Some("did not find expected node content"),
        _ if misread_in_flow(text, start, end).is_some() => {
            Some("a `:` or `?` without a blank behind it at a word of a flow collection, which is not read")
        }
        _ if raw.contains(&b'?') => Some("did not find expected ',' or ']' or '}'"),
        (_, [b':', b'[' | b'{', ..]) => Some("did not find expected ',' or '}'"),
        _ => None,
    }
}

/// Refuses such a scalar, and says whether it can be mended.
pub(super) fn check_flow(text: &str, at: Span, repairable: &mut bool) -> Result<(), Problem> {
    let (start, end) = (at.start as usize, at.end as usize);
    *repairable |= misread_in_flow(text, start, end).is_some();
    let odd = odd_in_flow(text, start, end);
    odd.map_or(Ok(()), |message| Err(Problem { span: at, message: message.to_owned(), exceeded: false }))
}

/// Refuses a key of a flow collection whose colon does not stand on the line on which the key begins, unless a `?` says that
/// it is one.
pub(super) fn check_flow_key(text: &str, at: Span) -> Result<(), Problem> {
    let (start, end) = (at.start as usize, at.end as usize);
    let mut rest = text.get(end..).unwrap_or("").trim_start();
    while rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |line| &rest[line..]).trim_start();
    }
    let colon = text.len() - rest.len();
    let apart = rest.starts_with(':') && text.get(start..colon).is_some_and(|key| key.contains(['\n', '\r']));
    if !apart || text.get(..start).is_some_and(|before| before.trim_end().ends_with('?')) {
        return Ok(());
    }
    Err(Problem { span: at, message: "did not find expected ',' or '}'".to_owned(), exceeded: false })
}

/// What libyaml has against an escape.
pub(in super::super) const UNKNOWN_ESCAPE: &str = "found unknown escape character";

/// Refuses a double-quoted scalar with an escape that only YAML 1.2 knows.
pub(super) fn check_escapes(text: &str, at: Span) -> Result<(), Problem> {
    let raw = text.get(at.start as usize..at.end as usize).unwrap_or("").as_bytes();
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\\', &raw[from..]).map(|found| from + found) {
        if raw.get(found + 1) == Some(&b'/') {
            let start = at.start + found as u32;
            let span = Span { start, end: start + 2, ..at };
            return Err(Problem { span, message: UNKNOWN_ESCAPE.to_owned(), exceeded: false });
        }
        from = (found + 2).min(raw.len());
    }
    Ok(())
}

/// Takes out the document around a place, if it is not out already.
fn take_out(at: Span, message: &str, parsed: &mut Parsed) {
    let before = parsed.documents.len();
    parsed.documents.retain(|document| {
        // What stands before the first token of a file is its first document's.
        let start = if document.index == 0 { 0 } else { document.span.start };
        !(start <= at.start && at.start < document.span.end)
    });
    if parsed.documents.len() < before {
        parsed.problems.push(Problem { span: at, message: message.to_owned(), exceeded: false });
    }
}

/// Where tabs may stand. libyaml skips them between tokens only where no token can begin: in flow collections, after
/// `key:`, behind a value. At the start of a line and after `- ` they are an error, though the line be blank.
pub(super) struct Tabs {
    /// By where they begin; a flow collection stands for all that it holds.
    covers: Vec<(u32, u32, Cover)>,
}

/// What a part of the text is, as far as tabs go.
#[derive(Clone, Copy)]
pub(super) enum Cover {
    /// Tabs may stand anywhere in it.
    Free,
    /// A plain or block scalar: in it and behind it tabs may stand from this column on.
    From(usize),
}

impl Cover {
    /// Of a scalar that begins at a column, in a block that begins at another.
    pub(super) fn of(style: Style, own: usize, outer: Option<usize>) -> Self {
        match style {
            Style::Plain => Cover::From(outer.map_or(0, |column| column + 1)),
            // A last line of blanks is not told to be part of a block.
            Style::Literal | Style::Folded => Cover::From(own),
            _ => Cover::Free,
        }
    }
}

impl Tabs {
    /// Nothing, for a text that has no tab at the start of a line or after a dash.
    pub(super) fn wanted(text: &str) -> Option<Self> {
        suspicious(text).next().is_some().then(|| Self { covers: Vec::new() })
    }

    pub(super) fn cover(&mut self, span: Span, cover: Cover) {
        while self.covers.last().is_some_and(|&(start, end, _)| start >= span.start && end <= span.end) {
            self.covers.pop();
        }
        // The comment in the head of a block comes after the block.
        let at = self.covers.partition_point(|&(start, ..)| start <= span.start);
        self.covers.insert(at, (span.start, span.end, cover));
    }

    pub(super) fn refuse(self, file: FileId, text: &str, parsed: &mut Parsed) {
        for (at, column) in suspicious(text) {
            let after = self.covers.partition_point(|&(start, ..)| start as usize <= at);
            let fine = match after.checked_sub(1).map(|before| self.covers[before]) {
                Some((_, end, _)) if at < end as usize => true,
                Some((_, end, Cover::From(indent))) => {
                    column >= indent && text[end as usize..at].bytes().all(|b| b.is_ascii_whitespace())
                }
                _ => false,
            };
            let span = Span::new(file, at, at + 1);
            if !fine && parsed.documents.is_empty() && parsed.problems.is_empty() {
                parsed.problems.push(Problem { span, message: TAB.to_owned(), exceeded: false });
            } else if !fine {
                take_out(span, TAB, parsed);
            }
        }
    }
}

/// Refuses a tab that begins the first line of a block scalar whose head leaves the indentation to that line.
pub(super) fn check_indentation(style: Style, text: &str, at: Span) -> Result<(), Problem> {
    let (before, block) = text.split_at(at.start as usize);
    let blocks = matches!(style, Style::Literal | Style::Folded) && block.trim_start_matches(' ').starts_with('\t');
    let head = before.trim_end().lines().next_back().filter(|_| blocks).and_then(|head| head.split(" #").next());
    match head.map(|head| head.trim_end().trim_end_matches(['+', '-'])) {
        Some(head) if !head.ends_with(|c: char| c.is_ascii_digit()) => {
            let message = "found a tab character where an indentation space is expected".to_owned();
            Err(Problem { span: at, message, exceeded: false })
        }
        _ => Ok(()),
    }
}

/// What is wrong with a tab.
const TAB: &str = "found a tab where a token could begin";

/// The first tab of a text where a token could begin, or nothing for a text that is broken in other ways.
pub(crate) fn misplaced_tab(text: &str, budget: &Budget) -> Option<usize> {
    suspicious(text).next()?;
    let parsed = super::parse_whole(Dialect::V3, FileId(0), text, budget);
    let tabs = parsed.problems.iter().filter(|problem| problem.message == TAB);
    tabs.map(|problem| problem.span.start as usize).min()
}

/// Tabs at the start of a line, or after the dashes there, with their columns.
fn suspicious(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    text.match_indices('\t').filter_map(move |(at, _)| {
        let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let lead = line.bytes().all(|b| matches!(b, b' ' | b'-' | b'?')) && !line.ends_with("--");
        lead.then_some((at, line.len()))
    })
}

/// Offsets of characters that are no YAML (`yaml.v2 readerc.go`).
fn refused(text: &str) -> impl Iterator<Item = usize> + '_ {
    let suspicious =
        |b: u8| ((b < 0x20) & (b != b'\n') & (b != b'\r') & (b != b'\t')) | (b == 0x7f) | (b == 0xc2) | (b == 0xef);
    let chars = if holds(text.as_bytes(), suspicious) { text } else { "" };
    chars.char_indices().filter(|&(_, c)| !is_allowed(c)).map(|(at, _)| at)
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
