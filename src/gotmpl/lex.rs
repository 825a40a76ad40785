//! From template text to items, as Go's `text/template/parse/lex.go` cuts it: delimiters, trim markers, comments.
//!
//! Items are ranges of the text; nothing is copied. Errors are items, in Go's words.

mod number;
mod scan;

use memchr::memchr;

use super::ast::Piece;
use super::quote;
use scan::{
    find, has_left_trim_marker, has_right_trim_marker, is_alphanumeric, is_space, is_word, leading_spaces, newlines,
    trailing_spaces,
};

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

/// A piece of the text; small enough to be handed on without being written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub kind: Kind,
    pub piece: Piece,
}

/// The scanner.
pub(super) struct Lexer<'t> {
    input: &'t str,
    left: &'t str,
    right: &'t str,
    /// The first byte of the right delimiter.
    closing: u8,
    pos: usize,
    start: usize,
    parens: usize,
    inside_action: bool,
    failed: bool,
    /// The text of the error item.
    pub error: String,
}

impl<'t> Lexer<'t> {
    pub fn new(input: &'t str, left: &'t str, right: &'t str) -> Self {
        let right = if right.is_empty() { "}}" } else { right };
        Self {
            input,
            left: if left.is_empty() { "{{" } else { left },
            right,
            closing: right.as_bytes()[0],
            pos: 0,
            start: 0,
            parens: 0,
            inside_action: false,
            failed: false,
            error: String::new(),
        }
    }

    /// The next item; `Eof` for ever at the end, and after an error.
    pub fn next_item(&mut self) -> Item {
        if self.failed {
            return Item { kind: Kind::Eof, piece: Piece::new(self.start, self.start) };
        }
        if self.inside_action { self.inside_action() } else { self.text() }
    }

    /// The line that an item starts on, from 1.
    pub fn line(&self, item: Item) -> usize {
        1 + newlines(&self.input[..item.piece.start()])
    }

    /// The text of an item as Go shows it in messages.
    pub fn show(&self, item: Item) -> String {
        let text = self.input.get(item.piece.start()..item.piece.end()).unwrap_or("");
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
    fn byte(&self) -> Option<u8> {
        self.input.as_bytes().get(self.pos).copied()
    }

    #[inline]
    fn peek(&self) -> Option<char> {
        match self.byte() {
            Some(b) if !b.is_ascii() => self.rest().chars().next(),
            b => b.map(char::from),
        }
    }

    fn emit(&mut self, kind: Kind) -> Item {
        let item = Item { kind, piece: Piece::new(self.start, self.pos) };
        self.start = self.pos;
        item
    }

    /// Emits the next byte.
    fn emit_byte(&mut self, kind: Kind) -> Item {
        self.pos += 1;
        self.emit(kind)
    }

    fn ignore(&mut self) {
        self.start = self.pos;
    }

    fn fail(&mut self, message: impl Into<String>) -> Item {
        self.error = message.into();
        self.failed = true;
        Item { kind: Kind::Error, piece: Piece::new(self.start, self.start) }
    }

    fn text(&mut self) -> Item {
        loop {
            let Some(x) = find(self.rest(), self.left) else {
                self.pos = self.input.len();
                return self.emit(if self.pos > self.start { Kind::Text } else { Kind::Eof });
            };
            if x > 0 {
                self.pos += x;
                let mut trimmed = 0;
                if has_left_trim_marker(&self.input[self.pos + self.left.len()..]) {
                    trimmed = trailing_spaces(&self.input[self.start..self.pos]);
                }
                self.pos -= trimmed;
                let item = self.emit(Kind::Text);
                self.pos += trimmed;
                self.ignore();
                if !item.piece.is_empty() {
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
        let Some(x) = find(self.rest(), "*/") else { return Err(self.fail("unclosed comment")) };
        self.pos += x + 2;
        let (delim, trim) = self.at_right_delim();
        if !delim {
            return Err(self.fail("comment ends before closing delimiter"));
        }
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
        let Some(b) = self.byte() else { return self.fail("unclosed action") };
        if (b == self.closing || self.input.as_bytes().get(self.pos + 1) == Some(&b'-')) && self.at_right_delim().0 {
            if self.parens == 0 {
                return self.right_delim();
            }
            return self.fail("unclosed left paren");
        }
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.identifier(),
            b' ' | b'\t' | b'\r' | b'\n' => self.space(),
            b'.' => match self.input.as_bytes().get(self.pos + 1) {
                Some(b) if !b.is_ascii_digit() => self.field_or_variable(Kind::Field),
                _ => self.number(),
            },
            b'$' => self.field_or_variable(Kind::Variable),
            b'"' => self.quoted(b'"', Kind::String, "unterminated quoted string"),
            b'(' => {
                self.parens += 1;
                self.emit_byte(Kind::LeftParen)
            }
            b')' => {
                if self.parens == 0 {
                    return self.fail("unexpected right paren");
                }
                self.parens -= 1;
                self.emit_byte(Kind::RightParen)
            }
            b'|' => self.emit_byte(Kind::Pipe),
            b':' => {
                self.pos += 1;
                if self.byte() != Some(b'=') {
                    return self.fail("expected :=");
                }
                self.emit_byte(Kind::Declare)
            }
            b'=' => self.emit_byte(Kind::Assign),
            b'`' => match memchr(b'`', &self.input.as_bytes()[self.pos + 1..]) {
                Some(len) => {
                    self.pos += len + 2;
                    self.emit(Kind::RawString)
                }
                None => self.fail("unterminated raw quoted string"),
            },
            b'\'' => self.quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            b'+' | b'-' | b'0'..=b'9' => self.number(),
            b' '..=b'~' => self.emit_byte(Kind::Char),
            _ => match self.peek() {
                Some(c) if is_alphanumeric(c) => self.identifier(),
                c => self.fail(format!("unrecognized character in action: {}", code_point(c))),
            },
        }
    }

    fn space(&mut self) -> Item {
        let before = self.pos;
        while self.byte().is_some_and(is_space) {
            self.pos += 1;
        }
        // A closing delimiter with a trim marker begins with one of these spaces.
        if self.byte() == Some(b'-') && self.is_right(1) {
            self.pos -= 1;
            if self.pos == before {
                return self.right_delim();
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Item {
        self.word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(keyword(&self.input[self.start..self.pos]))
    }

    /// What begins with a dot or a dollar sign.
    fn field_or_variable(&mut self, kind: Kind) -> Item {
        self.pos += 1;
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { Kind::Variable } else { Kind::Dot });
        }
        self.word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    /// Passes over letters and digits.
    fn word(&mut self) {
        loop {
            let rest = &self.input.as_bytes()[self.pos..];
            self.pos += rest.iter().position(|&b| !is_word(b)).unwrap_or(rest.len());
            match self.peek() {
                Some(c) if !c.is_ascii() && c.is_alphanumeric() => self.pos += c.len_utf8(),
                _ => return,
            }
        }
    }

    fn bad_character(&mut self) -> Item {
        let shown = code_point(self.peek());
        self.fail(format!("bad character {shown}"))
    }

    #[inline]
    fn at_terminator(&self) -> bool {
        match self.byte() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(b) => b == self.closing && self.is_right(0),
        }
    }

    fn quoted(&mut self, end: u8, kind: Kind, unterminated: &str) -> Item {
        self.pos += 1;
        loop {
            match self.byte() {
                None | Some(b'\n') => return self.fail(unterminated),
                Some(b'\\') => {
                    self.pos += 1;
                    if matches!(self.byte(), None | Some(b'\n')) {
                        return self.fail(unterminated);
                    }
                }
                Some(b) if b == end => return self.emit_byte(kind),
                Some(_) => {}
            }
            self.pos += 1;
        }
    }
}

fn code_point(c: Option<char>) -> String {
    c.map_or_else(|| "U+FFFFFFFFFFFFFFFF".to_owned(), quote::code_point)
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
