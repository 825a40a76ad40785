//! Calls functions and methods: the number and types of arguments, short circuits, `include` and `tpl`.

use std::rc::Rc;
use std::sync::Arc;

use memchr::memmem;

use super::super::ast::{Arg, Expr, Source, Tree, Writer};
use super::super::changes::Watch;
use super::super::collection::{ListType, Map, MapType};
use super::super::error::Failure;
use super::super::functions::{self, Function, Runs};
use super::super::object::{Object, Param};
use super::super::origin::{OriginId, nowhere};
use super::super::parse::{self, Places};
use super::super::quote::quote;
use super::super::text::{Located, Run, Text, Written};
use super::super::value::{Data, IntMethod, IntType, UintType, Value};
use super::memo::Call;
use super::{At, Evaluated, Frame, Held, Inner, NESTED_INCLUDES, Scope, Sink};

/// What an included text is given room for to begin with, in bytes: most are a name or a few labels.
const INCLUDED: usize = 64;

/// Bytes of a text that are looked at in a step.
const LOOKED_AT: usize = 64;

/// Items of a list or a map that are looked at in a step.
pub(super) const LISTED: usize = 4;

/// What is called.
pub(super) enum Callee<'c> {
    Function(&'static Function),
    Method(&'c dyn Object, &'c str, &'static [Param]),
    /// A method of `chartutil.Values`.
    Values(&'c str, &'static [Param], &'c Map),
    /// A method of a named type of whole numbers.
    Number(i64, &'static IntMethod),
}

/// The arguments: those that are written, and what came through the pipe.
pub(super) struct Given<'a> {
    pub args: &'a [Arg],
    pub last: Option<Value>,
}

impl Given<'_> {
    pub const NONE: Given<'static> = Given { args: &[], last: None };
}

impl<'a> Frame<'a, '_> {
    pub(super) fn call(&mut self, dot: &Held, callee: Callee<'_>, node: At<'a>, given: Given<'a>) -> Evaluated<Value> {
        let (name, params, variadic) = match &callee {
            Callee::Function(function) => (function.name, function.params, function.variadic),
            Callee::Method(_, name, params) | Callee::Values(name, params, _) => (*name, *params, None),
            Callee::Number(_, method) => (method.name, method.params, None),
        };
        let Given { args, last } = given;
        let count = args.len() + usize::from(last.is_some());
        if variadic.is_some() {
            if count < params.len() {
                let (want, got) = (params.len(), args.len());
                return Err(self.error(format!("wrong number of args for {name}: want at least {want} got {got}")));
            }
        } else if count != params.len() {
            let want = params.len();
            return Err(self.error(format!("wrong number of args for {name}: want {want} got {count}")));
        }
        if let Callee::Method(object, name, _) = callee
            && let Some(problem) = object.uncallable(name)
        {
            return Err(self.error(problem));
        }
        if let Callee::Function(Function { run: Runs::And, .. }) = callee {
            return self.short_circuit(dot, args, last, false);
        }
        if let Callee::Function(Function { run: Runs::Or, .. }) = callee {
            return self.short_circuit(dot, args, last, true);
        }
        let param = |i: usize| params.get(i).copied().or(variadic).unwrap_or(Param::Any);
        let mut values = self.shared.spare.borrow_mut().pop().unwrap_or_default();
        for (i, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, param(i), arg)?);
        }
        if let Some(last) = last {
            values.push(self.check(last, param(args.len()))?);
        }
        let looks = !matches!(callee, Callee::Function(Function { looks: false, .. }));
        if looks {
            self.look_at(&values)?;
        }
        let context = &self.shared.context;
        let result = match callee {
            Callee::Function(function) => match function.run {
                Runs::Plain(run) => run(context, &values),
                Runs::Call => {
                    let name = args.first().map(|arg| {
                        let mut name = String::new();
                        arg.expr.show(&mut name, &self.tree.source);
                        name
                    });
                    functions::call(name, &values[0])
                }
                Runs::Include => self.include(&values),
                Runs::Tpl => self.tpl(&values),
                Runs::Generated(run) => {
                    let span = self.location().1.unwrap_or_else(nowhere);
                    let seed = functions::Seed { span, name: function.name };
                    run(context, &values, &seed)
                }
                Runs::And | Runs::Or => Ok(Value::MISSING),
            },
            Callee::Method(object, name, _) => object.call(name, &values, context),
            Callee::Number(n, method) => Ok((method.run)(n, &values)),
            Callee::Values(name, _, map) => functions::call_values_method(name, map, &values, context),
        };
        values.clear();
        self.shared.spare.borrow_mut().push(values);
        if looks && let Ok(made) = &result {
            self.look_at(std::slice::from_ref(made))?;
        }
        result.map_err(|failure| {
            self.at = node;
            self.failed(name, failure)
        })
    }

    /// Pays for what a function may have to look at, or to make, from end to end: what it is for does not matter.
    fn look_at(&self, values: &[Value]) -> Evaluated<()> {
        let size = |value: &Value| match &value.data {
            Data::Str(text) => text.len() / LOOKED_AT,
            Data::List(list) => list.len() / LISTED,
            _ => 0,
        };
        match values.iter().map(size).sum::<usize>() {
            0 => Ok(()),
            steps => self.shared.context.budget.steps(steps as u64).map_err(|exceeded| self.exceeded(exceeded)),
        }
    }

    /// `and` and `or` stop at the argument that decides; all that were looked at took part.
    fn short_circuit(&mut self, dot: &Held, args: &'a [Arg], last: Option<Value>, stop: bool) -> Evaluated<Value> {
        let mut others = OriginId::NONE;
        let mut value = Value::MISSING;
        for (i, arg) in args.iter().enumerate() {
            value = self.argument(dot, Param::Reflect, arg)?;
            if value.truth() == stop || (i + 1 == args.len() && last.is_none()) {
                return Ok(self.also(value, others));
            }
            others = self.shared.context.union_of([&value.clone().from_origin(others), &value]);
        }
        if let Some(last) = last {
            value = last;
        }
        Ok(self.also(value, others))
    }

    fn also(&self, mut value: Value, others: OriginId) -> Value {
        if !others.is_none() {
            value.origin = self.shared.context.origins.union(value.origin, others);
        }
        value
    }

    fn argument(&mut self, dot: &Held, param: Param, arg: &'a Arg) -> Evaluated<Value> {
        self.at = At::Arg(arg);
        match &arg.expr {
            Expr::Nil => match param {
                Param::Any | Param::Reflect | Param::Map | Param::List => self.check(Value::MISSING, param),
                Param::Object(name) if name.starts_with('*') => Ok(Value::NIL),
                _ => Err(self.error(format!("cannot assign nil to {}", param.name()))),
            },
            Expr::Bool(_) | Expr::Number(_) | Expr::Str(..) => self.literal(param, arg),
            _ => {
                let value = self.untyped(dot, arg)?;
                self.check(value, param)
            }
        }
    }

    fn literal(&mut self, param: Param, arg: &'a Arg) -> Evaluated<Value> {
        let expected = |what: &str, frame: &Self| {
            let mut shown = String::new();
            arg.expr.show(&mut shown, &frame.tree.source);
            Err(frame.error(format!("expected {what}; found {shown}")))
        };
        match (param, &arg.expr) {
            (Param::Any | Param::Reflect, Expr::Bool(b)) | (Param::Bool, Expr::Bool(b)) => Ok(Value::bool(*b)),
            (Param::Any | Param::Reflect, Expr::Number(number)) => self.constant(number),
            (Param::Any | Param::Reflect | Param::Str, Expr::Str(_, text)) => Ok(Value::str(text.clone())),
            (Param::Bool, _) => expected("bool", self),
            (Param::Str, _) => expected("string", self),
            (Param::Int | Param::Int64, Expr::Number(number)) if number.int.is_some() => {
                let kind = if param == Param::Int { IntType::Int } else { IntType::Int64 };
                Ok(Value::new(Data::Int(number.int.unwrap_or(0), kind)))
            }
            (Param::Named(named), Expr::Number(number)) if number.int.is_some() => {
                Ok(Value::new(Data::Int(number.int.unwrap_or(0), IntType::Named(named))))
            }
            (Param::Uint32, Expr::Number(number)) if number.uint.is_some() => {
                let n = number.uint.unwrap_or(0) & 0xffff_ffff;
                Ok(Value::new(Data::Uint(n, UintType::Uint32)))
            }
            (Param::Float, Expr::Number(number)) if number.float.is_some() => {
                Ok(Value::float(number.float.unwrap_or(0.0)))
            }
            (Param::Int | Param::Int64 | Param::Named(_), _) => expected("integer", self),
            (Param::Uint32, _) => expected("unsigned integer", self),
            (Param::Float, _) => expected("float", self),
            _ => {
                let mut shown = String::new();
                arg.expr.show(&mut shown, &self.tree.source);
                Err(self.error(format!("can't handle {shown} for arg of type {}", param.name())))
            }
        }
    }

    /// Whether a value can be given to a parameter; typed nils stand in for no value.
    fn check(&mut self, value: Value, param: Param) -> Evaluated<Value> {
        let fits = match (param, &value.data) {
            (Param::Any, Data::Object(object)) => match object.without_address() {
                Some(other) => return Ok(other.from_origin(value.origin)),
                None => true,
            },
            (Param::Any | Param::Reflect, _) => true,
            (Param::Map, Data::Missing) => return Ok(Value::new(Data::Map(Map::nil(MapType::Any)))),
            (Param::List, Data::Missing) => {
                return Ok(Value::new(Data::List(super::super::collection::List::nil(ListType::Any))));
            }
            (_, Data::Missing) => return Err(self.error(format!("invalid value; expected {}", param.name()))),
            (Param::Str, Data::Str(_)) | (Param::Bool, Data::Bool(_)) | (Param::Float, Data::Float(_)) => true,
            (Param::Int, Data::Int(_, IntType::Int)) | (Param::Int64, Data::Int(_, IntType::Int64)) => true,
            (Param::Named(named), Data::Int(_, kind)) => *kind == IntType::Named(named),
            (Param::Uint32, Data::Uint(_, UintType::Uint32)) => true,
            (Param::Map, Data::Map(map)) => map.map_type().holds_any(),
            (Param::List, Data::List(list)) => list.list_type() == ListType::Any,
            (Param::Object(name), Data::Object(object)) => object.type_name() == name,
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let got = if matches!(value.data, Data::Nil) { "interface {}" } else { value.type_name() };
        Err(self.error(format!("wrong type for value; expected {}; got {got}", param.name())))
    }

    /// Helm's `include`: runs a template and gives its text.
    fn include(&mut self, values: &[Value]) -> Result<Value, Failure> {
        let (Some(Data::Str(name)), Some(data)) = (values.first().map(|value| &value.data), values.get(1)) else {
            return Ok(Value::MISSING);
        };
        let name = name.as_str();
        let known = self.shared.included.borrow().get(&*name).cloned();
        let count = known.unwrap_or_else(|| {
            let mut included = self.shared.included.borrow_mut();
            Rc::clone(included.entry(Arc::from(&*name)).or_default())
        });
        if count.get() > NESTED_INCLUDES {
            let message = "rendering template has a nested reference name";
            return Err(format!("{message}: {name}: unable to execute template").into());
        }
        count.set(count.get() + 1);
        let result = self.run_named(&name, data);
        count.set(count.get() - 1);
        result
    }

    fn run_named(&mut self, name: &str, data: &Value) -> Result<Value, Failure> {
        let Some(tree) = self.scope.find(name) else {
            let name = quote(name);
            return Err(format!("template: no template {name} associated with template \"gotpl\"").into());
        };
        // A text of `tpl` may define templates of its own.
        let call = if self.scope.inner.is_none() { Call::new(tree, self.under, data) } else { None };
        let Some(call) = call else { return self.run_tree(self.scope, tree, data, "") };
        self.shared.memo.borrow_mut().forget_changed();
        if let Some(known) = self.shared.memo.borrow().get(&call) {
            return Ok(known);
        }
        let watch = Watch::begin();
        let result = self.run_tree(self.scope, tree, data, "");
        if watch.end()
            && let Ok(result) = &result
        {
            let mut memo = self.shared.memo.borrow_mut();
            memo.forget_changed();
            memo.keep(call, result.clone());
        }
        result
    }

    fn run_tree(&self, scope: Scope<'_>, tree: &Tree, data: &Value, wrapping: &str) -> Result<Value, Failure> {
        let mut out = Sink::with_capacity(INCLUDED);
        let mut data = data.clone();
        if matches!(data.data, Data::Nil) {
            data.data = Data::Missing;
        }
        self.enter().map_err(|error| Failure::Template(String::new(), error))?;
        super::execute(self.shared, scope, tree, data, &mut out, self.under, 0)
            .map_err(|error| Failure::Template(wrapping.to_owned(), error))?;
        self.leave();
        Ok(out.into_value(&self.shared.context))
    }

    /// Helm's `tpl`: parses and runs a text, which sees all templates and may define its own.
    fn tpl(&mut self, values: &[Value]) -> Result<Value, Failure> {
        let (Some(value), Some(data)) = (values.first(), values.get(1)) else { return Ok(Value::MISSING) };
        let Some(text) = value.as_text() else { return Ok(Value::MISSING) };
        let (left, right) = self.delims();
        if !text.as_str().contains(left) {
            return Ok(blank(value.clone()));
        }
        let origin = self.shared.context.origin_of(value);
        let key = (text.to_arc(), origin, self.writer.place);
        let known = self.shared.parsed.borrow().get(&key).cloned();
        let trees = match known {
            Some(trees) => trees,
            None => {
                let source = Arc::new(Source {
                    name: Arc::from("gotpl"),
                    text: Arc::clone(&key.0),
                    file: crate::source::FileId(u32::MAX),
                });
                let written = match text {
                    Text::Written(written) => Some(Located::new(written)),
                    _ => None,
                };
                let mut places = Moved { origin: value.origin, written, own: self.writer };
                let context = &self.shared.context;
                let trees = parse::parse(&source, self.shared.functions, (left, right), &mut places, context.budget);
                let trees = trees
                    .map_err(|error| Failure::Template(format!("cannot parse template {}: ", quote(&key.0)), error))?;
                let trees = Rc::new(trees.all);
                self.shared.parsed.borrow_mut().insert(key.clone(), Rc::clone(&trees));
                trees
            }
        };
        let inner = Inner { trees: &trees, outer: self.scope };
        let scope = Scope { set: self.scope.set, inner: Some(&inner) };
        let Some(tree) = trees.iter().find(|tree| &*tree.name == "gotpl") else { return Ok(Value::MISSING) };
        let wrapping = format!("error during tpl function execution for {}: ", quote(&key.0));
        self.run_tree(scope, tree, data, &wrapping).map(blank)
    }

    fn delims(&self) -> (&'a str, &'a str) {
        match &self.shared.options.delims {
            Some((left, right)) => (left, right),
            None => ("{{", "}}"),
        }
    }
}

/// The text of a `tpl` came from a value, part by part.
struct Moved<'v> {
    origin: OriginId,
    written: Option<Located<'v>>,
    own: Writer,
}

impl Moved<'_> {
    fn of(&self, run: &Run) -> Writer {
        let what = if run.what.is_none() { self.own.what } else { run.what };
        Writer { what, place: if run.place.is_none() { self.own.place } else { run.place } }
    }
}

impl Places for Moved<'_> {
    fn writer(&mut self, start: usize, end: usize) -> Writer {
        match self.written.as_ref().and_then(|written| written.runs(start..end.max(start + 1)).next()) {
            Some(run) => self.of(run),
            None => Writer { what: self.origin, place: self.own.place },
        }
    }

    fn line(&mut self, start: usize, end: usize, parts: &mut Vec<(u32, Writer)>) {
        let Some(written) = &self.written else {
            return parts.push(((end - start) as u32, Writer { what: self.origin, place: self.own.place }));
        };
        parts.extend(written.clipped(start..end).map(|run| (run.len, self.of(&run))));
    }
}

/// What Go writes for no value.
const NO_VALUE: &str = "<no value>";

/// Takes `<no value>` out, as Helm does of what `tpl` and a whole template write.
pub(in super::super) fn blank(value: Value) -> Value {
    let origin = value.origin;
    match value.data {
        Data::Str(Text::Written(written)) => match blank_written(&written) {
            Some(blank) => Value::str(blank).from_origin(origin),
            None => Value { data: Data::Str(Text::Written(written)), origin },
        },
        Data::Str(ref text) if memmem::find(text.as_bytes(), NO_VALUE.as_bytes()).is_some() => {
            let mut rest = text.as_bytes();
            let mut kept = Vec::with_capacity(rest.len());
            while let Some(at) = memmem::find(rest, NO_VALUE.as_bytes()) {
                kept.extend_from_slice(&rest[..at]);
                rest = &rest[at + NO_VALUE.len()..];
            }
            kept.extend_from_slice(rest);
            Value::str(Text::from_bytes(kept)).from_origin(origin)
        }
        _ => value,
    }
}

/// The same for text with runs; nothing where there is nothing to take out.
pub(in super::super) fn blank_written(written: &Written) -> Option<Written> {
    let mut found = memmem::find_iter(written.text.as_bytes(), NO_VALUE).peekable();
    found.peek()?;
    let mut out = Written::with_capacity(written.text.len());
    let mut at = 0;
    for found in found {
        out.push_part(written, at..found);
        at = found + NO_VALUE.len();
    }
    out.push_part(written, at..written.text.len());
    Some(out)
}
