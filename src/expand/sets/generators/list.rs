//! The list generator: elements as they are written, and those of a text (`generators/list.go`).

use super::super::params::{Params, text};
use super::{Evaluation, Failure};
use crate::budget::Budget;
use crate::render::inline::parse_scalar;
use crate::yaml::{Entry, Meaning, Node};

/// The parameters of a list.
pub fn params(evaluation: &mut Evaluation<'_, '_>, generator: &Node) -> Result<Vec<Params>, Failure> {
    let mut all = Vec::new();
    for element in generator.items("elements") {
        all.push(if evaluation.language.go { tree(element)? } else { strings(element)? });
    }
    if let Some(items) = generator.get("elementsYaml").and_then(Node::as_seq) {
        for item in items {
            all.push(tree(item)?);
        }
        return Ok(all);
    }
    let Some(yaml) = generator.get("elementsYaml").filter(|node| node.as_text().is_some_and(|text| !text.is_empty()))
    else {
        return Ok(all);
    };
    let sources = evaluation.world.context.repository().sources();
    let parsed = parse_scalar(sources, yaml, &Budget::default());
    let first = parsed
        .read_first()
        .map_err(|problem| Failure::Argo(format!("`elementsYaml` is no YAML: {}", problem.message), problem.span))?;
    let Some(document) = first.filter(|document| !document.root.is_null()) else { return Ok(all) };
    let Some(items) = document.root.as_seq() else {
        return Err(Failure::Argo("`elementsYaml` must be a list of objects".to_owned(), yaml.span()));
    };
    for item in items {
        all.push(tree(item)?);
    }
    Ok(all)
}

/// A generator whose elements were read from its text.
pub fn with_elements(generator: &Node, elements: Node) -> Node {
    let replaced = |node: &Node, key: &str, value: Node| {
        let entries = node.as_map().map_or(&[][..], |map| map.entries.as_slice());
        let entries = entries.iter().map(|entry| {
            let value = if &*entry.key == key { value.clone() } else { entry.value.clone() };
            Entry { value, ..entry.clone() }
        });
        Node::map(entries.collect(), node.origin.clone())
    };
    match generator.get("list") {
        Some(list) => replaced(generator, "list", replaced(list, "elementsYaml", elements)),
        None => generator.clone(),
    }
}

/// An element as Go's templates see it.
fn tree(element: &Node) -> Result<Params, Failure> {
    if element.is_null() {
        return Ok(Params::new());
    }
    let map = element.as_map().ok_or_else(|| wrong(element, "an element of a list must be an object"))?;
    Ok(map.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect())
}

/// An element as the old replacement takes it: strings only, and strings below `values`.
fn strings(element: &Node) -> Result<Params, Failure> {
    let mut params = Params::new();
    let Some(map) = element.as_map() else { return tree(element) };
    for entry in &map.entries {
        if &*entry.key == "values" {
            let values = entry.value.as_map().ok_or_else(|| wrong(&entry.value, "`values` must be an object"))?;
            for value in &values.entries {
                params.insert(format!("values.{}", value.key).into(), string(value)?);
            }
        } else {
            params.insert(entry.key.clone(), string(entry)?);
        }
    }
    Ok(params)
}

fn string(entry: &Entry) -> Result<Node, Failure> {
    match entry.value.meaning() {
        Some(Meaning::Str(value)) => Ok(text(value.into_owned(), &entry.value.origin)),
        _ => Err(wrong(&entry.value, &format!("`{}` must be a string without goTemplate", entry.key))),
    }
}

fn wrong(node: &Node, message: &str) -> Failure {
    Failure::Argo(message.to_owned(), node.span())
}
