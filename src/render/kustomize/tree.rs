//! Reading and editing trees as Kustomize's own YAML library does: which values count as null, how a new scalar takes over
//! the spelling of the old one, how paths are followed. Knows nothing of kustomizations.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fail::{Fail, Outcome};
use super::meaning;
use crate::yaml::{Contribution, Entry, Mapping, Meaning, Node, Origin, Role, Scalar, Style, Value};

/// The tag of a scalar that was made without one: its text decides, but to the library it still counts as a string.
const UNTAGGED: &str = "";
const STR: &str = "!!str";

/// Trees that are nested deeper are not made: whatever comes after recurses along them.
pub(super) const DEEPEST: u32 = 400;

/// That something would be nested too deep.
pub(super) fn too_deep() -> Fail {
    Fail { exceeded: true, ..Fail::new(format!("nested deeper than {DEEPEST}")) }
}

/// What a node is, null being a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Map,
    Seq,
    Scalar,
}

impl Shape {
    pub(super) fn of(node: &Node) -> Self {
        match node.value {
            Value::Map(_) => Shape::Map,
            Value::Seq(_) => Shape::Seq,
            Value::Scalar(_) => Shape::Scalar,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Shape::Map => "MappingNode",
            Shape::Seq => "SequenceNode",
            Shape::Scalar => "ScalarNode",
        }
    }
}

/// A scalar without a tag, as Kustomize writes names and images.
pub(super) fn untagged(text: impl Into<Arc<str>>, origin: Origin) -> Node {
    let scalar = Scalar { text: text.into(), style: Style::Plain, tag: Some(UNTAGGED.into()) };
    Node { value: Value::Scalar(scalar), origin }
}

/// A scalar that is a string whatever its text.
pub(super) fn string(text: impl Into<Arc<str>>, origin: Origin) -> Node {
    let scalar = Scalar { text: text.into(), style: Style::Plain, tag: Some(STR.into()) };
    Node { value: Value::Scalar(scalar), origin }
}

/// The text of a scalar, whatever it means; empty for collections.
pub(super) fn text(node: &Node) -> &str {
    node.as_scalar().map_or("", |scalar| &scalar.text)
}

/// Whether a node is null to YAML 1.2.
pub(super) fn is_null(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| meaning::of(scalar) == Meaning::Null)
}

/// Null, `{}` or `[]`.
pub(super) fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => map.entries.is_empty(),
        Value::Seq(items) => items.is_empty(),
        Value::Scalar(_) => is_null(node),
    }
}

/// Whether the library takes a scalar for a string.
pub(super) fn is_string(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| match scalar.tag.as_deref() {
        Some(UNTAGGED) => true,
        _ => meaning::is_text(scalar),
    })
}

/// Refuses a node of another shape; null passes.
pub(super) fn expect(node: &Node, shape: Shape) -> Outcome {
    if is_null(node) || Shape::of(node) == shape {
        return Ok(());
    }
    Err(Fail::at(node.span(), format!("wrong node kind: expected {} but got {}", shape.name(), Shape::of(node).name())))
}

/// The entries of a mapping, to be changed.
pub(super) fn entries_mut(node: &mut Node) -> Option<&mut Vec<Entry>> {
    match &mut node.value {
        Value::Map(map) => Some(&mut Arc::make_mut(map).entries),
        _ => None,
    }
}

/// The items of a list, to be changed.
pub(super) fn items_mut(node: &mut Node) -> Option<&mut Vec<Node>> {
    match &mut node.value {
        Value::Seq(items) => Some(Arc::make_mut(items)),
        _ => None,
    }
}

/// The value of a key, to be changed.
pub(super) fn get_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    node.get(key)?;
    entries_mut(node)?.iter_mut().find(|entry| &*entry.key == key).map(|entry| &mut entry.value)
}

/// Follows keys downwards, to change what is there.
pub(super) fn at_mut<'n>(node: &'n mut Node, path: &[&str]) -> Option<&'n mut Node> {
    node.at(path)?;
    path.iter().try_fold(node, |node, key| get_mut(node, key))
}

/// Takes a key out of a mapping.
pub(super) fn remove(node: &mut Node, key: &str) -> Option<Node> {
    let at = node.as_map()?.entries.iter().position(|entry| &*entry.key == key)?;
    Some(entries_mut(node)?.remove(at).value)
}

/// Gives a new scalar the spelling of the one whose place it takes: a quoted field stays quoted, and one with a tag keeps
/// saying which type it has. A type that nobody asked to see goes where the text alone has it, quotes or not.
pub(super) fn respell(mut new: Node, old: &Node) -> Node {
    let Some(old) = old.as_scalar() else { return new };
    let Value::Scalar(scalar) = &mut new.value else { return new };
    let was_plain = std::mem::replace(&mut scalar.style, old.style) == Style::Plain;
    let implied = if was_plain { meaning::kind(&scalar.text) } else { STR };
    let is_text = scalar.tag.as_deref().unwrap_or(implied) == STR;
    let says_tag = old.tag.as_deref().is_some_and(|tag| tag != UNTAGGED);
    if scalar.tag.as_deref() == Some(UNTAGGED) {
        return new;
    }
    scalar.tag = match scalar.tag.take() {
        _ if old.style == Style::Plain && is_text => Some(STR.into()),
        tag if old.style == Style::Plain => tag,
        tag if says_tag => Some(tag.unwrap_or_else(|| implied.into())),
        tag => tag.filter(|tag| !is_text && **tag != *meaning::kind(&scalar.text)),
    };
    new
}

/// Writes a scalar over another in its spelling; what wrote the old one is remembered where `origin` says so.
pub(super) fn overwrite(node: &mut Node, new: Node) -> Outcome {
    expect(node, Shape::Scalar)?;
    *node = respell(new, node);
    Ok(())
}

/// Sets a key of a mapping; `None` and null take it away. A null mapping stays as it is.
pub(super) fn set(node: &mut Node, key: &str, key_origin: &Origin, new: Option<Node>) -> Outcome {
    let Some(new) = new.filter(|new| !is_null(new)) else {
        expect(node, Shape::Map)?;
        remove(node, key);
        return Ok(());
    };
    put(node, key, key_origin, new)
}

/// Sets a key of a mapping even to null.
pub(super) fn put(node: &mut Node, key: &str, key_origin: &Origin, new: Node) -> Outcome {
    let known = node.as_map().and_then(|map| map.entries.iter().position(|entry| &*entry.key == key));
    put_at(node, known, key, key_origin, new)
}

/// The same, for who knows where the key stands, if it does.
pub(super) fn put_at(node: &mut Node, known: Option<usize>, key: &str, key_origin: &Origin, new: Node) -> Outcome {
    expect(node, Shape::Map)?;
    match known.and_then(|at| entries_mut(node)?.get_mut(at)) {
        Some(old) => old.value = respell(new, &old.value),
        None => add(node, key, key_origin, new),
    }
    Ok(())
}

/// Adds a key that a mapping does not have.
pub(super) fn add(node: &mut Node, key: impl Into<Arc<str>>, key_origin: &Origin, mut new: Node) {
    if is_string(&new)
        && let Value::Scalar(scalar) = &mut new.value
        && scalar.style == Style::Plain
        && is_ambiguous(&scalar.text)
    {
        scalar.style = Style::DoubleQuoted;
        scalar.tag = None;
    }
    if let Some(entries) = entries_mut(node) {
        entries.push(Entry { key: key.into(), key_origin: key_origin.clone(), value: new });
    }
}

/// Whether a key, which Kustomize writes without quotes, comes back as something other than a string.
pub(super) fn is_unwritable_key(key: &str) -> bool {
    let scalar = Scalar { text: key.into(), style: Style::Plain, tag: None };
    !meaning::is_text(&scalar)
}

/// Whether a plain text is anything but a string to YAML 1.1.
fn is_ambiguous(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    let scalar = Scalar { text: text.into(), style: Style::Plain, tag: None };
    !matches!(scalar.meaning(), Meaning::Str(_))
}

/// The mapping under a key, made where there is none or null.
pub(super) fn ensure_map<'n>(node: &'n mut Node, key: &str, origin: &Origin) -> Result<&'n mut Node, Fail> {
    expect(node, Shape::Map)?;
    if node.get(key).is_none_or(is_null) {
        let empty = Node::map(Vec::new(), origin.clone());
        if let Some(old) = get_mut(node, key) {
            *old = empty;
        } else if let Some(entries) = entries_mut(node) {
            entries.push(Entry { key: key.into(), key_origin: origin.clone(), value: empty });
        }
    }
    let found = get_mut(node, key).ok_or_else(|| Fail::new(format!("no field `{key}` can be made")))?;
    expect(found, Shape::Map)?;
    Ok(found)
}

/// `a.b.c` or `a/b/c` taken apart; a backslash keeps the separator.
pub(super) fn split_path(path: &str, separator: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(separator).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut found: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match found.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            _ => found.push(part.to_owned()),
        }
    }
    found
}

/// As [`split_path`] with dots, but `[name=a.b]` stays together and `[a.b]` loses its brackets.
pub(super) fn split_field_path(path: &str) -> Vec<String> {
    let parts = split_path(path, '.');
    let mut found = Vec::new();
    let mut rest = parts.into_iter();
    while let Some(part) = rest.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            found.push(part);
            continue;
        }
        let mut whole = part;
        for next in rest.by_ref() {
            whole.push('.');
            whole.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        found.push(if whole.contains('=') { whole } else { whole.trim_matches(['[', ']']).to_owned() });
    }
    found
}

/// `[key=value]` taken apart.
pub(super) fn split_selector(part: &str) -> Result<(&str, &str), Fail> {
    let inner = part.strip_prefix('[').unwrap_or(part);
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    inner
        .split_once('=')
        .ok_or_else(|| Fail::new("list path element must contain fieldName=fieldValue for element to match"))
}

pub(super) fn is_selector(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// Follows a path of keys, indices, `-` and `[key=value]`.
pub(super) fn lookup<'n, S: AsRef<str>>(node: &'n Node, path: &[S]) -> Result<Option<&'n Node>, Fail> {
    let mut at = node;
    for part in path {
        let part = part.as_ref().trim();
        if part.is_empty() {
            continue;
        }
        let next = if let Ok(index) = part.parse::<i64>() {
            if index < 0 {
                return Err(Fail::new(format!("array index {index} cannot be negative")));
            }
            expect(at, Shape::Seq)?;
            at.as_seq().and_then(|items| items.get(index as usize))
        } else if part == "-" {
            expect(at, Shape::Seq)?;
            at.as_seq().and_then(<[Node]>::last)
        } else if part == "*" {
            return Err(Fail::new("wildcard is not supported in PathGetter"));
        } else if is_selector(part) {
            let (key, value) = split_selector(part)?;
            expect(at, Shape::Seq)?;
            at.as_seq().unwrap_or_default().iter().find(|item| {
                if key.is_empty() {
                    text(item) == value
                } else {
                    item.get(key).is_some_and(|field| text(field) == value)
                }
            })
        } else {
            if !is_null(at) {
                expect(at, Shape::Map)?;
            }
            at.get(part)
        };
        match next {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The same contributions, the first of them in another role.
pub(super) fn in_role(origin: &Origin, role: Role) -> Origin {
    let also: Vec<Contribution> = origin.contributions().skip(1).collect();
    Origin::made_of(Contribution { role, span: origin.anchor() }, also)
}

/// `first`, with what made the others as further contributions.
pub(super) fn joined(first: &Origin, others: &[&Origin]) -> Origin {
    let mut all: Vec<Contribution> = first.contributions().collect();
    for other in others {
        for contribution in other.contributions() {
            // A value that passes many overlays keeps its nearest makers; the tail is of no use to anyone.
            if all.len() < 8 && !all.contains(&contribution) {
                all.push(contribution);
            }
        }
    }
    let anchor = all.remove(0);
    Origin::made_of(anchor, all)
}

/// How deep a tree is and how many nodes it has, shared parts counted each time; stops at the limits.
pub(super) fn measure(node: &Node, limit: u64) -> (u64, u32) {
    let mut count = 0;
    let mut deepest = 0;
    let mut open: Vec<(&Node, u32)> = vec![(node, 1)];
    while let Some((node, depth)) = open.pop() {
        count += 1;
        deepest = deepest.max(depth);
        if count > limit {
            break;
        }
        match &node.value {
            Value::Map(map) => open.extend(map.entries.iter().map(|entry| (&entry.value, depth + 1))),
            Value::Seq(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Scalar(_) => {}
        }
    }
    (count, deepest)
}

/// The first entry whose key stands in its mapping before.
pub(super) fn repeated(node: &Node) -> Option<&Entry> {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::Map(map) => {
                let mut known = HashSet::with_capacity(map.entries.len());
                if let Some(entry) = map.entries.iter().find(|entry| !known.insert(&*entry.key)) {
                    return Some(entry);
                }
                open.extend(map.entries.iter().rev().map(|entry| &entry.value));
            }
            Value::Seq(items) => open.extend(items.iter().rev()),
            Value::Scalar(_) => {}
        }
    }
    None
}

/// Each key with its last value, where keys may be written twice.
pub(super) fn last_values(entries: &[Entry]) -> Vec<Entry> {
    let mut last: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        last.insert(&entry.key, at);
    }
    entries.iter().enumerate().filter(|(at, entry)| last[&*entry.key] == *at).map(|(_, entry)| entry.clone()).collect()
}

/// A mapping of texts in the order of its keys, as the library reads labels and annotations.
pub(super) fn string_map(node: Option<&Node>) -> Vec<(&Entry, Cow<'_, str>)> {
    let entries = node.and_then(Node::as_map).map(|map: &Mapping| map.entries.as_slice()).unwrap_or_default();
    entries.iter().map(|entry| (entry, Cow::Borrowed(text(&entry.value)))).collect()
}
