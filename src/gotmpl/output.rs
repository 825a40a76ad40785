//! What a template wrote: text, and by range where it came from.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::origin::{OriginId, Origins, SharedOrigins, nowhere};
use super::text::{Run, Written};
use crate::hash::Known;
use crate::source::{FileId, Span};
use crate::yaml::{Contribution, Node, Origin, Role, Value};

/// The text that a template wrote.
#[derive(Debug, Clone)]
pub struct Output {
    /// The text.
    pub text: String,
    /// Its runs, in order.
    pub runs: Vec<Run>,
    /// Where each run ends, for searching.
    ends: Vec<u32>,
    origins: SharedOrigins,
    /// The origins of stretches of one making, by that: a line's key and value often share theirs.
    known: RefCell<Known<Making, Origin>>,
}

/// What a run was made of: a value, a place, conditions.
type Making = (OriginId, OriginId, OriginId);

impl Output {
    pub(super) fn new(written: Written, origins: SharedOrigins) -> Self {
        let mut at = 0u32;
        let ends = written.runs.iter().map(|run| {
            at += run.len;
            at
        });
        let ends = ends.collect();
        Self { text: written.text, runs: written.runs, ends, origins, known: RefCell::default() }
    }

    /// The line of the template that is at fault where the text at a byte is not what its reader takes: a plain word that a
    /// value supplied can stand anywhere, so it is the template that puts it there. Anything else the value may have brought.
    pub fn fault_at(&self, at: usize) -> Option<Span> {
        let origin = self.origin_at(at..at + 1)?;
        let run = self.ends.partition_point(|&end| end as usize <= at);
        let start = run.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let text = self.text.get(start..*self.ends.get(run)? as usize)?;
        let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b));
        let template = origin.contributions().find(|known| known.role == Role::Template);
        Some(template.filter(|_| word).map_or_else(|| origin.anchor(), |known| known.span))
    }

    /// Who wrote a range of bytes: the best place to edit first, the conditions last. `None` where the range is empty or
    /// outside.
    pub fn origin_at(&self, range: Range<usize>) -> Option<Origin> {
        let first = self.ends.partition_point(|&end| end as usize <= range.start);
        if range.end > range.start && self.ends.get(first).is_some_and(|&end| end as usize >= range.end) {
            return self.origin_of(&self.runs[first]);
        }
        let mut runs: Vec<Run> = Vec::new();
        let mut at = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        for run in &self.runs[first.min(self.runs.len())..] {
            if at >= range.end {
                break;
            }
            let len = (at + run.len as usize).min(range.end) - at.max(range.start);
            runs.push(Run { len: len as u32, ..*run });
            at += run.len as usize;
        }
        let fallback = runs.iter().find_map(|run| self.origins.place_span(run.place));
        // A text of several lines that the template mostly wrote itself: a value inside it is one word of many.
        let written: usize = runs.iter().filter(|run| run.what == OriginId::NONE).map(|run| run.len as usize).sum();
        let several =
            self.text.get(range).is_some_and(|text| text.trim_end().contains('\n') && written * 2 > text.len());
        let all = self.contributions(&mut runs);
        if let (true, Some(span)) = (several, fallback) {
            let anchor = Contribution { role: Role::Template, span };
            return Some(Origin::made_of(anchor, all.into_iter().filter(|other| *other != anchor).collect()));
        }
        if all.is_empty() { fallback.map(|span| Origin::of(Role::Template, span)) } else { Some(self.made_of(all)) }
    }

    /// Who wrote a run, or a part of one.
    fn origin_of(&self, run: &Run) -> Option<Origin> {
        let making = (run.what, run.place, run.under);
        if let Some(origin) = self.known.borrow().get(&making) {
            return Some(origin.clone());
        }
        let mut all = Vec::new();
        for id in [run.what, run.place, run.under] {
            self.origins.contributions(id, &mut all);
        }
        let origin = if all.is_empty() { None } else { Some(self.made_of(all)) }?;
        self.known.borrow_mut().insert(making, origin.clone());
        Some(origin)
    }

    fn made_of(&self, all: Vec<Contribution>) -> Origin {
        Origins::made_of(all, nowhere())
    }

    /// Values first, then template lines, then conditions, the longer stretch before the shorter.
    fn contributions(&self, runs: &mut [Run]) -> Vec<Contribution> {
        runs.sort_by_key(|run| std::cmp::Reverse(run.len));
        let mut all = Vec::new();
        let mut under = OriginId::NONE;
        for run in runs.iter() {
            self.origins.contributions(run.what, &mut all);
        }
        for run in runs.iter() {
            self.origins.contributions(run.place, &mut all);
            if run.under != under {
                under = run.under;
                self.origins.contributions(under, &mut all);
            }
        }
        all
    }

    /// Replaces the origins of nodes that were parsed from this text, as file `rendered`, by those of what wrote them.
    /// Nodes of other texts stay as they are. `offset` is where the parsed text begins in this one. The recursion is
    /// bounded by the depth of the tree, which the parser bounds.
    pub fn trace(&self, node: &mut Node, rendered: FileId, offset: usize) {
        if !self.origins.wanted() {
            return;
        }
        let whole = matches!(node.value, Value::Scalar(_));
        self.retrace(&mut node.origin, rendered, offset, whole);
        match &mut node.value {
            Value::Scalar(_) => {}
            Value::Seq(items) => Arc::make_mut(items).iter_mut().for_each(|item| self.trace(item, rendered, offset)),
            Value::Map(map) => {
                for entry in &mut Arc::make_mut(map).entries {
                    self.retrace(&mut entry.key_origin, rendered, offset, true);
                    self.trace(&mut entry.value, rendered, offset);
                }
            }
        }
    }

    fn retrace(&self, own: &mut Origin, rendered: FileId, offset: usize, whole: bool) {
        let Span { file, start, end } = own.anchor();
        if file != rendered {
            return;
        }
        let start = start as usize + offset;
        // A collection is where its first character is: the union of all that is in it would say nothing.
        let end = if whole { end as usize + offset } else { start + 1 };
        let found = self.origin_at(start..end.max(start + 1));
        if let Some(origin) = found.or_else(|| self.origin_at(start.saturating_sub(1)..start + 1)) {
            *own = origin;
        }
    }

    /// The arena behind the runs.
    pub fn origins(&self) -> SharedOrigins {
        Rc::clone(&self.origins)
    }
}
