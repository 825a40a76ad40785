//! The second child of a matrix, filled with the first's parameters (`applicationset/utils/utils.go:
//! RenderGeneratorParams`).
//!
//! A generator's own `values` may ask for what only it will give: such a value waits until then.

use super::super::params::Params;
use super::super::program::{Language, Program};
use super::super::replace::{Fill, Refused, fill_tree};
use super::super::schema::nothing;
use crate::expand::ArgoCd;
use crate::yaml::{Entry, Node};

/// Generators with `values`.
const VALUED: [&str; 6] = ["clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "plugin"];

/// Fills a generator. `then` is given what fills it, for what needs to be read while that is known.
pub fn filled<R>(
    language: &Language,
    argocd: ArgoCd,
    entry: &Node,
    params: &Params,
    then: impl FnOnce(&dyn Fill, Node) -> Result<R, Refused>,
) -> Result<R, Refused> {
    let program = Program::new(language, &[entry]);
    // Before 3.4 values were filled like the rest.
    if !language.go || argocd < ArgoCd(4) {
        return program.with(params, |fill| {
            let filled = fill_tree(fill, entry)?;
            then(fill, filled)
        });
    }
    let strict = Language { go: true, options: vec!["missingkey=error".to_owned()] };
    let strict = Program::new(&strict, &[entry]);
    strict.with(params, |strict| {
        program.with(params, |fill| {
            let filled = generator(fill, strict, entry, 0)?;
            then(fill, filled)
        })
    })
}

fn generator(fill: &dyn Fill, strict: &dyn Fill, entry: &Node, depth: usize) -> Result<Node, Refused> {
    each(entry, |field| match &*field.key {
        "matrix" | "merge" if depth < 3 => each(&field.value, |inner| match inner.value.as_seq() {
            Some(children) if &*inner.key == "generators" => {
                let children: Result<Vec<Node>, Refused> =
                    children.iter().map(|child| generator(fill, strict, child, depth + 1)).collect();
                Ok(Node::seq(children?, inner.value.origin.clone()))
            }
            _ => fill_tree(fill, &inner.value),
        }),
        kind if VALUED.contains(&kind) => each(&field.value, |inner| match &*inner.key {
            "values" => each(&inner.value, |value| waiting(strict, &value.value)),
            _ => fill_tree(fill, &inner.value),
        }),
        _ => fill_tree(fill, &field.value),
    })
}

/// A value, or its template as it is where a key is missing.
fn waiting(strict: &dyn Fill, value: &Node) -> Result<Node, Refused> {
    match fill_tree(strict, value) {
        Err(Refused { message, limit: false, .. })
            if message.contains("map has no entry for key") || message.contains("can't evaluate field") =>
        {
            Ok(value.clone())
        }
        other => other,
    }
}

fn each(node: &Node, mut work: impl FnMut(&Entry) -> Result<Node, Refused>) -> Result<Node, Refused> {
    let Some(map) = node.as_map() else { return Ok(node.clone()) };
    let mut entries = Vec::with_capacity(map.entries.len());
    for entry in &map.entries {
        entries.push(Entry { value: work(entry)?, ..entry.clone() });
    }
    Ok(if entries.is_empty() { nothing(&node.origin) } else { Node::map(entries, node.origin.clone()) })
}
