//! A text before it is parsed: cut into documents, its line ends made one kind, and what go-yaml refuses that other readers of
//! YAML take (directives, escapes, names of anchors).

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memmem};

use crate::budget::{Budget, Exceeded};
use crate::yaml::{Misread, Resume, Words, dash_near};

/// A place in a text, and what is wrong there.
type Wrong<'m> = (usize, &'m str);

/// The documents of a text: cut at lines that begin with `---`. Two such lines in a row are one cut, and the second begins the
/// next document. Only a comment may stand behind the dashes, except on the first line, which is no cut, and on a last line
/// without an end.
pub(in crate::render::kustomize) fn cut(text: &str) -> Result<Vec<Range<usize>>, (Range<usize>, String)> {
    let mut found = Vec::new();
    let mut start = 0;
    for before in memmem::find_iter(text.as_bytes(), b"\n---") {
        let line = before + 1;
        // A last line without an end; and the one behind a cut.
        let Some(length) = memchr(b'\n', &text.as_bytes()[line..]) else { break };
        if line == start {
            continue;
        }
        let whole = line..line + length + 1;
        let rest = text[line + 3..whole.end].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err((whole.clone(), format!("invalid document separator: {}", text[whole].trim())));
        }
        found.push(start..line);
        start = whole.end;
    }
    found.push(start..text.len());
    Ok(found)
}

/// Whether a character ends a line to YAML 1.1, of which go-yaml reads the line ends.
fn is_old_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A document's text with line ends that every reader knows, and where its bytes stood.
pub(super) struct Lines<'t> {
    pub(super) text: Cow<'t, str>,
    start: usize,
    /// From which byte on how much is to be added to get the place in the document.
    shifts: Vec<(usize, isize)>,
}

impl<'t> Lines<'t> {
    /// The text of a document that begins at a byte of the whole. Within quotes the old line ends stay: they are part of texts.
    pub(super) fn of(text: &'t str, start: usize) -> Self {
        if !text.contains(is_old_break) {
            return Self { text: Cow::Borrowed(text), start, shifts: Vec::new() };
        }
        let mut kept = quoted(text).into_iter().peekable();
        let mut made = String::with_capacity(text.len());
        let mut shifts = Vec::new();
        let mut lost = 0;
        for (at, c) in text.char_indices() {
            while kept.next_if(|range| range.end <= at).is_some() {}
            if is_old_break(c) && !kept.peek().is_some_and(|range| range.contains(&at)) {
                made.push('\n');
                lost += c.len_utf8() as isize - 1;
                shifts.push((made.len(), lost));
            } else {
                made.push(c);
            }
        }
        Self { text: Cow::Owned(made), start, shifts }
    }

    /// Where a byte of the text stands in the whole.
    pub(super) fn outer(&self, at: usize) -> usize {
        let known = self.shifts.partition_point(|&(from, _)| from <= at);
        let add = known.checked_sub(1).map_or(0, |last| self.shifts[last].1);
        // Inside of what was put in, the place is where it was put.
        let end = self.shifts.get(known).map_or(usize::MAX, |&(from, next)| from.saturating_add_signed(next));
        self.start + at.saturating_add_signed(add).min(end)
    }

    /// Puts blanks, which do not count there, before the lines of quoted texts that are indented less than the event parser
    /// wants and go-yaml cares, before comments that touch what they stand behind, and in the place of tabs that only the
    /// event parser minds; and quotes around dashes that are words. Whether anything had to be done.
    pub(super) fn mend(&mut self, budget: &Budget) -> Result<bool, Exceeded> {
        let widest = self.text.lines().map(|line| line.len() - line.trim_start_matches(' ').len()).max().unwrap_or(0);
        let blanks = " ".repeat(widest.min(1_000) + 1);
        let mut done = false;
        let mut resume = Resume::default();
        loop {
            let (flaw, read) = first_flaw(&self.text, &mut resume);
            budget.bytes(read + self.text.len() / COPIED_A_READ)?;
            let Some((at, flaw)) = flaw else {
                if resume.is_whole() {
                    break;
                }
                resume = Resume::default();
                continue;
            };
            if flaw == Mended::Tab {
                let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
                let bytes = self.text.as_bytes();
                let start = at - bytes[..at].iter().rev().take_while(|b| is_blank(b)).count();
                let end = at + bytes[at..].iter().take_while(|b| is_blank(b)).count();
                if !bytes[start..end].contains(&b'\t') {
                    break;
                }
                self.text.to_mut().replace_range(start..end, &" ".repeat(end - start));
                done = true;
                continue;
            }
            match flaw {
                Mended::Dash => {
                    self.insert(at + 1, "'");
                    self.insert(at, "'");
                }
                Mended::Word(Misread::BeginsKey) => self.insert(at + 1, " "),
                Mended::Word(Misread::EndsAt(end)) => {
                    self.insert(end, "'");
                    let inner: Vec<usize> =
                        self.text[at..end].match_indices('\'').map(|(quote, _)| at + quote).collect();
                    inner.into_iter().rev().for_each(|quote| self.insert(quote, "'"));
                    self.insert(at, "'");
                }
                Mended::Comment => self.insert(at, " "),
                _ => self.insert(at, &blanks),
            }
            done = true;
        }
        Ok(done)
    }

    /// Puts in what has no place in the document.
    fn insert(&mut self, at: usize, more: &str) {
        let known = self.shifts.partition_point(|&(from, _)| from <= at);
        let before = known.checked_sub(1).map_or(0, |last| self.shifts[last].1);
        let width = more.len() as isize;
        for (from, add) in &mut self.shifts[known..] {
            *from += more.len();
            *add -= width;
        }
        self.shifts.insert(known, (at + more.len(), before - width));
        self.text.to_mut().insert_str(at, more);
    }
}

/// What is mended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mended {
    Indentation,
    Tab,
    Comment,
    Dash,
    Word(Misread),
}

/// Bytes that are copied in the time in which one is read.
const COPIED_A_READ: usize = 32;

/// The first line of a quoted text that is indented too little, unless a document begins or ends there; or the first tab, the
/// first comment without a blank before it, or the first word that the event parser minds. And how many bytes were read for it:
/// reading goes on where the last one may be gone on with.
fn first_flaw(text: &str, resume: &mut Resume) -> (Option<(usize, Mended)>, usize) {
    use granit_parser::{ErrorKind, Parser};
    let shortened = resume.begin(text);
    let read = shortened.as_deref().unwrap_or(text);
    let options = granit_parser::options! { emit_comments: false };
    let mut events = Parser::new_from_str_with_options(read, options);
    let mut words = Words::default();
    loop {
        let error = match events.next_event() {
            None => return (None, read.len()),
            Some(Ok((event, span))) => match words.misread(read, &event, span) {
                Some((start, misread)) => {
                    let misread = match misread {
                        Misread::EndsAt(end) => Misread::EndsAt(resume.outer(end)),
                        other => other,
                    };
                    return (Some((resume.outer(start), Mended::Word(misread))), start);
                }
                None => {
                    resume.note(read, &event, span);
                    continue;
                }
            },
            Some(Err(error)) => error,
        };
        let at = error.marker().byte_offset().unwrap_or(0).min(read.len());
        let marks = read[..at].ends_with('\n') && ["---", "..."].iter().any(|marker| read[at..].starts_with(marker));
        let flaw = match error.kind() {
            ErrorKind::InvalidQuotedScalarIndent if !marks && read.is_char_boundary(at) => {
                Some((at, Mended::Indentation))
            }
            ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => Some((at, Mended::Tab)),
            ErrorKind::CommentNotSeparated if read[at..].starts_with('#') => Some((at, Mended::Comment)),
            ErrorKind::PlainScalarStartsWithDashFlowIndicator => dash_near(read, at).map(|at| (at, Mended::Dash)),
            _ => None,
        };
        return (flaw.map(|(at, flaw)| (resume.outer(at), flaw)), at);
    }
}

/// Where quoted texts stand, as far as that can be told without knowing what ends a line.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize)> = None;
    let mut previous = '\n';
    let mut signs = text.char_indices().peekable();
    while let Some((at, c)) = signs.next() {
        match open {
            None if c == '#' && previous.is_whitespace() => {
                while signs.next_if(|&(_, c)| c != '\n' && !is_old_break(c)).is_some() {}
            }
            None if matches!(c, '"' | '\'') && (previous.is_whitespace() || "[{,:".contains(previous)) => {
                open = Some((c, at));
            }
            Some(('"', _)) if c == '\\' => drop(signs.next()),
            Some(('\'', _)) if c == '\'' && signs.next_if(|&(_, c)| c == '\'').is_some() => {}
            Some((quote, start)) if c == quote => {
                found.push(start..at);
                open = None;
            }
            _ => {}
        }
        previous = c;
    }
    found
}

/// Refuses directives, which only go before a `---`, at which the text was cut already; and an end where a document begins.
pub(super) fn check_head(text: &str) -> Result<(), Wrong<'static>> {
    let mut at = 0;
    let mut directives = false;
    for line in text.split_inclusive(['\n', '\r']) {
        let here = at;
        at += line.len();
        let line = line.strip_prefix('\u{feff}').unwrap_or(line).trim_end();
        if line.is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let Some(directive) = line.strip_prefix('%') else {
            if directives && !line.starts_with("---") {
                return Err((here, "did not find expected <document start>"));
            }
            if line == "..." || line.starts_with("... ") {
                return Err((here, "did not find expected node content"));
            }
            return Ok(());
        };
        directives = true;
        let mut words = directive.split_whitespace();
        match (words.next(), words.next()) {
            (Some("YAML"), Some("1.1")) | (Some("TAG"), _) => {}
            (Some("YAML"), _) => return Err((here, "found incompatible YAML document")),
            _ => return Err((here, "found unknown directive name")),
        }
    }
    if directives { Err((text.len(), "did not find expected <document start>")) } else { Ok(()) }
}

/// Refuses escapes of a text in double quotes that go-yaml does not know, those of JSON that YAML 1.1 has not among them.
pub(super) fn check_escapes(raw: &str) -> Result<(), Wrong<'static>> {
    let mut rest = raw.char_indices();
    while let Some((at, c)) = rest.next() {
        if c != '\\' {
            continue;
        }
        let digits = match rest.next() {
            Some((_, 'x')) => 2,
            Some((_, 'u')) => 4,
            Some((_, 'U')) => 8,
            Some((_, c)) if "0abt\tnvfre \"'\\N_LP\r\n".contains(c) || is_old_break(c) => continue,
            _ => return Err((at, "found unknown escape character")),
        };
        let code = raw.get(at + 2..at + 2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        if code.is_some_and(|code| char::from_u32(code).is_none()) {
            return Err((at, "found invalid Unicode character escape code"));
        }
    }
    Ok(())
}

/// Whether the header of a block, which begins at a byte or ends the line before it, says how far its lines are indented.
pub(super) fn says_indentation(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or("");
    let header = if rest.starts_with(['|', '>']) {
        rest.lines().next().unwrap_or("")
    } else {
        let before = text.get(..at).unwrap_or("").trim_end_matches([' ', '\n']);
        before.rsplit('\n').next().and_then(|line| line.rfind(['|', '>']).map(|sign| &line[sign..])).unwrap_or("")
    };
    header.split(['#', ' ']).next().is_some_and(|header| header.contains(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        cut(text).unwrap().into_iter().map(|piece| &text[piece]).collect()
    }

    #[test]
    fn texts_are_cut_at_lines_of_dashes() {
        assert_eq!(texts("a\n---\nb\n"), ["a\n", "b\n"]);
        assert_eq!(texts("---\na\n--- # x\n---\nb"), ["---\na\n", "---\nb"]);
        assert_eq!(texts("a\n---"), ["a\n---"]);
        assert_eq!(texts(""), [""]);
        assert_eq!(texts("\n---\n---\n---\n"), ["\n", "---\n", ""]);
        assert_eq!(cut("a\n--- b\n").unwrap_err().0, 2..8);
    }

    #[test]
    fn old_line_ends_are_lines_outside_of_quotes() {
        let text = "a: 1\u{85}b: \"x\u{2028}y\" # c\u{2029}d: e\n";
        let lines = Lines::of(text, 100);
        assert_eq!(lines.text, "a: 1\nb: \"x\u{2028}y\" # c\nd: e\n");
        for word in ["a", "b", "y", "d", "e"] {
            assert_eq!(lines.outer(lines.text.find(word).unwrap()), 100 + text.find(word).unwrap(), "{word}");
        }
    }

    #[test]
    fn directives_and_escapes_are_go_yamls() {
        let head = |text: &str| check_head(text).err().map(|(at, _)| at);
        assert_eq!(head("# c\n\na: b\n"), None);
        assert_eq!(head("%YAML 1.1\n---"), None);
        assert_eq!(head("%YAML 1.1\r---\ra: b\r"), None);
        assert_eq!(head("# c\r\n%YAML 1.1\r\na: b"), Some(16));
        assert_eq!(head("# c\n%YAML 1.2\n---"), Some(4));
        assert_eq!(head("%YAML 1.1\n"), Some(10));
        assert_eq!(head("%FOO\n"), Some(0));
        assert_eq!(head("...\na: b\n"), Some(0));
        assert!(check_escapes(r#""\n\x41\u00e9\U0001F600\N\'""#).is_ok());
        assert_eq!(check_escapes(r#""a\/b""#).unwrap_err().0, 2);
        assert_eq!(check_escapes(r#""\ud83d\ude00""#).unwrap_err().0, 1);
    }
}
