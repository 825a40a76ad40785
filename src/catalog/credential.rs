//! Names of credentials, of those who may do everything, and values that stand for one that is still to come.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::{fits, words};

/// What a credential is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// A password.
    Password,
    /// A token.
    Token,
    /// A private, secret or API key.
    Key,
    /// Another secret.
    Secret,
    /// An address that may hold a password: its value decides.
    Address,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialFile {
    secret: BTreeMap<CredentialKind, Vec<String>>,
    harmless: Vec<String>,
    harmless_anywhere: Vec<String>,
    harmless_runs: Vec<String>,
    admin: Admin,
    placeholders: Vec<String>,
    nothing: Vec<String>,
    weak: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Admin {
    users: Vec<String>,
    secrets: Vec<String>,
    others: Vec<String>,
    keys: Vec<String>,
    product_keys: Vec<String>,
}

impl CredentialFile {
    /// What a key or variable of this name holds, if it is a credential.
    pub fn kind(&self, name: &str) -> Option<CredentialKind> {
        let mut all = words(name);
        while all.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            all.pop();
        }
        let last = all.last()?;
        let is_run = |run: &str| {
            let mut words = all.iter().rev();
            run.rsplit(' ').all(|known| words.next().is_some_and(|word| word == known))
        };
        let harmless = self.harmless.contains(last)
            || all.iter().any(|word| self.harmless_anywhere.contains(word))
            || self.harmless_runs.iter().any(|run| is_run(run));
        if harmless {
            return None;
        }
        self.secret.iter().find(|(_, runs)| runs.iter().any(|run| is_run(run))).map(|(kind, _)| *kind)
    }

    pub fn is_admin_user(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        // Managed servers want `admin@server`.
        let base = lower.split('@').next().unwrap_or("");
        self.admin.users.iter().any(|known| known == base)
    }

    pub fn is_admin_secret(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        let is_any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, &lower));
        is_any(&self.admin.secrets) && !is_any(&self.admin.others)
    }

    pub fn is_admin_key(&self, key: &str) -> bool {
        self.is_product_key(key) || self.admin.keys.iter().any(|known| known.eq_ignore_ascii_case(key))
    }

    /// Whether a key is called after a server's product: the administrator's where nothing says another user.
    pub fn is_product_key(&self, key: &str) -> bool {
        self.admin.product_keys.iter().any(|known| known.eq_ignore_ascii_case(key))
    }

    /// Whether a value stands for one that is still to come. A file of several lines is more than that, whatever is in it.
    pub fn is_placeholder(&self, value: &str) -> bool {
        let lower = value.trim().to_lowercase();
        let fits = |pattern: &String| match pattern.as_str() {
            "***" => lower.len() > 2 && lower.bytes().all(|b| b == b'*'),
            pattern => fits(pattern, &lower),
        };
        !lower.contains('\n') && (self.placeholders.iter().any(fits) || is_name_in_capitals(value.trim()))
    }

    pub fn is_nothing(&self, value: &str) -> bool {
        let lower = value.trim().to_lowercase();
        self.nothing.iter().any(|pattern| fits(pattern, &lower))
    }

    pub fn is_weak(&self, value: &str) -> bool {
        let lower = value.trim().to_lowercase();
        self.weak.contains(&lower)
    }
}

/// Whether a value is the name of a constant (`MAIL_RELAY_TOKEN_VALUE`): it says what belongs here.
fn is_name_in_capitals(value: &str) -> bool {
    let word = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        letters.len() > 1 && letters.bytes().all(|b| b.is_ascii_uppercase())
    };
    value.split('_').count() > 2 && value.split('_').all(word)
}
