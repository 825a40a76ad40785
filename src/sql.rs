//! What SQL scripts create and change, how Flyway names, finds and checks them, and what database addresses say.
//!
//! Everything works on text and gives byte ranges of it; files are somebody else's. A password is a range here, never a
//! value.

mod cursor;
pub mod flyway;
mod lex;
mod scan;
mod url;

pub use scan::{Change, Name, Object, Script, Verb, scan};
pub use url::{Address, DatabaseUrl, Part, Scheme, parse_url};

#[cfg(test)]
mod tests;
