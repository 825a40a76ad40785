//! Labels and names as the rollout reads them: what YAML made of a phase, what a component is called in every environment.

use std::collections::BTreeMap;

use super::{Label, Misread, Rollout};
use crate::expand::Expansion;
use crate::k8s::Word;
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{Meaning, Node, Origin, Role};

/// A value with what is written for it.
pub fn label(node: &Node, texts: &SourceMap) -> Label {
    let value = node.as_text().unwrap_or("");
    Label {
        value: Word::of(node).unwrap_or_default(),
        origin: node.origin.clone(),
        misread: node.origin.contributions().filter(|place| written_as_data(place.role)).find_map(|place| {
            let written = texts.slice(place.span)?;
            // What decides between values, or is told from others, is no part of the value.
            let read = read(&written).filter(|read| value.contains(read.as_str()) || value == written)?;
            Some(Box::new(Misread { span: place.span, written, read }))
        }),
        untyped: node.as_str().is_none(),
    }
}

fn written_as_data(role: Role) -> bool {
    matches!(role, Role::Manifest | Role::Generator | Role::Values | Role::Parameter | Role::Patch)
}

/// What YAML makes of a plain scalar, if that is not what stands there. Quotes belong to the text and keep it as it is.
fn read(written: &str) -> Option<String> {
    if written.len() > 64 || !written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._:".contains(&byte)) {
        return None;
    }
    let read = match Node::plain(written, Origin::literal(Span::new(FileId(0), 0, 0))).meaning()? {
        Meaning::Int(n) => n.to_string(),
        Meaning::Uint(n) => n.to_string(),
        Meaning::Float(n) => n.to_string(),
        Meaning::Bool(flag) => flag.to_string(),
        Meaning::Null | Meaning::Str(_) => return None,
    };
    (read != written).then_some(read)
}

/// Ways to write an environment in a name.
const SHORT: [(&str, &str); 4] =
    [("production", "prod"), ("development", "dev"), ("staging", "stage"), ("integration", "int")];

/// A name without the environment's.
pub fn component(name: &str, environment: Option<&str>) -> String {
    let Some(environment) = environment.filter(|text| !text.is_empty()) else { return name.to_owned() };
    spellings(environment).find_map(|word| without(name, word)).unwrap_or_else(|| name.to_owned())
}

/// Whether a path names an environment: as a folder, or as a word of a file's name.
pub fn is_named(path: &str, environment: &str) -> bool {
    let segment = |word: &str| {
        path.split('/').any(|segment| segment == word || segment.split(['-', '.', '_']).any(|part| part == word))
    };
    spellings(environment).any(segment)
}

/// An environment's name, and the other ways to write it.
fn spellings(environment: &str) -> impl Iterator<Item = &str> {
    let others = SHORT.iter().flat_map(|&(long, short)| [(long, short), (short, long)]);
    std::iter::once(environment).chain(others.filter(move |(known, _)| *known == environment).map(|(_, other)| other))
}

/// A name without a word that stands in it between dashes.
pub fn without(name: &str, word: &str) -> Option<String> {
    let parts: Vec<&str> = word.split('-').collect();
    let all: Vec<&str> = name.split('-').collect();
    let at = all.windows(parts.len()).position(|window| window == parts)?;
    let rest: Vec<&str> = all[..at].iter().chain(&all[at + parts.len()..]).copied().collect();
    (!rest.is_empty()).then(|| rest.join("-"))
}

/// Finds for each generated Application the parameter that is its own: of the files that its name was made of the one that
/// the fewest Applications share.
pub fn find_descriptors(rollout: &mut Rollout, expansion: &Expansion) {
    let places: Vec<Vec<Span>> = expansion
        .applications
        .iter()
        .map(|(app, _)| {
            let name = app.manifest.as_ref().and_then(|node| node.at(&["metadata", "name"]));
            let places = name.into_iter().flat_map(|node| node.origin.contributions());
            places.filter(|place| place.role == Role::Generator).map(|place| place.span).collect()
        })
        .collect();
    let mut shared: BTreeMap<Span, usize> = BTreeMap::new();
    for span in places.iter().flatten() {
        *shared.entry(*span).or_default() += 1;
    }
    for (placing, spans) in rollout.placings.iter_mut().zip(&places) {
        if placing.set.is_some() {
            placing.descriptor = spans.iter().copied().min_by_key(|span| (shared.get(span).copied(), *span));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_reads_some_numbers_as_others() {
        for (written, made) in
            [("010", "8"), ("0x10", "16"), ("1_0", "10"), ("099", "99"), ("1.10", "1.1"), ("yes", "true")]
        {
            assert_eq!(read(written).as_deref(), Some(made), "{written}");
        }
        for same in ["10", "099a", "1:30", "\"010\"", "'8'", "wave10", "true", "null", "{{ .phase }}", "1.5"] {
            assert_eq!(read(same), None, "{same}");
        }
    }

    #[test]
    fn a_component_is_called_the_same_in_every_environment() {
        let name = |name: &str, environment: &str| component(name, Some(environment));
        assert_eq!(name("dev-data-db", "dev"), "data-db");
        assert_eq!(name("orders-us-east-1", "us-east-1"), "orders");
        assert_eq!(name("shop-prod-orders", "production"), "shop-orders");
        assert_eq!(name("device", "dev"), "device");
        assert_eq!(name("dev", "dev"), "dev");
        assert_eq!(component("dev-orders", None), "dev-orders");
    }
}
