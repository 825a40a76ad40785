//! What an audit says: findings with their evidence, gaps, and the report that holds both.
//!
//! A finding cannot be made without a piece of evidence in a file that the user can edit. Nothing here knows a format.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Span;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely to hurt.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The public name: `error`, `warning`, `info`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How sure a fact is; a finding is as sure as its weakest evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Concluded from names, images or conventions.
    Inferred,
    /// Read in what a template or an overlay renders.
    Rendered,
    /// Written as it is in a file.
    Literal,
}

impl Certainty {
    /// The public name: `literal`, `rendered`, `inferred`.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Inferred => "inferred",
            Certainty::Rendered => "rendered",
            Certainty::Literal => "literal",
        }
    }
}

/// One fact behind a finding, where it is written, with its half of the sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Where it is written.
    pub span: Span,
    /// What is to be seen there; never a secret's value.
    pub text: String,
    /// How sure the fact is.
    pub certainty: Certainty,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The reason that was given.
    pub reason: String,
    /// Where it was said.
    pub span: Span,
}

/// Something that is wrong, with its evidence.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's public id.
    pub rule: &'static str,
    /// The rule's family.
    pub family: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// The sentence: the two things at odds, named.
    pub message: String,
    /// What to do.
    pub help: String,
    /// What it is about, by role (`schema`, `secret`, `hook`, ...): with the rule, its identity.
    pub subject: BTreeMap<&'static str, String>,
    /// The Applications in which it is so.
    pub applications: BTreeSet<String>,
    /// The environments in which it is so.
    pub environments: BTreeSet<String>,
    /// Why it does not count, if it does not.
    pub suppressed: Option<Suppression>,
    primary: Evidence,
    related: Vec<Evidence>,
}

impl Finding {
    /// A finding of `rule`, shown at `primary`.
    pub fn new(
        rule: &'static str,
        family: &'static str,
        severity: Severity,
        message: impl Into<String>,
        primary: Evidence,
    ) -> Self {
        Self {
            rule,
            family,
            severity,
            message: message.into(),
            help: String::new(),
            subject: BTreeMap::new(),
            applications: BTreeSet::new(),
            environments: BTreeSet::new(),
            suppressed: None,
            primary,
            related: Vec::new(),
        }
    }

    /// Adds a further fact of the chain.
    pub fn because(mut self, evidence: Evidence) -> Self {
        if evidence != self.primary && !self.related.contains(&evidence) {
            self.related.push(evidence);
        }
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Names something that the finding is about.
    pub fn about(mut self, role: &'static str, name: impl Into<String>) -> Self {
        self.subject.insert(role, name.into());
        self
    }

    /// Names an Application in which it is so.
    pub fn within(mut self, application: impl Into<String>) -> Self {
        self.applications.insert(application.into());
        self
    }

    /// Takes in what another finding says of further Applications or environments: its evidence and their names.
    pub fn absorb(&mut self, mut other: Finding) {
        self.applications.append(&mut other.applications);
        self.environments.append(&mut other.environments);
        for evidence in std::iter::once(other.primary).chain(other.related) {
            if evidence != self.primary && !self.related.contains(&evidence) {
                self.related.push(evidence);
            }
        }
    }

    /// Takes in the Applications and environments of another finding alone.
    pub fn absorb_names(&mut self, other: Finding) {
        self.applications.extend(other.applications);
        self.environments.extend(other.environments);
    }

    /// The evidence at which the finding is shown.
    pub fn primary(&self) -> &Evidence {
        &self.primary
    }

    /// The rest of the chain.
    pub fn related(&self) -> &[Evidence] {
        &self.related
    }

    /// All evidence, the primary first.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        std::iter::once(&self.primary).chain(&self.related)
    }

    /// As sure as the weakest evidence.
    pub fn certainty(&self) -> Certainty {
        self.evidence().map(|e| e.certainty).min().unwrap_or(Certainty::Inferred)
    }
}

/// A chart that is needed and not at hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedChart {
    /// Its name.
    pub name: String,
    /// The version, or the range of versions, that would do.
    pub version: String,
    /// Where it would come from: the address of a chart repository, without a user.
    pub repository: String,
}

/// Something that could not be seen, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The public kind: `missing-chart`, `unresolved-generator`, `budget-exceeded`, ...
    pub kind: &'static str,
    /// What was not seen, in a sentence; never a secret's value.
    pub message: String,
    /// The Application concerned.
    pub application: Option<String>,
    /// Where it was found out.
    pub span: Option<Span>,
    /// The chart that would close it.
    pub chart: Option<Box<WantedChart>>,
    /// Whether the repository itself is at fault, rather than that something is not at hand here: a rule's finding as well.
    pub defect: bool,
}

impl Gap {
    /// A gap of a kind.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), application: None, span: None, chart: None, defect: false }
    }

    /// A chart that is needed and not at hand.
    pub fn missing_chart(name: &str, version: &str, repository: &str) -> Self {
        let from = if repository.is_empty() { String::new() } else { format!(" from `{repository}`") };
        let chart = WantedChart { name: name.into(), version: version.into(), repository: repository.into() };
        let which = if version.is_empty() { String::new() } else { format!(" {version}") };
        let gap = Self::new("missing-chart", format!("the chart `{name}`{which}{from} is not at hand"));
        Self { chart: Some(Box::new(chart)), ..gap }
    }

    /// Says where.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Says that the repository itself is at fault.
    pub fn defect(mut self) -> Self {
        self.defect = true;
        self
    }

    /// Says in which Application.
    pub fn of(mut self, application: impl Into<String>) -> Self {
        self.application = Some(application.into());
        self
    }
}
