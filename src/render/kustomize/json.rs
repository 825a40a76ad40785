//! JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped. What a hash is taken of must be the same to the byte.

use super::meaning;
use crate::gotmpl::json_string;
use crate::yaml::{Meaning, Node, Value};

/// A tree as compact JSON.
pub(super) fn text(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Map(map) => {
            let mut entries: Vec<_> = map.entries.iter().collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                string(&entry.key, out);
                out.push(':');
                write(&entry.value, out);
            }
            out.push('}');
        }
        Value::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Scalar(scalar) => match meaning::of(scalar) {
            Meaning::Null => out.push_str("null"),
            Meaning::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Meaning::Int(value) => out.push_str(&value.to_string()),
            Meaning::Uint(value) => out.push_str(&value.to_string()),
            Meaning::Float(value) => out.push_str(&meaning::float_text(value)),
            Meaning::Str(text) => string(&text, out),
        },
    }
}

/// Which bytes need no escape.
const ORDINARY: [bool; 256] = {
    let mut ordinary = [false; 256];
    let mut b = b' ';
    while b <= b'~' {
        ordinary[b as usize] = !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'&');
        b += 1;
    }
    ordinary
};

/// A text in quotes; what needs no escape is copied as it is.
pub(super) fn string(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let (mut copied, mut at) = (0, 0);
    out.push('"');
    while at < bytes.len() {
        if ORDINARY[usize::from(bytes[at])] {
            at += 1;
            continue;
        }
        out.push_str(&text[copied..at]);
        match bytes[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b'<' => out.push_str("\\u003c"),
            b'>' => out.push_str("\\u003e"),
            b'&' => out.push_str("\\u0026"),
            _ => {
                // Up to a byte that is a character by itself.
                let length = bytes[at..].iter().position(|&b| ORDINARY[usize::from(b)]).unwrap_or(bytes.len() - at);
                let written = json_string(&text[at..at + length], true);
                out.push_str(&written[1..written.len() - 1]);
                at += length - 1;
            }
        }
        at += 1;
        copied = at;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_others_write_them() {
        for text in ["", "a b", "\"", "a\"\"b\n\tc\\", "<a & b>\u{7f}", "é\u{2028}x\u{0}y\u{1f600}", "\"\"a\""] {
            let mut written = String::new();
            string(text, &mut written);
            assert_eq!(written, json_string(text, true));
        }
    }
}
