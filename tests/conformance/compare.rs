//! What the programs that hold us against the real ones share: the rows of their tables, and how two objects differ.
//!
//! Objects are compared as data: the order of keys does not count, nor whether a number is written as a whole one.
// Each program uses the part that it needs.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Value, json};

/// The head of a table.
pub fn head(out: &mut impl Write, columns: &[&str]) -> io::Result<()> {
    writeln!(out, "| {} |", columns.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(columns.len()))
}

/// One row of a table.
pub fn row(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Objects by what names them; those of one name are numbered.
pub fn keyed(objects: &[Value]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for object in objects {
        let metadata = &object["metadata"];
        let mut key = format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"]);
        while all.contains_key(&key) {
            key.push('+');
        }
        all.insert(key, plain(object));
    }
    all
}

/// The objects of an answer.
pub fn objects(answer: &Value) -> &[Value] {
    answer["objects"].as_array().map_or(&[], Vec::as_slice)
}

/// Takes out what the oracle itself says differently each time.
pub fn blot(ours: &mut Value, theirs: &mut Value, again: &Value) {
    if theirs == again {
        return;
    }
    match (&mut *ours, &mut *theirs, again) {
        (Value::Object(ours), Value::Object(theirs), Value::Object(again)) => {
            for (key, theirs) in theirs.iter_mut() {
                if let (Some(ours), Some(again)) = (ours.get_mut(key), again.get(key)) {
                    blot(ours, theirs, again);
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs), Value::Array(again)) if theirs.len() == again.len() => {
            ours.iter_mut().zip(theirs).zip(again).for_each(|((ours, theirs), again)| blot(ours, theirs, again));
        }
        _ => {
            *ours = Value::Null;
            *theirs = Value::Null;
        }
    }
}

/// Numbers as one kind of number, keys sorted.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
            sorted.into_iter().collect()
        }
        other => other.clone(),
    }
}

/// Where two values first differ, and what each says there.
pub fn difference(ours: &Value, theirs: &Value, path: &str) -> String {
    match (ours, theirs) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: BTreeSet<_> = x.keys().chain(y.keys()).collect();
            let differing = keys.into_iter().find(|key| x.get(*key) != y.get(*key));
            let Some(key) = differing else { return "?".into() };
            let path = format!("{path}.{key}");
            match (x.get(key), y.get(key)) {
                (Some(a), Some(b)) => difference(a, b, &path),
                (Some(a), None) => format!("{path} ours alone: {}", short(a)),
                (_, b) => format!("{path} theirs alone: {}", b.map(short).unwrap_or_default()),
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let at = x.iter().zip(y).position(|(a, b)| a != b).unwrap_or(0);
            difference(&x[at], &y[at], &format!("{path}[{at}]"))
        }
        (Value::String(x), Value::String(y)) => {
            let at = x.bytes().zip(y.bytes()).position(|(a, b)| a != b).unwrap_or(x.len().min(y.len()));
            let from = |text: &str| {
                let before = text[..floor(text, at)].chars().count().saturating_sub(30);
                text.chars().skip(before).take(120).collect::<String>()
            };
            format!("{path} at {at}\n    ours:   {:?}\n    theirs: {:?}", from(x), from(y))
        }
        _ => format!("{path}\n    ours:   {}\n    theirs: {}", short(ours), short(theirs)),
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first part of a value's JSON.
pub fn short(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}
