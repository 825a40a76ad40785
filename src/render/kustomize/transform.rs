//! The transformers that write one value in many places: namespace, prefix and suffix, labels, annotations, images, replicas.

use std::collections::BTreeMap;

use super::expression::Expression;
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec, Make};
use super::id::Gvk;
use super::kustomization::{Image, Replica};
use super::object::Object;
use super::parse::Flaw;
use super::resmap::ResMap;
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::yaml::{Entry, Index, Node, Origin, Role, Value};

/// Nodes that are looked at in the time of one step.
const NODES_A_STEP: u64 = 4;

/// Keys that are looked at in the time of one step.
const KEYS_A_STEP: u64 = 16;

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

fn written(node: &Node) -> Origin {
    tree::in_role(&node.origin, Role::Transformer)
}

impl Namespace {
    pub(super) fn transform(&self, map: &mut ResMap) -> Outcome {
        if tree::text(&self.value).is_empty() {
            return Ok(());
        }
        for object in map.list.iter_mut() {
            if object.deleted || object.notes.from_chart {
                continue;
            }
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
    pub(super) fn transform(&self, map: &mut ResMap) -> Outcome {
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
                    object.remember_name();
                }
                fieldspec::apply(&mut object.node, spec, Make::Scalar, &origin, &mut |node| {
                    let old = tree::text(node);
                    let new = if self.suffix { format!("{old}{affix}") } else { format!("{affix}{old}") };
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
        budget.steps((map.list.len() * self.pairs.len() * (1 + self.specs.len())) as u64 / NODES_A_STEP)?;
        for object in map.list.iter_mut().filter(|object| !object.deleted) {
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
                for (place, spec) in self.specs.iter().enumerate() {
                    let mut added = false;
                    let mut nth = 0;
                    fieldspec::apply(&mut object.node, spec, Make::Map, &origin, &mut |node| {
                        let (known, looked_at) = keys.position((place, nth), node, &pair.key, self.pairs.len());
                        budget.steps(looked_at / KEYS_A_STEP)?;
                        nth += 1;
                        added |= known.is_none();
                        if unwritable && known.is_none() {
                            flaws.push(Flaw::key(pair.key_origin.anchor()));
                        }
                        tree::put_at(node, known, &pair.key, &key_origin, value.clone())
                    })?;
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

/// The images of a name, which is a regular expression: with a tag, a digest or neither.
enum Pattern {
    /// A name in which only dots have a meaning, that of any character.
    Plain(String),
    Like(Expression),
}

impl Pattern {
    fn of(name: &str) -> Result<Self, Fail> {
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.:".contains(&b)) {
            return Ok(Self::Plain(name.to_owned()));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Expression::new(&pattern).map(Self::Like)
    }

    fn is_match(&self, image: &str) -> bool {
        let name = match self {
            Pattern::Plain(name) => name,
            Pattern::Like(regex) => return regex.is_match(image),
        };
        let mut rest = image.chars();
        let fits = |wanted: char| rest.next().is_some_and(|c| c == wanted || (wanted == '.' && c != '\n'));
        if !name.chars().all(fits) {
            return false;
        }
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.{}-".contains(&b));
        let rest = rest.as_str();
        let (tag, digest) = rest.split_once('@').map_or((rest, None), |(tag, digest)| (tag, Some(digest)));
        (tag.is_empty() || tag.strip_prefix(':').is_some_and(word))
            && digest.is_none_or(|digest| digest.strip_prefix("sha256:").is_some_and(word))
    }
}

/// A new name, tag or digest for an image.
#[derive(Debug, Clone)]
pub(super) struct Images {
    pub(super) image: Image,
    pub(super) specs: Vec<FieldSpec>,
}

impl Images {
    pub(super) fn transform(&self, map: &mut ResMap, budget: &Budget) -> Outcome {
        let regex = Pattern::of(&self.image.name).map_err(|fail| {
            let fail = fail.within(format!("the image name `{}` is no regular expression", self.image.name));
            Fail { span: self.image.span, ..fail }
        })?;
        for object in map.list.iter_mut().filter(|object| !object.deleted) {
            if object.kind() == "CustomResourceDefinition" {
                continue;
            }
            let mut looked_at = 0;
            let mentioned = mentions(&object.node, &regex, &mut looked_at);
            budget.steps(looked_at + self.specs.len() as u64)?;
            if mentioned {
                self.everywhere(&mut object.node, &regex)?;
            }
            let origin = object.node.origin.clone();
            let mut edit = |node: &mut Node| self.edit(node, &regex);
            fieldspec::apply_all(&mut object.node, &self.specs, Make::Nothing, &origin, &mut edit)?;
        }
        Ok(())
    }

    /// Containers wherever they are.
    fn everywhere(&self, node: &mut Node, regex: &Pattern) -> Outcome {
        match Shape::of(node) {
            Shape::Map => {
                for entry in tree::entries_mut(node).into_iter().flatten() {
                    self.everywhere(&mut entry.value, regex)?;
                    if matches!(&*entry.key, "containers" | "initContainers") {
                        for item in tree::items_mut(&mut entry.value).into_iter().flatten() {
                            tree::expect(item, Shape::Map)?;
                            if let Some(image) = tree::get_mut(item, "image") {
                                self.edit(image, regex)?;
                            }
                        }
                    }
                }
                Ok(())
            }
            Shape::Seq => tree::items_mut(node).into_iter().flatten().try_for_each(|item| self.everywhere(item, regex)),
            Shape::Scalar => Ok(()),
        }
    }

    fn edit(&self, node: &mut Node, regex: &Pattern) -> Outcome {
        tree::expect(node, Shape::Scalar)?;
        if !regex.is_match(tree::text(node)) {
            return Ok(());
        }
        let (mut name, mut tag, mut digest) = split_image(tree::text(node));
        let image = &self.image;
        let text = |node: &Option<Node>| node.as_ref().map(|node| tree::text(node).to_owned());
        if let Some(new) = text(&image.new_name) {
            name = new;
        }
        match (text(&image.new_tag), text(&image.digest), text(&image.tag_suffix)) {
            (Some(new_tag), new_digest, _) => {
                tag = new_tag;
                digest = new_digest.unwrap_or_default();
            }
            (None, Some(new_digest), _) => {
                tag = String::new();
                digest = new_digest;
            }
            (None, None, Some(suffix)) => {
                tag.push_str(&suffix);
                digest = String::new();
            }
            (None, None, None) => {}
        }
        if !tag.is_empty() {
            name = format!("{name}:{tag}");
        }
        if !digest.is_empty() {
            name = format!("{name}@{digest}");
        }
        let makers: Vec<Origin> = [&image.new_tag, &image.digest, &image.tag_suffix, &image.new_name]
            .into_iter()
            .flatten()
            .map(written)
            .collect();
        let origin = match makers.split_first() {
            Some((first, rest)) => {
                let mut others: Vec<&Origin> = rest.iter().collect();
                others.push(&node.origin);
                tree::joined(first, &others)
            }
            None => node.origin.clone(),
        };
        tree::overwrite(node, tree::untagged(name, origin))
    }
}

/// Whether any text of a tree is the image: most objects have none and stay shared.
fn mentions(node: &Node, regex: &Pattern, looked_at: &mut u64) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        *looked_at += 1;
        match &node.value {
            Value::Map(map) => {
                for entry in &map.entries {
                    if matches!(&*entry.key, "containers" | "initContainers") {
                        for item in entry.value.as_seq().unwrap_or_default() {
                            let image = item.get("image");
                            if image.is_some_and(|i| i.as_scalar().is_none() || regex.is_match(tree::text(i)))
                                || (item.as_map().is_none() && !tree::is_null(item))
                            {
                                return true;
                            }
                        }
                    }
                    open.push(&entry.value);
                }
            }
            Value::Seq(items) => open.extend(items.iter()),
            Value::Scalar(_) => {}
        }
    }
    false
}

/// Name, tag and digest of an image; empty where there is none.
pub(super) fn split_image(image: &str) -> (String, String, String) {
    let base = image.find('/').filter(|&at| at > 0).unwrap_or(0);
    let search = &image[base..];
    let at = search.find('@').map(|i| i + base);
    let colon = search.find(':').map(|i| i + base);
    match (at, colon) {
        (None, None) => (image.to_owned(), String::new(), String::new()),
        (Some(at), colon) if colon.is_none_or(|colon| at < colon) => {
            (image[..at].to_owned(), String::new(), image[at + 1..].to_owned())
        }
        (Some(at), Some(colon)) => {
            (image[..colon].to_owned(), image[colon + 1..at].to_owned(), image[at + 1..].to_owned())
        }
        (_, Some(colon)) => (image[..colon].to_owned(), image[colon + 1..].to_owned(), String::new()),
        (Some(at), None) => (image[..at].to_owned(), String::new(), image[at + 1..].to_owned()),
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
    use super::{Pattern, split_image};

    #[test]
    fn plain_names_match_as_regular_expressions_do() {
        for name in ["nginx", "a.b/c", "host:5000/x_y", ""] {
            let regex =
                regex::Regex::new(&format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")).unwrap();
            for image in [
                "nginx",
                "nginx:",
                "nginx:1.2",
                "nginx:a@sha256:b",
                "nginx@sha256:",
                "nginx@sha1:x",
                "nginx:a:b",
                "nginxx",
                "a.b/c",
                "aXb/c:1",
                "a\nb/c",
                "ab/c",
                "host:5000/x_y:v{}",
                "host:5000/x_y@sha256:a@sha256:b",
                ":1",
                "@sha256:x",
                "",
                "é",
                "aéb/c",
                "nginx:1\n",
                "nginx\n",
            ] {
                assert_eq!(Pattern::of(name).unwrap().is_match(image), regex.is_match(image), "{name} {image:?}");
            }
        }
    }

    #[test]
    fn images_come_apart() {
        let split = |image: &str| {
            let (name, tag, digest) = split_image(image);
            format!("{name} {tag} {digest}")
        };
        assert_eq!(split("nginx"), "nginx  ");
        assert_eq!(split("host:5000/nginx:1.2"), "host:5000/nginx 1.2 ");
        assert_eq!(split("nginx@sha256:ab"), "nginx  sha256:ab");
        assert_eq!(split("a/nginx:1@sha256:ab"), "a/nginx 1 sha256:ab");
    }
}
