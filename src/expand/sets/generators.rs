//! From a generator to its parameters (`applicationset/generators/generator_spec_processor.go`).
//!
//! A failure says whether Argo CD would refuse the set as well, or whether only we cannot know.

use std::collections::{BTreeMap, BTreeSet};

use super::params::{Params, flatten};
use super::program::{Language, Program};
use super::replace::{Refused, fill_tree, is_template};
use super::schema::Misfit;
use super::selector::Selector;
use crate::budget::Budget;
use crate::expand::ArgoCd;
use crate::expand::components::Picked;
use crate::expand::world::World;
use crate::finding::Gap;
use crate::render::inline::{Places, parse_with};
use crate::source::{RepoPath, Span};
use crate::yaml::Node;

mod clusters;
mod git;
mod interpolate;
mod list;
mod matrix;
mod merge;

/// How many sets of parameters one ApplicationSet may have.
const MAX_PARAMS: usize = 100_000;

/// Why a generator gives nothing.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Argo CD would refuse it.
    Argo(String, Span),
    /// It asks the world, or a limit was met.
    Unknown(Box<Gap>),
}

impl Failure {
    /// What is not known.
    pub fn unknown(gap: Gap) -> Self {
        Failure::Unknown(Box::new(gap))
    }

    /// A template that could not be filled; `at` is where it is, if the template does not say.
    pub fn refused(refused: Refused, at: Span) -> Self {
        let at = refused.at.unwrap_or(at);
        if refused.limit {
            Failure::unknown(Gap::new("unresolved-generator", refused.message).at(at))
        } else {
            Failure::Argo(refused.message, at)
        }
    }
}

impl From<Misfit> for Failure {
    fn from(misfit: Misfit) -> Self {
        Failure::Argo(misfit.message, misfit.span)
    }
}

/// What one generator gives.
#[derive(Debug)]
pub struct Given {
    /// The parameters, in order.
    pub params: Vec<Params>,
    /// The generator's own template.
    pub template: Option<Node>,
}

/// The evaluation of one set's generators.
pub struct Evaluation<'w, 'a> {
    /// The repository.
    pub world: &'w World<'a>,
    /// The cluster Secrets in effect.
    pub clusters: &'w BTreeMap<String, Node>,
    /// How templates are read.
    pub language: Language,
    /// The set's name.
    pub set: String,
    /// `spec.template.spec.project`.
    pub project: String,
    /// What was noticed on the way.
    pub gaps: Vec<Gap>,
    /// The files that were read.
    pub files: BTreeSet<RepoPath>,
    /// What each git files generator picked up.
    pub picked: Vec<Picked>,
    /// Whether something gives less than it would in a cluster.
    pub unresolved: bool,
}

/// All generators, in the order in which Argo CD meets the fields.
const KINDS: [&str; 9] =
    ["list", "clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "matrix", "merge", "plugin"];

impl Evaluation<'_, '_> {
    /// What an entry of `generators` gives; `outer` are the parameters of a matrix's first child.
    pub fn transform(&mut self, entry: &Node, outer: Option<&Params>, depth: usize) -> Result<Vec<Given>, Failure> {
        let selector = entry.get("selector").filter(|node| !node.is_null()).cloned();
        let selector = match &selector {
            Some(node) => Some(Selector::of_parameters(node).map_err(|message| Failure::Argo(message, node.span()))?),
            None => None,
        };
        let filled = match outer.filter(|params| !params.is_empty() && is_template(entry)) {
            Some(params) => self.filled(entry, params)?,
            None => entry.clone(),
        };
        let mut all = Vec::new();
        for kind in KINDS {
            let Some(generator) = filled.get(kind).filter(|node| !node.is_null()) else { continue };
            let mut params = self.params(kind, generator, depth)?;
            if let Some(selector) = &selector {
                params.retain(|params| {
                    let flat = selectable(params, &self.language, self.world.settings.argocd);
                    selector.matches(|key| flat.get(key).and_then(Node::as_str))
                });
            }
            let template = entry.at(&[kind, "template"]).filter(|node| !node.is_null()).cloned();
            all.push(Given { params, template });
        }
        Ok(all)
    }

    /// A generator filled with the parameters of a matrix's first child. Elements that are a text are read at once, while
    /// it is known who wrote which part of it.
    fn filled(&self, entry: &Node, params: &Params) -> Result<Node, Failure> {
        let filled = interpolate::filled(&self.language, self.world.settings.argocd, entry, params, |fill, filled| {
            let Some(yaml) = entry.at(&["list", "elementsYaml"]) else { return Ok(filled) };
            let text = fill.fill(yaml.as_text().unwrap_or(""), &yaml.origin)?;
            let places = Places::of(self.world.context.repository().sources(), yaml);
            let place = |start: usize, end: usize| text.origin_in(start..end, &|start, end| places.span(start, end));
            let parsed = parse_with(&text.text, &Budget::default(), &place);
            Ok(match parsed.documents.into_iter().next() {
                Some(document) if parsed.problems.is_empty() && document.root.as_seq().is_some() => {
                    list::with_elements(&filled, document.root)
                }
                _ => filled,
            })
        });
        filled.map_err(|refused| Failure::refused(refused, entry.span()))
    }

    fn params(&mut self, kind: &str, generator: &Node, depth: usize) -> Result<Vec<Params>, Failure> {
        match kind {
            "list" => list::params(self, generator),
            "clusters" => clusters::params(self, generator),
            "git" => git::params(self, generator),
            "matrix" | "merge" if depth == 2 => {
                let message = format!("`{kind}` is nested more deeply than Argo CD allows");
                Err(Failure::Argo(message, generator.span()))
            }
            "matrix" => matrix::params(self, generator, depth),
            "merge" => merge::params(self, generator, depth),
            kind => self.sampled(kind, generator),
        }
    }

    /// What the configuration says of a generator that asks the world.
    fn sampled(&mut self, kind: &str, generator: &Node) -> Result<Vec<Params>, Failure> {
        let samples = self.world.settings.samples.of(&self.set, kind);
        if samples.is_empty() {
            let message = format!("the generator `{kind}` asks what is outside the repository: it is not evaluated");
            return Err(Failure::unknown(Gap::new("unresolved-generator", message).at(generator.span())));
        }
        let mut all = Vec::new();
        for sample in &samples {
            let entries = sample.as_map().map_or(&[][..], |map| map.entries.as_slice());
            let params = entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect();
            all.push(if self.language.go { params } else { flatten(&params) });
        }
        self.add_values(generator, &mut all)?;
        Ok(all)
    }

    /// The parameters of a child of a matrix or merge, which must be one generator.
    fn child(&mut self, entry: &Node, outer: Option<&Params>, depth: usize) -> Result<Vec<Params>, Failure> {
        let mut given = self.transform(entry, outer, depth + 1)?;
        match given.len() {
            0 => Err(Failure::Argo("a child generator generated no parameters".to_owned(), entry.span())),
            1 => Ok(given.remove(0).params),
            _ => Err(Failure::Argo("a child holds more than one generator".to_owned(), entry.span())),
        }
    }

    /// Adds a generator's `values`, filled with its parameters.
    fn add_values(&self, generator: &Node, all: &mut [Params]) -> Result<(), Failure> {
        let Some(values) =
            generator.get("values").filter(|node| node.as_map().is_some_and(|map| !map.entries.is_empty()))
        else {
            return Ok(());
        };
        let program = Program::new(&self.language, &[values]);
        for params in all {
            let filled = program.with(params, |fill| fill_tree(fill, values));
            let filled = filled.map_err(|refused| Failure::refused(refused, values.span()))?;
            let strings = filled.as_map().map_or(&[][..], |map| map.entries.as_slice());
            if self.language.go {
                params.insert("values".into(), filled.clone());
            } else {
                for entry in strings {
                    let value = super::params::text(entry.value.as_text().unwrap_or(""), &entry.value.origin);
                    params.insert(format!("values.{}", entry.key).into(), value);
                }
            }
        }
        Ok(())
    }
}

/// What a post-selector sees. With Go's templates the flattening stops at Go's lists of strings, and before 3.4 at its maps of
/// strings (`generator_spec_processor.go: flattenParameters`).
fn selectable(params: &Params, language: &Language, argocd: ArgoCd) -> Params {
    let mut flat = flatten(params);
    if language.go {
        let folders: Vec<String> = flat
            .keys()
            .filter_map(|key| key.strip_suffix("path.basenameNormalized"))
            .map(|prefix| format!("{prefix}path.segments."))
            .collect();
        let cluster = ["metadata.labels.", "metadata.annotations.", "values."];
        let of_cluster = argocd < ArgoCd(4) && (flat.contains_key("nameNormalized") || !folders.is_empty());
        flat.retain(|key, _| {
            let of_folder = folders.iter().any(|folder| key.starts_with(folder.as_str()));
            let of_cluster = of_cluster && cluster.iter().any(|own| key.starts_with(own));
            !of_folder && !of_cluster
        });
    }
    flat
}

fn too_many(at: Span) -> Failure {
    let message = format!("budget exceeded: the generators give more than {MAX_PARAMS} sets of parameters");
    Failure::unknown(Gap::new("budget-exceeded", message).at(at))
}
