//! Runs templates, as Go's `text/template/exec.go` does, and keeps who wrote what.
//!
//! `at` follows Go's state: the node that an error names is the last one visited. `walk` runs nodes, `expr` evaluates.

mod call;
mod expr;
mod memo;
mod sink;
mod walk;

pub(super) use call::blank_written;
pub(super) use memo::Memo;
pub(super) use sink::Sink;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{Arg, Command, Node, Pipe, Tree, Writer};
use super::context::Context;
use super::error::{Error, ErrorKind, Failure};
use super::origin::OriginId;
use super::quote::quote;
use super::set::Options;
use super::text::{Run, Text};
use super::value::{Data, Value};
use crate::budget::Exceeded;
use crate::hash::Seeded;
use crate::source::{FileId, Span};

/// How deep templates, nested lists and parentheses may go in one another.
pub(super) const DEEPEST: u32 = 6_000;

/// The stack that a thread needs which reads or runs templates: [`DEEPEST`] levels, of 3 KiB in a release build and of
/// 16 KiB in a debug build, and as much again for values of the deepest nesting.
pub const STACK: usize = if cfg!(debug_assertions) { 192 << 20 } else { 48 << 20 };

/// Helm's limit on `include`s of one name inside one another (`pkg/engine/engine.go`).
const NESTED_INCLUDES: u32 = 1000;

/// Text/template's limit on nested `template` actions. We stop far earlier, since no stack holds that many, and say what
/// Go would come to say: a recursion this deep does not end.
const TEMPLATE_DEPTH: u32 = 1500;

pub(super) type Evaluated<T> = Result<T, Box<Error>>;

/// What a render shares between its templates.
pub(super) struct Shared<'r> {
    pub context: Context<'r>,
    pub options: &'r Options,
    pub functions: super::functions::Functions,
    pub included: &'r RefCell<Included>,
    pub depth: Cell<u32>,
    /// Texts that `tpl` has parsed.
    pub parsed: &'r RefCell<Parsed>,
    /// What `include` gave.
    pub memo: &'r RefCell<Memo>,
    /// Room for the arguments of calls, used again and again.
    pub spare: RefCell<Vec<Vec<Value>>>,
}

/// How often each name is being included at the moment.
pub(super) type Included = Seeded<Arc<str>, Rc<Cell<u32>>>;

/// Texts that were parsed at run time, by text, origin and place.
pub(super) type Parsed = Seeded<(Arc<str>, OriginId, OriginId), Rc<Vec<Tree>>>;

/// The templates in sight: those of the set, and those that `tpl` texts on the way here define.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub set: &'s Seeded<Arc<str>, Tree>,
    pub inner: Option<&'s Inner<'s>>,
}

/// The definitions of one `tpl` text, and what they hide.
pub(super) struct Inner<'s> {
    pub trees: &'s [Tree],
    pub outer: Scope<'s>,
}

impl<'s> Scope<'s> {
    fn find(&self, name: &str) -> Option<&'s Tree> {
        let mut scope = *self;
        loop {
            let Some(inner) = scope.inner else { return scope.set.get(name) };
            let own = inner.trees.iter().find(|tree| *tree.name == *name);
            if let Some(tree) = own {
                // A blank definition does not replace one that is already there.
                if !tree.root.is_blank(&tree.source) || inner.outer.find(name).is_none() {
                    return Some(tree);
                }
            }
            scope = inner.outer;
        }
    }
}

/// What an error names.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Nothing,
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Arg(&'t Arg),
}

/// The dot, or a variable: a value, and whether Go holds it in an `interface {}` (items of lists are; error messages tell).
#[derive(Clone)]
pub(super) struct Held {
    pub value: Value,
    pub boxed: bool,
}

/// A template being run.
pub(super) struct Frame<'a, 'r> {
    pub shared: &'a Shared<'r>,
    pub scope: Scope<'a>,
    pub tree: &'a Tree,
    pub at: At<'a>,
    pub vars: Vec<(u32, Held)>,
    pub out: &'a mut Sink,
    /// The conditions that hold here.
    pub under: OriginId,
    /// The action that is being evaluated.
    pub writer: Writer,
    /// Nested `template` actions since the last `include`.
    pub templates: u32,
}

/// Runs a template into a buffer.
pub(super) fn execute(
    shared: &Shared<'_>,
    scope: Scope<'_>,
    tree: &Tree,
    dot: Value,
    out: &mut Sink,
    under: OriginId,
    templates: u32,
) -> Evaluated<()> {
    let dot = Held { value: dot, boxed: false };
    let writer = Writer::UNKNOWN;
    let mut vars = Vec::with_capacity(4);
    vars.push((0, dot.clone()));
    let mut frame = Frame { shared, scope, tree, at: At::Nothing, vars, out, under, writer, templates };
    frame.list(&dot, &tree.root).map(|_| ())
}

impl<'a> Frame<'a, '_> {
    /// An error at the current node.
    fn error(&self, message: impl AsRef<str>) -> Box<Error> {
        let (prefix, span) = self.location();
        Box::new(Error::new(ErrorKind::Exec, span, format!("{prefix}{}", message.as_ref())))
    }

    fn exceeded(&self, exceeded: Exceeded) -> Box<Error> {
        let (prefix, span) = self.location();
        Box::new(Error::new(ErrorKind::Exceeded(exceeded), span, format!("{prefix}{exceeded}")))
    }

    /// The error of a function at the current node.
    fn failed(&self, name: &str, failure: Failure) -> Box<Error> {
        match failure {
            Failure::Message(message) => {
                // Go wraps the function's own error: it is a part of its own.
                let mut error = self.error(format!("error calling {name}: "));
                error.parts.push(message);
                error
            }
            Failure::Exceeded(exceeded) => self.exceeded(exceeded),
            Failure::Template(wrapping, mut error) => {
                let (prefix, span) = self.location();
                // A text that `tpl` runs stands in no file: the call does.
                if error.span.is_some_and(|at| at.file == FileId(u32::MAX)) {
                    error.span = span;
                }
                let own = format!("{prefix}error calling {name}: ");
                error.parts.splice(..0, [own, wrapping].into_iter().filter(|part| !part.is_empty()));
                error
            }
        }
    }

    fn location(&self) -> (String, Option<Span>) {
        let source = &self.tree.source;
        let mut context = String::new();
        let pos = match self.at {
            At::Nothing => return (format!("template: {}: ", self.tree.name), None),
            At::Node(node) => {
                node.show(&mut context, source);
                node.pos
            }
            At::Pipe(pipe) => {
                pipe.show(&mut context, source);
                pipe.pos
            }
            At::Command(command) => {
                command.show(&mut context, source);
                command.pos
            }
            At::Arg(arg) => {
                arg.expr.show(&mut context, source);
                arg.pos
            }
        };
        let (line, column) = source.position(pos);
        let name = quote(&self.tree.name);
        let text = format!("template: {}:{line}:{column}: executing {name} at <{context}>: ", source.name);
        let character = source.text.get(pos..).and_then(|rest| rest.chars().next());
        (text, Some(Span::new(source.file, pos, pos + character.map_or(0, char::len_utf8))))
    }

    fn step(&self) -> Evaluated<()> {
        self.shared.context.budget.steps(1).map_err(|exceeded| self.exceeded(exceeded))
    }

    fn enter(&self) -> Evaluated<()> {
        let depth = self.shared.depth.get() + 1;
        if depth > DEEPEST {
            return Err(self.exceeded(Exceeded::Depth(DEEPEST)));
        }
        self.shared.depth.set(depth);
        Ok(())
    }

    fn leave(&self) {
        self.shared.depth.set(self.shared.depth.get().saturating_sub(1));
    }

    /// Appends a value to the output.
    fn write(&mut self, value: &Value, writer: Writer) -> Evaluated<()> {
        let under = self.under;
        let own = |what: OriginId| Run {
            len: 0,
            what: if what.is_none() { writer.what } else { what },
            place: writer.place,
            under,
        };
        let before = self.out.len();
        match &value.data {
            Data::Str(Text::Written(written)) => {
                self.out.push_text(&written.text);
                for run in &written.runs {
                    // What was written before keeps its writer; what was only moved gets this one.
                    let mut run = if run.place.is_none() { Run { len: run.len, ..own(run.what) } } else { *run };
                    if !value.origin.is_none() {
                        run.what = self.shared.context.origins.union(run.what, value.origin);
                    }
                    self.out.push_run(run);
                }
            }
            Data::Str(Text::Bytes(bytes)) => self.out.push_bytes(bytes, own(value.origin)),
            Data::Str(text) => self.out.push(&text.as_str(), own(value.origin)),
            _ => {
                let text = super::print::written(value).map_err(|exceeded| self.exceeded(exceeded))?;
                self.out.push(&text, own(value.origin));
            }
        }
        let n = self.out.len() - before;
        self.shared.context.budget.bytes(n).map_err(|exceeded| self.exceeded(exceeded))
    }
}
