//! The Application as Argo CD's Go type has it: what is not a field is dropped, what is empty is left out, and a value of
//! the wrong type is an error (`pkg/apis/application/v1alpha1/types.go`).
//!
//! This is what turns the text of a template into the object that the controller would write.

use std::sync::Arc;

use super::params::printed;
use crate::expand::ArgoCd;
use crate::source::Span;
use crate::yaml::{Entry, Meaning, Node, Origin};

/// What a field holds.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A string, left out where it is empty.
    Text,
    /// A string that is always written.
    Always,
    /// A boolean, left out where it is false.
    Flag,
    /// A boolean that may be unset.
    MaybeFlag,
    /// A whole number, left out where it is zero.
    Number,
    /// A whole number that may be unset.
    MaybeNumber,
    /// A number or a text.
    NumberOrText,
    /// Strings by name.
    Texts,
    /// Booleans by name.
    Flags,
    /// A list of strings.
    Lines,
    /// An object that may be unset.
    Object(&'static [Field]),
    /// An object that is always written.
    Part(&'static [Field]),
    /// A list of objects.
    Objects(&'static [Field]),
    /// An object that is left out where nothing is in it.
    Filled(&'static [Field]),
    /// Anything (`runtime.RawExtension`).
    Raw,
    /// A field that is known since a minor version of Argo CD 3.
    Since(u8, &'static Shape),
    /// A field that is another one since a minor version of Argo CD 3.
    Until(u8, &'static Shape, &'static Shape),
}

/// A field.
pub type Field = (&'static str, Shape);

use Shape::{
    Always, Filled, Flag, Flags, Lines, MaybeFlag, MaybeNumber, Number, NumberOrText, Object, Objects, Part, Raw,
    Since, Text, Texts, Until,
};

const NAME_VALUE: &[Field] = &[("name", Always), ("value", Always)];
const JSONNET_VARIABLE: &[Field] = &[("name", Always), ("value", Always), ("code", Flag)];
const HELM: &[Field] = &[
    ("valueFiles", Lines),
    ("parameters", Objects(&[("name", Text), ("value", Text), ("forceString", Flag)])),
    ("releaseName", Text),
    ("values", Text),
    ("fileParameters", Objects(&[("name", Text), ("path", Text)])),
    ("version", Text),
    ("passCredentials", Flag),
    ("ignoreMissingValueFiles", Flag),
    ("skipCrds", Flag),
    ("valuesObject", Raw),
    ("namespace", Text),
    ("kubeVersion", Text),
    ("apiVersions", Lines),
    ("skipTests", Flag),
    ("skipSchemaValidation", Flag),
];
const KUSTOMIZE_TARGET: &[Field] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("annotationSelector", Text),
    ("labelSelector", Text),
];
const KUSTOMIZE: &[Field] = &[
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("images", Lines),
    ("commonLabels", Texts),
    ("version", Text),
    ("commonAnnotations", Texts),
    ("forceCommonLabels", Flag),
    ("forceCommonAnnotations", Flag),
    ("namespace", Text),
    ("commonAnnotationsEnvsubst", Flag),
    ("replicas", Objects(&[("name", Always), ("count", NumberOrText)])),
    ("patches", Objects(&[("path", Text), ("patch", Text), ("target", Object(KUSTOMIZE_TARGET)), ("options", Flags)])),
    ("components", Lines),
    ("ignoreMissingComponents", Flag),
    ("labelWithoutSelector", Flag),
    ("kubeVersion", Text),
    ("apiVersions", Lines),
    ("labelIncludeTemplates", Flag),
];
const JSONNET: &[Field] =
    &[("extVars", Objects(JSONNET_VARIABLE)), ("tlas", Objects(JSONNET_VARIABLE)), ("libs", Lines)];
const DIRECTORY: &[Field] = &[
    ("recurse", Flag),
    ("jsonnet", Until(4, &Part(JSONNET), &Filled(JSONNET))),
    ("exclude", Text),
    ("include", Text),
    ("disableExtensionFilter", Since(6, &Flag)),
];
const PLUGIN: &[Field] = &[
    ("name", Text),
    ("env", Objects(NAME_VALUE)),
    ("parameters", Objects(&[("name", Text), ("string", Text), ("map", Texts), ("array", Lines)])),
];
const SOURCE: &[Field] = &[
    ("repoURL", Always),
    ("path", Text),
    ("targetRevision", Text),
    ("helm", Object(HELM)),
    ("kustomize", Object(KUSTOMIZE)),
    ("directory", Object(DIRECTORY)),
    ("plugin", Object(PLUGIN)),
    ("chart", Text),
    ("ref", Text),
    ("name", Text),
    ("tagPrefix", Since(5, &Text)),
];
const WRITTEN_FLAG: Shape = Until(4, &Flag, &MaybeFlag);
const SYNC_POLICY: &[Field] = &[
    (
        "automated",
        Object(&[
            ("prune", WRITTEN_FLAG),
            ("selfHeal", WRITTEN_FLAG),
            ("allowEmpty", WRITTEN_FLAG),
            ("enabled", MaybeFlag),
        ]),
    ),
    ("syncOptions", Lines),
    (
        "retry",
        Object(&[
            ("limit", Number),
            ("backoff", Object(&[("duration", Text), ("factor", MaybeNumber), ("maxDuration", Text)])),
            ("refresh", Flag),
        ]),
    ),
    ("managedNamespaceMetadata", Object(&[("labels", Texts), ("annotations", Texts)])),
];
const HYDRATOR: &[Field] = &[
    (
        "drySource",
        Part(&[
            ("repoURL", Always),
            ("targetRevision", Always),
            ("path", Always),
            ("helm", Since(3, &Object(HELM))),
            ("kustomize", Since(3, &Object(KUSTOMIZE))),
            ("directory", Since(3, &Object(DIRECTORY))),
            ("plugin", Since(3, &Object(PLUGIN))),
        ]),
    ),
    ("syncSource", Part(&[("targetBranch", Always), ("path", Always), ("repoURL", Since(5, &Text))])),
    ("hydrateTo", Object(&[("targetBranch", Always)])),
];
const SPEC: &[Field] = &[
    ("source", Object(SOURCE)),
    ("destination", Part(&[("server", Text), ("namespace", Text), ("name", Text)])),
    ("project", Always),
    ("syncPolicy", Object(SYNC_POLICY)),
    (
        "ignoreDifferences",
        Objects(&[
            ("group", Text),
            ("kind", Always),
            ("name", Text),
            ("namespace", Text),
            ("jsonPointers", Lines),
            ("jqPathExpressions", Lines),
            ("managedFieldsManagers", Lines),
        ]),
    ),
    ("info", Objects(NAME_VALUE)),
    ("revisionHistoryLimit", MaybeNumber),
    ("sources", Objects(SOURCE)),
    ("sourceHydrator", Object(HYDRATOR)),
];

/// An Application's `metadata` and `spec`, as a template of a set may write them.
pub const APPLICATION: &[Field] = &[
    (
        "metadata",
        Part(&[("name", Text), ("namespace", Text), ("labels", Texts), ("annotations", Texts), ("finalizers", Lines)]),
    ),
    ("spec", Part(SPEC)),
];

/// How an object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// As JSON is read: a number is no string. Otherwise as `sigs.k8s.io/yaml` reads a typed object: a number or boolean
    /// where a string belongs becomes one.
    pub strict: bool,
    /// Whose type it is.
    pub argocd: ArgoCd,
}

impl Reading {
    /// As `sigs.k8s.io/yaml` reads.
    pub fn lenient(argocd: ArgoCd) -> Self {
        Self { strict: false, argocd }
    }

    /// As JSON is read.
    pub fn strict(argocd: ArgoCd) -> Self {
        Self { strict: true, argocd }
    }
}

/// The shape of a field.
pub fn field(fields: &[Field], name: &str, argocd: ArgoCd) -> Option<Shape> {
    fields.iter().find(|(known, _)| *known == name).and_then(|(_, shape)| in_version(*shape, argocd))
}

/// What a field is in a version; nothing where it is not yet known.
fn in_version(shape: Shape, argocd: ArgoCd) -> Option<Shape> {
    match shape {
        Since(minor, shape) => (argocd.0 >= minor).then_some(*shape),
        Until(minor, before, since) => Some(if argocd.0 >= minor { *since } else { *before }),
        shape => Some(shape),
    }
}

/// A value that its field does not take: the message names the field, not the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The field, and what it takes.
    pub message: String,
    /// Where the value is written.
    pub span: Span,
}

/// Brings an object into the form of its type.
pub fn conform(node: &Node, fields: &'static [Field], reading: Reading) -> Result<Node, Misfit> {
    object(node, fields, reading, "")
}

fn object(node: &Node, fields: &'static [Field], reading: Reading, path: &str) -> Result<Node, Misfit> {
    let Some(map) = node.as_map() else { return Err(wrong(node, path, "an object")) };
    let mut entries = Vec::new();
    for (name, shape) in fields {
        let Some(shape) = in_version(*shape, reading.argocd) else { continue };
        let entry = map.entry(name).filter(|entry| !entry.value.is_null());
        let value = match entry {
            Some(entry) => conformed(&entry.value, shape, reading, &format!("{path}.{name}"))?,
            None => None,
        };
        let value = match (value, shape) {
            (Some(value), _) => value,
            (None, Always) => Node::string("", node.origin.clone()),
            (None, Part(fields)) => {
                object(&Node::map(Vec::new(), node.origin.clone()), fields, reading, &format!("{path}.{name}"))?
            }
            (None, _) => continue,
        };
        entries.push(match entry {
            Some(entry) => Entry { key: Arc::clone(&entry.key), key_origin: entry.key_origin.clone(), value },
            None => Entry { key: (*name).into(), key_origin: node.origin.clone(), value },
        });
    }
    Ok(Node::map(entries, node.origin.clone()))
}

fn wrong(node: &Node, path: &str, what: &str) -> Misfit {
    let named = match path.trim_start_matches('.') {
        "" => "the template".to_owned(),
        path => format!("`{path}`"),
    };
    Misfit { message: format!("{named} must be {what}"), span: node.span() }
}

/// A field's value; nothing where its type leaves it out.
fn conformed(node: &Node, shape: Shape, reading: Reading, path: &str) -> Result<Option<Node>, Misfit> {
    Ok(match shape {
        Text | Always => {
            let text = string(node, reading).ok_or_else(|| wrong(node, path, "a string"))?;
            (matches!(shape, Always) || !is_empty_text(&text)).then_some(text)
        }
        Flag | MaybeFlag => {
            let flag = node.as_bool().ok_or_else(|| wrong(node, path, "a boolean"))?;
            (flag || matches!(shape, MaybeFlag)).then(|| node.clone())
        }
        Number | MaybeNumber => {
            let number = node.as_i64().ok_or_else(|| wrong(node, path, "a whole number"))?;
            (number != 0 || matches!(shape, MaybeNumber)).then(|| node.clone())
        }
        NumberOrText => match node.meaning() {
            Some(Meaning::Int(_) | Meaning::Str(_)) => Some(node.clone()),
            _ => return Err(wrong(node, path, "a whole number or a string")),
        },
        Texts => {
            let map = node.as_map().ok_or_else(|| wrong(node, path, "an object"))?;
            let mut entries = Vec::new();
            for entry in &map.entries {
                let value = if entry.value.is_null() {
                    Node::string("", entry.value.origin.clone())
                } else {
                    let path = format!("{path}.{}", entry.key);
                    string(&entry.value, reading).ok_or_else(|| wrong(&entry.value, &path, "a string"))?
                };
                entries.push(Entry { value, ..entry.clone() });
            }
            (!entries.is_empty()).then(|| Node::map(entries, node.origin.clone()))
        }
        Flags => {
            let map = node.as_map().ok_or_else(|| wrong(node, path, "an object"))?;
            if let Some(entry) = map.entries.iter().find(|entry| entry.value.as_bool().is_none()) {
                return Err(wrong(&entry.value, path, "booleans by name"));
            }
            (!map.entries.is_empty()).then(|| node.clone())
        }
        Lines => {
            let items = node.as_seq().ok_or_else(|| wrong(node, path, "a list"))?;
            let read = |item: &Node| string(item, reading).ok_or_else(|| wrong(item, path, "a list of strings"));
            let strings: Vec<Node> = items.iter().map(read).collect::<Result<_, _>>()?;
            (!strings.is_empty()).then(|| Node::seq(strings, node.origin.clone()))
        }
        Object(fields) | Part(fields) => Some(object(node, fields, reading, path)?),
        Objects(fields) => {
            let items = node.as_seq().ok_or_else(|| wrong(node, path, "a list"))?;
            let items: Result<Vec<Node>, Misfit> =
                items.iter().map(|item| object(item, fields, reading, path)).collect();
            let items = items?;
            (!items.is_empty()).then(|| Node::seq(items, node.origin.clone()))
        }
        Filled(fields) => Some(object(node, fields, reading, path)?)
            .filter(|node| node.as_map().is_some_and(|map| !map.entries.is_empty())),
        Since(..) | Until(..) => match in_version(shape, reading.argocd) {
            Some(shape) => conformed(node, shape, reading, path)?,
            None => None,
        },
        Raw => Some(node.clone()),
    })
}

fn is_empty_text(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.text.is_empty())
}

/// A scalar as a string field takes it.
fn string(node: &Node, reading: Reading) -> Option<Node> {
    match node.meaning()? {
        Meaning::Str(_) => Some(node.clone()),
        Meaning::Null => Some(Node::string("", node.origin.clone())),
        _ if reading.strict => None,
        Meaning::Int(number) => Some(Node::string(number.to_string(), node.origin.clone())),
        _ => Some(Node::string(printed(node), node.origin.clone())),
    }
}

/// An object of nothing, for templates that are not written.
pub fn nothing(origin: &Origin) -> Node {
    Node::map(Vec::new(), origin.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;
    use crate::yaml::parse;

    fn node(text: &str) -> Node {
        parse(FileId(0), text, &Budget::default()).documents.remove(0).root
    }

    #[test]
    fn what_is_empty_or_unknown_is_left_out_and_what_is_required_is_written() {
        let written = node(
            "metadata: {name: a, labels: {}, uid: x}\nspec:\n  source: {path: p, directory: {recurse: true}, helm: {}}\n  \
             syncPolicy: {automated: {prune: false, enabled: false}}\n",
        );
        let application = conform(&written, APPLICATION, Reading::lenient(ArgoCd::default())).unwrap();
        assert!(application.at(&["metadata", "labels"]).is_none() && application.at(&["metadata", "uid"]).is_none());
        assert_eq!(application.at(&["spec", "project"]).unwrap().as_str(), Some(""));
        assert_eq!(application.at(&["spec", "source", "repoURL"]).unwrap().as_str(), Some(""));
        assert!(application.at(&["spec", "destination"]).is_some());
        assert!(application.at(&["spec", "source", "helm"]).is_some());
    }

    #[test]
    fn a_field_is_what_it_is_in_its_version() {
        let written = node(
            "metadata: {name: a}\nspec:\n  source: {path: p, tagPrefix: v, directory: {recurse: true}}\n  \
             syncPolicy: {automated: {prune: false, enabled: false}}\n",
        );
        let parts = |minor: u8| {
            let application = conform(&written, APPLICATION, Reading::lenient(ArgoCd(minor))).unwrap();
            let paths = [
                "source.directory.jsonnet",
                "source.tagPrefix",
                "syncPolicy.automated.prune",
                "syncPolicy.automated.enabled",
            ];
            paths.map(|path| {
                let spec = application.get("spec").unwrap();
                spec.at(&path.split('.').collect::<Vec<_>>()).is_some()
            })
        };
        assert_eq!(parts(2), [true, false, false, true]);
        assert_eq!(parts(4), [false, false, true, true]);
        assert_eq!(parts(6), [false, true, true, true]);
    }

    #[test]
    fn a_number_is_a_label_to_the_lenient_only() {
        let written = node("metadata: {labels: {phase: 010, on: yes, v: 1.0}}\nspec: {}\n");
        let lenient = conform(&written, APPLICATION, Reading::lenient(ArgoCd::default())).unwrap();
        let labels = lenient.at(&["metadata", "labels"]).unwrap();
        let text = |label: &str| labels.get(label).unwrap().as_str().unwrap();
        assert_eq!([text("phase"), text("v")], ["8", "1"]);
        assert_eq!(labels.as_map().unwrap().entries[1].value.as_str(), Some("true"));
        let error = conform(&written, APPLICATION, Reading::strict(ArgoCd::default())).unwrap_err();
        assert_eq!(error.message, "`metadata.labels.phase` must be a string");
        assert_eq!(error.span, written.at(&["metadata", "labels", "phase"]).unwrap().span());
        let whole = conform(&node("5\n"), APPLICATION, Reading::strict(ArgoCd::default())).unwrap_err();
        assert_eq!(whole.message, "the template must be an object");
    }
}
