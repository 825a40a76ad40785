//! What workloads need before their pods can start, and how that stands to them in time.

use super::{Graph, Order, Ranking};
use crate::facts::{Producer, Way, Workload, WorkloadId, WorkloadRole};
use crate::finding::Certainty;
use crate::yaml::Origin;

/// Something without which the pods of a workload do not start.
#[derive(Debug, Clone)]
pub struct Dependency<'g> {
    /// The workload.
    pub workload: WorkloadId,
    /// `Secret`, `ConfigMap`, `ServiceAccount`, `PersistentVolumeClaim`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'g str,
    /// Where the workload names it.
    pub origin: &'g Origin,
    /// What makes it, each with how the workload stands to it.
    pub producers: Vec<(&'g Producer, Order)>,
}

impl Dependency<'_> {
    /// Whether something that is sure to make it is known, and the workload comes before all that may.
    pub fn is_before_all(&self) -> bool {
        self.producers.iter().any(|(producer, _)| producer.certainty > Certainty::Inferred)
            && self.producers.iter().all(|(_, order)| order.ranking == Ranking::Before)
    }

    /// The first thing that is sure to make it.
    pub fn maker(&self) -> Option<&(&Producer, Order)> {
        self.producers.iter().find(|(producer, _)| producer.certainty > Certainty::Inferred)
    }
}

impl Graph {
    /// What the workloads need that run when their Application is synced, each thing once a workload.
    ///
    /// Left out is what a pod starts without, and workloads that run no pod at sync time.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        let waits = |workload: &Workload| !matches!(workload.role, WorkloadRole::Scheduled | WorkloadRole::OnDemand);
        let run = self.workloads().filter(move |(_, workload)| waits(workload) && workload.replicas != Some(0));
        run.flat_map(|(id, workload)| self.needed_by(id, workload))
    }

    fn needed_by<'g>(&'g self, id: WorkloadId, workload: &'g Workload) -> Vec<Dependency<'g>> {
        let namespace = &self.object(workload.object).namespace;
        let mut needed: Vec<(&'static str, &str, &Origin)> = Vec::new();
        for grant in workload.grants.iter().filter(|grant| !grant.optional && grant.way != Way::Pull) {
            needed.push(("Secret", &self.secret(grant.secret).name, &grant.origin));
        }
        needed.extend(workload.needs.iter().map(|need| (need.kind, need.name.as_str(), &need.origin)));
        let mut seen = std::collections::BTreeSet::new();
        needed.retain(|(kind, name, _)| seen.insert((*kind, *name)) && (*kind, *name) != ("ServiceAccount", "default"));
        let dependency = |(kind, name, origin)| {
            let mut makers = self.producers_of(kind, namespace, name);
            // What another root brings is another cluster's, or the same thing once more.
            if makers.iter().any(|made| self.share_root(workload.object, made.object)) {
                makers.retain(|made| self.share_root(workload.object, made.object));
            }
            let producers = makers.into_iter().map(|made| (made, self.order(workload.object, made.object))).collect();
            Dependency { workload: id, kind, name, origin, producers }
        };
        needed.into_iter().map(dependency).collect()
    }
}
