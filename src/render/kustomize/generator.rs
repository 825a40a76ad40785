//! ConfigMaps and Secrets made from files, literals and env files, and the hash that ends their names.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::build::Build;
use super::fail::{Fail, Outcome};
use super::files::Loader;
use super::json;
use super::kustomization::{Generator, GeneratorOptions};
use super::nodes;
use super::object::{Behavior, Object};
use super::parse::Flaw;
use super::resmap::ResMap;
use super::tree;
use crate::discover::Content;
use crate::finding::Gap;
use crate::source::{FileId, Span};
use crate::yaml::{Entry, Node, Origin, Role, Scalar, Style, Value};

/// A key with its bytes, and what wrote it.
struct Pair {
    key: Arc<str>,
    value: Content,
    origin: Origin,
}

/// Makes the object of one generator.
pub(super) fn generate(
    loader: &Loader<'_>,
    generator: &Generator,
    global: Option<&GeneratorOptions>,
    secret: bool,
) -> Result<Object, Fail> {
    let span = generator.span.unwrap_or(Span::new(FileId(0), 0, 0));
    let origin = Origin::of(Role::Generator, span);
    let Some(name) = &generator.name else { return Err(Fail::at(span, "a configmap must have a name")) };
    let generated = |node: &Node| Node::string(tree::text(node), tree::in_role(&node.origin, Role::Generator));
    let entry = |key: &str, value: Node| Entry { key: key.into(), key_origin: value.origin.clone(), value };
    let mut meta = vec![entry("name", generated(name))];
    if let Some(namespace) = &generator.namespace {
        meta.push(entry("namespace", generated(namespace)));
    }
    let options = merged_options(generator.options.as_ref(), global);
    for (field, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        let pairs = pairs.as_deref().unwrap_or_default();
        if !pairs.is_empty() {
            let made = pairs.iter().map(|pair| Entry {
                key: Arc::clone(&pair.key),
                key_origin: tree::in_role(&pair.key_origin, Role::Generator),
                value: generated(&pair.value),
            });
            meta.push(entry(field, Node::map(made.collect(), origin.clone())));
        }
    }
    let kind = if secret { "Secret" } else { "ConfigMap" };
    let mut top = vec![
        entry("apiVersion", Node::string("v1", origin.clone())),
        entry("kind", Node::string(kind, origin.clone())),
        entry("metadata", Node::map(meta, origin.clone())),
    ];
    if secret {
        let made = generator.kind.as_ref().map_or_else(|| Node::string("Opaque", origin.clone()), generated);
        top.push(entry("type", made));
    }
    let pairs = pairs(loader, generator).map_err(|fail| fail.within("loading KV pairs").or_at(span))?;
    let mut data: Vec<Entry> = Vec::new();
    let mut binary: Vec<Entry> = Vec::new();
    let mut keys: HashSet<Arc<str>> = HashSet::new();
    for Pair { key, value, origin } in pairs {
        loader.shared.budget.bytes(value.bytes().len())?;
        if !keys.insert(Arc::clone(&key)) {
            let message = format!("configmap {} illegally repeats the key `{key}`", tree::text(name));
            return Err(Fail::at(origin.anchor(), message));
        }
        let (list, text) = match value {
            Content::Text(text) if !secret => (&mut data, text),
            value => (if secret { &mut data } else { &mut binary }, wrapped_base64(value.bytes()).into()),
        };
        list.push(Entry { key, key_origin: origin.clone(), value: block(text, origin) });
    }
    for (field, mut entries) in [("data", data), ("binaryData", binary)] {
        if !entries.is_empty() || (secret && field == "data") {
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            top.push(entry(field, Node::map(entries, origin.clone())));
        }
    }
    if let Some(immutable) = &options.immutable {
        top.push(entry("immutable", Node::plain("true", tree::in_role(&immutable.origin, Role::Generator))));
    }
    let made = Node::map(top, origin);
    let labels = made.at(&["metadata", "labels"]).and_then(Node::as_map).map_or(&[][..], |map| &map.entries);
    let keys = ["data", "binaryData"].into_iter().flat_map(|field| made.entries(field)).chain(labels);
    let flaws = keys.filter(|entry| tree::is_unwritable_key(&entry.key)).map(|e| Flaw::key(e.key_origin.anchor()));
    let flaws = flaws.collect();
    let mut object = Object::new(made, flaws);
    object.notes.behavior = match Behavior::named(&generator.behavior) {
        Behavior::Unspecified => Behavior::Unspecified,
        known => known,
    };
    object.notes.wants_hash = !options.disable_hash;
    Ok(object)
}

/// A text as Kustomize makes it: several lines stand in a block.
fn block(text: Arc<str>, origin: Origin) -> Node {
    let style = if text.contains('\n') { Style::Literal } else { Style::DoubleQuoted };
    Node { value: Value::Scalar(Scalar { text, style, tag: None }), origin }
}

/// The options of a generator with what is said for all; its own win.
fn merged_options(own: Option<&GeneratorOptions>, global: Option<&GeneratorOptions>) -> GeneratorOptions {
    let mut options = own.cloned().unwrap_or_default();
    let Some(global) = global else { return options };
    for (into, from) in [(&mut options.labels, &global.labels), (&mut options.annotations, &global.annotations)] {
        let Some(from) = from else { continue };
        let into = into.get_or_insert_default();
        for entry in from {
            if !into.iter().any(|known| known.key == entry.key) {
                into.push(entry.clone());
            }
        }
        into.sort_by(|a, b| a.key.cmp(&b.key));
    }
    options.disable_hash |= global.disable_hash;
    if options.immutable.is_none() {
        options.immutable.clone_from(&global.immutable);
    }
    options
}

fn pairs(loader: &Loader<'_>, generator: &Generator) -> Result<Vec<Pair>, Fail> {
    let listed = |nodes: &[Node]| nodes.iter().map(tree::text).collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for env in &generator.envs {
        env_pairs(loader, env, &mut found)
            .map_err(|fail| fail.within(format!("env source files: [{}]", listed(&generator.envs))))?;
    }
    for literal in &generator.literals {
        let origin = tree::in_role(&literal.origin, Role::Generator);
        let text = tree::text(literal);
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                found.push(Pair { key: key.into(), value: Content::Text(unquoted(value).into()), origin });
            }
            // The literal may be a secret, so it is not shown.
            _ => return Err(Fail::at(literal.span(), "a literal is not `key=value`: invalid literal source")),
        }
    }
    for file in &generator.files {
        let within = |fail: Fail| fail.within(format!("file sources: [{}]", listed(&generator.files)));
        let (key, path) = file_source(tree::text(file)).map_err(|fail| within(fail.or_at(file.span())))?;
        let loaded = loader.load(path).map_err(|fail| within(fail.or_at(file.span())))?;
        let whole = Origin::of(Role::Generator, loaded.whole());
        let origin = tree::joined(&whole, &[&tree::in_role(&file.origin, Role::Generator)]);
        found.push(Pair { key: key.into(), value: loaded.content, origin });
    }
    Ok(found)
}

fn env_pairs(loader: &Loader<'_>, env: &Node, found: &mut Vec<Pair>) -> Outcome {
    let loaded = loader.load(tree::text(env)).map_err(|fail| fail.or_at(env.span()))?;
    let mut start = 0;
    for (number, raw) in loaded.content.bytes().split(|&b| b == b'\n').enumerate() {
        let at = start;
        start += raw.len() + 1;
        let line = raw.strip_suffix(b"\r").unwrap_or(raw);
        let span = Span::new(loaded.file, at, at + line.len());
        let Ok(line) = std::str::from_utf8(line) else {
            return Err(Fail::at(span, format!("line {} has invalid utf8 bytes", number + 1)));
        };
        let line = if number == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if key.is_empty() {
            continue;
        }
        let origin = Origin::of(Role::Generator, span);
        let origin = tree::joined(&origin, &[&tree::in_role(&env.origin, Role::Generator)]);
        found.push(Pair { key: key.into(), value: Content::Text(value.into()), origin });
    }
    Ok(())
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// `key=path`, or a path whose last part is the key.
fn file_source(source: &str) -> Result<(&str, &str), Fail> {
    match source.matches('=').count() {
        0 => Ok((source.trim_end_matches('/').rsplit('/').next().unwrap_or(source), source)),
        1 => match source.split_once('=') {
            Some(("", path)) => Err(Fail::new(format!("missing key name for file path {path:?} in source {source:?}"))),
            Some((key, "")) => Err(Fail::new(format!("missing file path for key name {key:?} in source {source:?}"))),
            Some(both) => Ok(both),
            None => Ok((source, source)),
        },
        _ => Err(Fail::new(format!("source {source:?} key name or file path contains '='"))),
    }
}

/// Base64 in lines of 70.
fn wrapped_base64(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    if text.len() < 70 {
        return text;
    }
    let mut wrapped = String::with_capacity(text.len() + text.len() / 70 + 1);
    for (at, c) in text.char_indices() {
        if at > 0 && at % 70 == 0 {
            wrapped.push('\n');
        }
        wrapped.push(c);
    }
    wrapped.push('\n');
    wrapped
}

/// Ends the names of generated objects with the hash of what they hold. Where that of another kind is not known, it is a gap, and
/// the name stays without it.
pub(super) fn add_hashes(map: &mut ResMap, build: &Build<'_>, loader: &Loader<'_>) -> Outcome {
    let mut encoded = Vec::new();
    for object in map.list.iter_mut().filter(|object| object.wants_hash()) {
        let hash = if matches!(object.kind(), "ConfigMap" | "Secret") {
            Some(hash(object, &mut encoded))
        } else {
            nodes::json(object, loader)?.map(|json| name_of(&Sha256::digest(json)))
        };
        let Some(hash) = hash else {
            let message =
                format!("the hash that ends the name of {} `{}` is not worked out", object.kind(), object.name());
            build.gap(Gap::new("unknown-hash", message).at(object.node.span()));
            continue;
        };
        object.remember_name();
        let name = format!("{}-{hash}", object.name());
        let origin = object.node.at(&["metadata", "name"]).unwrap_or(&object.node).origin.clone();
        object.set_name(&name, origin)?;
    }
    Ok(())
}

/// The hash of what a generated object holds; the buffer is for pieces of the text that it is taken of.
fn hash(object: &Object, encoded: &mut Vec<u8>) -> String {
    let mut hasher = Sha256::new();
    let mut drain = |encoded: &mut Vec<u8>| {
        hasher.update(&*encoded);
        encoded.clear();
    };
    let mut field = |key: &str, encoded: &mut Vec<u8>| match object.node.get(key) {
        None => encoded.extend_from_slice(b"\"\""),
        Some(node) => match node.as_scalar() {
            Some(scalar) => json::string(&scalar.text, encoded, &mut drain),
            None => json::write(node, encoded, &mut drain),
        },
    };
    let is_map = |key: &str| object.node.get(key).is_some_and(|node| node.as_map().is_some());
    let secret = object.kind() == "Secret";
    encoded.clear();
    encoded.push(b'{');
    if !secret && is_map("binaryData") {
        encoded.extend_from_slice(b"\"binaryData\":");
        field("binaryData", encoded);
        encoded.push(b',');
    }
    encoded.extend_from_slice(b"\"data\":");
    field("data", encoded);
    encoded.extend_from_slice(if secret { b",\"kind\":\"Secret\"" } else { b",\"kind\":\"ConfigMap\"" });
    encoded.extend_from_slice(b",\"name\":\"\"");
    if secret {
        if is_map("stringData") {
            encoded.extend_from_slice(b",\"stringData\":");
            field("stringData", encoded);
        }
        encoded.extend_from_slice(b",\"type\":");
        field("type", encoded);
    }
    encoded.push(b'}');
    hasher.update(&*encoded);
    name_of(&hasher.finalize())
}

/// The letters for the beginning of a digest.
fn name_of(digest: &[u8]) -> String {
    let hex: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let letter = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    hex.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_wrapped_only_when_long() {
        assert_eq!(wrapped_base64(b"hello"), "aGVsbG8=");
        let long = wrapped_base64(&[0; 60]);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [70, 10]);
        assert!(long.ends_with('\n'));
    }

    #[test]
    fn sources_of_files_name_a_key_or_not() {
        assert_eq!(file_source("conf/app.ini").unwrap(), ("app.ini", "conf/app.ini"));
        assert_eq!(file_source("key=conf/app.ini").unwrap(), ("key", "conf/app.ini"));
        assert!(file_source("=x").is_err());
        assert!(file_source("a=b=c").is_err());
    }
}
