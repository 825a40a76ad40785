//! What Kustomize notes about an object on the side, in annotations of its own: former names, prefixes, whether its name wants a
//! hash. Here it never mixes with the object's own annotations, but for who sees or writes all of them.

use std::sync::Arc;

use super::object::Behavior;

/// A name that an object once had.
#[derive(Debug, Clone)]
pub(super) struct Former {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) kind: String,
}

/// What is noted about an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    pub(super) former: Vec<Former>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    pub(super) behavior: Behavior,
    pub(super) wants_hash: bool,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
    /// Names of variables that take a value from here.
    pub(super) variables: Vec<String>,
    /// Whether a chart made it and gave it its namespace.
    pub(super) from_chart: bool,
    /// How many patches were laid over it, those that changed nothing included.
    pub(super) patches: usize,
    /// Whether a replacement wrote into it.
    pub(super) replaced: bool,
    /// In which order Kustomize took its first notes of each sort.
    order: Vec<Noted>,
    pub(super) shared: Vec<Shared>,
}

/// What is noted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    Names,
    Prefix,
    Suffix,
}

/// A label or an annotation that one transformer put at several places anew: Kustomize puts one and the same node there, so
/// that whatever later writes over it at one place writes over it at all of them.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) key: Arc<str>,
    pub(super) paths: Vec<String>,
    pub(super) text: String,
}

impl Notes {
    /// Remembers which sort of notes came first.
    pub(super) fn takes(&mut self, sort: Noted) {
        if !self.order.contains(&sort) {
            self.order.push(sort);
        }
    }

    /// Kustomize's annotations in the order in which it added them; nothing where that is not known.
    pub(super) fn in_order(&self) -> Option<Vec<(String, String)>> {
        let other = self.behavior != Behavior::Unspecified
            || self.wants_hash
            || self.allow_name_change
            || self.allow_kind_change
            || self.from_chart;
        let all = self.annotations();
        let of_sort = |sort: &Noted| -> &[&str] {
            match sort {
                Noted::Names => &["previousNames", "previousNamespaces", "previousKinds"],
                Noted::Prefix => &["prefixes"],
                Noted::Suffix => &["suffixes"],
            }
        };
        let keys = self.order.iter().flat_map(of_sort);
        let find = |key: &&str| all.iter().find(|(known, _)| known.strip_prefix(INTERNAL) == Some(*key)).cloned();
        let found: Vec<_> = keys.filter_map(find).collect();
        (!other && found.len() == all.len()).then_some(found)
    }

    /// Notes the places at which a label or an annotation is new.
    pub(super) fn share(&mut self, key: &Arc<str>, paths: Vec<&str>, text: &str) {
        if paths.len() > 1 {
            let paths = paths.into_iter().map(str::to_owned).collect();
            self.shared.push(Shared { key: Arc::clone(key), paths, text: text.to_owned() });
        }
    }

    /// Where Kustomize notes what made an object, it writes all annotations of the object anew: they share nothing.
    pub(super) fn annotate_anew(&mut self) {
        for shared in &mut self.shared {
            shared.paths.retain(|path| path.trim_start_matches('/') != "metadata/annotations");
        }
        self.shared.retain(|shared| shared.paths.len() > 1);
    }

    /// How many labels are shared.
    pub(super) fn shared_count(&self) -> usize {
        self.shared.len()
    }

    /// The steps that it takes to follow all shared labels: each is looked for among all.
    pub(super) fn shared_work(&self) -> u64 {
        let shared = self.shared.len() as u64;
        shared * shared / 16
    }

    /// After a way through JSON every place has a node of its own.
    pub(super) fn unshare(&mut self) {
        self.shared.clear();
    }

    /// How much is noted; whoever takes a note changes the object for Kustomize.
    pub(super) fn count(&self) -> usize {
        self.former.len() + self.prefixes.len() + self.suffixes.len() + self.patches
    }

    /// About how many nodes would take as much room as what is noted.
    pub(super) fn weight(&self) -> u64 {
        (4 * self.former.len() + self.prefixes.len() + self.suffixes.len() + self.variables.len()) as u64
    }

    /// Whether Kustomize would have annotations of its own on the object.
    pub(super) fn any(&self) -> bool {
        !self.former.is_empty()
            || self.wants_hash
            || self.behavior != Behavior::Unspecified
            || self.allow_name_change
            || self.allow_kind_change
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
    }
}

/// Where Kustomize's own annotations stand.
const INTERNAL: &str = "internal.config.kubernetes.io/";

/// Whether an annotation is one of Kustomize's own.
pub(super) fn is_note(key: &str) -> bool {
    key.starts_with(INTERNAL)
}

impl Notes {
    /// The annotations in which Kustomize keeps what is noted here.
    pub(super) fn annotations(&self) -> Vec<(String, String)> {
        let former = |of: fn(&Former) -> &str| self.former.iter().map(of).collect::<Vec<_>>().join(",");
        let enabled = |wanted: bool| if wanted { "enabled" } else { "" }.to_owned();
        let behavior = match self.behavior {
            Behavior::Unspecified => "",
            known => known.name(),
        };
        let all = [
            ("previousKinds", former(|former| &former.kind)),
            ("previousNames", former(|former| &former.name)),
            ("previousNamespaces", former(|former| &former.namespace)),
            ("prefixes", self.prefixes.join(",")),
            ("suffixes", self.suffixes.join(",")),
            ("generatorBehavior", behavior.to_owned()),
            ("needsHashSuffix", enabled(self.wants_hash)),
            ("allowNameChange", enabled(self.allow_name_change)),
            ("allowKindChange", enabled(self.allow_kind_change)),
            ("helm-generated", if self.from_chart { "true" } else { "" }.to_owned()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, v)| (format!("{INTERNAL}{key}"), v)).collect()
    }

    /// Takes over what became of the annotations in which Kustomize keeps what is noted here; they are asked for by their keys.
    pub(super) fn read_back(&mut self, shown: impl Fn(&str) -> Option<String>) {
        let shown = |key: &str| shown(&format!("{INTERNAL}{key}"));
        let list = |key: &str| shown(key).map_or(Vec::new(), |text| text.split(',').map(str::to_owned).collect());
        let is_on = |key: &str| shown(key).as_deref() == Some("enabled");
        let former = list("previousNames").into_iter().zip(list("previousNamespaces")).zip(list("previousKinds"));
        self.former = former.map(|((name, namespace), kind)| Former { name, namespace, kind }).collect();
        self.prefixes = list("prefixes");
        self.suffixes = list("suffixes");
        self.behavior = shown("generatorBehavior").map_or(Behavior::Unspecified, |name| Behavior::named(&name));
        self.wants_hash = is_on("needsHashSuffix");
        self.allow_name_change = is_on("allowNameChange");
        self.allow_kind_change = is_on("allowKindChange");
        self.from_chart = shown("helm-generated").is_some();
    }
}
