//! Go's `path/filepath.Match`, for `.helmignore`: `*` and `?` stop at `/`, classes with ranges and `^`, `\` quotes.
//!
//! Linear in the pattern for each place in the name, whatever the pattern.

/// A pattern that Go would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadPattern;

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Char(char),
    Any,
    Star,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A pattern as `filepath.Match` reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Step>);

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Result<Self, BadPattern> {
        let mut steps = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            steps.push(match c {
                '*' => Step::Star,
                '?' => Step::Any,
                '\\' => Step::Char(chars.next().ok_or(BadPattern)?),
                '[' => class(&mut chars)?,
                c => Step::Char(c),
            });
        }
        Ok(Self(steps))
    }

    /// Whether the whole name fits.
    pub(super) fn matches(&self, name: &str) -> bool {
        // Most names differ at one of their ends.
        let differs = |step: Option<&Step>, end: Option<char>| matches!(step, Some(Step::Char(c)) if end != Some(*c));
        if differs(self.0.first(), name.chars().next()) || differs(self.0.last(), name.chars().next_back()) {
            return false;
        }
        let name: Vec<char> = name.chars().collect();
        let (mut step, mut at) = (0, 0);
        // The last star, and where in the name it ends for now: going back to it is enough, since stars do not cross `/`.
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() {
            let fits = match self.0.get(step) {
                Some(Step::Star) => {
                    star = Some((step, at));
                    step += 1;
                    continue;
                }
                Some(Step::Char(c)) => *c == name[at],
                Some(Step::Any) => name[at] != '/',
                Some(Step::Class { negated, ranges }) => {
                    let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&name[at]));
                    inside != *negated
                }
                None => false,
            };
            if fits {
                step += 1;
                at += 1;
                continue;
            }
            match star {
                Some((star_step, end)) if name[end] != '/' => {
                    star = Some((star_step, end + 1));
                    step = star_step + 1;
                    at = end + 1;
                }
                _ => return false,
            }
        }
        self.0[step..].iter().all(|step| *step == Step::Star)
    }
}

type Chars<'t> = std::iter::Peekable<std::str::Chars<'t>>;

/// What follows `[`, up to its `]`.
fn class(chars: &mut Chars<'_>) -> Result<Step, BadPattern> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
        let low = member(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { member(chars)? } else { low };
        ranges.push((low, high));
    }
    Ok(Step::Class { negated, ranges })
}

/// One character of a class.
fn member(chars: &mut Chars<'_>) -> Result<char, BadPattern> {
    match chars.next().ok_or(BadPattern)? {
        '-' | ']' => Err(BadPattern),
        '\\' => chars.next().ok_or(BadPattern),
        c => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_matches() {
        // path/filepath/match_test.go, as far as it does not speak of Windows.
        let rows = [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a???b", "a☺b", false),
            ("a[^a][^a][^a]b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[x\\-]", "-", true),
            ("*x", "xxx", true),
        ];
        for (pattern, name, expected) in rows {
            assert_eq!(Pattern::new(pattern).map(|p| p.matches(name)), Ok(expected), "{pattern} {name}");
        }
        for bad in ["[]a]", "[-]", "[x-]", "[-x]", "a[", "a[x", "[a-b-c]", "[", "[^", "[^bc", "\\"] {
            assert_eq!(Pattern::new(bad), Err(BadPattern), "{bad}");
        }
    }
}
