//! Which kustomization uses which files and folders: enough to know the outermost ones and what belongs to them.
//!
//! Nothing is built here.

use std::collections::{BTreeMap, BTreeSet};

use crate::render::{KUSTOMIZATIONS, Manifests};
use crate::source::RepoPath;
use crate::yaml::Node;

/// The kustomizations of a repository.
#[derive(Debug, Default)]
pub struct Kustomizations {
    /// By folder: the files and the folders that it names.
    uses: BTreeMap<RepoPath, Uses>,
    used: BTreeSet<RepoPath>,
}

#[derive(Debug, Default)]
struct Uses {
    own: Option<RepoPath>,
    files: BTreeSet<RepoPath>,
    folders: BTreeSet<RepoPath>,
}

impl Kustomizations {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty()
    }

    /// Reads every kustomization file.
    pub fn read(manifests: &Manifests<'_>) -> Self {
        let repository = manifests.repository();
        let mut all = Self::default();
        for path in repository.files().iter().filter(|path| KUSTOMIZATIONS.contains(&path.file_name())) {
            let (Some(folder), Ok(parsed)) = (path.parent(), manifests.parsed(path)) else { continue };
            let uses = all.uses.entry(folder.clone()).or_default();
            uses.own = Some(path.clone());
            for document in &parsed.documents {
                let mut names = Vec::new();
                scalars(&document.root, 0, &mut names);
                for name in names {
                    let Ok(target) = folder.join(name.rsplit('=').next().unwrap_or(name)) else { continue };
                    if repository.is_file(&target) {
                        uses.files.insert(target);
                    } else if target != folder && repository.is_dir(&target) {
                        uses.folders.insert(target);
                    }
                }
            }
        }
        all.used = all.uses.values().flat_map(|uses| uses.folders.iter().cloned()).collect();
        all
    }

    /// The folders of kustomizations that no other one uses.
    pub fn outermost(&self) -> impl Iterator<Item = &RepoPath> {
        self.uses.keys().filter(|folder| !self.used.contains(*folder))
    }

    /// Whether a folder is a kustomization.
    pub fn contains(&self, folder: &RepoPath) -> bool {
        self.uses.contains_key(folder)
    }

    /// Whether a kustomization names a file.
    pub fn names(&self, path: &RepoPath) -> bool {
        self.uses.values().any(|uses| uses.files.contains(path))
    }

    /// Every file that a kustomization and those below it name, and the kustomization files themselves.
    pub fn files_of(&self, folder: &RepoPath) -> BTreeSet<RepoPath> {
        let (mut files, mut seen, mut next) = (BTreeSet::new(), BTreeSet::new(), vec![folder]);
        while let Some(folder) = next.pop() {
            let Some(uses) = self.uses.get(folder).filter(|_| seen.insert(folder)) else { continue };
            files.extend(uses.own.iter().cloned());
            files.extend(uses.files.iter().cloned());
            next.extend(&uses.folders);
        }
        files
    }

    /// The files that belong to the kustomizations whose own files are among `covered`.
    pub fn closure(&self, covered: &BTreeSet<RepoPath>) -> BTreeSet<RepoPath> {
        let reached = self.uses.iter().filter(|(_, uses)| uses.own.as_ref().is_some_and(|own| covered.contains(own)));
        reached.flat_map(|(folder, _)| self.files_of(folder)).collect()
    }
}

/// Every text in a kustomization that may be a path, inline patches left out.
fn scalars<'a>(node: &'a Node, depth: usize, found: &mut Vec<&'a str>) {
    if depth > 8 {
        return;
    }
    if let Some(text) = node.as_text() {
        if text.len() < 1_024 && !text.contains('\n') {
            found.push(text);
        }
        return;
    }
    node.as_seq().unwrap_or_default().iter().for_each(|item| scalars(item, depth + 1, found));
    if let Some(map) = node.as_map() {
        map.entries
            .iter()
            .filter(|entry| &*entry.key != "target")
            .for_each(|entry| scalars(&entry.value, depth + 1, found));
    }
}
