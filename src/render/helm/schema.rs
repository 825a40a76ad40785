//! values.schema.json, checked as Helm checks it: with the draft that it names, 2020-12 where it names none, and without
//! ever fetching anything (CVE-2025-55199).

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, ValidationError, Validator};

use super::dependencies::Instance;
use super::tree::{Table, Tree, to_node};

/// What a schema is to a chart.
pub(super) enum Schema {
    /// It can be checked.
    Ready(Validator),
    /// It refers to something that is not in it; Helm would fetch that.
    Elsewhere(String),
    /// Helm refuses it.
    Broken(String),
}

/// Refuses to fetch, and says so in a way that is found again.
struct Nowhere;

const NOT_FETCHED: &str = "is not fetched";

impl Retrieve for Nowhere {
    fn retrieve(&self, uri: &Uri<String>) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("`{uri}` {NOT_FETCHED}").into())
    }
}

impl Schema {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut schema: serde_json::Value = match serde_json::from_slice(bytes) {
            Ok(schema) => schema,
            Err(error) => return Schema::Broken(error.to_string()),
        };
        let named = schema.as_object_mut().and_then(|fields| fields.remove("$schema"));
        let draft = match named.as_ref().and_then(|named| named.as_str()) {
            None => Draft::Draft202012,
            Some(named) => match draft(named) {
                Some(draft) => draft,
                None => return Schema::Elsewhere(format!("`{named}` {NOT_FETCHED}")),
            },
        };
        let options = jsonschema::options()
            .with_draft(draft)
            .with_retriever(Nowhere)
            .with_pattern_options(PatternOptions::regex().size_limit(4 << 20))
            .build(&schema);
        match options {
            Ok(validator) => Schema::Ready(validator),
            Err(error) => {
                let text = error.to_string();
                if text.contains(NOT_FETCHED) { Schema::Elsewhere(text) } else { Schema::Broken(text) }
            }
        }
    }
}

/// The draft that a schema names.
fn draft(named: &str) -> Option<Draft> {
    let named = named.trim_end_matches('#');
    let bare = named.strip_prefix("http://").or_else(|| named.strip_prefix("https://")).unwrap_or(named);
    match bare {
        "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => Some(Draft::Draft202012),
        "json-schema.org/draft/2019-09/schema" => Some(Draft::Draft201909),
        "json-schema.org/draft-07/schema" => Some(Draft::Draft7),
        "json-schema.org/draft-06/schema" => Some(Draft::Draft6),
        "json-schema.org/draft-04/schema" => Some(Draft::Draft4),
        _ => None,
    }
}

/// What the schemas of a chart and of its sub-charts have against its values, and which of them could not be checked.
pub(super) fn check(chart: &Instance, values: &Table, unchecked: &mut Vec<String>) -> Option<String> {
    let mut said = String::new();
    if let Some(content) = &chart.chart.schema {
        let schema = chart.chart.checked.get_or_init(|| match content.read() {
            Ok(read) => Schema::read(read.bytes()),
            Err(error) => Schema::Elsewhere(error.message),
        });
        let reason = match schema {
            Schema::Elsewhere(reason) => {
                unchecked.push(format!("the schema of `{}` was not checked: {reason}", chart.name));
                None
            }
            Schema::Broken(reason) => Some(reason.clone()),
            Schema::Ready(validator) => refused(validator, &to_node(&Tree::Table(values.clone())).to_json()),
        };
        if let Some(reason) = reason {
            said.push_str(&format!("{}:\n{reason}", chart.name));
        }
    }
    for child in &chart.children {
        if let Some(Tree::Table(values)) = values.get(&child.name)
            && let Some(reason) = check(child, &values, unchecked)
        {
            said.push_str(&reason);
        }
    }
    (!said.is_empty()).then_some(said)
}

fn refused(validator: &Validator, values: &serde_json::Value) -> Option<String> {
    if validator.is_valid(values) {
        return None;
    }
    let mut lines: Vec<String> = Vec::new();
    let mut missing: Vec<(String, Vec<String>)> = Vec::new();
    for error in validator.iter_errors(values) {
        let place = error.instance_path().to_string();
        if let ValidationErrorKind::Required { property } = error.kind() {
            let property = property.as_str().unwrap_or_default().to_owned();
            match missing.iter_mut().find(|(known, _)| *known == place) {
                Some((_, properties)) => properties.push(property),
                None => missing.push((place, vec![property])),
            }
            continue;
        }
        lines.push(format!("- at '{place}': {}\n", reason(&error)));
    }
    for (place, properties) in missing {
        let all: Vec<String> = properties.iter().map(|property| format!("'{property}'")).collect();
        let word = if all.len() == 1 { "property" } else { "properties" };
        lines.push(format!("- at '{place}': missing {word} {}\n", all.join(", ")));
    }
    lines.sort();
    (!lines.is_empty()).then(|| lines.concat())
}

/// In the words of Helm's validator (santhosh-tekuri/jsonschema); a text that does not fit is never shown.
fn reason(error: &ValidationError<'_>) -> String {
    let list = |all: &[String]| all.iter().map(|one| format!("'{one}'")).collect::<Vec<_>>().join(", ");
    let shown = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    };
    match error.kind() {
        ValidationErrorKind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(all) => all.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or "),
            };
            format!("got {}, want {wanted}", kind_of(error.instance()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("additional properties {} not allowed", list(unexpected))
        }
        ValidationErrorKind::Enum { options } => match options.as_array().map(Vec::as_slice) {
            Some([one]) => format!("value must be {}", shown(one)),
            Some(all) => format!("value must be one of {}", all.iter().map(shown).collect::<Vec<_>>().join(", ")),
            None => "'enum' failed".to_owned(),
        },
        ValidationErrorKind::Constant { expected_value } => format!("value must be {}", shown(expected_value)),
        ValidationErrorKind::AnyOf { .. } => "'anyOf' failed".to_owned(),
        ValidationErrorKind::OneOfNotValid { .. } => "'oneOf' failed, none matched".to_owned(),
        ValidationErrorKind::OneOfMultipleValid { .. } => "'oneOf' failed, several matched".to_owned(),
        ValidationErrorKind::Not { .. } => "'not' failed".to_owned(),
        ValidationErrorKind::FalseSchema => "false schema".to_owned(),
        ValidationErrorKind::Pattern { pattern } => format!("does not match pattern '{pattern}'"),
        ValidationErrorKind::Format { format } => format!("is not valid {format}"),
        ValidationErrorKind::Minimum { limit } => format!("minimum: got {}, want {limit}", error.instance()),
        ValidationErrorKind::Maximum { limit } => format!("maximum: got {}, want {limit}", error.instance()),
        ValidationErrorKind::MinLength { limit } => format!("minLength: got {}, want {limit}", size(error.instance())),
        ValidationErrorKind::MaxLength { limit } => format!("maxLength: got {}, want {limit}", size(error.instance())),
        ValidationErrorKind::MinItems { limit } => format!("minItems: got {}, want {limit}", size(error.instance())),
        ValidationErrorKind::MaxItems { limit } => format!("maxItems: got {}, want {limit}", size(error.instance())),
        _ => "validation failed".to_owned(),
    }
}

/// How long a text or a list is.
fn size(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.chars().count(),
        serde_json::Value::Array(items) => items.len(),
        _ => 0,
    }
}

fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    }
}
