//! The only reader of files: a directory as Git sees it, or a commit of a Git repository without a checkout.
//!
//! What exists is decided once, when a repository is opened: files that Git would have, links that stay inside. Afterwards
//! a path is looked up in that listing and nowhere else, so that no text of the repository can name a file outside it.
//! Nothing here knows what is in a file.

mod beneath;
pub mod checkout;
mod disk;
mod git;
mod listing;
mod text;
mod worktree;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::Gap;
use crate::source::{FileId, RepoPath, SourceMap};
pub use disk::{Content, Disk};
use listing::Listing;
pub use listing::{Broken, Child, ChildKind};

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of one text.
    pub text: u64,
    /// Bytes of one file that is no text: a chart archive.
    pub archive: u64,
    /// Files, folders and links of one tree.
    pub entries: usize,
    /// Nesting of folders.
    pub depth: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { text: 10 << 20, archive: 100 << 20, entries: 1_000_000, depth: 256 }
    }
}

/// Why a repository cannot be audited at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder.
    #[error("`{}` is not a folder that can be read: {reason}", path.display())]
    NoFolder {
        /// What was asked for.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A commit was asked for, and there is no Git repository.
    #[error("`{}` is not in a Git repository: {reason}", path.display())]
    NoGit {
        /// What was asked for.
        path: PathBuf,
        /// What Git's reader said.
        reason: String,
    },
    /// The folder is Git's own store, without a work tree.
    #[error("`{}` is a Git repository without a work tree; name a commit of it", path.display())]
    Bare {
        /// What was asked for.
        path: PathBuf,
    },
    /// The commit is unknown; a shallow clone may lack it.
    #[error("the commit `{commit}` is not in this repository{}", if *.shallow { " (it is a shallow clone)" } else { "" })]
    NoCommit {
        /// What was asked for.
        commit: String,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// The commit does not have the folder.
    #[error("the commit `{commit}` has no folder `{folder}`")]
    NoFolderInCommit {
        /// The commit.
        commit: String,
        /// The folder in it.
        folder: RepoPath,
    },
}

/// Why a file could not be read. Never says anything about what lies outside the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The repository has no such file.
    #[error("there is no file `{0}`")]
    NotFound(RepoPath),
    /// It is a folder.
    #[error("`{0}` is a folder")]
    Folder(RepoPath),
    /// It is larger than the limit.
    #[error("`{path}` is too large: more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// The limit in bytes.
        limit: u64,
    },
    /// It holds bytes that are no UTF-8.
    #[error("`{0}` is not a text: it is not valid UTF-8")]
    NotText(RepoPath),
    /// The Git repository has the file's name, but not its content (a partial clone).
    #[error("the content of `{0}` is not in this clone")]
    Absent(RepoPath),
    /// Git LFS keeps the content elsewhere.
    #[error("the content of `{0}` is kept in Git LFS and is not in this clone")]
    Lfs(RepoPath),
    /// The system refused, or the file changed while it was read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: RepoPath,
        /// What the system said.
        reason: String,
    },
}

impl ReadError {
    /// This error as a gap.
    pub fn gap(&self) -> Gap {
        let kind = match self {
            ReadError::NotFound(_) | ReadError::Folder(_) => "missing-file",
            ReadError::TooLarge { .. } => "file-too-large",
            ReadError::NotText(_) => "not-a-text",
            ReadError::Absent(_) | ReadError::Lfs(_) | ReadError::Unreadable { .. } => "unreadable-file",
        };
        Gap::new(kind, self.to_string())
    }
}

/// Reads a file that the user named, wherever it lies: an argument, never a path out of a file.
pub fn read_named(path: &Path, limits: ReadLimits) -> Result<Vec<u8>, String> {
    worktree::read_named(path, limits.text).map_err(|error| format!("`{}`: {error}", path.display()))
}

/// Where the bytes come from.
enum Store {
    Folder(worktree::Folder),
    Commit(git::Commit),
    Texts,
}

/// A tree of files: the repository under audit, or a folder beside it ([`Repository::beside`]).
///
/// Paths are relative to the folder that was opened. Links are followed inside the tree only. Clones are the same tree.
#[derive(Clone)]
pub struct Repository {
    store: Arc<Store>,
    limits: ReadLimits,
    listing: Arc<Listing>,
    sources: Arc<SourceMap>,
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repository({} files)", self.listing.files().len())
    }
}

impl Repository {
    /// Lists a folder as it is, or as a commit of the Git repository around it has it.
    ///
    /// What cannot be listed (links that lead out, sockets, names that are no text) is a gap.
    pub fn open(path: &Path, at: Option<&str>, limits: ReadLimits) -> Result<(Self, Vec<Gap>), OpenError> {
        let mut gaps = Vec::new();
        let (store, raw) = Self::list(path, at, limits, &mut gaps)?;
        let listing = Listing::new(raw, 0, &mut gaps);
        let sources = Arc::new(SourceMap::new(listing.real_files().iter().cloned()));
        gaps.extend(listing.leading_out(path.join(".git").exists(), &sources));
        gaps.sort();
        Ok((Self::new(store, limits, listing, sources), gaps))
    }

    /// Opens a second folder, which may lie anywhere, as it is or as a commit has it, with the same map of sources. Its files
    /// are shown under `name`.
    pub fn beside(&self, path: &Path, name: &RepoPath, at: Option<&str>) -> Result<(Self, Vec<Gap>), OpenError> {
        let mut gaps = Vec::new();
        let (store, raw) = Self::list(path, at, self.limits, &mut gaps)?;
        let mut listing = Listing::new(raw, 0, &mut gaps);
        let shown = |file: &RepoPath| name.join(file.as_str()).unwrap_or_else(|_| file.clone());
        listing.renumber(self.sources.announce(listing.real_files().iter().map(shown)));
        gaps.extend(listing.leading_out(false, &self.sources));
        gaps.sort();
        Ok((Self::new(store, self.limits, listing, Arc::clone(&self.sources)), gaps))
    }

    /// Lists a folder with all that is in it, whatever Git would leave out: a chart as its user has it on disk.
    pub fn open_whole(
        path: &Path,
        limits: ReadLimits,
        sources: &Arc<SourceMap>,
    ) -> Result<(Self, Vec<Gap>), OpenError> {
        let mut gaps = Vec::new();
        let (folder, raw) = worktree::Folder::open_whole(path, limits, &mut gaps)?;
        let mut listing = Listing::new(raw, 0, &mut gaps);
        listing.renumber(sources.announce(listing.real_files().iter().cloned()));
        gaps.extend(listing.leading_out(false, sources));
        gaps.sort();
        Ok((Self::new(Store::Folder(folder), limits, listing, Arc::clone(sources)), gaps))
    }

    /// A repository of the given paths and texts.
    ///
    /// Panics on a path that is none: this is for tests.
    pub fn from_texts(texts: Vec<(&str, &str)>) -> Self {
        let mut gaps = Vec::new();
        let raw = texts.iter().map(|(path, _)| ((*path).to_owned(), listing::Raw::File(None))).collect();
        let listing = Listing::new(raw, 0, &mut gaps);
        assert!(gaps.is_empty(), "a path that is none");
        let sources = Arc::new(SourceMap::new(listing.real_files().iter().cloned()));
        let repository = Self::new(Store::Texts, ReadLimits::default(), listing, sources);
        for (path, text) in texts {
            if let Some(id) = RepoPath::new(path).ok().and_then(|path| repository.id(&path)) {
                repository.sources.fill(id, Arc::from(text));
            }
        }
        repository
    }

    fn new(store: Store, limits: ReadLimits, listing: Listing, sources: Arc<SourceMap>) -> Self {
        Self { store: Arc::new(store), limits, listing: Arc::new(listing), sources }
    }

    fn list(
        path: &Path,
        at: Option<&str>,
        limits: ReadLimits,
        gaps: &mut Vec<Gap>,
    ) -> Result<(Store, listing::RawEntries), OpenError> {
        match at {
            Some(commit) => {
                let (commit, raw) = git::Commit::open(path, commit, limits, gaps)?;
                Ok((Store::Commit(commit), raw))
            }
            None => {
                let (folder, raw) = worktree::Folder::open(path, limits, gaps)?;
                Ok((Store::Folder(folder), raw))
            }
        }
    }

    /// The map of every text that an audit may point into.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }

    /// All files, sorted, links to files among them.
    pub fn files(&self) -> &[RepoPath] {
        self.listing.files()
    }

    /// The files of a folder and of the folders below it, sorted. Does not go through links to folders.
    pub fn under(&self, folder: &RepoPath) -> &[RepoPath] {
        self.listing.under(folder)
    }

    /// The files of a folder and below it, through links to folders as well, by the paths under which they appear.
    pub fn under_following(&self, folder: &RepoPath) -> Vec<RepoPath> {
        self.listing.under_following(folder, self.limits)
    }

    /// The links of a folder and below it that lead to nothing in the tree.
    pub fn broken_under(&self, folder: &RepoPath) -> impl Iterator<Item = &Broken> {
        self.listing.broken_under(folder)
    }

    /// What a folder directly holds, sorted by name; links are shown as what they lead to.
    pub fn children(&self, folder: &RepoPath) -> Vec<Child> {
        self.listing.children(folder)
    }

    /// Whether this is a file or a folder.
    pub fn exists(&self, path: &RepoPath) -> bool {
        self.is_file(path) || self.is_dir(path)
    }

    /// Whether this is a file, or a link to one.
    pub fn is_file(&self, path: &RepoPath) -> bool {
        self.listing.file(path).is_some()
    }

    /// Whether this is a folder that holds a file, or a link to one.
    pub fn is_dir(&self, path: &RepoPath) -> bool {
        self.listing.folder(path).is_some()
    }

    /// The path with every link followed; `None` where there is nothing.
    pub fn real(&self, path: &RepoPath) -> Option<RepoPath> {
        self.listing.file(path).map(|(real, _)| real).or_else(|| self.listing.folder(path))
    }

    /// The id of a file's text; of a link to a file, that of the file.
    pub fn id(&self, path: &RepoPath) -> Option<FileId> {
        self.listing.file(path).map(|(_, id)| id)
    }

    /// The text of a file. Reads it once; a UTF-8 byte order mark stays in it, UTF-16 is decoded.
    pub fn read(&self, path: &RepoPath) -> Result<Arc<str>, ReadError> {
        let (real, id) = self.find(path)?;
        if let Some(text) = self.sources.text(id) {
            return Ok(text);
        }
        let bytes = self.load(&real, id, self.limits.text).map_err(|error| error.seen_as(path))?;
        let text = text::decode(&bytes).ok_or_else(|| ReadError::NotText(path.clone()))?;
        Ok(self.sources.fill(id, text))
    }

    /// The bytes of a file that is no text. Not kept.
    pub fn read_bytes(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        let (real, id) = self.find(path)?;
        self.load(&real, id, self.limits.archive).map_err(|error| error.seen_as(path))
    }

    /// How many bytes a file has, without reading it.
    pub fn size(&self, path: &RepoPath) -> Result<u64, ReadError> {
        let (real, id) = self.find(path)?;
        let none = || ReadError::NotFound(path.clone());
        match &*self.store {
            Store::Folder(folder) => folder.size(&real).map_err(|error| error.seen_as(path)),
            Store::Commit(commit) => {
                let size = commit.size(&real, self.listing.blob(&real).ok_or_else(none)?);
                size.map_err(|error| error.seen_as(path))
            }
            Store::Texts => self.sources.text(id).map(|text| text.len() as u64).ok_or_else(none),
        }
    }

    fn find(&self, path: &RepoPath) -> Result<(RepoPath, FileId), ReadError> {
        self.listing.file(path).ok_or_else(|| {
            if self.is_dir(path) { ReadError::Folder(path.clone()) } else { ReadError::NotFound(path.clone()) }
        })
    }

    fn load(&self, real: &RepoPath, id: FileId, limit: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = match &*self.store {
            Store::Folder(folder) => folder.read(real, limit),
            Store::Commit(commit) => match self.listing.blob(real) {
                Some(blob) => commit.read(real, blob, limit),
                None => Err(ReadError::NotFound(real.clone())),
            },
            Store::Texts => match self.sources.text(id) {
                Some(text) => Ok(text.as_bytes().to_vec()),
                None => Err(ReadError::NotFound(real.clone())),
            },
        }?;
        if bytes.starts_with(b"version https://git-lfs.github.com/spec/") && bytes.len() < 1024 {
            return Err(ReadError::Lfs(real.clone()));
        }
        Ok(bytes)
    }
}

impl ReadError {
    /// The same error for the path that was asked for, where a link led to another.
    fn seen_as(self, asked: &RepoPath) -> Self {
        let path = asked.clone();
        match self {
            ReadError::NotFound(_) => ReadError::NotFound(path),
            ReadError::Folder(_) => ReadError::Folder(path),
            ReadError::TooLarge { limit, .. } => ReadError::TooLarge { path, limit },
            ReadError::NotText(_) => ReadError::NotText(path),
            ReadError::Absent(_) => ReadError::Absent(path),
            ReadError::Lfs(_) => ReadError::Lfs(path),
            ReadError::Unreadable { reason, .. } => ReadError::Unreadable { path, reason },
        }
    }
}

#[cfg(test)]
mod tests;
