//! Why Go's YAML libraries refuse a text, in their words: those of libyaml, which they are ports of, behind the line that
//! go-yaml names (`yaml.go` and `decode.go`: `fail`).
//!
//! Only asked once a text was refused.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Error, ErrorKind, Event, EventData, Parser};

use super::node::{Scalar, Style};
use super::parse::{Problem, UNKNOWN_ESCAPE};
use super::scalar::{Dialect, Meaning};

/// Bytes of a text that is read once more for its words.
const LONGEST: usize = 1 << 20;
/// What reading such a text may cost: libyaml looks at all collections that are open for each token.
const MOST_LOOKS: usize = 10_000_000;
/// Times that a text is read otherwise than the port reads it.
const MOST_EDITS: usize = 16;

/// What Go's words show of the text itself: the name of an anchor, a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// What Go shows.
    All,
    /// Nothing: the text may hold a credential.
    Nothing,
}

/// What yaml.v2 says of the first document of a text that was refused for a problem: `yaml: line 2: did not find expected key`.
pub fn refusal(text: &str, problem: &Problem, quoting: Quoting) -> String {
    if problem.message == UNKNOWN_ESCAPE {
        // The port knows one more than Go does.
        let before = text.get(..problem.span.start as usize).unwrap_or(text);
        return match before.matches('\n').count() {
            0 => format!("yaml: {UNKNOWN_ESCAPE}"),
            line => format!("yaml: line {}: {UNKNOWN_ESCAPE}", line + 1),
        };
    }
    match refusal_words(text, Dialect::V2, quoting) {
        Some(words) => format!("yaml: {words}"),
        None if problem.message.starts_with("json: ") => problem.message.clone(),
        None => format!("yaml: {}", problem.message),
    }
}

/// What is wrong with the first document of a text, and on which line, in the words of a dialect's library; nothing where that
/// is not known.
pub(crate) fn refusal_words(text: &str, dialect: Dialect, quoting: Quoting) -> Option<String> {
    ask(text, |text| {
        let mut text = Cow::Borrowed(text);
        let mut before: Option<Error> = None;
        for _ in 0..MOST_EDITS {
            let error = match words(&text, quoting) {
                Ok(words) => return words,
                Err(error) => error,
            };
            // Where a value may stand Go takes the collection for one, and comes back to the key that it had to be.
            if error.problem() == "did not find expected node content"
                && let Some(before) = &before
            {
                return Some(of(before, dialect));
            }
            match as_go_reads(&error, &text) {
                Some(edited) => text = Cow::Owned(edited),
                None => return Some(of(&error, dialect)),
            }
            before = Some(error);
        }
        None
    })
}

/// What keeps libyaml from reading the first document of a text and the token behind it: where it gave up, and its words.
pub(crate) fn unreadable(text: &str, dialect: Dialect) -> Option<(usize, String)> {
    ask(text, |text| {
        // The port gives up on some texts without a last line end.
        let mut text: Cow<'_, str> = if text.ends_with('\n') { text.into() } else { format!("{text}\n").into() };
        for _ in 0..MOST_EDITS {
            let Err(error) = end_of(&text) else { return None };
            match as_go_reads(&error, &text) {
                Some(edited) => text = Cow::Owned(edited),
                None => {
                    let at = error.problem_mark().and_then(|mark| usize::try_from(mark.index).ok()).unwrap_or(0);
                    return Some((at, of(&error, dialect)));
                }
            }
        }
        None
    })
}

/// A text that the port takes as Go takes the one that it stumbled over; nothing where both stumble.
///
/// Go forgets that an empty collection must be a key, and comes to what else is wrong with it. It takes a colon in a word of a
/// flow collection for a part of the word, whatever follows.
fn as_go_reads(error: &Error, text: &str) -> Option<String> {
    let at = |mark: Option<libyaml_safer::Mark>| mark.and_then(|mark| usize::try_from(mark.index).ok());
    match error.problem() {
        "could not find expected ':'" => {
            let (before, rest) = text.split_at_checked(at(error.context_mark())?)?;
            let inner = rest.strip_prefix(['[', '{'])?.trim_start_matches([' ', '\t', '\n']);
            let behind = inner.strip_prefix([']', '}'])?;
            Some(format!("{before}]{}{behind}", "\n".repeat(rest.matches('\n').count() - behind.matches('\n').count())))
        }
        "found unexpected ':'" => {
            let (before, rest) = text.split_at_checked(at(error.problem_mark())?)?;
            Some(format!("{before}_{}", rest.strip_prefix(':')?))
        }
        _ => None,
    }
}

/// Where the first document of a text ends to libyaml, which takes no notice of what follows but for the next token; nothing
/// where it refuses that document, and where it is not asked.
pub(super) fn end_of_first(text: &str) -> Option<usize> {
    ask(text, |text| end_of(text).ok()?.filter(|&end| text.is_char_boundary(end)))
}

/// Where the first document ends; nothing where that would take too long.
fn end_of(text: &str) -> Result<Option<usize>, Error> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut looks = Looks::default();
    loop {
        let event = parser.parse()?;
        if looks.are_spent(&event.data) {
            return Ok(None);
        }
        if matches!(event.data, EventData::DocumentEnd { .. } | EventData::StreamEnd) {
            return Ok(Some(usize::try_from(event.start_mark.index).unwrap_or(usize::MAX)));
        }
    }
}

/// How many open collections libyaml has looked at.
#[derive(Default)]
struct Looks {
    open: usize,
    sum: usize,
}

impl Looks {
    fn are_spent(&mut self, data: &EventData) -> bool {
        match data {
            EventData::SequenceStart { .. } | EventData::MappingStart { .. } => self.open += 1,
            EventData::SequenceEnd | EventData::MappingEnd => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        self.sum += self.open;
        self.sum > MOST_LOOKS
    }
}

/// What the port says of a text that it can read in little time.
fn ask<T>(text: &str, question: impl Fn(&str) -> Option<T>) -> Option<T> {
    if text.len() > LONGEST {
        return None;
    }
    AT_THE_PORT.set(true);
    let answer = catch_unwind(AssertUnwindSafe(|| question(text)));
    AT_THE_PORT.set(false);
    answer.ok().flatten()
}

thread_local! {
    static AT_THE_PORT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be the port's, which gives up on some texts that end too soon, and means nothing more
/// than that the words are not known.
pub fn gives_up_on_words() -> bool {
    AT_THE_PORT.get()
}

fn words(text: &str, quoting: Quoting) -> Result<Option<String>, Error> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut anchors = BTreeSet::new();
    let mut keys = Keys::default();
    let mut looks = Looks::default();
    loop {
        let event = parser.parse()?;
        if looks.are_spent(&event.data) {
            return Ok(None);
        }
        match anchor(&event) {
            Some(Anchor::Known(name)) if !anchors.contains(name) => {
                return Ok(Some(format!("unknown anchor '{}' referenced", quoting.of(name))));
            }
            Some(Anchor::New(name)) => {
                anchors.insert(name.to_owned());
            }
            Some(Anchor::Known(_)) | None => {}
        }
        match &event.data {
            EventData::DocumentEnd { .. } | EventData::StreamEnd => {
                return Ok(keys.refused.map(|key| format!("invalid map key: {}", quoting.of(&key))));
            }
            data => keys.take(data),
        }
    }
}

impl Quoting {
    fn of(self, text: &str) -> &str {
        match self {
            Quoting::All => text,
            Quoting::Nothing => "...",
        }
    }
}

enum Anchor<'e> {
    New(&'e str),
    Known(&'e str),
}

fn anchor(event: &Event) -> Option<Anchor<'_>> {
    match &event.data {
        EventData::Alias { anchor } => Some(Anchor::Known(anchor)),
        EventData::Scalar { anchor, .. }
        | EventData::SequenceStart { anchor, .. }
        | EventData::MappingStart { anchor, .. } => anchor.as_deref().map(Anchor::New),
        _ => None,
    }
}

/// libyaml's problem, with its line and the one of what was being read: yaml.v2 names the former, yaml.v3 the latter, either the
/// other where its own is the first. Only scanners count lines from one.
fn of(error: &Error, dialect: Dialect) -> String {
    let line = |mark: Option<libyaml_safer::Mark>| mark.map_or(0, |mark| mark.line);
    let (problem, context) = (line(error.problem_mark()), line(error.context_mark()));
    let scanner = u64::from(error.kind() == ErrorKind::Scanner);
    let preferred = if dialect == Dialect::V2 { (problem, context) } else { (context, problem) };
    match preferred {
        (0, 0) => error.problem().to_owned(),
        (0, line) | (line, _) => format!("line {}: {}", line + scanner, error.problem()),
    }
}

/// The first key that is a collection, as `%#v` of Go's `fmt` shows it.
#[derive(Default)]
struct Keys {
    open: Vec<Open>,
    refused: Option<String>,
}

/// A collection that is being read.
struct Open {
    is_map: bool,
    /// What it holds, as Go shows it; nothing unless it stands in a key.
    shown: Option<Vec<String>>,
    read: usize,
}

impl Keys {
    fn take(&mut self, data: &EventData) {
        if self.refused.is_some() {
            return;
        }
        match data {
            EventData::SequenceStart { .. } => self.begin(false),
            EventData::MappingStart { .. } => self.begin(true),
            EventData::SequenceEnd | EventData::MappingEnd => self.end(),
            EventData::Scalar { value, plain_implicit, .. } => {
                let shown = self.is_shown().then(|| scalar(value, *plain_implicit));
                self.place(shown);
            }
            EventData::Alias { .. } => self.place(None),
            _ => {}
        }
    }

    /// Whether the next node is a key.
    fn at_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_map && open.read.is_multiple_of(2))
    }

    fn is_shown(&self) -> bool {
        self.open.last().is_some_and(|open| open.shown.is_some())
    }

    fn begin(&mut self, is_map: bool) {
        let shown = (self.at_key() || self.is_shown()).then(Vec::new);
        self.open.push(Open { is_map, shown, read: 0 });
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let shown = open.shown.map(|items| collection(open.is_map, &items));
        if self.at_key()
            && let Some(shown) = &shown
        {
            self.refused = Some(shown.clone());
        }
        self.place(shown);
    }

    fn place(&mut self, shown: Option<String>) {
        let Some(open) = self.open.last_mut() else { return };
        open.read += 1;
        if let Some(items) = &mut open.shown {
            items.push(shown.unwrap_or_default());
        }
    }
}

fn collection(is_map: bool, items: &[String]) -> String {
    if !is_map {
        return format!("[]interface {{}}{{{}}}", items.join(", "));
    }
    let mut entries: Vec<String> = items.chunks(2).map(|entry| entry.join(":")).collect();
    entries.sort();
    format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
}

fn scalar(value: &str, plain: bool) -> String {
    let style = if plain { Style::Plain } else { Style::DoubleQuoted };
    match (Scalar { text: value.into(), style, tag: None }).meaning() {
        Meaning::Null => "interface {}(nil)".to_owned(),
        Meaning::Bool(b) => b.to_string(),
        Meaning::Int(n) => n.to_string(),
        Meaning::Uint(n) => format!("{n:#x}"),
        Meaning::Float(f) => f.to_string(),
        Meaning::Str(text) => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;
    use crate::yaml::parse;

    fn told(text: &str, quoting: Quoting) -> String {
        let parsed = parse(FileId(0), text, &Budget::default());
        let problem = parsed.problems.first();
        problem.map_or_else(|| "fine".to_owned(), |problem| refusal(text, problem, quoting))
    }

    #[test]
    fn the_words_are_gos() {
        let rows = [
            ("a:\n\tb: 1\n", "yaml: line 2: found character that cannot start any token"),
            ("a:\n  b: 1\n c: 2\n", "yaml: line 2: did not find expected key"),
            ("a: 1\nfoo\nb: 2\n", "yaml: line 3: could not find expected ':'"),
            ("a: \"x\nb: 1\n", "yaml: line 3: found unexpected end of stream"),
            ("a: [1, 2\nb: 3\n", "yaml: line 1: did not find expected ',' or ']'"),
            ("a:\n  - b\n  []\nc: d\n", "yaml: line 2: did not find expected '-' indicator"),
            ("a:\n  b: c\n  {}\nd: e\n", "yaml: line 2: did not find expected key"),
            ("a:\n  b:\n  {}\n  c: d\n", "yaml: line 4: could not find expected ':'"),
            ("a:\n  b:\n  []\n", "yaml: line 4: could not find expected ':'"),
            ("a:\n  b:\n  []\n# c\n\nd: e\n", "yaml: line 6: could not find expected ':'"),
            ("a:\n  b: {c: d:{e}, f:[g], h: i\n", "yaml: line 1: did not find expected ',' or '}'"),
            ("a: *x\n", "yaml: unknown anchor 'x' referenced"),
            ("a: @x\n", "yaml: found character that cannot start any token"),
            (
                "a: {{ .Values.x }}\n",
                "yaml: invalid map key: map[interface {}]interface {}{\".Values.x\":interface {}(nil)}",
            ),
            ("? [a, 1, null]\n: b\n", "yaml: invalid map key: []interface {}{\"a\", 1, interface {}(nil)}"),
            (
                &*format!("a: |\n  {}\nb: {{{{c}}}}\n", "[".repeat(5_000)),
                "yaml: invalid map key: map[interface {}]interface {}{\"c\":interface {}(nil)}",
            ),
            ("a: -.inf\n", "json: unsupported value: -Inf"),
            ("a: 1\n", "fine"),
        ];
        for (text, words) in rows {
            assert_eq!(told(text, Quoting::All), words, "{text:?}");
        }
    }

    #[test]
    fn nothing_of_the_text_is_shown_unless_asked_for() {
        assert_eq!(told("password: *hunter2\n", Quoting::Nothing), "yaml: unknown anchor '...' referenced");
        assert_eq!(told("password: {{hunter2}}\n", Quoting::Nothing), "yaml: invalid map key: ...");
    }

    #[test]
    fn what_the_port_cannot_say_is_said_in_our_words() {
        let deep = format!("a: !x,\nb: [{}\n", "[".repeat(300));
        let deeper = format!("a: {}\nb: @\n", "[[".repeat(100_000));
        for text in ["a: [!x,y z]]\n", &*deep, &*deeper, &format!("{}a: @\n", "#\n".repeat(LONGEST))] {
            assert!(told(text, Quoting::All).starts_with("yaml: "), "{}", &text[..20]);
        }
    }
}
