//! The tree: nodes with origins, cheap to clone and to share. Meaning of scalars is `scalar`'s.

use std::sync::Arc;

use crate::source::Span;

/// What a contribution to a value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Written in a manifest as it is.
    Manifest,
    /// A line of a values file (or of inline values).
    Values,
    /// A parameter of an Application.
    Parameter,
    /// A chart's own default.
    Default,
    /// A template's line.
    Template,
    /// What a chart is called, which many names are made of: seldom what is to be changed.
    Chart,
    /// A parameter of an ApplicationSet's generator.
    Generator,
    /// A patch of an overlay.
    Patch,
    /// A field of a kustomization (an image, a prefix, a label).
    Transformer,
    /// A condition under which the value stands.
    Condition,
    /// Text that a template makes up anew each time (`randAlphaNum`, `genCA`, `now`), at its template's line.
    Generated,
}

/// Something that took part in writing a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contribution {
    /// What it was.
    pub role: Role,
    /// Where it is written.
    pub span: Span,
}

/// Where a value was written: the place to edit, and whatever else took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    anchor: Contribution,
    /// Behind one thin pointer: most values have nothing here, and there are many.
    also: Option<Arc<Vec<Contribution>>>,
}

impl Origin {
    /// A value that stands in a manifest as it is.
    pub fn literal(span: Span) -> Self {
        Self { anchor: Contribution { role: Role::Manifest, span }, also: None }
    }

    /// A value with one contribution of a given role.
    pub fn of(role: Role, span: Span) -> Self {
        Self { anchor: Contribution { role, span }, also: None }
    }

    /// A value that several contributions made, the most specific first.
    pub fn made_of(anchor: Contribution, mut also: Vec<Contribution>) -> Self {
        also.shrink_to_fit();
        Self { anchor, also: if also.is_empty() { None } else { Some(Arc::new(also)) } }
    }

    /// The place that a user would edit.
    pub fn anchor(&self) -> Span {
        self.anchor.span
    }

    /// What stands at the anchor.
    pub fn role(&self) -> Role {
        self.anchor.role
    }

    /// All contributions, the most specific first.
    pub fn contributions(&self) -> impl Iterator<Item = Contribution> + '_ {
        std::iter::once(self.anchor).chain(self.also.iter().flat_map(|all| all.iter().copied()))
    }

    /// What took part beside what stands at the anchor.
    pub(super) fn also(&self) -> Option<&Arc<Vec<Contribution>>> {
        self.also.as_ref()
    }

    /// The same, to share it.
    pub(super) fn also_mut(&mut self) -> Option<&mut Arc<Vec<Contribution>>> {
        self.also.as_mut()
    }

    /// Whether the value was written as it is, with nothing else taking part.
    pub fn is_literal(&self) -> bool {
        self.anchor.role == Role::Manifest && self.also.is_none()
    }
}

/// How a scalar is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes: its meaning depends on the reader.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A scalar with its spelling; its meaning is asked for by dialect (`scalar.rs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text after quotes and escapes are taken off.
    pub text: Arc<str>,
    /// How it was spelled.
    pub style: Style,
    /// An explicit tag (`!!str`, `!secret`), as written.
    pub tag: Option<Arc<str>>,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key as the dialect of the parse reads it (`on:` is `true` to Helm).
    pub key: Arc<str>,
    /// Where the key is written.
    pub key_origin: Origin,
    /// The value.
    pub value: Node,
}

/// A mapping in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The entries; each key once.
    pub entries: Vec<Entry>,
}

impl Mapping {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Sets the value of a key, in its place or at the end.
    pub fn set(&mut self, key: &str, key_origin: Origin, value: Node) {
        match self.entries.iter_mut().find(|entry| &*entry.key == key) {
            Some(entry) => entry.value = value,
            None => self.entries.push(Entry { key: key.into(), key_origin, value }),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| &*entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.key == key)
    }
}

/// What a node holds. Collections are shared: an alias costs nothing, a clone is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A list.
    Seq(Arc<Vec<Node>>),
    /// A mapping.
    Map(Arc<Mapping>),
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it was written.
    pub origin: Origin,
}

impl Node {
    /// A scalar spelled so that every reader takes it for this string.
    pub fn string(text: impl Into<Arc<str>>, origin: Origin) -> Self {
        Self { value: Value::Scalar(Scalar { text: text.into(), style: Style::DoubleQuoted, tag: None }), origin }
    }

    /// A plain scalar (`3`, `true`, `null`).
    pub fn plain(text: impl Into<Arc<str>>, origin: Origin) -> Self {
        Self { value: Value::Scalar(Scalar { text: text.into(), style: Style::Plain, tag: None }), origin }
    }

    /// A list.
    pub fn seq(items: Vec<Node>, origin: Origin) -> Self {
        Self { value: Value::Seq(Arc::new(items)), origin }
    }

    /// A mapping.
    pub fn map(entries: Vec<Entry>, origin: Origin) -> Self {
        Self { value: Value::Map(Arc::new(Mapping { entries })), origin }
    }

    /// The place that a user would edit.
    pub fn span(&self) -> Span {
        self.origin.anchor()
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping to change it; copies it if it is shared.
    pub fn as_map_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.value {
            Value::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The list to change it; copies it if it is shared.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.value {
            Value::Seq(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The value of a key to change it, if this is a mapping that has it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_map_mut()?.entries.iter_mut().find(|entry| &*entry.key == key).map(|entry| &mut entry.value)
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// Follows keys downwards.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The items of a list under a key; nothing where there is none.
    pub fn items(&self, key: &str) -> &[Node] {
        self.get(key).and_then(Node::as_seq).unwrap_or_default()
    }

    /// The entries of a mapping under a key; nothing where there is none.
    pub fn entries(&self, key: &str) -> &[Entry] {
        self.get(key).and_then(Node::as_map).map(|map| map.entries.as_slice()).unwrap_or_default()
    }
}
