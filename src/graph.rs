//! The facts as a graph, behind questions.
//!
//! Rules ask here and see nothing else. Nodes are Applications, workloads, migrators, schemas, Secrets and accounts; each
//! edge keeps the evidence that it rests on. No question concludes that something is missing where a gap may hide it.

mod answers;
mod defects;
mod drift;
mod index;
mod jobs;
mod needs;
mod permissions;
mod ranking;
mod steps;
mod worlds;

use std::collections::BTreeMap;

use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use crate::finding::Evidence;
use index::Index;

pub use crate::facts::order::{Moment, Phase, Schedule};
pub use crate::facts::*;
pub use crate::k8s::Word;
pub use crate::k8s::scope::Scope;
pub use crate::k8s::secret::Keys;
pub use crate::k8s::text::{Shape, Text};
pub use crate::k8s::workload::{ContainerRole, Source as KeySource};
pub use crate::source::Span;
pub use crate::yaml::{Origin, Role};
pub use drift::{Drift, Side};
pub use needs::Dependency;
pub use permissions::{Refusal, Refused};
pub use ranking::{Order, Ranking};
pub use steps::PhaseFault;
pub use worlds::{Namespaces, Shared};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// An Application.
    App(AppId),
    /// A workload.
    Workload(WorkloadId),
    /// A migrator.
    Migrator(MigratorId),
    /// A schema.
    Schema(SchemaId),
    /// A Secret.
    Secret(SecretId),
    /// A ServiceAccount, by namespace and name.
    Account(Word, Word),
}

/// What an edge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// An Application applies a workload or a migrator.
    Applies,
    /// A workload is a migrator.
    Migrates,
    /// A migrator changes a schema.
    Changes,
    /// A workload uses a schema.
    Uses,
    /// A workload is given a Secret.
    Holds,
    /// A Secret opens a schema.
    Opens,
    /// An Application makes a Secret.
    Makes,
    /// A workload runs as an account.
    RunsAs,
}

/// An edge.
#[derive(Debug, Clone)]
pub struct Edge {
    /// What it says.
    pub relation: Relation,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// The graph with its facts.
pub struct Graph {
    facts: Facts,
    things: StableDiGraph<Thing, Edge>,
    at: BTreeMap<Thing, NodeIndex>,
    index: Index,
}

impl Graph {
    /// Builds the graph of the facts.
    pub fn new(facts: Facts) -> Self {
        let index = Index::new(&facts);
        let mut graph = Self { facts: Facts::default(), things: StableDiGraph::new(), at: BTreeMap::new(), index };
        graph.connect(&facts);
        graph.facts = facts;
        graph
    }

    /// The records behind the graph.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many nodes and edges there are.
    pub fn size(&self) -> (usize, usize) {
        (self.things.node_count(), self.things.edge_count())
    }

    fn node(&mut self, thing: Thing) -> NodeIndex {
        if let Some(&at) = self.at.get(&thing) {
            return at;
        }
        let at = self.things.add_node(thing.clone());
        self.at.insert(thing, at);
        at
    }

    fn edge(&mut self, from: Thing, to: Thing, relation: Relation, evidence: Vec<Evidence>) {
        let (from, to) = (self.node(from), self.node(to));
        self.things.add_edge(from, to, Edge { relation, evidence });
    }

    fn connect(&mut self, facts: &Facts) {
        for (i, workload) in facts.workloads.iter().enumerate() {
            let id = Thing::Workload(WorkloadId(i));
            let object = &facts.objects[workload.object.0];
            self.edge(Thing::App(workload.app), id.clone(), Relation::Applies, vec![]);
            for grant in &workload.grants {
                let held = evidence(&grant.origin, format!("{} `{}` is given it", object.kind, object.name));
                self.edge(id.clone(), Thing::Secret(grant.secret), Relation::Holds, vec![held]);
            }
            let account = Thing::Account(object.namespace.clone(), self.account_of(workload));
            let named = workload.service_account.iter().map(|name| evidence(&name.origin, "the account is named here"));
            self.edge(id, account, Relation::RunsAs, named.collect());
        }
        for (i, migrator) in facts.migrators.iter().enumerate() {
            let id = Thing::Migrator(MigratorId(i));
            match migrator.workload {
                Some(workload) => {
                    let from = Thing::Workload(workload);
                    self.edge(from, id, Relation::Migrates, vec![migrator.evidence.clone()]);
                }
                None => self.edge(Thing::App(migrator.app), id, Relation::Applies, vec![migrator.evidence.clone()]),
            }
        }
        for claim in &facts.claims {
            let (from, to) = (Thing::Migrator(claim.migrator), Thing::Schema(claim.schema));
            self.edge(from, to, Relation::Changes, claim.evidence.clone());
        }
        for usage in &facts.uses {
            let (from, to) = (Thing::Workload(usage.workload), Thing::Schema(usage.schema));
            self.edge(from, to, Relation::Uses, vec![usage.evidence.clone()]);
        }
        for (i, secret) in facts.secrets.iter().enumerate() {
            let made: Vec<(AppId, Evidence)> = facts
                .producers_of("Secret", &secret.namespace, &secret.name)
                .map(|p| (facts.objects[p.object.0].app, evidence(&p.origin, "it is made here")))
                .collect();
            for (app, by) in made {
                self.edge(Thing::App(app), Thing::Secret(SecretId(i)), Relation::Makes, vec![by]);
            }
            for schema in self.opened(secret) {
                let known = secret.database.iter().map(|d| d.evidence.clone()).collect();
                self.edge(Thing::Secret(SecretId(i)), Thing::Schema(schema), Relation::Opens, known);
            }
        }
    }
    /// The schemas that a credential opens, by the database that it is known to be for.
    fn opened(&self, secret: &Secret) -> Vec<SchemaId> {
        let Some(database) = secret.database.as_ref().and_then(|d| d.database.clone()) else { return Vec::new() };
        self.index.schemas.get(&(secret.namespace.clone(), database)).cloned().unwrap_or_default()
    }
}
