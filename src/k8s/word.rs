//! Texts that many records say over and over (names, namespaces, kinds): a copy of one is the same text.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::yaml::Node;

/// A text that is cheap to copy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Arc<str>);

impl Word {
    /// The text of a scalar that is not null, as the tree holds it.
    pub fn of(node: &Node) -> Option<Self> {
        let scalar = node.as_scalar().filter(|_| node.as_text().is_some())?;
        Some(Self(Arc::clone(&scalar.text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Words that come again and again, each held once.
#[derive(Debug, Default)]
pub struct Words(BTreeSet<Word>);

impl Words {
    /// A text as a word.
    pub fn of(&mut self, text: &str) -> Word {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let word = Word::from(text);
        self.0.insert(word.clone());
        word
    }
}

impl Default for Word {
    fn default() -> Self {
        "".into()
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for Word {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.as_str().to_owned()
    }
}

impl From<&Word> for String {
    fn from(word: &Word) -> Self {
        word.as_str().to_owned()
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Word {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Word> for String {
    fn eq(&self, other: &Word) -> bool {
        self == other.as_str()
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_held_once_and_read_as_texts() {
        let mut words = Words::default();
        let (first, second) = (words.of("shop"), words.of("shop"));
        assert!(std::ptr::eq(first.as_str(), second.as_str()));
        assert!(first == "shop" && first != words.of("data"));
        assert_eq!(format!("{first:>6}|{first:?}"), "  shop|\"shop\"");
    }
}
