//! What the repository says of Argo CD's own switches, wherever it says so: in its ConfigMaps, in the values of its chart (which
//! need not be at hand), in the operator's resource. Texts are searched, nothing is rendered.

use rayon::prelude::*;

use super::Settings;
use super::inventory::{self, Inventory, is_hidden};
use crate::render::kustomize::BuildOptions;
use crate::render::{Manifests, plain};
use crate::source::RepoPath;

/// The parameter of `argocd-cmd-params-cm` (`docs/operator-manual/argocd-cmd-params-cm.yaml`).
const GLOBBING: &str = "applicationsetcontroller.enable.new.git.file.globbing";

/// The key of `argocd-cm` (`docs/user-guide/kustomize.md`).
const BUILD_OPTIONS: &str = "kustomize.buildOptions";

/// The same in the resource of the operator (`argocd-operator docs/reference/argocd.md`).
const OPERATOR_BUILD_OPTIONS: &str = "kustomizeBuildOptions";

/// Whether the repository sets up an Argo CD with the controller's opt-in globbing. Where two places differ neither counts.
pub fn new_globbing(manifests: &Manifests<'_>, settings: &Settings) -> bool {
    let words = said(manifests, settings, &[GLOBBING]);
    let on: Vec<bool> = words.iter().filter_map(|word| word.parse().ok()).collect();
    !on.is_empty() && on.iter().all(|on| *on)
}

/// The command line of Kustomize. Charts are inflated in any case, and where nothing is said of the options plugins are taken
/// to be allowed: a repository that uses them has Argo CD allow it, and what they would do is a gap.
pub fn build_options(manifests: &Manifests<'_>, settings: &Settings, inventory: &Inventory) -> BuildOptions {
    let own = inventory.declared.iter().filter(|declared| inventory::is_argo_settings(&declared.node));
    let own = own.filter_map(|declared| declared.node.at(&["data", BUILD_OPTIONS])?.as_text()).next();
    if let Some(words) = own {
        return BuildOptions { enable_helm: true, ..BuildOptions::parse(words) };
    }
    if inventory.kustomizations.is_empty() {
        return BuildOptions { enable_helm: true, ..BuildOptions::default() };
    }
    // Several clusters may differ: what one of them allows is not refused.
    let words = said(manifests, settings, &[BUILD_OPTIONS, OPERATOR_BUILD_OPTIONS]);
    let options = BuildOptions::parse(&words.join(" "));
    BuildOptions { enable_helm: true, enable_plugins: options.enable_plugins || words.is_empty(), ..options }
}

/// The key of `argocd-cm` (`docs/user-guide/projects.md`).
const GLOBAL_PROJECTS: &str = "globalProjects";

/// Whether Argo CD is told, in any place, that projects inherit from others. Its ConfigMap may be one that cannot be rendered
/// here (the base of an installation is somebody else's), and what is told is seen all the same.
pub fn global_projects(manifests: &Manifests<'_>, settings: &Settings) -> bool {
    let tells = |line: &str| {
        // A generator of ConfigMaps takes a key's value from the file of its name.
        let file = line.trim().trim_end_matches(['"', '\'']).strip_suffix(GLOBAL_PROJECTS);
        let by_file = file.is_some_and(|before| before.ends_with('/') || before.trim_end().ends_with('-'));
        by_file || value(line, GLOBAL_PROJECTS).is_some_and(|value| !matches!(value.as_str(), "[]" | "{}"))
    };
    let repository = manifests.repository();
    repository.files().par_iter().filter(|path| is_read(path, settings)).any(|path| {
        let text = repository.read(path).ok().filter(|text| text.contains(GLOBAL_PROJECTS));
        text.is_some_and(|text| text.lines().any(tells))
    })
}

fn is_read(path: &RepoPath, settings: &Settings) -> bool {
    plain::is_manifest_name(path) && !is_hidden(path) && !settings.ignored.is_match(path.as_str())
}

/// What the lines of all texts set some keys to; what a template fills in is not known.
fn said(manifests: &Manifests<'_>, settings: &Settings, keys: &[&str]) -> Vec<String> {
    let repository = manifests.repository();
    let files = repository.files().par_iter().filter(|path| is_read(path, settings));
    let found = files.filter_map(|path| repository.read(path).ok()).map(|text| {
        let keys = keys.iter().filter(|key| text.contains(**key));
        keys.flat_map(|key| text.lines().filter_map(|line| value(line, key))).collect::<Vec<String>>()
    });
    found.flatten().collect()
}

/// What one line sets a key to: `key: value`, or `- key=value` as a generator of ConfigMaps has it.
fn value(line: &str, key: &str) -> Option<String> {
    const QUOTES: [char; 2] = ['"', '\''];
    let rest = line.trim_start().trim_start_matches("- ").trim_start_matches(QUOTES).strip_prefix(key)?;
    let value =
        rest.trim_start_matches(QUOTES).strip_prefix([':', '='])?.split(" #").next()?.trim().trim_matches(QUOTES);
    (!value.contains("{{")).then(|| value.to_owned())
}
