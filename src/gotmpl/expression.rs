//! Regular expressions that are asked a few times about a few words: made quickly, rather than fast to ask; and what it costs
//! to ask them.

use std::sync::OnceLock;

use regex_automata::meta::{self, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_syntax::hir::{Class, Hir, HirKind};

/// How large a compiled expression may become, in bytes.
pub(super) const LARGEST: usize = 4 << 20;

/// Texts from here on are worth an automaton that takes longer to make, in bytes.
const LONG: usize = 16 << 10;

/// An expression.
#[derive(Debug)]
pub(crate) struct Expression {
    /// What is asked.
    regex: Regex,
    /// What is asked about long texts; nothing for an expression that becomes too large in this way.
    long: OnceLock<Option<Regex>>,
    hir: Hir,
    /// How many states it may be in at a time, about.
    pub states: u64,
    past: Past,
}

impl Expression {
    /// Compiles an expression in the regex crate's spelling; nothing for one that it refuses or that becomes too large.
    pub fn new(spelled: &str) -> Option<Self> {
        let words = syntax::Config::new().utf8(false).nest_limit(250);
        let hir = syntax::parse_with(spelled, &words).ok()?;
        let regex = compiled(&hir, false)?;
        Some(Self { states: size(&hir).max(1), past: Past::of(&hir), regex, long: OnceLock::new(), hir })
    }

    /// What is to be asked about a text of so many bytes.
    pub fn for_text(&self, len: usize) -> &Regex {
        let long = if len < LONG { None } else { self.long.get_or_init(|| compiled(&self.hir, true)).as_ref() };
        long.unwrap_or(&self.regex)
    }

    /// How many bytes of what follows a match a search for it may have looked at: it may have looked for a longer or a better
    /// one.
    pub fn looked_at(&self, rest: &[u8]) -> usize {
        // It ends at the first byte that can be read neither over and over nor once more.
        let mut outside = rest.iter().enumerate().filter(|(_, b)| !self.past.repeated[usize::from(**b)]);
        outside.nth(self.past.once).map_or(rest.len(), |(at, _)| at + 1)
    }

    /// How much was compiled, in bytes.
    pub fn weight(&self) -> usize {
        self.regex.memory_usage()
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

    /// Whether a text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Automata that are fast to ask take longer to make than most questions that they will be asked.
fn compiled(hir: &Hir, lazily: bool) -> Option<Regex> {
    let config = meta::Config::new().dfa(false).hybrid(lazily).onepass(false);
    let config = config.nfa_size_limit(Some(LARGEST)).utf8_empty(false);
    meta::Builder::new().configure(config).build_from_hir(hir).ok()
}

fn groups<'t>(captures: &Captures, text: &'t str) -> Vec<&'t str> {
    captures.iter().map(|group| group.and_then(|group| text.get(group.range())).unwrap_or("")).collect()
}

/// What a path through an expression can read.
#[derive(Debug, Clone)]
struct Past {
    /// Bytes that it reads outside of repetitions without end, at most.
    once: usize,
    /// The bytes that it can read in such repetitions, over and over.
    repeated: [bool; 256],
}

impl Past {
    fn of(hir: &Hir) -> Self {
        let mut past = Self { once: 0, repeated: [false; 256] };
        past.once = past.read(hir, false);
        past
    }

    /// Adds what is read over and over, and gives how much is read once.
    fn read(&mut self, hir: &Hir, over_and_over: bool) -> usize {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => 0,
            HirKind::Literal(literal) => {
                if over_and_over {
                    literal.0.iter().for_each(|b| self.repeated[usize::from(*b)] = true);
                }
                literal.0.len()
            }
            HirKind::Class(class) => {
                if over_and_over {
                    self.add(class);
                }
                hir.properties().maximum_len().unwrap_or(4)
            }
            HirKind::Capture(capture) => self.read(&capture.sub, over_and_over),
            HirKind::Repetition(repetition) => match repetition.max {
                Some(most) => self.read(&repetition.sub, over_and_over).saturating_mul(most as usize),
                None => {
                    self.read(&repetition.sub, true);
                    0
                }
            },
            HirKind::Alternation(parts) => parts.iter().map(|part| self.read(part, over_and_over)).max().unwrap_or(0),
            HirKind::Concat(parts) => {
                parts.iter().fold(0, |sum, part| sum.saturating_add(self.read(part, over_and_over)))
            }
        }
    }

    fn add(&mut self, class: &Class) {
        match class {
            Class::Bytes(class) => {
                for range in class.ranges() {
                    (range.start()..=range.end()).for_each(|b| self.repeated[usize::from(b)] = true);
                }
            }
            Class::Unicode(class) => {
                for range in class.ranges() {
                    let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                    (start..=end.min(0x7f)).for_each(|b| self.repeated[b as usize] = true);
                    if end > 0x7f {
                        self.repeated[0x80..].fill(true);
                    }
                }
            }
        }
    }
}

/// How many places an expression has with its repetitions written out.
fn size(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty => 0,
        HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(_) => 2,
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let turns = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            size(&repetition.sub).saturating_add(1).saturating_mul(u64::from(turns))
        }
        HirKind::Alternation(parts) | HirKind::Concat(parts) => parts.iter().map(size).fold(1, u64::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_search_looks_behind_a_match_is_known() {
        let looked_at = |spelled: &str, rest: &str| Expression::new(spelled).unwrap().looked_at(rest.as_bytes());
        let long = "a".repeat(1000);
        for (spelled, rest, wanted) in [
            ("abc", "xyzxyz", 4),
            ("[ \t]+", "  x y", 3),
            ("\"[^\"]*\"", "a\": \"b\", \"c\"", 7),
            (r"\{\{([a-z]+)\}\}", "abcABCDEF", 8),
            ("(?m)^(.*)$", "x\ny\n", 2),
            (".*?b|a", &long, 1000),
            ("([a-z]+,)*", &long, 1000),
            ("a(.*b)?", "x\ny\nz\nw", 6),
        ] {
            assert_eq!(looked_at(spelled, rest), wanted, "{spelled}");
        }
    }

    #[test]
    fn long_texts_are_asked_in_another_way_and_answer_alike() {
        let expression = Expression::new("([a-z]+)-([0-9]+)").unwrap();
        let text = "ab-12 cd-3 ".repeat(4_000);
        let all = |len| expression.for_text(len).find_iter(&text).map(|place| place.range()).collect::<Vec<_>>();
        assert_eq!(all(10), all(text.len()));
    }
}
