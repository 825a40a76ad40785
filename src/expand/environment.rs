//! Which environment an Application belongs to, and in which namespace its objects live, as far as they say it themselves.

use std::collections::BTreeMap;

use super::{Generated, Placed};
use crate::k8s::argo;
use crate::yaml::Node;

/// The names by which people call it, the most explicit first.
pub const NAMES: [&str; 4] = ["environment", "env", "app.kubernetes.io/environment", "stage"];

/// A text that is not empty, and its place.
pub fn placed(node: &Node) -> Option<Placed> {
    let text = node.as_text().filter(|text| !text.is_empty())?;
    Some(Placed { text: text.to_owned(), span: Some(node.span()) })
}

/// The environment: a label, then a generator's parameter.
pub fn environment(app: &argo::Application<'_>, generated: Option<&Generated>) -> Option<Placed> {
    let label = NAMES.iter().find_map(|name| app.label(name).and_then(placed));
    label.or_else(|| generated?.environment.clone())
}

/// The environment of the cluster that the Application goes to, by the labels of its Secret.
pub fn of_cluster(app: &argo::Application<'_>, clusters: &BTreeMap<String, Node>) -> Option<Placed> {
    let destination = app.destination();
    let (name, server) = (destination.name(), destination.server());
    let field = |cluster: &argo::Cluster<'_>, key: &str, value: &str| !value.is_empty() && cluster.text(key) == value;
    let mut known = clusters.values().filter_map(argo::Cluster::new);
    let cluster = known.find(|cluster| field(cluster, "name", name) || field(cluster, "server", server))?;
    let labels = cluster.metadata()?.get("labels")?;
    NAMES.iter().find_map(|label| labels.get(label).and_then(placed))
}

/// The namespace of objects that name none.
pub fn destination_namespace(app: &argo::Application<'_>) -> Option<Placed> {
    app.destination().namespace_node().and_then(placed)
}
