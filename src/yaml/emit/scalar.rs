//! Scalars as libyaml's emitter writes them: which styles the characters allow, and each style's bytes.

use std::ops::Range;

use super::{Context, Emitter};
use crate::yaml::scalar::Dialect;

/// Column after which yaml.v2 breaks a line at the next blank.
const WIDTH: i64 = 80;

/// A style that values are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the characters of a scalar allow outside of flow collections (`yaml_emitter_analyze_scalar`).
pub(super) struct Analysis {
    /// Whether it is a name, a number or a path, which every style can write as it is.
    bare: bool,
    pub(super) multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

impl Analysis {
    pub(super) fn of(text: &str, dialect: Dialect) -> Self {
        if text.is_empty() {
            return Self { bare: false, multiline: false, plain: true, single: true, block: false };
        }
        if is_bare(text) {
            return Self { bare: true, multiline: false, plain: true, single: true, block: true };
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special, mut tabs) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        let mut previous = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let blank_follows = chars.peek().is_none_or(|c| matches!(c, ' ' | '\t'));
            indicators |= match (previous, c) {
                (
                    None,
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
                ) => true,
                (None, '?' | '-') | (_, ':') => blank_follows,
                (Some(previous), '#') => matches!(previous, ' ' | '\t' | '\0') || is_break(previous),
                _ => false,
            };
            if c == '\t' && dialect == Dialect::V3 {
                tabs = true;
            } else if !is_printable(c) {
                special = true;
            }
            if c == ' ' {
                break_space |= previous.is_some_and(is_break);
            } else if is_break(c) {
                breaks = true;
                space_break |= previous == Some(' ');
            }
            previous = Some(c);
        }
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let edges = edge(text.chars().next()) || edge(previous);
        Self {
            bare: false,
            multiline: breaks,
            plain: !(edges || break_space || space_break || special || tabs || breaks || indicators),
            single: !(break_space || space_break || special || tabs),
            block: !(previous == Some(' ') || space_break || special),
        }
    }
}

fn is_bare(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-'))
}

impl Emitter {
    /// Writes a scalar and says which bytes it became.
    pub(super) fn scalar(
        &mut self,
        text: &str,
        wanted: Written,
        analysis: &Analysis,
        is_simple_key: bool,
        context: Context,
    ) -> Range<usize> {
        let mut style = if is_simple_key && analysis.multiline { Written::Double } else { wanted };
        if style == Written::Plain && (!analysis.plain || (text.is_empty() && is_simple_key)) {
            style = Written::Single;
        }
        if style == Written::Single && !analysis.single {
            style = Written::Double;
        }
        if style == Written::Literal && (!analysis.block || is_simple_key) {
            style = Written::Double;
        }
        let outer = self.indent;
        self.increase(context, true, false);
        if !self.whitespace && (!text.is_empty() || style != Written::Plain || self.layout.dialect == Dialect::V2) {
            self.put(' ');
            self.whitespace = true;
        }
        let start = self.out.len();
        let folds = !is_simple_key && self.layout.dialect == Dialect::V2;
        match style {
            Written::Plain if analysis.bare => {
                self.out.push_str(text);
                self.column += text.len() as i64;
                self.indention = false;
            }
            Written::Plain => self.words(text, folds, false),
            Written::Single => {
                self.indicator("'", true, false, false);
                self.words(text, folds, true);
                self.indicator("'", false, false, false);
            }
            Written::Double => self.double(text, folds),
            Written::Literal => self.literal(text),
        }
        if style != Written::Literal
            && (!text.is_empty() || style != Written::Plain || self.layout.dialect == Dialect::V2)
        {
            self.whitespace = false;
            self.indention = false;
        }
        self.indent = outer;
        start..self.out.len()
    }

    /// A line break of a text.
    fn text_break(&mut self, c: char) {
        if c == '\n' {
            self.put_break();
        } else {
            self.out.push(c);
            self.column = 0;
        }
        self.indention = true;
    }

    /// Plain text, and text between single quotes.
    fn words(&mut self, text: &str, folds: bool, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            if c == ' ' {
                let inside = !quoted || (!first && chars.peek().is_some());
                if folds && !spaces && self.column > WIDTH && inside && chars.peek() != Some(&' ') {
                    self.write_indent();
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break();
                }
                self.text_break(c);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
            first = false;
        }
    }

    fn double(&mut self, text: &str, folds: bool) {
        self.indicator("\"", true, false, false);
        // yaml.v2 looks for a byte order mark at the start of the text, whatever the character.
        let marked = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut first = true;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !is_printable(c) || marked || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if folds && !spaces && self.column > WIDTH && !first && chars.peek().is_some() {
                    self.write_indent();
                    if chars.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false, false);
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let n = c as u32;
                let text = match n {
                    0..=0xff => format!("\\x{n:02X}"),
                    0x100..=0xffff => format!("\\u{n:04X}"),
                    _ => format!("\\U{n:08X}"),
                };
                text.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut back = text.chars().rev();
        match (back.next().map(is_break), back.next().map(is_break)) {
            (Some(true), None | Some(true)) => self.indicator("+", false, false, false),
            (Some(true), Some(false)) => {}
            _ => self.indicator("-", false, false, false),
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.text_break(c);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What libyaml's Go version takes for printable: nothing beyond the basic plane, no tab.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}
