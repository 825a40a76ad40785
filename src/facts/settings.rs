//! What a migration tool was told, by Flyway's names, from variables, arguments and mounted files.

use super::objects::Objects;
use super::{Container, EnvHolds, Object, Setting, Sources, places};
use crate::k8s::workload::Source;
use crate::sql::{flyway, parse_url};
use crate::yaml::Origin;

/// What stands before Flyway's names in the variables of frameworks.
const FRAMEWORKS: [&str; 2] = ["SPRING_", "QUARKUS_"];

/// The settings of a container; where one is said twice, the stronger place wins: arguments, variables, files.
pub fn of(sources: &Sources, container: &Container, object: &Object, objects: &Objects) -> Vec<Setting> {
    let mut found: Vec<Setting> = Vec::new();
    for word in &container.words {
        let mut end = 0;
        let parts = std::cell::LazyCell::new(|| objects.parts(word));
        for argument in word.value.split_ascii_whitespace() {
            let begin = end + word.value[end..].find(argument).unwrap_or(0);
            end = begin + argument.len();
            if let Some(entry) = flyway::key_of_argument(argument) {
                found.push(setting(entry, parts.origin(begin..end)));
            }
        }
    }
    for variable in &container.env {
        // A framework that has Flyway in it hands the same settings on.
        let own = |prefix: &&str| variable.name.strip_prefix(*prefix).filter(|rest| rest.starts_with("FLYWAY_"));
        let name = FRAMEWORKS.iter().find_map(own).unwrap_or(&variable.name);
        let Some(name) = flyway::key_of_env(name) else { continue };
        if let EnvHolds::Text(text) = &variable.value {
            let (value, url) = (text.value.clone(), parse_url(&text.value));
            found.push(Setting { name: name.into(), value, url: url.map(Box::new), origin: text.origin.clone() });
        }
    }
    found.extend(files(container, object, objects));
    let mut kept: Vec<Setting> = Vec::new();
    for setting in found {
        if !kept.iter().any(|known| known.name == setting.name) {
            kept.push(setting);
        }
    }
    // Of an address that a template composed, the place counts that says who logs on: what it names is looked for apart.
    for setting in &mut kept {
        if let Some(user) = setting.url.as_ref().and_then(|url| url.user.as_ref()?.text.as_deref()) {
            setting.origin = places::of_user(sources, &setting.origin, user);
        }
    }
    kept.shrink_to_fit();
    kept
}

fn setting(entry: flyway::Entry, origin: Origin) -> Setting {
    Setting {
        name: entry.key.into(),
        value: entry.text.unwrap_or_default().into(),
        url: entry.url.map(Box::new),
        origin,
    }
}

/// Mounted `flyway.conf`, `flyway.toml` and their kin.
fn files(container: &Container, object: &Object, objects: &Objects) -> Vec<Setting> {
    let mut found = Vec::new();
    for mount in container.mounts.iter().filter(|mount| mount.source == Source::ConfigMap) {
        for entry in objects.config_map(&object.namespace, &mount.name.value).unwrap_or_default() {
            if mount.sub_path.as_ref().is_some_and(|path| path.value != *entry.key) {
                continue;
            }
            let Some(config) = entry.value.as_text().and_then(|text| read(&entry.key, text)) else { continue };
            for told in config.entries {
                let origin = objects.origin_within(&entry.value, told.span.clone());
                found.push(setting(told, origin));
            }
        }
    }
    found
}

/// Reads a file of Flyway's settings; `None` if its name is none of one.
pub fn read(name: &str, text: &str) -> Option<flyway::Config> {
    let name = name.to_ascii_lowercase();
    if !name.contains("flyway") {
        return None;
    }
    if name.ends_with(".toml") {
        return Some(flyway::read_toml(text));
    }
    (name.ends_with(".conf") || name.ends_with(".properties")).then(|| flyway::read_properties(text))
}
