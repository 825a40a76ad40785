//! Where Flyway looks for scripts: `filesystem:/flyway/sql`, `classpath:db/migration`, wildcards.

use regex::Regex;

/// Where a location leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// A folder.
    Filesystem,
    /// Within a jar; the default.
    Classpath,
    /// A cloud's bucket.
    Bucket,
    /// Another one.
    Other,
}

/// A location as configured.
#[derive(Debug, Clone)]
pub struct Location {
    /// Where it leads.
    pub store: Store,
    /// The folder without a slash at its end; with wildcards, the folder above them.
    pub path: String,
    files: Option<Regex>,
}

impl Location {
    /// Reads one location. On the command line one without prefix is a folder, elsewhere it is of the class path.
    pub fn parse(written: &str, command_line: bool) -> Self {
        let written = written.trim();
        let (store, path) = match written.split_once(':') {
            Some((prefix, path)) => (store(prefix), path),
            None if command_line => (Store::Filesystem, written),
            None => (Store::Classpath, written),
        };
        if !path.contains(['*', '?']) {
            return Self { store, path: trimmed(path).to_owned(), files: None };
        }
        let wild = path.split('/').position(|part| part.contains(['*', '?'])).unwrap_or(0);
        let parts: Vec<&str> = path.split('/').collect();
        let root = parts[..wild].join("/");
        Self { store, files: Regex::new(&pattern(&root, &parts[wild..])).ok(), path: trimmed(&root).to_owned() }
    }

    /// Whether a file (by its path as the tool sees it) is found here. Folders are searched all the way down, hidden
    /// ones left out (`FileSystemScanner`).
    pub fn holds(&self, file: &str) -> bool {
        let within = match self.path.as_str() {
            "" => file,
            root => match file.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) {
                Some(rest) => rest,
                None => return false,
            },
        };
        let (folders, _) = within.rsplit_once('/').unwrap_or(("", within));
        let hidden = folders.split('/').any(|folder| folder.starts_with('.'));
        !hidden && self.files.as_ref().is_none_or(|files| files.is_match(file))
    }
}

fn store(prefix: &str) -> Store {
    match prefix.trim().to_ascii_lowercase().as_str() {
        "filesystem" => Store::Filesystem,
        "classpath" => Store::Classpath,
        "s3" | "gcs" => Store::Bucket,
        _ => Store::Other,
    }
}

fn trimmed(path: &str) -> &str {
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.len() > 1 { path.trim_end_matches('/') } else { path }
}

/// `**` is any number of folders, `*` one or more characters of a name, `?` one; a last part without a dot is a folder
/// (`LocationParser.parseWildcardLocation`).
fn pattern(root: &str, parts: &[&str]) -> String {
    let mut text = String::from("^");
    if !root.is_empty() {
        text.push_str(&regex::escape(trimmed(root)));
        text.push('/');
    }
    let (mut first, mut skip, mut ends_in_file) = (true, false, false);
    for part in parts {
        if !first && !std::mem::take(&mut skip) {
            text.push('/');
        }
        first = false;
        ends_in_file = *part != "**" && part.contains('.');
        if *part == "**" {
            text.push_str("([^/]+/)*?");
            skip = true;
        } else {
            let escaped = regex::escape(part).replace("\\?", "[^/]").replace("\\*", "[^/]+?");
            text.push_str(&escaped);
        }
    }
    if !ends_in_file {
        text.push_str("/.*");
    }
    text.push('$');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_hold_what_is_below() {
        let location = Location::parse("filesystem:/flyway/sql/", false);
        assert_eq!((location.store, location.path.as_str()), (Store::Filesystem, "/flyway/sql"));
        assert!(location.holds("/flyway/sql/V1__a.sql"));
        assert!(location.holds("/flyway/sql/orders/V1__a.sql"));
        assert!(!location.holds("/flyway/sqlite/V1__a.sql"));
        assert!(!location.holds("/flyway/sql/..data/V1__a.sql"), "what Kubernetes links is not read twice");
        assert_eq!(Location::parse("db/migration", false).store, Store::Classpath);
        assert_eq!(Location::parse("sql", true).store, Store::Filesystem);
        assert_eq!(Location::parse("s3:bucket/x", false).store, Store::Bucket);
    }

    #[test]
    fn wildcards_are_flyways() {
        let one = Location::parse("filesystem:sql/*/release", false);
        assert!(one.holds("sql/a/release/V1__a.sql") && !one.holds("sql/a/b/release/V1__a.sql"));
        let deep = Location::parse("filesystem:sql/**/*.sql", false);
        assert!(deep.holds("sql/V1.sql") && deep.holds("sql/a/b/V1.sql") && !deep.holds("sql/a.txt"));
        let letter = Location::parse("filesystem:sql/v?/x", false);
        assert!(letter.holds("sql/v1/x/a.sql") && !letter.holds("sql/v12/x/a.sql"));
    }
}
