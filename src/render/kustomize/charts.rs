//! `helmCharts`: what a kustomization asks of a chart. Rendering is somebody else's: a [`Charts`] is asked, and where there
//! is none the chart is a gap.

use super::fail::{Fail, Outcome};
use super::files::Found;
use super::finish;
use super::kustomization::Kustomization;
use super::merge::{self, Merging};
use super::object::Object;
use super::parse::{self, Document, Flaw, Placing};
use super::patch;
use super::read::Reading;
use super::resmap::objects_of;
use super::target::Target;
use super::tree;
use crate::budget::Budget;
use crate::finding::Gap;
use crate::source::{RepoPath, Span};
use crate::yaml::{Entry, Node, Origin, Role};

/// One chart that a kustomization inflates.
#[derive(Debug, Clone)]
pub struct ChartRequest {
    /// The chart's name; its folder is `home/name` unless it comes from elsewhere.
    pub name: String,
    /// The version asked for; empty for any.
    pub version: String,
    /// The chart repository; empty for a chart at hand.
    pub repo: String,
    /// The folder of the chart, where it is at hand as Kustomize keeps it.
    pub folder: Option<RepoPath>,
    /// The folder in which charts are looked for.
    pub home: Option<RepoPath>,
    /// The release's name; empty for a generated one.
    pub release: String,
    /// The release's namespace, the kustomization's where the chart names none.
    pub namespace: String,
    /// The values that the chart is given, the last winning.
    pub values: Vec<Values>,
    /// Whether custom resource definitions come along.
    pub include_crds: bool,
    /// Whether hooks stay out.
    pub skip_hooks: bool,
    /// Whether tests stay out.
    pub skip_tests: bool,
    /// API versions that the chart is told of.
    pub api_versions: Vec<String>,
    /// The Kubernetes version that the chart is told of; empty for the default.
    pub kube_version: String,
    /// A template for the release's name.
    pub name_template: String,
    /// Where the chart is asked for.
    pub span: Span,
}

/// Values that a kustomization gives a chart.
#[derive(Debug, Clone)]
pub enum Values {
    /// The chart's own once more, as if a user had given them: a null takes away what a dependency has.
    Own,
    /// A file.
    File(RepoPath),
    /// A tree, spelled for every reader.
    Tree(Node),
}

/// Who renders charts for kustomizations.
pub trait Charts {
    /// The objects of a chart, each value with its origin, or why there are none: a gap of the kind `render-failed` is a
    /// refusal of Helm's, with which the whole build fails.
    fn inflate(&self, request: &ChartRequest, budget: &Budget) -> Result<Vec<Node>, Gap>;
}

/// Brings the old field into the new ones.
pub(super) fn split_old(old: &[Node], kustomization: &mut Kustomization) -> Outcome {
    const RENAMED: [(&str, &str); 7] = [
        ("chartName", "name"),
        ("chartVersion", "version"),
        ("chartRepoUrl", "repo"),
        ("values", "valuesFile"),
        ("valuesLocal", "valuesInline"),
        ("valuesMerge", "valuesMerge"),
        ("releaseName", "releaseName"),
    ];
    let mut globals: Vec<Entry> = Vec::new();
    for node in old {
        let r = Reading::of(node, "HelmChartArgs")?;
        let mut entries = Vec::new();
        for (from, to) in RENAMED {
            if let Some(entry) = r.entry(from) {
                entries.push(Entry { key: to.into(), ..entry.clone() });
            }
        }
        if let Some(entry) = r.entry("chartHome") {
            globals.push(entry.clone());
        }
        kustomization.helm_charts.push(Node::map(entries, node.origin.clone()));
    }
    if kustomization.helm_globals.is_none()
        && let Some(last) = globals.pop()
    {
        let origin = last.value.origin.clone();
        kustomization.helm_globals = Some(Node::map(vec![last], origin));
    }
    Ok(())
}

/// The fields of a chart that decide where it and its values are.
struct Asked<'n> {
    home: &'n str,
    values_file: String,
    merge: String,
    inline: Option<&'n Node>,
    more: Vec<Node>,
}

/// What is asked of a chart; a plugin's configuration holds the global fields too.
fn request<'n>(
    chart: &'n Node,
    globals: Option<&'n Node>,
    namespace: &str,
    root: &RepoPath,
) -> Result<(ChartRequest, Asked<'n>), Fail> {
    let r = Reading::of(chart, "HelmChart")?;
    let home = globals.and_then(|globals| globals.str_at("chartHome")).filter(|home| !home.is_empty());
    let home = home.unwrap_or("charts");
    let own = r.text_or_empty("namespace")?;
    let merge = r.text_or_empty("valuesMerge")?;
    let asked = Asked {
        home,
        values_file: r.text_or_empty("valuesFile")?,
        merge: if merge.is_empty() { "override".to_owned() } else { merge },
        inline: r.get("valuesInline"),
        more: r.texts("additionalValuesFiles")?,
    };
    let request = ChartRequest {
        name: r.text_or_empty("name")?,
        version: r.text_or_empty("version")?,
        repo: r.text_or_empty("repo")?,
        folder: None,
        home: root.join(home).ok(),
        release: r.text_or_empty("releaseName")?,
        namespace: if own.is_empty() { namespace.to_owned() } else { own },
        values: Vec::new(),
        include_crds: r.flag("includeCRDs")?,
        skip_hooks: r.flag("skipHooks")?,
        skip_tests: r.flag("skipTests")?,
        api_versions: r.texts("apiVersions")?.iter().map(|node| tree::text(node).to_owned()).collect(),
        kube_version: r.text_or_empty("kubeVersion")?,
        name_template: r.text_or_empty("nameTemplate")?,
        span: chart.span(),
    };
    Ok((request, asked))
}

/// A chart that could be asked for: what is written is checked, and nothing looked up but the further values.
pub(super) struct Ready<'n> {
    request: ChartRequest,
    asked: Asked<'n>,
    more: Vec<Values>,
}

/// Reads what is asked of a chart; Kustomize does so for all charts before it renders any.
pub(super) fn ready<'n>(
    target: &Target<'_>,
    chart: &'n Node,
    globals: Option<&'n Node>,
    namespace: &str,
) -> Result<Ready<'n>, Fail> {
    let loader = &target.loader;
    let (mut request, asked) = request(chart, globals, namespace, &loader.root)?;
    // The command line counts where the chart itself says nothing, whatever the comment in Kustomize's source says.
    // What a plugin's own file says counts even if it is empty.
    let is_plugin = globals.is_some_and(|globals| std::ptr::eq(globals, chart));
    let says = |field: &str| if is_plugin { chart.get(field) } else { None };
    if request.kube_version.is_empty() && says("kubeVersion").is_none_or(Node::is_null) {
        request.kube_version.clone_from(&target.build.kube_version);
    }
    if request.api_versions.is_empty() && says("apiVersions").is_none() {
        request.api_versions.clone_from(&target.build.api_versions);
    }
    if request.name.is_empty() {
        return Err(Fail::at(request.span, "chart name cannot be empty"));
    }
    let mut more = Vec::new();
    for file in &asked.more {
        let loaded = loader.load(tree::text(file));
        let loaded = loaded.map_err(|fail| fail.within("could not load additionalValuesFile").or_at(file.span()))?;
        more.push(Values::File(loaded.path));
    }
    if !["override", "replace", "merge"].contains(&asked.merge.as_str()) {
        return Err(Fail::at(request.span, "valuesMerge must be one of [merge override replace]"));
    }
    Ok(Ready { request, asked, more })
}

/// The objects of a chart; a gap if nobody renders it.
pub(super) fn inflate(target: &Target<'_>, Ready { mut request, asked, more }: Ready<'_>) -> Result<Vec<Object>, Fail> {
    let loader = &target.loader;
    let pulled = !request.version.is_empty() && !request.repo.is_empty();
    let inner = if pulled {
        format!("{}/{}-{}/{}", asked.home, request.name, request.version, request.name)
    } else {
        format!("{}/{}", asked.home, request.name)
    };
    let folder = loader.root.join(&inner).ok().and_then(|folder| loader.shared.files.find(&folder));
    if let Some(Found::Folder(folder)) = folder {
        request.folder = Some(folder);
    }
    if request.folder.is_none() && request.repo.is_empty() && target.build.charts.is_some() {
        // Kustomize leaves out where it looked.
        return Err(Fail::at(request.span, "no repo specified for pull, no chart found at ''"));
    }
    let own = format!("{inner}/values.yaml");
    request.values = values(target, &asked, request.folder.as_ref().map(|_| own.as_str()), request.span)?;
    request.values.extend(more);
    if !request.release.is_empty() && !request.name_template.is_empty() {
        return Err(Fail::at(request.span, "cannot set --name-template and also specify a name"));
    }
    let inflated = match target.build.charts {
        Some(charts) => charts.inflate(&request, loader.shared.budget),
        None => {
            let message = format!("the chart `{}` of a kustomization is not rendered here", request.name);
            Err(Gap::new("missing-chart", message).at(request.span))
        }
    };
    match inflated {
        Ok(nodes) => {
            let documents = nodes.into_iter().map(|root| Document { root, flaws: Vec::new() });
            let mut objects = objects_of(documents.collect())?;
            objects.iter_mut().for_each(|object| object.notes.from_chart = true);
            Ok(objects)
        }
        Err(gap) if gap.kind == "render-failed" => Err(Fail::at(gap.span.unwrap_or(request.span), gap.message)),
        Err(gap) => {
            target.build.gap(gap);
            Ok(Vec::new())
        }
    }
}

/// The values that stand for the chart's own: a file and what is written in the kustomization, laid over each other.
fn values(target: &Target<'_>, asked: &Asked<'_>, own: Option<&str>, span: Span) -> Result<Vec<Values>, Fail> {
    let inline = asked.inline.filter(|node| node.as_map().is_some_and(|map| !map.entries.is_empty()));
    let inline = inline.map(|node| patch::as_json(node, &Placing::Whole(node.span().file), Role::Values));
    let path = if asked.values_file.is_empty() { own } else { Some(asked.values_file.as_str()) };
    let inline = match (inline, asked.merge.as_str(), path) {
        (Some(inline), "replace", _) => return Ok(vec![Values::Tree(inline)]),
        (inline, _, Some(_)) => inline,
        // A chart from elsewhere, whose values nobody here can read.
        (Some(inline), "merge", None) => return Ok(vec![Values::Tree(inline), Values::Own]),
        (inline, _, None) => return Ok(std::iter::once(Values::Own).chain(inline.map(Values::Tree)).collect()),
    };
    let loaded = target.loader.load(path.unwrap_or("")).map_err(|fail| fail.or_at(span))?;
    let Some(inline) = inline else { return Ok(vec![Values::File(loaded.path)]) };
    let budget = target.loader.shared.budget;
    let parsed = parse::documents(loaded.text()?, &Placing::Whole(loaded.file), Role::Values, budget);
    let within = |fail: Fail| fail.within("could not parse values file into rnode");
    let document = parsed.map_err(within)?.into_iter().next();
    let Document { root: mut file, flaws } = document.ok_or_else(|| within(Fail::at(loaded.whole(), "EOF")))?;
    let written = parse::as_written(loaded.text()?, &Placing::Whole(loaded.file), Role::Values, budget);
    let overrides = asked.merge != "merge";
    let mut inline = inline;
    if let Some(written) = written.map_err(within)? {
        let other = if overrides { Some(&mut inline) } else { None };
        drop_aliases(&written.root, &mut file, other);
    }
    let (under, over) = if overrides { (file, inline) } else { (inline, file) };
    let schemas = target.build.schemas();
    let merging = Merging { schemas: &schemas, budget };
    let merged = merge::merge(under, over, &merging).map_err(|fail| fail.within("could not merge values"))?;
    let mut merged = merged.unwrap_or_else(|| Node::map(Vec::new(), Origin::of(Role::Values, span)));
    let unmapped = |at: Span| Fail::at(at, "could not parse merged values into map");
    if merged.as_map().is_none() {
        return Err(unmapped(merged.span()));
    }
    if let Some(entry) = (!flaws.is_empty()).then(|| tree::repeated(&merged)).flatten() {
        let flaw = Flaw::repeated(entry);
        return Err(Fail { message: format!("{}: {}", unmapped(span).message, flaw.message), ..unmapped(flaw.span) });
    }
    finish::respell(&mut merged)?;
    Ok(vec![Values::Tree(merged)])
}

/// Fields whose value is an alias do not come through a merge of values, nor does what `<<` brings from one; under the file's
/// alias what is written in the kustomization goes too.
fn drop_aliases(written: &Node, file: &mut Node, mut inline: Option<&mut Node>) {
    let Some(map) = written.as_map() else { return };
    let merges = map.entries.iter().any(|entry| &*entry.key == "<<" && parse::is_alias(&entry.value));
    if merges && let Some(entries) = tree::entries_mut(file) {
        entries.retain(|entry| map.entry(&entry.key).is_some());
    }
    for entry in &map.entries {
        if parse::is_alias(&entry.value) {
            tree::remove(file, &entry.key);
            if let Some(inline) = &mut inline {
                tree::remove(inline, &entry.key);
            }
        } else if let Some(inner) = tree::get_mut(file, &entry.key) {
            let other = inline.as_mut().and_then(|inline| tree::get_mut(inline, &entry.key));
            drop_aliases(&entry.value, inner, other);
        }
    }
}
