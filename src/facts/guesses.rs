//! Folders and charts that no Application brings: what Argo CD, or Helm, would make of them can be told in part only.

use std::collections::BTreeSet;

use super::Guess;
use crate::expand::{Application, Made, stand_in_release};
use crate::k8s::Resource;
use crate::source::{FileId, RepoPath, SourceMap};
use crate::yaml::{Node, Role};

/// What such a chart is told of the namespace that its release goes to, as Helm has it where nobody says one.
const NAMESPACE: &str = "default";

/// What is not known of a chart that nobody installs here; nothing where the Application is something else.
pub fn of(app: &Application, objects: &[Resource], texts: &SourceMap) -> Option<Box<Guess>> {
    let Made::Folder(folder) = &app.made else { return None };
    if !is_chart(objects) {
        return None;
    }
    let gave: BTreeSet<FileId> =
        objects.iter().filter_map(|object| Some(object.node.get("kind")?.span().file)).collect();
    let silent = texts.ids().filter(|id| !gave.contains(id) && is_template(&texts.path(*id), folder));
    let secrets = silent.into_iter().any(|id| texts.text(id).is_some_and(|text| makes_secrets(&text)));
    Some(Box::new(Guess { release: stand_in_release(folder).into(), namespace: NAMESPACE.into(), secrets }))
}

/// Whether phases order the objects of a folder that nobody syncs here: its objects say that Argo CD does, or Helm orders
/// them alike. Helm runs a hook of upgrades when all is there already, and Argo CD at the first sync as well.
pub fn is_phased(objects: &[Resource]) -> bool {
    const HELM: &str = "helm.sh/hook";
    let argo = |object: &Resource| {
        ["argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave"].iter().any(|key| object.annotation(key).is_some())
    };
    if objects.iter().any(argo) {
        return true;
    }
    let hooks: Vec<&str> =
        objects.iter().filter_map(|object| object.annotation(HELM).and_then(Node::as_text)).collect();
    let alike = |hook: &&str| {
        let says = |word: &str| hook.split(',').any(|said| said.trim() == word);
        ["pre", "post"].iter().all(|when| !says(&format!("{when}-upgrade")) || says(&format!("{when}-install")))
    };
    !hooks.is_empty() && is_chart(objects) && hooks.iter().all(alike)
}

fn is_chart(objects: &[Resource]) -> bool {
    objects.iter().any(|object| object.node.get("kind").is_some_and(|kind| kind.origin.role() == Role::Template))
}

fn is_template(path: &RepoPath, chart: &RepoPath) -> bool {
    let below = path.is_within(chart).then(|| path.relative_to(chart)).flatten().unwrap_or("");
    (below.starts_with("templates/") || below.contains("/templates/")) && !path.file_name().starts_with('_')
}

/// Whether a template would make a Secret, itself or through an operator (`kind: ExternalSecret`).
fn makes_secrets(template: &str) -> bool {
    let kinds = template.lines().filter_map(|line| line.trim_start().strip_prefix("kind:"));
    kinds.map(|kind| kind.trim().trim_matches('"')).any(|kind| kind.ends_with("Secret") || kind == "OnePasswordItem")
}
