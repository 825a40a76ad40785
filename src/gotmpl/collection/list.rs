//! Lists of template values, which do not change: their items are made where somebody looks.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::{Tie, dismantle, from_node};
use crate::gotmpl::origin::{OriginId, SharedOrigins};
use crate::gotmpl::text::Text;
use crate::gotmpl::value::{Data, UintType, Value};
use crate::yaml::{self, Node};

/// Go's type of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListType {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Strings,
    /// `[]int`
    Ints,
    /// `[][]interface {}`
    Lists,
    /// `[]uint8`
    Bytes,
    /// Any other, by name (`[]*chart.Dependency`).
    Named(&'static str),
}

impl ListType {
    fn name(self) -> &'static str {
        match self {
            ListType::Any => "[]interface {}",
            ListType::Strings => "[]string",
            ListType::Ints => "[]int",
            ListType::Lists => "[][]interface {}",
            ListType::Bytes => "[]uint8",
            ListType::Named(name) => name,
        }
    }
}

/// A list.
#[derive(Clone)]
pub struct List(Rc<ListData>);

pub(in crate::gotmpl) struct ListData {
    items: OnceCell<Vec<Value>>,
    lazy: Option<Lazy>,
    kind: ListType,
    nil: bool,
}

/// What a list is made from where somebody looks.
enum Lazy {
    Nodes(Arc<Vec<Node>>, SharedOrigins),
    Bytes(Text, OriginId),
}

impl Lazy {
    fn len(&self) -> usize {
        match self {
            Lazy::Nodes(nodes, _) => nodes.len(),
            Lazy::Bytes(text, _) => text.len(),
        }
    }

    fn item(&self, at: usize) -> Option<Value> {
        match self {
            Lazy::Nodes(nodes, origins) => nodes.get(at).map(|node| from_node(node, origins)),
            Lazy::Bytes(text, origin) => {
                let byte = text.as_bytes().get(at)?;
                Some(Value::new(Data::Uint(u64::from(*byte), UintType::Uint8)).from_origin(*origin))
            }
        }
    }
}

impl List {
    /// A list of a type.
    pub fn new(items: Vec<Value>, kind: ListType) -> Self {
        Self(Rc::new(ListData { items: OnceCell::from(items), lazy: None, kind, nil: false }))
    }

    /// The nil slice of a type: empty, and `null` to JSON.
    pub fn nil(kind: ListType) -> Self {
        Self(Rc::new(ListData { items: OnceCell::from(Vec::new()), lazy: None, kind, nil: true }))
    }

    pub(super) fn lazy(nodes: Arc<Vec<Node>>, origins: SharedOrigins) -> Self {
        Self(Rc::new(ListData {
            items: OnceCell::new(),
            lazy: Some(Lazy::Nodes(nodes, origins)),
            kind: ListType::Any,
            nil: false,
        }))
    }

    /// The bytes of a text.
    pub fn of_bytes(text: Text, origin: OriginId) -> Self {
        let lazy = Some(Lazy::Bytes(text, origin));
        Self(Rc::new(ListData { items: OnceCell::new(), lazy, kind: ListType::Bytes, nil: false }))
    }

    /// The bytes, if this is a `[]uint8`.
    pub fn as_bytes(&self) -> Option<Cow<'_, [u8]>> {
        match &self.0.lazy {
            _ if self.0.kind != ListType::Bytes => None,
            Some(Lazy::Bytes(text, _)) => Some(Cow::Borrowed(text.as_bytes())),
            _ => Some(self.items().iter().filter_map(byte).collect()),
        }
    }

    /// The bytes as a string.
    pub fn to_text(&self) -> Text {
        match &self.0.lazy {
            Some(Lazy::Bytes(text, _)) => text.clone(),
            _ => Text::from_bytes(self.as_bytes().unwrap_or_default().into_owned()),
        }
    }

    /// The items.
    pub fn items(&self) -> &[Value] {
        self.0
            .items
            .get_or_init(|| self.0.lazy.iter().flat_map(|lazy| (0..lazy.len()).flat_map(|at| lazy.item(at))).collect())
    }

    /// The items one by one: those that nobody looks at are not made.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// The item at a place.
    pub fn get(&self, at: usize) -> Option<Value> {
        match (self.0.items.get(), &self.0.lazy) {
            (None, Some(lazy @ Lazy::Bytes(..))) => lazy.item(at),
            _ => self.items().get(at).cloned(),
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        match (self.0.items.get(), &self.0.lazy) {
            (Some(items), _) => items.len(),
            (None, Some(lazy)) => lazy.len(),
            (None, None) => 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no item is a collection.
    pub fn is_flat(&self) -> bool {
        match (self.0.items.get(), &self.0.lazy) {
            (Some(items), _) => !items.iter().any(Value::nests),
            (None, Some(Lazy::Nodes(nodes, _))) => {
                nodes.iter().all(|node| matches!(node.value, yaml::Value::Scalar(_)))
            }
            (None, _) => true,
        }
    }

    /// Whether this is the nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Go's type.
    pub fn list_type(&self) -> ListType {
        self.0.kind
    }

    /// Go's name of the type.
    pub fn type_name(&self) -> &'static str {
        self.0.kind.name()
    }

    /// The items that were made, if nobody else has this list.
    pub(super) fn into_items(self) -> Vec<Value> {
        Rc::into_inner(self.0).and_then(|mut list| list.items.take()).unwrap_or_default()
    }

    /// What tells it from all other lists.
    pub(in crate::gotmpl) fn tie(&self) -> Tie {
        Tie::List(Rc::downgrade(&self.0))
    }

    /// Whether both are the same list.
    pub fn is_same(&self, other: &List) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

fn byte(value: &Value) -> Option<u8> {
    match value.data {
        Data::Uint(n, _) => u8::try_from(n).ok(),
        _ => None,
    }
}

impl Drop for ListData {
    fn drop(&mut self) {
        if self.items.get().is_some_and(|items| items.iter().any(Value::nests)) {
            dismantle(self.items.take().unwrap_or_default());
        }
    }
}
