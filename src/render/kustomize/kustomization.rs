//! A kustomization file as it is written, old forms brought into the new one, and what Kustomize refuses about it.

use std::sync::{Arc, PoisonError};

use super::config::field_spec;
use super::fail::Fail;
use super::fieldspec::FieldSpec;
use super::files::Loader;
use super::id::Gvk;
use super::read::{self, Reading};
use super::selector::Selector;
use super::structs;
use crate::source::{RepoPath, Span};
use crate::yaml::{self, Entry, Node};

/// The names of a kustomization file.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// An entry of `labels`.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    pub(super) pairs: Vec<Entry>,
    pub(super) include_selectors: bool,
    pub(super) include_templates: bool,
    pub(super) fields: Vec<FieldSpec>,
}

/// An entry of `patches` or of the older fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Patch {
    pub(super) path: Option<Node>,
    pub(super) patch: Option<Node>,
    pub(super) target: Option<Selector>,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
    pub(super) span: Option<Span>,
}

/// An entry of `images`.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) new_name: Option<Node>,
    pub(super) new_tag: Option<Node>,
    pub(super) tag_suffix: Option<Node>,
    pub(super) digest: Option<Node>,
    pub(super) span: Option<Span>,
}

/// An entry of `replicas`.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) count: Node,
}

/// `generatorOptions` or the options of one generator.
#[derive(Debug, Clone, Default)]
pub(super) struct GeneratorOptions {
    pub(super) labels: Option<Vec<Entry>>,
    pub(super) annotations: Option<Vec<Entry>>,
    pub(super) disable_hash: bool,
    pub(super) immutable: Option<Node>,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default)]
pub(super) struct Generator {
    pub(super) name: Option<Node>,
    pub(super) namespace: Option<Node>,
    pub(super) behavior: String,
    pub(super) literals: Vec<Node>,
    pub(super) files: Vec<Node>,
    pub(super) envs: Vec<Node>,
    pub(super) kind: Option<Node>,
    pub(super) options: Option<GeneratorOptions>,
    pub(super) span: Option<Span>,
}

/// An entry of `vars`.
#[derive(Debug, Clone)]
pub(super) struct Var {
    pub(super) name: String,
    pub(super) gvk: Gvk,
    pub(super) object: String,
    pub(super) namespace: String,
    pub(super) field: String,
    pub(super) span: Span,
}

/// `sortOptions`.
#[derive(Debug, Clone)]
pub(super) struct Sort {
    pub(super) order: String,
    pub(super) legacy: Option<(Vec<String>, Vec<String>)>,
}

/// A kustomization file.
#[derive(Debug, Clone, Default)]
pub(super) struct Kustomization {
    pub(super) kind: String,
    pub(super) file_name: String,
    pub(super) openapi_path: Option<Node>,
    pub(super) openapi_version: Option<Node>,
    pub(super) name_prefix: Option<Node>,
    pub(super) name_suffix: Option<Node>,
    pub(super) namespace: Option<Node>,
    pub(super) common_labels: Vec<Entry>,
    pub(super) labels: Vec<Labels>,
    pub(super) common_annotations: Vec<Entry>,
    pub(super) strategic: Vec<Node>,
    pub(super) json_patches: Vec<Patch>,
    pub(super) patches: Vec<Patch>,
    pub(super) images: Vec<Image>,
    pub(super) replacements: Vec<Node>,
    pub(super) replicas: Vec<Replica>,
    pub(super) vars: Vec<Var>,
    pub(super) sort: Option<Sort>,
    pub(super) resources: Vec<Node>,
    pub(super) components: Vec<Node>,
    pub(super) crds: Vec<Node>,
    pub(super) config_maps: Vec<Generator>,
    pub(super) secrets: Vec<Generator>,
    pub(super) helm_globals: Option<Node>,
    pub(super) helm_charts: Vec<Node>,
    pub(super) generator_options: Option<GeneratorOptions>,
    pub(super) configurations: Vec<Node>,
    pub(super) generators: Vec<Node>,
    pub(super) transformers: Vec<Node>,
    pub(super) validators: Vec<Node>,
    pub(super) build_metadata: Vec<String>,
    /// `patches` is written and has nothing: Argo CD cannot add to it.
    pub(super) null_patches: bool,
}

impl Kustomization {
    /// What `kustomize edit` takes an empty file for.
    pub(super) fn blank(file_name: &str) -> Self {
        Self { kind: "Kustomization".to_owned(), file_name: file_name.to_owned(), ..Self::default() }
    }
}

/// How an empty file is refused.
pub(super) const EMPTY: &str = "kustomization.yaml is empty";

/// Finds and reads the kustomization of a folder, once for all builds.
pub(super) fn load(loader: &Loader<'_>) -> Result<Arc<Kustomization>, Fail> {
    let cache = &loader.shared.cache.kustomizations;
    let key = (loader.root.clone(), loader.shared.unrestricted);
    if let Some((known, path)) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        loader.shared.trail.borrow_mut().files.insert(path.clone());
        return Ok(Arc::clone(known));
    }
    let (read, path) = load_afresh(loader)?;
    let read = Arc::new(read);
    cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (Arc::clone(&read), path));
    Ok(read)
}

fn load_afresh(loader: &Loader<'_>) -> Result<(Kustomization, RepoPath), Fail> {
    let mut found = FILE_NAMES.iter().filter_map(|name| loader.load_own(name).map(|loaded| (name, loaded)));
    let Some((name, loaded)) = found.next() else {
        return Err(Fail::new(format!(
            "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{}'",
            loader.root
        )));
    };
    if found.next().is_some() {
        return Err(Fail::at(loaded.whole(), format!("Found multiple kustomization files under: {}", loader.root)));
    }
    let text = loaded.text()?;
    let parsed = yaml::parse(loaded.file, text, loader.shared.budget);
    // What is behind the first document is not read.
    let first = parsed.read_first().map_err(|problem| {
        let words = yaml::refusal(text, problem, yaml::Quoting::Nothing);
        let mut fail = Fail::at(problem.span, format!("invalid Kustomization: {words}"));
        fail.exceeded = problem.exceeded;
        fail
    })?;
    let empty = || Fail::at(loaded.whole(), EMPTY);
    let root = first.map(|document| &document.root).ok_or_else(empty)?;
    let mut kustomization = read(root, &loader.root)?.ok_or_else(empty)?;
    kustomization.file_name = (*name).to_owned();
    kustomization.null_patches = root.get("patches").is_some_and(Node::is_null);
    Ok((kustomization, loaded.path))
}

fn read(root: &Node, folder: &RepoPath) -> Result<Option<Kustomization>, Fail> {
    structs::kustomization(root).map_err(|fail| fail.within("invalid Kustomization"))?;
    let reading = Reading::of(root, "Kustomization").map_err(|fail| fail.within("invalid Kustomization"))?;
    let version = reading.text_or_empty("apiVersion")?;
    let mut kind = reading.text_or_empty("kind")?;
    let mut kustomization = fields(&reading).map_err(|fail| fail.within("invalid Kustomization"))?;
    let has_metadata = reading.get("metadata").is_some();
    let says_something = has_metadata
        || root.as_map().is_some_and(|map| {
            map.entries.iter().any(|entry| {
                let is_meta = entry.key.eq_ignore_ascii_case("kind") || entry.key.eq_ignore_ascii_case("apiVersion");
                !is_meta && !entry.value.is_null() && says(&entry.key, &entry.value)
            })
        });
    if !says_something {
        return Ok(None);
    }
    if kind.is_empty() {
        "Kustomization".clone_into(&mut kind);
    }
    let required =
        if kind == "Component" { "kustomize.config.k8s.io/v1alpha1" } else { "kustomize.config.k8s.io/v1beta1" };
    let mut wrong = Vec::new();
    if kind != "Kustomization" && kind != "Component" {
        wrong.push("kind should be Kustomization or Component".to_owned());
    }
    if !version.is_empty() && version != required {
        wrong.push(format!("apiVersion for {kind} should be {required}"));
    }
    if !wrong.is_empty() {
        let message = format!("Failed to read kustomization file under {folder}:\n{}", wrong.join("\n"));
        return Err(Fail::at(root.get("apiVersion").unwrap_or(root).span(), message));
    }
    kustomization.kind = kind;
    Ok(Some(kustomization))
}

/// Whether a field leaves anything behind once it is decoded: an empty text does not, an empty list does, unless it is one
/// of the old fields, which are appended to others and forgotten.
fn says(field: &str, value: &Node) -> bool {
    let forgotten = ["bases", "imageTags", "helmChartInflationGenerator"];
    if forgotten.iter().any(|name| field.eq_ignore_ascii_case(name)) {
        return value.as_seq().is_some_and(|items| !items.is_empty());
    }
    value.as_str() != Some("")
}

fn fields(r: &Reading<'_>) -> Result<Kustomization, Fail> {
    let mut k = Kustomization::default();
    for entry in r.text_map("openapi")?.unwrap_or_default() {
        match &*entry.key {
            "path" => k.openapi_path = Some(entry.value),
            "version" => k.openapi_version = Some(entry.value),
            _ => {}
        }
    }
    let filled = |node: Option<&Node>| node.filter(|node| node.as_str() != Some("")).cloned();
    k.name_prefix = filled(r.text("namePrefix")?);
    k.name_suffix = filled(r.text("nameSuffix")?);
    k.namespace = filled(r.text("namespace")?);
    k.common_labels = r.text_map("commonLabels")?.unwrap_or_default();
    k.labels = each(r.list("labels")?, labels)?;
    k.common_annotations = r.text_map("commonAnnotations")?.unwrap_or_default();
    k.strategic = r.texts("patchesStrategicMerge")?;
    k.json_patches = each(r.list("patchesJson6902")?, patch)?;
    k.patches = each(r.list("patches")?, patch)?;
    k.images = each(r.list("images")?, image)?;
    k.images.extend(each(r.list("imageTags")?, image)?);
    k.replacements = r.list("replacements")?;
    k.replicas = each(r.list("replicas")?, replica)?;
    k.vars = each(r.list("vars")?, var)?;
    k.sort = r.get("sortOptions").map(sort).transpose()?;
    k.resources = r.texts("resources")?;
    k.components = r.texts("components")?;
    k.crds = r.texts("crds")?;
    k.resources.extend(r.texts("bases")?);
    k.config_maps = each(r.list("configMapGenerator")?, |node| generator(node, false))?;
    k.secrets = each(r.list("secretGenerator")?, |node| generator(node, true))?;
    k.helm_globals = r.get("helmGlobals").cloned();
    k.helm_charts = r.list("helmCharts")?;
    let old = r.list("helmChartInflationGenerator")?;
    super::charts::split_old(&old, &mut k)?;
    k.generator_options = r.get("generatorOptions").map(generator_options).transpose()?;
    k.configurations = r.texts("configurations")?;
    k.generators = r.texts("generators")?;
    k.transformers = r.texts("transformers")?;
    k.validators = r.texts("validators")?;
    k.build_metadata = r.texts("buildMetadata")?.iter().map(|node| super::tree::text(node).to_owned()).collect();
    Ok(k)
}

fn each<T>(items: Vec<Node>, read: impl Fn(&Node) -> Result<T, Fail>) -> Result<Vec<T>, Fail> {
    items.iter().map(read).collect()
}

fn labels(node: &Node) -> Result<Labels, Fail> {
    let r = Reading::of(node, "Label")?;
    let made = Labels {
        pairs: r.text_map("pairs")?.unwrap_or_default(),
        include_selectors: r.flag("includeSelectors")?,
        include_templates: r.flag("includeTemplates")?,
        fields: each(r.list("fields")?, field_spec)?,
    };
    Ok(made)
}

pub(super) fn patch(node: &Node) -> Result<Patch, Fail> {
    let r = Reading::of(node, "Patch")?;
    let mut made = Patch {
        path: r.text("path")?.filter(|node| node.as_str() != Some("")).cloned(),
        patch: r.text("patch")?.cloned(),
        target: r.get("target").map(read::selector).transpose()?,
        span: Some(node.span()),
        ..Patch::default()
    };
    if let Some(options) = r.get("options") {
        let r = Reading::of(options, "PatchArgs")?;
        made.allow_name_change = r.flag("allowNameChange")?;
        made.allow_kind_change = r.flag("allowKindChange")?;
    }
    Ok(made)
}

fn image(node: &Node) -> Result<Image, Fail> {
    let r = Reading::of(node, "Image")?;
    let made = image_fields(&r, node.span())?;
    Ok(made)
}

pub(super) fn image_fields(r: &Reading<'_>, span: Span) -> Result<Image, Fail> {
    let filled = |node: Option<&Node>| node.filter(|node| !super::tree::text(node).is_empty()).cloned();
    Ok(Image {
        name: r.text_or_empty("name")?,
        new_name: filled(r.text("newName")?),
        new_tag: filled(r.text("newTag")?),
        tag_suffix: filled(r.text("tagSuffix")?),
        digest: filled(r.text("digest")?),
        span: Some(span),
    })
}

fn replica(node: &Node) -> Result<Replica, Fail> {
    let r = Reading::of(node, "Replica")?;
    let made = replica_fields(&r, node)?;
    Ok(made)
}

pub(super) fn replica_fields(r: &Reading<'_>, node: &Node) -> Result<Replica, Fail> {
    let name = r.text_or_empty("name")?;
    let count = match r.number("count")? {
        Some((count, node)) => Node::plain(count.to_string(), node.origin.clone()),
        None => Node::plain("0", node.origin.clone()),
    };
    Ok(Replica { name, count })
}

fn var(node: &Node) -> Result<Var, Fail> {
    let r = Reading::of(node, "Var")?;
    let name = r.text_or_empty("name")?;
    let blank = Node::map(Vec::new(), node.origin.clone());
    let target = Reading::of(r.get("objref").unwrap_or(&blank), "Target")?;
    let mut gvk = target.gvk()?;
    let version = target.text_or_empty("apiVersion")?;
    match version.split('/').collect::<Vec<_>>().as_slice() {
        [group, version] => (gvk.group, gvk.version) = ((*group).to_owned(), (*version).to_owned()),
        [version] if !version.is_empty() => gvk.version = (*version).to_owned(),
        _ => {}
    }
    let object = target.text_or_empty("name")?;
    let namespace = target.text_or_empty("namespace")?;
    let field = Reading::of(r.get("fieldref").unwrap_or(&blank), "FieldSelector")?;
    let mut path = field.text_or_empty("fieldPath")?;
    if path.is_empty() {
        "metadata.name".clone_into(&mut path);
    }
    Ok(Var { name, gvk, object, namespace, field: path, span: node.span() })
}

fn sort(node: &Node) -> Result<Sort, Fail> {
    let r = Reading::of(node, "SortOptions")?;
    let order = r.text_or_empty("order")?;
    let legacy = r.get("legacySortOptions").map(|node| {
        let r = Reading::of(node, "LegacySortOptions")?;
        let texts = |nodes: Vec<Node>| nodes.iter().map(|node| super::tree::text(node).to_owned()).collect();
        let made = (texts(r.texts("orderFirst")?), texts(r.texts("orderLast")?));
        Ok::<_, Fail>(made)
    });
    let legacy = legacy.transpose()?;
    Ok(Sort { order, legacy })
}

fn generator(node: &Node, secret: bool) -> Result<Generator, Fail> {
    let r = Reading::of(node, if secret { "SecretArgs" } else { "ConfigMapArgs" })?;
    let made = generator_fields(&r, secret, node.span())?;
    Ok(made)
}

pub(super) fn generator_fields(r: &Reading<'_>, secret: bool, span: Span) -> Result<Generator, Fail> {
    let filled = |node: Option<&Node>| node.filter(|node| !super::tree::text(node).is_empty()).cloned();
    let mut envs = r.texts("envs")?;
    envs.extend(filled(r.text("env")?));
    Ok(Generator {
        name: filled(r.text("name")?),
        namespace: filled(r.text("namespace")?),
        behavior: r.text_or_empty("behavior")?,
        literals: r.texts("literals")?,
        files: r.texts("files")?,
        envs,
        kind: if secret { filled(r.text("type")?) } else { None },
        options: r.get("options").map(generator_options).transpose()?,
        span: Some(span),
    })
}

fn generator_options(node: &Node) -> Result<GeneratorOptions, Fail> {
    let r = Reading::of(node, "GeneratorOptions")?;
    let made = GeneratorOptions {
        labels: r.text_map("labels")?,
        annotations: r.text_map("annotations")?,
        disable_hash: r.flag("disableNameSuffixHash")?,
        immutable: if r.flag("immutable")? { r.get("immutable").cloned() } else { None },
    };
    Ok(made)
}
