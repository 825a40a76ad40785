//! Templates of a set, made ready once and filled for many sets of parameters.

use std::collections::HashMap;
use std::sync::Arc;

use super::params::{Params, tree};
use super::replace::{Classic, Fill, Filled, Refused, TEXT};
use crate::budget::Budget;
use crate::gotmpl::{Functions, MissingKey, Options, Render, TemplateSet, Value};
use crate::source::Span;
use crate::yaml::{Node, Origin, Value as Tree};

/// How a set's templates are read.
#[derive(Debug, Clone, Default)]
pub struct Language {
    /// Go's templates, or the old replacement.
    pub go: bool,
    /// `goTemplateOptions`.
    pub options: Vec<String>,
}

/// Templates that are ready to be filled.
pub struct Program {
    go: Option<Go>,
}

struct Go {
    templates: TemplateSet,
    /// By text: the template's name, or why it is none.
    names: HashMap<Arc<str>, Result<String, Refused>>,
}

impl Program {
    /// Reads every template in some trees.
    pub fn new(language: &Language, templates: &[&Node]) -> Self {
        if !language.go {
            return Self { go: None };
        }
        let mut go = Go { templates: TemplateSet::new(Functions::ArgoCd, options(language)), names: HashMap::new() };
        let budget = Budget::default();
        let mut open: Vec<&Node> = templates.to_vec();
        while let Some(node) = open.pop() {
            match &node.value {
                Tree::Scalar(scalar) => go.add(&scalar.text, &budget),
                Tree::Seq(items) => open.extend(items.iter()),
                Tree::Map(map) => {
                    map.entries.iter().for_each(|entry| go.add(&entry.key, &budget));
                    open.extend(map.entries.iter().map(|entry| &entry.value));
                }
            }
        }
        Self { go: Some(go) }
    }

    /// Fills them with parameters.
    pub fn with<R>(&self, params: &Params, work: impl FnOnce(&dyn Fill) -> R) -> R {
        let Some(go) = &self.go else { return work(&Classic { params }) };
        let budget = Budget::default();
        let render = go.templates.render(&budget);
        let dot = render.value(&tree(params, &Origin::literal(Span::new(TEXT, 0, 0))));
        work(&Filler { go, render, dot })
    }
}

/// An option that Go does not know makes the controller panic: it is passed over.
fn options(language: &Language) -> Options {
    let mut options = Options::default();
    for option in &language.options {
        options.missing_key = match option.as_str() {
            "missingkey=default" | "missingkey=invalid" => MissingKey::Invalid,
            "missingkey=zero" => MissingKey::Zero,
            "missingkey=error" => MissingKey::Error,
            _ => options.missing_key,
        };
    }
    options
}

impl Go {
    fn add(&mut self, text: &Arc<str>, budget: &Budget) {
        if !text.contains("{{") || self.names.contains_key(text) {
            return;
        }
        let name = format!("template-{}", self.names.len());
        let read = self.templates.add(&name, Arc::clone(text), TEXT, budget);
        let read = read.map_err(|error| refused(&error, &name)).map(|()| name);
        self.names.insert(Arc::clone(text), read);
    }
}

/// Argo CD calls every template `base`.
fn refused(error: &crate::gotmpl::Error, name: &str) -> Refused {
    let refused = match error.exceeded() {
        Some(exceeded) => Refused::limit(exceeded.to_string()),
        None => Refused::argo(error.text().replace(name, "base")),
    };
    Refused { at: error.span().filter(|span| span.file == TEXT), ..refused }
}

struct Filler<'p> {
    go: &'p Go,
    render: Render<'p>,
    dot: Value,
}

impl Fill for Filler<'_> {
    fn fill(&self, text: &str, origin: &Origin) -> Result<Filled, Refused> {
        if !text.contains("{{") {
            return Ok(Filled::constant(text, origin));
        }
        match self.go.names.get(text) {
            Some(Ok(name)) => {
                let output = self.render.execute(name, &self.dot).map_err(|error| refused(&error, name))?;
                Ok(Filled::of_go(output, origin))
            }
            Some(Err(refused)) => Err(refused.clone()),
            None => Err(Refused::limit("a template that was not read")),
        }
    }
}
