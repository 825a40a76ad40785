//! Where a replacement writes: field paths with indices, `[key=value]` and `*`, fields made on the way, and fields of YAML or
//! JSON that stands in a text. Follows `kyaml/yaml/match.go`.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::expression::Expression;
use super::fail::{Fail, Outcome};
use super::files::Loader;
use super::json;
use super::meaning;
use super::parse::{self, Placing, Written};
use super::replacement::FieldOptions;
use super::retext;
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::gotmpl::json_string;
use crate::yaml::{Entry, Node, Origin, Role, Scalar, Style, Value};

/// Writes a value at a path.
pub(super) fn write(
    object: &mut Node,
    path: &str,
    value: &Node,
    options: &FieldOptions,
    loader: &Loader<'_>,
) -> Outcome {
    let parts = tree::split_field_path(path);
    let make = options.create.then(|| Shape::of(value));
    if into_text(object, &parts, value, make, loader) == Some(()) {
        return Ok(());
    }
    let lost = || {
        let verb = if make.is_some() { "find or create" } else { "find" };
        format!("unable to {verb} field {path:?} in replacement target")
    };
    let mut found = 0;
    let mut edit = |node: &mut Node| {
        found += 1;
        put(node, value, options, loader.shared.budget)
    };
    let matcher = Matcher::new(make, value, loader);
    matcher.visit(object, &parts, &mut edit).map_err(|fail| if fail.exceeded { fail } else { fail.within(lost()) })?;
    if found == 0 { Err(Fail::new(lost())) } else { Ok(()) }
}

/// Bytes that it takes to note one part of a text.
const PARTS: usize = 16;

/// The value in the place of a field; a scalar keeps its type and its quotes.
fn put(node: &mut Node, value: &Node, options: &FieldOptions, budget: &Budget) -> Outcome {
    if !options.delimiter.is_empty() {
        // The text comes apart in more places than it has of its own.
        budget.bytes(tree::text(node).len().saturating_mul(PARTS))?;
    }
    let Some(text) = new_text(node, value, options)? else {
        *node = value.clone();
        return Ok(());
    };
    budget.bytes(text.len())?;
    let made = with_text(node, &text);
    let origin = tree::joined(&value.origin, &[&node.origin]);
    *node = Node { origin, ..made };
    Ok(())
}

/// The text that a scalar gets; what is none is exchanged as a whole.
fn new_text(node: &Node, value: &Node, options: &FieldOptions) -> Result<Option<String>, Fail> {
    let text = tree::text(value);
    if options.delimiter.is_empty() {
        return Ok(is_single(node).then(|| text.to_owned()));
    }
    if !is_single(node) {
        return Err(Fail::new("delimiter option can only be used with scalar nodes"));
    }
    let mut parts: Vec<&str> = tree::text(node).split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, text),
        Ok(at) if at >= parts.len() => parts.push(text),
        Ok(at) => parts[at] = text,
    }
    Ok(Some(parts.join(&options.delimiter)))
}

/// Whether a node is a single value rather than a collection or an alias.
fn is_single(node: &Node) -> bool {
    Shape::of(node) == Shape::Scalar && !parse::is_alias(node)
}

/// As [`tree::expect`], and an alias is of no shape at all.
fn expect(node: &Node, shape: Shape) -> Outcome {
    if parse::is_alias(node) {
        let wanted = if shape == Shape::Map { "MappingNode" } else { "SequenceNode" };
        return Err(Fail::at(node.span(), format!("wrong node kind: expected {wanted} but got AliasNode")));
    }
    tree::expect(node, shape)
}

/// The same scalar with another text: its type stays what it was, even where the text does not fit, which is refused when the
/// object is written.
pub(super) fn with_text(node: &Node, text: &str) -> Node {
    let mut made = node.clone();
    if let Value::Scalar(scalar) = &mut made.value {
        if scalar.tag.is_none() && scalar.style == Style::Plain {
            let was = meaning::kind(&scalar.text);
            if was == "!!str" || was != meaning::kind(text) {
                scalar.tag = Some(was.into());
            }
        }
        scalar.text = text.into();
    }
    made
}

/// A number cannot become a word.
fn check_type(old: &Node, new: &Node) -> Outcome {
    let kind = |scalar: &Scalar| match scalar.tag.as_deref() {
        None | Some("") if scalar.style == Style::Plain => meaning::kind(&scalar.text),
        Some("!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp") => meaning::kind(&scalar.text),
        _ => "!!str",
    };
    let (Some(old), Some(scalar)) = (old.as_scalar(), new.as_scalar()) else { return Ok(()) };
    if old.tag.as_deref() == Some("") {
        return Ok(());
    }
    let (was, is) = (kind(old), kind(scalar));
    if was == is || was == "!!str" || (was == "!!float" && is == "!!int") {
        return Ok(());
    }
    Err(Fail::at(new.span(), format!("a {was} cannot take this value: yaml: cannot decode {is}")))
}

struct Matcher<'m> {
    make: Option<Shape>,
    origin: &'m Origin,
    budget: &'m Budget,
    /// The expressions that were met.
    known: RefCell<HashMap<String, Expression>>,
}

/// Whether a part of a path names an item of a list.
fn is_item(part: &str) -> bool {
    tree::is_selector(part) || part.parse::<u32>().is_ok()
}

type Edit<'e> = &'e mut dyn FnMut(&mut Node) -> Outcome;

impl<'m> Matcher<'m> {
    fn new(make: Option<Shape>, value: &'m Node, loader: &Loader<'m>) -> Self {
        Self { make, origin: &value.origin, budget: loader.shared.budget, known: RefCell::default() }
    }

    fn expression(&self, pattern: &str) -> Result<Expression, Fail> {
        if let Some(known) = self.known.borrow().get(pattern) {
            return Ok(known.clone());
        }
        let made = Expression::new(pattern)?;
        self.known.borrow_mut().insert(pattern.to_owned(), made.clone());
        Ok(made)
    }

    fn made(&self, next: Option<&String>) -> Node {
        let shape = match next {
            Some(part) if is_item(part) => Shape::Seq,
            Some(part) if !part.is_empty() => Shape::Map,
            _ => self.make.unwrap_or(Shape::Scalar),
        };
        match shape {
            Shape::Map => Node::map(Vec::new(), self.origin.clone()),
            Shape::Seq => Node::seq(Vec::new(), self.origin.clone()),
            Shape::Scalar => tree::untagged("", self.origin.clone()),
        }
    }

    fn visit(&self, node: &mut Node, path: &[String], edit: Edit<'_>) -> Outcome {
        let Some((part, rest)) = path.split_first() else { return edit(node) };
        if let Ok(at) = part.parse::<u32>() {
            return self.visit_index(node, at as usize, rest, edit);
        }
        if tree::is_selector(part) {
            return self.visit_selected(node, part, rest, edit, true);
        }
        if part == "*" {
            expect(node, Shape::Seq)?;
            return tree::items_mut(node).into_iter().flatten().try_for_each(|item| self.visit(item, rest, edit));
        }
        if tree::is_null(node) {
            return Ok(());
        }
        expect(node, Shape::Map)?;
        if node.get(part).is_none() {
            if self.make.is_none() {
                return Ok(());
            }
            let value = self.made(rest.first());
            let entry = Entry { key: part.as_str().into(), key_origin: self.origin.clone(), value };
            tree::entries_mut(node).into_iter().for_each(|entries| entries.push(entry.clone()));
        }
        let Some(field) = tree::get_mut(node, part) else { return Ok(()) };
        if Shape::of(field) == Shape::Scalar && !rest.is_empty() && !parse::is_alias(field) {
            // What cannot be written back into the text is found in it all the same, and changed in vain.
            let mut inner = self.inner(field, rest.first())?;
            let blank = tree::string("", self.origin.clone());
            return self.visit(&mut inner, rest, &mut |node| match Shape::of(node) {
                Shape::Scalar => edit(&mut blank.clone()),
                _ => edit(node),
            });
        }
        self.visit(field, rest, edit)
    }

    /// The tree of a text that is YAML or JSON.
    fn inner(&self, field: &Node, next: Option<&String>) -> Result<Node, Fail> {
        let placing = Placing::Somewhere(field.span());
        let read = parse::as_written(tree::text(field), &placing, Role::Manifest, self.budget)?;
        let nothing = read.is_none();
        let in_list = next.is_some_and(|part| is_item(part) || part == "*");
        let root = read.map(|read| match read.root {
            // Null takes fields and items.
            null if tree::is_null(&null) && self.make.is_some() => match next {
                Some(part) if part.parse::<u32>().is_ok() => Node::seq(Vec::new(), null.origin),
                _ if in_list => null,
                _ => Node::map(Vec::new(), null.origin),
            },
            root => root,
        });
        let root = root.filter(|root| Shape::of(root) != Shape::Scalar || tree::is_null(root));
        let expected = if in_list { "SequenceNode" } else { "MappingNode" };
        let found = if nothing { ": node contents:\nnull" } else { "ScalarNode" };
        let message = || format!("wrong node kind: expected {expected} but got {found}");
        root.ok_or_else(|| Fail::at(field.span(), message()))
    }

    fn visit_index(&self, node: &mut Node, at: usize, rest: &[String], edit: Edit<'_>) -> Outcome {
        expect(node, Shape::Seq)?;
        let made = self.made(rest.first());
        let Some(items) = tree::items_mut(node) else {
            return Err(Fail::at(node.span(), format!("index {at} specified but only 0 elements found")));
        };
        if items.len() == at && self.make.is_some() {
            items.push(made);
        }
        let length = items.len();
        let Some(item) = items.get_mut(at) else {
            return Err(Fail::new(format!("index {at} specified but only {length} elements found")));
        };
        self.visit(item, rest, edit)
    }

    fn visit_selected(&self, node: &mut Node, part: &str, rest: &[String], edit: Edit<'_>, first: bool) -> Outcome {
        let (key, pattern) = tree::split_selector(part)?;
        let regex = self.expression(pattern)?;
        expect(node, Shape::Seq)?;
        let mut any = false;
        for item in tree::items_mut(node).into_iter().flatten() {
            if key.is_empty() {
                if regex.is_match(&shown(item)) {
                    any = true;
                    edit(item)?;
                }
            } else if item.get(key).is_some_and(|field| regex.is_match(&shown(field))) {
                let mut matched = false;
                self.visit(item, rest, &mut |node| {
                    matched = true;
                    edit(node)
                })?;
                any |= matched;
            }
        }
        if any || self.make.is_none() {
            return Ok(());
        }
        if !first {
            return Err(Fail::new(format!("failed to create element for {part:?}")));
        }
        let value = tree::untagged(pattern, self.origin.clone());
        let made = if key.is_empty() {
            value
        } else {
            let entry = Entry { key: key.into(), key_origin: self.origin.clone(), value };
            Node::map(vec![entry], self.origin.clone())
        };
        tree::items_mut(node).into_iter().for_each(|items| items.push(made.clone()));
        self.visit_selected(node, part, rest, edit, false)
    }
}

/// A scalar as it would be written, which is what expressions are held against.
fn shown(node: &Node) -> String {
    let text = tree::text(node).trim();
    match node.as_scalar().map(|scalar| scalar.style) {
        Some(Style::SingleQuoted) => format!("'{text}'"),
        Some(Style::DoubleQuoted) => format!("\"{text}\""),
        _ => text.to_owned(),
    }
}

/// Writes into YAML or JSON that stands in a text; `None` where the path leads to no such thing.
fn into_text(
    object: &mut Node,
    parts: &[String],
    value: &Node,
    make: Option<Shape>,
    loader: &Loader<'_>,
) -> Option<()> {
    let (at, outer) = (1..parts.len()).find_map(|at| {
        let found = tree::lookup(object, &parts[..at]).ok().flatten()?;
        (Shape::of(found) == Shape::Scalar).then(|| (at, found.clone()))
    })?;
    let text = tree::text(&outer).to_owned();
    // Spans of the inner text itself say where to write.
    let scratch = Placing::Whole(retext::TEXT);
    let read = |text: &str| parse::as_written(text, &scratch, Role::Manifest, loader.shared.budget).ok().flatten();
    let Written { mut root, marks, complete } = read(&text)?;
    let first = text.trim_start().chars().next()?;
    let is_json = first == '{' || first == '[';
    let mut places = Vec::new();
    let matcher = Matcher::new(make, value, loader);
    let mut edit = |node: &mut Node| {
        places.push(node.clone());
        let before = &places[places.len() - 1];
        // Delimiters do not count here.
        if is_single(node) {
            let made = with_text(node, tree::text(value));
            *node = made;
            if is_json {
                check_type(before, node)?;
                // Nothing at all cannot stand in a flow collection, and quotes make it a text.
                if let Value::Scalar(scalar) = &mut node.value
                    && scalar.text.is_empty()
                    && scalar.style == Style::Plain
                {
                    *scalar = Scalar { text: "".into(), style: Style::SingleQuoted, tag: None };
                }
            }
        } else {
            *node = value.clone();
        }
        Ok(())
    };
    matcher.visit(&mut root, &parts[at..], &mut edit).ok()?;
    if places.is_empty() {
        return None;
    }
    let write = || {
        let sources = loader.shared.files.sources();
        let flows = |node: &Node| {
            let text = sources.text(node.span().file);
            let text = text.as_ref().and_then(|text| text.get(node.span().start as usize..));
            text.is_some_and(|text| text.starts_with(['{', '[']))
        };
        complete.then(|| retext::write((&root, &marks), &text, &places, &flows))?
    };
    let made = if is_json {
        // What anchors, aliases and repeated keys mean is told once the tree is a text again.
        let told = if marks.is_empty() && !has_odd_keys(&root) {
            root.clone()
        } else {
            let written = write()?;
            let documents = parse::documents(&written, &scratch, Role::Manifest, loader.shared.budget).ok()?;
            let document = documents.into_iter().next().filter(|document| document.flaws.is_empty())?;
            document.root
        };
        let pretty = text.contains('\n') && text.contains("  ");
        let compact = json::text(&told);
        if pretty { indent(&compact)? } else { compact }
    } else {
        write().or_else(|| splice(&text, &places, value))?
    };
    let place = lookup_mut(object, &parts[..at])?;
    let origin = tree::joined(&outer.origin, &[&value.origin]);
    *place = Node { origin, ..with_text(&outer, &made) };
    Some(())
}

/// Whether a key comes twice, or is no text.
fn has_odd_keys(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => {
            let mut known = HashSet::new();
            map.entries.iter().any(|entry| {
                let key = &*entry.key;
                !known.insert(key) || key == "<<" || tree::is_unwritable_key(key) || has_odd_keys(&entry.value)
            })
        }
        Value::Seq(items) => items.iter().any(has_odd_keys),
        Value::Scalar(_) => false,
    }
}

fn lookup_mut<'n>(node: &'n mut Node, path: &[String]) -> Option<&'n mut Node> {
    let mut at = node;
    for part in path {
        at = if let Ok(index) = part.parse::<usize>() {
            tree::items_mut(at)?.get_mut(index)?
        } else if tree::is_selector(part) {
            let (key, value) = tree::split_selector(part).ok()?;
            let fits = |item: &Node| item.get(key).is_some_and(|field| tree::text(field) == value);
            tree::items_mut(at)?.iter_mut().find(|item| fits(item))?
        } else {
            tree::get_mut(at, part)?
        };
    }
    Some(at)
}

fn indent(compact: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(compact).ok()?;
    let pretty = serde_json::to_string_pretty(&value).ok()?;
    // Go escapes these even when it indents.
    Some(pretty.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}

/// The YAML text with its scalars exchanged, everything else as it was.
fn splice(text: &str, places: &[Node], value: &Node) -> Option<String> {
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for place in places {
        let scalar = place.as_scalar()?;
        let new = tree::text(value);
        let written = match scalar.style {
            Style::Plain => retext::plain(&scalar.text, new)?,
            Style::SingleQuoted => format!("'{}'", new.replace('\'', "''")),
            Style::DoubleQuoted => json_string(new, false),
            Style::Literal | Style::Folded => return None,
        };
        let span = place.span();
        edits.push((span.start as usize, span.end as usize, written));
    }
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.0));
    let mut made = text.to_owned();
    for (start, end, new) in edits {
        made.get(start..end)?;
        made.replace_range(start..end, &new);
    }
    Some(made.trim().to_owned())
}
