//! How a build fails: Kustomize's sentence, a place, and whether a limit was met.

use crate::budget::Exceeded;
use crate::source::{RepoPath, Span};

/// Why a step of a build did not work.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub(super) message: String,
    pub(super) span: Option<Span>,
    pub(super) exceeded: bool,
    /// The YAML itself is broken, which decides which of two messages is told.
    pub(super) malformed: bool,
    /// What was asked for is nowhere at hand, which leaves a gap rather than a refusal.
    pub(super) outside: Option<Outside>,
}

/// What a repository does not hold though it is there.
#[derive(Debug, Clone)]
pub(super) enum Outside {
    /// A file of the web: its address without credentials.
    Web(String),
    /// What a submodule brings.
    Submodule(RepoPath),
}

/// The result of a step that gives nothing.
pub(super) type Outcome = Result<(), Fail>;

impl Fail {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), span: None, exceeded: false, malformed: false, outside: None }
    }

    pub(super) fn at(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::new(message) }
    }

    /// Puts the message of the step around it in front, as Go's wrapped errors read.
    pub(super) fn within(mut self, prefix: impl AsRef<str>) -> Self {
        self.message = format!("{}: {}", prefix.as_ref(), self.message);
        self
    }

    /// Says where, if nobody nearer did.
    pub(super) fn or_at(mut self, span: Span) -> Self {
        self.span = self.span.or(Some(span));
        self
    }
}

impl From<Exceeded> for Fail {
    fn from(exceeded: Exceeded) -> Self {
        Self { exceeded: true, ..Self::new(exceeded.to_string()) }
    }
}
