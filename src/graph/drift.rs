//! What differs between the environments of one component: its credentials, its phase, its hooks.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::facts::rollout::{component, is_named};
use crate::facts::{App, AppId, Secret};
use crate::facts::{Aspect, Intended};
use crate::finding::Evidence;

/// A component that differs between environments.
#[derive(Debug, Clone)]
pub struct Drift<'g> {
    /// The component: the Applications' name without the environment's.
    pub component: String,
    /// On which side.
    pub aspect: Aspect,
    /// What most environments have in common, or the first of them.
    pub most: Side,
    /// The others, each with what it has instead.
    pub others: Vec<Side>,
    /// The Applications.
    pub apps: Vec<AppId>,
    /// What says that it is meant.
    pub intended: Option<&'g Intended>,
}

/// Environments that are alike.
#[derive(Debug, Clone)]
pub struct Side {
    /// Their names.
    pub environments: Vec<String>,
    /// What they have, in words, with where it is said.
    pub items: BTreeMap<String, Evidence>,
}

/// What an environment has: an item in words, with where it is said.
type Items = BTreeMap<String, Evidence>;

impl Graph {
    /// The differences between the environments of every component.
    pub fn drifts(&self) -> Vec<Drift<'_>> {
        let mut components: BTreeMap<(Option<&str>, &str), Vec<AppId>> = BTreeMap::new();
        for (at, (app, placing)) in self.facts().apps.iter().zip(&self.facts().rollout.placings).enumerate() {
            if app.argo && app.environment.is_some() {
                let set = placing.set.map(|set| &*self.facts().rollout.sets[set].name);
                components.entry((set, &placing.component)).or_default().push(AppId(at));
            }
        }
        let grants = self.held();
        let mut drifts = Vec::new();
        for ((_, name), apps) in components {
            for aspect in [Aspect::Credentials, Aspect::Phase, Aspect::Hooks] {
                drifts.extend(self.drift(name, aspect, &apps, &grants));
            }
        }
        drifts
    }

    fn drift(&self, name: &str, aspect: Aspect, apps: &[AppId], held: &BTreeMap<AppId, [Items; 2]>) -> Vec<Drift<'_>> {
        let mut sides: BTreeMap<&str, Items> = BTreeMap::new();
        let mut seen = Vec::new();
        for &id in apps {
            let app = self.app(id);
            // What could not be rendered may hold whatever seems to be missing.
            let Some(environment) = app.environment.as_deref().filter(|_| aspect == Aspect::Phase || !app.gaps) else {
                continue;
            };
            seen.push(id);
            let nothing = [Items::new(), Items::new()];
            let [credentials, hooks] = held.get(&id).unwrap_or(&nothing);
            let items = match aspect {
                Aspect::Credentials => credentials.clone(),
                Aspect::Hooks => hooks.clone(),
                Aspect::Phase => self.phase(id),
            };
            sides.entry(environment).or_default().extend(items);
        }
        let speaking: Vec<&Intended> =
            self.facts().rollout.intended.iter().filter(|intended| intended.speaks_of(name, aspect)).collect();
        let letting = |environment: &str| speaking.iter().copied().find(|intended| intended.lets(environment));
        let made = |sides: &BTreeMap<&str, Items>, intended| {
            let (most, others) = divided(sides)?;
            let apps = seen.clone();
            Some(Drift { component: name.to_owned(), aspect, most, others, apps, intended })
        };
        let strict: BTreeMap<&str, Items> = sides
            .iter()
            .filter(|(environment, _)| letting(environment).is_none())
            .map(|(e, i)| (*e, i.clone()))
            .collect();
        let standing = made(&strict, None);
        // An environment that may differ is shown with the reason, too.
        let meant = sides.keys().find_map(|environment| letting(environment)).and_then(|intended| {
            let differs = standing.is_none() || strict.len() < sides.len();
            differs.then(|| made(&sides, Some(intended)))?
        });
        standing.into_iter().chain(meant).collect()
    }

    /// By Application: the credentials of its hooks and those of databases, and its hooks.
    fn held(&self) -> BTreeMap<AppId, [Items; 2]> {
        let mut held: BTreeMap<AppId, [Items; 2]> = BTreeMap::new();
        for (id, workload) in self.workloads() {
            let app = self.app(workload.app);
            let [credentials, hooks] = held.entry(workload.app).or_default();
            let object = self.object(workload.object);
            let hook = self.is_hook(id);
            let called = |name: &str| component(name, app.environment.as_deref());
            if hook && object.schedule.hook {
                let moments: Vec<String> = object
                    .schedule
                    .moments()
                    .map(|moment| format!("{}, wave {}", moment.phase.name(), moment.wave))
                    .collect();
                let item = format!("{} `{}` ({})", object.kind, called(&object.name), moments.join("; "));
                hooks
                    .entry(item)
                    .or_insert_with(|| crate::facts::evidence(&object.origin, self.name_of(workload.object)));
            }
            let of_database = |secret: &Secret| secret.database.is_some();
            for (grant, secret) in self.credentials_of(id).filter(|(_, secret)| hook || of_database(secret)) {
                let item = format!("Secret `{}`", called(&secret.name));
                let text = format!("{} is given Secret `{}`", self.name_of(workload.object), secret.name);
                credentials.entry(item).or_insert_with(|| crate::facts::evidence(&grant.origin, text));
            }
        }
        held
    }

    /// The labels by which steps select, but for those that name the environment; or the wave under a parent.
    fn phase(&self, id: AppId) -> Items {
        let (app, placing) = (self.app(id), self.placing(id));
        let environment = app.environment.as_deref().unwrap_or("");
        let set = placing.set.map(|set| &self.facts().rollout.sets[set]);
        let keys = set.filter(|set| set.rolling.is_some()).map(|set| set.phase_keys()).unwrap_or_default();
        let labels = keys.into_iter().filter_map(|key| Some((key, placing.label(key)?)));
        let labels = labels.filter(|(key, label)| !is_named(&label.value, environment) && !is_place(key));
        let mut items: Items = labels
            .map(|(key, label)| {
                let shown = crate::facts::evidence(&label.origin, text_of(app, key, &label.value));
                (format!("`{key}: {}`", label.value), shown)
            })
            .collect();
        if let Some(wave) = placing.wave.as_ref().filter(|_| placing.parent.is_some()) {
            let shown = crate::facts::evidence(&wave.origin, text_of(app, "sync-wave", &wave.value));
            items.insert(format!("`sync-wave: {}`", wave.value), shown);
        }
        items
    }
}

fn text_of(app: &App, key: &str, value: &str) -> String {
    format!("Application `{}` has `{key}: {value}`", app.name)
}

/// Labels that say where an Application goes.
fn is_place(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key).to_lowercase();
    ["env", "environment", "cluster", "region", "zone", "stage", "tenant", "namespace"]
        .iter()
        .any(|word| name.contains(word))
}

/// The environments by what they have: the most of them that are alike, then the others.
fn divided(sides: &BTreeMap<&str, Items>) -> Option<(Side, Vec<Side>)> {
    let mut groups: BTreeMap<BTreeSet<&str>, Side> = BTreeMap::new();
    for (environment, items) in sides {
        let side = groups
            .entry(items.keys().map(String::as_str).collect())
            .or_insert_with(|| Side { environments: Vec::new(), items: items.clone() });
        side.environments.push((*environment).to_owned());
    }
    let mut groups: Vec<Side> = groups.into_values().collect();
    // Of as many, the one that has more is taken for the rule.
    groups.sort_by_key(|side| {
        (usize::MAX - side.environments.len(), usize::MAX - side.items.len(), side.environments.clone())
    });
    let most = if groups.len() > 1 { Some(groups.remove(0)) } else { None };
    most.map(|most| (most, groups))
}
