//! What every part of expansion is given: the files, what they are, and what the user said.

use std::sync::OnceLock;

use super::Settings;
use super::inventory::{Inventory, is_hidden};
use crate::k8s::argo::Application;
use crate::render::{self, Context, Output, plain};
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

    /// Whether the repository sets up an Argo CD with the controller's opt-in globbing, in `argocd-cmd-params-cm` or in the
    /// values of Argo CD's chart, which need not be at hand. Where two places differ neither counts.
    pub fn sets_new_globbing(&self) -> bool {
        *self.globbing.get_or_init(|| {
            let repository = self.context.repository();
            let files = repository.files().iter().filter(|path| plain::is_manifest_name(path) && !is_hidden(path));
            let texts = files
                .filter(|path| !self.settings.ignored.is_match(path.as_str()))
                .filter_map(|path| repository.read(path).ok());
            let said: Vec<bool> = texts.filter(|text| text.contains(GLOBBING)).flat_map(|text| said(&text)).collect();
            !said.is_empty() && said.iter().all(|on| *on)
        })
    }
}

/// The parameter of `argocd-cmd-params-cm` (`docs/operator-manual/argocd-cmd-params-cm.yaml`).
const GLOBBING: &str = "applicationsetcontroller.enable.new.git.file.globbing";

/// What the lines of a text set it to; what a template fills in is not known.
fn said(text: &str) -> Vec<bool> {
    const QUOTES: [char; 2] = ['"', '\''];
    let value = |line: &str| {
        let rest = line.trim_start().trim_start_matches(QUOTES).strip_prefix(GLOBBING)?;
        let value = rest.trim_start_matches(QUOTES).strip_prefix(':')?.split('#').next()?;
        value.trim().trim_matches(QUOTES).parse().ok()
    };
    text.lines().filter_map(value).collect()
}
