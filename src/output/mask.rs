//! Objects with what is secret in them blotted out: data of Secrets, values of credential-like names, tokens in texts.
//!
//! Every way of printing objects goes through [`object`]; `--show-secrets` is the only way around it.

use super::credential;
use crate::source::SourceMap;
use crate::yaml::{Entry, Mapping, Node, Value};

/// What stands for a secret.
pub const MASK: &str = "********";

/// What `kubectl apply` leaves behind: the whole object once more, in one text.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Nesting that is followed; deeper, everything is hidden.
const DEEPEST: usize = 1_000;

/// A copy of an object without its secrets.
pub fn object(node: &Node, sources: &SourceMap) -> Node {
    Masker { sources }.node(node, false, 0)
}

struct Masker<'a> {
    sources: &'a SourceMap,
}

impl Masker<'_> {
    fn node(&self, node: &Node, hide: bool, depth: usize) -> Node {
        self.below(node, hide, depth, "")
    }

    /// The same for what stands right under a key.
    fn below(&self, node: &Node, hide: bool, depth: usize, parent: &str) -> Node {
        self.among(node, hide, depth, parent, &[])
    }

    /// The same for the arguments of a command.
    fn among(&self, node: &Node, hide: bool, depth: usize, parent: &str, command: &[Node]) -> Node {
        let hide = hide || depth > DEEPEST;
        let value = match &node.value {
            Value::Scalar(scalar) => {
                if node.is_null() || scalar.text.is_empty() {
                    return node.clone();
                }
                if hide || self.sources.is_masked(node.span()) {
                    return Node::string(MASK, node.origin.clone());
                }
                let shown = credential::in_text(&scalar.text);
                if *shown == *scalar.text {
                    return node.clone();
                }
                return Node::string(shown.as_ref(), node.origin.clone());
            }
            Value::Seq(_) if depth > DEEPEST => return Node::string(MASK, node.origin.clone()),
            Value::Map(_) if depth > DEEPEST => return Node::string(MASK, node.origin.clone()),
            Value::Seq(items) => {
                let client = items.iter().chain(command).any(names_mysql);
                // `--token` and what it is given stand side by side.
                let given = |at: usize| at > 0 && is_option_of_credential(&items[at - 1]);
                let given = |at: usize| given(at) || (client && is_client_password(&items[at]));
                let shown = items.iter().enumerate().map(|(at, item)| self.node(item, hide || given(at), depth + 1));
                Value::Seq(shown.collect::<Vec<_>>().into())
            }
            Value::Map(map) => {
                let entries = map.entries.iter().map(|entry| self.entry(map, entry, hide, depth, parent)).collect();
                Value::Map(Mapping { entries }.into())
            }
        };
        Node { value, origin: node.origin.clone() }
    }

    fn entry(&self, map: &Mapping, entry: &Entry, hide: bool, depth: usize, parent: &str) -> Entry {
        let key = &*entry.key;
        let is_secret = || map.get("kind").and_then(Node::as_text) == Some("Secret");
        let named = || map.get("name").and_then(Node::as_text).is_some_and(credential::is_credential_name);
        let hide = hide
            || (matches!(key, "data" | "stringData") && is_secret())
            || key == LAST_APPLIED
            // External Secrets' provider for tests: it holds what it hands out.
            || (key == "fake" && entry.value.get("data").is_some())
            || (matches!(key, "text" | "value") && credential::is_credential_name(parent))
            // A Secret's template brings keys of its own.
            || (key == "data" && parent == "template" && entry.value.as_map().is_some())
            || (key == "value" && named())
            || (credential::is_credential_name(key) && is_value(&entry.value));
        let command = if key == "args" { map.get("command") } else { None };
        let command = command.and_then(Node::as_seq).unwrap_or_default();
        Entry { value: self.among(&entry.value, hide, depth + 1, key, command), ..entry.clone() }
    }
}

/// Whether what stands under a credential's name is one: a text, and no reference to a variable.
fn is_value(node: &Node) -> bool {
    node.as_str().is_some_and(|text| !credential::is_harmless_value(text))
}

/// Whether an argument is MySQL's `-pSECRET`.
fn is_client_password(node: &Node) -> bool {
    let rest = node.as_str().and_then(|text| text.strip_prefix("-p")).unwrap_or("");
    !rest.is_empty() && !rest.starts_with(['$', '-']) && !rest.contains(char::is_whitespace)
}

fn names_mysql(node: &Node) -> bool {
    node.as_str().is_some_and(|text| text.contains("mysql") || text.contains("mariadb"))
}

/// Whether an argument announces that the next one is a credential.
fn is_option_of_credential(node: &Node) -> bool {
    let text = node.as_str().unwrap_or("");
    text.starts_with('-') && !text.contains('=') && credential::is_credential_name(text.trim_start_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::RepoPath;
    use crate::yaml::parse;

    fn masked(text: &str) -> String {
        let sources = SourceMap::default();
        let id = sources.add(RepoPath::new("a.yaml").unwrap(), text);
        let documents = parse(id, text, &Budget::default()).documents;
        let node = &documents.first().unwrap().root;
        object(node, &sources).to_json().to_string()
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        for text in [
            "{kind: Secret, data: {any: YzRuNHJ5c2VjcmV0}, stringData: {other: c4n4ry}}",
            "{kind: List, items: [{kind: Secret, stringData: {other: c4n4ry}}]}",
            "{kind: Pod, spec: {containers: [{env: [{name: DB_PASSWORD, value: c4n4ry}]}]}}",
            "{metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: 'c4n4ry'}}}",
            "{kind: Keycloak, spec: {db: {password: c4n4ry}}}",
            "{kind: ConfigMap, data: {flyway.conf: \"flyway.url=x\\nflyway.password=c4n4ry\\n\"}}",
            "{kind: Application, spec: {source: {helm: {parameters: [{name: db.password, value: c4n4ry}]}}}}",
            "{kind: Application, spec: {source: {repoURL: 'https://me:c4n4ry@host/x'}}}",
            "{kind: Application, spec: {source: {helm: {values: \"db:\\n  password: c4n4ry\\n\"}}}}",
            "{kind: Job, spec: {args: ['--password=c4n4ry']}}",
            "{kind: Job, spec: {args: ['--token', c4n4ry]}}",
            "{kind: Job, spec: {command: [mysql], args: [-u, root, -pc4n4ry]}}",
            "{kind: Job, spec: {command: [sh, -c, 'mysql -u root -pc4n4ry < a.sql']}}",
            "{kind: Job, spec: {args: [\"CREATE USER a IDENTIFIED BY 'c4n4ry'\"]}}",
            "{kind: Cluster, spec: {postInitSQL: [\"ALTER ROLE shop PASSWORD 'c4n4ry'\"]}}",
            "{kind: SecretStore, spec: {provider: {fake: {data: [{key: a, value: c4n4ry}]}}}}",
            "{kind: SealedSecret, spec: {template: {data: {config: c4n4ry}}}}",
            "{kind: VaultStaticSecret, spec: {templates: {password: {text: c4n4ry}}}}",
        ] {
            let shown = masked(text);
            assert!(!shown.contains("c4n4ry") && !shown.contains("YzRu"), "{text} shows as {shown}");
        }
    }

    #[test]
    fn everything_else_stays() {
        let text = r#"{"kind":"ExternalSecret","spec":{"data":[{"secretKey":"password","remoteRef":{"key":"db/url"}}],"target":{"name":"db-credentials"}},"n":1,"b":true,"z":null}"#;
        assert_eq!(masked(text), text);
    }
}
