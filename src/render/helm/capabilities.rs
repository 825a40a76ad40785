//! What a chart is told of the cluster: the Kubernetes version and the API versions.

use super::version::HelmVersion;

/// A Kubernetes version as charts see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// The whole version (`v1.33.4-gke.1245000`; Helm 3 keeps `v1.33.4` only).
    pub version: String,
    /// What constraints are checked against (`v1.33.4`).
    pub normalized: String,
    /// The major number.
    pub major: String,
    /// The minor number.
    pub minor: String,
}

impl KubeVersion {
    /// Reads a version as Helm does: at least two numbers, a `v` and a suffix if one likes
    /// (`k8s.io/apimachinery/pkg/util/version`: `ParseGeneric`).
    ///
    /// # Errors
    /// Kubernetes' own text.
    pub fn parse(text: &str, helm: HelmVersion) -> Result<Self, String> {
        let trimmed = text.trim_start();
        let bare = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let mut numbers = Vec::new();
        let mut rest = bare;
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                break;
            }
            numbers.push(&rest[..digits]);
            rest = &rest[digits..];
            match rest.strip_prefix('.') {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
                _ => break,
            }
        }
        if numbers.is_empty() || rest.contains('\n') {
            return Err(format!("could not parse {text:?} as version"));
        }
        if numbers.len() < 2 {
            return Err(format!("illegal version string {text:?}"));
        }
        if numbers[0].len() > 1 && numbers[0].starts_with('0') {
            return Err(format!("illegal zero-prefixed version component {:?} in {text:?}", numbers[0]));
        }
        let mut parts = Vec::new();
        for number in numbers {
            let part: u64 =
                number.parse().map_err(|_| format!("strconv.ParseUint: parsing {number:?}: value out of range"))?;
            parts.push(part.to_string());
        }
        let normalized = format!("v{}", parts.join("."));
        let version = match helm {
            HelmVersion::V3 => normalized.clone(),
            HelmVersion::V4 if text.starts_with('v') => text.to_owned(),
            HelmVersion::V4 => format!("v{text}"),
        };
        Ok(Self { version, normalized, major: parts[0].clone(), minor: parts[1].clone() })
    }
}

/// What a chart is told of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The Kubernetes version.
    pub kubernetes: KubeVersion,
    /// The API versions, Helm's own first.
    pub api_versions: Vec<String>,
}

impl Capabilities {
    /// What Helm assumes without a cluster, with another Kubernetes version and further API versions if given.
    ///
    /// # Errors
    /// Helm's text about a version that is none.
    pub fn new(helm: HelmVersion, kubernetes: Option<&str>, further: &[String]) -> Result<Self, String> {
        let text = kubernetes.filter(|text| !text.is_empty());
        let kubernetes = match text {
            Some(text) => {
                KubeVersion::parse(text, helm).map_err(|reason| format!("invalid kube version '{text}': {reason}"))?
            }
            None => KubeVersion::parse(helm.kubernetes(), helm)?,
        };
        let own = helm.api_versions().map(str::to_owned);
        Ok(Self { kubernetes, api_versions: own.chain(further.iter().cloned()).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_versions_as_helm_reads_them() {
        let of = |text: &str, helm| KubeVersion::parse(text, helm).map(|v| (v.version, v.normalized, v.minor));
        let (short, full) = ("v1.31".to_owned(), "v1.33.4-gke.12".to_owned());
        assert_eq!(of("1.31", HelmVersion::V3), Ok((short.clone(), short.clone(), "31".into())));
        assert_eq!(of("v1.33.4-gke.12", HelmVersion::V4), Ok((full, "v1.33.4".into(), "33".into())));
        assert_eq!(of("v1.33.4-gke.12", HelmVersion::V3), Ok(("v1.33.4".into(), "v1.33.4".into(), "33".into())));
        assert_eq!(of("1", HelmVersion::V4), Err("illegal version string \"1\"".into()));
        assert_eq!(of("abc", HelmVersion::V4), Err("could not parse \"abc\" as version".into()));
        assert_eq!(of("1.31+", HelmVersion::V3), Ok((short.clone(), short, "31".into())));
    }

    #[test]
    fn given_versions_come_after_helms_own() {
        let caps = Capabilities::new(HelmVersion::V4, None, &["a.example/v1".to_owned()]).unwrap();
        assert_eq!(caps.kubernetes.version, "v1.36.0");
        assert_eq!(caps.api_versions.first().map(String::as_str), Some("v1"));
        assert_eq!(caps.api_versions.last().map(String::as_str), Some("a.example/v1"));
    }
}
