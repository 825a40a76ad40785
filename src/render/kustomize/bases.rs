//! Bases that were built already: what many overlays stand on is accumulated once, and every further overlay starts from a
//! copy, whose trees are shared until it changes them.
//!
//! Only what would come out the same is kept: nothing with a gap, nothing that depends on who asks.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::build::Build;
use super::fail::Fail;
use super::files::{Loader, Shared};
use super::target::Accumulated;
use super::tree;
use crate::hash::Seeded;
use crate::source::RepoPath;

/// What a build came past: for whoever takes its result instead of building again.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    /// Files that were read.
    pub(super) files: BTreeSet<RepoPath>,
    /// Folders that were entered.
    roots: BTreeSet<RepoPath>,
    /// The deepest nesting that was reached.
    deepest: usize,
}

impl Trail {
    /// Notes a folder that is entered.
    pub(super) fn enter(&mut self, root: &RepoPath, depth: usize) {
        self.roots.insert(root.clone());
        self.deepest = self.deepest.max(depth);
    }

    fn extend(&mut self, other: &Trail) {
        self.files.extend(other.files.iter().cloned());
        self.roots.extend(other.roots.iter().cloned());
        self.deepest = self.deepest.max(other.deepest);
    }
}

/// Everything that a base's result depends on besides its files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    root: RepoPath,
    unrestricted: bool,
    enable_helm: bool,
    enable_plugins: bool,
    charts: bool,
    chart_namespace: String,
    kube_version: String,
    api_versions: Vec<String>,
}

/// Nodes of one object are counted up to here.
const MANY: u64 = 1_000_000;

struct Base {
    made: Accumulated,
    unknown_kind: bool,
    /// Nodes of its objects, and what is noted about them: what is done to each costs whoever stands on the base as much as reading them.
    nodes: u64,
    /// What was met on the way, the depth counted from the base.
    trail: Trail,
}

/// The bases of all builds.
#[derive(Default)]
pub(super) struct Bases(Mutex<Seeded<Key, Arc<Base>>>);

impl Bases {
    /// The base of a folder: the one that is known, or what `make` gives.
    pub(super) fn get(
        shared: &Shared<'_>,
        build: &Build<'_>,
        loader: &Loader<'_>,
        chart_namespace: &str,
        depth: usize,
        deepest: usize,
        make: impl FnOnce() -> Result<Accumulated, Fail>,
    ) -> Result<Accumulated, Fail> {
        // Types that were brought, notes of origins and gaps are the whole build's matter.
        let plain = || build.schemas.borrow().is_none() && !build.incomplete.get();
        if build.metadata.any() || !plain() {
            return make();
        }
        let key = Key {
            root: loader.root.clone(),
            unrestricted: shared.unrestricted,
            enable_helm: build.enable_helm,
            enable_plugins: build.enable_plugins,
            charts: build.charts.is_some(),
            chart_namespace: chart_namespace.to_owned(),
            kube_version: build.kube_version.clone(),
            api_versions: build.api_versions.clone(),
        };
        let bases = &shared.cache.bases.0;
        let known = bases.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(base) = known
            && depth + base.trail.deepest <= deepest
            && !base.trail.roots.iter().any(|root| loader.has_referrer_within(root))
        {
            shared.budget.items(base.nodes)?;
            let mut trail = shared.trail.borrow_mut();
            trail.files.extend(base.trail.files.iter().cloned());
            trail.roots.extend(base.trail.roots.iter().cloned());
            trail.deepest = trail.deepest.max(depth + base.trail.deepest);
            build.unknown_kind.set(build.unknown_kind.get() || base.unknown_kind);
            return Ok(base.made.clone());
        }
        let before = std::mem::take(&mut *shared.trail.borrow_mut());
        let unknown_before = build.unknown_kind.replace(false);
        let made = make();
        let mut own = std::mem::replace(&mut *shared.trail.borrow_mut(), before);
        shared.trail.borrow_mut().extend(&own);
        let unknown_kind = build.unknown_kind.get();
        build.unknown_kind.set(unknown_before || unknown_kind);
        let made = made?;
        if plain() {
            own.deepest = own.deepest.saturating_sub(depth);
            let nodes =
                made.map.list.iter().map(|object| tree::measure(&object.node, MANY).0 + object.notes.weight()).sum();
            let base = Base { made: made.clone(), unknown_kind, nodes, trail: own };
            bases.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(base));
        }
        Ok(made)
    }
}
