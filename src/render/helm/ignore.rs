//! `.helmignore`: Helm's own rules, which are not Git's (`helm pkg/ignore/rules.go`).
//!
//! No `**`; a negated rule ignores all that does *not* match it; a pattern without a slash looks at the last name only.

use super::pattern::Pattern;

/// One rule.
#[derive(Debug, Clone)]
struct Rule {
    pattern: Pattern,
    negate: bool,
    folders_only: bool,
    /// Whether the pattern sees the whole path, rather than the last name.
    whole: bool,
}

/// The rules of a chart.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    /// Reads a `.helmignore` and adds Helm's own rule, which leaves out dot files in `templates/`.
    ///
    /// # Errors
    /// Helm's text.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, String> {
        let mut rules = Self::default();
        let text = text.unwrap_or("");
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
            rules.add(line)?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        Pattern::new(line).map_err(|_| "syntax error in pattern".to_owned())?;
        let (negate, rest) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folders_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
        let whole = rest.contains('/');
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        // What was cut off can leave a pattern that Go would only refuse when matching: such a rule never matches.
        if let Ok(pattern) = Pattern::new(rest) {
            self.0.push(Rule { pattern, negate, folders_only, whole });
        }
        Ok(())
    }

    /// Whether one path, of a file or a folder, is ignored by itself.
    fn ignores_itself(&self, path: &str, folder: bool) -> bool {
        let last = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.0 {
            let name = if rule.whole { path } else { last };
            if rule.negate {
                if (rule.folders_only && !folder) || !rule.pattern.matches(name) {
                    return true;
                }
            } else if (folder || !rule.folders_only) && rule.pattern.matches(name) {
                return true;
            }
        }
        false
    }

    /// Whether a file of the chart is left out, by itself or with a folder above it.
    pub(super) fn ignores(&self, path: &str) -> bool {
        self.ignores_above(path) || self.ignores_itself(path, false)
    }

    /// Whether a folder that a path stands in is left out.
    pub(super) fn ignores_above(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        folders.any(|folder| self.ignores_itself(folder, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_as_helm_reads_them() {
        // helm pkg/ignore/rules_test.go: (rules, path, folder, ignored)
        let rows = [
            ("helm.txt", "helm.txt", false, true),
            ("helm.*", "helm.txt", false, true),
            ("helm.*", "rudder.txt", false, false),
            ("*.txt", "tiller.txt", false, true),
            ("*.txt", "cargo/a.txt", false, true),
            ("cargo/*.txt", "cargo/a.txt", false, true),
            ("cargo/*.*", "cargo/a.txt", false, true),
            ("cargo/*.txt", "mast/a.txt", false, false),
            ("ru[c-e]?er.txt", "rudder.txt", false, true),
            ("templates/.?*", "templates/.dotfile", false, true),
            (".*", ".joonix", false, true),
            (".*", "helm.txt", false, false),
            ("cargo/", "cargo", true, true),
            ("cargo/", "cargo", false, false),
            ("cargo/", "mast", true, false),
            ("helm.txt/", "helm.txt", false, false),
            ("/cargo", "cargo", true, true),
            ("/rudder.txt", "cargo/rudder.txt", false, false),
            ("/*.txt", "rudder.txt", false, true),
            ("!helm.txt", "helm.txt", false, false),
            ("!helm.txt", "tiller.txt", false, true),
            ("!*.txt", "cargo", true, true),
            ("!cargo/", "mast/a.txt", false, true),
            ("/*.txt", "cargo/a.txt", false, false),
            ("mast/", "mast", true, true),
            ("", "x", false, false),
            ("# x\n\n", "x", false, false),
        ];
        for (text, path, folder, expected) in rows {
            let rules = Rules::parse(Some(text)).unwrap();
            assert_eq!(rules.ignores_itself(path, folder), expected, "{text} {path}");
        }
        assert!(Rules::parse(Some("foo/**")).is_err());
        assert!(Rules::parse(Some("[z")).is_err());
        let rules = Rules::parse(Some("docs/\n")).unwrap();
        assert!(rules.ignores("docs/deep/a.md") && rules.ignores("a/docs/b") && !rules.ignores("docs.md"));
    }
}
