//! Which paths of a kustomization lead out of the repository: addresses of Git repositories and of files on the web. They are
//! never fetched.

use crate::finding::Gap;

/// Whether a path is an address, as `api/internal/git/repospec.go` tells them.
pub(super) fn is_remote(path: &str) -> bool {
    if path.starts_with('/') {
        return false;
    }
    let lower = path.to_ascii_lowercase();
    let rest = lower.strip_prefix("git::").unwrap_or(&lower);
    if ["ssh://", "https://", "http://", "file://"].iter().any(|scheme| rest.starts_with(scheme)) {
        return true;
    }
    if rest.starts_with("github.com/") || rest.starts_with("github.com:") {
        return true;
    }
    // user@host:path
    rest.split_once('@').is_some_and(|(user, host)| {
        let name = user.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        name && user.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && host.contains([':', '/'])
    })
}

/// Whether a path is one of a file on the web, as `api/internal/loader/fileloader.go` tells them.
pub(super) fn is_web_file(path: &str) -> bool {
    path.split_once(':').is_some_and(|(scheme, _)| ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web)))
}

/// An address without the credentials that may stand before the host.
pub(super) fn shown(path: &str) -> String {
    match (path.split_once("://"), path.find('@')) {
        (Some((scheme, rest)), Some(_)) => match rest.split_once('@') {
            Some((_, host)) => format!("{scheme}://{host}"),
            None => path.to_owned(),
        },
        _ => path.to_owned(),
    }
}

/// The gap that an address leaves.
pub(super) fn gap(path: &str) -> Gap {
    Gap::new("remote-base", format!("`{}` is outside the repository and is not fetched", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for address in [
            "https://github.com/org/repo//deploy?ref=v1",
            "github.com/org/repo/deploy",
            "git@github.com:org/repo.git",
            "ssh://git@host/repo",
            "https://example.com/crd.yaml",
        ] {
            assert!(is_remote(address), "{address}");
        }
        assert!(is_web_file("HTTPS://example.com/x") && is_web_file("http:x"));
        assert!(!is_web_file("git::https://example.com/x") && !is_web_file("a/https:"));
        for path in ["../base", "a@b", "github.company/base", "deploy.yaml", "/abs"] {
            assert!(!is_remote(path), "{path}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let gap = gap("https://user:secret@host/repo");
        assert!(!gap.message.contains("secret"));
    }
}
