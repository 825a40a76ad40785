//! References that follow a name: whoever names an object by a name that it once had gets its present one.
//! Follows `api/filters/nameref`.

use super::config::Config;
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec, Make};
use super::id::{Gvk, ResId};
use super::meaning;
use super::resmap::ResMap;
use super::tree::{self, Shape};
use crate::hash::Seeded;
use crate::yaml::{Meaning, Node, Origin, Role, Value};

/// What a reference asks of an object.
struct Candidate {
    current: ResId,
    former: Vec<ResId>,
    original_namespace: String,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    namespace: String,
    origins: [Option<Origin>; 2],
}

/// Brings every reference up to date.
pub(super) fn fix(map: &mut ResMap, config: &Config) -> Outcome {
    let candidates: Vec<Candidate> = map
        .list
        .iter()
        .map(|object| {
            let meta = |key: &str| object.node.at(&["metadata", key]).map(|node| node.origin.clone());
            Candidate {
                current: object.id(),
                former: object.former_ids(),
                original_namespace: object.original_id().effective_namespace().to_owned(),
                prefixes: object.notes.prefixes.clone(),
                suffixes: object.notes.suffixes.clone(),
                namespace: object.namespace().to_owned(),
                origins: [meta("name"), meta("namespace")],
            }
        })
        .collect();
    // Only what has a former name is ever referred to anew.
    let mut by_name: Seeded<&str, Vec<usize>> = Seeded::default();
    for (at, candidate) in candidates.iter().enumerate() {
        let mut names: Vec<&str> = candidate.former.iter().map(|id| id.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            by_name.entry(name).or_default().push(at);
        }
    }
    let mut by_kind: Seeded<Gvk, Vec<(&Gvk, &FieldSpec)>> = Seeded::default();
    // Even where nothing has to follow, the paths must lead where names can stand.
    let follows = !by_name.is_empty();
    for at in 0..map.list.len() {
        let original = map.list[at].original_id();
        let reach = Reach::of(map, at, &candidates)?;
        let of_kind = by_kind.entry(original.gvk).or_insert_with_key(|gvk| config.references_of(gvk));
        let told = |fail: Fail, spec: &FieldSpec| {
            let id = &candidates[at].current;
            fail.within(format!("updating name reference in '{}' field of '{id}'", spec.path))
        };
        for &(target, spec) in of_kind.iter() {
            if follows {
                let role_ref = role_ref(&map.list[at].node, &spec.path);
                let finder = Finder {
                    candidates: &candidates,
                    by_name: &by_name,
                    reach: &reach,
                    referrer: &candidates[at],
                    target,
                    role_ref,
                };
                let node = &mut map.list[at].node;
                let origin = node.origin.clone();
                // The kind was asked for already, by the first name.
                fieldspec::apply_path(node, spec, Make::Nothing, &origin, &mut |node| finder.update(node))
                    .map_err(|fail| told(fail, spec))?;
            } else {
                fieldspec::check_path(&map.list[at].node, spec, can_name).map_err(|fail| told(fail, spec))?;
            }
        }
    }
    Ok(())
}

/// Who can be referred to from an object: its namespace, what has none, and for bindings those of its subjects.
struct Reach<'c> {
    own: &'c ResId,
    namespaces: Vec<String>,
}

impl<'c> Reach<'c> {
    fn of(map: &ResMap, at: usize, candidates: &'c [Candidate]) -> Result<Self, Fail> {
        let own = &candidates[at].current;
        let mut namespaces = Vec::new();
        let object = &map.list[at];
        if !own.cluster && object.kind() == "RoleBinding" {
            for subject in object.node.items("subjects") {
                if subject.as_map().is_none() {
                    return Err(unexpected(subject, "map[string]interface {}"));
                }
                let (Some(namespace), Some(kind)) = (subject.get("namespace"), subject.get("kind")) else { continue };
                if !tree::is_string(kind) {
                    return Err(unexpected(kind, "string"));
                }
                if tree::text(kind) != "ServiceAccount" {
                    continue;
                }
                if !tree::is_string(namespace) {
                    let message = format!("Invalid Input: namespace is blank for resource \"{own}\"\n");
                    return Err(Fail::at(namespace.span(), message));
                }
                namespaces.push(tree::text(namespace).to_owned());
            }
        }
        Ok(Self { own, namespaces })
    }

    fn covers(&self, other: &Candidate) -> bool {
        self.own.cluster
            || other.current.cluster
            || other.current.same_namespace(self.own)
            || self.namespaces.contains(&other.namespace)
    }
}

/// Refuses what names nothing: a mapping without `name`, a list in a list.
fn can_name(node: &Node) -> Outcome {
    match &node.value {
        Value::Map(_) if node.get("name").is_none() => {
            Err(Fail::at(node.span(), "path config error; no 'name' field in node"))
        }
        Value::Seq(items) => items.iter().try_for_each(|item| match &item.value {
            Value::Seq(_) => Err(Fail::at(item.span(), "a list is expected to be either a string or a map of string")),
            _ => can_name(item),
        }),
        _ => Ok(()),
    }
}

/// What is no subject makes Kustomize crash.
fn unexpected(node: &Node, wanted: &str) -> Fail {
    let found = match node.as_scalar().map(meaning::of) {
        None if node.as_map().is_some() => "map[string]interface {}",
        None => "[]interface {}",
        Some(Meaning::Null) => "nil",
        Some(Meaning::Bool(_)) => "bool",
        Some(Meaning::Int(_) | Meaning::Uint(_)) => "int",
        Some(Meaning::Float(_)) => "float64",
        Some(Meaning::Str(_)) => "string",
    };
    let message = format!("panic: interface conversion: interface {{}} is {found}, not {wanted}");
    Fail::at(node.span(), message)
}

fn role_ref(node: &Node, path: &str) -> Option<Gvk> {
    if !path.ends_with("roleRef/name") {
        return None;
    }
    let role = node.get("roleRef")?;
    Some(Gvk {
        group: tree::text(role.get("apiGroup")?).to_owned(),
        version: String::new(),
        kind: tree::text(role.get("kind")?).to_owned(),
    })
}

struct Finder<'f> {
    candidates: &'f [Candidate],
    by_name: &'f Seeded<&'f str, Vec<usize>>,
    reach: &'f Reach<'f>,
    referrer: &'f Candidate,
    target: &'f Gvk,
    role_ref: Option<Gvk>,
}

impl Finder<'_> {
    fn update(&self, node: &mut Node) -> Outcome {
        if tree::is_null(node) {
            return Ok(());
        }
        can_name(node)?;
        match Shape::of(node) {
            Shape::Scalar => self.update_scalar(node),
            Shape::Map => self.update_map(node),
            Shape::Seq => {
                for item in tree::items_mut(node).into_iter().flatten() {
                    if tree::is_null(item) {
                        continue;
                    }
                    match Shape::of(item) {
                        Shape::Scalar => self.update_scalar(item)?,
                        Shape::Map => self.update_map(item)?,
                        // Refused already.
                        Shape::Seq => {}
                    }
                }
                Ok(())
            }
        }
    }

    fn update_scalar(&self, node: &mut Node) -> Outcome {
        let same_name = |found: &[usize]| found.iter().all(|&at| self.name(at) == self.name(found[0]));
        let Some(at) = self.find(tree::text(node), |_| true, same_name)? else { return Ok(()) };
        if self.name(at) == tree::text(node) {
            return Ok(());
        }
        let origin = self.followed(&node.origin, at, 0);
        tree::overwrite(node, tree::untagged(self.name(at), origin))
    }

    fn update_map(&self, node: &mut Node) -> Outcome {
        let old = node.get("name").map_or("", tree::text).to_owned();
        let namespace = node.get("namespace").map(|node| tree::text(node).to_owned());
        // The namespace may be the one that the object had at first, or else the one that it has now.
        let by_original = namespace.as_ref().is_some_and(|namespace| {
            (0..self.candidates.len())
                .any(|at| self.can_reach(at) && self.candidates[at].original_namespace == *namespace)
        });
        let in_namespace = |at: usize| match &namespace {
            None => true,
            Some(namespace) if by_original => self.candidates[at].original_namespace == *namespace,
            Some(namespace) => self.candidates[at].current.effective_namespace() == namespace,
        };
        let same = |found: &[usize]| {
            let of = |at: usize| (self.name(at), &self.candidates[at].namespace);
            found.iter().all(|&at| of(at) == of(found[0]))
        };
        let Some(at) = self.find(&old, in_namespace, same)? else { return Ok(()) };
        let found = &self.candidates[at];
        if self.name(at) == old && found.namespace.is_empty() {
            return Ok(());
        }
        let origin = node.get("name").map_or(&node.origin, |name| &name.origin);
        let (name_origin, key_origin) = (self.followed(origin, at, 0), node.origin.clone());
        if self.name(at) != old {
            tree::put(node, "name", &key_origin, tree::untagged(self.name(at), name_origin))?;
        }
        if found.namespace.is_empty() {
            return Ok(());
        }
        if node.get("namespace").is_some_and(|node| tree::text(node) == found.namespace) {
            return Ok(());
        }
        let origin = match node.get("namespace") {
            Some(old) => self.followed(&old.origin, at, 1),
            None => self.candidates[at].origins[1].clone().unwrap_or_else(|| node.origin.clone()),
        };
        tree::put(node, "namespace", &key_origin, tree::untagged(found.namespace.as_str(), origin))
    }

    fn name(&self, at: usize) -> &str {
        &self.candidates[at].current.name
    }

    /// The place of a reference, and behind it what gave its target the name.
    fn followed(&self, origin: &Origin, at: usize, which: usize) -> Origin {
        match &self.candidates[at].origins[which] {
            Some(target) => tree::joined(origin, &[&tree::in_role(target, Role::Transformer)]),
            None => origin.clone(),
        }
    }

    fn can_reach(&self, at: usize) -> bool {
        self.reach.covers(&self.candidates[at])
    }

    fn find(
        &self,
        old: &str,
        fits: impl Fn(usize) -> bool,
        identical: impl Fn(&[usize]) -> bool,
    ) -> Result<Option<usize>, Fail> {
        let Some(named) = self.by_name.get(old) else { return Ok(None) };
        let own = &self.referrer.current;
        let mut found: Vec<usize> = named
            .iter()
            .copied()
            .filter(|&at| self.can_reach(at) && fits(at))
            .filter(|&at| self.candidates[at].former.iter().any(|id| id.gvk.is_selected_by(self.target)))
            .filter(|&at| {
                let role = self.role_ref.as_ref();
                role.is_none_or(|role| self.candidates[at].former.iter().any(|id| id.gvk.is_selected_by(role)))
            })
            .filter(|&at| {
                let current = &self.candidates[at].current;
                own.cluster || current.cluster || current.gvk.kind == "ServiceAccount" || own.same_namespace(current)
            })
            .collect();
        if let [only] = found[..] {
            return Ok(Some(only));
        }
        let affixes = |at: usize, lenient: bool| {
            let other = &self.candidates[at];
            let fits = |a: &[String], b: &[String]| (lenient && (a.is_empty() || b.is_empty())) || same_ending(a, b);
            fits(&other.prefixes, &self.referrer.prefixes) && fits(&other.suffixes, &self.referrer.suffixes)
        };
        found.retain(|&at| affixes(at, true));
        if found.len() > 1 {
            found.retain(|&at| affixes(at, false));
        }
        match found[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            [first, ..] if identical(&found) => Ok(Some(first)),
            _ => {
                let ids: Vec<String> = found.iter().map(|&at| self.candidates[at].current.to_string()).collect();
                Err(Fail::new(format!("found multiple possible referrals: {}", ids.join(", "))))
            }
        }
    }
}

/// Whether the shorter list ends the longer one; an empty one only another empty one.
fn same_ending(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}
