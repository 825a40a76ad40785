//! What changes schemas: jobs, init containers, operators' resources, and applications that do so when they start.

use std::ops::Range;

use super::objects::Objects;
use super::{
    Container, EnvHolds, Facts, Mechanism, Migrator, Object, Sources, Workload, WorkloadId, WorkloadRole, evidence,
};
use super::{frameworks, places, settings};
use crate::catalog::{self, How, Tool, ToolUse, Vendor, When};
use crate::finding::{Certainty, Evidence};
use crate::k8s::database;
use crate::k8s::workload::{ContainerRole, Source};
use crate::sql::scan;
use crate::yaml::{Entry, Origin, Role};

/// Records the migrators.
pub fn collect(sources: &Sources, objects: &Objects, facts: &mut Facts) {
    let mut found = Vec::new();
    for (at, workload) in facts.workloads.iter().enumerate() {
        for (position, container) in workload.containers.iter().enumerate() {
            let seat =
                Seat { id: WorkloadId(at), workload, object: &facts.objects[workload.object.0], position, container };
            found.extend(seat.migrator(sources, objects));
        }
    }
    for (id, resource) in objects.iter() {
        let object = &facts.objects[id.0];
        let migrations = database::operator_migrations(resource);
        let Some(first) = migrations.first() else { continue };
        let vendor = sources.catalog.vendor_of_resource(&object.group, &object.kind).map(|m| m.vendor);
        found.push(Migrator {
            app: object.app,
            object: id,
            workload: None,
            container: None,
            mechanism: Mechanism::Operator,
            tool: None,
            framework: None,
            vendor,
            ad_hoc: false,
            told: Vec::new(),
            settings: Vec::new(),
            explicit: migrations.iter().any(|m| m.database.is_some()),
            evidence: evidence(&first.origin, format!("the operator of {} `{}` migrates it", object.kind, object.name)),
        });
    }
    facts.migrators = found;
}

/// A use of a tool that changes schemas.
struct Used {
    tool: &'static Tool,
    told: Vec<(catalog::Setting, String, Origin)>,
    evidence: Evidence,
}

/// A container in its workload.
struct Seat<'a> {
    id: WorkloadId,
    workload: &'a Workload,
    object: &'a Object,
    position: usize,
    container: &'a Container,
}

impl Seat<'_> {
    fn migrator(&self, sources: &Sources, objects: &Objects) -> Option<Migrator> {
        if self.workload.database_server && self.container.role == ContainerRole::Main {
            return None;
        }
        let image = self.container.image.as_ref().map(|image| image.value.as_str());
        let vendor = self.container.vendor;
        let words: Vec<&str> = self.container.words.iter().map(|word| word.value.as_str()).collect();
        let used = self.used(sources, objects, image.unwrap_or(""), &words);
        let mut framework = None;
        let (tool, told, proof) = match (used, vendor) {
            (Some(used), _) => (Some(used.tool), used.told, used.evidence),
            (None, Some(vendor)) => (None, Vec::new(), self.vendor_evidence(vendor, &words)?),
            (None, None) => match frameworks::of(sources, self.container) {
                Some((tool, by, proof)) => {
                    framework = Some(by);
                    (Some(tool), Vec::new(), proof)
                }
                None => (None, Vec::new(), self.name_evidence(image.unwrap_or(""))?),
            },
        };
        let of_tool = tool.and_then(|tool| tool.vendor.as_deref()).and_then(|id| sources.catalog.vendor(id));
        let vendor = of_tool.or(vendor);
        let settings = settings::of(sources, self.container, self.object, objects);
        Some(Migrator {
            app: self.workload.app,
            object: self.workload.object,
            workload: Some(self.id),
            container: Some(self.position),
            mechanism: self.mechanism(vendor.is_some() && tool.is_none()),
            tool,
            framework,
            vendor,
            ad_hoc: tool.is_some_and(|tool| tool.client.is_some()),
            told,
            settings,
            explicit: false,
            evidence: proof,
        })
    }

    fn mechanism(&self, by_vendor: bool) -> Mechanism {
        match (self.container.role, self.workload.role) {
            (ContainerRole::Init, WorkloadRole::Service) => Mechanism::InitContainer,
            (_, WorkloadRole::Scheduled) => Mechanism::CronJob,
            (_, WorkloadRole::Service) if by_vendor => Mechanism::StartUp,
            (_, WorkloadRole::Service) => Mechanism::StartUp,
            _ => Mechanism::Job,
        }
    }

    /// The tool that the container runs: on its command line, or in a script that a ConfigMap brings.
    fn used(&self, sources: &Sources, objects: &Objects, image: &str, words: &[&str]) -> Option<Used> {
        let (command, args) = words.split_at(self.container.command_words.min(words.len()));
        let parts: Vec<_> =
            self.container.words.iter().map(|word| std::cell::LazyCell::new(|| objects.parts(word))).collect();
        let within = |at: usize, span: &Range<usize>| {
            let word = self.container.words.get(at).filter(|word| !word.value.is_empty());
            word.map(|_| parts[at].origin(span.clone()))
        };
        let image_origin =
            || self.container.image.as_ref().map_or(&self.container.origin, |image| &image.origin).clone();
        let mut found: Vec<Used> = Vec::new();
        for used in sources.catalog.recognise(image, command, args) {
            if self.only_fills(objects, &used) {
                continue;
            }
            let place = |at: usize, span: &Range<usize>| within(at, span).unwrap_or_else(image_origin);
            let (origin, how) = match used.how {
                How::Image => (image_origin(), "runs the image of"),
                _ => (place(used.argument, &used.span), "runs"),
            };
            // Of a script that a template composed, the place counts that has the program.
            let program = self.container.words.get(used.argument).and_then(|word| word.value.get(used.span.clone()));
            let program = program.filter(|word| !word.is_empty() && origin.role() != Role::Manifest);
            let origin = program.map_or_else(|| origin.clone(), |word| places::of_program(sources, &origin, word));
            found.extend(self.take(sources, &used, &origin, how, place));
        }
        for file in sources.catalog.script_files(command, args) {
            let Some(entry) = self.mounted(objects, &file.text) else { continue };
            for used in sources.catalog.recognise_script(entry.value.as_text().unwrap_or("")) {
                let place = |_, span: &Range<usize>| objects.origin_within(&entry.value, span.clone());
                found.extend(self.take(sources, &used, &place(0, &used.span), "runs a script with", place));
            }
        }
        // A migration tool says more than the client that prepares the database beside it.
        found.sort_by_key(|used| used.tool.client.is_some());
        found.into_iter().next()
    }

    fn take(
        &self,
        sources: &Sources,
        used: &ToolUse<'static>,
        origin: &Origin,
        how: &str,
        place: impl Fn(usize, &Range<usize>) -> Origin,
    ) -> Option<Used> {
        if !used.may_change_schema() {
            return None;
        }
        let told = used.given.iter().filter_map(|given| {
            let text = given.text.clone()?;
            let called = match given.setting {
                catalog::Setting::User => "user",
                catalog::Setting::Host => "host",
                _ => "name",
            };
            let origin = places::of_word(sources, &place(given.argument, &given.span), &text, called);
            Some((given.setting, text, origin))
        });
        Some(Used {
            tool: used.tool,
            told: told.collect(),
            evidence: evidence(origin, format!("container `{}` {how} {}", self.container.name, used.tool.name)),
        })
    }

    /// Whether a client is given nothing but files of rows, as the ConfigMaps that are mounted show them.
    fn only_fills(&self, objects: &Objects, used: &ToolUse<'static>) -> bool {
        let rows = |file: &catalog::Located| {
            let entry = self.mounted(objects, &file.text);
            entry.and_then(|entry| entry.value.as_text()).is_some_and(holds_rows_only)
        };
        used.is_client()
            && !used.files.is_empty()
            && used.files.iter().all(rows)
            && !used.sql.iter().any(|inline| inline.script.changes_schema())
    }

    /// The entry of a ConfigMap that is mounted at a path.
    fn mounted<'o>(&self, objects: &Objects<'o>, path: &str) -> Option<&'o Entry> {
        let mounts = self.container.mounts.iter().filter(|mount| mount.source == Source::ConfigMap);
        mounts.into_iter().find_map(|mount| {
            let entries = objects.config_map(&self.object.namespace, &mount.name.value)?;
            let folder = mount.path.value.trim_end_matches('/');
            entries.iter().find(|entry| match &mount.sub_path {
                Some(sub) => sub.value == *entry.key && folder == path,
                None => path.strip_prefix(folder).is_some_and(|rest| rest.trim_start_matches('/') == &*entry.key),
            })
        })
    }

    /// A vendor's container migrates when it is one that the catalogue says migrates, and nothing switches it off.
    fn vendor_evidence(&self, vendor: &'static Vendor, words: &[&str]) -> Option<Evidence> {
        let stays = self.workload.role == WorkloadRole::Service && self.container.role == ContainerRole::Main;
        let image = self.container.image.as_ref()?;
        let environment = |name: &str, value: &str| {
            self.container.env.iter().any(|variable| {
                variable.name == name
                    && matches!(&variable.value, EnvHolds::Text(text) if text.value.eq_ignore_ascii_case(value))
            })
        };
        let says = |pair: &str| pair.split_once('=').is_some_and(|(name, value)| environment(name, value));
        if vendor.unless_env.iter().any(|pair| says(pair)) {
            return None;
        }
        let way = vendor.migrates.iter().find(|way| {
            let image_fits = way.images.is_empty()
                || way
                    .images
                    .iter()
                    .any(|pattern| crate::catalog::ImageRef::parse(&image.value).fits(pattern).is_some());
            let switched_off = way.switch.as_deref().is_some_and(says);
            let switched_on = way.only_with.is_empty() || way.only_with.iter().any(|pair| says(pair));
            let runs = match way.when {
                When::Startup => stays && (way.commands.is_empty() || runs_any(words, &way.commands)),
                When::Hook | When::InitContainer => {
                    !stays
                        && if way.commands.is_empty() { !way.images.is_empty() } else { runs_any(words, &way.commands) }
                }
                When::Operator => false,
            };
            image_fits && !switched_off && switched_on && runs
        })?;
        let how = if way.how.is_empty() { "migrates its schema" } else { &way.how };
        Some(evidence(&image.origin, format!("{} {how}", vendor.name)))
    }

    /// A job that calls itself a migration and is given a database is taken for one, but that is a guess.
    fn name_evidence(&self, image: &str) -> Option<Evidence> {
        if self.workload.role == WorkloadRole::Service && self.container.role != ContainerRole::Init {
            return None;
        }
        let repository = image.rsplit('/').next().unwrap_or("").split([':', '@']).next().unwrap_or("");
        let calls_itself = |name: &str| {
            let words: Vec<String> =
                name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect();
            let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
            // What waits for a migration runs none.
            says(&["migrate", "migrations", "migration", "migrator"])
                && !says(&["wait", "waits", "waiter", "waiting", "await", "check", "checks", "checker", "verify"])
        };
        let holds_database =
            self.workload.grants.iter().any(|grant| grant.container.is_none_or(|at| at == self.position));
        let (origin, what) = if calls_itself(repository) {
            (&self.container.image.as_ref()?.origin, format!("image `{repository}`"))
        } else if calls_itself(&self.container.name) {
            (&self.container.origin, format!("container `{}`", self.container.name))
        } else if calls_itself(&self.object.name) && self.workload.containers.len() == 1 {
            (&self.object.origin, format!("{} `{}`", self.object.kind, self.object.name))
        } else {
            return None;
        };
        let opens = holds_database && self.container.env.iter().any(|v| super::secrets::is_database_word(&v.name))
            || self.workload.grants.iter().any(|g| g.container == Some(self.position) && g.way == super::Way::EnvFrom);
        opens.then(|| Evidence {
            certainty: Certainty::Inferred,
            ..evidence(origin, format!("{what} calls itself a migration"))
        })
    }
}

/// Whether the words of a container hold one of some commands.
fn runs_any(words: &[&str], commands: &[String]) -> bool {
    let all = words.join(" ");
    commands.iter().any(|command| all.contains(command.as_str()))
}

/// Whether a script writes rows and can do nothing else: it includes no other file and calls nothing.
fn holds_rows_only(script: &str) -> bool {
    let calls = |line: &str| {
        let word = line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("").to_ascii_uppercase();
        line.starts_with('\\') || matches!(word.as_str(), "SELECT" | "CALL" | "DO" | "EXECUTE" | "PERFORM" | "SOURCE")
    };
    let seen = scan(script);
    seen.writes_rows() && !seen.changes_schema() && !script.lines().map(str::trim_start).any(calls)
}
