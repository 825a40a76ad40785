//! From text to trees, by Go's rules and under a budget.
//!
//! A file is a stream of documents; a broken one is a problem with a place and does not hide the others. Aliases share
//! their target, and their expanded size is counted, so that nobody downstream meets a bomb.

mod entries;
mod index;
mod quick;
mod reader;
mod repair;
mod resume;
mod strict;

pub(crate) use index::Index;
pub(crate) use repair::{Words, dash_near};
pub(crate) use resume::Resume;
pub(super) use strict::UNKNOWN_ESCAPE;
pub use strict::is_anchor_name;
pub(crate) use strict::{Misread, misplaced_tab, odd_in_flow};

use std::ops::Range;

use super::node::{Node, Role, Scalar};
use super::refusal;
use super::scalar::Dialect;
use crate::budget::Budget;
use crate::source::{FileId, Span};

/// Nesting of collections, aliases followed, that a document may have. Everything that walks a tree may count on it.
pub const MAX_DEPTH: u32 = 600;

/// One document of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its content.
    pub root: Node,
    /// From its first byte (or its `---`) to its end.
    pub span: Span,
    /// Its place in the file, from 0; empty and broken documents count.
    pub index: usize,
}

/// Why a text, or a part of it, is no YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, without any of the text.
    pub message: String,
    /// Whether a limit was met, rather than a rule of YAML broken.
    pub exceeded: bool,
}

/// A key that a mapping has twice. In [`Dialect::V2`] the last one counts, silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key's name.
    pub key: std::sync::Arc<str>,
    /// Where it was.
    pub first: Span,
    /// Where it is again.
    pub again: Span,
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The documents that could be read, in order; empty ones are left out.
    pub documents: Vec<Document>,
    /// All comments, each with its `#`, in order.
    pub comments: Vec<Span>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Keys that stand twice in one mapping.
    pub duplicates: Vec<Duplicate>,
    /// Where the first document ends, if it is empty and there are problems.
    pub empty_to: Option<u32>,
}

impl Parsed {
    /// The first document of the text, which is all that many readers read; nothing if it is empty or broken.
    pub fn first(&self) -> Option<&Document> {
        self.documents.first().filter(|document| document.index == 0)
    }

    /// The first document for a reader who reads no further: what is broken behind it does not matter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_first(&self) -> Result<Option<&Document>, &Problem> {
        let first = self.first();
        let read_to = first.map(|document| document.root.span().end).or(self.empty_to).unwrap_or(u32::MAX);
        match self.problems.iter().find(|problem| problem.span.start < read_to) {
            Some(problem) => Err(problem),
            None => Ok(first),
        }
    }
}

/// Reads a text as Helm, Argo CD and kubectl do.
pub fn parse(file: FileId, text: &str, budget: &Budget) -> Parsed {
    parse_as(Dialect::V2, file, text, budget)
}

/// Reads a text by the rules of a dialect.
pub fn parse_as(dialect: Dialect, file: FileId, text: &str, budget: &Budget) -> Parsed {
    parse_common(dialect, file, text, budget).unwrap_or_else(|| parse_whole(dialect, file, text, budget))
}

/// What [`parse_whole`] would give, sooner, for a text that has nothing but the common part of YAML; no other text is read,
/// and none is paid for.
#[doc(hidden)]
pub fn parse_common(dialect: Dialect, file: FileId, text: &str, budget: &Budget) -> Option<Parsed> {
    let manner = Manner { dialect, role: Role::Manifest, takes_key: |_| true };
    parse_part(manner, file, text, 0..text.len(), budget)
}

/// How the common part of YAML is read for a reader that goes its own way in other parts.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) dialect: Dialect,
    /// What every value and key is told to be.
    pub(crate) role: Role,
    /// Whether a key is of the common kind to the reader.
    pub(crate) takes_key: fn(&Scalar) -> bool,
}

/// What a part of a text holds, from the start of a line to the end of one, if all of it is of the common kind; the spans are
/// those of the whole.
pub(crate) fn parse_part(
    manner: Manner,
    file: FileId,
    text: &str,
    part: Range<usize>,
    budget: &Budget,
) -> Option<Parsed> {
    quick::read(manner, file, text, part, budget)
}

/// Reads a text by all of YAML's rules.
#[doc(hidden)]
pub fn parse_whole(dialect: Dialect, file: FileId, text: &str, budget: &Budget) -> Parsed {
    let parsed = strictly(dialect, file, text, budget);
    let refused = !parsed.problems.is_empty() && parsed.problems.iter().all(|problem| !problem.exceeded);
    let end = if refused && parsed.first().is_none() { refusal::end_of_first(text) } else { None };
    match end {
        Some(end) => lazily(dialect, file, text, budget, end, parsed),
        None => parsed,
    }
}

/// Reads a text whose first document was refused once more as libraries do that look no further than a token behind its end,
/// which is where they found it.
fn lazily(dialect: Dialect, file: FileId, text: &str, budget: &Budget, end: usize, whole: Parsed) -> Parsed {
    let mut parsed = strictly(dialect, file, text.get(..end).unwrap_or(text), budget);
    if !parsed.problems.is_empty() || parsed.first().is_none() {
        return whole;
    }
    let span = Span::new(file, end, end);
    parsed.problems.extend(whole.problems.into_iter().filter(|problem| problem.span.start >= span.start));
    if parsed.problems.is_empty() {
        parsed.problems.push(Problem { span, message: strict::NO_START.to_owned(), exceeded: false });
    }
    parsed.documents.extend(whole.documents);
    parsed.comments.extend(whole.comments.into_iter().filter(|comment| comment.start >= span.start));
    parsed.duplicates.extend(whole.duplicates.into_iter().filter(|twice| twice.first.start >= span.start));
    parsed
}

fn strictly(dialect: Dialect, file: FileId, text: &str, budget: &Budget) -> Parsed {
    let mut parsed = reader::read(dialect, file, text, budget);
    strict::refuse(file, text, &mut parsed);
    if dialect == Dialect::V2 {
        strict::refuse_empty_end(file, text, &mut parsed);
    }
    parsed
}

#[cfg(test)]
mod tests;
