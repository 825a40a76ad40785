//! Trees as JSON and back, as `sigs.k8s.io/yaml` converts them, and equality of what they say.
//!
//! Recursion is bounded: a parsed tree is at most `MAX_DEPTH` deep.

use serde_json::{Number, Value as Json};

use super::node::{Entry, Node, Origin, Value};
use super::quote::{Escaping, write_quoted};
use super::scalar::{Dialect, Meaning};

impl Node {
    /// This value as JSON, with the meaning that yaml.v2 gives it. A float without a fraction is a whole number there.
    pub fn to_json(&self) -> Json {
        self.to_json_as(Dialect::V2)
    }

    /// This value as JSON by the rules of a dialect.
    pub fn to_json_as(&self, dialect: Dialect) -> Json {
        match &self.value {
            Value::Scalar(scalar) => json_of(match dialect {
                Dialect::V2 => scalar.meaning(),
                Dialect::V3 => scalar.meaning_v3(),
            }),
            Value::Seq(items) => Json::Array(items.iter().map(|item| item.to_json_as(dialect)).collect()),
            Value::Map(map) => {
                let pair = |entry: &Entry| (entry.key.to_string(), entry.value.to_json_as(dialect));
                Json::Object(map.entries.iter().map(pair).collect())
            }
        }
    }

    /// Writes what [`Node::to_json`] would make.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match &self.value {
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Str(text) => write_quoted(&text, Escaping::Least, out),
                meaning => out.extend_from_slice(json_of(meaning).to_string().as_bytes()),
            },
            Value::Seq(items) => {
                write_list(b"[]", items.iter(), out, |item, out| item.write_json(out));
            }
            Value::Map(map) => write_list(b"{}", map.entries.iter(), out, |entry, out| {
                write_quoted(&entry.key, Escaping::Least, out);
                out.push(b':');
                entry.value.write_json(out);
            }),
        }
    }

    /// A tree of JSON, every part of which has the same origin.
    pub fn from_json(json: &Json, origin: &Origin) -> Self {
        match json {
            Json::Null => Node::plain("null", origin.clone()),
            Json::Bool(b) => Node::plain(if *b { "true" } else { "false" }, origin.clone()),
            Json::Number(n) => Node::plain(n.to_string(), origin.clone()),
            Json::String(text) => Node::string(text.as_str(), origin.clone()),
            Json::Array(items) => {
                Node::seq(items.iter().map(|item| Self::from_json(item, origin)).collect(), origin.clone())
            }
            Json::Object(map) => {
                let entry = |(key, value): (&String, &Json)| Entry {
                    key: key.as_str().into(),
                    key_origin: origin.clone(),
                    value: Self::from_json(value, origin),
                };
                Node::map(map.iter().map(entry).collect(), origin.clone())
            }
        }
    }

    /// Whether both say the same to Kubernetes, wherever and however it is written. The order of keys does not count.
    pub fn same_data(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar(a), Value::Scalar(b)) => same_meaning(&a.meaning(), &b.meaning()),
            (Value::Seq(a), Value::Seq(b)) => {
                std::sync::Arc::ptr_eq(a, b)
                    || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same_data(b)))
            }
            (Value::Map(a), Value::Map(b)) => {
                let at = |i: usize, key: &str| match b.entries.get(i) {
                    Some(entry) if &*entry.key == key => Some(&entry.value),
                    _ => b.get(key),
                };
                let same = |(i, entry): (usize, &Entry)| at(i, &entry.key).is_some_and(|b| entry.value.same_data(b));
                std::sync::Arc::ptr_eq(a, b)
                    || (a.entries.len() == b.entries.len() && a.entries.iter().enumerate().all(same))
            }
            _ => false,
        }
    }
}

fn json_of(meaning: Meaning<'_>) -> Json {
    match meaning {
        Meaning::Null => Json::Null,
        Meaning::Bool(b) => Json::Bool(b),
        Meaning::Int(n) => Json::Number(n.into()),
        Meaning::Uint(n) => Json::Number(n.into()),
        Meaning::Float(f) => number(f),
        Meaning::Str(text) => Json::String(text.into_owned()),
    }
}

/// A float as Go's JSON writes it: whole where it is whole. What is not finite has no JSON and becomes null.
fn number(f: f64) -> Json {
    if f.fract() == 0.0 && f.abs() < 1e21 && !(f == 0.0 && f.is_sign_negative()) {
        // The shortest digits, filled with zeros: not the float's exact value.
        let digits = f.to_string();
        if let Ok(n) = digits.parse::<i64>() {
            return Json::Number(n.into());
        }
        if let Ok(n) = digits.parse::<u64>() {
            return Json::Number(n.into());
        }
    }
    Number::from_f64(f).map_or(Json::Null, Json::Number)
}

/// Writes things between brackets, with commas.
pub(crate) fn write_list<T>(
    brackets: &[u8; 2],
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    out.push(brackets[0]);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

fn same_meaning(a: &Meaning<'_>, b: &Meaning<'_>) -> bool {
    let float = |meaning: &Meaning<'_>| match meaning {
        Meaning::Int(n) => Some(*n as f64),
        Meaning::Uint(n) => Some(*n as f64),
        Meaning::Float(f) => Some(*f),
        _ => None,
    };
    match (a, b) {
        (Meaning::Float(_), _) | (_, Meaning::Float(_)) => float(a).is_some() && float(a) == float(b),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::{FileId, Span};
    use crate::yaml::parse;

    fn node(text: &str) -> Node {
        parse(FileId(0), text, &Budget::default()).documents.remove(0).root
    }

    proptest::proptest! {
        #![proptest_config(crate::proptests::same_cases())]
        #[test]
        fn what_is_written_is_what_would_be_made(texts: Vec<String>, n: f64) {
            let json = serde_json::json!({ "n": n, "l": [texts, [], {}, null, true], "\u{1}\"\\/\t\r\n\u{8}": -3 });
            let node = Node::from_json(&json, &Origin::literal(Span::new(FileId(0), 0, 0)));
            let mut written = Vec::new();
            node.write_json(&mut written);
            let read: serde_json::Value = serde_json::from_slice(&written).unwrap();
            proptest::prop_assert_eq!(read, node.to_json());
        }
    }

    #[test]
    fn json_says_what_kubernetes_would() {
        let json =
            node("a: 0777\nb: 1.0\nc: on\nd: 2001-01-01\ne: [~, 1.5]\nf: 18446744073709551615\ng: '1'\n").to_json();
        let text = r#"{"a":511,"b":1,"c":true,"d":"2001-01-01","e":[null,1.5],"f":18446744073709551615,"g":"1"}"#;
        assert_eq!(json.to_string(), text);
        let origin = node("a").origin;
        assert_eq!(Node::from_json(&json, &origin).to_json(), json);
    }

    #[test]
    fn data_is_the_same_however_it_is_spelled() {
        assert!(!node("{a: on, b: 0x10, c: [1.0]}").same_data(&node("b: 16\nc:\n- 1\na: 'true'\n")));
        assert!(node("{a: on, b: 0x10, c: [1.0]}").same_data(&node("b: 16\nc:\n- 1\na: true\n")));
        assert!(!node("{a: 1}").same_data(&node("{a: 1, b: 2}")));
        assert!(!node("1").same_data(&node("'1'")));
    }

    #[test]
    fn a_shared_mapping_is_copied_before_it_changes() {
        let tree = node("a: &x {p: 1, q: 2}\nb: *x\n");
        let mut changed = tree.clone();
        let origin = tree.origin.clone();
        let map = changed.get_mut("b").unwrap().as_map_mut().unwrap();
        map.set("p", origin.clone(), Node::plain("7", origin));
        assert_eq!(&*map.remove("q").unwrap().key, "q");
        assert_eq!(changed.to_json().to_string(), r#"{"a":{"p":1,"q":2},"b":{"p":7}}"#);
        assert_eq!(tree.to_json().to_string(), r#"{"a":{"p":1,"q":2},"b":{"p":1,"q":2}}"#);
    }
}
