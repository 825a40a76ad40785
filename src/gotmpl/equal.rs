//! `reflect.DeepEqual`: same type and same content, all the way down.

use super::value::{Data, Value};
use crate::budget::{Budget, Exceeded};

/// Whether two values are deeply equal.
pub(super) fn deep_equal(budget: &Budget, a: &Value, b: &Value) -> Result<bool, Exceeded> {
    match (&a.data, &b.data) {
        (Data::Missing | Data::Nil, Data::Missing | Data::Nil) => Ok(true),
        (Data::Bool(a), Data::Bool(b)) => Ok(a == b),
        (Data::Int(a, s), Data::Int(b, t)) => Ok(a == b && s == t),
        (Data::Uint(a, s), Data::Uint(b, t)) => Ok(a == b && s == t),
        (Data::Float(a), Data::Float(b)) => Ok(a == b),
        (Data::Complex(a, b), Data::Complex(c, d)) => Ok(a == c && b == d),
        (Data::Str(a), Data::Str(b)) => Ok(a == b),
        (Data::List(a), Data::List(b)) => {
            if a.type_name() != b.type_name() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            if a.is_same(b) {
                return Ok(true);
            }
            budget.enter()?;
            budget.steps(a.len() as u64)?;
            for (a, b) in a.items().iter().zip(b.items()) {
                if !deep_equal(budget, a, b)? {
                    budget.leave();
                    return Ok(false);
                }
            }
            budget.leave();
            Ok(true)
        }
        (Data::Map(a), Data::Map(b)) => {
            if a.type_name() != b.type_name() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            if a.is_same(b) {
                return Ok(true);
            }
            budget.enter()?;
            let (a, b) = (a.entries(), b.entries());
            budget.steps(a.len() as u64)?;
            for ((a_key, a), (b_key, b)) in a.iter().zip(&b) {
                if a_key != b_key || !deep_equal(budget, &a.value, &b.value)? {
                    budget.leave();
                    return Ok(false);
                }
            }
            budget.leave();
            Ok(true)
        }
        (Data::Object(a), Data::Object(b)) => {
            if a.is(b.as_ref()) {
                return Ok(true);
            }
            let (x, y) = (a.fields(), b.fields());
            if a.type_name() != b.type_name() || a.show() != b.show() || (a.show().is_none() && x.is_empty()) {
                return Ok(false);
            }
            budget.enter()?;
            budget.steps(x.len() as u64)?;
            for ((_, x), (_, y)) in x.iter().zip(&y) {
                if !deep_equal(budget, x, y)? {
                    budget.leave();
                    return Ok(false);
                }
            }
            budget.leave();
            Ok(true)
        }
        _ => Ok(false),
    }
}
