//! YAML with the bytes that Go's libraries write: `sigs.k8s.io/yaml` over yaml.v2 (Helm's `toYaml`, `helm get`, kubectl)
//! and yaml.v3 (`toYamlPretty`, Kustomize).
//!
//! An [`Emitter`] is driven by whoever owns the values, node by node, and says which bytes each key and scalar became, so
//! that text made of values can keep their origins. It does not recurse. [`sort`] is how Go sorts keys.

mod order;
mod scalar;
mod tree;

use std::borrow::Cow;
use std::ops::Range;

use super::scalar::{Dialect, Meaning, format_g, is_timestamp, looks_like_base60, resolve};
pub use order::sort;
use scalar::{Analysis, Written};
pub use tree::{write_json, write_node};

/// What a library cannot write: Go's `toYaml` gives an empty text then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// An infinite number or no number.
    #[error("JSON has no word for an infinite number")]
    NotFinite,
    /// A control character that yaml.v2 does not read back.
    #[error("control characters are not allowed")]
    Control,
    /// A key of more than 1024 characters.
    #[error("the key is too long")]
    LongKey,
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Whose writing it is.
    pub dialect: Dialect,
    /// In yaml.v3: whether a dash counts as indentation, as Kustomize has it.
    pub compact: bool,
}

impl Layout {
    /// `sigs.k8s.io/yaml`: values go through JSON, lines are folded at 80 columns, lists are not indented under keys.
    pub const SIGS: Layout = Layout { dialect: Dialect::V2, compact: false };
    /// Helm's `toYamlPretty`: yaml.v3 with an indent of two.
    pub const PRETTY: Layout = Layout { dialect: Dialect::V3, compact: false };
    /// Kustomize: yaml.v3 with an indent of two and compact lists.
    pub const KUSTOMIZE: Layout = Layout { dialect: Dialect::V3, compact: true };
}

/// Writes one document; `libyaml`'s emitter for the part of YAML that values need.
#[derive(Debug)]
pub struct Emitter {
    layout: Layout,
    out: String,
    column: i64,
    indent: i64,
    /// Whether the last character was a blank, or nothing.
    whitespace: bool,
    /// Whether the line so far is only indentation and indicators.
    indention: bool,
    frames: Vec<Frame>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Seq { outer: i64 },
    Map { outer: i64 },
    Empty(char),
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    Value,
}

impl Emitter {
    /// An empty document.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            out: String::new(),
            column: 0,
            indent: -1,
            whitespace: true,
            indention: true,
            frames: Vec::new(),
        }
    }

    /// Bytes written so far; for budgets.
    pub fn written(&self) -> usize {
        self.out.len()
    }

    /// The document, with the line end that Go's `Marshal` gives it (Helm takes it off).
    pub fn finish(mut self) -> String {
        self.write_indent();
        self.out
    }

    /// `null`
    pub fn null(&mut self) -> Range<usize> {
        self.plain("null")
    }

    /// `true` or `false`
    pub fn bool(&mut self, b: bool) -> Range<usize> {
        self.plain(if b { "true" } else { "false" })
    }

    /// A whole number.
    pub fn int(&mut self, n: i64) -> Range<usize> {
        self.plain(&n.to_string())
    }

    /// A whole number above `i64::MAX`.
    pub fn uint(&mut self, n: u64) -> Range<usize> {
        self.plain(&n.to_string())
    }

    /// A float. Where it goes through JSON, it becomes whole if it is.
    pub fn float(&mut self, f: f64) -> Result<Range<usize>, Unwritable> {
        if self.layout.dialect == Dialect::V2 {
            if !f.is_finite() {
                return Err(Unwritable::NotFinite);
            }
            if f.fract() == 0.0 && f.abs() < 1e15 {
                return Ok(self.int(f as i64));
            }
            let digits = f.to_string();
            if f.fract() == 0.0 && f.abs() < 1e21 && (digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok()) {
                return Ok(self.plain(&digits));
            }
        }
        let text = format_g(f, 64);
        Ok(self.plain(match text.as_str() {
            "+Inf" => ".inf",
            "-Inf" => "-.inf",
            "NaN" => ".nan",
            text => text,
        }))
    }

    /// A string.
    pub fn string(&mut self, text: &str) -> Result<Range<usize>, Unwritable> {
        let text = if self.layout.dialect == Dialect::V2 { folded(text) } else { Cow::Borrowed(text) };
        let style = self.style_of(&text)?;
        Ok(self.leaf(&text, style))
    }

    /// Begins a list.
    pub fn begin_seq(&mut self, empty: bool) {
        let context = self.before();
        if empty {
            self.indicator("[", true, true, false);
            self.frames.push(Frame::Empty(']'));
            return;
        }
        let outer = self.indent;
        let under_key = context == Context::Value;
        match self.layout.dialect {
            Dialect::V2 => self.increase(context, false, under_key && !self.indention),
            Dialect::V3 => {
                let before = self.indent;
                self.increase(context, false, false);
                let seq = under_key && (self.column == 0 || !self.indention) && self.layout.compact;
                if seq && before >= 0 {
                    self.indent -= 2;
                }
            }
        }
        self.frames.push(Frame::Seq { outer });
    }

    /// Begins a mapping; [`Emitter::key`] comes before each value.
    pub fn begin_map(&mut self, empty: bool) {
        let context = self.before();
        if empty {
            self.indicator("{", true, true, false);
            self.frames.push(Frame::Empty('}'));
            return;
        }
        let outer = self.indent;
        self.increase(context, false, false);
        self.frames.push(Frame::Map { outer });
    }

    /// Ends the list or mapping that was begun last.
    pub fn end(&mut self) {
        match self.frames.pop() {
            Some(Frame::Empty(']')) => self.indicator("]", false, false, false),
            Some(Frame::Empty(_)) => self.indicator("}", false, false, false),
            Some(Frame::Seq { outer } | Frame::Map { outer }) => self.indent = outer,
            None => {}
        }
    }

    /// A key of the mapping at hand. Keys are to be [sorted](sort).
    pub fn key(&mut self, text: &str) -> Result<Range<usize>, Unwritable> {
        if self.layout.dialect == Dialect::V2 {
            if text.contains('\u{85}') {
                return Err(Unwritable::Control);
            }
            if text.len() > 1_000 && json_len(text) > 1_024 {
                return Err(Unwritable::LongKey);
            }
        }
        let style = self.style_of(text)?;
        self.write_indent();
        let analysis = Analysis::of(text, self.layout.dialect);
        let simple = !analysis.multiline && text.len() <= 128;
        if !simple {
            self.indicator("?", true, false, true);
        }
        let range = self.scalar(text, style, &analysis, simple, Context::Value);
        if simple {
            self.indicator(":", false, false, false);
        } else {
            self.write_indent();
            self.indicator(":", true, false, true);
        }
        Ok(range)
    }

    /// What Go would choose for a string before it looks at the characters.
    fn style_of(&self, text: &str) -> Result<Written, Unwritable> {
        let v2 = self.layout.dialect == Dialect::V2;
        if v2 && text.chars().any(is_unreadable) {
            return Err(Unwritable::Control);
        }
        let old_bool = || !v2 && matches!(resolve(text, Dialect::V2), Meaning::Bool(_));
        let special = !matches!(resolve(text, self.layout.dialect), Meaning::Str(_))
            || is_timestamp(text)
            || looks_like_base60(text)
            || old_bool();
        Ok(match (text.contains('\n'), special) {
            (true, _) => Written::Literal,
            (false, true) => Written::Double,
            (false, false) => Written::Plain,
        })
    }

    fn plain(&mut self, text: &str) -> Range<usize> {
        self.leaf(text, Written::Plain)
    }

    fn leaf(&mut self, text: &str, style: Written) -> Range<usize> {
        let context = self.before();
        let analysis = Analysis::of(text, self.layout.dialect);
        self.scalar(text, style, &analysis, false, context)
    }

    /// Writes what stands before a node.
    fn before(&mut self) -> Context {
        match self.frames.last() {
            Some(Frame::Seq { .. }) => {
                self.write_indent();
                self.indicator("-", true, false, true);
                Context::Item
            }
            Some(_) => Context::Value,
            None => Context::Root,
        }
    }

    fn increase(&mut self, context: Context, flow: bool, indentless: bool) {
        if self.indent < 0 {
            self.indent = if flow { 2 } else { 0 };
        } else if !indentless {
            // yaml.v3 lets everything but the inside of an item begin at an even column.
            self.indent = match (self.layout.dialect, context) {
                (Dialect::V2, _) | (Dialect::V3, Context::Item) => self.indent + 2,
                (Dialect::V3, _) => 2 * ((self.indent + 2) / 2),
            };
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.indention |= self.layout.dialect == Dialect::V3;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention |= self.layout.dialect == Dialect::V2;
    }

    fn indicator(&mut self, text: &str, need_whitespace: bool, is_whitespace: bool, is_indention: bool) {
        if need_whitespace && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = is_whitespace;
        self.indention &= is_indention;
    }
}

/// A character that JSON writes as it is and yaml.v2 refuses to read.
fn is_unreadable(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}') && c != '\u{85}'
}

/// U+0085 is a line end to yaml.v2, which folds it where it reads the JSON in between.
fn folded(text: &str) -> Cow<'_, str> {
    const NEL: char = '\u{85}';
    if !text.contains(NEL) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(NEL) {
        out.push_str(rest[..at].trim_end_matches(' '));
        let after = rest[at..].trim_start_matches([' ', NEL]);
        let gap = &rest[at..rest.len() - after.len()];
        let breaks = gap.matches(NEL).count();
        out.push_str(&if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) });
        rest = after;
    }
    Cow::Owned(out + rest)
}

/// Characters of a string as Go's JSON writes it, with its quotes.
fn json_len(text: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        c if (c as u32) < 0x20 => 6,
        _ => 1,
    };
    text.chars().map(escaped).sum::<usize>() + 2
}

#[cfg(test)]
mod tests;
