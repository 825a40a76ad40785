//! What a Helm source gives its chart: values in their order, parameters, options, each with its place
//! (`reposerver/repository/repository.go: helmTemplate, getResolvedValueFiles`).
//!
//! Files are found here and read elsewhere. One that is named and not there is a gap, and the rest counts.

use std::collections::{BTreeMap, BTreeSet};

use super::helm::Chart;
use super::variables::Environment;
use super::{Context, Ground, ValuesFile, ground, inline};
use crate::budget::Budget;
use crate::discover::Repository;
use crate::finding::Gap;
use crate::glob::{Dialect, Glob, has_wildcard};
use crate::k8s::argo::{Application, Source};
use crate::source::{RepoPath, Span};
use crate::yaml::{Node, Origin, Role};

/// One layer of values, the later over the earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// A values file of a repository.
    File {
        /// The repository.
        ground: Ground,
        /// The file.
        path: RepoPath,
        /// Whether it is there.
        exists: bool,
        /// Whether it is nowhere if it is not here.
        sure: bool,
        /// The entry of `valueFiles` that names it.
        origin: Origin,
    },
    /// A file of a chart that comes from elsewhere.
    InChart {
        /// Its path in the chart.
        path: String,
        /// The entry of `valueFiles` that names it.
        origin: Origin,
        /// Whether Argo CD goes on without it.
        optional: bool,
    },
    /// Values written in the Application.
    Inline(Node),
}

/// One of `helm.parameters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The path in the values.
    pub name: String,
    /// The value's text.
    pub value: String,
    /// Whether it is a string whatever it looks like.
    pub force_string: bool,
    /// Where the value is written.
    pub origin: Origin,
}

/// One of `helm.fileParameters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileParameter {
    /// The path in the values.
    pub name: String,
    /// The repository that the file is in.
    pub ground: Ground,
    /// The file.
    pub path: RepoPath,
    /// Where it is named.
    pub origin: Origin,
}

/// What Helm is called with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// The release's name.
    pub name: String,
    /// The release's namespace; empty where none is said.
    pub namespace: String,
    /// The values, in order; those of the Application itself last.
    pub layers: Vec<Layer>,
    /// The parameters; each name once for each way of setting.
    pub parameters: Vec<Parameter>,
    /// Parameters whose values are files.
    pub files: Vec<FileParameter>,
    /// `kubeVersion`; empty where none is said.
    pub kube_version: String,
    /// `apiVersions`.
    pub api_versions: Vec<String>,
    /// `skipCrds`.
    pub skip_crds: bool,
    /// `skipTests`.
    pub skip_tests: bool,
    /// `skipSchemaValidation`.
    pub skip_schema_validation: bool,
    /// `passCredentials`.
    pub pass_credentials: bool,
}

impl Release {
    /// The values files, in order; `chart` tells of files in a chart that comes from elsewhere.
    pub fn values_files(&self, context: &Context<'_>, chart: Option<&Chart>) -> Vec<ValuesFile> {
        let mut files = Vec::new();
        for layer in &self.layers {
            match layer {
                Layer::File { ground, path, exists, sure, origin } => {
                    let span = origin.anchor();
                    files.push(ValuesFile {
                        path: context.on(*ground).shown(path).into(),
                        exists: *exists,
                        here: *sure,
                        span,
                        entry: entry(origin),
                    });
                }
                Layer::InChart { path, origin, .. } => {
                    let exists = chart.is_some_and(|chart| chart.files.iter().any(|file| &*file.name == path.as_str()));
                    files.push(ValuesFile {
                        path: path.as_str().into(),
                        exists,
                        here: false,
                        span: origin.anchor(),
                        entry: entry(origin),
                    });
                }
                Layer::Inline(_) => {}
            }
        }
        files
    }
}

/// The line of a manifest or template that says a value, whatever filled it in.
fn entry(origin: &Origin) -> Span {
    let said = origin.contributions().find(|part| matches!(part.role, Role::Manifest | Role::Template));
    said.map_or(origin.anchor(), |part| part.span)
}

/// Reads a source's Helm options. `folder` is that of the chart, if the chart is in the repository.
pub fn release(
    context: &Context<'_>,
    app: &Application<'_>,
    source: &Source<'_>,
    folder: Option<&RepoPath>,
) -> (Release, Vec<Gap>) {
    let mut release = Release {
        name: app.name().to_owned(),
        namespace: app.destination().namespace().to_owned(),
        ..Release::default()
    };
    let Some(helm) = source.helm() else { return (release, Vec::new()) };
    let mut finder = Finder::new(context, app, source, folder);
    if let Some(name) = helm.release_name() {
        release.name = name.to_owned();
    }
    if !helm.namespace().is_empty() {
        release.namespace = helm.namespace().to_owned();
    }
    release.layers = finder.files(helm.value_files(), helm.ignore_missing_value_files());
    release.layers.extend(finder.inline(source));
    for parameter in helm.parameters() {
        let origin = parameter.value_node().unwrap_or(parameter.node).origin.clone();
        let new = Parameter {
            name: parameter.name().to_owned(),
            value: finder.environment.fill(parameter.value()),
            force_string: parameter.force_string(),
            origin,
        };
        // Argo CD keeps them by name: the last of a name counts.
        release.parameters.retain(|known| known.name != new.name || known.force_string != new.force_string);
        release.parameters.push(new);
    }
    for (name, path) in helm.file_parameters() {
        if let Some(Found::Here { context, path: file, sure }) = finder.find(path)
            && let Some(name) = name.as_text()
        {
            if !context.repository().is_file(&file) {
                finder.missing(path, "the file of a parameter", sure);
            }
            let (ground, origin) = (context.ground(), path.origin.clone());
            release.files.push(FileParameter { name: name.to_owned(), ground, path: file, origin });
        }
    }
    release.kube_version = helm.kube_version().to_owned();
    release.api_versions = helm.api_versions().map(str::to_owned).collect();
    release.skip_crds = helm.skip_crds();
    release.skip_tests = helm.skip_tests();
    release.skip_schema_validation = helm.skip_schema_validation();
    release.pass_credentials = helm.pass_credentials();
    (release, finder.gaps)
}

/// Where a named file is.
enum Found<'a> {
    Here {
        /// The view of the repository that it is in.
        context: Context<'a>,
        path: RepoPath,
        /// Whether it is nowhere if it is not here: not so at another revision of the repository.
        sure: bool,
    },
    InChart(String),
}

/// Where a source with a `ref` lies: in a repository that is at hand, and whether at the revision that is; or elsewhere.
type Lies<'a> = Option<(Context<'a>, bool)>;

struct Finder<'c, 'a> {
    context: &'c Context<'a>,
    folder: Option<&'c RepoPath>,
    /// `$name` of every source with a `ref`, and where it lies.
    references: BTreeMap<String, Lies<'a>>,
    /// Whether the source itself is at the revision that is audited.
    at_hand: bool,
    environment: Environment,
    gaps: Vec<Gap>,
}

impl<'c, 'a> Finder<'c, 'a> {
    fn new(context: &'c Context<'a>, app: &Application<'_>, source: &Source<'_>, folder: Option<&'c RepoPath>) -> Self {
        let sources = app.sources();
        let references = sources
            .iter()
            .filter_map(|other| {
                let revision = other.target_revision();
                let lies = context.of(other.repo_url(), revision, true);
                let lies = lies.map(|context| (context, context.addresses().is_this_revision(revision)));
                Some((format!("${}", other.reference()?), lies))
            })
            .collect();
        let at_hand = context.addresses().is_this_revision(source.target_revision());
        Self { context, folder, references, at_hand, environment: Environment::of(app, source), gaps: Vec::new() }
    }

    fn gap(&mut self, kind: &'static str, message: String, at: &Node) {
        self.gaps.push(Gap::new(kind, message).at(at.span()));
    }

    fn missing(&mut self, at: &Node, what: &str, sure: bool) {
        let name = at.as_text().unwrap_or("");
        let first = name.split('/').next().unwrap_or("");
        let named = first.strip_prefix('$').filter(|_| !self.references.contains_key(first));
        let variable = named.is_some_and(|name| name.starts_with("ARGOCD_") || name.starts_with('{'));
        let why = match named.filter(|_| !variable) {
            Some(reference) => format!(", and no source has `ref: {reference}`"),
            None => String::new(),
        };
        let gap = Gap::new("missing-values-file", format!("{what}, `{name}`, is not in the repository{why}"));
        self.gaps.push(Gap { defect: sure, ..gap.at(at.span()) });
    }

    /// Where a file is that an entry names; nothing, with a gap, where that cannot be told.
    fn find(&mut self, entry: &Node) -> Option<Found<'a>> {
        let written = entry.as_text()?;
        let (first, rest) = written.split_once('/').unwrap_or((written, ""));
        match self.references.get(first).copied() {
            Some(None) => {
                let message = format!("`{written}` is in another repository, {}", ground::AWAY);
                self.gap("other-repository", message, entry);
                None
            }
            Some(Some((context, sure))) => {
                let rest = self.environment.fill(rest);
                self.inside(&RepoPath::root(), &rest, entry).map(|path| Found::Here { context, path, sure })
            }
            None => {
                let name = self.environment.fill(written);
                if let Some((scheme, _)) = name.split_once("://") {
                    self.gap("missing-values-file", format!("a values file is fetched by `{scheme}`"), entry);
                    return None;
                }
                match self.folder {
                    Some(folder) => {
                        let (context, sure) = (*self.context, self.at_hand);
                        self.inside(folder, &name, entry).map(|path| Found::Here { context, path, sure })
                    }
                    None => Some(Found::InChart(name.trim_start_matches('/').to_owned())),
                }
            }
        }
    }

    fn inside(&mut self, folder: &RepoPath, name: &str, entry: &Node) -> Option<RepoPath> {
        match folder.join(name) {
            // The repository itself is no file.
            Ok(path) if !path.is_root() => Some(path),
            _ => {
                let message = format!("the values file `{name}` leads out of the repository");
                self.gaps.push(Gap::new("values-outside-repository", message).at(entry.span()).defect());
                None
            }
        }
    }

    /// `valueFiles` in order, globs unfolded; a file that is also named outright keeps the place where it is.
    fn files(&mut self, entries: &[Node], ignore_missing: bool) -> Vec<Layer> {
        let found: Vec<(&Node, Found)> = entries.iter().filter_map(|entry| Some((entry, self.find(entry)?))).collect();
        let named: BTreeSet<(Ground, RepoPath)> = found
            .iter()
            .filter_map(|(_, found)| match found {
                Found::Here { context, path, .. } if !has_wildcard(path.as_str()) => {
                    Some((context.ground(), path.clone()))
                }
                _ => None,
            })
            .collect();
        let mut seen = BTreeSet::new();
        let mut layers = Vec::new();
        for (entry, found) in found {
            let origin = entry.origin.clone();
            let (context, path, sure) = match found {
                Found::InChart(path) => {
                    layers.push(Layer::InChart { path, origin, optional: ignore_missing });
                    continue;
                }
                Found::Here { context, path, sure } => (context, path, sure),
            };
            let ground = context.ground();
            if has_wildcard(path.as_str()) {
                let matching = matching(context.repository(), &path);
                if matching.is_empty() && !ignore_missing {
                    self.missing(entry, "a glob of values files that matches none", sure);
                }
                for path in matching {
                    let key = (ground, path.clone());
                    if !named.contains(&key) && seen.insert(key) {
                        layers.push(Layer::File { ground, path, exists: true, sure, origin: origin.clone() });
                    }
                }
                continue;
            }
            let exists = context.repository().is_file(&path);
            if !exists && !ignore_missing {
                self.missing(entry, "a values file", sure);
            }
            if seen.insert((ground, path.clone())) {
                layers.push(Layer::File { ground, path, exists, sure, origin });
            }
        }
        layers
    }

    /// `valuesObject`, or else `values`.
    fn inline(&mut self, source: &Source<'_>) -> Vec<Layer> {
        let Some(helm) = source.helm() else { return Vec::new() };
        if let Some(object) = helm.values_object() {
            return vec![Layer::Inline(object.clone())];
        }
        let Some(text) = helm.values() else { return Vec::new() };
        let parsed = inline::parse_scalar(self.context.repository().sources(), text, &Budget::default());
        for problem in &parsed.problems {
            let message = format!("the inline values are no YAML: {}", problem.message);
            self.gaps.push(Gap::new("render-failed", message).at(problem.span).defect());
        }
        parsed.documents.into_iter().map(|document| Layer::Inline(document.root)).collect()
    }
}

/// The files that a pattern means.
fn matching(repository: &Repository, pattern: &RepoPath) -> Vec<RepoPath> {
    let Ok(glob) = Glob::new(pattern.as_str(), Dialect::Doublestar) else { return Vec::new() };
    repository.files().iter().filter(|path| glob.matches(path.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::kustomize::BuildOptions;
    use crate::render::{Addresses, Manifests, Options, Tools};
    use crate::yaml::parse;

    fn resolve(helm: &str, files: &[&str]) -> (Release, Vec<Gap>) {
        let app = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n  destination: \
             {{namespace: shop}}\n  sources:\n  - {{repoURL: https://h/r, ref: values}}\n  - {{repoURL: https://h/o, ref: \
             other}}\n  - repoURL: https://h/r\n    path: charts/web\n    helm: {helm}\n"
        );
        let mut texts: Vec<(&str, &str)> = files.iter().map(|path| (*path, "a: 1\n")).collect();
        texts.push(("charts/web/Chart.yaml", "name: web\n"));
        texts.push(("app.yaml", &app));
        let repository = Repository::from_texts(texts);
        let manifests = Manifests::new(&repository);
        let addresses = Addresses::decide(["https://h/r"], [("https://h/r", Some(true))]);
        let tools = Tools::new(Options::default(), BuildOptions::default());
        let context = Context::new(&manifests, &addresses, &tools);
        let id = repository.id(&RepoPath::new("app.yaml").unwrap()).unwrap();
        let node = parse(id, &app, &Budget::default()).documents.remove(0).root;
        let app = Application::new(&node).unwrap();
        release(&context, &app, &app.sources()[2], Some(&RepoPath::new("charts/web").unwrap()))
    }

    fn shown(release: &Release) -> Vec<String> {
        let shown = |layer: &Layer| match layer {
            Layer::File { path, exists, .. } => format!("{path}{}", if *exists { "" } else { " (missing)" }),
            Layer::InChart { path, .. } => format!("chart:{path}"),
            Layer::Inline(node) => format!("inline:{}", node.entries("").len()),
        };
        release.layers.iter().map(shown).collect()
    }

    #[test]
    fn values_files_are_found_from_the_chart_the_root_and_a_ref() {
        let helm = "{valueFiles: [values-a.yaml, /top.yaml, '$values/env/${ARGOCD_APP_NAME}.yaml', ../../x.yaml], \
                    valuesObject: {b: 2}, values: 'c: 3', releaseName: r, parameters: [{name: p, value: '1'}, {name: p, \
                    value: $ARGOCD_APP_NAMESPACE}]}";
        let (release, gaps) = resolve(helm, &["charts/web/values-a.yaml", "top.yaml", "env/web.yaml", "x.yaml"]);
        assert_eq!(shown(&release), ["charts/web/values-a.yaml", "top.yaml", "env/web.yaml", "x.yaml", "inline:0"]);
        assert!(gaps.is_empty(), "{gaps:?}");
        assert_eq!((release.name.as_str(), release.namespace.as_str()), ("r", "shop"));
        assert_eq!(release.parameters.len(), 1);
        assert_eq!(release.parameters[0].value, "shop");
    }

    #[test]
    fn globs_give_way_to_files_that_are_named() {
        let helm = "{valueFiles: [/v/*.yaml, /v/**/z.yaml, /v/b.yaml, /v/none-*.yaml], ignoreMissingValueFiles: true}";
        let (release, gaps) = resolve(helm, &["v/a.yaml", "v/b.yaml", "v/c.yaml", "v/deep/z.yaml"]);
        assert_eq!(shown(&release), ["v/a.yaml", "v/c.yaml", "v/deep/z.yaml", "v/b.yaml"]);
        assert!(gaps.is_empty(), "{gaps:?}");
    }

    #[test]
    fn files_that_are_missing_outside_or_elsewhere_are_gaps() {
        let helm = "{valueFiles: [no.yaml, ../../../etc/passwd, $other/x.yaml, https://h/v.yaml, /]}";
        let (release, gaps) = resolve(helm, &[]);
        assert_eq!(shown(&release), ["charts/web/no.yaml (missing)"]);
        let mut kinds: Vec<&str> = gaps.iter().map(|gap| gap.kind).collect();
        kinds.sort_unstable();
        let expected = [
            "missing-values-file",
            "missing-values-file",
            "other-repository",
            "values-outside-repository",
            "values-outside-repository",
        ];
        assert_eq!(kinds, expected);
    }
}
