//! Schemas and values with what Helm 3.19 says of them, and schemas that nobody should wait for.

use serde_json::{Value, json};

use super::Schema;

fn said(schema: &Value, values: &Value) -> Result<Option<String>, String> {
    Schema::read(schema.to_string().as_bytes()).refuses(values)
}

#[test]
fn faults_are_told_as_helm_tells_them() {
    let rows = [
        (json!({"type": "object"}), json!({"a": 1}), ""),
        (
            json!({"required": ["a", "b"], "properties": {"c": {"type": ["string", "null"]}}}),
            json!({"c": 1}),
            "- at '': missing properties 'a', 'b'\n- at '/c': got number, want null or string\n",
        ),
        (json!({"const": {"a": 1}}), json!({}), "- at '': 'const' failed\n"),
        (json!({"enum": [null, "x", 1.5]}), json!({}), "- at '': value must be one of <nil>, 'x', 1.5\n"),
        (json!({"allOf": [{"enum": ["b"]}]}), json!({}), "- at '': 'allOf' failed\n  - at '': value must be 'b'\n"),
        (
            json!({"properties": {"a": {"anyOf": [{"properties": {"b": {"oneOf": [{"type": "string"}]}}}]}}}),
            json!({"a": {"b": 1}}),
            "- at '/a': 'anyOf' failed\n  - at '/a/b': 'oneOf' failed, none matched\n    - at '/a/b': got number, want string\n",
        ),
        (
            json!({"$ref": "#/$defs/y", "$defs": {"y": {"maxItems": 2, "additionalProperties": false}}}),
            json!({"d": 1}),
            "- at '': additional properties 'd' not allowed\n",
        ),
        (
            json!({"propertyNames": {"pattern": "^[abc]$"}}),
            json!({"d": 1}),
            "- at '': invalid propertyName 'd'\n  - at '': 'd' does not match pattern '^[abc]$'\n",
        ),
        (
            json!({"properties": {"n": {"minimum": 1234567, "multipleOf": 1234.5}}}),
            json!({"n": -1000}),
            "- at '/n': minimum: got -1,000, want 1.234567×10⁰⁶\n- at '/n': multipleOf: got -1,000, want 1,234.5\n",
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMaximum": 1}),
            json!({}),
            "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
             'http://json-schema.org/draft-04/schema#'\n- at '': properties 'maximum' required, if \
             'exclusiveMaximum' exists\n- at '/exclusiveMaximum': got number, want boolean",
        ),
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}),
            json!({}),
            "- at '': both /$ref/$ref and /$ref resolve to \"file:///values.schema.json#/$defs/a\" causing reference cycle\n",
        ),
    ];
    for (schema, values, words) in rows {
        assert_eq!(said(&schema, &values).unwrap().unwrap_or_default(), words, "{schema}");
    }
}

#[test]
fn no_text_of_the_values_is_shown() {
    let schema = json!({"properties": {"password": {"pattern": "^[0-9]+$"}}});
    let told = said(&schema, &json!({"password": "hunter2"})).unwrap().unwrap();
    assert_eq!(told, "- at '/password': '...' does not match pattern '^[0-9]+$'\n");
    let schema =
        json!({"properties": {"db": {"properties": {"adminPassword": {"maximum": 5}, "port": {"maximum": 5}}}}});
    let told = said(&schema, &json!({"db": {"adminPassword": 54_321, "port": 5_432}})).unwrap().unwrap();
    let words = "- at '/db/adminPassword': maximum: got ..., want 5\n- at '/db/port': maximum: got 5,432, want 5\n";
    assert_eq!(told, words);
}

#[test]
fn nothing_is_fetched() {
    let told = said(&json!({"$ref": "https://example.com/a.json"}), &json!({}));
    assert_eq!(told, Err("`https://example.com/a.json` is not fetched".to_owned()));
    let told = said(&json!({"$ref": "a.json"}), &json!({})).unwrap();
    let words = "failing loading \"file:///a.json\": open /a.json: no such file or directory";
    assert_eq!(told.as_deref(), Some(words));
}

/// `d0` that is made of two `d1`, which is made of two `d2`, and so on.
fn doubling(keyword: &str, levels: usize) -> Value {
    let twice = |level: usize| json!([{"$ref": format!("#/$defs/d{level}")}, {"$ref": format!("#/$defs/d{level}")}]);
    let mut defs: serde_json::Map<String, Value> =
        (0..levels).map(|level| (format!("d{level}"), json!({keyword: twice(level + 1)}))).collect();
    defs.insert(format!("d{levels}"), json!({"type": "string"}));
    json!({"$ref": "#/$defs/d0", "$defs": defs})
}

#[test]
fn hostile_schemas_are_not_checked() {
    let deep = (0..200).fold(json!(1), |below, _| json!({"a": below}));
    let chain = |length: usize| {
        let mut defs: serde_json::Map<String, Value> =
            (0..length).map(|at| (format!("d{at}"), json!({"$ref": format!("#/$defs/d{}", at + 1)}))).collect();
        defs.insert(format!("d{length}"), json!({}));
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    let knot: serde_json::Map<String, Value> = (0..30)
        .map(|at| {
            let all: Vec<Value> = (0..30).map(|to| json!({"$ref": format!("#/$defs/d{to}")})).collect();
            (format!("d{at}"), json!({"allOf": all}))
        })
        .collect();
    let rows = [
        (doubling("allOf", 60), json!({})),
        (doubling("anyOf", 60), json!({})),
        (json!({"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}), deep),
        (
            json!({"$id": "https://x.y/z", "properties": {"a": doubling("oneOf", 60)["$defs"]["d0"]}, "$defs": doubling("oneOf", 60)["$defs"]}),
            json!({"a": {}}),
        ),
        (chain(3_000), json!({})),
        (chain(30_000), json!({})),
        (chain(600), json!({})),
        (json!({"$ref": "#/$defs/d0", "$defs": knot}), json!({})),
        (json!({"pattern": "(((a{100}){100}){100}){100}"}), json!({})),
    ];
    for (number, (schema, values)) in rows.into_iter().enumerate() {
        assert!(said(&schema, &values).is_err(), "{number}");
    }
}

#[test]
fn what_refers_to_itself_on_the_way_down_is_checked() {
    let schema = json!({"type": "object", "additionalProperties": {"$ref": "#"}});
    assert_eq!(said(&schema, &json!({"a": {"b": {}}})), Ok(None));
    let told = said(&schema, &json!({"a": {"b": 1}})).unwrap().unwrap();
    assert_eq!(told, "- at '/a/b': got number, want object\n");
}

/// Values that are `levels` deep.
fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |below, _| json!({"a": below}))
}

#[test]
fn what_references_mean_is_never_too_little() {
    let inner = |reference: &str| json!({"properties": {"a": {"$ref": reference}}});
    let named = |id: &str, reference: &str| json!({"$id": id, "properties": {"a": {"$ref": reference}}});
    let twice = |reference: &str| json!([{"$ref": reference}, {"$ref": reference}]);
    let draft = "https://json-schema.org/draft/2019-09/schema";
    let recursive = json!({"$id": "inner", "$recursiveAnchor": true, "properties": {"a": {"$recursiveRef": "#"}}});
    let both = json!({"$id": 1, "id": "inner", "properties": {"a": {"$ref": "root"}}});
    let rows = [
        json!({"$schema": draft, "$id": "http://h/root", "$recursiveAnchor": true, "allOf": twice("inner"), "$defs": {"i": recursive}}),
        json!({"$id": "http://h/root", "allOf": twice("foo/"), "$defs": {"i": named("foo/.", "/root")}}),
        json!({"$id": "http://h/root", "allOf": twice("//X.y"), "$defs": {"i": named("http://x.Y", "http://h/root")}}),
        json!({"$anchor": "abc", "allOf": twice("#/$defs/i"), "$defs": {"i": inner("#%61bc")}}),
        json!({"allOf": twice("#%2F$defs/i"), "$defs": {"i": inner("#")}}),
        json!({"allOf": [inner("#"), {"$ref": "#/allOf/00"}]}),
        json!({"allOf": twice("#/x/defs/a"), "x": {"id": "z", "defs": {"a": inner("#")}}}),
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "id": "http://h/root", "allOf": twice("inner"), "definitions": {"i": both}}),
    ];
    for schema in rows {
        assert!(said(&schema, &deep(60)).is_err(), "{schema}");
    }
}

#[test]
fn lists_texts_and_patterns_count_by_their_length() {
    let texts = |letter: char, count: usize| (0..count).map(|n| format!("{letter}{n:08}")).collect::<Vec<_>>();
    // As different as they are, they have one hash.
    let alike: Vec<Value> = (0..8_000_u32)
        .map(|n| (0..13).map(|bit| if n >> bit & 1 == 1 { json!([[]]) } else { json!([]) }).collect())
        .collect();
    let seven = "http://json-schema.org/draft-07/schema#";
    let rows = [
        (json!({"allOf": vec![true; 100_000]}), json!({})),
        (json!({"enum": alike}), json!(1)),
        (json!({"properties": {"l": {"uniqueItems": true}}}), json!({"l": alike})),
        (json!({"properties": {"l": {"items": {"enum": texts('a', 5_000)}}}}), json!({"l": texts('b', 5_000)})),
        (
            json!({"properties": {"l": {"items": {"required": texts('a', 5_000)}}}}),
            json!({"l": vec![json!({}); 5_000]}),
        ),
        (json!({"pattern": "\\d".repeat(50_000)}), json!({})),
        (json!({"$schema": seven, "properties": {"a": {"format": "regex"}}}), json!({"a": "\\d".repeat(50_000)})),
        (json!({"properties": {"a": {"pattern": "[ab]*a[ab]{1000}c"}}}), json!({"a": "ab".repeat(50_000)})),
        (json!({"additionalProperties": {"$ref": "#"}, "properties": {"l": {"items": {"type": "string"}}}}), {
            (0..100).fold(json!({"l": vec![1; 200_000]}), |below, _| json!({"a": below}))
        }),
        (json!({"properties": {"a": {"pattern": "^\\pL{1,1000}$"}}}), json!({"a": "x"})),
    ];
    for (number, (schema, values)) in rows.into_iter().enumerate() {
        assert!(said(&schema, &values).is_err(), "{number}");
    }
}

#[test]
fn what_people_write_is_checked() {
    let name = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$";
    let six = "^(([0-9a-fA-F]{1,4}:){7,7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4})$";
    let schema = json!({"properties": {"a": {"pattern": name}, "b": {"pattern": name}, "c": {"pattern": six}}});
    let told = said(&schema, &json!({"a": "x.y", "b": "x", "c": "f"})).unwrap().unwrap();
    assert!(told.starts_with("- at '/c': '...' does not match pattern"), "{told}");
    let told = said(&json!({"properties": {"a": {"pattern": "\\p{Foo}"}}}), &json!({})).unwrap().unwrap();
    let reason = r"'\\p{Foo}' is not valid regex: error parsing regexp: invalid character class range: `\p{Foo}`";
    assert!(told.contains(reason), "{told}");
}

#[test]
fn what_nothing_has_looked_at_is_told_in_order() {
    let values: Value = (0..30).map(|n| (format!("p{n:02}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let schema = json!({"properties": {"p00": {}}, "unevaluatedProperties": false});
    let told = said(&schema, &values).unwrap().unwrap();
    let lines: String = (1..30).map(|n| format!("- at '/p{n:02}': false schema\n")).collect();
    assert_eq!(told, lines);
}
