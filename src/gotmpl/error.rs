//! Why a template could not be read or run: Go's and Helm's words, with a place.

use crate::budget::Exceeded;
use crate::source::Span;

/// What a function reports; the evaluator adds the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The function's own error, in Go's words.
    Message(String),
    /// A limit was met.
    Exceeded(Exceeded),
    /// A template that the function ran failed (`include`, `tpl`); `wrapping` comes before its text.
    Template(String, Box<Error>),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure::Message(message.to_owned())
    }
}

impl From<Exceeded> for Failure {
    fn from(exceeded: Exceeded) -> Self {
        Failure::Exceeded(exceeded)
    }
}

/// What kind of error it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no template.
    Parse,
    /// Running it failed.
    Exec,
    /// A limit was met: nothing is known of what the template would have given.
    Exceeded(Exceeded),
}

/// A template that could not be read or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub(super) kind: ErrorKind,
    pub(super) span: Option<Span>,
    /// The text, outermost part first: each part is the prefix of all that follows, as Go wraps errors.
    pub(super) parts: Vec<String>,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, span: Option<Span>, message: String) -> Self {
        Self { kind, span, parts: vec![message] }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether a limit was met, rather than the template refused.
    pub fn exceeded(&self) -> Option<Exceeded> {
        match self.kind {
            ErrorKind::Exceeded(exceeded) => Some(exceeded),
            _ => None,
        }
    }

    /// Where in a template the innermost failure happened.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// Go's text.
    pub fn text(&self) -> String {
        self.parts.concat()
    }
}

/// What `required` and `fail` put around their messages, to be found again.
const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

impl Error {
    /// Helm's text of this error (`helm pkg/engine/engine.go`): parse errors by their last part, refusals of charts by
    /// their message, Helm 4's other errors as a trace of places.
    pub fn helm_text(&self, version: u32) -> String {
        let text = self.text();
        if self.kind == ErrorKind::Parse {
            let location = text.split(": ").nth(1).unwrap_or("");
            let message = text.rsplit(": ").next().unwrap_or("");
            return format!("parse error at ({location}): {message}");
        }
        // Only errors of execution have a place; others are passed on.
        let mut parts = text.splitn(3, ": ");
        let (Some(_), Some(location), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return text };
        if !rest.contains("executing ") {
            return text;
        }
        if let (Some(start), Some(end)) = (rest.find(START), rest.rfind(END))
            && start + START.len() <= end
        {
            return format!("execution error at ({location}): {}", &rest[start + START.len()..end]);
        }
        if version >= 4 { self.trace().unwrap_or(text) } else { text }
    }

    /// Helm 4's trace: a paragraph for each error in the chain, the outermost first.
    fn trace(&self) -> Option<String> {
        let mut shown: Vec<String> = Vec::new();
        for at in 0..self.parts.len() {
            let text = self.parts[at..].concat();
            // `tpl` wraps with words of its own between two errors: the library stops at what it cannot read.
            let paragraph = paragraph(&text)?;
            if shown.last() != Some(&paragraph) {
                shown.push(paragraph);
            }
        }
        Some(shown.concat().trim().to_owned())
    }
}

/// `location`, `executing "x" at <y>:` and the message, each on a line.
fn paragraph(text: &str) -> Option<String> {
    let rest = text.strip_prefix("template: ")?;
    if rest.starts_with("no template ") {
        return Some(format!("{text}\n"));
    }
    let cut = |message: &str| message.split(" template:").next().unwrap_or(message).to_owned();
    if let Some((location, after)) = rest.split_once(": executing ") {
        let after = after.strip_prefix('"')?;
        let (function, after) = after.split_once('"')?;
        let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        let message = cut(message);
        return Some(format!("{location}\n  executing \"{function}\" at <{context}>:\n    {message}\n"));
    }
    let (location, message) = rest.rsplit_once(": ")?;
    Some(format!("{location}\n  {}\n", cut(message)))
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.iter().try_for_each(|part| f.write_str(part))
    }
}

impl std::error::Error for Error {}
