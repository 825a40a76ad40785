//! What an audit says as a whole: findings merged and sorted, gaps, what was covered, what was emulated.
//!
//! A finding that repeats over Applications or environments becomes one that names them all. Fingerprints are made here.
//! Nothing here knows a format.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::finding::{Finding, Gap, Severity};
use crate::source::{Place, SourceMap, Span};

/// Roles of a subject that name where a finding is, not what it is about.
const WHEREABOUTS: [&str; 4] = ["application", "app", "environment", "cluster"];

/// Roles of a subject that name the object in which something is wrong. Its name may come of a template.
const HOLDERS: [&str; 3] = ["hook", "object", "workload"];

/// How many of those that share a mistake are named.
const NAMED: usize = 3;

/// The versions of the programs whose behaviour was followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emulated {
    /// Argo CD.
    pub argocd: String,
    /// Helm.
    pub helm: String,
    /// Kustomize.
    pub kustomize: String,
    /// Kubernetes.
    pub kubernetes: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What Argo CD starts from, by name or path.
    pub roots: Vec<String>,
    /// Files that were considered.
    pub files: usize,
    /// Files that the configuration takes out.
    pub ignored: usize,
    /// Manifests that no Application brings: they were not audited.
    pub unmanaged: usize,
    /// Templates that nothing rendered, of charts or of other programs: they were not read.
    pub templates: usize,
    /// ApplicationSets that were expanded.
    pub applicationsets: usize,
    /// Applications, generated ones included.
    pub applications: usize,
    /// Objects that the Applications apply.
    pub objects: usize,
    /// Things that change schemas.
    pub migrators: usize,
    /// Database schemas.
    pub schemas: usize,
}

/// What a reader may want to know of a rule without leaving the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleCard {
    /// The public id.
    pub id: &'static str,
    /// The family.
    pub family: &'static str,
    /// The default severity.
    pub severity: Severity,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// The rule's page: Markdown without front matter.
    pub page: &'static str,
}

/// The whole answer of an audit.
#[derive(Clone)]
pub struct Report {
    /// The texts that spans point into.
    pub sources: Arc<SourceMap>,
    /// What was emulated.
    pub emulated: Emulated,
    /// What was covered.
    pub coverage: Coverage,
    /// The rules that were asked.
    pub rules: Vec<RuleCard>,
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
}

/// Findings by severity; suppressed ones apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Notes.
    pub info: usize,
    /// Findings of any severity that do not count.
    pub suppressed: usize,
}

impl Report {
    /// A report of these findings and gaps, which are merged and put in order.
    pub fn new(sources: Arc<SourceMap>, findings: Vec<Finding>, gaps: Vec<Gap>) -> Self {
        let mut report = Self {
            findings: merge(findings, &sources),
            gaps,
            sources,
            emulated: Emulated::default(),
            coverage: Coverage::default(),
            rules: Vec::new(),
        };
        let sources = &report.sources;
        report.gaps.sort_by_cached_key(|gap| {
            (gap.span.map(|span| sources.place(span)), gap.kind, gap.message.clone(), gap.application.clone())
        });
        report.gaps.dedup();
        report
    }

    /// The findings: by severity, then by file, line and rule.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What could not be seen, by place.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Leaves only the findings that `wanted` takes.
    pub fn retain(&mut self, wanted: impl FnMut(&Finding) -> bool) {
        self.findings.retain(wanted);
    }

    /// Leaves only the gaps that `wanted` takes.
    pub fn retain_gaps(&mut self, wanted: impl FnMut(&Gap) -> bool) {
        self.gaps.retain(wanted);
    }

    /// Leaves out the findings, by fingerprint, and the gaps that an earlier report has as well; says how many findings.
    pub fn leave_out(&mut self, before: &Report) -> usize {
        let known: BTreeSet<String> = before.fingerprints().into_iter().collect();
        let mut prints = self.fingerprints().into_iter();
        let all = self.findings.len();
        self.findings.retain(|_| prints.next().is_none_or(|print| !known.contains(&print)));
        let identity = |gap: &Gap, sources: &SourceMap| {
            (gap.kind, gap.message.clone(), gap.application.clone(), gap.span.map(|span| sources.path(span.file)))
        };
        let known: BTreeSet<_> = before.gaps.iter().map(|gap| identity(gap, &before.sources)).collect();
        let sources = &self.sources;
        self.gaps.retain(|gap| !known.contains(&identity(gap, sources)));
        all - self.findings.len()
    }

    /// Counts the findings.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for finding in &self.findings {
            match (&finding.suppressed, finding.severity) {
                (Some(_), _) => tally.suppressed += 1,
                (None, Severity::Error) => tally.error += 1,
                (None, Severity::Warning) => tally.warning += 1,
                (None, Severity::Info) => tally.info += 1,
            }
        }
        tally
    }

    /// The worst severity among the findings that count.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none()).map(|finding| finding.severity).max()
    }

    /// The fingerprints of the findings, in their order.
    ///
    /// A fingerprint is made of the rule, the subject and the primary file, so it survives lines that move. Findings
    /// that share all three are told apart by their rank among each other.
    pub fn fingerprints(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let digests = self.findings.iter().map(|finding| {
            let identity = identity(finding, &self.sources);
            let rank = seen.entry(identity.clone()).or_default();
            *rank += 1;
            digest(&identity, *rank)
        });
        digests.collect()
    }
}

/// Makes one finding of those that say the same of several Applications, environments or hooks, and puts them in order.
///
/// The same: rule, subject (but for the Application or environment in it), message, and being suppressed or not. The
/// evidence of each stays, that of the first in order of place being shown first. Findings that differ in the name of the
/// hook, workload or object alone and point at one place are one mistake (a template's line, a shared value), which the first
/// of them names together with the others.
pub fn merge(findings: Vec<Finding>, sources: &SourceMap) -> Vec<Finding> {
    one_of_holders(over_applications(findings, sources))
}

fn over_applications(mut findings: Vec<Finding>, sources: &SourceMap) -> Vec<Finding> {
    findings.sort_by_cached_key(|finding| sort_key(finding, sources));
    let mut places: BTreeMap<MergeKey, usize> = BTreeMap::new();
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match places.get(&merge_key(&finding)) {
            Some(&at) => merged[at].absorb(finding),
            None => {
                places.insert(merge_key(&finding), merged.len());
                merged.push(finding);
            }
        }
    }
    merged
}

fn one_of_holders(findings: Vec<Finding>) -> Vec<Finding> {
    let mut places: BTreeMap<(MergeKey, Span), usize> = BTreeMap::new();
    let mut merged: Vec<(Finding, Vec<String>)> = Vec::with_capacity(findings.len());
    for finding in findings {
        let Some(holder) = HOLDERS.iter().find_map(|role| finding.subject.get(role)).cloned() else {
            merged.push((finding, Vec::new()));
            continue;
        };
        let mut key = merge_key(&finding);
        key.2.retain(|(role, _)| !HOLDERS.contains(role));
        key.3 = key.3.replace(&holder, "");
        match places.get(&(key.clone(), finding.primary().span)) {
            Some(&at) => {
                let (first, others) = &mut merged[at];
                match others.len() < NAMED {
                    true => first.absorb(finding),
                    false => first.absorb_names(finding),
                }
                others.push(holder);
            }
            None => {
                places.insert((key, finding.primary().span), merged.len());
                merged.push((finding, Vec::new()));
            }
        }
    }
    let named = merged.into_iter().map(|(mut finding, others)| {
        if let Some(others) = some(&others) {
            finding.message = format!("{}; the same holds for {others}", finding.message);
        }
        finding
    });
    named.collect()
}

/// The first of many.
fn some(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [only] => Some(only.clone()),
        few if few.len() <= NAMED => {
            let (last, before) = few.split_last()?;
            Some(format!("{} and {last}", before.join(", ")))
        }
        many => Some(format!("{} and {} more", many[..NAMED].join(", "), many.len() - NAMED)),
    }
}

type MergeKey = (&'static str, Severity, Vec<(&'static str, String)>, String, Option<String>);

fn merge_key(finding: &Finding) -> MergeKey {
    let reason = finding.suppressed.as_ref().map(|suppression| suppression.reason.clone());
    (finding.rule, finding.severity, lasting_subject(finding), finding.message.clone(), reason)
}

fn lasting_subject(finding: &Finding) -> Vec<(&'static str, String)> {
    let lasting = finding.subject.iter().filter(|(role, _)| !WHEREABOUTS.contains(role));
    lasting.map(|(&role, name)| (role, name.clone())).collect()
}

fn sort_key(finding: &Finding, sources: &SourceMap) -> (std::cmp::Reverse<Severity>, Place, &'static str, String) {
    (std::cmp::Reverse(finding.severity), sources.place(finding.primary().span), finding.rule, finding.message.clone())
}

fn identity(finding: &Finding, sources: &SourceMap) -> String {
    let mut identity = format!("{}\0{}", finding.rule, sources.path(finding.primary().span.file).as_str());
    for (role, name) in lasting_subject(finding) {
        identity.push_str(&format!("\0{role}={name}"));
    }
    identity
}

fn digest(identity: &str, rank: usize) -> String {
    let mut hash = Sha256::new();
    hash.update(identity.as_bytes());
    if rank > 1 {
        hash.update(format!("\0#{rank}"));
    }
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Certainty, Evidence};
    use crate::source::{RepoPath, Span};

    fn evidence(sources: &SourceMap, path: &str, text: &str, word: &str) -> Evidence {
        let id = sources.add(RepoPath::new(path).unwrap(), text);
        let start = text.find(word).unwrap();
        let span = Span::new(id, start, start + word.len());
        Evidence { span, text: "here".into(), certainty: Certainty::Literal }
    }

    fn two_overlays(text: &str) -> Report {
        let sources = Arc::new(SourceMap::default());
        let dev = evidence(&sources, "env/dev.yaml", text, "secret");
        let prod = evidence(&sources, "env/prod.yaml", text, "secret");
        let finding = |at: &Evidence, app: &str| {
            Finding::new("a-rule", "ordering", Severity::Warning, "`a` and `b` are at odds", at.clone())
                .about("schema", "billing")
                .about("application", app)
                .within(app)
        };
        let findings = vec![finding(&prod, "billing-prod"), finding(&dev, "billing-dev")];
        Report::new(sources, findings, Vec::new())
    }

    #[test]
    fn what_repeats_over_applications_is_one_finding() {
        let report = two_overlays("secret: x\n");
        assert_eq!(report.findings().len(), 1);
        let finding = &report.findings()[0];
        assert_eq!(finding.applications.iter().collect::<Vec<_>>(), ["billing-dev", "billing-prod"]);
        let files: Vec<_> = finding.evidence().map(|e| report.sources.path(e.span.file).to_string()).collect();
        assert_eq!(files, ["env/dev.yaml", "env/prod.yaml"]);
    }

    #[test]
    fn one_line_that_several_hooks_share_is_one_finding() {
        let sources = Arc::new(SourceMap::default());
        let at = evidence(&sources, "values.yaml", "secrets: [a, b]\n", "a");
        let elsewhere = evidence(&sources, "values.yaml", "secrets: [a, b]\n", "b");
        let finding = |hook: &str, at: &Evidence| {
            Finding::new("r", "f", Severity::Error, format!("{hook} holds `a`"), at.clone())
                .about("hook", hook)
                .about("secret", "a")
                .within("app")
        };
        let findings = [finding("Job `x`", &at), finding("Job `y`", &at), finding("Job `z`", &at)];
        let report = Report::new(Arc::clone(&sources), findings.to_vec(), Vec::new());
        let messages: Vec<&str> = report.findings().iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["Job `x` holds `a`; the same holds for Job `y` and Job `z`"]);
        let apart = vec![finding("Job `x`", &at), finding("Job `y`", &elsewhere)];
        assert_eq!(Report::new(sources, apart, Vec::new()).findings().len(), 2);
    }

    #[test]
    fn one_line_of_a_template_is_one_finding_for_all_that_it_makes() {
        let sources = Arc::new(SourceMap::default());
        let at = evidence(&sources, "templates/job.yaml", "kind: Job\n", "kind");
        let finding = |number: usize| {
            let who = format!("Job `migrate-{number}`");
            let at = Evidence { text: format!("{who} names no account"), ..at.clone() };
            Finding::new("r", "f", Severity::Warning, format!("{who} names no account"), at)
                .about("hook", who)
                .within(format!("app-{number}"))
        };
        let of = |count: usize| {
            let report = Report::new(Arc::clone(&sources), (1..=count).map(finding).collect(), Vec::new());
            assert_eq!(report.findings().len(), 1, "{count}");
            assert_eq!(report.findings()[0].applications.len(), count);
            (report.findings()[0].message.clone(), report.findings()[0].evidence().count())
        };
        let others = "Job `migrate-1` names no account; the same holds for Job `migrate-2`";
        assert_eq!(of(2), (others.to_owned(), 2));
        let others = "Job `migrate-1` names no account; the same holds for Job `migrate-2`, Job `migrate-3`, Job `migrate-4` and 2 more";
        assert_eq!(of(6), (others.to_owned(), 4));
    }

    #[test]
    fn fingerprints_survive_lines_that_move() {
        let before = two_overlays("secret: x\n").fingerprints();
        let after = two_overlays("\n\n# moved\n  secret: x\n").fingerprints();
        assert_eq!(before, after);
        assert!(before[0].len() >= 16);
    }

    #[test]
    fn findings_of_one_identity_have_fingerprints_of_their_own() {
        let sources = Arc::new(SourceMap::default());
        let at = evidence(&sources, "a.yaml", "x: 1\n", "x");
        let finding = |message: &str| Finding::new("r", "f", Severity::Info, message, at.clone()).about("key", "x");
        let report = Report::new(sources, vec![finding("one"), finding("two")], Vec::new());
        let prints = report.fingerprints();
        assert_eq!(prints.len(), 2);
        assert_ne!(prints[0], prints[1]);
    }

    #[test]
    fn worse_comes_first() {
        let sources = Arc::new(SourceMap::default());
        let early = evidence(&sources, "a.yaml", "x: 1\n", "x");
        let late = evidence(&sources, "b.yaml", "x: 1\n", "x");
        let findings = vec![
            Finding::new("r", "f", Severity::Info, "note", early),
            Finding::new("r", "f", Severity::Error, "wrong", late),
        ];
        let report = Report::new(sources, findings, Vec::new());
        assert_eq!(report.findings()[0].message, "wrong");
        assert_eq!(report.worst(), Some(Severity::Error));
    }
}
