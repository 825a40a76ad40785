//! The clusters generator: one set of parameters for each cluster Secret, and for the local cluster
//! (`generators/cluster.go`).

use super::super::params::{Params, generated, text, tree};
use super::super::selector::Selector;
use super::{Evaluation, Failure};
use crate::finding::Gap;
use crate::k8s::argo;
use crate::yaml::{Node, Origin};

const LOCAL: &str = "https://kubernetes.default.svc";

/// A cluster Secret, as far as it is no secret.
struct Cluster<'a> {
    node: &'a Node,
    name: Node,
    server: Node,
    project: Node,
}

/// The parameters of the clusters.
pub fn params(evaluation: &mut Evaluation<'_, '_>, generator: &Node) -> Result<Vec<Params>, Failure> {
    let empty = Node::map(Vec::new(), generator.origin.clone());
    let selector = generator.get("selector").filter(|node| !node.is_null()).unwrap_or(&empty);
    let selector = Selector::of_labels(selector).map_err(|message| Failure::Argo(message, generator.span()))?;
    let known: Vec<Cluster<'_>> = evaluation.clusters.values().map(cluster).collect();
    let mut all = Vec::new();
    if !known.iter().any(|cluster| cluster.server.as_str() == Some(LOCAL)) && selector.is_empty() {
        all.push(local(generator));
    }
    for cluster in &known {
        let labels = cluster.node.get("metadata").map_or(&[][..], |meta| meta.entries("labels"));
        let label = |key: &str| labels.iter().find(|label| &*label.key == key)?.value.as_text();
        if selector.matches(label) {
            all.push(of(cluster, evaluation.language.go));
        }
    }
    if known.is_empty() {
        let message = if selector.is_empty() {
            "no cluster Secret is known: the generator `clusters` gives only the local cluster"
        } else {
            "no cluster Secret is known: the generator `clusters` selects none"
        };
        evaluation.gaps.push(Gap::new("unresolved-generator", message).at(generator.span()));
        evaluation.unresolved |= !selector.is_empty();
    }
    evaluation.add_values(generator, &mut all)?;
    if generator.get("flatList").and_then(Node::as_bool) == Some(true) {
        let list = all.iter().map(|params| tree(params, &generator.origin)).collect();
        return Ok(vec![Params::from([("clusters".into(), Node::seq(list, generator.origin.clone()))])]);
    }
    Ok(all)
}

fn local(generator: &Node) -> Params {
    let origin = &generator.origin;
    Params::from([
        ("name".into(), text("in-cluster", origin)),
        ("nameNormalized".into(), text("in-cluster", origin)),
        ("server".into(), text(LOCAL, origin)),
        ("project".into(), text("", origin)),
    ])
}

fn cluster(node: &Node) -> Cluster<'_> {
    let field = |key: &str| match argo::secret_field(node, key) {
        Some(value) => text(value.as_str().unwrap_or(""), &value.origin),
        None => text("", &node.origin),
    };
    Cluster { node, name: field("name"), server: field("server"), project: field("project") }
}

fn of(cluster: &Cluster<'_>, go: bool) -> Params {
    let mut params = Params::new();
    let name = cluster.name.as_str().unwrap_or("");
    params.insert("nameNormalized".into(), text(super::git::normalized(name), &cluster.name.origin));
    params.insert("name".into(), cluster.name.clone());
    params.insert("server".into(), cluster.server.clone());
    params.insert("project".into(), cluster.project.clone());
    let meta = cluster.node.get("metadata");
    let mut kept = Vec::new();
    for kind in ["annotations", "labels"] {
        let Some(entry) = meta.and_then(|meta| meta.as_map()).and_then(|meta| meta.entry(kind)) else { continue };
        let Some(map) = entry.value.as_map().filter(|map| !map.entries.is_empty()) else { continue };
        if go {
            let strings = map.entries.iter().map(|entry| {
                let value = text(entry.value.as_text().unwrap_or(""), &entry.value.origin);
                crate::yaml::Entry { value, ..entry.clone() }
            });
            let value = Node::map(strings.collect(), origin_of(&entry.value));
            kept.push(crate::yaml::Entry { value, ..entry.clone() });
        } else {
            for entry in &map.entries {
                let value = text(entry.value.as_text().unwrap_or(""), &entry.value.origin);
                params.insert(format!("metadata.{kind}.{}", entry.key).into(), value);
            }
        }
    }
    if go {
        params.insert("metadata".into(), Node::map(kept, origin_of(cluster.node)));
    }
    params
}

fn origin_of(node: &Node) -> Origin {
    generated(&node.origin)
}
