//! Secrets that programs may make: Jobs those that the script names, or any of the namespace where it shows none of what it does;
//! servers the one that they do without at their start.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use super::index::may_become;
use crate::facts::{EnvHolds, Right, Way, Workload, WorkloadRole};

/// Programs by which a script shows what it makes.
const CLIENTS: [&str; 5] = ["kubectl", "oc", "curl", "wget", "--secret-name"];

/// Words after which `kubectl` or a manifest has the name.
const BEFORE_NAMES: [&str; 4] = ["generic", "tls", "docker-registry", "name"];

/// What all programs together may make.
#[derive(Debug, Default)]
pub struct SecretsOfPrograms {
    by_namespace: BTreeMap<String, Made>,
    /// What Jobs name that may create Secrets in every namespace.
    anywhere: Made,
}

#[derive(Debug, Default)]
struct Made {
    any: bool,
    names: BTreeSet<String>,
    /// Names that the script composes: the parts around what it fills in.
    composed: BTreeSet<Vec<String>>,
}

impl SecretsOfPrograms {
    /// Whether one of them may make a Secret.
    pub fn may_make(&self, namespace: &str, name: &str) -> bool {
        self.anywhere.has(name) || self.by_namespace.get(namespace).is_some_and(|made| made.has(name))
    }
}

impl Made {
    fn has(&self, name: &str) -> bool {
        self.any || self.names.contains(name) || self.composed.iter().any(|parts| may_become(parts, name))
    }

    fn add(&mut self, said: &Said) {
        self.names.extend(said.names.iter().cloned());
        self.composed.extend(said.composed.iter().cloned());
    }
}

impl Graph {
    /// What programs may make whose accounts may create Secrets.
    pub fn secrets_of_programs(&self) -> SecretsOfPrograms {
        let mut all = SecretsOfPrograms::default();
        let jobs = |role| matches!(role, WorkloadRole::Hook | WorkloadRole::Scheduled);
        for (id, workload) in self.workloads().filter(|(_, workload)| jobs(workload.role)) {
            let rights: Vec<&Right> = self.rights_of(id).into_iter().filter(|right| is_on_secrets(right)).collect();
            let creating: Vec<&&Right> = rights.iter().filter(|right| says(&right.verbs, "create")).collect();
            if creating.is_empty() {
                continue;
            }
            let mut said = Said::of(workload);
            said.names.extend(rights.iter().flat_map(|right| &right.names).cloned());
            for right in creating {
                let own = &self.object(workload.object).namespace;
                let made = all.by_namespace.entry(right.within.as_ref().unwrap_or(own).to_string()).or_default();
                if !right.names.is_empty() {
                    made.names.extend(right.names.iter().cloned());
                    continue;
                }
                made.any |= !said.shows;
                made.add(&said);
                if right.within.is_none() && said.shows {
                    all.anywhere.add(&said);
                }
            }
        }
        self.add_servers(&mut all);
        all
    }

    /// What runs without a Secret and may create Secrets makes it: certificates of webhooks, for the most part.
    fn add_servers(&self, all: &mut SecretsOfPrograms) {
        for (id, workload) in self.workloads().filter(|(_, workload)| workload.role == WorkloadRole::Service) {
            let mut spared = workload.grants.iter().filter(|grant| grant.optional && grant.way != Way::Pull).peekable();
            if spared.peek().is_none() {
                continue;
            }
            let own = &self.object(workload.object).namespace;
            let creates = |right: &&Right| {
                let here = right.within.as_ref().is_none_or(|within| within == own);
                here && right.names.is_empty() && is_on_secrets(right) && says(&right.verbs, "create")
            };
            if self.rights_of(id).iter().any(creates) {
                let made = all.by_namespace.entry(own.to_string()).or_default();
                made.names.extend(spared.map(|grant| self.secret(grant.secret).name.to_string()));
            }
        }
    }
}

fn says(words: &[String], wanted: &str) -> bool {
    words.iter().any(|word| word == wanted || word == "*")
}

fn is_on_secrets(right: &Right) -> bool {
    says(&right.groups, "") && says(&right.resources, "secrets")
}

/// What a workload's command, arguments and variables have that may be the name of a Secret.
#[derive(Default)]
struct Said {
    /// Whether it shows what it does with Secrets.
    shows: bool,
    names: BTreeSet<String>,
    composed: BTreeSet<Vec<String>>,
}

impl Said {
    fn of(workload: &Workload) -> Self {
        let mut said = Self::default();
        let (mut client, mut secrets) = (false, false);
        for container in &workload.containers {
            let text_of = |name: &str| {
                let variable = container.env.iter().find(|variable| variable.name == name)?;
                if let EnvHolds::Text(text) = &variable.value { Some(&text.value) } else { None }
            };
            let mut before = "";
            for word in container.words.iter().flat_map(|word| words(&word.value)) {
                client |= CLIENTS.iter().any(|client| word.rsplit('/').next() == Some(client));
                secrets |= word.to_ascii_lowercase().contains("secret");
                for part in word.split('/') {
                    let whole = part.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
                    // What a variable of the pod says is read with the others.
                    if whole.and_then(text_of).is_none() {
                        said.note(part, BEFORE_NAMES.contains(&before));
                    }
                }
                before = word;
            }
            for variable in &container.env {
                if let EnvHolds::Text(text) = &variable.value {
                    said.names.extend(words(&text.value).map(str::to_owned));
                }
            }
        }
        said.shows = client && secrets;
        said
    }

    /// A part of a word; one that is filled in as a whole counts where a name comes.
    fn note(&mut self, part: &str, names: bool) {
        let parts = around_variables(part);
        if parts.len() == 1 {
            self.names.insert(part.trim_matches(['.', '{', '}']).to_owned());
        } else if names || parts.iter().any(|part| part.bytes().any(|b| b.is_ascii_alphanumeric())) {
            self.composed.insert(parts);
        }
    }
}

/// The words of a command: names, options, paths, variables.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_' | '/' | '$' | '{' | '}');
    text.split(ends).filter(|word| !word.is_empty())
}

/// The parts of a word around the variables of a shell in it. One part: there are none.
fn around_variables(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('$') {
        let end = if after.starts_with('{') {
            after.find('}').map_or(after.len(), |close| close + 1)
        } else {
            after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())
        };
        rest = &after[end..];
        if let Some(last) = parts.last_mut() {
            last.push_str(before);
        }
        if end > 0 {
            parts.push(String::new());
        }
    }
    if let Some(last) = parts.last_mut() {
        last.push_str(rest.trim_end_matches('}'));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_stands_around_its_variables() {
        let cases: [(&str, &[&str]); 6] = [
            ("orders-db", &["orders-db"]),
            ("${APP}-db", &["", "-db"]),
            ("db-$ENV", &["db-", ""]),
            ("$A-$B", &["", "-", ""]),
            ("$", &[""]),
            ("$X}", &["", ""]),
        ];
        for (word, parts) in cases {
            assert_eq!(around_variables(word), parts, "{word}");
        }
    }
}
