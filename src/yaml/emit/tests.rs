use super::*;
use crate::budget::Budget;
use crate::source::FileId;
use crate::yaml::{MAX_DEPTH, parse};
use serde_json::{Value as Json, json};

fn sigs(json: &Json) -> String {
    write_json(json, Layout::SIGS).unwrap()
}

/// One string as the value of a key, without the key and the last line end.
fn value(text: &str) -> String {
    let written = sigs(&json!({ "k": text }));
    written.strip_prefix("k: ").unwrap().strip_suffix('\n').unwrap().to_owned()
}

#[test]
fn strings_are_quoted_as_yaml_v2_does() {
    for (text, written) in [
        ("plain", "plain"),
        ("1.2.3", "1.2.3"),
        ("a#b", "a#b"),
        ("a #b", "'a #b'"),
        ("{{ x }}", "'{{ x }}'"),
        ("http://x:80/", "http://x:80/"),
        ("it's", "it's"),
        ("'it", "'''it'"),
        ("---", "'---'"),
        ("...", "'...'"),
        (".", "."),
        (" ", "' '"),
        ("-", "'-'"),
        ("", "\"\""),
        ("YES", "\"YES\""),
        ("Null", "\"Null\""),
        ("0b1", "\"0b1\""),
        ("1_000", "\"1_000\""),
        ("1:30", "\"1:30\""),
        ("2001-01-01", "\"2001-01-01\""),
        (".inf", "\".inf\""),
        ("a\tb", "\"a\\tb\""),
        ("a\r\nb", "\"a\\r\\nb\""),
        ("\u{1}\u{1b}", "\"\\x01\\e\""),
        ("\u{1f600}", "\"\\U0001F600\""),
        ("\u{feff}a", "\"\\uFEFF\\x61\""),
        ("x\u{2028}y", "'x\u{2028}  y'"),
        ("a\u{a0}b", "a\u{a0}b"),
        ("x \ny", "\"x \\ny\""),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\nb", "|-\n  a\n\n  b"),
        ("  x\ny", "|2-\n    x\n  y"),
        ("x\n\n", "|+\n  x\n"),
        ("a\u{85} b", "a b"),
    ] {
        assert_eq!(value(text), written, "{text:?}");
    }
    assert_eq!(write_json(&json!("a\u{7f}"), Layout::SIGS), Err(Unwritable::Control));
    assert_eq!(write_json(&json!({ "k".repeat(2_000): 1 }), Layout::SIGS), Err(Unwritable::LongKey));
    assert_eq!(sigs(&json!({ "k".repeat(129): 1 })), format!("? {}\n: 1\n", "k".repeat(129)));
    assert_eq!(sigs(&json!({ "a\nb": ["x"] })), "? |-\n  a\n  b\n: - x\n");
}

#[test]
fn long_lines_are_folded_at_eighty_columns() {
    let text = "word and ".repeat(40);
    let written = sigs(&json!({ "long": text }));
    let mut lines = written.lines();
    assert_eq!(lines.next().unwrap(), format!("long: 'word{}", " and word".repeat(8)));
    assert_eq!(lines.next().unwrap(), format!("  and word{}", " and word".repeat(8)));
    assert_eq!(lines.next_back().unwrap(), "  and word and word and word and word and '");
    assert_eq!(write_json(&json!(text), Layout::PRETTY).unwrap().lines().count(), 1, "yaml.v3 does not fold");
}

#[test]
fn keys_are_sorted_naturally() {
    let json = json!({"a10": 1, "a2": 2, "a1": 3, "B": 4, "b": 5, "_x": 6, "1": 7, "10": 8, "2": 9, "a-b": 10, "a.b": 11, "aB": 12});
    let expected = "_x: 6\n\"1\": 7\n\"2\": 9\n\"10\": 8\nB: 4\na-b: 10\na.b: 11\na1: 3\na2: 2\na10: 1\naB: 12\nb: 5\n";
    assert_eq!(sigs(&json), expected);
    for (dialect, sorted) in [(Dialect::V2, ["a1", "a1-", "a1b"]), (Dialect::V3, ["a1", "a1b", "a1-"])] {
        let mut keys = vec!["a1b", "a1", "a1-"];
        sort(dialect, &mut keys, |key| key);
        assert_eq!(keys, sorted);
    }
    // No total order: digits that overflow. Sorting must not panic.
    let mut many: Vec<String> =
        (0..500_u64).map(|i| format!("{}{}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15), i % 7)).collect();
    sort(Dialect::V2, &mut many, String::as_str);
    assert_eq!(many.len(), 500);
}

#[test]
fn collections_are_laid_out_as_each_library_does() {
    let json = json!({"list": [[1, 2], {"a": 1, "b": []}, []], "map": {"x": [{"y": {}}]}, "n": null});
    assert_eq!(sigs(&json), "list:\n- - 1\n  - 2\n- a: 1\n  b: []\n- []\nmap:\n  x:\n  - \"y\": {}\n\"n\": null\n");
    let pretty = "list:\n  - - 1\n    - 2\n  - a: 1\n    b: []\n  - []\nmap:\n  x:\n    - \"y\": {}\n\"n\": null\n";
    assert_eq!(write_json(&json, Layout::PRETTY).unwrap(), pretty);
    let compact = "list:\n- - 1\n  - 2\n- a: 1\n  b: []\n- []\nmap:\n  x:\n  - \"y\": {}\n\"n\": null\n";
    assert_eq!(write_json(&json, Layout::KUSTOMIZE).unwrap(), compact);
    for (json, text) in
        [(json!([]), "[]\n"), (json!({}), "{}\n"), (json!(null), "null\n"), (json!("a\nb\n"), "|\n  a\n  b\n")]
    {
        assert_eq!(sigs(&json), text);
    }
}

#[test]
fn numbers_pass_through_json() {
    let write = |f: f64, layout| {
        let mut out = Emitter::new(layout);
        out.float(f).map(|_| out.finish())
    };
    for (f, sigs, pretty) in [
        (12_345_678.0, "12345678\n", "1.2345678e+07\n"),
        (1.0, "1\n", "1\n"),
        (1e20, "1e+20\n", "1e+20\n"),
        (1e19, "10000000000000000000\n", "1e+19\n"),
        (0.000_001, "1e-06\n", "1e-06\n"),
        (-0.0, "0\n", "-0\n"),
        (1.5, "1.5\n", "1.5\n"),
    ] {
        assert_eq!(write(f, Layout::SIGS).as_deref(), Ok(sigs), "{f}");
        assert_eq!(write(f, Layout::PRETTY).as_deref(), Ok(pretty), "{f}");
    }
    assert_eq!(write(f64::INFINITY, Layout::SIGS), Err(Unwritable::NotFinite));
    assert_eq!(write(f64::INFINITY, Layout::PRETTY).as_deref(), Ok(".inf\n"));
}

#[test]
fn the_sink_learns_what_each_leaf_became() {
    let text = "b: ['x y', 3]\na: |\n  1\n  2\n\"on\": yes\n";
    let root = parse(FileId(0), text, &Budget::default()).documents.remove(0).root;
    let mut leaves = Vec::new();
    let written = write_node(&root, Layout::SIGS, &mut |origin, range| leaves.push((origin.anchor(), range))).unwrap();
    assert_eq!(written, "a: |\n  1\n  2\nb:\n- x y\n- 3\n\"on\": true\n");
    let pairs: Vec<(&str, &str)> = leaves
        .iter()
        .map(|(span, range)| (&text[span.start as usize..span.end as usize], &written[range.clone()]))
        .collect();
    let expected = [
        ("a", "a"),
        ("1\n  2\n", "|\n  1\n  2\n"),
        ("b", "b"),
        ("'x y'", "x y"),
        ("3", "3"),
        ("\"on\"", "\"on\""),
        ("yes", "true"),
    ];
    assert_eq!(pairs, expected);
}

#[test]
fn the_deepest_tree_that_is_read_can_be_written() {
    let level = |i: usize| format!("- &a{i} {}*a{}{}\n", "[".repeat(100), i - 1, "]".repeat(100));
    let text: String = std::iter::once("- &a0 1\n".to_owned()).chain((1..6).map(level)).collect();
    let parsed = parse(FileId(0), &text, &Budget::default());
    let root = &parsed.documents[0].root;
    assert!(MAX_DEPTH > 500 && root.same_data(&root.clone()));
    assert!(write_node(root, Layout::SIGS, &mut |_, _| {}).unwrap().len() > 1_000);
}

proptest::proptest! {
    #![proptest_config(crate::proptests::same_cases())]
    #[test]
    fn what_is_written_reads_back(texts in proptest::collection::vec("(?s)([a-c 0-9\n:#'\"\\-.,{\\[\\\\~\u{e9}\u{1f600}\t\r]|on|null|1e3|---){0,12}", 1..6)) {
        for layout in [Layout::SIGS, Layout::PRETTY, Layout::KUSTOMIZE] {
            let json = json!({"list": texts.clone(), "map": {texts[0].clone(): texts[0].clone()}});
            let Ok(written) = write_json(&json, layout) else { continue };
            let parsed = parse(FileId(0), &written, &Budget::default());
            proptest::prop_assert!(parsed.problems.is_empty(), "{written:?} {:?}", parsed.problems);
            proptest::prop_assert_eq!(parsed.documents[0].root.to_json(), json, "{:?}", written);
        }
    }
}
