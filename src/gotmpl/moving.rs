//! Text-moving functions: what they keep of a text keeps its runs, what they put in belongs to whoever writes it.

use std::ops::Range;
use std::sync::Arc;

use super::context::Context;
use super::error::Failure;
use super::origin::OriginId;
use super::text::{Run, Text, Written};
use super::value::{Data, Value};

/// A text being made from pieces of another, taken from front to back.
pub(super) struct Moving<'v> {
    source: Source<'v>,
    out: Vec<u8>,
    runs: Vec<Run>,
    /// The run that the next piece is looked for from, and its first byte.
    run: usize,
    at: usize,
}

enum Source<'v> {
    Plain(&'v [u8], OriginId),
    Written(&'v Arc<Written>, OriginId),
}

const BLANK: Run = Run { len: 0, what: OriginId::NONE, place: OriginId::NONE, under: OriginId::NONE };

impl<'v> Moving<'v> {
    /// Starts from a string; anything else counts as empty.
    pub fn new(value: &'v Value) -> Self {
        let source = match &value.data {
            Data::Str(Text::Written(written)) => Source::Written(written, value.origin),
            Data::Str(text) => Source::Plain(text.as_bytes(), value.origin),
            _ => Source::Plain(b"", value.origin),
        };
        let mut moving = Self { source, out: Vec::new(), runs: Vec::new(), run: 0, at: 0 };
        moving.out.reserve(moving.bytes().len() + 16);
        moving
    }

    /// The bytes of the text that is taken apart.
    pub fn bytes(&self) -> &'v [u8] {
        match &self.source {
            Source::Plain(bytes, _) => bytes,
            Source::Written(written, _) => written.text.as_bytes(),
        }
    }

    /// Takes over a range of bytes, at or after the last one.
    pub fn keep(&mut self, range: Range<usize>) {
        let bytes = self.bytes();
        let (start, end) = (range.start.min(bytes.len()), range.end.min(bytes.len()));
        if start >= end {
            return;
        }
        self.out.extend_from_slice(&bytes[start..end]);
        self.stretch(start, end, end - start);
    }

    /// Puts another spelling in the place of a range of bytes: it has the range's origin.
    pub fn respell(&mut self, range: Range<usize>, text: &[u8]) {
        self.out.extend_from_slice(text);
        let end = range.end.min(self.bytes().len());
        self.stretch(range.start.min(end), end, text.len());
    }

    fn stretch(&mut self, start: usize, end: usize, len: usize) {
        let Source::Written(written, _) = &self.source else { return };
        let mut left = len;
        while let Some(run) = written.runs.get(self.run) {
            let run_end = self.at + run.len as usize;
            if run_end <= start {
                self.at = run_end;
                self.run += 1;
                continue;
            }
            let size = if run_end >= end { left } else { (run_end - start.max(self.at)).min(left) };
            push(&mut self.runs, Run { len: size as u32, ..*run });
            left -= size;
            if run_end >= end {
                break;
            }
            self.at = run_end;
            self.run += 1;
        }
    }

    /// A text made of a range of bytes alone, at or after the last one.
    pub fn take(&mut self, range: Range<usize>) -> Moving<'v> {
        let source = match &self.source {
            Source::Plain(bytes, origin) => Source::Plain(bytes, *origin),
            Source::Written(written, origin) => Source::Written(written, *origin),
        };
        let mut part = Moving { source, out: Vec::new(), runs: Vec::new(), run: self.run, at: self.at };
        part.keep(range);
        (self.run, self.at) = (part.run, part.at);
        part
    }

    /// Puts text in.
    pub fn insert(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        if matches!(self.source, Source::Written(..)) {
            push(&mut self.runs, Run { len: text.len() as u32, ..BLANK });
        }
    }

    /// The new text.
    pub fn finish(self, context: &Context<'_>) -> Result<Value, Failure> {
        context.bytes(self.out.len())?;
        match self.source {
            Source::Plain(_, origin) => Ok(Value::str(Text::from_bytes(self.out)).from_origin(origin)),
            Source::Written(_, origin) => match String::from_utf8(self.out) {
                Ok(text) => Ok(Value::str(Written { text, runs: self.runs }).from_origin(origin)),
                Err(error) => {
                    let all = self.runs.iter().fold(origin, |all, run| context.origins.union(all, run.what));
                    Ok(Value::str(Text::from_bytes(error.into_bytes())).from_origin(all))
                }
            },
        }
    }
}

fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        _ if run.len == 0 => {}
        Some(last) if last.what == run.what && last.place == run.place && last.under == run.under => {
            last.len += run.len
        }
        _ => runs.push(run),
    }
}

/// Joins texts, each with its own runs.
#[derive(Default)]
pub(super) struct Joining {
    out: Vec<u8>,
    runs: Vec<Run>,
}

impl Joining {
    /// Appends a string value, or what another value prints to.
    pub fn add(&mut self, value: &Value) -> Result<(), Failure> {
        match &value.data {
            Data::Str(Text::Written(written)) => {
                self.out.extend_from_slice(written.text.as_bytes());
                for run in &written.runs {
                    push(&mut self.runs, *run);
                }
            }
            Data::Str(text) => self.add_bytes(text.as_bytes(), value.origin),
            _ => {
                let text = super::print::show(value)?;
                self.add_bytes(text.as_bytes(), value.origin);
            }
        }
        Ok(())
    }

    /// Appends text of one origin.
    pub fn add_bytes(&mut self, text: &[u8], what: OriginId) {
        self.out.extend_from_slice(text);
        push(&mut self.runs, Run { len: text.len() as u32, what, ..BLANK });
    }

    /// The joined text.
    pub fn finish(self, context: &Context<'_>) -> Result<Value, Failure> {
        context.bytes(self.out.len())?;
        let one = self.runs.iter().all(|run| run.what == self.runs[0].what && run.place.is_none());
        if one {
            let origin = self.runs.first().map_or(OriginId::NONE, |run| run.what);
            return Ok(Value::str(Text::from_bytes(self.out)).from_origin(origin));
        }
        match String::from_utf8(self.out) {
            Ok(text) => Ok(Value::str(Written { text, runs: self.runs })),
            Err(error) => {
                let all = self.runs.iter().fold(OriginId::NONE, |all, run| context.origins.union(all, run.what));
                Ok(Value::str(Text::from_bytes(error.into_bytes())).from_origin(all))
            }
        }
    }
}
