//! What `include` gave: the same template with the same data gives the same text, as long as no map behind it changes.
//!
//! Charts call the helpers for names and labels hundreds of times with the same root. What tells a call from another is the
//! template, the conditions around it and the data: scalars, short lists and small maps by content, others by identity. A
//! result stays known until a map changes that was there before it (`changes`); one whose making changed such a map, or
//! looked at what differs from template to template, is not kept at all.

use std::rc::Rc;

use super::super::ast::Tree;
use super::super::changes::{self, Moment};
use super::super::collection::{ListType, MapType, Tie};
use super::super::origin::OriginId;
use super::super::text::Text;
use super::super::value::{Data, IntType, Value};
use crate::hash::Seeded;

/// Larger collections are told by identity.
const SMALL: usize = 4;

/// Collections deeper in one another are told by identity.
const DEEP: usize = 3;

/// Calls that take longer to write down are not known again, in bytes.
const LONG: usize = 512;

/// Results that are kept; hostile templates make calls without end.
const MOST: usize = 1 << 14;

/// What tells a call of a template from others, each part with its kind and its length.
pub(super) struct Call {
    key: Vec<u8>,
    /// Nothing else comes to lie where these lie.
    ties: Vec<Tie>,
}

impl Call {
    /// A call; nothing where looking it up is not worth it.
    pub(super) fn new(tree: &Tree, under: OriginId, data: &Value) -> Option<Self> {
        let mut call = Self { key: Vec::with_capacity(64), ties: Vec::new() };
        call.number(0, std::ptr::from_ref(tree) as u64);
        call.origin(under);
        call.value(data, DEEP).then_some(call)
    }

    fn number(&mut self, kind: u8, number: u64) {
        self.key.push(kind);
        self.key.extend_from_slice(&number.to_ne_bytes());
    }

    fn text(&mut self, kind: u8, text: &[u8]) {
        self.number(kind, text.len() as u64);
        self.key.extend_from_slice(text);
    }

    fn origin(&mut self, origin: OriginId) {
        if !origin.is_none() {
            self.number(1, u64::from(origin.0));
        }
    }

    fn same(&mut self, kind: u8, tie: Tie) {
        self.number(kind, tie.identity());
        self.ties.push(tie);
    }

    fn value(&mut self, value: &Value, deep: usize) -> bool {
        self.origin(value.origin);
        match &value.data {
            Data::Missing => self.key.push(2),
            Data::Nil => self.key.push(3),
            Data::Bool(b) => self.key.push(if *b { 4 } else { 5 }),
            Data::Float(n) => self.number(6, n.to_bits()),
            Data::Int(n, IntType::Int) => self.number(7, *n as u64),
            // A text of several origins is only like itself.
            Data::Str(Text::Written(written)) if written.runs.iter().any(|run| !run.is_from_nowhere()) => return false,
            Data::Str(text) if text.len() > LONG => return false,
            Data::Str(text) => self.text(8, text.as_bytes()),
            Data::List(list) if deep == 0 || list.list_type() != ListType::Any || list.len() > SMALL => {
                self.same(9, list.tie());
            }
            Data::List(list) => {
                self.number(if list.is_nil() { 10 } else { 11 }, list.len() as u64);
                return list.items().iter().all(|item| self.value(item, deep - 1));
            }
            Data::Map(map) => {
                self.key.push(match map.map_type() {
                    MapType::Any => 12,
                    MapType::Strings => 13,
                    MapType::ChartutilValues => 14,
                    MapType::CommonValues => 15,
                    MapType::Bytes => 20,
                });
                if deep == 0 || !map.is_open() || map.len() > SMALL {
                    self.same(16, map.tie());
                    return true;
                }
                self.number(if map.is_nil() { 17 } else { 18 }, map.len() as u64);
                return map.read(|fields| {
                    fields.iter().all(|(key, field)| {
                        self.text(19, key.as_bytes());
                        self.origin(field.key_origin);
                        self.value(&field.value, deep - 1)
                    })
                });
            }
            Data::Int(..) | Data::Uint(..) | Data::Complex(..) | Data::Object(_) => return false,
        }
        self.key.len() < LONG
    }
}

/// Results by call.
#[derive(Default)]
pub(in super::super) struct Memo {
    known: Seeded<Rc<[u8]>, Known>,
    /// The calls in the order in which their results were kept, and when that was.
    order: Vec<(Moment, Rc<[u8]>)>,
}

struct Known {
    result: Value,
    _ties: Vec<Tie>,
}

impl Memo {
    /// The result of a call.
    pub(super) fn get(&self, call: &Call) -> Option<Value> {
        self.known.get(&*call.key).map(|known| known.result.clone())
    }

    /// Keeps the result of a call.
    pub(super) fn keep(&mut self, call: Call, result: Value) {
        if self.order.len() == MOST {
            self.known.clear();
            self.order.clear();
        }
        let key: Rc<[u8]> = call.key.into();
        self.order.push((Moment::now(), Rc::clone(&key)));
        self.known.insert(key, Known { result, _ties: call.ties });
    }

    /// Forgets what a map that changed may have had a part in: all that was kept since it was there.
    pub(super) fn forget_changed(&mut self) {
        let oldest = changes::unseen();
        while let Some((_, call)) = self.order.pop_if(|(kept, _)| *kept >= oldest) {
            self.known.remove(&call);
        }
    }
}
