//! The registry of rules. A rule is a constant and a pure function over the graph in `rules/<id>.rs`; its page
//! `rules/<id>.md` holds its metadata and is its only documentation. Adding one: write the two files and its fixtures, and
//! add its line to `ALL`.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::finding::{Evidence, Finding, Severity};
use crate::graph::{App, Defect, Graph, ObjectId, Shared};
use crate::report::RuleCard;

/// A rule.
pub struct Rule {
    /// The public id.
    pub id: &'static str,
    /// The page: front matter, then what it looks at, why it hurts, how to mend it.
    pub page: &'static str,
    /// Finds what breaks it.
    pub check: fn(&Graph) -> Vec<Finding>,
}

impl Rule {
    /// A finding of this rule at its default severity.
    pub fn finding(&self, message: impl Into<String>, primary: Evidence) -> Finding {
        Finding::new(self.id, self.family(), self.severity(), message, primary)
    }

    /// What a report says of the rule.
    pub fn card(&self) -> RuleCard {
        RuleCard {
            id: self.id,
            family: self.family(),
            severity: self.severity(),
            title: self.title(),
            page: self.body(),
        }
    }

    /// A finding in an Application and its environment.
    pub fn finding_in(&self, app: &App, message: impl Into<String>, primary: Evidence) -> Finding {
        also_in(self.finding(message, primary), app)
    }

    /// A field of the page's front matter.
    fn field(&self, name: &str) -> &'static str {
        let front = self.page.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or("", |(f, _)| f);
        let mut lines = front.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| *key == name).map_or("", |(_, value)| value.trim())
    }

    /// What it finds, in a few words.
    pub fn title(&self) -> &'static str {
        self.field("title")
    }

    /// `ownership`, `ordering`, `credentials`, `rbac`, `migrations`, `repository`.
    pub fn family(&self) -> &'static str {
        self.field("family")
    }

    /// The default severity.
    pub fn severity(&self) -> Severity {
        match self.field("severity") {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            _ => Severity::Info,
        }
    }

    /// The page without its front matter.
    pub fn body(&self) -> &'static str {
        self.page
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"))
            .map_or(self.page, |(_, body)| body.trim())
    }
}

/// Says of a finding that it is so in a further Application.
pub fn also_in(mut finding: Finding, app: &App) -> Finding {
    finding.environments.extend(app.environment.iter().map(String::from));
    finding.within(&app.name)
}

/// How many places of one kind a finding shows; what is so in a thousand Applications need not be read a thousand times.
const SHOWN: usize = 20;

/// How many more of those that suffer from one thing a finding shows, beside the first.
const FURTHER: usize = 4;

/// What Argo CD would fail on, as findings: one for each place, with all Applications that fail there.
pub fn of_defects(rule: &Rule, graph: &Graph, kinds: &[&str], help: &str) -> Vec<Finding> {
    of_groups(rule, graph, graph.defects(kinds), help)
}

/// Defects that belong together, as one finding each.
pub fn of_groups(rule: &Rule, graph: &Graph, groups: Vec<Vec<&Defect>>, help: &str) -> Vec<Finding> {
    let report = |defects: Vec<&Defect>| {
        let first = defects.first()?;
        let who =
            graph.applications_named(defects.iter().filter_map(|defect| defect.app.filter(|app| graph.app(*app).argo)));
        let mut said: Vec<String> = defects.iter().map(|defect| defect.evidence.text.clone()).collect();
        said.sort();
        said.dedup();
        let said = some_of(said);
        let message = if who.is_empty() { said } else { format!("{who}: {said}") };
        let mut finding = rule.finding(message, first.evidence.clone()).help(help);
        for defect in &defects {
            finding = finding.because(defect.evidence.clone());
            if let Some(app) = defect.app {
                finding = also_in(finding, graph.app(app));
            }
        }
        Some(finding)
    };
    groups.into_iter().filter_map(report).collect()
}

/// Objects that several Applications apply, as a finding.
pub fn shared_objects(rule: &Rule, graph: &Graph, shared: &Shared) -> Option<Finding> {
    let first = shared.objects.first()?;
    let names: Vec<String> = shared.objects.iter().filter_map(|copies| Some(graph.name_of(*copies.first()?))).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let who = graph.applications_named(shared.apps.iter().copied());
    let message = format!("{} {verb} applied by {who}", some_of(names));
    let rendered = |id: &ObjectId| {
        let app = &graph.app(graph.object(*id).app).name;
        graph.shown(*id, format!("Application `{app}` renders {}", graph.name_of(*id)))
    };
    let mut finding = rule.finding(message, rendered(first.first()?));
    for id in first
        .iter()
        .skip(1)
        .take(3)
        .chain(shared.objects.iter().skip(1).take(3).flat_map(|copies| copies.iter().take(2)))
    {
        finding = finding.because(rendered(id));
    }
    let finding = shared.apps.iter().fold(finding, |finding, app| also_in(finding, graph.app(*app)));
    Some(finding.about("object", graph.name_of(*first.first()?)).help(
        "leave it to one of them: each sync of one takes it from the other, and pruning one deletes what the other needs",
    ))
}

/// Names in a sentence: "`a`, `b` and `c`".
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    joined(&quoted)
}

/// Parts of a sentence: "a, b and c".
pub fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Names in their order, each once: one name may be in several Applications.
pub fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// The first few parts of a sentence, and how many more there are.
pub fn some_of(mut parts: Vec<String>) -> String {
    const FEW: usize = 3;
    let more = parts.len().saturating_sub(FEW);
    if more == 0 {
        return joined(&parts);
    }
    parts.truncate(FEW);
    format!("{} and {more} more", parts.join(", "))
}

macro_rules! registry {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        static ALL: &[&Rule] = &[$(&$module::RULE),*];
    };
}

registry![
    admin_credential,
    app_in_several_steps,
    app_outside_rollout,
    baseline_on_migrate,
    cluster_resource_collision,
    consumer_before_producer,
    custom_migration_script,
    default_service_account,
    duplicate_application,
    duplicate_secret_producer,
    empty_rollout_step,
    envfrom_key_collision,
    environment_drift,
    expired_allowance,
    hook_needs_synced_resource,
    hook_never_completes,
    hook_only_app,
    hook_reads_secrets,
    hook_wave_inversion,
    hook_wildcard_rbac,
    ineffective_sync_wave,
    invalid_manifest,
    invalid_rollout_phase,
    invalid_sync_wave,
    job_not_rerunnable,
    list_override_drops_items,
    migration_after_workload,
    migration_name_invalid,
    migration_not_mounted,
    migration_version_duplicate,
    missing_chart,
    missing_namespace,
    missing_project,
    missing_secret,
    missing_secret_key,
    missing_secret_store,
    missing_service_account,
    missing_values_file,
    overbroad_hook_credentials,
    placeholder_credential,
    plaintext_credential,
    project_forbids_application,
    render_failed,
    resource_in_two_applications,
    rolling_sync_disables_automation,
    rollout_step_blocked,
    rollout_steps_not_monotonic,
    same_step_dependency,
    schema_with_two_migrators,
    schema_without_migrator,
    shared_credential,
    template_not_yaml,
    unmatched_component,
    unpinned_migration_image,
    unresolved_generator,
    unused_allowance,
    values_outside_repository,
    vendor_credential_in_migration_job,
    vendor_schema_under_flyway,
    wildcard_project,
];

/// All rules, by id.
pub fn all() -> &'static [&'static Rule] {
    static SORTED: OnceLock<Vec<&'static Rule>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut rules = ALL.to_vec();
        rules.sort_by_key(|rule| rule.id);
        rules
    })
}

/// The rule of an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().iter().find(|rule| rule.id == id).copied()
}
