//! Sums and products of floats as exact decimals (`sprig numeric.go` on shopspring/decimal).

use super::cast::{made, to_float};
use super::{Function, Outcome, plain, variadic};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::Value;

use Param::Any;

pub(super) static FAMILY: &[Function] = &[
    plain("add1f", &[Any], |context, args| folded(context, &args[0], &[Value::int(1)], args, Decimal::add)),
    variadic("addf", &[], Any, |context, args| folded(context, &Value::int(0), args, args, Decimal::add)),
    variadic("subf", &[Any], Any, |context, args| folded(context, &args[0], &args[1..], args, Decimal::sub)),
    variadic("mulf", &[Any], Any, |context, args| folded(context, &args[0], &args[1..], args, Decimal::mul)),
    variadic("divf", &[Any], Any, |context, args| folded(context, &args[0], &args[1..], args, Decimal::div)),
];

/// `digits * 10^exponent`, or a float where that is not enough.
#[derive(Debug, Clone, Copy)]
enum Decimal {
    Exact(i128, i32),
    Float(f64),
}

type Operation = fn(Decimal, Decimal) -> Result<Decimal, Failure>;

fn folded(context: &Context<'_>, first: &Value, rest: &[Value], args: &[Value], operation: Operation) -> Outcome {
    let mut result = Decimal::of(to_float(first))?;
    for value in rest {
        result = operation(result, Decimal::of(to_float(value))?)?;
    }
    made(context, args, Value::float(result.float()))
}

impl Decimal {
    fn of(f: f64) -> Result<Self, Failure> {
        if !f.is_finite() {
            return Err(format!("Cannot create a Decimal from {}", crate::gotmpl::number::show_float(f)).into());
        }
        let text = format!("{f:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let whole = digits.replace('.', "").parse().unwrap_or(0);
        Ok(Decimal::Exact(whole, exponent - fraction))
    }

    fn float(self) -> f64 {
        match self {
            Decimal::Exact(digits, exponent) => format!("{digits}e{exponent}").parse().unwrap_or(f64::NAN),
            Decimal::Float(f) => f,
        }
    }

    /// Both with the same exponent.
    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let (Decimal::Exact(a, x), Decimal::Exact(b, y)) = (self, other) else { return None };
        let exponent = x.min(y);
        let scale = |n: i128, from: i32| 10i128.checked_pow((from - exponent) as u32).and_then(|p| n.checked_mul(p));
        Some((scale(a, x)?, scale(b, y)?, exponent))
    }

    fn add(self, other: Self) -> Result<Self, Failure> {
        let exact = self.aligned(other).and_then(|(a, b, exponent)| Some(Decimal::Exact(a.checked_add(b)?, exponent)));
        Ok(exact.unwrap_or_else(|| Decimal::Float(self.float() + other.float())))
    }

    fn sub(self, other: Self) -> Result<Self, Failure> {
        let exact = self.aligned(other).and_then(|(a, b, exponent)| Some(Decimal::Exact(a.checked_sub(b)?, exponent)));
        Ok(exact.unwrap_or_else(|| Decimal::Float(self.float() - other.float())))
    }

    fn mul(self, other: Self) -> Result<Self, Failure> {
        if let (Decimal::Exact(a, x), Decimal::Exact(b, y)) = (self, other)
            && let Some(product) = a.checked_mul(b)
        {
            return Ok(Decimal::Exact(product, x + y));
        }
        Ok(Decimal::Float(self.float() * other.float()))
    }

    /// To sixteen places, halves away from zero.
    fn div(self, other: Self) -> Result<Self, Failure> {
        if other.float() == 0.0 {
            return Err("decimal division by 0".into());
        }
        let exact = || {
            let (Decimal::Exact(a, x), Decimal::Exact(b, y)) = (self, other) else { return None };
            let shift = 16 + x - y;
            let power = |n: i32| 10i128.checked_pow(n.unsigned_abs());
            let (a, b) =
                if shift >= 0 { (a.checked_mul(power(shift)?)?, b) } else { (a, b.checked_mul(power(shift)?)?) };
            let (quotient, rest) = (a / b, a % b);
            let up = rest.unsigned_abs().checked_mul(2)? >= b.unsigned_abs();
            let sign = if (a < 0) == (b < 0) { 1 } else { -1 };
            Some(Decimal::Exact(if up { quotient + sign } else { quotient }, -16))
        };
        Ok(exact().unwrap_or_else(|| Decimal::Float(self.float() / other.float())))
    }
}
