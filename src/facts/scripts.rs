//! The migration scripts that are kept in the repository: folders that Flyway reads, and ConfigMaps that its jobs mount.

use std::collections::{BTreeMap, BTreeSet};

use super::{AppId, Facts, MountFact, Script, Sources, certainty};
use crate::finding::Certainty;
use crate::k8s::workload::Source;
use crate::source::{FileId, Span};
use crate::sql::flyway::{self, ScriptKind};

/// Records the scripts.
pub fn collect(sources: &Sources, facts: &mut Facts) {
    let mounted = in_config_maps(facts);
    let mut folders = in_folders(sources);
    // A folder that comes to the job as a whole in a ConfigMap is that set once more.
    let brought = |file: &FileId| mounted.iter().any(|set| set.files.iter().any(|(_, span, _)| span.file == *file));
    folders.retain(|set| !set.files.iter().all(|(_, span, _)| brought(&span.file)));
    facts.scripts = mounted.into_iter().chain(folders).flat_map(Set::scripts).collect();
}

/// A set of scripts that one Flyway would read together.
struct Set {
    name: String,
    app: Option<AppId>,
    files: Vec<(String, Span, Certainty)>,
}

impl Set {
    fn scripts(self) -> Vec<Script> {
        let naming = flyway::Naming::default();
        let parsed: Vec<_> = self.files.iter().map(|(name, ..)| naming.parse(name)).collect();
        let accepted: Vec<usize> = (0..parsed.len()).filter(|&i| matches!(parsed[i], Some(Ok(_)))).collect();
        let names: Vec<flyway::Script> = parsed.iter().filter_map(|p| p.clone()?.ok()).collect();
        let mut versions: Vec<Option<String>> = names.iter().map(version).collect();
        for (first, later) in flyway::duplicates(&names) {
            versions[later] = versions[first].clone();
        }
        let version_of = |at: usize| accepted.binary_search(&at).ok().and_then(|i| versions[i].clone());
        let files = self.files.into_iter().enumerate().zip(&parsed).filter(|(_, parsed)| parsed.is_some());
        files
            .map(|((at, (name, span, certainty)), parsed)| Script {
                set: self.name.clone(),
                app: self.app,
                version: version_of(at),
                error: parsed.as_ref().and_then(|p| p.as_ref().err()).map(ToString::to_string),
                name,
                span,
                certainty,
            })
            .collect()
    }
}

/// What two scripts of one set may not share.
fn version(script: &flyway::Script) -> Option<String> {
    match &script.kind {
        ScriptKind::Versioned(version) => Some(format!("V{}", version.as_str())),
        ScriptKind::Undo(version) => Some(format!("U{}", version.as_str())),
        ScriptKind::Baseline(version) => Some(format!("B{}", version.as_str())),
        ScriptKind::Repeatable => Some(format!("R {}", script.description)),
        ScriptKind::Callback(_) => None,
    }
}

/// ConfigMaps that a Flyway container mounts.
fn in_config_maps(facts: &Facts) -> Vec<Set> {
    let mut seen = BTreeSet::new();
    let mut sets = Vec::new();
    for migrator in &facts.migrators {
        if migrator.tool.is_none_or(|tool| tool.id != "flyway") {
            continue;
        }
        let (Some(workload), Some(position)) = (migrator.workload, migrator.container) else { continue };
        let workload = &facts.workloads[workload.0];
        let object = &facts.objects[workload.object.0];
        let mounted = |mount: &&MountFact| mount.source == Source::ConfigMap;
        for mount in workload.containers[position].mounts.iter().filter(mounted) {
            for made in facts.producers_of("ConfigMap", &object.namespace, &mount.name.value) {
                if !seen.insert((made.object, mount.name.value.clone())) {
                    continue;
                }
                let files = made.keys.known().iter();
                sets.push(Set {
                    name: format!("ConfigMap `{}`", made.name),
                    app: Some(migrator.app),
                    files: files
                        .map(|key| (key.value.to_string(), key.origin.anchor(), certainty(&key.origin)))
                        .collect(),
                });
            }
        }
    }
    sets
}

/// Folders in which most SQL files follow Flyway's naming.
fn in_folders(sources: &Sources) -> Vec<Set> {
    let mut folders: BTreeMap<String, Vec<(String, Span, Certainty)>> = BTreeMap::new();
    for file in &sources.sql_files {
        let folder = file.path.parent().map(|p| p.as_str().to_owned()).unwrap_or_default();
        let name = file.path.file_name().to_owned();
        folders.entry(folder).or_default().push((name, file.span, Certainty::Inferred));
    }
    let naming = flyway::Naming::default();
    let is_versioned =
        |name: &str| matches!(naming.parse(name), Some(Ok(flyway::Script { kind: ScriptKind::Versioned(_), .. })));
    folders.retain(|_, files| files.iter().filter(|(name, ..)| is_versioned(name)).count() * 2 > files.len());
    folders.into_iter().map(|(folder, files)| Set { name: format!("folder `{folder}`"), app: None, files }).collect()
}
