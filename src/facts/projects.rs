//! AppProjects as records, their globs compiled once.

use super::{Kinds, Pattern, Place, Project};
use crate::expand::Expansion;
use crate::glob::Dialect;
use crate::k8s::Word;
use crate::k8s::argo::AppProject;
use crate::k8s::text::Text;
use crate::yaml::{Node, Origin};

/// The fields of a project whose places findings name.
const LISTS: [&str; 7] = [
    "sourceRepos",
    "destinations",
    "clusterResourceWhitelist",
    "clusterResourceBlacklist",
    "namespaceResourceWhitelist",
    "namespaceResourceBlacklist",
    "sourceNamespaces",
];

/// The projects of an expansion.
pub fn of(expansion: &Expansion) -> Vec<Project> {
    let mut projects: Vec<Project> = Vec::new();
    for (root, node) in &expansion.projects {
        let Some(project) = AppProject::new(node).and_then(|view| read(root, view)) else { continue };
        let same = |known: &Project| known.root == project.root && known.name == project.name;
        if !projects.iter().any(same) {
            projects.push(project);
        }
    }
    projects
}

fn read(root: &str, view: AppProject<'_>) -> Option<Project> {
    let node = view.node;
    let spec = node.get("spec");
    let written = |field: &str| spec.and_then(|spec| spec.get(field)).filter(|list| !list.is_null());
    let entry = |field: &'static str| {
        let map = spec.and_then(Node::as_map)?;
        map.entry(field).map(|entry| (field, entry.key_origin.clone()))
    };
    let kinds = |field: &str| view.list(field).iter().map(kinds).collect::<Vec<_>>();
    Some(Project {
        root: root.to_owned(),
        name: Text::at(node, &["metadata", "name"])?,
        namespace: Text::at(node, &["metadata", "namespace"]).map(|text| text.value.to_string()).unwrap_or_default(),
        repositories: view.source_repos().iter().filter_map(Text::of).map(repository).collect(),
        destinations: view.list("destinations").iter().map(place).collect(),
        cluster_allowed: kinds("clusterResourceWhitelist"),
        cluster_denied: kinds("clusterResourceBlacklist"),
        namespaced_allowed: written("namespaceResourceWhitelist").map(|_| kinds("namespaceResourceWhitelist")),
        namespaced_denied: kinds("namespaceResourceBlacklist"),
        namespaces: view
            .source_namespaces()
            .iter()
            .filter_map(Text::of)
            .map(|text| pattern(text, Dialect::Gobwas))
            .collect(),
        scoped_clusters_only: written("permitOnlyProjectScopedClusters").and_then(Node::as_bool).unwrap_or(false),
        lists: LISTS.into_iter().filter_map(entry).collect(),
    })
}

fn pattern(text: Text, dialect: Dialect) -> Pattern {
    let shape = text.value.strip_prefix('!').unwrap_or(&text.value).to_owned();
    Pattern::new(text, &shape, dialect)
}

fn field(node: &Node, key: &str) -> Text {
    let none = || Text { value: Word::default(), origin: node.origin.clone() };
    node.get(key).and_then(Text::of).unwrap_or_else(none)
}

fn place(node: &Node) -> Place {
    let part = |key: &str| pattern(field(node, key), Dialect::Gobwas);
    Place {
        server: part("server"),
        name: part("name"),
        namespace: part("namespace"),
        origin: shown(node, &["server", "name"]),
    }
}

fn kinds(node: &Node) -> Kinds {
    let part = |key: &str| {
        let text = field(node, key);
        let shape = text.value.clone();
        Pattern::new(text, &shape, Dialect::PathMatch)
    };
    let name = Some(part("name")).filter(|name| !name.text.value.is_empty());
    Kinds { group: part("group"), kind: part("kind"), name, origin: shown(node, &["kind"]) }
}

/// A mapping at the line that says most.
fn shown(node: &Node, keys: &[&str]) -> Origin {
    let said = keys.iter().find_map(|key| node.get(key)).unwrap_or(node);
    said.origin.clone()
}

fn repository(text: Text) -> Pattern {
    let shape = address(text.value.strip_prefix('!').unwrap_or(&text.value));
    Pattern::new(text, &shape, Dialect::GobwasPath)
}

/// An address in the spelling in which Argo CD compares it (`util/git/git.go: NormalizeGitURL`).
pub fn address(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let ssh = !url.contains("://")
        && url.split_once('@').is_some_and(|(user, rest)| !user.contains('/') && rest.contains(':'));
    let url = if ssh { url.replacen(':', "/", 1) } else { url };
    let url = url.strip_suffix(".git").unwrap_or(&url);
    url.strip_prefix("ssh://").unwrap_or(url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::facts::Cluster;
    use crate::source::FileId;

    fn project(spec: &str) -> Project {
        let text = format!("apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: p}}\nspec: {spec}\n");
        let node = crate::yaml::parse(FileId(0), &text, &Budget::default()).documents.remove(0).root;
        read("root", AppProject::new(&node).unwrap()).unwrap()
    }

    #[test]
    fn repositories_are_permitted_as_argo_cd_does() {
        for (patterns, url, expected) in [
            ("['*']", "https://h/a/b.git", true),
            ("[https://h/a/b.git]", "https://H/a/b", true),
            ("['https://h/a/*']", "https://h/a/b", true),
            ("['https://h/a/*']", "https://h/a/b/c", false),
            ("['https://h/**']", "https://h/a/b/c", true),
            ("['git@h:a/*']", "ssh://git@h/a/b.git", true),
            ("['*', '!https://h/a/*']", "https://h/a/b", false),
            ("['*', '!https://h/a/*']", "https://h/c/b", true),
            ("['!https://h/a/*']", "https://h/c/b", true),
            ("[]", "https://h/a/b", false),
        ] {
            let known = project(&format!("{{sourceRepos: {patterns}}}"));
            assert_eq!(known.permits_repository(&address(url)), expected, "{patterns} {url}");
        }
    }

    #[test]
    fn destinations_are_permitted_as_argo_cd_does() {
        let cluster = |name: &str, server: &str| Cluster { name: name.into(), server: server.into(), secret: None };
        for (places, name, server, namespace, expected) in [
            ("[{server: 'https://a', namespace: x}]", "", "https://a", "x", true),
            ("[{server: 'https://a', namespace: x}]", "", "https://a", "y", false),
            ("[{name: 'prod-*', namespace: '*'}]", "prod-eu", "https://a", "y", true),
            (
                "[{server: '*', namespace: '*'}, {server: '*', namespace: '!kube-system'}]",
                "",
                "https://a",
                "kube-system",
                false,
            ),
            ("[{server: '*', namespace: '*'}, {server: '*', namespace: '!kube-system'}]", "", "https://a", "web", true),
            ("[{server: '*', namespace: '*'}, {server: '!https://a', namespace: '*'}]", "", "https://a", "web", false),
            // Whether it is meant depends on a name that is not known.
            ("[{name: prod, namespace: x}]", "", "https://a", "x", true),
            ("[{name: prod, namespace: x}]", "", "https://a", "y", false),
        ] {
            let known = project(&format!("{{destinations: {places}}}"));
            assert_eq!(known.permits_destination(&cluster(name, server), namespace), expected, "{places} {namespace}");
        }
    }

    #[test]
    fn kinds_are_permitted_as_argo_cd_does() {
        let none = project("{}");
        assert!(!none.permits_kind("", "Namespace", "n", false) && none.permits_kind("", "Secret", "s", true));
        let some = project(
            "{clusterResourceWhitelist: [{group: 'rbac*', kind: ClusterRole, name: 'team-*'}], namespaceResourceWhitelist: \
             [{group: apps, kind: '*'}], namespaceResourceBlacklist: [{group: '*', kind: DaemonSet}]}",
        );
        assert!(some.permits_kind("rbac.authorization.k8s.io", "ClusterRole", "team-a", false));
        assert!(!some.permits_kind("rbac.authorization.k8s.io", "ClusterRole", "admin", false));
        assert!(
            some.permits_kind("apps", "Deployment", "web", true)
                && !some.permits_kind("apps", "DaemonSet", "web", true)
        );
        assert!(!some.permits_kind("", "Secret", "s", true));
        assert!(!project("{namespaceResourceWhitelist: []}").permits_kind("", "Secret", "s", true));
    }
}
