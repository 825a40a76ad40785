//! What AppProjects refuse to the Applications that name them (`util/argo/argo.go: ValidatePermissions`,
//! `controller/sync.go: validateSyncPermissions`).

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::facts::projects::address;
use crate::facts::{AppId, Project, Target, evidence};
use crate::finding::Evidence;
use crate::k8s::argo::without_user;
use crate::k8s::scope::Scope;

/// What is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// A repository.
    Repository(String),
    /// A namespace of a cluster.
    Destination(String, String),
    /// A kind, by group and name; whether it lives in namespaces.
    Kind(String, String, bool),
    /// The namespace in which the Application itself lives.
    Home(String),
}

/// A project that refuses something to Applications.
#[derive(Debug, Clone)]
pub struct Refusal<'g> {
    /// The project.
    pub project: &'g Project,
    /// What it refuses.
    pub what: Refused,
    /// To which Applications.
    pub apps: BTreeSet<AppId>,
    /// Where they ask for it.
    pub asked: Vec<Evidence>,
}

struct Refusals<'g> {
    found: BTreeMap<(crate::source::Span, Refused), Refusal<'g>>,
}

impl<'g> Refusals<'g> {
    fn add(&mut self, project: &'g Project, what: Refused, app: AppId, asked: impl FnOnce() -> Evidence) {
        let new = || Refusal { project, what: what.clone(), apps: BTreeSet::new(), asked: Vec::new() };
        let refusal = self.found.entry((project.name.origin.anchor(), what.clone())).or_insert_with(new);
        if refusal.apps.insert(app) && refusal.asked.len() < 3 {
            refusal.asked.push(asked());
        }
    }
}

impl Graph {
    /// The projects that an Application may mean: those of its own root, or else those of the others.
    pub fn projects_of(&self, id: AppId, target: &Target) -> Vec<&Project> {
        let named = || self.facts().projects.iter().filter(|project| project.name.value == target.project.value);
        let own: Vec<&Project> = named().filter(|project| project.root == target.root).collect();
        // Of two roots with an Application of one name, as the overlays of two clusters have it, one is in effect.
        let name = &self.app(id).name;
        let beside = |project: &&Project| !self.index.brings(&project.root, &target.home, name);
        if own.is_empty() { named().filter(beside).collect() } else { own }
    }

    /// Whether nothing brings the project that an Application names: neither what was seen nor what may be hidden.
    pub fn project_is_missing(&self, id: AppId, target: &Target, open: &BTreeSet<&str>) -> bool {
        let name = &target.project.value;
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        plain
            && name != "default"
            && !self.facts().declared_projects.contains(name.as_str())
            && self.projects_of(id, target).is_empty()
            && !open.contains(target.root.as_str())
            && !self.may_hide(&target.home)
    }

    /// What projects refuse. What every project of a name refuses is refused; where projects inherit from others, nothing is.
    pub fn refusals(&self) -> Vec<Refusal<'_>> {
        if self.facts().global_projects {
            return Vec::new();
        }
        let mut refusals = Refusals { found: BTreeMap::new() };
        let mut projects: BTreeMap<AppId, Vec<&Project>> = BTreeMap::new();
        for (id, target) in self.targets() {
            let own = self.projects_of(id, target);
            if !own.is_empty() {
                self.of_application(id, target, &own, &mut refusals);
                projects.insert(id, own);
            }
        }
        self.of_objects(&projects, &mut refusals);
        self.of_namespaces(&projects, &mut refusals);
        refusals.found.into_values().collect()
    }

    fn of_application<'g>(
        &'g self,
        id: AppId,
        target: &'g Target,
        projects: &[&'g Project],
        refusals: &mut Refusals<'g>,
    ) {
        let name = &self.app(id).name;
        for repository in &target.repositories {
            let spelled = address(&repository.value);
            // Braces are escaped where Argo CD reads an address, so that such a pattern matches otherwise than it looks.
            let odd =
                |project: &&Project| project.repositories.iter().any(|pattern| pattern.text.value.contains(['{', '}']));
            let known = !repository.value.contains(['{', '}', '$', '<']);
            if known && projects.iter().all(|project| !odd(project) && !project.permits_repository(&spelled)) {
                let shown = without_user(&repository.value);
                let asked = || evidence(&repository.origin, format!("Application `{name}` takes from `{shown}`"));
                refusals.add(projects[0], Refused::Repository(shown.clone()), id, asked);
            }
        }
        let namespace = target.namespace.as_ref().map_or("", |text| &text.value);
        if target.cluster.id().is_some()
            && projects.iter().all(|project| !project.permits_destination(&target.cluster, namespace))
        {
            let what = Refused::Destination(target.cluster.shown().to_owned(), namespace.to_owned());
            let origin = target.namespace.as_ref().map_or(&target.destination, |text| &text.origin);
            let asked = || {
                let cluster = target.cluster.shown();
                let text = match namespace.is_empty() {
                    true => format!("Application `{name}` goes to `{cluster}` and names no namespace"),
                    false => format!("Application `{name}` goes to namespace `{namespace}` of `{cluster}`"),
                };
                evidence(origin, text)
            };
            refusals.add(projects[0], what, id, asked);
        }
        if projects.iter().all(|project| !project.permits_home(&target.home)) {
            let origin = self.app(id).origin.as_ref().unwrap_or(&target.destination);
            let asked = || evidence(origin, format!("Application `{name}` lives in namespace `{}`", target.home));
            refusals.add(projects[0], Refused::Home(target.home.to_string()), id, asked);
        }
    }

    fn of_objects<'g>(&'g self, all: &BTreeMap<AppId, Vec<&'g Project>>, refusals: &mut Refusals<'g>) {
        let mut places: BTreeSet<(AppId, &str)> = BTreeSet::new();
        for (id, object) in self.objects() {
            let (Some(projects), Some(target)) = (all.get(&object.app), self.target(object.app)) else { continue };
            let Some(scope) = object.scope else { continue };
            let namespaced = scope == Scope::Namespaced;
            let asked = || self.shown(id, format!("{} is rendered here", self.name_of(id)));
            let permits =
                |project: &&&Project| project.permits_kind(&object.group, &object.kind, &object.name, namespaced);
            if projects.iter().all(|project| !permits(&project)) {
                let what = Refused::Kind(object.group.to_string(), object.kind.to_string(), namespaced);
                refusals.add(projects[0], what, object.app, asked);
            }
            let own = target.namespace.as_ref().map_or("", |text| &text.value);
            let elsewhere = namespaced && !object.namespace.is_empty() && object.namespace != own;
            if elsewhere && target.cluster.id().is_some() && places.insert((object.app, &object.namespace)) {
                let denies = |project: &&Project| !project.permits_destination(&target.cluster, &object.namespace);
                if projects.iter().all(denies) {
                    let what = Refused::Destination(target.cluster.shown().to_owned(), object.namespace.to_string());
                    let asked =
                        || self.shown(id, format!("{} goes to namespace `{}`", self.name_of(id), object.namespace));
                    refusals.add(projects[0], what, object.app, asked);
                }
            }
        }
    }

    /// A namespace that Argo CD makes itself is an object like any other (`gitops-engine`: `autoCreateNamespace`).
    fn of_namespaces<'g>(&'g self, all: &BTreeMap<AppId, Vec<&'g Project>>, refusals: &mut Refusals<'g>) {
        let namespaces = self.namespaces();
        for (id, projects) in all {
            let Some(target) = self.target(*id) else { continue };
            let (Some(option), Some(namespace)) = (&target.creates_namespace, &target.namespace) else { continue };
            let name = &namespace.value;
            if !namespaces.is_made(target, name)
                && projects.iter().all(|p| !p.permits_kind("", "Namespace", name, false))
            {
                let what = Refused::Kind(String::new(), "Namespace".to_owned(), false);
                let asked =
                    || evidence(option, format!("Application `{}` has Namespace `{name}` made", self.app(*id).name));
                refusals.add(projects[0], what, *id, asked);
            }
        }
    }
}
