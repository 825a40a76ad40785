//! Strings as templates see them: bytes, and which part of them came from where.
//!
//! A plain string shares its bytes with the document or the template that it stands in, and its origin is its value's. A
//! text that a template wrote carries runs. Go's strings need not be UTF-8: what is not (a cut character, decoded
//! base64) is kept as bytes.

use std::borrow::Cow;
use std::sync::Arc;

use super::origin::OriginId;

/// A stretch of text of one making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its length in bytes.
    pub len: u32,
    /// The value that it came from; none for a template's own text.
    pub what: OriginId,
    /// The place in a template that wrote it; none until it was written.
    pub place: OriginId,
    /// The conditions under which it was written.
    pub under: OriginId,
}

impl Run {
    /// Whether nothing is known of it.
    pub(super) fn is_from_nowhere(&self) -> bool {
        self.what.is_none() && self.place.is_none() && self.under.is_none()
    }

    /// Whether another run can be appended to this one.
    fn joins(&self, other: &Run) -> bool {
        self.what == other.what && self.place == other.place && self.under == other.under
    }
}

/// A text with its runs; the lengths of the runs add up to the text's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Its runs, in order.
    pub runs: Vec<Run>,
}

impl Written {
    /// An empty text with room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), runs: Vec::new() }
    }

    /// Appends text of one making.
    pub fn push(&mut self, text: &str, run: Run) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        self.push_run(Run { len: text.len() as u32, ..run });
    }

    pub(super) fn push_run(&mut self, run: Run) {
        if run.len == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.joins(&run) => last.len += run.len,
            _ => self.runs.push(run),
        }
    }

    /// Appends bytes `range` of another text, runs included.
    pub fn push_part(&mut self, from: &Written, range: std::ops::Range<usize>) {
        let Some(text) = from.text.get(range.clone()) else { return };
        self.text.push_str(text);
        for run in from.runs_in(range) {
            self.push_run(run);
        }
    }

    /// The runs of a range of bytes, clipped to it.
    pub fn runs_in(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Run> + '_ {
        let mut at = 0usize;
        self.runs.iter().filter_map(move |run| {
            let (start, end) = (at, at + run.len as usize);
            at = end;
            let (start, end) = (start.max(range.start), end.min(range.end));
            (start < end).then(|| Run { len: (end - start) as u32, ..*run })
        })
    }
}

/// Finds the runs of many ranges of one text.
pub(super) struct Located<'w> {
    written: &'w Written,
    ends: Vec<usize>,
}

impl<'w> Located<'w> {
    pub(super) fn new(written: &'w Written) -> Self {
        let ends = written.runs.iter().scan(0, |at, run| {
            *at += run.len as usize;
            Some(*at)
        });
        Self { ends: ends.collect(), written }
    }

    /// The runs that touch a range, whole.
    pub(super) fn runs(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = &'w Run> + '_ {
        let first = self.ends.partition_point(|&end| end <= range.start);
        let last = self.ends.partition_point(|&end| end < range.end);
        self.written.runs.iter().skip(first).take((last + 1).saturating_sub(first))
    }

    /// The runs of a range, clipped to it.
    pub(super) fn clipped(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Run> + '_ {
        let first = self.ends.partition_point(|&end| end <= range.start);
        let mut at = first.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.written.runs[first..].iter().map_while(move |run| {
            let (start, end) = (at.max(range.start), (at + run.len as usize).min(range.end));
            at += run.len as usize;
            (start < end).then(|| Run { len: (end - start) as u32, ..*run })
        })
    }
}

/// The content of a string value.
#[derive(Debug, Clone)]
pub enum Text {
    /// Text of the program itself.
    Static(&'static str),
    /// Text with one origin, its value's.
    Str(Arc<str>),
    /// Text that a template or a text-moving function wrote.
    Written(Arc<Written>),
    /// What is not UTF-8.
    Bytes(Arc<[u8]>),
}

impl Text {
    /// The empty string.
    pub const EMPTY: Text = Text::Static("");

    /// The bytes as Go sees them.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Text::Static(text) => text.as_bytes(),
            Text::Str(text) => text.as_bytes(),
            Text::Written(written) => written.text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }

    /// The text; what is not UTF-8 is replaced.
    pub fn as_str(&self) -> Cow<'_, str> {
        match self {
            Text::Static(text) => Cow::Borrowed(text),
            Text::Str(text) => Cow::Borrowed(text),
            Text::Written(written) => Cow::Borrowed(&written.text),
            Text::Bytes(bytes) => String::from_utf8_lossy(bytes),
        }
    }

    /// The text, if it is UTF-8.
    pub fn utf8(&self) -> Option<&str> {
        match self {
            Text::Static(text) => Some(text),
            Text::Str(text) => Some(text),
            Text::Written(written) => Some(&written.text),
            Text::Bytes(_) => None,
        }
    }

    /// The text as a shared string.
    pub fn to_arc(&self) -> Arc<str> {
        match self {
            Text::Str(text) => Arc::clone(text),
            other => other.as_str().into(),
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// From bytes that may not be UTF-8.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => Text::Bytes(error.into_bytes().into()),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        if text.is_empty() { Text::EMPTY } else { Text::Str(text.into()) }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        if text.is_empty() { Text::EMPTY } else { Text::Str(text.into()) }
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Text::Str(text)
    }
}

impl From<Written> for Text {
    fn from(written: Written) -> Self {
        if written.text.is_empty() { Text::EMPTY } else { Text::Written(Arc::new(written)) }
    }
}
