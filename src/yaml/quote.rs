//! Strings of JSON in their quotes: with the escapes that JSON demands, or with those that Go adds.

/// Whose escapes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escaping {
    /// No more than JSON demands.
    Least,
    /// As Go's `encoding/json` with `SetEscapeHTML(false)`.
    Go,
    /// As Go's `encoding/json` by default.
    GoHtml,
}

/// Writes a text in quotes.
pub(crate) fn write_quoted(text: &str, escaping: Escaping, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_escaped(text, escaping, out);
    out.push(b'"');
}

/// Writes what stands between the quotes of a text.
pub(crate) fn write_escaped(text: &str, escaping: Escaping, out: &mut Vec<u8>) {
    match escaping {
        Escaping::Least => write::<false, false>(text, out),
        Escaping::Go => write::<true, false>(text, out),
        Escaping::GoHtml => write::<true, true>(text, out),
    }
}

/// A text in quotes.
pub(crate) fn quoted(text: &str, escaping: Escaping) -> String {
    let mut out = Vec::new();
    write_quoted(text, escaping, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Bytes that are looked at together.
const PIECE: usize = 32;

/// Bytes that are looked at together where there is something to escape nearby.
const PART: usize = 8;

/// The longest escape of a byte.
const LONGEST: usize = 6;

fn write<const GO: bool, const HTML: bool>(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut made = [0; PART * LONGEST];
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + PIECE).min(bytes.len());
        if !any_escaped::<GO, HTML>(&bytes[at..end]) {
            out.extend_from_slice(&bytes[at..end]);
            at = end;
            continue;
        }
        while at < end {
            let part = (at + PART).min(end);
            if !any_escaped::<GO, HTML>(&bytes[at..part]) {
                out.extend_from_slice(&bytes[at..part]);
                at = part;
                continue;
            }
            let mut length = 0;
            while at < part {
                let first = bytes[at];
                at += 1;
                match Escapes::<GO, HTML>::TABLE[usize::from(first)] {
                    0 => {
                        made[length] = first;
                        length += 1;
                    }
                    b'u' => {
                        let (written, taken, more) = unicode(first, bytes.get(at..at + 2));
                        made[length..length + LONGEST].copy_from_slice(&written);
                        (length, at) = (length + taken, at + more);
                    }
                    letter => {
                        made[length] = b'\\';
                        made[length + 1] = letter;
                        length += 2;
                    }
                }
            }
            out.extend_from_slice(&made[..length]);
        }
    }
}

/// Whether there is anything to escape in a piece; many bytes are compared at a time.
fn any_escaped<const GO: bool, const HTML: bool>(piece: &[u8]) -> bool {
    piece.iter().fold(false, |any, &b| any | is_escaped::<GO, HTML>(b))
}

/// Whether a byte is, or may begin, something that is not simply written as it is.
const fn is_escaped<const GO: bool, const HTML: bool>(b: u8) -> bool {
    (b < b' ') | (b == b'"') | (b == b'\\') | (HTML & ((b == b'<') | (b == b'>') | (b == b'&'))) | (GO & (b == 0xe2))
}

/// What is written for a byte with a number for an escape, how much of that counts, and how many further bytes it is for.
fn unicode(first: u8, next: Option<&[u8]>) -> ([u8; LONGEST], usize, usize) {
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    match next {
        // U+2028 and U+2029.
        Some([0x80, last @ (0xa8 | 0xa9)]) if first == 0xe2 => {
            ([b'\\', b'u', b'2', b'0', b'2', last - 0xa8 + b'8'], 6, 2)
        }
        _ if first == 0xe2 => ([first; LONGEST], 1, 0),
        _ => ([b'\\', b'u', b'0', b'0', digit(first >> 4), digit(first & 15)], 6, 0),
    }
}

struct Escapes<const GO: bool, const HTML: bool>;

impl<const GO: bool, const HTML: bool> Escapes<GO, HTML> {
    /// By byte, what stands behind the backslash; 0 for what is written as it is.
    const TABLE: [u8; 256] = {
        let mut table = [0; 256];
        let mut b = 0;
        while b < 256 {
            table[b] = escape::<GO, HTML>(b as u8);
            b += 1;
        }
        table
    };
}

const fn escape<const GO: bool, const HTML: bool>(b: u8) -> u8 {
    match b {
        _ if !is_escaped::<GO, HTML>(b) => 0,
        b'"' | b'\\' => b,
        b'\n' => b'n',
        b'\t' => b't',
        b'\r' => b'r',
        0x08 if GO => b'b',
        0x0c if GO => b'f',
        _ => b'u',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Character by character, with nothing clever about it.
    fn plainly(text: &str, escaping: Escaping) -> String {
        let go = escaping != Escaping::Least;
        let one = |c: char| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            '\x08' if go => "\\b".to_owned(),
            '\x0c' if go => "\\f".to_owned(),
            '<' | '>' | '&' if escaping == Escaping::GoHtml => format!("\\u{:04x}", u32::from(c)),
            '\u{2028}' | '\u{2029}' if go => format!("\\u{:04x}", u32::from(c)),
            '\0'..'\u{20}' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        format!("\"{}\"", text.chars().map(one).collect::<String>())
    }

    proptest::proptest! {
        #![proptest_config(crate::proptests::same_cases())]
        #[test]
        fn texts_are_quoted_as_one_would_by_hand(
            text: String,
            odd in "([a-z ]{0,9}[\"\\\\<>&\u{0}-\u{1f}\u{7f}-\u{9f}\u{2020}-\u{2030}\u{e2}\u{1f600}]{0,3}){0,6}",
        ) {
            for escaping in [Escaping::Least, Escaping::Go, Escaping::GoHtml] {
                proptest::prop_assert_eq!(quoted(&text, escaping), plainly(&text, escaping));
                proptest::prop_assert_eq!(quoted(&odd, escaping), plainly(&odd, escaping));
            }
        }
    }
}
