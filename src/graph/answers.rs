//! The questions that rules ask.

use petgraph::Direction;
use petgraph::visit::EdgeRef;

use super::{Graph, Relation, Thing};
use crate::catalog::catalog;
use crate::facts::{
    App, AppId, Claim, Grant, Migrator, MigratorId, Object, ObjectId, Producer, Right, Schema, SchemaId, Secret,
    SecretId, Workload, WorkloadId, WorkloadRole,
};
use crate::finding::Evidence;
use crate::k8s::Word;

impl Graph {
    /// An Application.
    pub fn app(&self, id: AppId) -> &App {
        &self.facts().apps[id.0]
    }

    /// An object.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.facts().objects[id.0]
    }

    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &Object)> {
        self.facts().objects.iter().enumerate().map(|(i, object)| (ObjectId(i), object))
    }

    /// A workload.
    pub fn workload(&self, id: WorkloadId) -> &Workload {
        &self.facts().workloads[id.0]
    }

    /// All workloads.
    pub fn workloads(&self) -> impl Iterator<Item = (WorkloadId, &Workload)> {
        self.facts().workloads.iter().enumerate().map(|(i, workload)| (WorkloadId(i), workload))
    }

    /// A migrator.
    pub fn migrator(&self, id: MigratorId) -> &Migrator {
        &self.facts().migrators[id.0]
    }

    /// All migrators.
    pub fn migrators(&self) -> impl Iterator<Item = (MigratorId, &Migrator)> {
        self.facts().migrators.iter().enumerate().map(|(i, migrator)| (MigratorId(i), migrator))
    }

    /// A schema.
    pub fn schema(&self, id: SchemaId) -> &Schema {
        &self.facts().schemas[id.0]
    }

    /// All schemas.
    pub fn schemas(&self) -> impl Iterator<Item = (SchemaId, &Schema)> {
        self.facts().schemas.iter().enumerate().map(|(i, schema)| (SchemaId(i), schema))
    }

    /// A Secret.
    pub fn secret(&self, id: SecretId) -> &Secret {
        &self.facts().secrets[id.0]
    }

    /// All Secrets that are read.
    pub fn secrets(&self) -> impl Iterator<Item = (SecretId, &Secret)> {
        self.facts().secrets.iter().enumerate().map(|(i, secret)| (SecretId(i), secret))
    }

    /// All producers.
    pub fn producers(&self) -> &[Producer] {
        &self.facts().producers
    }

    /// Kind and name of an object for people: "Job `migrate`", or "Job `migrate-*`" where the cluster completes the name.
    pub fn name_of(&self, id: ObjectId) -> String {
        let object = self.object(id);
        match object.name.is_empty() {
            true => format!("{} `{}*`", object.kind, object.generated),
            false => format!("{} `{}`", object.kind, object.name),
        }
    }

    /// Who migrates a schema.
    pub fn migrators_of(&self, schema: SchemaId) -> Vec<(MigratorId, &Claim)> {
        let at = self.index.claims_on.get(&schema).map_or(&[][..], Vec::as_slice);
        at.iter().map(|&at| &self.facts().claims[at]).map(|claim| (claim.migrator, claim)).collect()
    }

    /// What a migrator migrates.
    pub fn claims_of(&self, migrator: MigratorId) -> Vec<&Claim> {
        let at = self.index.claims_by.get(&migrator).map_or(&[][..], Vec::as_slice);
        at.iter().map(|&at| &self.facts().claims[at]).collect()
    }

    /// The migrators that a workload is.
    pub fn migrators_in(&self, workload: WorkloadId) -> Vec<(MigratorId, &Migrator)> {
        let ids = self.neighbours(&Thing::Workload(workload), Relation::Migrates, Direction::Outgoing);
        let migrators = ids.into_iter().filter_map(|(thing, _)| match thing {
            Thing::Migrator(id) => Some((*id, self.migrator(*id))),
            _ => None,
        });
        migrators.collect()
    }

    /// Who uses a schema, migrators left out.
    pub fn users_of(&self, schema: SchemaId) -> Vec<(WorkloadId, &Evidence)> {
        let at = self.index.uses_of.get(&schema).map_or(&[][..], Vec::as_slice);
        at.iter().map(|&at| &self.facts().uses[at]).map(|usage| (usage.workload, &usage.evidence)).collect()
    }

    /// What a workload is given.
    pub fn credentials_of(&self, workload: WorkloadId) -> impl Iterator<Item = (&Grant, &Secret)> {
        self.workload(workload).grants.iter().map(|grant| (grant, self.secret(grant.secret)))
    }

    /// Who is given a Secret.
    pub fn holders_of(&self, secret: SecretId) -> Vec<WorkloadId> {
        let ids = self.neighbours(&Thing::Secret(secret), Relation::Holds, Direction::Incoming);
        let mut holders: Vec<WorkloadId> = ids
            .into_iter()
            .filter_map(|(thing, _)| match thing {
                Thing::Workload(id) => Some(*id),
                _ => None,
            })
            .collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    fn neighbours(&self, of: &Thing, relation: Relation, direction: Direction) -> Vec<(&Thing, &[Evidence])> {
        let Some(&at) = self.at.get(of) else { return Vec::new() };
        let edges = self.things.edges_directed(at, direction).filter(|edge| edge.weight().relation == relation);
        let mut found: Vec<(&Thing, &[Evidence])> = edges
            .map(|edge| {
                let other = if direction == Direction::Outgoing { edge.target() } else { edge.source() };
                (&self.things[other], edge.weight().evidence.as_slice())
            })
            .collect();
        found.sort();
        found
    }

    /// What makes something in a namespace.
    pub fn producers_of(&self, kind: &'static str, namespace: &str, name: &str) -> Vec<&Producer> {
        self.facts().producers_of(kind, namespace, name).collect()
    }

    /// The name of the account that a workload runs as.
    pub fn account_of(&self, workload: &Workload) -> Word {
        workload.service_account.as_ref().map_or_else(|| "default".into(), |name| name.value.clone())
    }

    /// What a workload's account may do.
    pub fn rights_of(&self, workload: WorkloadId) -> Vec<&Right> {
        let workload = self.workload(workload);
        let namespace = &self.object(workload.object).namespace;
        let account = self.account_of(workload);
        let everyone = || Word::from("*");
        let keys = [(namespace.clone(), account), (namespace.clone(), everyone()), (everyone(), everyone())];
        let mut at: Vec<usize> = keys.iter().filter_map(|key| self.index.rights.get(key)).flatten().copied().collect();
        at.sort_unstable();
        let all = at.into_iter().map(|at| &self.facts().rights[at]);
        let here = |right: &&Right| {
            self.may_share_cluster(workload.app, right.app)
                && self.is_one_namespace(workload.app, right.app, &right.namespace)
        };
        all.filter(here).collect()
    }

    /// Whether what two Applications call by one namespace's name is one namespace. Where a chart that nobody installs here
    /// would go is not known: the name that stands for it says nothing of other charts and folders.
    fn is_one_namespace(&self, one: AppId, other: AppId, namespace: &str) -> bool {
        let stands_in = |app: AppId| {
            let app = self.app(app);
            app.guess.as_ref().is_some_and(|guess| app.namespace == namespace || guess.namespace == namespace)
        };
        one == other || !(stands_in(one) || stands_in(other))
    }

    /// Whether a workload runs at sync time, migrates, or prepares something: what rules call a hook. A chart's test is none.
    pub fn is_hook(&self, id: WorkloadId) -> bool {
        let workload = self.workload(id);
        self.runs_at_sync(workload)
            || self.migrators_in(id).iter().any(|(_, m)| m.mechanism != crate::facts::Mechanism::StartUp)
    }

    /// Whether a workload runs at sync time, to its end.
    pub fn runs_at_sync(&self, workload: &Workload) -> bool {
        let schedule = &self.object(workload.object).schedule;
        !schedule.aside && (workload.role == WorkloadRole::Hook || schedule.hook)
    }

    /// Whether something in a namespace may exist although nothing that was seen makes it: an Application that goes there
    /// could not be rendered in full.
    pub fn may_hide(&self, namespace: &str) -> bool {
        self.index.may_hide(namespace)
    }

    /// Whether nothing makes a thing that is named: neither what was seen nor what may be hidden.
    ///
    /// A name that something fills in later (`${NAME}-db`) is no name yet.
    pub fn is_missing(&self, kind: &'static str, namespace: &str, name: &str) -> bool {
        let written_out = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        let elsewhere = || self.facts().external.contains(&(namespace.to_owned(), name.to_owned()));
        // A manifest that no Application brings may well be applied by hand.
        let by_hand = || {
            ["", namespace].iter().any(|namespace| {
                self.facts().unmanaged.contains(&(kind.to_owned(), (*namespace).to_owned(), name.to_owned()))
            })
        };
        written_out
            && !self.may_hide(namespace)
            && self.producers_of(kind, namespace, name).is_empty()
            && catalog().well_known(kind, name).is_none()
            && !(kind == "Secret" && elsewhere())
            && !by_hand()
            && !self.index.may_release(kind, name)
    }

    /// Whether a manifest that no Application brings makes a thing of this name in some namespace.
    pub fn is_elsewhere(&self, kind: &str, name: &str) -> bool {
        self.facts().unmanaged.iter().any(|(known, _, called)| known == kind && called == name)
    }

    /// The workloads of an Application.
    pub fn workloads_of(&self, app: AppId) -> impl Iterator<Item = &Workload> {
        let all = &self.facts().workloads;
        self.index.workloads.get(&app).into_iter().flatten().filter_map(|&at| all.get(at))
    }

    /// The workloads that rules call hooks.
    pub fn hooks(&self) -> impl Iterator<Item = (WorkloadId, &Workload)> {
        self.workloads().filter(|(id, _)| self.is_hook(*id))
    }

    /// The migrators of a workload that are no vendor's and not the application itself.
    pub fn first_party_in(&self, workload: WorkloadId) -> Vec<(MigratorId, &Migrator)> {
        let mut migrators = self.migrators_in(workload);
        migrators.retain(|(_, migrator)| migrator.is_first_party_job());
        migrators
    }

    /// An object as evidence, at its name.
    pub fn shown(&self, id: ObjectId, text: impl Into<String>) -> Evidence {
        crate::facts::evidence(&self.object(id).origin, text)
    }
}
