//! `buildMetadata`: annotations that say where an object came from and who transformed it.

use super::fail::Outcome;
use super::files;
use super::object::Object;
use super::resmap::ResMap;
use super::tree;
use crate::budget::Budget;
use crate::yaml::Node;

/// Bytes of a note that are written once more in the time of one step.
const BYTES_A_STEP: u64 = 64;

/// The annotation with an object's file or generator.
pub(super) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation with the transformers that worked on an object.
pub(super) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// What the outermost kustomization wants noted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BuildMetadata {
    pub(super) origins: bool,
    pub(super) transformers: bool,
    pub(super) managed_by: bool,
}

impl BuildMetadata {
    pub(super) fn of(options: &[String]) -> Self {
        let has = |name: &str| options.iter().any(|option| option == name);
        Self {
            origins: has("originAnnotations"),
            transformers: has("transformerAnnotations"),
            managed_by: has("managedByLabel"),
        }
    }

    pub(super) fn any(self) -> bool {
        self.origins || self.transformers || self.managed_by
    }
}

/// A file, or who is configured in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Provenance {
    path: String,
    configured_in: String,
    by: [String; 4],
}

impl Provenance {
    pub(super) fn below(&self, path: &str) -> Self {
        Self { path: files::join(&self.path, path), ..Self::default() }
    }

    pub(super) fn configured(&self, file: &str, api_version: &str, kind: &str, name: &str, namespace: &str) -> Self {
        Self {
            path: String::new(),
            configured_in: files::join(&self.path, file),
            by: [api_version, kind, name, namespace].map(str::to_owned),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.path.is_empty() {
            lines.push(format!("path: {}", self.path));
        }
        if !self.configured_in.is_empty() {
            lines.push(format!("configuredIn: {}", self.configured_in));
        }
        if self.by.iter().any(|word| !word.is_empty()) {
            lines.push("configuredBy:".to_owned());
            for (key, word) in ["apiVersion", "kind", "name", "namespace"].iter().zip(&self.by) {
                if !word.is_empty() {
                    lines.push(format!("  {key}: {word}"));
                }
            }
        }
        lines
    }

    pub(super) fn text(&self) -> String {
        self.lines().into_iter().map(|line| line + "\n").collect()
    }

    fn item(&self) -> String {
        let lines = self.lines().into_iter().enumerate();
        lines.map(|(at, line)| format!("{}{line}\n", if at == 0 { "- " } else { "  " })).collect()
    }
}

fn annotate(object: &mut Object, key: &str, value: String) {
    // A list there is refused in the end.
    if object.node.at(&["metadata", "annotations"]).is_some_and(|node| node.as_seq().is_some()) {
        return;
    }
    // Whoever writes one annotation writes all of them anew, as strings.
    let _ = object.stringify("annotations");
    let origin = object.node.origin.clone();
    let Ok(meta) = tree::ensure_map(&mut object.node, "metadata", &origin) else { return };
    let Ok(annotations) = tree::ensure_map(meta, "annotations", &origin) else { return };
    let _ = tree::put(annotations, key, &origin, Node::string(value, origin.clone()));
}

/// The same annotation for all.
pub(super) fn annotate_all(objects: &mut [Object], key: &str, value: &str) {
    objects.iter_mut().for_each(|object| annotate(object, key, value.to_owned()));
}

/// Notes that a transformer worked on all objects.
///
/// # Errors
/// The budget is spent: each note is written behind all before it, anew.
pub(super) fn add_transformation(map: &mut ResMap, by: &Provenance, budget: &Budget) -> Outcome {
    for object in map.list.iter_mut().filter(|object| !object.deleted) {
        if object.annotation(ORIGIN).is_none() {
            annotate(object, ORIGIN, by.text());
            continue;
        }
        let mut known = object.annotation(TRANSFORMATIONS).unwrap_or("").to_owned();
        budget.steps(1 + known.len() as u64 / BYTES_A_STEP)?;
        known.push_str(&by.item());
        annotate(object, TRANSFORMATIONS, known);
    }
    Ok(())
}
