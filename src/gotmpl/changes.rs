//! Which maps a template changed: every map has a moment of birth, and a change tells the birth of the oldest map that it
//! touched.
//!
//! Whoever keeps the result of a piece of a template asks two things: whether the piece changed a map that was there before
//! it ([`Watch`]), and which maps changed since ([`unseen`]). A render stays on one thread, so the account is the thread's.

use std::cell::Cell;

/// A moment on the account of this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

struct Account {
    now: Cell<u64>,
    /// The oldest map that changed since somebody asked.
    unseen: Cell<Moment>,
    /// The oldest map that changed under the innermost watch.
    watched: Cell<Moment>,
    /// Whether somebody looked at what differs from template to template, under the innermost watch.
    peeked: Cell<bool>,
}

thread_local! {
    static ACCOUNT: Account = const {
        Account {
            now: Cell::new(1),
            unseen: Cell::new(Moment::NEVER),
            watched: Cell::new(Moment::NEVER),
            peeked: Cell::new(false),
        }
    };
}

impl Moment {
    /// Before everything: the birth of what was there all the time, though nobody may have looked at it yet.
    pub(super) const BEGINNING: Moment = Moment(0);
    const NEVER: Moment = Moment(u64::MAX);

    /// A new moment, later than all before.
    pub(super) fn now() -> Self {
        ACCOUNT.with(|account| {
            account.now.set(account.now.get() + 1);
            Self(account.now.get())
        })
    }
}

/// A map changed that was born then.
pub(super) fn changed(born: Moment) {
    ACCOUNT.with(|account| {
        account.unseen.set(account.unseen.get().min(born));
        account.watched.set(account.watched.get().min(born));
    });
}

/// Somebody looked at what differs from template to template.
pub(super) fn peeked() {
    ACCOUNT.with(|account| account.peeked.set(true));
}

/// The birth of the oldest map that changed since this was last asked.
pub(super) fn unseen() -> Moment {
    ACCOUNT.with(|account| account.unseen.replace(Moment::NEVER))
}

/// Watches a piece of a template.
pub(super) struct Watch {
    start: Moment,
    outer: Moment,
    peeked: bool,
}

impl Watch {
    /// Begins.
    pub(super) fn begin() -> Self {
        let start = Moment::now();
        ACCOUNT.with(|account| Self {
            start,
            outer: account.watched.replace(Moment::NEVER),
            peeked: account.peeked.replace(false),
        })
    }

    /// Ends; whether the piece left everything as it was, and does not depend on which template called it.
    pub(super) fn end(self) -> bool {
        ACCOUNT.with(|account| {
            let (changed, peeked) = (account.watched.get(), account.peeked.get());
            account.watched.set(self.outer.min(changed));
            account.peeked.set(self.peeked || peeked);
            changed > self.start && !peeked
        })
    }
}
