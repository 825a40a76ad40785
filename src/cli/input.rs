//! What the user names on the command line besides the repository: a configuration file, the day.

use std::path::Path;

use super::Refusal;
use crate::config;
use crate::discover::{ReadLimits, read_named};

/// Reads the file of `--config`.
pub(super) fn config(path: &Path) -> Result<config::Source, Refusal> {
    Ok(config::Source { name: path.display().to_string(), text: text(path)? })
}

fn text(path: &Path) -> Result<String, Refusal> {
    let bytes = read_named(path, ReadLimits::default()).map_err(Refusal::Usage)?;
    String::from_utf8(bytes).map_err(|_| Refusal::Usage(format!("`{}` is no text", path.display())))
}

/// Opens a file to read it as it comes.
pub(super) fn open(path: &Path) -> Result<std::fs::File, Refusal> {
    let refusal = |error: std::io::Error| Refusal::File {
        path: path.display().to_string(),
        verb: "read",
        reason: error.to_string(),
    };
    std::fs::File::open(path).map_err(refusal)
}

/// The day of SOURCE_DATE_EPOCH, if it is set.
pub(super) fn source_date() -> Option<String> {
    let seconds: i64 = std::env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()?;
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}
