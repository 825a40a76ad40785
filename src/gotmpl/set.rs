//! A set of parsed templates, shared by threads, and one render of it.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{Source, Tree, Writer};
use super::collection::{Map, MapType, from_node};
use super::context::Context;
use super::error::{Error, ErrorKind};
use super::eval::{Scope, Shared, Sink, blank_written, execute};
use super::functions::Functions;
use super::origin::{OriginId, Origins, SharedOrigins};
use super::output::Output;
use super::parse::{self, Places};
use super::quote::quote;
use super::shelf::Shelf;
use super::value::{Data, Value};
use crate::budget::Budget;
use crate::hash::Seeded;
use crate::source::{FileId, Span};
use crate::yaml::{Node, Origin};

/// What a missing key gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// No value; `<no value>` when printed (`missingkey=default`, `missingkey=invalid`).
    #[default]
    Invalid,
    /// The zero value of the map's type (`missingkey=zero`).
    Zero,
    /// An error (`missingkey=error`).
    Error,
}

/// How templates are read and run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What a missing key gives.
    pub missing_key: MissingKey,
    /// The delimiters, where they are not `{{` and `}}`.
    pub delims: Option<(String, String)>,
    /// Helm's lint mode: `required` and `fail` let pass.
    pub lint: bool,
    /// `<no value>` is taken out of what is written, as Helm does.
    pub blank_no_value: bool,
    /// The moment that `now` gives, in seconds since 1970. Go's reference time by default.
    pub now: i64,
    /// Whether what is written can tell where it came from.
    pub origins: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            missing_key: MissingKey::default(),
            delims: None,
            lint: false,
            blank_no_value: false,
            now: 1_136_214_245,
            origins: true,
        }
    }
}

/// Templates by name, and the functions that they may call.
pub struct TemplateSet {
    functions: Functions,
    options: Options,
    trees: Seeded<Arc<str>, Tree>,
    places: Arc<Vec<Span>>,
    shelf: Arc<Shelf>,
}

/// Numbers the places of a file.
struct Numbering<'p> {
    file: FileId,
    places: &'p mut Vec<Span>,
}

/// Nobody asks for places.
struct Unasked;

impl Places for Unasked {
    fn writer(&mut self, _: usize, _: usize) -> Writer {
        Writer::UNKNOWN
    }

    fn text(&mut self, _: &str, _: Range<usize>) -> Vec<(u32, Writer)> {
        Vec::new()
    }
}

impl Places for Numbering<'_> {
    fn writer(&mut self, start: usize, end: usize) -> Writer {
        self.places.push(Span::new(self.file, start, end));
        Writer { what: OriginId::NONE, place: OriginId::place(self.places.len() as u32 - 1) }
    }
}

impl TemplateSet {
    /// An empty set.
    pub fn new(functions: Functions, options: Options) -> Self {
        Self { functions, options, trees: Seeded::default(), places: Arc::default(), shelf: Arc::default() }
    }

    /// The same set, which shares what texts are parsed to with others.
    pub fn sharing(self, shelf: &Arc<Shelf>) -> Self {
        Self { shelf: Arc::clone(shelf), ..self }
    }

    /// Reads a text as the template `name`, and the templates that it defines. A later definition replaces an earlier
    /// one, unless it is empty.
    ///
    /// # Errors
    /// In Go's words, with the line; or a limit of the budget.
    pub fn add(
        &mut self,
        name: &str,
        text: impl Into<Arc<str>>,
        file: FileId,
        budget: &Budget,
    ) -> Result<(), Box<Error>> {
        let source = Arc::new(Source { name: Arc::from(name), text: text.into(), file });
        let delims = self.options.delims.as_ref().map_or(("", ""), |(left, right)| (left, right));
        let trees = if self.options.origins {
            let mut places = Numbering { file, places: Arc::make_mut(&mut self.places) };
            parse::parse(&source, self.functions, delims, &mut places, budget)?.all
        } else {
            let parse = || parse::parse(&source, self.functions, delims, &mut Unasked, budget);
            match self.options.delims {
                Some(_) => parse()?.all,
                None => self.shelf.trees(&source, self.functions, budget, parse)?,
            }
        };
        for tree in trees {
            if self.trees.contains_key(&tree.name) && tree.root.is_blank(&tree.source) {
                continue;
            }
            self.trees.insert(Arc::clone(&tree.name), tree);
        }
        Ok(())
    }

    /// Whether there is such a template.
    pub fn has(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }

    /// Begins a render. Values made for it belong to it.
    pub fn render<'r>(&'r self, budget: &'r Budget) -> Render<'r> {
        let origins = Rc::new(Origins::new(Arc::clone(&self.places), self.options.origins));
        Render {
            set: self,
            budget,
            origins,
            included: RefCell::default(),
            parsed: RefCell::default(),
            memo: RefCell::default(),
        }
    }
}

/// One render: an arena of origins, Helm's count of includes, and a budget.
pub struct Render<'r> {
    set: &'r TemplateSet,
    budget: &'r Budget,
    origins: SharedOrigins,
    included: RefCell<super::eval::Included>,
    parsed: RefCell<super::eval::Parsed>,
    memo: RefCell<super::eval::Memo>,
}

impl Render<'_> {
    /// A tree as a value, with its origins; every number becomes a `float64`, as through JSON.
    pub fn value(&self, node: &Node) -> Value {
        from_node(node, &self.origins)
    }

    /// A mapping as a value of a named map type (`chartutil.Values`).
    pub fn named_map(&self, node: &Node, kind: MapType) -> Value {
        Map::named(node, kind, &self.origins)
    }

    /// An origin of this render.
    pub fn origin(&self, origin: &Origin) -> OriginId {
        self.origins.known(origin)
    }

    /// The arena of this render, for values that are made outside of it.
    pub fn origins(&self) -> SharedOrigins {
        Rc::clone(&self.origins)
    }

    /// Runs a template.
    ///
    /// # Errors
    /// In Go's words, with template, line and column; or a limit of the budget.
    pub fn execute(&self, name: &str, dot: &Value) -> Result<Output, Box<Error>> {
        let Some(tree) = self.set.trees.get(name) else {
            let text = format!("template: no template {} associated with template \"gotpl\"", quote(name));
            return Err(Box::new(Error::new(ErrorKind::Exec, None, text)));
        };
        let shared = Shared {
            context: Context {
                budget: self.budget,
                origins: &self.origins,
                functions: self.set.functions,
                lint: self.set.options.lint,
                now: self.set.options.now,
            },
            options: &self.set.options,
            functions: self.set.functions,
            included: &self.included,
            depth: Cell::new(0),
            parsed: &self.parsed,
            memo: &self.memo,
            spare: RefCell::default(),
        };
        let mut out = Sink::with_capacity(tree.source.text.len());
        let mut dot = dot.clone();
        if matches!(dot.data, Data::Nil) {
            dot.data = Data::Missing;
        }
        let scope = Scope { set: &self.set.trees, inner: None };
        execute(&shared, scope, tree, dot, &mut out, OriginId::NONE, 0)?;
        let mut out = out.into_written();
        if self.set.options.blank_no_value
            && let Some(blank) = blank_written(&out)
        {
            out = blank;
        }
        Ok(Output::new(out, Rc::clone(&self.origins)))
    }
}
