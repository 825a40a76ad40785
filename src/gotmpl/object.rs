//! Structs and things with methods, which the callers of the engine supply (`.Files`, `.Capabilities`, `.Chart`, times).

use std::sync::Arc;

use super::context::Context;
use super::error::Failure;
use super::value::{NamedInt, Value};

/// What a parameter of a function or method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`
    Any,
    /// `reflect.Value`: takes anything, nil included, without unwrapping
    Reflect,
    /// `string`
    Str,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`
    Uint32,
    /// `float64`
    Float,
    /// `bool`
    Bool,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// An object of this type
    Object(&'static str),
    /// A whole number of this type
    Named(&'static NamedInt),
}

impl Param {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Param::Any => "interface {}",
            Param::Reflect => "reflect.Value",
            Param::Str => "string",
            Param::Int => "int",
            Param::Int64 => "int64",
            Param::Uint32 => "uint32",
            Param::Float => "float64",
            Param::Bool => "bool",
            Param::Map => "map[string]interface {}",
            Param::List => "[]interface {}",
            Param::Object(name) => name,
            Param::Named(named) => named.name,
        }
    }
}

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A struct.
    Struct,
    /// A pointer to a struct.
    Pointer,
    /// A named map with methods; [`Object::underlying`] gives the map.
    Map,
    /// A named list with methods; [`Object::underlying`] gives the list.
    List,
    /// A function.
    Func,
}

impl ObjectKind {
    /// `reflect.Kind`'s name.
    pub fn name(self) -> &'static str {
        match self {
            ObjectKind::Struct => "struct",
            ObjectKind::Pointer => "ptr",
            ObjectKind::Map => "map",
            ObjectKind::List => "slice",
            ObjectKind::Func => "func",
        }
    }
}

/// A value with fields or methods.
pub trait Object {
    /// Go's name of the type, as `%T` prints it (`*chartutil.Capabilities`).
    fn type_name(&self) -> &str;

    /// The kind; structs by default.
    fn kind(&self) -> ObjectKind {
        ObjectKind::Struct
    }

    /// The value of a field; `None` where the type has no such field.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    /// All fields in the order of the type, for `%v` and `%+v`.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// The same with the fields of embedded structs in their place.
    fn promoted(&self) -> Vec<(&'static str, Value)> {
        self.fields()
    }

    /// The parameters of a method; `None` where the type has no such method.
    fn method(&self, _name: &str) -> Option<&'static [Param]> {
        None
    }

    /// Why no template can call a method that there is: it gives back what templates cannot take.
    fn uncallable(&self, _name: &str) -> Option<&'static str> {
        None
    }

    /// Calls a method that [`Object::method`] knows; the arguments have been checked against its parameters.
    fn call(&self, name: &str, _args: &[Value], _context: &Context<'_>) -> Result<Value, Failure> {
        Err(format!("no method {name}").into())
    }

    /// The plain map or list beneath a named one: what range, len, index and the encoders see.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// What `String` or `Error` prints, if the type has such a method.
    fn show(&self) -> Option<String> {
        None
    }

    /// What `String` prints where it needs the value's address and a template's action can take it.
    fn addressed(&self) -> Option<String> {
        None
    }

    /// What `GoString` prints, if the type has such a method.
    fn source(&self) -> Option<String> {
        None
    }

    /// Whether Go's `==` holds: for pointers and structs of them, that it is the very same one.
    fn is(&self, other: &dyn Object) -> bool {
        std::ptr::addr_eq(&raw const *self, other)
    }

    /// The same without an address, as whoever is given it has it; nothing where that makes no difference.
    fn without_address(&self) -> Option<Value> {
        None
    }

    /// The fields of a struct by the names and in the order in which it is encoded as JSON.
    fn members(&self) -> Option<Vec<(Arc<str>, Value)>> {
        None
    }

    /// What encoding as JSON (and so as YAML) sees: a map, a list, a scalar.
    fn encoded(&self) -> Value {
        match self.members() {
            Some(members) => Value::map(members),
            None => self.underlying().unwrap_or(Value::NIL),
        }
    }

    /// Whether it counts as true; structs do.
    fn truth(&self) -> bool {
        self.underlying().is_none_or(|value| value.truth())
    }

    /// For functions of this crate that need the real thing back.
    fn as_any(&self) -> &dyn std::any::Any;
}
