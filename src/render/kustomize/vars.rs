//! Variables: `$(NAME)` in some fields becomes what a field of an object says.

use super::config::Config;
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, Make};
use super::id::ResId;
use super::kustomization::Var;
use super::meaning;
use super::resmap::ResMap;
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::yaml::{Meaning, Node, Origin, Role};

/// Takes variables in; a name may come once.
pub(super) fn merge(known: &mut Vec<Var>, incoming: &[Var]) -> Outcome {
    for var in incoming {
        if known.iter().any(|other| other.name == var.name) {
            return Err(Fail::at(var.span, format!("var '{}' already encountered", var.name)));
        }
        known.push(var.clone());
    }
    Ok(())
}

/// Notes at the objects which variables take their values there.
pub(super) fn note(map: &mut ResMap, vars: &[Var]) -> Outcome {
    for var in vars {
        // What a variable refers to is never taken to be without a namespace.
        let (gvk, name, namespace) = (var.gvk.clone(), var.object.clone(), var.namespace.clone());
        let wanted = ResId { gvk, name, namespace, cluster: false };
        let strict = !wanted.namespace.is_empty();
        let matches = |id: &ResId| {
            if strict { wanted.same(id) } else { wanted.name == id.name && wanted.gvk == id.gvk }
        };
        match map.ever(&wanted.name, matches).as_slice() {
            [] => {}
            [at] => map.list.at_mut(*at).notes.variables.push(var.name.clone()),
            found => {
                let message =
                    format!("found {} resId matches for var {} (unable to disambiguate)", found.len(), told(var));
                return Err(Fail::at(var.span, message));
            }
        }
    }
    Ok(())
}

struct Value {
    name: String,
    node: Option<Node>,
}

/// Puts the values in.
pub(super) fn resolve(map: &mut ResMap, vars: &[Var], config: &Config, incomplete: bool, budget: &Budget) -> Outcome {
    let mut values = Vec::new();
    let mut sorted: Vec<&Var> = vars.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    for var in sorted {
        match value(map, var) {
            Ok(node) => values.push(Value { name: var.name.clone(), node }),
            Err(_) if incomplete => {}
            Err(fail) => return Err(fail.or_at(var.span)),
        }
    }
    if values.is_empty() {
        return Ok(());
    }
    for object in map.list.iter_mut() {
        let origin = object.node.origin.clone();
        fieldspec::apply_all(&mut object.node, &config.var_reference, Make::Nothing, &origin, &mut |node| {
            replace(node, &values, budget)
        })?;
    }
    Ok(())
}

/// A variable as Go prints it.
fn told(var: &Var) -> String {
    format!("{{{} {} {{{}}}}}", var.name, var.gvk, var.field)
}

fn value(map: &ResMap, var: &Var) -> Result<Option<Node>, Fail> {
    let Some(object) = map.list.iter().find(|object| object.notes.variables.contains(&var.name)) else {
        let shown = told(var);
        return Err(Fail::new(format!("var '{shown}' cannot be mapped to a field in the set of known resources")));
    };
    let mut path = Vec::new();
    for part in tree::split_field_path(&var.field) {
        // `list[0]` is two steps.
        match part.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
            Some((name, index)) if !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()) => {
                if !name.is_empty() {
                    path.push(name.to_owned());
                }
                path.push(index.to_owned());
            }
            _ => path.push(part),
        }
    }
    let found = tree::lookup(&object.node, &path).ok().flatten();
    let found = found.ok_or_else(|| {
        Fail::new(format!("field specified in var '{}' not found in corresponding resource", told(var)))
    })?;
    // Only single values can stand in a text.
    Ok((Shape::of(found) == Shape::Scalar && !tree::is_null(found)).then(|| found.clone()))
}

fn replace(node: &mut Node, values: &[Value], budget: &Budget) -> Outcome {
    if tree::is_null(node) {
        return Ok(());
    }
    match Shape::of(node) {
        Shape::Scalar => {
            if tree::is_string(node) {
                expand(node, values, budget)?;
            }
        }
        Shape::Map => {
            for entry in tree::entries_mut(node).into_iter().flatten() {
                if tree::is_string(&entry.value) {
                    expand(&mut entry.value, values, budget)?;
                }
            }
        }
        Shape::Seq => {
            for item in tree::items_mut(node).into_iter().flatten() {
                if !tree::is_string(item) {
                    return Err(Fail::at(item.span(), "invalid value type expect a string"));
                }
                expand(item, values, budget)?;
            }
        }
    }
    Ok(())
}

/// Replaces the variables of one text; a text that is nothing but one variable takes its type too.
fn expand(node: &mut Node, values: &[Value], budget: &Budget) -> Outcome {
    let input = tree::text(node).to_owned();
    let mut output = String::new();
    let mut makers: Vec<Origin> = Vec::new();
    let mut rest = input.as_str();
    let mut touched = false;
    while let Some(at) = rest.find('$') {
        output.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(next) = after.chars().next() else {
            output.push('$');
            rest = "";
            break;
        };
        touched = true;
        if next == '$' {
            output.push('$');
            rest = &after[1..];
        } else if next == '(' {
            let Some(end) = after.find(')') else {
                output.push_str("$(");
                rest = &after[1..];
                continue;
            };
            let name = &after[1..end];
            rest = &after[end + 1..];
            let found = values.binary_search_by(|value| value.name.as_str().cmp(name)).ok();
            let found = found.and_then(|at| values[at].node.as_ref());
            match found {
                Some(found) => {
                    let origin = tree::in_role(&found.origin, Role::Transformer);
                    if input == format!("$({name})") {
                        let origin = tree::joined(&node.origin, &[&origin]);
                        *node = Node { origin, ..found.clone() };
                        return Ok(());
                    }
                    let shown = shown(found);
                    budget.bytes(shown.len())?;
                    output.push_str(&shown);
                    makers.push(origin);
                }
                None => output.push_str(&format!("$({name})")),
            }
        } else {
            output.push('$');
            output.push(next);
            rest = &after[next.len_utf8()..];
        }
    }
    if !touched {
        return Ok(());
    }
    output.push_str(rest);
    let makers: Vec<&Origin> = makers.iter().collect();
    *node = tree::string(output, tree::joined(&node.origin, &makers));
    Ok(())
}

fn shown(node: &Node) -> String {
    match node.as_scalar().map(meaning::of) {
        Some(Meaning::Int(value)) => value.to_string(),
        Some(Meaning::Bool(value)) => value.to_string(),
        _ => tree::text(node).to_owned(),
    }
}
