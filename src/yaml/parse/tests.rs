use super::*;
use crate::budget::Limits;
use crate::source::RepoPath;
use crate::source::SourceMap;

fn read(text: &str) -> Parsed {
    parse(FileId(0), text, &Budget::default())
}

/// The documents as JSON, one a line, and the number of problems.
fn json(text: &str) -> (String, usize) {
    let parsed = read(text);
    let lines: Vec<String> = parsed.documents.iter().map(|document| document.root.to_json().to_string()).collect();
    (lines.join("\n"), parsed.problems.len())
}

fn fine(text: &str) -> String {
    let parsed = read(text);
    assert!(parsed.problems.is_empty(), "{text:?}: {:?}", parsed.problems);
    json(text).0
}

fn refused(text: &str) {
    let parsed = read(text);
    assert!(!parsed.problems.is_empty(), "{text:?}");
    assert!(parsed.documents.is_empty(), "{text:?}");
}

#[test]
fn a_whole_document_counts_whatever_follows() {
    let behind = ["x", "}", "]", ", b", "%YAML 1.1", "{b: 1", "[ - b", "'b' c", "\"b\" \"c\"", "# c\n{\n"];
    for text in behind.map(|behind| format!("  a: 1\n{behind}\n")) {
        assert_eq!(json(&text), (r#"{"a":1}"#.to_owned(), 1), "{text:?}");
    }
    for text in ["{a: 1}}\n", "{a: 1}x\n", "{a: 1}\n%YAML 1.1\n", "# ×\n{a: 1}}\n"] {
        assert_eq!(json(text), (r#"{"a":1}"#.to_owned(), 1), "{text:?}");
    }
    assert_eq!(json("{a: 1}}\n---\nb: 2\n"), ("{\"a\":1}\n{\"b\":2}".to_owned(), 1));
    for text in ["a: {b: 1}}\n", "[{a: 1}}\n", "]\n", "a: 1\n\"b\" c\n", "a: 1\n@\n", "  a: 1\n\"b\n"] {
        refused(text);
    }
}

#[test]
fn the_first_document_may_be_empty() {
    for (text, first) in [("---\n---\na: 1\n", false), ("# c\n---\na: 1\n", true), ("--- \n# c\na: 1\n", true)] {
        let parsed = read(text);
        assert_eq!((parsed.documents.len(), parsed.first().is_some()), (1, first), "{text:?}");
    }
    assert!(read("---\n---\na: b: c\n").read_first().is_ok());
    assert!(read("# c\n---\na: b: c\n").read_first().is_err());
    for text in ["\t\n", "# c\n\t# d\n"] {
        refused(text);
    }
}

#[test]
fn keys_of_flow_collections_stand_on_the_line_of_their_colon() {
    assert_eq!(fine("{a: 1,\n b:\n 2, ? c\n : 3, d\n, 'e': 4}\n"), r#"{"a":1,"b":2,"c":3,"d":null,"e":4}"#);
    for text in ["{a\n b: 1}\n", "{a\n: 1}\n", "{'a\n b': 1}\n", "[a # c\n: 1]\n"] {
        refused(text);
    }
}

#[test]
fn keys_of_yaml_1_1() {
    assert_eq!(fine("on: 1\nn: 2\n1: x\n1.50: z\n"), r#"{"true":1,"false":2,"1":"x","1.5":"z"}"#);
    for text in ["~: 1\n", ": 1\n", "? [a]\n: 1\n", "? {a: 1}\n: 1\n", "18446744073709551615: 1\n", "!!int x: 1\n"] {
        refused(text);
    }
}

#[test]
fn of_equal_keys_the_last_wins_and_both_are_remembered() {
    let parsed = read("a: 1\nb: 2\na: 3\n");
    assert_eq!(parsed.documents[0].root.to_json().to_string(), r#"{"a":3,"b":2}"#);
    let duplicate = &parsed.duplicates[0];
    assert_eq!((&*duplicate.key, duplicate.first.start, duplicate.again.start), ("a", 0, 10));
    let strict = parse_as(Dialect::V3, FileId(0), "a: 1\na: 3\n---\nb: 1\n", &Budget::default());
    assert_eq!((strict.documents.len(), strict.problems.len()), (1, 1));
}

#[test]
fn merges_count_where_they_stand() {
    let text = "b: &b {x: 1, z: 2}\nd: {x: 3, <<: *b}\ne: {<<: *b, x: 4}\n";
    assert_eq!(fine(text), r#"{"b":{"x":1,"z":2},"d":{"x":1,"z":2},"e":{"x":4,"z":2}}"#);
    let v3 = parse_as(Dialect::V3, FileId(0), text, &Budget::default());
    assert_eq!(
        v3.documents[0].root.to_json().to_string(),
        r#"{"b":{"x":1,"z":2},"d":{"x":3,"z":2},"e":{"x":4,"z":2}}"#
    );
    assert!(v3.problems.is_empty());
    let list = "- &a {x: 1}\n- &b {x: 2, z: 3}\n- <<: [*a, *b]\n- '<<': 1\n- !!merge <<: *a\n";
    assert_eq!(fine(list), r#"[{"x":1},{"x":2,"z":3},{"x":1,"z":3},{"<<":1},{"x":1}]"#);
    for text in ["<<: 1\n", "<<: [1]\n", "a: &a [{x: 1}]\nb: {<<: *a}\n", "<<:\n"] {
        refused(text);
    }
}

#[test]
fn tags_are_held_to() {
    assert_eq!(fine("a: !!float 3\nb: !!str 1\nc: !!binary aGk=\nd: !x 1\n"), r#"{"a":3,"b":"1","c":"hi","d":"1"}"#);
    for text in ["a: !!int x\n", "a: !!binary '*'\n", "a: .inf\n", "- .NaN\n", "a: *x\n", "a: &a [*a]\n"] {
        refused(text);
    }
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let parsed = read("a: 1\n---\nb: [\n---\nc: 3\n---\n\n---\n~: x\n---\nd: 4\n");
    let found: Vec<_> = parsed.documents.iter().map(|d| (d.index, d.root.to_json().to_string())).collect();
    assert_eq!(found, [(0, r#"{"a":1}"#.into()), (2, r#"{"c":3}"#.into()), (5, r#"{"d":4}"#.into())]);
    assert_eq!(parsed.problems.len(), 2);
    assert_eq!(json("a:\n\t[\n---\nb: 2\n").0, r#"{"b":2}"#);
    assert_eq!(json("a: \u{7f}\u{7f}\n---\nb: 2\n").0, r#"{"b":2}"#);
    let span = parsed.documents[1].span;
    assert_eq!((span.start, span.end), (14, 23));
}

#[test]
fn files_come_in_many_shapes() {
    for (text, expected) in [
        ("a: 1\r\nb: |\r\n  x\r\n  y\r\n", r#"{"a":1,"b":"x\ny\n"}"#),
        ("\u{feff}a: 1\nb: 2\n", r#"{"a":1,"b":2}"#),
        ("a: |\n  x", r#"{"a":"x"}"#),
        ("a: |+\n  x\n  ", r#"{"a":"x\n"}"#),
        ("a: >\n  x\n  y", r#"{"a":"x y"}"#),
        ("a: |\n  ---\n  x\n---\nb: 2\n", "{\"a\":\"---\\nx\\n\"}\n{\"b\":2}"),
        ("--- text\n", r#""text""#),
        ("---foo: 1\n", r#"{"---foo":1}"#),
        ("%YAML 1.1\n---\na: on\n", r#"{"a":true}"#),
        ("a:\tb\n", r#"{"a":"b"}"#),
        ("a: 'x\ny'\nb: \"p\n\nq\"\nc: \"it\\'s\"\n", r#"{"a":"x y","b":"p\nq","c":"it's"}"#),
        ("a: 'x'# c\nb: [1,# c\n 2]#c\nc: |-# c\n  x\nd: y# z\n", r#"{"a":"x","b":[1,2],"c":"x","d":"y# z"}"#),
        ("a: 1\u{85}b: 'x\u{85}y'\u{85}c: |\u{85}  z\u{85}", r#"{"a":1,"b":"x y","c":"z\n"}"#),
        ("a: 'x\u{2028}y'\n", "{\"a\":\"x\u{2028}y\"}"),
        ("a: [\n1\n]\n", r#"{"a":[1]}"#),
        ("a: 1\n...\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}"),
    ] {
        assert_eq!(fine(text), expected, "{text:?}");
    }
    for text in [
        "%YAML 1.2\n---\na: 1\n",
        "a: \"x\u{7}\"\n",
        "a: b\u{7f}\n",
        "a:\n  b: 1\n\t\n  c: 2\n",
        "a: 1\n\t# c\n",
        "-\ta\n",
        "a:\n\tb: 1\n",
        "a: &x.y 1\n",
        "a: &x 1\nb: *x.y\n",
    ] {
        refused(text);
    }
    assert_eq!(json("a: 1\n...\nb: 2\n"), (r#"{"a":1}"#.to_owned(), 1));
    for text in [
        "...\na: 1\n",
        "# ... \n\n... # x\n",
        "...",
        "a: |\n  \tb\n",
        "a: >\n\n  \tb\n",
        "a: |- # 2\n \tb\n",
        "- |\n \tx\n",
    ] {
        refused(text);
    }
    for text in ["a: |2\n  \tb\n", "a: |2-\n  \tb\n", "a: |+2 # x\n  \tb\n", "a: |\n  b\n  \tc\n"] {
        assert!(fine(text).contains("\\t"), "{text:?}");
    }
    assert_eq!(fine("a: b\n  \t\nc: [\n\t1]\n"), r#"{"a":"b","c":[1]}"#, "tabs that Go lets stand");
    let block = "a: > # c\n  x\n  \t\nb: |\n  y\n  \t\n";
    assert_eq!(fine(block), r#"{"a":"x\n\t\n","b":"y\n\t\n"}"#, "a tab as the last line of a block");
}

#[test]
fn spans_point_at_what_is_written() {
    let text = "a: 'x\ny'\nb:\n  - one\n  - {c: 2}\n# end\n";
    let map = SourceMap::default();
    let id = map.add(RepoPath::new("a.yaml").unwrap(), text);
    let root = parse(id, text, &Budget::default()).documents.remove(0).root;
    let slice = |node: &Node| map.slice(node.span()).unwrap();
    assert_eq!(slice(root.get("a").unwrap()), "'x\ny'");
    assert_eq!(slice(root.get("b").unwrap()), "- one\n  - {c: 2}", "a list without the blanks behind it");
    assert_eq!(slice(&root.items("b")[1]), "{c: 2}");
    assert_eq!(map.slice(root.as_map().unwrap().entries[1].key_origin.anchor()).unwrap(), "b");
}

#[test]
fn many_comments_and_long_keys() {
    let comments = "# c\n".repeat(300);
    assert_eq!(read(&format!("a:\n{comments}  b: 1\n")).comments.len(), 300);
    assert_eq!(fine(&format!("a:\n  - x\n{comments}  - z\n")), r#"{"a":["x","z"]}"#);
    assert_eq!(json(&format!("{}: 1\n", "k".repeat(1_020))).1, 0);
    refused(&format!("{}: 1\n", "k".repeat(2_000)));
}

#[test]
fn large_mappings_take_linear_time() {
    let text: String = (0..200_000).map(|i| format!("k{i}: 1\n")).chain(["k7: 2\n".to_owned()]).collect();
    let parsed = read(&text);
    let entries = &parsed.documents[0].root.as_map().unwrap().entries;
    assert_eq!((entries.len(), parsed.duplicates.len()), (200_000, 1));
    assert_eq!(entries[7].value.as_i64(), Some(2));
}

#[test]
fn nesting_is_bounded() {
    let deep: String = (0..300).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    for text in [&deep, &"[".repeat(100_000), &"- ".repeat(100_000), &"? ".repeat(50_000)] {
        let parsed = read(text);
        assert!(parsed.documents.is_empty() && !parsed.problems.is_empty());
    }
    assert!(read(&deep).problems[0].exceeded);
    // Each anchor is a little deeper than the one before.
    let level = |i: usize| format!("- &a{i} {}*a{}{}\n", "[".repeat(100), i - 1, "]".repeat(100));
    let chain: String = std::iter::once("- &a0 1\n".to_owned()).chain((1..20).map(level)).collect();
    let parsed = read(&chain);
    assert!(parsed.documents.is_empty() && parsed.problems[0].exceeded);
}

#[test]
fn bombs_are_counted_by_what_they_expand_to() {
    let level = |i: usize| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(","));
    let bomb: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned()).chain((1..10).map(level)).collect();
    let parsed = read(&bomb);
    assert!(parsed.documents.is_empty() && parsed.problems[0].exceeded);
    let budget = Budget::new(Limits { items: 10, ..Limits::default() });
    assert!(parse(FileId(0), "a: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", &budget).problems[0].exceeded);
    let shared = "a: &a {k: 1}\n".to_owned() + &"b: *a\n".repeat(1_000);
    assert!(read(&shared).problems.is_empty());
}

/// Reads a text with both readers, if the quick one takes it, and wants the same of both.
fn alike(text: &str) -> bool {
    let mut taken = false;
    for dialect in [Dialect::V2, Dialect::V3] {
        let (quick, whole) = (Budget::default(), Budget::default());
        let found = parse_common(dialect, FileId(0), text, &quick);
        let left = quick.items_left();
        taken |= found.is_some();
        match found {
            None => assert_eq!(left, Budget::default().items_left(), "{text:?}"),
            Some(found) => {
                assert_eq!(found, parse_whole(dialect, FileId(0), text, &whole), "{text:?}");
                assert_eq!(left, whole.items_left(), "{text:?}");
            }
        }
    }
    taken
}

#[test]
fn common_texts_are_read_quickly_and_alike() {
    for text in [
        "",
        "# c\n",
        "---\n",
        "--- # c\n---\n\n---\na: 1\n",
        "a: 1\nb:\n  c: x # c\n  # d\n\n  d:   'it''s'\n  \"e f\" : \"q\\\"\\n\"\n",
        "a:\n- b\n- c: 1\n  d:\n  - 2\n-\n- # c\n  e\nf:\n",
        "a:\n  -   - b\n      - c\n  -\n    d: 1\n",
        " a: |\n\n   x\n     y\n\n   z \n\n b: |-\n  p\n\n  \n# c\n c: |+\n  q\n\n\n---\n- |\n  r\n",
        "a: {}\nb: [ ]\nc: [1, 'x', [y z, {k: -v}]] # c\nd: {a: b, \"c\": {}}\n",
        "a: x:y#z - ? [{ }], é\nurl: http://x/y?z#f\n-a: -1\na:\n  b\n",
        "a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}",
        "{}",
        "text # c\n",
        "\"quoted\"\n---\n[1]\n",
        "a: b\n  - c\n\n   d e  \n\n\n  'f\nb:\n- x\n  y # c\n- z\n\n# c\n",
        "a: 'b \\t\n\n\n  c '' d\n\n   '\nb: \"x \\\n    \\ y\\n\n  z\" # c\nc:\n- 'x\n  y'\n",
        "on: yes\n1.50: .5\nv: 1.2.3\n",
        "a: :80\nb:\n- ::1\n- ?x\nc: -?\n?d: 1\n:e: 2\n",
        "a: | \n  b\nc: >-  # d\n  e\nf: |+ # g\n\nh: 1\n",
        "a: |\n",
        "a:\n  b: |-\n\n",
        "a:\n- >+\n\n\n",
        "a: |\nb: |-\n\n\nc: |+\n\n# d\ne:\n- |\n- >\n# f\n- x: >+\n\n  y: |\n  # g\n",
        "a: >\n  b\n  c\n\n  d\n\n\n  e\n   f\n  g\n\n   h\n\n  i\nj: >-\n\n  k\n\n  l\n\nm:\n  - >+\n    n\n     o\n\n\np: q\n",
    ] {
        assert!(alike(text), "{text:?}");
    }
}

#[test]
fn the_quick_reader_pays_as_the_other_does() {
    for items in 0..12 {
        let limits = Limits { items, ..Limits::default() };
        let text = "a: 1\nb: [2, 3]\nc:\n- 4\n";
        let whole = parse_whole(Dialect::V2, FileId(0), text, &Budget::new(limits));
        assert_eq!(parse(FileId(0), text, &Budget::new(limits)), whole, "{items}");
    }
}

#[test]
fn every_fixture_is_read_alike() {
    fn folder(place: &std::path::Path, seen: &mut (usize, usize)) {
        for entry in std::fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folder(&path, seen);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                seen.0 += 1;
                seen.1 += usize::from(alike(&text));
            }
        }
    }
    let mut seen = (0, 0);
    folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut seen);
    assert!(seen.0 > 500 && seen.1 * 2 > seen.0, "{seen:?}");
}

proptest::proptest! {
    #![proptest_config(crate::proptests::same_cases())]
    #[test]
    fn nothing_panics_and_spans_stay_inside(text in "(?s)([\\-\\?:,\\[\\]{}#&*!|>'\"%@`\n \t\r\\\\~a-c0-9.\u{feff}\u{e9}]|<<|---|\\.\\.\\.|!!int|\\?\n|: |- |&a |\\*a ){0,40}") {
        for dialect in [Dialect::V2, Dialect::V3] {
            let parsed = parse_as(dialect, FileId(0), &text, &Budget::default());
            let spans = parsed.documents.iter().map(|d| d.span).chain(parsed.problems.iter().map(|p| p.span));
            for span in spans.chain(parsed.comments.iter().copied()) {
                proptest::prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?}", span);
            }
        }
    }

    #[test]
    fn lines_of_the_common_kind_are_read_alike(lines in proptest::collection::vec("[ ]{0,5}(- |- - |-){0,2}([ab\\-]{1,2}:( |  |)){0,2}(x|x y|'x'|\"x\"|\"\\\\n\"|\\||\\|-|\\|\\+|>|>-|>\\+|:8|\\?x|::|\\{\\}|\\[a, b\\]|\\{a: b\\}|\\[|---|\\.\\.\\.|<<|~|1|\\.5|'|\"|x'|x\"|x\\\\|)( #c|#|  |\t|)", 0..9)) {
        alike(&lines.join("\n"));
        alike(&(lines.join("\n") + "\n"));
    }

    #[test]
    fn any_text_is_read_alike(text in "(?s)([\\-:,\\[\\]{}#|>?'\"\n \\\\a-c0-9.\u{e9}]|---|: |- |\n  |\n- |: \\|\n|: >\n){0,40}") {
        alike(&text);
    }
}

#[test]
fn words_of_flow_collections_end_where_gos_parser_ends_them() {
    let budget = Budget::default();
    for text in ["a: [x?y]", "a: {b: c?}", "a: [??x]", "a: [:x]", "a: [::, ::]", "a: {b:{}}"] {
        let parsed = parse(FileId(0), text, &budget);
        assert!(parsed.documents.is_empty() && parsed.problems.len() == 1, "{text}");
    }
    for text in ["a: x?y", "a: ['x?y', http://a/b]", "a: {? b : c, \"d\":e}", "a:\n- b?\n"] {
        assert!(parse(FileId(0), text, &budget).problems.is_empty(), "{text}");
    }
    for (text, wanted) in [
        ("[1.2.3.4, 001:db8::]", r#"["1.2.3.4","001:db8::"]"#),
        ("{b: c:, d: e}", r#"{"b":"c:","d":"e"}"#),
        ("{b:, c: [d :]}", r#"{"b:":null,"c":["d :"]}"#),
        ("[it's:, b]", r#"["it's:","b"]"#),
        ("[?b, {?c: d}]", r#"[{"b":null},{"c":"d"}]"#),
        ("[&b c:, *b ]", r#"["c:","c:"]"#),
    ] {
        let parsed = parse(FileId(0), &format!("a: {text}\nb: ?x"), &budget);
        assert!(parsed.problems.is_empty(), "{text}: {:?}", parsed.problems);
        let root = &parsed.documents[0].root;
        assert_eq!(root.get("a").unwrap().to_json().to_string(), wanted, "{text}");
        assert_eq!(root.str_at("b"), Some("?x"));
        let word = root.get("b").unwrap().span();
        assert_eq!(word, Span::new(FileId(0), text.len() + 7, text.len() + 9), "{text}");
    }
    let parsed = parse(FileId(0), "a: [cat, -]\nb: c", &budget);
    let root = &parsed.documents[0].root;
    assert_eq!(root.items("a")[1].as_str(), Some("-"));
    assert_eq!(root.get("b").unwrap().span(), Span::new(FileId(0), 15, 16));
}

#[test]
fn a_quoted_scalar_of_many_lines_is_mended_at_once() {
    let lines = "{\\\"a\\\": 1,\n\n  é \\\nx,\n".repeat(20_000);
    let text = format!("a:\n  b: # c\n    \"{lines}\"\n  c: 'x\n\ny''z\n'\n  d: 1\n");
    let parsed = read(&text);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems.first());
    let a = parsed.documents[0].root.get("a").unwrap();
    let b = a.get("b").and_then(Node::as_text).unwrap();
    assert_eq!((b.len(), &b[..21]), (20_000 * 15, "{\"a\": 1,\né x, {\"a\": "));
    assert_eq!(a.get("c").and_then(Node::as_text), Some("x\ny'z "));
    for (key, said) in
        [("b", &text[text.find('"').unwrap()..text.find("\n  c").unwrap()]), ("c", "'x\n\ny''z\n'"), ("d", "1")]
    {
        let span = a.get(key).unwrap().span();
        assert_eq!(&text[span.start as usize..span.end as usize], said, "{key}");
    }
}

#[test]
fn a_flaw_is_mended_in_its_own_document() {
    // Two lines of quotes indented too little, behind enough that reading all of it each time would take too long.
    let filler = "  - {name: filler, description: filler}\n".repeat(120);
    let document = |number: usize| format!("---\nitems:\n{filler}  - name: \"n{number}\n rest\"\n");
    let text: String = (0..300).map(document).collect();
    let parsed = read(&text);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems.first());
    assert_eq!(parsed.documents.len(), 300);
    let last = parsed.documents[299].root.get("items").and_then(|items| items.as_seq()?.last()?.get("name")).unwrap();
    assert_eq!(last.as_text(), Some("n299 rest"));
    let span = last.span();
    assert_eq!(text.get(span.start as usize..span.end as usize), Some("\"n299\n rest\""));
}
