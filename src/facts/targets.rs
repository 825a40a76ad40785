//! Where each Application goes, what it belongs to, and what went wrong in making it.

use std::collections::{BTreeMap, BTreeSet};

use super::{AppId, Cluster, Defect, Facts, NamedFile, Target};
use crate::expand::{Application, Expansion, RootKind};
use crate::finding::{Certainty, Evidence, Gap};
use crate::k8s::text::Text;
use crate::k8s::{Word, Words, argo, is_name};
use crate::source::Span;
use crate::yaml::Node;

/// The API server of the cluster in which Argo CD runs.
const LOCAL: &str = "https://kubernetes.default.svc";
/// Its name, unless a Secret gives it another.
const LOCAL_NAME: &str = "in-cluster";
/// Gaps behind which any object may be, wherever the Application itself goes.
const OPEN: [&str; 5] = ["other-repository", "remote-base", "submodule", "not-rendered", "budget-exceeded"];

/// Records the targets and defects. The Applications' facts must be there.
pub fn collect(expansion: &Expansion, opening: &[Gap], facts: &mut Facts) {
    let clusters = Clusters::new(expansion);
    let mut words = Words::default();
    let uncertain: BTreeSet<&str> =
        expansion.sets.iter().filter(|set| !set.gaps.is_empty()).map(|set| set.root.as_str()).collect();
    let charts: BTreeSet<&str> =
        expansion.roots.iter().filter(|root| root.kind == RootKind::Chart).map(|root| root.name.as_str()).collect();
    for (at, (application, rendered)) in expansion.applications.iter().enumerate() {
        let id = AppId(at);
        // What an installer fills in first, or people copy, is nothing that Argo CD would see.
        if application.manifest.is_some() && !is_name(&application.name) {
            continue;
        }
        if let Some(view) = application.view() {
            let mut target = target(application, view, &clusters, &mut words);
            target.uncertain = uncertain.contains(target.root.as_str());
            target.open = rendered.gaps.iter().any(|gap| OPEN.contains(&gap.kind));
            facts.targets.insert(id, target);
        }
        let origin = application.span();
        // A folder that nobody syncs is built here as a guess, and so is what comes of a chart that somebody installs with
        // values of his own.
        let folder = application.manifest.is_none();
        let values = charts.contains(application.root.as_str());
        let guess = |gap: &&Gap| (folder && gap.kind == "render-failed") || (values && gap.kind != "invalid-manifest");
        let defects = rendered.gaps.iter().filter(|gap| gap.defect && !guess(gap));
        facts.defects.extend(defects.filter_map(|gap| Some(defect(gap, Some(id), gap.span.or(origin)?))));
        facts.values_files.extend(
            application.values_files.iter().filter(|file| file.here && !values).map(|file| NamedFile {
                app: id,
                path: file.path.clone(),
                exists: file.exists,
                span: file.entry,
            }),
        );
    }
    let loose = expansion.gaps.iter().chain(opening).filter(|gap| gap.defect);
    facts.defects.extend(loose.filter_map(|gap| Some(defect(gap, None, gap.span?))));
    facts.declared_projects = expansion.declared.projects.clone();
    facts.declared_namespaces = expansion.declared.namespaces.clone();
    facts.unmanaged = expansion.declared.objects.clone();
    facts.global_projects = expansion.global_projects;
}

fn defect(gap: &Gap, app: Option<AppId>, span: Span) -> Defect {
    // Messages of charts go over several lines.
    let lines: Vec<&str> = gap.message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let certainty = if gap.kind == "render-failed" { Certainty::Rendered } else { Certainty::Literal };
    Defect { kind: gap.kind, app, evidence: Evidence { span, text: lines.join(" "), certainty } }
}

fn target(application: &Application, view: argo::Application<'_>, clusters: &Clusters, words: &mut Words) -> Target {
    let destination = view.destination();
    let whole = view.node.origin.clone();
    let at = |path: &[&str]| Text::at(view.node, path);
    let none = || Text { value: "default".into(), origin: whole.clone() };
    let makes = |option: &&Node| option.as_text() == Some("CreateNamespace=true");
    let place = destination.node.map_or(&whole, |node| {
        let said = ["server", "name"].iter().find_map(|key| node.get(key).filter(|value| !value.is_null()));
        &said.unwrap_or(node).origin
    });
    let sources = view.sources();
    let mut repositories: Vec<Text> = sources.iter().filter_map(|source| Text::at(source.node, &["repoURL"])).collect();
    repositories.shrink_to_fit();
    Target {
        root: words.of(&application.root),
        cluster: clusters.find(written_out(destination.name()), written_out(destination.server()), words),
        destination: place.clone(),
        namespace: at(&["spec", "destination", "namespace"]),
        home: words.of(&application.namespace),
        project: at(&["spec", "project"]).unwrap_or_else(none),
        creates_namespace: view.sync_policy().options().iter().find(makes).map(|option| option.origin.clone()),
        repositories,
        uncertain: false,
        open: false,
    }
}

/// A text in which nothing is filled in later; else nothing.
fn written_out(text: &str) -> &str {
    if text.contains(['{', '}', '<', '$']) || is_token(text) { "" } else { text }
}

/// Whether an address has a word in capitals where its host should be: `https://CLUSTER_API_SERVER`.
fn is_token(address: &str) -> bool {
    let host = address.split_once("://").map_or("", |(_, rest)| rest).split(['/', ':']).next().unwrap_or("");
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    host.bytes().any(|b| b.is_ascii_uppercase()) && host.bytes().all(capital)
}

/// The clusters that Secrets register.
#[derive(Default)]
struct Clusters {
    /// Name, address, project.
    known: Vec<[Word; 3]>,
    by_name: BTreeMap<Word, Vec<usize>>,
    by_server: BTreeMap<Word, Vec<usize>>,
}

impl Clusters {
    fn new(expansion: &Expansion) -> Self {
        let read = |cluster: argo::Cluster<'_>| -> [Word; 3] {
            let server = cluster.text("server");
            [cluster.text("name").into(), server.trim_end_matches('/').into(), cluster.text("project").into()]
        };
        let mut all = Self::default();
        for cluster in expansion.clusters.iter().filter_map(argo::Cluster::new).map(read) {
            let [name, server, _] = &cluster;
            all.by_name.entry(name.clone()).or_default().push(all.known.len());
            all.by_server.entry(server.clone()).or_default().push(all.known.len());
            all.known.push(cluster);
        }
        all
    }

    /// The cluster of a name or an address. What two Secrets say differently is not known.
    fn find(&self, name: &str, server: &str, words: &mut Words) -> Cluster {
        let server = server.trim_end_matches('/');
        let same = match (server, name) {
            ("", "") => None,
            ("", name) => self.by_name.get(name),
            (server, _) => self.by_server.get(server),
        };
        let mut found = same.into_iter().flatten().filter_map(|&at| self.known.get(at));
        if let Some(first) = found.next() {
            if found.all(|other| other[..2] == first[..2]) {
                let [name, server, project] = first.clone();
                return Cluster { name, server, secret: Some(project) };
            }
        } else if server == LOCAL || (server.is_empty() && name == LOCAL_NAME) {
            return Cluster { name: words.of(LOCAL_NAME), server: words.of(LOCAL), secret: None };
        }
        Cluster { name: words.of(name), server: words.of(server), secret: None }
    }
}
