//! What fills a set's templates: the old `{{ }}` replacement, and Go's templates (`applicationset/utils/utils.go: Replace`).
//!
//! What comes out remembers which parameter wrote which part: the place to edit is the longest parameter's.

use std::sync::Arc;

use super::params::{Params, generated};
use crate::gotmpl::Output;
use crate::source::{FileId, Span};
use crate::yaml::{Contribution, Entry, Meaning, Node, Origin, Role, Scalar, Style, Value};

/// The number under which template texts are known to the engine; its spans are offsets in the text.
pub const TEXT: FileId = FileId(u32::MAX - 2);

/// A text that was filled, and who wrote which part of it.
#[derive(Debug, Clone)]
pub struct Filled {
    /// The text.
    pub text: String,
    made: Made,
    template: Origin,
}

#[derive(Debug, Clone)]
enum Made {
    /// By the old replacement.
    Parts(Vec<Part>),
    /// By Go's engine.
    Go(Box<Output>),
}

#[derive(Debug, Clone)]
struct Part {
    /// Where it ends in the text.
    end: usize,
    written: Written,
}

#[derive(Debug, Clone)]
enum Written {
    /// Text of the template, and where it begins there.
    Template(usize),
    /// A parameter, and where the template calls for it.
    Parameter(usize, Origin),
}

impl Filled {
    /// A text that nothing was filled into.
    pub fn constant(text: &str, template: &Origin) -> Self {
        let mut filled = Self::empty(template);
        filled.push(text, Written::Template(0));
        filled
    }

    fn empty(template: &Origin) -> Self {
        Self { text: String::new(), made: Made::Parts(Vec::new()), template: template.clone() }
    }

    /// What Go's engine wrote.
    pub fn of_go(output: Output, template: &Origin) -> Self {
        Self { text: output.text.clone(), made: Made::Go(Box::new(output)), template: template.clone() }
    }

    fn push(&mut self, text: &str, written: Written) {
        self.text.push_str(text);
        if let Made::Parts(parts) = &mut self.made {
            parts.push(Part { end: self.text.len(), written });
        }
    }

    /// Who wrote a range of the text; `place` gives the template's place for a range of the template.
    pub fn origin_in(&self, range: std::ops::Range<usize>, place: &dyn Fn(usize, usize) -> Span) -> Origin {
        let parts = match &self.made {
            Made::Parts(parts) => parts,
            Made::Go(output) => return self.origin_of_go(output, range, place),
        };
        let first = parts.partition_point(|part| part.end <= range.start);
        let mut found: Vec<(usize, &Origin)> = Vec::new();
        let mut template = None;
        let mut start = first.checked_sub(1).map_or(0, |before| parts[before].end);
        for part in &parts[first.min(parts.len())..] {
            if start >= range.end && template.is_some() {
                break;
            }
            let into = range.start.saturating_sub(start);
            let length = part.end.min(range.end).saturating_sub(start.max(range.start));
            template.get_or_insert_with(|| match &part.written {
                Written::Template(at) => (at + into, at + into + length),
                Written::Parameter(at, _) => (*at, *at),
            });
            if let Written::Parameter(_, origin) = &part.written {
                found.push((length, origin));
            }
            start = part.end;
        }
        let at = template.map_or_else(|| place(0, 0), |(start, end)| place(start, end));
        if found.is_empty() {
            return Origin::literal(at);
        }
        found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        let mut all: Vec<Contribution> = Vec::new();
        let template = Contribution { role: Role::Template, span: at };
        for contribution in found.iter().take(8).flat_map(|(_, origin)| origin.contributions()).chain([template]) {
            if !all.contains(&contribution) {
                all.push(contribution);
            }
        }
        let anchor = all.remove(0);
        Origin::made_of(anchor, all)
    }

    /// Places in the template's text become places in its file, values become parameters.
    fn origin_of_go(
        &self,
        output: &Output,
        range: std::ops::Range<usize>,
        place: &dyn Fn(usize, usize) -> Span,
    ) -> Origin {
        let Some(origin) = output.origin_at(range) else { return self.template.clone() };
        let mut all: Vec<Contribution> = Vec::new();
        for known in origin.contributions() {
            let span = known.span;
            let known = if span.file == TEXT {
                Contribution { span: place(span.start as usize, span.end as usize), ..known }
            } else if known.role == Role::Manifest {
                Contribution { role: Role::Generator, ..known }
            } else {
                known
            };
            if !all.contains(&known) {
                all.push(known);
            }
        }
        if all.is_empty() {
            return self.template.clone();
        }
        let anchor = all.remove(0);
        Origin::made_of(anchor, all)
    }

    /// The whole text as a string.
    fn into_node(self) -> Node {
        let constant = match &self.made {
            Made::Parts(parts) => !parts.iter().any(|part| matches!(part.written, Written::Parameter(..))),
            Made::Go(_) => false,
        };
        let template = self.template.anchor();
        if self.text.contains('\n') && !constant {
            // A text of many lines is where it is written; what was filled in took part.
            let origin = text_origin(&self.origin_in(0..self.text.len(), &|_, _| template), template);
            let scalar = Scalar { text: self.text.into(), style: Style::Literal, tag: None };
            return Node { value: Value::Scalar(scalar), origin };
        }
        let origin =
            if constant { self.template.clone() } else { self.origin_in(0..self.text.len(), &|_, _| template) };
        Node::string(self.text, origin)
    }
}

/// The same contributions, the template's place first.
fn text_origin(origin: &Origin, template: Span) -> Origin {
    let anchor = Contribution { role: Role::Template, span: template };
    let rest: Vec<Contribution> = origin.contributions().filter(|known| *known != anchor).collect();
    Origin::made_of(anchor, rest)
}

/// Why a template could not be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why, as Argo CD says it.
    pub message: String,
    /// Whether Argo CD would not refuse it: a limit was met, and what it would give is not known.
    pub limit: bool,
    /// Where: in the file of [`TEXT`] as offsets in the template's text.
    pub at: Option<Span>,
}

impl Refused {
    /// What Argo CD would refuse, too.
    pub fn argo(message: String) -> Self {
        Self { message, limit: false, at: None }
    }

    /// A limit that was met.
    pub fn limit(message: impl Into<String>) -> Self {
        Self { message: message.into(), limit: true, at: None }
    }

    /// The same, where it is known in which text: `place` gives the file's place for a range of the text.
    pub fn within(mut self, whole: Span, place: &dyn Fn(usize, usize) -> Span) -> Self {
        self.at = Some(match self.at {
            Some(span) if span.file == TEXT => place(span.start as usize, span.end as usize),
            Some(span) => span,
            None => whole,
        });
        self
    }
}

/// A way to fill templates with one set of parameters.
pub trait Fill {
    /// Fills one text.
    fn fill(&self, text: &str, origin: &Origin) -> Result<Filled, Refused>;
}

/// The old replacement: `{{ name }}` by the string of that name; what has none stays as it is.
pub struct Classic<'p> {
    /// The parameters.
    pub params: &'p Params,
}

impl Fill for Classic<'_> {
    fn fill(&self, text: &str, origin: &Origin) -> Result<Filled, Refused> {
        if !is_templated(text) {
            return Ok(Filled::constant(text, origin));
        }
        let mut filled = Filled::empty(origin);
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|open| at + open) {
            let Some(close) = text[open + 2..].find("}}").map(|close| open + 2 + close) else {
                let message = "invalid template: a `{{` is not closed".to_owned();
                return Err(Refused { at: Some(Span::new(TEXT, open, open + 2)), ..Refused::argo(message) });
            };
            filled.push(&text[at..open], Written::Template(at));
            let name = text[open + 2..close].trim();
            match self.params.get(name).filter(|_| !name.is_empty()).map(|value| (value, value.meaning())) {
                Some((value, Some(Meaning::Str(replacement)))) => {
                    filled.push(&replacement, Written::Parameter(open, generated(&value.origin)));
                }
                _ => filled.push(&text[open..close + 2], Written::Template(open)),
            }
            at = close + 2;
        }
        filled.push(&text[at..], Written::Template(at));
        Ok(filled)
    }
}

/// `.*{{.*}}.*`, where a dot is no line break.
fn is_templated(text: &str) -> bool {
    text.contains("{{") && text.lines().any(|line| line.find("{{").is_some_and(|open| line[open + 2..].contains("}}")))
}

/// Fills every string of a tree, keys included (`deeplyReplace`).
pub fn fill_tree(fill: &dyn Fill, node: &Node) -> Result<Node, Refused> {
    Ok(filled(fill, node, 0)?.unwrap_or_else(|| node.clone()))
}

fn fill_text(fill: &dyn Fill, text: &str, origin: &Origin) -> Result<Filled, Refused> {
    let whole = origin.anchor();
    fill.fill(text, origin).map_err(|refused| refused.within(whole, &|_, _| whole))
}

/// The filled tree; nothing where there is nothing to fill, so that what is constant is shared by all that is made of it.
fn filled(fill: &dyn Fill, node: &Node, depth: usize) -> Result<Option<Node>, Refused> {
    if depth > 512 {
        return Err(Refused::limit("budget exceeded: a template that is nested too deeply"));
    }
    Ok(match &node.value {
        Value::Scalar(_) => match node.meaning() {
            Some(Meaning::Str(text)) if text.contains("{{") => Some(fill_text(fill, &text, &node.origin)?.into_node()),
            _ => None,
        },
        Value::Seq(items) => {
            let new: Result<Vec<_>, Refused> = items.iter().map(|item| filled(fill, item, depth + 1)).collect();
            let new = new?;
            if new.iter().all(Option::is_none) {
                return Ok(None);
            }
            let all = items.iter().zip(new).map(|(old, new)| new.unwrap_or_else(|| old.clone()));
            Some(Node::seq(all.collect(), node.origin.clone()))
        }
        Value::Map(map) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(map.entries.len());
            let mut changed = false;
            for entry in &map.entries {
                // A null in a map is lost on the way (`deeplyReplace` passes over nil).
                if entry.value.is_null() {
                    changed = true;
                    continue;
                }
                let mut key = Arc::clone(&entry.key);
                if key.contains("{{") {
                    key = fill_text(fill, &key, &entry.key_origin)?.text.into();
                    changed = true;
                }
                let new = filled(fill, &entry.value, depth + 1)?;
                changed |= new.is_some();
                let value = new.unwrap_or_else(|| entry.value.clone());
                match entries.iter_mut().find(|known| known.key == key) {
                    Some(known) => known.value = value,
                    None => entries.push(Entry { key, key_origin: entry.key_origin.clone(), value }),
                }
            }
            changed.then(|| Node::map(entries, node.origin.clone()))
        }
    })
}

/// Whether a tree holds anything to fill.
pub fn is_template(node: &Node) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::Scalar(scalar) if scalar.text.contains("{{") => return true,
            Value::Scalar(_) => {}
            Value::Seq(items) => open.extend(items.iter()),
            Value::Map(map) => {
                if map.entries.iter().any(|entry| entry.key.contains("{{")) {
                    return true;
                }
                open.extend(map.entries.iter().map(|entry| &entry.value));
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(file: u32) -> Origin {
        Origin::literal(Span::new(FileId(file), 1, 2))
    }

    fn fill(template: &str) -> Result<String, Refused> {
        let mut params = Params::new();
        params.insert("name".into(), Node::string("web", origin(7)));
        params.insert("count".into(), Node::plain("3", origin(7)));
        let classic = Classic { params: &params };
        classic.fill(template, &origin(1)).map(|filled| filled.text)
    }

    #[test]
    fn the_old_replacement_leaves_what_it_does_not_know() {
        assert_eq!(fill("{{name}}-{{ name }}").unwrap(), "web-web");
        assert_eq!(fill("{{other}} {{}} {{ count }}").unwrap(), "{{other}} {{}} {{ count }}");
        assert_eq!(fill("{{{name}}}").unwrap(), "{{{name}}}");
        assert_eq!(fill("a {{\nname }}").unwrap(), "a {{\nname }}", "a tag over two lines alone is no template");
        assert!(fill("{{name}} {{name").is_err());
    }

    #[test]
    fn a_filled_text_points_at_its_parameter() {
        let mut params = Params::new();
        params.insert("env".into(), Node::string("dev", origin(6)));
        params.insert("component".into(), Node::string("keycloak", origin(7)));
        let classic = Classic { params: &params };
        let template = Node::string("{{env}}-{{component}}", origin(1));
        let node = fill_tree(&classic, &template).unwrap();
        assert_eq!(node.as_str(), Some("dev-keycloak"));
        let files: Vec<u32> = node.origin.contributions().map(|place| place.span.file.0).collect();
        assert_eq!(files, [7, 6, 1], "the longest parameter first, the template last");
        assert_eq!(node.origin.role(), Role::Generator);
    }
}
