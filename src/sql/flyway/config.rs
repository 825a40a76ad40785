//! Flyway's configuration wherever it stands: `flyway.conf`, `flyway.toml`, environment, command line.
//!
//! Every entry knows its place. Passwords and tokens have a place and no text.

use std::ops::Range;

use super::name::Naming;
use crate::sql::url::{DatabaseUrl, parse_url};

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its full key (`flyway.url`, `environments.prod.url`).
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// Where the value stands.
    pub span: Range<usize>,
    /// The value; `None` where it is or holds a secret. Items of a list are joined with commas.
    pub text: Option<String>,
    /// A database address taken apart.
    pub url: Option<DatabaseUrl>,
    /// Whether a value is there at all.
    pub is_empty: bool,
}

/// A configuration in the order of its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The entries; of equal keys the last counts.
    pub entries: Vec<Entry>,
}

impl Config {
    /// The entry of a key (`flyway.table`); of `flyway.` keys TOML's environments are asked too.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key.eq_ignore_ascii_case(key)).or_else(|| {
            let name = key.strip_prefix("flyway.")?;
            self.entries.iter().rev().find(|entry| {
                entry
                    .key
                    .strip_prefix("environments.")
                    .and_then(|rest| rest.split_once('.'))
                    .is_some_and(|it| it.1 == name)
            })
        })
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text.as_deref()
    }

    /// A switch, if it is written as one.
    pub fn is_on(&self, key: &str) -> Option<bool> {
        match self.text(key)?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn items(&self, key: &str) -> Vec<&str> {
        self.text(key).into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|it| !it.is_empty()).collect()
    }

    /// How scripts are named.
    pub fn naming(&self) -> Naming {
        let base = Naming::default();
        let own = |key: &str, default: String| self.text(key).map_or(default, str::to_owned);
        let suffixes = self.items("flyway.sqlMigrationSuffixes");
        Naming {
            versioned: own("flyway.sqlMigrationPrefix", base.versioned),
            undo: own("flyway.undoSqlMigrationPrefix", base.undo),
            baseline: own("flyway.baselineMigrationPrefix", base.baseline),
            repeatable: own("flyway.repeatableSqlMigrationPrefix", base.repeatable),
            separator: own("flyway.sqlMigrationSeparator", base.separator),
            suffixes: if suffixes.is_empty() {
                base.suffixes
            } else {
                suffixes.into_iter().map(str::to_owned).collect()
            },
        }
    }
}

/// Whether the value of a key is a secret.
fn is_secret(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    ["password", "token", "secret", "licensekey", "license_key", "apikey", "privatekey"]
        .iter()
        .any(|word| lower.contains(word))
}

fn entry(key: String, key_span: Range<usize>, span: Range<usize>, value: String) -> Entry {
    let is_url = key.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("url"));
    let url = if is_url { parse_url(&value) } else { None };
    let hidden = is_secret(&key) || url.as_ref().is_some_and(DatabaseUrl::has_password);
    Entry { key, key_span, span, is_empty: value.is_empty(), text: (!hidden).then_some(value), url }
}

/// Reads `flyway.conf`: Java's properties, in which Flyway takes a backslash as it is, except at the end of a line that
/// goes on (`ConfigUtils.loadConfigurationFromString`).
pub fn read_properties(text: &str) -> Config {
    let mut config = Config::default();
    let mut lines = lines(text).into_iter().peekable();
    while let Some(line) = lines.next() {
        let written = &text[line.clone()];
        if written.is_empty() || written.starts_with(['#', '!']) {
            continue;
        }
        let Some(key_end) = written.find(|c: char| c == '=' || c == ':' || c.is_whitespace()) else {
            // A key that stands alone, or one that goes on in the next line and is none of Flyway's.
            let continued = written.ends_with('\\') && lines.peek().is_some_and(|next| goes_on(&text[next.clone()]));
            if continued {
                lines.next();
            } else {
                config.entries.push(entry(written.to_owned(), line.clone(), line.end..line.end, String::new()));
            }
            continue;
        };
        let after = written[key_end..].trim_start();
        let after = after.strip_prefix(['=', ':']).unwrap_or(after).trim_start();
        let start = line.end - after.len();
        let mut span = start..line.end;
        let mut value = after.to_owned();
        while value.ends_with('\\') {
            let Some(next) = lines.peek().cloned() else { break };
            let more = &text[next.clone()];
            if !goes_on(more) {
                break;
            }
            value.pop();
            value.push_str(more);
            span.end = next.end;
            lines.next();
        }
        config.entries.push(entry(written[..key_end].to_owned(), line.start..line.start + key_end, span, value));
    }
    config
}

/// Whether a line can be the rest of the one before it.
fn goes_on(line: &str) -> bool {
    let is_setting = line.starts_with("flyway.") && line.contains('=');
    !line.is_empty() && !is_setting
}

/// The lines of a text, blanks around them left out.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let trimmed = line.trim();
        let from = at + (line.len() - line.trim_start().len()).min(line.len());
        found.push(from.min(at + line.len())..(from + trimmed.len()).min(at + line.len()));
        at += line.len() + 1;
    }
    found
}

/// Reads `flyway.toml`: tables, dotted keys, strings, switches, numbers and lists of strings. What is beyond that is left
/// out.
pub fn read_toml(text: &str) -> Config {
    let mut config = Config::default();
    let mut table = String::new();
    let mut open: Option<OpenList> = None;
    for line in lines(text) {
        let written = without_comment(&text[line.clone()]);
        if let Some(list) = &mut open {
            list.items.extend(strings(written));
            list.span.end = line.start + written.len();
            if written.ends_with(']')
                && let Some(list) = open.take()
            {
                config.entries.push(entry(list.key, list.key_span, list.span, list.items.join(",")));
            }
            continue;
        }
        if let Some(name) = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = name.trim_matches(['[', ']']).trim().replace('"', "");
            continue;
        }
        let Some((key, value)) = written.split_once('=') else { continue };
        let name = key.trim().replace('"', "");
        let full = if table.is_empty() { name } else { format!("{table}.{name}") };
        let key_span = line.start..line.start + key.trim_end().len();
        let value_text = value.trim();
        let start = line.start + written.len() - value.trim_start().len();
        let span = start..start + value_text.len();
        if value_text.starts_with('[') && !value_text.ends_with(']') {
            open = Some(OpenList { key: full, key_span, span, items: strings(value_text) });
            continue;
        }
        let (value, span) = match value_text.chars().next() {
            Some('[') => (strings(value_text).join(","), span),
            Some('"' | '\'') if value_text.len() > 1 => {
                (strings(value_text).into_iter().next().unwrap_or_default(), span.start + 1..span.end - 1)
            }
            _ => (value_text.to_owned(), span),
        };
        config.entries.push(entry(full, key_span, span, value));
    }
    config
}

/// A list whose end is still to come.
struct OpenList {
    key: String,
    key_span: Range<usize>,
    span: Range<usize>,
    items: Vec<String>,
}

/// A line up to a `#` that is not in quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return line[..at].trim_end(),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
    }
    line
}

/// The quoted strings of a line.
fn strings(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = rest.as_bytes()[at] as char;
        let inner = &rest[at + 1..];
        let Some(end) = inner.find(quote) else { break };
        found.push(inner[..end].replace("\\\\", "\\"));
        rest = &inner[end + 1..];
    }
    found
}

/// The key that an environment variable sets: `FLYWAY_BASELINE_ON_MIGRATE` is `flyway.baselineOnMigrate`.
pub fn key_of_env(name: &str) -> Option<String> {
    let rest = name.strip_prefix("FLYWAY_")?;
    if let Some(placeholder) = rest.strip_prefix("PLACEHOLDERS_") {
        return Some(format!("flyway.placeholders.{}", placeholder.to_ascii_lowercase()));
    }
    if let Some(rest) = rest.strip_prefix("ENVIRONMENTS_") {
        let (environment, key) = rest.split_once('_')?;
        return Some(format!("environments.{}.{}", environment.to_ascii_lowercase(), camel(key)));
    }
    Some(format!("flyway.{}", camel(rest)))
}

fn camel(words: &str) -> String {
    let mut out = String::new();
    for (at, word) in words.split('_').filter(|word| !word.is_empty()).enumerate() {
        let lower = word.to_ascii_lowercase();
        if at == 0 {
            out.push_str(&lower);
        } else {
            let (head, tail) = lower.split_at(lower.chars().next().map_or(0, char::len_utf8));
            out.push_str(&head.to_ascii_uppercase());
            out.push_str(tail);
        }
    }
    out
}

/// The setting that a command-line argument makes: `-url=jdbc:...`.
pub fn key_of_argument(argument: &str) -> Option<Entry> {
    let rest = argument.strip_prefix('-')?;
    let dashes = argument.len() - rest.trim_start_matches('-').len();
    let (name, value) = argument[dashes..].split_once('=')?;
    if name.is_empty() {
        return None;
    }
    let own = name.starts_with("flyway.") || name.starts_with("environments.");
    let key = if own { name.to_owned() } else { format!("flyway.{name}") };
    let start = dashes + name.len() + 1;
    Some(entry(key, dashes..dashes + name.len(), start..argument.len(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "# where\r\nflyway.url = jdbc:postgresql://db:5432/orders?currentSchema=app\nflyway.user: postgres\n\
        flyway.password=hunter2\nflyway.locations=filesystem:/sql,\\\n  filesystem:/more\nflyway.baselineOnMigrate=true\n";

    #[test]
    fn properties_are_read_with_their_places() {
        let config = read_properties(CONF);
        let url = config.get("flyway.url").unwrap();
        assert_eq!(&CONF[url.span.clone()], "jdbc:postgresql://db:5432/orders?currentSchema=app");
        assert_eq!(url.url.as_ref().unwrap().database_name(), Some("orders"));
        let password = config.get("flyway.password").unwrap();
        assert_eq!((password.text.as_deref(), &CONF[password.span.clone()]), (None, "hunter2"));
        assert_eq!(config.text("flyway.user"), Some("postgres"));
        assert_eq!(config.items("flyway.locations"), ["filesystem:/sql", "filesystem:/more"]);
        assert_eq!(config.is_on("flyway.baselineOnMigrate"), Some(true));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn toml_is_read_with_its_places() {
        let text = "[environments.prod] # here\nurl = \"jdbc:postgresql://u:hunter2@db/orders\"\nuser = 'app'\n\n[flyway]\nlocations = [\n  \"filesystem:sql\", # a\n  'filesystem:more'\n]\ncleanDisabled = false\n";
        let config = read_toml(text);
        assert_eq!(config.text("environments.prod.user"), Some("app"));
        let url = config.get("flyway.url").unwrap();
        assert_eq!(url.text, None);
        assert_eq!(url.url.as_ref().unwrap().host(), Some("db"));
        assert_eq!(&text[url.span.clone()], "jdbc:postgresql://u:hunter2@db/orders");
        assert_eq!(config.items("flyway.locations"), ["filesystem:sql", "filesystem:more"]);
        assert_eq!(config.is_on("flyway.cleanDisabled"), Some(false));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn environment_and_arguments_name_the_same_keys() {
        assert_eq!(key_of_env("FLYWAY_BASELINE_ON_MIGRATE").as_deref(), Some("flyway.baselineOnMigrate"));
        assert_eq!(key_of_env("FLYWAY_SQL_MIGRATION_PREFIX").as_deref(), Some("flyway.sqlMigrationPrefix"));
        assert_eq!(key_of_env("FLYWAY_PLACEHOLDERS_OWNER").as_deref(), Some("flyway.placeholders.owner"));
        assert_eq!(key_of_env("DATABASE_URL"), None);
        let given = key_of_argument("-url=jdbc:mysql://db/x").unwrap();
        assert_eq!((given.key.as_str(), given.span), ("flyway.url", 5..22));
        assert_eq!(key_of_argument("migrate"), None);
        assert_eq!(key_of_argument("-X"), None);
    }

    #[test]
    fn hostile_texts_end() {
        for text in ["", "=", "\\", "a=\\", "[", "[x", "a=[", "a='", "a=\"", "\u{feff}a=b", "é = ü\n[é]\nß='"] {
            read_properties(text);
            read_toml(text);
        }
    }
}
