//! Versions and ranges as Helm reads them (Masterminds semver); the reading itself is the template engine's.

use std::cmp::Ordering;

use super::version::HelmVersion;
use crate::gotmpl::semver::{Constraints, Version};

/// Whether this is a version to Helm, which is lenient (`v1`, `1.2`).
pub(super) fn is_version(text: &str) -> bool {
    Version::new(text).is_ok()
}

/// Whether a version is in a range; what is not readable is not (`chartutil.IsCompatibleRange`).
pub(super) fn fits(range: &str, version: &str, helm: HelmVersion) -> bool {
    let Ok(version) = Version::new(version) else { return false };
    Constraints::new(range, helm == HelmVersion::V4).is_ok_and(|range| range.check(&version))
}

/// Whether a version is newer than another.
pub(super) fn newer(version: &str, known: &str) -> bool {
    match (Version::new(version), Version::new(known)) {
        (Ok(version), Ok(known)) => version.compare(&known) == Ordering::Greater,
        (Ok(_), Err(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_dependencies() {
        assert!(fits("2.x.x", "2.31.1", HelmVersion::V3));
        assert!(fits(">=1.20.0-0", "v1.31.0", HelmVersion::V4));
        assert!(!fits("", "1.0.0", HelmVersion::V4), "no range is an improper one");
        assert!(!fits("~1.2", "1.3.0", HelmVersion::V4));
        assert!(!fits("^1", "1.0.0-rc.1", HelmVersion::V4), "releases only, unless the range asks");
        assert!(newer("1.10.0", "1.9.0"));
    }
}
