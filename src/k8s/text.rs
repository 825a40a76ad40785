//! Texts that views hand on: a string with its origin, and literals from which a credential's value was taken out.

use super::Word;
use crate::catalog::catalog;
use crate::source::SourceMap;
use crate::yaml::{Node, Origin, Role};

/// A text and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: Word,
    /// Where it was written.
    pub origin: Origin,
}

impl Text {
    /// The text of a scalar that is not null.
    pub fn of(node: &Node) -> Option<Self> {
        Word::of(node).map(|value| Self { value, origin: node.origin.clone() })
    }

    /// The text under a key.
    pub fn at(node: &Node, path: &[&str]) -> Option<Self> {
        node.at(path).and_then(Self::of).filter(|text| !text.value.is_empty())
    }

    /// All texts of a list under a key.
    pub fn list(node: &Node, key: &str) -> Vec<Self> {
        node.items(key).iter().filter_map(Self::of).collect()
    }
}

/// What can be said of a credential without saying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Nothing is there, or a word that says so.
    Empty,
    /// A reference or a token that something fills in later: `$(X)`, `${X}`, `<X>`, `{{ x }}`, a path of a vault.
    Reference,
    /// A stand-in such as CHANGEME.
    Placeholder,
    /// A value.
    Value,
}

impl Shape {
    /// Looks at a value once, so that nobody has to look again.
    pub fn of(value: &str) -> Self {
        let value = value.trim();
        if value.is_empty() || catalog().is_no_credential(value) {
            return Shape::Empty;
        }
        if catalog().is_placeholder(value) && !(value.starts_with('<') && value.ends_with('>')) {
            return Shape::Placeholder;
        }
        let filled_in_later = ["$(", "${", "{{", "<%", "%%", "((", "ref+", "ref:", "vault:", "bank-vaults:", "AgB"]
            .iter()
            .any(|mark| value.starts_with(mark))
            || (value.starts_with('<') && value.ends_with('>'))
            || (value.starts_with('$') && value[1..].chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            || (value.starts_with("__") && value.ends_with("__"))
            || value.starts_with("ENC[")
            || names_file(value)
            || names_role(value)
            || names_secret(value);
        if filled_in_later { Shape::Reference } else { Shape::Value }
    }
}

/// Whether a value is the path of a file that holds the credential.
fn names_file(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'/' | b'.' | b'-' | b'_');
    value.starts_with('/') && value.matches('/').count() > 1 && value.bytes().all(plain)
}

/// Whether a value is a profile of AWS that takes up a role: nothing in it is secret.
fn names_role(value: &str) -> bool {
    const KEYS: [&str; 8] = [
        "role_arn",
        "web_identity_token_file",
        "credential_source",
        "source_profile",
        "role_session_name",
        "sts_regional_endpoints",
        "region",
        "output",
    ];
    let plain = |line: &str| {
        let key = line.split('=').next().unwrap_or("").trim();
        line.is_empty() || line.starts_with(['#', ';', '[']) || KEYS.contains(&key)
    };
    value.contains("role_arn") && value.lines().all(|line| plain(line.trim()))
}

/// Whether a value is the name of a Secret, as settings of operators and servers have it.
fn names_secret(value: &str) -> bool {
    let plain = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    plain && ["-secret", "-secrets", "-credentials"].iter().any(|end| value.ends_with(end))
}

/// Makes a value unreadable wherever it could be shown. What it only stands under (`range .Values.logins`) is not the value.
pub fn conceal(node: &Node, sources: &SourceMap) -> Shape {
    let text = node.as_text().unwrap_or("");
    sources.mask(node.origin.anchor());
    for contribution in node.origin.contributions().filter(|contribution| contribution.role != Role::Condition) {
        sources.mask(contribution.span);
    }
    let shape = Shape::of(text);
    if shape == Shape::Value && is_generated(node) { Shape::Reference } else { shape }
}

/// Whether a template's functions made a value up (`randAlphaNum`, `genSignedCert`): it is written nowhere.
pub fn is_generated(node: &Node) -> bool {
    node.origin.contributions().any(|contribution| contribution.role == Role::Generated)
}
