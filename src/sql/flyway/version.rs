//! Versions of scripts: `1`, `01`, `1.0` and `1_0` are the same one.

use std::cmp::Ordering;

/// A version that Flyway accepts.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    rank: Rank,
    parts: Vec<Number>,
}

/// Words stand where Flyway puts them in the order (`MigrationVersion.compareTo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Current,
    Number,
    Next,
    Latest,
}

/// A whole number of any length: sign and digits without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number {
    negative: bool,
    digits: String,
}

impl Version {
    /// Reads what stands between prefix and separator. Digits of other scripts, which Java takes for numbers, are none
    /// here.
    pub fn parse(written: &str) -> Option<Self> {
        let rank = match written.to_ascii_lowercase().as_str() {
            "current" => Rank::Current,
            "next" => Rank::Next,
            "latest" | "9223372036854775807" => Rank::Latest,
            _ => Rank::Number,
        };
        let text = written.replace('_', ".");
        if rank != Rank::Number {
            return Some(Self { text: written.to_owned(), rank, parts: Vec::new() });
        }
        let mut parts = split(&text).into_iter().map(Number::parse).collect::<Option<Vec<_>>>()?;
        while parts.len() > 1 && parts.last().is_some_and(|last| last.digits == "0") {
            parts.pop();
        }
        Some(Self { text, rank, parts })
    }

    /// The version as Flyway prints it: `_` is `.`, zeros stay.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Splits before each `.` that a digit follows; other dots stay and spoil their part.
fn split(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let cuts: Vec<usize> =
        (0..bytes.len()).filter(|&at| bytes[at] == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)).collect();
    let mut from = 0;
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    for cut in cuts {
        parts.push(&text[from..cut]);
        from = cut + 1;
    }
    parts.push(&text[from..]);
    parts
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Some(Self { negative: negative && digits != "0", digits: digits.to_owned() })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let size = |a: &Self, b: &Self| a.digits.len().cmp(&b.digits.len()).then_with(|| a.digits.cmp(&b.digits));
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let zero = Number { negative: false, digits: "0".to_owned() };
        let longest = self.parts.len().max(other.parts.len());
        self.rank.cmp(&other.rank).then_with(|| {
            (0..longest)
                .map(|at| self.parts.get(at).unwrap_or(&zero).compare(other.parts.get(at).unwrap_or(&zero)))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_part_by_part() {
        let version = |text: &str| Version::parse(text).unwrap();
        for (small, big) in
            [("1", "2"), ("1.9", "1.10"), ("1", "1.0.1"), ("9", "20240101"), ("-1", "0"), ("2", "latest")]
        {
            assert!(version(small) < version(big), "{small} < {big}");
        }
        for same in ["01", "1.0", "1_0", "1.0.0", "+1", "001.000"] {
            assert_eq!(version(same), version("1"), "{same}");
        }
        assert!(version("99999999999999999999999") > version("9"));
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "a", "1a", " 1", "1 ", "1.", ".1", "1..2", "_1", "1-2", "-", "1.-2"] {
            assert!(Version::parse(text).is_none(), "{text}");
        }
    }
}
