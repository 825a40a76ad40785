//! The common part of schemas, and values that fit them, told without compiling anything: charts list the types of their values
//! and little else, and nearly all values fit.
//!
//! What is not certain here is for the validator to say: a keyword that is not among the common ones, a schema that may be
//! broken, a value that may not fit.

use serde_json::{Map, Value};

/// Keywords of a part, and items of its lists: each is asked of each value.
const FEW: usize = 64;

/// Looks at a value with a part of the schema, before the validator is asked after all.
const MOST_LOOKS: u32 = 200_000;

/// References that follow each other.
const DEEPEST: u32 = 200;

/// Whether a schema is sound, and of the common keywords only.
pub(super) fn is_common(schema: &Value) -> bool {
    let Value::Object(fields) = schema else { return false };
    let draft = fields.get("$schema").is_none_or(|named| named.as_str().is_some_and(|named| DRAFTS.contains(&named)));
    let is_sound = |keyword: &str, field: &Value| is_sound(keyword, field, schema);
    let is_sound = |(keyword, field): (&String, &Value)| keyword == "$schema" || is_sound(keyword, field);
    draft && fields.len() <= FEW && fields.iter().all(is_sound)
}

/// Drafts that agree about all that is taken here.
const DRAFTS: [&str; 5] = [
    "http://json-schema.org/schema#",
    DRAFT_7,
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";

/// Keywords that ask for the validator.
const OTHERS: [&str; 38] = [
    "$anchor",
    "$comment",
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
    "deprecated",
    "else",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "id",
    "if",
    "maxContains",
    "maxProperties",
    "minContains",
    "minProperties",
    "multipleOf",
    "not",
    "oneOf",
    "patternProperties",
    "pattern",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

fn is_part(part: &Value, schema: &Value) -> bool {
    match part {
        Value::Bool(_) => true,
        Value::Object(fields) => {
            fields.len() <= FEW && fields.iter().all(|(keyword, field)| is_sound(keyword, field, schema))
        }
        _ => false,
    }
}

/// What a reference to a definition of the schema means.
fn meant<'s>(reference: &Value, schema: &'s Value) -> Option<&'s Value> {
    let (section, name) = reference.as_str()?.strip_prefix("#/")?.split_once('/')?;
    let plain = !name.contains(['/', '%', '~']) && matches!(section, "definitions" | "$defs");
    schema.get(section)?.get(name).filter(|_| plain)
}

fn is_sound(keyword: &str, field: &Value, schema: &Value) -> bool {
    let is_part = |part: &Value| is_part(part, schema);
    match keyword {
        "$ref" => meant(field, schema).is_some(),
        "allOf" | "anyOf" => {
            field.as_array().is_some_and(|all| (1..=FEW).contains(&all.len()) && all.iter().all(is_part))
        }
        "const" => is_plain(field),
        // Newer drafts only note formats.
        "format" => field.is_string() && schema.get("$schema").is_none_or(|named| !is_draft_7(named)),
        "title" | "description" => field.is_string(),
        "type" => match field {
            Value::String(one) => TYPES.contains(&one.as_str()),
            Value::Array(all) => {
                let known = |one: &Value| one.as_str().is_some_and(|one| TYPES.contains(&one));
                !all.is_empty() && all.iter().all(known) && are_different(all)
            }
            _ => false,
        },
        "properties" | "definitions" | "$defs" => field.as_object().is_some_and(|all| all.values().all(is_part)),
        "additionalProperties" => is_part(field),
        "items" => field.is_object() && is_part(field),
        "required" => field.as_array().is_some_and(|all| all.iter().all(Value::is_string) && are_different(all)),
        "enum" => field.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_plain) && are_different(all)),
        "minimum" | "maximum" => field.is_number(),
        "minLength" | "maxLength" | "minItems" | "maxItems" => field.as_u64().is_some_and(|n| n < 1 << 31),
        "uniqueItems" => field == &Value::Bool(false),
        "readOnly" | "writeOnly" => field.is_boolean(),
        keyword => !OTHERS.contains(&keyword),
    }
}

fn is_draft_7(named: &Value) -> bool {
    named.as_str().is_some_and(|named| named.trim_end_matches('#') == DRAFT_7.trim_end_matches('#'))
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn are_different(all: &[Value]) -> bool {
    all.len() <= FEW && all.iter().enumerate().all(|(at, one)| all[..at].iter().all(|other| !are_same(one, other)))
}

fn are_same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether values certainly fit a schema of the common keywords.
pub(super) fn fits(schema: &Value, values: &Value) -> bool {
    Looks { schema, left: MOST_LOOKS, references: 0 }.fits(schema, values)
}

struct Looks<'s> {
    schema: &'s Value,
    left: u32,
    references: u32,
}

impl<'s> Looks<'s> {
    /// Nesting is bounded by the readers of schema and value, and by the references that follow each other.
    fn fits(&mut self, part: &'s Value, value: &Value) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        match part {
            Value::Bool(all) => *all,
            Value::Object(fields) => fields.iter().all(|(keyword, field)| self.keeps(keyword, field, fields, value)),
            _ => false,
        }
    }

    fn follows(&mut self, reference: &Value, value: &Value) -> bool {
        self.references += 1;
        let fits =
            self.references <= DEEPEST && meant(reference, self.schema).is_some_and(|part| self.fits(part, value));
        self.references -= 1;
        fits
    }

    fn keeps(&mut self, keyword: &str, field: &'s Value, fields: &'s Map<String, Value>, value: &Value) -> bool {
        let bound =
            |fits: fn(u64, u64) -> bool, size: usize| field.as_u64().is_some_and(|most| fits(size as u64, most));
        match (keyword, value) {
            ("type", value) => match field {
                Value::Array(all) => all.iter().any(|one| is_of(one, value)),
                one => is_of(one, value),
            },
            ("enum", value) => field.as_array().is_some_and(|all| all.iter().any(|one| are_same(one, value))),
            ("const", value) => are_same(field, value),
            ("$ref", value) => self.follows(field, value),
            ("allOf", value) => field.as_array().is_some_and(|all| all.iter().all(|part| self.fits(part, value))),
            ("anyOf", value) => field.as_array().is_some_and(|all| all.iter().any(|part| self.fits(part, value))),
            ("properties", Value::Object(known)) => field.as_object().is_some_and(|all| {
                known.iter().all(|(name, child)| all.get(name).is_none_or(|part| self.fits(part, child)))
            }),
            ("additionalProperties", Value::Object(known)) => {
                let listed = |name: &str| fields.get("properties").is_some_and(|all| all.get(name).is_some());
                known.iter().all(|(name, child)| listed(name) || self.fits(field, child))
            }
            ("required", Value::Object(known)) => field
                .as_array()
                .is_some_and(|all| all.iter().all(|name| name.as_str().is_some_and(|name| known.contains_key(name)))),
            ("items", Value::Array(items)) => items.iter().all(|item| self.fits(field, item)),
            ("minItems", Value::Array(items)) => bound(|size, least| size >= least, items.len()),
            ("maxItems", Value::Array(items)) => bound(|size, most| size <= most, items.len()),
            ("minLength", Value::String(text)) => bound(|size, least| size >= least, text.chars().count()),
            ("maxLength", Value::String(text)) => bound(|size, most| size <= most, text.chars().count()),
            ("minimum", Value::Number(number)) => number.as_f64() >= field.as_f64(),
            ("maximum", Value::Number(number)) => number.as_f64() <= field.as_f64(),
            _ => true,
        }
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match (kind.as_str(), value) {
        (Some("array"), Value::Array(_))
        | (Some("boolean"), Value::Bool(_))
        | (Some("null"), Value::Null)
        | (Some("number"), Value::Number(_))
        | (Some("object"), Value::Object(_))
        | (Some("string"), Value::String(_)) => true,
        (Some("integer"), Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::Compiled;
    use super::*;

    fn plain() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|b| json!(b)),
            (-2i64..4).prop_map(|n| json!(n)),
            Just(json!(1.0)),
            Just(json!(2.5)),
            "[ab]{0,3}".prop_map(|text| json!(text)),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        plain().prop_recursive(3, 12, 3, |below| {
            prop_oneof![
                prop::collection::vec(below.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[abc]", below, 0..3).prop_map(|map| json!(map)),
            ]
        })
    }

    fn kind() -> impl Strategy<Value = Value> {
        let one = prop::sample::select(TYPES.iter().chain(&["text"]).copied().collect::<Vec<_>>());
        prop_oneof![one.clone().prop_map(|one| json!(one)), prop::collection::vec(one, 0..3).prop_map(|all| json!(all))]
    }

    fn schema() -> impl Strategy<Value = Value> {
        let simple = prop_oneof![
            kind().prop_map(|kind| json!({"type": kind, "title": "t", "x": 1})),
            prop::collection::vec(plain(), 0..4).prop_map(|all| json!({"enum": all})),
            (-1i64..3, 0i64..3).prop_map(
                |(least, most)| json!({"minimum": least, "maximum": most, "minLength": least, "maxLength": most})
            ),
            (-1i64..3, 0i64..3).prop_map(|(least, most)| json!({"minItems": least, "maxItems": most, "default": null})),
            prop::collection::vec("[ab]", 0..3).prop_map(|names| json!({"required": names})),
            any::<bool>().prop_map(|b| json!(b)),
            Just(json!({"pattern": "a"})),
            plain().prop_map(|one| json!({"const": one, "format": "date"})),
            prop::sample::select(vec!["#/$defs/a", "#/$defs/b", "#/definitions/c"]).prop_map(|to| json!({"$ref": to})),
            Just(json!({"description": 1})),
        ];
        simple.prop_recursive(3, 12, 3, |below| {
            prop_oneof![
                (prop::collection::btree_map("[ab]", below.clone(), 0..3), below.clone())
                    .prop_map(|(all, rest)| json!({"properties": all, "additionalProperties": rest})),
                (kind(), below.clone()).prop_map(|(kind, items)| json!({"type": kind, "items": items})),
                prop::collection::vec(below.clone(), 0..3).prop_map(|all| json!({"anyOf": all})),
                (prop::collection::vec(below, 0..3), kind())
                    .prop_map(|(all, kind)| json!({"allOf": all, "type": kind})),
            ]
        })
    }

    proptest! {
        #![proptest_config(crate::proptests::same_cases())]

        #[test]
        fn what_is_certain_is_what_the_validator_says(
            schema in schema(),
            defs in prop::collection::btree_map("[abc]", schema(), 0..3),
            draft in prop::sample::select(DRAFTS.to_vec()),
            value in value(),
        ) {
            let mut schema = schema;
            if let Value::Object(fields) = &mut schema {
                fields.insert("$defs".to_owned(), json!(defs));
                fields.insert("definitions".to_owned(), json!(defs));
                fields.insert("$schema".to_owned(), json!(draft));
            }
            if is_common(&schema) {
                let compiled = Compiled::of(&schema);
                prop_assert!(matches!(compiled, Compiled::Ready(..)), "{}", schema);
                if fits(&schema, &value) {
                    prop_assert_eq!(compiled.refuses(&schema, &value), Ok(None));
                }
            }
        }
    }

    #[test]
    fn what_charts_commonly_say_is_certain() {
        let schema = json!({
            "$schema": "http://json-schema.org/schema#",
            "type": "object",
            "properties": {
                "image": {"type": "object", "properties": {"tag": {"type": "string", "description": "d", "form": true}}},
                "replicas": {"type": ["integer", "null"], "minimum": 0},
                "list": {"type": "array", "items": {"type": "string"}, "default": []}
            },
            "required": ["image"],
        });
        let fit = json!({"image": {"tag": "1"}, "replicas": 2, "list": ["a"], "more": 1});
        assert!(is_common(&schema) && fits(&schema, &fit));
        assert!(!fits(&schema, &json!({"image": {"tag": 1}})));
        assert!(!fits(&schema, &json!({"replicas": 2})));
    }
}
