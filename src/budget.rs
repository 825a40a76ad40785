//! The fuel for work on a repository's behalf: steps, bytes, items and depth, shared by everything that one piece of
//! work calls. Exceeding it is an error with a name, which the caller turns into a gap with a place.

use std::cell::Cell;

/// What one piece of work (a document, an Application) may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Evaluated template nodes, loop turns, merges.
    pub steps: u64,
    /// Bytes of text produced.
    pub bytes: u64,
    /// Values made: list items, map entries, tree nodes.
    pub items: u64,
    /// Nesting of calls or of collections.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 20_000_000, bytes: 256 << 20, items: 4_000_000, depth: 1_000 }
    }
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// Too many steps.
    #[error("budget exceeded: more than {0} steps")]
    Steps(u64),
    /// Too much text.
    #[error("budget exceeded: more than {0} bytes of text")]
    Bytes(u64),
    /// Too many values.
    #[error("budget exceeded: more than {0} values")]
    Items(u64),
    /// Too deep.
    #[error("budget exceeded: nested deeper than {0}")]
    Depth(u32),
}

/// A running account against [`Limits`].
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    steps: Cell<u64>,
    bytes: Cell<u64>,
    items: Cell<u64>,
    depth: Cell<u32>,
}

/// What a piece of work cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    steps: u64,
    bytes: u64,
    items: u64,
}

impl Spent {
    /// How many values were made.
    pub fn items(self) -> u64 {
        self.items
    }

    /// What was paid for since less had been.
    pub fn since(self, before: Self) -> Self {
        Self { steps: self.steps - before.steps, bytes: self.bytes - before.bytes, items: self.items - before.items }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Budget {
    /// A fresh account.
    pub fn new(limits: Limits) -> Self {
        Self { limits, steps: Cell::new(0), bytes: Cell::new(0), items: Cell::new(0), depth: Cell::new(0) }
    }

    /// Pays for steps.
    pub fn steps(&self, n: u64) -> Result<(), Exceeded> {
        spend(&self.steps, n, self.limits.steps).map_err(Exceeded::Steps)
    }

    /// Pays for bytes of text.
    pub fn bytes(&self, n: usize) -> Result<(), Exceeded> {
        spend(&self.bytes, n as u64, self.limits.bytes).map_err(Exceeded::Bytes)
    }

    /// Pays for values.
    pub fn items(&self, n: u64) -> Result<(), Exceeded> {
        spend(&self.items, n, self.limits.items).map_err(Exceeded::Items)
    }

    /// Values that can still be paid for.
    pub fn items_left(&self) -> u64 {
        self.limits.items.saturating_sub(self.items.get())
    }

    /// What was paid for so far.
    pub fn spent(&self) -> Spent {
        Spent { steps: self.steps.get(), bytes: self.bytes.get(), items: self.items.get() }
    }

    /// Pays for what others paid for, if that can be paid for.
    pub fn afford(&self, cost: Spent) -> bool {
        let left = |account: &Cell<u64>, limit: u64| limit.saturating_sub(account.get());
        let fits = cost.steps <= left(&self.steps, self.limits.steps)
            && cost.bytes <= left(&self.bytes, self.limits.bytes)
            && cost.items <= left(&self.items, self.limits.items);
        if fits {
            self.steps.set(self.steps.get() + cost.steps);
            self.bytes.set(self.bytes.get() + cost.bytes);
            self.items.set(self.items.get() + cost.items);
        }
        fits
    }

    /// Goes one level down; [`Budget::leave`] comes back.
    pub fn enter(&self) -> Result<(), Exceeded> {
        let depth = self.depth.get() + 1;
        if depth > self.limits.depth {
            return Err(Exceeded::Depth(self.limits.depth));
        }
        self.depth.set(depth);
        Ok(())
    }

    /// Comes back from [`Budget::enter`].
    pub fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }
}

fn spend(account: &Cell<u64>, n: u64, limit: u64) -> Result<(), u64> {
    let total = account.get().saturating_add(n);
    account.set(total);
    if total > limit { Err(limit) } else { Ok(()) }
}
