//! A chart as it was loaded: shared by all that render it, never changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::error::{Reason, RenderError};
use super::metadata::Metadata;
use super::remembered::Remembered;
use super::schema::Schema;
use super::version::HelmVersion;
use crate::discover::{ReadError, Repository};
use crate::finding::Gap;
use crate::gotmpl::{Shelf, TemplateSet};
use crate::render::place::without_user;
use crate::source::{FileId, RepoPath, Span};
use crate::yaml::Node;

/// What a file holds; one of a folder is read when somebody asks.
#[derive(Clone)]
pub struct Content(Arc<Held>);

enum Held {
    Known(Bytes),
    File { tree: Repository, path: RepoPath, read: OnceLock<Result<Bytes, ReadError>> },
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// A text, and its id in the map of sources.
    Text(FileId, Arc<str>),
    /// What is no UTF-8.
    Binary(Arc<[u8]>),
}

impl Content {
    /// What is known already.
    pub(super) fn known(bytes: Bytes) -> Self {
        Self(Arc::new(Held::Known(bytes)))
    }

    /// What a file of a tree holds.
    pub(super) fn of(tree: &Repository, path: RepoPath) -> Self {
        Self(Arc::new(Held::File { tree: tree.clone(), path, read: OnceLock::new() }))
    }

    /// What the file holds.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(&self) -> Result<&Bytes, RenderError> {
        match &*self.0 {
            Held::Known(bytes) => Ok(bytes),
            Held::File { tree, path, read } => {
                let read = read.get_or_init(|| Bytes::of(tree, path)).as_ref();
                read.map_err(|error| RenderError::new(Reason::Unreadable, error.to_string()))
            }
        }
    }
}

impl Bytes {
    fn of(tree: &Repository, path: &RepoPath) -> Result<Self, ReadError> {
        match (tree.read(path), tree.id(path)) {
            (Ok(text), Some(id)) => Ok(Bytes::Text(id, text)),
            (Ok(_), None) => Err(ReadError::NotFound(path.clone())),
            (Err(ReadError::NotText(_)), _) => tree.read_bytes(path).map(|bytes| Bytes::Binary(bytes.into())),
            (Err(error), _) => Err(error),
        }
    }

    /// The bytes, without a byte order mark, which Helm cuts off.
    pub fn bytes(&self) -> &[u8] {
        let bytes = match self {
            Bytes::Text(_, text) => text.as_bytes(),
            Bytes::Binary(bytes) => bytes,
        };
        bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
    }

    /// The text, without a byte order mark, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Bytes::Text(_, text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Bytes::Binary(_) => None,
        }
    }
}

/// A file of a chart.
#[derive(Clone)]
pub struct ChartFile {
    /// Its path in the chart (`templates/a.yaml`).
    pub name: Arc<str>,
    /// What it holds.
    pub content: Content,
}

/// Templates, once somebody has parsed them.
pub(super) type Parsed = Arc<Mutex<Option<Arc<TemplateSet>>>>;

/// A chart that is listed and not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub name: Arc<str>,
    /// The range of versions that would do.
    pub version: Arc<str>,
    /// Where it would come from.
    pub repository: Arc<str>,
    /// Where it is listed.
    pub span: Option<Span>,
}

impl Missing {
    /// This as a gap. What is to lie beside the chart, or in it, and does not, is missing wherever it is looked for.
    pub fn gap(&self) -> Gap {
        let gap = match &*self.repository {
            "" => Gap::new("missing-chart", format!("the chart `{}` is not in `charts/`", self.name)).defect(),
            near if near.starts_with("file://") => {
                let message = format!("the chart `{}` is not at `{near}`", self.name);
                Gap::new("missing-chart", message).defect()
            }
            far => Gap::missing_chart(&self.name, &self.version, &without_user(far)),
        };
        match self.span {
            Some(span) => gap.at(span),
            None => gap,
        }
    }
}

/// A loaded chart.
pub struct Chart {
    /// What it says of itself.
    pub metadata: Metadata,
    /// Its default values, if it has any.
    pub values: Option<Node>,
    /// The JSON schema of its values.
    pub schema: Option<Content>,
    /// What lies in `templates/`.
    pub templates: Vec<ChartFile>,
    /// All other files.
    pub files: Vec<ChartFile>,
    /// What lies in `charts/`.
    pub dependencies: Vec<Arc<Chart>>,
    /// What it lists and does not have.
    pub missing: Vec<Missing>,
    /// The folder or archive that it was loaded from.
    pub place: RepoPath,
    pub(super) helm: HelmVersion,
    /// The schema, read.
    pub(super) checked: OnceLock<Schema>,
    /// The large documents that its releases brought.
    pub(super) remembered: Remembered,
    /// What texts of templates were parsed to, shared with the charts that were loaded beside it.
    pub(super) shelf: Arc<Shelf>,
    /// The templates, parsed, by which sub-charts take part under which names.
    pub(super) sets: Mutex<BTreeMap<(String, bool), Parsed>>,
}

impl Chart {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.metadata.name.text
    }

    /// Whether a missing chart is the dependency of this number.
    pub(super) fn lists(&self, index: usize, missing: &Missing) -> bool {
        let listed = self.metadata.dependencies.as_deref().unwrap_or_default();
        listed.get(index).is_some_and(|dependency| dependency.name.text == missing.name)
    }

    /// The chart and those below it that take part whatever the values say.
    pub(super) fn always(&self) -> Vec<&Chart> {
        let mut all = vec![self];
        let mut at = 0;
        while let Some(chart) = all.get(at).copied() {
            all.extend(chart.dependencies.iter().map(Arc::as_ref).filter(|sub| chart.always_has(sub.name())));
            at += 1;
        }
        all
    }

    fn always_has(&self, name: &str) -> bool {
        let mut listed = self.metadata.dependencies.iter().flatten().filter(|one| &*one.name.text == name);
        listed.all(|one| one.condition.text.is_empty() && one.tags.is_empty())
    }

    /// The Helm that it was loaded for.
    pub fn helm(&self) -> HelmVersion {
        self.helm
    }
}

impl std::fmt::Debug for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chart({} {})", self.name(), self.metadata.version.text)
    }
}
