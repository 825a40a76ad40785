//! Secrets and ConfigMaps that a controller copies into other namespaces, where their annotations ask for it: Reflector,
//! kubernetes-replicator, config-syncer. Where the copies go as far as names say; patterns may mean any namespace.

use super::Resource;
use crate::yaml::Node;

/// Where the annotations of what is made are written, by the kind that makes it.
const PLACES: [&[&str]; 4] = [
    &["metadata", "annotations"],
    &["spec", "target", "template", "metadata", "annotations"],
    &["spec", "template", "metadata", "annotations"],
    &["spec", "secretTemplate", "annotations"],
];

/// Annotations that ask for copies by themselves: names and patterns of namespaces, or labels that say which.
const NAMED: [&str; 1] = ["replicator.v1.mittwald.de/replicate-to"];
const MATCHED: [&str; 2] = ["replicator.v1.mittwald.de/replicate-to-matching", "kubed.appscode.com/sync"];
/// Reflector's, which says separately whether and where to.
const REFLECTED: &str = "reflector.v1.k8s.emberstack.com/reflection-auto-enabled";
const REFLECTED_TO: [&str; 2] = [
    "reflector.v1.k8s.emberstack.com/reflection-auto-namespaces",
    "reflector.v1.k8s.emberstack.com/reflection-allowed-namespaces",
];

/// The namespaces into which what a resource makes is copied; `*` where it may be any.
pub fn namespaces(resource: &Resource) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for annotations in PLACES.iter().filter_map(|place| resource.node.at(place)) {
        let said = |key: &str| annotations.get(key).and_then(Node::as_text);
        if said(REFLECTED).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            let lists = REFLECTED_TO.iter().filter_map(|key| said(key)).find(|text| !text.trim().is_empty());
            found.extend(listed(lists.unwrap_or("*")));
        }
        found.extend(NAMED.iter().filter_map(|key| said(key)).flat_map(listed));
        if MATCHED.iter().any(|key| said(key).is_some()) {
            found.push("*".to_owned());
        }
    }
    if found.iter().any(|namespace| namespace == "*") {
        return vec!["*".to_owned()];
    }
    found.sort();
    found.dedup();
    found
}

/// The names of a list with commas; what is no name is a pattern.
fn listed(list: &str) -> Vec<String> {
    let name = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| if name(item) { item.to_owned() } else { "*".to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;

    fn copies(manifest: &str) -> Vec<String> {
        let root = crate::yaml::parse(FileId(0), manifest, &Budget::default()).documents.remove(0).root;
        namespaces(&Resource::new(root).unwrap())
    }

    #[test]
    fn copies_go_where_the_annotations_say() {
        let secret =
            |annotations: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{annotations: {annotations}}}\n");
        let reflected = |rest: &str| {
            let prefix = "reflector.v1.k8s.emberstack.com";
            copies(&secret(&format!("{{{prefix}/reflection-auto-enabled: 'true', {prefix}/{rest}}}")))
        };
        assert_eq!(reflected("reflection-auto-namespaces: 'flink, web'"), ["flink", "web"]);
        assert_eq!(reflected("reflection-allowed-namespaces: flink"), ["flink"]);
        assert_eq!(reflected("reflection-auto-namespaces: 'web-.*'"), ["*"]);
        assert_eq!(reflected("reflection-allowed: 'true'"), ["*"]);
        assert_eq!(copies(&secret("{replicator.v1.mittwald.de/replicate-to: 'a,b'}")), ["a", "b"]);
        assert_eq!(copies(&secret("{kubed.appscode.com/sync: 'app=x'}")), ["*"]);
        assert!(copies(&secret("{reflector.v1.k8s.emberstack.com/reflection-allowed: 'true'}")).is_empty());
        let issued = "apiVersion: cert-manager.io/v1\nkind: Certificate\nspec: {secretTemplate: {annotations: \
                      {replicator.v1.mittwald.de/replicate-to: a}}}\n";
        assert_eq!(copies(issued), ["a"]);
    }
}
