//! Which lists merge, and by which keys: Kubernetes' own types from a committed table, or the types of an `openapi` document
//! that a kustomization brings.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::fail::Fail;
use super::tree;
use crate::hash::Seeded;
use crate::yaml::Node;

const TABLE: &str = include_str!("data/merge-keys.txt");

/// How a field is typed, as far as merging asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    Map,
    List,
}

#[derive(Debug, Clone)]
struct Field {
    form: Form,
    /// The type of the value, of the map's values or of the list's items; `None` for one that says nothing about lists.
    target: Option<usize>,
    merges: bool,
    keys: Keys,
}

/// A name out of a document, or of the committed table.
type Name = Cow<'static, str>;

/// The names by which the items of a list are told apart; few lists have any.
type Keys = Option<Arc<[Name]>>;

type Type = BTreeMap<Name, Field>;

/// All types that are known to one build.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    types: Vec<Type>,
    numbers: Seeded<Name, usize>,
    /// The types that have a name, with their numbers.
    named: Vec<(Name, usize)>,
    /// Types that are lists themselves.
    lists: BTreeMap<usize, Field>,
    /// By kind, then by version.
    kinds: BTreeMap<Name, Vec<(Name, usize)>>,
}

/// What is known about one value.
#[derive(Debug, Clone)]
pub(super) enum Schema {
    /// Something without lists that merge.
    Plain,
    Object(usize),
    MapOf(Option<usize>),
    List {
        items: Option<usize>,
        merges: bool,
        keys: Keys,
    },
}

impl Schemas {
    /// Kubernetes' own types.
    pub(super) fn builtin() -> Arc<Schemas> {
        static SCHEMAS: OnceLock<Arc<Schemas>> = OnceLock::new();
        Arc::clone(SCHEMAS.get_or_init(|| Arc::new(Self::from_table(TABLE))))
    }

    fn number(&mut self, name: impl Into<Name>) -> usize {
        let name = name.into();
        if let Some(&known) = self.numbers.get(&name) {
            return known;
        }
        let number = self.types.len();
        self.types.push(Type::new());
        self.named.push((name.clone(), number));
        self.numbers.insert(name, number);
        number
    }

    /// Says what type a kind has; the last word counts.
    fn set_kind(&mut self, version: impl Into<Name>, kind: impl Into<Name>, number: usize) {
        let (version, versions) = (version.into(), self.kinds.entry(kind.into()).or_default());
        match versions.iter_mut().find(|(known, _)| *known == version) {
            Some((_, known)) => *known = number,
            None => versions.push((version, number)),
        }
    }

    fn from_table(table: &'static str) -> Self {
        let mut schemas = Self::default();
        let mut current = 0;
        for line in table.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(first), Some(form)) = (words.next(), words.next()) else { continue };
            match first {
                "#" | "scope" => {}
                "type" if !line.starts_with(' ') => current = schemas.number(form),
                "kind" if !line.starts_with(' ') => {
                    if let (version, Some(kind), Some(name)) = (form, words.next(), words.next()) {
                        let number = schemas.number(name);
                        schemas.set_kind(version, kind, number);
                    }
                }
                field => {
                    let target = words.next().filter(|target| *target != "-").map(|target| schemas.number(target));
                    let form = match form {
                        "one" => Form::One,
                        "map" => Form::Map,
                        _ => Form::List,
                    };
                    let merges = words.next().is_some_and(|strategy| strategy.split(',').any(|s| s == "merge"));
                    let keys = words.next().map(|keys| keys.split(',').map(Name::from).collect());
                    schemas.types[current].insert(field.into(), Field { form, target, merges, keys });
                }
            }
        }
        schemas
    }

    /// The types of an OpenAPI document.
    /// Kubernetes' own types beside them, if asked for, win.
    pub(super) fn from_document(root: &Node, with_builtin: bool) -> Result<Arc<Schemas>, Fail> {
        let mut schemas = Self::default();
        for definition in root.entries("definitions") {
            let number = schemas.number(definition.key.to_string());
            if definition.value.str_at("type") == Some("array")
                && let Some(list) = schemas.field_of(&definition.value, 0)
            {
                schemas.lists.insert(number, list);
            }
            for property in definition.value.entries("properties") {
                if let Some(field) = schemas.field_of(&property.value, 0) {
                    schemas.types[number].insert(property.key.to_string().into(), field);
                }
            }
            for kind in definition.value.items("x-kubernetes-group-version-kind") {
                let word = |key: &str| kind.get(key).map_or("", tree::text);
                let (group, version) = (word("group"), word("version"));
                let version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
                schemas.set_kind(version, word("kind").to_owned(), number);
            }
        }
        if with_builtin {
            schemas.absorb(&Self::builtin());
        }
        Ok(Arc::new(schemas))
    }

    fn absorb(&mut self, other: &Schemas) {
        let mut renumbered = vec![0; other.types.len()];
        for (name, number) in &other.named {
            renumbered[*number] = self.number(name.clone());
        }
        for (number, fields) in other.types.iter().enumerate() {
            let moved = fields.iter().map(|(name, field)| {
                let target = field.target.map(|target| renumbered[target]);
                (name.clone(), Field { target, ..field.clone() })
            });
            self.types[renumbered[number]] = moved.collect();
        }
        for (kind, versions) in &other.kinds {
            for (version, number) in versions {
                self.set_kind(version.clone(), kind.clone(), renumbered[*number]);
            }
        }
    }

    fn field_of(&mut self, node: &Node, depth: u32) -> Option<Field> {
        if depth > 64 {
            return None;
        }
        let plain = |form, target| Field { form, target, merges: false, keys: None };
        if let Some(reference) = node.str_at("$ref") {
            let target = self.number(reference.strip_prefix("#/definitions/")?.to_owned());
            return Some(plain(Form::One, Some(target)));
        }
        if node.str_at("type") == Some("array") {
            let target = node.get("items").and_then(|items| self.target_of(items, depth));
            let strategy = node.str_at("x-kubernetes-patch-strategy");
            let name = |key: &str| Name::from(key.to_owned());
            let keys = match node.get("x-kubernetes-list-map-keys").and_then(Node::as_seq) {
                Some(keys) => Some(keys.iter().map(|key| name(tree::text(key))).collect()),
                None => node.str_at("x-kubernetes-patch-merge-key").map(|key| [name(key)].into()),
            };
            let merges = strategy.is_some_and(|strategy| strategy.split(',').any(|s| s == "merge"));
            return Some(Field { form: Form::List, target, merges, keys });
        }
        if node.get("properties").is_some() {
            return Some(plain(Form::One, self.target_of(node, depth)));
        }
        let values = node.get("additionalProperties")?;
        Some(plain(Form::Map, self.target_of(values, depth)))
    }

    /// The type of a schema that may stand in place.
    fn target_of(&mut self, node: &Node, depth: u32) -> Option<usize> {
        if let Some(reference) = node.str_at("$ref") {
            return Some(self.number(reference.strip_prefix("#/definitions/")?.to_owned()));
        }
        node.get("properties")?;
        self.types.push(Type::new());
        let number = self.types.len() - 1;
        for property in node.entries("properties") {
            if let Some(field) = self.field_of(&property.value, depth + 1) {
                self.types[number].insert(property.key.to_string().into(), field);
            }
        }
        Some(number)
    }

    /// What is known about an object that says its kind.
    pub(super) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Schema> {
        if api_version.is_empty() || kind.is_empty() {
            return None;
        }
        let versions = self.kinds.get(kind)?;
        versions.iter().find(|(version, _)| version == api_version).map(|&(_, number)| Schema::Object(number))
    }

    /// What is known about a field of a value.
    pub(super) fn field(&self, schema: &Schema, name: &str) -> Option<Schema> {
        match schema {
            Schema::Object(number) => {
                let field = self.types.get(*number)?.get(name)?;
                let list = field.target.filter(|_| field.form == Form::One).and_then(|target| self.lists.get(&target));
                let field = list.unwrap_or(field);
                Some(match field.form {
                    Form::One => field.target.map_or(Schema::Plain, Schema::Object),
                    Form::Map => Schema::MapOf(field.target),
                    Form::List => Schema::List { items: field.target, merges: field.merges, keys: field.keys.clone() },
                })
            }
            Schema::MapOf(target) => Some(target.map_or(Schema::Plain, Schema::Object)),
            Schema::Plain | Schema::List { .. } => None,
        }
    }
}

impl Schema {
    /// What is known about the items of a list.
    pub(super) fn items(&self) -> Option<Schema> {
        match self {
            Schema::List { items, .. } => Some(items.map_or(Schema::Plain, Schema::Object)),
            _ => None,
        }
    }

    /// The keys of a list that merges.
    pub(super) fn merge_keys(&self) -> Option<&[Name]> {
        match self {
            Schema::List { merges: true, keys, .. } => Some(keys.as_deref().unwrap_or_default()),
            _ => None,
        }
    }
}
