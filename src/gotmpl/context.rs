//! What functions and methods may use of the render that they are part of: its budget, its origins, its clock.

use super::error::Failure;
use super::functions::Functions;
use super::origin::{OriginId, SharedOrigins};
use super::text::{Run, Text, Written};
use super::value::{Data, Value};
use crate::budget::Budget;

/// What a function may use.
pub struct Context<'r> {
    /// The account that all work is charged to.
    pub budget: &'r Budget,
    /// The arena of origins.
    pub origins: &'r SharedOrigins,
    /// The set of functions that runs.
    pub functions: Functions,
    /// Helm's lint mode: what is required may be missing.
    pub lint: bool,
    /// The clock, which stands still: seconds since 1970.
    pub now: i64,
}

impl Context<'_> {
    /// Pays for text about to be made.
    pub fn bytes(&self, n: usize) -> Result<(), Failure> {
        self.budget.bytes(n).map_err(Failure::Exceeded)
    }

    /// Pays for values about to be made.
    pub fn items(&self, n: usize) -> Result<(), Failure> {
        self.budget.items(n as u64).map_err(Failure::Exceeded)
    }

    /// The failure of something that ran out of this budget.
    pub(super) fn exceeded(&self) -> Failure {
        let spent = self.budget.items(u64::MAX / 2).and_then(|()| self.budget.bytes(usize::MAX / 2));
        Failure::Exceeded(spent.err().unwrap_or(crate::budget::Exceeded::Items(0)))
    }

    /// All that took part in a value: its own origin, or that of its text's runs.
    pub fn origin_of(&self, value: &Value) -> OriginId {
        match &value.data {
            Data::Str(Text::Written(written)) => self.origin_of_runs(&written.runs, value.origin),
            _ => value.origin,
        }
    }

    pub(super) fn origin_of_runs(&self, runs: &[Run], own: OriginId) -> OriginId {
        // A few runs tell the story; a text of thousands would make thousands of entries for each function that melts it.
        let mut all = own;
        for run in runs.iter().filter(|run| !run.what.is_none()).take(16) {
            all = self.origins.union(all, run.what);
        }
        for run in runs.iter().take(4) {
            all = self.origins.union(all, run.place);
        }
        all
    }

    /// The union of the origins of several values.
    pub fn union_of<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> OriginId {
        values.into_iter().fold(OriginId::NONE, |all, value| self.origins.union(all, self.origin_of(value)))
    }

    /// A text as one with runs, whatever it was.
    pub fn written(&self, value: &Value) -> Written {
        match &value.data {
            Data::Str(Text::Written(written)) => (**written).clone(),
            Data::Str(text) => {
                let mut written = Written::default();
                let run = Run { len: 0, what: value.origin, place: OriginId::NONE, under: OriginId::NONE };
                written.push(&text.as_str(), run);
                written
            }
            _ => Written::default(),
        }
    }
}
