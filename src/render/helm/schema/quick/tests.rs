//! What is certain without the validator is what the validator says.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::render::helm::schema::Compiled;

const DRAFTS: [&str; 8] = [
    "http://json-schema.org/schema#",
    "https://json-schema.org/schema",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema#",
    "http://json-schema.org/draft-04/schema#",
];

const IDS: [&str; 6] = [
    "https://example.com/charts/values.schema.json",
    "http://example.com/a/b",
    "https://example.com",
    "values.schema.json",
    "http://json-schema.org/draft-07/schema",
    "https://example.com/a#b",
];

fn plain() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        (-2i64..4).prop_map(|n| json!(n)),
        Just(json!(1.0)),
        Just(json!(2.5)),
        "[ab]{0,3}".prop_map(|text| json!(text)),
        "http(s)?://[-a1x.]{0,8}(/[aZ.-]{0,3}){0,3}".prop_map(|text| json!(text)),
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
        kind().prop_map(|kind| json!({"type": kind, "title": "t", "x": {"type": "string"}})),
        prop::collection::vec(plain(), 0..4).prop_map(|all| json!({"enum": all})),
        (-1i64..3, 0i64..3).prop_map(
            |(least, most)| json!({"minimum": least, "maximum": most, "minLength": least, "maxLength": most})
        ),
        (-1i64..3, 0i64..3).prop_map(|(least, most)| json!({"minItems": least, "maxItems": most, "default": null})),
        prop::collection::vec("[ab]", 0..3).prop_map(|names| json!({"required": names})),
        any::<bool>().prop_map(|b| json!(b)),
        Just(json!({"contains": true})),
        prop::sample::select(vec!["a", "^b+$", "(", r"\d", "", "[[:alpha:]]{2}"]).prop_map(|p| json!({"pattern": p, "$comment": "c"})),
        (-1i64..3, 1i64..3).prop_map(
            |(least, factor)| json!({"exclusiveMinimum": least, "exclusiveMaximum": 3, "multipleOf": factor, "examples": [1]})
        ),
        (0i64..3, 0i64..3, any::<bool>()).prop_map(
            |(least, most, b)| json!({"minProperties": least, "maxProperties": most, "uniqueItems": b, "deprecated": b})
        ),
        Just(json!({"format": "uri"})),
        (prop::sample::select(vec!["#/$defs/a", "#/definitions/b"]), kind())
            .prop_map(|(to, kind)| json!({"$ref": to, "type": kind})),
        (prop::sample::select(vec!["#/$defs/a", "#/definitions/b"]), plain())
            .prop_map(|(to, one)| json!({"$ref": to, "const": one, "enum": ["no"]})),
        (prop::sample::select(vec!["#/$defs/a", "#/definitions/b"]), kind())
            .prop_map(|(to, kind)| json!({"$ref": to, "if": {"type": kind}, "then": false, "propertyNames": {"maxLength": 0}})),
        plain().prop_map(|one| json!({"const": one, "format": "date"})),
        prop::sample::select(vec![
            "#/$defs/a",
            "#/$defs/b",
            "#/definitions/c",
            "#/definitions/a/properties/a",
            "#/definitions/b/not",
            "#/$defs/b/x",
            "#/elsewhere/a",
            "#",
        ]).prop_map(|to| json!({"$ref": to})),
        Just(json!({"description": 1})),
    ];
    simple.prop_recursive(3, 12, 3, |below| {
        prop_oneof![
            (prop::collection::btree_map("[ab]", below.clone(), 0..3), below.clone())
                .prop_map(|(all, rest)| json!({"properties": all, "additionalProperties": rest})),
            (kind(), below.clone()).prop_map(|(kind, items)| json!({"type": kind, "items": items})),
            prop::collection::vec(below.clone(), 0..3).prop_map(|all| json!({"anyOf": all})),
            prop::collection::vec(below.clone(), 0..3).prop_map(|all| json!({"oneOf": all})),
            below.clone().prop_map(|part| json!({"not": part})),
            (below.clone(), below.clone(), below.clone())
                .prop_map(|(one, two, three)| json!({"if": one, "then": two, "else": three})),
            (below.clone(), below.clone()).prop_map(|(one, two)| json!({"if": one, "else": two})),
            (prop::collection::btree_map(prop::sample::select(vec!["a", "^b", "c$", "(", ""]), below.clone(), 0..3), below.clone(), below.clone())
                .prop_map(|(all, names, rest)| json!({
                    "patternProperties": all, "propertyNames": names, "additionalProperties": rest, "properties": {"a": true},
                })),
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
        id in prop::option::of(prop::sample::select(IDS.to_vec())),
        value in value(),
    ) {
        let mut schema = schema;
        if let Value::Object(fields) = &mut schema {
            fields.insert("$defs".to_owned(), json!(defs));
            fields.insert("definitions".to_owned(), json!(defs));
            fields.insert("elsewhere".to_owned(), json!({"a": {"x": 1}, "b": {"properties": {"a": {"$ref": "#/$defs/c"}}}}));
            fields.insert("$schema".to_owned(), json!(draft));
            if let Some(id) = id {
                fields.insert("$id".to_owned(), json!(id));
            }
        }
        if is_common(&schema) {
            let compiled = Compiled::of(&schema);
            prop_assert!(matches!(compiled, Compiled::Ready(..)), "{}", schema);
            if let Some(fits) = fits(&schema, &value) {
                let refused = compiled.refuses(&schema, &value);
                prop_assert_eq!(refused.as_ref().map(Option::is_none), Ok(fits), "{} {}", schema, value);
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
    assert!(is_common(&schema));
    assert_eq!(fits(&schema, &fit), Some(true));
    assert_eq!(fits(&schema, &json!({"image": {"tag": 1}})), Some(false));
    assert_eq!(fits(&schema, &json!({"replicas": 2})), Some(false));
    assert_eq!(fits(&schema, &json!({"image": {}, "replicas": 2.0})), None);
}

#[test]
fn the_rarer_keywords_of_charts_are_certain_too() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft-07/schema#",
        "$id": "https://example.com/values.schema.json",
        "properties": {
            "port": {"oneOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]},
            "labels": {"patternProperties": {"^[a-z]+$": {"type": "string"}}, "additionalProperties": false},
            "kind": {"if": {"const": "none"}, "else": {"minLength": 5}, "format": "uri"},
        },
        "not": {"required": ["old"]},
    });
    assert!(is_common(&schema));
    for (value, fit) in [
        (json!({"port": 1}), Some(true)),
        (json!({"port": "1"}), Some(true)),
        (json!({"port": "x"}), Some(false)),
        (json!({"labels": {"a": "b"}}), Some(true)),
        (json!({"labels": {"A": "b"}}), Some(false)),
        (json!({"kind": 1}), Some(true)),
        (json!({"kind": "none"}), None),
        (json!({"kind": "any"}), Some(false)),
        (json!({"old": null}), Some(false)),
    ] {
        assert_eq!(fits(&schema, &value), fit, "{value}");
    }
}

#[test]
fn a_schema_that_looks_at_much_again_and_again_is_left_to_the_validator() {
    let part = |n: usize| json!({"allOf": vec![json!({"$ref": format!("#/$defs/{n}")}); 60]});
    let schema = json!({"$defs": {"0": part(1), "1": part(2), "2": {"properties": {}}}, "$ref": "#/$defs/0"});
    let value = Value::Object((0..1000).map(|n| (n.to_string(), json!(1))).collect());
    assert!(is_common(&schema));
    assert_eq!(fits(&schema, &value), None);
}
