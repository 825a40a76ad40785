//! `hook-only-app`: every object of an Application is a hook, so Argo CD never sees a difference to sync.

use std::collections::BTreeMap;

use super::{Rule, joined};
use crate::finding::Finding;
use crate::graph::{AppId, Graph, ObjectId, evidence};

/// The rule.
pub const RULE: Rule = Rule { id: "hook-only-app", page: include_str!("../../rules/hook-only-app.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let mut objects: BTreeMap<AppId, Vec<ObjectId>> = BTreeMap::new();
    for (id, object) in graph.objects() {
        objects.entry(object.app).or_default().push(id);
    }
    objects.iter().filter_map(|(app, objects)| report(graph, *app, objects)).collect()
}

fn report(graph: &Graph, id: AppId, objects: &[ObjectId]) -> Option<Finding> {
    let app = graph.app(id);
    let hook = |object: &ObjectId| {
        let schedule = &graph.object(*object).schedule;
        schedule.hook && !schedule.phases.is_empty()
    };
    if !app.argo || app.gaps || !objects.iter().all(hook) {
        return None;
    }
    let names: Vec<String> = objects.iter().take(3).map(|object| graph.name_of(*object)).collect();
    let more = objects.len().saturating_sub(names.len());
    let names = if more > 0 { format!("{} and {more} more", names.join(", ")) } else { joined(&names) };
    let message = format!("an Application brings nothing but hooks ({names}), so a change of them starts no sync");
    let first = *objects.first()?;
    let schedule = &graph.object(first).schedule;
    let hook = format!("{} is a hook", graph.name_of(first));
    let hook = match &schedule.phase_origin {
        Some(origin) => evidence(origin, hook),
        None => graph.shown(first, hook),
    };
    let finding = match &app.origin {
        Some(origin) => RULE.finding_in(app, message, evidence(origin, "this Application brings hooks only")).because(hook),
        None => RULE.finding_in(app, message, hook),
    };
    Some(finding.about("hook", names).help(
        "add an object that changes with the hooks (a ConfigMap with a checksum of them, say), or put them into the Application \
         that they prepare",
    ))
}
