//! Helm sources: the chart found, its layers read, the release rendered; and charts that kustomizations inflate.

use std::sync::Arc;

use super::helm::{self, Capabilities, Chart, Parameter, Reason, RenderError, Request, ValuesLayer};
use super::kustomize::{ChartRequest, Charts, Values};
use super::layers::{self, Layer};
use super::quiet::quiet;
use super::{Context, Output, address, place_of};
use crate::budget::Budget;
use crate::finding::Gap;
use crate::gotmpl::{self, Functions, TemplateSet};
use crate::k8s::Resource;
use crate::k8s::argo::{Application, Source};
use crate::source::{FileId, RepoPath, Span};
use crate::yaml::{Node, Origin};

/// Renders a chart in a folder of the repository.
pub fn in_folder(
    context: &Context<'_>,
    app: &Application<'_>,
    source: &Source<'_>,
    folder: &RepoPath,
    output: &mut Output,
) {
    output.read(context, context.repository().under(folder));
    let described = |name: &str| folder.join(name).is_ok_and(|path| context.repository().is_file(&path));
    if !described("Chart.yaml") {
        let message = format!("the path `{folder}` holds no chart: there is no `Chart.yaml`");
        let defect = context.addresses().is_this_revision(source.target_revision());
        return output.gap(Gap { defect, ..Gap::new("missing-chart", message).at(place_of(source)) });
    }
    let chart = context.tools.chart(context, folder);
    if let Ok(chart) = &chart {
        take_files_beside(context, chart, output);
    }
    render(context, app, source, Some(folder), chart, output);
}

/// The files of the charts that a chart takes from where they lie in the repository (`file://../shared`).
fn take_files_beside(context: &Context<'_>, chart: &Chart, output: &mut Output) {
    for sub in &chart.dependencies {
        let mut listed = chart.metadata.dependencies.iter().flatten();
        if listed.any(|one| *one.name.text == *sub.name() && one.repository.text.starts_with("file://")) {
            output.read(context, context.repository().under(&sub.place));
            take_files_beside(context, sub, output);
        }
    }
}

/// Renders a chart that comes from a chart repository, if it is at hand.
pub fn from_repository(
    context: &Context<'_>,
    app: &Application<'_>,
    source: &Source<'_>,
    name: &str,
    output: &mut Output,
) {
    match context.tools.chart_beside(name, source.target_revision()) {
        Some(chart) => render(context, app, source, None, chart, output),
        None => {
            let (asked, gaps) = layers::release(context, app, source, None);
            output.rendered.gaps.extend(gaps);
            output.values.extend(asked.values_files(context, None));
            let version = source.target_revision();
            output.gap(Gap::missing_chart(name, version, &address(source)).at(place_of(source)));
        }
    }
}

/// What a chart that nobody installs is released as: by the name of its folder, where a release can have it.
pub fn stand_in_release(folder: &RepoPath) -> &str {
    let name = folder.file_name();
    if helm::is_release_name(name) { name } else { "release-name" }
}

/// A chart that no Application names, with its own values.
pub fn alone(context: &Context<'_>, folder: &RepoPath, at: Span, output: &mut Output) {
    output.read(context, context.repository().under(folder));
    let release = helm::Release::new(stand_in_release(folder), "default");
    let printed = context.tools.chart(context, folder).and_then(|chart| {
        let capabilities = capabilities(context, "", &[])?;
        let print = |chart: &Arc<Chart>| {
            let request = Request {
                chart,
                release: &release,
                layers: &[],
                parameters: &[],
                capabilities: &capabilities,
                include_crds: true,
                skip_tests: true,
                skip_schema: true,
                without_missing: true,
                origins: true,
            };
            helm::render(&request, &Budget::default())
        };
        // Nobody knows the values with which it is installed: a template that asks for more is left out, with a gap.
        let printed = print(&chart).or_else(|error| without_broken(context, folder, error, &print));
        hushed(printed, &|message| quiet(message, &chart.values, []))
    });
    take(printed, at, output);
}

fn capabilities(context: &Context<'_>, kube_version: &str, further: &[String]) -> Result<Capabilities, RenderError> {
    let options = &context.tools.options;
    let kubernetes = if kube_version.is_empty() { &options.kube_version } else { kube_version };
    let further = if further.is_empty() { &options.api_versions } else { further };
    Capabilities::new(options.helm, Some(kubernetes), further).map_err(RenderError::refused)
}

fn render(
    context: &Context<'_>,
    app: &Application<'_>,
    source: &Source<'_>,
    folder: Option<&RepoPath>,
    chart: Result<Arc<Chart>, RenderError>,
    output: &mut Output,
) {
    let at = place_of(source);
    let (asked, gaps) = layers::release(context, app, source, folder);
    let before = output.rendered.gaps.len();
    output.rendered.gaps.extend(gaps);
    output.values.extend(asked.values_files(context, chart.as_deref().ok()));
    let chart = match chart {
        Ok(chart) => chart,
        Err(error) => return output.gap(refusal(context, &error, at, folder)),
    };
    let mut read: Vec<Arc<ValuesLayer>> = Vec::new();
    for layer in &asked.layers {
        match values(context, &chart, layer, output) {
            Some(Ok(layer)) => read.push(layer),
            Some(Err(error)) => output.gap(refusal(context, &error, at, folder)),
            None => {}
        }
    }
    // Values that are not at hand, and libraries, may be what a template fails for.
    let whole = output.rendered.gaps.len() == before && chart.missing.is_empty();
    let mut parameters: Vec<Parameter> = Vec::new();
    for one in &asked.parameters {
        parameters.push(Parameter::of_application(&one.name, &one.value, one.force_string, one.origin.clone()));
    }
    for file in &asked.files {
        let context = context.on(file.ground);
        if let Ok(text) = context.repository().read(&file.path) {
            output.read(&context, [&file.path]);
            parameters.push(Parameter::of_file(&file.name, text, file.origin.clone()));
        }
    }
    let namespace = if asked.namespace.is_empty() { "default" } else { &asked.namespace };
    let mut release = helm::Release::new(&asked.name, namespace);
    release.name_origin = app.node.at(&["metadata", "name"]).map(|node| node.origin.clone());
    release.namespace_origin = app.destination().namespace_node().map(|node| node.origin.clone());
    let layers: Vec<&ValuesLayer> = read.iter().map(Arc::as_ref).collect();
    let printed = capabilities(context, &asked.kube_version, &asked.api_versions).and_then(|capabilities| {
        let print = |chart: &Arc<Chart>| {
            let request = Request {
                chart,
                release: &release,
                layers: &layers,
                parameters: &parameters,
                capabilities: &capabilities,
                include_crds: !asked.skip_crds,
                skip_tests: asked.skip_tests,
                skip_schema: asked.skip_schema_validation,
                without_missing: true,
                origins: true,
            };
            helm::render(&request, &Budget::default())
        };
        match (print(&chart), folder) {
            (Err(error), Some(folder)) if !chart.missing.is_empty() => without_broken(context, folder, error, &print),
            (printed, _) => printed,
        }
    });
    let without_credentials = |message| {
        let said = read.iter().flat_map(|layer| layer.documents()).chain(&chart.values);
        let given = asked.parameters.iter().map(|one| (one.name.as_str(), one.value.as_str()));
        quiet(message, said, given)
    };
    match hushed(printed, &without_credentials) {
        Err(error) if whole => output.gap(refusal(context, &error, at, folder)),
        printed => take(printed, at, output),
    }
}

/// A chart that Argo CD could not render either, whatever is not at hand here.
///
/// What a chart refuses because of the cluster (`kubeVersion`, a template that asks for its capabilities) is known there only.
fn refusal(context: &Context<'_>, error: &RenderError, at: Span, folder: Option<&RepoPath>) -> Gap {
    let text = |span: Span| context.repository().sources().text(span.file);
    let asks = error.span.and_then(text).is_some_and(|text| text.contains(".Capabilities."));
    let defect = error.reason == Reason::Refused && !asks && !error.message.contains("chart requires kubeVersion");
    let gap = Gap { defect, ..gap(error, at) };
    // A chart from elsewhere has no line that could be edited here.
    if defect && folder.is_none() { gap.at(at) } else { gap }
}

/// A chart that lacks a library, or the values that it needs: templates that cannot do without are left out one by one, each
/// with a gap, so that the others are still seen.
fn without_broken(
    context: &Context<'_>,
    folder: &RepoPath,
    first: RenderError,
    print: &dyn Fn(&Arc<Chart>) -> Result<helm::Printed, RenderError>,
) -> Result<helm::Printed, RenderError> {
    let mut chart = Arc::new(context.tools.own_chart(context.repository(), folder)?);
    let mut gaps = Vec::new();
    let mut error = first.clone();
    for _ in 0..64 {
        // A template that fails in a helper is the one that cannot do without.
        let run = error.template.as_deref().and_then(|name| name.split_once('/')).map(|(_, path)| path);
        let left_out = Arc::get_mut(&mut chart).is_some_and(|own| match run {
            Some(path) => leave_out(own, path),
            None => error.span.is_some_and(|span| leave_out_file(own, span.file)),
        });
        // What nobody gets over is told as Helm tells it: by what fails first.
        if !left_out {
            return Err(first);
        }
        gaps.extend(error.span.map(|span| gap(&error, span)));
        match print(&chart) {
            Ok(mut printed) => {
                printed.gaps.extend(gaps);
                return Ok(printed);
            }
            Err(next) => error = next,
        }
    }
    Err(first)
}

/// Takes a template out of a chart, or out of the one below it that the path leads to (`charts/db/templates/secret.yaml`).
fn leave_out(chart: &mut Chart, path: &str) -> bool {
    if let Some(number) = chart.templates.iter().position(|template| *template.name == *path) {
        chart.templates.remove(number);
        return true;
    }
    let Some((name, rest)) = path.strip_prefix("charts/").and_then(|below| below.split_once('/')) else { return false };
    let listed = chart.metadata.dependencies.iter().flatten();
    let called: Vec<&str> = listed.filter(|one| *one.alias.text == *name).map(|one| &*one.name.text).collect();
    let mut below = chart.dependencies.iter_mut().filter(|sub| sub.name() == name || called.contains(&sub.name()));
    below.any(|sub| Arc::get_mut(sub).is_some_and(|sub| leave_out(sub, rest)))
}

/// Takes the template out that is this file, likewise.
fn leave_out_file(chart: &mut Chart, file: FileId) -> bool {
    let is_it =
        |template: &helm::ChartFile| matches!(template.content.read(), Ok(helm::Bytes::Text(id, _)) if *id == file);
    if let Some(number) = chart.templates.iter().position(is_it) {
        chart.templates.remove(number);
        return true;
    }
    chart.dependencies.iter_mut().filter_map(Arc::get_mut).any(|sub| leave_out_file(sub, file))
}

/// What a chart gave, or why not, with nothing in the messages that is a credential among its values. What is said of a
/// chart that is not at hand has no values in it: a database's password is often the name of its chart.
fn hushed(
    printed: Result<helm::Printed, RenderError>,
    quiet: &dyn Fn(String) -> String,
) -> Result<helm::Printed, RenderError> {
    match printed {
        Ok(mut printed) => {
            for gap in printed.gaps.iter_mut().filter(|gap| gap.kind != "missing-chart") {
                gap.message = quiet(std::mem::take(&mut gap.message));
            }
            Ok(printed)
        }
        Err(error) if error.reason == Reason::MissingChart => Err(error),
        Err(error) => Err(RenderError { message: quiet(error.message), ..error }),
    }
}

/// A layer's values; nothing where its file is missing, which was said before.
fn values(
    context: &Context<'_>,
    chart: &Chart,
    layer: &Layer,
    output: &mut Output,
) -> Option<Result<Arc<ValuesLayer>, RenderError>> {
    match layer {
        Layer::File { exists: false, .. } => None,
        Layer::File { path, ground, .. } => {
            let context = context.on(*ground);
            output.read(&context, [path]);
            Some(context.tools.values(context.repository(), path))
        }
        Layer::InChart { path, origin, optional } => {
            let file = chart.files.iter().find(|file| &*file.name == path.as_str());
            let Some(Ok(helm::Bytes::Text(id, text))) = file.map(|file| file.content.read()) else {
                let message = format!("the values file `{path}` is not in the chart");
                let gap = Gap::new("missing-values-file", message).at(origin.anchor()).defect();
                output.rendered.gaps.extend(Some(gap).filter(|_| !optional));
                return None;
            };
            let layer = ValuesLayer::read(path, *id, text, context.tools.options.helm, &Budget::default());
            Some(layer.map(Arc::new))
        }
        Layer::Inline(node) => Some(Ok(Arc::new(ValuesLayer::inline(node)))),
    }
}

fn take(printed: Result<helm::Printed, RenderError>, at: Span, output: &mut Output) {
    match printed {
        Ok(printed) => {
            output.rendered.objects.extend(printed.manifests.into_iter().filter_map(|one| Resource::new(one.node)));
            output.rendered.gaps.extend(printed.gaps);
        }
        Err(error) => output.gap(gap(&error, at)),
    }
}

/// An error of Helm as a gap, at the chart's own place where it has one.
fn gap(error: &RenderError, at: Span) -> Gap {
    let known = error.gap();
    let kind = if error.reason == Reason::Refused { "render-failed" } else { known.kind };
    Gap { kind, span: known.span.or(Some(at)), ..known }
}

/// Charts for kustomizations.
pub struct Inflater<'c, 'a> {
    /// What rendering looks at.
    pub context: &'c Context<'a>,
}

impl Charts for Inflater<'_, '_> {
    fn inflate(&self, request: &ChartRequest, budget: &Budget) -> Result<Vec<Node>, Gap> {
        let context = self.context;
        let chart = self.chart(request).map_err(|gap| *gap)?;
        let fail = |error: RenderError| gap(&error, request.span);
        let mut layers: Vec<Arc<ValuesLayer>> = Vec::new();
        for values in &request.values {
            match values {
                Values::Own => layers.extend(chart.values.as_ref().map(|own| Arc::new(ValuesLayer::inline(own)))),
                Values::File(path) => layers.push(context.tools.values(context.repository(), path).map_err(fail)?),
                Values::Tree(tree) => layers.push(Arc::new(ValuesLayer::inline(tree))),
            }
        }
        let layers: Vec<&ValuesLayer> = layers.iter().map(Arc::as_ref).collect();
        let name = release_name(request, budget).map_err(fail)?;
        let namespace = if request.namespace.is_empty() { "default" } else { &request.namespace };
        let mut release = helm::Release::new(&name, namespace);
        let origin = Origin::literal(request.span);
        release.name_origin = Some(origin.clone());
        release.namespace_origin = Some(origin);
        let capabilities = capabilities(context, &request.kube_version, &request.api_versions).map_err(fail)?;
        let wanted = Request {
            chart: &chart,
            release: &release,
            layers: &layers,
            parameters: &[],
            capabilities: &capabilities,
            include_crds: request.include_crds,
            skip_tests: request.skip_tests,
            skip_schema: false,
            without_missing: true,
            origins: true,
        };
        let printed = helm::render(&wanted, budget).map_err(|error| {
            let said = layers.iter().flat_map(|layer| layer.documents()).chain(&chart.values);
            fail(RenderError { message: quiet(error.message, said, []), ..error })
        })?;
        if let Some(gap) = printed.gaps.into_iter().next()
            && printed.manifests.is_empty()
        {
            return Err(gap);
        }
        let shown = printed.manifests.into_iter().filter(|one| !(request.skip_hooks && one.hook.is_some()));
        Ok(shown.map(|one| one.node).collect())
    }
}

/// The release's name: as written, or what the template for it gives (`helm pkg/action/install.go: TemplateName`).
fn release_name(request: &ChartRequest, budget: &Budget) -> Result<String, RenderError> {
    if !request.release.is_empty() || request.name_template.is_empty() {
        let name = if request.release.is_empty() { "release-name" } else { &request.release };
        return Ok(name.to_owned());
    }
    let mut set = TemplateSet::new(Functions::Sprig, gotmpl::Options::default());
    let refused = |error: Box<gotmpl::Error>| RenderError::refused(error.text());
    set.add("name-template", request.name_template.as_str(), request.span.file, budget).map_err(refused)?;
    let nothing = gotmpl::Value::new(gotmpl::Data::Nil);
    Ok(set.render(budget).execute("name-template", &nothing).map_err(refused)?.text.to_string())
}

impl ChartRequest {
    /// That the chart is not at hand.
    pub(super) fn missing(&self) -> Gap {
        let from = super::place::without_user(&self.repo);
        let gap = Gap::missing_chart(&self.name, &self.version, &from).at(self.span);
        // Without a repository there is nowhere else to look.
        Gap { defect: from.is_empty(), ..gap }
    }
}

impl Inflater<'_, '_> {
    fn chart(&self, request: &ChartRequest) -> Result<Arc<Chart>, Box<Gap>> {
        let context = self.context;
        let repository = context.repository();
        let is_chart = |folder: &RepoPath| folder.join("Chart.yaml").is_ok_and(|file| repository.is_file(&file));
        let home = request.home.as_ref();
        let unversioned = home.and_then(|home| home.join(&request.name).ok()).filter(is_chart);
        let chart = match (&request.folder, unversioned) {
            (Some(folder), _) => Some(context.tools.chart(context, folder)),
            // Pulled by hand, it has no version in its folder's name.
            (None, Some(folder)) => {
                let chart = context.tools.chart(context, &folder);
                let fits = chart.as_ref().is_ok_and(|chart| *chart.metadata.version.text == *request.version);
                if fits { Some(chart) } else { context.tools.chart_beside(&request.name, &request.version) }
            }
            (None, None) => context.tools.chart_beside(&request.name, &request.version),
        };
        match chart {
            Some(chart) => chart.map_err(|error| Box::new(gap(&error, request.span))),
            None => Err(request.missing().into()),
        }
    }
}
