//! Charts that are not at hand, with the line that fetches each. The lines are made to be pasted, so every word of them that
//! comes from the repository is quoted for a shell.

use std::collections::BTreeMap;

use serde::Serialize;

use super::harmless;
use super::table::{lines, plain_table};
use crate::finding::WantedChart;

/// A chart and the Applications that need it.
pub type Wanted<'a> = BTreeMap<&'a WantedChart, Vec<&'a str>>;

#[derive(Serialize)]
struct Row<'a> {
    chart: &'a str,
    version: &'a str,
    repository: &'a str,
    applications: &'a [&'a str],
    fetch: String,
}

/// A table for people.
pub fn table(wanted: &Wanted<'_>, width: usize) -> String {
    if wanted.is_empty() {
        return "every chart that is needed is at hand\n".to_owned();
    }
    let mut table = plain_table(width);
    table.set_header(["chart", "version", "repository", "needed by"]);
    for (chart, applications) in wanted {
        let few = applications.len().min(3);
        let mut by = applications[..few].join(", ");
        if applications.len() > few {
            by.push_str(&format!(" and {} more", applications.len() - few));
        }
        table.add_row([&chart.name, &chart.version, &chart.repository, &by].map(|cell| super::prose(cell)));
    }
    let commands: String = wanted.keys().map(|chart| format!("{}\n", harmless::text(&fetch(chart)))).collect();
    format!("{}\n# fetch them into a folder, and name it with `--charts charts`\n{commands}", lines(&table))
}

/// The same for programs.
pub fn json(wanted: &Wanted<'_>) -> String {
    let row = |(chart, applications): (&&'_ WantedChart, &'_ Vec<&'_ str>)| {
        serde_json::to_value(Row {
            chart: &chart.name,
            version: &chart.version,
            repository: &chart.repository,
            applications,
            fetch: fetch(chart),
        })
    };
    let rows: Vec<serde_json::Value> = wanted.iter().filter_map(|entry| row(entry).ok()).collect();
    super::pretty(&serde_json::json!({ "version": 1, "charts": rows }))
}

/// The line that fetches a chart: from an OCI registry by its whole name, else from its repository's index.
fn fetch(chart: &WantedChart) -> String {
    let WantedChart { name, version, repository } = chart;
    let registry = repository.starts_with("oci://") || !repository.contains("://");
    let what = if registry {
        let address = repository.trim_start_matches("oci://").trim_end_matches('/');
        let whole =
            if address.ends_with(&format!("/{name}")) { address.to_owned() } else { format!("{address}/{name}") };
        quoted(&format!("oci://{whole}"))
    } else {
        format!("{} --repo {}", quoted(name), quoted(repository))
    };
    let version = if version.is_empty() { String::new() } else { format!(" --version {}", quoted(version)) };
    format!("helm pull {what}{version} --destination charts")
}

/// A word as a shell reads it back. One that begins with a dash must not become an option.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/@+=".contains(c);
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, version: &str, repository: &str) -> String {
        fetch(&WantedChart { name: name.into(), version: version.into(), repository: repository.into() })
    }

    #[test]
    fn each_kind_of_repository_has_its_line() {
        assert_eq!(
            wanted("redis", "~1.2", "https://charts.example.com"),
            "helm pull redis --repo https://charts.example.com --version '~1.2' --destination charts"
        );
        let oci = "helm pull oci://ghcr.io/acme/web --version 1.0.0 --destination charts";
        assert_eq!(wanted("web", "1.0.0", "oci://ghcr.io/acme"), oci);
        assert_eq!(wanted("web", "1.0.0", "ghcr.io/acme/web"), oci);
    }

    #[test]
    fn a_hostile_name_stays_one_word() {
        let line = wanted("x; rm -rf ~", "$(id)", "https://h/'y");
        assert_eq!(line, "helm pull 'x; rm -rf ~' --repo 'https://h/'\\''y' --version '$(id)' --destination charts");
        assert!(wanted("--post-renderer=x", "1", "https://h").starts_with("helm pull ./--post-renderer=x "));
    }
}
