//! Go's date layouts: a reference time written as the result shall look (`time/format.go`).

use super::calendar::{date_of, days_from};
use super::object::Time;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A part of a layout that stands for a part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    Upper,
    Lower,
    Zone,
    /// `Z` for UTC, with colons, with seconds, hours only.
    Offset {
        zulu: bool,
        colon: bool,
        seconds: bool,
        hours: bool,
    },
    /// Digits, whether trailing zeros are left out.
    Fraction {
        digits: usize,
        trim: bool,
    },
}

/// The text before the next part, the part, and the text after it.
fn next_part(layout: &str) -> (&str, Option<Part>, &str) {
    const FIXED: [(&str, Part); 36] = [
        ("January", Part::LongMonth),
        ("Monday", Part::LongWeekday),
        ("MST", Part::Zone),
        ("002", Part::ZeroYearDay),
        ("01", Part::ZeroMonth),
        ("02", Part::ZeroDay),
        ("03", Part::ZeroHour12),
        ("04", Part::ZeroMinute),
        ("05", Part::ZeroSecond),
        ("06", Part::Year),
        ("15", Part::Hour),
        ("1", Part::NumMonth),
        ("2006", Part::LongYear),
        ("2", Part::Day),
        ("__2", Part::UnderYearDay),
        ("_2", Part::UnderDay),
        ("3", Part::Hour12),
        ("4", Part::Minute),
        ("5", Part::Second),
        ("PM", Part::Upper),
        ("pm", Part::Lower),
        ("-070000", Part::Offset { zulu: false, colon: false, seconds: true, hours: false }),
        ("-07:00:00", Part::Offset { zulu: false, colon: true, seconds: true, hours: false }),
        ("-0700", Part::Offset { zulu: false, colon: false, seconds: false, hours: false }),
        ("-07:00", Part::Offset { zulu: false, colon: true, seconds: false, hours: false }),
        ("-07", Part::Offset { zulu: false, colon: false, seconds: false, hours: true }),
        ("Z070000", Part::Offset { zulu: true, colon: false, seconds: true, hours: false }),
        ("Z07:00:00", Part::Offset { zulu: true, colon: true, seconds: true, hours: false }),
        ("Z0700", Part::Offset { zulu: true, colon: false, seconds: false, hours: false }),
        ("Z07:00", Part::Offset { zulu: true, colon: true, seconds: false, hours: false }),
        ("Z07", Part::Offset { zulu: true, colon: false, seconds: false, hours: true }),
        // These must not be followed by a small letter.
        ("Jan", Part::Month),
        ("Mon", Part::Weekday),
        ("\0", Part::Day),
        ("\0", Part::Day),
        ("\0", Part::Day),
    ];
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        for (text, part) in FIXED {
            let Some(after) = rest.strip_prefix(text) else { continue };
            if matches!(part, Part::Month | Part::Weekday) && after.starts_with(|c: char| c.is_ascii_lowercase()) {
                continue;
            }
            // `_2006` is an underscore and a year.
            if part == Part::UnderDay && rest.starts_with("_2006") {
                return (&layout[..at + 1], Some(Part::LongYear), &layout[at + 5..]);
            }
            return (&layout[..at], Some(part), after);
        }
        if rest.starts_with(['.', ',']) {
            let digit = rest.as_bytes().get(1).copied().filter(|b| matches!(b, b'0' | b'9'));
            if let Some(digit) = digit {
                let digits = rest.bytes().skip(1).take_while(|&b| b == digit).count();
                let after = &rest[1 + digits..];
                if !after.starts_with(|c: char| c.is_ascii_digit()) {
                    return (&layout[..at], Some(Part::Fraction { digits, trim: digit == b'9' }), after);
                }
            }
        }
    }
    (layout, None, "")
}

/// `Time.Format`
pub(super) fn format(time: &Time, layout: &str) -> String {
    let local = time.secs + i64::from(time.offset);
    let (days, of_day) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    let year_day = days - days_from(year, 1, 1) + 1;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let weekday = DAYS[(days + 4).rem_euclid(7) as usize];
    let month_name = MONTHS[(month - 1).rem_euclid(12) as usize];
    let mut out = String::new();
    let mut rest = layout;
    loop {
        let (before, part, after) = next_part(rest);
        out.push_str(before);
        let Some(part) = part else { return out };
        let separator = rest.as_bytes().get(before.len()).copied().map_or('.', char::from);
        rest = after;
        out.push_str(&match part {
            Part::LongMonth => month_name.to_owned(),
            Part::Month => month_name[..3].to_owned(),
            Part::NumMonth => month.to_string(),
            Part::ZeroMonth => format!("{month:02}"),
            Part::LongWeekday => weekday.to_owned(),
            Part::Weekday => weekday[..3].to_owned(),
            Part::Day => day.to_string(),
            Part::UnderDay => format!("{day:2}"),
            Part::ZeroDay => format!("{day:02}"),
            Part::UnderYearDay => format!("{year_day:3}"),
            Part::ZeroYearDay => format!("{year_day:03}"),
            Part::Hour => format!("{hour:02}"),
            Part::Hour12 => hour12.to_string(),
            Part::ZeroHour12 => format!("{hour12:02}"),
            Part::Minute => minute.to_string(),
            Part::ZeroMinute => format!("{minute:02}"),
            Part::Second => second.to_string(),
            Part::ZeroSecond => format!("{second:02}"),
            Part::LongYear => {
                if year < 0 {
                    format!("-{:04}", -year)
                } else {
                    format!("{year:04}")
                }
            }
            Part::Year => format!("{:02}", year.rem_euclid(100)),
            Part::Upper => if hour >= 12 { "PM" } else { "AM" }.to_owned(),
            Part::Lower => if hour >= 12 { "pm" } else { "am" }.to_owned(),
            Part::Zone => zone_name(time),
            Part::Offset { zulu: true, .. } if time.offset == 0 => "Z".to_owned(),
            Part::Offset { colon, seconds, hours, .. } => offset_text(time.offset, colon, seconds, hours),
            Part::Fraction { digits, trim } => {
                let all = format!("{:09}", time.nanos);
                let shown = format!("{all:0<digits$}");
                let shown = &shown[..digits];
                let shown = if trim { shown.trim_end_matches('0') } else { shown };
                if shown.is_empty() { String::new() } else { format!("{separator}{shown}") }
            }
        });
    }
}

fn zone_name(time: &Time) -> String {
    if !time.zone.is_empty() {
        return time.zone.to_string();
    }
    if time.offset == 0 { "UTC".to_owned() } else { offset_text(time.offset, false, false, time.offset % 3600 == 0) }
}

fn offset_text(offset: i32, colon: bool, seconds: bool, hours: bool) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let size = offset.abs();
    let separator = if colon { ":" } else { "" };
    let mut text = format!("{sign}{:02}", size / 3600);
    if !hours {
        text.push_str(&format!("{separator}{:02}", size / 60 % 60));
    }
    if seconds {
        text.push_str(&format!("{separator}{:02}", size % 60));
    }
    text
}

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
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    afternoon: Option<bool>,
    offset: Option<i32>,
    zone: Option<String>,
}

/// `time.ParseInLocation` in UTC.
pub(super) fn parse(layout: &str, value: &str) -> Result<Time, String> {
    let wrong = |part: &str, rest: &str, extra: &str| {
        let (layout, value) = (quote(layout), quote(value));
        if extra.is_empty() {
            format!("parsing time {value} as {layout}: cannot parse {} as {}", quote(rest), quote(part))
        } else {
            format!("parsing time {value}{extra}")
        }
    };
    let mut read = Read::default();
    let (mut pattern, mut rest) = (layout, value);
    loop {
        let (before, part, after) = next_part(pattern);
        for c in before.chars() {
            match rest.strip_prefix(c) {
                Some(next) => rest = next,
                None if c == ' ' && rest.is_empty() => {}
                None => return Err(wrong(before, rest, "")),
            }
            if c == ' ' {
                rest = rest.trim_start_matches(' ');
            }
        }
        let Some(part) = part else {
            if !rest.is_empty() {
                return Err(wrong("", rest, &format!(": extra text: {}", quote(rest))));
            }
            break;
        };
        let spelled = &pattern[before.len()..pattern.len() - after.len()];
        let fractional = next_part(after);
        let follows_fraction = matches!(fractional, ("", Some(Part::Fraction { .. }), _));
        match take(part, rest, &mut read, follows_fraction) {
            Ok(next) => rest = next,
            Err("") => return Err(wrong(spelled, rest, "")),
            Err(range) => return Err(wrong("", rest, &format!(": {range} out of range"))),
        }
        pattern = after;
    }
    read.finish().map_err(|range| wrong("", rest, &format!(": {range} out of range")))
}

/// A number of at least `least` and at most `most` digits.
fn digits(text: &str, least: usize, most: usize) -> Result<(i64, &str), &'static str> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return Err("");
    }
    Ok((text[..count].parse().unwrap_or(0), &text[count..]))
}

fn named<'t>(names: &[&str], short: bool, text: &'t str) -> Result<(i64, &'t str), &'static str> {
    for (i, name) in names.iter().enumerate() {
        let name = if short { &name[..3] } else { name };
        if text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            return Ok((i as i64 + 1, &text[name.len()..]));
        }
    }
    Err("")
}

/// Reads one part; an empty error says that it is not there, another names what is out of range.
fn take<'t>(part: Part, text: &'t str, read: &mut Read, fraction: bool) -> Result<&'t str, &'static str> {
    let within = |(n, rest): (i64, &'t str), least: i64, most: i64, what: &'static str| {
        if n < least || n > most { Err(what) } else { Ok((n, rest)) }
    };
    let rest = match part {
        Part::LongYear => {
            let (n, rest) = digits(text, 4, 4)?;
            read.year = Some(n);
            rest
        }
        Part::Year => {
            let (n, rest) = digits(text, 2, 2)?;
            read.year = Some(if n >= 69 { n + 1900 } else { n + 2000 });
            rest
        }
        Part::LongMonth | Part::Month => {
            let (n, rest) = named(&MONTHS, part == Part::Month, text)?;
            read.month = Some(n);
            rest
        }
        Part::NumMonth | Part::ZeroMonth => {
            let least = if part == Part::ZeroMonth { 2 } else { 1 };
            let (n, rest) = within(digits(text, least, 2)?, 1, 12, "month")?;
            read.month = Some(n);
            rest
        }
        Part::LongWeekday | Part::Weekday => named(&DAYS, part == Part::Weekday, text)?.1,
        Part::Day | Part::UnderDay | Part::ZeroDay => {
            let text = if part == Part::UnderDay { text.strip_prefix(' ').unwrap_or(text) } else { text };
            let (n, rest) = digits(text, if part == Part::ZeroDay { 2 } else { 1 }, 2)?;
            read.day = Some(n);
            rest
        }
        Part::UnderYearDay | Part::ZeroYearDay => {
            let trimmed = if part == Part::UnderYearDay { text.trim_start_matches(' ') } else { text };
            let (n, rest) = digits(trimmed, if part == Part::ZeroYearDay { 3 } else { 1 }, 3)?;
            read.year_day = Some(n);
            rest
        }
        Part::Hour => {
            let (n, rest) = within(digits(text, 1, 2)?, 0, 23, "hour")?;
            read.hour = n;
            rest
        }
        Part::Hour12 | Part::ZeroHour12 => {
            let least = if part == Part::ZeroHour12 { 2 } else { 1 };
            let (n, rest) = within(digits(text, least, 2)?, 0, 12, "hour")?;
            read.hour = n;
            rest
        }
        Part::Minute | Part::ZeroMinute => {
            let least = if part == Part::ZeroMinute { 2 } else { 1 };
            let (n, rest) = within(digits(text, least, 2)?, 0, 59, "minute")?;
            read.minute = n;
            rest
        }
        Part::Second | Part::ZeroSecond => {
            let least = if part == Part::ZeroSecond { 2 } else { 1 };
            let (n, rest) = within(digits(text, least, 2)?, 0, 59, "second")?;
            read.second = n;
            // A fraction may follow even where the layout has none.
            match rest.strip_prefix(['.', ',']) {
                Some(after) if !fraction && after.starts_with(|c: char| c.is_ascii_digit()) => nanos(rest, read)?,
                _ => rest,
            }
        }
        Part::Upper | Part::Lower => {
            let marks = if part == Part::Upper { ["AM", "PM"] } else { ["am", "pm"] };
            let at = marks.iter().position(|mark| text.starts_with(mark)).ok_or("")?;
            read.afternoon = Some(at == 1);
            &text[2..]
        }
        Part::Zone => {
            if let Some(rest) = text.strip_prefix("UTC") {
                read.offset = Some(0);
                rest
            } else {
                let count = text.bytes().take_while(u8::is_ascii_uppercase).count();
                if !(3..=5).contains(&count) {
                    return Err("");
                }
                read.zone = Some(text[..count].to_owned());
                read.offset = Some(0);
                &text[count..]
            }
        }
        Part::Offset { zulu, colon, seconds, hours } => {
            if zulu && let Some(rest) = text.strip_prefix('Z') {
                read.offset = Some(0);
                return Ok(rest);
            }
            let negative = text.starts_with('-');
            let rest = text.strip_prefix(['+', '-']).ok_or("")?;
            let (hour, mut rest) = digits(rest, 2, 2)?;
            let mut total = hour * 3600;
            for unit in [60, 1] {
                if (unit == 60 && hours) || (unit == 1 && !seconds) {
                    continue;
                }
                if colon {
                    rest = rest.strip_prefix(':').ok_or("")?;
                }
                let (n, after) = digits(rest, 2, 2)?;
                total += n * unit;
                rest = after;
            }
            read.offset = Some(if negative { -total } else { total } as i32);
            rest
        }
        Part::Fraction { digits: count, trim } => {
            if trim {
                return if text.starts_with(['.', ',']) { nanos(text, read) } else { Ok(text) };
            }
            let after = text.strip_prefix(['.', ',']).ok_or("")?;
            let (_, rest) = digits(after, count, count)?;
            nanos(&text[..text.len() - rest.len()], read)?;
            rest
        }
    };
    Ok(rest)
}

fn nanos<'t>(text: &'t str, read: &mut Read) -> Result<&'t str, &'static str> {
    let after = &text[1..];
    let count = after.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return Ok(text);
    }
    let padded = format!("{:0<9}", &after[..count.min(9)]);
    read.nanos = padded.parse().map_err(|_| "fractional second")?;
    Ok(&after[count..])
}

impl Read {
    fn finish(self) -> Result<Time, &'static str> {
        let mut hour = self.hour;
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let year = self.year.unwrap_or(0);
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(year_day) = self.year_day {
            let (start, next) = (days_from(year, 1, 1), days_from(year + 1, 1, 1));
            if year_day < 1 || year_day > next - start {
                return Err("day-of-year");
            }
            (_, month, day) = date_of(start + year_day - 1);
        }
        let length = days_from(year, month + 1, 1) - days_from(year, month, 1);
        if day < 1 || day > length {
            return Err("day");
        }
        let offset = self.offset.unwrap_or(0);
        let secs = days_from(year, month, day) * 86_400 + hour * 3600 + self.minute * 60 + self.second;
        let zone = match (self.zone, self.offset) {
            (Some(zone), _) => zone.into(),
            (None, None | Some(0)) => "UTC".into(),
            (None, Some(_)) => "".into(),
        };
        Ok(Time { secs: secs - i64::from(offset), nanos: self.nanos, offset, zone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_format_and_parse() {
        let time = parse("2006-01-02T15:04:05Z07:00", "2024-02-29T13:05:09.25+02:00").unwrap();
        assert_eq!(format(&time.in_utc(), "Mon Jan _2 15:04:05 MST 2006"), "Thu Feb 29 11:05:09 UTC 2024");
        assert_eq!(
            format(&time, "Monday, 02-Jan-06 03:04:05.000 pm -07:00 002"),
            "Thursday, 29-Feb-24 01:05:09.250 pm +02:00 060"
        );
        assert_eq!(
            parse("2006-01-02", "x").unwrap_err(),
            "parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\""
        );
        assert_eq!(parse("2006-01-02", "2023-02-29").unwrap_err(), "parsing time \"2023-02-29\": day out of range");
    }
}
