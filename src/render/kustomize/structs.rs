//! The structs that Go decodes a kustomization and its configurations into: which fields there are and what each takes, to
//! refuse what does not fit them in Go's own words: the first wrong value or unknown field in the order of the keys. Follows
//! `api/types` and `encoding/json`.

use super::config::SECTIONS;
use super::fail::{Fail, Outcome};
use super::meaning;
use super::read::whole;
use crate::yaml::{Entry, Meaning, Node};

/// What a field takes.
enum Type {
    Flag,
    /// A whole number of this type.
    Whole(&'static str),
    /// A text of this type.
    Text(&'static str),
    /// A list of texts of this type.
    Texts(&'static str),
    TextMap,
    AnyMap,
    One(&'static Struct),
    Many(&'static Struct),
    /// A list of pointers, which Go says of the list.
    ManyOf(&'static Struct),
    /// A list whose type has a name.
    Named(&'static str, &'static Struct),
}

/// A struct: fields with what they take, those of embedded structs behind the names of these.
struct Struct {
    name: &'static str,
    fields: &'static [(&'static str, &'static str, Type)],
}

impl Struct {
    fn package(&self) -> &'static str {
        if matches!(self.name, "TransformerConfig" | "NameBackReferences") { "builtinconfig" } else { "types" }
    }
}

use Type::{AnyMap, Flag, Many, ManyOf, Named, One, Text, TextMap, Texts, Whole};

const STRING: Type = Text("string");
const STRINGS: Type = Texts("string");
const FIELD_SPECS: Type = Named("types.FsSlice", &FIELD_SPEC);

static KUSTOMIZATION: Struct = Struct {
    name: "Kustomization",
    fields: &[
        ("TypeMeta.", "kind", STRING),
        ("TypeMeta.", "apiVersion", STRING),
        ("", "metadata", One(&OBJECT_META)),
        ("", "openapi", TextMap),
        ("", "namePrefix", STRING),
        ("", "nameSuffix", STRING),
        ("", "namespace", STRING),
        ("", "commonLabels", TextMap),
        ("", "labels", Many(&LABEL)),
        ("", "commonAnnotations", TextMap),
        ("", "patchesStrategicMerge", Texts("types.PatchStrategicMerge")),
        ("", "patchesJson6902", Many(&PATCH)),
        ("", "patches", Many(&PATCH)),
        ("", "images", Many(&IMAGE)),
        ("", "imageTags", Many(&IMAGE)),
        ("", "replacements", Many(&REPLACEMENT)),
        ("", "replicas", Many(&REPLICA)),
        ("", "vars", Many(&VAR)),
        ("", "sortOptions", One(&SORT)),
        ("", "resources", STRINGS),
        ("", "components", STRINGS),
        ("", "crds", STRINGS),
        ("", "bases", STRINGS),
        ("", "configMapGenerator", Many(&CONFIG_MAP)),
        ("", "secretGenerator", Many(&SECRET)),
        ("", "helmGlobals", One(&HELM_GLOBALS)),
        ("", "helmCharts", Many(&HELM_CHART)),
        ("", "helmChartInflationGenerator", Many(&HELM_CHART_ARGS)),
        ("", "generatorOptions", One(&GENERATOR_OPTIONS)),
        ("", "configurations", STRINGS),
        ("", "generators", STRINGS),
        ("", "transformers", STRINGS),
        ("", "validators", STRINGS),
        ("", "buildMetadata", STRINGS),
    ],
};

static OBJECT_META: Struct = Struct {
    name: "ObjectMeta",
    fields: &[("", "name", STRING), ("", "namespace", STRING), ("", "labels", TextMap), ("", "annotations", TextMap)],
};

static LABEL: Struct = Struct {
    name: "Label",
    fields: &[
        ("", "pairs", TextMap),
        ("", "includeSelectors", Flag),
        ("", "includeTemplates", Flag),
        ("", "fields", Many(&FIELD_SPEC)),
    ],
};

static FIELD_SPEC: Struct = Struct {
    name: "FieldSpec",
    fields: &[
        ("Gvk.", "group", STRING),
        ("Gvk.", "version", STRING),
        ("Gvk.", "kind", STRING),
        ("", "path", STRING),
        ("", "create", Flag),
    ],
};

static PATCH: Struct = Struct {
    name: "Patch",
    fields: &[
        ("", "path", STRING),
        ("", "patch", STRING),
        ("", "target", One(&SELECTOR)),
        ("", "options", One(&PATCH_ARGS)),
    ],
};

static PATCH_ARGS: Struct =
    Struct { name: "PatchArgs", fields: &[("", "allowNameChange", Flag), ("", "allowKindChange", Flag)] };

static SELECTOR: Struct = Struct {
    name: "Selector",
    fields: &[
        ("ResId.Gvk.", "group", STRING),
        ("ResId.Gvk.", "version", STRING),
        ("ResId.Gvk.", "kind", STRING),
        ("ResId.", "name", STRING),
        ("ResId.", "namespace", STRING),
        ("", "annotationSelector", STRING),
        ("", "labelSelector", STRING),
    ],
};

static IMAGE: Struct = Struct {
    name: "Image",
    fields: &[
        ("", "name", STRING),
        ("", "newName", STRING),
        ("", "tagSuffix", STRING),
        ("", "newTag", STRING),
        ("", "digest", STRING),
    ],
};

static REPLACEMENT: Struct = Struct {
    name: "ReplacementField",
    fields: &[
        ("Replacement.", "source", One(&SOURCE)),
        ("Replacement.", "targets", ManyOf(&TARGET)),
        ("Replacement.", "sourceValue", STRING),
        ("", "path", STRING),
    ],
};

static SOURCE: Struct = Struct {
    name: "SourceSelector",
    fields: &[
        ("ResId.Gvk.", "group", STRING),
        ("ResId.Gvk.", "version", STRING),
        ("ResId.Gvk.", "kind", STRING),
        ("ResId.", "name", STRING),
        ("ResId.", "namespace", STRING),
        ("", "fieldPath", STRING),
        ("", "options", One(&FIELD_OPTIONS)),
    ],
};

static TARGET: Struct = Struct {
    name: "TargetSelector",
    fields: &[
        ("", "select", One(&SELECTOR)),
        ("", "reject", ManyOf(&SELECTOR)),
        ("", "fieldPaths", STRINGS),
        ("", "options", One(&FIELD_OPTIONS)),
    ],
};

static FIELD_OPTIONS: Struct = Struct {
    name: "FieldOptions",
    fields: &[("", "delimiter", STRING), ("", "index", Whole("int")), ("", "encoding", STRING), ("", "create", Flag)],
};

static REPLICA: Struct = Struct { name: "Replica", fields: &[("", "name", STRING), ("", "count", Whole("int64"))] };

static VAR: Struct = Struct {
    name: "Var",
    fields: &[("", "name", STRING), ("", "objref", One(&VAR_TARGET)), ("", "fieldref", One(&FIELD_SELECTOR))],
};

static VAR_TARGET: Struct = Struct {
    name: "Target",
    fields: &[
        ("", "apiVersion", STRING),
        ("Gvk.", "group", STRING),
        ("Gvk.", "version", STRING),
        ("Gvk.", "kind", STRING),
        ("", "name", STRING),
        ("", "namespace", STRING),
    ],
};

static FIELD_SELECTOR: Struct = Struct { name: "FieldSelector", fields: &[("", "fieldPath", STRING)] };

static SORT: Struct = Struct {
    name: "SortOptions",
    fields: &[("", "order", Text("types.SortOrder")), ("", "legacySortOptions", One(&LEGACY_SORT))],
};

static LEGACY_SORT: Struct =
    Struct { name: "LegacySortOptions", fields: &[("", "orderFirst", STRINGS), ("", "orderLast", STRINGS)] };

static CONFIG_MAP: Struct = Struct {
    name: "ConfigMapArgs",
    fields: &[
        ("GeneratorArgs.", "namespace", STRING),
        ("GeneratorArgs.", "name", STRING),
        ("GeneratorArgs.", "behavior", STRING),
        ("GeneratorArgs.KvPairSources.", "literals", STRINGS),
        ("GeneratorArgs.KvPairSources.", "files", STRINGS),
        ("GeneratorArgs.KvPairSources.", "envs", STRINGS),
        ("GeneratorArgs.KvPairSources.", "env", STRING),
        ("GeneratorArgs.", "options", One(&GENERATOR_OPTIONS)),
    ],
};

static SECRET: Struct = Struct {
    name: "SecretArgs",
    fields: &[
        ("GeneratorArgs.", "namespace", STRING),
        ("GeneratorArgs.", "name", STRING),
        ("GeneratorArgs.", "behavior", STRING),
        ("GeneratorArgs.KvPairSources.", "literals", STRINGS),
        ("GeneratorArgs.KvPairSources.", "files", STRINGS),
        ("GeneratorArgs.KvPairSources.", "envs", STRINGS),
        ("GeneratorArgs.KvPairSources.", "env", STRING),
        ("GeneratorArgs.", "options", One(&GENERATOR_OPTIONS)),
        ("", "type", STRING),
    ],
};

static GENERATOR_OPTIONS: Struct = Struct {
    name: "GeneratorOptions",
    fields: &[
        ("", "labels", TextMap),
        ("", "annotations", TextMap),
        ("", "disableNameSuffixHash", Flag),
        ("", "immutable", Flag),
    ],
};

static HELM_GLOBALS: Struct =
    Struct { name: "HelmGlobals", fields: &[("", "chartHome", STRING), ("", "configHome", STRING)] };

static HELM_CHART: Struct = Struct {
    name: "HelmChart",
    fields: &[
        ("", "name", STRING),
        ("", "version", STRING),
        ("", "repo", STRING),
        ("", "releaseName", STRING),
        ("", "namespace", STRING),
        ("", "additionalValuesFiles", STRINGS),
        ("", "valuesFile", STRING),
        ("", "valuesInline", AnyMap),
        ("", "valuesMerge", STRING),
        ("", "includeCRDs", Flag),
        ("", "skipHooks", Flag),
        ("", "apiVersions", STRINGS),
        ("", "kubeVersion", STRING),
        ("", "nameTemplate", STRING),
        ("", "skipTests", Flag),
        ("", "debug", Flag),
        ("", "devel", Flag),
    ],
};

static HELM_CHART_ARGS: Struct = Struct {
    name: "HelmChartArgs",
    fields: &[
        ("", "chartName", STRING),
        ("", "chartVersion", STRING),
        ("", "chartRepoUrl", STRING),
        ("", "chartHome", STRING),
        ("", "chartRepoName", STRING),
        ("", "helmBin", STRING),
        ("", "helmHome", STRING),
        ("", "values", STRING),
        ("", "valuesLocal", AnyMap),
        ("", "valuesMerge", STRING),
        ("", "releaseName", STRING),
        ("", "releaseNamespace", STRING),
        ("", "extraArgs", STRINGS),
    ],
};

static TRANSFORMER_CONFIG: Struct = Struct {
    name: "TransformerConfig",
    fields: &[
        ("", SECTIONS[0], FIELD_SPECS),
        ("", SECTIONS[1], FIELD_SPECS),
        ("", SECTIONS[2], FIELD_SPECS),
        ("", SECTIONS[3], FIELD_SPECS),
        ("", SECTIONS[4], FIELD_SPECS),
        ("", SECTIONS[5], FIELD_SPECS),
        ("", SECTIONS[6], FIELD_SPECS),
        ("", SECTIONS[7], FIELD_SPECS),
        ("", SECTIONS[8], FIELD_SPECS),
        ("", SECTIONS[9], FIELD_SPECS),
        ("", "nameReference", Named("builtinconfig.nbrSlice", &NAME_BACK_REFERENCES)),
    ],
};

static NAME_BACK_REFERENCES: Struct = Struct {
    name: "NameBackReferences",
    fields: &[
        ("Gvk.", "group", STRING),
        ("Gvk.", "version", STRING),
        ("Gvk.", "kind", STRING),
        ("", "fieldSpecs", FIELD_SPECS),
    ],
};

/// Refuses a kustomization that Go could not decode.
pub(super) fn kustomization(root: &Node) -> Outcome {
    check(root, &KUSTOMIZATION, false)
}

/// Refuses an entry of `patches` that Go could not decode.
pub(super) fn patch(node: &Node) -> Outcome {
    check(node, &PATCH, false)
}

/// Refuses a file of `configurations` that Go could not decode; numbers and booleans are made texts where these are wanted.
pub(super) fn transformer_config(root: &Node) -> Outcome {
    check(root, &TRANSFORMER_CONFIG, true)
}

fn check(node: &Node, wanted: &'static Struct, makes_texts: bool) -> Outcome {
    let check = |in_order| Check { in_order, makes_texts, owner: "", path: Vec::new() }.one(node, wanted);
    // What fits need not be sorted.
    if check(false).is_ok() { Ok(()) } else { check(true) }
}

struct Check {
    in_order: bool,
    /// Whether single values of other types serve as texts.
    makes_texts: bool,
    /// The struct whose field is looked at, nothing before the first.
    owner: &'static str,
    path: Vec<&'static str>,
}

impl Check {
    fn wrong(&self, node: &Node, wanted: &str) -> Fail {
        let found = match node.as_scalar().map(meaning::of) {
            // Of a number that is no whole one Go tells the number.
            Some(Meaning::Float(_)) if wanted.starts_with("int") => format!("number {}", super::tree::text(node)),
            _ => node.json_kind().to_owned(),
        };
        let place = match self.path.is_empty() {
            true => "value".to_owned(),
            false => {
                let path: String = self.path.concat();
                format!("struct field {}.{}", self.owner, path.trim_end_matches('.'))
            }
        };
        Fail::at(node.span(), format!("json: cannot unmarshal {found} into Go {place} of type {wanted}"))
    }

    fn one(&mut self, node: &Node, wanted: &'static Struct) -> Outcome {
        if node.is_null() {
            return Ok(());
        }
        let Some(map) = node.as_map() else {
            return Err(self.wrong(node, &format!("{}.{}", wanted.package(), wanted.name)));
        };
        let mut entries: Vec<&Entry> = map.entries.iter().collect();
        if self.in_order {
            entries.sort_by(|a, b| a.key.cmp(&b.key));
        }
        let outer = std::mem::replace(&mut self.owner, wanted.name);
        for entry in entries {
            let Some((way, name, field)) =
                wanted.fields.iter().find(|(_, name, _)| entry.key.eq_ignore_ascii_case(name))
            else {
                return Err(Fail::at(entry.key_origin.anchor(), format!("json: unknown field \"{}\"", entry.key)));
            };
            let length = self.path.len();
            self.path.extend([way, name, "."]);
            // Of a struct within a struct the converter does not know what is wanted.
            let makes_texts = self.makes_texts;
            self.makes_texts &= way.is_empty();
            self.field(&entry.value, field)?;
            self.makes_texts = makes_texts;
            self.path.truncate(length);
        }
        self.owner = outer;
        Ok(())
    }

    fn field(&mut self, node: &Node, field: &Type) -> Outcome {
        if node.is_null() {
            return Ok(());
        }
        let fits = |fits: bool, wanted: &str| if fits { Ok(()) } else { Err(self.wrong(node, wanted)) };
        match field {
            Flag => fits(node.as_bool().is_some(), "bool"),
            Whole(wanted) => fits(whole(node).is_some(), wanted),
            Text(wanted) => fits(node.as_str().is_some() || (self.makes_texts && node.as_scalar().is_some()), wanted),
            AnyMap => fits(node.as_map().is_some(), "map[string]interface {}"),
            TextMap => {
                let Some(map) = node.as_map() else { return Err(self.wrong(node, "map[string]string")) };
                let mut values: Vec<&Entry> = map.entries.iter().collect();
                if self.in_order {
                    values.sort_by(|a, b| a.key.cmp(&b.key));
                }
                values.iter().try_for_each(|entry| self.field(&entry.value, &STRING))
            }
            Texts(item) => {
                let items = node.as_seq().ok_or_else(|| self.wrong(node, &format!("[]{item}")))?;
                items.iter().try_for_each(|node| self.field(node, &Text(item)))
            }
            One(wanted) => self.one(node, wanted),
            Many(item) | ManyOf(item) | Named(_, item) => {
                let list = || match field {
                    Named(list, _) => (*list).to_owned(),
                    ManyOf(_) => format!("[]*types.{}", item.name),
                    _ => format!("[]types.{}", item.name),
                };
                let items = node.as_seq().ok_or_else(|| self.wrong(node, &list()))?;
                items.iter().try_for_each(|node| self.one(node, item))
            }
        }
    }
}
