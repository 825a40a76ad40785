//! The clusters generator: one set of parameters for each cluster Secret, and for the local cluster
//! (`generators/cluster.go`).

use super::super::params::{Params, generated, text, tree};
use super::super::selector::Selector;
use super::{Evaluation, Failure};
use crate::expand::ArgoCd;
use crate::finding::Gap;
use crate::k8s::argo::{Cluster, Field, Unfit};
use crate::yaml::{Node, Origin};

const LOCAL: &str = "https://kubernetes.default.svc";

/// A cluster that the generator gives.
struct Known<'a> {
    meta: Option<&'a Node>,
    name: Node,
    server: Node,
    project: Node,
    whole: &'a Node,
}

/// The parameters of the clusters.
pub fn params(evaluation: &mut Evaluation<'_, '_>, generator: &Node) -> Result<Vec<Params>, Failure> {
    let empty = Node::map(Vec::new(), generator.origin.clone());
    let selector = generator.get("selector").filter(|node| !node.is_null()).unwrap_or(&empty);
    let selector = Selector::of_labels(selector).map_err(|message| Failure::Argo(message, selector.span()))?;
    let clusters: Vec<Cluster<'_>> = evaluation.clusters.values().filter_map(Cluster::new).collect();
    let argocd = evaluation.world.settings.argocd;
    let mut known = Vec::new();
    let mut hidden = Vec::new();
    for cluster in &clusters {
        match cluster.unfit() {
            // The API server does not have it.
            Some(Unfit::Refused(..)) => continue,
            // Until 3.3 the generator read the credentials of all clusters, whatever it selects.
            Some(Unfit::Unreadable(at, why)) if argocd < ArgoCd(4) => {
                let name = cluster.secret();
                let message = format!(
                    "error listing clusters: unable to convert cluster secret to cluster object '{name}': {why}"
                );
                return Err(Failure::Argo(message, at));
            }
            _ => {}
        }
        match said(cluster) {
            Some(cluster) => known.push(cluster),
            None => hidden.push(cluster),
        }
    }
    let selected = |meta: Option<&Node>| {
        let labels = meta.map_or(&[][..], |meta| meta.entries("labels"));
        selector.matches(|key| labels.iter().find(|label| &*label.key == key)?.value.as_text())
    };
    hidden.retain(|cluster| selected(cluster.metadata()));
    let mut all = Vec::new();
    if !known.iter().any(|cluster| cluster.server.as_str() == Some(LOCAL)) && selector.is_empty() {
        all.push(local(generator));
    }
    let go = evaluation.language.go;
    all.extend(known.iter().filter(|cluster| selected(cluster.meta)).map(|cluster| of(cluster, go)));
    if known.is_empty() && hidden.is_empty() {
        let message = if selector.is_empty() {
            "no cluster Secret is known: the generator `clusters` gives only the local cluster"
        } else {
            "no cluster Secret is known: the generator `clusters` selects none"
        };
        evaluation.gaps.push(Gap::new("unresolved-generator", message).at(generator.span()));
        evaluation.unresolved |= !selector.is_empty();
    } else if !hidden.is_empty() && evaluation.world.settings.clusters.is_empty() {
        let names: Vec<String> = hidden.iter().map(|cluster| format!("`{}`", cluster.secret())).collect();
        let message = format!(
            "the name or the address of the clusters of {} is not in the repository: the generator `clusters` does not give them",
            names.join(", ")
        );
        evaluation.gaps.push(Gap::new("unresolved-generator", message).at(generator.span()));
        evaluation.unresolved = true;
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

/// What a cluster says of itself, if nothing of it is hidden.
fn said<'a>(cluster: &Cluster<'a>) -> Option<Known<'a>> {
    let field = |key: &str| match cluster.field(key) {
        Field::Text(value) => Some(value),
        Field::Absent => Some(text("", &cluster.node.origin)),
        Field::Hidden => None,
    };
    let (name, server, project) = (field("name")?, field("server")?, field("project")?);
    Some(Known { meta: cluster.metadata(), name, server, project, whole: cluster.node })
}

fn of(cluster: &Known<'_>, go: bool) -> Params {
    let mut params = Params::new();
    let name = cluster.name.as_str().unwrap_or("");
    params.insert("nameNormalized".into(), text(super::git::normalized(name), &cluster.name.origin));
    params.insert("name".into(), cluster.name.clone());
    params.insert("server".into(), cluster.server.clone());
    params.insert("project".into(), cluster.project.clone());
    let meta = cluster.meta;
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
        params.insert("metadata".into(), Node::map(kept, origin_of(cluster.whole)));
    }
    params
}

fn origin_of(node: &Node) -> Origin {
    generated(&node.origin)
}
