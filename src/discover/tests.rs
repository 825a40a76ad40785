use std::fs;
use std::path::Path;

use super::*;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn write(root: &Path, file: &str, text: &str) {
    let file = root.join(file);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[cfg(unix)]
fn link(root: &Path, at: &str, target: &str) {
    let at = root.join(at);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, at).unwrap();
}

fn open(root: &Path) -> (Repository, Vec<Gap>) {
    Repository::open(root, None, ReadLimits::default()).unwrap()
}

fn names(repository: &Repository) -> Vec<&str> {
    repository.files().iter().map(RepoPath::as_str).collect()
}

fn kinds(gaps: &[Gap]) -> Vec<&str> {
    gaps.iter().map(|gap| gap.kind).collect()
}

/// Commits everything that Git would track below a folder, `ignored` included; gives the commit's name.
fn commit(root: &Path, files: &[(&str, &str)], links: &[(&str, &str)]) -> String {
    use gix::objs::tree::EntryKind;
    let repository = gix::init(root).unwrap();
    let mut editor = repository.edit_tree(repository.empty_tree().id).unwrap();
    for (path, text) in files {
        editor.upsert(*path, EntryKind::Blob, repository.write_blob(text.as_bytes()).unwrap()).unwrap();
    }
    for (path, target) in links {
        editor.upsert(*path, EntryKind::Link, repository.write_blob(target.as_bytes()).unwrap()).unwrap();
    }
    let tree = editor.write().unwrap().detach();
    let who = gix::actor::SignatureRef { name: "a".into(), email: "a@example.org".into(), time: "0 +0000" };
    let commit = repository.commit_as(who, who, "HEAD", "state", tree, gix::commit::NO_PARENT_IDS).unwrap().detach();
    repository.index_from_tree(&tree).unwrap().write(gix::index::write::Options::default()).unwrap();
    commit.to_string()
}

#[test]
fn a_folder_is_what_git_would_have() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, ".gitignore", "*.log\n/build/\n!keep.log\n");
    write(root, "apps/.gitignore", "local.yaml\n");
    write(root, "apps/local.yaml", "");
    write(root, "apps/web.yaml", "a: 1\n");
    write(root, "apps/x.log", "");
    write(root, "apps/keep.log", "");
    write(root, "build/out.yaml", "");
    write(root, "deep/build/in.yaml", "");
    write(root, ".hidden/x.yaml", "");
    write(root, ".git/config", "");
    let (repository, gaps) = open(root);
    assert_eq!(
        names(&repository),
        [".gitignore", ".hidden/x.yaml", "apps/.gitignore", "apps/keep.log", "apps/web.yaml", "deep/build/in.yaml"]
    );
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(&*repository.read(&path("apps/web.yaml")).unwrap(), "a: 1\n");
    assert_eq!(repository.read(&path(".git/config")), Err(ReadError::NotFound(path(".git/config"))));
    assert_eq!(repository.read(&path("apps")), Err(ReadError::Folder(path("apps"))));
}

#[test]
fn ids_follow_paths_and_texts_are_read_once() {
    let repository = Repository::from_texts(vec![("b/x.yaml", "x"), ("a.yaml", "a"), ("b-c", "c")]);
    assert_eq!(names(&repository), ["a.yaml", "b-c", "b/x.yaml"]);
    assert_eq!(repository.id(&path("b/x.yaml")), Some(FileId(2)));
    assert_eq!(repository.sources().path(FileId(1)), path("b-c"));
    assert_eq!(repository.under(&path("b")), [path("b/x.yaml")]);
    assert!(repository.is_dir(&path("b")) && !repository.is_dir(&path("b-c")) && !repository.exists(&path("c")));
    assert!(repository.is_dir(&RepoPath::root()));
}

#[test]
fn children_are_sorted_and_folders_come_once() {
    let repository =
        Repository::from_texts(vec![("f/x/1", ""), ("f/x/2", ""), ("f/x-y", ""), ("f/x.z/3", ""), ("g", "")]);
    let children: Vec<_> = repository.children(&path("f")).into_iter().map(|c| (c.path.to_string(), c.kind)).collect();
    assert_eq!(
        children,
        [
            ("f/x".to_owned(), ChildKind::Folder),
            ("f/x-y".to_owned(), ChildKind::File),
            ("f/x.z".to_owned(), ChildKind::Folder)
        ]
    );
}

#[test]
fn tracked_files_count_though_they_are_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let files = [(".gitignore", "*.tgz\n"), ("chart/charts/db-1.0.0.tgz", "bytes"), ("chart/gone.tgz", "")];
    commit(root, &files, &[]);
    for (file, text) in &files[..2] {
        write(root, file, text);
    }
    write(root, "chart/charts/untracked-1.0.0.tgz", "");
    let (repository, gaps) = open(root);
    assert_eq!(names(&repository), [".gitignore", "chart/charts/db-1.0.0.tgz"]);
    assert_eq!(repository.read_bytes(&path("chart/charts/db-1.0.0.tgz")).unwrap(), b"bytes");
    assert!(gaps.is_empty(), "{gaps:?}");
    let (inner, _) = open(&root.join("chart"));
    assert_eq!(names(&inner), ["charts/db-1.0.0.tgz"], "rules from above and the index count for a folder inside");
}

#[test]
fn a_commit_is_read_without_a_checkout() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let id = commit(
        root,
        &[("apps/web.yaml", "a: 1\n"), ("apps/db/x.yaml", "b: 2\n"), ("top.yaml", "c: 3\n")],
        &[("apps/link.yaml", "web.yaml"), ("apps/dir", "db"), ("apps/out", "../../x"), ("apps/abs", "/etc/passwd")],
    );
    let (repository, gaps) = Repository::open(root, Some(&id), ReadLimits::default()).unwrap();
    assert_eq!(names(&repository), ["apps/db/x.yaml", "apps/link.yaml", "apps/web.yaml", "top.yaml"]);
    assert_eq!(kinds(&gaps), ["link-outside-repository", "link-outside-repository"]);
    assert!(!format!("{gaps:?}").contains("passwd"), "a gap says nothing of the target");
    assert!(gaps.iter().all(|gap| gap.defect && gap.span.is_some()), "{gaps:?}");
    assert_eq!(&*repository.read(&path("apps/link.yaml")).unwrap(), "a: 1\n");
    assert_eq!(&*repository.read(&path("apps/dir/x.yaml")).unwrap(), "b: 2\n");
    assert_eq!(repository.id(&path("apps/link.yaml")), repository.id(&path("apps/web.yaml")));
    fs::create_dir(root.join("apps")).unwrap();
    let (inner, gaps) = Repository::open(&root.join("apps"), Some("HEAD"), ReadLimits::default()).unwrap();
    assert_eq!(names(&inner), ["db/x.yaml", "link.yaml", "web.yaml"]);
    assert_eq!(kinds(&gaps), ["link-outside-repository", "link-outside-repository"]);
}

#[test]
fn a_commit_that_is_not_there_is_an_error_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Repository::open(dir.path(), Some("HEAD"), ReadLimits::default());
    assert!(matches!(missing, Err(OpenError::NoGit { .. })), "{missing:?}");
    commit(dir.path(), &[("a", "")], &[]);
    for name in ["nowhere", "--upload-pack=x", "HEAD~7"] {
        let missing = Repository::open(dir.path(), Some(name), ReadLimits::default());
        assert!(matches!(missing, Err(OpenError::NoCommit { .. })), "{name}: {missing:?}");
    }
    let bare = Repository::open(&dir.path().join(".git"), None, ReadLimits::default());
    assert!(matches!(bare, Err(OpenError::Bare { .. })), "{bare:?}");
    let nothing = Repository::open(&dir.path().join("nothing"), None, ReadLimits::default());
    assert!(matches!(nothing, Err(OpenError::NoFolder { .. })), "{nothing:?}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_and_nowhere_else() {
    let outer = tempfile::tempdir().unwrap();
    write(outer.path(), "secret.yaml", "canary");
    let root = &outer.path().join("repo");
    write(root, "base/web.yaml", "a: 1\n");
    write(root, ".git/config", "canary");
    link(root, "overlay/base", "../base");
    link(root, "overlay/again", "base/web.yaml");
    write(root, "loop/web.yaml", "a: 1\n");
    link(root, "loop/a", "b");
    link(root, "loop/b", "a");
    link(root, "loop/self", "../loop");
    link(root, "bad/out", "../../secret.yaml");
    link(root, "bad/out-and-back", "../../repo/base/web.yaml");
    link(root, "bad/absolute", root.join("base/web.yaml").to_str().unwrap());
    link(root, "bad/dangling", "nothing.yaml");
    link(root, "bad/git", "../.git/config");
    link(root, "bad/through-file", "../base/web.yaml/../web.yaml");
    let (repository, gaps) = open(root);
    assert_eq!(names(&repository), ["base/web.yaml", "loop/web.yaml", "overlay/again"]);
    for file in ["overlay/base/web.yaml", "overlay/again", "loop/self/self/web.yaml"] {
        assert_eq!(&*repository.read(&path(file)).unwrap(), "a: 1\n", "{file}");
    }
    let gone: Vec<_> = gaps.iter().map(|gap| (gap.kind, gap.message.split('`').nth(1).unwrap())).collect();
    assert_eq!(
        gone,
        [
            ("broken-link", "bad/dangling"),
            ("broken-link", "bad/git"),
            ("broken-link", "bad/through-file"),
            ("broken-link", "loop/a"),
            ("broken-link", "loop/b"),
            ("link-outside-repository", "bad/absolute"),
            ("link-outside-repository", "bad/out-and-back"),
            ("link-outside-repository", "bad/out"),
        ]
    );
    assert_eq!(repository.under_following(&path("overlay")), [path("overlay/again"), path("overlay/base/web.yaml")]);
    assert_eq!(repository.under_following(&path("loop")), [path("loop/web.yaml")], "a folder that holds itself ends");
    assert!(repository.read(&path("bad/out")).is_err());
}

#[cfg(unix)]
#[test]
fn a_file_that_became_a_link_is_not_followed() {
    let outer = tempfile::tempdir().unwrap();
    write(outer.path(), "secret.yaml", "canary");
    let root = &outer.path().join("repo");
    write(root, "apps/web.yaml", "a: 1\n");
    write(root, "db/web.yaml", "a: 1\n");
    let (repository, _) = open(root);
    fs::remove_file(root.join("apps/web.yaml")).unwrap();
    link(root, "apps/web.yaml", "../../secret.yaml");
    fs::remove_dir_all(root.join("db")).unwrap();
    write(outer.path(), "other/web.yaml", "canary");
    link(root, "db", "../other");
    for file in ["apps/web.yaml", "db/web.yaml"] {
        assert!(matches!(repository.read(&path(file)), Err(ReadError::Unreadable { .. })), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_never_opened() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "a.yaml", "");
    write(root, "b/.gitignore/x", "");
    link(root, ".gitignore", "/dev/zero");
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket.yaml")).unwrap();
    let (repository, gaps) = open(root);
    assert_eq!(names(&repository), ["a.yaml", "b/.gitignore/x"]);
    assert_eq!(kinds(&gaps), ["link-outside-repository", "special-file"]);
}

#[test]
fn limits_are_errors_with_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "a.yaml", "0123456789");
    write(root, "b.yaml", "012345678");
    write(root, "1/2/3/x.yaml", "");
    let limits = ReadLimits { text: 9, archive: 10, depth: 2, ..ReadLimits::default() };
    let (repository, gaps) = Repository::open(root, None, limits).unwrap();
    assert_eq!(repository.read(&path("a.yaml")), Err(ReadError::TooLarge { path: path("a.yaml"), limit: 9 }));
    assert_eq!(repository.read_bytes(&path("a.yaml")).unwrap().len(), 10);
    assert!(repository.read(&path("b.yaml")).is_ok());
    assert_eq!(kinds(&gaps), ["too-deep"]);
    let id = commit(root, &[("a.yaml", "0123456789"), ("1/2/3/x.yaml", "")], &[]);
    let (repository, gaps) = Repository::open(root, Some(&id), limits).unwrap();
    assert_eq!(repository.read(&path("a.yaml")), Err(ReadError::TooLarge { path: path("a.yaml"), limit: 9 }));
    assert_eq!(kinds(&gaps), ["too-deep"]);
    let limits = ReadLimits { entries: 1, ..ReadLimits::default() };
    for at in [None, Some(id.as_str())] {
        assert_eq!(kinds(&Repository::open(root, at, limits).unwrap().1), ["too-many-files"]);
    }
}

#[test]
fn a_second_folder_shares_the_sources() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "repo/a.yaml", "a");
    write(dir.path(), "charts/db/Chart.yaml", "name: db\n");
    let (repository, _) = open(&dir.path().join("repo"));
    let (charts, gaps) = repository.beside(&dir.path().join("charts"), &path("vendor"), None).unwrap();
    assert!(gaps.is_empty());
    let file = path("db/Chart.yaml");
    assert_eq!(&*charts.read(&file).unwrap(), "name: db\n");
    let id = charts.id(&file).unwrap();
    assert_eq!(id, FileId(1));
    assert_eq!(repository.sources().path(id), path("vendor/db/Chart.yaml"));
    assert_eq!(repository.sources().text(id).as_deref(), Some("name: db\n"));
    assert!(!repository.exists(&path("vendor/db/Chart.yaml")));
}

#[cfg(unix)]
#[test]
fn names_are_kept_as_they_are_unless_they_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "\u{1b}[31mred\u{202e}.yaml", "x");
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"bad\xff.yaml")), "").unwrap();
    let (repository, gaps) = open(dir.path());
    assert_eq!(names(&repository), ["\u{1b}[31mred\u{202e}.yaml"]);
    assert_eq!(kinds(&gaps), ["unusable-path"]);
}

#[test]
fn a_pointer_of_git_lfs_is_not_taken_for_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    write(dir.path(), "chart/charts/db-1.0.0.tgz", pointer);
    let (repository, _) = open(dir.path());
    let file = path("chart/charts/db-1.0.0.tgz");
    assert_eq!(repository.read_bytes(&file), Err(ReadError::Lfs(file.clone())));
    assert_eq!(repository.read(&file).unwrap_err().gap().kind, "unreadable-file");
}
