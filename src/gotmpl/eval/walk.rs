//! Walks the nodes of a template.

use super::super::ast::{Branch, List, Node, NodeKind, TextNode, Writer};
use super::super::collection::ListType;
use super::super::text::Run;
use super::super::value::{Data, IntType, Value};
use super::super::{print, quote};
use super::{At, Evaluated, Frame, Held, TEMPLATE_DEPTH};

/// How a list of nodes came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl<'a> Frame<'a, '_> {
    pub(super) fn list(&mut self, dot: &Held, list: &'a List) -> Evaluated<Flow> {
        self.enter()?;
        for node in &list.nodes {
            let flow = self.node(dot, node)?;
            if flow != Flow::Next {
                self.leave();
                return Ok(flow);
            }
        }
        self.leave();
        Ok(Flow::Next)
    }

    fn node(&mut self, dot: &Held, node: &'a Node) -> Evaluated<Flow> {
        self.at = At::Node(node);
        self.step()?;
        match &node.kind {
            NodeKind::Text(text) => self.text(text)?,
            NodeKind::Action(pipe, writer) => {
                self.writer = *writer;
                let value = self.pipeline(dot, pipe)?;
                if pipe.decl.is_empty() {
                    self.at = At::Node(node);
                    if !print::is_printable(&value) {
                        let mut shown = String::new();
                        node.show(&mut shown, &self.tree.source);
                        return Err(self.error(format!("can't print {shown} of type {}", value.type_name())));
                    }
                    self.write(&value, *writer)?;
                }
            }
            NodeKind::If(branch) => return self.branch(dot, branch, false),
            NodeKind::With(branch) => return self.branch(dot, branch, true),
            NodeKind::Range(branch) => return self.range(dot, branch),
            NodeKind::Template(name, pipe) => {
                let Some(tree) = self.scope.find(name) else {
                    return Err(self.error(format!("template {} not defined", quote::quote(name))));
                };
                if self.templates >= TEMPLATE_DEPTH {
                    return Err(self.error("exceeded maximum template depth (100000)"));
                }
                let value = match pipe {
                    Some(pipe) => self.pipeline(dot, pipe)?,
                    None => Value::MISSING,
                };
                self.enter()?;
                let templates = self.templates + 1;
                super::execute(self.shared, self.scope, tree, value, self.out, self.under, templates)?;
                self.leave();
            }
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn text(&mut self, text: &TextNode) -> Evaluated<()> {
        let source = &self.tree.source.text;
        self.out.push_text(source.get(text.start..text.end).unwrap_or(""));
        let n = text.end - text.start;
        let unknown = [(n as u32, Writer::UNKNOWN)];
        for &(len, writer) in if text.parts.is_empty() { &unknown[..] } else { &text.parts } {
            self.out.push_run(Run { len, what: writer.what, place: writer.place, under: self.under });
        }
        self.shared.context.budget.bytes(n).map_err(|exceeded| self.exceeded(exceeded))
    }

    /// What stands under a condition was also decided by what the condition looked at.
    fn condition(&mut self, value: &Value) {
        let context = &self.shared.context;
        let origin = context.origin_of(value);
        if !origin.is_none() {
            self.under = context.origins.union(context.origins.condition(origin), self.under);
        }
    }

    fn branch(&mut self, dot: &Held, branch: &'a Branch, with: bool) -> Evaluated<Flow> {
        let (mark, under) = (self.vars.len(), self.under);
        let value = self.pipeline(dot, &branch.pipe)?;
        let truth = value.truth();
        self.condition(&value);
        let flow = if truth {
            if with { self.list(&Held { value, boxed: false }, &branch.list) } else { self.list(dot, &branch.list) }
        } else if let Some(otherwise) = &branch.otherwise {
            self.list(dot, otherwise)
        } else {
            Ok(Flow::Next)
        };
        self.vars.truncate(mark);
        self.under = under;
        flow
    }

    fn range(&mut self, dot: &Held, branch: &'a Branch) -> Evaluated<Flow> {
        let (mark, under) = (self.vars.len(), self.under);
        let value = self.pipeline(dot, &branch.pipe)?;
        self.condition(&value);
        let ran = self.turns(branch, value)?;
        let flow = match (&branch.otherwise, ran) {
            (Some(otherwise), false) => {
                // Variables of the range are still there in its `else`.
                self.list(dot, otherwise)
            }
            _ => Ok(Flow::Next),
        };
        self.vars.truncate(mark);
        self.under = under;
        flow
    }

    /// Runs the body for each item; tells whether there was any.
    fn turns(&mut self, branch: &'a Branch, value: Value) -> Evaluated<bool> {
        let origin = value.origin;
        let underlying = match &value.data {
            Data::Object(object) => object.underlying(),
            _ => None,
        };
        let value = underlying.unwrap_or(value);
        match &value.data {
            Data::Int(..) | Data::Uint(..) => {
                let (count, make): (i64, fn(i64, &Value) -> Value) = match &value.data {
                    Data::Int(n, _) => (*n, |i, like| match like.data {
                        Data::Int(_, kind) => Value::new(Data::Int(i, kind)),
                        _ => Value::int(i),
                    }),
                    Data::Uint(n, _) => (i64::try_from(*n).unwrap_or(i64::MAX), |i, like| match like.data {
                        Data::Uint(_, kind) => Value::new(Data::Uint(i as u64, kind)),
                        _ => Value::int(i),
                    }),
                    _ => (0, |i, _| Value::int(i)),
                };
                if branch.pipe.decl.len() > 1 {
                    let shown = print::show(&value).map_err(|exceeded| self.exceeded(exceeded))?;
                    return Err(self.error(format!("can't use {shown} to iterate over more than one variable")));
                }
                for i in 0..count {
                    let item = Held { value: make(i, &value).from_origin(origin), boxed: false };
                    if !self.turn(branch, || Value::MISSING, item)? {
                        break;
                    }
                }
                Ok(count > 0)
            }
            Data::List(list) => {
                let boxed = matches!(list.list_type(), ListType::Any);
                for (i, item) in list.iter().enumerate() {
                    let index = || Value::new(Data::Int(i as i64, IntType::Int)).from_origin(origin);
                    if !self.turn(branch, index, Held { value: item, boxed })? {
                        break;
                    }
                }
                Ok(!list.is_empty())
            }
            Data::Map(map) => {
                let boxed = map.map_type().holds_any();
                // All are put in order, however few of them are come to.
                self.shared.context.budget.steps(map.len() as u64).map_err(|exceeded| self.exceeded(exceeded))?;
                let entries = map.entries();
                let some = !entries.is_empty();
                for (key, field) in entries {
                    let index = || Value::str(key).from_origin(field.key_origin);
                    if !self.turn(branch, index, Held { value: field.value, boxed })? {
                        break;
                    }
                }
                Ok(some)
            }
            Data::Missing | Data::Nil => Ok(false),
            _ => {
                let shown = print::followed(&value).map_err(|exceeded| self.exceeded(exceeded))?;
                Err(self.error(format!("range can't iterate over {shown}")))
            }
        }
    }

    /// One turn of a range; `false` after a break.
    fn turn(&mut self, branch: &'a Branch, index: impl FnOnce() -> Value, item: Held) -> Evaluated<bool> {
        let pipe = &branch.pipe;
        let depth = self.shared.depth.get();
        if let Some(last) = pipe.decl.last() {
            if pipe.assigns {
                if pipe.decl.len() > 1 {
                    self.set(&pipe.decl[0], Held { value: index(), boxed: false })?;
                }
                self.set(last, item.clone())?;
            } else {
                let top = self.vars.len();
                if pipe.decl.len() > 1 && top > 1 {
                    self.vars[top - 2].1 = Held { value: index(), boxed: false };
                }
                if top > 0 {
                    self.vars[top - 1].1 = item.clone();
                }
            }
        }
        let mark = self.vars.len();
        let flow = self.list(&item, &branch.list)?;
        self.vars.truncate(mark);
        self.shared.depth.set(depth);
        self.step()?;
        Ok(flow != Flow::Break)
    }
}
