//! Go's text/template with sprig's and Helm's functions, and with the origin of every piece of text.
//!
//! A [`TemplateSet`] is parsed once and shared by threads; a [`Render`] of it runs templates over [`Value`]s made from
//! YAML trees and gives [`Output`]: text and, by range, where it came from. Knows nothing of Kubernetes or of charts.
//! All work draws on a budget; an [`Error`] says whether the template was refused or a limit met.

mod ast;
mod changes;
mod collection;
mod context;
mod equal;
mod error;
mod eval;
mod expression;
mod functions;
mod lex;
mod moving;
mod number;
mod object;
mod origin;
mod output;
mod parse;
mod print;
mod quote;
pub mod semver;
mod set;
mod shelf;
mod text;
mod value;

pub use collection::{Field, Fields, List, ListType, Map, MapType, from_node};
pub use context::Context;
pub use error::{Error, ErrorKind, Failure};
pub use eval::STACK;
pub(crate) use expression::Expression;
pub use functions::Functions;
pub(crate) use functions::{crates_expression, expression, json_problem, json_string, yaml_of};
pub use object::{Object, ObjectKind, Param};
pub use origin::{OriginId, Origins, SharedOrigins};
pub use output::Output;
pub(crate) use print::show_as;
pub(crate) use quote::quote as quoted;
pub use set::{MissingKey, Options, Render, TemplateSet};
pub use shelf::Shelf;
pub use text::{Run, Text, Written};
pub use value::{Data, IntType, NamedInt, UintType, Value};

#[cfg(test)]
mod tests;
