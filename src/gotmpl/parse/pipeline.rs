//! Pipelines: declarations, commands, operands, terms.

use std::sync::Arc;

use super::super::ast::{Arg, Command, Expr, Pipe, Variable};
use super::super::lex::{Item, Kind};
use super::super::{number, quote};
use super::{Parsed, Parser};

impl Parser<'_, '_> {
    fn variable(&mut self, name: &str) -> Variable {
        let number = self.names.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.names.push(Arc::from(name));
            self.names.len() - 1
        });
        Variable { name: Arc::clone(&self.names[number]), number: number as u32 }
    }

    fn declare(&mut self, pipe: &mut Pipe, token: Item) -> Parsed<()> {
        self.search(self.names.len())?;
        let name = self.value(token).to_owned();
        let variable = self.variable(&name);
        self.vars.push(Arc::clone(&variable.name));
        pipe.decl.push(variable);
        Ok(())
    }

    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let pos = self.peek_non_space().pos;
        let mut pipe = Pipe { pos, assigns: false, decl: Vec::new(), commands: Vec::new() };
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                break;
            }
            self.next();
            // Spaces are items: to see whether `$x foo` declares anything takes three items, which are pushed back.
            let after = self.peek();
            let next = self.peek_non_space();
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                pipe.assigns = next.kind == Kind::Assign;
                self.next_non_space();
                self.declare(&mut pipe, variable)?;
            } else if next.kind == Kind::Char && self.value(next) == "," {
                self.next_non_space();
                self.declare(&mut pipe, variable)?;
                if context == "range" && pipe.decl.len() < 2 {
                    match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelim | Kind::RightParen => continue,
                        _ => return Err(self.error("range can only initialize variables")),
                    }
                }
                return Err(self.error(format!("too many declarations in {context}")));
            } else if after.kind == Kind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            break;
        }
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(token, context)),
            }
        }
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = command.args.first().map(|arg| &arg.expr);
            if matches!(first, Some(Expr::Bool(_) | Expr::Dot | Expr::Nil | Expr::Number(_) | Expr::Str(..))) {
                return Err(self.error(format!("non executable command in pipeline stage {}", i + 1)));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let (pos, base) = (self.peek_non_space().pos, self.args.len());
        loop {
            self.step()?;
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.args.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(token, "operand")),
            }
            break;
        }
        if self.args.len() == base {
            return Err(self.error("empty command"));
        }
        Ok(Command { pos, args: self.args.drain(base..).collect() })
    }

    fn operand(&mut self) -> Parsed<Option<Arg>> {
        let Some(mut arg) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(arg));
        }
        let pos = self.peek().pos;
        let mut fields: Vec<Arc<str>> = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            fields.push(Arc::from(&self.value(token)[1..]));
        }
        arg = match arg.expr {
            Expr::Field(known) => Arg { pos, expr: Expr::Field(known.into_iter().chain(fields).collect()) },
            Expr::Variable(variable, known) => {
                Arg { pos, expr: Expr::Variable(variable, known.into_iter().chain(fields).collect()) }
            }
            expr @ (Expr::Bool(_) | Expr::Str(..) | Expr::Number(_) | Expr::Nil | Expr::Dot) => {
                let mut term = String::new();
                expr.show(&mut term, self.source);
                return Err(self.error(format!("unexpected . after term {}", quote::quote(&term))));
            }
            expr => Arg { pos, expr: Expr::Chain(Box::new(Arg { pos: arg.pos, expr }), fields) },
        };
        Ok(Some(arg))
    }

    fn term(&mut self) -> Parsed<Option<Arg>> {
        let token = self.next_non_space();
        let text = self.text.get(token.pos..token.end).unwrap_or("");
        let expr = match token.kind {
            Kind::Identifier => match self.functions.find(text) {
                Some(function) => Expr::Function(function),
                None => return Err(self.error(format!("function {} not defined", quote::quote(text)))),
            },
            Kind::Dot => Expr::Dot,
            Kind::Nil => Expr::Nil,
            Kind::Variable => {
                self.search(self.vars.len() + self.names.len())?;
                if !self.vars.iter().any(|known| **known == *text) {
                    return Err(self.error(format!("undefined variable {}", quote::quote(text))));
                }
                Expr::Variable(self.variable(text), Box::default())
            }
            Kind::Field => Expr::Field(Box::new([Arc::from(&text[1..])])),
            Kind::Bool => Expr::Bool(text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let constant = number::constant(text).map_err(|message| self.error(message))?;
                Expr::Number(Box::new(constant))
            }
            Kind::LeftParen => {
                self.enter()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.depth -= 1;
                Expr::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => Expr::Str(token.pos..token.end, self.unquoted(token)?),
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        // A pipeline in parentheses stands where its first item stands.
        let pos = if let Expr::Pipe(pipe) = &expr { pipe.pos } else { token.pos };
        Ok(Some(Arg { pos, expr }))
    }
}
