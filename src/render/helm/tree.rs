//! Values while they are put together: Go's maps, which are shared and change in place, over trees that are read only
//! where somebody changes something.
//!
//! Helm's merging is observable through that sharing (a sub-chart's globals flow into its parent's), so it is kept. A
//! table that nobody looked into costs a pointer, copied or not.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::budget::{Budget, Exceeded};
use crate::gotmpl::{
    Data, Field, Fields, IntType, List, ListType, Map, MapType, SharedOrigins, Value, from_node, show_as,
};
use crate::yaml::{self, Entry, Mapping, Node, Origin};

/// A value.
#[derive(Clone)]
pub(super) enum Tree {
    /// A map.
    Table(Table),
    /// A list that a parameter made or changed.
    List(Rc<Vec<Tree>>, Origin),
    /// A whole number of a parameter, which Go keeps as an `int64`; numbers of files are `float64`.
    Int(i64, Origin),
    /// Anything else, as it was written.
    Leaf(Node),
}

/// An entry of a table.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) key_origin: Origin,
    pub(super) value: Tree,
}

/// What a table costs beside its entries, in values: a map of one entry takes the room of several.
const TABLE: u64 = 6;

type Slots = BTreeMap<Arc<str>, Slot>;

#[derive(Clone)]
enum State {
    Unread(Arc<Mapping>),
    Open(Slots),
}

/// A map with an identity.
#[derive(Clone)]
pub(super) struct Table(Rc<TableData>);

struct TableData {
    state: RefCell<State>,
    origin: Origin,
}

impl Tree {
    pub(super) fn from_node(node: &Node) -> Tree {
        match &node.value {
            yaml::Value::Map(mapping) => Tree::Table(Table::unread(Arc::clone(mapping), node.origin.clone())),
            _ => Tree::Leaf(node.clone()),
        }
    }

    pub(super) fn as_table(&self) -> Option<&Table> {
        match self {
            Tree::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Tree::Leaf(node) if node.is_null())
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Tree::Leaf(node) => node.as_bool(),
            _ => None,
        }
    }

    /// Tables are copied, all the way down; lists do not change and need not be.
    pub(super) fn deep_copy(&self, budget: &Budget) -> Result<Tree, Exceeded> {
        Ok(match self {
            Tree::Table(table) => Tree::Table(table.deep_copy(budget)?),
            other => other.clone(),
        })
    }

    pub(super) fn origin(&self) -> &Origin {
        match self {
            Tree::Table(table) => &table.0.origin,
            Tree::List(_, origin) | Tree::Int(_, origin) => origin,
            Tree::Leaf(node) => &node.origin,
        }
    }

    /// As Go's `%t` shows it, which Helm has for what stands in a table's place. The texts in a list are left out: they may be
    /// credentials.
    pub(super) fn as_boolean(&self) -> Result<String, Exceeded> {
        let value = ToValues::new(&SharedOrigins::default()).value(self);
        show_as(&if value.as_list().is_some() { without_texts(&value) } else { value }, 't')
    }
}

/// A value, each text in it put out of sight.
fn without_texts(value: &Value) -> Value {
    let data = match &value.data {
        Data::Str(_) => return Value::fixed("..."),
        Data::List(list) => {
            Data::List(List::new(list.iter().map(|item| without_texts(&item)).collect(), ListType::Any))
        }
        Data::Map(map) => {
            let fields = map.entries().into_iter().map(|(key, field)| {
                let value = without_texts(&field.value);
                (key, Field { value, ..field })
            });
            Data::Map(Map::new(fields.collect(), MapType::Any))
        }
        other => other.clone(),
    };
    Value { data, origin: value.origin }
}

impl Table {
    /// An empty table.
    pub(super) fn new(origin: Origin) -> Self {
        Self(Rc::new(TableData { state: RefCell::new(State::Open(Slots::new())), origin }))
    }

    fn unread(mapping: Arc<Mapping>, origin: Origin) -> Self {
        Self(Rc::new(TableData { state: RefCell::new(State::Unread(mapping)), origin }))
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    fn open(&self) {
        let mut state = self.0.state.borrow_mut();
        if let State::Unread(mapping) = &*state {
            let slots = mapping.entries.iter().map(|entry| {
                let value = Tree::from_node(&entry.value);
                (Arc::clone(&entry.key), Slot { key_origin: entry.key_origin.clone(), value })
            });
            let slots = slots.collect();
            *state = State::Open(slots);
        }
    }

    fn look<R>(&self, look: impl FnOnce(&Slots) -> R) -> R {
        self.open();
        match &*self.0.state.borrow() {
            State::Open(slots) => look(slots),
            State::Unread(_) => look(&Slots::new()),
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Slots) -> R) -> R {
        self.open();
        match &mut *self.0.state.borrow_mut() {
            State::Open(slots) => change(slots),
            State::Unread(_) => change(&mut Slots::new()),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Tree> {
        self.look(|slots| slots.get(key).map(|slot| slot.value.clone()))
    }

    /// Sets a key; where it is known already, its place stays.
    pub(super) fn put(&self, key: &str, value: Tree) {
        self.change(|slots| match slots.get_mut(key) {
            Some(slot) => slot.value = value,
            None => {
                let slot = Slot { key_origin: value.origin().clone(), value };
                slots.insert(key.into(), slot);
            }
        });
    }

    /// Sets a key and where it is written.
    pub(super) fn set(&self, key: Arc<str>, slot: Slot) {
        self.change(|slots| slots.insert(key, slot));
    }

    pub(super) fn remove(&self, key: &str) {
        self.change(|slots| slots.remove(key));
    }

    /// Pays for going through it, or for a copy.
    pub(super) fn pay(&self, budget: &Budget) -> Result<(), Exceeded> {
        let entries = match &*self.0.state.borrow() {
            State::Unread(mapping) => mapping.entries.len(),
            State::Open(slots) => slots.len(),
        };
        budget.items(TABLE + entries as u64)
    }

    /// The entries as they are now.
    pub(super) fn entries(&self) -> Vec<(Arc<str>, Slot)> {
        self.look(|slots| slots.iter().map(|(key, slot)| (Arc::clone(key), slot.clone())).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        match &*self.0.state.borrow() {
            State::Unread(mapping) => mapping.entries.is_empty(),
            State::Open(slots) => slots.is_empty(),
        }
    }

    /// The same entries in a map of its own; tables among them are the same tables, so they must be made by now.
    pub(super) fn shallow_copy(&self) -> Table {
        self.open();
        let state = self.0.state.borrow().clone();
        Self(Rc::new(TableData { state: RefCell::new(state), origin: self.0.origin.clone() }))
    }

    /// A copy that shares no table with this one. Nesting is bounded by the parser's and by `strvals`'.
    pub(super) fn deep_copy(&self, budget: &Budget) -> Result<Table, Exceeded> {
        let state = match &*self.0.state.borrow() {
            State::Unread(mapping) => State::Unread(Arc::clone(mapping)),
            State::Open(slots) => {
                budget.items(TABLE + slots.len() as u64)?;
                let copied = |(key, slot): (&Arc<str>, &Slot)| {
                    let value = slot.value.deep_copy(budget)?;
                    Ok((Arc::clone(key), Slot { key_origin: slot.key_origin.clone(), value }))
                };
                State::Open(slots.iter().map(copied).collect::<Result<_, Exceeded>>()?)
            }
        };
        Ok(Self(Rc::new(TableData { state: RefCell::new(state), origin: self.0.origin.clone() })))
    }

    /// Takes out every key whose value is null, in this table and those below it.
    pub(super) fn drop_nils(&self, budget: &Budget) -> Result<(), Exceeded> {
        if let State::Unread(mapping) = &*self.0.state.borrow()
            && !holds_null(mapping, budget)?
        {
            return Ok(());
        }
        self.pay(budget)?;
        self.change(|slots| slots.retain(|_, slot| !slot.value.is_nil()));
        self.entries().into_iter().try_for_each(|(_, slot)| match slot.value {
            Tree::Table(table) => table.drop_nils(budget),
            _ => Ok(()),
        })
    }

    /// Follows a path of tables.
    pub(super) fn table(&self, path: &str) -> Option<Table> {
        path.split('.').try_fold(self.clone(), |table, key| table.get(key)?.as_table().cloned())
    }

    /// The value at a path that is no table (`chartutil.Values.PathValue`).
    pub(super) fn path_value(&self, path: &str) -> Option<Tree> {
        let (table, key) = match path.rsplit_once('.') {
            Some((above, key)) => (self.table(above)?, key),
            None => (self.clone(), path),
        };
        table.get(key).filter(|value| value.as_table().is_none())
    }
}

fn holds_null(mapping: &Mapping, budget: &Budget) -> Result<bool, Exceeded> {
    budget.steps(1 + mapping.entries.len() as u64)?;
    for entry in &mapping.entries {
        let null = match &entry.value.value {
            yaml::Value::Map(below) => holds_null(below, budget)?,
            yaml::Value::Scalar(_) => entry.value.is_null(),
            yaml::Value::Seq(_) => false,
        };
        if null {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Turns tables into what templates see; what was one table stays one map.
pub(super) struct ToValues<'o> {
    origins: &'o SharedOrigins,
    known: BTreeMap<*const TableData, Map>,
}

impl<'o> ToValues<'o> {
    pub(super) fn new(origins: &'o SharedOrigins) -> Self {
        Self { origins, known: BTreeMap::new() }
    }

    pub(super) fn value(&mut self, tree: &Tree) -> Value {
        match tree {
            Tree::Leaf(node) => from_node(node, self.origins),
            Tree::Int(n, origin) => Value { data: Data::Int(*n, IntType::Int64), origin: self.origins.known(origin) },
            Tree::List(items, origin) => {
                let items = items.iter().map(|item| self.value(item)).collect();
                Value { data: Data::List(List::new(items, ListType::Any)), origin: self.origins.known(origin) }
            }
            Tree::Table(table) => self.table(table),
        }
    }

    fn table(&mut self, table: &Table) -> Value {
        let origin = table.origin();
        let id = Rc::as_ptr(&table.0);
        if let Some(map) = self.known.get(&id) {
            return Value { data: Data::Map(map.clone()), origin: self.origins.known(origin) };
        }
        if let State::Unread(mapping) = &*table.0.state.borrow() {
            let node = Node { value: yaml::Value::Map(Arc::clone(mapping)), origin: origin.clone() };
            let value = from_node(&node, self.origins);
            if let Some(map) = value.as_map() {
                self.known.insert(id, map.clone());
            }
            return value;
        }
        let fields: Fields = table
            .entries()
            .into_iter()
            .map(|(key, slot)| {
                let key_origin = self.origins.known(&slot.key_origin);
                (key, Field { key_origin, value: self.value(&slot.value) })
            })
            .collect();
        let map = Map::new(fields, MapType::Any);
        self.known.insert(id, map.clone());
        Value { data: Data::Map(map), origin: self.origins.known(origin) }
    }
}

/// Turns tables back into trees, for those that read values without templates (schemas, facts).
pub(super) fn to_node(tree: &Tree) -> Node {
    match tree {
        Tree::Leaf(node) => node.clone(),
        Tree::Int(n, origin) => Node::plain(n.to_string(), origin.clone()),
        Tree::List(items, origin) => Node::seq(items.iter().map(to_node).collect(), origin.clone()),
        Tree::Table(table) => {
            if let State::Unread(mapping) = &*table.0.state.borrow() {
                return Node { value: yaml::Value::Map(Arc::clone(mapping)), origin: table.origin().clone() };
            }
            let entries = table.entries().into_iter().map(|(key, slot)| Entry {
                key,
                key_origin: slot.key_origin.clone(),
                value: to_node(&slot.value),
            });
            Node::map(entries.collect(), table.origin().clone())
        }
    }
}
