//! A folder that the user named, looked at file by file instead of listed: for building one kustomization whose bases lie
//! beside it. What lies outside the Git checkout around it does not exist; without a checkout, the file system is the limit.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{ReadLimits, worktree};
use crate::hash::Seeded;
use crate::source::{FileId, RepoPath, SourceMap};

/// Files around a folder, each looked up and read once: a change on the disk is not seen.
pub struct Disk {
    root: PathBuf,
    sources: Arc<SourceMap>,
    read: Mutex<Read>,
    found: Mutex<Seeded<RepoPath, Place>>,
}

/// A file that was read: its text if it is one.
#[derive(Debug, Clone)]
pub enum Content {
    /// UTF-8.
    Text(Arc<str>),
    /// Anything else.
    Bytes(Arc<[u8]>),
}

impl Content {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Content::Text(text) => text.as_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }
}

/// What a path leads to, and whether it is a file.
type Place = Option<(RepoPath, bool)>;

/// Folders above a path that are looked up each by itself.
const DEEPEST: usize = 64;

/// Bytes of the buffer that are kept for the next file.
const BUFFER: usize = 1 << 20;

/// What was read.
#[derive(Default)]
struct Read {
    files: Seeded<RepoPath, (FileId, Content)>,
    /// Where the next file is read into.
    buffer: Vec<u8>,
}

impl Disk {
    /// The root around a folder, and the folder's own path below it.
    pub fn place(folder: &Path) -> Result<(PathBuf, RepoPath), String> {
        let unusable = |reason: String| format!("`{}`: {reason}", folder.display());
        let real = folder.canonicalize().map_err(|error| unusable(error.to_string()))?;
        let root = real.ancestors().find(|above| above.join(".git").exists()).or(real.ancestors().last());
        let root = root.unwrap_or(&real).to_owned();
        let inner =
            real.strip_prefix(&root).ok().and_then(Path::to_str).ok_or_else(|| unusable("no UTF-8 path".into()))?;
        let place = RepoPath::new(inner).map_err(|error| unusable(error.to_string()))?;
        Ok((root, place))
    }

    /// The files below a root as [`Disk::place`] gives it.
    pub fn below(root: PathBuf) -> Self {
        Self { root, sources: Arc::default(), read: Mutex::default(), found: Mutex::default() }
    }

    /// What a path leads to, links followed: its real path, and whether it is a file. Nothing outside the root exists.
    pub fn find(&self, path: &RepoPath) -> Option<(RepoPath, bool)> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        self.find_from(path, DEEPEST, &mut found)
    }

    /// Looks a path up by what is known of the folders above it, so many of them.
    fn find_from(&self, path: &RepoPath, above: usize, found: &mut Seeded<RepoPath, Place>) -> Place {
        if let Some(known) = found.get(path) {
            return known.clone();
        }
        let folder = path.parent().filter(|_| above > 0);
        let looked_up = match folder.and_then(|folder| self.find_from(&folder, above - 1, found)) {
            Some((folder, false)) => self.look_up_in(&folder, path),
            // Of links that leave and come back the end counts.
            _ => self.look_up(path),
        };
        found.insert(path.clone(), looked_up.clone());
        looked_up
    }

    /// What lies in a folder whose real path is known: unless it is a link, its real path is known too.
    fn look_up_in(&self, folder: &RepoPath, path: &RepoPath) -> Place {
        let real = folder.join(path.file_name()).ok()?;
        let metadata = self.root.join(real.as_str()).symlink_metadata().ok()?;
        if metadata.is_symlink() { self.look_up(path) } else { Some((real, metadata.is_file())) }
    }

    fn look_up(&self, path: &RepoPath) -> Place {
        let real = self.root.join(path.as_str()).canonicalize().ok()?;
        let inner = real.strip_prefix(&self.root).ok()?.to_str()?;
        Some((RepoPath::new(inner).ok()?, real.is_file()))
    }

    /// The bytes of a file; read once.
    pub fn read(&self, path: &RepoPath) -> Option<(FileId, Content)> {
        let (real, is_file) = self.find(path)?;
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.files.get(&real) {
            return Some(known.clone());
        }
        if !is_file {
            return None;
        }
        let bytes = &mut known.buffer;
        worktree::read_real(&self.root.join(real.as_str()), ReadLimits::default().text, bytes).ok()?;
        let (content, text) = match std::str::from_utf8(bytes) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                (Content::Text(Arc::clone(&text)), text)
            }
            Err(_) => (Content::Bytes(bytes.as_slice().into()), String::from_utf8_lossy(bytes).into()),
        };
        bytes.clear();
        bytes.shrink_to(BUFFER);
        let id = self.sources.add(real.clone(), text);
        known.files.insert(real, (id, content.clone()));
        Some((id, content))
    }

    /// The names in a folder, sorted; none of a folder that is not there or not below the root.
    pub fn names(&self, folder: &RepoPath) -> Vec<String> {
        let Some((real, false)) = self.find(folder) else { return Vec::new() };
        let entries = std::fs::read_dir(self.root.join(real.as_str())).into_iter().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// The folder that is the limit.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The texts that were read.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_the_checkout_does_not_exist() {
        let outer = tempfile::tempdir().unwrap();
        let checkout = outer.path().join("repo");
        std::fs::create_dir_all(checkout.join("overlays/prod")).unwrap();
        std::fs::create_dir_all(checkout.join(".git")).unwrap();
        std::fs::write(checkout.join("base.yaml"), "a: 1\n").unwrap();
        std::fs::write(outer.path().join("secret.yaml"), "b: 2\n").unwrap();
        std::os::unix::fs::symlink("../secret.yaml", checkout.join("link.yaml")).unwrap();
        let (root, place) = Disk::place(&checkout.join("overlays/prod")).unwrap();
        let disk = Disk::below(root);
        assert_eq!(place.as_str(), "overlays/prod");
        assert_eq!(disk.read(&RepoPath::new("base.yaml").unwrap()).unwrap().1.bytes(), b"a: 1\n");
        assert!(disk.find(&RepoPath::new("link.yaml").unwrap()).is_none());
    }

    #[test]
    fn links_are_followed_wherever_they_stand() {
        let checkout = tempfile::tempdir().unwrap();
        let root = checkout.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("real/sub")).unwrap();
        std::fs::write(root.join("real/sub/a.yaml"), "a: 1\n").unwrap();
        std::os::unix::fs::symlink("real", root.join("folder")).unwrap();
        std::os::unix::fs::symlink("sub/a.yaml", root.join("real/file")).unwrap();
        let disk = Disk::below(root);
        let find = |path: &str| disk.find(&RepoPath::new(path).unwrap()).map(|(real, file)| format!("{real} {file}"));
        assert_eq!(find("folder/sub/a.yaml").as_deref(), Some("real/sub/a.yaml true"));
        assert_eq!(find("folder/file").as_deref(), Some("real/sub/a.yaml true"));
        assert_eq!(find("folder/sub").as_deref(), Some("real/sub false"));
        assert_eq!(find("folder").as_deref(), Some("real false"));
        assert_eq!(find("folder/none"), None);
        assert_eq!(find("folder/file/none"), None);
        assert_eq!(find(&"a/".repeat(100_000)), None);
        assert_eq!(find(""), Some(". false".to_owned()));
    }
}
