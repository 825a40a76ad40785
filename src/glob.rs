//! Globs in the dialects that Argo CD speaks, each translated to a regular expression that runs in linear time.
//!
//! Nothing here knows files; patterns are hostile, so their size and that of what they become is bounded.

mod gobwas;

use regex_automata::meta::{self, Regex};
use regex_automata::util::syntax;

/// Whose rules a pattern follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `gobwas/glob` without separators, as directory sources use it: `*` crosses `/`, braces are alternatives.
    Gobwas,
    /// `gobwas/glob` with `/` as its separator, as projects match repositories: `*` stays in its segment, `**` crosses.
    GobwasPath,
    /// Go's `path.Match`, as the git directories generator uses it: `*` stays in its segment, no braces.
    PathMatch,
    /// Git's pathspec, as the git files generator uses it by default: `*` crosses `/`, a folder means what is below it.
    Pathspec,
    /// `doublestar`, as values files and the new globbing use it: `*` stays in its segment, `**` crosses.
    Doublestar,
}

/// Longer patterns are not read, in bytes.
pub const LONGEST: usize = 4_096;

/// A pattern that no dialect can read, or that is longer than [`LONGEST`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{0}` is not a glob")]
pub struct BadPattern(pub String);

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Glob(Matcher);

#[derive(Debug, Clone)]
enum Matcher {
    /// The path itself: nothing in the pattern is more than a character.
    Name(String),
    Regex(Regex),
}

impl Glob {
    /// Compiles a pattern.
    pub fn new(pattern: &str, dialect: Dialect) -> Result<Self, BadPattern> {
        let bad = || BadPattern(pattern.chars().take(200).collect());
        if pattern.len() > LONGEST {
            return Err(bad());
        }
        if !has_wildcard(pattern) && !pattern.contains('\\') && dialect != Dialect::Pathspec {
            return Ok(Self(Matcher::Name(pattern.to_owned())));
        }
        let mut out = String::from("(?s)^(?:");
        match dialect {
            Dialect::Gobwas => gobwas::translate(pattern, false, &mut out),
            Dialect::GobwasPath => gobwas::translate(pattern, true, &mut out),
            Dialect::PathMatch | Dialect::Pathspec | Dialect::Doublestar => {
                let mut reader = Reader { rest: pattern.chars().collect(), at: 0, dialect, out: &mut out, depth: 0 };
                reader.all()
            }
        }
        .ok_or_else(bad)?;
        out.push(')');
        if dialect == Dialect::Pathspec {
            // A pathspec also names everything below the folder that it spells literally.
            let literal = pattern.trim_end_matches('/');
            out.push_str(&format!("$|^{}(?:/|$)", regex::escape(literal)));
        } else {
            out.push('$');
        }
        // A pattern is asked a few times and thrown away: what makes it fast to ask costs more than it brings. Only what stands
        // for one character needs to know how long characters are.
        let counts = pattern.contains(['?', '[']);
        let regex = meta::Builder::new()
            .configure(meta::Config::new().dfa(false).onepass(false).nfa_size_limit(Some(4 << 20)).utf8_empty(false))
            .syntax(syntax::Config::new().unicode(counts).utf8(false))
            .build(&out);
        Ok(Self(Matcher::Regex(regex.map_err(|_| bad())?)))
    }

    /// Whether a path matches.
    pub fn matches(&self, path: &str) -> bool {
        match &self.0 {
            Matcher::Name(name) => name == path,
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// Whether a text holds a character that makes it a pattern rather than a name.
pub fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// The dialects that Go's own packages and Git speak.
struct Reader<'o> {
    rest: Vec<char>,
    at: usize,
    dialect: Dialect,
    out: &'o mut String,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn braces(&self) -> bool {
        self.dialect == Dialect::Doublestar
    }

    fn literal(&mut self, c: char) {
        gobwas::literal(c, self.out);
    }

    /// Translates everything; `None` for a pattern that is broken.
    fn all(&mut self) -> Option<()> {
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '*' => self.star(),
                '?' => self.out.push_str(if self.crosses() { "." } else { "[^/]" }),
                '[' => self.class()?,
                '\\' => {
                    let next = self.peek()?;
                    self.at += 1;
                    self.literal(next);
                }
                '{' if self.braces() => {
                    self.depth += 1;
                    if self.depth > 32 {
                        return None;
                    }
                    self.out.push_str("(?:");
                }
                '}' if self.braces() && self.depth > 0 => {
                    self.depth -= 1;
                    self.out.push(')');
                }
                ',' if self.depth > 0 => self.out.push('|'),
                c => self.literal(c),
            }
        }
        (self.depth == 0).then_some(())
    }

    fn crosses(&self) -> bool {
        self.dialect == Dialect::Pathspec
    }

    fn star(&mut self) {
        let begins = self.at == 1 || self.rest[self.at - 2] == '/';
        let mut stars = 1;
        while self.peek() == Some('*') {
            self.at += 1;
            stars += 1;
        }
        if self.crosses() {
            self.out.push_str(".*");
            return;
        }
        let ends = matches!(self.peek(), None | Some('/'));
        if self.dialect == Dialect::Doublestar && stars == 2 && begins && ends {
            if self.peek() == Some('/') {
                self.at += 1;
                self.out.push_str("(?:[^/]+/)*");
            } else if self.out.ends_with('/') {
                self.out.pop();
                self.out.push_str("(?:/.*)?");
            } else {
                self.out.push_str(".*");
            }
            return;
        }
        self.out.push_str("[^/]*");
    }

    fn class(&mut self) -> Option<()> {
        let negated = match self.peek() {
            Some('^') => true,
            Some('!') => self.dialect != Dialect::PathMatch,
            _ => false,
        };
        if negated {
            self.at += 1;
        }
        let mut body = String::new();
        let mut first = true;
        loop {
            let low = self.class_char(first)?;
            let Some(low) = low else { break };
            let mut high = low;
            if self.peek() == Some('-') && self.rest.get(self.at + 1).is_some_and(|&c| c != ']') {
                self.at += 1;
                high = self.class_char(true)??;
            }
            if low <= high {
                body.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high)));
            }
            first = false;
        }
        if first {
            return None;
        }
        let slash = if self.crosses() { "" } else { "/" };
        match (negated, body.is_empty()) {
            (true, _) => self.out.push_str(&format!("[^{slash}{body}]")),
            (false, true) => self.out.push_str("[^\\s\\S]"),
            (false, false) => self.out.push_str(&format!("[{body}]")),
        }
        Some(())
    }

    /// One character of a class; the inner `None` for its end.
    fn class_char(&mut self, first: bool) -> Option<Option<char>> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            ']' if !first => Some(None),
            ']' if self.dialect != Dialect::Pathspec => None,
            '\\' => {
                let next = self.peek()?;
                self.at += 1;
                Some(Some(next))
            }
            c => Some(Some(c)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(dialect: Dialect, pattern: &str, path: &str) -> bool {
        Glob::new(pattern, dialect).is_ok_and(|glob| glob.matches(path))
    }

    #[test]
    fn each_dialect_has_its_own_star() {
        use Dialect::*;
        for (dialect, pattern, path, expected) in [
            (Gobwas, "*.yaml", "a/b.yaml", true),
            (Gobwas, "{a,b}/*.yaml", "b/c.yaml", true),
            (Gobwas, "{*.yml,config.json}", "config.json", true),
            (Gobwas, "[!a]x", "bx", true),
            (Gobwas, "[!a]x", "ax", false),
            (GobwasPath, "h/acme/*", "h/acme/web", true),
            (GobwasPath, "h/acme/*", "h/acme/web/db", false),
            (GobwasPath, "h/**", "h/acme/web", true),
            (GobwasPath, "files/**.yaml", "files/b/a.yaml", true),
            (GobwasPath, "a?c", "abc", true),
            (GobwasPath, "a?c", "a/c", false),
            (GobwasPath, "{a,b*}.txt", "bcd.txt", true),
            (GobwasPath, "{a,b*}.txt", "c.txt", false),
            (GobwasPath, "[!a]b", "/b", true),
            (GobwasPath, "[a-c]b", "bb", true),
            (GobwasPath, "[abc]b", "db", false),
            (GobwasPath, "[^a]b", "^b", true),
            (GobwasPath, "[ab-]b", "-b", true),
            (GobwasPath, "[a-bx]b", "xb", false),
            (GobwasPath, "[a-]b", "ab", false),
            (GobwasPath, "a\\*", "a*", true),
            (GobwasPath, "a\\*", "ab", false),
            (GobwasPath, "ab\\", "ab", true),
            (GobwasPath, "a{b,c", "ac", true),
            (GobwasPath, "a,}", "a,}", true),
            (GobwasPath, "a.b", "axb", false),
            (GobwasPath, "é*", "éa", true),
            (PathMatch, "apps/*", "apps/web", true),
            (PathMatch, "apps/*", "apps/web/db", false),
            (PathMatch, "apps/{a,b}", "apps/a", false),
            (PathMatch, "apps/[^a]*", "apps/bc", true),
            (PathMatch, "apps/[", "apps/[", false),
            (Pathspec, "apps/*.json", "apps/a/b.json", true),
            (Pathspec, "apps", "apps/a/b.json", true),
            (Pathspec, "apps/", "apps/a/b.json", true),
            (Pathspec, "apps", "apps2/a", false),
            (Pathspec, "**/config.json", "config.json", false),
            (Pathspec, "**/config.json", "a/b/config.json", true),
            (Doublestar, "**/config.json", "config.json", true),
            (Doublestar, "**/config.json", "a/b/config.json", true),
            (Doublestar, "apps/*.json", "apps/a/b.json", false),
            (Doublestar, "apps/**", "apps", true),
            (Doublestar, "apps/**", "apps/a/b", true),
            (Doublestar, "apps/**/x/{a,b}.y*ml", "apps/x/b.yaml", true),
        ] {
            assert_eq!(matches(dialect, pattern, path), expected, "{dialect:?} {pattern} {path}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = "*a".repeat(1_000);
        assert!(!matches(Dialect::Gobwas, &pattern, &"a".repeat(900)));
        assert!(Glob::new(&"{".repeat(40), Dialect::Gobwas).is_err());
    }
}
