//! YAML as Argo CD, Helm and kubectl read and write it: trees whose every key and value knows its place and spelling.
//!
//! `node` is the tree, `json` its bridge to JSON, `quote` the strings there, `embedded` reads YAML inside a string, `parse` reads
//! it (Go's rules, under a budget), `pool` holds once what trees have in common, `scalar` says what a spelling means, `refusal`
//! why Go refuses a text, `scan` finds rare bytes, `emit` writes what Go's libraries would write.

mod embedded;
pub mod emit;
mod json;
mod node;
mod parse;
mod pool;
mod quote;
mod refusal;
mod scalar;
mod scan;

pub use embedded::{TextPlaces, parse_embedded};
pub(crate) use json::write_list;
pub use node::{Contribution, Entry, Mapping, Node, Origin, Role, Scalar, Style, Value};
pub use parse::{
    Document, Duplicate, MAX_DEPTH, Parsed, Problem, is_anchor_name, parse, parse_as, parse_common, parse_whole,
};
pub(crate) use parse::{Index, Manner, Misread, Resume, Words, dash_near, misplaced_tab, odd_in_flow, parse_part};
pub use pool::Pool;
pub(crate) use quote::{Escaping, quoted, write_escaped};
pub use refusal::{Quoting, gives_up_on_words, refusal};
pub(crate) use refusal::{refusal_words, unreadable};
pub use scalar::{BLANK, Dialect, Meaning};
pub(crate) use scan::chars_near;
