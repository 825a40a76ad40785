//! How TOML's dates and times are written, and the zones by which BurntSushi knows again what had none.

use std::sync::LazyLock;

use super::super::date::{Time, Zone, format_time};

static DATE_TIME: LazyLock<Zone> = LazyLock::new(|| Zone::fixed("datetime-local", 0));
static DATE: LazyLock<Zone> = LazyLock::new(|| Zone::fixed("date-local", 0));
static TIME: LazyLock<Zone> = LazyLock::new(|| Zone::fixed("time-local", 0));

/// A way to write a moment.
pub(super) struct Layout {
    pub text: &'static str,
    /// The zone of what it reads; none where the text has one.
    pub zone: Option<&'static LazyLock<Zone>>,
    /// It came with TOML 1.1.
    pub next: bool,
}

const fn layout(text: &'static str, zone: Option<&'static LazyLock<Zone>>, next: bool) -> Layout {
    Layout { text, zone, next }
}

/// As they are tried.
pub(super) static LAYOUTS: [Layout; 7] = [
    layout("2006-01-02T15:04:05.999999999Z07:00", None, false),
    layout("2006-01-02T15:04:05.999999999", Some(&DATE_TIME), false),
    layout("2006-01-02", Some(&DATE), false),
    layout("15:04:05.999999999", Some(&TIME), false),
    layout("2006-01-02T15:04Z07:00", None, true),
    layout("2006-01-02T15:04", Some(&DATE_TIME), true),
    layout("15:04", Some(&TIME), true),
];

/// A moment as TOML.
pub(super) fn written(time: &Time) -> String {
    let own = |layout: &&Layout| layout.zone.is_some_and(|zone| zone.is(&time.zone));
    format_time(time, LAYOUTS.iter().find(own).map_or(LAYOUTS[0].text, |layout| layout.text))
}
