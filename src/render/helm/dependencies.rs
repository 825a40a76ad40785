//! Which sub-charts take part, under which names, and which of their values their parent imports
//! (`pkg/chartutil/dependencies.go`, `pkg/chart/v2/util/dependencies.go`).
//!
//! A loaded chart is shared and never changed: what a release makes of it is an [`Instance`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chart::Chart;
use super::coalesce::{Merger, Mode};
use super::error::RenderError;
use super::metadata::Import;
use super::semver;
use super::tree::{Table, Tree};
use super::version::HelmVersion;
use crate::budget::{Budget, Exceeded};
use crate::source::{FileId, Span};
use crate::yaml::{Origin, Role};

/// Sub-charts below sub-charts: more than any chart has, less than a stack holds.
pub(super) const MOST_LEVELS: usize = 64;

/// What one sub-chart costs, in values: it is gone through again and again, and aliases of aliases multiply.
const INSTANCE: u64 = 200;

/// A chart as one release uses it.
pub(super) struct Instance {
    pub(super) chart: Arc<Chart>,
    /// Its name, or its alias.
    pub(super) name: Arc<str>,
    /// Helm's full path of it: `parent/charts/name`.
    pub(super) path: String,
    pub(super) root: bool,
    pub(super) values: Table,
    pub(super) children: Vec<Instance>,
    /// What its Chart.yaml lists; `None` where it does not.
    pub(super) wanted: Option<Vec<Wanted>>,
}

/// A listed dependency.
#[derive(Clone)]
pub(super) struct Wanted {
    /// Which of the listed ones.
    pub(super) index: usize,
    /// Its name, or its alias once that was given to it.
    pub(super) name: Arc<str>,
    pub(super) enabled: bool,
}

impl Instance {
    /// A chart as it was loaded, as root.
    ///
    /// # Errors
    /// Too many sub-charts for the budget.
    pub(super) fn root(chart: &Arc<Chart>, budget: &Budget) -> Result<Self, Exceeded> {
        let path = chart.name().to_owned();
        Self::new(chart, Arc::clone(&chart.metadata.name.text), path, true, budget)
    }

    fn new(chart: &Arc<Chart>, name: Arc<str>, path: String, root: bool, budget: &Budget) -> Result<Self, Exceeded> {
        budget.items(INSTANCE)?;
        let children = chart.dependencies.iter().map(|sub| {
            let below = format!("{path}/charts/{}", sub.name());
            Self::new(sub, Arc::clone(&sub.metadata.name.text), below, false, budget)
        });
        let children = children.collect::<Result<_, _>>()?;
        let values = match chart.values.as_ref().map(Tree::from_node) {
            Some(Tree::Table(table)) => table,
            _ => Table::new(nowhere()),
        };
        let wanted = chart.metadata.dependencies.as_ref().map(|all| {
            let listed = all.iter().enumerate();
            listed.map(|(index, d)| Wanted { index, name: Arc::clone(&d.name.text), enabled: false }).collect()
        });
        Ok(Self { chart: Arc::clone(chart), name, children, path, root, values, wanted })
    }

    /// The same chart again, for an alias.
    fn again(&self, name: &Arc<str>, above: &str, budget: &Budget) -> Result<Self, Exceeded> {
        Self::new(&self.chart, Arc::clone(name), format!("{above}/charts/{name}"), false, budget)
    }

    fn version(&self) -> &str {
        &self.chart.metadata.version.text
    }

    /// Gives the paths below a path that changed.
    fn settle(&mut self, path: String, helm: HelmVersion) {
        let renamed = *self.name != *self.chart.name();
        for child in &mut self.children {
            // Helm 3 leaves the children of a renamed chart where they were, unless its Chart.yaml lists any.
            let above = if helm == HelmVersion::V3 && renamed && self.wanted.is_none() {
                match path.rsplit_once('/') {
                    Some((above, _)) => format!("{above}/{}", self.chart.name()),
                    None => path.clone(),
                }
            } else {
                path.clone()
            };
            let below = format!("{above}/charts/{}", child.name);
            child.settle(below, helm);
        }
        self.path = path;
    }
}

/// The origin of what stands nowhere.
pub(super) fn nowhere() -> Origin {
    Origin::of(Role::Default, Span::new(FileId(u32::MAX), 0, 0))
}

/// Prepares a chart for a release with these values.
///
/// # Errors
/// Helm's text.
pub(super) fn process(
    chart: &mut Instance,
    user: &Table,
    helm: HelmVersion,
    budget: &Budget,
) -> Result<(), RenderError> {
    let mut work = Work { merger: Merger { helm, budget }, renamed: BTreeMap::new(), imported: BTreeSet::new() };
    work.enable(chart, user, "")?;
    chart.settle(chart.path.clone(), helm);
    work.import(chart)
}

struct Work<'b> {
    merger: Merger<'b>,
    /// Helm 3 keeps one list of dependencies for all aliases of a chart: the names that it has by now.
    renamed: BTreeMap<*const Chart, Vec<Arc<str>>>,
    /// For the same reason, only the first of the aliases imports values.
    imported: BTreeSet<*const Chart>,
}

impl Work<'_> {
    fn enable(&mut self, chart: &mut Instance, user: &Table, path: &str) -> Result<(), RenderError> {
        let Some(mut wanted) = chart.wanted.take() else { return Ok(()) };
        let loaded = Arc::clone(&chart.chart);
        let listed = loaded.metadata.dependencies.as_deref().unwrap_or_default();
        if let Some(names) = self.renamed.get(&Arc::as_ptr(&loaded)) {
            wanted.iter_mut().zip(names).for_each(|(one, name)| one.name = Arc::clone(name));
        }
        let helm = self.merger.helm;
        let fits = |one: &Wanted, sub: &Instance| {
            one.name == sub.name && semver::fits(&listed[one.index].version.text, sub.version(), helm)
        };
        let mut children = Vec::new();
        let there = std::mem::take(&mut chart.children);
        let mut used: Vec<Option<Instance>> = there.into_iter().map(Some).collect();
        for slot in &mut used {
            let unlisted = slot.as_ref().is_some_and(|sub| !wanted.iter().any(|one| fits(one, sub)));
            if unlisted {
                children.push(slot.take());
            }
        }
        let there: Vec<&Instance> = used.iter().chain(&children).filter_map(Option::as_ref).collect();
        let mut listed_children = Vec::new();
        for one in &mut wanted {
            let alias = &listed[one.index].alias.text;
            let name = if alias.is_empty() { Arc::clone(&one.name) } else { Arc::clone(alias) };
            if let Some(sub) = there.iter().find(|sub| fits(one, sub)) {
                listed_children.push(sub.again(&name, &chart.path, self.merger.budget)?);
            }
            one.name = name;
            one.enabled = true;
        }
        drop(there);
        if helm == HelmVersion::V3 {
            let names = wanted.iter().map(|one| Arc::clone(&one.name)).collect();
            self.renamed.insert(Arc::as_ptr(&loaded), names);
        }
        chart.children = children.into_iter().flatten().chain(listed_children).collect();

        let values = self.merger.values(chart, user, Mode::Coalesce)?;
        for one in &mut wanted {
            let dependency = &listed[one.index];
            one.enabled = by_tags(dependency.tags.iter().map(|tag| &*tag.text), &values).unwrap_or(one.enabled);
            if let Some(enabled) = by_condition(&dependency.condition.text, path, &values) {
                one.enabled = enabled;
            }
        }
        let off: BTreeSet<Arc<str>> =
            wanted.iter().filter(|one| !one.enabled).map(|one| Arc::clone(&one.name)).collect();
        chart.children.retain(|child| !off.contains(&child.name));
        wanted.retain(|one| !off.contains(&one.name));
        for child in &mut chart.children {
            let below = format!("{path}{}.", child.name);
            self.enable(child, &values, &below)?;
        }
        chart.wanted = Some(wanted);
        Ok(())
    }

    fn import(&mut self, chart: &mut Instance) -> Result<(), RenderError> {
        for child in &mut chart.children {
            self.import(child)?;
        }
        let Some(wanted) = &chart.wanted else { return Ok(()) };
        let listed = chart.chart.metadata.dependencies.as_deref().unwrap_or_default();
        let values = self.merger.values(chart, &Table::new(nowhere()), Mode::Merge)?;
        let mut imported = Table::new(nowhere());
        let first = self.imported.insert(Arc::as_ptr(&chart.chart)) || self.merger.helm == HelmVersion::V4;
        for one in wanted.iter().filter(|_| first) {
            for import in &listed[one.index].imports {
                let (child, parent) = match import {
                    Import::Pair { child, parent } => (child.clone(), parent.as_str()),
                    Import::Export(name) => (format!("exports.{name}"), "."),
                };
                let Some(table) = values.table(&format!("{}.{child}", one.name)) else { continue };
                let nested = match parent {
                    "." => table,
                    path => path.rsplit('.').fold(table, |below, key| {
                        let above = Table::new(below.origin().clone());
                        above.put(key, Tree::Table(below));
                        above
                    }),
                };
                self.merger.tables(&imported, &nested, Mode::Merge)?;
            }
        }
        let values = values.deep_copy(self.merger.budget)?;
        self.merger.tables(&values, &imported, Mode::Merge)?;
        imported = values;
        chart.values = imported;
        Ok(())
    }
}

/// What a dependency's tags say: true wins over false; neither means yes.
fn by_tags<'t>(tags: impl Iterator<Item = &'t str>, values: &Table) -> Option<bool> {
    let set = values.table("tags")?;
    let (mut yes, mut no) = (false, false);
    for tag in tags {
        match set.get(tag).and_then(|value| value.as_bool()) {
            Some(true) => yes = true,
            Some(false) => no = true,
            None => {}
        }
    }
    Some(yes || !no)
}

/// What the first of a dependency's conditions that is a boolean says.
fn by_condition(conditions: &str, path: &str, values: &Table) -> Option<bool> {
    let mut conditions = conditions.trim().split(',').filter(|condition| !condition.is_empty());
    conditions.find_map(|condition| values.path_value(&format!("{path}{condition}"))?.as_bool())
}
