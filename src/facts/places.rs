//! Which of the places that made a text is the one to change: a text that a template composed was written in several, and only
//! one of them says what is found fault with.

use super::Sources;
use crate::source::{SourceMap, Span};
use crate::yaml::{Contribution, Origin};

/// How many places are asked, how many bytes a key has, and how many are read in search of a word.
const PLACES: usize = 256;
const KEY: usize = 60;
const LONGEST: usize = 16 << 10;

/// The origin with the place first that says a word and nothing else; of several, under the key that is called after what the
/// word is: a server and a user may have one name.
pub fn of_word(sources: &Sources, origin: &Origin, word: &str, called: &str) -> Origin {
    let says = |text: &str| text == word;
    let other = |key: &str| key.contains("pass");
    first(sources.texts, origin, |text, key| says(text) && key.contains(called))
        .or_else(|| first(sources.texts, origin, |text, key| says(text) && !other(key)))
        .unwrap_or_else(|| origin.clone())
}

/// The origin with the place first that says who logs on: under the user's key, or as a part of an address.
pub fn of_user(sources: &Sources, origin: &Origin, user: &str) -> Origin {
    let under_key = first(sources.texts, origin, |text, key| text == user && key.contains("user"));
    let in_address = || first_long(sources.texts, origin, |text| in_address(text, user, &["//", "user="]));
    under_key.or_else(in_address).unwrap_or_else(|| of_word(sources, origin, user, "user"))
}

/// The first place that holds a word among others, and in it the word alone.
pub fn of_program(sources: &Sources, origin: &Origin, program: &str) -> Origin {
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let find = |text: &str| {
        let ends = |at: usize| text.as_bytes().get(at).is_none_or(|b| !part(*b));
        let begins = |at: usize| at == 0 || !part(text.as_bytes()[at - 1]);
        text.match_indices(program).map(|(at, _)| at).find(|at| begins(*at) && ends(at + program.len()))
    };
    let at = std::cell::Cell::new(None);
    let holds = |text: &str| {
        at.set(find(text));
        at.get().is_some()
    };
    let Some(found) = first_long(sources.texts, origin, holds) else { return origin.clone() };
    let whole = found.anchor();
    let quoted = sources.texts.slice(whole).is_some_and(|text| text.starts_with(['"', '\'']));
    let start = whole.start as usize + at.get().unwrap_or(0) + usize::from(quoted);
    let anchor = Contribution { role: found.role(), span: Span::new(whole.file, start, start + program.len()) };
    Origin::made_of(anchor, found.contributions().skip(1).collect())
}

/// The origin with the place first that holds a password: alone, or as a part of an address.
pub fn of_password(sources: &Sources, origin: &Origin, password: &str) -> Origin {
    let says = |text: &str| text == password;
    first(sources.texts, origin, |text, key| says(text) && key.contains("pass"))
        .or_else(|| first(sources.texts, origin, |text, _| says(text)))
        .or_else(|| first_long(sources.texts, origin, |text| in_address(text, password, &[":", "="])))
        .unwrap_or_else(|| origin.clone())
}

/// Whether a word stands in a text after what comes before it in an address.
fn in_address(text: &str, word: &str, before: &[&str]) -> bool {
    let after = |at: usize| before.iter().any(|before| text[..at].ends_with(before));
    text.match_indices(word).any(|(at, _)| after(at))
}

/// Asks of each place what it says where that takes reading it, which is done until enough was read.
fn first_long(texts: &SourceMap, origin: &Origin, asked: impl Fn(&str) -> bool) -> Option<Origin> {
    let left = std::cell::Cell::new(LONGEST);
    first(texts, origin, |text, _| {
        let rest = left.get().checked_sub(text.len());
        left.set(rest.unwrap_or(left.get()));
        rest.is_some() && asked(text)
    })
}

/// Asks of each place what it says and, in lower case, what stands before it in its line.
fn first(texts: &SourceMap, origin: &Origin, asked: impl Fn(&str, &str) -> bool) -> Option<Origin> {
    let asked = |span: Span| {
        let text = texts.text(span.file)?;
        let (start, end) = (span.start as usize, span.end as usize);
        // A key is near; a line may be as long as a file.
        let from = (start.saturating_sub(KEY)..=start).find(|&at| text.is_char_boundary(at))?;
        let line = text.get(from..start)?.rsplit('\n').next()?.to_ascii_lowercase();
        Some(asked(text.get(start..end)?.trim_matches(['"', '\'']), &line))
    };
    let mut all: Vec<Contribution> = origin.contributions().collect();
    let at = all.iter().take(PLACES).position(|contribution| asked(contribution.span) == Some(true))?;
    let anchor = all.remove(at);
    Some(Origin::made_of(anchor, all))
}
