//! From an ApplicationSet to its Applications (`applicationset/controllers/template/template.go`).
//!
//! A set that Argo CD would refuse gives nothing, as there; one of which only a part is known gives that part and says so.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::components::Picked;
use super::world::World;
use super::{ArgoCd, Generated};
use crate::budget::Budget;
use crate::finding::Gap;
use crate::k8s::argo::{self, Source};
use crate::k8s::is_name;
use crate::render::inline;
use crate::source::RepoPath;
use crate::yaml::{Entry, Meaning, Node, Pool, Role};
use generators::{Evaluation, Failure};
use params::Params;
use program::{Language, Program};
use replace::{Refused, fill_tree};
use schema::{APPLICATION, Reading, conform};

mod generators;

mod params;
mod patch;
mod program;
mod replace;
mod schema;
mod selector;

/// What a set gives.
#[derive(Debug, Default)]
pub struct Result {
    /// The Applications, in the order of the generators.
    pub applications: Vec<(Node, Generated)>,
    /// What could not be evaluated.
    pub gaps: Vec<Gap>,
    /// Whether there may be Applications that are not known.
    pub unresolved: bool,
    /// The files that generators read.
    pub files: BTreeSet<RepoPath>,
    /// What each git files generator picked up.
    pub picked: Vec<Picked>,
}

/// Expands a set.
pub fn expand(
    world: &World<'_>,
    set: &argo::ApplicationSet<'_>,
    namespace: &str,
    clusters: &BTreeMap<String, Node>,
) -> Result {
    let language = Language { go: set.go_template(), options: set.go_template_options().map(str::to_owned).collect() };
    let project = set.template().map_or("", |template| argo::Application { node: template }.project()).to_owned();
    let mut evaluation = Evaluation {
        world,
        clusters,
        language,
        set: set.name().to_owned(),
        project,
        gaps: Vec::new(),
        files: BTreeSet::new(),
        picked: Vec::new(),
        unresolved: false,
    };
    let outcome = generate(&mut evaluation, set, namespace);
    let mut result = Result {
        applications: Vec::new(),
        gaps: evaluation.gaps,
        unresolved: evaluation.unresolved,
        files: evaluation.files,
        picked: evaluation.picked,
    };
    match outcome {
        Ok(applications) => result.applications = applications,
        Err(Failure::Unknown(gap)) => {
            result.gaps.push(*gap);
            result.unresolved = true;
        }
        Err(Failure::Argo(message, at)) if lacks_annotations(&message) => {
            let message = format!(
                "the ApplicationSet `{}` reads annotations of a cluster's Secret, which has none in the repository: {message}",
                set.name()
            );
            result.gaps.push(Gap::new("unresolved-generator", message).at(at));
            result.unresolved = true;
        }
        Err(Failure::Argo(message, at)) => {
            let message = format!("Argo CD refuses the ApplicationSet `{}`: {message}", set.name());
            result.gaps.push(Gap::new("render-failed", message).at(at).defect());
            result.unresolved = true;
        }
    }
    result
}

/// Whether a template asked for annotations where there are none at all. Whoever applies a Secret adds some: Argo CD its
/// `tracking-id`, `kubectl` the last configuration.
fn lacks_annotations(message: &str) -> bool {
    message.contains("map has no entry for key \"annotations\"")
}

type Made = std::result::Result<Vec<(Node, Generated)>, Failure>;

fn generate(evaluation: &mut Evaluation<'_, '_>, set: &argo::ApplicationSet<'_>, namespace: &str) -> Made {
    let written = set.template().cloned().unwrap_or_else(|| schema::nothing(&set.node.origin));
    let reading = Reading::lenient(evaluation.world.settings.argocd);
    let base = conform(&written, APPLICATION, reading)?;
    let mut refused = None;
    let mut made = Vec::new();
    for generator in set.generators() {
        let given = match evaluation.transform(generator, None, 0) {
            Ok(given) => given,
            // What only we cannot know leaves the other generators standing; what Argo CD refuses stops the whole set.
            Err(Failure::Unknown(gap)) => {
                evaluation.gaps.push(*gap);
                evaluation.unresolved = true;
                continue;
            }
            Err(failure) => {
                refused.get_or_insert(failure);
                continue;
            }
        };
        for given in given {
            let template = match &given.template {
                Some(own) => fill_empty(&conform(own, APPLICATION, reading)?, &base),
                None => base.clone(),
            };
            let maker = Maker::new(evaluation, set, &template, namespace);
            let apps: Vec<_> = given.params.par_iter().map(|params| maker.make(params)).collect();
            for app in apps {
                match app {
                    Ok(app) => {
                        evaluation.gaps.extend(unnamed(&app.0));
                        made.push(app);
                    }
                    Err(failure) => {
                        refused.get_or_insert(failure);
                    }
                }
            }
        }
    }
    match refused {
        Some(failure) => Err(failure),
        None => Ok(made),
    }
}

/// What says of an Application that the API server does not take its name.
fn unnamed(app: &Node) -> Option<Gap> {
    let name = app.at(&["metadata", "name"])?;
    let text = name.as_text().filter(|text| !is_name(text) && !text.contains(['{', '}', '<', '$']))?;
    let message =
        format!("Kubernetes refuses the name of the Application `{text}`: lower case, digits, `-` and `.` only");
    Some(Gap::new("render-failed", message).at(name.span()).defect())
}

/// What is empty in a generator's own template is the set's (`mergo.Merge` without override).
fn fill_empty(own: &Node, base: &Node) -> Node {
    let (Some(high), Some(low)) = (own.as_map(), base.as_map()) else { return own.clone() };
    let mut entries = high.entries.clone();
    for entry in &low.entries {
        match entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) if is_zero(&known.value) => *known = entry.clone(),
            Some(known) if &*known.key != "valuesObject" => known.value = fill_empty(&known.value, &entry.value),
            Some(_) => {}
            None => entries.push(entry.clone()),
        }
    }
    Node::map(entries, own.origin.clone())
}

fn is_zero(node: &Node) -> bool {
    match node.meaning() {
        Some(Meaning::Null | Meaning::Bool(false) | Meaning::Int(0)) => true,
        Some(Meaning::Str(text)) => text.is_empty(),
        Some(_) => false,
        None => node.as_seq().is_some_and(<[Node]>::is_empty),
    }
}

/// Makes Applications of one template.
struct Maker<'a> {
    program: Program,
    template: &'a Node,
    patch: Option<&'a Node>,
    set: argo::ApplicationSet<'a>,
    namespace: &'a str,
    sources: &'a crate::source::SourceMap,
    preserve: bool,
    argocd: ArgoCd,
    pool: &'a Pool,
}

impl<'a> Maker<'a> {
    fn new(
        evaluation: &'a Evaluation<'_, '_>,
        set: &argo::ApplicationSet<'a>,
        template: &'a Node,
        namespace: &'a str,
    ) -> Self {
        let patch = set.template_patch();
        let templates: Vec<&Node> = std::iter::once(template).chain(patch).collect();
        Self {
            program: Program::new(&evaluation.language, &templates),
            template,
            patch,
            set: *set,
            namespace,
            sources: evaluation.world.context.repository().sources(),
            preserve: set.preserve_resources_on_deletion(),
            argocd: evaluation.world.settings.argocd,
            pool: evaluation.world.pool,
        }
    }

    fn make(&self, params: &Params) -> std::result::Result<(Node, Generated), Failure> {
        let at = self.set.template().map_or(self.set.node.span(), Node::span);
        let refused = |refused: Refused| Failure::refused(refused, at);
        let app = self.program.with(params, |fill| {
            let mut app = self.template.clone();
            if !params.is_empty() {
                app = fill_tree(fill, self.template).map_err(refused)?;
                if !self.preserve && app.get("metadata").is_none_or(|meta| meta.items("finalizers").is_empty()) {
                    app = with_finalizer(&app);
                }
            }
            let Some(patch) = self.patch else { return Ok(app) };
            let node = self.patch(fill, patch).map_err(refused)?;
            patch::apply(&app, &node, self.argocd).map_err(|misfit| {
                Failure::Argo(format!("the templatePatch does not fit: {}", misfit.message), misfit.span)
            })
        })?;
        let app = conform(&app, APPLICATION, Reading::lenient(self.argocd))?;
        let mut app = self.finished(app);
        self.pool.share(&mut app);
        let labels = argo::Application { node: &app }.labels();
        let rolling = self.set.rolling_steps();
        let steps: Vec<usize> =
            rolling.iter().enumerate().filter(|(_, step)| step.selects(labels)).map(|(at, _)| at).collect();
        let expression = steps.first().and_then(|&at| rolling[at].expressions().next());
        let generated = Generated {
            set: self.set.name().to_owned(),
            set_span: self.set.node.at(&["metadata", "name"]).unwrap_or(self.set.node).span(),
            environment: params::environment(params),
            step_label: expression.map(|expression| expression.key().to_owned()),
            steps,
            rolling: self.set.strategy() == "RollingSync",
        };
        Ok((app, generated))
    }

    /// The patch, filled and read.
    fn patch(&self, fill: &dyn replace::Fill, patch: &Node) -> std::result::Result<Node, Refused> {
        let text = patch.as_text().unwrap_or("");
        let places = inline::Places::of(self.sources, patch);
        let filled = fill
            .fill(text, &patch.origin)
            .map_err(|refused| refused.within(patch.span(), &|start, end| places.span(start, end)))?;
        let place = |start: usize, end: usize| filled.origin_in(start..end, &|start, end| places.span(start, end));
        let parsed = inline::parse_with(&filled.text, &Budget::default(), &place);
        match (parsed.problems.first(), parsed.documents.into_iter().next()) {
            (Some(problem), _) => {
                // What is never closed ends with the text. The template is at fault, whatever was filled in there.
                let start = (problem.span.start as usize).min(filled.text.trim_end().len().saturating_sub(1));
                let origin = place(start, (problem.span.end as usize).max(start + 1));
                let written = origin.contributions().find(|known| known.role == Role::Template);
                let at = written.map_or_else(|| origin.anchor(), |known| known.span);
                let message = format!("the templatePatch is no YAML: {}", problem.message);
                Err(Refused { at: Some(at), ..Refused::argo(message) })
            }
            (None, Some(document)) if !document.root.is_null() => Ok(document.root),
            (None, _) => Ok(schema::nothing(&patch.origin)),
        }
    }

    /// With its type, its namespace and its owner.
    fn finished(&self, app: Node) -> Node {
        let origin = &self.set.node.origin;
        let entry = |key: &str, value: Node| Entry { key: key.into(), key_origin: origin.clone(), value };
        let text = |text: &str| Node::string(text, origin.clone());
        let owner = Node::map(
            vec![
                entry("apiVersion", text("argoproj.io/v1alpha1")),
                entry("kind", text("ApplicationSet")),
                entry("name", text(self.set.name())),
            ],
            origin.clone(),
        );
        let mut all = vec![entry("apiVersion", text("argoproj.io/v1alpha1")), entry("kind", text("Application"))];
        for part in app.as_map().map_or(&[][..], |map| map.entries.as_slice()) {
            if &*part.key != "metadata" {
                all.push(part.clone());
                continue;
            }
            let fields = part.value.as_map().map_or(&[][..], |map| map.entries.as_slice());
            let (name, rest): (Vec<&Entry>, Vec<&Entry>) = fields.iter().partition(|field| &*field.key == "name");
            let rest = rest.into_iter().filter(|field| &*field.key != "namespace").cloned();
            let mut meta: Vec<Entry> = name.into_iter().cloned().collect();
            meta.push(entry("namespace", text(self.namespace)));
            meta.extend(rest);
            meta.push(entry("ownerReferences", Node::seq(vec![owner.clone()], origin.clone())));
            all.push(Entry { value: Node::map(meta, part.value.origin.clone()), ..part.clone() });
        }
        Node::map(all, app.origin.clone())
    }
}

fn with_finalizer(app: &Node) -> Node {
    let Some(map) = app.as_map() else { return app.clone() };
    let mut entries = map.entries.clone();
    if let Some(meta) = entries.iter_mut().find(|entry| &*entry.key == "metadata")
        && let Some(fields) = meta.value.as_map()
    {
        let origin = meta.value.origin.clone();
        let mut fields: Vec<Entry> =
            fields.entries.iter().filter(|field| &*field.key != "finalizers").cloned().collect();
        let name = Node::string("resources-finalizer.argocd.argoproj.io", origin.clone());
        let list = Node::seq(vec![name], origin.clone());
        fields.push(Entry { key: "finalizers".into(), key_origin: origin.clone(), value: list });
        meta.value = Node::map(fields, origin);
    }
    Node::map(entries, app.origin.clone())
}

/// The sources that a set's template and its git generators name.
pub fn git_sources<'a>(set: argo::ApplicationSet<'a>, found: &mut Vec<Source<'a>>) {
    if let Some(spec) = set.template().and_then(|template| template.get("spec")) {
        found.extend(spec.items("sources").iter().chain(spec.get("source")).map(|node| Source { node }));
    }
    let mut next: Vec<(&Node, usize)> = set.generators().iter().map(|node| (node, 0)).collect();
    while let Some((generator, depth)) = next.pop() {
        found.extend(generator.get("git").map(|node| Source { node }));
        if depth < 4 {
            let nested = ["matrix", "merge"].iter().filter_map(|kind| generator.get(kind));
            next.extend(nested.flat_map(|node| node.items("generators")).map(|node| (node, depth + 1)));
        }
    }
}
