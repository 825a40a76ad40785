//! Evaluates pipelines, commands, fields and variables.

use super::super::ast::{Arg, Command, Expr, Number, Piece, Pipe, Tree, Variable};
use super::super::collection::Map;
use super::super::quote::quote;
use super::super::set::MissingKey;
use super::super::value::{Data, IntType, Value};
use super::call::{Callee, Given};
use super::{At, Evaluated, Frame, Held};

impl<'a> Frame<'a, '_> {
    pub(super) fn pipeline(&mut self, dot: &Held, pipe: &'a Pipe) -> Evaluated<Value> {
        self.at = At::Pipe(pipe);
        let mut value = self.command(dot, &pipe.first, None)?;
        let mut rest = pipe.rest.iter();
        loop {
            // A nil that is held in an interface is no value once it is taken out.
            if matches!(value.data, Data::Nil) {
                value.data = Data::Missing;
            }
            let Some(command) = rest.next() else { break };
            value = self.command(dot, command, Some(value))?;
        }
        for variable in &pipe.decl {
            let held = Held { value: value.clone(), boxed: false };
            if pipe.assigns {
                self.set(variable, held)?;
            } else {
                self.vars.push((variable.number, held));
            }
        }
        Ok(value)
    }

    pub(super) fn set(&mut self, variable: &Variable, held: Held) -> Evaluated<()> {
        match self.vars.iter_mut().rev().find(|(number, _)| *number == variable.number) {
            Some((_, known)) => {
                *known = held;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {}", variable.name.of(&self.tree.source)))),
        }
    }

    fn variable(&self, variable: &Variable) -> Evaluated<Held> {
        if self.vars.len() > 64 {
            let steps = self.vars.len() as u64 / 32;
            self.shared.context.budget.steps(steps).map_err(|exceeded| self.exceeded(exceeded))?;
        }
        match self.vars.iter().rev().find(|(number, _)| *number == variable.number) {
            Some((_, held)) => Ok(held.clone()),
            None => Err(self.error(format!("undefined variable: {}", variable.name.of(&self.tree.source)))),
        }
    }

    fn not_a_function(&self, command: &Command, last: &Option<Value>) -> Evaluated<()> {
        if command.args.is_empty() && last.is_none() {
            return Ok(());
        }
        let mut shown = String::new();
        command.first.expr.show(&mut shown, &self.tree.source);
        Err(self.error(format!("can't give argument to non-function {shown}")))
    }

    fn command(&mut self, dot: &Held, command: &'a Command, last: Option<Value>) -> Evaluated<Value> {
        self.step()?;
        let (first, given) = (&command.first, Given { args: &command.args, last });
        match &first.expr {
            Expr::Field(names) => {
                self.at = At::Arg(first);
                self.chain(dot, dot, first, *names, given)
            }
            Expr::Chain(inner, names) => self.chain_node(dot, first, inner, *names, given),
            Expr::Function(function) => {
                self.at = At::Arg(first);
                self.call(dot, Callee::Function(function), At::Command(command), given)
            }
            Expr::Pipe(pipe) => {
                self.not_a_function(command, &given.last)?;
                self.enter()?;
                let value = self.pipeline(dot, pipe);
                self.leave();
                value
            }
            Expr::Variable(variable, names) => {
                self.at = At::Arg(first);
                if names.is_empty() {
                    let held = self.variable(variable)?;
                    self.not_a_function(command, &given.last)?;
                    return Ok(held.value);
                }
                let held = self.variable(variable)?;
                self.chain(dot, &held, first, *names, given)
            }
            constant => {
                self.at = At::Arg(first);
                self.not_a_function(command, &given.last)?;
                match constant {
                    Expr::Bool(b) => Ok(Value::bool(*b)),
                    Expr::Dot => Ok(dot.value.clone()),
                    Expr::Number(number) => self.constant(number),
                    Expr::Str(_, text) => Ok(Value::str(text.clone())),
                    _ => Err(self.error("nil is not a command")),
                }
            }
        }
    }

    fn chain_node(
        &mut self,
        dot: &Held,
        node: &'a Arg,
        inner: &'a Arg,
        names: Piece,
        given: Given<'a>,
    ) -> Evaluated<Value> {
        self.at = At::Arg(node);
        if matches!(inner.expr, Expr::Nil) {
            let mut shown = String::new();
            node.expr.show(&mut shown, &self.tree.source);
            return Err(self.error(format!("indirection through explicit nil in {shown}")));
        }
        self.enter()?;
        let value = self.untyped(dot, inner)?;
        self.leave();
        self.chain(dot, &Held { value, boxed: false }, node, names, given)
    }

    /// A constant whose type only its own look tells.
    pub(super) fn constant(&mut self, number: &Number) -> Evaluated<Value> {
        let text = &*number.text;
        let looks_float = || {
            let hex =
                text.len() > 2 && (text.starts_with("0x") || text.starts_with("0X")) && !text.contains(['p', 'P']);
            !hex && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P'])
        };
        if let Some((re, im)) = number.complex {
            return Ok(Value::new(Data::Complex(re, im)));
        }
        match (number.float, number.int) {
            (Some(float), _) if looks_float() => Ok(Value::float(float)),
            (_, Some(int)) => Ok(Value::int(int)),
            _ => Err(self.error(format!("{text} overflows int"))),
        }
    }

    /// `.X.Y.Z`, the last of which may be a method that takes the arguments.
    fn chain(
        &mut self,
        dot: &Held,
        receiver: &Held,
        node: &'a Arg,
        names: Piece,
        given: Given<'a>,
    ) -> Evaluated<Value> {
        let tree: &'a Tree = self.tree;
        let mut names = names.of(&tree.source).get(1..).unwrap_or("");
        let mut reached: Option<Held> = None;
        while let Some(len) = names.bytes().position(|b| b == b'.') {
            let (name, rest) = (&names[..len], &names[len + 1..]);
            reached = Some(self.field(dot, name, node, Given::NONE, reached.as_ref().unwrap_or(receiver))?);
            names = rest;
        }
        Ok(self.field(dot, names, node, given, reached.as_ref().unwrap_or(receiver))?.value)
    }

    fn field(
        &mut self,
        dot: &Held,
        name: &'a str,
        node: &'a Arg,
        given: Given<'a>,
        receiver: &Held,
    ) -> Evaluated<Held> {
        let type_name = || {
            let boxed = receiver.boxed && !matches!(receiver.value.data, Data::Missing);
            if boxed { "interface {}" } else { receiver.value.type_name() }
        };
        let has_args = given.last.is_some() || !given.args.is_empty();
        match &receiver.value.data {
            Data::Missing => {
                if self.shared.options.missing_key == MissingKey::Error {
                    return Err(self.error(format!("nil data; no entry for key {}", quote(name))));
                }
                Ok(Held { value: Value::MISSING, boxed: false })
            }
            Data::Nil => Err(self.error(format!("nil pointer evaluating interface {{}}.{name}"))),
            Data::Map(map) => {
                if map.map_type().is_named()
                    && let Some(params) = super::super::functions::values_method(name)
                {
                    let callee = Callee::Values(name, params, map);
                    let value = self.call(dot, callee, At::Arg(node), given)?;
                    return Ok(Held { value, boxed: false });
                }
                if has_args {
                    return Err(self.error(format!("{name} is not a method but has arguments")));
                }
                self.entry(map, name)
            }
            Data::Object(object) => {
                if let Some(params) = object.method(name) {
                    let value = self.call(dot, Callee::Method(object.as_ref(), name, params), At::Arg(node), given)?;
                    return Ok(Held { value, boxed: false });
                }
                if let Some(mut value) = object.field(name) {
                    if has_args {
                        return Err(self.error(format!("{name} has arguments but cannot be invoked as function")));
                    }
                    if value.origin.is_none() {
                        value.origin = receiver.value.origin;
                    }
                    return Ok(Held { value, boxed: false });
                }
                if let Some(underlying) = object.underlying()
                    && let Data::Map(map) = &underlying.data
                {
                    if has_args {
                        return Err(self.error(format!("{name} is not a method but has arguments")));
                    }
                    return self.entry(map, name);
                }
                Err(self.error(format!("can't evaluate field {name} in type {}", type_name())))
            }
            Data::Int(n, IntType::Named(named)) => {
                let callee = match (named.method)(name) {
                    Some(method) => Callee::Number(*n, method),
                    None if name == "String" => return Ok(Held { value: Value::str((named.show)(*n)), boxed: false }),
                    None => return Err(self.error(format!("can't evaluate field {name} in type {}", type_name()))),
                };
                Ok(Held { value: self.call(dot, callee, At::Arg(node), given)?, boxed: false })
            }
            _ => Err(self.error(format!("can't evaluate field {name} in type {}", type_name()))),
        }
    }

    /// The value of a key, or what the template's options say of one that is not there.
    fn entry(&self, map: &Map, name: &str) -> Evaluated<Held> {
        let boxed = map.map_type().holds_any();
        match (map.get(name), self.shared.options.missing_key) {
            (Some(value), _) => Ok(Held { value, boxed }),
            (None, MissingKey::Error) => Err(self.error(format!("map has no entry for key {}", quote(name)))),
            (None, MissingKey::Zero) => Ok(Held { value: map.map_type().zero(), boxed }),
            (None, MissingKey::Invalid) => Ok(Held { value: Value::MISSING, boxed: false }),
        }
    }

    /// An argument of a parameter that takes anything, before it is checked.
    pub(super) fn untyped(&mut self, dot: &Held, arg: &'a Arg) -> Evaluated<Value> {
        self.at = At::Arg(arg);
        match &arg.expr {
            Expr::Dot => Ok(dot.value.clone()),
            Expr::Nil => Ok(Value::NIL),
            Expr::Bool(b) => Ok(Value::bool(*b)),
            Expr::Number(number) => self.constant(number),
            Expr::Str(_, text) => Ok(Value::str(text.clone())),
            Expr::Field(names) => self.chain(dot, dot, arg, *names, Given::NONE),
            Expr::Variable(variable, names) => {
                let held = self.variable(variable)?;
                if names.is_empty() { Ok(held.value) } else { self.chain(dot, &held, arg, *names, Given::NONE) }
            }
            Expr::Pipe(pipe) => {
                self.enter()?;
                let value = self.pipeline(dot, pipe)?;
                self.leave();
                Ok(value)
            }
            Expr::Function(function) => self.call(dot, Callee::Function(function), At::Arg(arg), Given::NONE),
            Expr::Chain(inner, names) => self.chain_node(dot, arg, inner, *names, Given::NONE),
        }
    }
}
