//! What characters and bytes are to the lexer, and how far they reach.

use memchr::memchr;

/// Where a delimiter is: nearly always one of two bytes, for which a searcher is not worth making.
pub(super) fn find(text: &str, delim: &str) -> Option<usize> {
    let &[first, second] = delim.as_bytes() else { return text.find(delim) };
    let mut from = 0;
    loop {
        let at = from + memchr(first, &text.as_bytes()[from..])?;
        if text.as_bytes().get(at + 1) == Some(&second) {
            return Some(at);
        }
        from = at + 1;
    }
}

pub(super) fn newlines(text: &str) -> usize {
    text.bytes().filter(|&b| b == b'\n').count()
}

pub(super) fn leading_spaces(text: &str) -> usize {
    text.bytes().take_while(|&b| is_space(b)).count()
}

pub(super) fn trailing_spaces(text: &str) -> usize {
    text.bytes().rev().take_while(|&b| is_space(b)).count()
}

pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether a byte is a letter, a digit or an underscore of ASCII.
pub(super) fn is_word(b: u8) -> bool {
    static WORD: [bool; 256] = {
        let mut table = [false; 256];
        let mut b = 0;
        while b < 128 {
            table[b] = b == b'_' as usize || (b as u8).is_ascii_alphanumeric();
            b += 1;
        }
        table
    };
    WORD[usize::from(b)]
}

pub(super) fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric())
}

pub(super) fn has_left_trim_marker(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0] == b'-' && is_space(bytes[1])
}

pub(super) fn has_right_trim_marker(bytes: &[u8]) -> bool {
    bytes.len() >= 2 && is_space(bytes[0]) && bytes[1] == b'-'
}
