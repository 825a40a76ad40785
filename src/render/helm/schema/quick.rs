//! The common part of schemas, and values that fit them, told without compiling anything: charts list the types of their values
//! and little else, and nearly all values fit.
//!
//! What is not certain here is for the validator to say: a keyword that is not among the common ones, a schema that may be
//! broken; and also what does not fit, which it says in Helm's words.

mod look;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde_json::Value;

use super::pattern;
use crate::gotmpl;

pub(super) use self::look::fits;

/// Keywords of a part, and items of its lists: each is asked of each value.
const FEW: usize = 64;

/// The length of all patterns, as if repetitions were written out.
const LONGEST_PATTERNS: u64 = 20_000;

/// Parts of a schema, those that are referred to once more.
const MOST_PARTS: u32 = 50_000;

/// Whether a schema is sound, and of the common keywords only.
pub(super) fn is_common(schema: &Value) -> bool {
    let Value::Object(fields) = schema else { return false };
    let references = HashSet::from(["#"]);
    let mut reader = Reader { schema, references, meant: Vec::new(), parts: MOST_PARTS, patterns: LONGEST_PATTERNS };
    Draft::of(schema).is_some()
        && fields.len() <= FEW
        && fields.iter().all(|(keyword, field)| match keyword.as_str() {
            "$schema" => true,
            "$id" => field.as_str().is_some_and(|id| is_plain_address(id) && !id.contains("json-schema.org")),
            _ => reader.is_sound(keyword, field),
        })
        && reader.leads_to_parts()
}

/// What drafts differ in, among the common keywords.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Draft {
    /// Formats are checked, and nothing but `const` counts beside a reference.
    Seven,
    Newer,
}

impl Draft {
    /// The draft that a schema names, where it is one of those that agree about nearly all that is taken here.
    fn of(schema: &Value) -> Option<Self> {
        let Some(named) = schema.get("$schema") else { return Some(Draft::Newer) };
        let named = named.as_str()?;
        let place = named.strip_prefix("https://").or_else(|| named.strip_prefix("http://"))?;
        match place.strip_suffix('#').unwrap_or(place) {
            "json-schema.org/draft-07/schema" => Some(Draft::Seven),
            "json-schema.org/schema"
            | "json-schema.org/draft/2019-09/schema"
            | "json-schema.org/draft/2020-12/schema" => Some(Draft::Newer),
            _ => None,
        }
    }
}

/// Keywords that ask for the validator.
const OTHERS: [&str; 22] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "id",
    "maxContains",
    "minContains",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// An address of the web in which nothing has to be resolved or escaped.
fn is_plain_address(address: &str) -> bool {
    let place = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let is_word = |word: &str| {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains("--") && word.bytes().all(known)
    };
    let is_part = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.bytes().all(known)
    };
    place.is_some_and(|place| {
        let (host, path) = place.split_once('/').unwrap_or((place, ""));
        let path = path.strip_suffix('/').unwrap_or(path);
        host.split('.').all(is_word) && (path.is_empty() || path.split('/').all(is_part))
    })
}

/// What a reference within the schema means.
fn meant<'s>(reference: &str, schema: &'s Value) -> Option<&'s Value> {
    match reference.strip_prefix('#')? {
        "" => Some(schema),
        path => path.strip_prefix('/')?.split('/').try_fold(schema, |part, name| match part {
            Value::Object(fields) if !name.contains(['%', '~']) => fields.get(name),
            _ => None,
        }),
    }
}

/// Reads a schema for whether it is sound.
struct Reader<'s> {
    schema: &'s Value,
    /// The references that were met, and what those mean that was not read yet.
    references: HashSet<&'s str>,
    meant: Vec<&'s Value>,
    /// How many parts there may still be, and how long their patterns may be.
    parts: u32,
    patterns: u64,
}

impl<'s> Reader<'s> {
    /// Nesting is bounded by the JSON reader.
    fn is_part(&mut self, part: &'s Value) -> bool {
        let Some(left) = self.parts.checked_sub(1) else { return false };
        self.parts = left;
        match part {
            Value::Bool(_) => true,
            Value::Object(fields) => {
                fields.len() <= FEW && fields.iter().all(|(keyword, field)| self.is_sound(keyword, field))
            }
            _ => false,
        }
    }

    fn is_sound(&mut self, keyword: &str, field: &'s Value) -> bool {
        match keyword {
            "$ref" => field.as_str().is_some_and(|reference| self.leads_somewhere(reference)),
            "allOf" | "anyOf" | "oneOf" => field
                .as_array()
                .is_some_and(|all| (1..=FEW).contains(&all.len()) && all.iter().all(|part| self.is_part(part))),
            "const" => is_plain(field),
            "title" | "description" | "$comment" | "format" => field.is_string(),
            "type" => match field {
                Value::String(one) => TYPES.contains(&one.as_str()),
                Value::Array(all) => {
                    let known = |one: &Value| one.as_str().is_some_and(|one| TYPES.contains(&one));
                    !all.is_empty() && all.iter().all(known) && are_different(all)
                }
                _ => false,
            },
            "properties" | "definitions" | "$defs" => {
                field.as_object().is_some_and(|all| all.values().all(|part| self.is_part(part)))
            }
            "patternProperties" => field.as_object().is_some_and(|all| {
                all.len() <= FEW && all.iter().all(|(pattern, part)| self.is_pattern(pattern) && self.is_part(part))
            }),
            "pattern" => field.as_str().is_some_and(|pattern| self.is_pattern(pattern)),
            "additionalProperties" | "propertyNames" | "not" | "if" | "then" | "else" => self.is_part(field),
            "items" => field.is_object() && self.is_part(field),
            "required" => field.as_array().is_some_and(|all| all.iter().all(Value::is_string) && are_different(all)),
            "enum" => {
                field.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_plain) && are_different(all))
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => field.is_number(),
            "multipleOf" => field.as_u64().is_some_and(|n| n > 0),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                field.as_u64().is_some_and(|n| n < 1 << 31)
            }
            "uniqueItems" | "readOnly" | "writeOnly" | "deprecated" => field.is_boolean(),
            "examples" => field.is_array(),
            keyword => !OTHERS.contains(&keyword),
        }
    }

    /// Whether a reference leads somewhere; that need not be where parts stand.
    fn leads_somewhere(&mut self, reference: &'s str) -> bool {
        let Some(part) = meant(reference, self.schema) else { return false };
        if self.references.insert(reference) {
            self.meant.push(part);
        }
        true
    }

    fn leads_to_parts(&mut self) -> bool {
        while let Some(part) = self.meant.pop() {
            if !self.is_part(part) {
                return false;
            }
        }
        true
    }

    /// Whether a pattern is one, and not so long that the validator refuses it.
    fn is_pattern(&mut self, pattern: &str) -> bool {
        let Some(left) = self.patterns.checked_sub(pattern::length(pattern) + pattern.len() as u64) else {
            return false;
        };
        self.patterns = left;
        gotmpl::crates_expression(pattern).is_ok_and(|spelled| regex_syntax::parse(&spelled).is_ok())
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn are_different(all: &[Value]) -> bool {
    let differs = |one: &Value, other: &Value| is_same(one, other) == Some(false);
    all.len() <= FEW && all.iter().enumerate().all(|(at, one)| all[..at].iter().all(|other| differs(one, other)))
}

/// Whether two values are the same, where that is certain.
fn is_same(one: &Value, other: &Value) -> Option<bool> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (look::whole(one), look::whole(other)) {
            (Some(one), Some(other)) => Some(one == other),
            _ => None,
        },
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => None,
        _ => Some(one == other),
    }
}
