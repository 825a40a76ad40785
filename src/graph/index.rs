//! Where the records of a kind are, by what they are asked for: so that every question costs what its answer holds, however
//! large the repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, MigratorId, SchemaId};

/// Positions in the lists of [`Facts`].
#[derive(Debug, Default)]
pub struct Index {
    /// Claims by schema.
    pub claims_on: BTreeMap<SchemaId, Vec<usize>>,
    /// Claims by migrator.
    pub claims_by: BTreeMap<MigratorId, Vec<usize>>,
    /// Uses by schema.
    pub uses_of: BTreeMap<SchemaId, Vec<usize>>,
    /// Rights by the account's namespace and name.
    pub rights: BTreeMap<(String, String), Vec<usize>>,
    /// Schemas by scope and database.
    pub schemas: BTreeMap<(String, String), Vec<SchemaId>>,
    /// Namespaces in which an Application with gaps puts its objects.
    hidden: BTreeSet<String>,
}

impl Index {
    /// Goes over the facts once.
    pub fn new(facts: &Facts) -> Self {
        let mut index = Self::default();
        for (at, claim) in facts.claims.iter().enumerate() {
            index.claims_on.entry(claim.schema).or_default().push(at);
            index.claims_by.entry(claim.migrator).or_default().push(at);
        }
        for (at, usage) in facts.uses.iter().enumerate() {
            index.uses_of.entry(usage.schema).or_default().push(at);
        }
        for (at, right) in facts.rights.iter().enumerate() {
            index.rights.entry((right.namespace.clone(), right.account.clone())).or_default().push(at);
        }
        for (at, schema) in facts.schemas.iter().enumerate() {
            index.schemas.entry((schema.scope.clone(), schema.database.clone())).or_default().push(SchemaId(at));
        }
        index.hidden = facts.apps.iter().filter(|app| app.gaps).map(|app| app.namespace.clone()).collect();
        index
    }

    /// Whether a place with gaps may hold objects of a namespace.
    pub fn may_hide(&self, namespace: &str) -> bool {
        !self.hidden.is_empty() && (namespace.is_empty() || self.hidden.contains("") || self.hidden.contains(namespace))
    }
}
