//! `time.Time` as templates see it.

use super::calendar::{date_of, days_from};
use super::duration::{DURATION, NANOS, less_than_half};
use super::layout::{DAYS, MONTHS, format};
use super::number;
use super::zone::{Location, Zone};
use crate::gotmpl::collection::List;
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::{Object, Param};
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::quote::quote;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, IntType, NamedInt, Value};

/// A moment, and the zone that it is shown in.
#[derive(Debug, Clone)]
pub(in super::super) struct Time {
    /// Seconds since 1970.
    pub secs: i64,
    pub nanos: u32,
    pub zone: Zone,
}

static MONTH: NamedInt = NamedInt {
    name: "time.Month",
    kind: "int",
    show: |n| MONTHS.get((n - 1) as usize).map_or_else(|| format!("%!Month({n})"), |name| (*name).to_owned()),
    method: |_| None,
};
static WEEKDAY: NamedInt = NamedInt {
    name: "time.Weekday",
    kind: "int",
    show: |n| DAYS.get(n as usize).map_or_else(|| format!("%!Weekday({n})"), |name| (*name).to_owned()),
    method: |_| None,
};

const ONE_DURATION: Param = Param::Named(&DURATION);

/// How a time is encoded.
const RFC3339: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// The year 1, Go's zero time.
const ZERO: i64 = -62_135_596_800;

impl Time {
    pub fn unix(secs: i64) -> Self {
        Self { secs, nanos: 0, zone: Zone::Local }
    }

    pub fn zero() -> Self {
        Self { zone: Zone::Utc, ..Self::unix(ZERO) }
    }

    /// The clock of a render, which stands still.
    pub fn now(context: &Context<'_>) -> Self {
        Self::unix(context.now)
    }

    pub fn shown_in(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// Seconds since 1970 by the clock of its zone.
    pub fn local(&self) -> i64 {
        self.secs.saturating_add(self.zone.offset().into())
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

    /// To a multiple of a duration since the year 1: down, or to the nearest.
    fn rounded(&self, unit: i64, down: bool) -> Self {
        if unit <= 0 {
            return self.clone();
        }
        let over = self.since(&Time::zero()).rem_euclid(unit.into()) as i64;
        if down || less_than_half(over, unit) { self.plus(-over) } else { self.plus(unit - over) }
    }

    /// As Go's source would make it.
    fn made(&self) -> String {
        let (days, of_day) = (self.local().div_euclid(86_400), self.local().rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let month = (MONTH.show)(month);
        let zone = match &self.zone {
            Zone::Utc => "time.UTC".to_owned(),
            Zone::Local => "time.Local".to_owned(),
            zone => format!("time.Location({})", quote(zone.name())),
        };
        format!("time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {}, {zone})", self.nanos)
    }
}

/// The object of this type that a method was given.
fn given<T: 'static>(args: &[Value]) -> Option<&T> {
    match args.first().map(|value| &value.data) {
        Some(Data::Object(object)) => object.as_any().downcast_ref::<T>(),
        _ => None,
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay" | "Weekday" | "Unix"
            | "UnixMilli" | "UnixMicro" | "UnixNano" | "UTC" | "Local" | "Location" | "String" | "GoString"
            | "IsZero" | "IsDST" | "MarshalJSON" | "MarshalText" | "Date" | "Clock" | "ISOWeek" | "Zone"
            | "ZoneBounds" => Some(&[]),
            "Format" => Some(&[Param::Str]),
            "AddDate" => Some(&[Param::Int, Param::Int, Param::Int]),
            "Add" | "Truncate" | "Round" => Some(&[ONE_DURATION]),
            "In" => Some(&[Param::Object("*time.Location")]),
            "Sub" | "After" | "Before" | "Equal" | "Compare" => Some(&[Param::Object("time.Time")]),
            _ => None,
        }
    }

    fn uncallable(&self, name: &str) -> Option<&'static str> {
        Some(match name {
            "Date" => "function Date has 3 return values; should be 1 or 2",
            "Clock" => "function Clock has 3 return values; should be 1 or 2",
            "ISOWeek" => "invalid function signature for ISOWeek: second return value should be error; is int",
            "Zone" => "invalid function signature for Zone: second return value should be error; is int",
            "ZoneBounds" => {
                "invalid function signature for ZoneBounds: second return value should be error; is time.Time"
            }
            _ => return None,
        })
    }

    fn call(&self, name: &str, args: &[Value], context: &Context<'_>) -> Result<Value, Failure> {
        let local = self.local();
        let (days, of_day) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let since = || given(args).map_or(0, |other| self.since(other));
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
            "UTC" => Value::object(self.shown_in(Zone::Utc)),
            "Local" => Value::object(self.shown_in(Zone::Local)),
            "Location" => Value::object(Location(self.zone.clone())),
            "In" => match given::<Location>(args) {
                Some(Location(zone)) => Value::object(self.shown_in(zone.clone())),
                None => return Err("time: missing Location in call to Time.In".into()),
            },
            "String" => Value::str(self.show().unwrap_or_default()),
            "GoString" => Value::str(self.made()),
            "IsZero" => Value::bool(self.secs == ZERO && self.nanos == 0),
            "IsDST" => Value::bool(false),
            "MarshalText" => bytes(format(self, RFC3339)),
            "MarshalJSON" => bytes(format!("\"{}\"", format(self, RFC3339))),
            "Format" => {
                let layout = args.first().map(super::text).unwrap_or_default();
                context.bytes(layout.len().saturating_mul(4)).map_err(|_| "budget exceeded".to_owned())?;
                Value::str(format(self, &layout))
            }
            "AddDate" => {
                let months = month.saturating_add(number(args, 1)).clamp(-120_000, 120_000);
                let year = year.saturating_add(number(args, 0)).clamp(-100_000, 100_000);
                let days = days_from(year, months, 1).saturating_add(day - 1).saturating_add(number(args, 2));
                let secs = days.saturating_mul(86_400).saturating_add(of_day - i64::from(self.zone.offset()));
                Value::object(Time { secs, ..self.clone() })
            }
            "Add" => Value::object(self.plus(number(args, 0))),
            "Truncate" => Value::object(self.rounded(number(args, 0), true)),
            "Round" => Value::object(self.rounded(number(args, 0), false)),
            "Sub" => {
                let since = since().clamp(i64::MIN.into(), i64::MAX.into()) as i64;
                Value::new(Data::Int(since, IntType::Named(&DURATION)))
            }
            "After" => Value::bool(since() > 0),
            "Before" => Value::bool(since() < 0),
            "Equal" => Value::bool(since() == 0),
            "Compare" => Value::int(since().signum() as i64),
            _ => return Err(format!("no method {name}").into()),
        };
        Ok(value)
    }

    fn show(&self) -> Option<String> {
        Some(format(self, "2006-01-02 15:04:05.999999999 -0700 MST"))
    }

    fn source(&self) -> Option<String> {
        Some(self.made())
    }

    fn encoded(&self) -> Value {
        Value::str(format(self, RFC3339))
    }

    fn is(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Time>();
        other.is_some_and(|other| self.since(other) == 0 && self.zone.is(&other.zone))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn bytes(text: String) -> Value {
    Value::new(Data::List(List::of_bytes(Text::from_bytes(text.into_bytes()), OriginId::NONE)))
}
