//! How much work a schema is, before anybody does it: references can double it with each step, and the validator has no
//! budget of its own.
//!
//! What is counted is how often the validator would look at a value with a part of the schema. Where it is not certain what a
//! reference means, all that it can mean is counted. A schema that is too much is not checked, which is said.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Looks at a value with a part of a schema.
const MOST_LOOKS: u64 = 2_000_000;
/// Parts of a schema that look at a value in turn, one inside the other.
const DEEPEST: u32 = 1_500;
/// Parts of a schema: the compiler compares each with each.
const MOST_PARTS: u64 = 20_000;
/// The length of all patterns, as if repetitions were written out.
const LONGEST_PATTERNS: u64 = 300_000;

const TOO_MUCH: &str = "it takes too long to check";

/// Whether a schema and its patterns are small enough to be compiled.
pub(super) fn compiles(schema: &Value) -> Result<(), String> {
    let (mut weight, mut parts) = (0_u64, 0_u64);
    every_object(schema, &mut |fields| {
        parts += 1;
        let named = fields.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let own = fields.get("pattern").and_then(Value::as_str);
        for pattern in own.into_iter().chain(named.map(String::as_str)) {
            weight = weight.saturating_add(written_out(pattern));
        }
    });
    match (weight, parts) {
        (weight, _) if weight > LONGEST_PATTERNS => Err("its patterns are too long".to_owned()),
        (_, parts) if parts > MOST_PARTS => Err(format!("it has more than {MOST_PARTS} parts")),
        _ => Ok(()),
    }
}

/// Whether the schema's look at some values ends in time.
pub(super) fn ends(schema: &Value, values: &Value) -> Result<(), String> {
    let mut refers = false;
    let mut parts = 0_u64;
    every_object(schema, &mut |fields| {
        parts += 1 + fields.len() as u64;
        refers |= REFERENCES.iter().any(|keyword| fields.contains_key(*keyword));
    });
    if !refers && parts.saturating_mul(size(values)) <= MOST_LOOKS {
        return Ok(());
    }
    let mut counter = Counter { parts: Parts::of(schema), known: HashMap::new(), counted: 0, cut: false };
    counter.looks(schema, values, 0).map(|_| ()).map_err(str::to_owned)
}

const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// How long a pattern is with its repetitions written out.
fn written_out(pattern: &str) -> u64 {
    let mut length = pattern.len() as u64;
    for piece in pattern.split('{').skip(1) {
        let counts = piece.split(|c: char| !c.is_ascii_digit()).take(2);
        let most = counts.filter_map(|count| count.parse::<u64>().ok()).max();
        length = length.saturating_mul(most.unwrap_or(1).max(1));
    }
    length
}

/// Nesting is bounded by the JSON reader.
fn every_object<'s>(value: &'s Value, look: &mut dyn FnMut(&'s Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            look(fields);
            fields.values().for_each(|field| every_object(field, look));
        }
        Value::Array(items) => items.iter().for_each(|item| every_object(item, look)),
        _ => {}
    }
}

fn size(value: &Value) -> u64 {
    let below = match value {
        Value::Object(fields) => fields.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    };
    1 + below
}

/// A value by where it lies in memory: the same text at two places is two values.
type Address = *const Value;

/// What references can mean.
struct Parts<'s> {
    /// The parts with an id of their own, the whole first, by the last segment of the id.
    resources: Vec<(&'s str, &'s Value)>,
    /// The resource around each part.
    around: HashMap<Address, usize>,
    anchors: HashMap<&'s str, Vec<&'s Value>>,
}

impl<'s> Parts<'s> {
    fn of(schema: &'s Value) -> Self {
        let mut parts = Self { resources: Vec::new(), around: HashMap::new(), anchors: HashMap::new() };
        parts.resources.push((id(schema).map_or("values.schema.json", last_segment), schema));
        parts.take(schema, 0);
        parts
    }

    fn take(&mut self, value: &'s Value, mut resource: usize) {
        match value {
            Value::Object(fields) => {
                if let Some(id) = id(value).filter(|_| !std::ptr::eq(value, self.resources[0].1)) {
                    self.resources.push((last_segment(id), value));
                    resource = self.resources.len() - 1;
                }
                let name = |keyword: &str| fields.get(keyword).and_then(Value::as_str);
                let named = ["$anchor", "$dynamicAnchor"].into_iter().filter_map(name);
                let by_id = ["$id", "id"].into_iter().filter_map(name).filter_map(|id| id.strip_prefix('#'));
                for anchor in named.chain(by_id) {
                    self.anchors.entry(anchor).or_default().push(value);
                }
                self.around.insert(value, resource);
                fields.values().for_each(|field| self.take(field, resource));
            }
            Value::Array(items) => items.iter().for_each(|item| self.take(item, resource)),
            _ => {}
        }
    }

    /// All that a reference in a part can mean.
    fn meant(&self, reference: &str, part: &Value) -> Vec<&'s Value> {
        let (place, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let own = self.around.get(&std::ptr::from_ref(part)).copied().unwrap_or_default();
        let is_meant = |(number, (id, _)): &(usize, &(&str, &Value))| match place {
            "" => *number == own,
            place => *id == last_segment(place),
        };
        let resources = self.resources.iter().enumerate().filter(is_meant).map(|(_, (_, root))| *root);
        let anchored = self.anchors.get(fragment).into_iter().flatten().copied();
        match fragment {
            "" => resources.collect(),
            pointer if pointer.starts_with('/') => {
                let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8_lossy();
                resources.filter_map(|root| root.pointer(&decoded)).collect()
            }
            _ => anchored.collect(),
        }
    }
}

/// The id that makes a part a resource of its own.
fn id(part: &Value) -> Option<&str> {
    let id = part.get("$id").or_else(|| part.get("id"))?.as_str()?;
    Some(id).filter(|id| !id.starts_with('#'))
}

fn last_segment(place: &str) -> &str {
    let path = place.split(['#', '?']).next().unwrap_or("").trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// Counts how often the validator looks.
struct Counter<'s> {
    parts: Parts<'s>,
    /// The looks that a part takes at a value; nothing while they are counted.
    known: HashMap<(Address, Address), Option<u64>>,
    /// How much was counted one by one.
    counted: u64,
    /// Whether counting ended at a part that was being counted, where the validator ends too: what was counted on the way holds
    /// for that way only.
    cut: bool,
}

type Looks = Result<u64, &'static str>;

/// What stands for the name of a property.
static NAME: Value = Value::Null;

impl<'s> Counter<'s> {
    fn looks(&mut self, part: &'s Value, value: &Value, depth: u32) -> Looks {
        let Value::Object(fields) = part else { return Ok(1) };
        let key = (std::ptr::from_ref(part), std::ptr::from_ref(value));
        match self.known.get(&key) {
            Some(Some(looks)) => return Ok(*looks),
            Some(None) => {
                self.cut = true;
                return Ok(1);
            }
            None => {}
        }
        self.counted += 1;
        if depth > DEEPEST || self.counted > MOST_LOOKS / 2 {
            return Err(TOO_MUCH);
        }
        self.known.insert(key, None);
        let mut looks = 1_u64;
        for (below, at) in self.below(part, fields, value) {
            looks = looks.saturating_add(self.looks(below, at, depth + 1)?);
            if looks > MOST_LOOKS {
                return Err(TOO_MUCH);
            }
        }
        if self.cut {
            self.known.remove(&key);
        } else {
            self.known.insert(key, Some(looks));
        }
        Ok(looks)
    }

    /// The parts that look next, each with the value that it looks at.
    fn below<'v>(
        &self,
        part: &'s Value,
        fields: &'s Map<String, Value>,
        value: &'v Value,
    ) -> Vec<(&'s Value, &'v Value)> {
        let mut below = Vec::new();
        for keyword in REFERENCES {
            let reference = fields.get(keyword).and_then(Value::as_str).into_iter();
            below.extend(reference.flat_map(|reference| self.parts.meant(reference, part)).map(|part| (part, value)));
        }
        for (keyword, field) in fields {
            match (keyword.as_str(), field, value) {
                ("allOf" | "anyOf" | "oneOf", Value::Array(all), _) => below.extend(all.iter().map(|one| (one, value))),
                ("not" | "if" | "then" | "else", one, _) => below.push((one, value)),
                ("dependentSchemas" | "dependencies", Value::Object(all), _) => {
                    below.extend(all.values().map(|one| (one, value)));
                }
                ("properties", Value::Object(all), Value::Object(known)) => {
                    below.extend(known.iter().filter_map(|(name, child)| Some((all.get(name)?, child))));
                }
                ("patternProperties", Value::Object(all), Value::Object(known)) => {
                    below.extend(all.values().flat_map(|one| known.values().map(move |child| (one, child))));
                }
                ("additionalProperties" | "unevaluatedProperties", one, Value::Object(known)) => {
                    below.extend(known.values().map(|child| (one, child)));
                }
                ("propertyNames", one, Value::Object(known)) => below.extend(known.values().map(|_| (one, &NAME))),
                ("items" | "prefixItems", Value::Array(all), Value::Array(items)) => {
                    below.extend(all.iter().zip(items))
                }
                ("items" | "additionalItems" | "unevaluatedItems" | "contains", one, Value::Array(items)) => {
                    below.extend(items.iter().map(|item| (one, item)));
                }
                _ => {}
            }
        }
        below
    }
}
