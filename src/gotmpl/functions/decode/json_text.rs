//! JSON as Go's `encoding/json` reads it into `interface {}`, with its messages.

use std::sync::Arc;

use super::Whence;
use crate::budget::Exceeded;
use crate::gotmpl::collection::{Field, Fields, List, ListType, Map, MapType};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::number;
use crate::gotmpl::quote;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, Value};

/// How deep collections may nest.
const DEEPEST: u32 = 1000;

/// What was read, and what of it Go could not hold.
pub(super) type Partly = (Value, Option<String>);

/// Reads a text; the inner error is Go's.
pub(super) fn read(context: &Context<'_>, value: &Value) -> Result<Result<Partly, String>, Failure> {
    let text = value.as_text().map(Text::as_str).unwrap_or_default();
    context.bytes(text.len())?;
    let mut reader = Reader { context, text: &text, at: 0, depth: 0, whence: Whence::of(value), unfit: None };
    match reader.document() {
        Ok(value) => Ok(Ok((value, reader.unfit))),
        Err(Stop::Syntax(message)) => Ok(Err(message)),
        Err(Stop::Failure(failure)) => Err(failure),
    }
}

enum Stop {
    Syntax(String),
    Failure(Failure),
}

impl From<Exceeded> for Stop {
    fn from(exceeded: Exceeded) -> Self {
        Stop::Failure(exceeded.into())
    }
}

type Read<T> = Result<T, Stop>;

struct Reader<'c, 'r> {
    context: &'c Context<'r>,
    text: &'c str,
    at: usize,
    depth: u32,
    whence: Whence<'c>,
    /// The first number that is too large; it is left out, and reading goes on.
    unfit: Option<String>,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn wrong<T>(&self, context: &str) -> Read<T> {
        // Go tries a blank at the end; only where that is in order the text is merely too short.
        let open = ["looking for", "after object", "after array", "in string literal"];
        let b = match self.peek() {
            None if open.iter().any(|start| context.starts_with(start)) => {
                return Err(Stop::Syntax("unexpected end of JSON input".to_owned()));
            }
            at => at.unwrap_or(b' '),
        };
        let shown = match b {
            b'\'' => "'\\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            b => {
                let quoted = quote::quote(char::from(b).encode_utf8(&mut [0; 4]));
                format!("'{}'", &quoted[1..quoted.len() - 1])
            }
        };
        Err(Stop::Syntax(format!("invalid character {shown} {context}")))
    }

    fn document(&mut self) -> Read<Value> {
        self.space();
        let value = self.value()?;
        self.space();
        if self.peek().is_some() {
            return self.wrong("after top-level value");
        }
        Ok(value)
    }

    fn value(&mut self) -> Read<Value> {
        self.context.budget.items(1)?;
        let start = self.at;
        let data = match self.peek() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'"') => Data::Str(self.string()?.into()),
            Some(b't') => self.literal("true", Data::Bool(true))?,
            Some(b'f') => self.literal("false", Data::Bool(false))?,
            Some(b'n') => self.literal("null", Data::Nil)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.wrong("looking for beginning of value"),
        };
        Ok(Value { data, origin: self.whence.at(start, self.at) })
    }

    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        self.at += 1;
        if self.depth > DEEPEST {
            return Err(Exceeded::Depth(DEEPEST).into());
        }
        self.space();
        Ok(())
    }

    fn object(&mut self) -> Read<Data> {
        self.enter()?;
        let mut fields = Fields::default();
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return self.wrong("looking for beginning of object key string");
                }
                let start = self.at;
                let key: Arc<str> = self.string()?.into();
                let key_origin = self.whence.at(start, self.at);
                self.space();
                if self.peek() != Some(b':') {
                    return self.wrong("after object key");
                }
                self.at += 1;
                self.space();
                let value = self.value()?;
                fields.insert(key, Field { key_origin, value });
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return self.wrong("after object key:value pair"),
                }
                self.space();
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Data::Map(Map::new(fields, MapType::Any)))
    }

    fn array(&mut self) -> Read<Data> {
        self.enter()?;
        let mut items = Vec::new();
        if self.peek() != Some(b']') {
            loop {
                items.push(self.value()?);
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return self.wrong("after array element"),
                }
                self.space();
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Data::List(List::new(items, ListType::Any)))
    }

    fn literal(&mut self, word: &str, data: Data) -> Read<Data> {
        for (i, b) in word.bytes().enumerate() {
            if self.peek() != Some(b) {
                let wanted = char::from(b);
                let _ = i;
                return self.wrong(&format!("in literal {word} (expecting '{wanted}')"));
            }
            self.at += 1;
        }
        Ok(data)
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Read<Data> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return self.wrong("in numeric literal");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return self.wrong("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return self.wrong("in exponent of numeric literal");
            }
        }
        let text = &self.text[start..self.at];
        let Some(number) = number::parse_float(text) else {
            let problem = || format!("json: cannot unmarshal number {text} into Go value of type float64");
            self.unfit.get_or_insert_with(problem);
            return Ok(Data::Nil);
        };
        Ok(Data::Float(number))
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|b| b != b'"' && b != b'\\' && b >= b' ') {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                _ => return self.wrong("in string literal"),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Read<()> {
        let c = match self.peek() {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'u') => {
                self.at += 1;
                let code = self.hex()?;
                let low = self.text.get(self.at + 2..self.at + 6).and_then(|text| u32::from_str_radix(text, 16).ok());
                let paired = self.text[self.at..].starts_with("\\u");
                match (code, low) {
                    (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) if paired => {
                        self.at += 6;
                        let code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                        out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                    }
                    _ => out.push(char::from_u32(code).unwrap_or('\u{fffd}')),
                }
                return Ok(());
            }
            _ => return self.wrong("in string escape code"),
        };
        self.at += 1;
        out.push(c);
        Ok(())
    }

    fn hex(&mut self) -> Read<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(16)) else {
                return self.wrong("in \\u hexadecimal character escape");
            };
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }
}
