//! The git generator: the folders of a repository, or what its files say (`generators/git.go`).

use std::borrow::Cow;
use std::sync::Arc;

use super::super::params::{Params, flatten, text};
use super::{Evaluation, Failure, MAX_PARAMS, too_many};
use crate::expand::components::{Pattern, Picked, common, literal_prefix};
use crate::expand::inventory;
use crate::finding::Gap;
use crate::glob::{Dialect, Glob};
use crate::render::{AWAY, Context};
use crate::source::{RepoPath, Span};
use crate::yaml::{Entry, Node, Origin, Role};

/// The parameters of a repository's folders or files.
pub fn params(evaluation: &mut Evaluation<'_, '_>, generator: &Node) -> Result<Vec<Params>, Failure> {
    if evaluation.project.is_empty() {
        // The generator asks for the project's keys before anything else.
        let message = "the template names no project, which the generator `git` needs";
        return Err(Failure::Argo(message.to_owned(), generator.span()));
    }
    let url = generator.get("repoURL").and_then(Node::as_text).unwrap_or("");
    let revision = generator.get("revision").and_then(Node::as_text).unwrap_or("");
    let Some(context) = evaluation.world.context.of(url, revision, true) else {
        let message = format!("the generator `git` reads another repository, {AWAY}");
        return Err(Failure::unknown(Gap::new("unresolved-generator", message).at(generator.span())));
    };
    let mut all = if !generator.items("directories").is_empty() {
        directories(evaluation, &context, generator)
    } else if !generator.items("files").is_empty() {
        files(evaluation, &context, generator)?
    } else {
        let message = "the generator `git` has neither directories nor files";
        return Err(Failure::Argo(message.to_owned(), generator.span()));
    };
    evaluation.add_values(generator, &mut all)?;
    Ok(all)
}

fn prefix(generator: &Node) -> &str {
    generator.get("pathParamPrefix").and_then(Node::as_text).unwrap_or("")
}

/// An item's pattern and whether it excludes.
fn item(node: &Node) -> (&str, bool) {
    let exclude = node.get("exclude").and_then(Node::as_bool).unwrap_or(false);
    (node.get("path").and_then(Node::as_text).unwrap_or(""), exclude)
}

/// The folders of the repository that is looked at.
fn folders<'f>(evaluation: &Evaluation<'f, '_>, context: &Context<'_>) -> Cow<'f, [RepoPath]> {
    if context.is_audited() {
        return Cow::Borrowed(&evaluation.world.inventory.folders);
    }
    Cow::Owned(inventory::folders(context.repository().files()))
}

fn directories(evaluation: &Evaluation<'_, '_>, context: &Context<'_>, generator: &Node) -> Vec<Params> {
    // A pattern that is no glob matches nothing; Argo CD only logs it.
    let items: Vec<(Glob, bool, Origin)> = generator
        .items("directories")
        .iter()
        .filter_map(|node| {
            let (pattern, exclude) = item(node);
            let at = node.get("path").unwrap_or(node);
            Some((Glob::new(pattern, Dialect::PathMatch).ok()?, exclude, Origin::of(Role::Generator, at.span())))
        })
        .collect();
    let mut all = Vec::new();
    for folder in folders(evaluation, context).iter() {
        let matching: Vec<_> = items.iter().filter(|(glob, ..)| glob.matches(folder.as_str())).collect();
        let included = matching.iter().find(|(_, exclude, _)| !exclude);
        if let Some((_, _, origin)) = included.filter(|_| !matching.iter().any(|(_, exclude, _)| *exclude)) {
            all.push(path_params(folder.as_str(), None, prefix(generator), evaluation.language.go, origin));
        }
    }
    all
}

/// `path` and what it is made of. For files `folder` is theirs and `file` their name.
fn path_params(folder: &str, file: Option<&str>, prefix: &str, go: bool, origin: &Origin) -> Params {
    let base = folder.rsplit('/').next().unwrap_or(folder);
    let mut fields: Vec<(&str, String)> = vec![("basename", base.to_owned()), ("basenameNormalized", normalized(base))];
    if let Some(file) = file {
        fields.push(("filename", file.to_owned()));
        fields.push(("filenameNormalized", normalized(file)));
    }
    let mut params = Params::new();
    if !go {
        let name = if prefix.is_empty() { "path".to_owned() } else { format!("{prefix}.path") };
        for (at, segment) in folder.split('/').enumerate().filter(|(_, segment)| !segment.is_empty()) {
            params.insert(format!("{name}[{at}]").into(), text(segment, origin));
        }
        params.extend(fields.into_iter().map(|(key, value)| (Arc::from(format!("{name}.{key}")), text(value, origin))));
        params.insert(name.into(), text(folder, origin));
        return params;
    }
    let entry = |key: &str, value: Node| Entry { key: key.into(), key_origin: origin.clone(), value };
    let mut entries = vec![entry("path", text(folder, origin))];
    entries.extend(fields.into_iter().map(|(key, value)| entry(key, text(value, origin))));
    let segments = folder.split('/').map(|segment| text(segment, origin)).collect();
    entries.push(entry("segments", Node::seq(segments, origin.clone())));
    let path = Node::map(entries, origin.clone());
    if prefix.is_empty() {
        params.insert("path".into(), path);
    } else {
        params.insert(prefix.into(), Node::map(vec![entry("path", path)], origin.clone()));
    }
    params
}

/// A name as Kubernetes allows it (`utils.SanitizeName`).
pub fn normalized(name: &str) -> String {
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.') { c } else { '-' })
        .take(253)
        .collect();
    name.trim_matches(['-', '.']).to_owned()
}

fn files(evaluation: &mut Evaluation<'_, '_>, context: &Context<'_>, generator: &Node) -> Result<Vec<Params>, Failure> {
    let (new, old) = (Dialect::Doublestar, Dialect::Pathspec);
    let (mut used, other) = if evaluation.world.settings.new_globbing { (new, old) } else { (old, new) };
    let mut chosen = select(context, generator, used)?;
    if let Ok(others) = select(context, generator, other)
        && others != chosen
    {
        if used == old && evaluation.world.sets_new_globbing() {
            (used, chosen) = (new, others);
        } else {
            evaluation.gaps.push(ambiguous(generator, used, &chosen, &others));
        }
    }
    if used == new {
        no_folders(evaluation, context, generator)?;
    }
    chosen.sort();
    if context.is_audited() {
        evaluation.picked.push(Picked {
            generator: generator.span(),
            patterns: generator.items("files").iter().map(pattern).collect(),
            files: chosen.clone(),
        });
    }
    let mut all = Vec::new();
    for path in &chosen {
        evaluation.files.insert(context.shown(path));
        all.extend(file(evaluation, context, path, generator)?);
        if all.len() > MAX_PARAMS {
            return Err(too_many(generator.span()));
        }
    }
    Ok(all)
}

fn ambiguous(generator: &Node, used: Dialect, chosen: &[RepoPath], others: &[RepoPath]) -> Gap {
    let (old, new) = if used == Dialect::Pathspec { (chosen, others) } else { (others, chosen) };
    let message = format!(
        "the two ways of globbing of the generator `git` differ here: {} files by default, {} with the opt-in",
        old.len(),
        new.len()
    );
    Gap::new("ambiguous-glob", message).at(generator.span())
}

fn pattern(node: &Node) -> Pattern {
    let (text, exclude) = item(node);
    Pattern { text: text.to_owned(), exclude, span: node.get("path").unwrap_or(node).span() }
}

/// The files that the patterns include and do not exclude.
fn select(context: &Context<'_>, generator: &Node, dialect: Dialect) -> Result<Vec<RepoPath>, Failure> {
    let mut globs = Vec::new();
    let mut prefix: Option<RepoPath> = None;
    for node in generator.items("files") {
        let (pattern, exclude) = item(node);
        let pattern = pattern.trim_start_matches("./");
        let pattern = if pattern.is_empty() { "." } else { pattern };
        let glob = Glob::new(pattern, dialect).map_err(|error| Failure::Argo(error.to_string(), node.span()))?;
        if !exclude {
            let own = literal_prefix(pattern);
            prefix = Some(prefix.map_or_else(|| own.clone(), |known| common(&known, &own)));
        }
        // A pathspec of the root means everything.
        globs.push(((dialect == Dialect::Pathspec && pattern == ".").then_some(()), glob, exclude));
    }
    let matches = |path: &&RepoPath| {
        let hit = |wanted: bool| {
            globs
                .iter()
                .any(|(all, glob, exclude)| *exclude == wanted && (all.is_some() || glob.matches(path.as_str())))
        };
        hit(false) && !hit(true)
    };
    let below = prefix.unwrap_or_else(RepoPath::root);
    Ok(context.repository().under(&below).iter().filter(matches).cloned().collect())
}

/// The opt-in globbing meets folders, too, and fails to read them.
fn no_folders(evaluation: &Evaluation<'_, '_>, context: &Context<'_>, generator: &Node) -> Result<(), Failure> {
    let folders = folders(evaluation, context);
    for node in generator.items("files") {
        let Ok(glob) = Glob::new(item(node).0, Dialect::Doublestar) else { continue };
        if let Some(folder) = folders.iter().find(|folder| glob.matches(folder.as_str())) {
            let message =
                format!("with the opt-in globbing the pattern matches the folder `{folder}`, which is no file");
            return Err(Failure::Argo(message, node.span()));
        }
    }
    Ok(())
}

/// What one file gives: an object, or a list of objects.
fn file(
    evaluation: &Evaluation<'_, '_>,
    context: &Context<'_>,
    path: &RepoPath,
    generator: &Node,
) -> Result<Vec<Params>, Failure> {
    let at = context.repository().id(path).map_or(generator.span(), |id| Span::new(id, 0, 0));
    let parsed = match context.manifests().parsed(path) {
        Ok(parsed) => parsed,
        Err(error) => return Err(Failure::unknown(error.gap().at(generator.span()))),
    };
    let first = match parsed.read_first() {
        Ok(first) => first,
        Err(problem) => return Err(Failure::Argo(format!("`{path}` is no YAML: {}", problem.message), problem.span)),
    };
    let wrong = || Failure::Argo(format!("`{path}` is neither an object nor a list of objects"), at);
    let null = Node::plain("null", Origin::literal(at));
    let root = first.map_or(&null, |document| &document.root);
    let objects: Vec<&Node> = if root.is_null() || root.as_map().is_some() {
        vec![root]
    } else {
        root.as_seq().ok_or_else(wrong)?.iter().collect()
    };
    let folder = path.parent().filter(|folder| !folder.is_root());
    let folder = folder.as_ref().map_or(".", RepoPath::as_str);
    let origin = Origin::of(Role::Generator, at);
    let own = path_params(folder, Some(path.file_name()), prefix(generator), evaluation.language.go, &origin);
    let mut all = Vec::new();
    for object in objects {
        let entries = match object.as_map() {
            Some(map) => map.entries.as_slice(),
            None if object.is_null() => &[],
            None => return Err(wrong()),
        };
        let written: Params = entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect();
        let mut params = if evaluation.language.go { written } else { flatten(&written) };
        params.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
        all.push(params);
    }
    Ok(all)
}
