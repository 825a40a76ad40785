//! TOML read into values: tables, arrays of tables, dotted keys, all kinds of strings and numbers.
//!
//! Dates are kept as text. Errors name the line; their words are ours.

use std::sync::Arc;

use crate::budget::Exceeded;
use crate::gotmpl::collection::{Field, List, ListType, Map};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::number;
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::quote::quote;
use crate::gotmpl::value::{Data, Value};

/// How deep arrays and inline tables may nest.
const DEEPEST: u32 = 200;

/// Reads a document; the inner error is what TOML says.
pub(super) fn read(context: &Context<'_>, text: &str, origin: OriginId) -> Result<Result<Value, String>, Failure> {
    let mut reader = Reader { context, text, at: 0, depth: 0, origin };
    match reader.document() {
        Ok(root) => Ok(Ok(Value::new(Data::Map(root)).from_origin(origin))),
        Err(Stop::Syntax(problem)) => {
            let line = 1 + text[..reader.at.min(text.len())].bytes().filter(|&b| b == b'\n').count();
            Ok(Err(format!("toml: line {line}: {problem}")))
        }
        Err(Stop::Exceeded(exceeded)) => Err(exceeded.into()),
    }
}

enum Stop {
    Syntax(String),
    Exceeded(Exceeded),
}

impl From<Exceeded> for Stop {
    fn from(exceeded: Exceeded) -> Self {
        Stop::Exceeded(exceeded)
    }
}

type Read<T> = Result<T, Stop>;

fn wrong<T>(problem: impl Into<String>) -> Read<T> {
    Err(Stop::Syntax(problem.into()))
}

struct Reader<'c, 'r> {
    context: &'c Context<'r>,
    text: &'c str,
    at: usize,
    depth: u32,
    origin: OriginId,
}

impl Reader<'_, '_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    /// Blanks, line ends and comments.
    fn space(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n' | '\r') => self.at += 1,
                Some('#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    fn line_end(&mut self) -> Read<()> {
        self.blanks();
        match self.peek() {
            None | Some('\n' | '\r' | '#') => Ok(()),
            Some(c) => wrong(format!("expected a newline, but got {}", quote(&c.to_string()))),
        }
    }

    fn document(&mut self) -> Read<Map> {
        let root = Map::from_iter([]);
        let mut table = root.clone();
        loop {
            self.space();
            self.context.budget.steps(1)?;
            if self.peek().is_none() {
                return Ok(root);
            }
            if self.eat("[[") {
                let path = self.path("]]")?;
                table = self.append(&root, &path)?;
                self.line_end()?;
            } else if self.eat("[") {
                let path = self.path("]")?;
                table = self.descend(&root, &path)?;
                self.line_end()?;
            } else {
                self.pair(&table)?;
                self.line_end()?;
            }
        }
    }

    fn path(&mut self, close: &str) -> Read<Vec<Arc<str>>> {
        let path = self.keys()?;
        if !self.eat(close) {
            return wrong("expected end of table name delimiter ']'");
        }
        Ok(path)
    }

    fn keys(&mut self) -> Read<Vec<Arc<str>>> {
        let mut keys = Vec::new();
        loop {
            self.blanks();
            let key = match self.peek() {
                Some('"' | '\'') => self.string()?,
                _ => {
                    let end = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
                    let key = self.rest()[..end.unwrap_or(self.rest().len())].to_owned();
                    if key.is_empty() {
                        return wrong("unexpected character where a key should be");
                    }
                    self.at += key.len();
                    key
                }
            };
            keys.push(Arc::from(key));
            self.blanks();
            if keys.len() as u32 > DEEPEST {
                return Err(Exceeded::Depth(DEEPEST).into());
            }
            if !self.eat(".") {
                return Ok(keys);
            }
        }
    }

    fn table_at(&mut self, map: &Map, key: &Arc<str>) -> Read<Map> {
        match map.get(key).map(|value| value.data) {
            Some(Data::Map(inner)) => Ok(inner),
            Some(Data::List(list)) => match list.items().last().map(|value| &value.data) {
                Some(Data::Map(inner)) => Ok(inner.clone()),
                _ => wrong(format!("key {} is already defined", quote(key))),
            },
            Some(_) => wrong(format!("key {} is already defined", quote(key))),
            None => {
                self.context.budget.items(1)?;
                let inner = Map::from_iter([]);
                self.set(map, key, Data::Map(inner.clone()));
                Ok(inner)
            }
        }
    }

    fn descend(&mut self, map: &Map, path: &[Arc<str>]) -> Read<Map> {
        let mut table = map.clone();
        for key in path {
            table = self.table_at(&table, key)?;
        }
        Ok(table)
    }

    fn append(&mut self, root: &Map, path: &[Arc<str>]) -> Read<Map> {
        let Some((last, before)) = path.split_last() else { return wrong("empty key") };
        let table = self.descend(root, before)?;
        let mut items = match table.get(last).map(|value| value.data) {
            Some(Data::List(list)) => list.items().to_vec(),
            None => Vec::new(),
            Some(_) => return wrong(format!("key {} is already defined", quote(last))),
        };
        self.context.budget.items(1 + items.len() as u64)?;
        let inner = Map::from_iter([]);
        items.push(Value::new(Data::Map(inner.clone())).from_origin(self.origin));
        let list = List::new(items, ListType::Named("[]map[string]interface {}"));
        self.set(&table, last, Data::List(list));
        Ok(inner)
    }

    fn set(&self, map: &Map, key: &Arc<str>, data: Data) {
        let value = Value::new(data).from_origin(self.origin);
        map.change(|fields| fields.insert(Arc::clone(key), Field { key_origin: self.origin, value }));
    }

    fn pair(&mut self, table: &Map) -> Read<()> {
        let path = self.keys()?;
        if !self.eat("=") {
            return match self.peek() {
                None => wrong("unexpected EOF; expected key separator '='"),
                Some(c) => {
                    let shown = crate::gotmpl::quote::quote_bytes(c.encode_utf8(&mut [0; 4]).as_bytes(), '\'', false);
                    wrong(format!("expected '.' or '=', but got {shown} instead"))
                }
            };
        }
        self.blanks();
        let value = self.value()?;
        let Some((last, before)) = path.split_last() else { return wrong("empty key") };
        let table = self.descend(table, before)?;
        if table.has(last) {
            return wrong(format!("key {} has already been defined", quote(last)));
        }
        self.set(&table, last, value);
        Ok(())
    }

    fn value(&mut self) -> Read<Data> {
        self.context.budget.items(1)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Exceeded::Depth(DEEPEST).into());
        }
        let data = match self.peek() {
            Some('"' | '\'') => Data::Str(self.string()?.into()),
            Some('[') => self.array()?,
            Some('{') => self.inline_table()?,
            Some(_) => self.word()?,
            None => return wrong("unexpected end of the document"),
        };
        self.depth -= 1;
        Ok(data)
    }

    fn array(&mut self) -> Read<Data> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.eat("]") {
                return Ok(Data::List(List::new(items, ListType::Any)));
            }
            items.push(Value::new(self.value()?).from_origin(self.origin));
            self.space();
            if !self.eat(",") && self.peek() != Some(']') {
                return wrong("expected a comma or an array terminator ']'");
            }
        }
    }

    fn inline_table(&mut self) -> Read<Data> {
        self.at += 1;
        let map = Map::from_iter([]);
        self.blanks();
        if self.eat("}") {
            return Ok(Data::Map(map));
        }
        loop {
            self.pair(&map)?;
            self.blanks();
            if self.eat("}") {
                return Ok(Data::Map(map));
            }
            if !self.eat(",") {
                return wrong("expected a comma or an inline table terminator '}'");
            }
        }
    }

    fn word(&mut self) -> Read<Data> {
        let end = self.rest().find([',', ']', '}', '#', '\n', '\r']).unwrap_or(self.rest().len());
        let word = self.rest()[..end].trim_end().to_owned();
        self.at += word.len();
        let plain = word.replace('_', "");
        let int = |digits: &str, base| number::parse_int(digits, base);
        let number = match plain.get(..2) {
            Some("0x") => int(&plain[2..], 16),
            Some("0o") => int(&plain[2..], 8),
            Some("0b") => int(&plain[2..], 2),
            _ => int(&plain, 10),
        };
        match (word.as_str(), number) {
            ("true", _) => Ok(Data::Bool(true)),
            ("false", _) => Ok(Data::Bool(false)),
            (_, Some(n)) => Ok(Data::Int(n, crate::gotmpl::IntType::Int64)),
            _ => match number::parse_float(&plain) {
                Some(f) => Ok(Data::Float(f)),
                None if word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['-', ':']) => {
                    Ok(Data::Str(word.into()))
                }
                None => wrong(format!("expected value but found {} instead", quote(&word))),
            },
        }
    }

    fn string(&mut self) -> Read<String> {
        let rest = self.rest();
        if let Some(quotes) = ["\"\"\"", "'''"].into_iter().find(|quotes| rest.starts_with(quotes)) {
            self.at += 3;
            // A line end right after the quotes does not count.
            if !self.eat("\r\n") {
                self.eat("\n");
            }
            let Some(end) = self.closing(quotes) else { return wrong("unterminated multi-line string") };
            let raw = self.text[self.at..end].to_owned();
            self.at = end + 3;
            return if quotes == "'''" { Ok(raw) } else { self.unescape(&raw) };
        }
        let quotes = if rest.starts_with('"') { "\"" } else { "'" };
        self.at += 1;
        let end = self.closing(quotes).filter(|end| !self.text[self.at..*end].contains('\n'));
        let Some(end) = end else { return wrong("strings cannot contain newlines") };
        let raw = self.text[self.at..end].to_owned();
        self.at = end + 1;
        if quotes == "'" { Ok(raw) } else { self.unescape(&raw) }
    }

    /// Where the string ends; quotes that stand before the closing ones belong to it.
    fn closing(&self, quotes: &str) -> Option<usize> {
        let mut at = self.at;
        loop {
            let rest = self.text.get(at..)?;
            if rest.starts_with('\\') && quotes.starts_with('"') {
                at += 1 + rest[1..].chars().next()?.len_utf8();
                continue;
            }
            if rest.starts_with(quotes) {
                let more = rest.bytes().skip(quotes.len()).take_while(|&b| b == quotes.as_bytes()[0]).count();
                return Some(at + if quotes.len() == 3 { more.min(2) } else { 0 });
            }
            at += rest.chars().next()?.len_utf8();
        }
    }

    fn unescape(&self, raw: &str) -> Read<String> {
        let mut out = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('b') => out.push('\x08'),
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some('f') => out.push('\x0c'),
                Some('r') => out.push('\r'),
                Some('e') => out.push('\x1b'),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some(c @ ('u' | 'U')) => {
                    let digits: String = chars.by_ref().take(if c == 'u' { 4 } else { 8 }).collect();
                    match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                        Some(c) => out.push(c),
                        None => return wrong(format!("invalid unicode escape {}", quote(&digits))),
                    }
                }
                // A line end with all that is blank after it.
                Some(c) if c.is_whitespace() => {
                    let rest = chars.as_str().trim_start();
                    chars = rest.chars();
                }
                other => {
                    let shown: String = other.into_iter().collect();
                    return wrong(format!("invalid escape character {}", quote(&shown)));
                }
            }
        }
        Ok(out)
    }
}
