//! The configuration `schemaward.yaml`: what it means. Useful with none of it.
//!
//! `file` is what may be written, `allow` decides which findings count. Nothing here opens a file, and nothing takes a
//! finding away: what the configuration accepts is reported as suppressed, with the line that says so.

use std::collections::BTreeMap;

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

use crate::budget::Budget;
use crate::discover::{ReadError, Repository};
use crate::finding::Severity;
use crate::source::{FileId, RepoPath, SourceMap, Span};
use crate::yaml::{self, Entry, Node};

mod allow;
mod file;

pub use file::{Aspect, Emulate, File, Level, Repository as OtherRepository};

/// Where a configuration is looked for.
pub const NAME: &str = "schemaward.yaml";

/// A configuration that was given by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name to show.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Why a configuration is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is there, but not readable.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// It says something that is not understood.
    #[error("{name}:{line}:{column}: {message}")]
    Broken {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

/// What counts.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The day by which allowances expire, as `YYYY-MM-DD`; without one, none does.
    pub today: Option<String>,
    file: File,
    ignored: GlobSet,
    environments: Vec<Environment>,
    owners: Vec<Owner>,
    secrets: Vec<Secret>,
    services: GlobSet,
    severities: BTreeMap<String, (Option<Severity>, Span)>,
    allowances: Vec<allow::Allowance>,
    intended: Vec<Intended>,
    tree: Option<Node>,
}

/// A difference between the environments of a component that is meant.
#[derive(Debug, Clone)]
pub struct Intended {
    /// Why.
    pub reason: String,
    /// Where it is said.
    pub span: Span,
    component: GlobMatcher,
    aspects: Vec<Aspect>,
    environments: Option<GlobSet>,
}

impl Intended {
    /// Whether it speaks of this side of a component.
    pub fn speaks_of(&self, component: &str, aspect: Aspect) -> bool {
        self.component.is_match(component) && (self.aspects.is_empty() || self.aspects.contains(&aspect))
    }

    /// Whether this environment may differ from the others.
    pub fn lets(&self, environment: &str) -> bool {
        self.environments.as_ref().is_none_or(|globs| globs.is_match(environment))
    }
}

#[derive(Debug, Clone)]
struct Environment {
    name: String,
    labels: Vec<(String, GlobMatcher)>,
    namespaces: GlobSet,
    clusters: GlobSet,
    paths: GlobSet,
}

#[derive(Debug, Clone)]
struct Owner {
    database: Option<GlobMatcher>,
    schema: Option<GlobMatcher>,
    owner: String,
}

#[derive(Debug, Clone)]
struct Secret {
    name: GlobMatcher,
    namespace: Option<GlobMatcher>,
    keys: Vec<String>,
}

/// What an Application says of where it belongs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whereabouts<'a> {
    /// Its labels.
    pub labels: &'a [(&'a str, &'a str)],
    /// The destination namespace.
    pub namespace: Option<&'a str>,
    /// The destination cluster, by name or server.
    pub cluster: Option<&'a str>,
    /// The paths of its sources.
    pub paths: &'a [&'a str],
}

/// The JSON schema of the configuration.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(File)
}

/// Reads a day, `YYYY-MM-DD`, and gives it back as it is to be written.
pub fn parse_date(text: &str) -> Result<String, String> {
    let day: Result<jiff::civil::Date, _> = text.parse();
    match day {
        // Other spellings of ISO 8601 would not compare as text.
        Ok(day) if day.to_string() == text => Ok(text.to_owned()),
        _ => Err("not a day like 2026-12-31".to_owned()),
    }
}

impl Config {
    /// The configuration given by hand, or else that of the repository, or else none.
    pub fn load(repository: &Repository, given: Option<&Source>) -> Result<Self, ConfigError> {
        if let Some(source) = given {
            return Self::read(source, repository.sources());
        }
        let Ok(path) = RepoPath::new(NAME) else { return Ok(Self::default()) };
        let Some(id) = repository.id(&path) else { return Ok(Self::default()) };
        let text = repository.read(&path)?;
        Self::parse(NAME, &text, id)
    }

    /// Reads a configuration that was given by hand.
    pub fn read(source: &Source, sources: &SourceMap) -> Result<Self, ConfigError> {
        let file_name = source.name.rsplit(['/', '\\']).next().unwrap_or(NAME);
        let path =
            RepoPath::new(&source.name).or_else(|_| RepoPath::new(file_name)).unwrap_or_else(|_| RepoPath::root());
        let id = sources.add(path, source.text.as_str());
        Self::parse(&source.name, &source.text, id)
    }

    fn parse(name: &str, text: &str, id: FileId) -> Result<Self, ConfigError> {
        let reader = Reader { name, text, id };
        let file = reader.file()?;
        let mut config = Self {
            ignored: reader.globs(&file.ignore, true)?,
            services: reader.globs(&file.external.services, false)?,
            tree: yaml::parse(id, text, &Budget::default()).documents.into_iter().next().map(|document| document.root),
            ..Self::default()
        };
        for (name, environment) in &file.environments {
            let labels = environment.labels.iter();
            config.environments.push(Environment {
                name: name.clone(),
                labels: labels.map(|(key, glob)| reader.named(key, glob)).collect::<Result<_, _>>()?,
                namespaces: reader.globs(&environment.namespaces, false)?,
                clusters: reader.globs(&environment.clusters, false)?,
                paths: reader.globs(&environment.paths, true)?,
            });
        }
        for owner in &file.owners {
            config.owners.push(Owner {
                database: owner.database.as_deref().map(|glob| reader.glob(glob)).transpose()?,
                schema: owner.schema.as_deref().map(|glob| reader.glob(glob)).transpose()?,
                owner: owner.owner.clone(),
            });
        }
        for secret in &file.external.secrets {
            config.secrets.push(Secret {
                name: reader.glob(&secret.name)?,
                namespace: secret.namespace.as_deref().map(|glob| reader.glob(glob)).transpose()?,
                keys: secret.keys.clone(),
            });
        }
        for (rule, level) in &file.severities {
            let severity = match level.value {
                Level::Error => Some(Severity::Error),
                Level::Warning => Some(Severity::Warning),
                Level::Info => Some(Severity::Info),
                Level::Off => None,
            };
            config.severities.insert(rule.clone(), (severity, reader.span(level)));
        }
        for allow in &file.allow {
            config.allowances.push(reader.allowance(allow)?);
        }
        for difference in &file.differences {
            config.intended.push(reader.intended(difference)?);
        }
        config.file = file;
        Ok(config)
    }

    /// Refuses rules that there are not: a misspelled one would be without effect.
    pub fn check_rules(&self, sources: &SourceMap, known: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
        let named = self.severities.iter().map(|(rule, (_, span))| (rule, *span));
        let allowed = self.allowances.iter().map(|allowance| (&allowance.rule, allowance.span));
        let Some((rule, span)) = named.chain(allowed).find(|(rule, _)| !known(rule)) else { return Ok(()) };
        let place = sources.place(span);
        let message = format!("there is no rule `{rule}`");
        Err(ConfigError::Broken { name: place.path.to_string(), line: place.line, column: place.column, message })
    }

    /// Paths that do not count.
    pub fn ignored(&self) -> &GlobSet {
        &self.ignored
    }

    /// The environment that the configuration gives to an Application; of several, the first by name.
    pub fn environment_of(&self, whereabouts: &Whereabouts<'_>) -> Option<&str> {
        let belongs = |environment: &&Environment| {
            let label = |(key, glob): &(String, GlobMatcher)| {
                whereabouts.labels.iter().any(|(name, value)| name == key && glob.is_match(value))
            };
            environment.labels.iter().any(label)
                || whereabouts.namespace.is_some_and(|name| environment.namespaces.is_match(name))
                || whereabouts.cluster.is_some_and(|name| environment.clusters.is_match(name))
                || whereabouts.paths.iter().any(|path| environment.paths.is_match(path))
        };
        self.environments.iter().find(belongs).map(|environment| environment.name.as_str())
    }

    /// The owner that is declared for a schema of a database; the first that fits counts.
    pub fn owner_of(&self, database: &str, schema: Option<&str>) -> Option<String> {
        let fits = |owner: &&Owner| {
            owner.database.as_ref().is_none_or(|glob| glob.is_match(database))
                && owner.schema.as_ref().is_none_or(|glob| schema.is_some_and(|schema| glob.is_match(schema)))
        };
        self.owners.iter().find(fits).map(|owner| owner.owner.clone())
    }

    /// The keys of a Secret that something outside the repository makes: `None` if nothing is said to, an empty list if
    /// it may have any key.
    pub fn external_secret(&self, namespace: &str, name: &str) -> Option<&[String]> {
        let fits = |secret: &&Secret| {
            secret.name.is_match(name) && secret.namespace.as_ref().is_none_or(|glob| glob.is_match(namespace))
        };
        self.secrets.iter().find(fits).map(|secret| secret.keys.as_slice())
    }

    /// Whether a host is answered by something outside the repository.
    pub fn is_external_service(&self, host: &str) -> bool {
        self.services.is_match(host)
    }

    /// The differences between environments that are meant.
    pub fn intended(&self) -> &[Intended] {
        &self.intended
    }

    /// Takes folders out that are other repositories.
    pub fn set_aside(&mut self, folders: &[RepoPath]) -> Result<(), ConfigError> {
        let reader = Reader { name: NAME, text: "", id: FileId(u32::MAX) };
        let folders = folders.iter().map(|folder| globset::escape(folder.as_str()));
        let all: Vec<String> = self.file.ignore.iter().cloned().chain(folders).collect();
        self.ignored = reader.globs(&all, true)?;
        Ok(())
    }

    /// Other repositories, and further addresses of this one (those with the path `.`).
    pub fn repositories(&self) -> &[OtherRepository] {
        &self.file.repositories
    }

    /// Folders of charts, from the repository's root.
    pub fn charts(&self) -> &[String] {
        &self.file.charts
    }

    /// Versions to emulate, where the command line names none.
    pub fn emulate(&self) -> &Emulate {
        &self.file.emulate
    }

    /// The clusters of the inventory as Secrets, as Argo CD would keep them; each value with its place.
    pub fn clusters(&self) -> Vec<Node> {
        self.tree.iter().flat_map(|tree| tree.items("clusters")).map(cluster_secret).collect()
    }

    /// The parameters to take for a generator of an ApplicationSet, each set with its place.
    pub fn samples(&self, applicationset: &str, generator: &str) -> Vec<Node> {
        let fits = |node: &&Node| {
            let set = node.str_at("applicationset").and_then(|glob| Glob::new(glob).ok());
            set.is_some_and(|glob| glob.compile_matcher().is_match(applicationset))
                && node.str_at("generator").is_none_or(|name| name == generator)
        };
        let samples = self.tree.iter().flat_map(|tree| tree.items("generators"));
        samples.filter(fits).flat_map(|node| node.items("parameters")).cloned().collect()
    }
}

fn cluster_secret(cluster: &Node) -> Node {
    let origin = &cluster.origin;
    let entry = |key: &str, value: Node| Entry { key: key.into(), key_origin: value.origin.clone(), value };
    let text = |text: &str| Node::string(text, origin.clone());
    let given = |key: &str| cluster.get(key).cloned();
    let mut labels = cluster.entries("labels").to_vec();
    labels.push(entry("argocd.argoproj.io/secret-type", text("cluster")));
    let name = given("name").unwrap_or_else(|| text(""));
    let mut metadata = vec![entry("name", name.clone()), entry("labels", Node::map(labels, origin.clone()))];
    metadata.extend(given("annotations").map(|annotations| entry("annotations", annotations)));
    let server = given("server").unwrap_or_else(|| text("https://kubernetes.default.svc"));
    let data = vec![entry("name", name), entry("server", server)];
    let whole = vec![
        entry("apiVersion", text("v1")),
        entry("kind", text("Secret")),
        entry("metadata", Node::map(metadata, origin.clone())),
        entry("stringData", Node::map(data, origin.clone())),
    ];
    Node::map(whole, origin.clone())
}

/// A text that is being read.
struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    id: FileId,
}

impl Reader<'_> {
    fn file(&self) -> Result<File, ConfigError> {
        if self.text.trim().is_empty()
            || self.text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            return Ok(File::default());
        }
        let options = serde_yaml::options! { with_snippet: false };
        let file: File = serde_yaml::from_str_with_options(self.text, options).map_err(|error| {
            let place = error.location();
            let (line, column) = place.map_or((1, 1), |place| (place.line() as usize, place.column() as usize));
            self.broken((line.max(1), column.max(1)), without_place(&error.to_string()))
        })?;
        match file.version {
            None | Some(1) => Ok(file),
            Some(other) => {
                Err(self.broken(self.place_of("version"), format!("the version {other} is not known, only 1")))
            }
        }
    }

    fn broken(&self, (line, column): (usize, usize), message: impl Into<String>) -> ConfigError {
        ConfigError::Broken { name: self.name.to_owned(), line, column, message: message.into() }
    }

    /// Line and column of the first place of a text.
    fn place_of(&self, text: &str) -> (usize, usize) {
        let at = self.text.find(text).unwrap_or(0);
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    fn glob(&self, glob: &str) -> Result<GlobMatcher, ConfigError> {
        Ok(self.compiled(glob, false)?.compile_matcher())
    }

    fn named(&self, name: &str, glob: &str) -> Result<(String, GlobMatcher), ConfigError> {
        Ok((name.to_owned(), self.glob(glob)?))
    }

    fn globs(&self, globs: &[String], paths: bool) -> Result<GlobSet, ConfigError> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(self.compiled(glob, paths)?);
            if paths {
                // A folder stands for what is in it.
                set.add(self.compiled(&format!("{}/**", glob.trim_end_matches('/')), paths)?);
            }
        }
        set.build().map_err(|error| self.broken((1, 1), error.to_string()))
    }

    fn compiled(&self, glob: &str, paths: bool) -> Result<Glob, ConfigError> {
        let text = if paths { glob.trim_start_matches("./").trim_start_matches('/') } else { glob };
        let built = GlobBuilder::new(text).literal_separator(paths).build();
        built
            .map_err(|error| self.broken(self.place_of(glob), format!("the glob `{glob}` is broken: {}", error.kind())))
    }

    fn span<T>(&self, value: &serde_yaml::Spanned<T>) -> Span {
        let span = value.referenced.span();
        let start = span.byte_offset().unwrap_or(0) as usize;
        Span::new(self.id, start, start + span.byte_len().unwrap_or(0) as usize)
    }

    fn intended(&self, difference: &file::Difference) -> Result<Intended, ConfigError> {
        if difference.reason.value.trim().is_empty() {
            return Err(self.broken(place(&difference.reason), "a difference that is meant needs a reason"));
        }
        let environments = &difference.environments;
        Ok(Intended {
            reason: difference.reason.value.clone(),
            span: self.span(&difference.component),
            component: self.glob(&difference.component.value)?,
            aspects: difference.aspects.clone(),
            environments: if environments.is_empty() { None } else { Some(self.globs(environments, false)?) },
        })
    }

    fn allowance(&self, allow: &file::Allow) -> Result<allow::Allowance, ConfigError> {
        if allow.reason.value.trim().is_empty() {
            return Err(self.broken(place(&allow.reason), "an allowance needs a reason"));
        }
        if let Some(expires) = &allow.expires {
            parse_date(&expires.value).map_err(|why| self.broken(place(expires), format!("`expires` is {why}")))?;
        }
        let subject = allow.subject.iter();
        Ok(allow::Allowance {
            rule: allow.rule.value.clone(),
            subject: subject.map(|(role, glob)| self.named(role, glob)).collect::<Result<_, _>>()?,
            path: allow.path.iter().map(|glob| self.globs(std::slice::from_ref(glob), true)).next().transpose()?,
            reason: allow.reason.value.clone(),
            expires: allow.expires.as_ref().map(|expires| expires.value.clone()),
            span: self.span(&allow.rule),
        })
    }
}

fn place(value: &serde_yaml::Spanned<String>) -> (usize, usize) {
    (value.referenced.line() as usize, value.referenced.column() as usize)
}

/// The library's sentence without the place in it, which we give in our own way.
fn without_place(message: &str) -> String {
    let first = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("not understood").trim();
    let cut = first.find(" at line ").unwrap_or(first.len());
    first[..cut].trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests;
