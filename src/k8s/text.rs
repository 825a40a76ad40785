//! Texts that views hand on: a string with its origin, and literals from which a credential's value was taken out.

use super::Word;
use crate::catalog::catalog;
use crate::source::SourceMap;
use crate::yaml::{Entry, Node, Origin, Role};

/// A text and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: Word,
    /// Where it was written.
    pub origin: Origin,
}

impl Text {
    /// The text of a scalar that is not null.
    pub fn of(node: &Node) -> Option<Self> {
        Word::of(node).map(|value| Self { value, origin: node.origin.clone() })
    }

    /// The text under a key.
    pub fn at(node: &Node, path: &[&str]) -> Option<Self> {
        node.at(path).and_then(Self::of).filter(|text| !text.value.is_empty())
    }

    /// The name under a key. One that a template composes points at the key that it stands behind: of its parts (the release,
    /// an empty `nameOverride`) none is the name.
    pub fn name(node: &Node, key: &str) -> Option<Self> {
        let entry = node.as_map()?.entry(key)?;
        let text = Self::of(&entry.value).filter(|text| !text.value.is_empty())?;
        let origin = if is_composed(entry) { entry.key_origin.clone() } else { text.origin };
        Some(Self { origin, ..text })
    }

    /// The name of an object, likewise.
    pub fn named(object: &Node) -> Option<Self> {
        object.get("metadata").and_then(|metadata| Self::name(metadata, "name"))
    }

    /// All texts of a list under a key.
    pub fn list(node: &Node, key: &str) -> Vec<Self> {
        node.items(key).iter().filter_map(Self::of).collect()
    }
}

/// Whether a line of a template makes a value of parts, rather than hand on one that is written elsewhere.
fn is_composed(entry: &Entry) -> bool {
    let origin = &entry.value.origin;
    let parts = origin.contributions().filter(|part| !matches!(part.role, Role::Condition | Role::Template));
    entry.key_origin.role() == Role::Template
        && entry.key_origin.anchor().file != origin.anchor().file
        && (matches!(origin.role(), Role::Manifest | Role::Chart | Role::Template) || parts.count() > 1)
}

/// What can be said of a credential without saying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Nothing is there, or a word that says so.
    Empty,
    /// A reference or a token that something fills in later: `$(X)`, `${X}`, `<X>`, `%X%`, `{{ x }}`, a path of a vault; or a
    /// salted hash, out of which nobody reads the password.
    Reference,
    /// A stand-in such as CHANGEME.
    Placeholder,
    /// A value.
    Value,
}

impl Shape {
    /// Looks at a value once, so that nobody has to look again.
    pub fn of(value: &str) -> Self {
        let value = value.trim();
        if value.is_empty() || catalog().is_no_credential(value) {
            return Shape::Empty;
        }
        if catalog().is_placeholder(value) && !(value.starts_with('<') && value.ends_with('>')) {
            return Shape::Placeholder;
        }
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let filled_in_later =
            ["$(", "${", "{{", "<%", "%%", "((", "(@", "ref+", "ref:", "vault:", "bank-vaults:", "AgB"]
                .iter()
                .any(|mark| value.starts_with(mark))
                || (value.starts_with('<') && value.ends_with('>'))
                || value.strip_prefix('$').is_some_and(word)
                || value.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(word)
                || (value.starts_with("__") && value.ends_with("__"))
                || value.starts_with("ENC[")
                || names_file(value)
                || names_role(value)
                || names_entry(value)
                || names_secret(value)
                || is_hashed(value);
        if filled_in_later { Shape::Reference } else { Shape::Value }
    }
}

/// Whether a value is the path of a file that holds the credential.
fn names_file(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'/' | b'.' | b'-' | b'_');
    value.starts_with('/') && value.matches('/').count() > 1 && value.bytes().all(plain)
}

/// Whether a value is a profile of AWS that takes up a role: nothing in it is secret.
fn names_role(value: &str) -> bool {
    const KEYS: [&str; 8] = [
        "role_arn",
        "web_identity_token_file",
        "credential_source",
        "source_profile",
        "role_session_name",
        "sts_regional_endpoints",
        "region",
        "output",
    ];
    let plain = |line: &str| {
        let key = line.split('=').next().unwrap_or("").trim();
        line.is_empty() || line.starts_with(['#', ';', '[']) || KEYS.contains(&key)
    };
    value.contains("role_arn") && value.lines().all(|line| plain(line.trim()))
}

/// Whether a value is a path in a vault and a key there, as tools have it that fill values in (`!vault team/shop/db#password`, of
/// which Helm does not see the tag).
fn names_entry(value: &str) -> bool {
    let Some((path, key)) = value.split_once('#') else { return false };
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let is_key = !key.is_empty() && key.bytes().all(|b| word(b.to_ascii_lowercase()));
    let is_path =
        path.split('/').all(|part| part.starts_with(|c: char| c.is_ascii_lowercase()) && part.bytes().all(word));
    is_path && is_key && (path.matches('/').count() > 1 || path.contains('/') && catalog().is_credential_name(key))
}

/// Whether a value is the name of a Secret, as settings of operators and servers have it.
fn names_secret(value: &str) -> bool {
    let plain = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    plain && ["-secret", "-secrets", "-credentials"].iter().any(|end| value.ends_with(end))
}

/// Whether a value is nothing but salted hashes, alone or each after the user that it is of, as in an `htpasswd`.
fn is_hashed(value: &str) -> bool {
    const WAYS: [&str; 12] = ["1", "2a", "2b", "2y", "5", "6", "y", "7", "apr1", "argon2i", "argon2id", "scrypt"];
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'+' | b'=' | b',' | b'-' | b'_' | b'$');
    let is_hash = |text: &str| {
        let Some((way, rest)) = text.strip_prefix('$').and_then(|text| text.split_once('$')) else { return false };
        WAYS.contains(&way) && rest.len() > 20 && rest.bytes().all(plain)
    };
    let mut lines = value.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    lines.peek().is_some()
        && lines.all(|line| is_hash(line) || line.split_once(':').is_some_and(|(_, hash)| is_hash(hash)))
}

/// Makes a value unreadable wherever it could be shown. What it only stands under (`range .Values.logins`) is not the value.
pub fn conceal(node: &Node, sources: &SourceMap) -> Shape {
    let text = node.as_text().unwrap_or("");
    sources.mask(node.origin.anchor());
    for contribution in node.origin.contributions().filter(|contribution| contribution.role != Role::Condition) {
        sources.mask(contribution.span);
    }
    let shape = Shape::of(text);
    if shape == Shape::Value && is_generated(node) { Shape::Reference } else { shape }
}

/// Whether a template's functions made a value up (`randAlphaNum`, `genSignedCert`): it is written nowhere.
pub fn is_generated(node: &Node) -> bool {
    node.origin.contributions().any(|contribution| contribution.role == Role::Generated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};
    use crate::yaml::Contribution;

    #[test]
    fn a_path_in_a_vault_is_told_from_a_password() {
        for reference in
            ["internal/harbor/users/argocd#password", "kv/shop-db#DB_PASSWORD", "ref+vault://kv/shop#/password"]
        {
            assert_eq!(Shape::of(reference), Shape::Reference, "{reference}");
        }
        for value in
            ["kv/x9w#q7", "a//b/c#d", "hunter/2/more#words", "Kv/shop/db#password", "kv/shop/db#", "shop#password"]
        {
            assert_eq!(Shape::of(value), Shape::Value, "{value}");
        }
    }

    #[test]
    fn a_salted_hash_is_no_password() {
        let bcrypt = "$2y$05$k3sVZV0a3rQm1aYdX9nC7eQ0bq2m1Zb8bKp4v1T5o6r7s8t9u0v1w";
        let apr1 = "$apr1$Zk3lq9aa$Q0bq2m1Zb8bKp4v1T5o6r7";
        for value in [bcrypt, apr1, &format!("ops:{bcrypt}"), &format!("# who\nops:{bcrypt}\n\ndev:{apr1}\n")] {
            assert_eq!(Shape::of(value), Shape::Reference, "{value}");
        }
        for value in
            [&format!("ops:{bcrypt}\ndev:hunter2"), "$2y$05$short", "$hunter$2hunter2hunter2hunter2x", "ops:5tr4wb3rry"]
        {
            assert_eq!(Shape::of(value), Shape::Value, "{value}");
        }
    }

    #[test]
    fn a_name_that_a_template_composes_is_shown_where_it_is_used() {
        let (template, values, application) =
            (Span::new(FileId(0), 10, 14), Span::new(FileId(1), 0, 2), Span::new(FileId(2), 0, 4));
        let part = |role, span| Contribution { role, span };
        let named = |origin: Origin| {
            let entry = Entry {
                key: "name".into(),
                key_origin: Origin::of(Role::Template, template),
                value: Node::string("shop-db", origin),
            };
            Text::name(&Node::map(vec![entry], Origin::of(Role::Template, template)), "name").unwrap().origin.anchor()
        };
        let unset = part(Role::Default, values);
        let composed = Origin::made_of(unset, vec![part(Role::Manifest, application)]);
        assert_eq!(named(composed), template, "an empty `nameOverride` is no place to look for a name");
        assert_eq!(named(Origin::of(Role::Manifest, application)), template, "nor is the release's name");
        let chosen = Origin::made_of(part(Role::Values, values), vec![part(Role::Condition, application)]);
        assert_eq!(named(chosen), values, "a value that is the name is where to change it");
    }
}
