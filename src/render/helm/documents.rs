//! The documents of the YAML files that Helm reads: values, Chart.yaml, lock files, custom resource definitions.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::chart::Bytes;
use super::error::{Reason, RenderError};
use super::version::HelmVersion;
use crate::budget::Budget;
use crate::source::Span;
use crate::yaml::{self, Node, Origin, Parsed, Problem, Role, Value};

/// The first document of a text.
pub(super) fn first(content: &Bytes, role: Role, budget: &Budget) -> Result<Option<Node>, RenderError> {
    Ok(parse(content, role, false, budget)?.into_iter().next())
}

/// The documents that a Helm reads of a values file: Helm 3 the first, Helm 4 all; each a mapping.
pub(super) fn of_values(
    content: &Bytes,
    role: Role,
    helm: HelmVersion,
    budget: &Budget,
) -> Result<Vec<Node>, RenderError> {
    let words = |error: RenderError| match helm {
        HelmVersion::V3 => error,
        HelmVersion::V4 => error.within("cannot unmarshal yaml document"),
    };
    let mut documents = parse(content, role, helm == HelmVersion::V4, budget).map_err(words)?;
    documents.retain(|node| !node.is_null());
    match documents.iter().find(|node| node.as_map().is_none()) {
        None => Ok(documents),
        Some(node) => {
            let message = format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type \
                 map[string]interface {{}}",
                node.json_kind()
            );
            Err(words(RenderError::refused(message).at(Some(node.span()))))
        }
    }
}

/// All documents of a text.
pub(super) fn every(content: &Bytes, role: Role, budget: &Budget) -> Result<Vec<Node>, RenderError> {
    parse(content, role, true, budget)
}

fn parse(content: &Bytes, role: Role, all: bool, budget: &Budget) -> Result<Vec<Node>, RenderError> {
    let broken = |words: &str| RenderError::refused(format!("error converting YAML to JSON: {words}"));
    let Bytes::Text(file, text) = content else { return Err(broken("yaml: invalid leading UTF-8 octet")) };
    // Whoever takes all documents apart ends the last line as well, which a block scalar gets to feel.
    let ended = if all && !text.ends_with('\n') { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(&**text) };
    let parsed = yaml::parse(*file, &ended, budget);
    let fault =
        if all { fault_of_pieces(&parsed, text) } else { parsed.read_first().err().map(|problem| (problem, &**text)) };
    if let Some((problem, piece)) = fault {
        let error = if problem.exceeded {
            RenderError::new(Reason::Exceeded, problem.message.clone())
        } else {
            broken(&yaml::refusal(piece, problem, yaml::Quoting::Nothing))
        };
        return Err(error.at(Some(problem.span)));
    }
    let documents = parsed.documents.into_iter().filter(|document| all || document.index == 0);
    let mut documents: Vec<Node> = documents.map(|document| document.root).collect();
    // They are told to be of a manifest, none behind the end of what was read.
    if role != Role::Manifest || ended.len() > text.len() {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        documents.iter_mut().for_each(|node| within(node, role, end));
    }
    Ok(documents)
}

/// The first problem that a reader meets who takes a text apart at lines of `---` and reads the first document of each
/// piece, and that piece.
fn fault_of_pieces<'p>(parsed: &'p Parsed, text: &'p str) -> Option<(&'p Problem, &'p str)> {
    parsed.problems.first()?;
    let pieces = pieces(text);
    let piece_of = |at: u32| pieces.partition_point(|piece| piece.end <= at as usize).min(pieces.len() - 1);
    let mut read = parsed.problems.iter().filter(|problem| {
        let before = parsed.documents.partition_point(|document| document.root.span().end <= problem.span.start);
        let before = before.checked_sub(1).map(|before| piece_of(parsed.documents[before].root.span().start));
        before != Some(piece_of(problem.span.start))
    });
    read.next().map(|problem| (problem, &text[pieces[piece_of(problem.span.start)].clone()]))
}

/// The parts of a text between lines of `---`; at least one.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let is_line = |line: &str| line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty());
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        if is_line(line) && end > start {
            pieces.push(start..end);
            start = end + line.len();
        }
        end += line.len();
    }
    pieces.push(start..end.max(start));
    pieces
}

/// The same tree, with every origin in a role. Nesting is bounded by the parser's.
pub(super) fn in_role(node: &Node, role: Role) -> Node {
    let mut node = node.clone();
    within(&mut node, role, u32::MAX);
    node
}

/// Puts every origin of a tree into a role, and none behind the end of the text.
fn within(node: &mut Node, role: Role, end: u32) {
    let put = |own: &mut Origin| {
        if own.is_literal() {
            let span = own.anchor();
            *own = Origin::of(role, Span { end: span.end.min(end), ..span });
        }
    };
    put(&mut node.origin);
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::Seq(items) => Arc::make_mut(items).iter_mut().for_each(|item| within(item, role, end)),
        Value::Map(map) => {
            for entry in &mut Arc::make_mut(map).entries {
                put(&mut entry.key_origin);
                within(&mut entry.value, role, end);
            }
        }
    }
}
