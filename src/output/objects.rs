//! Objects as they would be applied: YAML for people, with origins if asked for, and JSON lines for programs.
//!
//! Values are exact; only their spelling is such that a terminal finds nothing to obey. Masking is `mask`'s.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::{harmless, mask, prose};
use crate::finding::Gap;
use crate::source::SourceMap;
use crate::yaml::{Node, Value};

/// How objects are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Showing {
    /// Whether each value says where it was written.
    pub origins: bool,
    /// Whether secrets are shown.
    pub secrets: bool,
}

/// Nesting that is written; deeper trees do not come out of the parser.
const DEEPEST: usize = 1_000;

/// One YAML document.
pub fn yaml(object: &Node, sources: &SourceMap, showing: Showing) -> String {
    let object = shown(object, sources, showing);
    let mut writer = Writer { text: String::from("---\n"), sources, origins: showing.origins };
    match &object.value {
        Value::Map(map) if !map.entries.is_empty() => writer.map(&object, 0, false),
        _ => writer.value(&object, 0),
    }
    writer.text
}

/// One line of JSON for an Application: its objects and what could not be rendered.
pub fn line(
    application: &str,
    namespace: &str,
    objects: &[&Node],
    gaps: &[Gap],
    sources: &SourceMap,
    showing: Showing,
) -> String {
    let shown: Vec<Node> = objects.iter().map(|object| shown(object, sources, showing)).collect();
    let mut line = json!({
        "application": application,
        "namespace": namespace,
        "objects": shown.iter().map(Node::to_json).collect::<Vec<_>>(),
        "gaps": gaps.iter().map(|gap| gap_line(gap, sources)).collect::<Vec<_>>(),
    });
    if showing.origins {
        let mut all = Vec::new();
        for object in &shown {
            let mut origins = serde_json::Map::new();
            pointers(object, &mut String::new(), sources, &mut origins, 0);
            all.push(Json::Object(origins));
        }
        line["origins"] = Json::Array(all);
    }
    let mut text = harmless::json(&line.to_string()).into_owned();
    text.push('\n');
    text
}

fn shown(object: &Node, sources: &SourceMap, showing: Showing) -> Node {
    if showing.secrets { object.clone() } else { mask::object(object, sources) }
}

fn gap_line(gap: &Gap, sources: &SourceMap) -> Json {
    let place = gap.span.map(|span| sources.place(span));
    json!({
        "kind": gap.kind,
        "message": prose(&gap.message),
        "file": place.as_ref().map(|place| prose(place.path.as_str())),
        "line": place.as_ref().map(|place| place.line),
    })
}

/// JSON pointers of all scalars, each with the place where it was written.
fn pointers(
    node: &Node,
    path: &mut String,
    sources: &SourceMap,
    into: &mut serde_json::Map<String, Json>,
    depth: usize,
) {
    let length = path.len();
    match &node.value {
        _ if depth > DEEPEST => {}
        Value::Scalar(_) => {
            into.insert(path.clone(), Json::String(place(node, sources)));
        }
        Value::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                let _ = write!(path, "/{at}");
                pointers(item, path, sources, into, depth + 1);
                path.truncate(length);
            }
        }
        Value::Map(map) => {
            for entry in &map.entries {
                let _ = write!(path, "/{}", entry.key.replace('~', "~0").replace('/', "~1"));
                pointers(&entry.value, path, sources, into, depth + 1);
                path.truncate(length);
            }
        }
    }
}

fn place(node: &Node, sources: &SourceMap) -> String {
    let place = sources.place(node.span());
    prose(&format!("{}:{}:{}", place.path, place.line, place.column))
}

struct Writer<'a> {
    text: String,
    sources: &'a SourceMap,
    origins: bool,
}

impl Writer<'_> {
    /// A mapping with at least one entry; `inline` if its first line continues one (after `- `).
    fn map(&mut self, node: &Node, indent: usize, inline: bool) {
        let Value::Map(map) = &node.value else { return };
        for (at, entry) in map.entries.iter().enumerate() {
            if at > 0 || !inline {
                self.indent(indent);
            }
            self.text.push_str(&string(&entry.key));
            self.text.push(':');
            self.under_key(&entry.value, indent);
        }
    }

    fn under_key(&mut self, node: &Node, indent: usize) {
        match &node.value {
            _ if indent > 2 * DEEPEST => self.text.push_str(" null\n"),
            Value::Map(map) if !map.entries.is_empty() => {
                self.text.push('\n');
                self.map(node, indent + 2, false);
            }
            Value::Seq(items) if !items.is_empty() => {
                self.text.push('\n');
                self.seq(items, indent);
            }
            _ => {
                self.text.push(' ');
                self.value(node, indent + 2);
            }
        }
    }

    fn seq(&mut self, items: &[Node], indent: usize) {
        for item in items {
            self.indent(indent);
            self.text.push_str("- ");
            match &item.value {
                _ if indent > 2 * DEEPEST => self.text.push_str("null\n"),
                Value::Map(map) if !map.entries.is_empty() => self.map(item, indent + 2, true),
                Value::Seq(inner) if !inner.is_empty() => {
                    self.text.pop();
                    self.text.push('\n');
                    self.seq(inner, indent + 2);
                }
                _ => self.value(item, indent + 2),
            }
        }
    }

    /// A scalar or an empty collection, to the end of the line.
    fn value(&mut self, node: &Node, indent: usize) {
        let comment = if self.origins { format!(" # {}", place(node, self.sources)) } else { String::new() };
        match node.to_json() {
            Json::String(text) if is_block(&text) => self.block(&text, indent, &comment),
            Json::String(text) => {
                let _ = writeln!(self.text, "{}{comment}", string(&text));
            }
            Json::Array(items) if items.is_empty() => {
                let _ = writeln!(self.text, "[]{comment}");
            }
            Json::Object(map) if map.is_empty() => {
                let _ = writeln!(self.text, "{{}}{comment}");
            }
            other => {
                let _ = writeln!(self.text, "{other}{comment}");
            }
        }
    }

    fn block(&mut self, text: &str, indent: usize, comment: &str) {
        let ending = match text.len() - text.trim_end_matches('\n').len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let _ = writeln!(self.text, "|{ending}{comment}");
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.indent(indent);
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }
}

/// Whether a text is best read, and read back unchanged, as a block of lines.
fn is_block(text: &str) -> bool {
    let tame = |c: char| c == '\n' || !(harmless::is_harmful(c) || c == '\u{85}');
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(tame)
        // A runner would take such a line for an order.
        && !text.lines().any(|line| line.trim_start().starts_with("::") || line.contains("##["))
}

/// A string, plain where every reader takes it for this string.
fn string(text: &str) -> String {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/'));
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@'));
    let meaningless = || {
        let span = crate::source::Span::new(crate::source::FileId(0), 0, 0);
        Node::plain(text, crate::yaml::Origin::literal(span)).as_str().is_some()
    };
    // YAML 1.1 and 1.2 readers disagree on words like `on`; none takes a longer word for anything else.
    let word = text.len() > 5 || meaningless();
    if first && rest && word && meaningless() {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if harmless::is_harmful(c) && u32::from(c) > 0xffff => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c if harmless::is_harmful(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::RepoPath;
    use crate::yaml::parse;

    const TEXTS: &str = r##"
a: plain words
b: "yes"
c: 'on'
"null": "~"
d: "multi\nline\n"
e: "multi\nline"
f: "ends\nwith\n\n"
g: " leading\nspace"
h: "esc \u001b[31m bidi \u202e tag \U000e0041 ::error"
i: [1, 1.5, true, null, "1", [], {}, [[x, [y]], {z: 1}]]
j: {k: {l: [{m: 1, n: [o]}, p]}}
q: |
  ::error::x
  two
r: "tab\there"
s: "# no comment"
t: "a: b"
u: ""
v: 0o17
w: "-"
"x y": z
"##;

    fn roundtrip(origins: bool) -> (Json, Json, String) {
        let sources = SourceMap::default();
        let id = sources.add(RepoPath::new("a.yaml").unwrap(), TEXTS);
        let root = parse(id, TEXTS, &Budget::default()).documents.remove(0).root;
        let written = yaml(&root, &sources, Showing { origins, secrets: true });
        let again = sources.add(RepoPath::new("b.yaml").unwrap(), written.as_str());
        let read = parse(again, &written, &Budget::default());
        assert!(read.problems.is_empty(), "{:?}\n{written}", read.problems);
        (root.to_json(), read.documents[0].root.to_json(), written)
    }

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        for origins in [false, true] {
            let (before, after, written) = roundtrip(origins);
            assert_eq!(before, after, "{written}");
            assert!(!written.chars().any(|c| c != '\n' && harmless::is_harmful(c)), "{written:?}");
            assert!(!written.lines().any(|line| line.trim_start().starts_with("::")), "{written}");
        }
    }

    #[test]
    fn origins_stand_beside_their_values() {
        assert!(roundtrip(true).2.contains("a: \"plain words\" # a.yaml:2:4\n"), "{}", roundtrip(true).2);
    }
}
