//! SQL cut into tokens, without a grammar: comments left out, quotes of every dialect kept whole.
//!
//! Linear in the text and without recursion. Unfinished quotes end with the text.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word without quotes: keyword, name or number.
    Word,
    /// A name in `"..."`, `` `...` `` or `[...]`.
    Quoted,
    /// A text in `'...'`.
    Text,
    /// A text in `$tag$...$tag$`.
    Dollar,
    /// A single character of punctuation.
    Sign(u8),
    /// A line of the client (`\connect x`), to its end.
    Client,
}

/// A token: its kind and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

impl Token {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.span.clone()).unwrap_or("")
    }

    pub fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(text).eq_ignore_ascii_case(word)
    }

    pub fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// Whether it can name something.
    pub fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// Cuts `range` of a text into tokens; spans are of the whole text.
pub(super) fn tokens(text: &str, range: Range<usize>) -> Vec<Token> {
    let bytes = text.as_bytes();
    let end = range.end.min(bytes.len());
    let mut at = range.start;
    let mut found = Vec::new();
    let mut statement = true;
    let mut copying = Copying::No;
    while at < end {
        let rest = &bytes[at..end];
        let start = at;
        let kind = match rest[0] {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if rest.starts_with(b"--") => {
                at = line_end(bytes, at, end);
                continue;
            }
            b'/' if rest.starts_with(b"/*") => {
                at = comment_end(bytes, at, end);
                continue;
            }
            b'\\' if statement || rest.get(1).is_some_and(u8::is_ascii_lowercase) => {
                at = line_end(bytes, at, end);
                Kind::Client
            }
            b'\'' => {
                let escapes = found.last().is_some_and(|last: &Token| {
                    last.span.end == start && matches!(last.text(text), "e" | "E") && last.kind == Kind::Word
                });
                at = quote_end(bytes, at, end, b'\'', escapes);
                Kind::Text
            }
            quote @ (b'"' | b'`') => {
                at = quote_end(bytes, at, end, quote, false);
                Kind::Quoted
            }
            b'[' if bracketed_name(&bytes[..end], at).is_some() => {
                at = bracketed_name(&bytes[..end], at).unwrap_or(end);
                Kind::Quoted
            }
            b'$' => match dollar_end(bytes, at, end) {
                Some(stop) => {
                    at = stop;
                    Kind::Dollar
                }
                None if rest.starts_with(b"${") => {
                    at = placeholder_end(bytes, at, end);
                    at = word_end(bytes, at, end);
                    Kind::Word
                }
                None => {
                    at += 1;
                    Kind::Sign(b'$')
                }
            },
            b if is_word_byte(b) => {
                at = word_end(bytes, at, end);
                Kind::Word
            }
            sign => {
                at += 1;
                Kind::Sign(sign)
            }
        };
        let token = Token { kind, span: start..at };
        statement = token.is_sign(b';') || kind == Kind::Client;
        copying = copying.after(&token, text);
        found.push(token);
        if copying == Copying::Data {
            at = copied_end(bytes, at, end);
            copying = Copying::No;
        }
    }
    found
}

/// How far `COPY ... FROM stdin;` has been read: what follows it is data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copying {
    No,
    Copy,
    From,
    Stdin,
    Data,
}

impl Copying {
    fn after(self, token: &Token, text: &str) -> Self {
        match self {
            _ if token.is_sign(b';') => {
                if self == Self::Stdin {
                    Self::Data
                } else {
                    Self::No
                }
            }
            Self::No if token.is_word(text, "copy") => Self::Copy,
            Self::Copy if token.is_word(text, "from") => Self::From,
            Self::From => {
                if token.is_word(text, "stdin") {
                    Self::Stdin
                } else {
                    Self::No
                }
            }
            same => same,
        }
    }
}

fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 || b == b'@'
}

/// The end of a word that may hold `$` and `${placeholders}` within.
fn word_end(bytes: &[u8], mut at: usize, end: usize) -> usize {
    while at < end {
        if is_word_byte(bytes[at]) {
            at += 1;
        } else if bytes[at..end].starts_with(b"${") {
            at = placeholder_end(bytes, at, end);
        } else if bytes[at] == b'$' && at + 1 < end && is_word_byte(bytes[at + 1]) {
            at += 1;
        } else {
            break;
        }
    }
    at
}

fn placeholder_end(bytes: &[u8], at: usize, end: usize) -> usize {
    let limit = end.min(at + 256);
    bytes[at..limit].iter().position(|&b| b == b'}').map_or(at + 2, |close| at + close + 1)
}

fn line_end(bytes: &[u8], at: usize, end: usize) -> usize {
    bytes[at..end].iter().position(|&b| b == b'\n').map_or(end, |n| at + n)
}

/// Comments nest, as PostgreSQL has it.
fn comment_end(bytes: &[u8], mut at: usize, end: usize) -> usize {
    let mut depth = 0usize;
    while at < end {
        if bytes[at..end].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..end].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    end
}

/// A doubled quote stays inside; a backslash escapes where it does.
fn quote_end(bytes: &[u8], at: usize, end: usize, quote: u8, escapes: bool) -> usize {
    let mut at = at + 1;
    while at < end {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) || at + 1 >= end {
                return at + 1;
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    end
}

/// `[name]` of SQL Server; an index such as `a[1]` or `text[]` is none.
fn bracketed_name(bytes: &[u8], at: usize) -> Option<usize> {
    let limit = bytes.len().min(at + 130);
    let close = bytes[at..limit].iter().position(|&b| b == b']')?;
    let inner = &bytes[at + 1..at + close];
    let named = inner.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    let free = at == 0 || !(is_word_byte(bytes[at - 1]) || matches!(bytes[at - 1], b']' | b')'));
    let plain = inner.iter().all(|&b| is_word_byte(b) || matches!(b, b' ' | b'-' | b'.' | b'$'));
    (named && free && plain).then_some(at + close + 1)
}

/// The end of `$tag$ ... $tag$`, if one begins here.
fn dollar_end(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let limit = end.min(at + 66);
    let mut close = at + 1;
    while close < limit && is_word_byte(bytes[close]) {
        close += 1;
    }
    if close >= limit || bytes[close] != b'$' || bytes[at + 1].is_ascii_digit() {
        return None;
    }
    let tag = &bytes[at..=close];
    let body = &bytes[close + 1..end];
    let stop = body.windows(tag.len()).position(|window| window == tag);
    Some(stop.map_or(end, |n| close + 1 + n + tag.len()))
}

/// The end of COPY's data: the line `\.`.
fn copied_end(bytes: &[u8], at: usize, end: usize) -> usize {
    let mut at = line_end(bytes, at, end);
    while at < end {
        let line = at + 1;
        let stop = line_end(bytes, line.min(end), end);
        if bytes.get(line..stop).is_some_and(|line| line.trim_ascii_end() == b"\\.") {
            return stop;
        }
        at = stop;
    }
    end
}
