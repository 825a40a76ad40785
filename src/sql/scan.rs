//! What a script creates, changes and writes, told from its statements' first words.
//!
//! This is no parser: it never refuses a script and never guesses at what a dynamic statement does. Bodies of functions
//! are not looked into; `DO` blocks are, because they run at once.

use std::ops::Range;

use super::cursor::{Cursor, plain_schema, unquoted};
use super::lex::{Kind, Token, tokens};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Something new.
    Create,
    /// A change of what is there; comments and renames too.
    Alter,
    /// Something is dropped.
    Drop,
    /// Rights are given or taken.
    Grant,
    /// Rows are written, changed, deleted, copied in or truncated.
    Write,
}

/// What it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A schema.
    Schema,
    /// A table (rows are a table's too).
    Table,
    /// A view, materialised or not.
    View,
    /// An index.
    Index,
    /// A sequence.
    Sequence,
    /// A type or a domain.
    Type,
    /// A function, procedure or aggregate.
    Function,
    /// A trigger, rule or policy of a table; the name is the table's.
    Trigger,
    /// An extension.
    Extension,
    /// A role or user.
    Role,
    /// A database.
    Database,
    /// Anything else.
    Other,
}

/// A name as written, quotes taken off; unquoted parts in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema (or database, where the dialect has none) before the last dot.
    pub schema: Option<String>,
    /// The last part.
    pub name: String,
}

/// One thing that a script does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is done.
    pub verb: Verb,
    /// What it is done to.
    pub object: Object,
    /// Its name; empty where the statement has none that can be read.
    pub name: Name,
    /// Where the name stands, schema included.
    pub span: Range<usize>,
    /// Where the statement begins.
    pub statement: usize,
    /// Whether it lasts for the session only.
    pub temporary: bool,
    /// The schema that an unqualified name falls into by a `SET search_path` before it, if it is a plain one.
    pub search_path: Option<String>,
}

impl Change {
    /// The schema the change falls into, as far as the script says.
    pub fn schema(&self) -> Option<&str> {
        if self.object == Object::Schema {
            return Some(&self.name.name);
        }
        self.name.schema.as_deref().or(self.search_path.as_deref())
    }
}

/// What a script does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The changes in their order.
    pub changes: Vec<Change>,
    /// Literal passwords, quotes included: ranges only.
    pub passwords: Vec<Range<usize>>,
    /// Statements that are put together when they run (`EXECUTE`).
    pub dynamic: Vec<Range<usize>>,
    /// Files that the client reads in (`\i file`): where their names stand.
    pub includes: Vec<Range<usize>>,
    /// Databases that the client changes to (`\connect name`, `USE name`): where their names stand.
    pub connects: Vec<Range<usize>>,
}

impl Script {
    /// Whether the script makes, alters or drops something in a schema. Databases, roles, extensions and grants are the
    /// ground on which a migration stands, and rows are what it is for.
    pub fn changes_schema(&self) -> bool {
        let in_schema = |it: &Change| {
            let ground = matches!(it.object, Object::Role | Object::Database | Object::Extension);
            !matches!(it.verb, Verb::Write | Verb::Grant) && !ground && !it.temporary
        };
        self.changes.iter().any(in_schema) || !self.dynamic.is_empty()
    }

    /// Whether the script writes rows of lasting tables.
    pub fn writes_rows(&self) -> bool {
        self.changes.iter().any(|it| it.verb == Verb::Write)
    }

    /// Whether it does more than look.
    pub fn does_anything(&self) -> bool {
        !self.changes.is_empty() || !self.dynamic.is_empty() || !self.includes.is_empty()
    }
}

/// How deep `DO` blocks may stand in one another.
const DEPTH: usize = 4;

/// Reads a script. Ranges are of `text`.
pub fn scan(text: &str) -> Script {
    let mut script = Script::default();
    block(text, 0..text.len(), DEPTH, &mut script);
    script
}

fn block(text: &str, range: Range<usize>, depth: usize, script: &mut Script) {
    let all = tokens(text, range);
    let mut path = None;
    let mut start = 0;
    for at in 0..all.len() {
        let token = &all[at];
        let ends = token.is_sign(b';') || token.kind == Kind::Client || is_batch_end(&all, at, text);
        let opens = !ends && depth < DEPTH && opens_body(token, text);
        if ends || opens {
            statement(text, &all[start..at], depth, &mut path, script);
            if token.kind == Kind::Client {
                client(text, token, script);
            }
            start = at + 1;
        }
    }
    statement(text, &all[start..], depth, &mut path, script);
}

/// SQL Server's `GO` on a line of its own.
fn is_batch_end(all: &[Token], at: usize, text: &str) -> bool {
    let alone = |from: usize, to: usize| text.get(from..to).is_none_or(|gap| gap.contains('\n'));
    all[at].is_word(text, "go")
        && alone(at.checked_sub(1).map_or(usize::MAX, |before| all[before].span.end), all[at].span.start)
        && all.get(at + 1).is_none_or(|next| alone(all[at].span.end, next.span.start))
}

/// In a block's body statements also begin after these words.
fn opens_body(token: &Token, text: &str) -> bool {
    ["begin", "then", "else", "loop", "declare"].iter().any(|word| token.is_word(text, word))
}

fn client(text: &str, token: &Token, script: &mut Script) {
    let line = token.text(text);
    let mut words = line.split_ascii_whitespace();
    let command = words.next().unwrap_or("");
    let Some(word) = words.next() else { return };
    let from = token.span.start + (word.as_ptr() as usize - line.as_ptr() as usize);
    let span = from..from + word.len();
    match command {
        "\\i" | "\\ir" | "\\include" | "\\include_relative" => script.includes.push(span),
        "\\c" | "\\connect" => script.connects.push(span),
        _ => {}
    }
}

/// Reads one statement.
fn statement(text: &str, all: &[Token], depth: usize, path: &mut Option<String>, script: &mut Script) {
    let Some(first) = all.first() else { return };
    let mut cursor = Cursor { text, all, at: 0, start: first.span.start };
    if first.kind != Kind::Word {
        return;
    }
    let word = first.text(text).to_ascii_lowercase();
    cursor.at = 1;
    let before = script.changes.len();
    match word.as_str() {
        "create" => create(&mut cursor, script),
        "alter" => alter(&mut cursor, script),
        "drop" => cursor.named_list(Verb::Drop, script),
        "comment" if cursor.skip("on") => cursor.named(Verb::Alter, script),
        "grant" | "revoke" => cursor.granted(script),
        "reassign" | "security" => cursor.push(Verb::Alter, Object::Other, None, script),
        "rename" if cursor.skip("table") => cursor.push_name(Verb::Alter, Object::Table, script),
        "insert" | "replace" | "delete" | "update" | "truncate" | "copy" | "merge" | "load" => {
            cursor.at = 0;
            cursor.written(script);
        }
        "with" => cursor.written_in_with(script),
        "set" | "use" => setting(&mut cursor, &word, path, script),
        "select" if cursor.search_path_call(path) => {}
        "exec" | "execute" => script.dynamic.push(cursor.start..all.last().map_or(cursor.start, |last| last.span.end)),
        "do" if depth > 0 => {
            if let Some(body) = all.iter().find(|token| token.kind == Kind::Dollar) {
                let inner = inside_dollars(text, &body.span);
                block(text, inner, depth - 1, script);
            }
        }
        _ => {}
    }
    for change in &mut script.changes[before..] {
        if change.search_path.is_none() && change.name.schema.is_none() {
            change.search_path.clone_from(path);
        }
    }
    passwords(text, all, &word, script);
}

fn inside_dollars(text: &str, span: &Range<usize>) -> Range<usize> {
    let body = &text[span.clone()];
    let tag = body[1..].find('$').map_or(0, |n| n + 2);
    let end = if body.len() >= 2 * tag { span.end - tag } else { span.end };
    span.start + tag..end.max(span.start + tag)
}

fn create(cursor: &mut Cursor<'_>, script: &mut Script) {
    let mut temporary = false;
    let fillers = [
        "or",
        "replace",
        "recursive",
        "constraint",
        "unique",
        "unlogged",
        "external",
        "clustered",
        "nonclustered",
        "global",
        "local",
        "default",
    ];
    loop {
        let told = cursor.skip("temp") || cursor.skip("temporary");
        temporary |= told;
        if !told && !fillers.iter().any(|word| cursor.skip(word)) {
            break;
        }
    }
    let before = script.changes.len();
    cursor.named(Verb::Create, script);
    for change in &mut script.changes[before..] {
        change.temporary = temporary;
    }
}

fn alter(cursor: &mut Cursor<'_>, script: &mut Script) {
    if cursor.peek_is("default") {
        // Default privileges: who may what, later.
        return cursor.push(Verb::Grant, Object::Other, None, script);
    }
    if cursor.peek_is("system") {
        return cursor.push(Verb::Alter, Object::Database, None, script);
    }
    cursor.named(Verb::Alter, script);
}

/// `SET search_path TO x`, `SET SCHEMA 'x'`, `USE x`.
fn setting(cursor: &mut Cursor<'_>, word: &str, path: &mut Option<String>, script: &mut Script) {
    if word == "use" {
        if let Some(token) = cursor.next()
            && token.is_name()
        {
            *path = Some(unquoted(token.text(cursor.text)));
            script.connects.push(token.span.clone());
        }
        return;
    }
    let _ = cursor.skip("local") || cursor.skip("session");
    let single = cursor.skip("schema");
    if !single && !cursor.skip("search_path") {
        return;
    }
    if !single && !cursor.skip("to") && !cursor.skip_sign(b'=') {
        return;
    }
    *path = cursor.next().and_then(|token| plain_schema(token, cursor.text));
}

/// Ranges of literal passwords: after PASSWORD, IDENTIFIED BY, and in connection strings.
fn passwords(text: &str, all: &[Token], word: &str, script: &mut Script) {
    if !matches!(word, "create" | "alter" | "set" | "grant") {
        return;
    }
    for pair in all.windows(2) {
        let literal = matches!(pair[1].kind, Kind::Text | Kind::Dollar) && pair[1].span.len() > 2;
        if !literal || pair[1].text(text).contains("${") || pair[1].text(text).starts_with("'{{") {
            continue;
        }
        let told = pair[0].is_word(text, "password") || pair[0].is_word(text, "by");
        if told || (pair[0].is_sign(b'=') && told_before(text, all, &pair[0])) {
            script.passwords.push(pair[1].span.clone());
        }
    }
}

/// `PASSWORD = '...'` of SQL Server.
fn told_before(text: &str, all: &[Token], sign: &Token) -> bool {
    let at = all.partition_point(|token| token.span.start < sign.span.start);
    at.checked_sub(1).is_some_and(|before| all[before].is_word(text, "password"))
}
