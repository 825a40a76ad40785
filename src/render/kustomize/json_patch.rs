//! JSON 6902 patches as evanphx/json-patch v4 applies them, its leniencies included: `replace` makes what is not there, negative
//! indices count from the end, what stands before the first `/` of a pointer is ignored.

use std::sync::Arc;

use super::fail::{Fail, Outcome};
use super::meaning;
use super::tree;
use crate::budget::Budget;
use crate::source::Span;
use crate::yaml::{Entry, Meaning, Node, Origin, Value};

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Node>,
    span: Span,
    origin: Origin,
}

/// Reads a list of operations; `None` for null.
pub(super) fn decode(root: &Node) -> Result<Vec<Operation>, Fail> {
    if root.is_null() {
        return Ok(Vec::new());
    }
    let wrong = |node: &Node| Fail::at(node.span(), "json: cannot unmarshal into Go value of type jsonpatch.Patch");
    let items = root.as_seq().ok_or_else(|| wrong(root))?;
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        if item.as_map().is_none() && !item.is_null() {
            return Err(wrong(item));
        }
        let text = |key: &str| item.get(key).and_then(Node::as_str).map(str::to_owned);
        found.push(Operation {
            op: text("op").unwrap_or_else(|| "unknown".to_owned()),
            path: text("path"),
            from: text("from"),
            value: item.get("value").cloned(),
            span: item.span(),
            origin: item.origin.clone(),
        });
    }
    Ok(found)
}

/// Whether an operation looks at all annotations at once, Kustomize's own notes among them.
pub(super) fn sees_annotations(operations: &[Operation]) -> bool {
    let holds = |path: &Option<String>| {
        path.as_deref().is_some_and(|path| matches!(path, "" | "/metadata" | "/metadata/annotations"))
    };
    operations.iter().any(|operation| match operation.op.as_str() {
        "test" => holds(&operation.path),
        "move" | "copy" => holds(&operation.from),
        _ => false,
    })
}

/// Whether an operation may change what an object is called.
pub(super) fn may_rename(operations: &[Operation]) -> bool {
    let names = |path: &str| {
        let inner = path.strip_prefix("/metadata").unwrap_or(path);
        matches!(inner, "" | "/name" | "/namespace" | "/kind" | "/apiVersion")
    };
    let paths = |operation: &Operation| [operation.path.clone(), operation.from.clone()];
    operations.iter().flat_map(paths).flatten().any(|path| names(&path))
}

/// The largest whole number below which every one has a float of its own.
const EXACT: u64 = 1 << 53;

/// Whole numbers as they come back from a way through Go's JSON, where every number is a float; and nulls, which are words
/// then, however they were written.
pub(super) fn round(node: &mut Node) {
    if let Some(text) = rounded(node) {
        *node = Node::plain(text, node.origin.clone());
    } else if any_rounded(node) {
        tree::items_mut(node).into_iter().flatten().for_each(round);
        tree::entries_mut(node).into_iter().flatten().for_each(|entry| round(&mut entry.value));
    }
}

fn any_rounded(node: &Node) -> bool {
    let mut items = node.as_seq().into_iter().flatten();
    let mut entries = node.as_map().into_iter().flat_map(|map| &map.entries);
    let differs = |node: &Node| rounded(node).is_some() || any_rounded(node);
    items.any(differs) || entries.any(|entry| differs(&entry.value))
}

fn rounded(node: &Node) -> Option<String> {
    let scalar = node.as_scalar()?;
    if scalar.text.len() < 16 {
        let is_other = matches!(&*scalar.text, "" | "~" | "Null" | "NULL") && meaning::of(scalar) == Meaning::Null;
        return is_other.then(|| "null".to_owned());
    }
    let float = match meaning::of(scalar) {
        Meaning::Int(value) if value.unsigned_abs() > EXACT => value as f64,
        Meaning::Uint(value) if value > EXACT => value as f64,
        _ => return None,
    };
    // What still is a whole number of 64 bits is written as one.
    let whole = (-9_223_372_036_854_775_808.0..18_446_744_073_709_551_616.0).contains(&float);
    Some(if whole { float.to_string() } else { meaning::float_text(float) })
}

/// Applies the operations in order.
pub(super) fn apply(root: &mut Node, operations: &[Operation], budget: &Budget) -> Outcome {
    for operation in operations {
        budget.steps(1)?;
        operation.apply(root, budget).map_err(|fail| fail.or_at(operation.span))?;
    }
    Ok(())
}

impl Operation {
    fn apply(&self, root: &mut Node, budget: &Budget) -> Outcome {
        match self.op.as_str() {
            "add" => self.add(root, budget),
            "remove" => self.remove(root, budget),
            "replace" => self.replace(root, budget),
            "move" => self.relocate(root, budget),
            "copy" => self.copy(root, budget),
            "test" => self.test(root, budget),
            other => Err(Fail::new(format!("Unexpected kind: {other}"))),
        }
    }

    fn path(&self) -> Result<&str, Fail> {
        let missing = || Fail::new(format!("{} operation failed to decode path: missing value", self.op));
        self.path.as_deref().ok_or_else(missing)
    }

    fn from(&self) -> Result<&str, Fail> {
        let missing = || Fail::new(format!("{} operation failed to decode from: missing value", self.op));
        self.from.as_deref().ok_or_else(missing)
    }

    fn value(&self) -> Node {
        self.value.clone().unwrap_or_else(|| Node::plain("null", self.origin.clone()))
    }

    fn add(&self, root: &mut Node, budget: &Budget) -> Outcome {
        let path = self.path()?;
        let missing =
            || Fail::new(format!("add operation does not apply: doc is missing path: \"{path}\": missing value"));
        let (place, key) = find(root, path, budget)?.ok_or_else(missing)?;
        insert(place, &key, self.value(), &self.origin)
            .map_err(|fail| fail.within(format!("error in add for path: '{path}'")))
    }

    fn remove(&self, root: &mut Node, budget: &Budget) -> Outcome {
        let path = self.path()?;
        let missing =
            || Fail::new(format!("remove operation does not apply: doc is missing path: \"{path}\": missing value"));
        let (place, key) = find(root, path, budget)?.ok_or_else(missing)?;
        take(place, &key).map(drop).map_err(|fail| fail.within(format!("error in remove for path: '{path}'")))
    }

    fn replace(&self, root: &mut Node, budget: &Budget) -> Outcome {
        let path = self.path()?;
        if path.is_empty() {
            let value = self.value();
            if value.as_scalar().is_some() {
                return Err(Fail::new("replace operation value must be object or array"));
            }
            *root = value;
            return Ok(());
        }
        let missing =
            || Fail::new(format!("replace operation does not apply: doc is missing path: {path}: missing value"));
        let (place, key) = find(root, path, budget)?.ok_or_else(missing)?;
        let value = self.value();
        match tree::items_mut(place) {
            Some(items) => {
                let at = index(&key, items.len()).filter(|&at| at < items.len()).ok_or_else(|| {
                    Fail::new(format!("replace operation does not apply: doc is missing key: {path}: missing value"))
                })?;
                items[at] = value;
                Ok(())
            }
            None => insert(place, &key, value, &self.origin),
        }
    }

    fn relocate(&self, root: &mut Node, budget: &Budget) -> Outcome {
        let from = self.from()?;
        let missing =
            || Fail::new(format!("move operation does not apply: doc is missing from path: {from}: missing value"));
        let (place, key) = find(root, from, budget)?.ok_or_else(missing)?;
        let value = take(place, &key).map_err(|fail| fail.within(format!("error in move for path: '{key}'")))?;
        self.settle(root, value, budget)
    }

    fn copy(&self, root: &mut Node, budget: &Budget) -> Outcome {
        let from = self.from()?;
        let missing =
            || Fail::new(format!("copy operation does not apply: doc is missing from path: {from}: missing value"));
        let (place, key) = find(root, from, budget)?.ok_or_else(missing)?;
        let value = peek(place, &key).map_err(|fail| fail.within(format!("error in copy for from: '{from}'")))?;
        let value = value.cloned().unwrap_or_else(|| Node::plain("null", self.origin.clone()));
        self.settle(root, value, budget)
    }

    /// Puts a moved or copied value where it goes; what grows by that is paid for.
    fn settle(&self, root: &mut Node, value: Node, budget: &Budget) -> Outcome {
        let path = self.path()?;
        let (size, depth) = tree::measure(&value, 1_000_000);
        budget.items(size)?;
        let there = path.split('/').count() as u32;
        if depth + there > tree::DEEPEST {
            return Err(tree::too_deep());
        }
        let missing = || {
            Fail::new(format!(
                "{} operation does not apply: doc is missing destination path: {path}: missing value",
                self.op
            ))
        };
        let (place, key) = find(root, path, budget)?.ok_or_else(missing)?;
        insert(place, &key, value, &self.origin)
            .map_err(|fail| fail.within(format!("error in {} for path: '{path}'", self.op)))
    }

    fn test(&self, root: &mut Node, budget: &Budget) -> Outcome {
        let path = self.path()?;
        let failed = || Fail::new(format!("testing value {path} failed: test failed"));
        if path.is_empty() {
            return if self.value.as_ref().is_some_and(|value| equal(root, value)) { Ok(()) } else { Err(failed()) };
        }
        let missing = || Fail::new(format!("test operation does not apply: is missing path: {path}: missing value"));
        let (place, key) = find(root, path, budget)?.ok_or_else(missing)?;
        let found = peek(place, &key).map_err(|fail| fail.within(format!("error in test for path: '{path}'")))?;
        let wanted = self.value.as_ref().filter(|value| !value.is_null());
        let fits = match (found.filter(|node| !tree::is_null(node)), wanted) {
            (None, None) => true,
            (Some(found), Some(wanted)) => equal(found, wanted),
            _ => false,
        };
        if fits { Ok(()) } else { Err(failed()) }
    }
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Entries and items that are passed in the time of one step.
const PASSED_A_STEP: u64 = 16;

/// The collection that holds what a pointer names, and the last part of the pointer. Whatever else its collections hold may be
/// passed on the way or moved afterwards, and is paid for.
fn find<'n>(root: &'n mut Node, path: &str, budget: &Budget) -> Result<Option<(&'n mut Node, String)>, Fail> {
    let Some((front, key)) = path.rsplit_once('/') else { return Ok(None) };
    let pay = |place: &Node| {
        let length = place.as_map().map_or_else(|| place.as_seq().map_or(0, <[Node]>::len), |map| map.entries.len());
        budget.steps(length as u64 / PASSED_A_STEP)
    };
    let mut place = root;
    for part in front.split('/').skip(1) {
        pay(place)?;
        let part = unescape(part);
        let Ok(Some(_)) = peek(place, &part) else { return Ok(None) };
        let next = match &mut place.value {
            Value::Map(map) => {
                let entries = &mut Arc::make_mut(map).entries;
                entries.iter_mut().find(|entry| *entry.key == *part).map(|entry| &mut entry.value)
            }
            Value::Seq(items) => {
                let items = Arc::make_mut(items);
                index(&part, items.len()).and_then(|at| items.get_mut(at))
            }
            Value::Scalar(_) => None,
        };
        let Some(next) = next else { return Ok(None) };
        place = next;
    }
    pay(place)?;
    Ok(place.as_scalar().is_none().then(|| (place, unescape(key))))
}

/// A list index; negative ones count from the end.
fn index(key: &str, length: usize) -> Option<usize> {
    let at: i64 = key.strip_prefix('+').unwrap_or(key).parse().ok()?;
    if at >= 0 { usize::try_from(at).ok() } else { length.checked_sub(at.unsigned_abs() as usize) }
}

fn bad_index(key: &str) -> Fail {
    match key.parse::<i64>() {
        Ok(at) => Fail::new(format!("Unable to access invalid index: {at}: invalid index referenced")),
        Err(_) => Fail::new(format!("strconv.Atoi: parsing \"{key}\": invalid syntax")),
    }
}

fn peek<'n>(place: &'n Node, key: &str) -> Result<Option<&'n Node>, Fail> {
    match &place.value {
        Value::Map(map) => Ok(map.get(key)),
        Value::Seq(items) => {
            let found = index(key, items.len()).and_then(|at| items.get(at));
            found.map(Some).ok_or_else(|| bad_index(key))
        }
        Value::Scalar(_) => Ok(None),
    }
}

fn take(place: &mut Node, key: &str) -> Result<Node, Fail> {
    if let Some(items) = tree::items_mut(place) {
        let at = index(key, items.len()).filter(|&at| at < items.len()).ok_or_else(|| bad_index(key))?;
        return Ok(items.remove(at));
    }
    tree::remove(place, key).ok_or_else(|| Fail::new(format!("Unable to remove nonexistent key: {key}: missing value")))
}

fn insert(place: &mut Node, key: &str, value: Node, origin: &Origin) -> Outcome {
    if let Some(items) = tree::items_mut(place) {
        if key == "-" {
            items.push(value);
            return Ok(());
        }
        if key.parse::<i64>().is_err() {
            return Err(Fail::new(format!("value was not a proper array index: '{key}'")));
        }
        let at = index(key, items.len() + 1).filter(|&at| at <= items.len()).ok_or_else(|| bad_index(key))?;
        items.insert(at, value);
        return Ok(());
    }
    let Some(entries) = tree::entries_mut(place) else { return Ok(()) };
    match entries.iter_mut().find(|entry| &*entry.key == key) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry { key: key.into(), key_origin: origin.clone(), value }),
    }
    Ok(())
}

/// Equality as JSON has it.
fn equal(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Map(a), Value::Map(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries.iter().all(|entry| b.get(&entry.key).is_some_and(|other| equal(&entry.value, other)))
        }
        (Value::Seq(a), Value::Seq(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Value::Scalar(a), Value::Scalar(b)) => match (meaning::of(a), b.meaning()) {
            (Meaning::Float(a), Meaning::Int(b)) | (Meaning::Int(b), Meaning::Float(a)) => a == b as f64,
            (a, b) => a == b,
        },
        _ => false,
    }
}
