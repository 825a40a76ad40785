//! When an object is applied inside its Application: hooks, phases and waves as gitops-engine reads them.
//!
//! Sources: `gitops-engine/pkg/sync/{hook,syncwaves,sync_phase}`. Order between Applications is `apps`' business.

use crate::k8s::Resource;
use crate::yaml::{Node, Origin};

/// The phases of a sync, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before anything of the Application exists.
    PreSync,
    /// The Application itself.
    Sync,
    /// After all of it is healthy.
    PostSync,
    /// Only when a sync failed.
    SyncFail,
}

impl Phase {
    /// Argo CD's name.
    pub fn name(self) -> &'static str {
        match self {
            Phase::PreSync => "PreSync",
            Phase::Sync => "Sync",
            Phase::PostSync => "PostSync",
            Phase::SyncFail => "SyncFail",
        }
    }
}

/// When an object is applied: phase, then wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The phase.
    pub phase: Phase,
    /// The wave.
    pub wave: i64,
}

/// How an object takes part in a sync.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Whether it is a hook of any kind.
    pub hook: bool,
    /// Its phases; none for a hook that Argo CD never applies.
    pub phases: Vec<Phase>,
    /// Whether only somebody who asks for a chart's tests runs it, or nobody (`Skip`).
    pub aside: bool,
    /// Its wave.
    pub wave: i64,
    /// Where the phase is said.
    pub phase_origin: Option<Origin>,
    /// Where the wave is said.
    pub wave_origin: Option<Origin>,
    /// Waves and weights that are no whole numbers: the annotation and where it stands.
    pub bad_waves: Vec<(String, Origin)>,
    /// Deletion policies of the hook, as named by Argo CD; empty where none is given.
    pub delete_policies: Vec<String>,
    /// Whether the object is deleted or replaced rather than patched (`Replace=true`, `Force=true`).
    pub replaceable: bool,
}

const ARGO_HOOK: &str = "argocd.argoproj.io/hook";
const HELM_HOOK: &str = "helm.sh/hook";
const WAVE: &str = "argocd.argoproj.io/sync-wave";
const WEIGHT: &str = "helm.sh/hook-weight";

impl Schedule {
    /// Reads the annotations of an object.
    pub fn of(resource: &Resource) -> Self {
        let words = |key: &str| -> Vec<String> {
            let value = resource.annotation(key).and_then(Node::as_text).unwrap_or("");
            value.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
        };
        let argo = words(ARGO_HOOK);
        let mut helm = words(HELM_HOOK);
        // Argo CD installs these CRDs like any other object.
        helm.retain(|word| word != "crd-install");
        let skipped = argo.iter().any(|word| word == "Skip");
        let argo_phases: Vec<Phase> = argo.iter().filter_map(|word| argo_phase(word)).collect();
        let hook = !argo.is_empty() || !helm.is_empty();
        let by_argo = !argo_phases.is_empty() || helm.is_empty();
        let mut phases = if by_argo { argo_phases } else { helm.iter().filter_map(|w| helm_phase(w)).collect() };
        if !hook {
            phases = vec![Phase::Sync];
        } else if skipped {
            phases.clear();
        }
        phases.sort_unstable();
        phases.dedup();
        let origin = |key: &str| resource.annotation(key).map(|node| node.origin.clone());
        let (wave, wave_key, bad_waves) = wave(resource);
        let mut delete_policies: Vec<String> = words("argocd.argoproj.io/hook-delete-policy");
        if delete_policies.is_empty() {
            delete_policies = words("helm.sh/hook-delete-policy").iter().map(|word| helm_policy(word)).collect();
        }
        let options = words("argocd.argoproj.io/sync-options");
        let test = argo.is_empty() && !helm.is_empty() && helm.iter().all(|word| word.starts_with("test"));
        Self {
            hook,
            phases,
            aside: skipped || test,
            wave,
            phase_origin: if by_argo { origin(ARGO_HOOK) } else { origin(HELM_HOOK) },
            wave_origin: wave_key.and_then(origin),
            bad_waves,
            delete_policies,
            replaceable: options.iter().any(|o| matches!(o.as_str(), "Replace=true" | "Force=true")),
        }
    }

    /// The first moment at which the object is applied.
    pub fn first(&self) -> Option<Moment> {
        self.phases.iter().min().map(|&phase| Moment { phase, wave: self.wave })
    }

    /// All moments at which the object is applied.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + '_ {
        self.phases.iter().map(|&phase| Moment { phase, wave: self.wave })
    }
}

fn argo_phase(word: &str) -> Option<Phase> {
    match word {
        "PreSync" => Some(Phase::PreSync),
        "Sync" => Some(Phase::Sync),
        "PostSync" => Some(Phase::PostSync),
        "SyncFail" => Some(Phase::SyncFail),
        _ => None,
    }
}

/// Both install and upgrade hooks run at every sync; rollback, test and delete hooks at none.
fn helm_phase(word: &str) -> Option<Phase> {
    match word {
        "pre-install" | "pre-upgrade" => Some(Phase::PreSync),
        "post-install" | "post-upgrade" => Some(Phase::PostSync),
        _ => None,
    }
}

fn helm_policy(word: &str) -> String {
    match word {
        "before-hook-creation" => "BeforeHookCreation",
        "hook-succeeded" => "HookSucceeded",
        "hook-failed" => "HookFailed",
        other => other,
    }
    .to_owned()
}

/// The sync-wave if it is a whole number, else the hook weight if that is one, else 0 (`syncwaves/waves.go`).
fn wave(resource: &Resource) -> (i64, Option<&'static str>, Vec<(String, Origin)>) {
    let mut bad = Vec::new();
    let mut found = None;
    for key in [WAVE, WEIGHT] {
        let Some(node) = resource.annotation(key) else { continue };
        // An annotation that is no string is refused by Kubernetes itself.
        let text = node.as_str();
        match text.and_then(go_int) {
            Some(wave) if found.is_none() => found = Some((wave, key)),
            Some(_) => {}
            None => bad.push((key.to_owned(), node.origin.clone())),
        }
    }
    (found.map_or(0, |(wave, _)| wave), found.map(|(_, key)| key), bad)
}

/// A decimal number as Go's `strconv.Atoi` reads it.
fn go_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;

    fn schedule(annotations: &str) -> Schedule {
        let text = format!("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\n  annotations: {{{annotations}}}\n");
        let parsed = crate::yaml::parse(FileId(0), &text, &Budget::default());
        Schedule::of(&Resource::new(parsed.documents[0].root.clone()).unwrap())
    }

    #[test]
    fn argo_hooks_win_over_helm_hooks_of_the_same_object() {
        let both = schedule("argocd.argoproj.io/hook: PostSync, helm.sh/hook: pre-install");
        assert_eq!(both.phases, [Phase::PostSync]);
        let invalid = schedule("argocd.argoproj.io/hook: Presync, helm.sh/hook: pre-install");
        assert_eq!(invalid.phases, [Phase::PreSync]);
    }

    #[test]
    fn a_hook_of_no_known_phase_is_never_applied() {
        for never in ["argocd.argoproj.io/hook: presync", "helm.sh/hook: test", "argocd.argoproj.io/hook: Skip"] {
            let schedule = schedule(never);
            assert!(schedule.hook, "{never}");
            assert!(schedule.phases.is_empty(), "{never}");
            assert_eq!(schedule.aside, !never.ends_with("presync"), "{never}");
        }
        assert!(!schedule("helm.sh/hook: crd-install").hook);
    }

    #[test]
    fn a_malformed_wave_falls_back_to_the_weight() {
        let weighted = schedule(r#"argocd.argoproj.io/sync-wave: "x", helm.sh/hook-weight: "-3""#);
        assert_eq!(weighted.wave, -3);
        assert_eq!(weighted.bad_waves.len(), 1);
        assert_eq!(schedule(r#"argocd.argoproj.io/sync-wave: 5"#).bad_waves.len(), 1, "a number is no string");
        assert_eq!(schedule(r#"argocd.argoproj.io/sync-wave: "+5""#).wave, 5);
    }
}
