//! Held against Helm's own parser: `goldens.tsv` has kind, values before, text, and what `pkg/strvals` of Helm 3.19.0 and of
//! 4.2.1 make of them, `=` where both say the same (a Go program of fifty lines around `ParseInto` and its kin wrote those).

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
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in include_str!("goldens.tsv").lines() {
        let [kind, before, text, helm3, helm4] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let helm4 = if helm4 == "=" { helm3 } else { helm4 };
        for (helm, expected) in [(HelmVersion::V3, helm3), (HelmVersion::V4, helm4)] {
            let shown = answer(kind, before, text, helm);
            // The reader of JSON has words of its own; Helm shows neither's.
            let alike = kind == "json" && shown.starts_with("ERR") && expected.starts_with("ERR");
            if shown != expected && !alike {
                wrong.push(format!("{kind} {before} {text} [{}]\n  ours   {shown}\n  theirs {expected}", helm.name()));
            }
            rows += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn answer(kind: &str, before: &str, text: &str, helm: HelmVersion) -> String {
    let table = Table::new(nowhere());
    if !before.is_empty() {
        let node = json_node(&serde_json::from_str(before).unwrap(), &nowhere());
        for entry in &node.as_map().unwrap().entries {
            table.put(&entry.key, Tree::from_node(&entry.value));
        }
    }
    let file = |path: &str| match path {
        "name1.txt" | "a,b" => Ok(Arc::from(format!("content of {path}"))),
        other => Err(format!("no file {other}")),
    };
    let typed = match kind {
        "set" => Typed::Guessed,
        "string" => Typed::Text,
        "json" => Typed::Json,
        "literal" => Typed::Literal,
        "file" => Typed::File(&file),
        other => panic!("{other}"),
    };
    match parse_into(&table, text, typed, helm, &nowhere()) {
        Ok(()) => show(&to_node(&Tree::Table(table))),
        Err(message) => format!("ERR {message}"),
    }
}
