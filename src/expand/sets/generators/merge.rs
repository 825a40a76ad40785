//! The merge generator: the first child's parameters, with those of the others that agree on the keys laid over them
//! (`generators/merge.go`). Argo CD's order is that of a Go map; ours is the order of the keys' values.

use std::collections::BTreeMap;

use super::super::params::{Params, merge_over, printed};
use super::{Evaluation, Failure};
use crate::yaml::Node;

/// The parameters of a merge.
pub fn params(evaluation: &mut Evaluation<'_, '_>, generator: &Node, depth: usize) -> Result<Vec<Params>, Failure> {
    let children = generator.items("generators");
    if children.len() < 2 {
        return Err(Failure::Argo("a merge needs two generators or more".to_owned(), generator.span()));
    }
    let keys: Vec<&str> = generator.items("mergeKeys").iter().filter_map(Node::as_text).collect();
    let mut sets = Vec::new();
    for child in children {
        sets.push(evaluation.child(child, None, depth)?);
    }
    if keys.is_empty() {
        return Err(Failure::Argo("a merge needs merge keys".to_owned(), generator.span()));
    }
    let mut sets = sets.into_iter();
    let mut base = by_key(&keys, sets.next().unwrap_or_default(), generator)?;
    for over in sets {
        let over = by_key(&keys, over, generator)?;
        for (key, params) in &mut base {
            let Some(over) = over.get(key) else { continue };
            if evaluation.language.go {
                merge_over(params, over);
            } else {
                params.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
    }
    Ok(base.into_values().collect())
}

type Key = Vec<Option<String>>;

fn by_key(keys: &[&str], all: Vec<Params>, generator: &Node) -> Result<BTreeMap<Key, Params>, Failure> {
    let mut found = BTreeMap::new();
    for params in all {
        let key: Key = keys.iter().map(|key| params.get(*key).map(spelled)).collect();
        if found.insert(key, params).is_some() {
            let message = format!("the merge keys `{}` do not tell the parameters apart", keys.join("`, `"));
            return Err(Failure::Argo(message, generator.span()));
        }
    }
    Ok(found)
}

/// A value as a key: scalars by kind and text, collections by what they hold.
fn spelled(node: &Node) -> String {
    match node.as_scalar() {
        Some(_) if node.as_str().is_some() => format!("\"{}\"", printed(node)),
        Some(_) => printed(node),
        None => {
            let flat = super::super::params::flatten(&Params::from([("".into(), node.clone())]));
            let parts: Vec<String> = flat.iter().map(|(key, value)| format!("{key}={}", printed(value))).collect();
            parts.join(",")
        }
    }
}
