//! What a schema has against values, as Helm's validator says it (`santhosh-tekuri/jsonschema` v6: `output.go`, `kind.go`).
//!
//! A text of the values is never shown, nor a number under a credential's name: Helm spells numbers in ways in which nobody
//! would find them again to take them out.

use std::fmt::Write as _;

use boon::{CompileError, ErrorKind, InstanceToken, ValidationError};
use serde_json::{Number, Value};

use super::super::metadata::shortest;
use super::spelling::Spelling;
use crate::catalog::catalog;
use crate::gotmpl;

/// Faults that are shown of a schema that has more.
const MOST_LINES: usize = 200;

/// Why values are refused, a line for each fault.
pub(super) fn of_values(error: &ValidationError<'_, '_>, spelling: &Spelling) -> String {
    let mut shown = Shown::new(spelling, false);
    shown.causes(error, error.schema_url, 0);
    format!("{}\n", shown.text.trim_start_matches('\n'))
}

/// Why a schema is none.
pub(super) fn of_schema(error: &CompileError, spelling: &Spelling) -> String {
    match error {
        CompileError::ValidationError { url, src } => {
            let mut shown = Shown::new(spelling, true);
            shown.causes(src, src.schema_url, 0);
            let metaschema = quoted(src.schema_url);
            format!(
                "\"{}\" is not valid against metaschema: jsonschema validation failed with {metaschema}{}",
                with_fragment(url),
                shown.text
            )
        }
        CompileError::InvalidRegex { url, regex, src } => format!("invalid regex {regex:?} at {url:?}: {src}"),
        CompileError::UnsupportedDraft { url } => format!("draft {url:?} is not supported"),
        CompileError::ParseIdError { loc } => format!("error in parsing id at {loc:?}"),
        CompileError::ParseAnchorError { loc } => format!("error in parsing anchor at {loc:?}"),
        CompileError::DuplicateId { url, id, ptr1, ptr2 } => {
            format!("duplicate id {id:?} in {url:?} at {ptr1:?} and {ptr2:?}")
        }
        CompileError::DuplicateAnchor { anchor, url, ptr1, ptr2 } => {
            format!("duplicate anchor {anchor:?} in {url:?} at {ptr1:?} and {ptr2:?}")
        }
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {reference:?} not found in schema {url:?}")
        }
        CompileError::InvalidJsonPointer(loc) => format!("invalid json-pointer {loc:?}"),
        CompileError::JsonPointerNotFound(loc) => format!("json-pointer in {loc:?} not found"),
        CompileError::MetaSchemaCycle { url } => format!("cycle in resolving $schema in {url:?}"),
        CompileError::UnsupportedVocabulary { url, vocabulary } => {
            format!("unsupported vocabulary {vocabulary:?} in {url:?}")
        }
        other => other.to_string(),
    }
}

/// What Go's decoder has against bytes that are no JSON; nothing where it has nothing, or nobody can say.
pub(super) fn of_json(bytes: &[u8]) -> Option<String> {
    let problem = gotmpl::json_problem(&String::from_utf8_lossy(bytes))?;
    Some(match problem.as_str() {
        "unexpected end of JSON input" if bytes.trim_ascii().is_empty() => "EOF".to_owned(),
        "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        said if said.ends_with(" after top-level value") => "invalid character after top-level value".to_owned(),
        _ => problem,
    })
}

fn with_fragment(url: &str) -> String {
    if url.contains('#') { url.to_owned() } else { format!("{url}#") }
}

struct Shown<'s> {
    spelling: &'s Spelling,
    text: String,
    lines: usize,
    /// Whether the texts may be shown: they are names of properties, or stand in the schema.
    frank: bool,
}

impl<'s> Shown<'s> {
    fn new(spelling: &'s Spelling, frank: bool) -> Self {
        Self { spelling, text: String::new(), lines: 0, frank }
    }

    fn line(&mut self, indent: usize, place: &str, words: &str) {
        self.lines += 1;
        if self.lines <= MOST_LINES {
            let _ = write!(self.text, "\n{}- at {}: {words}", "  ".repeat(indent), quoted(place));
        }
    }

    /// A fault, found on the way down from a part of the schema, and what is behind it. Nesting is bounded by `work`.
    fn fault(&mut self, error: &ValidationError<'_, '_>, from: &str, within: Option<&str>, mut indent: usize) {
        let place = error.instance_location.to_string();
        for (keyword, place) in passed(from, error.schema_url, &place, within) {
            indent += 1;
            let words = if keyword == "oneOf" {
                "'oneOf' failed, none matched".to_owned()
            } else {
                format!("'{keyword}' failed")
            };
            self.line(indent - 1, &place, &words);
        }
        // A reference with one cause is passed over.
        if error.causes.len() != 1 || !matches!(error.kind, ErrorKind::Reference { .. }) {
            self.line(indent, &place, &self.words(error));
            indent += 1;
        }
        let frank = self.frank;
        self.frank |= matches!(error.kind, ErrorKind::PropertyName { .. });
        match &error.kind {
            ErrorKind::Reference { url, .. } => self.causes(error, url, indent),
            _ => self.causes(error, error.schema_url, indent),
        }
        self.frank = frank;
    }

    fn causes(&mut self, error: &ValidationError<'_, '_>, from: &str, indent: usize) {
        let within = match error.kind {
            ErrorKind::AllOf => Some("allOf"),
            ErrorKind::AnyOf => Some("anyOf"),
            ErrorKind::OneOf(_) => Some("oneOf"),
            _ => None,
        };
        for causes in error.causes.chunk_by(|one, other| is_unevaluated(error, one) && is_unevaluated(error, other)) {
            let mut causes: Vec<&ValidationError<'_, '_>> = causes.iter().collect();
            if causes.len() > 1 {
                causes.sort_by_cached_key(|cause| place(cause));
            }
            causes.into_iter().for_each(|cause| self.fault(cause, from, within, indent));
        }
    }

    fn words(&self, error: &ValidationError<'_, '_>) -> String {
        match &error.kind {
            ErrorKind::Pattern { got, want } if self.frank => {
                format!("{} does not match pattern {}", quoted(got), quoted(self.spelling.said(want)))
            }
            ErrorKind::Format { got, want, .. } if self.frank => match got.as_str() {
                Some(text) if let Some(problem) = self.spelling.problem(text) => {
                    format!("{} is not valid {want}: {problem}", quoted(self.spelling.said(text)))
                }
                _ => format!("{} is not valid {want}", display(got)),
            },
            kind => words(kind, is_credential(error), self.spelling),
        }
    }
}

/// Whether a value has a credential's name, or stands in what has one.
fn is_credential(error: &ValidationError<'_, '_>) -> bool {
    let named = |token: &InstanceToken<'_>| match token {
        InstanceToken::Prop(name) => catalog().is_credential_name(name),
        InstanceToken::Item(_) => false,
    };
    error.instance_location.tokens.iter().any(named)
}

/// Whether a fault is one of what nothing else has looked at, which boon goes through in no order.
fn is_unevaluated(parent: &ValidationError<'_, '_>, cause: &ValidationError<'_, '_>) -> bool {
    cause.instance_location.tokens.len() > parent.instance_location.tokens.len()
        && cause.schema_url.contains("/unevaluated")
}

/// Where a fault is, in the order of items and names.
fn place(error: &ValidationError<'_, '_>) -> Vec<(usize, String)> {
    let step = |token: &InstanceToken<'_>| match token {
        InstanceToken::Item(at) => (*at, String::new()),
        InstanceToken::Prop(name) => (0, name.to_string()),
    };
    error.instance_location.tokens.iter().map(step).collect()
}

/// The alternatives between two parts of a schema, each with the place in the values: boon leaves them out where they have a
/// single cause, Helm's validator does not. The first is not passed by where it was `within`.
fn passed<'k>(from: &str, to: &'k str, place: &str, within: Option<&str>) -> Vec<(&'k str, String)> {
    let path = to.strip_prefix(from).unwrap_or("");
    let mut steps = path.split('/').skip(1).peekable();
    // How many steps into the values lie behind each alternative.
    let (mut alternatives, mut depth): (Vec<(&str, usize)>, usize) = (Vec::new(), 0);
    let mut first = true;
    while let Some(keyword) = steps.next() {
        match keyword {
            "allOf" | "anyOf" | "oneOf" => {
                steps.next();
                if !first || within != Some(keyword) {
                    alternatives.push((keyword, depth));
                }
            }
            "properties" | "patternProperties" | "prefixItems" => {
                steps.next();
                depth += 1;
            }
            "dependentSchemas" | "dependencies" => {
                steps.next();
            }
            "items" => {
                steps.next_if(|step| step.bytes().all(|b| b.is_ascii_digit()));
                depth += 1;
            }
            "additionalProperties" | "unevaluatedProperties" | "additionalItems" | "unevaluatedItems" | "contains" => {
                depth += 1;
            }
            _ => {}
        }
        first = false;
    }
    let above = |steps: usize| {
        let mut place = place;
        for _ in 0..steps {
            place = place.rfind('/').map_or("", |end| &place[..end]);
        }
        place.to_owned()
    };
    alternatives.into_iter().map(|(keyword, at)| (keyword, above(depth - at))).collect()
}

fn words(kind: &ErrorKind<'_, '_>, is_credential: bool, spelling: &Spelling) -> String {
    use ErrorKind as K;
    let needs =
        |missing: &[&str], prop: &str| format!("properties {} required, if {} exists", all(missing), quoted(prop));
    let bounds = |name: &str, got: &Number, want: &Number| {
        let got = if is_credential { "...".to_owned() } else { number(got) };
        format!("{name}: got {got}, want {}", number(want))
    };
    let counts = |name: &str, got: usize, want: usize| format!("{name}: got {}, want {}", grouped(got), grouped(want));
    match kind {
        K::Group | K::Reference { .. } => "validation failed".to_owned(),
        K::Schema { url } => format!("jsonschema validation failed with {}", quoted(url)),
        K::ContentSchema => "'contentSchema' failed".to_owned(),
        K::RefCycle { url, kw_loc1, kw_loc2 } => {
            format!("both {kw_loc1} and {kw_loc2} resolve to {url:?} causing reference cycle")
        }
        K::PropertyName { prop } => format!("invalid propertyName {}", quoted(spelling.said(prop))),
        K::FalseSchema => "false schema".to_owned(),
        K::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|one| one.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        K::Enum { want } => match want.as_slice() {
            want if !want.iter().all(is_primitive) => "'enum' failed".to_owned(),
            [one] => format!("value must be {}", display(one)),
            want => format!("value must be one of {}", want.iter().map(display).collect::<Vec<_>>().join(", ")),
        },
        K::Const { want } if !is_primitive(want) => "'const' failed".to_owned(),
        K::Const { want } => format!("value must be {}", display(want)),
        K::Format { want, .. } => format!("'...' is not valid {want}"),
        K::MinProperties { got, want } => counts("minProperties", *got, *want),
        K::MaxProperties { got, want } => counts("maxProperties", *got, *want),
        K::AdditionalProperties { got } => {
            let got: Vec<&str> = got.iter().map(AsRef::as_ref).collect();
            format!("additional properties {} not allowed", all(&got))
        }
        K::Required { want } => match want.as_slice() {
            [one] => format!("missing property {}", quoted(one)),
            want => format!("missing properties {}", all(want)),
        },
        K::Dependency { prop, missing } | K::DependentRequired { prop, missing } => needs(missing, prop),
        K::MinItems { got, want } => counts("minItems", *got, *want),
        K::MaxItems { got, want } => counts("maxItems", *got, *want),
        K::Contains => "no items match contains schema".to_owned(),
        K::MinContains { got, want } if got.is_empty() => {
            format!("min {want} items required to match contains schema, but none matched")
        }
        K::MinContains { got, want } => {
            format!(
                "min {want} items required to match contains schema, but matched {} items at {}",
                got.len(),
                at(got)
            )
        }
        K::MaxContains { got, want } => {
            format!(
                "max {want} items required to match contains schema, but matched {} items at {}",
                got.len(),
                at(got)
            )
        }
        K::UniqueItems { got: [i, j] } => format!("items at {i} and {j} are equal"),
        K::AdditionalItems { got } => format!("last {got} additionalItem(s) not allowed"),
        K::MinLength { got, want } => counts("minLength", *got, *want),
        K::MaxLength { got, want } => counts("maxLength", *got, *want),
        K::Pattern { want, .. } => format!("'...' does not match pattern {}", quoted(spelling.said(want))),
        K::ContentEncoding { want, .. } => format!("value is not {} encoded", quoted(want)),
        K::ContentMediaType { want, .. } => format!("value if not of mediatype {}", quoted(want)),
        K::Minimum { got, want } => bounds("minimum", got, want),
        K::Maximum { got, want } => bounds("maximum", got, want),
        K::ExclusiveMinimum { got, want } => bounds("exclusiveMinimum", got, want),
        K::ExclusiveMaximum { got, want } => bounds("exclusiveMaximum", got, want),
        K::MultipleOf { got, want } => bounds("multipleOf", got, want),
        K::Not => "'not' failed".to_owned(),
        K::AllOf => "'allOf' failed".to_owned(),
        K::AnyOf => "'anyOf' failed".to_owned(),
        K::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        K::OneOf(Some((i, j))) => format!("'oneOf' failed, subschemas {i}, {j} matched"),
    }
}

fn at(places: &[usize]) -> String {
    places.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
}

fn is_primitive(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn display(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let quoted = gotmpl::quoted(text);
    format!("'{}'", quoted[1..quoted.len() - 1].replace("\\\"", "\"").replace('\'', "\\'"))
}

fn all(texts: &[&str]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A number as `golang.org/x/text` prints it in English: `%g`, with commas between thousands and powers of ten written out.
fn number(number: &Number) -> String {
    let plain = shortest(number.as_f64().unwrap_or_default());
    if let Some((digits, exponent)) = plain.split_once('e') {
        let raised = |c: char| match c.to_digit(10) {
            Some(digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize),
            None => (c == '-').then_some('⁻'),
        };
        return format!("{digits}×10{}", exponent.chars().filter_map(raised).collect::<String>());
    }
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let (sign, whole) = whole.split_at(usize::from(whole.starts_with('-')));
    format!("{sign}{}{rest}", grouped(whole.parse().unwrap_or_default()))
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
