//! gobwas' globs with `/` as separator, as `.Files.Glob` reads them: `*` and `?` stop at `/`, `**` does not, classes with
//! `!`, alternatives in braces. Matching is linear: the pattern becomes a regular expression.

use regex::Regex;

/// A glob; one that gobwas would refuse matches everything, as Helm has it.
pub(super) struct Glob(Option<Regex>);

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        let regex = translate(pattern);
        Self(regex.and_then(|text| regex::RegexBuilder::new(&text).size_limit(4 << 20).build().ok()))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(name))
    }
}

fn translate(pattern: &str) -> Option<String> {
    let mut out = String::from("(?s)^");
    let mut chars = pattern.chars().peekable();
    let mut open = 0usize;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                while chars.next_if_eq(&'*').is_some() {}
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            '[' => class(&mut chars, &mut out)?,
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    (open == 0).then_some(out)
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    let negated = chars.next_if_eq(&'!').is_some();
    let mut members = String::new();
    loop {
        match chars.next()? {
            ']' if members.is_empty() => return None,
            ']' => break,
            '\\' => members.push_str(&escaped(chars.next()?)),
            '-' if !members.is_empty() && chars.peek().is_some_and(|c| *c != ']') => members.push('-'),
            c => members.push_str(&escaped(c)),
        }
    }
    out.push_str(if negated { "[^" } else { "[" });
    out.push_str(&members);
    out.push(']');
    Some(())
}

fn escaped(c: char) -> String {
    if c.is_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", c as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_gobwas_matches() {
        let rows = [
            ("files/*.yaml", "files/a.yaml", true),
            ("files/*.yaml", "files/b/a.yaml", false),
            ("files/**.yaml", "files/b/a.yaml", true),
            ("files/**", "files/b/a.yaml", true),
            ("**", "a/b", true),
            ("*", "a/b", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("{a,b*}.txt", "bcd.txt", true),
            ("{a,b*}.txt", "c.txt", false),
            ("[!a]b", "cb", true),
            ("[a-c]b", "bb", true),
            ("[abc]b", "db", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("a.b", "axb", false),
            ("broken[", "anything/at/all", true),
        ];
        for (pattern, name, expected) in rows {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }
}
