//! Go's quoting: `strconv.Quote`, `Unquote`, `%q`, `%U`, and what counts as printable.

use std::fmt::Write;

/// A string in double quotes, as `strconv.Quote` and `%q` write it.
pub(crate) fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes(), '"', false)
}

/// The same for bytes that may not be UTF-8.
pub(super) fn quote_bytes(bytes: &[u8], quote: char, ascii: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push(quote);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape(&mut out, c, quote, ascii);
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push(quote);
    out
}

/// Writes one character as it stands inside quotes.
pub(super) fn escape(out: &mut String, c: char, quote: char, ascii: bool) {
    match c {
        '\\' => out.push_str("\\\\"),
        c if c == quote => {
            out.push('\\');
            out.push(c);
        }
        c if if ascii { matches!(c, ' '..='~') } else { is_print(c) } => out.push(c),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if c < ' ' || c == '\x7f' => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        c if (c as u32) < 0x10000 => {
            let _ = write!(out, "\\u{:04x}", c as u32);
        }
        c => {
            let _ = write!(out, "\\U{:08x}", c as u32);
        }
    }
}

/// What Go's `unicode.IsPrint` accepts: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub(super) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // Debug formatting escapes what has no glyph; grapheme extenders are escaped too, though Go prints marks.
    if c.is_whitespace() || c.is_control() {
        return false;
    }
    c.escape_debug().len() == 1 || is_mark(c)
}

/// Combining marks, which `escape_debug` escapes although they are printable.
fn is_mark(c: char) -> bool {
    matches!(c as u32,
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5c7 | 0x610..=0x61a | 0x64b..=0x65f | 0x670 | 0x6d6..=0x6ed
        | 0x900..=0xdff | 0xe31..=0xe4e | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20f0 | 0x302a..=0x302f
        | 0x3099..=0x309a | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xe0100..=0xe01ef)
}

/// `%#U`: `U+0023 '#'`.
pub(super) fn code_point(c: char) -> String {
    if is_print(c) { format!("U+{:04X} '{c}'", c as u32) } else { format!("U+{:04X}", c as u32) }
}

/// What stands between double quotes, where it means itself.
pub(super) fn verbatim(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.bytes().any(|b| matches!(b, b'\\' | b'"' | b'\n'))).then_some(inner)
}

/// `strconv.Unquote` of a double-quoted or raw string; `None` is Go's "invalid syntax".
pub(super) fn unquote(text: &str) -> Option<Vec<u8>> {
    if text.len() < 2 {
        return None;
    }
    let inner = text.get(1..text.len() - 1)?;
    if text.starts_with('`') {
        return text.ends_with('`').then(|| inner.bytes().filter(|&b| b != b'\r').collect());
    }
    if !text.starts_with('"') || !text.ends_with('"') || inner.contains('\n') {
        return None;
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, tail) = unquote_char(rest, '"')?;
        match unit {
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unit::Byte(b) => out.push(b),
        }
        rest = tail;
    }
    Some(out)
}

/// One character or byte of a quoted text.
pub(super) enum Unit {
    /// A character.
    Char(char),
    /// A byte written as `\x..` or in octal.
    Byte(u8),
}

/// `strconv.UnquoteChar`.
pub(super) fn unquote_char(text: &str, quote: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    if c == quote {
        return None;
    }
    if c != '\\' {
        return Some((Unit::Char(c), chars.as_str()));
    }
    let c = chars.next()?;
    let simple = |c| Some((Unit::Char(c), chars.as_str()));
    match c {
        'a' => simple('\x07'),
        'b' => simple('\x08'),
        'f' => simple('\x0c'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\x0b'),
        '\\' => simple('\\'),
        '\'' | '"' => (c == quote).then_some((Unit::Char(c), chars.as_str())),
        'x' | 'u' | 'U' => {
            let digits = match c {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let rest = chars.as_str();
            let number = rest.get(..digits).filter(|number| !number.starts_with('+'))?;
            let code = u32::from_str_radix(number, 16).ok()?;
            let unit = if c == 'x' { Unit::Byte(code as u8) } else { Unit::Char(char::from_u32(code)?) };
            Some((unit, &rest[digits..]))
        }
        '0'..='7' => {
            let rest = &text[1..];
            let code = u32::from_str_radix(rest.get(..3)?, 8).ok()?;
            Some((Unit::Byte(u8::try_from(code).ok()?), &rest[3..]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(quote("a\"b\\c\n\t\x00\u{7f}é\u{200b}\u{1F600}"), r#""a\"b\\c\n\t\x00\x7fé\u200b😀""#);
        assert_eq!(quote("\u{a0}\u{301}\u{feff}"), "\"\\u00a0\u{301}\\ufeff\"");
    }

    #[test]
    fn unquotes_as_go_does() {
        assert_eq!(unquote(r#""a\tb\x41\101\u00e9""#).as_deref(), Some("a\tbAAé".as_bytes()));
        assert_eq!(unquote("`a\\r\r`").as_deref(), Some(&b"a\\r"[..]));
        assert_eq!(unquote(r#""\'""#), None);
        assert_eq!(unquote(r#""\x+1""#), None);
    }
}
