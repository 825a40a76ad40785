//! What keeps an object from being written although it could be read.

use crate::source::Span;
use crate::yaml::Entry;

/// Why an object cannot be written in the end.
#[derive(Debug, Clone)]
pub(in super::super) struct Flaw {
    pub(in super::super) span: Span,
    pub(in super::super) message: String,
    /// Of a repeated key, which is a flaw only as long as its mapping has it twice: a patch that is merged brings the first
    /// of its values alone.
    pub(in super::super) repeated: bool,
}

impl Flaw {
    /// A key that is no string.
    pub(in super::super) fn key(span: Span) -> Self {
        let message = "json: unsupported type: map[interface {}]interface {}".to_owned();
        Self { span, message, repeated: false }
    }

    /// A key that stands in its mapping before.
    pub(in super::super) fn repeated(entry: &Entry) -> Self {
        let message = format!("mapping key \"{}\" already defined", entry.key);
        Self { span: entry.key_origin.anchor(), message, repeated: true }
    }
}
