//! YAML inside a text, written again after a field of it was changed: as yaml.v3 writes a tree that it read, with its quotes,
//! flow collections and comments, but without its empty lines and with an indentation of its own.
//!
//! What this does not know how to write (long keys, comments in odd places) gives nothing, and the text is then changed in place.

mod scalar;

use std::collections::HashSet;

use granit_parser::{Event, Parser};

pub(super) use scalar::plain;

use super::parse::{self, Marks};
use crate::source::{FileId, Span};
use crate::yaml::{Entry, Node, Style, Value};

/// The file that the spans of the tree are of, which is the text itself.
pub(super) const TEXT: FileId = FileId(u32::MAX);

/// Writes a tree that was read from a text as it is written there; of what was `changed` the comments go too. `flows` says
/// whether a collection that came from elsewhere is a flow collection there.
pub(super) fn write(
    (root, marks): (&Node, &Marks),
    text: &str,
    changed: &[Node],
    flows: &dyn Fn(&Node) -> bool,
) -> Option<String> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
    let mut comments = comments(text, &ends)?;
    drop_changed(&mut comments, text, &ends, changed);
    let mut writer = Writer { text, ends, marks, flows, comments, next: 0, out: String::new(), last_indent: None };
    if root.as_scalar().is_some() {
        return None;
    }
    if !is_flow(root, text) && writer.push_mark(root) {
        writer.out = format!("{}\n", writer.out.trim_start());
    }
    match &root.value {
        _ if is_flow(root, text) => writer.out = writer.inline(root, false, 0)?,
        Value::Map(map) => writer.map(&map.entries, 0)?,
        _ => writer.seq(root.as_seq()?, 0)?,
    }
    writer.rest()?;
    Some(writer.out.trim().to_owned())
}

/// A comment of the text.
struct Comment {
    start: usize,
    line: usize,
    column: usize,
    text: String,
    /// Something stands before it on its line.
    trails: bool,
    /// An empty line follows, or the end.
    ends: bool,
}

/// Takes out the comments of what was changed: those in collections and behind them, and those that trail aliases.
fn drop_changed(comments: &mut Vec<Comment>, text: &str, ends: &Ends, changed: &[Node]) {
    let aliases: HashSet<usize> = changed
        .iter()
        .filter(|node| parse::is_alias(node))
        .map(|node| line_of(ends, node.span().start as usize))
        .collect();
    // Nothing that was changed is part of another.
    let mut collections: Vec<Span> =
        changed.iter().filter(|node| node.as_scalar().is_none()).map(Node::span).filter(|at| at.file == TEXT).collect();
    collections.sort_by_key(|span| span.start);
    let filled = |end: usize| text[..end].trim_end().len();
    let closed: HashSet<usize> = collections.iter().map(|span| filled(span.end as usize)).collect();
    comments.retain(|comment| {
        let after = collections.partition_point(|span| span.start as usize <= comment.start);
        let around = after.checked_sub(1).map(|at| collections[at]).filter(|span| comment.start < span.end as usize);
        let inside = around.is_some_and(|span| column_of(text, span.start as usize) <= comment.column);
        let behind = comment.trails && (aliases.contains(&comment.line) || closed.contains(&filled(comment.start)));
        !(inside || behind)
    });
}

/// Where the lines of a text end.
type Ends = Vec<usize>;

fn line_of(ends: &Ends, at: usize) -> usize {
    ends.partition_point(|&end| end < at)
}

fn column_of(text: &str, at: usize) -> usize {
    at - text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The comments of the first document.
fn comments(text: &str, ends: &Ends) -> Option<Vec<Comment>> {
    let mut found = Vec::new();
    let options = granit_parser::options! { max_buffered_comment_events: 1_000_000 };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.ok()?;
        match event {
            Event::Comment(comment, _) => {
                let start = span.byte_range()?.start;
                let line_start = start - column_of(text, start);
                let mut after = text[start..].split('\n').skip(1);
                let next = after.next().unwrap_or("").trim();
                found.push(Comment {
                    start,
                    line: line_of(ends, start),
                    column: start - line_start,
                    text: format!("#{}", comment.trim_end()),
                    trails: !text[line_start..start].trim().is_empty(),
                    ends: next.is_empty(),
                });
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Some(found)
}

fn is_flow(node: &Node, text: &str) -> bool {
    let span = node.span();
    let bracket = if node.as_map().is_some() { '{' } else { '[' };
    span.file == TEXT && text[span.start as usize..].starts_with(bracket)
}

struct Writer<'t> {
    text: &'t str,
    ends: Ends,
    marks: &'t Marks,
    flows: &'t dyn Fn(&Node) -> bool,
    comments: Vec<Comment>,
    /// The first comment that was not written yet.
    next: usize,
    out: String,
    /// Where the last key or item stands in the result; a comment behind it goes there.
    last_indent: Option<usize>,
}

impl Writer<'_> {
    fn is_flow(&self, node: &Node) -> bool {
        if node.span().file == TEXT { is_flow(node, self.text) } else { (self.flows)(node) }
    }

    /// What stands before a node, with a blank behind it.
    fn mark(&self, node: &Node) -> String {
        self.mark_at(node.span(), node.as_scalar().is_some())
    }

    fn mark_at(&self, at: Span, scalar: bool) -> String {
        let mark = if at.file == TEXT { self.marks.get(&(at.start, scalar)) } else { None };
        let Some(mark) = mark else { return String::new() };
        let mut made = mark.anchor.as_ref().map_or_else(String::new, |anchor| format!("&{anchor} "));
        if let Some(tag) = &mark.tag {
            made.push_str(&format!("{tag} "));
        }
        made
    }

    /// The mark of a block, behind its key or its dash.
    fn push_mark(&mut self, node: &Node) -> bool {
        let mark = self.mark(node);
        if !mark.is_empty() {
            self.out.push(' ');
            self.out.push_str(mark.trim_end());
        }
        !mark.is_empty()
    }

    fn pad(&mut self, indent: usize) {
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
    }

    /// The comments before a key or an item that stands at a byte of the text.
    fn before(&mut self, at: Span, indent: usize) -> Option<()> {
        if at.file != TEXT {
            return Some(());
        }
        let at = at.start as usize;
        let line = line_of(&self.ends, at);
        let line_start = at - column_of(self.text, at);
        let column = self.text[line_start..].len() - self.text[line_start..].trim_start_matches(' ').len();
        while let Some(comment) = self.comments.get(self.next).filter(|comment| comment.start < at) {
            if comment.trails || (!self.out.is_empty() && !self.out.ends_with('\n')) {
                return None;
            }
            // The last line of the block decides for all of it.
            let block = &self.comments[self.next..];
            let goes_on = |two: &&[Comment]| two[1].line == two[0].line + 1 && !two[1].trails;
            let length = 1 + block.windows(2).take_while(goes_on).count();
            let (first, last) = (&block[0], &block[length - 1]);
            let is_head = last.line + 1 == line && first.column == column;
            let indent = match (is_head, self.last_indent) {
                (true, _) => indent,
                (false, Some(last_indent)) if last.ends || first.column > column => last_indent,
                (false, None) if last.ends && first.column == 0 => 0,
                _ => return None,
            };
            let mut lines: Vec<&str> = block[..length].iter().map(|comment| comment.text.as_str()).collect();
            if last.ends {
                lines.push("");
            }
            for line in lines {
                if !line.is_empty() {
                    self.out.extend(std::iter::repeat_n(' ', indent));
                }
                self.out.push_str(line);
                self.out.push('\n');
            }
            self.next += length;
        }
        Some(())
    }

    /// Ends a line, with the comment that trails there.
    fn end(&mut self, last: Span) {
        if last.file == TEXT {
            let line = line_of(&self.ends, (last.end as usize).saturating_sub(1));
            let comment = self.comments.get(self.next).filter(|comment| comment.trails && comment.line == line);
            if let Some(comment) = comment {
                self.out.push(' ');
                self.out.push_str(&comment.text);
                self.next += 1;
            }
        }
        self.out.push('\n');
    }

    /// The comments at the end.
    fn rest(&mut self) -> Option<()> {
        let mut ends_document = false;
        for (at, comment) in self.comments[self.next..].iter().enumerate() {
            let before = self.text[..comment.start].trim_end_matches(' ');
            let apart = before.ends_with("\n\n");
            ends_document |= apart && at == 0;
            if comment.trails || comment.column != 0 || (apart && !ends_document) {
                return None;
            }
            if apart {
                // What ends the document stays apart.
                self.out.push('\n');
            }
            self.out.push_str(&comment.text);
            self.out.push('\n');
        }
        Some(())
    }

    fn map(&mut self, entries: &[Entry], indent: usize) -> Option<()> {
        for entry in entries {
            self.before(entry.key_origin.anchor(), indent)?;
            self.pad(indent);
            self.last_indent = Some(indent);
            let key = self.key(entry, false)?;
            self.out.push_str(&key);
            self.out.push(':');
            self.value(&entry.value, entry.key_origin.anchor(), indent)?;
        }
        Some(())
    }

    fn value(&mut self, node: &Node, key: Span, indent: usize) -> Option<()> {
        match &node.value {
            Value::Map(map) if !map.entries.is_empty() && !self.is_flow(node) => {
                self.push_mark(node);
                self.end(key);
                self.map(&map.entries, indent + 2)
            }
            Value::Seq(items) if !items.is_empty() && (!self.is_flow(node) || self.is_dashed(node, key)) => {
                self.push_mark(node);
                self.end(key);
                self.seq(items, indent)
            }
            _ => self.line(node, key, indent + 2),
        }
    }

    /// Whether a list begins with a dash: it has the place of its first item, which may be a flow collection.
    fn is_dashed(&self, node: &Node, key: Span) -> bool {
        let span = node.span();
        let between = || self.text.get(key.end as usize..span.start as usize).unwrap_or("").trim_end();
        span.file == TEXT && key.file == TEXT && between().ends_with('-')
    }

    /// A value that ends its line; what comes from elsewhere leaves the line to its key.
    fn line(&mut self, node: &Node, key: Span, indent: usize) -> Option<()> {
        let written = self.inline(node, false, indent)?;
        if !written.is_empty() {
            self.out.push(' ');
        }
        let block = written.split_once('\n').filter(|_| written.ends_with('\n'));
        let (line, rest) = block.unwrap_or((&written, ""));
        self.out.push_str(line);
        self.end(if node.span().file == TEXT { self.place(node) } else { key });
        self.out.push_str(rest);
        Some(())
    }

    /// Where a node stands; of a block the header counts, behind which its comment stands.
    fn place(&self, node: &Node) -> Span {
        let was_block = node.as_scalar().is_some_and(|scalar| matches!(scalar.style, Style::Literal | Style::Folded));
        if was_block && node.span().file == TEXT { self.header(node.span()) } else { node.span() }
    }

    /// A place on the line of a block's header, which begins where the block does, or ends the line before it; of anything
    /// else where it begins.
    fn header(&self, at: Span) -> Span {
        let start = at.start as usize;
        let before = self.text[..start].trim_end().len();
        if self.text[start..].starts_with(['|', '>']) || !self.text[before..start].contains('\n') {
            return Span::new(TEXT, start, start + 1);
        }
        let line_start = self.text[..before].rfind('\n').map_or(0, |newline| newline + 1);
        let first = before - self.text[line_start..before].trim_start().len();
        Span::new(TEXT, first, first + 1)
    }

    fn seq(&mut self, items: &[Node], indent: usize) -> Option<()> {
        for item in items {
            self.before(self.place(item), indent)?;
            self.pad(indent);
            self.last_indent = Some(indent);
            self.out.push('-');
            match &item.value {
                Value::Map(map) if !map.entries.is_empty() && !self.is_flow(item) => {
                    let end = if self.push_mark(item) { '\n' } else { ' ' };
                    self.out.push(end);
                    self.map(&map.entries, indent + 2)?;
                }
                Value::Seq(inner) if !inner.is_empty() && !self.is_flow(item) => {
                    let end = if self.push_mark(item) { '\n' } else { ' ' };
                    self.out.push(end);
                    self.seq(inner, indent + 2)?;
                }
                _ => self.line(item, item.span(), indent + 2)?,
            }
        }
        Some(())
    }

    fn key(&self, entry: &Entry, in_flow: bool) -> Option<String> {
        let span = entry.key_origin.anchor();
        let raw = if span.file == TEXT { self.text.get(span.start as usize..span.end as usize)? } else { "" };
        let style = match raw.as_bytes().first() {
            Some(b'"') => Style::DoubleQuoted,
            Some(b'\'') => Style::SingleQuoted,
            Some(b'?' | b'!' | b'&' | b'|' | b'>') => return None,
            _ => Style::Plain,
        };
        // A long key stands behind a `?`, and so does a line end.
        if entry.key.len() > 128 || raw.contains('\n') {
            return None;
        }
        let mark = self.mark_at(span, true);
        match style {
            // An alias must not run into the colon.
            Style::Plain if &*entry.key == "<<" => Some("!!merge <<".to_owned()),
            Style::Plain if entry.key.starts_with('*') => Some(format!("{} ", entry.key)),
            Style::Plain if in_flow && scalar::ends_in_flow(&entry.key) => {
                Some(format!("{mark}{}", scalar::quoted(&entry.key, Style::SingleQuoted, 0)?))
            }
            Style::Plain => Some(format!("{mark}{}", entry.key)),
            style => Some(format!("{mark}{}", scalar::quoted(&entry.key, style, 0)?)),
        }
    }

    /// A scalar or a flow collection.
    fn inline(&self, node: &Node, in_flow: bool, indent: usize) -> Option<String> {
        let mark = self.mark(node);
        let written = self.unmarked(node, in_flow, indent)?;
        Some(if written.is_empty() { mark.trim_end().to_owned() } else { mark + &written })
    }

    fn unmarked(&self, node: &Node, in_flow: bool, indent: usize) -> Option<String> {
        match &node.value {
            Value::Map(map) => {
                let mut parts = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    let value = self.inline(&entry.value, true, indent)?;
                    parts.push(format!("{}: {value}", self.key(entry, true)?));
                }
                Some(format!("{{{}}}", parts.join(", ")))
            }
            Value::Seq(items) => {
                let parts: Option<Vec<String>> = items.iter().map(|item| self.inline(item, true, indent)).collect();
                Some(format!("[{}]", parts?.join(", ")))
            }
            Value::Scalar(scalar) if parse::is_alias(node) => Some(scalar.text.to_string()),
            Value::Scalar(scalar) => {
                let span = node.span();
                let raw = if span.file == TEXT { self.text.get(span.start as usize..span.end as usize) } else { None };
                let told = raw.is_some() && self.marks.get(&(span.start, true)).is_some_and(|mark| mark.tag.is_some());
                scalar::scalar(scalar, raw, told, in_flow, indent)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Placing, as_written};
    use super::*;
    use crate::budget::Budget;
    use crate::yaml::Role;

    fn again(text: &str) -> Option<String> {
        let read = as_written(text, &Placing::Whole(TEXT), Role::Manifest, &Budget::default()).unwrap();
        let read = read.filter(|read| read.complete)?;
        write((&read.root, &read.marks), text, &[], &|_| false)
    }

    #[test]
    fn a_text_is_laid_out_anew() {
        let text = "# head\na:   1 # one\n\nb:\n    c: x\n\n    # about d\n    d: \"q\"\nlist:\n  - n: a\n    v: [1,  2]\n\n  - - b\nlit: |\n      one\n      two\nnul:\n";
        let laid = "# head\na: 1 # one\nb:\n  c: x\n  # about d\n  d: \"q\"\nlist:\n- n: a\n  v: [1, 2]\n- - b\nlit: |\n  one\n  two\nnul:";
        assert_eq!(again(text).as_deref(), Some(laid));
        assert_eq!(again("a: 1\n# foot\n\nb: 2\n# last\n").as_deref(), Some("a: 1\n# foot\n\nb: 2\n# last"));
        let marked = "a: &x {b: &y 1, c: *y}\nd: &m\n  e: f\n  e: g\nh: &q\n- &r\n  k: *x\n- !t [*y]\ni: !!int &z 7\nj:\n  <<: [*m, {z: 1}]\n1: &n";
        let laid = marked.replace("!!int &z", "&z !!int").replace("<<", "!!merge <<");
        assert_eq!(again(marked), Some(laid));
        assert_eq!(again("? [a]\n: b\n"), None);
    }

    #[test]
    fn comments_trail_what_they_trailed() {
        for text in [
            "- {c: 1} # t\n- d # u",
            "a:\n- [c] # t\n- d # u",
            "a:\n- {c: 1} # t\n- [[d]] # u\nb: [c]",
            "- | # t\n  x\n- d # u",
            "a: >- # t\n  x\nb:\n- |- # u\n  y",
        ] {
            assert_eq!(again(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_plain_value_keeps_its_type() {
        assert_eq!(plain("x", "7").as_deref(), Some("\"7\""));
        assert_eq!(plain("7", "x").as_deref(), Some("!!int x"));
        assert_eq!(plain("7", "8").as_deref(), Some("8"));
        assert_eq!(plain("x", "a: b").as_deref(), Some("'a: b'"));
        assert_eq!(plain("true", "1").as_deref(), Some("!!bool 1"));
    }
}
