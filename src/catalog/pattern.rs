//! How the catalogue's patterns read names, images and option words.
//!
//! A pattern is a name in which `*` stands for any run of characters. Matching is linear in effect (one backtrack point)
//! and never looks outside the two texts.

/// Whether `text` fits `pattern`; only `*` is special. Case counts.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((back, taken)) = star {
            star = Some((back, taken + 1));
            p = back + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

/// An image reference taken apart: `registry/repository:tag@digest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// The registry's host, if one is written.
    pub registry: Option<&'a str>,
    /// The repository without registry, tag and digest (`library/` left out).
    pub repository: &'a str,
    /// The tag, if one is written.
    pub tag: Option<&'a str>,
    /// The digest, if one is written.
    pub digest: Option<&'a str>,
}

impl<'a> ImageRef<'a> {
    /// Reads a reference by the rules of `distribution/reference`: the first segment is a registry if it has a dot, a
    /// colon or is `localhost`, and something follows it.
    pub fn parse(text: &'a str) -> Self {
        let text = text.trim();
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        let (name, tag) = match name.rfind(':') {
            Some(colon) if !name[colon..].contains('/') => (&name[..colon], Some(&name[colon + 1..])),
            _ => (name, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), rest),
            _ => (None, name),
        };
        let repository = repository.strip_prefix("library/").unwrap_or(repository);
        Self { registry, repository, tag, digest }
    }

    /// Whether the repository is what `pattern` names, and whether to the letter or as a copy in another registry.
    ///
    /// A pattern of several segments also fits at the end of a longer path (`mirror/docker.io/temporalio/server`). A
    /// pattern of one segment names an official image: it does not fit `company/ghost`.
    pub fn fits(&self, pattern: &str) -> Option<Fit> {
        // Whichever way it fits, the last segments do; most differ there, and most of these in the last letter.
        let (end, wanted) = (self.repository.as_bytes().last(), pattern.as_bytes().last());
        if end != wanted && wanted != Some(&b'*') {
            return None;
        }
        let last = pattern.rsplit('/').next().unwrap_or(pattern);
        if !last.contains('*') && !self.repository.ends_with(last) {
            return None;
        }
        if fits_segments(pattern, self.repository) {
            let official = pattern.contains('/') || self.registry.is_none_or(is_public_library);
            return Some(if official { Fit::Exact } else { Fit::Pattern });
        }
        let wanted = pattern.matches('/').count() + 1;
        let cut = self.repository.rmatch_indices('/').nth(wanted - 1)?.0;
        let (before, tail) = (&self.repository[..cut], &self.repository[cut + 1..]);
        let copy = wanted > 1 || before.ends_with("docker.io/library") || before == "docker.io";
        (copy && fits_segments(pattern, tail)).then_some(Fit::Pattern)
    }
}

/// How well an image fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// By its ending, or in a registry that is not its own.
    Pattern,
    /// To the letter.
    Exact,
}

/// Segment by segment, so that `*` never runs over a `/`.
fn fits_segments(pattern: &str, text: &str) -> bool {
    let (mut patterns, mut texts) = (pattern.split('/'), text.split('/'));
    loop {
        match (patterns.next(), texts.next()) {
            (None, None) => return true,
            (Some(p), Some(t)) if fits(p, t) => {}
            _ => return false,
        }
    }
}

fn is_public_library(host: &str) -> bool {
    matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io" | "public.ecr.aws" | "mirror.gcr.io")
}

/// The words of a name: split at `-`, `_`, `.`, `/` and at `camelCase` humps, in lower case.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for c in name.chars() {
        let hump = c.is_ascii_uppercase() && previous_lower;
        if (!c.is_alphanumeric() || hump) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, want) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("*", "", true),
            ("*-db-*", "keycloak-db-credentials", true),
            ("*-db-*", "keycloak-db", false),
            ("backstage_plugin_*", "backstage_plugin_auth", true),
            ("", "x", false),
            ("**a", "bba", true),
        ] {
            assert_eq!(fits(pattern, text), want, "{pattern} on {text}");
        }
    }

    #[test]
    fn references_come_apart() {
        let image = ImageRef::parse("localhost:5000/team/app:1.2@sha256:ab");
        assert_eq!(image.registry, Some("localhost:5000"));
        assert_eq!((image.repository, image.tag, image.digest), ("team/app", Some("1.2"), Some("sha256:ab")));
        let image = ImageRef::parse("docker.io/library/ghost");
        assert_eq!((image.repository, image.tag), ("ghost", None));
        assert_eq!(ImageRef::parse("temporalio/server:1.24").repository, "temporalio/server");
        assert_eq!(ImageRef::parse("localhost:5000/app").tag, None);
    }

    #[test]
    fn copies_fit_and_namesakes_do_not() {
        let fit = |pattern, image| ImageRef::parse(image).fits(pattern);
        assert_eq!(fit("temporalio/server", "docker.io/temporalio/server:1"), Some(Fit::Exact));
        assert_eq!(fit("temporalio/server", "mirror.corp/docker.io/temporalio/server"), Some(Fit::Pattern));
        assert_eq!(fit("temporalio/server", "company/temporal-server"), None);
        assert_eq!(fit("keycloak/keycloak", "ghcr.io/company/keycloak-theme-api"), None);
        assert_eq!(fit("ghost", "company/ghost"), None);
        assert_eq!(fit("ghost", "ghost:5"), Some(Fit::Exact));
        assert_eq!(fit("ghost", "registry.corp/ghost"), Some(Fit::Pattern));
        assert_eq!(
            fit("cng/gitlab-webservice-*", "registry.gitlab.com/x/cng/gitlab-webservice-ee"),
            Some(Fit::Pattern)
        );
        assert_eq!(fit("a/*", "a/b/c"), None);
    }

    #[test]
    fn names_fall_into_words() {
        assert_eq!(words("KC_DB_URL"), ["kc", "db", "url"]);
        assert_eq!(words("keycloak.my-cluster.credentials"), ["keycloak", "my", "cluster", "credentials"]);
        assert_eq!(words("existingSecretName"), ["existing", "secret", "name"]);
    }
}
