//! `order(a, b)`: which of two objects is applied first, as far as Argo CD orders them at all.

use super::{Graph, Moment, Phase};
use crate::facts::{App, Object, ObjectId, Rung};
use crate::finding::Evidence;

/// How two objects stand to each other in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ranking {
    /// The first is applied, and waited for, before the second.
    Before,
    /// Both are applied in one go; nothing waits.
    Together,
    /// The second comes first.
    After,
    /// Nothing orders them, or it cannot be known.
    Unknown,
}

/// An answer, with the two places in words.
#[derive(Debug, Clone)]
pub struct Order {
    /// How the first stands to the second.
    pub ranking: Ranking,
    /// Whether the order is one inside a single Application.
    pub same_application: bool,
    /// Whether phases differ (rather than waves or steps).
    pub by_phase: bool,
    /// The place of the first: "phase PreSync, wave 0".
    pub first: String,
    /// The place of the second.
    pub second: String,
    /// What says the places.
    pub evidence: Vec<Evidence>,
}

impl Graph {
    /// Which of two objects is applied first. Takes each at its first moment.
    pub fn order(&self, a: ObjectId, b: ObjectId) -> Order {
        let (first, second) = (&self.facts().objects[a.0], &self.facts().objects[b.0]);
        if first.app != second.app {
            let (one, other) = (&self.facts().apps[first.app.0], &self.facts().apps[second.app.0]);
            return if other.above.contains(&one.name) {
                under_parent(first, one, other)
            } else if one.above.contains(&other.name) {
                let turned = under_parent(second, other, one);
                Order { ranking: turned.ranking.turned(), first: turned.second, second: turned.first, ..turned }
            } else {
                order_of_apps(one, other)
            };
        }
        let unknown = Order { same_application: true, ..Order::unknown() };
        let synced = self.facts().apps[first.app.0].phased;
        let (Some(m), Some(n), true) = (first.schedule.first(), second.schedule.first(), synced) else {
            return unknown;
        };
        let words = |m: super::Moment| format!("phase {}, wave {}", m.phase.name(), m.wave);
        let ranking = match m.cmp(&n) {
            std::cmp::Ordering::Less => Ranking::Before,
            std::cmp::Ordering::Equal => Ranking::Together,
            std::cmp::Ordering::Greater => Ranking::After,
        };
        let said = [(first, m), (second, n)].into_iter().filter_map(|(object, moment)| {
            let by_phase = m.phase != n.phase;
            let origin = if by_phase { &object.schedule.phase_origin } else { &object.schedule.wave_origin };
            let text = format!("{} `{}` is applied in {}", object.kind, object.name, words(moment));
            origin.as_ref().map(|origin| crate::facts::evidence(origin, text))
        });
        Order {
            ranking,
            by_phase: m.phase != n.phase,
            first: words(m),
            second: words(n),
            evidence: said.collect(),
            ..unknown
        }
    }
}

impl Order {
    fn unknown() -> Self {
        Self {
            ranking: Ranking::Unknown,
            same_application: false,
            by_phase: false,
            first: String::new(),
            second: String::new(),
            evidence: Vec::new(),
        }
    }
}

impl Ranking {
    fn turned(self) -> Self {
        match self {
            Ranking::Before => Ranking::After,
            Ranking::After => Ranking::Before,
            same => same,
        }
    }
}

/// An Application in words, with the line that says where it stands.
fn place(rung: &Rung, app: &App) -> Option<Evidence> {
    let text = format!("Application `{}` stands in {}", app.name, rung.label);
    rung.origin.as_ref().or(app.origin.as_ref()).map(|origin| crate::facts::evidence(origin, text))
}

/// An object of an Application and a child of that Application, which is an object of it as well: by their waves, where the
/// later wave waits for the child to be healthy.
fn under_parent(object: &Object, parent: &App, child: &App) -> Order {
    let ladder = format!("Application {}", parent.name);
    let rung = child.rungs.iter().find(|rung| rung.ladder == *ladder && rung.gated);
    let (Some(rung), Some(moment)) = (rung, object.schedule.first()) else { return Order::unknown() };
    let ranking = match moment.cmp(&Moment { phase: Phase::Sync, wave: rung.step }) {
        std::cmp::Ordering::Less => Ranking::Before,
        std::cmp::Ordering::Equal => Ranking::Together,
        std::cmp::Ordering::Greater => Ranking::After,
    };
    let label = match moment.phase {
        Phase::Sync => format!("wave {} of Application `{}`", moment.wave, parent.name),
        phase => format!("phase {}, wave {} of Application `{}`", phase.name(), moment.wave, parent.name),
    };
    let origin = object.schedule.wave_origin.as_ref().unwrap_or(&object.origin);
    let said = crate::facts::evidence(origin, format!("{} `{}` is applied in {label}", object.kind, object.name));
    Order {
        ranking,
        by_phase: moment.phase != Phase::Sync,
        first: label,
        second: rung.label.to_string(),
        evidence: std::iter::once(said).chain(place(rung, child)).collect(),
        ..Order::unknown()
    }
}

/// Where Applications stand to each other: by the first ladder on which both stand on different rungs.
fn order_of_apps(a: &App, b: &App) -> Order {
    let mut last = None;
    for (r, s) in a.rungs.iter().zip(&b.rungs) {
        if r.ladder != s.ladder {
            break;
        }
        last = Some((r, s));
        if r.step != s.step {
            break;
        }
    }
    let Some((r, s)) = last else { return Order::unknown() };
    let ranking = match (r.gated && s.gated, r.step.cmp(&s.step)) {
        (false, _) => Ranking::Unknown,
        (true, std::cmp::Ordering::Less) => Ranking::Before,
        (true, std::cmp::Ordering::Equal) => Ranking::Together,
        (true, std::cmp::Ordering::Greater) => Ranking::After,
    };
    Order {
        ranking,
        first: r.label.to_string(),
        second: s.label.to_string(),
        evidence: [place(r, a), place(s, b)].into_iter().flatten().collect(),
        ..Order::unknown()
    }
}
