//! From template text to items, as Go's `text/template/parse/lex.go` cuts it: delimiters, trim markers, comments.
//!
//! Items are ranges of the text; nothing is copied. Errors are items, in Go's words.

mod number;
mod scan;

use super::quote;
use scan::{find, has_left_trim_marker, has_right_trim_marker, is_alphanumeric, is_space, leading_spaces, newlines};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    fn is_keyword(self) -> bool {
        matches!(
            self,
            Kind::Block
                | Kind::Break
                | Kind::Continue
                | Kind::Dot
                | Kind::Define
                | Kind::Else
                | Kind::End
                | Kind::If
                | Kind::Nil
                | Kind::Range
                | Kind::Template
                | Kind::With
        )
    }
}

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub kind: Kind,
    /// Its first byte.
    pub pos: usize,
    /// The byte after its last.
    pub end: usize,
    /// The line it starts on, from 1.
    pub line: usize,
}

/// The scanner.
pub(super) struct Lexer<'t> {
    input: &'t str,
    left: &'t str,
    right: &'t str,
    pos: usize,
    start: usize,
    at_eof: bool,
    parens: usize,
    line: usize,
    start_line: usize,
    inside_action: bool,
    failed: bool,
    /// The text of the error item.
    pub error: String,
}

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

impl<'t> Lexer<'t> {
    pub fn new(input: &'t str, left: &'t str, right: &'t str) -> Self {
        Self {
            input,
            left: if left.is_empty() { "{{" } else { left },
            right: if right.is_empty() { "}}" } else { right },
            pos: 0,
            start: 0,
            at_eof: false,
            parens: 0,
            line: 1,
            start_line: 1,
            inside_action: false,
            failed: false,
            error: String::new(),
        }
    }

    /// The next item; `Eof` for ever at the end, and after an error.
    pub fn next_item(&mut self) -> Item {
        if self.failed {
            return Item { kind: Kind::Eof, pos: 0, end: 0, line: self.start_line };
        }
        if self.inside_action { self.inside_action() } else { self.text() }
    }

    /// The text of an item as Go shows it in messages.
    pub fn show(&self, item: Item) -> String {
        let text = self.input.get(item.pos..item.end).unwrap_or("");
        match item.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.error.clone(),
            kind if kind.is_keyword() => format!("<{text}>"),
            _ if text.len() > 10 => {
                let cut: String = text.chars().take(10).collect();
                format!("{}...", quote::quote(&cut))
            }
            _ => quote::quote(text),
        }
    }

    fn rest(&self) -> &'t str {
        &self.input[self.pos..]
    }

    #[inline]
    fn next(&mut self) -> Option<char> {
        if let Some(&b) = self.input.as_bytes().get(self.pos)
            && b.is_ascii()
        {
            self.pos += 1;
            self.line += usize::from(b == b'\n');
            return Some(char::from(b));
        }
        let Some(c) = self.rest().chars().next() else {
            self.at_eof = true;
            return None;
        };
        self.pos += c.len_utf8();
        Some(c)
    }

    #[inline]
    fn peek(&mut self) -> Option<char> {
        if let Some(&b) = self.input.as_bytes().get(self.pos)
            && b.is_ascii()
        {
            return Some(char::from(b));
        }
        let c = self.rest().chars().next();
        if c.is_none() {
            self.at_eof = true;
        }
        c
    }

    fn backup(&mut self) {
        if self.at_eof || self.pos == 0 {
            return;
        }
        let before = self.input.as_bytes()[self.pos - 1];
        if before.is_ascii() {
            self.pos -= 1;
            self.line -= usize::from(before == b'\n');
        } else if let Some(c) = self.input[..self.pos].chars().next_back() {
            self.pos -= c.len_utf8();
        }
    }

    fn emit(&mut self, kind: Kind) -> Item {
        let item = Item { kind, pos: self.start, end: self.pos, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    /// Skips what was passed over without `next`.
    fn ignore(&mut self) {
        self.line += newlines(&self.input[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn fail(&mut self, message: impl Into<String>) -> Item {
        self.error = message.into();
        self.failed = true;
        Item { kind: Kind::Error, pos: self.start, end: self.start, line: self.start_line }
    }

    fn text(&mut self) -> Item {
        loop {
            let Some(x) = find(self.rest(), self.left) else {
                self.pos = self.input.len();
                if self.pos > self.start {
                    self.line += newlines(&self.input[self.start..self.pos]);
                    return self.emit(Kind::Text);
                }
                return self.emit(Kind::Eof);
            };
            if x > 0 {
                self.pos += x;
                let mut trimmed = 0;
                if has_left_trim_marker(&self.input[self.pos + self.left.len()..]) {
                    let before = &self.input[self.start..self.pos];
                    trimmed = before.len() - before.trim_end_matches(SPACES).len();
                }
                self.pos -= trimmed;
                self.line += newlines(&self.input[self.start..self.pos]);
                let item = self.emit(Kind::Text);
                self.pos += trimmed;
                self.ignore();
                if item.end > item.pos {
                    return item;
                }
            }
            // At the left delimiter.
            self.pos += self.left.len();
            let marker = if has_left_trim_marker(self.rest()) { 2 } else { 0 };
            if self.input[self.pos + marker..].starts_with("/*") {
                self.pos += marker;
                self.ignore();
                match self.comment() {
                    Ok(()) => continue,
                    Err(item) => return item,
                }
            }
            let item = self.emit(Kind::LeftDelim);
            self.inside_action = true;
            self.pos += marker;
            self.ignore();
            self.parens = 0;
            return item;
        }
    }

    fn comment(&mut self) -> Result<(), Item> {
        self.pos += 2;
        let Some(x) = self.rest().find("*/") else { return Err(self.fail("unclosed comment")) };
        self.pos += x + 2;
        let (delim, trim) = self.at_right_delim();
        if !delim {
            return Err(self.fail("comment ends before closing delimiter"));
        }
        self.line += newlines(&self.input[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
        if trim {
            self.pos += 2;
        }
        self.pos += self.right.len();
        if trim {
            self.pos += leading_spaces(self.rest());
        }
        self.ignore();
        Ok(())
    }

    /// Whether the right delimiter comes next, and whether it trims.
    fn at_right_delim(&self) -> (bool, bool) {
        let trims = has_right_trim_marker(&self.input.as_bytes()[self.pos..]) && self.is_right(2);
        (trims || self.is_right(0), trims)
    }

    /// Whether the right delimiter stands so many bytes ahead.
    #[inline]
    fn is_right(&self, ahead: usize) -> bool {
        let (rest, right) = (&self.input.as_bytes()[self.pos + ahead..], self.right.as_bytes());
        rest.first() == right.first() && rest.starts_with(right)
    }

    fn right_delim(&mut self) -> Item {
        let (_, trim) = self.at_right_delim();
        if trim {
            self.pos += 2;
            self.ignore();
        }
        self.pos += self.right.len();
        let item = self.emit(Kind::RightDelim);
        if trim {
            self.pos += leading_spaces(self.rest());
            self.ignore();
        }
        self.inside_action = false;
        item
    }

    fn inside_action(&mut self) -> Item {
        if self.at_right_delim().0 {
            if self.parens == 0 {
                return self.right_delim();
            }
            return self.fail("unclosed left paren");
        }
        let Some(c) = self.next() else { return self.fail("unclosed action") };
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                self.backup();
                self.space()
            }
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return self.fail("expected :=");
                }
                self.emit(Kind::Declare)
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '`' => loop {
                match self.next() {
                    None => return self.fail("unterminated raw quoted string"),
                    Some('`') => return self.emit(Kind::RawString),
                    Some(_) => {}
                }
            },
            '$' => {
                if self.at_terminator() {
                    return self.emit(Kind::Variable);
                }
                self.field_or_variable(Kind::Variable)
            }
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '.' => match self.rest().bytes().next() {
                Some(b) if !b.is_ascii_digit() => self.field_or_variable(Kind::Field),
                _ => {
                    self.backup();
                    self.number()
                }
            },
            '+' | '-' | '0'..='9' => {
                self.backup();
                self.number()
            }
            c if is_alphanumeric(c) => {
                self.backup();
                self.identifier()
            }
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' => {
                if self.parens == 0 {
                    return self.fail("unexpected right paren");
                }
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            ' '..='~' => self.emit(Kind::Char),
            c => self.fail(format!("unrecognized character in action: {}", quote::code_point(c))),
        }
    }

    fn space(&mut self) -> Item {
        let bytes = self.input.as_bytes();
        let before = self.pos;
        while let Some(&b) = bytes.get(self.pos)
            && is_space(b)
        {
            self.line += usize::from(b == b'\n');
            self.pos += 1;
        }
        let spaces = self.pos - before;
        self.at_eof |= self.pos == bytes.len();
        // A closing delimiter with a trim marker begins with one of these spaces.
        if bytes.get(self.pos) == Some(&b'-') && self.is_right(1) {
            self.at_eof = false;
            self.backup();
            if spaces == 1 {
                return self.right_delim();
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Item {
        let c = self.word();
        let word = &self.input[self.start..self.pos];
        if !self.at_terminator() {
            return self.bad_character(c);
        }
        self.emit(keyword(word))
    }

    fn field_or_variable(&mut self, kind: Kind) -> Item {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { Kind::Variable } else { Kind::Dot });
        }
        let c = self.word();
        if !self.at_terminator() {
            return self.bad_character(c);
        }
        self.emit(kind)
    }

    /// Passes over letters and digits; gives what stands behind them.
    fn word(&mut self) -> Option<char> {
        let bytes = self.input.as_bytes();
        loop {
            while bytes.get(self.pos).is_some_and(|&b| b == b'_' || b.is_ascii_alphanumeric()) {
                self.pos += 1;
            }
            match self.peek() {
                Some(c) if !c.is_ascii() && c.is_alphanumeric() => self.pos += c.len_utf8(),
                c => return c,
            }
        }
    }

    fn bad_character(&mut self, c: Option<char>) -> Item {
        let shown = c.map_or_else(|| "U+FFFFFFFFFFFFFFFF".to_owned(), quote::code_point);
        self.fail(format!("bad character {shown}"))
    }

    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.is_right(0),
        }
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> Item {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.fail(unterminated);
                    }
                }
                None | Some('\n') => return self.fail(unterminated),
                Some(c) if c == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }
}

fn keyword(word: &str) -> Kind {
    match word {
        "block" => Kind::Block,
        "break" => Kind::Break,
        "continue" => Kind::Continue,
        "define" => Kind::Define,
        "else" => Kind::Else,
        "end" => Kind::End,
        "if" => Kind::If,
        "range" => Kind::Range,
        "nil" => Kind::Nil,
        "template" => Kind::Template,
        "with" => Kind::With,
        "true" | "false" => Kind::Bool,
        _ => Kind::Identifier,
    }
}
