//! Replacements: the value of one field (or a fixed text) written into fields of other objects.
//! Follows `api/filters/replacement`.

use super::fail::{Fail, Outcome};
use super::field_paths;
use super::files::Loader;
use super::id::ResId;
use super::notes;
use super::object::Object;
use super::parse::Placing;
use super::patch;
use super::read::{self, Reading};
use super::resmap::ResMap;
use super::selector::Selector;
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::source::Span;
use crate::yaml::{self, Meaning, Node, Role, Value};

/// `options` of a source or a target.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldOptions {
    pub(super) delimiter: String,
    pub(super) index: i64,
    pub(super) create: bool,
}

#[derive(Debug, Clone)]
struct Source {
    id: ResId,
    path: String,
    options: FieldOptions,
}

#[derive(Debug, Clone)]
struct Target {
    select: Option<Selector>,
    reject: Vec<Selector>,
    paths: Vec<Node>,
    options: FieldOptions,
}

/// One replacement.
#[derive(Debug, Clone)]
pub(super) struct Replacement {
    source: Option<Source>,
    fixed: Option<Node>,
    targets: Option<Vec<Target>>,
    span: Span,
}

fn options(node: Option<&Node>) -> Result<FieldOptions, Fail> {
    let Some(node) = node else { return Ok(FieldOptions::default()) };
    let r = Reading::of(node, "FieldOptions")?;
    let delimiter = r.text_or_empty("delimiter")?;
    let index = r.number("index")?.map_or(0, |(index, _)| index);
    r.text("encoding")?;
    let create = r.flag("create")?;
    Ok(FieldOptions { delimiter, index, create })
}

fn entry(r: &Reading<'_>, node: &Node) -> Result<Replacement, Fail> {
    let source = match r.get("source") {
        Some(node) => {
            let r = Reading::of(node, "SourceSelector")?;
            let id = r.id()?;
            let mut path = r.text_or_empty("fieldPath")?;
            if path.is_empty() {
                "metadata.name".clone_into(&mut path);
            }
            let options = options(r.get("options"))?;
            Some(Source { id, path, options })
        }
        None => None,
    };
    let fixed = r.text("sourceValue")?.cloned();
    let targets = match r.get("targets") {
        Some(_) => {
            let mut found = Vec::new();
            for node in r.list("targets")? {
                let r = Reading::of(&node, "TargetSelector")?;
                let select = r.get("select").map(read::selector).transpose()?;
                let reject = r.list("reject")?;
                let reject = reject.iter().map(read::selector).collect::<Result<_, _>>()?;
                let mut paths = r.texts("fieldPaths")?;
                if paths.is_empty() {
                    paths.push(Node::string("metadata.name", node.origin.clone()));
                }
                let options = options(r.get("options"))?;
                found.push(Target { select, reject, paths, options });
            }
            Some(found)
        }
        None => None,
    };
    Ok(Replacement { source, fixed, targets, span: node.span() })
}

/// Reads the entries of `replacements`, those in files included.
pub(super) fn ready(loader: &Loader<'_>, nodes: &[Node]) -> Result<Vec<Replacement>, Fail> {
    let mut found = Vec::new();
    for node in nodes {
        let r = Reading::of(node, "ReplacementField")?;
        let path = r.text("path")?.filter(|path| !tree::text(path).is_empty());
        let mut inline = entry(&r, node)?;
        // An empty list does not come through the configuration of the transformer; in a file it does.
        inline.targets = inline.targets.filter(|targets| !targets.is_empty());
        let Some(path) = path else {
            found.push(inline);
            continue;
        };
        if inline.source.is_some() || inline.targets.is_some() {
            return Err(Fail::at(node.span(), "cannot specify both path and inline replacement"));
        }
        let loaded = loader.load(tree::text(path)).map_err(|fail| fail.or_at(path.span()))?;
        let parsed = yaml::parse(loaded.file, loaded.text()?, loader.shared.budget);
        let first = parsed.read_first().map_err(|problem| {
            Fail::at(problem.span, format!("error converting YAML to JSON: yaml: {}", problem.message))
        })?;
        let root = first.map(|document| &document.root);
        let root = root.map(|root| patch::as_json(root, &Placing::Whole(loaded.file), Role::Transformer));
        match root.as_ref().map(|root| &root.value) {
            Some(Value::Seq(items)) => {
                for item in items.iter() {
                    found.push(entry(&Reading::of(item, "Replacement")?, item)?);
                }
            }
            Some(Value::Map(_)) => {
                if let Some(root) = &root {
                    found.push(entry(&Reading::of(root, "Replacement")?, root)?);
                }
            }
            other => {
                let kind = match other {
                    Some(Value::Scalar(scalar)) => match scalar.meaning() {
                        Meaning::Null => "invalid",
                        Meaning::Bool(_) => "bool",
                        Meaning::Str(_) => "string",
                        _ => "float64",
                    },
                    _ => "invalid",
                };
                let message = format!("unsupported replacement type encountered within replacement path: {kind}");
                return Err(Fail::at(path.span(), message));
            }
        }
    }
    Ok(found)
}

/// The names by which replacements know an object.
fn names(object: &Object) -> Vec<ResId> {
    let mut names = vec![ResId { cluster: false, ..object.id() }];
    names.extend(object.former_ids());
    names
}

impl Replacement {
    /// Writes the value wherever it goes.
    pub(super) fn transform(&self, map: &mut ResMap, loader: &Loader<'_>, incomplete: bool) -> Outcome {
        let at = |fail: Fail| fail.or_at(self.span);
        let Some(targets) = &self.targets else { return Err(at(missing())) };
        let value = match (&self.source, &self.fixed) {
            (None, None) => return Err(at(missing())),
            (Some(_), Some(_)) => return Err(at(Fail::new("value and resource selectors are mutually exclusive"))),
            (None, Some(fixed)) => tree::untagged(tree::text(fixed), tree::in_role(&fixed.origin, Role::Transformer)),
            (Some(source), None) => match source.value(map, loader.shared.budget) {
                Ok(value) => value,
                Err(fail) if incomplete && !fail.exceeded => return Ok(()),
                Err(fail) => return Err(at(fail)),
            },
        };
        let (size, depth) = tree::measure(&value, 1_000_000);
        for target in targets {
            target.apply(map, &value, (size, depth), loader).map_err(at)?;
        }
        Ok(())
    }
}

fn missing() -> Fail {
    Fail::new("replacements must specify a source and at least one target")
}

impl Source {
    fn value(&self, map: &ResMap, budget: &Budget) -> Result<Node, Fail> {
        let fitting = |object: &&Object| names(object).iter().any(|name| name.is_selected_by(&self.id));
        let places =
            if self.id.name.is_empty() { (0..map.list.len()).collect() } else { map.list.named(&self.id.name) };
        budget.steps(places.len() as u64)?;
        let mut found = places.into_iter().map(|at| &map.list[at]).filter(fitting);
        let described = || format!("{}:{}", self.id, self.path);
        let Some(object) = found.next() else {
            return Err(Fail::new(format!("nothing selected by {}", described())));
        };
        if found.next().is_some() {
            return Err(Fail::new(format!("multiple matches for selector {}", described())));
        }
        let path = tree::split_field_path(&self.path);
        let mut shown;
        let node = if matches!(&path[..], [meta] if meta == "metadata")
            || matches!(&path[..], [meta, annotations] if meta == "metadata" && annotations == "annotations")
        {
            shown = object.clone();
            shown.show_notes()?;
            &shown.node
        } else {
            &object.node
        };
        let value = tree::lookup(node, &path).map_err(|fail| fail.within("error looking up replacement source"))?;
        let value = value.filter(|node| !tree::is_empty(node)).ok_or_else(|| {
            Fail::new(format!("fieldPath `{}` is missing for replacement source {}", self.path, self.id))
        })?;
        let value = Node { origin: tree::in_role(&value.origin, Role::Transformer), ..value.clone() };
        if self.options.delimiter.is_empty() {
            return Ok(value);
        }
        if Shape::of(&value) != Shape::Scalar {
            return Err(Fail::new("delimiter option can only be used with scalar nodes"));
        }
        let parts: Vec<&str> = tree::text(&value).split(self.options.delimiter.as_str()).collect();
        let part = usize::try_from(self.options.index).ok().and_then(|at| parts.get(at));
        let part = part.ok_or_else(|| {
            Fail::new(format!("options.index {} is out of bounds for value `...`", self.options.index))
        })?;
        Ok(field_paths::with_text(&value, part))
    }
}

impl Target {
    fn apply(&self, map: &mut ResMap, value: &Node, size: (u64, u32), loader: &Loader<'_>) -> Outcome {
        let Some(select) = &self.select else {
            return Err(Fail::new("target must specify resources to select"));
        };
        let compiled = select.compile().map_err(|fail| fail.within("error creating target selector"))?;
        if map.list.is_empty() {
            return Ok(());
        }
        let compiled = compiled.checked()?;
        let mut rejects = Vec::new();
        for reject in &self.reject {
            let blank = reject.annotations.is_empty() && reject.labels.is_empty();
            rejects.push((reject.compile()?.checked()?, !blank, !reject.is_blank()));
        }
        let places = map.places(&compiled);
        loader.shared.budget.steps(places.len() as u64)?;
        for at in places {
            let object = &map.list[at];
            if compiled.names_never(object) {
                continue;
            }
            let names = names(object);
            let mut fits = compiled.marks(object)? && names.iter().any(|name| compiled.names(name));
            for (reject, by_marks, by_name) in &rejects {
                fits &= !(*by_marks && reject.marks(object)?);
                fits &= !(*by_name && names.iter().any(|name| reject.names(name)));
            }
            if !fits {
                continue;
            }
            let object = map.list.at_mut(at);
            object.notes.replaced = true;
            for path in &self.paths {
                loader.shared.budget.items(size.0)?;
                if size.1 + tree::text(path).split('.').count() as u32 > tree::DEEPEST {
                    return Err(tree::too_deep());
                }
                let writes_notes = writes_notes(tree::text(path));
                if writes_notes {
                    object.show_notes()?;
                }
                field_paths::write(&mut object.node, tree::text(path), value, &self.options, loader)
                    .map_err(|fail| fail.or_at(path.span()))?;
                if writes_notes {
                    object.read_notes();
                }
            }
            loader.shared.budget.steps(object.notes.shared_work())?;
            object.follow_shared(usize::MAX, |_| true);
        }
        Ok(())
    }
}

/// Whether a path leads to all annotations at once, Kustomize's own notes among them.
fn writes_notes(path: &str) -> bool {
    let path = tree::split_field_path(path);
    let is = |at: usize, name: &str| path.get(at).is_none_or(|part| part == name || part == "*");
    is(0, "metadata") && is(1, "annotations") && path.get(2).is_none_or(|part| part == "*" || notes::is_note(part))
}
