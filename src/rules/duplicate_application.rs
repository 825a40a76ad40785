//! `duplicate-application`: two Applications of one name, of which there can be only one.

use std::collections::BTreeMap;

use super::{Rule, some_of};
use crate::finding::{Certainty, Evidence, Finding};
use crate::graph::{DuplicateName, Graph, Span, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "duplicate-application", page: include_str!("../../rules/duplicate-application.md"), check };

/// Where two names are written, and by whom.
type Places<'g> = ([Span; 2], &'g [Option<String>; 2]);

fn check(graph: &Graph) -> Vec<Finding> {
    // Where one parameter names both, the template leaves out what tells them apart: one fault of the set.
    let mut of_templates: BTreeMap<&str, Vec<&DuplicateName>> = BTreeMap::new();
    let mut of_names: BTreeMap<Places<'_>, Vec<&DuplicateName>> = BTreeMap::new();
    for duplicate in &graph.rollout().duplicates {
        match &duplicate.makers {
            [Some(set), Some(other)] if set == other && duplicate.places[0] == duplicate.places[1] => {
                of_templates.entry(set).or_default().push(duplicate);
            }
            makers => of_names.entry((duplicate.places, makers)).or_default().push(duplicate),
        }
    }
    let templates = of_templates.into_iter().map(|(set, group)| by_template(graph, set, &group));
    templates.chain(of_names.into_values().map(|group| by_name(&group))).collect()
}

fn by_template(graph: &Graph, set: &str, group: &[&DuplicateName]) -> Finding {
    let mut names: Vec<String> = group.iter().map(|duplicate| format!("`{}`", duplicate.name)).collect();
    names.dedup();
    let message = format!(
        "ApplicationSet `{set}` makes several Applications of one name, {}, and Argo CD then makes none of them",
        some_of(names)
    );
    let shown = |duplicate: &DuplicateName| Evidence {
        span: duplicate.places[0],
        text: format!("this names more than one Application `{}`", duplicate.name),
        certainty: Certainty::Rendered,
    };
    let template = graph.rollout().sets.iter().find(|known| known.name == set).and_then(|set| set.naming.as_ref());
    let text = "the name does not say what tells the Applications apart";
    let mut finding = match template {
        Some(origin) => RULE.finding(message, evidence(origin, text)),
        None => RULE.finding(message, shown(group[0])),
    };
    for duplicate in group.iter().take(3) {
        finding = finding.because(shown(duplicate));
    }
    finding = group.iter().fold(finding, |finding, duplicate| finding.within(&duplicate.name));
    finding
        .about("applicationset", set)
        .help("put what tells them apart into the name: the environment, the cluster, the path")
}

fn by_name(group: &[&DuplicateName]) -> Finding {
    let one = group[0];
    let by = |maker: &Option<String>| match maker {
        Some(set) => format!("ApplicationSet `{set}`"),
        None => "a manifest".to_owned(),
    };
    let [first, second] = &one.makers;
    let message = match (first, second) {
        (Some(set), Some(other)) if set == other => {
            format!("ApplicationSet `{set}` makes two Applications `{}`, and Argo CD then makes neither", one.name)
        }
        (None, None) => format!("Application `{}` is written twice", one.name),
        _ => format!("Application `{}` is made by {} and by {}", one.name, by(first), by(second)),
    };
    let shown = |at: usize, text: &str| Evidence {
        span: one.places[at],
        text: format!("{text} `{}`", one.name),
        certainty: Certainty::Rendered,
    };
    let finding = RULE.finding(message, shown(1, "this makes Application")).because(shown(0, "so does this:"));
    let finding = group.iter().fold(finding, |finding, duplicate| finding.within(&duplicate.name));
    finding.about("name", &one.name).help("leave the Application to one of them, or give the other one another name")
}
