//! What all kustomizations of one build have in common: its options, the types that patches merge by, and the gaps that what
//! cannot be seen leaves.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use super::charts::Charts;
use super::fail::{Fail, Outside};
use super::metadata::BuildMetadata;
use super::remote;
use super::schema::Schemas;
use crate::finding::Gap;
use crate::render::submodules;
use crate::source::Span;

/// What all kustomizations of one build have in common.
pub(super) struct Build<'b> {
    pub(super) charts: Option<&'b dyn Charts>,
    pub(super) enable_helm: bool,
    pub(super) enable_plugins: bool,
    pub(super) kube_version: String,
    pub(super) api_versions: Vec<String>,
    pub(super) remotes: super::Remotes<'b>,
    pub(super) gaps: RefCell<Vec<Gap>>,
    /// The gaps once more, to tell none twice.
    pub(super) told: RefCell<HashSet<(Option<Span>, String)>>,
    /// Whether something that would have objects could not be seen.
    pub(super) incomplete: Cell<bool>,
    pub(super) schemas: RefCell<Option<Arc<Schemas>>>,
    /// Whether a kind came up that is not Kubernetes' own, before anybody brought types: Kubernetes' types then count too.
    pub(super) unknown_kind: Cell<bool>,
    pub(super) metadata: BuildMetadata,
}

impl Build<'_> {
    pub(super) fn gap(&self, gap: Gap) {
        self.incomplete.set(true);
        if self.told.borrow_mut().insert((gap.span, gap.message.clone())) {
            self.gaps.borrow_mut().push(gap);
        }
    }

    /// What could be read; what is nowhere at hand leaves a gap instead.
    pub(super) fn seen<T>(&self, read: Result<T, Fail>) -> Result<Option<T>, Fail> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Fail { outside: Some(outside), span, .. }) => {
                let gap = match outside {
                    Outside::Web(address) => remote::gap(&address),
                    Outside::Submodule(path) => submodules::gap(&path),
                };
                self.gap(match span {
                    Some(span) => gap.at(span),
                    None => gap,
                });
                Ok(None)
            }
            Err(fail) => Err(fail),
        }
    }

    pub(super) fn schemas(&self) -> Arc<Schemas> {
        self.schemas.borrow().clone().unwrap_or_else(Schemas::builtin)
    }
}
