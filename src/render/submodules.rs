//! Paths in submodules, which Argo CD checks out and which may not be at hand (`.gitmodules`).

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::discover::Repository;
use crate::finding::Gap;
use crate::source::RepoPath;

/// The submodules of a repository that are not at hand, read when somebody asks.
#[derive(Debug, Default)]
pub struct Submodules(OnceLock<BTreeSet<RepoPath>>);

impl Submodules {
    /// Whether a path that is not there is one of a submodule, by itself or through a link.
    pub fn has(&self, repository: &Repository, path: &RepoPath) -> bool {
        let submodules = self.0.get_or_init(|| read(repository));
        if submodules.is_empty() {
            return false;
        }
        let within = |path: &RepoPath| {
            std::iter::successors(Some(path.clone()), RepoPath::parent).any(|folder| submodules.contains(&folder))
        };
        // On the way into a submodule the folder above it may be what is missed first.
        let above = |path: &RepoPath| {
            let prefix = format!("{path}/");
            submodules.iter().any(|submodule| submodule.as_str().starts_with(&prefix))
        };
        let root = RepoPath::root();
        let mut broken = repository.broken_under(&root).filter(|broken| path.is_within(&broken.link));
        within(path) || broken.any(|broken| broken.missing.as_ref().is_some_and(|path| within(path) || above(path)))
    }
}

/// The gap that a path leaves which is in a submodule and is not there.
pub fn gap(path: &RepoPath) -> Gap {
    Gap::new("submodule", format!("the path `{path}` is in a submodule whose content is not at hand"))
}

/// The submodules in which nothing is; one that is there may have submodules of its own.
fn read(repository: &Repository) -> BTreeSet<RepoPath> {
    let (mut missing, mut known) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![RepoPath::root()];
    while let Some(folder) = open.pop() {
        let list = folder.join(".gitmodules").ok().and_then(|list| repository.read(&list).ok());
        let list = list.unwrap_or_default();
        let paths = list.lines().filter_map(|line| line.trim().strip_prefix("path")?.trim_start().strip_prefix('='));
        let paths = paths.filter_map(|path| folder.join(path.trim()).ok());
        for path in paths.filter(|path| *path != folder && path.is_within(&folder)) {
            if !repository.is_dir(&path) {
                missing.insert(path);
            } else if known.insert(path.clone()) {
                open.push(path);
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_submodule_is_told_from_one_that_is_nowhere() {
        let list = "[submodule \"x\"]\n\tpath = vendor/temporal\n\turl = https://git.example.com/temporal\n\tpath =\n";
        let list = format!("{list}\tpath = .\n\tpath = ../x\n\tpath = lib\n\tpath = lib\n");
        let inner = "path = deep\npath = .\npath = ../apps\n";
        let repository = Repository::from_texts(vec![
            (".gitmodules", &*list),
            ("a.yaml", ""),
            ("lib/.gitmodules", inner),
            ("lib/b.yaml", ""),
        ]);
        let submodules = Submodules::default();
        for (path, there) in [
            ("vendor/temporal", true),
            ("vendor/temporal/charts/temporal", true),
            ("vendor/temporals", false),
            ("vendor", false),
            ("apps", false),
            ("lib/deep/base", true),
            ("lib/base", false),
        ] {
            assert_eq!(submodules.has(&repository, &RepoPath::new(path).unwrap()), there, "{path}");
        }
    }
}
