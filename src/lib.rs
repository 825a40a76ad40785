//! schemaward: a static auditor for GitOps repositories. Who owns which database schema, in which order things really come
//! up, who holds which credential: answered from Git alone.
//!
//! The way of the data, one way only: `discover` lists and reads files, `yaml` parses them, `k8s` views them, `expand` makes
//! the Applications, `render` their objects, `facts` reads off what matters, `graph` answers questions about it, `rules`
//! judge, `report` gathers, `output` prints. Nobody calls back up.
//!
//! What always holds:
//! 1. `RepoPath` is the only way to a file and cannot lead out of the repository. Only `discover` reads.
//! 2. Nothing starts a process or opens a connection.
//! 3. A finding has at least one piece of evidence in a file that the user can edit.
//! 4. What could not be seen is a gap. Nothing is dropped silently, and no rule concludes absence from behind a gap.
//! 5. The same input gives the same bytes.
//! 6. A secret's value never gets past the reading of it.
//! 7. Rules see the graph, never YAML; they cannot fail and cannot change what they look at.
//! 8. Output types are their own, versioned.
//! 9. All work on a repository's behalf draws on a budget.

pub mod budget;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod discover;
pub mod expand;
pub mod facts;
pub mod finding;
pub mod glob;
pub mod gotmpl;
pub mod graph;
pub mod hash;
pub mod k8s;

pub mod output;
#[cfg(test)]
mod proptests;
pub mod render;
pub mod report;
pub mod rules;
pub mod source;
pub mod sql;
pub mod yaml;

use config::Config;
use discover::Repository;
use expand::Expansion;
use finding::Gap;
use graph::Graph;
use report::Report;

/// What an audit found, and what it went through to find it.
pub struct Audit {
    /// The Applications, with their objects where the settings keep them.
    pub expansion: Expansion,
    /// The facts as a graph.
    pub graph: Graph,
    /// Findings, gaps, coverage.
    pub report: Report,
}

/// The spine: a repository goes in, true findings come out.
pub fn audit(repository: &Repository, config: &Config, settings: &expand::Settings, opening: Vec<Gap>) -> Audit {
    let manifests = render::Manifests::new(repository);
    let mut expansion = expand::expand(&manifests, settings);
    place(&mut expansion, config);

    let overrides = facts::layers::of(&expansion, &|path| values(&manifests, &settings.checkouts, path));
    drop(manifests);
    let rollout = facts::rollout::of(&expansion, repository.sources());
    let facts = facts::collect(facts::Sources {
        applications: facts::apps::of(&expansion, rollout.gate.restored, repository.sources()),
        overrides,
        rollout,
        expansion: &expansion,
        opening: &opening,
        sql_files: sql_files(repository),
        texts: repository.sources(),
        catalog: catalog::catalog(),
        config,
    });
    if !settings.keep_objects {
        expansion.applications.iter_mut().for_each(|(_, rendered)| rendered.objects = Vec::new());
    }
    let graph = Graph::new(facts);

    let findings = rules::all().iter().flat_map(|rule| (rule.check)(&graph)).collect();
    let findings = config.judge(findings, repository.sources());

    let rendered = expansion.applications.iter().flat_map(|(_, rendered)| rendered.gaps.iter());
    let gaps = opening.into_iter().chain(expansion.gaps.iter().cloned()).chain(rendered.cloned()).collect();
    let mut report = Report::new(repository.sources().clone(), findings, gaps);
    report.coverage = coverage(repository, config, &expansion, &graph);
    report.rules = rules::all().iter().map(|rule| rule.card()).collect();
    Audit { expansion, graph, report }
}

/// Puts Applications into the environments that the configuration gives them; it knows better than any label.
fn place(expansion: &mut Expansion, config: &Config) {
    for (application, _) in &mut expansion.applications {
        let Some(manifest) = &application.manifest else { continue };
        let labels = manifest.get("metadata").map_or(&[][..], |metadata| metadata.entries("labels"));
        let labels: Vec<(&str, &str)> =
            labels.iter().filter_map(|label| Some((&*label.key, label.value.as_text()?))).collect();
        let sources = application.view().map(|view| view.sources()).unwrap_or_default();
        let paths: Vec<&str> = sources.iter().filter_map(|source| source.path()).collect();
        let destination = |key: &str| manifest.at(&["spec", "destination", key]).and_then(yaml::Node::as_text);
        let environment = config.environment_of(&config::Whereabouts {
            labels: &labels,
            namespace: destination("namespace"),
            cluster: destination("name").or_else(|| destination("server")),
            paths: &paths,
        });
        if let Some(name) = environment {
            application.environment = Some(expand::Placed { text: name.to_owned(), span: None });
        }
    }
}

/// The first document of a values file that can be read, in the repository or in another one by its shown path.
fn values(
    manifests: &render::Manifests<'_>,
    checkouts: &[render::Checkout],
    path: &source::RepoPath,
) -> Option<yaml::Node> {
    let parsed = manifests.parsed(path).ok().or_else(|| checkouts.iter().find_map(|one| one.parsed(path)))?;
    parsed.documents.first().map(|document| document.root.clone())
}

fn sql_files(repository: &Repository) -> Vec<facts::SqlFile> {
    let sql = repository.files().iter().filter(|path| path.extension() == Some("sql"));
    let file = |path: &source::RepoPath| {
        Some(facts::SqlFile { path: path.clone(), span: source::Span::new(repository.id(path)?, 0, 0) })
    };
    sql.filter_map(file).collect()
}

fn coverage(repository: &Repository, config: &Config, expansion: &Expansion, graph: &Graph) -> report::Coverage {
    let facts = graph.facts();
    let ignored = repository.files().iter().filter(|path| config.ignored().is_match(path.as_str())).count();
    report::Coverage {
        roots: expansion.roots.iter().map(|root| root.name.clone()).collect(),
        files: repository.files().len() - ignored,
        ignored,
        unmanaged: expansion.unmanaged.len(),
        templates: expansion.templates.iter().filter(|path| !expansion.covered.contains(*path)).count(),
        applicationsets: expansion.sets.len(),
        applications: expansion.applications.len(),
        objects: facts.objects.len(),
        migrators: facts.migrators.len(),
        schemas: facts.schemas.len(),
    }
}
