//! What a scalar means to a reader: YAML 1.1 as yaml.v2 reads it (Helm, Argo CD, kubectl), or as yaml.v3 (Kustomize).

mod number;
mod timestamp;

use std::borrow::Cow;
use std::sync::Arc;

use super::node::{Node, Scalar, Style};
pub(crate) use number::format_g;
pub(super) use number::looks_like_base60;
pub(super) use timestamp::is_timestamp;

/// The tag of a value that was left out in a flow collection: null to every reader, but Kustomize writes `''` for it.
pub const BLANK: &str = "!!null";

/// Whose YAML it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `sigs.k8s.io/yaml` over yaml.v2: Helm's values, Argo CD, kubectl. Keys become what JSON makes of them, of equal
    /// keys the last wins, `<<` counts where it stands.
    #[default]
    V2,
    /// yaml.v3 as kyaml uses it: Kustomize. Keys are their text, equal keys are an error, `<<` never overrides.
    V3,
}

/// What a scalar means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning<'a> {
    /// `null`, `~`, nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Cow<'a, str>),
}

/// Why a scalar has no meaning.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub(super) enum Meaningless {
    #[error("the value is not what its tag says")]
    Tag,
    #[error("the value is no base64")]
    Base64,
    #[error("json: unsupported value: {}", number::infinite(*.0))]
    NotFinite(f64),
}

impl Scalar {
    /// The meaning to yaml.v2 (YAML 1.1).
    pub fn meaning(&self) -> Meaning<'_> {
        self.read(Dialect::V2).unwrap_or_else(|_| self.as_is())
    }

    /// The meaning to yaml.v3: `yes` and `on` are strings, `0o7` is octal. Timestamps are given as strings.
    pub fn meaning_v3(&self) -> Meaning<'_> {
        self.read(Dialect::V3).unwrap_or_else(|_| self.as_is())
    }

    fn as_is(&self) -> Meaning<'_> {
        Meaning::Str(Cow::Borrowed(&self.text))
    }

    /// The meaning, or why there is none (`yaml.v2 resolve.go`).
    pub(super) fn read(&self, dialect: Dialect) -> Result<Meaning<'_>, Meaningless> {
        let text = &*self.text;
        let plain = || if self.style == Style::Plain { resolve(text, dialect) } else { self.as_is() };
        let Some(tag) = self.tag.as_deref() else { return Ok(plain()) };
        let meaning = match tag {
            // To yaml.v2 this is a tag that it does not know, hence a string.
            "!" if dialect == Dialect::V3 => plain(),
            "!!bool" | "!!int" | "!!float" | "!!null" => resolve(text, dialect),
            "!!timestamp" if is_timestamp(text) => self.as_is(),
            "!!timestamp" => return Err(Meaningless::Tag),
            "!!binary" => Meaning::Str(Cow::Owned(number::base64(text).ok_or(Meaningless::Base64)?)),
            _ => self.as_is(),
        };
        match (tag, meaning) {
            ("!!float", Meaning::Int(n)) => Ok(Meaning::Float(n as f64)),
            ("!!bool", meaning @ Meaning::Bool(_))
            | ("!!int", meaning @ (Meaning::Int(_) | Meaning::Uint(_)))
            | ("!!float", meaning @ Meaning::Float(_))
            | ("!!null", meaning @ Meaning::Null) => Ok(meaning),
            ("!!bool" | "!!int" | "!!float" | "!!null", _) => Err(Meaningless::Tag),
            (_, meaning) => Ok(meaning),
        }
    }

    /// Whether this key merges another mapping.
    pub(super) fn is_merge_key(&self) -> bool {
        &*self.text == "<<"
            && match self.tag.as_deref() {
                None | Some("!") => self.style == Style::Plain,
                Some(tag) => tag == "!!merge",
            }
    }

    /// The name of this key once the document is JSON; `None` for a key that JSON cannot have.
    pub(super) fn key(&self, dialect: Dialect) -> Option<Arc<str>> {
        if dialect == Dialect::V3 {
            return Some(Arc::clone(&self.text));
        }
        match self.read(dialect).ok()? {
            Meaning::Null | Meaning::Uint(_) => None,
            Meaning::Str(Cow::Borrowed(_)) => Some(Arc::clone(&self.text)),
            Meaning::Str(Cow::Owned(text)) => Some(text.into()),
            Meaning::Bool(b) => Some(b.to_string().into()),
            Meaning::Int(n) => Some(n.to_string().into()),
            // sigs.k8s.io/yaml writes number keys as 32-bit floats.
            Meaning::Float(n) => Some(match format_g(n, 32).as_str() {
                "+Inf" => ".inf".into(),
                "-Inf" => "-.inf".into(),
                "NaN" => ".nan".into(),
                text => text.into(),
            }),
        }
    }
}

/// What a plain scalar without a tag means.
pub(super) fn resolve(text: &str, dialect: Dialect) -> Meaning<'_> {
    let v2 = dialect == Dialect::V2;
    // Most texts are words that no case below begins like.
    let special = |first| {
        matches!(
            first,
            b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' | b'.' | b'+' | b'-' | b'0'
                ..=b'9'
        )
    };
    if text.as_bytes().first().is_some_and(|&first| !special(first)) {
        return Meaning::Str(Cow::Borrowed(text));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Bool(true),
        "false" | "False" | "FALSE" => Meaning::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if v2 => Meaning::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if v2 => Meaning::Bool(false),
        _ => number::read(text, dialect).unwrap_or(Meaning::Str(Cow::Borrowed(text))),
    }
}

impl Node {
    /// The meaning of a scalar; `None` for a collection.
    pub fn meaning(&self) -> Option<Meaning<'_>> {
        self.as_scalar().map(Scalar::meaning)
    }

    /// What Go's JSON reader calls a value of this kind.
    pub fn json_kind(&self) -> &'static str {
        match self.meaning() {
            None if self.as_map().is_some() => "object",
            None => "array",
            Some(Meaning::Null) => "null",
            Some(Meaning::Bool(_)) => "bool",
            Some(Meaning::Int(_) | Meaning::Uint(_) | Meaning::Float(_)) => "number",
            Some(Meaning::Str(_)) => "string",
        }
    }

    /// The text, if this is a string to Kubernetes.
    pub fn as_str(&self) -> Option<&str> {
        let scalar = self.as_scalar()?;
        matches!(scalar.meaning(), Meaning::Str(_)).then_some(&*scalar.text)
    }

    /// The text of any scalar but null, however it is spelled.
    pub fn as_text(&self) -> Option<&str> {
        let scalar = self.as_scalar()?;
        (!matches!(scalar.meaning(), Meaning::Null)).then_some(&*scalar.text)
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.meaning()? {
            Meaning::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The whole number, if this is one. `3.0` is one to Kubernetes too: JSON has no other.
    pub fn as_i64(&self) -> Option<i64> {
        match self.meaning()? {
            Meaning::Int(n) => Some(n),
            Meaning::Float(f) if f.fract() == 0.0 && f.abs() < 9.0e15 => Some(f as i64),
            _ => None,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self.meaning(), Some(Meaning::Null))
    }

    /// The string under a key.
    pub fn str_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }
}

#[cfg(test)]
mod tests;
