//! `duplicate-secret-producer`: two objects write one Secret, and each undoes the other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, also_in, joined};
use crate::finding::{Certainty, Finding};
use crate::graph::{AppId, Graph, Producer, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "duplicate-secret-producer", page: include_str!("../../rules/duplicate-secret-producer.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    // Folders that no Application brings may be variants of each other, of which one is in use.
    let folder = |producer: &Producer| {
        let app = graph.object(producer.object).app;
        (!graph.app(app).argo).then_some(app)
    };
    let mut by_name: BTreeMap<(&str, &str, Option<AppId>), Vec<&Producer>> = BTreeMap::new();
    for producer in graph.producers().iter().filter(|producer| writes(producer)) {
        by_name.entry((&producer.namespace, &producer.name, folder(producer))).or_default().push(producer);
    }
    let reports = by_name.into_iter().flat_map(|((_, name, _), makers)| {
        let clusters = graph.by_cluster(makers, |maker| graph.object(maker.object).app);
        clusters.into_iter().filter_map(move |makers| report(graph, name, &makers))
    });
    reports.collect()
}

/// An empty Secret is there for somebody else to fill.
fn writes(producer: &Producer) -> bool {
    let placed = !matches!(producer.namespace.as_str(), "" | "*");
    let filled = producer.certainty < Certainty::Literal || !producer.keys.known().is_empty() || producer.keys.has("").is_none();
    producer.kind == "Secret" && placed && filled && !producer.merges && producer.certainty > Certainty::Inferred
}

fn report(graph: &Graph, name: &str, makers: &[&Producer]) -> Option<Finding> {
    let mut seen = BTreeSet::new();
    let mut different: Vec<&Producer> = Vec::new();
    for maker in makers {
        let object = graph.object(maker.object);
        let stub = object.kind == "Secret" && object.group.is_empty() && maker.keys.known().is_empty();
        // These ask cert-manager for a certificate, and may well ask for the same one.
        let asks = matches!(object.kind.as_str(), "Ingress" | "Gateway");
        // One object in two Applications is written by one file.
        if !stub && !asks && seen.insert((&object.group, &object.kind, &object.name)) {
            different.push(maker);
        }
    }
    if different.len() < 2 {
        return None;
    }
    let who: Vec<String> = different.iter().map(|maker| graph.name_of(maker.object)).collect();
    let mut finding = RULE.finding(
        format!("Secret `{name}` is written by {}", joined(&who)),
        evidence(&different[0].origin, format!("{} makes Secret `{name}`", who[0])),
    );
    for (maker, who) in different.iter().zip(&who).skip(1) {
        finding = finding.because(evidence(&maker.origin, format!("{who} makes Secret `{name}` too")));
    }
    for maker in &different {
        finding = also_in(finding, graph.app(graph.object(maker.object).app));
    }
    Some(finding.about("secret", name).help("leave the Secret to one of them, or give the other one's another name"))
}
