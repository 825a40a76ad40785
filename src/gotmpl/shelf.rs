//! Texts that were parsed already: charts bring the same library under many names.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::ast::{Source, Tree};
use super::functions::Functions;
use super::parse::Trees;
use crate::budget::{Budget, Spent};
use crate::hash::Seeded;

/// Bytes of texts that are kept.
const ROOM: usize = 64 << 20;

/// The trees of texts, where nobody asks for places: a tree of one place is a tree of all.
#[derive(Default)]
pub struct Shelf {
    kept: RwLock<Seeded<(Functions, Arc<str>), Kept>>,
    taken: AtomicUsize,
}

/// The trees of a text, its own last, and what it cost to read them.
struct Kept {
    trees: Arc<[Tree]>,
    cost: Spent,
}

impl Shelf {
    /// The trees of a text with the usual delimiters: as they were read before, at the same price, or as they are read now.
    pub(super) fn trees<E>(
        &self,
        source: &Arc<Source>,
        functions: Functions,
        budget: &Budget,
        parse: impl FnOnce() -> Result<Trees, E>,
    ) -> Result<Vec<Tree>, E> {
        let key = (functions, Arc::clone(&source.text));
        {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            // Who cannot afford it is told so where the reading stops.
            if let Some(Kept { trees, cost }) = kept.get(&key)
                && let Some((own, defined)) = trees.split_last()
                && defined.iter().all(|tree| tree.name != source.name)
                && budget.afford(*cost)
            {
                let of = |name: &Arc<str>, tree: &Tree| Tree {
                    name: Arc::clone(name),
                    source: Arc::clone(source),
                    root: Arc::clone(&tree.root),
                };
                return Ok(defined.iter().map(|tree| of(&tree.name, tree)).chain([of(&source.name, own)]).collect());
            }
        }
        let before = budget.spent();
        let Trees { all, meets_itself } = parse()?;
        let cost = budget.spent().since(before);
        let takes = source.text.len();
        if !meets_itself
            && self.taken.load(Ordering::Relaxed) < ROOM
            && self.taken.fetch_add(takes, Ordering::Relaxed) < ROOM
        {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.insert(key, Kept { trees: all.iter().cloned().collect(), cost });
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Limits;
    use crate::gotmpl::{Options, TemplateSet, Value};
    use crate::source::FileId;

    const TEXT: &str =
        "{{ define \"one\" }}1{{ end }}{{ define \"two\" }}2{{ template \"one\" }}{{ end }}{{ fail \"no\" }}";

    fn read(shelf: &Arc<Shelf>, name: &str, text: &str, budget: &Budget) -> Result<TemplateSet, String> {
        let options = Options { origins: false, ..Options::default() };
        let mut set = TemplateSet::new(Functions::Helm4, options).sharing(shelf);
        set.add(name, text, FileId(0), budget).map_err(|error| error.text())?;
        Ok(set)
    }

    fn written(set: &TemplateSet, name: &str) -> String {
        let budget = Budget::default();
        let output = set.render(&budget).execute(name, &Value::NIL);
        output.map_or_else(|error| error.text(), |output| output.text)
    }

    #[test]
    fn a_text_costs_the_same_however_often_it_comes() {
        let shelf = Arc::default();
        let (first, second) = (Budget::default(), Budget::default());
        let one = read(&shelf, "a/one", TEXT, &first).unwrap();
        let two = read(&shelf, "b/two", TEXT, &second).unwrap();
        assert_eq!(shelf.kept.read().unwrap().len(), 1);
        assert_eq!(first.spent(), second.spent());
        assert_eq!((written(&one, "two"), written(&two, "two")), ("21".to_owned(), "21".to_owned()));
        assert!(written(&one, "a/one").starts_with("template: a/one:1:"));
        assert!(written(&two, "b/two").starts_with("template: b/two:1:"));
        assert!(!two.has("a/one"));

        let poor = Budget::new(Limits { steps: 3, ..Limits::default() });
        assert!(read(&shelf, "c", TEXT, &poor).is_err_and(|error| error.contains("steps")));
    }

    #[test]
    fn a_text_that_defines_the_name_under_which_it_comes_is_read_for_itself() {
        let shelf = Arc::default();
        let blank = "{{ define \"own\" }}1{{ end }} ";
        for (name, text) in [("own", blank), ("other", blank), ("one", TEXT), ("a", TEXT), ("one", TEXT)] {
            let alone = read(&Arc::default(), name, text, &Budget::default()).map(|set| written(&set, name));
            let shared = read(&shelf, name, text, &Budget::default()).map(|set| written(&set, name));
            assert_eq!(alone, shared, "{name}: {text}");
        }
        assert!(
            read(&shelf, "one", TEXT, &Budget::default()).is_err_and(|error| error.contains("multiple definition"))
        );
    }

    #[test]
    fn room_is_bounded() {
        let shelf = Arc::default();
        for number in 0..9 {
            let text = format!("{}{number}", " ".repeat(ROOM / 8));
            assert!(read(&shelf, "a", &text, &Budget::default()).is_ok());
        }
        assert!(shelf.kept.read().unwrap().len() < 9);
    }
}
