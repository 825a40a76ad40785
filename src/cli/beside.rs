//! Folders beside the repository: of charts, and checkouts of other repositories.
//!
//! What the command line names may lie anywhere. So may what a configuration names that lies outside the repository. The
//! repository's own configuration comes with the change that is audited, and names nothing outside.

use std::path::{Path, PathBuf};

use super::{Global, Refusal};
use crate::config::{Config, OtherRepository};
use crate::discover::{OpenError, Repository};
use crate::finding::Gap;
use crate::render::{Checkout, shown_name};
use crate::source::RepoPath;

/// What lies beside the repository.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Folders of charts.
    pub charts: Vec<Repository>,
    /// Checkouts of other repositories.
    pub checkouts: Vec<Checkout>,
    /// Folders of the repository under audit that are other repositories.
    pub inner: Vec<RepoPath>,
    /// What of it cannot be seen.
    pub gaps: Vec<Gap>,
}

/// A folder that was named.
struct Named {
    folder: PathBuf,
    /// Its path in the repository under audit, if it is in that.
    inner: Option<RepoPath>,
}

/// Opens everything that the command line and the configuration name.
pub(super) fn open(
    path: &Path,
    global: &Global,
    at: Option<&str>,
    repository: &Repository,
    config: &Config,
) -> Result<Beside, Refusal> {
    let mut beside = Beside::default();
    let desk = Desk::of(path, global);
    for folder in &global.charts {
        beside.add_charts(repository, folder, None)?;
    }
    for folder in config.charts() {
        let named = desk.named(&path.join(folder)).ok_or_else(|| outside("folder of charts", folder, "`--charts`"))?;
        beside.add_charts(repository, &named.folder, at.filter(|_| named.inner.is_some()))?;
    }
    for pair in &global.repositories {
        let (url, folder) = pair
            .rsplit_once('=')
            .filter(|(url, folder)| !url.is_empty() && !folder.is_empty())
            .ok_or_else(|| Refusal::Usage(format!("`--repository {pair}` is not an address and a folder: URL=DIR")))?;
        let named = Named { folder: folder.into(), inner: desk.inner(Path::new(folder)) };
        beside.add_checkout(repository, at, (url, None), named)?;
    }
    for other in config.repositories().iter().filter(|other| !other.is_this()) {
        let OtherRepository { url, path, revision } = other;
        let named =
            desk.named(&desk.base.join(path)).ok_or_else(|| outside("checkout", path, "`--repository URL=DIR`"))?;
        beside.add_checkout(repository, at, (url, revision.clone()), named)?;
    }
    Ok(beside)
}

fn outside(what: &str, folder: &str, flag: &str) -> Refusal {
    Refusal::Usage(format!(
        "the configuration names the {what} `{folder}`, which is no folder of the repository: one elsewhere is named by \
         {flag}, or by a configuration outside the repository (`--config`)"
    ))
}

fn unopened(error: OpenError) -> Refusal {
    Refusal::Usage(error.to_string())
}

/// From where a configuration speaks.
struct Desk {
    /// The folder that its paths start from.
    base: PathBuf,
    /// Whether it may name folders outside the repository.
    trusted: bool,
    root: Option<PathBuf>,
}

impl Desk {
    fn of(path: &Path, global: &Global) -> Self {
        let root = path.canonicalize().ok();
        let Some(file) = &global.config else { return Self { base: path.to_owned(), trusted: false, root } };
        let base = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let inside = |folder: PathBuf| root.as_ref().is_none_or(|root| folder.starts_with(root));
        let trusted = base.canonicalize().is_ok_and(|folder| !inside(folder));
        Self { base, trusted, root }
    }

    /// The path in the repository under audit of a folder that is in it, links followed.
    fn inner(&self, folder: &Path) -> Option<RepoPath> {
        let real = folder.canonicalize().ok()?;
        let inner = real.strip_prefix(self.root.as_ref()?).ok()?.to_str()?;
        RepoPath::new(inner).ok().filter(|inner| !inner.is_root())
    }

    /// A folder that the configuration names; nothing if that is not for it to name.
    fn named(&self, folder: &Path) -> Option<Named> {
        let inner = self.inner(folder);
        (self.trusted || inner.is_some()).then(|| Named { folder: folder.to_owned(), inner })
    }
}

impl Beside {
    fn add_charts(&mut self, repository: &Repository, folder: &Path, at: Option<&str>) -> Result<(), Refusal> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("charts");
        let shown = RepoPath::new(name).unwrap_or_else(|_| RepoPath::root());
        let (tree, gaps) = repository.beside(folder, &shown, at).map_err(unopened)?;
        self.gaps.extend(gaps);
        self.charts.push(tree);
        Ok(())
    }

    fn add_checkout(
        &mut self,
        audited: &Repository,
        at: Option<&str>,
        (url, revision): (&str, Option<String>),
        named: Named,
    ) -> Result<(), Refusal> {
        let name = self.free_name(audited, shown_name(url));
        let at = at.filter(|_| named.inner.is_some());
        let (repository, gaps) = audited.beside(&named.folder, &name, at).map_err(unopened)?;
        self.gaps.extend(gaps);
        self.inner.extend(named.inner);
        if repository.files().is_empty() {
            // A submodule that was not fetched looks like this.
            let message = format!("the checkout of `{name}` is empty: it counts as not at hand");
            self.gaps.push(Gap::new("other-repository", message));
            return Ok(());
        }
        self.checkouts.push(Checkout { url: url.to_owned(), revision, name, repository });
        Ok(())
    }

    /// A name that no folder of any repository has, so that what is shown under it is nothing else.
    fn free_name(&self, audited: &Repository, name: RepoPath) -> RepoPath {
        let mut free = name;
        while audited.exists(&free) || self.checkouts.iter().any(|one| one.name == free || one.repository.exists(&free))
        {
            match RepoPath::new(&format!("{free}~")) {
                Ok(next) => free = next,
                Err(_) => break,
            }
        }
        free
    }
}
