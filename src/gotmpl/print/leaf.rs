//! Scalars as `fmt/format.go` writes them: padding, integers, floats, strings.

use super::super::number;
use super::super::quote;
use super::super::value::Value;
use super::{Printed, Printer};
use crate::budget::Exceeded;

/// Widths and precisions beyond this are errors to Go too.
pub(super) const WIDEST: usize = 1_000_000;

impl Printer {
    /// Writes a text in its width, counted in characters.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let Some(wid) = self.flags.wid else { return self.out.extend_from_slice(text) };
        let count = String::from_utf8_lossy(text).chars().count();
        let fill = wid.saturating_sub(count);
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.out.extend(std::iter::repeat_n(b' ', fill));
        } else {
            let with = if self.flags.zero { b'0' } else { b' ' };
            self.out.extend(std::iter::repeat_n(with, fill));
            self.out.extend_from_slice(text);
        }
    }

    pub(super) fn integer(&mut self, n: u64, negative: bool, signed: bool, verb: char, value: &Value) -> Printed {
        let _ = signed;
        match verb {
            'v' if self.flags.sharp_v && !signed => self.based(n, negative, 16, 'v', true),
            'v' | 'd' => self.based(n, negative, 10, verb, false),
            'b' => self.based(n, negative, 2, verb, false),
            'o' | 'O' => self.based(n, negative, 8, verb, false),
            'x' | 'X' => self.based(n, negative, 16, verb, false),
            'c' | 'q' => {
                let c = if negative { None } else { u32::try_from(n).ok().and_then(char::from_u32) };
                let c = c.unwrap_or('\u{fffd}');
                if verb == 'c' {
                    self.pad(c.encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    let text = quote::quote_bytes(c.encode_utf8(&mut [0; 4]).as_bytes(), '\'', self.flags.plus);
                    self.pad(text.as_bytes());
                }
            }
            'U' => {
                let n = if negative { n.wrapping_neg() } else { n };
                let digits = self.flags.prec.unwrap_or(4).max(4);
                let number = format!("{n:X}");
                let mut text = format!("U+{}{number}", "0".repeat(digits.saturating_sub(number.len())));
                if self.flags.sharp
                    && let Some(c) = u32::try_from(n).ok().and_then(char::from_u32).filter(|&c| quote::is_print(c))
                {
                    text.push_str(&format!(" '{c}'"));
                }
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.pad(text.as_bytes());
                self.flags.zero = zero;
            }
            _ => return self.bad_verb(Some(value), verb),
        }
        Ok(())
    }

    fn based(&mut self, n: u64, negative: bool, base: u32, verb: char, sharp: bool) {
        let flags = self.flags;
        let mut prec = 0;
        if let Some(wanted) = flags.prec {
            prec = wanted;
            if prec == 0 && n == 0 {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.pad(b"");
                self.flags.zero = zero;
                return;
            }
        } else if flags.zero
            && !flags.minus
            && let Some(wid) = flags.wid
        {
            prec = wid;
            if negative || flags.plus || flags.space {
                prec = prec.saturating_sub(1);
            }
        }
        let mut digits = match base {
            2 => format!("{n:b}"),
            8 => format!("{n:o}"),
            16 if verb == 'X' => format!("{n:X}"),
            16 => format!("{n:x}"),
            _ => n.to_string(),
        };
        if digits.len() < prec {
            digits.insert_str(0, &"0".repeat(prec - digits.len()));
        }
        if flags.sharp || sharp {
            match base {
                2 => digits.insert_str(0, "0b"),
                8 if !digits.starts_with('0') => digits.insert(0, '0'),
                16 => digits.insert_str(0, if verb == 'X' { "0X" } else { "0x" }),
                _ => {}
            }
        }
        if verb == 'O' {
            digits.insert_str(0, "0o");
        }
        if negative {
            digits.insert(0, '-');
        } else if flags.plus {
            digits.insert(0, '+');
        } else if flags.space {
            digits.insert(0, ' ');
        }
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(digits.as_bytes());
        self.flags.zero = zero;
    }

    pub(super) fn float(&mut self, f: f64, verb: char, value: &Value) -> Printed {
        let prec = self.flags.prec;
        let mut text = match verb {
            'v' | 'g' | 'G' => general(f, prec, verb == 'G'),
            'e' | 'E' => exponential(f, prec.unwrap_or(6), verb == 'E'),
            'f' | 'F' => fixed(f, prec.unwrap_or(6)),
            'b' => binary(f),
            'x' | 'X' => hexadecimal(f, prec, verb == 'X', self.flags.sharp),
            _ => return self.bad_verb(Some(value), verb),
        };
        if !text.starts_with(['+', '-']) {
            text.insert(0, '+');
        }
        let flags = self.flags;
        if flags.space && text.starts_with('+') && !flags.plus {
            text.replace_range(..1, " ");
        }
        let finite = f.is_finite();
        if flags.sharp && finite && !matches!(verb, 'b' | 'x' | 'X') {
            let at = text.find(['e', 'E']).unwrap_or(text.len());
            let counted = matches!(verb, 'v' | 'g' | 'G');
            let digits = text[1..at].trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
            let zeros = if counted { prec.unwrap_or(6).saturating_sub(digits) } else { 0 };
            let point = if text.contains('.') { "" } else { "." };
            text.insert_str(at, &format!("{point}{}", "0".repeat(zeros)));
        }
        let zero = self.flags.zero && finite;
        let old = std::mem::replace(&mut self.flags.zero, false);
        // Infinity keeps its sign.
        if flags.plus || f.is_infinite() || !text.starts_with('+') {
            match flags.wid {
                Some(wid) if zero && !flags.minus && wid > text.len() => {
                    self.push(&text[..1]);
                    self.push(&"0".repeat(wid - text.len()));
                    self.push(&text[1..]);
                }
                _ => self.pad(text.as_bytes()),
            }
        } else {
            self.flags.zero = zero;
            self.pad(&text.as_bytes()[1..]);
        }
        self.flags.zero = old;
        Ok(())
    }

    pub(super) fn string(&mut self, text: &[u8], verb: char, value: &Value) -> Printed {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => {
                let cut = self.cut(text);
                self.pad(cut);
            }
            'q' => {
                let cut = self.cut(text).to_vec();
                self.quoted(&cut);
            }
            'x' | 'X' => self.hex(text, verb == 'X')?,
            _ => return self.bad_verb(Some(value), verb),
        }
        Ok(())
    }

    /// The first characters, as many as the precision says.
    fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(prec) = self.flags.prec else { return text };
        let lossy = String::from_utf8_lossy(text);
        match lossy.char_indices().nth(prec) {
            Some((at, _)) if lossy.len() == text.len() => &text[..at],
            _ => text,
        }
    }

    fn quoted(&mut self, text: &[u8]) {
        let raw = self.flags.sharp && !text.iter().any(|&b| b == b'`' || (b < b' ' && b != b'\t') || b == 0x7f);
        let quoted = match std::str::from_utf8(text) {
            Ok(text) if raw && !text.contains('\u{feff}') => format!("`{text}`"),
            _ => quote::quote_bytes(text, '"', self.flags.plus),
        };
        self.pad(quoted.as_bytes());
    }

    fn hex(&mut self, text: &[u8], upper: bool) -> Printed {
        let text = &text[..self.flags.prec.unwrap_or(text.len()).min(text.len())];
        if text.len() > super::LONGEST {
            return Err(Exceeded::Bytes(super::LONGEST as u64));
        }
        let mut out = String::new();
        for (i, b) in text.iter().enumerate() {
            if self.flags.space && i > 0 {
                out.push(' ');
            }
            if self.flags.sharp && (i == 0 || self.flags.space) {
                out.push_str(if upper { "0X" } else { "0x" });
            }
            out.push_str(&if upper { format!("{b:02X}") } else { format!("{b:02x}") });
        }
        self.pad(out.as_bytes());
        Ok(())
    }
}

/// No float has more digits behind its point; what is asked for beyond them is zeros. Rust's own formatting has a limit.
const MOST_DIGITS: usize = 1100;

/// `%e`
pub(super) fn exponential(f: f64, prec: usize, upper: bool) -> String {
    if let Some(text) = number::special(f) {
        return text.to_owned();
    }
    let exact = prec.min(MOST_DIGITS);
    let text = format!("{f:.exact$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{}{}{sign}{:02}", "0".repeat(prec - exact), if upper { 'E' } else { 'e' }, exponent.abs())
}

/// `%b`: the fraction as a whole number and the power of two.
fn binary(f: f64) -> String {
    if let Some(text) = number::special(f) {
        return text.to_owned();
    }
    let bits = f.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (fraction, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    format!("{}{fraction}p{exponent:+}", if f.is_sign_negative() { "-" } else { "" })
}

/// `%x`: the fraction in hexadecimal.
fn hexadecimal(f: f64, prec: Option<usize>, upper: bool, sharp: bool) -> String {
    if let Some(text) = number::special(f) {
        return text.to_owned();
    }
    let bits = f.to_bits();
    let (mut exponent, mut fraction) = ((bits >> 52 & 0x7ff) as i32 - 1023, bits & ((1 << 52) - 1));
    let mut lead = 1u64;
    if f == 0.0 {
        (lead, exponent) = (0, 0);
    } else if exponent == -1023 {
        let shift = fraction.leading_zeros() as i32 - 11;
        fraction = fraction << shift & ((1 << 52) - 1);
        exponent = -1022 - shift;
    }
    let mut digits = format!("{fraction:013x}");
    match prec {
        Some(prec) if prec < 13 => {
            let unit = 1u64 << (52 - 4 * prec);
            let all = lead << 52 | fraction;
            let (mut kept, rest) = (all / unit, all % unit);
            if rest > unit / 2 || (rest == unit / 2 && kept & 1 == 1) {
                kept += 1;
            }
            lead = kept >> (4 * prec);
            digits = if prec == 0 { String::new() } else { format!("{:0prec$x}", kept & ((1 << (4 * prec)) - 1)) };
            if lead > 1 {
                lead = 1;
                exponent += 1;
            }
        }
        Some(prec) => digits.push_str(&"0".repeat(prec - 13)),
        None => {
            digits = digits.trim_end_matches('0').to_owned();
            if sharp && digits.len() < 4 {
                digits = format!("{digits:0<4}");
            }
        }
    }
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let power = if exponent < 0 { '-' } else { '+' };
    let text = format!("{sign}0x{lead}{point}{digits}p{power}{:02}", exponent.abs());
    if upper { text.to_uppercase() } else { text }
}

/// `%f`
pub(super) fn fixed(f: f64, prec: usize) -> String {
    let exact = prec.min(MOST_DIGITS);
    number::special(f).map_or_else(|| format!("{f:.exact$}{}", "0".repeat(prec - exact)), str::to_owned)
}

/// `%g`
fn general(f: f64, prec: Option<usize>, upper: bool) -> String {
    let case = |text: String| if upper { text.replace('e', "E") } else { text };
    let Some(prec) = prec else { return case(number::show_float(f)) };
    if let Some(text) = number::special(f) {
        return text.to_owned();
    }
    let prec = prec.max(1);
    let text = format!("{:.*e}", (prec - 1).min(MOST_DIGITS), f.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = digits.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let (digits, exponent) = if digits.is_empty() { ("0", 0) } else { (digits, exponent) };
    let count = digits.len() as i32;
    let mut limit = prec as i32;
    if limit > count && count > exponent {
        limit = count;
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if exponent < -4 || exponent >= limit.max(if f == 0.0 { 1 } else { 0 }) {
        return case(format!("{sign}{}", number::with_exponent(digits, exponent)));
    }
    format!("{sign}{}", number::plain(digits, exponent))
}
