//! One release: from a chart, values and capabilities to the objects that `helm template` prints
//! (`pkg/action/install.go`, `action.go`).

use std::sync::Arc;

use rayon::prelude::*;

use super::capabilities::Capabilities;
use super::chart::{Bytes, Chart, ChartFile};
use super::dependencies::{self, Instance};
use super::documents;
use super::engine::{self, Release};
use super::error::{Reason, RenderError};
use super::manifest::{self, Manifest};
use super::remembered::Remembered;
use super::semver;
use super::tree::{Tree, to_node};
use super::values::{self, Parameter, ValuesLayer};
use super::version::HelmVersion;
use super::{coalesce, schema};
use crate::budget::Budget;
use crate::finding::Gap;
use crate::yaml::{Node, Origin, Role};

/// What to render.
pub struct Request<'a> {
    /// The chart.
    pub chart: &'a Arc<Chart>,
    /// The release.
    pub release: &'a Release,
    /// Values files, the later over the earlier.
    pub layers: &'a [&'a ValuesLayer],
    /// Parameters, over the files.
    pub parameters: &'a [Parameter],
    /// What the chart is told of the cluster.
    pub capabilities: &'a Capabilities,
    /// Whether the files in `crds/` are printed.
    pub include_crds: bool,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// Whether values.schema.json is not checked.
    pub skip_schema: bool,
    /// Whether sub-charts that are not at hand are left out with a gap, where Helm refuses the chart.
    pub without_missing: bool,
    /// Whether what is printed tells where it came from: for all who judge, mask or point, not for those who only print.
    pub origins: bool,
}

/// What a release gives.
#[derive(Debug, Clone, Default)]
pub struct Printed {
    /// The documents in the order in which Helm prints them: CRDs, objects, hooks.
    pub manifests: Vec<Manifest>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// Renders a release.
///
/// # Errors
/// Helm's text, where Helm refuses; a limit that was met.
pub fn render(request: &Request<'_>, budget: &Budget) -> Result<Printed, RenderError> {
    let chart = request.chart;
    let helm = chart.helm;
    let mut gaps = Vec::new();
    let given = values::given(request.layers, request.parameters, helm)?;
    check_chart(request)?;
    check_name(&request.release.name, helm)?;

    let mut root = Instance::root(chart, budget)?;
    let processed = dependencies::process(&mut root, &given, helm, budget);
    processed.map_err(|error| match (helm, error.reason) {
        (HelmVersion::V4, Reason::Refused) => error.within("chart dependencies processing failed"),
        _ => error,
    })?;
    for missing in &chart.missing {
        // What the values switch off is not missed.
        if root.wanted.iter().flatten().any(|wanted| chart.lists(wanted.index, missing)) {
            gaps.push(missing.gap());
        }
    }
    let merger = coalesce::Merger { helm, budget };
    let values = merger.values(&root, &given, coalesce::Mode::Coalesce)?;
    if !request.skip_schema {
        let mut unchecked = Vec::new();
        if let Some(reason) = schema::check(&root, &values, &mut unchecked) {
            let words = "values don't meet the specifications of the schema(s) in the following chart(s):";
            return Err(RenderError::refused(format!("{words}\n{reason}")));
        }
        gaps.extend(unchecked.into_iter().map(|message| Gap::new("schema-not-checked", message)));
    }
    let wanted = &chart.metadata.kube_version;
    let kubernetes = &request.capabilities.kubernetes;
    if !wanted.text.is_empty() && !semver::fits(&wanted.text, &kubernetes.normalized, helm) {
        let message = format!(
            "chart requires kubeVersion: {} which is incompatible with Kubernetes {}",
            wanted.text, kubernetes.version
        );
        return Err(RenderError::refused(message).at(wanted.origin.as_ref().map(Origin::anchor)));
    }
    let mut outputs = engine::run(&root, &values, request, budget)?;
    outputs.retain(|(name, _)| !name.ends_with("NOTES.txt"));
    let mut manifests = Vec::new();
    let printed = manifest::sorted(&outputs, request, budget)?;
    if request.include_crds {
        crds(&root, &mut manifests, budget)?;
    }
    manifests.extend(printed);
    if request.skip_tests {
        manifests.retain(|manifest| !manifest.hook.as_ref().is_some_and(manifest::Hook::is_test));
    }
    Ok(Printed { manifests, gaps })
}

/// The values that a chart's templates would see, with every default in its place.
///
/// # Errors
/// Helm's text.
pub fn effective_values(request: &Request<'_>, budget: &Budget) -> Result<Node, RenderError> {
    let helm = request.chart.helm;
    let given = values::given(request.layers, request.parameters, helm)?;
    let mut root = Instance::root(request.chart, budget)?;
    dependencies::process(&mut root, &given, helm, budget)?;
    let values = coalesce::Merger { helm, budget }.values(&root, &given, coalesce::Mode::Coalesce)?;
    Ok(to_node(&Tree::Table(values)))
}

fn check_chart(request: &Request<'_>) -> Result<(), RenderError> {
    let metadata = &request.chart.metadata;
    if !matches!(&*metadata.kind.text, "" | "application") {
        let message = format!("{} charts are not installable", metadata.kind.text);
        return Err(RenderError::refused(message).at(metadata.kind.origin.as_ref().map(Origin::anchor)));
    }
    if request.chart.helm == HelmVersion::V4 && &*metadata.api_version.text == "v3" {
        return Err(RenderError::refused("invalid chart apiVersion"));
    }
    let missing = &request.chart.missing;
    if missing.is_empty() || request.without_missing {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|one| &*one.name).collect();
    let message = format!(
        "checking chart dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
        names.join(", ")
    );
    Err(RenderError::new(Reason::MissingChart, message).at(missing[0].span))
}

/// Whether a release can have a name.
pub fn is_release_name(name: &str) -> bool {
    let fits = |part: &str| {
        let plain = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        !part.is_empty() && plain && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 53 && name.split('.').all(fits)
}

/// `chartutil.ValidateReleaseName`
fn check_name(name: &str, helm: HelmVersion) -> Result<(), RenderError> {
    const RULE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    let reason = if name.is_empty() {
        "no name provided".to_owned()
    } else if !is_release_name(name) {
        format!("invalid release name, must match regex {RULE} and the length must not be longer than 53")
    } else {
        return Ok(());
    };
    let message = format!("release name {name:?}: {reason}");
    Err(RenderError::refused(match helm {
        HelmVersion::V3 => message,
        HelmVersion::V4 => format!("release name check failed: {message}"),
    }))
}

/// The documents in `crds/` of a chart and of those below it, as they stand there.
fn crds(instance: &Instance, into: &mut Vec<Manifest>, budget: &Budget) -> Result<(), RenderError> {
    for file in instance.chart.files.iter().filter(|file| brings_crds(file)) {
        let source: Arc<str> = format!("{}/{}", instance.path, file.name).into();
        for node in crds_of(&instance.chart, file, budget)? {
            if !node.is_null() {
                into.push(Manifest { node, source: Arc::clone(&source), hook: None });
            }
        }
    }
    instance.children.iter().try_for_each(|child| crds(child, into, budget))
}

fn brings_crds(file: &ChartFile) -> bool {
    let name = file.name.to_lowercase();
    file.name.starts_with("crds/") && [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending))
}

fn crds_of(chart: &Chart, file: &ChartFile, budget: &Budget) -> Result<Vec<Node>, RenderError> {
    let content = file.content.read()?;
    let Bytes::Text(id, text) = content else { return Ok(Vec::new()) };
    let read = || documents::every(content, Role::Manifest, budget);
    chart.remembered.nodes(*id, Arc::clone(text), budget, read)
}

/// Reads the large custom resource definitions of a chart, by all threads at once, for the releases that will bring them. Each
/// share of them has one budget.
pub(super) fn read_crds_ahead(chart: &Chart) {
    let mut all: Vec<(&Chart, &ChartFile)> = Vec::new();
    for chart in chart.always() {
        all.extend(chart.files.iter().filter(|file| brings_crds(file)).map(|file| (chart, file)));
    }
    all.into_par_iter().for_each_init(Budget::default, |budget, (chart, file)| {
        if file.content.read().is_ok_and(|content| Remembered::is_worth(content.bytes().len())) {
            // What is wrong with them is said by the release that brings them.
            let _ = crds_of(chart, file, budget);
        }
    });
}
