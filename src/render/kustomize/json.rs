//! JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped. What a hash is taken of must be the same to the byte.

use super::meaning;
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
                out.push_str(&quoted(&entry.key));
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
            Meaning::Str(text) => out.push_str(&quoted(&text)),
        },
    }
}

/// A string as Go's `encoding/json` quotes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
