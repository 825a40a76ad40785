//! Which repository a source lies in: the one under audit, or another of which the user named a checkout.
//!
//! Each is read with its own root, so that no path of one leads into another.

use std::sync::Arc;

use super::kustomize::{Files, Found};
use super::place::normal;
use super::{Addresses, Manifests, Tools};
use crate::budget::Budget;
use crate::discover::{Content, Repository};
use crate::source::{FileId, RepoPath, SourceMap};
use crate::yaml::{Parsed, parse};

/// What is said of a repository that is not at hand.
pub const AWAY: &str = "of which no checkout is at hand (`--repository`)";

/// A checkout of another repository.
#[derive(Debug)]
pub struct Checkout {
    /// The address by which sources name it.
    pub url: String,
    /// The only revision that it stands for; any, if none is said.
    pub revision: Option<String>,
    /// What its paths are shown under.
    pub name: RepoPath,
    /// Its files.
    pub repository: Repository,
}

impl Checkout {
    /// A file by the path under which it is shown.
    pub fn parsed(&self, shown: &RepoPath) -> Option<Arc<Parsed>> {
        let path = RepoPath::new(shown.relative_to(&self.name)?).ok()?;
        let (id, text) = (self.repository.id(&path)?, self.repository.read(&path).ok()?);
        Some(Arc::new(parse(id, &text, &Budget::default())))
    }
}

/// The folder under which the files of another repository are shown: its address.
pub fn shown_name(url: &str) -> RepoPath {
    RepoPath::new(&normal(url).replace(':', "/")).unwrap_or_else(|_| RepoPath::root())
}

/// A checkout with what was read of it.
pub struct Neighbour<'a> {
    checkout: &'a Checkout,
    manifests: Manifests<'a>,
    addresses: Addresses,
}

impl<'a> Neighbour<'a> {
    /// Nothing is read yet.
    pub fn new(checkout: &'a Checkout) -> Self {
        let manifests = Manifests::new(&checkout.repository);
        Self { checkout, manifests, addresses: Addresses::only(&checkout.url) }
    }

    fn is(&self, url: &str, revision: &str) -> bool {
        let at = self.checkout.revision.as_deref();
        self.addresses.is_here(url, false) && at.is_none_or(|at| at == revision)
    }
}

/// One of the repositories that are at hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ground(Option<usize>);

/// What rendering looks at besides the Application: the files of one repository, and the way to the others.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What all renders share.
    pub tools: &'a Tools,
    audited: (&'a Manifests<'a>, &'a Addresses),
    neighbours: &'a [Neighbour<'a>],
    ground: Ground,
}

impl<'a> Context<'a> {
    /// The repository under audit alone.
    pub fn new(manifests: &'a Manifests<'a>, addresses: &'a Addresses, tools: &'a Tools) -> Self {
        Self { tools, audited: (manifests, addresses), neighbours: &[], ground: Ground::default() }
    }

    /// The same with other repositories beside it.
    pub fn beside(self, neighbours: &'a [Neighbour<'a>]) -> Self {
        Self { neighbours, ..self }
    }

    fn neighbour(&self) -> Option<&'a Neighbour<'a>> {
        self.neighbours.get(self.ground.0?)
    }

    /// The files of the repository that is looked at.
    pub fn manifests(&self) -> &'a Manifests<'a> {
        self.neighbour().map_or(self.audited.0, |neighbour| &neighbour.manifests)
    }

    /// Which addresses mean the repository that is looked at.
    pub fn addresses(&self) -> &'a Addresses {
        self.neighbour().map_or(self.audited.1, |neighbour| &neighbour.addresses)
    }

    /// The repository that is looked at.
    pub fn repository(&self) -> &'a Repository {
        self.manifests().repository()
    }

    /// Which one that is.
    pub fn ground(&self) -> Ground {
        self.ground
    }

    /// Whether it is the one under audit.
    pub fn is_audited(&self) -> bool {
        self.ground.0.is_none()
    }

    /// The view of one of the repositories.
    pub fn on(&self, ground: Ground) -> Self {
        Self { ground, ..*self }
    }

    /// The view of the repository that an address means, if it is at hand; `exists` says whether what is looked for is in the
    /// one under audit.
    pub fn of(&self, url: &str, revision: &str, exists: bool) -> Option<Self> {
        let number = self.neighbours.iter().position(|neighbour| neighbour.is(url, revision));
        let ground = Ground(number);
        (number.is_some() || self.audited.1.is_here(url, exists)).then(|| self.on(ground))
    }

    /// A path as reports show it.
    pub fn shown(&self, path: &RepoPath) -> RepoPath {
        let name = self.neighbour().map(|neighbour| &neighbour.checkout.name);
        name.and_then(|name| name.join(path.as_str()).ok()).unwrap_or_else(|| path.clone())
    }

    /// Where a remote base lies, if its repository is at hand: a path for [`Files`] of this view
    /// (`kustomize api/internal/git/repospec.go`).
    pub fn base(&self, address: &str) -> Option<RepoPath> {
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let address = address.strip_prefix("git::").unwrap_or(address);
        let mut options = query.split('&').filter_map(|option| option.split_once('='));
        let revision = options.find(|(key, _)| matches!(*key, "ref" | "version")).map_or("", |(_, value)| value);
        let ends = address.match_indices('/').map(|(at, _)| at).chain([address.len()]);
        ends.filter_map(|end| {
            let (repository, folder) = address.split_at(end);
            let neighbour = self.neighbours.iter().find(|neighbour| neighbour.is(repository, revision))?;
            // A folder has the other repository's root to itself: nothing climbs out of it.
            neighbour.checkout.name.join(RepoPath::new(folder).ok()?.as_str()).ok()
        })
        .next()
    }

    /// The repository that a path of [`Files`] is in, and the path in it.
    fn within(&self, path: &RepoPath) -> (&'a Repository, Option<(&'a RepoPath, RepoPath)>) {
        let found = self.neighbours.iter().find_map(|neighbour| {
            let name = &neighbour.checkout.name;
            let inner = path.relative_to(name).filter(|_| !name.is_root())?;
            Some((&neighbour.checkout.repository, Some((name, RepoPath::new(inner).ok()?))))
        });
        found.unwrap_or((self.repository(), None))
    }
}

/// The files of the repository that is looked at, and below their names those of the others.
impl Files for Context<'_> {
    fn find(&self, path: &RepoPath) -> Option<Found> {
        match self.within(path) {
            (repository, None) => repository.find(path),
            (repository, Some((name, inner))) => match repository.find(&inner)? {
                Found::File(real) => Some(Found::File(name.join(real.as_str()).ok()?)),
                Found::Folder(real) => Some(Found::Folder(name.join(real.as_str()).ok()?)),
            },
        }
    }

    fn read(&self, path: &RepoPath) -> Option<(FileId, Content)> {
        match self.within(path) {
            (repository, None) => Files::read(repository, path),
            (repository, Some((_, inner))) => Files::read(repository, &inner),
        }
    }

    fn names(&self, folder: &RepoPath) -> Vec<String> {
        match self.within(folder) {
            (repository, None) => repository.names(folder),
            (repository, Some((_, inner))) => repository.names(&inner),
        }
    }

    fn sources(&self) -> &SourceMap {
        self.repository().sources()
    }

    fn is_of_submodule(&self, path: &RepoPath) -> bool {
        match self.within(path) {
            (repository, None) => self.manifests().submodules.has(repository, path),
            // What is beside is a checkout of its own, which is whole or not there.
            (_, Some(_)) => false,
        }
    }

    fn are_together(&self, a: &RepoPath, b: &RepoPath) -> bool {
        let named = |path| self.within(path).1.map(|(name, _)| name);
        named(a) == named(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Options;
    use crate::render::kustomize::{BuildOptions, Options as Build, build};

    #[test]
    fn bases_of_other_repositories_are_told_by_their_address() {
        let audited = Repository::from_texts(vec![("a.yaml", "a: 1\n")]);
        let repository = Repository::from_texts(vec![("deploy/Base/kustomization.yaml", "resources: []\n")]);
        let url = "https://github.com/Acme/platform.git";
        let checkout = Checkout { url: url.into(), revision: Some("v1".into()), name: shown_name(url), repository };
        let neighbours = [Neighbour::new(&checkout)];
        let (manifests, addresses) = (Manifests::new(&audited), Addresses::default());
        let tools = Tools::new(Options::default(), BuildOptions::default());
        let context = Context::new(&manifests, &addresses, &tools).beside(&neighbours);
        for address in [
            "https://github.com/acme/platform//deploy/Base?ref=v1",
            "github.com/acme/platform/deploy/Base?timeout=90&ref=v1",
            "git@github.com:acme/platform.git/deploy/Base?ref=v1",
            "git::https://github.com/acme/platform.git//deploy/Base?ref=v1&submodules=false",
        ] {
            let base = context.base(address).unwrap();
            assert_eq!(base.as_str(), "github.com/acme/platform/deploy/Base", "{address}");
            assert_eq!(context.find(&base), Some(Found::Folder(base.clone())));
        }
        for address in [
            "github.com/acme/platform/../../../a?ref=v1",
            "github.com/acme/platform/deploy/Base?ref=v2",
            "github.com/acme/platforms?ref=v1",
            "x.yaml",
        ] {
            assert_eq!(context.base(address), None, "{address}");
        }
        assert_eq!(context.find(&RepoPath::new("deploy").unwrap()), None);
    }

    #[test]
    fn a_base_of_another_repository_does_not_climb_into_this_one() {
        let url = "https://git.example.com/platform";
        let (name, object) = (shown_name(url), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n");
        let audited = Repository::from_texts(vec![
            ("top/kustomization.yaml", "resources: [\"https://git.example.com/platform//base\"]\n"),
            ("own/kustomization.yaml", "resources: [own.yaml]\n"),
            ("own/own.yaml", object),
        ]);
        let repository = Repository::from_texts(vec![("base/kustomization.yaml", "resources: [../../../own]\n")]);
        let checkout = Checkout { url: url.into(), revision: None, name, repository };
        let neighbours = [Neighbour::new(&checkout)];
        let (manifests, addresses) = (Manifests::new(&audited), Addresses::default());
        let tools = Tools::new(Options::default(), BuildOptions::default());
        let context = Context::new(&manifests, &addresses, &tools).beside(&neighbours);
        let options = Build { remotes: Some(&|address| context.base(address)), ..Build::default() };
        let built = build(&context, &RepoPath::new("top").unwrap(), &options, &Budget::default());
        assert!(built.unwrap_err().message.contains("no such file or directory"));
    }
}
