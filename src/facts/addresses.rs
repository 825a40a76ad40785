//! Addresses inside longer texts: arguments, shell scripts, values of variables.

use std::ops::Range;

use crate::k8s::text::Shape;
use crate::sql::{DatabaseUrl, Scheme, parse_url};

/// The database addresses in a text: URLs wherever they stand, or the whole text as `key=value` pairs.
pub fn databases(text: &str) -> Vec<DatabaseUrl> {
    located(text).into_iter().map(|(_, url)| url).collect()
}

/// The same, each with where in the text it stands.
pub fn located(text: &str) -> Vec<(Range<usize>, DatabaseUrl)> {
    let read = |range: Range<usize>| Some((range.clone(), parse_url(&text[range]).filter(is_relational)?));
    let found: Vec<(Range<usize>, DatabaseUrl)> = urls(text).filter_map(read).collect();
    if !found.is_empty() || text.contains("://") {
        return found;
    }
    read(0..text.len()).into_iter().collect()
}

fn is_relational(url: &DatabaseUrl) -> bool {
    matches!(url.scheme, Scheme::Postgres | Scheme::Mysql | Scheme::SqlServer | Scheme::Oracle | Scheme::Clickhouse)
}

/// A text without the passwords in its URLs, and those passwords; `None` where it has none.
pub fn without_passwords(text: &str) -> Option<(String, Vec<&str>)> {
    let mut clean = String::new();
    let mut kept = 0;
    let mut passwords = Vec::new();
    for range in urls(text) {
        let Some(password) = password(&text[range.clone()]) else { continue };
        let cut = range.start + password.start..range.start + password.end;
        // An address may be the password of the one before.
        if cut.start < kept {
            continue;
        }
        clean.push_str(&text[kept..cut.start]);
        kept = cut.end;
        passwords.push(text[cut].trim_start_matches(':'));
    }
    (kept > 0).then(|| {
        clean.push_str(&text[kept..]);
        (clean, passwords)
    })
}

/// Where a password is written out in the userinfo or among the parameters of a URL.
fn password(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    if let Some(at) = url[start..end].rfind('@')
        && let Some(colon) = url[start..start + at].find(':')
    {
        let range = start + colon..start + at;
        return is_written(&url[range.start + 1..range.end]).then_some(range);
    }
    let parameters = url.find('?')? + 1;
    let mut at = parameters;
    for parameter in url[parameters..].split('&') {
        if let Some((name, value)) = parameter.split_once('=')
            && name.eq_ignore_ascii_case("password")
            && is_written(value)
        {
            return Some(at + name.len() + 1..at + parameter.len());
        }
        at += parameter.len() + 1;
    }
    None
}

fn is_written(password: &str) -> bool {
    matches!(Shape::of(password), Shape::Value | Shape::Placeholder)
}

/// What is read of an address, in bytes.
const LONGEST: usize = 2 << 10;

/// The ranges of URLs in a text: up to what no URL holds, or to the next of a list.
fn urls(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-' | ':');
    let scheme = move |at: usize| {
        let before = text[..at].trim_end_matches(in_scheme).len();
        before + text[before..at].find("jdbc:").unwrap_or(0)
    };
    text.match_indices("://").filter_map(move |(at, sign)| {
        let (start, body) = (scheme(at), at + sign.len());
        let rest = &text[body..text.floor_char_boundary(body.saturating_add(LONGEST).min(text.len()))];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ';' | '|'));
        let end = body + end.unwrap_or(rest.len());
        let next = text[body..end].find(sign).map(|next| scheme(body + next));
        let end = next.and_then(|next| text[body..next].strip_suffix(',')).map_or(end, |own| body + own.len());
        (start < at).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_inside_scripts() {
        let script =
            "flyway -url=jdbc:postgresql://db.data:5432/orders?currentSchema=shop migrate && echo https://x.y/z";
        let found = databases(script);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].database_name(), Some("orders"));
        assert_eq!(found[0].schema_name(), Some("shop"));
        assert_eq!(databases("host=db dbname=orders user=x")[0].database_name(), Some("orders"));
        assert!(databases("info").is_empty());
        let list = databases("postgres://u@a,b/one?x=1,postgres://u@c/two,jdbc:mysql://d/three?next=http://e/four");
        let names: Vec<_> = list.iter().map(|url| (url.hosts.len(), url.database_name().unwrap_or(""))).collect();
        assert_eq!(names, [(2, "one"), (1, "two"), (1, "three")]);
    }

    #[test]
    fn written_passwords_are_cut_out_and_references_stay() {
        let (cut, passwords) = without_passwords("psql postgres://a:hunter2@db/x && redis://:hunter2@r").unwrap();
        assert_eq!(passwords, ["hunter2", "hunter2"]);
        assert_eq!(cut, "psql postgres://a@db/x && redis://@r");
        assert_eq!(without_passwords("http://h?password=a://u:hunter2@h").unwrap().0, "http://h?password=");
        assert_eq!(without_passwords("postgres://a:$(PASSWORD)@db/x"), None);
        assert_eq!(without_passwords("http://localhost:8080/a@b"), None);
        assert_eq!(
            without_passwords("jdbc:mysql://db/x?user=a&password=hunter2").unwrap().0,
            "jdbc:mysql://db/x?user=a&password="
        );
    }
}
