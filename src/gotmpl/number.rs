//! Numbers as Go reads and writes them: constants of templates, `strconv.ParseInt`/`ParseFloat`, `%v` of floats.

use std::fmt::Write;
use std::sync::Arc;

use super::ast::Number;
use super::quote::{Unit, quote, unquote_char};

/// `strconv.ParseUint(text, base, 64)`; base 0 takes Go's prefixes and underscores.
pub(super) fn parse_uint(text: &str, base: u32) -> Option<u64> {
    let (digits, base) = digits(text, base)?;
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits, base).ok()
}

/// `strconv.ParseInt(text, base, 64)`.
pub(super) fn parse_int(text: &str, base: u32) -> Option<i64> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let size = parse_uint(rest, base)?;
    if negative { 0i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}

/// `strconv.Atoi` without its error: what is too large becomes the largest, what is no number nothing.
pub(super) fn saturated(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    parse_int(text, 10).unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

fn digits(text: &str, base: u32) -> Option<(String, u32)> {
    if base != 0 {
        return Some((text.to_owned(), base));
    }
    let lower = |i: usize| text.as_bytes().get(i).map(u8::to_ascii_lowercase);
    let (base, rest) = match (lower(0), lower(1)) {
        (Some(b'0'), Some(b'x')) => (16, &text[2..]),
        (Some(b'0'), Some(b'o')) => (8, &text[2..]),
        (Some(b'0'), Some(b'b')) => (2, &text[2..]),
        (Some(b'0'), Some(_)) => (8, &text[1..]),
        _ => return underscores_ok(text, false).then(|| (text.replace('_', ""), 10)),
    };
    underscores_ok(rest, true).then(|| (rest.replace('_', ""), base))
}

/// Underscores stand between digits, or after a base prefix.
fn underscores_ok(rest: &str, after_prefix: bool) -> bool {
    let mut previous = if after_prefix { b'0' } else { b'_' };
    for b in rest.bytes() {
        if b == b'_' && previous == b'_' {
            return false;
        }
        previous = b;
    }
    previous != b'_'
}

/// `strconv.ParseFloat(text, 64)`; a value out of range is an error, as in Go.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "infinity" => return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        "nan" => return (unsigned.len() == text.len()).then_some(f64::NAN),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        return parse_hex_float(hex).map(|f| if text.starts_with('-') { -f } else { f });
    }
    if !lower.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if lower.contains('_') {
        let divided = |part: &str| part.is_empty() || underscores_ok(part, false);
        return if lower.split(['.', 'e', '+', '-']).all(divided) { parse_float(&text.replace('_', "")) } else { None };
    }
    text.parse::<f64>().ok().filter(|f| f.is_finite())
}

fn parse_hex_float(hex: &str) -> Option<f64> {
    let (mantissa, exponent) = hex.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() > 15 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let digits = u64::from_str_radix(&format!("0{whole}{fraction}"), 16).ok()?;
    let value = digits as f64 * 2f64.powi(exponent.clamp(-2000, 2000)) / 16f64.powi(fraction.len() as i32);
    value.is_finite().then_some(value)
}

/// A constant of a template (`parse.newNumber`).
pub(super) fn constant(text: &str) -> Result<Number, String> {
    let mut number = Number { text: Arc::from(text), ..Number::default() };
    if let Some(rest) = text.strip_prefix('\'') {
        let (unit, tail) = unquote_char(rest, '\'').ok_or("invalid syntax")?;
        if tail != "'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = match unit {
            Unit::Char(c) => u64::from(c as u32),
            Unit::Byte(b) => u64::from(b),
        };
        number.int = Some(code as i64);
        number.uint = Some(code);
        number.float = Some(code as f64);
        return Ok(number);
    }
    if let Some(imaginary) = text.strip_suffix('i') {
        let split =
            imaginary.rfind(['+', '-']).filter(|&at| at > 0 && !imaginary[..at].ends_with(['e', 'E', 'p', 'P']));
        let (re, im) = split.map_or(("0", imaginary), |at| imaginary.split_at(at));
        let (re, im) = parse_float(re).zip(parse_float(im)).ok_or_else(|| illegal(text))?;
        number.complex = Some((re, im));
        if im == 0.0 {
            number.float = Some(re);
            number.int = exact_int(re);
            number.uint = exact_uint(re);
        }
        return Ok(number);
    }
    number.uint = parse_uint(text, 0);
    number.int = parse_int(text, 0);
    if number.int == Some(0) {
        number.uint = Some(number.uint.unwrap_or(0));
    }
    number.float = number.int.map(|n| n as f64).or(number.uint.map(|n| n as f64));
    if number.float.is_none() {
        let float = parse_float(&text.replace('_', "")).filter(|_| separated(text)).ok_or_else(|| illegal(text))?;
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(float);
        number.int = exact_int(float);
        number.uint = exact_uint(float);
    }
    Ok(number)
}

/// Whether every underscore stands between digits.
fn separated(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
    bytes.iter().enumerate().filter(|(_, b)| **b == b'_').all(|(i, _)| {
        let before = i.checked_sub(1).and_then(|i| bytes.get(i));
        digit(bytes.get(i + 1)) && (digit(before) || matches!(before, Some(b'x' | b'X')))
    })
}

fn illegal(text: &str) -> String {
    format!("illegal number syntax: {}", quote(text))
}

fn exact_int(f: f64) -> Option<i64> {
    (f.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f)).then_some(f as i64)
}

fn exact_uint(f: f64) -> Option<u64> {
    (f.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&f)).then_some(f as u64)
}

/// The shortest digits that read back as this number, and the decimal exponent of the first one.
fn shortest(f: f64) -> (String, i32) {
    let text = format!("{:e}", f.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// Infinities and what is not a number, as Go writes them.
pub(super) fn special(f: f64) -> Option<&'static str> {
    match f {
        f if f.is_nan() => Some("NaN"),
        f if f == f64::INFINITY => Some("+Inf"),
        f if f == f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// `%v` of a float: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
pub(super) fn show_float(f: f64) -> String {
    if let Some(text) = special(f) {
        return text.to_owned();
    }
    if f.fract() == 0.0 && f.abs() < 1e6 && f != 0.0 {
        return (f as i64).to_string();
    }
    let (digits, exponent) = shortest(f);
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if (-4..6).contains(&exponent) {
        return format!("{sign}{}", plain(&digits, exponent));
    }
    format!("{sign}{}", with_exponent(&digits, exponent))
}

/// `d.ddde+XX`
pub(super) fn with_exponent(digits: &str, exponent: i32) -> String {
    let mut out = String::new();
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "e{sign}{:02}", exponent.abs());
    out
}

pub(super) fn plain(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let point = exponent as usize + 1;
    if digits.len() <= point {
        return format!("{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{}.{}", &digits[..point], &digits[point..])
}

/// `strconv.FormatFloat(f, 'f', -1, 64)`.
pub(super) fn show_plain(f: f64) -> String {
    if let Some(text) = special(f) {
        return text.to_owned();
    }
    let (digits, exponent) = shortest(f);
    format!("{}{}", if f.is_sign_negative() { "-" } else { "" }, plain(&digits, exponent))
}

/// A float as `encoding/json` writes it: an exponent below 1e-6 and from 1e21 on.
pub(super) fn show_json(f: f64) -> String {
    let size = f.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return show_plain(f);
    }
    let (digits, exponent) = shortest(f);
    let text = with_exponent(&digits, exponent).replace("e-0", "e-");
    format!("{}{text}", if f.is_sign_negative() { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_go_prints_them() {
        let cases = [
            (12345678.0, "1.2345678e+07"),
            (8080.0, "8080"),
            (1e6, "1e+06"),
            (123456.0, "123456"),
            (1.5, "1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e21, "1e+21"),
            (1e20, "1e+20"),
            (123456789012345680000.0, "1.2345678901234568e+20"),
            (-0.0, "-0"),
        ];
        for (f, text) in cases {
            assert_eq!(show_float(f), text);
        }
        assert_eq!(show_json(1e21), "1e+21");
        assert_eq!(show_json(1e-7), "1e-7");
        assert_eq!(show_json(12345678.0), "12345678");
    }

    #[test]
    fn constants_are_all_they_can_be() {
        let number = constant("0777").unwrap();
        assert_eq!((number.int, number.float), (Some(511), Some(511.0)));
        assert_eq!(constant("1_000").unwrap().int, Some(1000));
        assert_eq!(constant("1e3").unwrap().int, Some(1000));
        assert_eq!(constant("'a'").unwrap().int, Some(97));
        assert_eq!(constant("1+2i").unwrap().complex, Some((1.0, 2.0)));
        assert_eq!(constant("18446744073709551616").unwrap_err(), "integer overflow: \"18446744073709551616\"");
        assert_eq!(constant("0x0.2").unwrap_err(), "illegal number syntax: \"0x0.2\"");
    }
}
