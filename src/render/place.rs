//! Which repository addresses mean the repository under audit. Addresses may hold passwords: they are never shown whole.

use std::collections::{BTreeMap, BTreeSet};

pub use crate::k8s::argo::without_user;

/// The addresses that mean the repository under audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    known: BTreeSet<String>,
    /// No address could be told to be this repository: one whose path is here counts.
    open: bool,
    /// Whether the repository itself says an address of its own.
    own: bool,
    /// The revisions at which most of what sources name in this repository is here, besides the usual ones.
    revisions: BTreeSet<String>,
}

/// The revisions that mean what is audited, whatever it is called where it is audited.
const USUAL: [&str; 4] = ["", "HEAD", "main", "master"];

/// How many folders that an address names are here, and how many are not.
#[derive(Default)]
struct Votes {
    here: usize,
    away: usize,
}

/// So many folders of another repository are not here by chance.
const SURE: usize = 3;

impl Addresses {
    /// Decides from the repository's own remotes and from the addresses in use, each with whether the folder that it names is
    /// here; nothing where it names none that can be looked for.
    ///
    /// A remote that is in use decides. Otherwise (a fork, a copy without remotes) the address most of whose folders are here
    /// is taken for this repository, and so is each of which every folder is: a repository that was split or renamed.
    pub fn decide<'a>(
        remotes: impl IntoIterator<Item = &'a str>,
        used: impl IntoIterator<Item = (&'a str, Option<bool>)>,
    ) -> Self {
        let remotes: BTreeSet<String> = remotes.into_iter().map(normal).collect();
        let mut votes: BTreeMap<String, Votes> = BTreeMap::new();
        let mut own = false;
        for (url, here) in used {
            if url.is_empty() || url.contains("{{") || !is_git(url) {
                continue;
            }
            let url = normal(url);
            own |= remotes.contains(&url);
            let votes = votes.entry(url).or_default();
            votes.here += usize::from(here == Some(true));
            votes.away += usize::from(here == Some(false));
        }
        let says = !remotes.is_empty();
        if own {
            return Self { known: remotes, own: says, ..Self::default() };
        }
        let likely = || votes.iter().filter(|(_, votes)| votes.here > 0);
        let best = likely().max_by_key(|(url, votes)| (votes.here, std::cmp::Reverse((*url).clone())));
        let whole = likely().filter(|(_, votes)| votes.away == 0 && votes.here >= SURE);
        let mut known = remotes;
        let open = best.is_none();
        known.extend(best.into_iter().chain(whole).map(|(url, _)| url.clone()));
        Self { known, open, own: says, ..Self::default() }
    }

    /// Whether the repository under audit has a remote, or the configuration gives it an address.
    pub fn has_own(&self) -> bool {
        self.own
    }

    /// The addresses of a repository that has this one.
    pub fn only(url: &str) -> Self {
        Self { known: BTreeSet::from([normal(url)]), ..Self::default() }
    }

    /// Learns which revisions of this repository are what is audited, from the sources that name it: the address, the
    /// revision, and whether their path is here. One at which more is missing than here is another state of the
    /// repository (a branch for each environment, a tag).
    pub fn with_revisions<'a>(mut self, used: impl IntoIterator<Item = (&'a str, &'a str, bool)>) -> Self {
        let mut votes: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, revision, here) in used.into_iter().filter(|(url, _, here)| self.is_here(url, *here)) {
            *votes.entry(revision).or_default() += if here { 1 } else { -1 };
        }
        self.revisions = votes.into_iter().filter(|(_, votes)| *votes > 0).map(|(name, _)| name.to_owned()).collect();
        self
    }

    /// Whether a revision is the state of the repository that is audited: what is not here is not there either.
    pub fn is_this_revision(&self, revision: &str) -> bool {
        USUAL.contains(&revision) || self.revisions.contains(revision)
    }

    /// Whether an address means the repository under audit; `exists` says whether what it names is there.
    pub fn is_here(&self, url: &str, exists: bool) -> bool {
        if url.starts_with("oci://") {
            return false;
        }
        self.known.contains(&normal(url)) || (self.open && exists && is_git(url))
    }
}

/// Whether Git may fetch from an address. A registry (`oci://`) is none, nor are the names that installers replace by a
/// repository of their own (`cnoe://folder`): what such a one holds is not the whole of this one.
fn is_git(url: &str) -> bool {
    const SCHEMES: [&str; 6] = ["https", "http", "ssh", "git", "file", "git+ssh"];
    url.split_once("://").is_none_or(|(scheme, _)| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

/// An address in one spelling, whatever the protocol, the case and a `.git` at its end.
pub fn normal(url: &str) -> String {
    let mut url = url.trim().to_lowercase();
    if let Some((_, rest)) = url.split_once("://") {
        url = rest.to_owned();
    } else if let Some((host, path)) = url.split_once(':')
        && !host.contains('/')
    {
        url = format!("{host}/{path}");
    }
    if let Some((user, rest)) = url.split_once('@')
        && !user.contains('/')
    {
        url = rest.to_owned();
    }
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    match url.split_once('/') {
        Some((host, path)) => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            let host = if matches!(port, "22" | "443" | "80") { name } else { host };
            format!("{host}/{}", path.trim_start_matches('/'))
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_spellings() {
        for url in [
            "https://github.com/Acme/GitOps.git",
            "git@github.com:acme/gitops",
            "ssh://git@github.com:22/acme/gitops.git/",
        ] {
            assert_eq!(normal(url), "github.com/acme/gitops", "{url}");
        }
        assert_eq!(without_user("https://u:p@h/x@y"), "https://h/x@y");
    }

    #[test]
    fn a_remote_in_use_decides_and_a_fork_falls_back() {
        let used =
            [("https://h/up/stream", Some(true)), ("https://h/other", Some(false)), ("https://h/me/fork", Some(true))];
        let own = Addresses::decide(["git@h:me/fork"], used);
        assert!(own.is_here("https://h/me/fork.git", false) && !own.is_here("https://h/up/stream", true));
        let fork =
            Addresses::decide(["git@h:someone/else"], [("https://h/up/stream", Some(true)), ("https://h/other", None)]);
        assert!(fork.is_here("https://h/up/stream", true) && !fork.is_here("https://h/other", true));
        assert!(Addresses::decide([], []).is_here("https://h/any", true));
        assert!(!Addresses::decide([], []).is_here("cnoe://any", true), "an installer makes a repository of a folder");
    }

    #[test]
    fn what_was_moved_out_does_not_hide_what_stayed() {
        let says = |url, here: usize, away: usize| {
            let here = std::iter::repeat_n((url, Some(true)), here);
            here.chain(std::iter::repeat_n((url, Some(false)), away)).chain([(url, None)])
        };
        let used = says("https://h/me/shared", 5, 0).chain(says("https://h/me/app", 3, 0));
        let used = used.chain(says("https://h/up/chart", 1, 0)).chain(says("https://h/me/old", 4, 2));
        let addresses = Addresses::decide([], used);
        assert!(addresses.is_here("https://h/me/app", true) && addresses.is_here("https://h/me/shared", true));
        assert!(!addresses.is_here("https://h/up/chart", true), "one folder may be here by chance");
        assert!(!addresses.is_here("https://h/me/old", true), "some of its folders are elsewhere");
    }
}
