//! The matrix generator: every pair of two children, the second filled with the first's parameters
//! (`generators/matrix.go`).

use super::super::params::{Params, merge_over, printed, text};
use super::super::replace::is_template;
use super::{Evaluation, Failure, MAX_PARAMS, too_many};
use crate::yaml::Node;

/// The parameters of a matrix.
pub fn params(evaluation: &mut Evaluation<'_, '_>, generator: &Node, depth: usize) -> Result<Vec<Params>, Failure> {
    let [first, second] = generator.items("generators") else {
        let message = format!("a matrix needs two generators, not {}", generator.items("generators").len());
        return Err(Failure::Argo(message, generator.span()));
    };
    let outer = evaluation.child(first, None, depth)?;
    // Without templates in it the second child gives the same for all.
    let fixed =
        if is_template(second) || outer.is_empty() { None } else { Some(evaluation.child(second, None, depth)?) };
    if fixed.as_ref().is_some_and(|fixed| fixed.len().saturating_mul(outer.len()) > MAX_PARAMS) {
        return Err(too_many(generator.span()));
    }
    let mut all = Vec::new();
    for a in &outer {
        let own;
        let inner = match &fixed {
            Some(fixed) => fixed,
            None => {
                own = evaluation.child(second, Some(a), depth)?;
                &own
            }
        };
        if all.len() + inner.len() > MAX_PARAMS {
            return Err(too_many(generator.span()));
        }
        for b in inner {
            all.push(if evaluation.language.go { deep(a, b) } else { flat(a, b, generator)? });
        }
    }
    Ok(all)
}

/// With Go's templates the first child wins, in depth.
fn deep(a: &Params, b: &Params) -> Params {
    let mut both = b.clone();
    merge_over(&mut both, a);
    both
}

/// Without them everything is a string, and one name must not have two values.
fn flat(a: &Params, b: &Params, generator: &Node) -> Result<Params, Failure> {
    let mut both = Params::new();
    for (key, value) in a.iter().chain(b) {
        let value = text(printed(value), &value.origin);
        match both.get(key) {
            Some(known) if known.as_str() != value.as_str() => {
                let message = format!("the children of a matrix give different values for `{key}`");
                return Err(Failure::Argo(message, generator.span()));
            }
            Some(_) => {}
            None => {
                both.insert(key.clone(), value);
            }
        }
    }
    Ok(both)
}
