//! The last steps of a build: local objects leave, the rest is sorted, and what leaves here is spelled so that every reader in
//! the house takes it for what Kustomize printed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::fail::{Fail, Outcome};
use super::id::{self, Gvk, ResId};
use super::kustomization::Sort;
use super::meaning;
use super::metadata::{self, BuildMetadata};
use super::object::Object;
use super::parse::Flaw;
use super::resmap::ResMap;
use super::tree;
use crate::yaml::{BLANK, Mapping, Meaning, Node, Scalar, Style, Value, chars_near};

/// Annotations by which Kustomize and its library take notes; none of them is printed.
const NOTES: [&str; 20] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/helm-generated",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/legacy-id",
];

/// Objects that are only for the build leave.
pub(super) fn drop_local(map: &mut ResMap) -> Outcome {
    let mut kept = Vec::with_capacity(map.list.len());
    for object in std::mem::take(&mut map.list) {
        if tree::is_empty(&object.node) {
            continue;
        }
        object.validate()?;
        if object.annotation("config.kubernetes.io/local-config").is_none_or(|value| value == "false") {
            kept.push(object);
        }
    }
    map.list = kept.into();
    Ok(())
}

/// Puts objects in the order asked for; the old order if none is.
pub(super) fn sort(map: &mut ResMap, sort: Option<&Sort>) -> Outcome {
    let (first, last): (Vec<String>, Vec<String>) = match sort {
        None => owned_defaults(),
        Some(Sort { order, legacy }) => match (order.as_str(), legacy) {
            ("fifo", None) => return Ok(()),
            ("fifo", Some(_)) => {
                return Err(Fail::new(
                    "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
                ));
            }
            ("legacy", None) => owned_defaults(),
            ("legacy", Some(both)) => both.clone(),
            _ => return Err(Fail::new("the field 'sortOptions.order' must be one of [fifo, legacy]")),
        },
    };
    let list = std::mem::take(&mut map.list);
    let mut keyed: Vec<(Key, Object)> =
        list.into_iter().map(|object| (Key::of(&object, &first, &last), object)).collect();
    keyed.sort_by(|a, b| a.0.compare(&b.0));
    map.append_all(keyed.into_iter().map(|(_, object)| object))
}

fn owned_defaults() -> (Vec<String>, Vec<String>) {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    (owned(&id::ORDER_FIRST), owned(&id::ORDER_LAST))
}

/// What the order asks of an object, written once for all comparisons.
struct Key {
    gvk: Gvk,
    rank: i32,
    legacy: String,
    text: String,
}

impl Key {
    fn of(object: &Object, first: &[String], last: &[String]) -> Self {
        let ResId { gvk, name, namespace, .. } = object.id();
        let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        let text = format!("{gvk}|{}|{}", or(namespace, "~X"), or(name, "~N"));
        Self { rank: id::rank(&gvk.kind, first, last), legacy: gvk.sort_key().1, text, gvk }
    }

    fn compare(&self, other: &Key) -> Ordering {
        if self.gvk == other.gvk {
            return self.text.cmp(&other.text);
        }
        let by_text = self.legacy.cmp(&other.legacy);
        let namespaces = self.gvk.kind == "Namespace" && other.gvk.kind == "Namespace";
        let reverse = namespaces && (self.gvk.group.is_empty() || other.gvk.group.is_empty());
        self.rank.cmp(&other.rank).then(if reverse { by_text.reverse() } else { by_text })
    }
}

/// Annotations become strings, notes go, and the spelling becomes everybody's.
pub(super) fn publish(objects: Vec<Object>, wanted: BuildMetadata) -> Result<Vec<Node>, Fail> {
    let mut found = Vec::with_capacity(objects.len());
    for mut object in objects {
        object.check_flaws()?;
        if let Some(annotations) = tree::at_mut(&mut object.node, &["metadata", "annotations"]) {
            let noted = |key: &str| {
                NOTES.contains(&key)
                    || (key == metadata::ORIGIN && !wanted.origins)
                    || (key == metadata::TRANSFORMATIONS && !wanted.transformers)
            };
            let any = annotations.as_map().is_some_and(|map| map.entries.iter().any(|entry| noted(&entry.key)));
            if any && let Some(entries) = tree::entries_mut(annotations) {
                entries.retain(|entry| !noted(&entry.key));
            }
        }
        if object.node.get("metadata").is_none() {
            // Only lists come without; the notes that were taken of them leave a mapping behind.
            let origin = object.node.origin.clone();
            tree::ensure_map(&mut object.node, "metadata", &origin)?;
        }
        object.pair_annotations(wanted.any())?;
        object.stringify("annotations")?;
        // All annotations are written anew, their keys without quotes and their lines as blocks.
        let path = ["metadata", "annotations"];
        if object.node.at(&path).is_some_and(has_lines)
            && let Some(annotations) = tree::at_mut(&mut object.node, &path)
        {
            for entry in tree::entries_mut(annotations).into_iter().flatten() {
                if let Value::Scalar(scalar) = &mut entry.value.value
                    && scalar.text.contains('\n')
                {
                    scalar.style = Style::Literal;
                }
            }
        }
        let annotations = object.node.at(&["metadata", "annotations"]).and_then(Node::as_map);
        let unwritable = annotations.and_then(|map| map.entries.iter().find(|e| tree::is_unwritable_key(&e.key)));
        if let Some(entry) = unwritable {
            let flaw = Flaw::key(entry.key_origin.anchor());
            return Err(Fail::at(flaw.span, flaw.message));
        }
        respell(&mut object.node)?;
        found.push(object.node);
    }
    Ok(found)
}

fn has_lines(map: &Node) -> bool {
    map.as_map().is_some_and(|map| map.entries.iter().any(|entry| tree::text(&entry.value).contains('\n')))
}

/// Whether a text surely is the same to all readers however it is looked at; most are.
fn is_ordinary(scalar: &Scalar) -> bool {
    let first = scalar.text.bytes().next().unwrap_or(b'"');
    let text = match scalar.style {
        Style::SingleQuoted | Style::DoubleQuoted => true,
        Style::Literal => first != b'\t',
        Style::Plain => matches!(first, b'a'..=b'z' | b'A'..=b'Z' | b'/') && !b"fFnNoOtTyY".contains(&first),
        Style::Folded => false,
    };
    text && scalar.tag.is_none() && is_readable(&scalar.text)
}

/// Whether a text surely has no character that does not come through JSON and YAML.
fn is_readable(text: &str) -> bool {
    // Most are words of ASCII.
    if text.len() < 32 && text.bytes().all(|b| b < 0x7f) {
        return true;
    }
    // By the first bytes of theirs in UTF-8.
    let suspicious = |b: u8| (b == 0x7f) | (b == 0xc2) | (b == 0xef);
    chars_near(text, suspicious).all(|c| c != '\u{85}' && !is_unreadable(c))
}

/// How a scalar has to be spelled so that YAML 1.1 reads what YAML 1.2 meant; `None` if it is fine as it is.
fn spelled(scalar: &Scalar) -> Result<Option<Scalar>, Cow<'static, str>> {
    if let Some(message) = meaning::misfit(scalar) {
        return Err(message.into());
    }
    let meaning = meaning::of(scalar);
    if scalar.text.is_empty() && scalar.style == Style::Plain && scalar.tag.as_deref() == Some(BLANK) {
        return Ok(Some(Scalar { text: "".into(), style: Style::DoubleQuoted, tag: None }));
    }
    let plain = |text: String| Scalar { text: text.into(), style: Style::Plain, tag: None };
    let fine = scalar.tag.is_none();
    Ok(match &meaning {
        Meaning::Null => (!fine || scalar.meaning() != Meaning::Null).then(|| plain("null".to_owned())),
        Meaning::Bool(value) => {
            (!fine || scalar.meaning() != meaning).then(|| plain(if *value { "true" } else { "false" }.to_owned()))
        }
        Meaning::Int(value) => (!fine || *scalar.text != *value.to_string()).then(|| plain(value.to_string())),
        Meaning::Uint(value) => (!fine || *scalar.text != *value.to_string()).then(|| plain(value.to_string())),
        Meaning::Float(value) => {
            if !value.is_finite() {
                let name = if value.is_nan() { "NaN" } else { "Inf" };
                return Err(format!("json: unsupported value: {name}").into());
            }
            let text = meaning::float_text(*value);
            (!fine || *scalar.text != *text).then(|| plain(text))
        }
        Meaning::Str(text) => {
            // As a block it is written without the number that a first line with a tab would need.
            if scalar.style != Style::DoubleQuoted
                && scalar.style != Style::SingleQuoted
                && text.starts_with('\t')
                && text.contains('\n')
                && is_block(text)
            {
                return Err("yaml: found a tab character where an indentation space is expected".into());
            }
            if scalar.style == Style::Folded
                && let Some(refolded) = refolded(text)
            {
                return Ok(Some(Scalar { text: refolded.into(), style: Style::DoubleQuoted, tag: None }));
            }
            if text.contains(is_unreadable) {
                return Err("yaml: control characters are not allowed".into());
            }
            if text.contains('\u{85}') {
                let text = folded_lines(text).into();
                return Ok(Some(Scalar { text, style: Style::DoubleQuoted, tag: None }));
            }
            let same = fine
                && matches!(text, Cow::Borrowed(_))
                && (scalar.style != Style::Plain || matches!(scalar.meaning(), Meaning::Str(_)));
            (!same).then(|| Scalar { text: text.as_ref().into(), style: Style::DoubleQuoted, tag: None })
        }
    })
}

/// Whether go-yaml writes a text of several lines as a block rather than in quotes.
fn is_block(text: &str) -> bool {
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    !text.contains(" \n") && !text.ends_with(' ') && !text.contains(control)
}

/// Characters that JSON has as they are, and that YAML has not: what Kustomize prints goes from the one through the other.
fn is_unreadable(c: char) -> bool {
    c == '\u{7f}' || (('\u{80}'..'\u{a0}').contains(&c) && c != '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Why a key does not come through JSON and YAML.
fn lost_key(key: &str) -> Option<&'static str> {
    if key.len() <= LONGEST_KEY && is_readable(key) {
        return None;
    }
    if key.contains(is_unreadable) {
        return Some("yaml: control characters are not allowed");
    }
    // A key of one line only, and of so many bytes.
    (key.contains('\u{85}') || key.len() > LONGEST_KEY).then_some("yaml: did not find expected ',' or '}'")
}

/// The bytes of a key, without its quotes, behind which a colon is looked for in vain.
const LONGEST_KEY: usize = 1022;

/// A text with next-line characters, which stand as they are in the JSON that is read as YAML: there they are line ends, which
/// fold, blanks and all.
fn folded_lines(text: &str) -> String {
    let mut lines = text.split('\u{85}').map(|line| line.trim_matches([' ', '\t'])).peekable();
    let mut made = String::with_capacity(text.len());
    let mut breaks = 0;
    while let Some(line) = lines.next() {
        if !line.is_empty() || lines.peek().is_none() {
            match breaks {
                0 => {}
                1 => made.push(' '),
                more => made.extend(std::iter::repeat_n('\n', more - 1)),
            }
            made.push_str(line);
            breaks = 0;
        }
        breaks += 1;
    }
    made
}

/// What a folded text is after go-yaml wrote and read it once more: a line that is indented deeper gets an empty line before
/// it (`yaml_emitter_write_folded_scalar` looks at the beginning of the text where it means the present place).
fn refolded(text: &str) -> Option<String> {
    let first = text.trim_start_matches('\n');
    if !is_block(text) || !text.contains('\n') || first.is_empty() {
        return None;
    }
    if first.starts_with([' ', '\t']) {
        return folded_away(text);
    }
    let mut made = String::with_capacity(text.len() + 8);
    let mut lines = text.split('\n').peekable();
    let mut changed = false;
    // Whether the last line with anything in it began with a blank.
    let mut indented = false;
    let mut breaks = 0;
    while let Some(line) = lines.next() {
        if !line.is_empty() {
            if breaks > 0 && !indented && line.starts_with([' ', '\t']) {
                made.push('\n');
                changed = true;
            }
            indented = line.starts_with([' ', '\t']);
            breaks = 0;
        } else if lines.peek().is_none() && breaks > 1 && !indented {
            made.push('\n');
            changed = true;
        }
        made.push_str(line);
        if lines.peek().is_some() {
            made.push('\n');
            breaks += 1;
        }
    }
    changed.then_some(made)
}

/// The same for a text whose beginning is indented: no line end is written twice, and so the first between two lines that are
/// not indented folds.
fn folded_away(text: &str) -> Option<String> {
    let mut made = String::with_capacity(text.len());
    let (mut indented, mut breaks) = (true, 0);
    for line in text.split('\n') {
        if !line.is_empty() {
            let deeper = line.starts_with([' ', '\t']);
            match breaks {
                1 if !indented && !deeper => made.push(' '),
                more => {
                    let lost = usize::from(more > 0 && !indented && !deeper);
                    made.extend(std::iter::repeat_n('\n', more - lost));
                }
            }
            made.push_str(line);
            (indented, breaks) = (deeper, 0);
        }
        breaks += 1;
    }
    made.extend(std::iter::repeat_n('\n', breaks - 1));
    (made != text).then_some(made)
}

/// Respells a tree for readers of YAML 1.1, as if it had been written and read once more.
pub(super) fn respell(node: &mut Node) -> Outcome {
    if let Some(value) = respelled(node)? {
        node.value = value;
    }
    Ok(())
}

/// What a value has to be; nothing if it is fine as it is, as most are, whose trees stay shared.
fn respelled(node: &Node) -> Result<Option<Value>, Fail> {
    match &node.value {
        Value::Scalar(scalar) if is_ordinary(scalar) => Ok(None),
        Value::Scalar(scalar) => {
            let new = spelled(scalar).map_err(|message| Fail::at(node.span(), message.as_ref()))?;
            Ok(new.map(Value::Scalar))
        }
        Value::Map(map) => {
            let mut made: Option<Mapping> = None;
            for (at, entry) in map.entries.iter().enumerate() {
                if let Some(message) = lost_key(&entry.key) {
                    return Err(Fail::at(entry.key_origin.anchor(), message));
                }
                if let Some(value) = respelled(&entry.value)? {
                    made.get_or_insert_with(|| (**map).clone()).entries[at].value.value = value;
                }
            }
            Ok(made.map(|made| Value::Map(Arc::new(made))))
        }
        Value::Seq(items) => {
            let mut made: Option<Vec<Node>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(value) = respelled(item)? {
                    made.get_or_insert_with(|| (**items).clone())[at].value = value;
                }
            }
            Ok(made.map(|made| Value::Seq(Arc::new(made))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_texts_need_no_spelling() {
        let words = [
            "", "a", "/x", "\tx\ny", "no", "yes", "On", "1", "1:2", ".5", "~", "null", "-1", "0x1f", "x\u{85}y", "é",
            "=", "<<",
        ];
        let styles = [Style::Plain, Style::SingleQuoted, Style::DoubleQuoted, Style::Literal, Style::Folded];
        for (word, style) in words.into_iter().flat_map(|word| styles.map(|style| (word, style))) {
            let scalar = Scalar { text: word.into(), style, tag: None };
            let fine = matches!(spelled(&scalar), Ok(None));
            assert!(fine || !is_ordinary(&scalar), "{scalar:?}");
        }
        let plain = |text: &str| Scalar { text: text.into(), style: Style::Plain, tag: None };
        assert!(is_ordinary(&plain("apps/v1")) && !is_ordinary(&plain("yes")) && !is_ordinary(&plain("x\u{80}")));
    }

    #[test]
    fn folded_texts_gain_a_line_before_deeper_ones() {
        assert_eq!(refolded("a\n  b\nc\n").as_deref(), Some("a\n\n  b\nc\n"));
        assert_eq!(refolded("a\nb\n"), None);
        assert_eq!(refolded("a\n\n").as_deref(), Some("a\n\n\n"));
        assert_eq!(refolded("\na\n b").as_deref(), Some("\na\n\n b"));
        assert_eq!(refolded("\n\n"), None);
        assert_eq!(refolded("\n a\nb"), None);
        assert_eq!(refolded(" a\nb\nc\n\nd\n").as_deref(), Some(" a\nb c\nd\n"));
    }
}
