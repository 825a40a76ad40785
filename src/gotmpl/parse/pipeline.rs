//! Pipelines: declarations, commands, operands, terms.

use super::super::ast::{Arg, Command, Expr, Piece, Pipe, Variable};
use super::super::lex::{Item, Kind};
use super::super::{number, quote};
use super::{Parsed, Parser};

/// Takes what was read since `base`, the first apart from the rest.
#[inline(always)]
fn taken<T>(read: &mut Vec<T>, base: usize) -> Option<(T, Box<[T]>)> {
    // Most often there is but one.
    let rest = if read.len() > base + 1 { read.drain(base + 1..).collect() } else { Box::default() };
    if read.len() > base { read.pop().map(|first| (first, rest)) } else { None }
}

impl Parser<'_, '_> {
    fn number(&self, name: &str) -> Option<u32> {
        self.names.iter().position(|known| *known == name).map(|number| number as u32)
    }

    fn declare(&mut self, token: Item) -> Parsed<Variable> {
        self.search(self.names.len())?;
        let name = self.value(token);
        let number = self.number(name).unwrap_or(self.names.len() as u32);
        if number as usize == self.names.len() {
            self.names.push(name);
        }
        self.vars.push(number);
        Ok(Variable { name: token.piece, number })
    }

    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let pos = self.peek_non_space().piece.start();
        let (mut assigns, mut decl) = (false, Vec::new());
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
                assigns = next.kind == Kind::Assign;
                self.next_non_space();
                decl.push(self.declare(variable)?);
            } else if next.kind == Kind::Char && self.value(next) == "," {
                self.next_non_space();
                decl.push(self.declare(variable)?);
                if context == "range" && decl.len() < 2 {
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
        let base = self.commands.len();
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check(base)?;
                    return match taken(&mut self.commands, base) {
                        Some((first, rest)) => Ok(Pipe { pos, assigns, decl: decl.into(), first, rest }),
                        None => Err(self.error(format!("missing value for {context}"))),
                    };
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
                    self.command()?;
                }
                _ => return Err(self.unexpected(token, context)),
            }
        }
    }

    /// Only the first command may be a constant.
    fn check(&self, base: usize) -> Parsed<()> {
        for (i, command) in self.commands.iter().skip(base).enumerate().skip(1) {
            if matches!(command.first.expr, Expr::Bool(_) | Expr::Dot | Expr::Nil | Expr::Number(_) | Expr::Str(..)) {
                return Err(self.error(format!("non executable command in pipeline stage {}", i + 1)));
            }
        }
        Ok(())
    }

    /// Reads a command.
    fn command(&mut self) -> Parsed<()> {
        let (pos, base) = (self.peek_non_space().piece.start(), self.args.len());
        loop {
            self.step()?;
            self.peek_non_space();
            self.operand()?;
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(token, "operand")),
            }
            break;
        }
        match taken(&mut self.args, base) {
            Some((first, args)) => self.commands.push(Command { pos, first, args }),
            None => return Err(self.error("empty command")),
        }
        Ok(())
    }

    /// Reads an operand, if there is one.
    fn operand(&mut self) -> Parsed<()> {
        if !self.term()? || self.peek().kind != Kind::Field {
            return Ok(());
        }
        let pos = self.peek().piece.start();
        let mut end = pos;
        while self.peek().kind == Kind::Field {
            end = self.next().piece.end();
        }
        // Fields follow each other without a space.
        let names = Piece::new(pos, end);
        let Some(arg) = self.args.last_mut() else { return Ok(()) };
        match &mut arg.expr {
            Expr::Field(fields) => *fields = Piece::new(fields.start(), end),
            Expr::Variable(_, fields) => *fields = names,
            expr @ (Expr::Bool(_) | Expr::Str(..) | Expr::Number(_) | Expr::Nil | Expr::Dot) => {
                let mut term = String::new();
                expr.show(&mut term, self.source);
                return Err(self.error(format!("unexpected . after term {}", quote::quote(&term))));
            }
            expr => {
                let expr = std::mem::replace(expr, Expr::Dot);
                arg.expr = Expr::Chain(Box::new(Arg { pos: arg.pos, expr }), names);
            }
        }
        arg.pos = pos;
        Ok(())
    }

    /// A new argument, to be written in its place: what was just written piece by piece is slow to move.
    fn arg(&mut self, pos: usize) -> &mut Expr {
        &mut self.args.push_mut(Arg { pos, expr: Expr::Dot }).expr
    }

    /// Reads a term into the arguments; whether there was one.
    fn term(&mut self) -> Parsed<bool> {
        let token = self.next_non_space();
        let (text, piece, pos) = (self.value(token), token.piece, token.piece.start());
        match token.kind {
            Kind::Identifier => match self.functions.find(text) {
                Some(function) => *self.arg(pos) = Expr::Function(function),
                None => return Err(self.error(format!("function {} not defined", quote::quote(text)))),
            },
            Kind::Dot => *self.arg(pos) = Expr::Dot,
            Kind::Nil => *self.arg(pos) = Expr::Nil,
            Kind::Variable => {
                self.search(self.vars.len() + self.names.len())?;
                match self.number(text).filter(|number| self.vars.contains(number)) {
                    Some(number) => {
                        *self.arg(pos) = Expr::Variable(Variable { name: piece, number }, Piece::EMPTY);
                    }
                    None => return Err(self.error(format!("undefined variable {}", quote::quote(text)))),
                }
            }
            Kind::Field => *self.arg(pos) = Expr::Field(piece),
            Kind::Bool => *self.arg(pos) = Expr::Bool(text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let constant = number::constant(text).map_err(|message| self.error(message))?;
                *self.arg(pos) = Expr::Number(Box::new(constant));
            }
            Kind::LeftParen => {
                self.enter()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.depth -= 1;
                // A pipeline in parentheses stands where its first item stands.
                let pos = pipe.pos;
                *self.arg(pos) = Expr::Pipe(Box::new(pipe));
            }
            Kind::String | Kind::RawString => {
                let text = self.unquoted(token)?;
                *self.arg(pos) = Expr::Str(piece, text);
            }
            _ => {
                self.backup();
                return Ok(false);
            }
        }
        Ok(true)
    }
}
