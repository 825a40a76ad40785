//! The grammar of `--set` and its kin: `a.b[0].c=x,d={1,2}` (`helm pkg/strvals/parser.go`, `literal_parser.go`).

use std::rc::Rc;
use std::sync::Arc;

use super::tree::{Table, Tree};
use super::version::HelmVersion;
use crate::yaml::{Entry, Meaning, Node, Origin};

/// The highest index of a list.
const MOST_ITEMS: usize = 65536;
/// Names in names.
const MOST_LEVELS: usize = 30;

/// Gives the text of a file, or why it cannot be read.
pub(super) type Reader<'r> = dyn Fn(&str) -> Result<Arc<str>, String> + 'r;

/// How a value is read.
#[derive(Clone, Copy)]
pub(super) enum Typed<'r> {
    /// Booleans, nulls and whole numbers are told from text.
    Guessed,
    /// All is text.
    Text,
    /// JSON.
    Json,
    /// It names a file, whose text is meant.
    File(&'r Reader<'r>),
    /// All that follows the first `=` is one text, and a backslash is nothing special.
    Literal,
}

/// Reads `name=value,...` into a table.
///
/// # Errors
/// Helm's text.
pub(super) fn parse_into(
    table: &Table,
    text: &str,
    typed: Typed<'_>,
    helm: HelmVersion,
    origin: &Origin,
) -> Result<(), String> {
    let mut parser = Parser { rest: text, typed, helm, origin };
    loop {
        match parser.key(table, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(message)) => return Err(message),
        }
    }
}

/// Why reading stops.
enum Stop {
    /// Go's `io.EOF`: there is no more.
    End,
    Error(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Stop::Error(message)
    }
}

struct Parser<'p> {
    rest: &'p str,
    typed: Typed<'p>,
    helm: HelmVersion,
    origin: &'p Origin,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Text up to one of the stops; the stop, or nothing at the end.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && !self.literal() {
                match self.next() {
                    Some(next) => text.push(next),
                    None => break,
                }
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    fn literal(&self) -> bool {
        matches!(self.typed, Typed::Literal)
    }

    fn key(&mut self, data: &Table, level: usize) -> Result<(), Stop> {
        let stops: &[char] = if self.literal() { &['=', '[', '.'] } else { &['=', '[', '.', ','] };
        let (name, stop) = self.until(stops);
        match stop {
            None if name.is_empty() => Err(Stop::End),
            None => Err(format!("key {name:?} has no value").into()),
            Some('[') => {
                let index = self.index()?;
                let mut list = match data.get(&name) {
                    None => Vec::new(),
                    Some(tree) => as_list(&tree).ok_or_else(|| panicked(&tree, "[]interface {}"))?,
                };
                let done = self.item(&mut list, index, level);
                self.set(data, &name, Tree::List(Rc::new(list), self.origin.clone()));
                done
            }
            Some('=') => self.assign(data, &name),
            Some(',') => {
                self.set(data, &name, self.text(""));
                Err(format!("key {name:?} has no value (cannot end with ,)").into())
            }
            Some(_) => {
                let level = level + 1;
                if level > MOST_LEVELS {
                    let message = "value name nested level is greater than maximum supported nested level of";
                    return Err(format!("{message} {MOST_LEVELS}").into());
                }
                let inner = match data.get(&name) {
                    None => Table::new(self.origin.clone()),
                    Some(Tree::Table(table)) => table,
                    Some(tree) => return Err(panicked(&tree, "map[string]interface {}")),
                };
                let done = self.key(&inner, level);
                if done.is_ok() && inner.is_empty() {
                    return Err(format!("key map {name:?} has no value").into());
                }
                if !inner.is_empty() {
                    self.set(data, &name, Tree::Table(inner));
                }
                done
            }
        }
    }

    fn assign(&mut self, data: &Table, name: &str) -> Result<(), Stop> {
        match self.value() {
            Ok(value) => {
                self.set(data, name, value);
                Ok(())
            }
            Err(Stop::End) => {
                self.set(data, name, self.text(""));
                Err(Stop::End)
            }
            Err(error) => Err(error),
        }
    }

    /// What stands behind a `=`.
    fn value(&mut self) -> Result<Tree, Stop> {
        if let Typed::Json = self.typed {
            return self.json();
        }
        if self.literal() {
            let text = std::mem::take(&mut self.rest);
            return Ok(self.text(text));
        }
        if let Some(list) = self.list()? {
            return Ok(list);
        }
        let (text, _) = self.until(&[',']);
        self.read(&text)
    }

    fn set(&self, data: &Table, name: &str, value: Tree) {
        if !name.is_empty() {
            data.set(name.into(), super::tree::Slot { key_origin: self.origin.clone(), value });
        }
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            // Helm 4 wraps the end of text in an error that still counts as the end of text.
            return Err(match self.helm {
                HelmVersion::V3 => Stop::Error("error parsing index: EOF".to_owned()),
                HelmVersion::V4 => Stop::End,
            });
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let well_formed = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        text.parse().map_err(|_| {
            let reason = if well_formed { "value out of range" } else { "invalid syntax" };
            Stop::Error(format!("error parsing index: strconv.Atoi: parsing {text:?}: {reason}"))
        })
    }

    fn item(&mut self, list: &mut Vec<Tree>, index: i64, level: usize) -> Result<(), Stop> {
        let Ok(index) = usize::try_from(index) else {
            return Err(format!("negative {index} index not allowed").into());
        };
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(format!("unexpected data at end of array index: {}", runes(&text)).into());
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => match self.value() {
                Ok(value) => self.set_item(list, index, value),
                Err(Stop::End) => self.set_item(list, index, self.text("")),
                Err(error) => Err(error),
            },
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get(index) {
                    Some(tree) if !tree.is_nil() => as_list(tree).ok_or_else(|| panicked(tree, "[]interface {}"))?,
                    _ => Vec::new(),
                };
                self.item(&mut inner, next, level)?;
                self.set_item(list, index, Tree::List(Rc::new(inner), self.origin.clone()))
            }
            Some(_) => {
                let inner = match list.get(index) {
                    Some(Tree::Table(table)) => table.clone(),
                    _ => Table::new(self.origin.clone()),
                };
                if let Some(place) = list.get_mut(index) {
                    *place = Tree::Table(inner.clone());
                }
                self.key(&inner, level)?;
                self.set_item(list, index, Tree::Table(inner))
            }
        }
    }

    fn set_item(&self, list: &mut Vec<Tree>, index: usize, value: Tree) -> Result<(), Stop> {
        if index > MOST_ITEMS {
            return Err(format!("index of {index} is greater than maximum supported index of {MOST_ITEMS}").into());
        }
        if list.len() <= index {
            list.resize(index + 1, self.null());
        }
        list[index] = value;
        Ok(())
    }

    /// `{a,b}`; nothing where there is no brace.
    fn list(&mut self) -> Result<Option<Tree>, Stop> {
        match self.rest.chars().next() {
            None => return Err(Stop::End),
            Some('{') => self.rest = &self.rest[1..],
            Some(_) => return Ok(None),
        }
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            match stop {
                None => return Err("list must terminate with '}'".to_owned().into()),
                Some(',') => items.push(self.read(&text)?),
                Some(_) => {
                    items.push(self.read(&text)?);
                    self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                    return Ok(Some(Tree::List(Rc::new(items), self.origin.clone())));
                }
            }
        }
    }

    /// A JSON value, and the blanks and the comma behind it; nothing at all is null.
    fn json(&mut self) -> Result<Tree, Stop> {
        if self.empty_value() {
            return Ok(self.null());
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(error.to_string().into()),
            None => return Err(Stop::End),
        };
        self.rest = &self.rest[values.byte_offset()..];
        self.empty_value();
        Ok(Tree::from_node(&json_node(&value, self.origin)))
    }

    /// Takes blanks, and a comma; whether there was no value before it.
    fn empty_value(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(',') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => self.rest.is_empty(),
        }
    }

    fn text(&self, text: &str) -> Tree {
        Tree::Leaf(Node::string(text, self.origin.clone()))
    }

    fn null(&self) -> Tree {
        Tree::Leaf(Node::plain("null", self.origin.clone()))
    }

    fn read(&self, text: &str) -> Result<Tree, Stop> {
        Ok(match self.typed {
            Typed::File(reader) => Tree::Leaf(Node::string(reader(text)?, self.origin.clone())),
            Typed::Text | Typed::Json | Typed::Literal => self.text(text),
            Typed::Guessed => self.guess(text),
        })
    }

    fn guess(&self, text: &str) -> Tree {
        for word in ["true", "false", "null"] {
            if text.eq_ignore_ascii_case(word) {
                return Tree::Leaf(Node::plain(word, self.origin.clone()));
            }
        }
        let number = text.parse::<i64>().ok().filter(|_| text == "0" || !text.starts_with('0'));
        match number {
            Some(n) => Tree::Int(n, self.origin.clone()),
            None => self.text(text),
        }
    }
}

/// Go's `%q` of a `[]rune`.
fn runes(text: &str) -> String {
    let each: Vec<String> = text.chars().map(|c| format!("{c:?}")).collect();
    format!("[{}]", each.join(" "))
}

fn as_list(tree: &Tree) -> Option<Vec<Tree>> {
    match tree {
        Tree::List(items, _) => Some(items.to_vec()),
        Tree::Leaf(node) => Some(node.as_seq()?.iter().map(Tree::from_node).collect()),
        _ => None,
    }
}

/// What Go says when a value is not of the type that the text takes it for.
fn panicked(tree: &Tree, wanted: &str) -> Stop {
    let is = match tree {
        Tree::Table(_) => "map[string]interface {}",
        Tree::List(..) => "[]interface {}",
        Tree::Int(..) => "int64",
        Tree::Leaf(node) => match node.meaning() {
            None => "[]interface {}",
            Some(Meaning::Null) => "nil",
            Some(Meaning::Bool(_)) => "bool",
            Some(Meaning::Int(_) | Meaning::Uint(_) | Meaning::Float(_)) => "float64",
            Some(Meaning::Str(_)) => "string",
        },
    };
    Stop::Error(format!("unable to parse key: interface conversion: interface {{}} is {is}, not {wanted}"))
}

/// A JSON value as a tree of one origin. Its nesting is bounded by the reader's.
pub(super) fn json_node(value: &serde_json::Value, origin: &Origin) -> Node {
    let at = || origin.clone();
    match value {
        serde_json::Value::Null => Node::plain("null", at()),
        serde_json::Value::Bool(b) => Node::plain(b.to_string(), at()),
        serde_json::Value::Number(n) => Node::plain(n.to_string(), at()),
        serde_json::Value::String(text) => Node::string(text.as_str(), at()),
        serde_json::Value::Array(items) => Node::seq(items.iter().map(|i| json_node(i, origin)).collect(), at()),
        serde_json::Value::Object(fields) => {
            let entries = fields.iter().map(|(key, value)| Entry {
                key: key.as_str().into(),
                key_origin: at(),
                value: json_node(value, origin),
            });
            Node::map(entries.collect(), at())
        }
    }
}

#[cfg(test)]
mod tests;
