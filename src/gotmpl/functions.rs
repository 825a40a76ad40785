//! Which functions a template may call: one table per family, picked by set, found by name when a template is parsed.
//!
//! Functions see their arguments checked against their parameters and give a value or a failure in Go's words. They charge
//! what they make to the budget and keep origins: what moves text moves its runs, what melts it gives the union.

mod argocd;
mod builtin;
mod cases;
mod cast;
mod crypto;
mod date;
mod decimal;
mod decode;
mod defaults;
mod dicts;
mod emit;
mod encode;
mod json;
mod lists;
mod regex;
mod strings;
mod toml;
mod url;
mod values;
mod versions;

pub(crate) use decode::json_problem;
pub(crate) use encode::yaml_of;
pub(crate) use json::string as json_string;
pub(crate) use regex::{expression, translate as crates_expression};

use std::sync::OnceLock;

use super::context::Context;
use super::error::Failure;
use super::object::Param;
use super::value::Value;
use crate::hash::Known;
use crate::source::Span;

pub(super) use builtin::call;
pub(super) use values::{call_values_method, values_method};

/// What a function gives.
type Outcome = Result<Value, Failure>;

/// How a function runs.
#[derive(Clone, Copy)]
pub(super) enum Runs {
    /// On its arguments alone.
    Plain(fn(&Context<'_>, &[Value]) -> Outcome),
    /// Making something up, from its place and its arguments.
    Generated(fn(&Context<'_>, &[Value], &Seed) -> Outcome),
    And,
    Or,
    Call,
    Include,
    Tpl,
}

/// What made-up values are derived from.
pub(super) struct Seed {
    pub span: Span,
    pub name: &'static str,
}

/// A function.
pub(super) struct Function {
    pub name: &'static str,
    pub params: &'static [Param],
    pub variadic: Option<Param>,
    pub run: Runs,
    /// Whether it may look at what it is given from end to end.
    pub looks: bool,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A function of a fixed number of parameters.
const fn plain(name: &'static str, params: &'static [Param], run: fn(&Context<'_>, &[Value]) -> Outcome) -> Function {
    Function { name, params, variadic: None, run: Runs::Plain(run), looks: true }
}

/// A function that takes more of the same at its end.
const fn variadic(
    name: &'static str,
    params: &'static [Param],
    more: Param,
    run: fn(&Context<'_>, &[Value]) -> Outcome,
) -> Function {
    Function { name, params, variadic: Some(more), run: Runs::Plain(run), looks: true }
}

/// A function that takes as long however large the things are that it is given.
const fn at_once(function: Function) -> Function {
    Function { looks: false, ..function }
}

/// A set of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Functions {
    /// text/template's own.
    Bare,
    /// With sprig's.
    Sprig,
    /// Helm 3's (`helm 3.19 pkg/engine/funcs.go`).
    Helm3,
    /// Helm 4's (`helm 4.2 pkg/engine/funcs.go`).
    Helm4,
    /// An ApplicationSet's (`argo-cd applicationset/utils/utils.go`).
    ArgoCd,
}

type Table = Known<&'static str, &'static Function>;

impl Functions {
    /// The function of a name.
    pub(super) fn find(self, name: &str) -> Option<&'static Function> {
        self.table().get(name).copied()
    }

    fn table(self) -> &'static Table {
        static TABLES: [OnceLock<Table>; 5] = [const { OnceLock::new() }; 5];
        TABLES[self as usize].get_or_init(|| self.build())
    }

    fn build(self) -> Table {
        let mut table = Table::default();
        let mut add = |family: &'static [Function]| {
            table.extend(family.iter().map(|function| (function.name, function)));
        };
        add(builtin::FAMILY);
        if self == Functions::Bare {
            return table;
        }
        let sprig = [
            strings::FAMILY,
            lists::FAMILY,
            dicts::FAMILY,
            defaults::FAMILY,
            cast::FAMILY,
            decimal::FAMILY,
            encode::FAMILY,
            crypto::FAMILY,
            crypto::DERIVED,
            crypto::MADE_UP,
            regex::FAMILY,
            versions::FAMILY,
            date::FAMILY,
            url::FAMILY,
        ];
        sprig.into_iter().for_each(&mut add);
        match self {
            Functions::Bare => {}
            Functions::Sprig => add(defaults::OUTSIDE),
            Functions::Helm3 | Functions::Helm4 => {
                add(defaults::HELM);
                add(encode::HELM);
                add(toml::FAMILY);
                if self == Functions::Helm4 {
                    add(encode::HELM4);
                    add(toml::MUST);
                }
            }
            Functions::ArgoCd => add(argocd::FAMILY),
        }
        table
    }
}
