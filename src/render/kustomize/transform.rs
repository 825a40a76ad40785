//! The transformers that write one value in many places: namespace, prefix and suffix, labels, annotations, replicas.

use std::collections::BTreeMap;

use super::config::Config;
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec, Make};
use super::id::Gvk;
use super::kustomization::{Kustomization, Replica};
use super::notes::Noted;
use super::object::Object;
use super::parse::Flaw;
use super::resmap::ResMap;
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::yaml::{Entry, Index, Node, Origin, Role};

/// Nodes that are looked at in the time of one step.
const NODES_A_STEP: u64 = 4;

/// Keys that are looked at in the time of one step.
const KEYS_A_STEP: u64 = 16;

/// Bytes that a former name takes beside its text.
const FORMER: usize = 96;

/// Labels of one transformer from which on it notes where keys stand.
const INDEXED: usize = 16;

/// Whose namespace a binding's subjects get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// All service accounts.
    ServiceAccounts,
    /// Nobody's.
    None,
}

/// A namespace to be set.
#[derive(Debug, Clone)]
pub(super) struct Namespace {
    pub(super) value: Node,
    pub(super) specs: Vec<FieldSpec>,
    pub(super) unset_only: bool,
    pub(super) subjects: Subjects,
}

pub(super) fn written(node: &Node) -> Origin {
    tree::in_role(&node.origin, Role::Transformer)
}

impl Namespace {
    pub(super) fn transform(&self, map: &mut ResMap, budget: &Budget) -> Outcome {
        if tree::text(&self.value).is_empty() {
            return Ok(());
        }
        for object in map.list.iter_mut() {
            if object.deleted || object.notes.from_chart {
                continue;
            }
            budget.bytes(FORMER)?;
            object.remember_name();
            self.apply(object)?;
        }
        // Whoever has the same name on the way has it in the end.
        match map.twin() {
            Some(id) => {
                let message = format!("{id} is there twice: namespace transformation produces ID conflict");
                Err(Fail::at(self.value.span(), message))
            }
            None => Ok(()),
        }
    }

    /// Sets the namespace of one object.
    pub(super) fn apply(&self, object: &mut Object) -> Outcome {
        let gvk = object.gvk();
        let origin = written(&self.value);
        let value = tree::string(tree::text(&self.value), origin.clone());
        let mut edit = |node: &mut Node| {
            if self.unset_only && !tree::is_empty(node) && !tree::text(node).is_empty() {
                return Ok(());
            }
            tree::overwrite(node, value.clone())
        };
        let node = &mut object.node;
        if !gvk.is_cluster_scoped() {
            let spec = FieldSpec::any("metadata/namespace", true);
            fieldspec::apply(node, &spec, Make::Scalar, &origin, &mut edit)?;
        }
        let binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if binding && self.subjects != Subjects::None {
            for subject in tree::get_mut(node, "subjects").and_then(tree::items_mut).into_iter().flatten() {
                let (field, wanted) = match self.subjects {
                    Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
                    _ => ("name", "default"),
                };
                tree::expect(subject, Shape::Map)
                    .and_then(|()| subject.get(field).map_or(Ok(()), |node| tree::expect(node, Shape::Scalar)))
                    .map_err(|fail| fail.within("setting namespace on (cluster)role binding subjects"))?;
                if subject.get(field).is_some_and(|node| tree::text(node) == wanted) {
                    if subject.get("namespace").is_none() {
                        let blank = tree::untagged("", origin.clone());
                        let entry = Entry { key: "namespace".into(), key_origin: origin.clone(), value: blank };
                        tree::entries_mut(subject).into_iter().for_each(|entries| entries.push(entry.clone()));
                    }
                    if let Some(place) = tree::get_mut(subject, "namespace") {
                        edit(place)?;
                    }
                }
            }
        }
        let api_version = object.api_version().to_owned();
        for spec in &self.specs {
            let meta_name = spec.path == "metadata/name" && api_version != "v1";
            let subject = binding
                && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
                && spec.path == "subjects/namespace";
            if spec.path == "metadata/namespace" || meta_name || subject {
                continue;
            }
            fieldspec::apply(&mut object.node, spec, Make::Scalar, &origin, &mut edit)
                .map_err(|fail| fail.within("namespace transformation failed"))?;
        }
        Ok(())
    }
}

/// A prefix or a suffix.
#[derive(Debug, Clone)]
pub(super) struct Affix {
    pub(super) value: Node,
    pub(super) specs: Vec<FieldSpec>,
    pub(super) suffix: bool,
}

impl Affix {
    pub(super) fn transform(&self, map: &mut ResMap, budget: &Budget) -> Outcome {
        let affix = tree::text(&self.value);
        let origin = written(&self.value);
        for object in map.list.iter_mut() {
            let id = object.original_id();
            let kept = matches!(id.gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace")
                || (id.gvk.kind == "APIService" && id.gvk.group == "apiregistration.k8s.io");
            if kept || object.deleted {
                continue;
            }
            for spec in self.specs.iter().filter(|spec| id.gvk.is_selected_by(&spec.gvk)) {
                if spec.path == "metadata/name" && !affix.is_empty() {
                    let list = if self.suffix { &mut object.notes.suffixes } else { &mut object.notes.prefixes };
                    list.push(affix.to_owned());
                    object.notes.takes(if self.suffix { Noted::Suffix } else { Noted::Prefix });
                    budget.bytes(FORMER + object.name().len())?;
                    object.remember_name();
                }
                fieldspec::apply(&mut object.node, spec, Make::Scalar, &origin, &mut |node| {
                    let old = tree::text(node);
                    let new = if self.suffix { format!("{old}{affix}") } else { format!("{affix}{old}") };
                    budget.bytes(new.len())?;
                    let origin = tree::joined(&node.origin, &[&origin]);
                    tree::overwrite(node, tree::untagged(new, origin))
                })?;
            }
        }
        Ok(())
    }
}

/// Labels or annotations for every object.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    pub(super) pairs: Vec<Entry>,
    pub(super) specs: Vec<FieldSpec>,
}

impl Marks {
    pub(super) fn transform(&self, map: &mut ResMap, budget: &Budget) -> Outcome {
        let mut fitting = fieldspec::Fitting::of(&self.specs);
        for object in map.list.iter_mut().filter(|object| !object.deleted) {
            let specs = fitting.to(&object.node);
            budget.steps(((self.pairs.len() * (1 + specs.len())) as u64).div_ceil(NODES_A_STEP))?;
            let shared = object.notes.shared_count();
            budget.steps((shared * self.pairs.len()) as u64 / KEYS_A_STEP)?;
            let mut keys = Keys::default();
            for pair in &self.pairs {
                let origin = written(&pair.value);
                let key_origin = tree::in_role(&pair.key_origin, Role::Transformer);
                let value = tree::string(tree::text(&pair.value), origin.clone());
                let unwritable = tree::is_unwritable_key(&pair.key);
                let flaws = &mut object.flaws;
                let mut fresh = Vec::new();
                for (place, spec) in specs.iter().enumerate() {
                    let mut added = false;
                    let mut nth = 0;
                    let looked = fieldspec::apply_counted(&mut object.node, spec, Make::Map, &origin, &mut |node| {
                        let (known, looked_at) = keys.position((place, nth), node, &pair.key, self.pairs.len());
                        budget.steps(looked_at / KEYS_A_STEP)?;
                        nth += 1;
                        added |= known.is_none();
                        if unwritable && known.is_none() {
                            flaws.push(Flaw::key(pair.key_origin.anchor()));
                        }
                        tree::put_at(node, known, &pair.key, &key_origin, value.clone())
                    })?;
                    budget.steps(looked / KEYS_A_STEP)?;
                    if added {
                        fresh.push(spec.path.as_str());
                    }
                }
                object.notes.share(&pair.key, fresh, tree::text(&pair.value));
            }
            // What is shared since now is what was put there.
            object.follow_shared(shared, |key| self.pairs.iter().any(|pair| *pair.key == *key));
        }
        Ok(())
    }
}

/// What `labels` and `commonLabels` of a kustomization ask for, each by itself.
pub(super) fn labels(k: &Kustomization, config: &Config) -> Result<Vec<Marks>, Fail> {
    let mut found = Vec::new();
    if k.labels.is_empty() && k.common_labels.is_empty() {
        return Ok(found);
    }
    for labels in &k.labels {
        let mut specs = labels.fields.clone();
        let merge = |specs: &mut Vec<FieldSpec>, more: &[FieldSpec]| {
            fieldspec::merge_all(specs, more).map_err(|fail| fail.within("failed to merge labels"))
        };
        merge(&mut specs, &config.labels)?;
        if labels.include_selectors {
            merge(&mut specs, &config.common_labels)?;
        } else {
            if labels.include_templates {
                merge(&mut specs, &config.template_labels)?;
            }
            merge(&mut specs, &[FieldSpec::any("metadata/labels", true)])?;
        }
        found.push(Marks { pairs: labels.pairs.clone(), specs });
    }
    let pairs: Vec<Entry> = k.common_labels.clone();
    found.push(Marks { pairs, specs: config.common_labels.clone() });
    Ok(found)
}

/// Where keys stand in the mappings to which a transformer adds: by the number of the path, and of the mapping among those to
/// which it leads.
#[derive(Default)]
struct Keys(BTreeMap<(usize, usize), Index>);

impl Keys {
    /// Where a key stands, one of so many that are asked for, and how many were looked at.
    fn position(&mut self, place: (usize, usize), node: &Node, key: &str, asked: usize) -> (Option<usize>, u64) {
        let entries = node.as_map().map_or(&[][..], |map| &map.entries);
        if asked >= INDEXED {
            return (self.0.entry(place).or_default().position(entries, key), 0);
        }
        (entries.iter().position(|entry| &*entry.key == key), entries.len() as u64)
    }
}

/// A number of replicas for what has a name.
#[derive(Debug, Clone)]
pub(super) struct Replicas {
    pub(super) replica: Replica,
    pub(super) specs: Vec<FieldSpec>,
}

impl Replicas {
    pub(super) fn transform(&self, map: &mut ResMap) -> Outcome {
        let origin = written(&self.replica.count);
        let count = Node { origin: origin.clone(), ..self.replica.count.clone() };
        let mut found = false;
        for spec in &self.specs {
            let places =
                map.ever(&self.replica.name, |id| id.name == self.replica.name && id.gvk.is_selected_by(&spec.gvk));
            for at in places {
                found = true;
                fieldspec::apply(&mut map.list.at_mut(at).node, spec, Make::Scalar, &origin, &mut |node| {
                    tree::overwrite(node, count.clone())
                })?;
            }
        }
        if found {
            return Ok(());
        }
        let kinds: Vec<String> = self.specs.iter().map(|spec| Gvk::to_string(&spec.gvk)).collect();
        Err(Fail::at(
            self.replica.count.span(),
            format!(
                "resource with name {} does not match a config with the following GVK [{}]",
                self.replica.name,
                kinds.join(" ")
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::budget::{Budget, Limits};
    use crate::discover::Repository;
    use crate::render::kustomize::{Options, build};
    use crate::source::RepoPath;

    fn exceeded(kustomization: &str, limits: Limits) -> String {
        let object = |n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{n}}}\ndata: {{a: b}}\n");
        let objects: String = (0..50).map(object).collect();
        let repository = Repository::from_texts(vec![("kustomization.yaml", kustomization), ("in.yaml", &objects)]);
        let error = build(&repository, &RepoPath::root(), &Options::default(), &Budget::new(limits)).unwrap_err();
        assert!(error.exceeded, "{error}");
        error.message
    }

    #[test]
    fn labels_in_mappings_that_grow_wide_are_paid_for() {
        let label = |n| format!("- pairs: {{l: v}}\n  fields: [{{path: data/x{n}/z, create: true}}]\n");
        let labels: String = (0..300).map(label).collect();
        let wide = format!("resources: [in.yaml]\nlabels:\n{labels}");
        let message = exceeded(&wide, Limits { steps: 100_000, ..Limits::default() });
        assert!(message.contains("more than 100000 steps"), "{message}");
    }

    #[test]
    fn former_names_are_paid_for() {
        for (kind, field) in [("PrefixTransformer", "name"), ("NamespaceTransformer", "namespace")] {
            let one = |n| {
                format!(
                    "- |\n  apiVersion: builtin\n  kind: {kind}\n  metadata: {{name: t{n}, namespace: n}}\n  prefix: p\n  \
                     fieldSpecs: [{{path: metadata/{field}}}]\n"
                )
            };
            let many: String = (0..200).map(one).collect();
            let many = format!("resources: [in.yaml]\ntransformers:\n{many}");
            let message = exceeded(&many, Limits { bytes: 512 << 10, ..Limits::default() });
            assert!(message.contains("bytes of text"), "{kind}: {message}");
        }
    }
}
