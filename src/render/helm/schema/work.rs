//! How much work a schema is, before anybody does it: references can double it with each step, and the validator has no
//! budget of its own.
//!
//! What is counted is how often the validator would look at a value with a part of the schema. Where it is not certain what a
//! reference means, all that it can mean is counted. A schema that is too much is not checked, which is said.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::pattern;

/// Looks at a value with a part of a schema.
const MOST_LOOKS: u64 = 2_000_000;
/// Parts of a schema that look at a value in turn, one inside the other.
const DEEPEST: u32 = 500;
/// Parts of a schema: the compiler compares each with each.
const MOST_PARTS: u64 = 10_000;
/// The length of all patterns, as if repetitions were written out.
const LONGEST_PATTERNS: u64 = 300_000;
/// Steps of a regular expression, and bytes of a text, that take as long as a look.
const STEPS: u64 = 64;
/// Looks that it takes to find what `$dynamicRef` means.
const DYNAMIC: u64 = 50;

const TOO_MUCH: &str = "it takes too long to check";

/// Whether a schema and its patterns are small enough to be compiled.
pub(super) fn compiles(schema: &Value) -> Result<(), String> {
    let (mut weight, mut parts, mut alike) = (0_u64, 0_u64, 0_u64);
    every_value(schema, &mut |value| match value {
        Value::Bool(_) => parts += 1,
        Value::Array(items) => alike = alike.saturating_add(comparisons(items)),
        Value::Object(fields) => {
            parts += 1;
            for pattern in patterns(fields) {
                let length = pattern::length(pattern).saturating_add(pattern::respelling(pattern));
                weight = weight.saturating_add(length);
            }
        }
        _ => {}
    });
    match (weight, parts) {
        (weight, _) if weight > LONGEST_PATTERNS => Err("its patterns are too long".to_owned()),
        (_, parts) if parts > MOST_PARTS => Err(format!("it has more than {MOST_PARTS} parts")),
        _ if alike > MOST_LOOKS => Err(TOO_MUCH.to_owned()),
        _ => Ok(()),
    }
}

/// Whether the schema's look at some values ends in time.
pub(super) fn ends(schema: &Value, values: &Value) -> Result<(), String> {
    let (mut refers, mut sets, mut size, mut lengths) = (false, false, 0_u64, 0_u64);
    every_value(schema, &mut |value| {
        size += 1;
        if let Value::Object(fields) = value {
            refers |= REFERENCES.iter().any(|keyword| fields.contains_key(*keyword));
            sets |= ["unevaluatedProperties", "unevaluatedItems"].iter().any(|keyword| fields.contains_key(*keyword));
            let own = patterns(fields).map(pattern::length).fold(0, u64::saturating_add);
            lengths = lengths.saturating_add(own);
        }
    });
    if !refers && !sets && size.saturating_add(lengths).saturating_mul(heft(values, 0)) <= MOST_LOOKS {
        return Ok(());
    }
    let parts = Parts::of(schema);
    if parts.recurs && parts.resources.iter().any(|resource| !std::ptr::eq(resource.root, schema)) {
        return Err("what `$recursiveRef` means in it is only known on the way".to_owned());
    }
    let known = HashMap::new();
    let mut counter = Counter { parts, sets, lengths, known, patterns: HashMap::new(), counted: 0, cut: false };
    counter.looks(schema, values, Depth::default()).map(|_| ()).map_err(str::to_owned)
}

const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

fn patterns(fields: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let named = fields.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let own = fields.get("pattern").and_then(Value::as_str);
    own.into_iter().chain(named.map(String::as_str))
}

/// Nesting is bounded by the JSON reader.
fn every_value<'s>(value: &'s Value, look: &mut dyn FnMut(&'s Value)) {
    look(value);
    match value {
        Value::Object(fields) => fields.values().for_each(|field| every_value(field, look)),
        Value::Array(items) => items.iter().for_each(|item| every_value(item, look)),
        _ => {}
    }
}

fn size(value: &Value) -> u64 {
    let mut size = 0;
    every_value(value, &mut |_| size += 1);
    size
}

/// How often two items are compared before it is certain that none is there twice: the hashes of collections may be the same
/// for all.
fn comparisons(items: &[Value]) -> u64 {
    let collections = items.iter().filter(|item| item.is_array() || item.is_object()).count() as u64;
    collections.saturating_mul(collections) / 2
}

/// What looking at a value itself takes. A fault names the way to the value.
fn own_heft(value: &Value, level: u32) -> u64 {
    let own = match value {
        Value::String(text) => (text.len() as u64 / STEPS).saturating_add(pattern::respelling(text)),
        Value::Array(items) => comparisons(items),
        Value::Object(fields) => names(fields) / STEPS,
        _ => 0,
    };
    own.saturating_add(1 + u64::from(level) / 4)
}

fn heft(value: &Value, level: u32) -> u64 {
    let below = match value {
        Value::Object(fields) => fields.values().map(|field| heft(field, level + 1)).fold(0, u64::saturating_add),
        Value::Array(items) => items.iter().map(|item| heft(item, level + 1)).fold(0, u64::saturating_add),
        _ => 0,
    };
    own_heft(value, level).saturating_add(below)
}

/// The length of all names of properties.
fn names(fields: &Map<String, Value>) -> u64 {
    fields.keys().map(|name| name.len() as u64).sum()
}

/// A value by where it lies in memory: the same text at two places is two values.
type Address = *const Value;

/// A part of a schema that has an id, or the whole.
struct Resource<'s> {
    /// What ends its id; nothing where that is not certain.
    name: Option<&'s str>,
    root: &'s Value,
    /// The one around it.
    within: usize,
}

/// What references can mean.
struct Parts<'s> {
    /// The whole first.
    resources: Vec<Resource<'s>>,
    /// The resource around each part.
    around: HashMap<Address, usize>,
    anchors: HashMap<String, Vec<&'s Value>>,
    /// Whether a reference can mean what has led to it.
    recurs: bool,
}

impl<'s> Parts<'s> {
    fn of(schema: &'s Value) -> Self {
        let whole = Resource { name: Some("values.schema.json"), root: schema, within: 0 };
        let mut parts = Self { resources: vec![whole], around: HashMap::new(), anchors: HashMap::new(), recurs: false };
        parts.take(schema, 0);
        parts
    }

    fn take(&mut self, value: &'s Value, mut resource: usize) {
        match value {
            Value::Object(fields) => {
                let text = |keyword: &str| fields.get(keyword).and_then(Value::as_str);
                // Drafts have either; a part with both is two resources.
                for id in ["$id", "id"].into_iter().filter_map(text) {
                    let (place, anchor) = id.split_once('#').unwrap_or((id, ""));
                    self.anchors.entry(decoded(anchor).into_owned()).or_default().push(value);
                    if !place.is_empty() {
                        self.resources.push(Resource { name: name(place), root: value, within: resource });
                        resource = self.resources.len() - 1;
                    }
                }
                for anchor in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(text) {
                    self.anchors.entry(anchor.to_owned()).or_default().push(value);
                }
                self.recurs |= fields.get("$recursiveAnchor") == Some(&Value::Bool(true));
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
        let fragment = decoded(fragment);
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchors.get(&*fragment).cloned().unwrap_or_default();
        }
        let mut meant: Vec<&Value> = Vec::new();
        let mut take = |root: &'s Value| {
            if let Some(found) = pointed(root, &fragment)
                && !meant.iter().any(|known| std::ptr::eq(*known, found))
            {
                meant.push(found);
            }
        };
        if place.is_empty() {
            // What looks like an id need not be one.
            let mut own = self.around.get(&std::ptr::from_ref(part)).copied().unwrap_or_default();
            while own > 0 {
                take(self.resources[own].root);
                own = self.resources[own].within;
            }
            take(self.resources[0].root);
        } else {
            let name = name(place);
            let may_be = |resource: &&Resource<'_>| name.is_none() || resource.name.is_none() || resource.name == name;
            self.resources.iter().filter(may_be).for_each(|resource| take(resource.root));
        }
        meant
    }
}

fn decoded(fragment: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(fragment).decode_utf8_lossy()
}

/// What a JSON pointer means, with the validator's reading of indices.
fn pointed<'s>(root: &'s Value, pointer: &str) -> Option<&'s Value> {
    pointer.split('/').skip(1).try_fold(root, |value, step| match value {
        Value::Object(fields) => fields.get(&step.replace("~1", "/").replace("~0", "~")),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The last segment of a place, where it stays what it is whatever the place is relative to.
fn name(place: &str) -> Option<&str> {
    if place.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '%')) {
        return None;
    }
    let path = place.split('?').next()?;
    let (scheme, rest) = path.split_once(':').map_or((None, path), |(scheme, rest)| (Some(scheme), rest));
    let path = if scheme.is_some() || rest.starts_with("//") {
        // The first segment is a host.
        rest.trim_start_matches('/').split_once('/')?.1
    } else {
        rest
    };
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let is_plain = last.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    (is_plain && last.bytes().any(|b| b != b'.')).then_some(last)
}

/// How far a look is below the first.
#[derive(Clone, Copy, Default)]
struct Depth {
    parts: u32,
    values: u32,
}

/// Counts how often the validator looks.
struct Counter<'s> {
    parts: Parts<'s>,
    /// Whether the validator keeps sets of what nothing has looked at.
    sets: bool,
    /// The length of all patterns.
    lengths: u64,
    /// The looks that a part takes at a value; nothing while they are counted.
    known: HashMap<(Address, Address), Option<u64>>,
    /// The length of each part's own patterns.
    patterns: HashMap<Address, u64>,
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
    fn looks(&mut self, part: &'s Value, value: &Value, depth: Depth) -> Looks {
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
        let mut looks = self.own(part, fields, value, depth.values);
        self.counted = self.counted.saturating_add(looks);
        if depth.parts > DEEPEST || self.counted > MOST_LOOKS {
            return Err(TOO_MUCH);
        }
        self.known.insert(key, None);
        for (below, at) in self.below(part, fields, value) {
            let values = depth.values + u32::from(!std::ptr::eq(at, value));
            let depth = Depth { parts: depth.parts + 1, values };
            looks = looks.saturating_add(self.looks(below, at, depth)?);
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

    /// What a part's own look at a value takes.
    fn own(&mut self, part: &Value, fields: &Map<String, Value>, value: &Value, level: u32) -> u64 {
        let mut looks = 1 + u64::from(level) / 4;
        let mut take = |more: u64| looks = looks.saturating_add(more);
        for (keyword, field) in fields {
            match keyword.as_str() {
                "enum" | "const" | "required" | "dependentRequired" => take(size(field)),
                "dependencies" | "dependentSchemas" => {
                    let lists = field.as_object().into_iter().flat_map(Map::values);
                    lists.for_each(|list| take(1 + list.as_array().map_or(0, Vec::len) as u64));
                }
                "$dynamicRef" => take(DYNAMIC),
                "uniqueItems" | "format" => take(own_heft(value, 0)),
                _ => {}
            }
        }
        let length = *self.patterns.entry(part).or_insert_with(|| {
            let lengths = patterns(fields).map(pattern::length);
            lengths.fold(0, u64::saturating_add)
        });
        match value {
            Value::String(text) => take((length.saturating_add(1)).saturating_mul(text.len() as u64) / STEPS),
            Value::Object(known) => {
                let named = if fields.contains_key("propertyNames") { self.lengths } else { 0 };
                take(length.saturating_add(named).saturating_mul(names(known)) / STEPS);
                take(if self.sets { known.len() as u64 } else { 0 });
            }
            Value::Array(items) if self.sets => take(items.len() as u64),
            _ => {}
        }
        looks
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
