//! Where TOML's keys go, and which may be named again (BurntSushi's parser).

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::key_text;
use super::scan::{Read, Stop};
use crate::budget::Budget;
use crate::gotmpl::collection::{Field, List, ListType, Map};
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::value::{Data, Value};

pub(super) type Key = Vec<Arc<str>>;
pub(super) type Table = IndexMap<Arc<str>, Slot, foldhash::fast::RandomState>;

/// What a key has.
#[derive(Clone)]
pub(super) enum Slot {
    Scalar(Data),
    Array(Rc<Vec<Slot>>),
    /// A table in braces, where an array or another such table has it.
    Inline(Rc<Table>),
    Table(Table),
    /// An array of tables.
    Tables(Vec<Table>),
}

/// The tables of a document, and the one that is being filled.
#[derive(Default)]
pub(super) struct Tables {
    root: Table,
    /// The names of the table that is filled.
    pub context: Key,
    /// The key whose value is read; nothing in between.
    pub current: Option<Arc<str>>,
    /// Tables that came to be because something in them was named.
    implicit: HashSet<Key>,
    /// Keys that have an array.
    arrays: HashSet<Key>,
    /// The line of the key or the header that was read last.
    pub line: usize,
    /// As TOML 1.1 has it.
    pub next: bool,
}

/// A key as errors name it.
pub(super) fn shown(key: &[Arc<str>]) -> String {
    key.iter().map(|part| key_text(part)).collect::<Vec<_>>().join(".")
}

impl Tables {
    pub fn new(next: bool) -> Self {
        Self { next, ..Self::default() }
    }

    /// The key that was read last, as errors name it.
    pub fn last_key(&self) -> String {
        match self.current.as_deref() {
            None | Some("") => shown(&self.context),
            Some(current) if self.context.is_empty() => current.to_owned(),
            Some(current) => format!("{}.{current}", shown(&self.context)),
        }
    }

    fn wrong<T>(&self, key: &[Arc<str>], problem: &str) -> Read<T> {
        Err(Stop::Syntax(self.line, format!("Key '{}' {problem}", shown(key))))
    }

    fn under(&self, key: &Arc<str>) -> Key {
        self.context.iter().chain([key]).cloned().collect()
    }

    /// Makes a table, or a new one of an array of tables, the one to fill.
    pub fn open(&mut self, key: &[Arc<str>], array: bool, budget: &Budget) -> Read<()> {
        // Names of names are looked up from the top each time.
        budget.steps(key.len() as u64)?;
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let mut table = &mut self.root;
        for (i, name) in parents.iter().enumerate() {
            if !table.contains_key(name) {
                budget.items(1)?;
                self.implicit.insert(parents[..=i].to_vec());
                table.insert(Arc::clone(name), Slot::Table(Table::default()));
            }
            table = match table.get_mut(name).and_then(Slot::inner) {
                Some(inner) => inner,
                None => return self.wrong(&parents[..=i], "was already created as a hash."),
            };
        }
        if array {
            budget.items(1)?;
            let slot = table.entry(Arc::clone(last)).or_insert_with(|| Slot::Tables(Vec::new()));
            let pushed = match slot {
                Slot::Tables(tables) => {
                    tables.push(Table::default());
                    true
                }
                _ => false,
            };
            self.context = parents.to_vec();
            if !pushed {
                return self.wrong(key, "was already created and cannot be used as an array.");
            }
        } else {
            self.context = parents.to_vec();
            self.set(last, Slot::Table(Table::default()), budget)?;
        }
        self.context.push(Arc::clone(last));
        Ok(())
    }

    /// The same for each table that a dotted key goes through.
    pub fn open_each(&mut self, names: &[Arc<str>], budget: &Budget) -> Read<()> {
        for name in names {
            let key = self.under(name);
            self.implicit.insert(key.clone());
            self.open(&key, false, budget)?;
        }
        Ok(())
    }

    /// Opens the table that stands in a value, in braces.
    pub fn open_inline(&mut self, in_array: bool, budget: &Budget) -> Read<()> {
        let key = match &self.current {
            Some(current) => self.under(current),
            None => self.context.clone(),
        };
        self.current = None;
        self.context.clone_from(&key);
        self.implicit.insert(key.clone());
        self.open(&key, in_array, budget)
    }

    /// Notes what kind of value a key has, before or after it is set.
    pub fn note(&mut self, key: Option<&Arc<str>>, array: bool) {
        let key = key.filter(|key| !key.is_empty()).map_or_else(|| self.context.clone(), |key| self.under(key));
        if array {
            self.arrays.insert(key);
        } else {
            self.arrays.remove(&key);
        }
    }

    /// Gives a key of the table that is filled its value.
    pub fn set(&mut self, key: &Arc<str>, slot: Slot, budget: &Budget) -> Read<()> {
        budget.steps(self.context.len() as u64)?;
        budget.items(1)?;
        let mut table = &mut self.root;
        for (i, name) in self.context.iter().enumerate() {
            table = match table.get_mut(name).and_then(Slot::inner) {
                Some(inner) => inner,
                None => return self.wrong(&self.context[..=i], "has already been defined."),
            };
        }
        let Some(known) = table.get_mut(key) else {
            table.insert(Arc::clone(key), slot);
            return Ok(());
        };
        let whole: Key = self.context.iter().chain([key]).cloned().collect();
        let implicit = self.implicit.remove(&whole);
        if self.arrays.contains(&whole) && (implicit || !self.next) {
            *known = slot;
        } else if !implicit {
            return self.wrong(&whole, "has already been defined.");
        }
        Ok(())
    }

    /// The whole document.
    pub fn finish(self, origin: OriginId) -> Map {
        map(&self.root, origin)
    }
}

impl Slot {
    /// The table to go on in.
    fn inner(&mut self) -> Option<&mut Table> {
        match self {
            Slot::Table(table) => Some(table),
            Slot::Tables(tables) => tables.last_mut(),
            _ => None,
        }
    }

    fn value(&self, origin: OriginId) -> Value {
        let data = match self {
            Slot::Scalar(data) => data.clone(),
            Slot::Array(slots) => {
                let items = slots.iter().map(|slot| slot.value(origin)).collect();
                Data::List(List::new(items, ListType::Any))
            }
            Slot::Inline(table) => Data::Map(map(table, origin)),
            Slot::Table(table) => Data::Map(map(table, origin)),
            Slot::Tables(tables) => {
                let items = tables.iter().map(|table| Value::new(Data::Map(map(table, origin))).from_origin(origin));
                Data::List(List::new(items.collect(), ListType::Named("[]map[string]interface {}")))
            }
        };
        Value::new(data).from_origin(origin)
    }
}

fn map(table: &Table, origin: OriginId) -> Map {
    let map = Map::from_iter([]);
    map.change(|fields| {
        for (key, slot) in table {
            fields.insert(Arc::clone(key), Field { key_origin: origin, value: slot.value(origin) });
        }
    });
    map
}
