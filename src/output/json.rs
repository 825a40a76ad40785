//! The JSON report, version 1. Fields may be added; none changes its name, place or meaning.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{pretty, prose};
use crate::finding::{Evidence, Finding, Gap, Severity};
use crate::report::Report;
use crate::source::SourceMap;

/// Writes a report.
pub fn write(report: &Report) -> String {
    pretty(&document(report))
}

/// The JSON schema of the report.
pub fn schema() -> String {
    pretty(&schemars::schema_for!(Document))
}

/// A report of an audit by schemaward.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "schemaward report", deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
struct Document {
    /// The version of this format.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    tool: Tool,
    emulates: Emulates,
    summary: Summary,
    /// By severity, then by file, line and rule.
    findings: Vec<JsonFinding>,
    /// What could not be seen.
    gaps: Vec<JsonGap>,
}

/// What made the report.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// The versions whose behaviour was followed.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Emulates {
    argocd: String,
    helm: String,
    kustomize: String,
    kubernetes: String,
}

/// What was covered, and what was found.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Summary {
    /// What Argo CD starts from.
    roots: Vec<String>,
    files: usize,
    /// Files that the configuration takes out.
    ignored: usize,
    /// Manifests that no Application brings: they were not audited.
    unmanaged: usize,
    /// Templates that nothing rendered, of charts or of other programs: they were not read.
    templates: usize,
    applicationsets: usize,
    applications: usize,
    objects: usize,
    migrators: usize,
    schemas: usize,
    /// Findings that count; suppressed ones apart.
    findings: Counts,
    gaps: usize,
    /// Gaps by kind.
    #[serde(rename = "gapKinds")]
    gap_kinds: BTreeMap<&'static str, usize>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Counts {
    error: usize,
    warning: usize,
    info: usize,
    suppressed: usize,
}

/// Something that is wrong.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct JsonFinding {
    rule: &'static str,
    family: &'static str,
    severity: Level,
    certainty: Sureness,
    message: String,
    /// What it is about, by role.
    subject: BTreeMap<&'static str, String>,
    applications: Vec<String>,
    environments: Vec<String>,
    /// The chain of facts; the first is the primary one.
    #[schemars(length(min = 1))]
    evidence: Vec<JsonEvidence>,
    help: String,
    /// The text that a fix would put in; not given by any rule yet.
    fix: Option<String>,
    /// Stays the same when lines move.
    #[schemars(length(min = 16))]
    fingerprint: String,
    suppressed: Option<Suppressed>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
    Info,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Sureness {
    Literal,
    Rendered,
    Inferred,
}

/// A fact and where it is written. Lines and columns start at 1; columns count characters.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
struct JsonEvidence {
    role: EvidenceRole,
    file: String,
    #[schemars(range(min = 1))]
    line: usize,
    #[schemars(range(min = 1))]
    column: usize,
    #[schemars(range(min = 1))]
    end_line: usize,
    #[schemars(range(min = 1))]
    end_column: usize,
    text: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum EvidenceRole {
    Primary,
    Related,
}

/// Why a finding does not count.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Suppressed {
    reason: String,
    file: String,
    #[schemars(range(min = 1))]
    line: usize,
}

/// Something that could not be seen.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct JsonGap {
    kind: &'static str,
    message: String,
    application: Option<String>,
    file: Option<String>,
    #[schemars(range(min = 1))]
    line: Option<usize>,
    #[schemars(range(min = 1))]
    column: Option<usize>,
}

fn document(report: &Report) -> Document {
    let fingerprints = report.fingerprints();
    let findings = report.findings().iter().zip(fingerprints);
    let emulated = &report.emulated;
    Document {
        version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        emulates: Emulates {
            argocd: emulated.argocd.clone(),
            helm: emulated.helm.clone(),
            kustomize: emulated.kustomize.clone(),
            kubernetes: emulated.kubernetes.clone(),
        },
        summary: summary(report),
        findings: findings.map(|(finding, fingerprint)| shown(finding, fingerprint, &report.sources)).collect(),
        gaps: report.gaps().iter().map(|gap| gap_shown(gap, &report.sources)).collect(),
    }
}

fn summary(report: &Report) -> Summary {
    let coverage = &report.coverage;
    let tally = report.tally();
    let mut gap_kinds = BTreeMap::new();
    for gap in report.gaps() {
        *gap_kinds.entry(gap.kind).or_default() += 1;
    }
    Summary {
        roots: coverage.roots.iter().map(|root| prose(root)).collect(),
        files: coverage.files,
        ignored: coverage.ignored,
        unmanaged: coverage.unmanaged,
        templates: coverage.templates,
        applicationsets: coverage.applicationsets,
        applications: coverage.applications,
        objects: coverage.objects,
        migrators: coverage.migrators,
        schemas: coverage.schemas,
        findings: Counts { error: tally.error, warning: tally.warning, info: tally.info, suppressed: tally.suppressed },
        gaps: report.gaps().len(),
        gap_kinds,
    }
}

fn shown(finding: &Finding, fingerprint: String, sources: &SourceMap) -> JsonFinding {
    let primary = std::iter::once(EvidenceRole::Primary);
    let roles = primary.chain(std::iter::repeat_with(|| EvidenceRole::Related));
    JsonFinding {
        rule: finding.rule,
        family: finding.family,
        severity: match finding.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Info => Level::Info,
        },
        certainty: match finding.certainty() {
            crate::finding::Certainty::Literal => Sureness::Literal,
            crate::finding::Certainty::Rendered => Sureness::Rendered,
            crate::finding::Certainty::Inferred => Sureness::Inferred,
        },
        message: prose(&finding.message),
        subject: finding.subject.iter().map(|(&role, name)| (role, prose(name))).collect(),
        applications: finding.applications.iter().map(|name| prose(name)).collect(),
        environments: finding.environments.iter().map(|name| prose(name)).collect(),
        evidence: finding.evidence().zip(roles).map(|(evidence, role)| fact(evidence, role, sources)).collect(),
        help: prose(&finding.help),
        fix: None,
        fingerprint,
        suppressed: finding.suppressed.as_ref().map(|suppression| {
            let place = sources.place(suppression.span);
            Suppressed { reason: prose(&suppression.reason), file: prose(place.path.as_str()), line: place.line }
        }),
    }
}

fn fact(evidence: &Evidence, role: EvidenceRole, sources: &SourceMap) -> JsonEvidence {
    let place = sources.place(evidence.span);
    JsonEvidence {
        role,
        file: prose(place.path.as_str()),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        text: prose(&evidence.text),
    }
}

fn gap_shown(gap: &Gap, sources: &SourceMap) -> JsonGap {
    let place = gap.span.map(|span| sources.place(span));
    JsonGap {
        kind: gap.kind,
        message: prose(&gap.message),
        application: gap.application.as_deref().map(prose),
        file: place.as_ref().map(|place| prose(place.path.as_str())),
        line: place.as_ref().map(|place| place.line),
        column: place.as_ref().map(|place| place.column),
    }
}
