//! A commit as a tree of files, read from Git's object database; and what Git knows of a work tree.
//!
//! Nothing is checked out, no filter, hook or configured program runs: only the repository's own store is opened, isolated
//! from the environment and from the user's configuration.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::listing::{Raw, RawEntries};
use super::{OpenError, ReadError, ReadLimits};
use crate::finding::Gap;
use crate::source::RepoPath;

/// Bytes that the text of a link may have.
const MAX_LINK: u64 = 4096;

/// Object databases that a thread keeps open.
const KEPT: usize = 4;

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// `gix::Repository` does not cross threads, so every thread that reads opens its own.
    static OPEN: RefCell<Vec<(u64, gix::Repository)>> = const { RefCell::new(Vec::new()) };
}

/// A commit that was opened.
pub(super) struct Commit {
    id: u64,
    git_dir: PathBuf,
}

/// The Git repository around a folder.
pub(super) fn around(folder: &Path) -> Result<gix::Repository, gix::Error> {
    let isolated = || gix::open::Options::isolated();
    let trust = gix::sec::trust::Mapping { full: isolated(), reduced: isolated() };
    Ok(gix::ThreadSafeRepository::discover_opts(folder, gix::discover::upwards::Options::default(), trust)?
        .to_thread_local())
}

impl Commit {
    /// Lists the folder `path` of a commit of the repository around it.
    pub(super) fn open(
        path: &Path,
        commit: &str,
        limits: ReadLimits,
        gaps: &mut Vec<Gap>,
    ) -> Result<(Self, RawEntries), OpenError> {
        let folder = path
            .canonicalize()
            .map_err(|error| OpenError::NoFolder { path: path.to_owned(), reason: error.kind().to_string() })?;
        let repository =
            around(&folder).map_err(|error| OpenError::NoGit { path: path.to_owned(), reason: error.to_string() })?;
        let below = below_work_tree(&repository, &folder);
        let unknown =
            || OpenError::NoCommit { commit: commit.to_owned(), shallow: repository.is_shallow().unwrap_or(false) };
        // A leading dash is no revision, whatever reads it.
        let found = Some(commit).filter(|name| !name.starts_with('-')).ok_or_else(unknown)?;
        let object = repository.rev_parse_single(found).map_err(|_| unknown())?.object().map_err(|_| unknown())?;
        let mut tree = object.peel_to_tree().map_err(|_| unknown())?;
        if !below.is_root() {
            let missing = || OpenError::NoFolderInCommit { commit: commit.to_owned(), folder: below.clone() };
            let entry = tree.lookup_entry_by_path(below.as_str()).ok().flatten().ok_or_else(missing)?;
            tree = entry.object().ok().and_then(|object| object.try_into_tree().ok()).ok_or_else(missing)?;
        }
        let raw = list(&repository, tree.id, limits, gaps);
        let commit = Self { id: NEXT.fetch_add(1, Ordering::Relaxed), git_dir: repository.git_dir().to_owned() };
        Ok((commit, raw))
    }

    /// The content of an object.
    pub(super) fn read(&self, path: &RepoPath, blob: ObjectId, limit: u64) -> Result<Vec<u8>, ReadError> {
        self.opened(path, |repository| {
            // The header says the size before anything is unpacked.
            if size(repository, path, blob)? > limit {
                return Err(ReadError::TooLarge { path: path.clone(), limit });
            }
            let object = repository.find_object(blob).map_err(|_| ReadError::Absent(path.clone()))?;
            Ok(object.detach().data)
        })
    }

    pub(super) fn size(&self, path: &RepoPath, blob: ObjectId) -> Result<u64, ReadError> {
        self.opened(path, |repository| size(repository, path, blob))
    }

    /// Looks into the object database, which this thread opens if it did not yet.
    fn opened<T>(
        &self,
        path: &RepoPath,
        look: impl FnOnce(&gix::Repository) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        OPEN.with_borrow_mut(|open| {
            let at = match open.iter().position(|(id, _)| *id == self.id) {
                Some(at) => at,
                None => {
                    let repository = gix::open_opts(&self.git_dir, gix::open::Options::isolated())
                        .map_err(|error| ReadError::Unreadable { path: path.clone(), reason: error.to_string() })?;
                    if open.len() == KEPT {
                        open.remove(0);
                    }
                    open.push((self.id, repository));
                    open.len() - 1
                }
            };
            look(&open[at].1)
        })
    }
}

fn size(repository: &gix::Repository, path: &RepoPath, blob: ObjectId) -> Result<u64, ReadError> {
    Ok(repository.find_header(blob).map_err(|_| ReadError::Absent(path.clone()))?.size())
}

/// Lists a tree without recursion: a hostile one can be deep, or so branched that it never ends.
fn list(repository: &gix::Repository, root: ObjectId, limits: ReadLimits, gaps: &mut Vec<Gap>) -> RawEntries {
    let mut raw = RawEntries::new();
    let mut seen = 0;
    let mut level = vec![(String::new(), root)];
    for depth in 0.. {
        if level.is_empty() {
            break;
        }
        if depth > limits.depth {
            gaps.push(Gap::new("too-deep", format!("folders nested deeper than {} are left out", limits.depth)));
            break;
        }
        let mut next = Vec::new();
        for (folder, id) in level {
            let shown = if folder.is_empty() { "." } else { folder.trim_end_matches('/') };
            let Ok(tree) = repository.find_tree(id) else {
                gaps.push(Gap::new("unreadable-folder", format!("the folder `{shown}` is not in this clone")));
                continue;
            };
            for entry in tree.iter() {
                let Ok(entry) = entry else {
                    gaps.push(Gap::new("unreadable-folder", format!("the folder `{shown}` is damaged")));
                    break;
                };
                seen += 1;
                if seen > limits.entries {
                    let message = format!("more than {} entries; the rest is left out", limits.entries);
                    gaps.push(Gap::new("too-many-files", message));
                    return raw;
                }
                let name = match std::str::from_utf8(entry.filename()) {
                    Ok(name) if !name.contains('/') && !matches!(name, "" | "." | ".." | ".git") => name,
                    _ => {
                        let message = format!("a name in `{shown}` is not usable: `{}`", entry.filename());
                        gaps.push(Gap::new("unusable-path", message));
                        continue;
                    }
                };
                let path = format!("{folder}{name}");
                match entry.kind() {
                    EntryKind::Tree => next.push((path + "/", entry.object_id())),
                    EntryKind::Blob | EntryKind::BlobExecutable => raw.push((path, Raw::File(Some(entry.object_id())))),
                    EntryKind::Link => match link(repository, entry.object_id()) {
                        Some(target) => raw.push((path, Raw::Link(target))),
                        None => gaps.push(Gap::new("broken-link", format!("the link `{path}` cannot be read"))),
                    },
                    EntryKind::Commit => gaps.push(submodule(&path)),
                }
            }
        }
        level = next;
    }
    raw
}

fn link(repository: &gix::Repository, blob: ObjectId) -> Option<String> {
    if repository.find_header(blob).ok()?.size() > MAX_LINK {
        return None;
    }
    String::from_utf8(repository.find_object(blob).ok()?.detach().data).ok()
}

fn submodule(path: &str) -> Gap {
    Gap::new("submodule", format!("`{path}` is a submodule whose content is not at hand"))
}

/// Where a folder stands in the work tree around it; the root if it has none.
pub(super) fn below_work_tree(repository: &gix::Repository, folder: &Path) -> RepoPath {
    let root = repository.workdir().and_then(|root| root.canonicalize().ok());
    let below = root.as_deref().and_then(|root| folder.strip_prefix(root).ok()).and_then(Path::to_str);
    below.and_then(|below| RepoPath::new(below).ok()).unwrap_or_else(RepoPath::root)
}

/// What Git tracks below a folder of its work tree, relative to that folder.
pub(super) fn tracked(repository: &gix::Repository, below: &RepoPath, gaps: &mut Vec<Gap>) -> Tracked {
    let mut tracked = Tracked::default();
    if !repository.index_path().is_file() {
        return tracked;
    }
    let index = match repository.open_index() {
        Ok(index) => index,
        Err(error) => {
            let message = format!(
                "Git's index cannot be read, so that files it tracks though they are ignored are missed: {error}"
            );
            gaps.push(Gap::new("unreadable-index", message));
            return tracked;
        }
    };
    let prefix = if below.is_root() { String::new() } else { format!("{below}/") };
    for entry in index.entries() {
        let Some(path) = std::str::from_utf8(entry.path(&index)).ok().and_then(|path| path.strip_prefix(&prefix))
        else {
            continue;
        };
        if entry.mode.is_submodule() {
            tracked.submodules.push(path.to_owned());
        } else if !entry.mode.is_sparse() {
            tracked.files.push(path.to_owned());
        }
    }
    tracked
}

/// What Git's index names.
#[derive(Default)]
pub(super) struct Tracked {
    pub(super) files: Vec<String>,
    pub(super) submodules: Vec<String>,
}

impl Tracked {
    /// Submodules in which nothing was found are not checked out.
    pub(super) fn missing_submodules(&self, raw: &RawEntries, gaps: &mut Vec<Gap>) {
        for path in &self.submodules {
            let prefix = format!("{path}/");
            if !raw.iter().any(|(file, _)| file.starts_with(&prefix)) {
                gaps.push(submodule(path));
            }
        }
    }
}
