//! Where files come from: a small view of a repository, and the loader of one kustomization, which refuses what lies outside
//! its folder, remembers what it read and keeps what it parsed for the next overlay.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::bases::{Bases, Trail};
use super::fail::{Fail, Outside};
use super::kustomization::Kustomization;
use super::object::Object;
use super::parse::{self, Placing};
use super::remote;
use crate::budget::Budget;
use crate::discover::{Content, Disk, Repository};
use crate::hash::Seeded;
use crate::source::{FileId, RepoPath, SourceMap, Span};
use crate::yaml::{Node, Role};

/// What a path leads to, links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file, by the path that it really has.
    File(RepoPath),
    /// A folder, by the path that it really has.
    Folder(RepoPath),
}

/// The files of a repository, as a build sees them.
pub trait Files {
    /// What a path leads to; `None` for nothing, and for what leaves the repository.
    fn find(&self, path: &RepoPath) -> Option<Found>;
    /// What a file holds, and the id of its text.
    fn read(&self, path: &RepoPath) -> Option<(FileId, Content)>;
    /// The names in a folder, sorted, those of links that lead to nothing among them.
    fn names(&self, folder: &RepoPath) -> Vec<String>;
    /// Where the texts are kept.
    fn sources(&self) -> &SourceMap;
    /// Whether a path at which nothing is belongs to a submodule, which may not be at hand.
    fn is_of_submodule(&self, _: &RepoPath) -> bool {
        false
    }
    /// Whether two paths are in one repository, so that one may lead to the other.
    fn are_together(&self, _: &RepoPath, _: &RepoPath) -> bool {
        true
    }
}

/// A file that was read.
pub(super) struct Loaded {
    pub(super) file: FileId,
    pub(super) content: Content,
    pub(super) path: RepoPath,
}

impl Loaded {
    pub(super) fn text(&self) -> Result<&str, Fail> {
        match &self.content {
            Content::Text(text) => Ok(text),
            Content::Bytes(_) => Err(Fail::at(self.whole(), "MalformedYAMLError: yaml: invalid leading UTF-8 octet")),
        }
    }

    pub(super) fn whole(&self) -> Span {
        Span::new(self.file, 0, self.content.bytes().len())
    }
}

/// What all builds of a repository share: files that were parsed and bases that were built. The builds have the same files
/// and the same charts to ask.
#[derive(Default)]
pub struct Cache {
    objects: Mutex<Seeded<(RepoPath, bool), Parsed>>,
    pub(super) kustomizations: Mutex<Seeded<(RepoPath, bool), Placed>>,
    pub(super) bases: Bases,
}

type Parsed = Arc<Result<Vec<Object>, Fail>>;

/// A kustomization and the file that it stands in.
type Placed = (Arc<Kustomization>, RepoPath);

/// What all kustomizations of one build share.
pub(super) struct Shared<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) cache: &'a Cache,
    pub(super) budget: &'a Budget,
    pub(super) unrestricted: bool,
    pub(super) trail: RefCell<Trail>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(files: &'a dyn Files, cache: &'a Cache, budget: &'a Budget, unrestricted: bool) -> Self {
        Self { files, cache, budget, unrestricted, trail: RefCell::default() }
    }

    pub(super) fn files_read(&self) -> BTreeSet<RepoPath> {
        self.trail.borrow().files.clone()
    }

    fn open(&self, path: RepoPath) -> Result<Loaded, Fail> {
        let Some((file, content)) = self.files.read(&path) else {
            return Err(Fail::new(format!("the file '{path}' cannot be read")));
        };
        self.trail.borrow_mut().files.insert(path.clone());
        Ok(Loaded { file, content, path })
    }

    /// The text of a scalar and where its bytes stand.
    pub(super) fn placing(&self, node: &Node) -> Placing {
        let (Some(scalar), at) = (node.as_scalar(), node.span()) else { return Placing::Somewhere(node.span()) };
        match self.files.sources().text(at.file) {
            Some(outer) => Placing::inside(scalar, at, &outer),
            None => Placing::Somewhere(at),
        }
    }
}

/// The view that one kustomization has: its folder, and the folders that led to it.
#[derive(Clone)]
pub(super) struct Loader<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) root: RepoPath,
    referrers: Vec<RepoPath>,
}

impl<'a> Loader<'a> {
    /// The view of the folder where a build begins.
    pub(super) fn new(shared: &'a Shared<'a>, dir: &RepoPath) -> Result<Self, Fail> {
        match shared.files.find(dir) {
            Some(Found::Folder(root)) => Ok(Self { shared, root, referrers: Vec::new() }),
            Some(Found::File(_)) => Err(Fail::new(format!("must build at directory: '{dir}': file is not directory"))),
            None => Err(missing(shared, Some(dir.clone()), dir.as_str()).within(NO_FOLDER)),
        }
    }

    /// The view of another folder that this kustomization names.
    pub(super) fn descend(&self, path: &str) -> Result<Self, Fail> {
        if path.is_empty() {
            return Err(Fail::new("new root cannot be empty"));
        }
        if path.starts_with('/') {
            return Err(Fail::new(format!("new root '{path}' cannot be absolute")));
        }
        let nowhere = || self.missing(path).within(NO_FOLDER);
        let target = self.target(path).ok_or_else(nowhere)?;
        let root = match self.shared.files.find(&target) {
            Some(Found::Folder(root)) => root,
            Some(Found::File(_)) => {
                return Err(Fail::new(format!("must build at directory: '{target}': file is not directory")));
            }
            None => return Err(nowhere()),
        };
        if let Some(visited) = self.visited_within(&root) {
            return Err(Fail::new(format!(
                "cycle detected: candidate root '{root}' contains visited root '{visited}'"
            )));
        }
        let referrers = std::iter::once(self.root.clone()).chain(self.referrers.iter().cloned()).collect();
        Ok(Self { shared: self.shared, root, referrers })
    }

    /// The folder on the way here, this one included, that lies in `root`.
    pub(super) fn visited_within(&self, root: &RepoPath) -> Option<&RepoPath> {
        std::iter::once(&self.root).chain(&self.referrers).find(|visited| visited.is_within(root))
    }

    /// The folders that led here.
    pub(super) fn has_referrer_within(&self, root: &RepoPath) -> bool {
        self.referrers.iter().any(|visited| visited.is_within(root))
    }

    /// What a relative path means, if it stays in the repository.
    fn target(&self, path: &str) -> Option<RepoPath> {
        self.root.join(path).ok().filter(|target| self.shared.files.are_together(&self.root, target))
    }

    /// A relative path as errors name it: cleaned, as far as it stays in the repository.
    fn named(&self, path: &str) -> String {
        self.root.join(path).map_or_else(|_| format!("{}/{path}", self.root), |target| target.to_string())
    }

    /// The view of a folder that stands for something outside the repository.
    pub(super) fn elsewhere(&self, dir: &RepoPath) -> Result<Self, Fail> {
        let mut loader = Self::new(self.shared, dir)?;
        if self.referrers.len() > 64 {
            return Err(Fail::new(format!("cycle detected: '{dir}' is reached again and again")));
        }
        loader.referrers = std::iter::once(self.root.clone()).chain(self.referrers.iter().cloned()).collect();
        Ok(loader)
    }

    fn missing(&self, path: &str) -> Fail {
        missing(self.shared, self.root.join(path).ok(), &self.named(path))
    }

    /// Reads a file that this kustomization names.
    pub(super) fn load(&self, path: &str) -> Result<Loaded, Fail> {
        let missing = || self.missing(path);
        if remote::is_web_file(path) {
            let address = remote::shown(path);
            let message = format!("`{address}` is outside the repository and is not fetched");
            return Err(Fail { outside: Some(Outside::Web(address)), ..Fail::new(message) });
        }
        if path.starts_with('/') {
            // An absolute path is one of the machine, not of the repository.
            return Err(Fail::new(format!("security; file '{path}' is not in or below '{}'", self.root)));
        }
        let target = self.target(path).ok_or_else(missing)?;
        match self.shared.files.find(&target) {
            Some(Found::File(real)) => {
                let folder = real.parent().unwrap_or_else(RepoPath::root);
                if !self.shared.unrestricted && !folder.is_within(&self.root) {
                    return Err(Fail::new(format!("security; file '{real}' is not in or below '{}'", self.root)));
                }
                self.shared.open(real)
            }
            Some(Found::Folder(_)) => Err(Fail::new(format!("'{target}' must resolve to a file"))),
            None => Err(missing()),
        }
    }

    /// Whether a file of the kustomization's own folder is there.
    pub(super) fn load_own(&self, name: &str) -> Option<Loaded> {
        self.load(name).ok()
    }

    /// The objects of a file, parsed once for all builds.
    pub(super) fn objects(&self, path: &str, patch: bool) -> Result<Vec<Object>, Fail> {
        let loaded = self.load(path)?;
        let key = (loaded.path.clone(), patch);
        let known = self.shared.cache.objects.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let parsed = match known {
            Some(parsed) => parsed,
            None => {
                let role = if patch { Role::Patch } else { Role::Manifest };
                let parsed = loaded
                    .text()
                    .and_then(|text| self.parse(text, &Placing::Whole(loaded.file), role))
                    .map_err(|fail| describe(fail, path).or_at(loaded.whole()));
                let parsed = Arc::new(parsed);
                // What a limit cut short may succeed with another budget.
                if !matches!(&*parsed, Err(fail) if fail.exceeded) {
                    let mut objects = self.shared.cache.objects.lock().unwrap_or_else(PoisonError::into_inner);
                    objects.insert(key, Arc::clone(&parsed));
                }
                parsed
            }
        };
        self.shared.budget.items(parsed.as_ref().as_ref().map_or(0, |objects| objects.len() as u64))?;
        (*parsed).clone()
    }

    /// The objects of a text.
    pub(super) fn parse(&self, text: &str, placing: &Placing, role: Role) -> Result<Vec<Object>, Fail> {
        let normal;
        let text = if text.contains("\r\n") && matches!(placing, Placing::Somewhere(_)) {
            normal = text.replace("\r\n", "\n");
            &normal
        } else {
            text
        };
        let documents = parse::documents(text, placing, role, self.shared.budget)?;
        super::resmap::objects_of(documents)
    }

    /// The objects of a text that stands in a field.
    pub(super) fn inline(&self, node: &Node, text: &str, role: Role) -> Result<Vec<Object>, Fail> {
        self.parse(text, &self.shared.placing(node), role).map_err(|fail| fail.or_at(node.span()))
    }
}

fn describe(mut fail: Fail, path: &str) -> Fail {
    if fail.malformed {
        fail.message = format!("{} in File: {path}", fail.message);
    }
    fail
}

impl Files for Disk {
    fn find(&self, path: &RepoPath) -> Option<Found> {
        let (real, is_file) = Disk::find(self, path)?;
        Some(if is_file { Found::File(real) } else { Found::Folder(real) })
    }

    fn read(&self, path: &RepoPath) -> Option<(FileId, Content)> {
        Disk::read(self, path)
    }

    fn names(&self, folder: &RepoPath) -> Vec<String> {
        Disk::names(self, folder)
    }

    fn sources(&self) -> &SourceMap {
        Disk::sources(self)
    }
}

impl Files for Repository {
    fn find(&self, path: &RepoPath) -> Option<Found> {
        let real = self.real(path)?;
        Some(if self.is_file(path) { Found::File(real) } else { Found::Folder(real) })
    }

    fn read(&self, path: &RepoPath) -> Option<(FileId, Content)> {
        let id = self.id(path)?;
        if let Some(text) = Repository::sources(self).text(id) {
            return Some((id, Content::Text(text)));
        }
        match String::from_utf8(self.read_bytes(path).ok()?) {
            Ok(text) => Some((id, Content::Text(Repository::sources(self).fill(id, text.into())))),
            Err(broken) => Some((id, Content::Bytes(broken.into_bytes().into()))),
        }
    }

    fn names(&self, folder: &RepoPath) -> Vec<String> {
        let Some(real) = self.real(folder) else { return Vec::new() };
        let broken = self.broken_under(&real).map(|broken| &broken.link);
        let broken = broken.filter(|link| link.parent().as_ref() == Some(&real)).cloned();
        let names = self.children(&real).into_iter().map(|child| child.path).chain(broken);
        names.map(|path| path.file_name().to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn sources(&self) -> &SourceMap {
        Repository::sources(self)
    }
}

const NO_FOLDER: &str = "must build at directory: not a valid directory";

/// Kustomize's words for a path at which nothing is; they name the first part that is not there.
fn missing(shared: &Shared<'_>, target: Option<RepoPath>, named: &str) -> Fail {
    let outside = target.clone().filter(|target| shared.files.is_of_submodule(target)).map(Outside::Submodule);
    let mut folders: Vec<RepoPath> = std::iter::successors(target, RepoPath::parent).collect();
    folders.reverse();
    let gone = folders.into_iter().find(|folder| shared.files.find(folder).is_none());
    let gone = gone.map_or(String::new(), |gone| format!("lstat {gone}: "));
    Fail { outside, ..Fail::new(format!("evalsymlink failure on '{named}' : {gone}no such file or directory")) }
}

/// Go's `filepath.Join` of two relative paths.
pub(super) fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
