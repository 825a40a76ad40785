//! Which findings count: severities of the configuration, its allowances, comments beside the evidence.
//!
//! Nothing is taken away: what does not count is marked with the reason and the line that says so. What allows nothing, or
//! no longer, is a finding itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use globset::{GlobMatcher, GlobSet};
use regex::Regex;

use super::Config;
use crate::finding::{Certainty, Evidence, Finding, Severity, Suppression};
use crate::source::{FileId, SourceMap, Span};

/// An allowance that matches nothing.
pub(super) const UNUSED: &str = "unused-allowance";
/// An allowance whose day is over.
pub(super) const EXPIRED: &str = "expired-allowance";
/// The rule whose findings the declared differences accept.
const DRIFT: &str = "environment-drift";
/// The family of both.
const FAMILY: &str = "repository";

/// Files in which comments are looked for; in others, the words are prose.
const COMMENTED: [&str; 12] =
    ["yaml", "yml", "tpl", "sql", "sh", "conf", "properties", "toml", "env", "json5", "gotmpl", "cfg"];

/// A finding that the configuration accepts.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    pub rule: String,
    pub subject: Vec<(String, GlobMatcher)>,
    pub path: Option<GlobSet>,
    pub reason: String,
    pub expires: Option<String>,
    pub span: Span,
}

/// A comment that accepts findings of a rule on a line.
#[derive(Debug)]
struct Comment {
    rule: String,
    reason: String,
    span: Span,
    used: bool,
}

/// Comments by the line that they speak of.
type Comments = BTreeMap<(FileId, usize), Vec<Comment>>;

impl Config {
    /// Gives findings the severities that the configuration asks for, marks those that do not count, and adds what is to
    /// be said of the allowances themselves.
    pub fn judge(&self, findings: Vec<Finding>, sources: &SourceMap) -> Vec<Finding> {
        let mut comments = comments(sources, &self.ignored);
        let mut used = BTreeSet::new();
        let meant: BTreeSet<Span> =
            findings.iter().filter_map(|finding| Some(finding.suppressed.as_ref()?.span)).collect();
        let mut judged: Vec<Finding> = Vec::with_capacity(findings.len());
        for mut finding in findings {
            self.set_severity(&mut finding);
            let allowance = self.allowance(&finding, sources);
            used.extend(allowance);
            let comment = by_comment(&finding, &mut comments, sources);
            let standing = allowance.map(|at| &self.allowances[at]).filter(|allowance| !self.is_over(allowance));
            if finding.suppressed.is_none() {
                finding.suppressed = standing
                    .map(|allowance| Suppression { reason: allowance.reason.clone(), span: allowance.span })
                    .or(comment);
            }
            judged.push(finding);
        }
        let mut remarks = self.remarks(&used);
        remarks.extend(self.intended.iter().filter(|intended| !meant.contains(&intended.span)).map(|intended| {
            let message = "a difference that is declared as meant is not found".to_owned();
            let help = "take it out, or mend its component, aspects and environments";
            said_of(UNUSED, message, intended.span, "the environments do not differ so", help, DRIFT)
        }));
        remarks.extend(comments.into_values().flatten().filter(|comment| !comment.used).map(unused_comment));
        for remark in &mut remarks {
            self.set_severity(remark);
        }
        judged.extend(remarks);
        judged
    }

    fn set_severity(&self, finding: &mut Finding) {
        match self.severities.get(finding.rule) {
            None => {}
            Some((Some(severity), _)) => finding.severity = *severity,
            Some((None, span)) => {
                let reason = "switched off in the configuration".to_owned();
                finding.suppressed = Some(Suppression { reason, span: *span });
            }
        }
    }

    /// The first allowance for a finding, a standing one before one whose day is over.
    fn allowance(&self, finding: &Finding, sources: &SourceMap) -> Option<usize> {
        let fitting = || {
            self.allowances
                .iter()
                .enumerate()
                .filter(|(_, allowance)| allowance.fits(finding, sources))
                .map(|(at, _)| at)
        };
        fitting().find(|&at| !self.is_over(&self.allowances[at])).or_else(|| fitting().next())
    }

    fn is_over(&self, allowance: &Allowance) -> bool {
        // Days are written so that they compare as text.
        matches!((&allowance.expires, &self.today), (Some(expires), Some(today)) if expires < today)
    }

    fn remarks(&self, used: &BTreeSet<usize>) -> Vec<Finding> {
        let remark = |(at, allowance): (usize, &Allowance)| {
            if self.is_over(allowance) {
                let day = allowance.expires.as_deref().unwrap_or_default();
                let message = format!("an allowance of `{}` ended on {day}", allowance.rule);
                let help = "mend what it allowed, or set a later day with a reason that still holds";
                return Some(said_of(EXPIRED, message, allowance.span, "no longer counts", help, &allowance.rule));
            }
            if used.contains(&at) {
                return None;
            }
            let message = format!("an allowance of `{}` matches no finding", allowance.rule);
            let help = "take it out, or mend its subject and path";
            Some(said_of(UNUSED, message, allowance.span, "allows nothing", help, &allowance.rule))
        };
        self.allowances.iter().enumerate().filter_map(remark).collect()
    }
}

impl Allowance {
    fn fits(&self, finding: &Finding, sources: &SourceMap) -> bool {
        let about = |(role, glob): &(String, GlobMatcher)| {
            finding.subject.get(role.as_str()).is_some_and(|name| glob.is_match(name))
        };
        let within = |paths: &GlobSet| {
            finding.evidence().any(|evidence| paths.is_match(sources.path(evidence.span.file).as_str()))
        };
        self.rule == finding.rule && self.subject.iter().all(about) && self.path.as_ref().is_none_or(within)
    }
}

fn said_of(rule: &'static str, message: String, span: Span, text: &str, help: &str, subject: &str) -> Finding {
    let evidence = Evidence { span, text: text.to_owned(), certainty: Certainty::Literal };
    Finding::new(rule, FAMILY, Severity::Warning, message, evidence).help(help).about("rule", subject)
}

fn unused_comment(comment: Comment) -> Finding {
    let (message, text, help) = if comment.reason.is_empty() {
        (
            format!("a comment allows `{}` without a reason, so it does not count", comment.rule),
            "gives no reason",
            "write the reason after the rule: `schemaward: allow RULE REASON`",
        )
    } else {
        (
            format!("a comment allows `{}`, which is not found on this line", comment.rule),
            "allows nothing",
            "take it out, or put it on or above a line of the finding's evidence",
        )
    };
    said_of(UNUSED, message, comment.span, text, help, &comment.rule)
}

/// The comment that accepts a finding: on a line of its evidence, or alone on the line above.
fn by_comment(finding: &Finding, comments: &mut Comments, sources: &SourceMap) -> Option<Suppression> {
    if comments.is_empty() {
        return None;
    }
    finding.evidence().find_map(|evidence| {
        let line = sources.place(evidence.span).line;
        let beside = comments.get_mut(&(evidence.span.file, line))?;
        let comment = beside.iter_mut().find(|comment| comment.rule == finding.rule && !comment.reason.is_empty())?;
        comment.used = true;
        Some(Suppression { reason: comment.reason.clone(), span: comment.span })
    })
}

/// All comments of the texts that were read.
fn comments(sources: &SourceMap, ignored: &GlobSet) -> Comments {
    let mut comments = Comments::new();
    for id in sources.ids() {
        let file = sources.file(id);
        let Some(text) = file.text().filter(|text| text.contains("schemaward: allow")) else { continue };
        let path = file.path();
        if ignored.is_match(path.as_str()) || !path.extension().is_none_or(|name| COMMENTED.contains(&name)) {
            continue;
        }
        for (line, comment) in in_text(id, text) {
            comments.entry((id, line)).or_default().push(comment);
        }
    }
    comments
}

fn in_text(id: FileId, text: &str) -> Vec<(usize, Comment)> {
    let mut found = Vec::new();
    let mut waiting: Vec<Comment> = Vec::new();
    let mut start = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim();
        let comment = in_line(id, line, start);
        let alone = ["#", "--", "//", "{{/*", "{{- /*"].iter().any(|opening| content.starts_with(opening));
        start += line.len();
        if alone {
            waiting.extend(comment);
        } else if !content.is_empty() {
            // The lines of comment above speak of the first line that is none.
            found.extend(waiting.drain(..).chain(comment).map(|comment| (at + 1, comment)));
        }
    }
    found.extend(waiting.into_iter().map(|comment| (0, comment)));
    found
}

fn in_line(id: FileId, line: &str, start: usize) -> Option<Comment> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| {
        Regex::new(r"(?:^|\s)(?P<c>(?:#|--|//|\{\{-? ?/\*)\s*schemaward: allow[ \t]+(?P<rule>[a-z0-9-]+)[ \t]*(?P<reason>[^\r\n]*))").ok()
    });
    let captures = pattern.as_ref()?.captures(line)?;
    let whole = captures.name("c")?;
    let reason = captures.name("reason").map_or("", |reason| reason.as_str());
    let reason = reason.trim().trim_end_matches("}}").trim_end_matches(['-', ' ']).trim_end_matches("*/").trim();
    let written = whole.as_str().trim_end().len();
    Some(Comment {
        rule: captures.name("rule")?.as_str().to_owned(),
        reason: reason.trim_start_matches([':', ' ']).to_owned(),
        span: Span::new(id, start + whole.start(), start + whole.start() + written),
        used: false,
    })
}
