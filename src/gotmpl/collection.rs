//! Lists and maps of template values: shared, and made from YAML trees only where somebody looks.
//!
//! Maps have Go's reference semantics: `set` on one is seen through every alias. Dropping is iterative, since a template
//! can nest values as deep as it likes.

mod list;

use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use indexmap::IndexMap;

use super::changes::{self, Moment};
use super::origin::{OriginId, SharedOrigins};
use super::value::{Data, Value};
use crate::hash::Seed;
use crate::yaml::{self, Meaning, Node};

pub use list::{List, ListType};

/// Go's type of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapType {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Strings,
    /// `map[string][]uint8`
    Bytes,
    /// Helm 3's `chartutil.Values` over `map[string]interface {}`: no type assertion takes it for one.
    ChartutilValues,
    /// Helm 4's `common.Values`.
    CommonValues,
}

impl MapType {
    /// Whether the values can be of any type.
    pub fn holds_any(self) -> bool {
        self.zero().is_nil()
    }

    /// What stands for a key that is not there: the zero value of the type of values.
    pub fn zero(self) -> Value {
        match self {
            MapType::Strings => Value::fixed(""),
            MapType::Bytes => Value::new(Data::List(List::nil(ListType::Bytes))),
            MapType::Any | MapType::ChartutilValues | MapType::CommonValues => Value::NIL,
        }
    }

    /// Whether this is a named type over `map[string]interface {}`.
    pub fn is_named(self) -> bool {
        matches!(self, MapType::ChartutilValues | MapType::CommonValues)
    }
}

/// An entry of a map.
#[derive(Clone)]
pub struct Field {
    /// Where the key is written.
    pub key_origin: OriginId,
    /// The value.
    pub value: Value,
}

/// The content of a map; [`Map::entries`] has it in the order of its keys.
pub type Fields = IndexMap<Arc<str>, Field, Seed>;

/// A map with string keys.
#[derive(Clone)]
pub struct Map {
    data: Rc<MapData>,
    kind: MapType,
}

pub(super) struct MapData {
    state: RefCell<State>,
    nil: bool,
    born: Moment,
    /// The key whose value differs from template to template.
    staged: OnceCell<Arc<str>>,
}

enum State {
    Lazy(Arc<yaml::Mapping>, SharedOrigins),
    /// Several maps may have the same fields until one of them is changed; none of these holds a collection.
    Open(Rc<Fields>),
}

impl Map {
    fn of(state: State, kind: MapType, nil: bool) -> Self {
        // What a tree holds was there before anybody looked.
        let born = if matches!(state, State::Lazy(..)) { Moment::BEGINNING } else { Moment::now() };
        Self { data: Rc::new(MapData { state: RefCell::new(state), nil, born, staged: OnceCell::new() }), kind }
    }

    /// A map of a type.
    pub fn new(fields: Fields, kind: MapType) -> Self {
        Self::of(State::Open(Rc::new(fields)), kind, false)
    }

    /// Another map with the same content, if no value of it is a collection.
    pub fn copied_flat(&self) -> Option<Self> {
        self.open();
        match &*self.data.state.borrow() {
            State::Open(fields)
                if self.data.staged.get().is_none() && !fields.values().any(|field| field.value.nests()) =>
            {
                Some(Self::of(State::Open(Rc::clone(fields)), self.kind, false))
            }
            _ => None,
        }
    }

    /// The nil map of a type.
    pub fn nil(kind: MapType) -> Self {
        Self::of(State::Open(Rc::default()), kind, true)
    }

    /// A tree as a map of a named type; anything but a mapping as [`from_node`] has it.
    pub fn named(node: &Node, kind: MapType, origins: &SharedOrigins) -> Value {
        let yaml::Value::Map(mapping) = &node.value else { return from_node(node, origins) };
        let map = Self::of(State::Lazy(Arc::clone(mapping), Rc::clone(origins)), kind, false);
        Value { data: Data::Map(map), origin: origins.known(&node.origin) }
    }

    /// The same map as another type: what one changes the other shows.
    pub fn typed(&self, kind: MapType) -> Self {
        Self { data: Rc::clone(&self.data), kind }
    }

    /// Go's type.
    pub fn map_type(&self) -> MapType {
        self.kind
    }

    /// Go's name of the type.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            MapType::Any => "map[string]interface {}",
            MapType::Strings => "map[string]string",
            MapType::Bytes => "map[string][]uint8",
            MapType::ChartutilValues => "chartutil.Values",
            MapType::CommonValues => "common.Values",
        }
    }

    /// Whether this is the nil map.
    pub fn is_nil(&self) -> bool {
        self.data.nil
    }

    /// Whether both are the same map.
    pub fn is_same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.data, &other.data)
    }

    /// Whether its fields were looked at.
    pub(super) fn is_open(&self) -> bool {
        matches!(&*self.data.state.borrow(), State::Open(_))
    }

    /// What tells it from all other maps.
    pub(super) fn tie(&self) -> Tie {
        Tie::Map(Rc::downgrade(&self.data))
    }

    /// Reads the content.
    pub fn read<R>(&self, look: impl FnOnce(&Fields) -> R) -> R {
        if self.data.staged.get().is_some() {
            changes::peeked();
        }
        self.look(look)
    }

    fn look<R>(&self, look: impl FnOnce(&Fields) -> R) -> R {
        self.open();
        match &*self.data.state.borrow() {
            State::Open(fields) => look(fields),
            State::Lazy(..) => look(&Fields::default()),
        }
    }

    /// Changes the content, for every alias.
    pub fn change<R>(&self, change: impl FnOnce(&mut Fields) -> R) -> R {
        changes::changed(self.data.born);
        self.alter(change)
    }

    /// Changes the content by that of another map, which must not be the same one; the change says whether it made any.
    pub fn meet(&self, other: &Map, change: impl FnOnce(&mut Fields, &Fields) -> bool) {
        if self.has_fields_of(other) {
            return;
        }
        let changed = other.read(|other| {
            if self.data.staged.get().is_some_and(|staged| other.contains_key(staged)) {
                changes::peeked();
            }
            self.alter(|fields| change(fields, other))
        });
        if changed {
            changes::changed(self.data.born);
        }
    }

    fn has_fields_of(&self, other: &Map) -> bool {
        match (&*self.data.state.borrow(), &*other.data.state.borrow()) {
            (State::Open(ours), State::Open(theirs)) => Rc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    fn alter<R>(&self, change: impl FnOnce(&mut Fields) -> R) -> R {
        self.open();
        match &mut *self.data.state.borrow_mut() {
            State::Open(fields) => change(Rc::make_mut(fields)),
            State::Lazy(..) => change(&mut Fields::default()),
        }
    }

    fn open(&self) {
        // A map may hold itself: whoever reads it may come by again while it is read.
        if matches!(&*self.data.state.borrow(), State::Open(_)) {
            return;
        }
        let mut state = self.data.state.borrow_mut();
        if let State::Lazy(mapping, origins) = &*state {
            let fields = mapping.entries.iter().map(|entry| {
                let key_origin = origins.known(&entry.key_origin);
                (Arc::clone(&entry.key), Field { key_origin, value: from_node(&entry.value, origins) })
            });
            *state = State::Open(Rc::new(fields.collect()));
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        if self.data.staged.get().is_some_and(|staged| **staged == *key) {
            changes::peeked();
        }
        self.look(|fields| fields.get(key).map(|field| field.value.clone()))
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.look(|fields| fields.contains_key(key))
    }

    /// Sets a key, for every alias.
    pub fn set(&self, key: impl Into<Arc<str>>, value: Value, key_origin: OriginId) {
        self.change(|fields| fields.insert(key.into(), Field { key_origin, value }));
    }

    /// Sets the one key whose value differs from template to template.
    pub fn stage(&self, key: &Arc<str>, value: Value) {
        let _ = self.data.staged.set(Arc::clone(key));
        self.alter(|fields| fields.insert(Arc::clone(key), Field { key_origin: OriginId::NONE, value }));
    }

    /// Takes a key out, for every alias.
    pub fn unset(&self, key: &str) {
        self.change(|fields| fields.swap_remove(key));
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        match &*self.data.state.borrow() {
            State::Open(fields) => fields.len(),
            State::Lazy(mapping, _) => mapping.entries.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries as they are now, in the order of their keys.
    pub fn entries(&self) -> Vec<(Arc<str>, Field)> {
        let mut entries: Vec<_> =
            self.read(|fields| fields.iter().map(|(key, field)| (Arc::clone(key), field.clone())).collect());
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        entries
    }
}

/// The identity of a list or a map, which no other gets as long as somebody has this. What it holds may be gone.
pub(super) enum Tie {
    List(Weak<list::ListData>),
    Map(Weak<MapData>),
}

impl Tie {
    /// A number for it.
    pub(super) fn identity(&self) -> u64 {
        match self {
            Tie::List(list) => list.as_ptr() as usize as u64,
            Tie::Map(map) => map.as_ptr() as usize as u64,
        }
    }
}

impl FromIterator<(Arc<str>, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        let fields = entries.into_iter().map(|(key, value)| (key, Field { key_origin: OriginId::NONE, value }));
        Map::new(fields.collect(), MapType::Any)
    }
}

/// A tree as Helm hands it to templates: through JSON, so that every number is a `float64`. Collections are read when
/// somebody looks into them.
pub fn from_node(node: &Node, origins: &SharedOrigins) -> Value {
    let data = match &node.value {
        yaml::Value::Map(mapping) => {
            Data::Map(Map::of(State::Lazy(Arc::clone(mapping), Rc::clone(origins)), MapType::Any, false))
        }
        yaml::Value::Seq(items) => Data::List(List::lazy(Arc::clone(items), Rc::clone(origins))),
        yaml::Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Data::Nil,
            Meaning::Bool(b) => Data::Bool(b),
            Meaning::Int(n) => Data::Float(n as f64),
            Meaning::Uint(n) => Data::Float(n as f64),
            Meaning::Float(n) => Data::Float(n),
            Meaning::Str(text) if *text == *scalar.text => Data::Str(Arc::clone(&scalar.text).into()),
            Meaning::Str(text) => Data::Str((&*text).into()),
        },
    };
    Value { data, origin: origins.known(&node.origin) }
}

/// Drops nested collections without recursion.
fn dismantle(mut open: Vec<Value>) {
    while let Some(value) = open.pop() {
        match value.data {
            Data::List(list) => open.extend(list.into_items()),
            Data::Map(map) => {
                if let Some(map) = Rc::into_inner(map.data) {
                    open.extend(collections(&mut map.state.borrow_mut()));
                }
            }
            _ => {}
        }
    }
}

/// Takes the collections among the values of a map that goes.
fn collections(state: &mut State) -> Vec<Value> {
    match state {
        State::Open(fields) => match Rc::get_mut(fields) {
            Some(fields) => fields.drain(..).map(|(_, field)| field.value).filter(Value::nests).collect(),
            None => Vec::new(),
        },
        State::Lazy(..) => Vec::new(),
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        let beneath = collections(self.state.get_mut());
        if !beneath.is_empty() {
            dismantle(beneath);
        }
    }
}
