//! Dates as Go's YAML libraries recognise them (`yaml.v2 resolve.go`, `parseTimestamp`, over `time.Parse`).

/// Whether a plain scalar would be taken for a date.
pub(in crate::yaml) fn is_timestamp(text: &str) -> bool {
    // Four digits and a dash, before anything else is tried.
    let bytes = text.as_bytes();
    if bytes.len() < 6 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let year = text[..4].parse::<u32>().unwrap_or(0);
    let mut rest = &text[5..];
    let Some(month) = number(&mut rest, 1, 12) else { return false };
    if !skip(&mut rest, '-') || number(&mut rest, 1, days(year, month)).is_none() {
        return false;
    }
    match rest.chars().next() {
        None => true,
        Some('T' | 't') => {
            rest = &rest[1..];
            time(&mut rest) && zone(rest)
        }
        Some(' ') => {
            // Go skips any number of blanks where the layout has one.
            rest = rest.trim_start_matches(' ');
            time(&mut rest) && rest.is_empty()
        }
        Some(_) => false,
    }
}

fn time(rest: &mut &str) -> bool {
    let whole = number(rest, 0, 23).is_some()
        && skip(rest, ':')
        && number(rest, 0, 59).is_some()
        && skip(rest, ':')
        && number(rest, 0, 59).is_some();
    if let [b'.' | b',', b'0'..=b'9', ..] = rest.as_bytes() {
        *rest = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    whole
}

fn zone(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let digits = |at: usize| -> Option<u32> { rest.get(at..at + 2)?.parse().ok() };
    match bytes.first() {
        Some(b'Z') => bytes.len() == 1,
        Some(b'+' | b'-') => {
            bytes.len() == 6
                && bytes[3] == b':'
                && [1, 2, 4, 5].iter().all(|&at| bytes[at].is_ascii_digit())
                && digits(1).is_some_and(|hours| hours <= 24)
                && digits(4).is_some_and(|minutes| minutes <= 60)
        }
        _ => false,
    }
}

/// One or two digits within bounds.
fn number(rest: &mut &str, low: u32, high: u32) -> Option<u32> {
    let count = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let number = rest[..count].parse().ok().filter(|n| (low..=high).contains(n))?;
    *rest = &rest[count..];
    Some(number)
}

fn skip(rest: &mut &str, c: char) -> bool {
    match rest.strip_prefix(c) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}
