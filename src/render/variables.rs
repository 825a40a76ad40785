//! The variables of the build environment that Argo CD fills into a source, and how a text
//! names them (`reposerver/repository/repository.go: newEnv`).

use std::collections::BTreeMap;

use crate::k8s::argo::{Application, Source};

/// The variables that Argo CD fills into a source, by name.
pub fn environment(app: &Application<'_>, source: &Source<'_>) -> Vec<(String, String)> {
    let variables = Environment::of(app, source).variables;
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The variables that Argo CD fills into paths and parameters.
pub(super) struct Environment {
    variables: BTreeMap<&'static str, String>,
}

impl Environment {
    pub(super) fn of(app: &Application<'_>, source: &Source<'_>) -> Self {
        let variables = [
            ("ARGOCD_APP_NAME", app.name()),
            ("ARGOCD_APP_NAMESPACE", app.destination().namespace()),
            ("ARGOCD_APP_PROJECT_NAME", app.project()),
            ("ARGOCD_APP_SOURCE_REPO_URL", source.repo_url()),
            ("ARGOCD_APP_SOURCE_PATH", source.path().unwrap_or("")),
            ("ARGOCD_APP_SOURCE_TARGET_REVISION", source.target_revision()),
        ];
        Self { variables: variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect() }
    }

    /// `$NAME` and `${NAME}` by their values, `$$` by a dollar, an unknown name by nothing (Go's `os.Expand`). What is
    /// only known when it is applied (the revision) stays as it is.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, length) = variable(after);
            match name {
                "" if length == 0 => out.push('$'),
                "$" => out.push('$'),
                name if name.starts_with("ARGOCD_APP_REVISION") || name.starts_with("KUBE_") => {
                    out.push_str(&rest[at..at + 1 + length]);
                }
                name => out.push_str(self.variables.get(name).map_or("", String::as_str)),
            }
            rest = &after[length..];
        }
        out.push_str(rest);
        out
    }
}

/// The name of a variable after a dollar, and how long it is as written.
fn variable(text: &str) -> (&str, usize) {
    if let Some(rest) = text.strip_prefix('{') {
        return match rest.find('}') {
            Some(end) => (&rest[..end], end + 2),
            None => ("", 1),
        };
    }
    if text.starts_with(['*', '#', '$', '@', '!', '?', '-']) || text.starts_with(|c: char| c.is_ascii_digit()) {
        return (&text[..1], 1);
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    (&text[..end], end)
}
