//! Applications whose framework runs a migration tool when they start (Spring Boot, Quarkus, Micronaut), as their variables and
//! arguments say.

use std::collections::BTreeSet;

use super::{Container, EnvHolds, Facts, Sources, Way, Workload, addresses, evidence};
use crate::catalog::{Embedded, Tool};
use crate::finding::{Certainty, Evidence};
use crate::yaml::Origin;

/// The tool that a container's framework runs, with what says so.
pub fn of(sources: &Sources, container: &Container) -> Option<(&'static Tool, &'static Embedded, Evidence)> {
    if runs_something_else(sources, container) {
        return None;
    }
    sources.catalog.tools().iter().find_map(|tool| {
        let (framework, said) = tool.embedded.iter().find_map(|one| Some((one, says(container, one, &tool.name)?)))?;
        Some((tool, framework, said))
    })
}

/// What says that a framework runs its tool. A switch counts before what the tool is told beside it.
fn says(container: &Container, framework: &Embedded, tool: &str) -> Option<Evidence> {
    if let Some((on, text, origin)) = switched(container, &framework.switch) {
        return on.then(|| evidence(origin, format!("{text} has the application run {tool} when it starts")));
    }
    let prefix = framework.prefix.as_deref()?;
    let told = container.env.iter().find(|variable| variable.name.starts_with(prefix))?;
    // It may be left over, and the switch may be in the application's own files.
    let text = format!("variable `{}` is for {tool}, which the application runs when it starts", told.name);
    Some(Evidence { certainty: Certainty::Inferred, ..evidence(&told.origin, text) })
}

/// What a switch is set to, by what, and where: the arguments count before options of the virtual machine in variables, and
/// these before the variable itself.
fn switched<'c>(container: &'c Container, switch: &str) -> Option<(bool, String, &'c Origin)> {
    let texts = || {
        container.env.iter().filter_map(|variable| match &variable.value {
            EnvHolds::Text(text) => Some((variable, text)),
            _ => None,
        })
    };
    let in_words = container.words.iter().map(|word| (word, "an argument".to_owned()));
    let in_options = texts().map(|(variable, text)| (text, format!("variable `{}`", variable.name)));
    for (text, what) in in_words.chain(in_options) {
        if let Some(value) =
            options(&text.value).filter(|(name, _)| is_same(name, switch)).map(|(_, value)| value).last()
        {
            return Some((is_true(value), what, &text.origin));
        }
    }
    let variable = container.env.iter().find(|variable| is_same(&variable.name, switch))?;
    let on = matches!(&variable.value, EnvHolds::Text(text) if is_true(&text.value));
    Some((on, format!("variable `{}`", variable.name), &variable.origin))
}

/// `--name=value` and `-Dname=value` in a text.
fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    words.filter_map(|word| word.strip_prefix("--").or_else(|| word.strip_prefix("-D"))?.split_once('='))
}

/// Whether a property is the one of a variable: `spring.flyway.enabled` of `SPRING_FLYWAY_ENABLED`.
fn is_same(property: &str, variable: &str) -> bool {
    fn plain(name: &str) -> impl Iterator<Item = u8> + '_ {
        name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase())
    }
    plain(property).eq(plain(variable))
}

/// What the frameworks take for true.
fn is_true(value: &str) -> bool {
    ["true", "yes", "on", "1"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// Whether a container that shares the application's variables runs another program: a client, or a script that waits.
fn runs_something_else(sources: &Sources, container: &Container) -> bool {
    let words: Vec<&str> = container.words.iter().map(|word| word.value.as_str()).collect();
    let all =
        || words.iter().flat_map(|word| word.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '"' | '\'')));
    let starts = |word: &str| {
        let is_file = word.ends_with(".sh") || word.ends_with(".jar") || word.starts_with("./");
        is_file || word == "exec" || word.rsplit('/').next() == Some("java")
    };
    if words.is_empty() || all().any(starts) {
        return false;
    }
    let waits = all().any(|word| matches!(word, "until" | "while")) && all().any(|word| word == "sleep");
    let program = words[0].rsplit('/').next();
    waits || sources.catalog.tools().iter().any(|tool| tool.client.is_some() && program == Some(tool.id.as_str()))
}

/// The databases that the framework's tool migrates, of those to which an application connects: the one that its own variables
/// name, else the only one. Nothing where there are several.
pub fn own(
    facts: &Facts,
    workload: &Workload,
    position: usize,
    framework: &Embedded,
    all: BTreeSet<&str>,
) -> BTreeSet<String> {
    let said = framework.database.iter().map(|name| named(facts, workload, position, name));
    match said.into_iter().find(|named| !named.is_empty()) {
        Some(named) => named,
        None if all.len() == 1 => all.into_iter().map(str::to_owned).collect(),
        None => BTreeSet::new(),
    }
}

/// The databases that a variable names, by its text or as what the key of a Secret in it opens.
fn named(facts: &Facts, workload: &Workload, position: usize, variable: &str) -> BTreeSet<String> {
    let texts = workload.containers[position].env.iter().filter(|one| *one.name == *variable);
    let urls = texts.flat_map(|one| match &one.value {
        EnvHolds::Text(text) => addresses::databases(&text.value),
        _ => Vec::new(),
    });
    let by_url = urls.filter_map(|url| url.database_name().map(str::to_owned));
    let grants = workload.grants.iter().filter(|grant| {
        grant.container == Some(position) && matches!(&grant.way, Way::Env(name) if **name == *variable)
    });
    let by_secret = grants.filter_map(|grant| facts.secrets[grant.secret.0].database_for(grant)?.database.clone());
    by_url.chain(by_secret).collect()
}
