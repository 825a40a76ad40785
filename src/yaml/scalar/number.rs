//! Numbers as Go spells them: what strconv reads, and the `g` format that yaml.v2 writes.

use super::{Dialect, Meaning};

/// The number that a plain scalar is, if it is one.
pub(super) fn read(text: &str, dialect: Dialect) -> Option<Meaning<'static>> {
    match text.as_bytes().first()? {
        b'.' => dotted(text),
        b'1'..=b'9' if text.len() < 19 && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok().map(Meaning::Int)
        }
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            whole(&plain, dialect).or_else(|| float(&plain))
        }
        _ => None,
    }
}

/// A number that is not finite, as `strconv` writes it.
pub(super) fn infinite(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        _ => "NaN",
    }
}

fn dotted(text: &str) -> Option<Meaning<'static>> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(Meaning::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" => Some(Meaning::Float(f64::INFINITY)),
        _ if text.contains('_') => float(&separated(text)?),
        _ => float(text),
    }
}

/// Without its underscores, each of which must stand between digits (`strconv.ParseFloat`).
fn separated(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let fine = (1..bytes.len()).all(|at| bytes[at] != b'_' || (digit(at - 1) && digit(at + 1)));
    fine.then(|| text.replace('_', ""))
}

fn float(text: &str) -> Option<Meaning<'static>> {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Some(Meaning::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Meaning::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    if !is_float(text) {
        return None;
    }
    // What is too large for a float is a string to Go.
    text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Meaning::Float)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
pub(super) fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let before = digits(rest);
    rest = &rest[before..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let after = digits(fraction);
        if before + after == 0 {
            return false;
        }
        rest = &fraction[after..];
    } else if before == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

fn whole(plain: &str, dialect: Dialect) -> Option<Meaning<'static>> {
    if let Some(number) = prefixed(plain) {
        return Some(number);
    }
    // After the general rule has failed, Go looks at what follows the prefix once more, a sign included: `0b-1`.
    let again = |prefix: &str, negative: &str, radix: u32| -> Option<Meaning<'static>> {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return in_radix(digits, radix, true);
        }
        let digits = plain.strip_prefix(negative).filter(|digits| !digits.starts_with(['-', '+']))?;
        i64::from_str_radix(&format!("-{digits}"), radix).ok().map(Meaning::Int)
    };
    let octal = || (dialect == Dialect::V3).then(|| again("0o", "-0o", 8)).flatten();
    if is_float(plain) { None } else { again("0b", "-0b", 2).or_else(octal) }
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
fn prefixed(text: &str) -> Option<Meaning<'static>> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("+", &text[1..]),
        _ => ("", text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    if sign.is_empty() {
        return in_radix(digits, radix, false);
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Meaning::Int)
}

fn in_radix(digits: &str, radix: u32, signed: bool) -> Option<Meaning<'static>> {
    if !signed && digits.starts_with(['-', '+']) {
        return None;
    }
    match i64::from_str_radix(digits, radix) {
        Ok(n) => Some(Meaning::Int(n)),
        Err(_) if digits.starts_with(['-', '+']) => None,
        Err(_) => u64::from_str_radix(digits, radix).ok().map(Meaning::Uint),
    }
}

/// `strconv.FormatFloat(f, 'g', -1, bits)`: the shortest digits that come back, with an exponent below 1e-4 and from 1e6
/// on.
pub(crate) fn format_g(f: f64, bits: u32) -> String {
    let f = if bits == 32 { f64::from(f as f32) } else { f };
    if f.is_nan() {
        return "NaN".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = if bits == 32 { format!("{:e}", f as f32) } else { format!("{f:e}") };
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if (-4..6).contains(&exponent) {
        return format!("{sign}{}", positional(&digits, exponent));
    }
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    let mark = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{dot}{rest}e{mark}{:02}", exponent.abs())
}

fn positional(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!("{}.{}", &digits[..whole], &digits[whole..])
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: numbers that other readers take for base 60.
pub(in crate::yaml) fn looks_like_base60(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'+' | b'-' | b'0'..=b'9')) || !text.contains(':') {
        return false;
    }
    let mut at = usize::from(matches!(bytes[0], b'+' | b'-'));
    if !bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return false;
    }
    while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
        at += 1;
    }
    let mut groups = 0;
    while bytes.get(at) == Some(&b':') {
        match (bytes.get(at + 1), bytes.get(at + 2)) {
            (Some(b'0'..=b'5'), Some(b'0'..=b'9')) => at += 3,
            (Some(b'0'..=b'9'), _) => at += 2,
            _ => return false,
        }
        groups += 1;
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
            at += 1;
        }
    }
    groups > 0 && at == bytes.len()
}

/// Go's standard base64, which skips line ends; what is no UTF-8 is replaced, as JSON would.
pub(super) fn base64(text: &str) -> Option<String> {
    use base64::Engine;
    let text = text.replace(['\r', '\n'], "");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
