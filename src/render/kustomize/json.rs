//! JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped. What a hash is taken of must be the same to the byte.

use super::meaning;
use crate::yaml::{Escaping, Meaning, Node, Value, write_escaped};

/// Takes over what was written so far, if it likes to, and leaves the rest to be written on.
pub(super) type Drain<'d> = &'d mut dyn FnMut(&mut Vec<u8>);

/// Bytes of a text that are written before the drain is asked.
const PIECE: usize = 4096;

/// A tree as compact JSON.
pub(super) fn text(node: &Node) -> String {
    let mut out = Vec::new();
    write(node, &mut out, &mut |_| {});
    String::from_utf8(out).unwrap_or_default()
}

/// Writes a tree as compact JSON.
pub(super) fn write(node: &Node, out: &mut Vec<u8>, drain: Drain<'_>) {
    match &node.value {
        Value::Map(map) => {
            let mut entries: Vec<_> = map.entries.iter().collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            out.push(b'{');
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                string(&entry.key, out, drain);
                out.push(b':');
                write(&entry.value, out, drain);
            }
            out.push(b'}');
        }
        Value::Seq(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(item, out, drain);
            }
            out.push(b']');
        }
        Value::Scalar(scalar) => match meaning::of(scalar) {
            Meaning::Null => out.extend_from_slice(b"null"),
            Meaning::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Meaning::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Meaning::Uint(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Meaning::Float(value) => out.extend_from_slice(meaning::float_text(value).as_bytes()),
            Meaning::Str(text) => string(&text, out, drain),
        },
    }
}

/// Writes a text in quotes.
pub(super) fn string(text: &str, out: &mut Vec<u8>, drain: Drain<'_>) {
    out.push(b'"');
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
        write_escaped(piece, Escaping::GoHtml, out);
        drain(out);
        rest = more;
    }
    out.push(b'"');
}
