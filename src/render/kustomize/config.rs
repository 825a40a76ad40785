//! Where transformers work by default and what `configurations` add to that.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec};
use super::files::{Loaded, Loader};
use super::id::Gvk;
use super::parse::{self, Placing};
use super::read::Reading;
use super::structs;
use super::tree;
use crate::hash::Seeded;
use crate::source::Span;
use crate::yaml::{self, Node, Role};

const DEFAULTS: &str = include_str!("data/field-specs.txt");

/// Fields by which objects refer to a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BackReference {
    pub(super) target: Gvk,
    pub(super) referrers: Vec<FieldSpec>,
}

impl BackReference {
    fn take(&mut self, other: &BackReference) -> Outcome {
        fieldspec::merge_all(&mut self.referrers, &other.referrers)
            .map_err(|fail| fail.within("failed to merge NameReference fieldSpec"))
    }
}

/// All field paths of one kustomization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) var_reference: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
    pub(super) name_reference: Vec<BackReference>,
    by_kind: ByKind,
}

/// Where the fields for a kind, or for any, stand among the references; made when they are first asked for, and no part of
/// what is configured.
#[derive(Debug, Default)]
struct ByKind(OnceLock<BTreeMap<String, Vec<(usize, usize)>>>);

impl Clone for ByKind {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for ByKind {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ByKind {}

pub(super) const SECTIONS: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
];

impl Config {
    fn sections(&mut self) -> [&mut Vec<FieldSpec>; 10] {
        [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ]
    }

    fn lists(&self) -> [&[FieldSpec]; 10] {
        [
            &self.name_prefix,
            &self.name_suffix,
            &self.namespace,
            &self.common_labels,
            &self.labels,
            &self.template_labels,
            &self.common_annotations,
            &self.var_reference,
            &self.images,
            &self.replicas,
        ]
    }

    /// What Kustomize does when nothing is configured.
    pub(super) fn defaults() -> Arc<Config> {
        static CONFIG: OnceLock<Arc<Config>> = OnceLock::new();
        Arc::clone(CONFIG.get_or_init(|| {
            let mut config = Config::default();
            let mut section = None;
            for line in DEFAULTS.lines().filter(|line| !line.starts_with('#')) {
                let mut words = line.split_ascii_whitespace().map(|word| if word == "*" { "" } else { word });
                let mut word = || words.next().unwrap_or("").to_owned();
                if !line.starts_with(' ') {
                    let name = word();
                    section = SECTIONS.iter().position(|known| **known == name);
                    if section.is_none() {
                        let target = Gvk { group: word(), version: word(), kind: word() };
                        config.name_reference.push(BackReference { target, referrers: Vec::new() });
                    }
                    continue;
                }
                let gvk = Gvk { group: word(), version: word(), kind: word() };
                let spec = FieldSpec { gvk, path: word(), create: words.next().is_some() };
                match (section, config.name_reference.last_mut()) {
                    (Some(at), _) => config.sections()[at].push(spec),
                    (None, Some(reference)) => reference.referrers.push(spec),
                    (None, None) => {}
                }
            }
            config.sort();
            Arc::new(config)
        }))
    }

    pub(super) fn sort(&mut self) {
        for section in self.sections() {
            section.sort_by_cached_key(|spec| spec.gvk.sort_key());
        }
        self.name_reference.sort_by_cached_key(|reference| reference.target.sort_key());
    }

    /// Both together; the same reference is the same configuration.
    pub(super) fn merged(this: &Arc<Config>, other: &Arc<Config>) -> Result<Arc<Config>, Fail> {
        let empty = Config::default();
        if Arc::ptr_eq(this, other) || **other == empty {
            return Ok(Arc::clone(this));
        }
        // Taking over is a merge too, in which a path for all kinds may go down among those for some: only the defaults are
        // known to come through whole.
        if **this == empty && Arc::ptr_eq(other, &Config::defaults()) {
            return Ok(Arc::clone(other));
        }
        if !this.gains_by(other)? {
            return Ok(Arc::clone(this));
        }
        // Each list is in order already.
        let mut merged = (**this).clone();
        for (name, (into, from)) in SECTIONS.iter().zip(merged.sections().into_iter().zip(other.lists())) {
            let before = into.len();
            fieldspec::merge_all(into, from)
                .map_err(|fail| fail.within(format!("failed to merge {name} fieldSpec")))?;
            if into.len() > before {
                into.sort_by_cached_key(|spec| spec.gvk.sort_key());
            }
        }
        let before = merged.name_reference.len();
        let mut by_target: Seeded<Gvk, Vec<usize>> = Seeded::default();
        for (at, known) in merged.name_reference.iter().enumerate() {
            by_target.entry(known.target.clone()).or_default().push(at);
        }
        for reference in &other.name_reference {
            match by_target.get(&reference.target) {
                Some(known) => known.iter().try_for_each(|&at| merged.name_reference[at].take(reference))?,
                None => {
                    by_target.insert(reference.target.clone(), vec![merged.name_reference.len()]);
                    merged.name_reference.push(reference.clone());
                }
            }
        }
        if merged.name_reference.len() > before {
            merged.name_reference.sort_by_cached_key(|reference| reference.target.sort_key());
        }
        Ok(Arc::new(merged))
    }

    /// The fields by which an object of a kind refers to others, in order.
    pub(super) fn references_of(&self, gvk: &Gvk) -> Vec<(&Gvk, &FieldSpec)> {
        let by_kind = self.by_kind.0.get_or_init(|| {
            let mut by_kind: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::from([(String::new(), Vec::new())]);
            let referrers = || self.name_reference.iter().flat_map(|reference| &reference.referrers);
            for spec in referrers() {
                if !by_kind.contains_key(&spec.gvk.kind) {
                    by_kind.insert(spec.gvk.kind.clone(), Vec::new());
                }
            }
            for (at, reference) in self.name_reference.iter().enumerate() {
                for (number, spec) in reference.referrers.iter().enumerate() {
                    if spec.gvk.kind.is_empty() {
                        by_kind.values_mut().for_each(|places| places.push((at, number)));
                    } else if let Some(places) = by_kind.get_mut(&spec.gvk.kind) {
                        places.push((at, number));
                    }
                }
            }
            by_kind
        });
        let places = by_kind.get(&gvk.kind).or_else(|| by_kind.get("")).into_iter().flatten();
        let fields = places.map(|&(at, number)| {
            let reference = &self.name_reference[at];
            (&reference.target, &reference.referrers[number])
        });
        fields.filter(|(_, spec)| gvk.is_selected_by(&spec.gvk)).collect()
    }

    /// Whether anything of the other is not there yet.
    fn gains_by(&self, other: &Config) -> Result<bool, Fail> {
        for (name, (into, from)) in SECTIONS.iter().zip(self.lists().into_iter().zip(other.lists())) {
            let gains = fieldspec::gains(into, from);
            if gains.map_err(|fail| fail.within(format!("failed to merge {name} fieldSpec")))? {
                return Ok(true);
            }
        }
        let mut by_target: Seeded<&Gvk, Vec<&BackReference>> = Seeded::default();
        for known in &self.name_reference {
            by_target.entry(&known.target).or_default().push(known);
        }
        for reference in &other.name_reference {
            let Some(known) = by_target.get(&reference.target) else { return Ok(true) };
            for known in known {
                let gains = fieldspec::gains(&known.referrers, &reference.referrers);
                if gains.map_err(|fail| fail.within("failed to merge NameReference fieldSpec"))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    pub(super) fn add_reference(&mut self, reference: BackReference) -> Outcome {
        let mut found = false;
        for known in self.name_reference.iter_mut().filter(|known| known.target == reference.target) {
            known.take(&reference)?;
            found = true;
        }
        if !found {
            self.name_reference.push(reference);
        }
        Ok(())
    }
}

/// The defaults and what the kustomization's `configurations` add.
pub(super) fn load(loader: &Loader<'_>, paths: &[Node]) -> Result<Arc<Config>, Fail> {
    let defaults = Config::defaults();
    let mut added = Arc::new(Config::default());
    for path in paths {
        let loaded = loader.load(super::tree::text(path)).map_err(|fail| fail.or_at(path.span()))?;
        let parsed = yaml::parse(loaded.file, loaded.text()?, loader.shared.budget);
        let first = parsed.read_first().map_err(|problem| {
            Fail::at(problem.span, format!("error converting YAML to JSON: yaml: {}", problem.message))
        })?;
        let Some(document) = first else { continue };
        refuse_repeated(loader, &loaded, document.span)?;
        let config = read(&document.root)?;
        added = Config::merged(&added, &Arc::new(config))?;
    }
    Config::merged(&defaults, &added)
}

/// Configurations are read strictly: no key may stand twice in its mapping.
fn refuse_repeated(loader: &Loader<'_>, loaded: &Loaded, document: Span) -> Outcome {
    let placing = Placing::Whole(loaded.file);
    let text = loaded.text()?;
    let text = text.get(..document.end as usize).unwrap_or(text);
    let written = parse::as_written(text, &placing, Role::Transformer, loader.shared.budget)?;
    match written.as_ref().and_then(|written| tree::repeated(&written.root)) {
        Some(entry) => {
            let message = format!(
                "error converting YAML to JSON: yaml: unmarshal errors: key \"{}\" already set in map",
                entry.key
            );
            Err(Fail::at(entry.key_origin.anchor(), message))
        }
        None => Ok(()),
    }
}

fn read(root: &Node) -> Result<Config, Fail> {
    structs::transformer_config(root)?;
    let reading = Reading::of(root, "TransformerConfig")?;
    let mut config = Config::default();
    for (name, section) in SECTIONS.iter().zip(config.sections()) {
        *section = reading.list(name)?.iter().map(field_spec).collect::<Result<_, _>>()?;
    }
    for item in reading.list("nameReference")? {
        let inner = Reading::of(&item, "NameBackReferences")?;
        let target = inner.gvk()?;
        let referrers = inner.list("fieldSpecs")?.iter().map(field_spec).collect::<Result<_, _>>()?;
        config.name_reference.push(BackReference { target, referrers });
    }
    config.sort();
    Ok(config)
}

/// One field path as a kustomization writes it.
pub(super) fn field_spec(node: &Node) -> Result<FieldSpec, Fail> {
    let reading = Reading::of(node, "FieldSpec")?;
    let gvk = reading.gvk()?;
    let path = reading.text_or_empty("path")?;
    let create = reading.flag("create")?;
    Ok(FieldSpec { gvk, path, create })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_by_kind() {
        let defaults = Config::defaults();
        for (version, kind) in [("apps/v1", "Deployment"), ("v1", "ServiceAccount"), ("v1", ""), ("a/v1", "Own")] {
            let gvk = Gvk::parse(version, kind);
            let all =
                defaults.name_reference.iter().flat_map(|one| one.referrers.iter().map(|spec| (&one.target, spec)));
            let wanted: Vec<_> = all.filter(|(_, spec)| gvk.is_selected_by(&spec.gvk)).collect();
            assert_eq!(defaults.references_of(&gvk), wanted, "{kind}");
        }
    }

    #[test]
    fn the_defaults_come_through_a_merge_whole() {
        let defaults = Config::defaults();
        let copy = Arc::new((*defaults).clone());
        let merged = Config::merged(&Arc::default(), &copy).unwrap();
        assert_eq!(*merged, *defaults);
    }

    #[test]
    fn a_path_for_some_kinds_swallows_the_one_for_all() {
        let some = |kind: &str| FieldSpec {
            gvk: Gvk { kind: kind.to_owned(), ..Gvk::default() },
            ..FieldSpec::any("metadata/name", false)
        };
        let added = Config { name_prefix: vec![some("IngressHost")], ..Config::default() };
        let both = Config::merged(&Config::defaults(), &Arc::new(added)).unwrap();
        assert_eq!(both.name_prefix.len(), 2);
        let taken_over = Config::merged(&Arc::default(), &both).unwrap();
        assert_eq!(taken_over.name_prefix, [some("IngressHost")]);
    }
}
