//! An object as the nodes of Kustomize's YAML library: what Kustomize hashes of a kind that is neither ConfigMap nor Secret
//! (`api/hasher/hasher.go`). A node knows its line, its column, its spelling and the comments at it, all of which count.
//!
//! Only what surely is so in Kustomize's memory is told: an object of a file without anchors and tags, comments that stand
//! above or behind what they belong to, and of transformers those that write single values.

use std::collections::HashMap;
use std::sync::Arc;

use super::fail::Fail;
use super::files::Loader;
use super::json;
use super::meaning;
use super::object::Object;
use super::parse::{self, Placing};
use crate::budget::Budget;
use crate::hash::Seeded;
use crate::source::Span;
use crate::yaml::{Entry, Mapping, Meaning, Node, Origin, Role, Scalar, Style, Value};

/// Go's numbers for the sorts of nodes, and for what is written between brackets.
const MAPPING: u8 = 4;
const SEQUENCE: u8 = 2;
const SCALAR: u8 = 8;
const FLOW: u8 = 32;

/// The JSON that Kustomize hashes; nothing where it is not known.
///
/// # Errors
/// The budget is spent.
pub(super) fn json(object: &Object, loader: &Loader<'_>) -> Result<Option<Vec<u8>>, Fail> {
    let notes = &object.notes;
    let span = object.node.span();
    if !object.flaws.is_empty() || notes.patches > 0 || notes.replaced || object.node.origin.role() != Role::Manifest {
        return Ok(None);
    }
    let (Some(notes), Some(text)) = (notes.in_order(), loader.shared.files.sources().text(span.file)) else {
        return Ok(None);
    };
    loader.shared.budget.bytes(text.len())?;
    let Some(page) = Page::of(&text, span, loader.shared.budget)? else { return Ok(None) };
    let mut writer = Writer { page, notes, made: Seeded::default(), out: Vec::new() };
    let written = writer.node(&object.node, &At { place: Place::Root, dash: None, flow: false, blank: None });
    // Whatever found no place would stand somewhere else.
    let all = writer.page.above.is_empty() && writer.page.behind.is_empty() && writer.notes.is_empty();
    // A value that is written to several places is one node, with the spelling that one of them had.
    let clear = writer.made.values().all(|&(count, words)| count == 1 || words);
    Ok(written.filter(|()| all && clear).map(|()| writer.out))
}

/// The document in which an object stands.
struct Page<'t> {
    text: &'t str,
    span: Span,
    lines: Vec<usize>,
    /// Comments in lines of their own, by the byte at which what is below them begins.
    above: HashMap<usize, String>,
    /// Comments behind something, by the byte at which that ends.
    behind: HashMap<usize, String>,
}

impl<'t> Page<'t> {
    fn of(text: &'t str, object: Span, budget: &Budget) -> Result<Option<Self>, Fail> {
        let start = object.start as usize;
        let odd = |c: char| matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
        let cut = parse::cut(text).unwrap_or_default();
        let Some(piece) = cut.into_iter().find(|piece| piece.contains(&start)).filter(|_| !text.contains(odd)) else {
            return Ok(None);
        };
        let span = Span::new(object.file, piece.start, piece.end);
        let text = &text[piece];
        let written = parse::as_written(text, &Placing::Whole(object.file), Role::Manifest, budget)?;
        let whole = written.is_some_and(|written| {
            let is_root = written.root.span().start as usize + span.start as usize == start;
            is_root && written.complete && written.marks.is_empty()
        });
        let parsed = crate::yaml::parse(object.file, text, budget);
        if !whole || !parsed.problems.is_empty() || !parsed.duplicates.is_empty() {
            return Ok(None);
        }
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut page = Self { text, span, lines, above: HashMap::new(), behind: HashMap::new() };
        let comments: Vec<usize> = parsed.comments.iter().map(|comment| comment.start as usize).collect();
        Ok(page.place(&comments).map(|()| page))
    }

    /// Finds out where comments belong.
    fn place(&mut self, comments: &[usize]) -> Option<()> {
        // A comment in lines of its own, with its column.
        let mut open: Option<(usize, String)> = None;
        let mut comments = comments.iter().copied().peekable();
        for (number, &start) in self.lines.iter().enumerate() {
            let end = self.lines.get(number + 1).map_or(self.text.len(), |next| next - 1);
            let line = &self.text[start..end];
            let comment = comments.next_if(|&at| at <= end);
            let content = start + (line.len() - line.trim_start_matches(' ').len());
            match comment {
                Some(at) if at == content => {
                    let text = &self.text[at..end];
                    let column = at - start;
                    open = match open.take() {
                        None => Some((column, text.to_owned())),
                        Some((known, above)) if known == column => Some((column, format!("{above}\n{text}"))),
                        Some(_) => return None,
                    };
                    continue;
                }
                Some(at) => {
                    let before = self.text[..at].trim_end_matches(' ');
                    self.behind.insert(before.len(), self.text[at..end].to_owned());
                }
                None => {}
            }
            if let Some((column, text)) = open.take() {
                if content == end && self.text[..start].lines().all(|line| line.starts_with('#') || is_border(line)) {
                    // At the head of the document, to which it belongs.
                    continue;
                }
                if content == end || content - start != column {
                    return None;
                }
                self.above.insert(content, text);
            }
        }
        open.is_none().then_some(())
    }

    /// Whether all that made a value stands in the document as it is, and if so, where it begins and ends there; otherwise
    /// whether a transformer made it.
    fn origin(&self, origin: &Origin) -> Option<Option<(usize, usize)>> {
        let made = origin.contributions().any(|one| one.role == Role::Transformer);
        if origin.contributions().any(|one| !matches!(one.role, Role::Manifest | Role::Transformer)) {
            return None;
        }
        if made {
            return Some(None);
        }
        let span = origin.anchor();
        let inside = span.file == self.span.file && span.start >= self.span.start && span.end <= self.span.end;
        inside.then(|| Some(((span.start - self.span.start) as usize, (span.end - self.span.start) as usize)))
    }

    /// Where a node of the document begins, and whether it is written between brackets; a block begins with what it begins with.
    fn begin(&self, node: &Node) -> Option<(usize, bool)> {
        let (start, _) = self.origin(&node.origin)??;
        let first = match &node.value {
            Value::Scalar(_) => return Some((start, false)),
            Value::Map(map) => map.entries.first().map(|entry| self.origin(&entry.key_origin)),
            Value::Seq(items) => items.first().map(|item| Some(self.begin(item).map(|(at, _)| (at, at)))),
        };
        let first = match first {
            Some(first) => Some(first??.0),
            None => None,
        };
        let bracket = self.text[start..].starts_with(['{', '[']);
        match first {
            None => bracket.then_some((start, true)),
            Some(first) if bracket && first > start => Some((start, true)),
            Some(first) if node.as_map().is_some() => Some((first, false)),
            Some(first) => Some((self.dash(first)?, false)),
        }
    }

    /// The line and the column of a byte, from one.
    fn line(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= at);
        let start = self.lines[line - 1];
        (line, self.text[start..at].chars().count() + 1)
    }

    /// The dash before an item of a list that begins here.
    fn dash(&self, at: usize) -> Option<usize> {
        let before = self.text[..at].trim_end_matches(' ');
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// Where the head of a block scalar is, of which this is a part.
    fn head(&self, at: usize) -> Option<usize> {
        if self.text[at..].starts_with(['|', '>']) {
            return Some(at);
        }
        let before = self.text[..at].trim_end_matches([' ', '\n']);
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        before[line..].rfind(['|', '>']).map(|sign| line + sign)
    }
}

/// Whether a line has nothing that is of a document.
fn is_border(line: &str) -> bool {
    line.trim_matches(' ').is_empty() || line.trim_end_matches(' ') == "---"
}

/// Which part of an object a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Metadata,
    Annotations,
    Below,
}

struct At {
    place: Place,
    /// Where the dash of the item is that a node is.
    dash: Option<usize>,
    /// Whether it stands between brackets.
    flow: bool,
    /// Where nothing at all would stand.
    blank: Option<usize>,
}

/// Whether a value is not written at all.
fn is_blank(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.text.is_empty() && scalar.style == Style::Plain)
}

/// All that Go writes of a node behind what it consists of.
#[derive(Default)]
struct Tail {
    above: String,
    behind: String,
    line: usize,
    column: usize,
}

struct Writer<'t> {
    page: Page<'t>,
    /// Kustomize's annotations.
    notes: Vec<(String, String)>,
    /// How often a transformer wrote a value of a key, and whether all are words.
    made: Seeded<Arc<str>, (usize, bool)>,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node, at: &At) -> Option<()> {
        let found = self.page.origin(&node.origin)?;
        let mut tail = Tail::default();
        if let Some(dash) = at.dash.filter(|_| !at.flow) {
            tail.above = self.page.above.remove(&dash).unwrap_or_default();
        }
        if let Value::Scalar(scalar) = &node.value {
            return self.scalar(scalar, found, at, tail);
        }
        let mut flow = false;
        if let Some((_, end)) = found {
            let begin;
            (begin, flow) = self.page.begin(node)?;
            (tail.line, tail.column) = self.page.line(begin);
            if flow && !at.flow {
                tail.behind = self.page.behind.remove(&end).unwrap_or_default();
            }
        }
        if at.flow && !flow {
            return None;
        }
        let style = if flow { FLOW } else { 0 };
        match &node.value {
            Value::Map(map) => {
                self.head(MAPPING, style, if found.is_some() { "!!map" } else { "" }, "");
                self.entries(map, at, flow)?;
            }
            Value::Seq(items) => {
                found?;
                self.head(SEQUENCE, style, "!!seq", "");
                self.contents(items.is_empty());
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        self.out.push(b',');
                    }
                    let begin =
                        if is_blank(item) { self.page.origin(&item.origin)??.0 } else { self.page.begin(item)?.0 };
                    let dash = if flow { None } else { Some(self.page.dash(begin)?) };
                    self.node(item, &At { place: Place::Below, dash, flow, blank: dash.map(|dash| dash + 1) })?;
                }
                self.close(items.is_empty());
            }
            Value::Scalar(_) => {}
        }
        self.tail(tail);
        Some(())
    }

    fn entries(&mut self, map: &Mapping, at: &At, flow: bool) -> Option<()> {
        let notes = if at.place == Place::Annotations { std::mem::take(&mut self.notes) } else { Vec::new() };
        let nothing = map.entries.is_empty() && notes.is_empty();
        // Of several that one transformer made for what is in them it is not known which it made first.
        let made =
            |entry: &&Entry| entry.value.as_scalar().is_none() && self.page.origin(&entry.key_origin) == Some(None);
        if map.entries.iter().filter(made).count() > 1 {
            return None;
        }
        self.contents(nothing);
        for (number, entry) in map.entries.iter().enumerate() {
            if number > 0 {
                self.out.push(b',');
            }
            self.key(entry, flow, !notes.is_empty())?;
            self.out.push(b',');
            if self.page.origin(&entry.value.origin) == Some(None)
                && let Some(scalar) = entry.value.as_scalar()
            {
                let (count, words) = self.made.entry(Arc::clone(&entry.key)).or_insert((0, true));
                *count += 1;
                *words &= is_word(scalar);
            }
            let place = match (at.place, &*entry.key) {
                (Place::Root, "metadata") => Place::Metadata,
                (Place::Metadata, "annotations") => Place::Annotations,
                _ => Place::Below,
            };
            let colon = self.page.origin(&entry.key_origin)?.map(|(_, end)| end);
            let blank = colon.filter(|&end| !flow && self.page.text[end..].starts_with(':')).map(|end| end + 1);
            self.node(&entry.value, &At { place, dash: None, flow, blank })?;
        }
        for (key, value) in &notes {
            self.out.push(b',');
            self.head(SCALAR, 0, "", key);
            self.contents(true);
            self.tail(Tail::default());
            self.out.push(b',');
            self.head(SCALAR, style(Style::SingleQuoted), "!!str", value);
            self.contents(true);
            self.tail(Tail::default());
        }
        self.close(nothing);
        Some(())
    }

    /// A key; among Kustomize's notes it is not known when a transformer added it.
    fn key(&mut self, entry: &Entry, flow: bool, noted: bool) -> Option<()> {
        let Some((start, end)) = self.page.origin(&entry.key_origin)? else {
            if noted {
                return None;
            }
            self.head(SCALAR, 0, "", &entry.key);
            self.contents(true);
            self.tail(Tail::default());
            return Some(());
        };
        let before = self.page.text[..start].trim_end_matches([' ', '\n']);
        if before.ends_with('?') || &*entry.key == "<<" {
            return None;
        }
        let spelled = match self.page.text[start..].chars().next()? {
            '"' => Style::DoubleQuoted,
            '\'' => Style::SingleQuoted,
            _ => Style::Plain,
        };
        let (line, column) = self.page.line(start);
        let mut tail = Tail { line, column, ..Tail::default() };
        if !flow {
            tail.above = self.page.above.remove(&start).unwrap_or_default();
            let is_block = entry.value.as_scalar().is_none();
            if is_block && self.page.text[end..].starts_with(':') {
                tail.behind = self.page.behind.remove(&(end + 1)).unwrap_or_default();
            }
        }
        let tag = if spelled == Style::Plain { meaning::kind(&entry.key) } else { "!!str" };
        self.head(SCALAR, style(spelled), tag, &entry.key);
        self.contents(true);
        self.tail(tail);
        Some(())
    }

    fn scalar(&mut self, scalar: &Scalar, found: Option<(usize, usize)>, at: &At, mut tail: Tail) -> Option<()> {
        let implied = if scalar.style == Style::Plain { meaning::kind(&scalar.text) } else { "!!str" };
        let tag = scalar.tag.as_deref().unwrap_or(implied);
        if found.is_none() && scalar.tag.is_none() && implied != meaning::kind(&scalar.text) {
            // A number or a text in the quotes of what was there before.
            return None;
        }
        if let Some((start, end)) = found {
            if scalar.tag.is_some() {
                return None;
            }
            let text = self.page.text;
            (tail.line, tail.column) = self.page.line(start);
            let end = match scalar.style {
                Style::Literal | Style::Folded => {
                    let head = self.page.head(start)?;
                    (tail.line, tail.column) = self.page.line(head);
                    let signs = text[head..].find(|c: char| !matches!(c, '|' | '>' | '-' | '+' | '0'..='9'));
                    head + signs.unwrap_or(0)
                }
                Style::SingleQuoted if !text[start..end].starts_with('\'') => return None,
                Style::DoubleQuoted if !text[start..end].starts_with('"') => return None,
                Style::Plain if scalar.text.is_empty() => {
                    // Go has the comment above it elsewhere.
                    (tail.line, tail.column) = self.page.line(at.blank.filter(|_| tail.above.is_empty())?);
                    usize::MAX
                }
                _ => end,
            };
            if !at.flow {
                tail.behind = self.page.behind.remove(&end).unwrap_or_default();
            }
        }
        self.head(SCALAR, style(scalar.style), tag, &scalar.text);
        self.contents(true);
        self.tail(tail);
        Some(())
    }

    fn head(&mut self, kind: u8, style: u8, tag: &str, value: &str) {
        self.out.extend_from_slice(format!("{{\"Kind\":{kind},\"Style\":{style},\"Tag\":").as_bytes());
        self.text(tag);
        self.out.extend_from_slice(b",\"Value\":");
        self.text(value);
        self.out.extend_from_slice(b",\"Anchor\":\"\",\"Alias\":null,\"Content\":");
    }

    fn contents(&mut self, nothing: bool) {
        self.out.extend_from_slice(if nothing { b"null" } else { b"[" });
    }

    fn close(&mut self, nothing: bool) {
        if !nothing {
            self.out.push(b']');
        }
    }

    fn tail(&mut self, tail: Tail) {
        self.out.extend_from_slice(b",\"HeadComment\":");
        self.text(&tail.above);
        self.out.extend_from_slice(b",\"LineComment\":");
        self.text(&tail.behind);
        let place = format!(",\"FootComment\":\"\",\"Line\":{},\"Column\":{}}}", tail.line, tail.column);
        self.out.extend_from_slice(place.as_bytes());
    }

    fn text(&mut self, text: &str) {
        json::string(text, &mut self.out, &mut |_| {});
    }
}

/// Whether a text is written without quotes wherever it is put.
fn is_word(scalar: &Scalar) -> bool {
    scalar.style == Style::Plain
        && matches!(scalar.meaning(), Meaning::Str(_))
        && meaning::kind(&scalar.text) == "!!str"
}

/// Go's number for the spelling of a scalar.
fn style(style: Style) -> u8 {
    match style {
        Style::Plain => 0,
        Style::DoubleQuoted => 2,
        Style::SingleQuoted => 4,
        Style::Literal => 8,
        Style::Folded => 16,
    }
}

#[cfg(test)]
mod tests {
    use crate::budget::Budget;
    use crate::discover::Repository;
    use crate::render::kustomize::{Options, build};
    use crate::source::RepoPath;

    #[test]
    fn the_hash_of_a_node_that_may_be_another_in_memory_is_a_gap() {
        let wanted = "internal.config.kubernetes.io/needsHashSuffix: enabled";
        let job = |spec: &str| {
            format!("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\n  annotations: {{{wanted}}}\n{spec}")
        };
        let replaced = "replacements:\n- sourceValue: x\n  targets: [{select: {kind: Job}, fieldPaths: [spec.a]}]\n";
        let patched = "patches: [{patch: '{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {a: c}}'}]\n";
        for (spec, more, known) in [
            ("spec: {a: b}\n", "", true),
            ("spec: {a: b}\n", replaced, false),
            ("spec: {a: b}\n", patched, false),
            ("spec: {a: &x b}\n", "", false),
            ("spec: {a: !!str b}\n", "", false),
            ("spec:\n  a: b\n  # below\n", "", false),
            ("spec:\n    # deeper\n  a: b\n", "", false),
            ("spec:\n  # above\n  a: b # behind\n", "", true),
            ("spec: {a: b} # {\n# end", "", false),
            ("spec: {a: [b, # within\n  c]}\n", "", false),
        ] {
            let kustomization = format!("resources: [a.yaml]\n{more}");
            let files = Repository::from_texts(vec![("kustomization.yaml", &kustomization), ("a.yaml", &job(spec))]);
            let built = build(&files, &RepoPath::root(), &Options::default(), &Budget::default()).unwrap();
            let name = built.objects[0].name();
            assert_eq!((name != "a", built.gaps.is_empty()), (known, known), "{spec}{more}");
        }
    }
}
