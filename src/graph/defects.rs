//! What Argo CD would fail on, each thing once for all Applications that it stops.

use std::collections::BTreeMap;

use super::Graph;
use crate::facts::{AppId, Defect, NamedFile};
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
