//! Built-in generators and transformers that are configured by objects of their own (`generators`, `transformers`,
//! `validators`). Functions and programs are never run: they are refused or, where they would have been allowed, gaps. Of KSOPS
//! alone the work is known without running it.

use super::charts;
use super::config::field_spec;
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec, Make};
use super::generator;
use super::images::{Images, Mentioned};
use super::kustomization::{self, Patch};
use super::metadata::{self, Provenance};
use super::object::Object;
use super::patch::{self, Patching};
use super::read::{self, Reading};
use super::replacement;
use super::resmap::ResMap;
use super::target::Target;
use super::transform::{Affix, Marks, Namespace, Replicas, Subjects};
use super::tree::{self, Shape};
use crate::finding::Gap;
use crate::yaml::{Node, Role};

/// Refuses what is no configuration as a text.
fn check_configuration(plugin: &Object) -> Outcome {
    plugin.check_flaws().map_err(|fail| fail.within(format!("marshalling yaml from res {}", plugin.original_id())))
}

/// Who a plugin's work is put down to.
pub(super) fn provenance(plugin: &Object) -> Provenance {
    let path = plugin.annotation(metadata::ORIGIN).and_then(|text| text.strip_prefix("path: ")).unwrap_or("");
    Provenance::default().configured(
        path.trim(),
        plugin.api_version(),
        plugin.kind(),
        plugin.name(),
        plugin.namespace(),
    )
}

/// Whether a plugin is one of Kustomize's own; others are gaps where they are allowed, and refused where not.
fn is_builtin(target: &Target<'_>, plugin: &Object) -> Result<bool, Fail> {
    if plugin.api_version() == "builtin" {
        return Ok(true);
    }
    let kind = plugin.kind();
    if !target.build.enable_plugins {
        let message = format!("external plugins disabled; unable to load external plugin '{kind}'");
        return Err(Fail::at(plugin.node.span(), message));
    }
    let message = format!("the plugin `{kind}` is a program or a container and is not run");
    target.build.gap(Gap::new("unevaluated-plugin", message).at(plugin.node.span()));
    Ok(false)
}

/// A generator that is ready to work.
pub(super) enum Generator<'p> {
    /// One that is not run.
    Unseen,
    /// One that decrypts files of manifests, whose objects are known but for their values.
    Decrypting(Vec<Object>),
    Chart(Box<charts::Ready<'p>>),
    Other,
}

const GENERATORS: [&str; 4] =
    ["ConfigMapGenerator", "SecretGenerator", "HelmChartInflationGenerator", "IAMPolicyGenerator"];

/// How what a plugin makes is to be taken (`kustomize api/internal/plugins/utils/utils.go`).
const OPTIONS: [&str; 2] = ["kustomize.config.k8s.io/behavior", "kustomize.config.k8s.io/needs-hash"];

/// What KSOPS would decrypt (`github.com/viaduct-ai/kustomize-sops`), where SOPS left everything of a manifest readable but its
/// values; its block says that they are encrypted. Nothing where it makes Secrets of other files, one cannot be read, or
/// the values matter: for what they are merged with, or for a hash of them.
fn decrypting(target: &Target<'_>, plugin: &Object) -> Option<Vec<Object>> {
    let ksops = plugin.api_version().starts_with("viaduct.ai/") && plugin.kind().eq_ignore_ascii_case("ksops");
    let files = plugin.node.items("files");
    if !ksops || !target.build.enable_plugins || files.is_empty() || plugin.node.get("secretFrom").is_some() {
        return None;
    }
    let mut objects = Vec::new();
    for file in files {
        let read = target.loader.objects(file.as_text()?, false).ok()?;
        let encrypted = |object: &Object| object.node.get("sops").is_some();
        // Without a rule for what to encrypt SOPS encrypts names and kinds as well.
        let named = |object: &Object| {
            let parts = [object.api_version(), object.kind(), object.name(), object.namespace()];
            parts.iter().all(|part| !part.starts_with("ENC["))
        };
        let alone = |object: &Object| OPTIONS.iter().all(|option| object.annotation(option).is_none());
        if !read.iter().all(|object| encrypted(object) && named(object) && alone(object)) {
            return None;
        }
        objects.extend(read);
    }
    Some(objects)
}

/// Refuses what is no generator, before any generator works.
pub(super) fn generator<'p>(target: &Target<'_>, plugin: &'p Object) -> Result<Generator<'p>, Fail> {
    if let Some(objects) = decrypting(target, plugin) {
        return Ok(Generator::Decrypting(objects));
    }
    if !is_builtin(target, plugin)? {
        return Ok(Generator::Unseen);
    }
    check_configuration(plugin)?;
    let node = &plugin.node;
    match plugin.kind() {
        "HelmChartInflationGenerator" => {
            let configured = |fail: Fail| fail.within(format!("plugin {} fails configuration", plugin.original_id()));
            if !target.build.enable_helm {
                return Err(configured(Fail::at(node.span(), "must specify --enable-helm")));
            }
            charts::ready(target, node, Some(node), "")
                .map(|ready| Generator::Chart(Box::new(ready)))
                .map_err(configured)
        }
        kind if GENERATORS.contains(&kind) => Ok(Generator::Other),
        kind if TRANSFORMERS.contains(&kind) => {
            Err(Fail::at(node.span(), format!("plugin {} not a generator", plugin.original_id())))
        }
        _ => Err(unknown(plugin)),
    }
}

/// Refuses what is no transformer, before any transformer works.
pub(super) fn check_transformer(plugin: &Object) -> Outcome {
    check_configuration(plugin)?;
    match plugin.kind() {
        _ if plugin.api_version() != "builtin" => Ok(()),
        kind if TRANSFORMERS.contains(&kind) => Ok(()),
        kind if GENERATORS.contains(&kind) => {
            Err(Fail::at(plugin.node.span(), format!("plugin {} not a transformer", plugin.original_id())))
        }
        _ => Err(unknown(plugin)),
    }
}

/// The objects of a generator.
pub(super) fn generate(target: &Target<'_>, plugin: &Object, ready: Generator<'_>) -> Result<Vec<Object>, Fail> {
    match ready {
        Generator::Unseen => return Ok(Vec::new()),
        Generator::Decrypting(objects) => return Ok(objects),
        Generator::Chart(chart) => return charts::inflate(target, *chart),
        Generator::Other => {}
    }
    let node = &plugin.node;
    match plugin.kind() {
        kind @ ("ConfigMapGenerator" | "SecretGenerator") => {
            let secret = kind == "SecretGenerator";
            let r = Reading::of(node, "GeneratorArgs")?;
            let mut args = kustomization::generator_fields(&r, secret, node.span())?;
            // `env` is a field of kustomizations, which nobody reads here.
            args.envs = r.texts("envs")?;
            let meta = |key: &str| node.at(&["metadata", key]).filter(|node| !tree::is_empty(node)).cloned();
            args.name = args.name.or_else(|| meta("name"));
            args.namespace = args.namespace.or_else(|| meta("namespace"));
            Ok(vec![generator::generate(&target.loader, &args, None, secret)?])
        }
        "IAMPolicyGenerator" => iam_policy(node),
        _ => Err(unknown(plugin)),
    }
}

const TRANSFORMERS: [&str; 14] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "SuffixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "ValueAddTransformer",
];

fn unknown(plugin: &Object) -> Fail {
    Fail::at(plugin.node.span(), format!("unable to load builtin {}", plugin.gvk()))
}

fn iam_policy(node: &Node) -> Result<Vec<Object>, Fail> {
    let r = Reading::of(node, "IAMPolicyGenerator")?;
    let cloud = r.text_or_empty("cloud")?;
    if cloud != "gke" {
        return Err(Fail::at(node.span(), format!("cloud provider {cloud} not supported yet")));
    }
    let blank = Node::map(Vec::new(), node.origin.clone());
    let account = Reading::of(r.get("kubernetesService").unwrap_or(&blank), "KubernetesService")?;
    let (name, namespace) = (account.text_or_empty("name")?, account.text_or_empty("namespace")?);
    let google = Reading::of(r.get("serviceAccount").unwrap_or(&blank), "ServiceAccount")?;
    let (account, project) = (google.text_or_empty("name")?, google.text_or_empty("projectId")?);
    let origin = tree::in_role(&node.origin, Role::Generator);
    let entry = |key: &str, value: Node| crate::yaml::Entry { key: key.into(), key_origin: origin.clone(), value };
    let text = |text: String| Node::string(text, origin.clone());
    let map = |entries| Node::map(entries, origin.clone());
    let mut meta = vec![entry(
        "annotations",
        map(vec![entry(
            "iam.gke.io/gcp-service-account",
            text(format!("{account}@{project}.iam.gserviceaccount.com")),
        )]),
    )];
    meta.push(entry("name", text(name)));
    if !namespace.is_empty() {
        meta.push(entry("namespace", text(namespace)));
    }
    let made = map(vec![
        entry("apiVersion", text("v1".to_owned())),
        entry("kind", text("ServiceAccount".to_owned())),
        entry("metadata", map(meta)),
    ]);
    Ok(vec![Object::new(made, Vec::new())])
}

fn specs(r: &Reading<'_>) -> Result<Vec<FieldSpec>, Fail> {
    r.list("fieldSpecs")?.iter().map(field_spec).collect()
}

/// Lets a plugin work on the objects.
pub(super) fn transform(target: &Target<'_>, plugin: &Object, map: &mut ResMap) -> Outcome {
    if !is_builtin(target, plugin)? {
        return Ok(());
    }
    let node = &plugin.node;
    let configured = |fail: Fail| fail.within(format!("plugin {} fails configuration", plugin.original_id()));
    let r = Reading::of(node, "Plugin")?;
    let budget = target.loader.shared.budget;
    budget.steps(map.list.len() as u64)?;
    match plugin.kind() {
        "NamespaceTransformer" => namespace(node, &r).map_err(configured)?.map_or(Ok(()), |n| n.transform(map, budget)),
        kind @ ("PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer") => {
            if r.get("fieldSpecs").is_none() {
                return Err(configured(Fail::at(node.span(), "fieldSpecs is not expected to be nil")));
            }
            let specs = specs(&r).map_err(configured)?;
            for (field, suffix) in [("prefix", false), ("suffix", true)] {
                let wanted = kind == "PrefixSuffixTransformer" || (kind == "SuffixTransformer") == suffix;
                if wanted && let Some(value) = r.text(field).map_err(configured)? {
                    Affix { value: value.clone(), specs: specs.clone(), suffix }.transform(map, budget)?;
                }
            }
            Ok(())
        }
        kind @ ("LabelTransformer" | "AnnotationsTransformer") => {
            let field = if kind == "LabelTransformer" { "labels" } else { "annotations" };
            let pairs = r.text_map(field).map_err(configured)?.unwrap_or_default();
            Marks { pairs, specs: specs(&r).map_err(configured)? }.transform(map, budget)
        }
        "ImageTagTransformer" => {
            let blank = Node::map(Vec::new(), node.origin.clone());
            let image = r.get("imageTag").unwrap_or(&blank);
            let fields = Reading::of(image, "Image").map_err(configured)?;
            let image = kustomization::image_fields(&fields, image.span()).map_err(configured)?;
            Images { image, specs: specs(&r).map_err(configured)? }.transform(map, &mut Mentioned::default(), budget)
        }
        "ReplicaCountTransformer" => {
            let blank = Node::map(Vec::new(), node.origin.clone());
            let replica = r.get("replica").unwrap_or(&blank);
            let fields = Reading::of(replica, "Replica").map_err(configured)?;
            let replica = kustomization::replica_fields(&fields, replica).map_err(configured)?;
            Replicas { replica, specs: specs(&r).map_err(configured)? }.transform(map)
        }
        "HashTransformer" => generator::add_hashes(map, target.build, &target.loader),
        "ReplacementTransformer" => {
            let list = r.list("replacements").map_err(configured)?;
            for replacement in replacement::ready(&target.loader, &list).map_err(configured)? {
                replacement.transform(map, &target.loader, target.build.incomplete.get())?;
            }
            Ok(())
        }
        "ValueAddTransformer" => add_value(target, node, &r, map),
        kind if kind.starts_with("Patch") => {
            let ready = match kind {
                "PatchTransformer" => patch::ready(&target.loader, &patch_of(&r, node, "patch").map_err(configured)?),
                "PatchJson6902Transformer" => {
                    patch::json(&target.loader, &patch_of(&r, node, "jsonOp").map_err(configured)?)
                }
                "PatchStrategicMergeTransformer" => {
                    let mut paths = r.texts("paths").map_err(configured)?;
                    paths.extend(r.text("patches").map_err(configured)?.cloned());
                    if paths.is_empty() {
                        return Err(configured(Fail::at(node.span(), "empty file path and empty patch content")));
                    }
                    patch::named(&target.loader, &paths)
                }
                _ => return Err(unknown(plugin)),
            };
            let schemas = target.build.schemas();
            let patching =
                Patching { schemas: &schemas, loader: &target.loader, incomplete: target.build.incomplete.get() };
            ready.map_err(configured)?.transform(map, &patching)
        }
        _ => check_transformer(plugin),
    }
}

fn patch_of(r: &Reading<'_>, node: &Node, field: &str) -> Result<Patch, Fail> {
    let options = r.get("options");
    let allows = |key: &str| options.and_then(|node| node.get(key)?.as_bool()).unwrap_or(false);
    Ok(Patch {
        path: r.text("path")?.filter(|node| !tree::text(node).is_empty()).cloned(),
        patch: r.text(field)?.cloned(),
        target: r.get("target").map(read::selector).transpose()?,
        allow_name_change: allows("allowNameChange"),
        allow_kind_change: allows("allowKindChange"),
        span: Some(node.span()),
    })
}

fn namespace(node: &Node, r: &Reading<'_>) -> Result<Option<Namespace>, Fail> {
    let subjects = match r.text_or_empty("setRoleBindingSubjects")?.as_str() {
        "" | "defaultOnly" => Subjects::Default,
        "allServiceAccounts" => Subjects::ServiceAccounts,
        "none" => Subjects::None,
        other => {
            return Err(Fail::at(
                node.span(),
                format!(
                    "invalid value {other:?} for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \
                     \"allServiceAccounts\""
                ),
            ));
        }
    };
    let (unset_only, specs) = (r.flag("unsetOnly")?, specs(r)?);
    let value = node.at(&["metadata", "namespace"]).filter(|node| !tree::is_empty(node)).cloned();
    Ok(value.map(|value| Namespace { value, specs, unset_only, subjects }))
}

/// Writes a value, or a part of a path, at fields of targets.
fn add_value(target: &Target<'_>, node: &Node, r: &Reading<'_>, map: &mut ResMap) -> Outcome {
    let given = r.text("value")?.filter(|value| !tree::text(value).trim().is_empty());
    let value = match given {
        Some(value) => tree::untagged(tree::text(value).trim(), tree::in_role(&value.origin, Role::Transformer)),
        None => {
            let origin = tree::in_role(&node.origin, Role::Transformer);
            tree::untagged(target.loader.root.file_name(), origin)
        }
    };
    let mut targets = r.list("targets")?;
    if let Some(path) = r.text("targetFilePath")?.filter(|path| !tree::text(path).is_empty()) {
        let loaded = target.loader.load(tree::text(path)).map_err(|fail| fail.or_at(path.span()))?;
        let parsed = crate::yaml::parse(loaded.file, loaded.text()?, target.loader.shared.budget);
        targets.extend(parsed.documents.first().map(|d| d.root.items("targets").to_vec()).unwrap_or_default());
    }
    if targets.is_empty() {
        return Err(Fail::at(node.span(), "must specify at least one target"));
    }
    for one in &targets {
        let r = Reading::of(one, "Target")?;
        let path = r.text_or_empty("fieldPath")?;
        let position = r.number("filePathPosition")?.map_or(0, |(position, _)| position);
        if path.is_empty() {
            return Err(Fail::at(one.span(), "fieldPath cannot be empty"));
        }
        let selected = match r.get("selector") {
            Some(selector) => map.select(&read::selector(selector)?, target.loader.shared.budget)?,
            None => (0..map.list.len()).collect(),
        };
        for at in selected {
            let object = map.list.at_mut(at);
            if path == "metadata/namespace" {
                let value = value.clone();
                let namespace = Namespace { value, specs: Vec::new(), unset_only: false, subjects: Subjects::Default };
                namespace.apply(object)?;
                continue;
            }
            let spec = FieldSpec::any(&path, true);
            fieldspec::apply(&mut object.node, &spec, Make::Scalar, &value.origin, &mut |field| {
                tree::expect(field, Shape::Scalar)?;
                let text = if position > 0 {
                    insert_part(tree::text(field), position - 1, tree::text(&value))
                } else {
                    tree::text(&value).to_owned()
                };
                tree::overwrite(field, tree::untagged(text, tree::joined(&value.origin, &[&field.origin])))
            })?;
        }
    }
    Ok(())
}

/// Puts a part into a path at a position, or at its end.
fn insert_part(path: &str, position: i64, part: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let at = usize::try_from(position).unwrap_or(0).min(parts.len());
    parts.insert(at, part);
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}
