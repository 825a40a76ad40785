//! Lists in values files that replace lists of other values files. Helm merges maps and replaces lists, so what an
//! environment's list does not repeat is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::AppId;
use super::rollout::is_named;
use crate::catalog::catalog;
use crate::expand::{Application, Expansion};
use crate::source::RepoPath;
use crate::yaml::{Meaning, Node, Origin};

/// A list of an environment's values that replaces a shared one and does not repeat all of it.
#[derive(Debug, Clone)]
pub struct Override {
    /// The keys that lead to it.
    pub list: String,
    /// The file with the shared list, and where its key is.
    pub shared: (String, Origin),
    /// The file with the environment's list, and where its key is.
    pub own: (String, Origin),
    /// What is lost, by name; nothing for an item that must not be shown or has no name.
    pub lost: Vec<Option<String>>,
    /// How many items of the shared list are repeated.
    pub kept: usize,
    /// Whether items have names by which they are told apart.
    pub named: bool,
    /// How many items the environment's list has.
    pub own_items: usize,
    /// The Application in which it is so.
    pub app: AppId,
}

/// Fields by which items of a list are told apart.
const NAMES: [&str; 9] = ["name", "key", "id", "clientId", "client_id", "secretName", "username", "database", "topic"];
/// How deep lists are looked for.
const DEPTH: usize = 12;

/// Goes over the values files of all Applications; `values` reads one.
pub fn of(expansion: &Expansion, values: &dyn Fn(&RepoPath) -> Option<Node>) -> Vec<Override> {
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let environments: BTreeSet<&str> = expansion.applications.iter().filter_map(|(app, _)| environment(app)).collect();
    for (app, _) in &expansion.applications {
        for file in app.values_files.iter().filter(|file| file.exists) {
            used.entry(&file.path).or_default().extend(environment(app));
        }
    }
    let layers = Layers { used, environments };
    let mut read: BTreeMap<&str, Option<Node>> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, (app, _)) in expansion.applications.iter().enumerate() {
        let Some(environment) = environment(app) else { continue };
        let files: Vec<&str> = app.values_files.iter().filter(|file| file.exists).map(|file| &*file.path).collect();
        if !files.iter().any(|file| layers.is_own(file, environment)) {
            continue;
        }
        for file in &files {
            read.entry(file).or_insert_with(|| values(&RepoPath::new(file).ok()?));
        }
        let trees: Vec<(&str, &Node)> = files.iter().filter_map(|file| Some((*file, read[file].as_ref()?))).collect();
        for (upper, (file, tree)) in trees.iter().enumerate().filter(|(_, (file, _))| layers.is_own(file, environment))
        {
            lists(tree, &mut Vec::new(), &mut |path, key, list| {
                let last = trees[upper + 1..].iter().all(|(_, tree)| tree.at(path).is_none()) && !is_inline(app, path);
                let below = trees[..upper].iter().rev().find(|(_, tree)| tree.at(path).is_some());
                if let Some((shared, tree)) =
                    below.filter(|(shared, _)| last && layers.is_shared(shared, file, environment))
                    && let Some((shared_key, items)) = list_at(tree, path)
                    && let Some(lost) = lost(items, list, path.last().copied().unwrap_or(""))
                {
                    found.push(Override {
                        list: path.join("."),
                        shared: ((*shared).to_owned(), shared_key.clone()),
                        own: ((*file).to_owned(), key.clone()),
                        lost: lost.names,
                        kept: lost.kept,
                        named: lost.named,
                        own_items: list.len(),
                        app: AppId(at),
                    });
                }
            });
        }
    }
    found
}

fn environment(app: &Application) -> Option<&str> {
    app.environment.as_ref().map(|placed| placed.text.as_str())
}

/// Which environments use a file.
struct Layers<'e> {
    used: BTreeMap<&'e str, BTreeSet<&'e str>>,
    environments: BTreeSet<&'e str>,
}

impl Layers<'_> {
    /// Whether a file is one environment's alone.
    fn is_own(&self, file: &str, environment: &str) -> bool {
        self.used.get(file).is_some_and(|used| used.iter().eq([&environment]))
    }

    /// Whether a file is meant for more environments than this one: others use it, or its path names none where that of the
    /// environment's file does.
    fn is_shared(&self, file: &str, own: &str, environment: &str) -> bool {
        self.used.get(file).is_some_and(|used| used.len() > 1)
            || (is_named(own, environment) && !self.environments.iter().any(|environment| is_named(file, environment)))
    }
}

/// Every list under keys, with its path and its key.
fn lists<'n>(node: &'n Node, path: &mut Vec<&'n str>, visit: &mut impl FnMut(&[&str], &Origin, &'n [Node])) {
    if path.len() == DEPTH {
        return;
    }
    for entry in node.as_map().map_or(&[][..], |map| map.entries.as_slice()) {
        path.push(&entry.key);
        match entry.value.as_seq() {
            Some(items) => visit(path, &entry.key_origin, items),
            None => lists(&entry.value, path, visit),
        }
        path.pop();
    }
}

fn list_at<'n>(tree: &'n Node, path: &[&str]) -> Option<(&'n Origin, &'n [Node])> {
    let (last, folders) = path.split_last()?;
    let entry = tree.at(folders)?.as_map()?.entry(last)?;
    Some((&entry.key_origin, entry.value.as_seq()?))
}

/// Whether the Application itself sets a value, over all files.
fn is_inline(app: &Application, path: &[&str]) -> bool {
    let Some(view) = app.view() else { return false };
    let sources = view.sources();
    sources.iter().filter_map(|source| source.helm()).any(|helm| {
        let object = helm.values_object().is_some_and(|values| values.at(path).is_some());
        let text =
            helm.values().and_then(Node::as_text).is_some_and(|text| path.last().is_some_and(|key| text.contains(key)));
        let parameter = helm.parameters().any(|parameter| parameter.name().starts_with(&path.join(".")));
        object || text || parameter
    })
}

/// What is lost of a list.
struct Lost {
    names: Vec<Option<String>>,
    kept: usize,
    named: bool,
}

fn lost(shared: &[Node], own: &[Node], key: &str) -> Option<Lost> {
    let field = NAMES.iter().copied().find(|field| {
        let has = |item: &Node| item.get(field).is_some_and(|value| value.as_text().is_some());
        !shared.is_empty() && shared.iter().chain(own).all(has)
    });
    let identity = |item: &Node| -> String {
        match (field.and_then(|field| item.get(field)).and_then(Node::as_text), item.as_text()) {
            (Some(name), _) => name.to_owned(),
            // An option is the same option with another value.
            (None, Some(text)) if text.starts_with('-') => text.split(['=', ' ']).next().unwrap_or(text).to_owned(),
            (None, Some(text)) => text.to_owned(),
            (None, None) => plain(item, 0),
        }
    };
    let repeated: BTreeSet<String> = own.iter().map(identity).collect();
    let secret = field.is_none() && catalog().is_credential_name(key);
    let mut names = Vec::new();
    let mut kept = 0;
    for item in shared {
        let name = identity(item);
        if repeated.contains(&name) {
            kept += 1;
        } else {
            let shown = (field.is_some() || item.as_text().is_some()) && !secret && is_word(&name);
            names.push(shown.then_some(name));
        }
    }
    (!names.is_empty()).then_some(Lost { names, kept, named: field.is_some() })
}

fn is_word(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:*".contains(&byte))
}

/// A value as a text by which equal values are equal.
fn plain(node: &Node, depth: usize) -> String {
    if depth > DEPTH {
        return String::new();
    }
    if let Some(map) = node.as_map() {
        let mut parts: Vec<String> =
            map.entries.iter().map(|entry| format!("{}={}", entry.key, plain(&entry.value, depth + 1))).collect();
        parts.sort();
        return format!("{{{}}}", parts.join(","));
    }
    if let Some(items) = node.as_seq() {
        return format!("[{}]", items.iter().map(|item| plain(item, depth + 1)).collect::<Vec<_>>().join(","));
    }
    match node.meaning() {
        Some(Meaning::Null) | None => "null".to_owned(),
        _ => node.as_text().unwrap_or("").to_owned(),
    }
}
