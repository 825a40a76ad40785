//! What a template has written so far.

use crate::gotmpl::context::Context;
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::text::{Run, Text, Written};
use crate::gotmpl::value::Value;

/// Text with its runs; and the bytes that Go has there, once some of them are not UTF-8.
pub(in super::super) struct Sink {
    written: Written,
    bytes: Option<Vec<u8>>,
}

impl Sink {
    /// An empty one with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { written: Written::with_capacity(bytes), bytes: None }
    }

    /// The length of the text in bytes.
    pub fn len(&self) -> usize {
        self.written.text.len()
    }

    /// Appends text, whose runs follow.
    pub fn push_text(&mut self, text: &str) {
        self.written.text.push_str(text);
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Appends the run of text that was appended.
    pub fn push_run(&mut self, run: Run) {
        self.written.push_run(run);
    }

    /// Appends text of one making.
    pub fn push(&mut self, text: &str, run: Run) {
        self.push_text(text);
        self.push_run(Run { len: text.len() as u32, ..run });
    }

    /// Appends bytes of one making that are not UTF-8.
    pub fn push_bytes(&mut self, foreign: &[u8], run: Run) {
        let before = || self.written.text.as_bytes().to_vec();
        self.bytes.get_or_insert_with(before).extend_from_slice(foreign);
        self.written.push(&String::from_utf8_lossy(foreign), run);
    }

    /// The text; what is not UTF-8 is replaced.
    pub fn into_written(self) -> Written {
        self.written
    }

    /// What was written as a value; bytes that are not UTF-8 have one origin together.
    pub fn into_value(self, context: &Context<'_>) -> Value {
        match self.bytes {
            None => Value::str(self.written),
            Some(bytes) => {
                let origin = context.origin_of_runs(&self.written.runs, OriginId::NONE);
                Value::str(Text::from_bytes(bytes)).from_origin(origin)
            }
        }
    }
}
