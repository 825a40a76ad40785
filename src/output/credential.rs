//! What looks like a credential on a line that is about to be shown, blotted out.
//!
//! The second net: values of Secrets are masked in the `SourceMap` already. This one knows spellings only, so it errs
//! towards hiding, except for names of keys and secrets, which findings are about.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use crate::source::SourceFile;

/// How far above a line its parents are looked for.
const REACH: usize = 500;

/// Bytes of a line that is looked through; a longer one is no manifest's, and is not shown at all.
const LONGEST: usize = 20_000;

struct Patterns {
    /// What is a credential by its own shape.
    tokens: Vec<Regex>,
    /// A name and what it is given.
    pairs: Vec<Regex>,
}

/// Compiles once. A pattern that does not compile would be missing; the tests below count them.
fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let tokens = [
            // userinfo of a URL, up to the last `@` before the path
            r#"[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s/"'@:]*:)?(?P<v>[^\s/"']+)@"#,
            r"(?P<v>gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})",
            r"(?P<v>(?:AKIA|ASIA)[A-Z0-9]{16})",
            r"(?P<v>xox[abeoprs]-[A-Za-z0-9-]{10,})",
            r"(?P<v>hv[sbr]\.[A-Za-z0-9_-]{20,})",
            r"(?P<v>sk[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{20,})",
            r"(?P<v>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*)",
            r"(?i)\bbearer\s+(?P<v>[A-Za-z0-9._~+/=-]{8,})",
            r"(?P<v>AGE-SECRET-KEY-1[A-Z0-9]{20,})",
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<v>.*)",
            // SQL's `ALTER ROLE x PASSWORD 'y'`
            r"(?i)\bpassword\s+'(?P<v>[^']+)'",
            // MySQL's `IDENTIFIED BY 'y'`, and what its clients are given as `-py`
            r"(?i)\bidentified\s+(?:with\s+\S+\s+)?by\s+'(?P<v>[^']+)'",
            r#"(?:mysql|mariadb)[^\n|;&]*\s-p(?P<v>[^\s"'$-][^\s"']*)"#,
            r"hooks\.slack\.com/services/(?P<v>[A-Za-z0-9/_-]+)",
        ];
        let pairs = [
            // `key: value`, `KEY=value`, `"key": "value"`
            r#"(?P<k>[A-Za-z_][A-Za-z0-9_.\-]*)["']?\s*(?:[:=]|=>)\s*(?P<v>"[^"]*"?|'[^']*'?|\{\{.*\}\}|\$\{[^}]*\}|\$\([^)]*\)|[^\s,;&}\])]+[^,;&}\])]*)"#,
            // `--key value`
            r#"--(?P<k>[A-Za-z][A-Za-z0-9-]*)[= ]\s*["']?(?P<v>[^\s"',\]]+)"#,
        ];
        let compiled = |patterns: &[&str]| patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect();
        Patterns { tokens: compiled(&tokens), pairs: compiled(&pairs) }
    })
}

/// Whether a key or variable of this name holds a credential itself, rather than the name of one.
pub fn is_credential_name(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last().map(String::as_str) else { return false };
    let before = words.len().checked_sub(2).map_or("", |at| words[at].as_str());
    match last {
        "password" | "passwd" | "passphrase" | "pwd" | "pass" | "pw" | "token" | "apikey" | "credential"
        | "credentials" | "dsn" | "jwt" | "bearer" | "pgpassword" | "passwords" | "salt" | "pin" => true,
        "key" => {
            matches!(before, "api" | "private" | "access" | "signing" | "encryption" | "master" | "account" | "fernet")
        }
        "secret" => matches!(before, "client" | "shared" | "app" | "jwt" | "session" | "cookie" | "auth" | "webhook"),
        "auth" => before == "basic",
        // `auth.password_file` names a file, `existingPassword` still holds one
        _ => last.ends_with("password") || last.ends_with("passwd"),
    }
}

/// A key that may hold a credential or the name of one: decided by how the value looks.
fn is_doubtful_name(name: &str) -> bool {
    matches!(words(name).last().map(String::as_str), Some("secret" | "key" | "auth" | "secrets"))
}

/// The words of `camelCase`, `snake_case`, `kebab-case` and `dotted.names`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            lower_before = false;
            continue;
        }
        if c.is_uppercase() && lower_before {
            words.push(String::new());
        }
        lower_before = c.is_lowercase() || c.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a value says where a credential is, rather than being one.
pub(super) fn is_harmless_value(value: &str) -> bool {
    let bare = value.trim().trim_matches(['"', '\'']);
    let empty = ["", "|", "|-", "|+", ">", ">-", ">+", "{", "[", "{}", "[]", "null", "~", "true", "false"];
    // A reference, unless it brings a default of its own.
    let reference = (bare.starts_with("{{") && bare.ends_with("}}") && !bare.contains(['"', '\'', '`']))
        || (bare.starts_with("${") && bare.ends_with('}') && !bare.contains(":-"))
        || (bare.starts_with("$(") && bare.ends_with(')') && !bare.contains(char::is_whitespace));
    empty.contains(&bare) || reference
}

/// Lower-case Kubernetes names and paths: what one writes to *name* a secret.
fn is_name(value: &str) -> bool {
    let bare = value.trim().trim_matches(['"', '\'']);
    let plain =
        bare.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '/' | '_'));
    let env = bare.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    (plain || env) && bare.len() <= 253 && digits * 3 <= bare.len()
}

/// Prose in which anything shaped like a token, or like the user information of a URL, is blotted out.
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    let spans: Vec<_> = patterns().tokens.iter().flat_map(|pattern| values(pattern, text)).collect();
    if spans.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(blotted(text, &spans)) }
}

/// A text of several lines (a configuration file in a ConfigMap, a script) without what looks like a credential in it.
pub(super) fn in_text(text: &str) -> Cow<'_, str> {
    let suspicious = |line: &str| line.contains([':', '=', '@']) || patterns().tokens.iter().any(|t| t.is_match(line));
    if !text.lines().any(suspicious) {
        return Cow::Borrowed(text);
    }
    let shown: String =
        text.split_inclusive('\n')
            .map(|line| {
                if line.len() > LONGEST { without_tokens(line) } else { Cow::Owned(blotted(line, &spans(line, false))) }
            })
            .collect();
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// What on a line looks like a credential; in doubt, it does if `strict`.
fn spans(text: &str, strict: bool) -> Vec<Range<usize>> {
    let patterns = patterns();
    let mut spans: Vec<_> = patterns.tokens.iter().flat_map(|pattern| values(pattern, text)).collect();
    for pattern in &patterns.pairs {
        let mut from = 0;
        // From key to key: what looks like a value may hold further pairs.
        while let Some(found) = pattern.captures_at(text, from) {
            let (Some(key), Some(value)) = (found.name("k"), found.name("v")) else { break };
            from = key.end();
            let doubtful = || strict && is_doubtful_name(key.as_str()) && !is_name(value.as_str());
            if (is_credential_name(key.as_str()) || doubtful()) && !is_harmless_value(value.as_str()) {
                spans.push(value.range());
            }
        }
    }
    spans.extend(inline_variable(text));
    spans
}

/// The text of a line of a file (from 1) as it may be shown: masked, and without what looks like a credential; `None` if it is
/// too long to be looked through.
pub(super) fn line(file: &SourceFile, number: usize) -> Option<String> {
    if file.raw_line(number).len() > LONGEST {
        return None;
    }
    let text = file.line(number);
    if is_secret_by_context(file, number, &text) {
        return Some(blotted(&text, std::slice::from_ref(&after_key(&text))));
    }
    Some(blotted(&text, &spans(&text, true)))
}

fn values<'a>(pattern: &'a Regex, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    pattern.captures_iter(text).filter_map(|found| found.name("v").map(|value| value.range()))
}

/// `{name: DB_PASSWORD, value: x}` on one line.
fn inline_variable(text: &str) -> Option<Range<usize>> {
    let name = key_value(text, "name")?;
    let value = key_value(text, "value")?;
    let secret = is_credential_name(text[name].trim_matches(['"', '\'', ' ']));
    (secret && !is_harmless_value(&text[value.clone()])).then_some(value)
}

/// The value of `key:` on a line.
fn key_value(text: &str, key: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(at) = text[from..].find(key).map(|at| at + from) {
        from = at + key.len();
        let starts = text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
        let rest = text[from..].trim_start_matches(['"', '\'']);
        if starts && let Some(value) = rest.strip_prefix(':') {
            let begin = text.len() - value.len();
            let length = value.find(['}', ',']).unwrap_or(value.len());
            return Some(begin..begin + length);
        }
    }
    None
}

/// Whether the lines around say that this line holds a credential: an environment variable's value, a block scalar
/// under such a key, data of a Secret that could not be parsed.
fn is_secret_by_context(file: &SourceFile, number: usize, text: &str) -> bool {
    let indent = indent_of(text);
    let content = text.trim_start().trim_start_matches("- ");
    if content.starts_with("value:") || content.starts_with("\"value\":") {
        let near = [number - 1, number + 1].map(|near| file.raw_line(near));
        for line in near {
            let sibling = line.trim_start().trim_start_matches("- ");
            let name = sibling.strip_prefix("name:").or_else(|| sibling.strip_prefix("\"name\":"));
            if name.is_some_and(|name| is_credential_name(name.trim().trim_matches(['"', '\'', ',']))) {
                return !is_harmless_value(content.split_once(':').map_or("", |(_, value)| value));
            }
        }
    }
    let mut inner = indent;
    let mut in_data = false;
    for above in (number.saturating_sub(REACH).max(1)..number).rev() {
        let line = file.raw_line(above);
        let bare = line.trim_start();
        if line.starts_with("---") {
            break;
        }
        if in_data && kind_is_secret(line) {
            return true;
        }
        if bare.is_empty() || bare.starts_with('#') || indent_of(line) >= inner {
            continue;
        }
        inner = indent_of(line);
        let key = bare.trim_start_matches("- ").split(':').next().unwrap_or("").trim_matches(['"', '\'']);
        let opens_block = matches!(bare.trim_end().chars().next_back(), Some('|' | '>' | '-' | '+'))
            && bare.contains([':'])
            && !bare.trim_end().ends_with("---");
        if opens_block && is_credential_name(key) {
            return true;
        }
        if key == "stringData" {
            return true;
        }
        in_data |= key == "data";
    }
    in_data
        && (number + 1..number + REACH)
            .map(|n| file.raw_line(n))
            .take_while(|l| !l.starts_with("---"))
            .take(REACH)
            .any(kind_is_secret)
}

fn kind_is_secret(line: &str) -> bool {
    line.trim_start().strip_prefix("kind:").is_some_and(|kind| kind.trim().trim_matches(['"', '\'']) == "Secret")
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// What follows `key:` on a line; the whole of it where there is no key.
fn after_key(text: &str) -> Range<usize> {
    let start = text.find(": ").map_or_else(|| indent_of(text), |at| at + 2);
    start..text.len()
}

fn blotted(text: &str, spans: &[Range<usize>]) -> String {
    let hidden = |at: usize| spans.iter().any(|span| span.contains(&at));
    let quiet = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    text.char_indices().map(|(at, c)| if hidden(at) && !quiet(c) { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{RepoPath, SourceMap};

    fn shown(text: &str) -> String {
        let sources = SourceMap::default();
        let id = sources.add(RepoPath::new("a.yaml").unwrap(), text);
        let file = sources.file(id);
        (1..=text.lines().count()).map(|n| line(&file, n).unwrap()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(patterns().tokens.len(), 14);
        assert_eq!(patterns().pairs.len(), 2);
        let named = |pattern: &Regex| pattern.capture_names().flatten().any(|name| name == "v");
        assert!(patterns().tokens.iter().chain(&patterns().pairs).all(named));
    }

    #[test]
    fn values_of_credentials_are_hidden() {
        for text in [
            "password: c4n4ry",
            "  dbPassword: \"c4n4ry\"",
            "PGPASSWORD=c4n4ry psql -h db",
            "- name: DB_PASSWORD\n  value: c4n4ry",
            "- value: c4n4ry\n  name: DB_PASSWORD",
            "- {name: DB_PASSWORD, value: c4n4ry}",
            "url: postgres://app:c4n4ry@db:5432/x",
            "url: https://c4n4ry@git.example.org/x",
            "url: jdbc:postgresql://db/x?user=app&password=c4n4ry&ssl=true",
            "args: [\"--password=c4n4ry\"]",
            "Authorization: Bearer c4n4ryc4n4ry",
            "token: c4n4ry",
            "client_secret: c4n4ry",
            "secretKey: wJalrXUtnc4n4ry/K7MDENG1234",
            "password: |\n  c4n4ry\n  more c4n4ry",
            "kind: Secret\nstringData:\n  anything: c4n4ry",
            "kind: Secret\ndata:\n  anything: c4n4ry",
            "data:\n  anything: c4n4ry\nkind: Secret",
            "flyway.password=c4n4ry",
            "{\"password\": \"c4n4ry\"}",
            "password: ${DB_PASSWORD:-c4n4ry}",
            "password: {{ .Values.password | default \"c4n4ry\" }}",
            "password: two words c4n4ry",
            "export DB_PASSWORD='c4n4ry'",
            "- name: URL\n  value: amqp://u:c4n4ry@mq/",
            "  \"stringData\": {\"password\": \"c4n4ry\"}",
        ] {
            assert!(!shown(text).contains("c4n4ry"), "{text:?} shows as {:?}", shown(text));
        }
    }

    #[test]
    fn names_of_credentials_stay() {
        for text in [
            "secretName: keycloak-db-credentials",
            "passwordSecretRef: {name: db, key: password}",
            "secretKey: password",
            "existingSecret: langfuse-db",
            "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db, key: url}",
            "password: ${DB_PASSWORD}",
            "password: {{ .Values.password }}",
            "kind: ConfigMap\ndata:\n  anything: goes",
            "key: secret/data/keycloak",
            "secret: my-database",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn blotting_keeps_columns() {
        let text = "url: postgres://app:geheimß@db:5432/x # é";
        assert_eq!(shown(text).chars().count(), text.chars().count());
    }

    #[test]
    fn prose_loses_tokens_only() {
        assert_eq!(without_tokens("secret `db`, key `password`: missing"), "secret `db`, key `password`: missing");
        assert!(!without_tokens("from https://u:c4n4ry@host/x").contains("c4n4ry"));
    }
}
