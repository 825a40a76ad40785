//! Goes through a TOML text character by character, and says of what is wrong in which line it stands (BurntSushi's lexer).

use crate::budget::Exceeded;
use crate::gotmpl::quote::quote_bytes;

/// Why a text is not read to its end.
pub(super) enum Stop {
    /// It is not TOML: the line, and what is wrong.
    Syntax(usize, String),
    Exceeded(Exceeded),
}

impl From<Exceeded> for Stop {
    fn from(exceeded: Exceeded) -> Self {
        Stop::Exceeded(exceeded)
    }
}

pub(super) type Read<T> = Result<T, Stop>;

/// A text and how far it has been read.
pub(super) struct Scanner<'t> {
    pub text: &'t str,
    pub at: usize,
    pub line: usize,
    /// The last step found nothing left.
    ended: bool,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, line: 1, ended: false }
    }

    /// The next character, or none at the end; characters that no TOML may have stop the reading.
    pub fn next(&mut self) -> Read<Option<char>> {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else {
            self.ended = true;
            return Ok(None);
        };
        self.line += usize::from(c == '\n');
        let control =
            (c.is_ascii_control() && !matches!(c, '\t' | '\r' | '\n')) || (c == '\r' && !rest[1..].starts_with('\n'));
        if control {
            return self.wrong(format!("TOML files cannot contain control characters: '0x{:02x}'", c as u32));
        }
        self.at += c.len_utf8();
        Ok(Some(c))
    }

    /// Takes the last step back.
    pub fn back(&mut self, c: Option<char>) {
        match c {
            None => self.ended = false,
            Some(c) => {
                self.at -= c.len_utf8();
                self.line -= usize::from(c == '\n');
            }
        }
    }

    pub fn peek(&mut self) -> Read<Option<char>> {
        let c = self.next()?;
        self.back(c);
        Ok(c)
    }

    /// Takes the next character if it is this one.
    pub fn accept(&mut self, wanted: char) -> Read<bool> {
        let c = self.next()?;
        if c != Some(wanted) {
            self.back(c);
        }
        Ok(c == Some(wanted))
    }

    /// Takes characters as long as they are of a kind.
    pub fn take_while(&mut self, kind: impl Fn(char) -> bool) -> Read<()> {
        loop {
            let c = self.next()?;
            if !c.is_some_and(&kind) {
                self.back(c);
                return Ok(());
            }
        }
    }

    pub fn blanks(&mut self) -> Read<()> {
        self.take_while(|c| matches!(c, ' ' | '\t'))
    }

    /// Goes to the end of a line whose comment has begun.
    pub fn comment(&mut self) -> Read<()> {
        self.take_while(|c| !is_line_end(c))
    }

    /// Something is wrong in the line that was come to; the end of a text belongs to its last line.
    pub fn wrong<T>(&self, problem: impl Into<String>) -> Read<T> {
        let after_line = self.ended && self.text[..self.at].ends_with('\n');
        Err(Stop::Syntax(self.line - usize::from(after_line), problem.into()))
    }

    /// The same, told of the line before.
    pub fn wrong_before<T>(&self, problem: impl Into<String>) -> Read<T> {
        Err(Stop::Syntax(self.line - 1, problem.into()))
    }

    /// The same, told of the line before where the text has ended.
    pub fn wrong_at_end<T>(&self, problem: impl Into<String>) -> Read<T> {
        Err(Stop::Syntax(self.line - usize::from(self.ended), problem.into()))
    }
}

pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// A character as `%q` prints it; the end is NUL.
pub(super) fn shown(c: Option<char>) -> String {
    quote_bytes(c.unwrap_or('\0').encode_utf8(&mut [0; 4]).as_bytes(), '\'', false)
}
