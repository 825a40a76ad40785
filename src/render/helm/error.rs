//! Why a chart gives nothing: Helm's reason, and the place that it is about.

use std::sync::Arc;

use crate::budget::Exceeded;
use crate::finding::Gap;
use crate::source::Span;

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Helm refuses as well.
    Refused,
    /// A chart that is listed is not at hand.
    MissingChart,
    /// A limit was met: Helm might have gone on.
    Exceeded,
    /// A file could not be read.
    Unreadable,
}

/// A chart that cannot be loaded or rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// Why, in Helm's words where Helm has any.
    pub message: String,
    /// What kind of reason.
    pub reason: Reason,
    /// Where.
    pub span: Option<Span>,
    /// The template that was run when it happened, by its full name; the place may be in one that it includes.
    pub template: Option<Arc<str>>,
}

impl RenderError {
    /// What Helm would refuse, in its words.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), reason: Reason::Refused, span: None, template: None }
    }

    pub(super) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { message: message.into(), reason, span: None, template: None }
    }

    /// Says where.
    pub(super) fn at(mut self, span: Option<Span>) -> Self {
        self.span = self.span.or(span);
        self
    }

    /// Puts words before the reason, as Go wraps errors.
    pub(super) fn within(mut self, words: &str) -> Self {
        self.message = format!("{words}: {}", self.message);
        self
    }

    /// This error as a gap.
    pub fn gap(&self) -> Gap {
        let kind = match self.reason {
            Reason::Refused => "chart-refused",
            Reason::MissingChart => "missing-chart",
            Reason::Exceeded => "budget-exceeded",
            Reason::Unreadable => "unreadable-file",
        };
        let gap = Gap::new(kind, self.message.clone());
        match self.span {
            Some(span) => gap.at(span),
            None => gap,
        }
    }
}

impl From<Exceeded> for RenderError {
    fn from(exceeded: Exceeded) -> Self {
        Self::new(Reason::Exceeded, exceeded.to_string())
    }
}

impl From<String> for RenderError {
    fn from(message: String) -> Self {
        Self::refused(message)
    }
}
