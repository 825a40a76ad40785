//! Regular expressions as Go reads them: of targets, of images and of items in the paths of replacements.

use regex::bytes::{Regex, RegexBuilder};

use super::fail::Fail;
use crate::gotmpl;

/// How large a compiled expression may be, in bytes.
const LARGEST: usize = 1 << 20;

/// A compiled expression. It looks at bytes, because some of Go's ask for single ones.
#[derive(Debug, Clone)]
pub(super) struct Expression(Regex);

impl Expression {
    /// Refuses what is no expression, with Go's reason.
    pub(super) fn new(pattern: &str) -> Result<Self, Fail> {
        let refused = |problem: String| Fail::new(format!("error parsing regexp: {problem}"));
        let spelled = gotmpl::crates_expression(pattern).map_err(refused)?;
        RegexBuilder::new(&spelled).size_limit(LARGEST).build().map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                let message = format!("the regular expression `{pattern}` is larger than {LARGEST} bytes");
                Fail { exceeded: true, ..Fail::new(message) }
            }
            _ => refused(format!("invalid expression: `{pattern}`")),
        })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}
