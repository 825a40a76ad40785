//! `time.Time` as templates see it.

use std::sync::Arc;

use super::calendar::{NANOS, date_of, days_from, duration_text, parse_duration};
use super::layout::{DAYS, MONTHS, format};
use super::number;
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::{Object, Param};
use crate::gotmpl::value::{Data, IntType, NamedInt, Value};

/// A moment, and the zone that it is shown in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Time {
    /// Seconds since 1970.
    pub secs: i64,
    pub nanos: u32,
    /// Seconds east of UTC.
    pub offset: i32,
    pub zone: Arc<str>,
}

static MONTH: NamedInt = NamedInt {
    name: "time.Month",
    kind: "int",
    show: |n| MONTHS.get((n - 1) as usize).map_or_else(|| format!("%!Month({n})"), |name| (*name).to_owned()),
};
static WEEKDAY: NamedInt = NamedInt {
    name: "time.Weekday",
    kind: "int",
    show: |n| DAYS.get(n as usize).map_or_else(|| format!("%!Weekday({n})"), |name| (*name).to_owned()),
};
static DURATION: NamedInt = NamedInt { name: "time.Duration", kind: "int64", show: duration_text };

/// The year 1, Go's zero time.
const ZERO: i64 = -62_135_596_800;

impl Time {
    pub fn unix(secs: i64) -> Self {
        Self { secs, nanos: 0, offset: 0, zone: "UTC".into() }
    }

    pub fn zero() -> Self {
        Self::unix(ZERO)
    }

    /// The clock of a render, which stands still.
    pub fn now(context: &Context<'_>) -> Self {
        Self::unix(context.now)
    }

    pub fn in_utc(&self) -> Self {
        Self { offset: 0, zone: "UTC".into(), ..self.clone() }
    }

    pub fn plus(&self, nanos: i64) -> Self {
        let total = i128::from(self.nanos) + i128::from(nanos);
        let secs = self.secs.saturating_add(total.div_euclid(NANOS.into()) as i64);
        Self { secs, nanos: total.rem_euclid(NANOS.into()) as u32, ..self.clone() }
    }

    /// Nanoseconds since another moment.
    pub fn since(&self, other: &Time) -> i128 {
        (i128::from(self.secs) - i128::from(other.secs)) * i128::from(NANOS) + i128::from(self.nanos)
            - i128::from(other.nanos)
    }

    fn other(args: &[Value]) -> Option<&Time> {
        match args.first().map(|value| &value.data) {
            Some(Data::Object(object)) => object.as_any().downcast_ref::<Time>(),
            _ => None,
        }
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay" | "Weekday" | "Unix"
            | "UnixMilli" | "UnixMicro" | "UnixNano" | "UTC" | "Local" | "String" | "IsZero" => Some(&[]),
            "Format" => Some(&[Param::Str]),
            "AddDate" => Some(&[Param::Int, Param::Int, Param::Int]),
            "Add" | "Truncate" | "Round" => Some(&[Param::Any]),
            "Sub" | "After" | "Before" | "Equal" => Some(&[Param::Object("time.Time")]),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value], context: &Context<'_>) -> Result<Value, Failure> {
        let local = self.secs + i64::from(self.offset);
        let (days, of_day) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let zero = Time::zero();
        let other = Self::other(args).unwrap_or(&zero);
        let nanos = || match args.first().map(|value| &value.data) {
            Some(Data::Int(n, _)) => *n,
            Some(Data::Str(text)) => parse_duration(&text.as_str()).unwrap_or(0),
            _ => 0,
        };
        let value = match name {
            "Year" => Value::int(year),
            "Month" => Value::new(Data::Int(month, IntType::Named(&MONTH))),
            "Day" => Value::int(day),
            "Hour" => Value::int(of_day / 3600),
            "Minute" => Value::int(of_day / 60 % 60),
            "Second" => Value::int(of_day % 60),
            "Nanosecond" => Value::int(self.nanos.into()),
            "YearDay" => Value::int(days - days_from(year, 1, 1) + 1),
            "Weekday" => Value::new(Data::Int((days + 4).rem_euclid(7), IntType::Named(&WEEKDAY))),
            "Unix" => Value::int64(self.secs),
            "UnixMilli" => Value::int64(self.secs.wrapping_mul(1000).wrapping_add(i64::from(self.nanos) / 1_000_000)),
            "UnixMicro" => Value::int64(self.secs.wrapping_mul(1_000_000).wrapping_add(i64::from(self.nanos) / 1000)),
            "UnixNano" => Value::int64(self.secs.wrapping_mul(NANOS).wrapping_add(self.nanos.into())),
            "UTC" | "Local" => Value::object(self.in_utc()),
            "String" => Value::str(self.show().unwrap_or_default()),
            "IsZero" => Value::bool(self.secs == ZERO && self.nanos == 0),
            "Format" => {
                let layout = args.first().map(super::text).unwrap_or_default();
                context.bytes(layout.len().saturating_mul(4)).map_err(|_| "budget exceeded".to_owned())?;
                Value::str(format(self, &layout))
            }
            "AddDate" => {
                let months = month.saturating_add(number(args, 1)).clamp(-120_000, 120_000);
                let year = year.saturating_add(number(args, 0)).clamp(-100_000, 100_000);
                let days = days_from(year, months, 1).saturating_add(day - 1).saturating_add(number(args, 2));
                let secs = days.saturating_mul(86_400).saturating_add(of_day - i64::from(self.offset));
                Value::object(Time { secs, ..self.clone() })
            }
            "Add" => Value::object(self.plus(nanos())),
            "Sub" => {
                let since = self.since(other).clamp(i64::MIN.into(), i64::MAX.into()) as i64;
                Value::new(Data::Int(since, IntType::Named(&DURATION)))
            }
            "After" => Value::bool(self.since(other) > 0),
            "Before" => Value::bool(self.since(other) < 0),
            "Equal" => Value::bool(self.since(other) == 0),
            _ => Value::object(self.clone()),
        };
        Ok(value)
    }

    fn show(&self) -> Option<String> {
        Some(format(self, "2006-01-02 15:04:05.999999999 -0700 MST"))
    }

    fn encoded(&self) -> Value {
        Value::str(format(self, "2006-01-02T15:04:05.999999999Z07:00"))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
