//! How long the regular expressions of a schema are with their repetitions written out: what they take to compile, and how many
//! of their parts may look at each character of a text.

/// What a class of Unicode is made of.
const UNICODE_CLASS: u64 = 300;

/// The length of a pattern.
pub(super) fn length(pattern: &str) -> u64 {
    if is_verbose(pattern) { crude(pattern) } else { exact(pattern) }
}

/// What it takes to put a pattern into Rust's spelling: the whole is read again for each class that JavaScript has otherwise.
pub(super) fn respelling(pattern: &str) -> u64 {
    let escapes = pattern.bytes().filter(|b| *b == b'\\').count() as u64;
    escapes.saturating_mul(pattern.len() as u64) / 32
}

/// Whether blanks and comments may stand before a repetition.
fn is_verbose(pattern: &str) -> bool {
    let is_flag = |c: &char| c.is_ascii_alphabetic() || *c == '-';
    pattern.split("(?").skip(1).any(|rest| rest.chars().take_while(is_flag).any(|c| c == 'x'))
}

/// As if every repetition repeated the whole.
fn crude(pattern: &str) -> u64 {
    let counts = pattern.split('{').skip(1).map(|rest| count(rest).map_or(1, |(most, _)| most.max(1)));
    counts.fold(exact(pattern), u64::saturating_mul)
}

fn exact(pattern: &str) -> u64 {
    // The length of each open group, and of the last thing in it.
    let mut open: Vec<(u64, u64)> = vec![(0, 0)];
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let atom = match c {
            '(' => {
                open.push((1, 0));
                continue;
            }
            ')' if open.len() > 1 => open.pop().map_or(1, |(length, last)| length.saturating_add(last)),
            '{' if let Some((most, behind)) = count(rest) => {
                if let Some((_, last)) = open.last_mut() {
                    *last = last.saturating_mul(most.max(1));
                }
                rest = behind;
                continue;
            }
            '[' => {
                let (length, behind) = class(rest);
                rest = behind;
                length
            }
            '\\' => {
                let escaped = rest.chars().next();
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
                if matches!(escaped, Some('p' | 'P')) { UNICODE_CLASS } else { 1 }
            }
            _ => 1,
        };
        if let Some((length, last)) = open.last_mut() {
            *length = length.saturating_add(*last);
            *last = atom;
        }
    }
    open.into_iter().fold(0, |sum, (length, last)| sum.saturating_add(length).saturating_add(last))
}

/// The most that `2,5}` asks for, and what stands behind it.
fn count(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|b| !(b.is_ascii_digit() || matches!(b, b',' | b' ')))?;
    let behind = text[end..].strip_prefix('}')?;
    let (least, most) = text[..end].split_once(',').unwrap_or((&text[..end], ""));
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let most = if most.trim().is_empty() { 0 } else { number(most)? };
    Some((number(least).unwrap_or_default().max(most), behind))
}

/// The length of a class that has been opened, and what stands behind it.
fn class(text: &str) -> (u64, &str) {
    let (mut length, mut depth, mut escaped, mut first) = (1, 1, false, true);
    for (at, c) in text.char_indices() {
        length += 1;
        match c {
            'p' | 'P' if escaped => length += UNICODE_CLASS,
            _ if escaped => {}
            '^' if first => continue,
            '[' => depth += 1,
            ']' if !first => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (length, &text[at + 1..]);
        }
        escaped = c == '\\' && !escaped;
        first = c == '[';
    }
    (length, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_repeat_what_they_stand_behind() {
        let rows = [
            ("abc", 3),
            ("a{3}b{4}", 7),
            ("[ab]{2,5}x", 21),
            ("(ab{10}){3,}", 36),
            ("a{x}", 4),
            ("[]{9}]{2}", 12),
            ("\\p{5}", 1_500),
            ("\\{5}", 3),
        ];
        for (pattern, expected) in rows {
            assert_eq!(length(pattern), expected, "{pattern}");
        }
        assert!(length("(((a{100}){100}){100}){100}") > 100_000_000);
        assert!(length("(?x)(((a {100}) {100}) {100}) {100}") > 100_000_000);
    }
}
