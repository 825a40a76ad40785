//! Which environment an Application belongs to, and in which namespace its objects live, as far as they say it themselves.

use std::collections::{BTreeMap, HashMap};

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

/// What the labels of clusters' Secrets say of their environment.
#[derive(Debug, Default)]
pub struct ClusterEnvironments {
    /// In the order of their Secrets' names.
    environments: Vec<Option<Placed>>,
    by_name: HashMap<String, usize>,
    by_server: HashMap<String, usize>,
}

impl ClusterEnvironments {
    /// Reads the Secrets once; of two with one name or address the first counts.
    pub fn new(clusters: &BTreeMap<String, Node>) -> Self {
        let mut all = Self::default();
        for (at, cluster) in clusters.values().filter_map(argo::Cluster::new).enumerate() {
            let labels = cluster.metadata().and_then(|metadata| metadata.get("labels"));
            let placed = labels.and_then(|labels| NAMES.iter().find_map(|name| labels.get(name).and_then(placed)));
            all.environments.push(placed);
            all.by_name.entry(cluster.text("name")).or_insert(at);
            all.by_server.entry(cluster.text("server")).or_insert(at);
        }
        all
    }

    /// The environment of the cluster that an Application goes to.
    pub fn of(&self, app: &argo::Application<'_>) -> Option<Placed> {
        let destination = app.destination();
        let known = |all: &HashMap<String, usize>, text: &str| all.get(text).copied().filter(|_| !text.is_empty());
        let (name, server) = (known(&self.by_name, destination.name()), known(&self.by_server, destination.server()));
        self.environments.get(name.into_iter().chain(server).min()?)?.clone()
    }
}

/// The namespace of objects that name none.
pub fn destination_namespace(app: &argo::Application<'_>) -> Option<Placed> {
    app.destination().namespace_node().and_then(placed)
}
