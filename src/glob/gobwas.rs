//! `gobwas/glob`'s patterns as regular expressions: Helm's `.Files.Glob`, Argo CD's directory sources and projects.
//!
//! What it takes is wide: a pattern may end inside of braces, or with a backslash that quotes nothing. Classes are either one
//! range or a list of characters, never both (`syntax/lexer/lexer.go`, `syntax/ast/parser.go`).

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// How deep braces may nest.
const DEEPEST: usize = 32;

/// Writes the expression for a pattern, with `/` as the separator that `*` and `?` stop at, or without any; `None` where
/// gobwas refuses the pattern.
pub(super) fn translate(pattern: &str, separated: bool, out: &mut String) -> Option<()> {
    let one = if separated { "[^/]" } else { "." };
    let mut chars = pattern.chars().peekable();
    let mut open = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' => {
                let crosses = chars.next_if_eq(&'*').is_some();
                while chars.next_if_eq(&'*').is_some() {}
                out.push_str(if crosses { "." } else { one });
                out.push('*');
            }
            '?' => out.push_str(one),
            '[' => class(&mut chars, out)?,
            '{' => {
                open += 1;
                if open > DEEPEST {
                    return None;
                }
                out.push_str("(?:");
            }
            ',' if open > 0 => out.push('|'),
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            '\\' => chars.next().into_iter().for_each(|c| literal(c, out)),
            c => literal(c, out),
        }
    }
    out.extend(std::iter::repeat_n(')', open));
    Some(())
}

pub(super) fn literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// What stands behind an opening bracket. Separators are characters like any other here.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if chars.next_if_eq(&'!').is_some() {
        out.push('^');
    }
    let first = chars.next()?;
    if chars.next_if_eq(&'-').is_some() {
        let last = chars.next()?;
        member(first, out);
        out.push('-');
        member(last, out);
        out.push(']');
        return (first <= last && chars.next()? == ']').then_some(());
    }
    let mut next = Some(first);
    let mut empty = true;
    loop {
        match next? {
            ']' if empty => return None,
            ']' => break,
            '\\' => member(chars.next()?, out),
            c => member(c, out),
        }
        empty = false;
        next = chars.next();
    }
    out.push(']');
    Some(())
}

fn member(c: char, out: &mut String) {
    let _ = write!(out, "\\x{{{:x}}}", u32::from(c));
}
