//! The tree of a parsed template, with function names resolved, and its text as Go's error messages show it.

use std::fmt::Write;
use std::sync::Arc;

use super::functions::Function;
use super::origin::OriginId;
use super::quote;
use crate::source::FileId;

/// A template text, shared by the templates that it defines.
#[derive(Debug)]
pub(super) struct Source {
    /// The name under which it was parsed, for messages.
    pub name: Arc<str>,
    pub text: Arc<str>,
    pub file: FileId,
}

impl Source {
    /// Line (from 1) and byte column (from 0) of a byte, as Go counts them.
    pub fn position(&self, pos: usize) -> (usize, usize) {
        let before = self.text.as_bytes().get(..pos).unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        let column = before.iter().rev().take_while(|&&b| b != b'\n').count();
        (line, column)
    }
}

/// A piece of a template's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Piece {
    start: u32,
    end: u32,
}

impl Piece {
    pub const EMPTY: Piece = Piece { start: 0, end: 0 };

    /// Texts are bounded by the budget's bytes; what is longer than a number can say is not shown.
    pub fn new(start: usize, end: usize) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: number(start), end: number(end) }
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Its first byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The byte after its last.
    pub fn end(self) -> usize {
        self.end as usize
    }

    pub fn of(self, source: &Source) -> &str {
        source.text.get(self.start()..self.end()).unwrap_or("")
    }
}

/// A template.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub name: Arc<str>,
    pub source: Arc<Source>,
    pub root: Arc<List>,
}

/// Nodes one after the other.
#[derive(Debug, Default)]
pub(super) struct List {
    pub nodes: Vec<Node>,
}

impl List {
    /// Whether there is nothing but space and comments; such a definition replaces none.
    pub fn is_blank(&self, source: &Source) -> bool {
        self.nodes.iter().all(|node| match &node.kind {
            NodeKind::Text(text) => source.text.get(text.start..text.end).unwrap_or("").trim().is_empty(),
            _ => false,
        })
    }
}

/// A node that does something.
#[derive(Debug)]
pub(super) struct Node {
    pub pos: usize,
    pub kind: NodeKind,
}

/// Who is the writer of a stretch of output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    /// The value that the template text itself came from (`tpl`).
    pub what: OriginId,
    pub place: OriginId,
}

impl Writer {
    pub const UNKNOWN: Writer = Writer { what: OriginId::NONE, place: OriginId::NONE };
}

#[derive(Debug)]
pub(super) struct TextNode {
    pub start: usize,
    pub end: usize,
    /// The length and the place of each line, or of each part of a line that was written elsewhere; empty where nobody
    /// asks for places.
    pub parts: Vec<(u32, Writer)>,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Text(TextNode),
    Action(Pipe, Writer),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Arc<str>, Option<Pipe>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub pipe: Pipe,
    pub list: List,
    pub otherwise: Option<List>,
}

/// A pipeline.
#[derive(Debug)]
pub(super) struct Pipe {
    pub pos: usize,
    pub assigns: bool,
    pub decl: Box<[Variable]>,
    pub first: Command,
    pub rest: Box<[Command]>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub pos: usize,
    pub first: Arg,
    pub args: Box<[Arg]>,
}

#[derive(Debug)]
pub(super) struct Arg {
    pub pos: usize,
    pub expr: Expr,
}

/// A variable's name with `$`, and its number among the names of its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variable {
    pub name: Piece,
    pub number: u32,
}

#[derive(Debug)]
pub(super) enum Expr {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    /// As it is written, quotes included, and what it says.
    Str(Piece, super::text::Text),
    /// Names, each behind a dot.
    Field(Piece),
    Variable(Variable, Piece),
    Chain(Box<Arg>, Piece),
    Pipe(Box<Pipe>),
    Function(&'static Function),
}

/// A constant, as all the types that can hold it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Number {
    pub text: Arc<str>,
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
    pub complex: Option<(f64, f64)>,
}

impl Pipe {
    pub fn show(&self, out: &mut String, source: &Source) {
        for (i, variable) in self.decl.iter().enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            out.push_str(variable.name.of(source));
        }
        if !self.decl.is_empty() {
            out.push_str(if self.assigns { " = " } else { " := " });
        }
        self.first.show(out, source);
        for command in &self.rest {
            out.push_str(" | ");
            command.show(out, source);
        }
    }
}

impl Command {
    pub fn show(&self, out: &mut String, source: &Source) {
        self.first.expr.show_in_parens(out, source);
        for arg in &self.args {
            out.push(' ');
            arg.expr.show_in_parens(out, source);
        }
    }
}

impl Expr {
    fn show_in_parens(&self, out: &mut String, source: &Source) {
        let parens = matches!(self, Expr::Pipe(_));
        out.push_str(if parens { "(" } else { "" });
        self.show(out, source);
        out.push_str(if parens { ")" } else { "" });
    }

    pub fn show(&self, out: &mut String, source: &Source) {
        match self {
            Expr::Dot => out.push('.'),
            Expr::Nil => out.push_str("nil"),
            Expr::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Expr::Number(number) => out.push_str(&number.text),
            Expr::Str(quoted, _) => out.push_str(quoted.of(source)),
            Expr::Field(names) => out.push_str(names.of(source)),
            Expr::Variable(variable, names) => {
                out.push_str(variable.name.of(source));
                out.push_str(names.of(source));
            }
            Expr::Chain(arg, names) => {
                arg.expr.show_in_parens(out, source);
                out.push_str(names.of(source));
            }
            Expr::Pipe(pipe) => pipe.show(out, source),
            Expr::Function(function) => out.push_str(function.name),
        }
    }
}

impl List {
    pub fn show(&self, out: &mut String, source: &Source) {
        for node in &self.nodes {
            node.show(out, source);
        }
    }
}

impl Node {
    pub fn show(&self, out: &mut String, source: &Source) {
        let mut branch = |name: &str, branch: &Branch| {
            let _ = write!(out, "{{{{{name} ");
            branch.pipe.show(out, source);
            out.push_str("}}");
            branch.list.show(out, source);
            if let Some(otherwise) = &branch.otherwise {
                out.push_str("{{else}}");
                otherwise.show(out, source);
            }
            out.push_str("{{end}}");
        };
        match &self.kind {
            NodeKind::Text(text) => out.push_str(source.text.get(text.start..text.end).unwrap_or("")),
            NodeKind::Action(pipe, _) => {
                out.push_str("{{");
                pipe.show(out, source);
                out.push_str("}}");
            }
            NodeKind::If(inner) => branch("if", inner),
            NodeKind::With(inner) => branch("with", inner),
            NodeKind::Range(inner) => branch("range", inner),
            NodeKind::Template(name, pipe) => {
                let _ = write!(out, "{{{{template {}", quote::quote(name));
                if let Some(pipe) = pipe {
                    out.push(' ');
                    pipe.show(out, source);
                }
                out.push_str("}}");
            }
            NodeKind::Break => out.push_str("{{break}}"),
            NodeKind::Continue => out.push_str("{{continue}}"),
        }
    }
}
