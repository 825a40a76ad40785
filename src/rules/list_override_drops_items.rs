//! `list-override-drops-items`: an environment's list of values replaces the shared one, and some of it is lost.

use std::collections::BTreeMap;

use super::{Rule, also_in, some_of};
use crate::finding::Finding;
use crate::graph::{Graph, Override, Span, evidence};

/// The rule.
pub const RULE: Rule =
    Rule { id: "list-override-drops-items", page: include_str!("../../rules/list-override-drops-items.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    // Environments that lose the same items of the same list make one fault.
    let mut groups: BTreeMap<(Span, &[Option<String>]), Vec<&Override>> = BTreeMap::new();
    for list in graph.facts().overrides.iter().filter(|list| is_partial(list)) {
        groups.entry((list.shared.1.anchor(), &list.lost)).or_default().push(list);
    }
    groups.into_values().map(|group| report(graph, &group)).collect()
}

/// Whether the list means to be the shared one with a change: it repeats some of it, or has fewer items that are told apart by
/// name, as a list has that was meant to add to the shared one or to say nothing of its own. One of other values, or of as many
/// other names, is another list, and one of values that is emptied is one value less.
fn is_partial(list: &Override) -> bool {
    list.kept > 0 || (list.named && list.own_items < list.lost.len())
}

fn report(graph: &Graph, group: &[&Override]) -> Finding {
    let one = group[0];
    let names: Vec<String> = one.lost.iter().flatten().map(|name| format!("`{name}`")).collect();
    let lost = match (names.len(), one.lost.len()) {
        (named, all) if named == all => some_of(names),
        (_, 1) => "one item of it".to_owned(),
        (_, all) => format!("{all} items of it"),
    };
    let emptied = one.own_items == 0;
    let how = if emptied { "empty" } else { "replace" };
    let message = format!("an environment's values {how} the list `{}` of `{}` and lose {lost}", one.list, one.shared.0);
    let how = if emptied { "empties the list" } else { "replaces the whole list" };
    let own = |list: &Override| evidence(&list.own.1, format!("`{}` {how}", list.own.0));
    let mut finding = RULE.finding(message, own(one)).because(evidence(&one.shared.1, "the shared list, which Helm does not merge"));
    for list in group {
        finding = also_in(finding.because(own(list)), graph.app(list.app));
    }
    finding
        .about("list", &one.list)
        .about("values", &one.shared.0)
        .help(if emptied {
            "take the empty list away, or allow this where the environment is meant to have none".to_owned()
        } else {
            format!("repeat {lost} in the environment's list, or make the list a map, which Helm merges")
        })
}
