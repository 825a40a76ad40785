//! What the repository's files are, before anything is rendered: manifests, Argo CD's objects, broken files, templates.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Settings;
use super::kustomizations::Kustomizations;
use crate::discover::Repository;
use crate::finding::Gap;
use crate::k8s::argo;
use crate::render::{KUSTOMIZATIONS, Manifests, plain};
use crate::source::{FileId, RepoPath, Span};
use crate::yaml::{Node, Parsed};

/// A file that looks like a manifest and cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenFile {
    /// The file.
    pub path: RepoPath,
    /// Where it breaks.
    pub span: Span,
    /// How, without any of its text.
    pub message: String,
    /// Whether it breaks in an ApplicationSet that only becomes YAML when its template is filled in.
    pub set: bool,
}

/// An object of Argo CD as a file declares it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The file.
    pub path: RepoPath,
    /// The object.
    pub node: Node,
}

/// What the files are.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Argo CD's objects, cluster Secrets and `argocd-cm`, in path order.
    pub declared: Vec<Declared>,
    /// Those of them that are cluster Secrets, or make some.
    pub cluster_secrets: Vec<Node>,
    /// Those of them that are Argo CD's own settings.
    pub argo_settings: Vec<Node>,
    /// The numbers of the declared objects of each file.
    by_file: BTreeMap<FileId, Vec<usize>>,
    /// Files with objects, those of kustomizations and their patches among them.
    pub manifests: Vec<RepoPath>,
    /// Files that are broken.
    pub broken: Vec<BrokenFile>,
    /// Files that could not be read at all.
    pub unread: Vec<Gap>,
    /// Files that become manifests elsewhere.
    pub templates: Vec<RepoPath>,
    /// Every folder that is not hidden, in the order of a walk.
    pub folders: Vec<RepoPath>,
    /// Folders of charts that are part of no other chart.
    pub charts: Vec<RepoPath>,
    /// Who uses whom among kustomizations.
    pub kustomizations: Kustomizations,
    /// The names of the Namespaces that files declare, whoever applies them.
    pub namespaces: BTreeSet<String>,
}

impl Inventory {
    /// The declared object that an object was made of, whatever a kustomization did to it.
    pub fn declared_as(&self, node: &Node) -> Option<usize> {
        let parts = [node.get("kind"), node.at(&["metadata", "name"]), node.get("apiVersion")];
        let places =
            std::iter::once(node).chain(parts.into_iter().flatten()).flat_map(|part| part.origin.contributions());
        places.map(|place| place.span).find_map(|span| self.declared_at(span))
    }

    /// The Applications that a file declares.
    pub fn declared_in<'i>(
        &'i self,
        repository: &Repository,
        path: &RepoPath,
    ) -> impl Iterator<Item = (usize, argo::Application<'i>)> {
        let numbers = repository.id(path).and_then(|id| self.by_file.get(&id));
        let numbers = numbers.into_iter().flatten().copied();
        numbers.filter_map(|at| Some((at, argo::Application::new(&self.declared[at].node)?)))
    }

    /// The declared object in which a place is.
    fn declared_at(&self, span: Span) -> Option<usize> {
        let numbers = self.by_file.get(&span.file)?;
        numbers.iter().copied().find(|&at| {
            let whole = self.declared[at].node.span();
            whole.start <= span.start && span.end <= whole.end
        })
    }
}

/// What one file turned out to be.
enum Class {
    Other,
    Unread(Gap),
    Template,
    Manifest { declared: Vec<Node>, namespaces: Vec<String>, broken: Vec<BrokenFile> },
    Broken(Vec<BrokenFile>),
}

/// Looks at every file.
pub fn read(manifests: &Manifests<'_>, settings: &Settings) -> Inventory {
    let repository = manifests.repository();
    let files = repository.files();
    let charts: BTreeSet<RepoPath> =
        files.iter().filter(|path| path.file_name() == "Chart.yaml").filter_map(RepoPath::parent).collect();
    let candidates: Vec<&RepoPath> = files
        .iter()
        .filter(|path| plain::is_manifest_name(path) && !is_hidden(path) && !settings.ignored.is_match(path.as_str()))
        .collect();
    let classes: Vec<Class> = candidates
        .par_iter()
        .map(|path| if of_chart(path, &charts) { Class::Template } else { classify(manifests, path) })
        .collect();
    let mut inventory = Inventory::default();
    for (path, class) in candidates.into_iter().zip(classes) {
        match class {
            Class::Other => {}
            Class::Unread(gap) => inventory.unread.push(gap),
            Class::Template => inventory.templates.push(path.clone()),
            Class::Broken(broken) => inventory.broken.extend(broken),
            Class::Manifest { declared, namespaces, broken } => {
                inventory.namespaces.extend(namespaces);
                inventory.manifests.push(path.clone());
                inventory.broken.extend(broken);
                inventory.declared.extend(declared.into_iter().map(|node| Declared { path: path.clone(), node }));
            }
        }
    }
    // Where a repository has both, what its own tests are fed with is nothing that anybody applies.
    if inventory.declared.iter().any(|declared| !is_test_data(&declared.path)) {
        inventory.declared.retain(|declared| !is_test_data(&declared.path));
    }
    inventory.kustomizations = Kustomizations::read(manifests);
    let applied = |path: &RepoPath| !plain::is_pattern(path) || inventory.kustomizations.names(path);
    inventory.declared.retain(|declared| applied(&declared.path));
    for (at, declared) in inventory.declared.iter().enumerate() {
        inventory.by_file.entry(declared.node.span().file).or_default().push(at);
    }
    inventory.folders = folders(files);
    inventory.charts = charts
        .iter()
        .filter(|folder| {
            let outer = |other: &&RepoPath| *other != *folder && folder.is_within(other);
            !charts.iter().any(|other| outer(&other))
                && !is_library(manifests, folder)
                && !folder.join("x").is_ok_and(|path| is_hidden(&path))
        })
        .cloned()
        .collect();
    let declared = || inventory.declared.iter().map(|declared| &declared.node);
    inventory.cluster_secrets = declared()
        .filter(|node| argo::Cluster::new(node).is_some_and(|cluster| cluster.is_filled_in()))
        .cloned()
        .collect();
    inventory.argo_settings = declared().filter(|node| is_argo_settings(node)).cloned().collect();
    inventory
}

fn is_library(manifests: &Manifests<'_>, chart: &RepoPath) -> bool {
    let parsed = chart.join("Chart.yaml").ok().and_then(|path| manifests.parsed(&path).ok());
    let document = parsed.as_ref().and_then(|parsed| parsed.documents.first());
    document.is_some_and(|document| document.root.str_at("type") == Some("library"))
}

/// The folders in which files lie, hidden ones left out, in the order in which a walk meets them.
pub fn folders(files: &[RepoPath]) -> Vec<RepoPath> {
    let mut found: BTreeSet<RepoPath> = BTreeSet::new();
    for path in files {
        let mut folder = path.parent();
        while let Some(current) = folder.filter(|folder| !folder.is_root() && !found.contains(folder)) {
            folder = current.parent();
            found.insert(current);
        }
    }
    let hidden = |folder: &RepoPath| folder.segments().any(|name| name.starts_with('.'));
    let mut found: Vec<RepoPath> = found.into_iter().filter(|folder| !hidden(folder)).collect();
    found.sort_by(plain::walk_order);
    found
}

/// Folders that hold no manifests by convention: those that begin with a dot, but for the names that deployments have.
pub fn is_hidden(path: &RepoPath) -> bool {
    const KEPT: [&str; 5] = [".argo", ".gitops", ".deploy", ".k8s", ".kube"];
    let count = path.segments().count();
    path.segments().take(count.saturating_sub(1)).any(|name| {
        name == "node_modules" || (name.starts_with('.') && !KEPT.iter().any(|kept| name.starts_with(kept)))
    })
}

/// Whether a file is in a folder that is there for tests of programs: `testdata`, `tests/fixtures`.
fn is_test_data(path: &RepoPath) -> bool {
    let mut folders: Vec<&str> = path.segments().collect();
    folders.pop();
    folders.contains(&"testdata")
        || folders.windows(2).any(|pair| matches!(pair, ["test" | "tests" | "__tests__", "fixtures" | "data"]))
}

/// Whether a file is a chart's own: its templates, its dependencies, its CRDs, its description.
fn of_chart(path: &RepoPath, charts: &BTreeSet<RepoPath>) -> bool {
    let mut folder = path.parent();
    while let Some(current) = folder {
        if charts.contains(&current) {
            let relative = path.relative_to(&current).unwrap_or("");
            let own = ["templates/", "charts/", "crds/"].iter().any(|own| relative.starts_with(own));
            return own || relative == "Chart.yaml" || (relative.starts_with("values") && !relative.contains('/'));
        }
        folder = current.parent();
    }
    false
}

fn classify(manifests: &Manifests<'_>, path: &RepoPath) -> Class {
    let text = match manifests.repository().read(path) {
        Ok(text) => text,
        Err(error) => return Class::Unread(error.gap()),
    };
    if !text.contains("apiVersion") || !text.contains("kind") || path.extension() == Some("jsonnet") {
        return Class::Other;
    }
    let Ok(parsed) = manifests.parsed(path) else { return Class::Other };
    let objects = plain::objects(&parsed);
    if objects.is_empty() && !plain::looks_like_manifest(&text) {
        return Class::Other;
    }
    // Argo CD never fills in an ApplicationSet itself: one that is no YAML for Go's actions is broken, not a template.
    let set = text.lines().any(|line| line.trim_end() == "kind: ApplicationSet");
    let foreign = || text.lines().any(|line| begins_with_one_of(&OTHERS, line));
    if !parsed.problems.is_empty() && if set { foreign() } else { foreign() || is_template(&text, &parsed) } {
        return Class::Template;
    }
    let broken: Vec<BrokenFile> = parsed
        .problems
        .iter()
        .map(|problem| BrokenFile {
            path: path.clone(),
            span: problem.span,
            message: problem.message.clone(),
            set: set && is_in_template_of_set(&text, problem.span),
        })
        .collect();
    if objects.is_empty() {
        return if broken.is_empty() { Class::Other } else { Class::Broken(broken) };
    }
    if KUSTOMIZATIONS.contains(&path.file_name()) {
        return Class::Other;
    }
    let made = objects.iter().filter(|object| object.group().is_empty() && object.kind() == "Namespace");
    let namespaces = made.map(|object| object.name().to_owned()).collect();
    let declared = objects
        .into_iter()
        .map(|object| object.node)
        .filter(|node| argo::is_argo(node) || argo::Cluster::new(node).is_some() || is_argo_settings(node))
        .filter(|node| !is_record(node))
        .collect();
    Class::Manifest { declared, namespaces, broken }
}

/// Whether a place is in a document that is an ApplicationSet and has template actions.
fn is_in_template_of_set(text: &str, span: Span) -> bool {
    let at = (span.start as usize).min(text.len());
    let (mut begin, mut document) = (0, "");
    for part in text.split_inclusive("\n---") {
        if begin <= at {
            document = part;
        }
        begin += part.len();
    }
    document.contains("{{") && document.lines().any(|line| line.trim_end() == "kind: ApplicationSet")
}

/// Whether an Application was written down as a cluster had it: an ApplicationSet made it, and makes it again.
fn is_record(node: &Node) -> bool {
    let meta = node.get("metadata");
    let of_set = |owner: &Node| owner.str_at("kind") == Some("ApplicationSet") && owner.get("uid").is_some();
    meta.is_some_and(|meta| meta.get("uid").is_some() && meta.items("ownerReferences").iter().any(of_set))
}

/// Argo CD's own settings.
pub fn is_argo_settings(node: &Node) -> bool {
    node.str_at("kind") == Some("ConfigMap")
        && node.at(&["metadata", "name"]).and_then(Node::as_text) == Some("argocd-cm")
}

/// Whether a line is a token that an installer fills in: `<CERT_MANAGER_ANNOTATION>`.
fn is_token(line: &str) -> bool {
    let name = line.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or("");
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// With what a line of template actions begins that are not Go's: Jinja, FreeMarker, ERB, Terraform.
const OTHERS: [&str; 7] = ["{%", "{#", "<#", "</#", "<@", "<%", "%{"];

fn begins_with_one_of(openers: &[&str], line: &str) -> bool {
    let start = line.trim_start().trim_start_matches(['-', ' ', '"']);
    openers.iter().any(|opener| start.starts_with(opener))
}

/// Whether a text that is no YAML is so because of Go's template actions.
fn is_template(text: &str, parsed: &Parsed) -> bool {
    let token = |line: &str| is_token(line.trim_start().trim_start_matches(['-', ' ', '"']).trim_end());
    if text.lines().any(|line| begins_with_one_of(&["{{"], line) || token(line)) {
        return true;
    }
    parsed.problems.iter().any(|problem| {
        let start = (problem.span.start as usize).min(text.len());
        let before = text.as_bytes()[..start].iter().rposition(|&b| b == b'\n').unwrap_or(0);
        let earlier = text.as_bytes()[..before].iter().rposition(|&b| b == b'\n').unwrap_or(0);
        let end = text.as_bytes()[start..].iter().position(|&b| b == b'\n').map_or(text.len(), |n| start + n);
        text.as_bytes()[earlier..end].windows(2).any(|pair| pair == b"{{")
    })
}
