//! Go's dynamic values as templates see them, each with its origin.
//!
//! A value remembers what Go would know of its type where templates can tell: kinds of integers, `[]string` against
//! `[]interface {}`, typed nil against nil against no value at all. Lists do not change; maps have identity and change
//! in place (`collection.rs`).

use std::rc::Rc;
use std::sync::Arc;

use super::collection::{List, ListType, Map};
use super::object::{Object, Param};
use super::origin::OriginId;
use super::text::Text;

/// A value and where it came from.
#[derive(Clone)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it came from, as far as its text does not say otherwise.
    pub origin: OriginId,
}

/// Go's types of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntType {
    /// `int`
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// A named type whose values print by name or in their own way (`time.Duration`, `time.Month`).
    Named(&'static NamedInt),
}

/// A named type of whole numbers.
#[derive(Debug)]
pub struct NamedInt {
    /// Its name (`time.Month`).
    pub name: &'static str,
    /// The kind beneath (`int`, `int64`).
    pub kind: &'static str,
    /// Its `String` method.
    pub show: fn(i64) -> String,
    /// Its other methods, by name.
    pub method: fn(&str) -> Option<&'static IntMethod>,
}

/// A method of a named type of whole numbers.
#[derive(Debug)]
pub struct IntMethod {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub params: &'static [Param],
    /// What it gives for a number and its arguments, which have been checked.
    pub run: fn(i64, &[Value]) -> Value,
}

impl NamedInt {
    /// Whether it is `time.Duration`, which yaml.v3, TOML and the casts take for more than a number.
    pub fn is_duration(&self) -> bool {
        self.name == "time.Duration"
    }
}

impl PartialEq for NamedInt {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamedInt {}

/// Go's types of whole numbers without a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UintType {
    /// `uint`
    Uint,
    /// `uint8`
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
}

/// What a value is.
#[derive(Clone)]
pub enum Data {
    /// No value at all: Go's invalid `reflect.Value`, printed as `<no value>`.
    Missing,
    /// A nil interface: a key that is there and null, or a missing one under `missingkey=zero`.
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64, IntType),
    /// A whole number without a sign.
    Uint(u64, UintType),
    /// A `float64`.
    Float(f64),
    /// A `complex128`.
    Complex(f64, f64),
    /// A string.
    Str(Text),
    /// A list.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A struct, or anything with methods.
    Object(Rc<dyn Object>),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.type_name())
    }
}

impl Value {
    /// A value without a known origin.
    pub fn new(data: Data) -> Self {
        Self { data, origin: OriginId::NONE }
    }

    /// The same value from somewhere.
    pub fn from_origin(mut self, origin: OriginId) -> Self {
        self.origin = origin;
        self
    }

    /// No value at all.
    pub const MISSING: Value = Value { data: Data::Missing, origin: OriginId::NONE };

    /// A nil interface.
    pub const NIL: Value = Value { data: Data::Nil, origin: OriginId::NONE };

    /// A boolean.
    pub fn bool(b: bool) -> Self {
        Self::new(Data::Bool(b))
    }

    /// An `int`.
    pub fn int(n: i64) -> Self {
        Self::new(Data::Int(n, IntType::Int))
    }

    /// An `int64`.
    pub fn int64(n: i64) -> Self {
        Self::new(Data::Int(n, IntType::Int64))
    }

    /// A `float64`.
    pub fn float(n: f64) -> Self {
        Self::new(Data::Float(n))
    }

    /// A string.
    pub fn str(text: impl Into<Text>) -> Self {
        Self::new(Data::Str(text.into()))
    }

    /// A string of the program itself.
    pub fn fixed(text: &'static str) -> Self {
        Self::new(Data::Str(Text::Static(text)))
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Self::new(Data::List(List::new(items, ListType::Any)))
    }

    /// A `[]string`.
    pub fn strings(items: Vec<Value>) -> Self {
        Self::new(Data::List(List::new(items, ListType::Strings)))
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Self {
        Self::new(Data::Map(entries.into_iter().collect()))
    }

    /// A struct or anything with methods.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::new(Data::Object(Rc::new(object)))
    }

    /// Whether this is an untyped nil, or no value.
    pub fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nil | Data::Missing)
    }

    /// Whether this is a collection, which may hold others.
    pub fn nests(&self) -> bool {
        matches!(self.data, Data::List(_) | Data::Map(_))
    }

    /// Whether other values may be found in this one.
    pub fn holds(&self) -> bool {
        self.nests() || matches!(self.data, Data::Object(_))
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match &self.data {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    /// Go's name of the type (`%T`).
    pub fn type_name(&self) -> &str {
        match &self.data {
            Data::Missing | Data::Nil => "<nil>",
            Data::Bool(_) => "bool",
            Data::Int(_, IntType::Named(named)) => named.name,
            Data::Int(..) | Data::Uint(..) => self.kind(),
            Data::Float(_) => "float64",
            Data::Complex(..) => "complex128",
            Data::Str(_) => "string",
            Data::List(list) => list.type_name(),
            Data::Map(map) => map.type_name(),
            Data::Object(object) => object.type_name(),
        }
    }

    /// Go's name of the kind (`reflect.Kind`).
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Missing | Data::Nil => "invalid",
            Data::Bool(_) => "bool",
            Data::Int(_, kind) => match kind {
                IntType::Int => "int",
                IntType::Int8 => "int8",
                IntType::Int16 => "int16",
                IntType::Int32 => "int32",
                IntType::Int64 => "int64",
                IntType::Named(named) => named.kind,
            },
            Data::Uint(_, kind) => match kind {
                UintType::Uint => "uint",
                UintType::Uint8 => "uint8",
                UintType::Uint16 => "uint16",
                UintType::Uint32 => "uint32",
                UintType::Uint64 => "uint64",
            },
            Data::Float(_) => "float64",
            Data::Complex(..) => "complex128",
            Data::Str(_) => "string",
            Data::List(_) => "slice",
            Data::Map(_) => "map",
            Data::Object(object) => object.kind().name(),
        }
    }

    /// Go's notion of truth: not the zero value of its type.
    pub fn truth(&self) -> bool {
        match &self.data {
            Data::Missing | Data::Nil => false,
            Data::Bool(b) => *b,
            Data::Int(n, _) => *n != 0,
            Data::Uint(n, _) => *n != 0,
            Data::Float(n) => *n != 0.0,
            Data::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Data::Str(text) => !text.is_empty(),
            Data::List(list) => !list.is_empty(),
            Data::Map(map) => !map.is_empty(),
            Data::Object(object) => object.truth(),
        }
    }
}
