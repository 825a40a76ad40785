//! `helmCharts`: what a kustomization asks of a chart. Rendering is somebody else's: a [`Charts`] is asked, and where there
//! is none the chart is a gap.

use super::fail::{Fail, Outcome};
use super::kustomization::Kustomization;
use super::object::Object;
use super::parse::Document;
use super::read::Reading;
use super::resmap::objects_of;
use super::target::Target;
use super::tree;
use crate::budget::Budget;
use crate::finding::Gap;
use crate::source::{RepoPath, Span};
use crate::yaml::{Entry, Node};

/// One chart that a kustomization inflates.
#[derive(Debug, Clone)]
pub struct ChartRequest {
    /// The chart's name; its folder is `home/name` unless it comes from elsewhere.
    pub name: String,
    /// The version asked for; empty for any.
    pub version: String,
    /// The chart repository; empty for a chart at hand.
    pub repo: String,
    /// The folder in which charts are looked for.
    pub home: RepoPath,
    /// The release's name; empty for a generated one.
    pub release: String,
    /// The release's namespace, the kustomization's where the chart names none.
    pub namespace: String,
    /// A values file in place of the chart's own.
    pub values_file: Option<RepoPath>,
    /// Values written in the kustomization.
    pub values_inline: Option<Node>,
    /// How the two meet: `override` (the default), `replace` or `merge`.
    pub values_merge: String,
    /// Further values files, the last winning.
    pub additional_values_files: Vec<RepoPath>,
    /// Whether custom resource definitions come along.
    pub include_crds: bool,
    /// Whether hooks stay out.
    pub skip_hooks: bool,
    /// Whether tests stay out.
    pub skip_tests: bool,
    /// API versions that the chart is told of.
    pub api_versions: Vec<String>,
    /// The Kubernetes version that the chart is told of; empty for the default.
    pub kube_version: String,
    /// A template for the release's name.
    pub name_template: String,
    /// Where the chart is asked for.
    pub span: Span,
}

/// Who renders charts for kustomizations.
pub trait Charts {
    /// The objects of a chart, each value with its origin, or why there are none.
    fn inflate(&self, request: &ChartRequest, budget: &Budget) -> Result<Vec<Node>, Gap>;
}

const TEXTS: [&str; 9] =
    ["name", "version", "repo", "releaseName", "namespace", "valuesFile", "valuesMerge", "kubeVersion", "nameTemplate"];
const FLAGS: [&str; 5] = ["includeCRDs", "skipHooks", "skipTests", "debug", "devel"];

/// Refuses charts that are not written as such.
pub(super) fn check(globals: Option<&Node>, charts: &[Node]) -> Outcome {
    if let Some(globals) = globals {
        let mut r = Reading::of(globals, "HelmGlobals")?;
        r.text("chartHome")?;
        r.text("configHome")?;
        r.finish()?;
    }
    for chart in charts {
        let mut r = Reading::of(chart, "HelmChart")?;
        for field in TEXTS {
            r.text(field)?;
        }
        for field in FLAGS {
            r.flag(field)?;
        }
        r.texts("additionalValuesFiles")?;
        r.texts("apiVersions")?;
        r.get("valuesInline");
        r.finish()?;
    }
    Ok(())
}

/// Brings the old field into the new ones.
pub(super) fn split_old(old: &[Node], kustomization: &mut Kustomization) -> Outcome {
    const RENAMED: [(&str, &str); 7] = [
        ("chartName", "name"),
        ("chartVersion", "version"),
        ("chartRepoUrl", "repo"),
        ("values", "valuesFile"),
        ("valuesLocal", "valuesInline"),
        ("valuesMerge", "valuesMerge"),
        ("releaseName", "releaseName"),
    ];
    let mut globals: Vec<Entry> = Vec::new();
    for node in old {
        let mut r = Reading::of(node, "HelmChartArgs")?;
        let mut entries = Vec::new();
        for (from, to) in RENAMED {
            if let Some(entry) = r.entry(from) {
                entries.push(Entry { key: to.into(), ..entry.clone() });
            }
        }
        if let Some(entry) = r.entry("chartHome") {
            globals.push(entry.clone());
        }
        for ignored in ["chartRepoName", "helmBin", "helmHome", "releaseNamespace", "extraArgs"] {
            r.get(ignored);
        }
        r.finish()?;
        kustomization.helm_charts.push(Node::map(entries, node.origin.clone()));
    }
    if kustomization.helm_globals.is_none()
        && let Some(last) = globals.pop()
    {
        let origin = last.value.origin.clone();
        kustomization.helm_globals = Some(Node::map(vec![last], origin));
    }
    Ok(())
}

/// What is asked of a chart; `lenient` for a plugin's configuration, which holds the global fields too.
pub(super) fn request(
    chart: &Node,
    globals: Option<&Node>,
    namespace: &str,
    root: &RepoPath,
) -> Result<ChartRequest, Fail> {
    let mut r = Reading::lenient(chart, "HelmChart")?;
    let path = |text: &str| {
        root.join(text)
            .map_err(|_| Fail::at(chart.span(), format!("security; file '{text}' is not in or below '{root}'")))
    };
    let home = globals.and_then(|globals| globals.str_at("chartHome")).filter(|home| !home.is_empty());
    let home = path(home.unwrap_or("charts"))?;
    let own = r.text_or_empty("namespace")?;
    let values_file = r.text_or_empty("valuesFile")?;
    let merge = r.text_or_empty("valuesMerge")?;
    Ok(ChartRequest {
        name: r.text_or_empty("name")?,
        version: r.text_or_empty("version")?,
        repo: r.text_or_empty("repo")?,
        home,
        release: r.text_or_empty("releaseName")?,
        namespace: if own.is_empty() { namespace.to_owned() } else { own },
        values_file: if values_file.is_empty() { None } else { Some(path(&values_file)?) },
        values_inline: r.get("valuesInline").cloned(),
        values_merge: if merge.is_empty() { "override".to_owned() } else { merge },
        additional_values_files: r
            .texts("additionalValuesFiles")?
            .iter()
            .map(|node| path(tree::text(node)))
            .collect::<Result<_, _>>()?,
        include_crds: r.flag("includeCRDs")?,
        skip_hooks: r.flag("skipHooks")?,
        skip_tests: r.flag("skipTests")?,
        api_versions: r.texts("apiVersions")?.iter().map(|node| tree::text(node).to_owned()).collect(),
        kube_version: r.text_or_empty("kubeVersion")?,
        name_template: r.text_or_empty("nameTemplate")?,
        span: chart.span(),
    })
}

/// The objects of a chart; a gap if nobody renders it.
pub(super) fn inflate(
    target: &Target<'_>,
    chart: &Node,
    globals: Option<&Node>,
    namespace: &str,
) -> Result<Vec<Object>, Fail> {
    let mut request = request(chart, globals, namespace, &target.loader.root)?;
    if !target.build.kube_version.is_empty() {
        request.kube_version.clone_from(&target.build.kube_version);
    }
    if !target.build.api_versions.is_empty() {
        request.api_versions.clone_from(&target.build.api_versions);
    }
    if request.name.is_empty() {
        return Err(Fail::at(request.span, "chart name cannot be empty"));
    }
    if !["override", "replace", "merge"].contains(&request.values_merge.as_str()) {
        let message = "valuesMerge must be one of [merge override replace]";
        return Err(Fail::at(request.span, message));
    }
    let inflated = match target.build.charts {
        Some(charts) => charts.inflate(&request, target.loader.shared.budget),
        None => {
            let message = format!("the chart `{}` of a kustomization is not rendered here", request.name);
            Err(Gap::new("missing-chart", message).at(request.span))
        }
    };
    match inflated {
        Ok(nodes) => {
            let documents = nodes.into_iter().map(|root| Document { root, flaws: Vec::new() });
            let mut objects = objects_of(documents.collect())?;
            objects.iter_mut().for_each(|object| object.notes.from_chart = true);
            Ok(objects)
        }
        Err(gap) => {
            target.build.gap(gap);
            Ok(Vec::new())
        }
    }
}
