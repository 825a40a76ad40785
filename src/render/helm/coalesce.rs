//! Helm's merging of values: a user's over a chart's, a parent's over its sub-charts', globals downwards.
//!
//! Helm 3.19 and 4.2 differ in what a null does (helm#32530, #13459, #12594); each is followed to the letter
//! (`pkg/chartutil/coalesce.go`, `pkg/chart/common/util/coalesce.go`).

use super::dependencies::Instance;
use super::error::RenderError;
use super::tree::{Slot, Table, Tree};
use super::version::HelmVersion;
use crate::budget::{Budget, Exceeded};

const GLOBAL: &str = "global";

/// How two sets of values meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nulls of the user take a chart's keys away.
    Coalesce,
    /// Nulls stay, for a later coalescing.
    Merge,
}

/// Merging as one Helm does it.
#[derive(Clone, Copy)]
pub(super) struct Merger<'b> {
    pub(super) helm: HelmVersion,
    /// What is gone through and copied is paid for: sub-charts may be many, and each has all globals.
    pub(super) budget: &'b Budget,
}

impl Merger<'_> {
    /// The values of a chart and of its sub-charts under a user's.
    ///
    /// # Errors
    /// Helm's text, where a value stands in a sub-chart's place.
    pub(super) fn values(self, chart: &Instance, user: &Table, mode: Mode) -> Result<Table, RenderError> {
        let values = user.deep_copy(self.budget)?;
        self.chart(chart, &values, mode)?;
        Ok(values)
    }

    fn chart(self, chart: &Instance, into: &Table, mode: Mode) -> Result<(), RenderError> {
        self.defaults(chart, into, mode)?;
        for sub in &chart.children {
            let table = match into.get(&sub.name) {
                None => {
                    let table = Table::new(into.origin().clone());
                    into.put(&sub.name, Tree::Table(table.clone()));
                    table
                }
                Some(Tree::Table(table)) => table,
                Some(other) => {
                    return Err(format!("type mismatch on {}: {}", sub.name, other.as_boolean()?).into());
                }
            };
            self.globals(&table, into)?;
            self.chart(sub, &table, mode)?;
        }
        Ok(())
    }

    /// A parent's globals over a sub-chart's.
    fn globals(self, sub: &Table, parent: &Table) -> Result<(), Exceeded> {
        let own = match sub.get(GLOBAL) {
            None => Table::new(parent.origin().clone()),
            Some(Tree::Table(table)) => table,
            Some(_) => return Ok(()),
        };
        let above = match parent.get(GLOBAL) {
            None => Table::new(parent.origin().clone()),
            Some(Tree::Table(table)) => table,
            Some(_) => return Ok(()),
        };
        above.pay(self.budget)?;
        for (key, slot) in above.entries() {
            let known = own.get(&key);
            match &slot.value {
                Tree::Table(table) => {
                    table.pay(self.budget)?;
                    let copy = table.shallow_copy();
                    match known {
                        None => {}
                        Some(Tree::Table(below)) => self.tables(&copy, &below, Mode::Merge)?,
                        Some(_) => continue,
                    }
                    own.set(key, Slot { key_origin: slot.key_origin, value: Tree::Table(copy) });
                }
                _ if known.is_some_and(|value| value.as_table().is_some()) => {}
                _ => own.set(key, slot),
            }
        }
        sub.put(GLOBAL, Tree::Table(own));
        Ok(())
    }

    /// A chart's own values under those that are there.
    fn defaults(self, chart: &Instance, into: &Table, mode: Mode) -> Result<(), Exceeded> {
        let clean = self.helm == HelmVersion::V4;
        let values = chart.values.deep_copy(self.budget)?;
        values.pay(self.budget)?;
        for (key, slot) in values.entries() {
            match into.get(&key) {
                Some(value) if value.is_nil() && mode == Mode::Coalesce => into.remove(&key),
                Some(Tree::Table(known)) => {
                    if let Tree::Table(own) = &slot.value {
                        let sub_chart = chart.children.iter().any(|sub| *sub.name == *key);
                        let mode = if sub_chart { Mode::Merge } else { mode };
                        if clean && mode == Mode::Coalesce {
                            own.drop_nils(self.budget)?;
                        }
                        self.tables(&known, own, mode)?;
                    }
                }
                Some(_) => {}
                None => {
                    if clean && mode == Mode::Coalesce {
                        if slot.value.is_nil() {
                            continue;
                        }
                        if let Tree::Table(own) = &slot.value {
                            own.drop_nils(self.budget)?;
                        }
                    }
                    into.set(key, slot);
                }
            }
        }
        Ok(())
    }

    /// Table over table; `over` wins and is changed. Nesting is bounded by that of the values.
    pub(super) fn tables(self, over: &Table, under: &Table, mode: Mode) -> Result<(), Exceeded> {
        under.pay(self.budget)?;
        over.pay(self.budget)?;
        let entries = under.entries();
        if self.helm == HelmVersion::V4 {
            // So that a null is known below as well, whoever reads that table next.
            for (key, slot) in over.entries().into_iter().filter(|(_, slot)| slot.value.is_nil()) {
                under.set(key, slot);
            }
        }
        for (key, slot) in entries {
            match over.get(&key) {
                None => over.set(key, slot),
                Some(mine) if mine.is_nil() => {
                    // To Helm 4 a null that meets a null, or nothing, is a user's own and stays.
                    if mode == Mode::Coalesce && (self.helm == HelmVersion::V3 || !slot.value.is_nil()) {
                        over.remove(&key);
                    }
                }
                Some(Tree::Table(mine)) => {
                    if let Tree::Table(theirs) = &slot.value {
                        self.tables(&mine, theirs, mode)?;
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
