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
                out.push_str(&json_string(&entry.key, true));
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
            Meaning::Str(text) => out.push_str(&json_string(&text, true)),
        },
    }
}
