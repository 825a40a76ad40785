//! Component descriptors: the files that git files generators pick up, and those of the same kind that none picks up.
//!
//! What a descriptor is nobody says; it is told by those that are picked up: one file name, one tree, the same keys. Whatever
//! may yet be meant by a generator that could not be evaluated, or by a set that no root brings, is left alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Set;
use super::world::World;
use crate::glob::{Dialect, Glob, has_wildcard};
use crate::k8s::argo;
use crate::source::{RepoPath, Span};
use crate::yaml::Node;

/// What one git files generator picked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// The generator.
    pub generator: Span,
    /// Its patterns, in order.
    pub patterns: Vec<Pattern>,
    /// The files, in order of path.
    pub files: Vec<RepoPath>,
}

/// A pattern of a git files generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The pattern.
    pub text: String,
    /// Whether it takes files away.
    pub exclude: bool,
    /// Where it is written.
    pub span: Span,
}

/// A descriptor that no generator picks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The file.
    pub path: RepoPath,
    /// Its first character.
    pub span: Span,
    /// The folder of the tree in which it lies, if nothing in that is picked up.
    pub folder: Option<RepoPath>,
    /// The set whose descriptors it is like.
    pub set: String,
    /// The patterns that do not match it.
    pub patterns: Vec<Pattern>,
    /// How many files of this name the set picks up.
    pub siblings: usize,
}

/// Names of folders in which descriptors are kept and not used.
const PARKED: [&str; 12] = [
    "archive",
    "archived",
    "attic",
    "deprecated",
    "disabled",
    "example",
    "examples",
    "optional",
    "parked",
    "sample",
    "samples",
    "template",
];

/// The folder in which everything lies that a pattern can match.
pub fn literal_prefix(pattern: &str) -> RepoPath {
    let literal = pattern.find(['*', '?', '[', '{', '\\']).map_or(pattern, |at| &pattern[..at]);
    let folder = literal.rfind('/').map_or("", |slash| &literal[..slash]);
    RepoPath::new(folder).unwrap_or_else(|_| RepoPath::root())
}

/// The innermost folder that holds both.
pub fn common(a: &RepoPath, b: &RepoPath) -> RepoPath {
    let shared: Vec<&str> = a.segments().zip(b.segments()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    RepoPath::new(&shared.join("/")).unwrap_or_else(|_| RepoPath::root())
}

/// The descriptors that no generator of any root picks up; `covered` are the files that something uses.
pub fn strays(world: &World<'_>, sets: &[Set], covered: &BTreeSet<RepoPath>) -> Vec<Stray> {
    let families = families(sets);
    if families.is_empty() {
        return Vec::new();
    }
    let repository = world.context.repository();
    let real = |path: &RepoPath| repository.real(path).unwrap_or_else(|| path.clone());
    let picked: BTreeSet<RepoPath> = sets.iter().flat_map(|set| &set.picked).flat_map(|p| &p.files).map(real).collect();
    let undecided = undecided(world, sets);
    let mut found: BTreeMap<RepoPath, Stray> = BTreeMap::new();
    for family in &families {
        let Some(keys) = shared_keys(world, &family.files) else { continue };
        let taken_away: Vec<Glob> = globs(family.patterns.iter().filter(|pattern| pattern.exclude).map(|p| &*p.text));
        for folder in &family.trees {
            let listed: BTreeSet<RepoPath> = picked.iter().filter_map(|path| branch(path, folder)).collect();
            for path in repository.under(folder).iter().filter(|path| path.file_name() == family.name) {
                let known = picked.contains(&real(path)) || covered.contains(path) || found.contains_key(path);
                let meant = || undecided.iter().chain(&taken_away).any(|glob| glob.matches(path.as_str()));
                if known || is_parked(path, folder) || world.settings.ignored.is_match(path.as_str()) || meant() {
                    continue;
                }
                if !is_like(world, path, &keys) {
                    continue;
                }
                let patterns = family.patterns.iter().filter(|pattern| !pattern.exclude).cloned().collect();
                let stray = Stray {
                    path: path.clone(),
                    folder: branch(path, folder).filter(|branch| !listed.contains(branch)),
                    span: repository.id(path).map_or(family.patterns[0].span, |id| Span::new(id, 0, 0)),
                    set: family.set.clone(),
                    patterns,
                    siblings: family.files.len(),
                };
                found.insert(path.clone(), stray);
            }
        }
    }
    found.into_values().collect()
}

/// The descriptors of one set, by their file name.
struct Family<'a> {
    set: String,
    name: &'a str,
    patterns: Vec<Pattern>,
    files: BTreeSet<RepoPath>,
    trees: BTreeSet<RepoPath>,
}

/// The families of all sets: only patterns that end in a name say what a descriptor is called.
fn families(sets: &[Set]) -> Vec<Family<'_>> {
    let mut families = Vec::new();
    for set in sets {
        let mut names: BTreeMap<&str, Family<'_>> = BTreeMap::new();
        for picked in &set.picked {
            for pattern in picked.patterns.iter().filter(|pattern| !pattern.exclude) {
                let (folder, name) = pattern.text.rsplit_once('/').unwrap_or(("", &pattern.text));
                if has_wildcard(name) || !has_wildcard(folder) {
                    continue;
                }
                let family = names.entry(name).or_insert_with(|| Family {
                    set: argo::ApplicationSet { node: &set.manifest }.name().to_owned(),
                    name,
                    patterns: Vec::new(),
                    files: BTreeSet::new(),
                    trees: BTreeSet::new(),
                });
                for pattern in picked.patterns.iter().filter(|p| p.exclude || p.text.ends_with(name)) {
                    if !family.patterns.contains(pattern) {
                        family.patterns.push(pattern.clone());
                    }
                }
                family.files.extend(picked.files.iter().filter(|path| path.file_name() == name).cloned());
                family.trees.insert(literal_prefix(pattern.text.trim_start_matches("./")));
            }
        }
        for mut family in names.into_values().filter(|family| !family.files.is_empty()) {
            let whole = family.trees.iter().cloned().reduce(|a, b| common(&a, &b)).unwrap_or_else(RepoPath::root);
            // Patterns from all over the repository have no tree of their own in common.
            if !whole.is_root() {
                family.trees = [whole].into();
            }
            families.push(family);
        }
    }
    families
}

/// The patterns of generators that may pick up more than is known.
fn undecided(world: &World<'_>, sets: &[Set]) -> Vec<Glob> {
    let used: BTreeSet<usize> = sets.iter().filter_map(|set| world.inventory.declared_as(&set.manifest)).collect();
    // An overlay may take a pattern away on purpose: what a set says as it is written counts, whatever was made of it.
    let declared = world.inventory.declared.iter().enumerate();
    let declared = declared.map(|(at, declared)| (&declared.node, used.contains(&at)));
    let unresolved = sets.iter().filter(|set| set.unresolved).map(|set| (&set.manifest, false));
    let mut patterns = BTreeSet::new();
    for (node, known) in declared.chain(unresolved) {
        let Some(set) = argo::ApplicationSet::new(node) else { continue };
        let mut next: Vec<(&Node, usize)> = set.generators().iter().map(|node| (node, 0)).collect();
        while let Some((generator, depth)) = next.pop() {
            let files = generator.get("git").map_or(&[][..], |git| git.items("files"));
            let taken_away = |file: &Node| file.get("exclude").and_then(Node::as_bool) == Some(true);
            let paths =
                files.iter().filter(|file| !known || !taken_away(file)).filter_map(|file| file.get("path")?.as_text());
            // Of a set that is resolved, the pattern that a template gives is among those that it picked up by.
            patterns.extend(paths.filter(|path| !known || !path.contains("{{")).map(without_templates));
            if depth < 4 {
                let nested = ["matrix", "merge"].iter().filter_map(|kind| generator.get(kind));
                next.extend(nested.flat_map(|node| node.items("generators")).map(|node| (node, depth + 1)));
            }
        }
    }
    globs(patterns.iter().map(String::as_str))
}

/// A pattern in which whatever is filled in later may be anything.
fn without_templates(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once("}}").map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The more generous of the two ways of globbing.
fn globs<'p>(patterns: impl Iterator<Item = &'p str>) -> Vec<Glob> {
    patterns.filter_map(|pattern| Glob::new(pattern.trim_start_matches("./"), Dialect::Pathspec).ok()).collect()
}

/// The folder directly in a tree in which a file lies, deeper than the tree itself.
fn branch(path: &RepoPath, tree: &RepoPath) -> Option<RepoPath> {
    let (name, _) = path.relative_to(tree)?.split_once('/')?;
    tree.join(name).ok()
}

fn is_parked(path: &RepoPath, tree: &RepoPath) -> bool {
    let below = path.relative_to(tree).unwrap_or(path.as_str());
    let folders = below.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|name| name.starts_with(['_', '.']) || PARKED.contains(&name.to_lowercase().as_str()))
}

/// The keys that all of these files have.
fn shared_keys(world: &World<'_>, files: &BTreeSet<RepoPath>) -> Option<BTreeSet<String>> {
    let mut shared: Option<BTreeSet<String>> = None;
    for path in files {
        let keys = keys(&descriptor(world, path)?);
        shared = Some(match shared {
            Some(known) => known.intersection(&keys).cloned().collect(),
            None => keys,
        });
    }
    shared.filter(|keys| !keys.is_empty())
}

fn descriptor(world: &World<'_>, path: &RepoPath) -> Option<Node> {
    let parsed = world.context.manifests().parsed(path).ok()?;
    let root = &parsed.documents.first().filter(|_| parsed.problems.is_empty())?.root;
    root.as_seq().map_or(Some(root), <[Node]>::first).cloned()
}

fn keys(node: &Node) -> BTreeSet<String> {
    node.as_map().map(|map| map.entries.iter().map(|entry| entry.key.to_string()).collect()).unwrap_or_default()
}

/// Whether a file has these keys and does not say that it is off.
fn is_like(world: &World<'_>, path: &RepoPath, wanted: &BTreeSet<String>) -> bool {
    descriptor(world, path).is_some_and(|node| {
        let off = node.get("enabled").and_then(Node::as_bool) == Some(false)
            || node.get("disabled").and_then(Node::as_bool) == Some(true);
        wanted.is_subset(&keys(&node)) && !off
    })
}
