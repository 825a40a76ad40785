//! A folder as Git sees it: everything that is not ignored, and what is tracked although it is.
//!
//! Only regular files are ever opened, `.gitignore` included: a repository can hold a link `.gitignore` to a device.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;

use super::beneath::{Beneath, Opened};
use super::listing::{Raw, RawEntries};
use super::{OpenError, ReadError, ReadLimits, git};
use crate::finding::Gap;
use crate::source::RepoPath;

/// Bytes that a `.gitignore` may have.
const MAX_IGNORE_FILE: u64 = 1 << 20;

/// What is said of a file that is no longer what the listing found.
const CHANGED: &str = "it is no regular file any more";

/// A folder that was opened.
pub(super) struct Folder {
    /// With every link followed.
    root: PathBuf,
    beneath: Beneath,
}

/// The rules of one folder, above them those of the folders around it.
struct Ignores {
    above: Option<Arc<Ignores>>,
    /// Bytes to cut from a path to make it relative to this folder.
    cut: usize,
    /// Segments to put before a path: for folders above the one that was opened.
    ahead: String,
    rules: Gitignore,
}

/// A folder to be listed.
struct Todo {
    /// `a/b/`, or nothing for the root.
    prefix: String,
    ignores: Option<Arc<Ignores>>,
}

/// What one folder gave.
#[derive(Default)]
struct Found {
    entries: RawEntries,
    folders: Vec<Todo>,
    gaps: Vec<Gap>,
}

impl Folder {
    pub(super) fn open(path: &Path, limits: ReadLimits, gaps: &mut Vec<Gap>) -> Result<(Self, RawEntries), OpenError> {
        let no_folder = |reason: String| OpenError::NoFolder { path: path.to_owned(), reason };
        let root = path.canonicalize().map_err(|error| no_folder(error.kind().to_string()))?;
        if !root.is_dir() {
            return Err(no_folder("not a directory".to_owned()));
        }
        let repository = git::around(&root).ok();
        if let Some(repository) = &repository
            && root.starts_with(repository.git_dir().canonicalize().unwrap_or_default())
        {
            return Err(OpenError::Bare { path: path.to_owned() });
        }
        let repository = repository.filter(|repository| repository.workdir().is_some());
        let below = repository.as_ref().map_or_else(RepoPath::root, |r| git::below_work_tree(r, &root));
        let ignores = repository.as_ref().and_then(|repository| rules_above(repository, &root, &below));
        let folder = Self { beneath: Beneath::new(&root), root };
        let mut raw = folder.walk(ignores, true, limits, gaps);
        if let Some(repository) = &repository {
            folder.add_tracked(&git::tracked(repository, &below, gaps), &mut raw, gaps);
        }
        Ok((folder, raw))
    }

    /// A folder with all that is in it.
    pub(super) fn open_whole(
        path: &Path,
        limits: ReadLimits,
        gaps: &mut Vec<Gap>,
    ) -> Result<(Self, RawEntries), OpenError> {
        let no_folder = |reason: String| OpenError::NoFolder { path: path.to_owned(), reason };
        let root = path.canonicalize().map_err(|error| no_folder(error.kind().to_string()))?;
        if !root.is_dir() {
            return Err(no_folder("not a directory".to_owned()));
        }
        let folder = Self { beneath: Beneath::new(&root), root };
        let raw = folder.walk(None, false, limits, gaps);
        Ok((folder, raw))
    }

    /// Lists level by level: no recursion, and many folders at a time.
    fn walk(&self, ignores: Option<Arc<Ignores>>, as_git: bool, limits: ReadLimits, gaps: &mut Vec<Gap>) -> RawEntries {
        let mut raw = RawEntries::new();
        let mut level = vec![Todo { prefix: String::new(), ignores }];
        let mut folders = 0;
        for depth in 0.. {
            if level.is_empty() {
                break;
            }
            if depth > limits.depth {
                gaps.push(Gap::new("too-deep", format!("folders nested deeper than {} are left out", limits.depth)));
                break;
            }
            let found: Vec<Found> = level.into_par_iter().map(|todo| self.list(todo, as_git)).collect();
            level = Vec::new();
            for one in found {
                raw.extend(one.entries);
                level.extend(one.folders);
                gaps.extend(one.gaps);
            }
            folders += level.len();
            if raw.len() + folders > limits.entries {
                let message = format!("more than {} entries; deeper folders are left out", limits.entries);
                gaps.push(Gap::new("too-many-files", message));
                break;
            }
        }
        raw
    }

    fn list(&self, todo: Todo, as_git: bool) -> Found {
        let mut found = Found::default();
        let folder = self.root.join(&todo.prefix);
        let shown = if todo.prefix.is_empty() { "." } else { todo.prefix.trim_end_matches('/') };
        let unreadable = |error: &std::io::Error| {
            Gap::new("unreadable-folder", format!("the folder `{shown}` cannot be listed: {}", error.kind()))
        };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                found.gaps.push(unreadable(&error));
                return found;
            }
        };
        let mut children = Vec::new();
        for entry in entries {
            match entry.and_then(|entry| entry.file_type().map(|kind| (entry.file_name(), kind))) {
                Ok((name, _)) if name == ".git" => {}
                Ok((name, kind)) => match name.into_string() {
                    Ok(name) => children.push((name, kind)),
                    Err(name) => {
                        let message = format!("a name in `{shown}` is not usable: `{}`", name.to_string_lossy());
                        found.gaps.push(Gap::new("unusable-path", message));
                    }
                },
                Err(error) => found.gaps.push(unreadable(&error)),
            }
        }
        let has_rules = as_git && children.iter().any(|(name, kind)| name == ".gitignore" && kind.is_file());
        let ignores = match has_rules.then(|| rules(&folder.join(".gitignore"))).flatten() {
            Some(rules) => {
                Some(Arc::new(Ignores { above: todo.ignores, cut: todo.prefix.len(), ahead: String::new(), rules }))
            }
            None => todo.ignores,
        };
        for (name, kind) in children {
            let path = format!("{}{name}", todo.prefix);
            if ignores.as_deref().is_some_and(|ignores| ignores.ignore(&path, kind.is_dir())) {
                continue;
            }
            if kind.is_dir() {
                found.folders.push(Todo { prefix: path + "/", ignores: ignores.clone() });
            } else {
                self.add(path, kind, &mut found.entries, &mut found.gaps);
            }
        }
        found
    }

    fn add(&self, path: String, kind: fs::FileType, raw: &mut RawEntries, gaps: &mut Vec<Gap>) {
        if kind.is_file() {
            raw.push((path, Raw::File(None)));
        } else if kind.is_symlink() {
            match fs::read_link(self.root.join(&path))
                .ok()
                .and_then(|target| target.into_os_string().into_string().ok())
            {
                Some(target) => raw.push((path, Raw::Link(target))),
                None => gaps.push(Gap::new("broken-link", format!("the link `{path}` cannot be read"))),
            }
        } else {
            gaps.push(Gap::new("special-file", format!("`{path}` is no regular file and is not opened")));
        }
    }

    /// Files that are ignored and tracked all the same: Git has them, so Argo CD sees them.
    fn add_tracked(&self, tracked: &git::Tracked, raw: &mut RawEntries, gaps: &mut Vec<Gap>) {
        raw.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let known = raw.len();
        for path in &tracked.files {
            let listed = raw[..known].binary_search_by(|(file, _)| file.as_str().cmp(path)).is_ok();
            let usable = || RepoPath::new(path).is_ok_and(|p| p.as_str() == path && p.segments().all(|s| s != ".git"));
            if listed || !usable() || !self.is_beside_no_link(path) {
                continue;
            }
            if let Ok(meta) = fs::symlink_metadata(self.root.join(path))
                && !meta.is_dir()
            {
                self.add(path.clone(), meta.file_type(), raw, gaps);
            }
        }
        tracked.missing_submodules(raw, gaps);
    }

    /// Whether every folder on the way from the root, which is no link itself, to a path is one, and no link.
    fn is_beside_no_link(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(end, _)| self.root.join(&path[..end]));
        folders.all(|folder| fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()))
    }

    /// The size of a file by its path in the listing.
    pub(super) fn size(&self, path: &RepoPath) -> Result<u64, ReadError> {
        Ok(self.regular(path)?.len())
    }

    /// What the system knows of a file by its path in the listing, in which no segment is a link. The listing may be older
    /// than the disk: the file can have become a link or a pipe since.
    fn regular(&self, path: &RepoPath) -> Result<fs::Metadata, ReadError> {
        let meta = fs::symlink_metadata(self.root.join(path.as_str())).map_err(|error| failed(path, &error))?;
        if meta.is_file() { Ok(meta) } else { Err(refused(path, CHANGED)) }
    }

    fn open_step_by_step(&self, path: &RepoPath) -> Result<(File, fs::Metadata), ReadError> {
        let before = self.regular(path)?;
        if !self.is_beside_no_link(path.as_str()) {
            return Err(refused(path, CHANGED));
        }
        let file = File::open(self.root.join(path.as_str())).map_err(|error| failed(path, &error))?;
        let opened = file.metadata().map_err(|error| failed(path, &error))?;
        if same_file(&before, &opened) {
            Ok((file, opened))
        } else {
            Err(refused(path, "it changed while it was opened"))
        }
    }

    /// Reads a file by its path in the listing.
    pub(super) fn read(&self, path: &RepoPath, limit: u64) -> Result<Vec<u8>, ReadError> {
        let (file, opened) = match self.beneath.open(path.as_str()) {
            Opened::File(file) => {
                let meta = file.metadata().map_err(|error| failed(path, &error))?;
                (file, meta)
            }
            Opened::Link => return Err(refused(path, CHANGED)),
            Opened::Failed(error) => return Err(failed(path, &error)),
            Opened::Unknown => self.open_step_by_step(path)?,
        };
        if !opened.is_file() {
            return Err(refused(path, CHANGED));
        }
        read_bounded(file, opened.len(), limit)
            .map_err(|error| failed(path, &error))?
            .ok_or(ReadError::TooLarge { path: path.clone(), limit })
    }
}

fn refused(path: &RepoPath, reason: &str) -> ReadError {
    ReadError::Unreadable { path: path.clone(), reason: reason.to_owned() }
}

fn failed(path: &RepoPath, error: &std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound => ReadError::NotFound(path.clone()),
        kind => refused(path, &kind.to_string()),
    }
}

/// Reads a regular file, wherever it lies.
pub(super) fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    read_real(&path.canonicalize().map_err(|error| error.kind().to_string())?, limit, &mut bytes)?;
    Ok(bytes)
}

/// Reads a file by a path without links, in place of what the buffer held.
pub(super) fn read_real(real: &Path, limit: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
    let meta = fs::symlink_metadata(real).map_err(|error| error.kind().to_string())?;
    if !meta.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let file = File::open(real).map_err(|error| error.kind().to_string())?;
    let whole = read_into(bytes, file, meta.len(), limit).map_err(|error| error.kind().to_string())?;
    if whole { Ok(()) } else { Err(format!("more than {limit} bytes")) }
}

#[cfg(unix)]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// At most `limit` bytes; `None` where there are more, whatever the size said.
fn read_bounded(file: File, size: u64, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    Ok(read_into(&mut bytes, file, size, limit)?.then_some(bytes))
}

/// Reads at most `limit` bytes in place of what the buffer held, and says whether that was all.
fn read_into(bytes: &mut Vec<u8>, file: File, size: u64, limit: u64) -> std::io::Result<bool> {
    if size > limit {
        return Ok(false);
    }
    bytes.clear();
    bytes.reserve(usize::try_from(size).unwrap_or(0) + 1);
    file.take(limit + 1).read_to_end(bytes)?;
    Ok(bytes.len() as u64 <= limit)
}

impl Ignores {
    /// Whether a path is ignored; the nearest rule decides.
    fn ignore(&self, path: &str, is_dir: bool) -> bool {
        let mut level = Some(self);
        while let Some(ignores) = level {
            let decided = if ignores.ahead.is_empty() {
                ignores.rules.matched(&path[ignores.cut..], is_dir)
            } else {
                ignores.rules.matched(format!("{}{path}", ignores.ahead), is_dir)
            };
            match decided {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => level = ignores.above.as_deref(),
            }
        }
        false
    }
}

/// The rules of the Git repository that stand above the folder that was opened, and its own `info/exclude`.
fn rules_above(repository: &gix::Repository, root: &Path, below: &RepoPath) -> Option<Arc<Ignores>> {
    let mut ignores = None;
    let mut put = |file: &Path, ahead: String| {
        if let Some(rules) = rules(file) {
            ignores = Some(Arc::new(Ignores { above: ignores.take(), cut: 0, ahead, rules }));
        }
    };
    let ahead_of = |depth: usize| -> String { below.segments().skip(depth).flat_map(|name| [name, "/"]).collect() };
    put(&repository.common_dir().join("info").join("exclude"), ahead_of(0));
    let height = below.segments().count();
    for depth in 0..height {
        let folder = root.ancestors().nth(height - depth)?;
        put(&folder.join(".gitignore"), ahead_of(depth));
    }
    ignores
}

/// The rules of a file; `None` where there are none.
fn rules(file: &Path) -> Option<Gitignore> {
    let meta = fs::symlink_metadata(file).ok().filter(|meta| meta.is_file() && meta.len() <= MAX_IGNORE_FILE)?;
    let bytes = read_bounded(File::open(file).ok()?, meta.len(), MAX_IGNORE_FILE).ok()??;
    let mut builder = GitignoreBuilder::new(".");
    for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
        // A line that is no pattern is no rule to Git either.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}
