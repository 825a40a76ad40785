//! Whether values fit a schema of the common keywords: yes, no, or not certain.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Number, Value};

use super::{Draft, is_plain_address, is_same, meant};
use crate::gotmpl::{self, Expression};

/// Looks at a value with a part of the schema, before the validator is asked after all.
const MOST_LOOKS: u64 = 200_000;

/// Parts of a schema that look at a value in turn, one inside the other.
const DEEPEST: u32 = 500;

/// How long a text may be that a pattern looks at, in bytes.
const LONGEST_TEXT: usize = 4096;

/// Bytes of a text, or steps of a pattern, that take as long as a look.
const BYTES: u64 = 64;

/// Whether values fit a schema that `is_common`, where that is certain.
pub(in super::super) fn fits(schema: &Value, values: &Value) -> Option<bool> {
    let draft = Draft::of(schema)?;
    let mut looks = Looks { schema, draft, left: MOST_LOOKS, depth: 0, patterns: HashMap::new() };
    looks.fits(schema, values)
}

struct Looks<'s> {
    schema: &'s Value,
    draft: Draft,
    left: u64,
    depth: u32,
    patterns: HashMap<&'s str, Option<Rc<Expression>>>,
}

/// What is certain of all together.
fn all(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut certain = true;
    for answer in answers {
        match answer {
            Some(true) => {}
            Some(false) => return Some(false),
            None => certain = false,
        }
    }
    certain.then_some(true)
}

/// What is certain of any of them.
fn any(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(answers.into_iter().map(|answer| answer.map(|yes| !yes))).map(|none| !none)
}

/// How many are certain to be true, unless one is not certain at all.
fn count(answers: impl IntoIterator<Item = Option<bool>>) -> Option<usize> {
    answers.into_iter().try_fold(0, |sum, answer| answer.map(|yes| sum + usize::from(yes)))
}

impl<'s> Looks<'s> {
    fn fits(&mut self, part: &'s Value, value: &Value) -> Option<bool> {
        self.pay(1 + breadth(value))?;
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let fits = match part {
            Value::Bool(every) => Some(*every),
            Value::Object(fields) => {
                let alone = self.draft == Draft::Seven && fields.contains_key("$ref");
                let counts = |keyword: &str| !alone || matches!(keyword, "$ref" | "const");
                let fields_that_count = fields.iter().filter(|(keyword, _)| counts(keyword));
                all(fields_that_count.map(|(keyword, field)| self.keeps(keyword, field, fields, value)))
            }
            _ => None,
        };
        self.depth -= 1;
        fits
    }

    fn pay(&mut self, looks: u64) -> Option<()> {
        self.left = self.left.checked_sub(looks)?;
        Some(())
    }

    fn keeps(
        &mut self,
        keyword: &str,
        field: &'s Value,
        fields: &'s Map<String, Value>,
        value: &Value,
    ) -> Option<bool> {
        match (keyword, value) {
            ("type", value) => match field {
                Value::Array(kinds) => any(kinds.iter().map(|kind| is_of(kind, value))),
                kind => is_of(kind, value),
            },
            ("enum", value) => any(field.as_array()?.iter().map(|one| is_same(one, value))),
            ("const", value) => is_same(field, value),
            ("$ref", value) => self.fits(meant(field.as_str()?, self.schema)?, value),
            ("allOf", value) => all(field.as_array()?.iter().map(|part| self.fits(part, value))),
            ("anyOf", value) => any(field.as_array()?.iter().map(|part| self.fits(part, value))),
            ("oneOf", value) => count(field.as_array()?.iter().map(|part| self.fits(part, value))).map(|n| n == 1),
            ("not", value) => self.fits(field, value).map(|fits| !fits),
            ("if", value) => {
                let then = if self.fits(field, value)? { "then" } else { "else" };
                fields.get(then).map_or(Some(true), |part| self.fits(part, value))
            }
            (_, Value::Object(known)) => self.keeps_names(keyword, field, fields, known),
            ("items", Value::Array(items)) => all(items.iter().map(|item| self.fits(field, item))),
            ("uniqueItems", Value::Array(items)) => (field == &Value::Bool(false) || items.len() < 2).then_some(true),
            ("minItems", Value::Array(items)) => Some(items.len() as u64 >= field.as_u64()?),
            ("maxItems", Value::Array(items)) => Some(items.len() as u64 <= field.as_u64()?),
            ("minLength", Value::String(text)) => Some(text.chars().count() as u64 >= field.as_u64()?),
            ("maxLength", Value::String(text)) => Some(text.chars().count() as u64 <= field.as_u64()?),
            ("pattern", Value::String(text)) => self.matches(field.as_str()?, text),
            // Newer drafts only note formats.
            ("format", Value::String(text)) => {
                let plain = field == "uri" && is_plain_address(text);
                (self.draft == Draft::Newer || plain).then_some(true)
            }
            ("minimum", Value::Number(number)) => Some(whole(number)? >= whole_of(field)?),
            ("maximum", Value::Number(number)) => Some(whole(number)? <= whole_of(field)?),
            ("exclusiveMinimum", Value::Number(number)) => Some(whole(number)? > whole_of(field)?),
            ("exclusiveMaximum", Value::Number(number)) => Some(whole(number)? < whole_of(field)?),
            ("multipleOf", Value::Number(number)) => Some(whole(number)? % whole_of(field)? == 0),
            _ => Some(true),
        }
    }

    fn keeps_names(
        &mut self,
        keyword: &str,
        field: &'s Value,
        fields: &'s Map<String, Value>,
        known: &Map<String, Value>,
    ) -> Option<bool> {
        match keyword {
            "properties" => {
                let parts = field.as_object()?;
                all(known.iter().filter_map(|(name, child)| Some(self.fits(parts.get(name)?, child))))
            }
            "patternProperties" => {
                let parts = field.as_object()?;
                all(known.iter().map(|(name, child)| {
                    all(parts.iter().map(|(pattern, part)| match self.matches(pattern, name)? {
                        true => self.fits(part, child),
                        false => Some(true),
                    }))
                }))
            }
            "additionalProperties" => all(known.iter().map(|(name, child)| match self.is_listed(name, fields)? {
                true => Some(true),
                false => self.fits(field, child),
            })),
            "propertyNames" => all(known.keys().map(|name| self.fits(field, &Value::String(name.clone())))),
            "required" => {
                Some(field.as_array()?.iter().all(|name| name.as_str().is_some_and(|name| known.contains_key(name))))
            }
            "minProperties" => Some(known.len() as u64 >= field.as_u64()?),
            "maxProperties" => Some(known.len() as u64 <= field.as_u64()?),
            _ => Some(true),
        }
    }

    /// Whether a part says of a name by itself what it may be.
    fn is_listed(&mut self, name: &str, fields: &'s Map<String, Value>) -> Option<bool> {
        if fields.get("properties").is_some_and(|all| all.get(name).is_some()) {
            return Some(true);
        }
        let Some(patterns) = fields.get("patternProperties") else { return Some(false) };
        any(patterns.as_object()?.keys().map(|pattern| self.matches(pattern, name)))
    }

    fn matches(&mut self, pattern: &'s str, text: &str) -> Option<bool> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let compile = || gotmpl::expression(pattern.as_bytes()).ok();
        let expression = self.patterns.entry(pattern).or_insert_with(compile).clone()?;
        let steps = expression.states.saturating_mul(text.len() as u64).saturating_add(pattern.len() as u64);
        self.pay(1 + steps / BYTES)?;
        Some(expression.is_match(text))
    }
}

/// What is looked at in a value, without what is in it.
fn breadth(value: &Value) -> u64 {
    match value {
        Value::Object(known) => known.len() as u64,
        Value::String(text) => text.len() as u64 / BYTES,
        _ => 0,
    }
}

fn is_of(kind: &Value, value: &Value) -> Option<bool> {
    Some(match (kind.as_str()?, value) {
        ("integer", Value::Number(number)) => return whole(number).map(|_| true),
        ("array", Value::Array(_))
        | ("boolean", Value::Bool(_))
        | ("null", Value::Null)
        | ("number", Value::Number(_))
        | ("object", Value::Object(_))
        | ("string", Value::String(_)) => true,
        _ => false,
    })
}

/// A number that is written as a whole one.
pub(super) fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn whole_of(field: &Value) -> Option<i128> {
    whole(field.as_number()?)
}
