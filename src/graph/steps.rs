//! Questions about the rollout: who is in which step, and what is wrong with a phase.

use super::Graph;
use crate::facts::{AppId, Expression, Label, Misread, Placing, Rollout, RolloutSet, RolloutStep};
use crate::finding::Evidence;

/// What is wrong with the label that decides about an Application's step.
#[derive(Debug, Clone, Copy)]
pub enum PhaseFault<'g> {
    /// YAML made something else of it.
    Misread(&'g str, &'g Label, &'g Misread),
    /// It is not there, or says nothing.
    Missing(&'g str, Option<&'g Label>),
}

impl Graph {
    /// The rollout.
    pub fn rollout(&self) -> &Rollout {
        &self.facts().rollout
    }

    /// Where an Application stands.
    pub fn placing(&self, id: AppId) -> &Placing {
        &self.facts().rollout.placings[id.0]
    }

    /// The Applications of a set, by its place in the list of sets.
    pub fn made_by(&self, set: usize) -> impl Iterator<Item = (AppId, &Placing)> {
        let placings = self.facts().rollout.placings.iter().enumerate();
        placings.filter(move |(_, placing)| placing.set == Some(set)).map(|(at, placing)| (AppId(at), placing))
    }

    /// The sets that have a RollingSync with steps, by their place in the list of sets.
    pub fn rolling_sets(&self) -> impl Iterator<Item = (usize, &RolloutSet)> {
        self.facts().rollout.sets.iter().enumerate().filter(|(_, set)| set.rolling.is_some() && !set.steps.is_empty())
    }

    /// What is wrong with the phase of an Application of a RollingSync, if anything is.
    ///
    /// A label is missed where every step asks for it, or where none of the labels is there that any step asks for; one that
    /// is not needed because some step takes the Application all the same is not missed.
    pub fn phase_fault(&self, id: AppId) -> Option<PhaseFault<'_>> {
        let placing = self.placing(id);
        let set = &self.facts().rollout.sets[placing.set?];
        set.rolling.as_ref()?;
        let keys = set.phase_keys();
        let misread = keys.iter().find_map(|&key| {
            let label = placing.label(key)?;
            Some(PhaseFault::Misread(key, label, label.misread.as_ref()?))
        });
        if misread.is_some() || !placing.steps.is_empty() {
            return misread;
        }
        let missing = |key: &&&str| placing.label(key).is_none_or(|label| says_nothing(&label.value));
        let needed = |key: &&&str| set.steps.iter().all(|step| step.asks_for(key));
        let all = keys.iter().all(|key| missing(&key));
        let fault = keys.iter().find(|key| missing(key) && needed(key)).or_else(|| keys.first().filter(|_| all));
        fault.map(|&key| PhaseFault::Missing(key, placing.label(key)))
    }

    /// The step that a member of a RollingSync stands in, as evidence.
    pub fn step_shown(
        &self,
        set: &RolloutSet,
        at: usize,
        placing: Option<&Placing>,
        text: impl Into<String>,
    ) -> Evidence {
        let step = &set.steps[at];
        let fits = |expression: &&Expression| expression.operator == "In";
        let value = step.expressions.iter().filter(fits).find_map(|expression| {
            let wanted = placing.and_then(|placing| placing.label(&expression.key));
            let of = |label: &&Label| wanted.is_none_or(|wanted| wanted.value == label.value);
            expression.values.iter().find(of)
        });
        crate::facts::evidence(value.map_or(&step.origin, |value| &value.origin), text)
    }
}

/// What templates leave where a parameter is missing.
fn says_nothing(value: &str) -> bool {
    matches!(value.trim(), "" | "null" | "<nil>") || value.contains("<no value>") || value.contains("{{")
}

impl RolloutSet {
    /// The labels whose values its steps ask for, in the order of the steps.
    pub fn phase_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for expression in self.steps.iter().flat_map(|step| &step.expressions) {
            if expression.operator == "In" && !keys.contains(&expression.key.as_str()) {
                keys.push(&expression.key);
            }
        }
        keys
    }
}

impl RolloutStep {
    /// Whether only Applications with some value of this label are selected.
    pub fn asks_for(&self, key: &str) -> bool {
        self.expressions.iter().any(|expression| expression.operator == "In" && expression.key == key)
    }

    /// What it selects, in words: "`phase` in `010` and `020`".
    pub fn in_words(&self) -> String {
        let words = |expression: &Expression| {
            let values: Vec<String> = expression.values.iter().map(|label| format!("`{}`", label.value)).collect();
            let how = match expression.operator.as_str() {
                "In" => "in",
                "NotIn" => "not in",
                other => other,
            };
            format!("`{}` {how} {}", expression.key, values.join(", "))
        };
        if self.expressions.is_empty() {
            return "everything".to_owned();
        }
        self.expressions.iter().map(words).collect::<Vec<_>>().join(" and ")
    }
}
