//! SARIF 2.1.0, as code scanning reads it. The structs hold what we write, no more.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{harmless, pretty, prose};
use crate::finding::{Evidence, Finding, Gap, Severity};
use crate::report::{Report, RuleCard};
use crate::source::SourceMap;

/// Writes a report.
pub fn write(report: &Report) -> String {
    pretty(&log(report))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<SarifResult>,
    properties: RunProperties,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<&'static str>,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

/// A gap: something that the audit did not see.
#[derive(Serialize)]
struct Notification {
    descriptor: Descriptor,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Descriptor {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: Properties,
}

#[derive(Serialize)]
struct Message {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "schemaward/v1")]
    ours: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
    location: Location,
}

#[derive(Serialize)]
struct Properties {
    applications: Vec<String>,
    environments: Vec<String>,
    subject: BTreeMap<&'static str, String>,
    certainty: &'static str,
}

#[derive(Serialize)]
struct RunProperties {
    emulates: BTreeMap<&'static str, String>,
    roots: Vec<String>,
}

fn log(report: &Report) -> Log {
    let emulated = &report.emulated;
    let emulates = [
        ("argocd", &emulated.argocd),
        ("helm", &emulated.helm),
        ("kustomize", &emulated.kustomize),
        ("kubernetes", &emulated.kubernetes),
    ];
    let fingerprints = report.fingerprints();
    let results = report.findings().iter().zip(fingerprints);
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: report.rules.iter().map(rule).collect(),
            },
        },
        column_kind: "unicodeCodePoints",
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: report.gaps().iter().map(|gap| notification(gap, &report.sources)).collect(),
        }],
        results: results.map(|(finding, fingerprint)| result(finding, fingerprint, report)).collect(),
        properties: RunProperties {
            emulates: emulates.into_iter().map(|(name, version)| (name, version.clone())).collect(),
            roots: report.coverage.roots.iter().map(|root| prose(root)).collect(),
        },
    };
    Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn rule(card: &RuleCard) -> Rule {
    let severity = match card.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "recommendation",
    };
    Rule {
        id: card.id,
        name: pascal(card.id),
        short_description: Text { text: card.title.to_owned() },
        full_description: Text { text: card.title.to_owned() },
        help: Help { text: card.page, markdown: card.page },
        default_configuration: Configuration { level: level(card.severity) },
        properties: RuleProperties { tags: vec![card.family], severity },
    }
}

fn pascal(id: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    id.split('-').map(capital).collect()
}

fn result(finding: &Finding, fingerprint: String, report: &Report) -> SarifResult {
    let sources = &report.sources;
    let related = finding.related().iter().enumerate();
    SarifResult {
        rule_id: finding.rule,
        rule_index: report.rules.iter().position(|rule| rule.id == finding.rule),
        level: level(finding.severity),
        message: message(finding),
        locations: [location(finding.primary(), None, sources)],
        related_locations: related.map(|(at, evidence)| location(evidence, Some(at + 1), sources)).collect(),
        partial_fingerprints: Fingerprints { ours: fingerprint },
        suppressions: suppressions(finding, sources),
        properties: Properties {
            applications: finding.applications.iter().map(|name| prose(name)).collect(),
            environments: finding.environments.iter().map(|name| prose(name)).collect(),
            subject: finding.subject.iter().map(|(&role, name)| (role, prose(name))).collect(),
            certainty: finding.certainty().name(),
        },
    }
}

/// The sentence and what to do. In `text`, a viewer takes `[text](n)` for a link.
fn message(finding: &Finding) -> Message {
    let plain = |text: &str| {
        let text = prose(text);
        let linked = text.contains("](");
        if linked { text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") } else { text }
    };
    let marked = |text: &str| harmless::markdown(&prose(text));
    if finding.help.is_empty() {
        return Message { text: plain(&finding.message), markdown: marked(&finding.message) };
    }
    Message {
        text: format!("{}. {}", plain(&finding.message), plain(&finding.help)),
        markdown: format!("{}\n\n{}", marked(&finding.message), marked(&finding.help)),
    }
}

fn suppressions(finding: &Finding, sources: &SourceMap) -> Vec<Suppression> {
    let Some(suppression) = &finding.suppressed else { return Vec::new() };
    let inside = finding.evidence().any(|evidence| evidence.span.file == suppression.span.file);
    vec![Suppression {
        kind: if inside { "inSource" } else { "external" },
        status: "accepted",
        justification: prose(&suppression.reason),
        location: place(suppression.span, sources),
    }]
}

fn location(evidence: &Evidence, id: Option<usize>, sources: &SourceMap) -> Location {
    let message = (!evidence.text.is_empty()).then(|| Text { text: prose(&evidence.text) });
    Location { id, message, ..place(evidence.span, sources) }
}

fn place(span: crate::source::Span, sources: &SourceMap) -> Location {
    let place = sources.place(span);
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(place.path.as_str()), uri_base_id: "%SRCROOT%" },
            region: Region {
                start_line: place.line,
                start_column: place.column,
                end_line: place.end_line,
                end_column: place.end_column,
            },
        },
        message: None,
    }
}

/// A path as a relative URI reference: whatever is not plain is percent-encoded, a colon too, lest it make a scheme.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'_' | b'~' | b'+' | b'=' | b'@');
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn notification(gap: &Gap, sources: &SourceMap) -> Notification {
    let application = gap.application.as_deref().map(|name| format!(" (Application `{}`)", prose(name)));
    Notification {
        descriptor: Descriptor { id: gap.kind },
        level: "note",
        message: Text { text: format!("{}{}", prose(&gap.message), application.unwrap_or_default()) },
        locations: gap.span.map(|span| place(span, sources)).into_iter().collect(),
    }
}
