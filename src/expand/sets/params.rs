//! Parameters of generators: trees by name, each value with its origin, and Go's ways of printing and merging them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::expand::Placed;
use crate::expand::environment::{NAMES, placed};
use crate::yaml::{Contribution, Entry, Meaning, Node, Origin, Role, Value};

/// One set of parameters.
pub type Params = BTreeMap<Arc<str>, Node>;

/// The origin of what was made out of a value: the same places, as generator parameters.
pub fn generated(origin: &Origin) -> Origin {
    let mut places = origin.contributions().map(|place| match place.role {
        Role::Manifest => Contribution { role: Role::Generator, ..place },
        _ => place,
    });
    match places.next() {
        Some(anchor) => {
            let rest: Vec<Contribution> = places.collect();
            Origin::made_of(anchor, rest)
        }
        None => origin.clone(),
    }
}

/// A string parameter.
pub fn text(value: impl Into<Arc<str>>, origin: &Origin) -> Node {
    Node::string(value, generated(origin))
}

/// What Go's `%v` prints of a value that came through JSON, in which every number is a `float64`.
pub fn printed(node: &Node) -> String {
    match node.meaning() {
        None => String::new(),
        Some(Meaning::Null) => "<nil>".to_owned(),
        Some(Meaning::Bool(flag)) => flag.to_string(),
        Some(Meaning::Str(text)) => text.into_owned(),
        Some(Meaning::Int(n)) => float(n as f64),
        Some(Meaning::Uint(n)) => float(n as f64),
        Some(Meaning::Float(n)) => float(n),
    }
}

/// Go's `%v` of a `float64`: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
fn float(n: f64) -> String {
    if n == 0.0 {
        return if n.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let scientific = format!("{n:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{n}")
}

/// Flattens a value as `jeremywohl/flatten` does: keys joined by dots, empty collections vanish.
pub fn flatten(params: &Params) -> Params {
    let mut flat = Params::new();
    for (key, value) in params {
        flatten_into(&mut flat, key, value, 0);
    }
    flat
}

fn flatten_into(flat: &mut Params, key: &str, node: &Node, depth: usize) {
    if depth > 256 {
        return;
    }
    match &node.value {
        Value::Scalar(_) => {
            flat.insert(key.into(), Node::string(printed(node), node.origin.clone()));
        }
        Value::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                flatten_into(flat, &format!("{key}.{at}"), item, depth + 1);
            }
        }
        Value::Map(map) => {
            for entry in &map.entries {
                flatten_into(flat, &format!("{key}.{}", entry.key), &entry.value, depth + 1);
            }
        }
    }
}

/// `mergo.Merge` of maps with override: maps meet in depth, anything else is replaced.
pub fn merge_over(base: &mut Params, over: &Params) {
    for (key, value) in over {
        let merged = match base.get(key) {
            Some(known) => merged(known, value, 0),
            None => value.clone(),
        };
        base.insert(Arc::clone(key), merged);
    }
}

fn merged(base: &Node, over: &Node, depth: usize) -> Node {
    let (Some(low), Some(high)) = (base.as_map(), over.as_map()) else { return over.clone() };
    if low.entries.is_empty() || depth > 256 {
        return over.clone();
    }
    let mut entries = low.entries.clone();
    for entry in &high.entries {
        match entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => known.value = merged(&known.value, &entry.value, depth + 1),
            None => entries.push(entry.clone()),
        }
    }
    Node::map(entries, base.origin.clone())
}

/// The parameters as one tree.
pub fn tree(params: &Params, origin: &Origin) -> Node {
    let entries = params.iter().map(|(key, value)| Entry {
        key: Arc::clone(key),
        key_origin: value.origin.clone(),
        value: value.clone(),
    });
    Node::map(entries.collect(), origin.clone())
}

/// The environment that parameters name: as they are, among a generator's `values`, or by a cluster's labels.
pub fn environment(parameters: &Params) -> Option<Placed> {
    NAMES.iter().find_map(|name| {
        let direct = parameters.get(*name).or_else(|| parameters.get("values")?.get(name));
        let flat = || parameters.get(format!("values.{name}").as_str());
        let cluster = || parameters.get("metadata")?.at(&["labels", name]);
        let flat_cluster = || parameters.get(format!("metadata.labels.{name}").as_str());
        direct.or_else(flat).or_else(cluster).or_else(flat_cluster).and_then(placed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;
    use crate::yaml::parse;

    #[test]
    fn values_print_and_flatten_as_in_go() {
        let text = "a: {b: [1, {c: 12345678}], d: {}}\ne: null\nf: 1.10\ng: true\nh: 1e21\ni: 0.00001\nj: '010'\n";
        let node = parse(FileId(0), text, &Budget::default()).documents.remove(0).root;
        let params = node.as_map().unwrap().entries.iter().map(|e| (e.key.clone(), e.value.clone())).collect();
        let flat: Vec<(String, String)> =
            flatten(&params).iter().map(|(key, value)| (key.to_string(), value.as_str().unwrap().to_owned())).collect();
        let expected = [
            ("a.b.0", "1"),
            ("a.b.1.c", "1.2345678e+07"),
            ("e", "<nil>"),
            ("f", "1.1"),
            ("g", "true"),
            ("h", "1e+21"),
            ("i", "1e-05"),
            ("j", "010"),
        ];
        let flat: Vec<(&str, &str)> = flat.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(flat, expected);
    }
}
