//! The source of an Application as Go decodes it over an older one: what each field takes, what of the old one stays, and in
//! what words a value that does not fit is refused (`pkg/apis/application/v1alpha1/types.go`, `encoding/json` over a merge patch).

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::source::Span;
use crate::yaml::{Entry, Meaning, Node, Origin};

/// What a field takes.
enum Shape {
    Text(&'static str),
    Flag,
    /// `intstr.IntOrString`.
    Count,
    /// `runtime.RawExtension`: anything, kept as it is.
    Any,
    /// A map of values of one type, by its name in Go.
    Map(&'static str, &'static Shape),
    /// A list, by its name in Go.
    List(&'static str, &'static Shape),
    Struct(&'static Struct),
}

/// A struct: fields behind the names of the embedded structs that they are of.
struct Struct {
    name: &'static str,
    fields: &'static [(&'static str, &'static str, Shape)],
}

use Shape::{Any, Count, Flag, List, Map, Text};

const STRING: Shape = Text("string");
const STRINGS: Shape = List("[]string", &STRING);
const TEXTS: Shape = Map("map[string]string", &STRING);

static SOURCE: Struct = Struct {
    name: "ApplicationSource",
    fields: &[
        ("", "repoURL", STRING),
        ("", "path", STRING),
        ("", "targetRevision", STRING),
        ("", "helm", Shape::Struct(&HELM)),
        ("", "kustomize", Shape::Struct(&KUSTOMIZE)),
        ("", "directory", Shape::Struct(&DIRECTORY)),
        ("", "plugin", Shape::Struct(&PLUGIN)),
        ("", "chart", STRING),
        ("", "ref", STRING),
        ("", "name", STRING),
        ("", "tagPrefix", STRING),
    ],
};

static HELM: Struct = Struct {
    name: "ApplicationSourceHelm",
    fields: &[
        ("", "valueFiles", STRINGS),
        ("", "parameters", List("[]v1alpha1.HelmParameter", &Shape::Struct(&PARAMETER))),
        ("", "releaseName", STRING),
        ("", "values", STRING),
        ("", "fileParameters", List("[]v1alpha1.HelmFileParameter", &Shape::Struct(&FILE_PARAMETER))),
        ("", "version", STRING),
        ("", "passCredentials", Flag),
        ("", "ignoreMissingValueFiles", Flag),
        ("", "skipCrds", Flag),
        ("", "valuesObject", Any),
        ("", "namespace", STRING),
        ("", "kubeVersion", STRING),
        ("", "apiVersions", STRINGS),
        ("", "skipTests", Flag),
        ("", "skipSchemaValidation", Flag),
    ],
};

static PARAMETER: Struct =
    Struct { name: "HelmParameter", fields: &[("", "name", STRING), ("", "value", STRING), ("", "forceString", Flag)] };

static FILE_PARAMETER: Struct =
    Struct { name: "HelmFileParameter", fields: &[("", "name", STRING), ("", "path", STRING)] };

static KUSTOMIZE: Struct = Struct {
    name: "ApplicationSourceKustomize",
    fields: &[
        ("", "namePrefix", STRING),
        ("", "nameSuffix", STRING),
        ("", "images", List("v1alpha1.KustomizeImages", &Text("v1alpha1.KustomizeImage"))),
        ("", "commonLabels", TEXTS),
        ("", "version", STRING),
        ("", "commonAnnotations", TEXTS),
        ("", "forceCommonLabels", Flag),
        ("", "forceCommonAnnotations", Flag),
        ("", "namespace", STRING),
        ("", "commonAnnotationsEnvsubst", Flag),
        ("", "replicas", List("v1alpha1.KustomizeReplicas", &Shape::Struct(&REPLICA))),
        ("", "patches", List("v1alpha1.KustomizePatches", &Shape::Struct(&PATCH))),
        ("", "components", STRINGS),
        ("", "ignoreMissingComponents", Flag),
        ("", "labelWithoutSelector", Flag),
        ("", "kubeVersion", STRING),
        ("", "apiVersions", STRINGS),
        ("", "labelIncludeTemplates", Flag),
    ],
};

static REPLICA: Struct = Struct { name: "KustomizeReplica", fields: &[("", "name", STRING), ("", "count", Count)] };

static PATCH: Struct = Struct {
    name: "KustomizePatch",
    fields: &[
        ("", "path", STRING),
        ("", "patch", STRING),
        ("", "target", Shape::Struct(&SELECTOR)),
        ("", "options", Map("map[string]bool", &Flag)),
    ],
};

static SELECTOR: Struct = Struct {
    name: "KustomizeSelector",
    fields: &[
        ("KustomizeResId.KustomizeGvk.", "group", STRING),
        ("KustomizeResId.KustomizeGvk.", "version", STRING),
        ("KustomizeResId.KustomizeGvk.", "kind", STRING),
        ("KustomizeResId.", "name", STRING),
        ("KustomizeResId.", "namespace", STRING),
        ("", "annotationSelector", STRING),
        ("", "labelSelector", STRING),
    ],
};

static DIRECTORY: Struct = Struct {
    name: "ApplicationSourceDirectory",
    fields: &[
        ("", "recurse", Flag),
        ("", "jsonnet", Shape::Struct(&JSONNET)),
        ("", "exclude", STRING),
        ("", "include", STRING),
        ("", "disableExtensionFilter", Flag),
    ],
};

static JSONNET: Struct = Struct {
    name: "ApplicationSourceJsonnet",
    fields: &[
        ("", "extVars", List("[]v1alpha1.JsonnetVar", &Shape::Struct(&JSONNET_VAR))),
        ("", "tlas", List("[]v1alpha1.JsonnetVar", &Shape::Struct(&JSONNET_VAR))),
        ("", "libs", STRINGS),
    ],
};

static JSONNET_VAR: Struct =
    Struct { name: "JsonnetVar", fields: &[("", "name", STRING), ("", "value", STRING), ("", "code", Flag)] };

static PLUGIN: Struct = Struct {
    name: "ApplicationSourcePlugin",
    fields: &[
        ("", "name", STRING),
        ("", "env", List("v1alpha1.Env", &Shape::Struct(&ENV))),
        ("", "parameters", List("v1alpha1.ApplicationSourcePluginParameters", &Shape::Struct(&PLUGIN_PARAMETER))),
    ],
};

static ENV: Struct = Struct { name: "EnvEntry", fields: &[("", "name", STRING), ("", "value", STRING)] };

static PLUGIN_PARAMETER: Struct = Struct {
    name: "ApplicationSourcePluginParameter",
    fields: &[
        ("", "name", STRING),
        ("", "string", STRING),
        ("OptionalMap.", "map", TEXTS),
        ("OptionalArray.", "array", STRINGS),
    ],
};

/// A value that does not fit its field: what Go says, and where it is written.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) span: Span,
}

/// A source with what another says over it: mappings are merged and texts replaced, what is null stays, and the items of a list
/// are read over those that stood in their places.
pub(super) fn source(old: &Node, new: &Node) -> Result<Node, Wrong> {
    Decoding { owner: "", path: Vec::new() }.fields(&SOURCE, Some(old), new)
}

struct Decoding {
    owner: &'static str,
    path: Vec<&'static str>,
}

impl Decoding {
    fn wrong(&self, node: &Node, wanted: &str) -> Wrong {
        let found = match node.as_scalar().map(|scalar| (scalar.meaning(), &scalar.text)) {
            // Of a number that is no whole one Go tells the number.
            Some((Meaning::Float(_), text)) if wanted == "int32" => format!("number {text}"),
            _ => node.json_kind().to_owned(),
        };
        let path = self.path.concat();
        let place = format!("{}.{}", self.owner, path.trim_end_matches('.'));
        let message = format!("json: cannot unmarshal {found} into Go struct field {place} of type {wanted}");
        Wrong { message, span: node.span() }
    }

    fn value(&mut self, shape: &'static Shape, old: Option<&Node>, new: &Node) -> Result<Node, Wrong> {
        match shape {
            Any => Ok(patched(old, new)),
            Shape::Struct(wanted) if new.as_map().is_some() => self.fields(wanted, old, new),
            Shape::Struct(wanted) => Err(self.wrong(new, &format!("v1alpha1.{}", wanted.name))),
            Text(_) if matches!(new.meaning(), Some(Meaning::Str(_))) => Ok(new.clone()),
            Text(wanted) => Err(self.wrong(new, wanted)),
            Flag if matches!(new.meaning(), Some(Meaning::Bool(_))) => Ok(new.clone()),
            Flag => Err(self.wrong(new, "bool")),
            Count => match new.meaning() {
                Some(Meaning::Str(_) | Meaning::Int(_) | Meaning::Uint(_)) => Ok(new.clone()),
                _ => Err(self.wrong(new, "int32")),
            },
            Map(wanted, value) => {
                let Some(map) = new.as_map() else { return Err(self.wrong(new, wanted)) };
                let mut made = made_of(old);
                for entry in in_order(&map.entries) {
                    if !entry.value.is_null() {
                        put(&mut made, Entry { value: self.value(value, None, &entry.value)?, ..entry.clone() });
                    }
                }
                Ok(mapping(made, &new.origin))
            }
            List(wanted, item) => {
                let Some(items) = new.as_seq() else { return Err(self.wrong(new, wanted)) };
                let old = old.and_then(Node::as_seq).unwrap_or_default();
                let made = items.iter().enumerate().map(|(at, node)| match old.get(at) {
                    Some(old) if node.is_null() => Ok(old.clone()),
                    None if node.is_null() => Ok(zero(item, node)),
                    old => self.value(item, old, node),
                });
                Ok(Node::seq(made.collect::<Result<_, _>>()?, new.origin.clone()))
            }
        }
    }

    fn fields(&mut self, wanted: &'static Struct, old: Option<&Node>, new: &Node) -> Result<Node, Wrong> {
        let old = old.filter(|old| old.as_map().is_some());
        let mut made = made_of(old);
        let outer = std::mem::replace(&mut self.owner, wanted.name);
        for entry in in_order(new.as_map().map_or(&[], |map| &map.entries)) {
            let named = |name: &str| entry.key.eq_ignore_ascii_case(name);
            let Some((way, name, shape)) = wanted.fields.iter().find(|(_, name, _)| named(name)) else { continue };
            let before = old.and_then(|old| old.get(name)).filter(|node| !node.is_null());
            // A field's name may be written in any case. Go reads the old one, which is spelled right, once more behind it.
            let is_overruled = || *entry.key != **name && before.is_some() && !new.get(name).is_some_and(Node::is_null);
            if entry.value.is_null() || is_overruled() {
                continue;
            }
            let length = self.path.len();
            self.path.extend([*way, *name, "."]);
            let so_far = made.get(*name).map(|known| known.value.clone());
            let value = self.value(shape, so_far.filter(|node| !node.is_null()).as_ref(), &entry.value)?;
            self.path.truncate(length);
            put(&mut made, Entry { key: (*name).into(), value, ..entry.clone() });
        }
        self.owner = outer;
        Ok(mapping(made, &old.unwrap_or(new).origin))
    }
}

/// Entries as Go writes and reads them.
fn in_order(entries: &[Entry]) -> Vec<&Entry> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    sorted
}

/// What is made so far, by key, in order.
type Made = IndexMap<Arc<str>, Entry>;

fn made_of(old: Option<&Node>) -> Made {
    let entries = old.and_then(Node::as_map).map_or(&[][..], |map| &map.entries);
    entries.iter().map(|entry| (entry.key.clone(), entry.clone())).collect()
}

fn put(made: &mut Made, new: Entry) {
    made.insert(new.key.clone(), new);
}

fn mapping(made: Made, origin: &Origin) -> Node {
    Node::map(made.into_values().collect(), origin.clone())
}

/// What Go makes of an item that is null.
fn zero(shape: &Shape, node: &Node) -> Node {
    match shape {
        Shape::Struct(_) => Node::map(Vec::new(), node.origin.clone()),
        _ => Node::string("", node.origin.clone()),
    }
}

/// A merge patch: mappings are merged, what is null is taken out, everything else is replaced. Nesting is bounded by the YAML
/// reader.
fn patched(old: Option<&Node>, new: &Node) -> Node {
    let Some(over) = new.as_map() else { return new.clone() };
    let old = old.filter(|old| old.as_map().is_some());
    let mut made = made_of(old);
    let (nulls, others): (Vec<&Entry>, Vec<&Entry>) = over.entries.iter().partition(|entry| entry.value.is_null());
    let gone: HashSet<&str> = nulls.into_iter().map(|entry| &*entry.key).collect();
    made.retain(|key, _| !gone.contains(&**key));
    for entry in others {
        let value = patched(made.get(&entry.key).map(|known| &known.value), &entry.value);
        put(&mut made, Entry { value, ..entry.clone() });
    }
    mapping(made, &old.unwrap_or(new).origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;

    fn laid(old: &str, new: &str) -> String {
        let node = |text| crate::yaml::parse(FileId(u32::MAX), text, &Budget::default()).documents.remove(0).root;
        match source(&node(old), &node(new)) {
            Ok(made) => made.to_json().to_string(),
            Err(wrong) => wrong.message,
        }
    }

    /// What Argo CD 3.2.12's own types and merge say.
    #[test]
    fn sources_are_laid_over_one_another_as_go_does() {
        for (old, new, wanted) in [
            (
                "helm: {valuesObject: {a: 1, b: {c: 2, d: 3}}}",
                "helm: {valuesObject: {a: null, b: {c: null, e: null, f: 4}}}",
                r#"{"helm":{"valuesObject":{"b":{"d":3,"f":4}}}}"#,
            ),
            ("helm: {valuesObject: {a: 1}}", "helm: {valuesObject: null}", r#"{"helm":{"valuesObject":{"a":1}}}"#),
            (
                "helm: {parameters: [{name: a, value: x, forceString: true}, {name: b}]}",
                "helm: {parameters: [{name: c, value: w}]}",
                r#"{"helm":{"parameters":[{"name":"c","value":"w","forceString":true}]}}"#,
            ),
            (
                "helm: {parameters: [{name: a}]}",
                "helm: {parameters: [null, {name: d}]}",
                r#"{"helm":{"parameters":[{"name":"a"},{"name":"d"}]}}"#,
            ),
            (
                "kustomize: {patches: [{path: a, target: {kind: X, name: q}}]}",
                "kustomize: {patches: [{patch: z, target: {kind: Z}}]}",
                r#"{"kustomize":{"patches":[{"path":"a","target":{"kind":"Z","name":"q"},"patch":"z"}]}}"#,
            ),
            (
                "kustomize: {commonLabels: {a: b, c: d}}",
                "kustomize: {commonLabels: {a: null, e: f}}",
                r#"{"kustomize":{"commonLabels":{"a":"b","c":"d","e":"f"}}}"#,
            ),
            ("path: p", "KUSTOMIZE: {NamePrefix: a-}\nfoo: [1]", r#"{"path":"p","kustomize":{"namePrefix":"a-"}}"#),
            (
                "kustomize: {namePrefix: x-}",
                "kustomize: {namePrefix: null, NAMEPREFIX: z-}",
                r#"{"kustomize":{"namePrefix":"z-"}}"#,
            ),
            (
                "kustomize: {namePrefix: x-}",
                "kustomize: {NAMEPREFIX: z-, nameSuffix: -z}",
                r#"{"kustomize":{"namePrefix":"x-","nameSuffix":"-z"}}"#,
            ),
            (
                "path: p",
                "kustomize: {components: [a]}\nkustomizE: {components: [b, c]}",
                r#"{"path":"p","kustomize":{"components":["a"]}}"#,
            ),
            (
                "kustomize: {images: [a, b]}",
                "kustomize: {images: [null, c, null]}",
                r#"{"kustomize":{"images":["a","c",""]}}"#,
            ),
        ] {
            assert_eq!(laid(old, new), wanted, "{old} + {new}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_in_go_s_words() {
        for (new, wanted) in [
            (
                "kustomize: x",
                "string into Go struct field ApplicationSource.kustomize of type v1alpha1.ApplicationSourceKustomize",
            ),
            (
                "kustomize: {images: x}",
                "string into Go struct field ApplicationSourceKustomize.kustomize.images of type v1alpha1.KustomizeImages",
            ),
            (
                "kustomize: {images: [1]}",
                "number into Go struct field ApplicationSourceKustomize.kustomize.images of type v1alpha1.KustomizeImage",
            ),
            (
                "helm: {parameters: [{name: 1}]}",
                "number into Go struct field HelmParameter.helm.parameters.name of type string",
            ),
            (
                "helm: {parameters: {a: b}}",
                "object into Go struct field ApplicationSourceHelm.helm.parameters of type []v1alpha1.HelmParameter",
            ),
            (
                "helm: {parameters: [x]}",
                "string into Go struct field ApplicationSourceHelm.helm.parameters of type v1alpha1.HelmParameter",
            ),
            (
                "kustomize: {commonLabels: {b: 1, a: true}}",
                "bool into Go struct field ApplicationSourceKustomize.kustomize.commonLabels of type string",
            ),
            (
                "kustomize: {commonLabels: [a]}",
                "array into Go struct field ApplicationSourceKustomize.kustomize.commonLabels of type map[string]string",
            ),
            (
                "kustomize: {replicas: [{count: 3.5}]}",
                "number 3.5 into Go struct field KustomizeReplica.kustomize.replicas.count of type int32",
            ),
            (
                "kustomize: {replicas: [{count: [1]}]}",
                "array into Go struct field KustomizeReplica.kustomize.replicas.count of type int32",
            ),
            (
                "kustomize: {patches: [{target: {kind: 1}}]}",
                "number into Go struct field KustomizeSelector.kustomize.patches.target.KustomizeResId.KustomizeGvk.kind of type string",
            ),
            (
                "plugin: {parameters: [{array: [1]}]}",
                "number into Go struct field ApplicationSourcePluginParameter.plugin.parameters.OptionalArray.array of type string",
            ),
            (
                "directory: {jsonnet: {extVars: [{code: x}]}}",
                "string into Go struct field JsonnetVar.directory.jsonnet.extVars.code of type bool",
            ),
            ("path: [1]", "array into Go struct field ApplicationSource.path of type string"),
            (
                "kustomize: {nameSuffix: 1, namePrefix: {}}",
                "object into Go struct field ApplicationSourceKustomize.kustomize.namePrefix of type string",
            ),
        ] {
            assert_eq!(laid("path: p", new), format!("json: cannot unmarshal {wanted}"), "{new}");
        }
    }
}
