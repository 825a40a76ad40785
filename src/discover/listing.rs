//! What a tree holds: files and links, sorted, and how a path is found among them.
//!
//! Links are resolved here, against the listing and never against a disk: what is not listed cannot be reached, whatever a
//! link says. Argo CD refuses a repository with an absolute link or one that leaves the root at any step, even if it comes
//! back (`argo-cd util/app/path/path.go`, `CheckOutOfBoundsSymlinks`); here such a link is a gap.

use gix::ObjectId;

use super::ReadLimits;
use crate::finding::Gap;
use crate::source::{FileId, RepoPath, SourceMap, Span};

/// Links that are followed for one path; Linux stops at the same number.
const MAX_HOPS: usize = 40;

/// An entry as a store lists it, by its `/`-separated path.
pub(super) type RawEntries = Vec<(String, Raw)>;

/// What a store knows of an entry.
pub(super) enum Raw {
    /// A file, with its object if it is a commit's.
    File(Option<ObjectId>),
    /// A link, with what it says.
    Link(String),
}

/// Something that a folder directly holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Child {
    /// Its path.
    pub path: RepoPath,
    /// What it is, or leads to.
    pub kind: ChildKind,
}

/// Whether a child is a file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChildKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// The files and links of a tree.
pub(super) struct Listing {
    /// Real files, sorted; a file's place in this list is its id.
    real: Vec<RepoPath>,
    blobs: Vec<Option<ObjectId>>,
    first: u32,
    /// Links that lead to a file or a folder of this tree, sorted.
    links: Vec<(RepoPath, Target)>,
    /// Real files and links to files, sorted.
    files: Vec<RepoPath>,
    /// Whether a link leads to a folder: only then a path can go through one.
    folder_links: bool,
    /// Links that lead out, with what they say.
    outside: Vec<(RepoPath, String)>,
    /// Links that lead to nothing here, sorted.
    broken: Vec<Broken>,
}

/// A link that leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its path.
    pub link: RepoPath,
    /// What is not there on the way; nothing where links lead in circles.
    pub missing: Option<RepoPath>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    File(RepoPath),
    Folder(RepoPath),
}

enum Lost {
    Outside,
    Nowhere(Option<RepoPath>),
}

impl Listing {
    pub(super) fn new(mut raw: RawEntries, first: u32, gaps: &mut Vec<Gap>) -> Self {
        raw.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let (mut real, mut blobs, mut said) = (Vec::with_capacity(raw.len()), Vec::new(), Vec::new());
        for (text, entry) in raw {
            let path = match RepoPath::new(&text) {
                Ok(path) if path.as_str() == text => path,
                _ => {
                    gaps.push(Gap::new("unusable-path", format!("the name `{text}` is not usable as a path")));
                    continue;
                }
            };
            match entry {
                Raw::File(blob) => {
                    real.push(path);
                    blobs.push(blob);
                }
                Raw::Link(target) => said.push((path, target)),
            }
        }
        let mut listing = Self {
            real,
            blobs,
            first,
            links: Vec::new(),
            files: Vec::new(),
            folder_links: false,
            outside: Vec::new(),
            broken: Vec::new(),
        };
        listing.links = listing.resolved(&said, gaps);
        listing.folder_links = listing.links.iter().any(|(_, target)| matches!(target, Target::Folder(_)));
        let linked = listing.links.iter().filter(|(_, target)| matches!(target, Target::File(_)));
        listing.files = listing.real.iter().chain(linked.map(|(path, _)| path)).cloned().collect();
        if listing.files.len() > listing.real.len() {
            listing.files.sort_unstable();
        }
        listing
    }

    /// Lets the ids begin at `first`.
    pub(super) fn renumber(&mut self, first: FileId) {
        self.first = first.0;
    }

    /// The links that lead out of the tree, as gaps. `whole` says that the tree is a repository and not a part of one, which
    /// a link may leave and be fine.
    pub(super) fn leading_out(&self, whole: bool, sources: &SourceMap) -> Vec<Gap> {
        let gaps = self.outside.iter().map(|(path, target)| {
            let message = format!(
                "the link `{path}` leads out of the repository and is not followed; Argo CD refuses such a repository"
            );
            // A place to point at; what the link says is not shown.
            let file = sources.add(path.clone(), "");
            let gap = Gap::new("link-outside-repository", message).at(Span::new(file, 0, 0));
            Gap { defect: whole || target.starts_with('/'), ..gap }
        });
        gaps.collect()
    }

    pub(super) fn real_files(&self) -> &[RepoPath] {
        &self.real
    }

    pub(super) fn files(&self) -> &[RepoPath] {
        &self.files
    }

    pub(super) fn under(&self, folder: &RepoPath) -> &[RepoPath] {
        within(&self.files, folder)
    }

    pub(super) fn broken_under(&self, folder: &RepoPath) -> impl Iterator<Item = &Broken> {
        self.broken.iter().filter(move |broken| broken.link.is_within(folder))
    }

    /// The file behind a path, and its id.
    pub(super) fn file(&self, path: &RepoPath) -> Option<(RepoPath, FileId)> {
        if let Ok(at) = self.real.binary_search(path) {
            return Some((path.clone(), FileId(self.first + at as u32)));
        }
        match self.through_links(path)? {
            Target::File(real) => {
                let at = self.real.binary_search(&real).ok()?;
                Some((real, FileId(self.first + at as u32)))
            }
            Target::Folder(_) => None,
        }
    }

    /// The folder behind a path.
    pub(super) fn folder(&self, path: &RepoPath) -> Option<RepoPath> {
        if path.is_root() || self.is_real_folder(path) {
            return Some(path.clone());
        }
        match self.through_links(path)? {
            Target::Folder(real) => Some(real),
            Target::File(_) => None,
        }
    }

    pub(super) fn blob(&self, real: &RepoPath) -> Option<ObjectId> {
        self.real.binary_search(real).ok().and_then(|at| self.blobs[at])
    }

    /// A folder exists as far as it holds something, as in Git.
    fn is_real_folder(&self, path: &RepoPath) -> bool {
        !within(&self.real, path).is_empty()
            || self.links.iter().any(|(link, _)| link.is_within(path) && *link != *path)
    }

    fn link(&self, path: &RepoPath) -> Option<&Target> {
        let at = self.links.binary_search_by(|(link, _)| link.cmp(path)).ok()?;
        Some(&self.links[at].1)
    }

    /// Goes down a path through links that are resolved already.
    fn through_links(&self, path: &RepoPath) -> Option<Target> {
        if let Some(target) = self.link(path) {
            return Some(target.clone());
        }
        if !self.folder_links {
            return None;
        }
        let mut at = RepoPath::root();
        let mut segments = path.segments().peekable();
        while let Some(name) = segments.next() {
            at = at.join(name).ok()?;
            match self.link(&at) {
                Some(Target::Folder(real)) => at = real.clone(),
                Some(Target::File(real)) => return segments.peek().is_none().then(|| Target::File(real.clone())),
                None => {}
            }
        }
        if self.real.binary_search(&at).is_ok() {
            return Some(Target::File(at));
        }
        (at.is_root() || self.is_real_folder(&at)).then_some(Target::Folder(at))
    }

    /// What each link leads to. Those that lead out are kept by themselves, those that lead nowhere become gaps.
    fn resolved(&mut self, said: &[(RepoPath, String)], gaps: &mut Vec<Gap>) -> Vec<(RepoPath, Target)> {
        let mut resolved = Vec::new();
        for (path, target) in said {
            match self.follow(path, target, said) {
                Ok(target) => resolved.push((path.clone(), target)),
                Err(Lost::Outside) => self.outside.push((path.clone(), target.clone())),
                Err(Lost::Nowhere(missing)) => {
                    self.broken.push(Broken { link: path.clone(), missing });
                    gaps.push(Gap::new("broken-link", format!("the link `{path}` leads to nothing in the repository")));
                }
            }
        }
        resolved
    }

    fn follow(&self, path: &RepoPath, target: &str, said: &[(RepoPath, String)]) -> Result<Target, Lost> {
        let link_at = |path: &RepoPath| said.binary_search_by(|(link, _)| link.cmp(path)).ok().map(|at| &said[at].1);
        let folder = path.parent().unwrap_or_else(RepoPath::root);
        // Argo CD looks at the text alone, before anything is followed.
        if target.starts_with('/') || folder.join(target).is_err() {
            return Err(Lost::Outside);
        }
        let mut at = folder;
        let mut hops = 1;
        let mut todo: Vec<String> = target.split('/').rev().map(str::to_owned).collect();
        while let Some(name) = todo.pop() {
            if matches!(name.as_str(), "" | ".") {
                continue;
            }
            if !at.is_root() && !self.holds(&at, said) {
                return Err(Lost::Nowhere(Some(at)));
            }
            let next = at.join(&name).map_err(|_| Lost::Outside)?;
            let Some(text) = link_at(&next).filter(|_| name != "..") else {
                at = next;
                continue;
            };
            hops += 1;
            if hops > MAX_HOPS {
                return Err(Lost::Nowhere(None));
            }
            if text.starts_with('/') {
                return Err(Lost::Outside);
            }
            todo.extend(text.split('/').rev().map(str::to_owned));
        }
        if self.real.binary_search(&at).is_ok() {
            return Ok(Target::File(at));
        }
        if at.is_root() || self.holds(&at, said) { Ok(Target::Folder(at)) } else { Err(Lost::Nowhere(Some(at))) }
    }

    /// Whether a folder holds a file or a link.
    fn holds(&self, folder: &RepoPath, said: &[(RepoPath, String)]) -> bool {
        let from = said.partition_point(|(link, _)| link <= folder);
        !within(&self.real, folder).is_empty() || said[from..].iter().any(|(link, _)| link.is_within(folder))
    }

    pub(super) fn children(&self, folder: &RepoPath) -> Vec<Child> {
        let Some(real) = self.folder(folder) else { return Vec::new() };
        let mut children = Vec::new();
        let mut rest = within(&self.real, &real);
        while let Some(path) = rest.first() {
            let below = path.relative_to(&real).unwrap_or_default();
            let (name, kind) = match below.split_once('/') {
                Some((name, _)) => (name, ChildKind::Folder),
                None => (below, ChildKind::File),
            };
            let (Ok(child), Ok(shown)) = (real.join(name), folder.join(name)) else { break };
            rest = match kind {
                ChildKind::File => &rest[1..],
                // `x-y/` and `x.y` sort between `x` and `x/`, so a folder's files need not follow its name at once, but
                // they do follow one another.
                ChildKind::Folder => &rest[rest.partition_point(|path| path.is_within(&child))..],
            };
            children.push(Child { path: shown, kind });
        }
        for (link, target) in self.links.iter().filter(|(link, _)| link.is_within(&real) && *link != real) {
            let Some(below) = link.relative_to(&real) else { continue };
            let (name, kind) = match (below.split_once('/'), target) {
                (Some((name, _)), _) => (name, ChildKind::Folder),
                (None, Target::File(_)) => (below, ChildKind::File),
                (None, Target::Folder(_)) => (below, ChildKind::Folder),
            };
            if let Ok(path) = folder.join(name) {
                children.push(Child { path, kind });
            }
        }
        children.sort_unstable();
        children.dedup();
        children
    }

    pub(super) fn under_following(&self, folder: &RepoPath, limits: ReadLimits) -> Vec<RepoPath> {
        let Some(real) = self.folder(folder) else { return Vec::new() };
        if !self.folder_links && real == *folder {
            return self.under(folder).to_vec();
        }
        // Each folder is remembered with the real folders above it, so that a link into one of them ends there.
        let mut found = Vec::new();
        let mut todo = vec![(folder.clone(), vec![real])];
        while let Some((folder, above)) = todo.pop() {
            for child in self.children(&folder) {
                if found.len() + todo.len() >= limits.entries {
                    break;
                }
                match child.kind {
                    ChildKind::File => found.push(child.path),
                    ChildKind::Folder => {
                        let Some(real) = self.folder(&child.path) else { continue };
                        if above.len() < limits.depth && !above.contains(&real) {
                            let mut chain = above.clone();
                            chain.push(real);
                            todo.push((child.path, chain));
                        }
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// The part of a sorted list below a folder: paths that share a prefix up to a `/` follow one another.
fn within<'a>(sorted: &'a [RepoPath], folder: &RepoPath) -> &'a [RepoPath] {
    if folder.is_root() {
        return sorted;
    }
    let prefix = folder.as_str();
    let order = |path: &RepoPath| {
        let (path, at) = (path.as_str().as_bytes(), prefix.len());
        let head = &path[..path.len().min(at)];
        head.cmp(prefix.as_bytes()).then_with(|| path.get(at).cmp(&Some(&b'/')))
    };
    let from = sorted.partition_point(|path| order(path).is_lt());
    let len = sorted[from..].partition_point(|path| order(path).is_eq());
    &sorted[from..from + len]
}
