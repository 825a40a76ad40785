//! What every part of expansion is given: the files, what they are, and what the user said.

use std::sync::OnceLock;

use super::Settings;
use super::inventory::Inventory;
use super::switches;
use crate::k8s::argo::Application;
use crate::render::{self, Context, Output};
use crate::source::Span;
use crate::yaml::Pool;

/// Everything that expansion looks at.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// For rendering.
    pub context: Context<'a>,
    /// What the user said.
    pub settings: &'a Settings,
    /// What the files are.
    pub inventory: &'a Inventory,
    /// Whether the repository sets the opt-in globbing, once somebody asked.
    pub globbing: &'a OnceLock<bool>,
    /// What Applications and their objects have in common.
    pub pool: &'a Pool,
}

impl World<'_> {
    /// Renders an Application.
    pub fn rendered(&self, app: &Application<'_>) -> Output {
        let mut output = render::application(&self.context, app);
        output.rendered.objects.iter_mut().for_each(|object| self.pool.share(&mut object.node));
        output.rendered.objects.shrink_to_fit();
        output
    }

    /// Whether a place is in a text that was read, and not in one that was only made up.
    pub fn is_file(&self, span: Span) -> bool {
        self.context.repository().sources().has(span.file)
    }

    /// Whether the repository sets up an Argo CD with the controller's opt-in globbing.
    pub fn sets_new_globbing(&self) -> bool {
        *self.globbing.get_or_init(|| switches::new_globbing(self.context.manifests(), self.settings))
    }
}
