//! Lists whose elements have keys: which elements of patch and object belong together and in which order they come out.
//! Follows `kyaml/yaml/walk/associative_sequence.go` step by step, since its oddities show in results.

use super::fail::{Fail, Outcome};
use super::merge::{self, Merged, Merging, Sides};
use super::schema::Schema;
use super::tree::{self, Shape};
use crate::yaml::Node;

/// Merges two lists by keys, or lists of plain values.
pub(super) fn walk(
    sides: Sides,
    keys: &[String],
    items: Option<Schema>,
    merging: &Merging<'_>,
) -> Result<Option<Merged>, Fail> {
    let (values, keys) = if keys.is_empty() {
        (plain_values(&sides), vec![String::new()])
    } else {
        (key_values(&sides, keys), keys.to_vec())
    };
    merging.budget.steps((values.len() as u64).saturating_mul(values.len() as u64))?;
    let same = sides.same;
    let (Some(mut dest), patch) = (sides.dest, sides.patch) else { return Ok(None) };
    let values = if keys.len() > 1 { joined_values(values) } else { values };
    let mut added = Node::seq(Vec::new(), dest.origin.clone());
    let mut valid_keys: Vec<String> = keys.clone();
    for wanted in &values {
        let valid_values;
        (valid_keys, valid_values) = valid(&values, wanted, &keys);
        let inner = Sides {
            dest: element(&dest, &valid_keys, &valid_values)?.map(|(_, item)| item),
            patch: match &patch {
                Some(patch) => element(patch, &valid_keys, &valid_values)?.map(|(_, item)| item),
                None => None,
            },
            same,
        };
        let own = element(&dest, &valid_keys, &valid_values)?.map(|(at, _)| at);
        let refs: Vec<&str> = valid_keys.iter().map(String::as_str).collect();
        let made = merge::walk(inner, items.clone(), merging)?;
        let nothing = |node: &Node| tree::is_null(node) || node.as_map().is_some_and(|map| map.entries.is_empty());
        let Some(Merged { node: mut made, in_place, .. }) = made.filter(|made| !nothing(&made.node)) else {
            set_element(&mut dest, None, &refs, &valid_values)?;
            continue;
        };
        for (key, value) in valid_keys.iter().zip(&valid_values) {
            if made.get(key).is_none() && !value.is_empty() && Shape::of(&made) == Shape::Map {
                let origin = made.origin.clone();
                tree::put(&mut made, key, &origin, tree::untagged(value.as_str(), origin.clone()))?;
            }
        }
        // What was merged into the object's own element is found there again when the rest of the list follows.
        if let (true, Some(at), Some(items)) = (in_place, own, tree::items_mut(&mut dest)) {
            items[at] = made.clone();
        }
        set_element(&mut added, Some(made), &refs, &valid_values)?;
    }
    if !values.is_empty() {
        // The patch's elements come first.
        append(&mut added, &dest, &valid_keys)?;
        dest = added;
    }
    Ok(Some(Merged { node: dest, keep: false, in_place: false }))
}

fn sources(sides: &Sides) -> impl Iterator<Item = &Node> {
    [sides.patch.as_ref(), sides.dest.as_ref()].into_iter().flatten()
}

fn key_values(sides: &Sides, keys: &[String]) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for source in sources(sides) {
        for item in source.as_seq().unwrap_or_default() {
            let value = |key: &String| {
                let field = item.get(key).filter(|field| !tree::is_empty(field));
                field.map_or("", tree::text).to_owned()
            };
            let values: Vec<String> = keys.iter().map(value).collect();
            if !found.contains(&values) {
                found.push(values);
            }
        }
    }
    found
}

fn plain_values(sides: &Sides) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for source in sources(sides) {
        for item in source.as_seq().unwrap_or_default() {
            let values = vec![tree::text(item).to_owned()];
            if !found.contains(&values) {
                found.push(values);
            }
        }
    }
    found
}

/// Values that agree where both are given become one.
fn joined_values(mut list: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for i in 0..list.len() {
        let first = list[i].clone();
        for j in 0..list.len() {
            if let Some(joined) = join(&first, &list[j]) {
                list[i].clone_from(&joined);
                list[j] = joined;
            }
        }
    }
    list
}

fn join(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let mut common = false;
    let mut joined = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        if a == b {
            common = true;
            joined.push(a.clone());
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        } else {
            joined.push(if a.is_empty() { b.clone() } else { a.clone() });
        }
    }
    common.then_some(joined)
}

/// The keys that any element uses, with the values of one.
fn valid(all: &[Vec<String>], values: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    let used = |at: usize| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty()));
    if !(0..keys.len()).any(used) {
        return (keys.to_vec(), values.to_vec());
    }
    let valid_keys = keys.iter().enumerate().filter(|(at, _)| used(*at)).map(|(_, key)| key.clone());
    let valid_values = values.iter().enumerate().filter(|(at, v)| !v.is_empty() || used(*at)).map(|(_, v)| v.clone());
    (valid_keys.collect(), valid_values.collect())
}

/// The first element with these values.
fn element(list: &Node, keys: &[String], values: &[String]) -> Result<Option<(usize, Node)>, Fail> {
    // The keys of one element alone are looked at once more.
    let (keys, values) = valid(&[values.to_vec()], values, keys);
    let items = list.as_seq().unwrap_or_default();
    if keys.first().is_none_or(String::is_empty) {
        let wanted = values.first().map_or("", String::as_str);
        let found = items.iter().enumerate().find(|(_, item)| tree::text(item) == wanted);
        return Ok(found.map(|(at, item)| (at, item.clone())));
    }
    for (at, item) in items.iter().enumerate() {
        if Shape::of(item) != Shape::Map {
            continue;
        }
        if keys.len() != values.len() {
            return Err(Fail::at(
                item.span(),
                "length of keys must equal length of values when MatchAnyValue is false",
            ));
        }
        let fits = |(key, value): (&String, &String)| item.get(key).is_some_and(|field| tree::text(field) == value);
        if keys.iter().zip(&values).all(fits) {
            return Ok(Some((at, item.clone())));
        }
    }
    Ok(None)
}

/// Puts an element where one with these values stands, or at the end; `None` takes it out.
pub(super) fn set_element(list: &mut Node, new: Option<Node>, keys: &[&str], values: &[String]) -> Outcome {
    tree::expect(list, Shape::Seq)?;
    let Some(items) = tree::items_mut(list) else { return Ok(()) };
    let by_key = keys.first().is_some_and(|key| !key.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
    let mut found = false;
    let mut kept = Vec::with_capacity(items.len() + 1);
    for item in items.drain(..) {
        if tree::is_null(&item) || item.as_map().is_some_and(|map| map.entries.is_empty()) {
            continue;
        }
        if by_key && Shape::of(&item) != Shape::Map {
            kept.push(item);
            continue;
        }
        if !matches(&item, keys, values)? {
            if !values.is_empty() {
                kept.push(item);
            }
            continue;
        }
        found = true;
        if let Some(new) = &new {
            kept.push(new.clone());
        }
    }
    if let Some(new) = new.filter(|new| !tree::is_null(new))
        && !found
    {
        kept.push(new);
    }
    *items = kept;
    Ok(())
}

fn matches(item: &Node, keys: &[&str], values: &[String]) -> Result<bool, Fail> {
    let mut last = false;
    for (at, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(at) {
            last = if key.is_empty() {
                tree::expect(item, Shape::Scalar)?;
                tree::text(item) == value
            } else {
                tree::expect(item, Shape::Map)?;
                // An empty value asks for the field alone.
                item.get(key).is_some_and(|field| value.is_empty() || tree::text(field) == value)
            };
        }
        if !last {
            return Ok(false);
        }
    }
    Ok(!keys.is_empty())
}

/// Adds the elements of the object's list behind those of the patch; one with the same values takes its place.
fn append(list: &mut Node, more: &Node, keys: &[String]) -> Outcome {
    let refs: Vec<&str> = keys.iter().map(String::as_str).collect();
    for item in more.as_seq().unwrap_or_default() {
        if keys.first().is_none_or(String::is_empty) {
            let text = tree::text(item).to_owned();
            set_element(list, Some(item.clone()), &[""], &[text])?;
            continue;
        }
        let mut values = Vec::new();
        for key in keys {
            if !tree::is_null(item) {
                tree::expect(item, Shape::Map)?;
            }
            match item.get(key) {
                Some(field) => values.push(tree::text(field).to_owned()),
                None => tree::items_mut(list).into_iter().for_each(|items| items.push(item.clone())),
            }
        }
        if keys.len() > 1 {
            set_element(list, None, &refs, &values)?;
        }
        set_element(list, Some(item.clone()), &refs, &values)?;
    }
    Ok(())
}
