//! Whole trees written with an [`Emitter`].
//!
//! Recursion follows the tree: a parsed one is at most `MAX_DEPTH` deep, and so is JSON that serde read.

use std::ops::Range;

use serde_json::Value as Json;

use super::{Emitter, Layout, Unwritable, sort};
use crate::yaml::node::{Entry, Node, Origin, Value};
use crate::yaml::scalar::{Dialect, Meaning};

/// Writes a node. The sink learns which bytes each key and each scalar became.
pub fn write_node(
    node: &Node,
    layout: Layout,
    sink: &mut dyn FnMut(&Origin, Range<usize>),
) -> Result<String, Unwritable> {
    let mut out = Emitter::new(layout);
    put_node(node, layout, &mut out, sink)?;
    Ok(out.finish())
}

/// Writes JSON.
pub fn write_json(json: &Json, layout: Layout) -> Result<String, Unwritable> {
    let mut out = Emitter::new(layout);
    put_json(json, layout, &mut out)?;
    Ok(out.finish())
}

fn put_node(
    node: &Node,
    layout: Layout,
    out: &mut Emitter,
    sink: &mut dyn FnMut(&Origin, Range<usize>),
) -> Result<(), Unwritable> {
    match &node.value {
        Value::Scalar(scalar) => {
            let meaning = match layout.dialect {
                Dialect::V2 => scalar.meaning(),
                Dialect::V3 => scalar.meaning_v3(),
            };
            let range = match meaning {
                Meaning::Null => out.null(),
                Meaning::Bool(b) => out.bool(b),
                Meaning::Int(n) => out.int(n),
                Meaning::Uint(n) => out.uint(n),
                Meaning::Float(f) => out.float(f)?,
                Meaning::Str(text) => out.string(&text)?,
            };
            sink(&node.origin, range);
        }
        Value::Seq(items) => {
            out.begin_seq(items.is_empty());
            for item in items.iter() {
                put_node(item, layout, out, sink)?;
            }
            out.end();
        }
        Value::Map(map) => {
            out.begin_map(map.entries.is_empty());
            let mut entries: Vec<&Entry> = map.entries.iter().collect();
            sort(layout.dialect, &mut entries, |entry| &*entry.key);
            for entry in entries {
                let range = out.key(&entry.key)?;
                sink(&entry.key_origin, range);
                put_node(&entry.value, layout, out, sink)?;
            }
            out.end();
        }
    }
    Ok(())
}

fn put_json(json: &Json, layout: Layout, out: &mut Emitter) -> Result<(), Unwritable> {
    match json {
        Json::Null => _ = out.null(),
        Json::Bool(b) => _ = out.bool(*b),
        Json::Number(n) => {
            _ = match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => out.int(n),
                (None, Some(n)) => out.uint(n),
                _ => out.float(n.as_f64().unwrap_or(f64::NAN))?,
            }
        }
        Json::String(text) => _ = out.string(text)?,
        Json::Array(items) => {
            out.begin_seq(items.is_empty());
            for item in items {
                put_json(item, layout, out)?;
            }
            out.end();
        }
        Json::Object(map) => {
            out.begin_map(map.is_empty());
            let mut entries: Vec<_> = map.iter().collect();
            sort(layout.dialect, &mut entries, |(key, _)| key.as_str());
            for (key, value) in entries {
                out.key(key)?;
                put_json(value, layout, out)?;
            }
            out.end();
        }
    }
    Ok(())
}
