//! Where values and text came from: one arena per render, in which an origin set is a small number.
//!
//! Making an entry is a push; unions are pairs and are only unfolded when somebody asks for a rendered value's origin.
//! Template places are numbers of the shared template set (`PLACE`), so that writing template text costs nothing here.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::hash::Known;
use crate::source::{FileId, Span};
use crate::yaml::{Contribution, Origin, Role};

/// A set of contributions in an arena; the default is the empty set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OriginId(pub(super) u32);

/// Numbers from here on are template places, which need no arena entry.
const PLACE: u32 = 1 << 31;

/// How many contributions a rendered value keeps at most: a hostile template could pile them up without end.
const MOST: usize = 24;

impl OriginId {
    /// The empty set: template text, or nothing known.
    pub const NONE: OriginId = OriginId(0);

    /// Whether nothing is known.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn place(number: u32) -> Self {
        Self(PLACE | number)
    }
}

#[derive(Debug, Clone)]
enum Entry {
    Empty,
    /// As it came with a node.
    Known(Origin),
    Union(OriginId, OriginId),
    /// What a decision was made of.
    Condition(OriginId),
    /// Text that differs from run to run (`randAlphaNum`, `now`).
    Generated(Span),
}

/// The places of a template set: the spans of its nodes, by number.
pub(super) type Places = Arc<Vec<Span>>;

/// The arena of one render.
#[derive(Debug)]
pub struct Origins {
    /// Whether anybody wants to know; if not, everything comes from nowhere.
    wanted: bool,
    entries: RefCell<Vec<Entry>>,
    places: Places,
    /// Unions and conditions that somebody asked for, unfolded.
    unfolded: RefCell<Known<OriginId, Rc<[Contribution]>>>,
}

impl Default for Origins {
    fn default() -> Self {
        Self::new(Arc::default(), true)
    }
}

impl Origins {
    pub(super) fn new(places: Places, wanted: bool) -> Self {
        Self { wanted, entries: RefCell::new(vec![Entry::Empty]), places, unfolded: RefCell::default() }
    }

    /// Whether anybody wants to know where things came from.
    pub(super) fn wanted(&self) -> bool {
        self.wanted
    }

    fn push(&self, entry: Entry) -> OriginId {
        let mut entries = self.entries.borrow_mut();
        let number = entries.len() as u32;
        if number >= PLACE {
            return OriginId::NONE;
        }
        entries.push(entry);
        OriginId(number)
    }

    /// The origin that came with a node.
    pub fn known(&self, origin: &Origin) -> OriginId {
        if !self.wanted {
            return OriginId::NONE;
        }
        self.push(Entry::Known(origin.clone()))
    }

    /// Both, the first ranking before the second.
    pub fn union(&self, first: OriginId, second: OriginId) -> OriginId {
        if second.is_none() || first == second {
            return first;
        }
        if first.is_none() {
            return second;
        }
        if let Some(Entry::Union(a, b)) = self.entry(first)
            && (a == second || b == second)
        {
            return first;
        }
        self.push(Entry::Union(first, second))
    }

    /// The same contributions in the role of a condition.
    pub fn condition(&self, of: OriginId) -> OriginId {
        if of.is_none() || matches!(self.entry(of), Some(Entry::Condition(_))) {
            return of;
        }
        self.push(Entry::Condition(of))
    }

    /// What a function made up at this place.
    pub(super) fn generated(&self, span: Span) -> OriginId {
        if !self.wanted {
            return OriginId::NONE;
        }
        self.push(Entry::Generated(span))
    }

    fn entry(&self, id: OriginId) -> Option<Entry> {
        if id.0 & PLACE != 0 {
            return None;
        }
        self.entries.borrow().get(id.0 as usize).cloned()
    }

    /// The span of a template place.
    pub(super) fn place_span(&self, id: OriginId) -> Option<Span> {
        if id.0 & PLACE == 0 {
            return None;
        }
        self.places.get((id.0 & !PLACE) as usize).copied()
    }

    /// Unfolds a set behind what is there already, in order, each contribution once.
    pub fn contributions(&self, id: OriginId, into: &mut Vec<Contribution>) {
        if id.is_none() {
            return;
        }
        if let Some(span) = self.place_span(id) {
            return add(into, Contribution { role: Role::Template, span });
        }
        match self.entries.borrow().get(id.0 as usize) {
            Some(Entry::Known(origin)) => return origin.contributions().for_each(|one| add(into, one)),
            Some(Entry::Generated(span)) => return add(into, Contribution { role: Role::Generated, span: *span }),
            Some(Entry::Union(..) | Entry::Condition(_)) => {}
            Some(Entry::Empty) | None => return,
        }
        let known = self.unfolded.borrow().get(&id).cloned();
        let all = known.unwrap_or_else(|| {
            let all: Rc<[Contribution]> = self.unfold(id).into();
            self.unfolded.borrow_mut().insert(id, Rc::clone(&all));
            all
        });
        all.iter().for_each(|one| add(into, *one));
    }

    fn unfold(&self, id: OriginId) -> Vec<Contribution> {
        let entries = self.entries.borrow();
        let mut all = Vec::new();
        let mut seen: Vec<(OriginId, bool)> = Vec::new();
        let mut open = vec![(id, false)];
        while let Some((id, condition)) = open.pop() {
            if all.len() >= MOST || seen.len() >= 8 * MOST || id.is_none() || seen.contains(&(id, condition)) {
                continue;
            }
            seen.push((id, condition));
            let mut add = |one: Contribution| {
                let role = if condition { Role::Condition } else { one.role };
                add(&mut all, Contribution { role, ..one });
            };
            if let Some(span) = self.place_span(id) {
                add(Contribution { role: Role::Template, span });
                continue;
            }
            match entries.get(id.0 as usize) {
                Some(Entry::Known(origin)) => origin.contributions().for_each(add),
                Some(Entry::Generated(span)) => add(Contribution { role: Role::Generated, span: *span }),
                Some(Entry::Union(first, second)) => open.extend([(*second, condition), (*first, condition)]),
                Some(Entry::Condition(of)) => open.push((*of, true)),
                Some(Entry::Empty) | None => {}
            }
        }
        all
    }

    /// The origin of a value made of contributions: the best place to edit first.
    pub(super) fn made_of(mut all: Vec<Contribution>, fallback: Span) -> Origin {
        all.sort_by_key(|contribution| rank(contribution.role));
        all.truncate(MOST);
        if all.is_empty() {
            return Origin::of(Role::Template, fallback);
        }
        let anchor = all.remove(0);
        Origin::made_of(anchor, all)
    }
}

fn add(into: &mut Vec<Contribution>, one: Contribution) {
    if into.len() < MOST && !into.contains(&one) {
        into.push(one);
    }
}

/// Which contribution a user would rather edit.
fn rank(role: Role) -> u8 {
    match role {
        Role::Parameter => 0,
        Role::Generator => 1,
        Role::Values => 2,
        Role::Default => 3,
        Role::Manifest | Role::Patch | Role::Transformer => 4,
        Role::Template => 5,
        Role::Chart => 6,
        Role::Generated => 7,
        Role::Condition => 8,
    }
}

/// A shared arena.
pub type SharedOrigins = Rc<Origins>;

/// A span for texts that stand in no file.
pub(super) fn nowhere() -> Span {
    Span::new(FileId(u32::MAX), 0, 0)
}
