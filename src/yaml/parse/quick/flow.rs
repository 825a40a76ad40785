//! Flow collections that stand on one line.

use std::borrow::Cow;
use std::sync::Arc;

use super::{DEEPEST, Quick, set};
use crate::yaml::node::{Entry, Mapping, Node, Style, Value};
use crate::yaml::parse::index::Index;

impl<'t> Quick<'t> {
    /// A flow collection that ends on its line. The recursion is bounded.
    pub(super) fn flow(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        let list = self.peek(0) == Some(b'[');
        let close = if list { b']' } else { b'}' };
        let (items, entries, mut index) = (self.nodes.len(), self.entries.len(), Index::default());
        self.pay()?;
        self.at += 1;
        self.blanks();
        let mut more = self.peek(0)? != close && depth < DEEPEST;
        while more {
            let start = self.at;
            if list {
                let node = self.flow_value(depth)?;
                self.nodes.push(node);
            } else {
                let (text, style) = self.flow_scalar()?;
                let span = self.span(start, self.at);
                if !self.is_colon() {
                    return None;
                }
                let key = self.key(text, style, start)?;
                self.at += 1;
                self.blanks();
                let entry = Entry { key, key_origin: self.origin(span), value: self.flow_value(depth)? };
                set(&mut self.entries, entries, &mut index, entry, self.manner.dialect, &mut self.parsed.duplicates)?;
            }
            self.blanks();
            more = self.peek(0)? == b',';
            if more {
                self.at += 1;
                self.blanks();
            }
        }
        if self.peek(0)? != close {
            return None;
        }
        self.at += 1;
        let value = match list {
            true => Value::Seq(Arc::new(self.nodes.drain(items..).collect())),
            false => Value::Map(Arc::new(Mapping { entries: self.entries.drain(entries..).collect() })),
        };
        Some(Node { value, origin: self.origin(self.span(start, self.at)) })
    }

    fn flow_value(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        if let b'[' | b'{' = self.peek(0)? {
            return self.flow(depth + 1);
        }
        let (text, style) = self.flow_scalar()?;
        self.scalar(text, style, self.span(start, self.at))
    }

    fn flow_scalar(&mut self) -> Option<(Cow<'t, str>, Style)> {
        match self.peek(0)? {
            quote @ (b'"' | b'\'') => self.quoted(quote, None),
            _ => Some((self.plain(true)?, Style::Plain)),
        }
    }
}
