//! What a pattern of `spec.source.kustomize.components` names: `kustomize edit add component` looks it up from the folder of the
//! kustomization as Go's `path/filepath` does (`Glob`), and leaves out names that begin with a dot unless the pattern's does.

use super::fail::Fail;
use super::files::{self, Loader, Shared};
use crate::glob::{Dialect, Glob};
use crate::source::RepoPath;

/// What begins a pattern for Go.
const META: [char; 4] = ['*', '?', '[', '\\'];

/// The relative paths that a pattern names, in Go's order; a path without a pattern names itself, if something is there.
pub(super) fn named(loader: &Loader<'_>, pattern: &str) -> Result<Vec<String>, Fail> {
    let found = matches(loader.shared, &loader.root, pattern)?;
    let keeps_hidden = is_hidden(pattern);
    Ok(found.into_iter().filter(|path| keeps_hidden || !is_hidden(path)).collect())
}

fn is_hidden(path: &str) -> bool {
    path.trim_end_matches('/').rsplit('/').next().is_some_and(|name| name.starts_with('.'))
}

fn matches(shared: &Shared<'_>, root: &RepoPath, pattern: &str) -> Result<Vec<String>, Fail> {
    // Nothing outside of the repository is looked at.
    if pattern.starts_with('/') {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = pattern.split('/').collect();
    let Some(first) = parts.iter().position(|part| part.contains(META)) else {
        let is_there = root.join(pattern).is_ok_and(|path| is_there(shared, &path));
        return Ok(is_there.then(|| pattern.to_owned()).into_iter().collect());
    };
    // Go cuts the pattern at its last slash, so what stands before the first part with a pattern is taken as it is.
    let mut folders = vec![match parts[..first].join("/") {
        before if before.is_empty() => ".".to_owned(),
        before => before,
    }];
    for part in &parts[first..] {
        let bad = |_| Fail::new("error checking the filesystem: syntax error in pattern");
        let glob = Glob::new(part, Dialect::PathMatch).map_err(bad)?;
        let mut below = Vec::new();
        for folder in &folders {
            let Ok(path) = root.join(folder) else { continue };
            let names = shared.files.names(&path);
            shared.budget.steps(1 + names.len() as u64)?;
            for name in names.iter().filter(|name| glob.matches(name)) {
                let joined = files::join(folder, name);
                shared.budget.items(1)?;
                shared.budget.bytes(joined.len())?;
                below.push(joined);
            }
        }
        folders = below;
    }
    Ok(folders)
}

/// Whether there is a file, a folder or a link, wherever it may lead.
fn is_there(shared: &Shared<'_>, path: &RepoPath) -> bool {
    let is_named = |folder: RepoPath| shared.files.names(&folder).iter().any(|name| name == path.file_name());
    shared.files.find(path).is_some() || path.parent().is_some_and(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Limits};
    use crate::discover::{Disk, ReadLimits, Repository};
    use crate::render::kustomize::files::{Cache, Files};

    fn asked(files: &dyn Files, budget: &Budget, pattern: &str) -> Result<Vec<String>, String> {
        let cache = Cache::default();
        let shared = Shared::new(files, &cache, budget, false);
        let loader = Loader::new(&shared, &RepoPath::new("web/prod").unwrap()).unwrap();
        named(&loader, pattern).map_err(|fail| fail.message)
    }

    #[test]
    fn patterns_name_what_go_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for file in ["web/prod/k", "web/b/x/k", "web/a/x/k", "web/a/.h/k", "web/a-file", "web/.c/x/k"] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("a", root.join("web/link")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("web/gone")).unwrap();
        let disk = Disk::below(root.clone());
        let (repository, _) = Repository::open(&root, None, ReadLimits::default()).unwrap();
        // What `kustomize edit add component` 5.8.1 wrote in such a tree.
        for (pattern, wanted) in [
            ("../a", vec!["../a"]),
            ("./.././a/*", vec!["../a/x"]),
            ("../*", vec!["../a", "../a-file", "../b", "../gone", "../link", "../prod"]),
            ("../[a-c]", vec!["../a", "../b"]),
            ("../*/x", vec!["../.c/x", "../a/x", "../b/x", "../link/x"]),
            ("../**/x", vec!["../.c/x", "../a/x", "../b/x", "../link/x"]),
            ("../a/.*", vec!["../a/.h"]),
            ("../?c", vec![]),
            ("../*/", vec![]),
            ("../\\a", vec!["../a"]),
            ("../../*/a", vec!["../../web/a"]),
            ("../none*", vec![]),
            ("../gone", vec!["../gone"]),
            ("/k*", vec![]),
        ] {
            let budget = Budget::default();
            assert_eq!(asked(&disk, &budget, pattern).unwrap(), wanted, "{pattern}");
            assert_eq!(asked(&repository, &budget, pattern).unwrap(), wanted, "{pattern}");
        }
        assert!(asked(&disk, &Budget::default(), "../[a").unwrap_err().ends_with("syntax error in pattern"));
    }

    #[test]
    fn a_pattern_through_links_that_lead_back_meets_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("web/prod")).unwrap();
        for link in ["a", "b", "c", "d"] {
            std::os::unix::fs::symlink(".", root.join("web/prod").join(link)).unwrap();
        }
        let budget = Budget::new(Limits { items: 10_000, ..Limits::default() });
        let wide = "*/".repeat(30) + "*";
        assert!(asked(&Disk::below(root), &budget, &wide).unwrap_err().starts_with("budget exceeded"));
    }
}
