//! What Go's parser lets pass and the event parser does not, mended in a copy: lines of a quoted scalar that are indented
//! too little get blanks, which do not count there, `\'` in double quotes loses its backslash, tabs in flow collections
//! become blanks, a comment right behind a token gets a blank before it, a dash that is a word in a flow collection and a
//! word there that ends with a colon get quotes, a question mark there that begins a key a blank, U+0085 becomes a line end.
//!
//! A [`Mended`] text knows where each of its bytes stands in the file, so that spans stay true.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Scanner, Span, StrInput};

use super::strict::{Misread, misread_in_flow};

const NEXT_LINE: char = '\u{85}';

/// Bytes that mending may read in all, over and over.
const MAX_WORK: usize = 64 << 20;

/// How many bytes are moved aside in the time in which one is read.
const MOVED: usize = 64;

/// A text that the event parser takes.
pub(super) struct Mended<'t> {
    pub(super) text: Cow<'t, str>,
    /// From which byte on how much is to be added to get the place in the file.
    shifts: Vec<(usize, isize)>,
}

/// Whether a text can be mended so that this error does not come.
pub(super) fn can(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::CommentNotSeparated
            | ErrorKind::PlainScalarStartsWithDashFlowIndicator
    )
}

impl<'t> Mended<'t> {
    /// The text with a line end that only Go knows as one, U+0085, as everybody knows it.
    pub(super) fn lines(text: &'t str) -> Self {
        if text.is_ascii() || !text.contains(NEXT_LINE) {
            return Self { text: Cow::Borrowed(text), shifts: Vec::new() };
        }
        let mut mended = String::with_capacity(text.len());
        let mut shifts = Vec::new();
        for part in text.split_inclusive(NEXT_LINE) {
            match part.strip_suffix(NEXT_LINE) {
                Some(line) => {
                    mended.push_str(line);
                    mended.push('\n');
                    shifts.push((mended.len(), shifts.len() as isize + 1));
                }
                None => mended.push_str(part),
            }
        }
        Self { text: Cow::Owned(mended), shifts }
    }

    /// Mends what can be mended.
    pub(super) fn of(text: &'t str) -> Self {
        let indent = text.lines().map(|line| line.len() - line.trim_start_matches(' ').len()).max().unwrap_or(0);
        let blanks = " ".repeat(indent.min(1_000) + 1);
        let mut mended = Self::lines(text);
        let mut work = 0;
        // Documents before this byte are without flaw. A directive would be one more thing to carry on.
        let (mut from, alone) = (0, text.starts_with('%') || text.contains("\n%"));
        while work < MAX_WORK {
            let Some((flaw, at)) = first_flaw(&mended.text[from..], from) else { break };
            work += at - from + mended.text.len() / MOVED;
            if !alone {
                from = document_of(&mended.text, from, at);
            }
            let left = MAX_WORK.saturating_sub(work);
            let kind = match flaw {
                Flaw::Error(kind) => kind,
                Flaw::Word(Misread::BeginsKey) => {
                    mended.replace(at + 1, 0, " ");
                    continue;
                }
                Flaw::Word(Misread::EndsAt(end)) => {
                    let word = mended.text[at..end].replace('\'', "''");
                    mended.replace(at, end - at, &format!("'{word}'"));
                    continue;
                }
            };
            let done = match kind {
                ErrorKind::InvalidQuotedScalarIndent => {
                    let lines = quoted_lines(&mended.text, from, at);
                    let lines = &lines[..lines.len().min(left / blanks.len() + 1)];
                    work += lines.len() * blanks.len();
                    mended.insert(lines, &blanks)
                }
                // Where Go refuses the tab, `strict` does.
                ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => mended.blank(at),
                ErrorKind::CommentNotSeparated => mended.text[at..].starts_with('#') && mended.replace(at, 0, " "),
                ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
                    dash_near(&mended.text, at).is_some_and(|dash| mended.replace(dash, 1, "'-'"))
                }
                _ => wrong_escape(&mended.text, at).is_some_and(|escape| mended.replace(escape, 1, "")),
            };
            if !done {
                break;
            }
        }
        mended
    }

    fn replace(&mut self, at: usize, removed: usize, with: &str) -> bool {
        let mut text = std::mem::take(&mut self.text).into_owned();
        let fits = text.is_char_boundary(at) && text.is_char_boundary(at + removed);
        if fits {
            let shift = removed as isize - with.len() as isize;
            let known = self.shifts.partition_point(|&(from, _)| from <= at);
            let before = known.checked_sub(1).map_or(0, |last| self.shifts[last].1);
            for (from, add) in &mut self.shifts[known..] {
                *from = from.saturating_add_signed(-shift);
                *add += shift;
            }
            self.shifts.insert(known, (at + with.len(), before + shift));
            text.replace_range(at..at + removed, with);
        }
        self.text = Cow::Owned(text);
        fits
    }

    /// Puts a text in at some places, which are in order.
    fn insert(&mut self, places: &[usize], with: &str) -> bool {
        let mut text = String::with_capacity(self.text.len() + places.len() * with.len());
        let mut shifts = Vec::with_capacity(self.shifts.len() + places.len());
        let mut known = self.shifts.iter().peekable();
        let (mut copied, mut moved, mut before) = (0, 0, 0);
        for &place in places {
            let Some(piece) = self.text.get(copied..place) else { return false };
            text.push_str(piece);
            text.push_str(with);
            copied = place;
            while let Some((from, add)) = known.next_if(|(from, _)| *from <= place) {
                shifts.push((from + moved, add - moved as isize));
                before = *add;
            }
            moved += with.len();
            shifts.push((place + moved, before - moved as isize));
        }
        text.push_str(&self.text[copied..]);
        shifts.extend(known.map(|(from, add)| (from + moved, add - moved as isize)));
        (self.text, self.shifts) = (Cow::Owned(text), shifts);
        !places.is_empty()
    }

    /// Puts blanks in the place of the tabs around a byte.
    fn blank(&mut self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
        let start = at - bytes[..at].iter().rev().take_while(|b| is_blank(b)).count();
        let end = at + bytes[at..].iter().take_while(|b| is_blank(b)).count();
        let blanks = " ".repeat(end - start);
        bytes[start..end].contains(&b'\t') && self.replace(start, end - start, &blanks)
    }

    /// Where a byte of this text stands in the file.
    pub(super) fn place(&self, at: usize) -> usize {
        if self.shifts.is_empty() {
            return at;
        }
        let known = self.shifts.partition_point(|&(from, _)| from <= at);
        let add = known.checked_sub(1).map_or(0, |last| self.shifts[last].1);
        // Inside of what was put in, the place is where it was put.
        let end = self.shifts.get(known).map_or(usize::MAX, |&(from, next)| from.saturating_add_signed(next));
        at.saturating_add_signed(add).min(end)
    }
}

/// Whether a document begins or ends at a byte, which no quotes can hold.
fn is_marker(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or("");
    let marker = rest.strip_prefix("---").or_else(|| rest.strip_prefix("..."));
    text[..at].ends_with('\n')
        && marker.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// The line of a quoted scalar that begins at a byte, and those that follow in it, by their first characters; `from` is where
/// the document begins. Of a scalar whose quote cannot be told the one line; none where no quotes can hold it.
fn quoted_lines(text: &str, from: usize, at: usize) -> Vec<usize> {
    if is_marker(text, at) {
        return Vec::new();
    }
    let mut lines = vec![at];
    let Some(end) = end_of_quoted(text, from, at) else { return lines };
    let mut rest = at;
    while let Some(line) = memchr::memchr(b'\n', &text.as_bytes()[rest..end]).map(|len| rest + len + 1) {
        if is_marker(text, line) {
            break;
        }
        let first = line + text[line..].len() - text[line..].trim_start_matches([' ', '\t']).len();
        if !text[first..].starts_with(['\n', '\r']) {
            lines.push(first);
        }
        rest = line;
    }
    lines
}

/// The quote that ends the quoted scalar around a byte, of the document that begins at `from`.
fn end_of_quoted(text: &str, from: usize, at: usize) -> Option<usize> {
    // The tokens end where the scalar begins, for the scalar is what nobody reads; the last sign may be held back.
    let tokens = Scanner::with_options(StrInput::new(&text[from..]), super::reader::options());
    let ends = tokens.map_while(|token| token.ok()?.span().end.byte_offset());
    let mut open = from + ends.last().unwrap_or(0);
    loop {
        open += text[open..].len() - text[open..].trim_start().len();
        match text.as_bytes().get(open)? {
            b'#' => open += memchr::memchr(b'\n', &text.as_bytes()[open..])?,
            b':' | b'-' | b'?' if text[open + 1..].starts_with(char::is_whitespace) => open += 1,
            _ => break,
        }
    }
    let quote = *text.as_bytes().get(open).filter(|b| matches!(b, b'"' | b'\'') && open < at)?;
    let mut end = open + 1;
    loop {
        match *text.as_bytes().get(end)? {
            b'\\' if quote == b'"' => end += 2,
            b'\'' if quote == b'\'' && text.as_bytes().get(end + 1) == Some(&b'\'') => end += 2,
            byte if byte == quote => return (end > at).then_some(end),
            _ => end += 1,
        }
    }
}

/// The dash at or right before a byte.
pub(crate) fn dash_near(text: &str, at: usize) -> Option<usize> {
    let is_dash = |at: &usize| text.as_bytes().get(*at) == Some(&b'-');
    Some(at).filter(is_dash).or_else(|| at.checked_sub(1).filter(is_dash))
}

/// The first escape from a byte on that is none, if it is `\'`.
fn wrong_escape(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == b'\\')?;
        match bytes.get(at + 1)? {
            b'\'' => return Some(at),
            b'0' | b'a' | b'b' | b't' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"' | b'/' | b'\\' | b'N' | b'_' => {
                at += 2
            }
            b'L' | b'P' | b'x' | b'u' | b'U' | b'\t' | b'\n' | b'\r' => at += 2,
            _ => return None,
        }
    }
}

/// What is mended.
enum Flaw {
    Error(ErrorKind),
    Word(Misread),
}

/// Goes along with the events and finds the words of flow collections that the event parser misreads.
#[derive(Default)]
pub(crate) struct Words {
    /// Of each open collection, whether it is a flow collection or in one.
    open: Vec<bool>,
}

impl Words {
    /// Where a misread word begins, and how it is to be read.
    pub(crate) fn misread(&mut self, text: &str, event: &Event<'_>, span: Span) -> Option<(usize, Misread)> {
        let start = span.start.byte_offset()?;
        let in_flow = self.open.last().is_some_and(|flow| *flow);
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.open.push(in_flow || text.get(start..)?.starts_with(['[', '{']));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
            }
            Event::Scalar(_, ScalarStyle::Plain, ..) if in_flow => {
                return misread_in_flow(text, start, span.end.byte_offset()?).map(|misread| (start, misread));
            }
            _ => {}
        }
        None
    }
}

/// Where the document begins that holds a byte.
fn document_of(text: &str, from: usize, at: usize) -> usize {
    let mut markers = text[from..at].rmatch_indices("\n---").map(|(before, _)| from + before + 1);
    markers.find(|marker| is_marker(text, *marker)).unwrap_or(from)
}

/// The first flaw that can be mended in what begins at a byte, and where it is.
fn first_flaw(text: &str, from: usize) -> Option<(Flaw, usize)> {
    let mut events = Parser::new_from_str_with_options(text, super::reader::options());
    let mut words = Words::default();
    loop {
        match events.next_event()? {
            Ok((event, span)) => {
                if let Some((start, misread)) = words.misread(text, &event, span) {
                    let misread = match misread {
                        Misread::EndsAt(end) => Misread::EndsAt(from + end),
                        Misread::BeginsKey => Misread::BeginsKey,
                    };
                    return Some((Flaw::Word(misread), from + start));
                }
            }
            Err(error) if can(error.kind()) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                return Some((Flaw::Error(error.kind().clone()), from + at));
            }
            Err(_) if matches!(events.proceed_next_document(), Ok(true)) => words = Words::default(),
            Err(_) => return None,
        }
    }
}
