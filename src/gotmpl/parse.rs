//! From items to trees, as Go's `text/template/parse/parse.go` reads them, with its messages.
//!
//! Names of functions are resolved here, places in the text numbered. Recursion is bounded: Go allows ten thousand nested
//! parentheses, we a thousand of anything, and say so.

mod pipeline;

use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;

use super::ast::{Arg, Branch, Command, List, Node, NodeKind, Piece, Source, TextNode, Tree, Writer};
use super::error::{Error, ErrorKind};
use super::functions::Functions;
use super::lex::{Item, Kind, Lexer};
use super::quote;
use super::text::Text;
use crate::budget::{Budget, Exceeded};
use crate::source::Span;

/// How deep parentheses and control structures may nest.
const DEEPEST: u32 = 1000;

/// Numbers the places of a text.
pub(super) trait Places {
    /// The writer of the bytes `start..end` of the text.
    fn writer(&mut self, start: usize, end: usize) -> Writer;

    /// The writers of a stretch of the text, each with the length of its part; nothing where nobody asks.
    fn text(&mut self, text: &str, range: Range<usize>) -> Vec<(u32, Writer)> {
        let bytes = &text.as_bytes()[..range.end];
        let lines = 1 + bytes[range.start..].iter().filter(|&&b| b == b'\n').count();
        let mut parts = Vec::with_capacity(lines);
        let mut at = range.start;
        while at < range.end {
            let end = memchr(b'\n', &bytes[at..]).map_or(range.end, |len| at + len + 1);
            self.line(at, end, &mut parts);
            at = end;
        }
        parts
    }

    /// The writers of a line of the text.
    fn line(&mut self, start: usize, end: usize, parts: &mut Vec<(u32, Writer)>) {
        let writer = self.writer(start, end);
        parts.push(((end - start) as u32, writer));
    }
}

/// The trees of a text.
pub(super) struct Trees {
    /// Those that it defines, in order, and its own.
    pub all: Vec<Tree>,
    /// Whether it defines one of its own name: which of the two counts depends on both.
    pub meets_itself: bool,
}

/// Parses a text.
pub(super) fn parse(
    source: &Arc<Source>,
    functions: Functions,
    delims: (&str, &str),
    places: &mut dyn Places,
    budget: &Budget,
) -> Result<Trees, Box<Error>> {
    let text = Arc::clone(&source.text);
    let mut parser = Parser {
        lexer: Lexer::new(&text, delims.0, delims.1),
        text: &text,
        source,
        functions,
        places,
        budget,
        tokens: [Item { kind: Kind::Eof, piece: Piece::EMPTY }; 3],
        peeked: 0,
        vars: vec![ROOT],
        names: vec!["$"],
        action: None,
        ranges: 0,
        depth: 0,
        trees: Vec::new(),
        nodes: Vec::new(),
        commands: Vec::new(),
        args: Vec::new(),
    };
    let root = parser.top()?;
    let tree = Tree { name: Arc::clone(&source.name), source: Arc::clone(source), root: Arc::new(root) };
    let defined = parser.trees.len();
    parser.add(tree)?;
    Ok(Trees { meets_itself: parser.trees.len() == defined, all: parser.trees })
}

struct Parser<'t, 'p> {
    lexer: Lexer<'t>,
    text: &'t str,
    source: &'p Arc<Source>,
    functions: Functions,
    places: &'p mut dyn Places,
    budget: &'p Budget,
    tokens: [Item; 3],
    peeked: usize,
    /// The numbers of the variables in sight.
    vars: Vec<u32>,
    /// Every name of a variable, by number.
    names: Vec<&'t str>,
    /// The item that began the action that is being read.
    action: Option<Item>,
    ranges: u32,
    depth: u32,
    trees: Vec<Tree>,
    /// The nodes of the lists, the commands of the pipelines, and the arguments of the commands, that are being read,
    /// those of the innermost last.
    nodes: Vec<Node>,
    commands: Vec<Command>,
    args: Vec<Arg>,
}

type Parsed<T> = Result<T, Box<Error>>;

/// What was read of a list: one more node, or its end.
enum Read {
    Node,
    End,
    Else,
}

/// The number of `$`.
const ROOT: u32 = 0;

impl<'t> Parser<'t, '_> {
    fn next(&mut self) -> Item {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next_item();
        }
        self.tokens[self.peeked]
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn backup2(&mut self, first: Item) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    fn backup3(&mut self, second: Item, first: Item) {
        self.tokens[1] = first;
        self.tokens[2] = second;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Item {
        if self.peeked > 0 {
            return self.tokens[self.peeked - 1];
        }
        self.peeked = 1;
        self.tokens[0] = self.lexer.next_item();
        self.tokens[0]
    }

    fn next_non_space(&mut self) -> Item {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Item {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn value(&self, item: Item) -> &'t str {
        self.text.get(item.piece.start()..item.piece.end()).unwrap_or("")
    }

    fn place(&self) -> Option<Span> {
        let piece = self.tokens[0].piece;
        Some(Span::new(self.source.file, piece.start(), piece.end()))
    }

    fn error(&self, message: impl AsRef<str>) -> Box<Error> {
        let line = self.lexer.line(self.tokens[0]);
        let text = format!("template: {}:{line}: {}", self.source.name, message.as_ref());
        Box::new(Error::new(ErrorKind::Parse, self.place(), text))
    }

    fn exceeded(&self, exceeded: Exceeded) -> Box<Error> {
        let text = format!("template: {}:{}: {exceeded}", self.source.name, self.lexer.line(self.tokens[0]));
        Box::new(Error::new(ErrorKind::Exceeded(exceeded), self.place(), text))
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.exceeded(Exceeded::Depth(DEEPEST)));
        }
        self.step()
    }

    fn step(&self) -> Parsed<()> {
        self.budget.steps(1).map_err(|exceeded| self.exceeded(exceeded))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Item> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    fn unexpected(&self, token: Item, context: &str) -> Box<Error> {
        let shown = self.lexer.show(token);
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {shown} in {context}"));
        }
        let extra = match self.action {
            Some(start) if self.lexer.line(start) != self.lexer.line(token) => {
                let action = if shown.ends_with(" action") { "" } else { " in action" };
                format!("{action} started at {}:{}", self.source.name, self.lexer.line(start))
            }
            _ => String::new(),
        };
        self.error(format!("{shown}{extra}"))
    }

    /// Pays for looking through a list from end to end.
    fn search(&self, len: usize) -> Parsed<()> {
        self.budget.steps(len as u64 / 32).map_err(|exceeded| self.exceeded(exceeded))
    }

    fn add(&mut self, tree: Tree) -> Parsed<()> {
        self.search(self.trees.len())?;
        let known = self.trees.iter().position(|known| known.name == tree.name);
        match known {
            None => self.trees.push(tree),
            Some(at) if self.trees[at].root.is_blank(self.source) => self.trees[at] = tree,
            Some(_) if tree.root.is_blank(self.source) => {}
            Some(_) => {
                let name = quote::quote(&tree.name);
                return Err(self.error(format!("template: multiple definition of template {name}")));
            }
        }
        Ok(())
    }

    fn top(&mut self) -> Parsed<List> {
        loop {
            let token = self.peek();
            if token.kind == Kind::Eof {
                return Ok(self.list(0));
            }
            if token.kind == Kind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Read::Node => {}
                Read::End => return Err(self.error("unexpected {{end}}")),
                Read::Else => return Err(self.error("unexpected {{else}}")),
            }
        }
    }

    fn definition(&mut self) -> Parsed<()> {
        let context = "define clause";
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = self.unquoted(token)?;
        self.expect(Kind::RightDelim, context)?;
        let root = self.body(context)?;
        self.add(Tree { name: name.to_arc(), source: Arc::clone(self.source), root: Arc::new(root) })
    }

    /// The body of a template that is defined inside another: its variables are its own.
    fn body(&mut self, context: &str) -> Parsed<List> {
        let vars = std::mem::replace(&mut self.vars, vec![ROOT]);
        let ranges = std::mem::take(&mut self.ranges);
        let action = self.action.take();
        let (root, end) = self.item_list()?;
        if matches!(end, Read::Else) {
            return Err(self.error(format!("unexpected {{{{else}}}} in {context}")));
        }
        (self.vars, self.ranges, self.action) = (vars, ranges, action);
        Ok(root)
    }

    fn item_list(&mut self) -> Parsed<(List, Read)> {
        self.enter()?;
        let base = self.nodes.len();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Read::Node => {}
                end => {
                    self.depth -= 1;
                    return Ok((self.list(base), end));
                }
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn list(&mut self, base: usize) -> List {
        List { nodes: self.nodes.drain(base..).collect() }
    }

    fn text_or_action(&mut self) -> Parsed<Read> {
        self.step()?;
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(self.text_node(token)),
            Kind::LeftDelim => {
                self.action = Some(token);
                let action = self.action();
                self.action = None;
                action
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    /// Adds to the list that is being read.
    fn node(&mut self, pos: usize, kind: NodeKind) -> Read {
        self.nodes.push(Node { pos, kind });
        Read::Node
    }

    fn text_node(&mut self, token: Item) -> Read {
        let (start, end) = (token.piece.start(), token.piece.end());
        let parts = self.places.text(self.text, start..end);
        self.node(start, NodeKind::Text(TextNode { start, end, parts }))
    }

    fn action(&mut self) -> Parsed<Read> {
        let start = self.action.map_or(0, |item| item.piece.start());
        let token = self.next_non_space();
        match token.kind {
            Kind::Block => {
                let context = "block clause";
                let token = self.next_non_space();
                let name = self.template_name(token, context)?;
                let pipe = self.pipeline(context, Kind::RightDelim)?;
                let root = self.body(context)?;
                let tree = Tree { name: Arc::clone(&name), source: Arc::clone(self.source), root: Arc::new(root) };
                self.add(tree)?;
                Ok(self.node(token.piece.start(), NodeKind::Template(name, Some(pipe))))
            }
            Kind::Break | Kind::Continue => {
                let (name, kind) = match token.kind {
                    Kind::Break => ("{{break}}", NodeKind::Break),
                    _ => ("{{continue}}", NodeKind::Continue),
                };
                let end = self.next_non_space();
                if end.kind != Kind::RightDelim {
                    return Err(self.unexpected(end, name));
                }
                if self.ranges == 0 {
                    return Err(self.error(format!("{name} outside {{{{range}}}}")));
                }
                Ok(self.node(token.piece.start(), kind))
            }
            Kind::Else => {
                if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                Ok(Read::Else)
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                Ok(Read::End)
            }
            Kind::If => self.control("if", NodeKind::If),
            Kind::With => self.control("with", NodeKind::With),
            Kind::Range => self.control("range", NodeKind::Range),
            Kind::Template => {
                let context = "template clause";
                let token = self.next_non_space();
                let name = self.template_name(token, context)?;
                let mut pipe = None;
                if self.next_non_space().kind != Kind::RightDelim {
                    self.backup();
                    pipe = Some(self.pipeline(context, Kind::RightDelim)?);
                }
                Ok(self.node(token.piece.start(), NodeKind::Template(name, pipe)))
            }
            _ => {
                self.backup();
                let token = self.peek();
                let pipe = self.pipeline("command", Kind::RightDelim)?;
                let writer = self.places.writer(start, self.tokens[0].piece.end());
                Ok(self.node(token.piece.start(), NodeKind::Action(pipe, writer)))
            }
        }
    }

    fn control(&mut self, context: &str, make: fn(Box<Branch>) -> NodeKind) -> Parsed<Read> {
        self.enter()?;
        let known = self.vars.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let is_range = u32::from(context == "range");
        self.ranges += is_range;
        let (list, end) = self.item_list()?;
        self.ranges -= is_range;
        let mut otherwise = None;
        if matches!(end, Read::Else) {
            // `else if` and `else with` are an `else` with the rest inside, and share its `end`.
            let next = self.peek().kind;
            if (context == "if" && next == Kind::If) || (context == "with" && next == Kind::With) {
                self.next();
                let inner = if next == Kind::If { NodeKind::If } else { NodeKind::With };
                let base = self.nodes.len();
                self.control(context, inner)?;
                otherwise = Some(self.list(base));
            } else {
                let (list, end) = self.item_list()?;
                if matches!(end, Read::Else) {
                    return Err(self.error("expected end; found {{else}}"));
                }
                otherwise = Some(list);
            }
        }
        self.vars.truncate(known);
        self.depth -= 1;
        Ok(self.node(pipe.pos, make(Box::new(Branch { pipe, list, otherwise }))))
    }

    fn template_name(&mut self, token: Item, context: &str) -> Parsed<Arc<str>> {
        match token.kind {
            Kind::String | Kind::RawString => Ok(self.unquoted(token)?.to_arc()),
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn unquoted(&self, token: Item) -> Parsed<Text> {
        let text = self.value(token);
        if let Some(inner) = quote::verbatim(text) {
            return Ok(inner.into());
        }
        let text = quote::unquote(text).ok_or_else(|| self.error("invalid syntax"))?;
        Ok(Text::from_bytes(text))
    }
}
