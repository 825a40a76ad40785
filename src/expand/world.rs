//! What every part of expansion is given: the files, what they are, and what the user said.

use super::Settings;
use super::inventory::Inventory;
use crate::render::Context;
use crate::source::Span;

/// Everything that expansion looks at.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// For rendering.
    pub context: Context<'a>,
    /// What the user said.
    pub settings: &'a Settings,
    /// What the files are.
    pub inventory: &'a Inventory,
}

impl World<'_> {
    /// Whether a place is in a text that was read, and not in one that was only made up.
    pub fn is_file(&self, span: Span) -> bool {
        self.context.repository().sources().has(span.file)
    }
}
