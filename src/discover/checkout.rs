//! What Git knows of a checkout besides its files: the day of a commit and the addresses of the remotes.
//!
//! Read as commits are read: nothing runs, and the user's own configuration plays no part.

use std::path::Path;

use super::git;

/// The day of a commit (of the newest one, if none is named) as `YYYY-MM-DD` in UTC; none outside a Git repository.
pub fn day(path: &Path, commit: Option<&str>) -> Option<String> {
    let repository = git::around(&path.canonicalize().ok()?).ok()?;
    let name = commit.unwrap_or("HEAD");
    let object = repository.rev_parse_single(Some(name).filter(|name| !name.starts_with('-'))?).ok()?.object().ok()?;
    let seconds = object.peel_to_commit().ok()?.time().ok()?.seconds;
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

/// The addresses from which a checkout is fetched, in the order of the remotes' names.
pub fn remotes(path: &Path) -> Vec<String> {
    let Some(repository) = path.canonicalize().ok().and_then(|path| git::around(&path).ok()) else { return Vec::new() };
    let names = repository.remote_names();
    let config = repository.config_snapshot();
    let url = |name: &gix::bstr::BStr| config.string(&format!("remote.{name}.url")).map(|url| url.to_string());
    names.iter().filter_map(|name| url(gix::bstr::BStr::new(name.as_ref() as &[u8]))).collect()
}
