//! Zones (`time.Location`): UTC, the clock's own, which is UTC where Argo CD renders, those of a text, and those of the
//! database of zones.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use super::calendar::days_from;
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::{Object, ObjectKind, Param};
use crate::gotmpl::value::Value;

/// What a moment is shown in.
#[derive(Debug, Clone)]
pub(in super::super) enum Zone {
    Utc,
    Local,
    /// A short name, or none, and seconds east of UTC.
    Fixed(Arc<(String, i32)>),
}

impl Zone {
    pub fn fixed(name: &str, offset: i32) -> Self {
        Zone::Fixed(Arc::new((name.to_owned(), offset)))
    }

    /// What a zone of the database has at a moment; UTC where there is none of that name (`time.LoadLocation`).
    pub fn named(name: &str, secs: i64) -> Self {
        if matches!(name, "" | "UTC" | "Local") {
            return Zone::Utc;
        }
        match TimeZoneDatabase::bundled().get(name) {
            // Go opens a file of that name.
            Ok(zone) if zone.iana_name() == Some(name) => {
                let info = zone.to_offset_info(known(secs));
                Zone::fixed(info.abbreviation(), info.offset().seconds())
            }
            _ => Zone::Utc,
        }
    }

    /// Seconds east of UTC.
    pub fn offset(&self) -> i32 {
        match self {
            Zone::Utc | Zone::Local => 0,
            Zone::Fixed(zone) => zone.1,
        }
    }

    /// Its short name; nothing where it has none.
    pub fn name(&self) -> &str {
        match self {
            Zone::Utc | Zone::Local => "UTC",
            Zone::Fixed(zone) => &zone.0,
        }
    }

    /// Whether Go has one pointer for both.
    pub fn is(&self, other: &Zone) -> bool {
        match (self, other) {
            (Zone::Utc, Zone::Utc) | (Zone::Local, Zone::Local) => true,
            (Zone::Fixed(a), Zone::Fixed(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// A moment with the same rules that the database can tell of: they come again every 400 years, and the first lasted for ever.
fn known(secs: i64) -> Timestamp {
    let cycle = days_from(2400, 1, 1) - days_from(2000, 1, 1);
    let cycle = cycle * 86_400;
    let last = days_from(9000, 1, 1) * 86_400;
    let beyond = (secs - last).max(0);
    let secs = if beyond == 0 { secs } else { last - cycle + beyond % cycle };
    Timestamp::from_second(secs).unwrap_or(Timestamp::MIN)
}

/// `*time.Location`
pub(super) struct Location(pub Zone);

impl Object for Location {
    fn type_name(&self) -> &str {
        "*time.Location"
    }

    fn kind(&self) -> ObjectKind {
        ObjectKind::Pointer
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        (name == "String").then_some(&[])
    }

    fn call(&self, _name: &str, _args: &[Value], _context: &Context<'_>) -> Result<Value, Failure> {
        Ok(Value::str(self.show().unwrap_or_default()))
    }

    fn show(&self) -> Option<String> {
        Some(match &self.0 {
            Zone::Local => "Local".to_owned(),
            zone => zone.name().to_owned(),
        })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
