//! TOML's numbers, dates and strings as BurntSushi reads them.

use super::super::date::{Zone, parse_time};
use super::scan::{Read, Scanner, Stop, is_line_end, shown};
use super::zones;
use crate::gotmpl::number;
use crate::gotmpl::quote::quote;
use crate::gotmpl::value::{Data, IntType, Value};

/// What a scalar was written as.
enum Kind {
    Integer,
    Float,
    Date,
}

impl Scanner<'_> {
    fn wrong_here<T>(&self, problem: String) -> Read<T> {
        Err(Stop::Syntax(self.line, problem))
    }

    /// A number or a date that begins with a digit, at the digit; `next` is TOML 1.1.
    pub fn number_or_date(&mut self, next: bool) -> Read<Data> {
        let start = self.at;
        let kind = if self.accept('0')? { self.after_zero(start)? } else { self.after_digit()? };
        match kind {
            Kind::Integer => self.integer(start),
            Kind::Float => self.float(start),
            Kind::Date => self.date(start, next),
        }
    }

    fn after_zero(&mut self, start: usize) -> Read<Kind> {
        let c = self.next()?;
        let (what, digit): (&str, fn(char) -> bool) = match c {
            Some('0'..='9') => return self.after_digit(),
            Some('_') => return self.decimal(),
            Some('.' | 'e' | 'E') => return self.fraction(),
            Some('b') => ("binary", |c| matches!(c, '0' | '1')),
            Some('o') => ("octal", |c| matches!(c, '0'..='7')),
            Some('x') => ("hexadecimal", |c| c.is_ascii_hexdigit()),
            c => {
                self.back(c);
                return Ok(Kind::Integer);
            }
        };
        let first = self.peek()?;
        if !first.is_some_and(digit) {
            let article = if what == "octal" { "an" } else { "a" };
            let current = &self.text[start..self.at];
            return self.wrong(format!("not {article} {what} number: '{current}{}'", first.unwrap_or('\0')));
        }
        self.take_while(|c| digit(c) || c == '_')?;
        Ok(Kind::Integer)
    }

    fn after_digit(&mut self) -> Read<Kind> {
        self.take_while(|c| c.is_ascii_digit())?;
        let c = self.next()?;
        match c {
            Some('-' | ':') => {
                let part =
                    |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+');
                self.take_while(part)?;
                Ok(Kind::Date)
            }
            Some('_') => self.decimal(),
            Some('.' | 'e' | 'E') => self.fraction(),
            c => {
                self.back(c);
                Ok(Kind::Integer)
            }
        }
    }

    fn decimal(&mut self) -> Read<Kind> {
        self.take_while(|c| c.is_ascii_digit() || c == '_')?;
        let c = self.next()?;
        if matches!(c, Some('.' | 'e' | 'E')) {
            return self.fraction();
        }
        self.back(c);
        Ok(Kind::Integer)
    }

    fn fraction(&mut self) -> Read<Kind> {
        self.take_while(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        Ok(Kind::Float)
    }

    /// A number behind its sign.
    pub fn signed(&mut self, start: usize) -> Read<Data> {
        let c = self.next()?;
        let word = match c {
            Some('i') => Some(['n', 'f']),
            Some('n') => Some(['a', 'n']),
            _ => None,
        };
        if let Some([second, third]) = word {
            if !self.accept(second)? || !self.accept(third)? {
                let current = &self.text[start..self.at];
                return self.wrong(format!("invalid float: '{current}'"));
            }
            return self.float(start);
        }
        if c == Some('0')
            && let Some(base @ ('b' | 'o' | 'x')) = self.peek()?
        {
            let current = &self.text[start..self.at];
            return self.wrong(format!("cannot use sign with non-decimal numbers: '{current}{base}'"));
        }
        match c {
            Some('.') => self.wrong("floats must start with a digit, not '.'"),
            Some('0'..='9') => match self.decimal()? {
                Kind::Float => self.float(start),
                _ => self.integer(start),
            },
            c => self.wrong(format!("expected a digit but got {}", shown(c))),
        }
    }

    fn integer(&self, start: usize) -> Read<Data> {
        let text = &self.text[start..self.at];
        if !underscores_fit(text) {
            return self
                .wrong_here(format!("Invalid integer {}: underscores must be surrounded by digits", quote(text)));
        }
        if leading_zero(text) {
            return self.wrong_here(format!("Invalid integer {}: cannot have leading zeroes", quote(text)));
        }
        let plain = text.replace('_', "");
        let parsed = match plain.get(..2) {
            Some("0x") => i64::from_str_radix(&plain[2..], 16),
            Some("0o") => i64::from_str_radix(&plain[2..], 8),
            Some("0b") => i64::from_str_radix(&plain[2..], 2),
            _ => plain.parse(),
        };
        match parsed {
            Ok(n) => Ok(Data::Int(n, IntType::Int64)),
            Err(_) => self.wrong_here(format!("{text} is out of range for int64")),
        }
    }

    pub fn float(&self, start: usize) -> Read<Data> {
        let text = &self.text[start..self.at];
        let parts: Vec<&str> = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty()).collect();
        let invalid = |why: &str| self.wrong_here(format!("Invalid float {}: {why}", quote(text)));
        if !parts.iter().all(|part| underscores_fit(part)) {
            return invalid("underscores must be surrounded by digits");
        }
        if parts.first().is_some_and(|part| leading_zero(part)) {
            return invalid("cannot have leading zeroes");
        }
        if text.split('.').skip(1).any(|after| !after.starts_with(|c: char| c.is_ascii_digit())) {
            return invalid("'.' must be followed by one or more digits");
        }
        let plain = text.replace('_', "");
        match number::parse_float(plain.trim_start_matches(['+', '-'])) {
            Some(f) => Ok(Data::Float(if plain.starts_with('-') { -f } else { f })),
            None if plain.parse().is_ok_and(f64::is_infinite) => {
                self.wrong_here(format!("{text} is out of range for float64"))
            }
            None => self.wrong_here(format!("Invalid float value: {}", quote(text))),
        }
    }

    fn date(&self, start: usize, next: bool) -> Read<Data> {
        let text = self.text[start..self.at].trim().replace('z', "Z").replace(['t', ' '], "T");
        let layouts = zones::LAYOUTS.iter().filter(|layout| next || !layout.next);
        let read = layouts.into_iter().find_map(|layout| Some((parse_time(layout.text, &text).ok()?, layout)));
        match read {
            Some((time, layout)) if !lacks_zero(&text, layout.text) => Ok(Value::object(match layout.zone {
                Some(zone) => time.shown_in(Zone::clone(zone)),
                None => time,
            })
            .data),
            _ => self.wrong_here(format!("invalid datetime: {}", quote(&text))),
        }
    }

    /// A word that can only be `true` or `false`.
    pub fn word(&mut self) -> Read<Data> {
        let start = self.at;
        self.take_while(char::is_alphabetic)?;
        match &self.text[start..self.at] {
            "true" => Ok(Data::Bool(true)),
            "false" => Ok(Data::Bool(false)),
            other => self.wrong(format!("expected value but found {} instead", quote(other))),
        }
    }

    /// A string in single quotes, behind the first of them.
    pub fn raw_string(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            match self.next()? {
                None => return self.wrong("unexpected EOF; expected \"'\""),
                Some(c) if is_line_end(c) => return self.wrong_before("strings cannot contain newlines"),
                Some('\'') => return Ok(self.text[start..self.at - 1].to_owned()),
                Some(_) => {}
            }
        }
    }

    /// A string in double quotes, behind the first of them.
    pub fn string(&mut self, next: bool) -> Read<String> {
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.next()? {
                None => return self.wrong("unexpected EOF; expected '\"'"),
                Some(c) if is_line_end(c) => return self.wrong_before("strings cannot contain newlines"),
                Some('\\') => {
                    escaped = true;
                    self.escape(start, next)?;
                }
                Some('"') => {
                    let raw = &self.text[start..self.at - 1];
                    return if escaped { self.unescaped(raw) } else { Ok(raw.to_owned()) };
                }
                Some(_) => {}
            }
        }
    }

    /// A string over several lines, behind its first quotes.
    pub fn long_string(&mut self, quotes: char, next: bool) -> Read<String> {
        let start = self.at;
        loop {
            match self.next()? {
                None if quotes == '"' => return self.wrong("unexpected EOF; expected '\"\"\"'"),
                None => return self.wrong("unexpected EOF; expected \"'''\""),
                Some('\\') if quotes == '"' => {
                    let c = self.next()?;
                    if !c.is_some_and(is_line_end) {
                        self.back(c);
                        self.escape(start, next)?;
                    }
                }
                Some(c) if c == quotes && self.accept(quotes)? => {
                    if !self.accept(quotes)? {
                        self.back(Some(quotes));
                        continue;
                    }
                    let current = &self.text[start..self.at];
                    if self.peek()? != Some(quotes) {
                        let raw = without_first_line_end(&current[..current.len() - 3]);
                        return if quotes == '"' { self.unescaped(&joined(raw)) } else { Ok(raw.to_owned()) };
                    }
                    // One or two quotes may stand right before the last three.
                    match quotes {
                        '"' if current.ends_with("\"\"\"\"\"") && !current.ends_with("\\\"\"\"\"\"") => {
                            return self.wrong("unexpected '\"\"\"\"\"\"'");
                        }
                        '\'' if current.ends_with("'''''") => return self.wrong("unexpected \"''''''\""),
                        _ => {}
                    }
                    self.back(Some(quotes));
                    self.back(Some(quotes));
                }
                Some(_) => {}
            }
        }
    }

    /// Goes over an escape sequence, behind its backslash.
    fn escape(&mut self, start: usize, next: bool) -> Read<()> {
        let c = self.next()?;
        let (name, count) = match c {
            Some('b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\') => return Ok(()),
            Some('e') if next => return Ok(()),
            Some('x') if next => ("two", 2),
            Some('u') => ("four", 4),
            Some('U') => ("eight", 8),
            c => return self.wrong_at_end(format!("invalid escape in string '\\{}'", c.unwrap_or('\0'))),
        };
        for _ in 0..count {
            if !self.next()?.is_some_and(|c| c.is_ascii_hexdigit()) {
                let (current, letter) = (quote(&self.text[start..self.at]), c.unwrap_or('u'));
                return self.wrong(format!(
                    "expected {name} hexadecimal digits after '\\{letter}', but got {current} instead"
                ));
            }
        }
        Ok(())
    }

    /// What escape sequences, which have been looked at, stand for.
    fn unescaped(&self, raw: &str) -> Read<String> {
        let mut out = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            let escaped = chars.next();
            if let Some(c) = escaped.and_then(meant) {
                out.push(c);
                continue;
            }
            let count = match escaped {
                Some('x') => 2,
                Some('u') => 4,
                Some('U') => 8,
                other => return self.wrong_here(format!("invalid escape: '\\{}'", other.unwrap_or('\0'))),
            };
            let digits: String = chars.by_ref().take(count).collect();
            match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                Some(c) => out.push(c),
                None => return self.wrong_here(format!("Escaped character '\\u{digits}' is not valid UTF-8.")),
            }
        }
        Ok(out)
    }
}

/// What a letter behind a backslash stands for by itself.
fn meant(letter: char) -> Option<char> {
    Some(match letter {
        'b' => '\x08',
        't' => '\t',
        'n' => '\n',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        '"' | '\\' => letter,
        _ => return None,
    })
}

/// Whether each underscore stands between two digits; digits of all bases are taken for such.
fn underscores_fit(text: &str) -> bool {
    if matches!(text.trim_start_matches(['+', '-']), "nan" | "inf") {
        return true;
    }
    let mut after_digit = false;
    for c in text.chars() {
        if c == '_' && !after_digit {
            return false;
        }
        after_digit = c.is_ascii_hexdigit();
    }
    after_digit
}

fn leading_zero(text: &str) -> bool {
    let b = text.as_bytes();
    let based = matches!(b.get(1), Some(b'b' | b'o' | b'x'));
    (b.len() > 1 && b[0] == b'0' && !based) || (b.len() > 2 && matches!(b[0], b'-' | b'+') && b[1] == b'0')
}

/// Go reads dates that lack a leading zero; their separators then stand elsewhere than the layout's.
fn lacks_zero(text: &str, layout: &str) -> bool {
    let fixed = layout.bytes().take_while(|b| !matches!(b, b'.' | b'Z'));
    fixed.enumerate().any(|(i, b)| !b.is_ascii_digit() && text.as_bytes().get(i) != Some(&b))
}

fn without_first_line_end(text: &str) -> &str {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")).unwrap_or(text)
}

/// A long string without the line ends that a backslash takes back, and without what is blank behind them.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let behind = &rest[at + 1..];
        let next = behind.trim_start_matches([' ', '\t', '\r', '\n']);
        if behind[..behind.len() - next.len()].contains('\n') {
            out.push_str(&rest[..at]);
            rest = next;
        } else {
            let end = at + 1 + usize::from(behind.starts_with('\\'));
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}
