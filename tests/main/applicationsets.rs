//! ApplicationSets held against Argo CD's own generators and templates.
//!
//! Below `fixtures/applicationsets`, `hard` holds cases of our own and `argocd` the facts of Argo CD's tests of generators and
//! templates. `expected.json` is what Argo CD 3.2's packages say, `expected-new-globbing.json` with the opt-in globbing:
//! `cargo run --example conformance_argocd -- --write hard=fixtures/applicationsets/hard` makes them again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use schemaward::budget::Budget;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::expand::{self, ArgoCd, Expansion, Settings};
use schemaward::k8s::argo::ApplicationSet;
use schemaward::render::Manifests;
use schemaward::source::RepoPath;
use schemaward::yaml::{self, Node};
use serde_json::Value as Json;

#[path = "../conformance/reasons.rs"]
mod reasons;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/applicationsets");

/// What is said of one set.
#[derive(Debug, Default)]
struct Said {
    applications: BTreeMap<String, Json>,
    refused: Option<String>,
    steps: Option<Vec<BTreeSet<String>>>,
}

fn expand_sets(group: &str, settings: Settings) -> Expansion {
    let folder = Path::new(FOLDER).join(group);
    let (repository, gaps) = Repository::open(&folder, None, ReadLimits::default()).unwrap();
    assert!(gaps.is_empty());
    let text = std::fs::read_to_string(folder.join("clusters.yaml")).unwrap();
    let id = repository.sources().add(RepoPath::new("inventory").unwrap(), text.as_str());
    let parsed = yaml::parse(id, &text, &Budget::default());
    let clusters: Vec<Node> = parsed.documents.into_iter().map(|document| document.root).collect();
    let sets = repository.under(&RepoPath::new("sets").unwrap());
    let roots = sets.iter().map(RepoPath::to_string).collect();
    let remotes = vec!["https://git.example.com/fleet.git".to_owned()];
    expand::expand(&Manifests::new(&repository), &Settings { roots, clusters, remotes, ..settings })
}

/// Who made an object is ours to add: Argo CD's packages stop before.
pub fn without_owner(mut object: Json) -> Json {
    object["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    object
}

/// What our expansion says.
fn ours(expansion: &Expansion) -> BTreeMap<String, Said> {
    let mut sets: BTreeMap<String, Said> = BTreeMap::new();
    for set in &expansion.sets {
        let view = ApplicationSet::new(&set.manifest).unwrap();
        let said = sets.entry(view.name().to_owned()).or_default();
        let prefix = format!("Argo CD refuses the ApplicationSet `{}`: ", view.name());
        said.refused = set.gaps.iter().find_map(|gap| gap.message.strip_prefix(&prefix)).map(str::to_owned);
        said.steps = (view.strategy() == "RollingSync").then(|| vec![BTreeSet::new(); view.rolling_steps().len()]);
    }
    for (application, _) in &expansion.applications {
        let Some(generated) = application.generated() else { continue };
        let said = sets.get_mut(&generated.set).unwrap();
        for &step in &generated.steps {
            said.steps.as_mut().unwrap()[step].insert(application.name.clone());
        }
        let object = without_owner(application.manifest.as_ref().unwrap().to_json());
        said.applications.insert(application.name.clone(), object);
    }
    sets
}

fn theirs(group: &str, file: &str) -> BTreeMap<String, Said> {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(group).join(file)).unwrap();
    let expected: Json = serde_json::from_str(&text).unwrap();
    let list = |value: &Json, key: &str| value[key].as_array().unwrap().clone();
    let name = |value: &Json| value["applicationset"].as_str().unwrap().to_owned();
    let mut sets: BTreeMap<String, Said> = BTreeMap::new();
    for one in list(&expected, "applications") {
        let application = one["application"]["metadata"]["name"].as_str().unwrap_or("").to_owned();
        let said = sets.entry(name(&one)).or_default();
        // Of two with one name Argo CD keeps the first.
        said.applications.entry(application).or_insert_with(|| one["application"].clone());
    }
    for error in list(&expected, "errors") {
        sets.entry(name(&error)).or_default().refused = error["message"].as_str().map(str::to_owned);
    }
    for ladder in list(&expected, "ladders").iter().filter(|ladder| ladder["strategy"] == "RollingSync") {
        let names = |step: &Json| {
            list(step, "applications").iter().map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        sets.entry(name(ladder)).or_default().steps = Some(list(ladder, "steps").iter().map(names).collect());
    }
    sets
}

fn agree(group: &str, file: &str, new_globbing: bool, at_least: usize) {
    let expansion = expand_sets(group, Settings { argocd: ArgoCd(2), new_globbing, ..Settings::default() });
    let (ours, theirs) = (ours(&expansion), theirs(group, file));
    assert!(ours.len() >= at_least, "{} sets", ours.len());
    let nothing = Said::default();
    let mut wrong = Vec::new();
    for (name, ours) in &ours {
        let theirs = theirs.get(name).unwrap_or(&nothing);
        match (&ours.refused, &theirs.refused) {
            (Some(a), Some(b)) if reasons::same_reason(a, b) => continue,
            (None, None) => {}
            (a, b) => wrong.push(format!("{name}: refused by us: {a:?}, by Argo CD: {b:?}")),
        }
        if ours.applications != theirs.applications {
            wrong.push(format!("{name}: other Applications"));
        }
        if ours.steps != theirs.steps {
            wrong.push(format!("{name}: other steps: {:?}, {:?}", ours.steps, theirs.steps));
        }
    }
    wrong.extend(theirs.keys().filter(|name| !ours.contains_key(*name)).map(|name| format!("{name}: not expanded")));
    assert!(wrong.is_empty(), "{} of {} sets differ:\n{}", wrong.len(), ours.len(), wrong.join("\n"));
}

#[test]
fn sets_give_what_argo_cd_gives() {
    agree("hard", "expected.json", false, 88);
    agree("argocd", "expected.json", false, 352);
}

#[test]
fn the_opt_in_globbing_gives_what_argo_cd_gives() {
    agree("argocd", "expected-new-globbing.json", true, 352);
}

/// What newer versions changed, by their own tests (`generator_spec_processor_test.go`, `utils_test.go`).
#[test]
fn newer_versions_differ_where_they_say_so() {
    let said = |minor: u8| {
        let expansion = expand_sets("argocd", Settings { argocd: ArgoCd(minor), ..Settings::default() });
        let sets = ours(&expansion);
        let names = |set: &str| sets[set].applications.keys().cloned().collect::<Vec<_>>();
        let parameters = |set: &str| {
            let application = sets[set].applications.values().next()?;
            let text = application["metadata"]["annotations"]["params"].as_str()?;
            serde_json::from_str::<Json>(text).ok()
        };
        let value = |set: &str, key: &str| parameters(set).map(|all| all["values"][key].clone());
        (
            names("cluster-selector-go-label"),
            names("cluster-selector-go-values"),
            value("matrix-go-list-git-values", "foo"),
            value("matrix-go-cluster-values", "env"),
            value("matrix-go-cluster-values", "foo"),
        )
    };
    let older = said(2);
    assert_eq!((older.0.len(), older.1.len()), (0, 0), "labels of a cluster are out of a selector's sight");
    assert_eq!(older.2, Some("<no value>".into()), "what the second child will give is asked of the first");
    let newer = said(6);
    assert_eq!(newer.0, ["cluster-selector-go-label.c-staging-01"]);
    assert_eq!(newer.1, ["cluster-selector-go-values.c-staging-01"]);
    assert_eq!(newer.2, Some("dir".into()));
    assert_eq!((newer.3, newer.4), (Some("app1".into()), Some("guestbook-cluster".into())));
}
