//! `crds`: the types of own kinds, in the form that `openapi-gen` writes, and which of their fields are references, annotations
//! and selectors. A CustomResourceDefinition is none of them, and is refused. Follows
//! `api/internal/accumulator/loadconfigfromcrds.go` and `k8s.io/kube-openapi/pkg/validation/spec`.

use std::sync::Arc;

use super::config::{BackReference, Config};
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec};
use super::files::Loader;
use super::id::Gvk;
use super::read::Reading;
use crate::budget::Budget;
use crate::source::Span;
use crate::yaml::{self, Node};

/// What it takes to follow a field, in steps of the budget.
const STEPS: u64 = 16;

/// What `crds` say about references, annotations and selectors of own kinds.
pub(super) fn load(loader: &Loader<'_>, paths: &[Node]) -> Result<Arc<Config>, Fail> {
    let mut config = Config::default();
    for path in paths {
        let name = super::tree::text(path);
        let loaded = loader.load(name).map_err(|fail| fail.or_at(path.span()))?;
        let text = loaded.text()?;
        if text.starts_with('{')
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
        {
            let reason = if error.is_eof() { "unexpected end of JSON input" } else { "invalid character" };
            let fail = Fail::at(loaded.whole(), reason);
            return Err(fail.within(format!("unable to parse open API definition from '{name}'")));
        }
        let parsed = yaml::parse(loaded.file, text, loader.shared.budget);
        let first = parsed.read_first().map_err(|problem| {
            let fail = Fail::at(problem.span, problem.message.clone());
            fail.within(format!("unable to parse open API definition from '{name}'"))
        })?;
        let Some(types) = first.map(|document| &document.root) else { continue };
        check(types).map_err(|fail| {
            let decoding = fail.within("error unmarshaling JSON: while decoding JSON");
            decoding.within(format!("unable to parse open API definition from '{name}'"))
        })?;
        for entry in types.as_map().map(|map| map.entries.as_slice()).unwrap_or_default() {
            let properties = schema_of(&entry.value).and_then(|schema| schema.get("properties"));
            let has = |key: &str| properties.is_some_and(|properties| properties.get(key).is_some());
            if has("kind") && has("apiVersion") && has("metadata") {
                let kind = entry.key.rsplit('.').next().unwrap_or("").to_owned();
                let gvk = Gvk { kind, ..Gvk::default() };
                let budget = loader.shared.budget;
                follow(&mut config, &gvk, types, &entry.key, &mut Vec::new(), budget)?;
            }
        }
    }
    config.sort();
    Ok(Arc::new(config))
}

fn follow(
    config: &mut Config,
    gvk: &Gvk,
    types: &Node,
    name: &str,
    path: &mut Vec<String>,
    budget: &Budget,
) -> Outcome {
    // Types may refer to each other in circles, in which Kustomize itself never ends.
    if path.len() > 32 {
        return Ok(());
    }
    let Some(properties) = types.get(name).and_then(|api| schema_of(api)?.get("properties")) else {
        return Ok(());
    };
    for entry in properties.as_map().map(|map| map.entries.as_slice()).unwrap_or_default() {
        // Types that refer to each other several times make more paths than anybody can follow.
        budget.steps(STEPS)?;
        path.push(entry.key.to_string());
        let says = |key: &str| entry.value.str_at(key);
        let here = |path: &[String]| FieldSpec { gvk: gvk.clone(), path: path.join("/"), create: false };
        if says("x-kubernetes-annotation").is_some() {
            fieldspec::merge_all(&mut config.common_annotations, &[here(path)])?;
        }
        if says("x-kubernetes-label-selector").is_some() {
            fieldspec::merge_all(&mut config.common_labels, &[here(path)])?;
        }
        if says("x-kubernetes-identity").is_some() {
            fieldspec::merge_all(&mut config.name_prefix, &[here(path)])?;
        }
        if let (Some(version), Some(kind)) =
            (says("x-kubernetes-object-ref-api-version"), says("x-kubernetes-object-ref-kind"))
        {
            let key = says("x-kubernetes-object-ref-name-key").unwrap_or("name").to_owned();
            path.push(key);
            let target = Gvk { group: String::new(), version: version.to_owned(), kind: kind.to_owned() };
            config.add_reference(BackReference { target, referrers: vec![here(path)] })?;
            path.pop();
        }
        if let Some(reference) = says("$ref") {
            follow(config, gvk, types, reference, path, budget)?;
        }
        path.pop();
    }
    Ok(())
}

/// The schema of a type; its field may be written in any case.
fn schema_of(api: &Node) -> Option<&Node> {
    Reading::of(api, "OpenAPIDefinition").ok()?.get("Schema")
}

/// What a field of a schema holds.
enum Holds {
    Text,
    Flag,
    Number,
    Whole,
    Texts,
    Any,
    Schema,
    Schemas,
    SchemasByName,
    /// One schema or several.
    Items,
    /// A schema or whether there may be any.
    More,
    /// One text or several.
    Types,
    Map,
}

/// The fields of a schema that have a type.
const FIELDS: [(&str, Holds); 35] = [
    ("id", Holds::Text),
    ("description", Holds::Text),
    ("type", Holds::Types),
    ("nullable", Holds::Flag),
    ("format", Holds::Text),
    ("title", Holds::Text),
    ("maximum", Holds::Number),
    ("exclusiveMaximum", Holds::Flag),
    ("minimum", Holds::Number),
    ("exclusiveMinimum", Holds::Flag),
    ("maxLength", Holds::Whole),
    ("minLength", Holds::Whole),
    ("pattern", Holds::Text),
    ("maxItems", Holds::Whole),
    ("minItems", Holds::Whole),
    ("uniqueItems", Holds::Flag),
    ("multipleOf", Holds::Number),
    ("enum", Holds::Any),
    ("maxProperties", Holds::Whole),
    ("minProperties", Holds::Whole),
    ("required", Holds::Texts),
    ("items", Holds::Items),
    ("allOf", Holds::Schemas),
    ("oneOf", Holds::Schemas),
    ("anyOf", Holds::Schemas),
    ("not", Holds::Schema),
    ("properties", Holds::SchemasByName),
    ("additionalProperties", Holds::More),
    ("patternProperties", Holds::SchemasByName),
    ("additionalItems", Holds::More),
    ("definitions", Holds::SchemasByName),
    ("discriminator", Holds::Text),
    ("readOnly", Holds::Flag),
    ("externalDocs", Holds::Map),
    ("dependencies", Holds::Map),
];

fn wrong(node: &Node, what: &str, wanted: &str) -> Fail {
    Fail::at(node.span(), format!("json: cannot unmarshal {what}{} into Go value of type {wanted}", node.json_kind()))
}

/// Refuses what Go could not decode.
fn check(types: &Node) -> Outcome {
    if types.is_null() {
        return Ok(());
    }
    let Some(map) = types.as_map() else { return Err(wrong(types, "", "accumulator.nameToApiMap")) };
    for entry in &map.entries {
        let api = &entry.value;
        let Ok(fields) = Reading::of(api, "OpenAPIDefinition") else {
            return Err(wrong(api, "", "accumulator.OpenAPIDefinition"));
        };
        fields.get("Schema").map_or(Ok(()), check_schema)?;
        fields.texts("Dependencies")?;
    }
    Ok(())
}

fn check_schema(schema: &Node) -> Outcome {
    let Some(map) = schema.as_map() else {
        return Err(wrong(schema, "JSON ", "struct { spec.Extensions; spec.SchemaProps; spec.SwaggerSchemaProps }"));
    };
    for entry in map.entries.iter().filter(|entry| !entry.value.is_null()) {
        if let Some((_, holds)) = FIELDS.iter().find(|(name, _)| **name == *entry.key) {
            check_field(&entry.value, holds)?;
        }
    }
    Ok(())
}

fn check_field(node: &Node, holds: &Holds) -> Outcome {
    let fits = |fits: bool, wanted: &str| if fits { Ok(()) } else { Err(wrong(node, "JSON ", wanted)) };
    let list = |wanted: &str| node.as_seq().ok_or_else(|| wrong(node, "JSON ", wanted));
    let texts = |items: &[Node]| {
        items.iter().try_for_each(|item| match item.is_null() || item.as_str().is_some() {
            true => Ok(()),
            false => Err(wrong(item, "JSON ", "string")),
        })
    };
    let schemas = |items: &[Node]| items.iter().filter(|item| !item.is_null()).try_for_each(check_schema);
    match holds {
        Holds::Text => fits(node.as_str().is_some(), "string"),
        Holds::Flag => fits(node.as_bool().is_some(), "bool"),
        Holds::Number => fits(node.json_kind() == "number", "float64"),
        Holds::Whole => fits(node.as_i64().is_some(), "int64"),
        Holds::Texts => texts(list("[]string")?),
        Holds::Any => list("[]interface {}").map(|_| ()),
        Holds::Schema => check_schema(node),
        Holds::Schemas => schemas(list("[]spec.Schema")?),
        Holds::Map => fits(node.as_map().is_some(), "map"),
        Holds::SchemasByName => match node.as_map() {
            Some(map) => {
                let mut values = map.entries.iter().map(|entry| &entry.value).filter(|value| !value.is_null());
                values.try_for_each(check_schema)
            }
            None => Err(wrong(node, "JSON ", "map[string]spec.Schema")),
        },
        // What is neither one nor several passes.
        Holds::Items => match node.as_seq() {
            Some(items) => schemas(items),
            None => node.as_map().map_or(Ok(()), |_| check_schema(node)),
        },
        Holds::More => match node.as_map() {
            Some(_) => check_schema(node),
            None if node.as_bool().is_some() => Ok(()),
            None => Err(unexpected(node.span(), "object or bool", node)),
        },
        Holds::Types => match node.as_seq() {
            Some(items) => texts(items),
            None if node.as_str().is_some() => Ok(()),
            None => Err(unexpected(node.span(), "string or array", node)),
        },
    }
}

fn unexpected(at: Span, wanted: &str, node: &Node) -> Fail {
    let found = if node.as_map().is_some() { "{" } else { node.json_kind() };
    Fail::at(at, format!("expected {wanted}, not '{found}'"))
}
