//! Which of the places that made a text is the one to change: a text that a template composed was written in several, and only
//! one of them says what is found fault with.

use super::Sources;
use crate::source::{SourceMap, Span};
use crate::yaml::{Contribution, Origin};

/// How many places are asked, how long a key is, and how long a text with an address in it.
const PLACES: usize = 256;
const KEY: usize = 60;
const ADDRESS: usize = 16 << 10;

/// The origin with the place first that says a word and nothing else; of several, under the key that is called after what the
/// word is: a server and a user may have one name.
pub fn of_word(sources: &Sources, origin: &Origin, word: &str, called: &str) -> Origin {
    let says = |text: &str| text == word;
    first(sources.texts, origin, |text, key| says(text) && key.contains(called))
        .or_else(|| first(sources.texts, origin, |text, _| says(text)))
        .unwrap_or_else(|| origin.clone())
}

/// The origin with the place first that holds a password: alone, or as a part of an address.
pub fn of_password(sources: &Sources, origin: &Origin, password: &str) -> Origin {
    let ends = |before: &str| before.ends_with([':', '=']);
    let in_address = |text: &str| text.len() < ADDRESS && text.match_indices(password).any(|(at, _)| ends(&text[..at]));
    let says = |text: &str| text == password;
    first(sources.texts, origin, |text, key| says(text) && key.contains("pass"))
        .or_else(|| first(sources.texts, origin, |text, _| says(text)))
        .or_else(|| first(sources.texts, origin, |text, _| in_address(text)))
        .unwrap_or_else(|| origin.clone())
}

/// Asks of each place what it says and, in lower case, what stands before it in its line.
fn first(texts: &SourceMap, origin: &Origin, asked: impl Fn(&str, &str) -> bool) -> Option<Origin> {
    let asked = |span: Span| {
        let text = texts.text(span.file)?;
        let (start, end) = (span.start as usize, span.end as usize);
        // A key is near; a line may be as long as a file.
        let line = text.get(..start)?.rsplit('\n').next()?;
        let from = line.char_indices().rev().nth(KEY).map_or(0, |(at, _)| at);
        let line = line[from..].to_ascii_lowercase();
        Some(asked(text.get(start..end)?.trim_matches(['"', '\'']), &line))
    };
    let mut all: Vec<Contribution> = origin.contributions().collect();
    let at = all.iter().take(PLACES).position(|contribution| asked(contribution.span) == Some(true))?;
    let anchor = all.remove(at);
    Some(Origin::made_of(anchor, all))
}
