//! Where a text can be read on from, so that a reader that mends flaw after flaw need not begin at the start for each.
//!
//! What stands before an item of a collection matters to what follows only by the collections that are open there. A short text
//! that opens the like takes its place. Aliases whose anchors are left out, and tags, are lost by that: who comes to an end
//! without having found anything reads the whole once more.

use granit_parser::{Event, ScalarStyle, Span};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    BlockMap,
    BlockSeq,
    FlowMap,
    FlowSeq,
    /// One whose beginning is not seen in the text: nothing can be left out before it ends.
    Other,
}

#[derive(Clone, Copy)]
struct Open {
    kind: Kind,
    /// In characters.
    column: usize,
    /// Of a mapping, whether a key comes next.
    key_next: bool,
}

/// Goes along with the events of a parser and knows the last place from which on the text could be read.
#[derive(Default)]
pub(crate) struct Resume {
    open: Vec<Open>,
    /// The place in the text, and what opens the collections that are open there.
    place: (usize, String),
    /// The place at which the present reading began, and how long what stands before it is.
    began: (usize, usize),
}

impl Resume {
    /// Begins a reading of the text, at the last place that is known; `None` where that is the start.
    pub(crate) fn begin(&mut self, text: &str) -> Option<String> {
        self.open.clear();
        let (from, head) = &self.place;
        self.began = (*from, head.len());
        (*from > 0).then(|| [head.as_str(), text.get(*from..).unwrap_or("")].concat())
    }

    /// Whether the present reading began at the start of the text.
    pub(crate) fn is_whole(&self) -> bool {
        self.began.0 == 0
    }

    /// The place in the text of a byte that was read.
    pub(crate) fn outer(&self, at: usize) -> usize {
        let (from, head) = self.began;
        from + at.saturating_sub(head)
    }

    /// Goes along with an event of the reading.
    pub(crate) fn note(&mut self, read: &str, event: &Event<'_>, span: Span) {
        let Some(start) = span.start.byte_offset() else { return };
        match event {
            Event::DocumentStart(..) | Event::DocumentEnd => self.open.clear(),
            Event::SequenceEnd | Event::MappingEnd => drop(self.open.pop()),
            Event::Scalar(_, style, ..) => {
                let nothing = *style == ScalarStyle::Plain && span.end.byte_offset() == Some(start);
                self.node(read, start, nothing);
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.node(read, start, false),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.node(read, start, false);
                let is_map = matches!(event, Event::MappingStart(..));
                let in_flow =
                    self.open.last().is_some_and(|open| !matches!(open.kind, Kind::BlockMap | Kind::BlockSeq));
                let kind = match (is_map, read.as_bytes().get(start)) {
                    (true, Some(b'{')) => Kind::FlowMap,
                    (false, Some(b'[')) => Kind::FlowSeq,
                    (true, Some(_)) if !in_flow => Kind::BlockMap,
                    (false, Some(b'-')) if !in_flow => Kind::BlockSeq,
                    _ => Kind::Other,
                };
                let column = if in_flow { 0 } else { read[line_start(read, start)..start].chars().count() };
                let open = Open { kind, column, key_next: true };
                self.open.push(if is_map { open } else { self.flush(read, start).unwrap_or(open) });
            }
            _ => {}
        }
    }

    /// A list that is indented no more than the key above it, which the parser says to begin with its first item.
    fn flush(&self, read: &str, start: usize) -> Option<Open> {
        let above = self.open.last().filter(|above| above.kind == Kind::BlockMap)?;
        let dash = read[line_start(read, start)..start].trim_end_matches(' ').strip_suffix('-')?;
        let fits = dash.len() == above.column && dash.bytes().all(|b| b == b' ');
        fits.then_some(Open { kind: Kind::BlockSeq, column: above.column, key_next: true })
    }

    fn node(&mut self, read: &str, start: usize, nothing: bool) {
        let Some(top) = self.open.last_mut() else { return };
        let is_map = matches!(top.kind, Kind::BlockMap | Kind::FlowMap);
        let is_item = !is_map || top.key_next;
        if is_map {
            top.key_next = !top.key_next;
        }
        let column = top.column;
        let kind = top.kind;
        if !is_item || nothing || start < self.began.1 {
            return;
        }
        let is_blank = |text: &str| text.bytes().all(|b| b == b' ');
        let from = match kind {
            Kind::FlowMap | Kind::FlowSeq => start,
            Kind::BlockMap | Kind::BlockSeq => line_start(read, start),
            Kind::Other => return,
        };
        let fits = match kind {
            Kind::BlockMap => start - from == column && is_blank(&read[from..start]),
            Kind::BlockSeq => read[from..start].split_once('-').is_some_and(|(before, behind)| {
                before.len() == column && is_blank(before) && !behind.is_empty() && is_blank(behind)
            }),
            _ => true,
        };
        if fits
            && from >= self.began.1
            && let Some(head) = self.head()
        {
            self.place = (self.outer(from), head);
        }
    }

    /// What opens the collections that are open: blocks on lines of their own, flow collections on the last.
    fn head(&self) -> Option<String> {
        let (top, outer) = self.open.split_last()?;
        let mut head = String::new();
        let mut deepest = 0;
        let mut in_flow = false;
        let mut flow = |head: &mut String, deepest: usize, sign: &str| {
            if !std::mem::replace(&mut in_flow, true) {
                head.push_str(&" ".repeat(deepest));
            }
            head.push_str(sign);
        };
        for open in outer {
            // A collection that is a key.
            if !open.key_next {
                return None;
            }
            match open.kind {
                Kind::BlockMap | Kind::BlockSeq => {
                    head.push_str(&" ".repeat(open.column));
                    head.push_str(if open.kind == Kind::BlockMap { "k:\n" } else { "-\n" });
                    deepest = open.column + 1;
                }
                Kind::FlowMap => flow(&mut head, deepest, "{k: "),
                Kind::FlowSeq => flow(&mut head, deepest, "["),
                Kind::Other => return None,
            }
        }
        match top.kind {
            Kind::FlowMap => flow(&mut head, deepest, "{"),
            Kind::FlowSeq => flow(&mut head, deepest, "["),
            _ => {}
        }
        Some(head)
    }
}

fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use granit_parser::Parser;

    /// The events of a text from each place at which it could be read on are the last ones of the whole.
    #[test]
    fn what_is_read_on_is_what_was_read() {
        let text = "a: 1\nb:\n- c: [x, {y: z, q: [1, 2]}, w]\n  d: |\n    text\n  e:\n    f: g\n- - h\n  - i\n- {j: k}\nl:\n  m: n\n";
        let events = |text: &str| {
            let events = Parser::new_from_str(text).map(|event| format!("{:?}", event.unwrap().0));
            events.collect::<Vec<_>>()
        };
        let all = events(text);
        let mut resume = Resume::default();
        let mut places = std::collections::BTreeSet::new();
        let mut parser = Parser::new_from_str(text);
        assert!(resume.begin(text).is_none());
        while let Some(event) = parser.next_event() {
            let (event, span) = event.unwrap();
            resume.note(text, &event, span);
            let (from, head) = &resume.place;
            if *from > 0 && places.insert(*from) {
                let rest = events(&format!("{head}{}", &text[*from..]));
                let same = rest.iter().rev().zip(all.iter().rev()).take_while(|(a, b)| a == b).count();
                // What is left besides opens the stream, the document and the collections.
                let opening = rest.len() - same;
                assert!(opening <= 2 + 3 * resume.open.len(), "{from} {head:?} {rest:?}");
            }
        }
        assert!(places.len() > 12, "{places:?}");
    }
}
