//! A report as text: one file per format, each with types of its own.
//!
//! Nothing here judges, and nothing from the repository gets out except through `harmless` and `credential`. Formats are
//! functions from a report to a string; who writes it where is the command line's matter.

pub mod charts;
pub mod github;
pub mod harmless;
pub mod json;
pub mod mask;
pub mod objects;
pub mod sarif;
pub mod table;

mod credential;
mod excerpt;

pub use credential::{is_credential_name, without_tokens};

/// A line of prose from the repository, for any sink: no tokens in it, nothing that steers a terminal.
pub fn prose(text: &str) -> String {
    harmless::text(&credential::without_tokens(text)).into_owned()
}

/// JSON for people: indented, with a line end, and without a character that a terminal obeys.
pub fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned());
    text.push('\n');
    harmless::json(&text).into_owned()
}
