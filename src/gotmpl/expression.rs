//! Regular expressions that are asked a few times about a few words: made quickly, rather than fast to ask.

use regex_automata::meta::{self, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

/// How large a compiled expression may become, in bytes.
const LARGEST: usize = 4 << 20;

/// An expression.
#[derive(Debug)]
pub(super) struct Expression {
    /// What is asked.
    pub regex: Regex,
    /// How many bytes behind a match a search for it may look at, where there is a bound.
    pub past: Option<usize>,
}

impl Expression {
    /// Compiles an expression in the regex crate's spelling; nothing for one that it refuses or that becomes too large.
    /// Automata that are fast to ask take longer to make than all questions that they will be asked.
    pub fn new(spelled: &str) -> Option<Self> {
        let words = syntax::Config::new().utf8(false).nest_limit(250);
        let hir = syntax::parse_with(spelled, &words).ok()?;
        let config = meta::Config::new().dfa(false).hybrid(false).onepass(false);
        let config = config.nfa_size_limit(Some(LARGEST)).utf8_empty(false);
        let regex = meta::Builder::new().configure(config).build_from_hir(&hir).ok()?;
        Some(Self { regex, past: past(&hir) })
    }

    /// What the groups hold of a text that matches, the whole first; empty where a group took no part.
    pub fn groups<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut captures = self.regex.create_captures();
        self.regex.captures(text, &mut captures);
        captures.is_match().then(|| groups(&captures, text))
    }

    /// The same for each match.
    pub fn all_groups<'t>(&self, text: &'t str) -> impl Iterator<Item = Vec<&'t str>> {
        self.regex.captures_iter(text).map(move |captures| groups(&captures, text))
    }
}

fn groups<'t>(captures: &Captures, text: &'t str) -> Vec<&'t str> {
    captures.iter().map(|group| group.and_then(|group| text.get(group.range())).unwrap_or("")).collect()
}

/// How far behind a match a longer or a better one may be looked for: to the end of what has a longest match, and for one
/// more turn of a repetition that nothing follows.
fn past(hir: &Hir) -> Option<usize> {
    let longest = |hir: &Hir| hir.properties().maximum_len();
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => longest(hir),
        HirKind::Capture(capture) => past(&capture.sub),
        HirKind::Repetition(repetition) => longest(hir).or_else(|| longest(&repetition.sub)),
        HirKind::Alternation(branches) => branches.iter().try_fold(0, |most, branch| Some(past(branch)?.max(most))),
        HirKind::Concat(parts) => {
            let (last, before) = parts.split_last()?;
            before.iter().try_fold(past(last)?, |sum, part| longest(part)?.checked_add(sum))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_search_looks_is_known_where_nothing_follows_what_repeats() {
        let past = |spelled: &str| Expression::new(spelled).unwrap().past;
        for (spelled, wanted) in [("abc", Some(3)), ("[ \\t]+", Some(1)), ("a(bc)*", Some(3)), ("x{2,4}|y", Some(4))] {
            assert_eq!(past(spelled), wanted, "{spelled}");
        }
        for spelled in [".*?b|a", "a(.*b)?", "([a-z]+,)*", "\"[^\"]*\""] {
            assert_eq!(past(spelled), None, "{spelled}");
        }
    }
}
