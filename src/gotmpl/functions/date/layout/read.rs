//! Reads a text by a layout (`time.ParseInLocation`, where the clock's zone is UTC).

use super::super::calendar::{date_of, days_from};
use super::super::object::Time;
use super::super::zone::Zone;
use super::{DAYS, MONTHS, Part, next_part};

/// Why a text is not what its layout says.
enum Wrong {
    /// It is not there at all.
    Absent,
    /// It is too large.
    Range(&'static str),
}

use Wrong::{Absent, Range};

/// What a part was read as, and what is left.
type Taken<'t, T> = Result<(T, &'t str), Wrong>;

/// How package time quotes: everything but plain ASCII as bytes.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(b));
            }
            b' '..=b'~' => out.push(char::from(b)),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push('"');
    out
}

/// What has been read of a text.
#[derive(Default)]
struct Read {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    afternoon: Option<bool>,
    utc: bool,
    /// Seconds east of UTC.
    offset: Option<i32>,
    zone: Option<String>,
}

/// `time.ParseInLocation`
pub(in super::super::super) fn parse(layout: &str, value: &str) -> Result<Time, String> {
    let cannot = |part: &str, rest: &str| {
        let (layout, value) = (quote(layout), quote(value));
        Err(format!("parsing time {value} as {layout}: cannot parse {} as {}", quote(rest), quote(part)))
    };
    let wrong = |what: &str| Err(format!("parsing time {}: {what}", quote(value)));
    let mut read = Read::default();
    let (mut pattern, mut rest) = (layout, value);
    loop {
        let (before, part, after) = next_part(pattern);
        rest = match skip(rest, before) {
            Ok(rest) => rest,
            Err(rest) => return cannot(before, rest),
        };
        let Some(part) = part else {
            if !rest.is_empty() {
                return wrong(&format!("extra text: {}", quote(rest)));
            }
            break;
        };
        let spelled = &pattern[before.len()..pattern.len() - after.len()];
        let fraction_follows = matches!(next_part(after).1, Some(Part::Fraction { .. }));
        match read.take(part, rest, fraction_follows) {
            Ok(((), next)) => rest = next,
            Err(Absent) => return cannot(spelled, rest),
            Err(Range(what)) => return wrong(&format!("{what} out of range")),
        }
        pattern = after;
    }
    read.finish().or_else(wrong)
}

/// What follows the text between two parts, in which any number of blanks is as good as another; an error is what does not.
fn skip<'t>(mut value: &'t str, mut prefix: &str) -> Result<&'t str, &'t str> {
    while let Some(c) = prefix.chars().next() {
        if c == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err(value);
            }
            (prefix, value) = (prefix.trim_start_matches(' '), value.trim_start_matches(' '));
        } else {
            value = value.strip_prefix(c).ok_or(value)?;
            prefix = &prefix[c.len_utf8()..];
        }
    }
    Ok(value)
}

/// A number of at least `least` and at most `most` digits.
fn digits(text: &str, least: usize, most: usize) -> Taken<'_, i64> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return Err(Absent);
    }
    Ok((text[..count].parse().unwrap_or(0), &text[count..]))
}

fn within<'t>((n, rest): (i64, &'t str), least: i64, most: i64, what: &'static str) -> Taken<'t, i64> {
    if n < least || n > most { Err(Range(what)) } else { Ok((n, rest)) }
}

fn named<'t>(names: &[&str], short: bool, text: &'t str) -> Taken<'t, i64> {
    for (i, name) in names.iter().enumerate() {
        let name = if short { &name[..3] } else { name };
        if text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            return Ok((i as i64 + 1, &text[name.len()..]));
        }
    }
    Err(Absent)
}

/// The digits behind a point, as nanoseconds.
fn nanos(text: &str) -> Taken<'_, u32> {
    let after = text.get(1..).unwrap_or("");
    let count = after.bytes().take_while(u8::is_ascii_digit).count();
    let padded = format!("{:0<9}", &after[..count.min(9)]);
    Ok((padded.parse().map_err(|_| Absent)?, &after[count..]))
}

fn begins_fraction(text: &str) -> bool {
    text.strip_prefix(['.', ',']).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
}

/// `+05:30` and its other forms, in seconds.
fn offset(text: &str, colon: bool, seconds: bool, hours: bool) -> Taken<'_, i32> {
    // All of it has to be there before any of it is looked at.
    let count = if hours { 0 } else { 1 + usize::from(seconds) };
    let size = 3 + count * (2 + usize::from(colon));
    let whole = text.get(..size).ok_or(Absent)?;
    let mut units = [0; 3];
    for (i, unit) in units.iter_mut().enumerate().take(count + 1) {
        let at = 1 + i * (2 + usize::from(colon));
        if i > 0 && colon && whole.as_bytes().get(at - 1) != Some(&b':') {
            return Err(Absent);
        }
        (*unit, _) = digits(whole.get(at..).unwrap_or(""), 2, 2)?;
    }
    // The last one that is too large is told.
    let names = ["time zone offset hour", "time zone offset minute", "time zone offset second"];
    if let Some(i) = (0..3).rev().find(|&i| units[i] > [24, 60, 60][i]) {
        return Err(Range(names[i]));
    }
    let total = ((units[0] * 60 + units[1]) * 60 + units[2]) as i32;
    match whole.as_bytes().first() {
        Some(b'+') => Ok((total, &text[size..])),
        Some(b'-') => Ok((-total, &text[size..])),
        _ => Err(Absent),
    }
}

/// How long the sign and the hours of a zone's name are.
fn signed_hours(text: &str) -> usize {
    let Some(after) = text.strip_prefix(['+', '-']) else { return 0 };
    let count = after.bytes().take_while(u8::is_ascii_digit).count();
    match after[..count].parse::<u64>() {
        Ok(0..=23) => 1 + count,
        _ => 0,
    }
}

/// How long the short name of a zone is that a text begins with.
fn zone_name(text: &str) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix("GMT") {
        return Some(3 + signed_hours(after));
    }
    if text.starts_with(['+', '-']) {
        return Some(signed_hours(text)).filter(|&len| len > 0);
    }
    let b = text.as_bytes();
    match b.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count() {
        5 if b[4] == b'T' => Some(5),
        4 if b[3] == b'T' || text.starts_with("WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

impl Read {
    fn take<'t>(&mut self, part: Part, text: &'t str, fraction_follows: bool) -> Taken<'t, ()> {
        let two = |zero: bool| digits(text, if zero { 2 } else { 1 }, 2);
        let rest = match part {
            Part::LongYear => {
                let (n, rest) = digits(text, 4, 4)?;
                self.year = n;
                rest
            }
            Part::Year => {
                let (n, rest) = digits(text, 2, 2)?;
                self.year = if n >= 69 { n + 1900 } else { n + 2000 };
                rest
            }
            Part::LongMonth | Part::Month => {
                let (n, rest) = named(&MONTHS, part == Part::Month, text)?;
                self.month = Some(n);
                rest
            }
            Part::NumMonth | Part::ZeroMonth => {
                let (n, rest) = within(two(part == Part::ZeroMonth)?, 1, 12, "month")?;
                self.month = Some(n);
                rest
            }
            Part::LongWeekday | Part::Weekday => named(&DAYS, part == Part::Weekday, text)?.1,
            Part::Day | Part::UnderDay | Part::ZeroDay => {
                let text = if part == Part::UnderDay { text.strip_prefix(' ').unwrap_or(text) } else { text };
                let (n, rest) = digits(text, if part == Part::ZeroDay { 2 } else { 1 }, 2)?;
                self.day = Some(n);
                rest
            }
            Part::UnderYearDay | Part::ZeroYearDay => {
                let mut text = text;
                for _ in 0..2 {
                    text = if part == Part::UnderYearDay { text.strip_prefix(' ').unwrap_or(text) } else { text };
                }
                let (n, rest) = digits(text, if part == Part::ZeroYearDay { 3 } else { 1 }, 3)?;
                self.year_day = Some(n);
                rest
            }
            Part::Hour => {
                let (n, rest) = within(two(false)?, 0, 23, "hour")?;
                self.hour = n;
                rest
            }
            Part::Hour12 | Part::ZeroHour12 => {
                let (n, rest) = within(two(part == Part::ZeroHour12)?, 0, 12, "hour")?;
                self.hour = n;
                rest
            }
            Part::Minute | Part::ZeroMinute => {
                let (n, rest) = within(two(part == Part::ZeroMinute)?, 0, 59, "minute")?;
                self.minute = n;
                rest
            }
            Part::Second | Part::ZeroSecond => {
                let (n, rest) = within(two(part == Part::ZeroSecond)?, 0, 59, "second")?;
                self.second = n;
                // A fraction may follow even where the layout has none.
                if fraction_follows || !begins_fraction(rest) { rest } else { self.fraction(rest)? }
            }
            Part::Upper | Part::Lower => {
                let marks = if part == Part::Upper { ["AM", "PM"] } else { ["am", "pm"] };
                let at = marks.iter().position(|mark| text.starts_with(mark)).ok_or(Absent)?;
                self.afternoon = Some(at == 1);
                &text[2..]
            }
            Part::Zone => match text.strip_prefix("UTC") {
                Some(rest) => {
                    self.utc = true;
                    rest
                }
                None => {
                    let (name, rest) = text.split_at(zone_name(text).ok_or(Absent)?);
                    self.zone = Some(name.to_owned());
                    rest
                }
            },
            Part::Offset { zulu: true, .. } if text.starts_with('Z') => {
                self.utc = true;
                &text[1..]
            }
            Part::Offset { colon, seconds, hours, .. } => {
                let (seconds, rest) = offset(text, colon, seconds, hours)?;
                self.offset = Some(seconds);
                rest
            }
            Part::Fraction { trim: true, .. } if !begins_fraction(text) => text,
            Part::Fraction { trim: true, .. } => self.fraction(text)?,
            Part::Fraction { digits: count, .. } => {
                let after = text.strip_prefix(['.', ',']).ok_or(Absent)?;
                let (_, rest) = digits(after, count, count)?;
                self.fraction(&text[..text.len() - rest.len()])?;
                rest
            }
        };
        Ok(((), rest))
    }

    fn fraction<'t>(&mut self, text: &'t str) -> Result<&'t str, Wrong> {
        let (n, rest) = nanos(text)?;
        self.nanos = n;
        Ok(rest)
    }

    fn finish(self) -> Result<Time, &'static str> {
        let mut hour = self.hour;
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let year = self.year;
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(year_day) = self.year_day {
            let (start, next) = (days_from(year, 1, 1), days_from(year + 1, 1, 1));
            if year_day < 1 || year_day > next - start {
                return Err("day-of-year out of range");
            }
            (_, month, day) = date_of(start + year_day - 1);
            if self.month.is_some_and(|seen| seen != month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|seen| seen != day) {
                return Err("day-of-year does not match day");
            }
        }
        let length = days_from(year, month + 1, 1) - days_from(year, month, 1);
        if day < 1 || day > length {
            return Err("day out of range");
        }
        let secs = days_from(year, month, day) * 86_400 + hour * 3600 + self.minute * 60 + self.second;
        let name = self.zone.unwrap_or_default();
        let (secs, zone) = match self.offset {
            _ if self.utc => (secs, Zone::Utc),
            Some(0) if name.is_empty() => (secs, Zone::Local),
            Some(offset) => (secs - i64::from(offset), Zone::fixed(&name, offset)),
            None if name.is_empty() => (secs, Zone::Local),
            // What a short name means is not known, but for hours from Greenwich; the moment is taken for UTC's all the same.
            None => {
                let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse().ok()).unwrap_or(0);
                (secs, Zone::fixed(&name, hours * 3600))
            }
        };
        Ok(Time { secs, nanos: self.nanos, zone })
    }
}
