//! `missing-values-file`: a values file that is named does not exist.

use std::collections::BTreeSet;

use super::{Rule, also_in, of_defects, some_of};
use crate::finding::{Certainty, Evidence, Finding, Severity};
use crate::graph::{AppId, Graph, NamedFile};

/// The rule.
pub const RULE: Rule = Rule { id: "missing-values-file", page: include_str!("../../rules/missing-values-file.md"), check };

fn check(graph: &Graph) -> Vec<Finding> {
    let help = "add the file, or take the entry away; where files may be absent on purpose, set `ignoreMissingValueFiles: true`";
    let mut findings = of_defects(&RULE, graph, &["missing-values-file"], help);
    findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
    let failing: BTreeSet<AppId> = graph.defects(&["missing-values-file"]).iter().flatten().filter_map(|defect| defect.app).collect();
    let silent = |files: &Vec<&NamedFile>| !files.iter().any(|file| failing.contains(&file.app));
    findings.extend(graph.values_files_in_vain().into_iter().filter(silent).filter_map(|files| in_vain(graph, &files)));
    findings
}

/// An entry that may be absent, and is so everywhere: misspelled, or left over.
fn in_vain(graph: &Graph, files: &[&NamedFile]) -> Option<Finding> {
    let first = files.first()?;
    let mut paths: Vec<String> = files.iter().map(|file| format!("`{}`", file.path)).collect();
    paths.sort();
    paths.dedup();
    let verb = if paths.len() == 1 { "is" } else { "are" };
    let who = graph.applications_named(files.iter().map(|file| file.app));
    let message = format!("{who}: the values file {} {verb} not in the repository, and nothing says so", some_of(paths));
    let text = "no Application finds the values file that is named here".to_owned();
    let evidence = Evidence { span: first.span, text, certainty: Certainty::Literal };
    let finding = files.iter().fold(RULE.finding(message, evidence), |finding, file| also_in(finding, graph.app(file.app)));
    Some(finding.help("add the file, mend the name, or take the entry away: `ignoreMissingValueFiles` keeps Argo CD silent about it"))
}
