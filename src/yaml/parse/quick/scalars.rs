//! Scalars of the common kind: plain and quoted ones, literal and folded blocks.

use std::borrow::Cow;
use std::iter::repeat_n;

use memchr::{memchr, memchr2, memchr3};

use super::{Quick, blanks};
use crate::yaml::node::{Node, Scalar, Style, Value};

impl<'t> Quick<'t> {
    /// The first line of a plain scalar, up to the blanks before what ends it.
    pub(super) fn plain(&mut self, flow: bool) -> Option<Cow<'t, str>> {
        let start = self.at;
        match self.peek(0)? {
            b'-' if !self.ends(1) && !self.peek(1).is_some_and(|b| is_special(b, flow)) => {}
            b':' | b'?' if !flow && !self.ends(1) => {}
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' | b'\t' | b'\n' => return None,
            _ => {}
        }
        self.words(flow)?;
        self.text.get(start..self.at).map(Cow::Borrowed)
    }

    /// Goes on with a plain scalar on the lines below that are indented further than what it is a value of.
    pub(super) fn continued(&mut self, first: Cow<'t, str>) -> Option<Cow<'t, str>> {
        let Some(outer) = self.open.last().map(|top| top.column) else { return Some(first) };
        let mut text = first;
        loop {
            let before = self.at;
            let mut breaks = 0;
            let indent = loop {
                let line = self.at;
                self.blanks();
                match self.peek(0) {
                    Some(b'\n') => breaks += 1,
                    Some(b'#') | None => break 0,
                    Some(_) => break self.at - line,
                }
                self.at += 1;
            };
            if breaks == 0 || indent <= outer {
                self.at = before;
                return Some(text);
            }
            let text = text.to_mut();
            text.extend(if breaks == 1 { repeat_n(' ', 1) } else { repeat_n('\n', breaks - 1) });
            let start = self.at;
            self.words(false)?;
            text.push_str(self.text.get(start..self.at)?);
        }
    }

    /// Goes to the end of the words of a plain scalar on this line.
    pub(super) fn words(&mut self, flow: bool) -> Option<()> {
        let line = &self.bytes[self.at..];
        let mut at = 0;
        let mut end = loop {
            let rest = &line[at..];
            let next = if flow {
                rest.iter().position(|&b| matches!(b, b'\n' | b':' | b'#' | b'?') || is_special(b, true))
            } else {
                memchr3(b'\n', b':', b'#', rest)
            };
            let Some(next) = next else { break line.len() };
            at += next;
            match (line[at], line.get(at + 1)) {
                (b':', None | Some(b' ' | b'\n')) => break at,
                (b':', Some(&next)) if is_special(next, flow) => return None,
                (b'?', _) => return None,
                (b'#', _) if at > 0 && line[at - 1] == b' ' => break at,
                (b':' | b'#', _) => at += 1,
                _ => break at,
            }
        };
        if self.tabs && memchr(b'\t', &line[..end]).is_some() {
            return None;
        }
        while end > 0 && line[end - 1] == b' ' {
            end -= 1;
        }
        self.at += end;
        Some(())
    }

    /// A quoted scalar. Where there is a block, it may go on below, indented further than what it is a value of.
    pub(super) fn quoted(&mut self, quote: u8, outer: Option<usize>) -> Option<(Cow<'t, str>, Style)> {
        let single = quote == b'\'';
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        let start = self.at + 1;
        let mut from = start;
        self.lines.clear();
        loop {
            let rest = &self.bytes[from..];
            let end = from + if single { memchr2(b'\'', b'\n', rest)? } else { memchr3(b'"', b'\\', b'\n', rest)? };
            let piece = self.text.get(from..end)?;
            let meant = match (self.bytes[end], self.bytes.get(end + 1)) {
                (b'\n', _) => {
                    self.lines.push_str(piece.trim_end_matches([' ', '\t']));
                    let (breaks, next) = self.below(end, outer?)?;
                    self.lines.extend(if breaks == 1 { repeat_n(' ', 1) } else { repeat_n('\n', breaks - 1) });
                    from = next;
                    continue;
                }
                (b'\\', Some(b'\n')) => {
                    self.lines.push_str(piece);
                    let (breaks, next) = self.below(end + 1, outer?)?;
                    if breaks > 1 {
                        return None;
                    }
                    from = next;
                    continue;
                }
                (b'\'', Some(b'\'')) => '\'',
                (b'\\', Some(b'n')) => '\n',
                (b'\\', Some(b't')) => '\t',
                (b'\\', Some(&same @ (b'"' | b'\\' | b' '))) => char::from(same),
                (b'\\', _) => return None,
                _ => {
                    self.at = end + 1;
                    if from == start {
                        return Some((Cow::Borrowed(piece), style));
                    }
                    self.lines.push_str(piece);
                    return Some((Cow::Owned(self.lines.clone()), style));
                }
            };
            self.lines.push_str(piece);
            self.lines.push(meant);
            from = end + 2;
        }
    }

    /// From the end of a line to where the next one that is not blank begins: how many ends of lines, and where.
    fn below(&self, end: usize, outer: usize) -> Option<(usize, usize)> {
        let mut breaks = 0;
        let mut at = end;
        loop {
            breaks += 1;
            let line = at + 1;
            at = line + blanks(&self.bytes[line..]);
            if *self.bytes.get(at)? != b'\n' {
                return (at - line > outer).then_some((breaks, at));
            }
        }
    }

    /// A literal or folded block whose indentation its first line shows and whose last line ends, or one without any line.
    pub(super) fn block(&mut self) -> Option<()> {
        let (outer, sign) = (self.open.last()?.column, self.at);
        let style = if self.peek(0)? == b'|' { Style::Literal } else { Style::Folded };
        let chomp = self.peek(1).filter(|b| matches!(b, b'-' | b'+'));
        self.at += 1 + usize::from(chomp.is_some());
        self.end_of_line()?;
        self.peek(0)?;
        self.at += 1;
        self.lines.clear();
        let mut widest = 0;
        let (line, indent) = loop {
            let line = self.at;
            self.blanks();
            widest = widest.max(self.at - line);
            match self.peek(0) {
                Some(b'\n') => self.lines.push('\n'),
                None if self.at > line => return None,
                _ => break (line, self.at - line),
            }
            self.at += 1;
        };
        if widest > indent {
            return None;
        }
        let empty = indent <= outer;
        // One without any line at the end of the text is told by its sign.
        let start = if self.at == self.bytes.len() { sign } else { self.at };
        let (end, breaks) = if empty { (self.at, 0) } else { self.lines_of(indent, style)? };
        match chomp {
            Some(b'+') if empty => {}
            _ if empty => self.lines.clear(),
            Some(b'-') => {}
            Some(_) => self.lines.extend(repeat_n('\n', breaks + 1)),
            None => self.lines.push('\n'),
        }
        if empty {
            self.at = line;
        }
        self.pay()?;
        let text = self.lines.as_str().into();
        let value = Value::Scalar(Scalar { text, style, tag: None });
        self.give(Node { value, origin: self.origin(self.span(start, end)) })
    }

    /// The lines of a block from the first character of the first one: where the last one ends, and how many lines of blanks
    /// are behind it.
    fn lines_of(&mut self, indent: usize, style: Style) -> Option<(usize, usize)> {
        let is_blank = |b: Option<u8>| matches!(b, Some(b' ' | b'\t'));
        loop {
            let begins_blank = is_blank(self.peek(0));
            let end = self.at + memchr(b'\n', &self.bytes[self.at..])?;
            self.lines.push_str(self.text.get(self.at..end)?);
            self.at = end + 1;
            let mut breaks = 0;
            loop {
                let line = self.at;
                let rest = &self.bytes[line..];
                let blanks = blanks(&rest[..indent.min(rest.len())]);
                match self.bytes.get(line + blanks) {
                    None if blanks > 0 => return None,
                    Some(b'\n') => breaks += 1,
                    Some(_) if blanks == indent => break,
                    _ => return Some((line + blanks, breaks)),
                }
                self.at = line + blanks + 1;
            }
            self.at += indent;
            let folds = style == Style::Folded && !begins_blank && !is_blank(self.peek(0));
            match (folds, breaks) {
                (true, 0) => self.lines.push(' '),
                (true, _) => self.lines.extend(repeat_n('\n', breaks)),
                (false, _) => self.lines.extend(repeat_n('\n', breaks + 1)),
            }
        }
    }
}

/// Whether a byte ends a plain scalar in a flow collection.
fn is_special(byte: u8, flow: bool) -> bool {
    flow && matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}
