//! The records of the rollout.

use crate::config::Intended;
use crate::finding::Evidence;
use crate::k8s::Word;
use crate::k8s::text::Text;
use crate::source::Span;
use crate::yaml::Origin;

/// What orders Applications, and what their generators left open.
#[derive(Debug, Clone, Default)]
pub struct Rollout {
    /// The ApplicationSets in effect, each once for every root that brings it.
    pub sets: Vec<RolloutSet>,
    /// Where each Application stands, in the order of the Applications.
    pub placings: Vec<Placing>,
    /// Names that more than one Application has.
    pub duplicates: Vec<DuplicateName>,
    /// Descriptors that no generator picks up.
    pub strays: Vec<StrayComponent>,
    /// Generators that could not be evaluated.
    pub unresolved: Vec<Unresolved>,
    /// Whether Applications wait for Applications.
    pub gate: Gate,
    /// Differences between environments that the configuration declares.
    pub intended: Vec<Intended>,
}

/// An ApplicationSet.
#[derive(Debug, Clone)]
pub struct RolloutSet {
    /// Its name.
    pub name: String,
    /// The root that brings it.
    pub root: String,
    /// Its name's place.
    pub origin: Origin,
    /// The list of steps, if the set has a RollingSync.
    pub rolling: Option<Origin>,
    /// The steps, in order.
    pub steps: Vec<RolloutStep>,
    /// The labels of its template, or the metadata where it has none.
    pub template: Option<Origin>,
    /// The name in its template.
    pub naming: Option<Origin>,
    /// How many Applications it makes.
    pub applications: usize,
    /// Whether it may make Applications that are not known.
    pub unresolved: bool,
    /// The destination namespace in its template, as written.
    pub namespace: String,
}

/// A step of a RollingSync.
#[derive(Debug, Clone)]
pub struct RolloutStep {
    /// What an Application's labels must say; all of it.
    pub expressions: Vec<Expression>,
    /// `maxUpdate`.
    pub limit: Option<Limit>,
    /// The step.
    pub origin: Origin,
}

/// One of a step's `matchExpressions`.
#[derive(Debug, Clone)]
pub struct Expression {
    /// The label.
    pub key: String,
    /// The operator, as written.
    pub operator: String,
    /// The values.
    pub values: Vec<Label>,
}

/// The value of a label, or one that a step asks for.
#[derive(Debug, Clone)]
pub struct Label {
    /// The value.
    pub value: Word,
    /// Where it is written.
    pub origin: Origin,
    /// What is written, where YAML makes something else of it.
    pub misread: Option<Box<Misread>>,
    /// Whether it is no string, as written.
    pub untyped: bool,
}

/// A scalar that YAML reads as something else than what stands there: `010` is the number 8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misread {
    /// Where it stands.
    pub span: Span,
    /// What stands there.
    pub written: String,
    /// What YAML makes of it.
    pub read: String,
}

/// How many Applications of a step are synced at a time.
#[derive(Debug, Clone)]
pub struct Limit {
    /// As written.
    pub text: String,
    /// What it comes to.
    pub kind: LimitKind,
    /// Where it is written.
    pub origin: Origin,
}

/// What a `maxUpdate` comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// It lets some through.
    Usable,
    /// It lets none through.
    Nothing,
    /// It cannot be read, and the controller takes it for one.
    OneByOne,
    /// Kubernetes refuses it.
    Refused,
}

/// Where an Application stands.
#[derive(Debug, Clone)]
pub struct Placing {
    /// The set that made it, by its place in the list of sets.
    pub set: Option<usize>,
    /// The steps of the set that select it, from 0; the first counts.
    pub steps: Vec<usize>,
    /// Its labels.
    pub labels: Vec<(Word, Label)>,
    /// `syncPolicy.automated`, if it is on.
    pub automated: Option<Origin>,
    /// Whether automated sync would undo changes in the cluster.
    pub heals: bool,
    /// The sync-wave, as written.
    pub wave: Option<Text>,
    /// The Application that brings it, if it was not generated.
    pub parent: Option<Word>,
    /// Its root.
    pub root: Word,
    /// What it is in every environment: its name without the environment's.
    pub component: Word,
    /// The generator's parameter that tells it from the others of its set.
    pub descriptor: Option<Span>,
}

impl Placing {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&Label> {
        self.labels.iter().find(|(name, _)| name == key).map(|(_, label)| label)
    }
}

/// A name that more than one Application has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateName {
    /// The name.
    pub name: String,
    /// The sets that make them; none for one that is declared.
    pub makers: [Option<String>; 2],
    /// Where their names are written.
    pub places: [Span; 2],
}

/// A descriptor that no generator picks up.
#[derive(Debug, Clone)]
pub struct StrayComponent {
    /// Its path.
    pub path: String,
    /// The folder in which it lies and in which nothing is picked up.
    pub folder: Option<String>,
    /// The set whose descriptors it is like, and how many it has.
    pub set: (String, usize),
    /// The file.
    pub evidence: Evidence,
    /// The patterns that do not match it.
    pub patterns: Vec<Evidence>,
}

/// A generator that could not be evaluated.
#[derive(Debug, Clone)]
pub struct Unresolved {
    /// Its set.
    pub set: String,
    /// What would have to be known: the same for all generators that one answer would serve.
    pub cause: String,
    /// What is not known.
    pub evidence: Evidence,
}

/// Whether an Application waits until the Applications that it brings are healthy.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// Whether the health check is restored that Argo CD dropped in 1.8.
    pub restored: bool,
    /// The `argocd-cm` of the repository.
    pub settings: Vec<Origin>,
}
