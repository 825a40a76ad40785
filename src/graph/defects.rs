//! What Argo CD would fail on, each thing once for all Applications that it stops.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::facts::{AppId, Defect, NamedFile};
use crate::finding::Evidence;
use crate::source::Span;

impl Graph {
    /// The defects of some kinds, those at one place together.
    pub fn defects(&self, kinds: &[&str]) -> Vec<Vec<&Defect>> {
        let mut by_place: BTreeMap<Span, Vec<&Defect>> = BTreeMap::new();
        for defect in self.facts().defects.iter().filter(|defect| kinds.contains(&defect.kind)) {
            by_place.entry(defect.evidence.span).or_default().push(defect);
        }
        by_place.into_values().collect()
    }

    /// The same, and those at several places together that say the same: a path that several files name is missed once.
    pub fn defects_by_text(&self, kinds: &[&str]) -> Vec<Vec<&Defect>> {
        let mut by_text: BTreeMap<BTreeSet<&str>, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<&Defect>> = Vec::new();
        for group in self.defects(kinds) {
            let said = group.iter().map(|defect| defect.evidence.text.as_str()).collect();
            match by_text.get(&said) {
                Some(&at) => groups[at].extend(group),
                None => {
                    by_text.insert(said, groups.len());
                    groups.push(group);
                }
            }
        }
        groups
    }

    /// Files that cannot be read, but for those whose breaking is told where it stops an Application.
    pub fn broken_files(&self) -> Vec<&Evidence> {
        let start = |evidence: &Evidence| (evidence.span.file, evidence.span.start);
        let failed = self.facts().defects.iter().filter(|defect| defect.kind == "render-failed");
        let told: BTreeSet<_> = failed.map(|defect| start(&defect.evidence)).collect();
        self.facts().broken.iter().filter(|broken| !told.contains(&start(broken))).collect()
    }

    /// Values files that are named by an entry at which no Application finds one. Some of them may fail for it.
    pub fn values_files_in_vain(&self) -> Vec<Vec<&NamedFile>> {
        let mut by_place: BTreeMap<Span, Vec<&NamedFile>> = BTreeMap::new();
        for file in &self.facts().values_files {
            by_place.entry(file.span).or_default().push(file);
        }
        by_place.into_values().filter(|files| files.iter().all(|file| !file.exists)).collect()
    }

    /// Applications for people: "Application `a`", "Applications `a` and `b`"; each name once.
    pub fn applications_named(&self, ids: impl IntoIterator<Item = AppId>) -> String {
        const FEW: usize = 3;
        let mut names: Vec<&str> = ids.into_iter().map(|id| self.app(id).name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let shown: Vec<String> = names.iter().take(FEW).map(|name| format!("`{name}`")).collect();
        match (&shown[..], names.len().saturating_sub(FEW)) {
            ([], _) => String::new(),
            ([only], _) => format!("Application {only}"),
            ([most @ .., last], 0) => format!("Applications {} and {last}", most.join(", ")),
            (some, more) => format!("Applications {} and {more} more", some.join(", ")),
        }
    }
}
