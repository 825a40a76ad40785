//! What was read of a chart's large documents: mostly custom resource definitions, which every release of the chart brings
//! as they are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::budget::{Budget, Spent};
use crate::hash::Seeded;
use crate::source::FileId;
use crate::yaml::Node;

/// Bytes of a text that is worth remembering: a smaller one is read as quickly as it is found.
const LEAST: usize = 4 << 10;

/// Bytes of texts and of what was read of them that are remembered.
const ROOM: usize = 64 << 20;

/// Texts, and the documents in them.
#[derive(Default)]
pub(super) struct Remembered {
    known: RwLock<Seeded<Arc<str>, Known>>,
    taken: AtomicUsize,
}

struct Known {
    file: FileId,
    nodes: Vec<Node>,
    cost: Spent,
}

impl Remembered {
    /// Whether a text of so many bytes is remembered.
    pub(super) fn is_worth(len: usize) -> bool {
        len >= LEAST
    }

    /// The documents of a text: as they were read before, at the same price, or as they are read now.
    pub(super) fn nodes<E>(
        &self,
        file: FileId,
        text: impl AsRef<str> + Into<Arc<str>>,
        budget: &Budget,
        read: impl FnOnce() -> Result<Vec<Node>, E>,
    ) -> Result<Vec<Node>, E> {
        let len = text.as_ref().len();
        if !Self::is_worth(len) {
            return read();
        }
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            // Who cannot afford it is told so where the reading stops.
            if let Some(known) = known.get(text.as_ref()).filter(|known| known.file == file)
                && budget.afford(known.cost)
            {
                return Ok(known.nodes.clone());
            }
        }
        let before = budget.spent();
        let nodes = read()?;
        let cost = budget.spent().since(before);
        let nodes_take = usize::try_from(cost.items()).unwrap_or(ROOM).min(ROOM).saturating_mul(size_of::<Node>());
        let takes = len.saturating_add(nodes_take).min(ROOM);
        if self.taken.load(Ordering::Relaxed) < ROOM && self.taken.fetch_add(takes, Ordering::Relaxed) < ROOM {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(text.into(), Known { file, nodes: nodes.clone(), cost });
        }
        Ok(nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn read(file: FileId, text: &str, budget: &Budget) -> Result<Vec<Node>, ()> {
        let parsed = yaml::parse(file, text, budget);
        let documents = parsed.documents.into_iter().map(|document| document.root);
        if parsed.problems.is_empty() { Ok(documents.collect()) } else { Err(()) }
    }

    #[test]
    fn a_text_costs_the_same_however_often_it_comes() {
        let text = format!("a:\n{}", "- {b: c, d: [1, 2]}\n".repeat(LEAST / 10));
        let remembered = Remembered::default();
        let nodes = |file, budget: &Budget| remembered.nodes(file, &*text, budget, || read(file, &text, budget));
        let (first, second) = (Budget::default(), Budget::default());
        let once = nodes(FileId(1), &first);
        let again = remembered.nodes(FileId(1), &*text, &second, || Err(()));
        assert_eq!(once, again);
        assert_eq!(first.spent(), second.spent());
        assert_ne!(first.spent(), Budget::default().spent());

        let of_another = nodes(FileId(2), &Budget::default()).unwrap_or_default();
        assert_eq!(of_another[0].span().file, FileId(2));

        let poor = Budget::new(crate::budget::Limits { items: 10, ..Default::default() });
        assert_eq!(nodes(FileId(1), &poor), Err(()));
    }

    #[test]
    fn what_is_read_of_a_text_takes_room_as_well() {
        let remembered = Remembered::default();
        let text = |number: usize| format!("# {number}\n- [{}]\n", "a,".repeat(LEAST * 10));
        let texts = ROOM / size_of::<Node>() / (LEAST * 10) + 2;
        let count = |from| {
            let (text, budget) = (text(from), Budget::default());
            remembered.nodes(FileId(1), &*text, &budget, || read(FileId(1), &text, &budget)).is_ok()
        };
        assert!((0..texts).all(count));
        assert!(remembered.known.read().unwrap().len() < texts);
    }

    #[test]
    fn what_is_broken_is_read_anew() {
        let text = format!("{}a: [", "# b\n".repeat(LEAST));
        let remembered = Remembered::default();
        for _ in 0..2 {
            let budget = Budget::default();
            assert_eq!(remembered.nodes(FileId(1), &*text, &budget, || read(FileId(1), &text, &budget)), Err(()));
        }
    }
}
