//! A place in a statement's tokens, and the shapes that names come in.

use std::ops::Range;

use super::lex::{Kind, Token};
use super::scan::{Change, Name, Object, Script, Verb};

/// A place in a statement's tokens.
pub(super) struct Cursor<'a> {
    pub text: &'a str,
    pub all: &'a [Token],
    pub at: usize,
    pub start: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.all.get(self.at)
    }

    pub fn next(&mut self) -> Option<&'a Token> {
        let token = self.all.get(self.at);
        self.at += usize::from(token.is_some());
        token
    }

    pub fn peek_is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(self.text, word))
    }

    pub fn skip(&mut self, word: &str) -> bool {
        let found = self.peek_is(word);
        self.at += usize::from(found);
        found
    }

    pub fn skip_sign(&mut self, sign: u8) -> bool {
        let found = self.peek().is_some_and(|token| token.is_sign(sign));
        self.at += usize::from(found);
        found
    }

    /// The kind of object that the next words name, and whether one was known.
    fn object(&mut self) -> Option<Object> {
        let word = self.next().filter(|token| token.kind == Kind::Word)?.text(self.text).to_ascii_lowercase();
        Some(match word.as_str() {
            "schema" => Object::Schema,
            "table" => Object::Table,
            "view" => Object::View,
            "materialized" => {
                self.skip("view");
                Object::View
            }
            "foreign" => {
                if self.skip("table") {
                    Object::Table
                } else {
                    self.skip("data");
                    self.skip("wrapper");
                    Object::Other
                }
            }
            "index" => Object::Index,
            "sequence" => Object::Sequence,
            "type" | "domain" => Object::Type,
            "function" | "procedure" | "aggregate" | "routine" | "proc" => Object::Function,
            "trigger" | "rule" | "policy" => Object::Trigger,
            "event" => {
                self.skip("trigger");
                Object::Other
            }
            "extension" => Object::Extension,
            "role" | "user" | "login" | "group" => Object::Role,
            "database" => Object::Database,
            "column" => Object::Table,
            _ => Object::Other,
        })
    }

    /// `TABLE IF NOT EXISTS a.b`, for whatever object stands there.
    pub fn named(&mut self, verb: Verb, script: &mut Script) {
        let Some(object) = self.object() else { return };
        let _ = self.skip("concurrently");
        self.existence();
        let _ = self.skip("only");
        match object {
            Object::Index if verb == Verb::Create => self.on_table(verb, object, script),
            Object::Trigger => self.on_table(verb, object, script),
            Object::Schema if self.peek_is("authorization") => {
                self.at += 1;
                self.push_name(verb, object, script);
            }
            Object::Role if self.skip("mapping") => self.push(verb, Object::Other, None, script),
            _ => self.push_name(verb, object, script),
        }
    }

    /// `DROP TABLE a, b`.
    pub fn named_list(&mut self, verb: Verb, script: &mut Script) {
        if self.skip("owned") {
            return self.push(verb, Object::Other, None, script);
        }
        self.named(verb, script);
        let Some(object) = script.changes.last().map(|last| last.object) else { return };
        if !matches!(object, Object::Function | Object::Trigger) {
            while self.skip_sign(b',') {
                self.push_name(verb, object, script);
            }
        }
    }

    fn existence(&mut self) {
        if self.skip("if") {
            let _ = self.skip("not");
            let _ = self.skip("exists");
        }
    }

    /// An index, trigger or policy belongs to the table after ON; for its own name without ON, that.
    fn on_table(&mut self, verb: Verb, object: Object, script: &mut Script) {
        let here = self.at;
        while let Some(token) = self.next() {
            if token.is_word(self.text, "on") {
                let _ = self.skip("only");
                return self.push_name(verb, object, script);
            }
        }
        self.at = here;
        self.push_name(verb, object, script);
    }

    /// `GRANT ... ON [TABLE] a.b TO c`, `GRANT role TO user`.
    pub fn granted(&mut self, script: &mut Script) {
        while let Some(token) = self.next() {
            if token.is_word(self.text, "to") || token.is_word(self.text, "from") {
                return self.push(Verb::Grant, Object::Role, None, script);
            }
            if !token.is_word(self.text, "on") {
                continue;
            }
            if self.skip("all") {
                let _ = self.next();
                let _ = self.skip("in");
                let _ = self.skip("schema");
                return self.push_name(Verb::Grant, Object::Schema, script);
            }
            let here = self.at;
            let object = self.object().filter(|&object| object != Object::Other);
            if object.is_none() || !self.peek().is_some_and(Token::is_name) || self.peek_is("to") {
                self.at = here;
                return self.push_name(Verb::Grant, Object::Table, script);
            }
            return self.push_name(Verb::Grant, object.unwrap_or(Object::Other), script);
        }
    }

    /// `INSERT INTO a`, `UPDATE a SET`, `DELETE FROM a`, `TRUNCATE a`, `COPY a FROM`, `MERGE INTO a`.
    pub fn written(&mut self, script: &mut Script) {
        let Some(verb) = self.next().map(|token| token.text(self.text).to_ascii_lowercase()) else { return };
        match verb.as_str() {
            "insert" | "replace" | "merge" => {
                while ["ignore", "low_priority", "delayed", "high_priority", "or", "replace", "overwrite"]
                    .iter()
                    .any(|word| self.skip(word))
                {}
                let _ = self.skip("into");
                let _ = self.skip("table");
            }
            "delete" => {
                let _ = self.skip("from");
                let _ = self.skip("only");
            }
            "update" => {
                let _ = self.skip("only") || self.skip("ignore") || self.skip("low_priority");
            }
            "truncate" => {
                let _ = self.skip("table");
                let _ = self.skip("only");
            }
            "copy" => {
                let reads_in = self.all[self.at..].iter().any(|token| token.is_word(self.text, "from"));
                if !reads_in || self.peek().is_some_and(|token| token.is_sign(b'(')) {
                    return;
                }
            }
            "load" => {
                while let Some(token) = self.next() {
                    if token.is_word(self.text, "into") {
                        break;
                    }
                }
                let _ = self.skip("table");
            }
            _ => return,
        }
        self.push_name(Verb::Write, Object::Table, script);
        while verb == "truncate" && self.skip_sign(b',') {
            self.push_name(Verb::Write, Object::Table, script);
        }
    }

    /// `WITH x AS (...) INSERT INTO ...`, and writing parts within the parentheses.
    pub fn written_in_with(&mut self, script: &mut Script) {
        for at in 1..self.all.len() {
            let token = &self.all[at];
            let opens = self.all[at - 1].is_sign(b'(') || self.all[at - 1].is_sign(b')');
            let writes = ["insert", "update", "delete", "merge"].iter().any(|word| token.is_word(self.text, word));
            if opens && writes {
                self.at = at;
                self.written(script);
            }
        }
    }

    /// `SELECT pg_catalog.set_config('search_path', 'x', false)`: what `pg_dump` writes.
    pub fn search_path_call(&mut self, path: &mut Option<String>) -> bool {
        let texts: Vec<&Token> = self.all.iter().filter(|token| token.kind == Kind::Text).collect();
        let called = self.all.iter().any(|token| token.is_word(self.text, "set_config"));
        if !called || texts.first().is_none_or(|token| token.text(self.text) != "'search_path'") {
            return false;
        }
        *path = texts.get(1).and_then(|token| plain_schema(token, self.text));
        true
    }

    /// Reads a dotted name and notes the change.
    pub fn push_name(&mut self, verb: Verb, object: Object, script: &mut Script) {
        self.existence();
        let Some(first) = self.peek().filter(|token| token.is_name()) else {
            return self.push(verb, object, None, script);
        };
        self.at += 1;
        let mut parts = vec![first];
        while self.peek().is_some_and(|token| token.is_sign(b'.')) {
            let Some(next) = self.all.get(self.at + 1).filter(|token| token.is_name()) else { break };
            parts.push(next);
            self.at += 2;
        }
        let span = first.span.start..parts.last().map_or(first.span.end, |last| last.span.end);
        let mut names = parts.iter().rev().map(|part| unquoted(part.text(self.text)));
        let name = Name { name: names.next().unwrap_or_default(), schema: names.next() };
        self.push(verb, object, Some((name, span)), script);
    }

    pub fn push(&mut self, verb: Verb, object: Object, named: Option<(Name, Range<usize>)>, script: &mut Script) {
        let (name, span) = named.unwrap_or_else(|| {
            let first = self.all.first().map_or(self.start..self.start, |token| token.span.clone());
            (Name { schema: None, name: String::new() }, first)
        });
        let change = Change { verb, object, name, span, statement: self.start, temporary: false, search_path: None };
        script.changes.push(change);
    }
}

/// Takes quotes off; a name without them is folded to lower case.
pub(super) fn unquoted(written: &str) -> String {
    let quoted = |open: char, close: char| written.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    quoted('"', '"')
        .map(|name| name.replace("\"\"", "\""))
        .or_else(|| quoted('`', '`').map(str::to_owned))
        .or_else(|| quoted('[', ']').map(str::to_owned))
        .unwrap_or_else(|| written.to_lowercase())
}

/// A schema that a search path begins with; variables and placeholders are none.
pub(super) fn plain_schema(token: &Token, text: &str) -> Option<String> {
    let written = token.text(text);
    match token.kind {
        Kind::Text => written.trim_matches('\'').split(',').next().map(|name| unquoted(name.trim())),
        Kind::Quoted => Some(unquoted(written)),
        Kind::Word if !written.contains('$') && !written.eq_ignore_ascii_case("default") => Some(unquoted(written)),
        _ => None,
    }
    .filter(|name| !name.is_empty() && name != "$user")
}
