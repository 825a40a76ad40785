//! Go's date layouts: a reference time written as the result shall look (`time/format.go`).

mod read;

use super::calendar::{date_of, days_from};
use super::object::Time;
use super::zone::Zone;
pub(in super::super) use read::parse;

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
    const FIXED: [(&str, Part); 33] = [
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
pub(in super::super) fn format(time: &Time, layout: &str) -> String {
    let offset = time.zone.offset();
    let local = time.local();
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
            Part::Zone => zone_name(&time.zone),
            Part::Offset { zulu: true, .. } if offset == 0 => "Z".to_owned(),
            Part::Offset { colon, seconds, hours, .. } => offset_text(offset, colon, seconds, hours),
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

fn zone_name(zone: &Zone) -> String {
    match zone.name() {
        "" => offset_text(zone.offset(), false, false, false),
        name => name.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_format_and_parse() {
        let time = parse("2006-01-02T15:04:05Z07:00", "2024-02-29T13:05:09.25+02:00").unwrap();
        assert_eq!(format(&time.shown_in(Zone::Utc), "Mon Jan _2 15:04:05 MST 2006"), "Thu Feb 29 11:05:09 UTC 2024");
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
