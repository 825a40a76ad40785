//! Which Argo CD is emulated, and with it which Helm and Kustomize.

use super::{Global, Refusal};
use crate::config::Emulate;
use crate::expand::ArgoCd;
use crate::render::helm::{HelmVersion, KubeVersion};
use crate::report::Emulated;

/// What each Argo CD ships (`argo-cd hack/tool-versions.sh` at its tags), the newest last.
const SHIPPED: [(&str, HelmVersion, &str); 7] = [
    ("3.0", HelmVersion::V3, "5.6.0"),
    ("3.1", HelmVersion::V3, "5.7.0"),
    ("3.2", HelmVersion::V3, "5.7.0"),
    ("3.3", HelmVersion::V3, "5.8.0"),
    ("3.4", HelmVersion::V3, "5.8.1"),
    ("3.5", HelmVersion::V4, "5.8.1"),
    ("3.6", HelmVersion::V4, "5.8.1"),
];

/// The programs whose behaviour is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Versions {
    /// As a report names them.
    pub emulated: Emulated,
    /// The Argo CD to be exact about.
    pub argocd: ArgoCd,
    /// The Helm to be exact about.
    pub helm: HelmVersion,
}

/// What was asked for on the command line, else in the configuration, else the newest.
pub(super) fn resolve(global: &Global, config: &Emulate) -> Result<Versions, Refusal> {
    let argocd = global.argocd_version.as_ref().or(config.argocd.as_ref());
    let (argocd, shipped, kustomize) = match argocd {
        None => SHIPPED[SHIPPED.len() - 1],
        Some(asked) => *SHIPPED.iter().find(|(version, ..)| is_of(asked, version)).ok_or_else(|| {
            let known = SHIPPED.map(|(version, ..)| format!("`{version}`")).join(", ");
            Refusal::Usage(format!("Argo CD `{asked}` is not emulated, only {known}"))
        })?,
    };
    let helm = match global.helm_version.as_deref().or(config.helm.as_deref()) {
        None => shipped,
        Some("3") => HelmVersion::V3,
        Some("4") => HelmVersion::V4,
        Some(other) => return Err(Refusal::Usage(format!("Helm `{other}` is not emulated, only `3`, `4`"))),
    };
    let kubernetes = global.kube_version.as_deref().or(config.kubernetes.as_deref()).unwrap_or(helm.kubernetes());
    let kubernetes = KubeVersion::parse(kubernetes, helm)
        .map_err(|reason| Refusal::Usage(format!("`{kubernetes}` is no Kubernetes version: {reason}")))?;
    let minor = argocd.rsplit('.').next().and_then(|minor| minor.parse().ok());
    let emulated = Emulated {
        argocd: argocd.to_owned(),
        helm: helm.name().to_owned(),
        kustomize: kustomize.to_owned(),
        kubernetes: kubernetes.version,
    };
    Ok(Versions { emulated, argocd: minor.map_or_else(ArgoCd::default, ArgoCd), helm })
}

/// Whether `v3.6.1` is of the series `3.6`.
fn is_of(asked: &str, series: &str) -> bool {
    let asked = asked.strip_prefix('v').unwrap_or(asked);
    asked.strip_prefix(series).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_of_its_series() {
        assert!(is_of("3.6", "3.6") && is_of("v3.6.1", "3.6"));
        assert!(!is_of("3.60", "3.6") && !is_of("3", "3.6"));
    }
}
