//! Holds our ApplicationSets against Argo CD's own generators and templates: which Applications each set gives, field by field,
//! for which reason one is refused, and which Application is in which step of a rollout.
//!
//!     cargo run --release --example conformance_argocd -- [--oracles DIR] [--show N] [--new-globbing] [--clusters FILE]
//!         [--write] NAME=DIR[,FOLDER]...
//!
//! DIR is a repository, FOLDER the part of it that counts. The oracle is `appset`, Argo CD 3.2.12, which reads
//! committed content, so what counts is copied and committed. Every address of a repository means DIR.
//! Cluster Secrets come from FILE, or else from `clusters.yaml` in DIR, and from the files of DIR that hold some. Our side
//! runs as Argo CD 3.2 does. `--write` writes the oracle's answers into DIR, for the tests that run without it.
//! Prints a table: suite, sets, not evaluated by either, refused by both, for the same reason, Applications, equal,
//! different, sets that only one side refuses, steps, equal steps.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use schemaward::budget::Budget;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::expand::{self, ArgoCd, Expansion, Settings};
use schemaward::k8s::argo::{ApplicationSet, Cluster};
use schemaward::render::Manifests;
use schemaward::source::{RepoPath, SourceMap, Span};
use schemaward::yaml::{self, Node};
use serde_json::{Value, json};

mod compare;
mod reasons;

use compare::{difference, plain};
use reasons::same_reason;

type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Score {
    sets: usize,
    unknown: usize,
    refused: usize,
    same_reason: usize,
    applications: usize,
    equal: usize,
    different: usize,
    ours_only: usize,
    theirs_only: usize,
    ladders: usize,
    equal_ladders: usize,
}

struct Options {
    oracles: PathBuf,
    show: usize,
    new_globbing: bool,
    clusters: Option<PathBuf>,
    write: bool,
    suites: Vec<Suite>,
}

struct Suite {
    name: String,
    dir: PathBuf,
    folder: String,
}

fn main() -> Result<(), Failure> {
    let options = options()?;
    let mut out = std::io::stdout().lock();
    let columns = [
        "suite",
        "sets",
        "not evaluated",
        "refused by both",
        "same reason",
        "Applications",
        "equal",
        "different",
        "only we refuse",
        "only Argo CD refuses",
        "rollouts",
        "equal rollouts",
    ];
    compare::head(&mut out, &columns)?;
    for suite in &options.suites {
        let score = run(suite, &options)?;
        let numbers = [
            score.sets,
            score.unknown,
            score.refused,
            score.same_reason,
            score.applications,
            score.equal,
            score.different,
            score.ours_only,
            score.theirs_only,
            score.ladders,
            score.equal_ladders,
        ];
        let cells: Vec<String> =
            std::iter::once(suite.name.clone()).chain(numbers.map(|number| number.to_string())).collect();
        compare::row(&mut out, &cells)?;
    }
    Ok(())
}

fn options() -> Result<Options, Failure> {
    let home = std::env::var("HOME").unwrap_or_default();
    let mut options = Options {
        oracles: Path::new(&home).join(".cache/schemaward-oracles"),
        show: 0,
        new_globbing: false,
        clusters: None,
        write: false,
        suites: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--oracles" => options.oracles = value()?.into(),
            "--show" => options.show = value()?.parse()?,
            "--new-globbing" => options.new_globbing = true,
            "--clusters" => options.clusters = Some(value()?.into()),
            "--write" => options.write = true,
            other => {
                let (name, place) = other.split_once('=').ok_or(format!("`{other}` is no NAME=DIR"))?;
                let (dir, folder) = place.split_once(',').unwrap_or((place, ""));
                let dir = std::path::absolute(dir)?;
                options.suites.push(Suite { name: name.to_owned(), dir, folder: folder.to_owned() });
            }
        }
    }
    Ok(options)
}

/// The files below a folder that hold a line, by their paths from `dir`.
fn files(dir: &Path, folder: &str, line: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![dir.join(folder)];
    while let Some(path) = open.pop() {
        if path.is_symlink() || path.file_name().is_some_and(|name| name == ".git") {
            continue;
        }
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
            if text.lines().any(|known| known.trim() == line) {
                found.extend(path.strip_prefix(dir)?.to_str().map(str::to_owned));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a suite is run on.
struct Prepared {
    /// The Git checkout that the oracle reads.
    checkout: PathBuf,
    /// Files with ApplicationSets, in batches in which no name occurs twice: the oracle's answers know only names.
    batches: Vec<Vec<String>>,
    /// Files with cluster Secrets.
    clusters: Vec<PathBuf>,
    /// Removed at the end.
    _temporary: tempfile::TempDir,
}

fn prepare(suite: &Suite, options: &Options) -> Result<Prepared, Failure> {
    let mut clusters: Vec<PathBuf> = options.clusters.iter().cloned().collect();
    clusters.extend(Some(suite.dir.join("clusters.yaml")).filter(|path| clusters.is_empty() && path.is_file()));
    for path in files(&suite.dir, &suite.folder, "argocd.argoproj.io/secret-type: cluster")? {
        let path = suite.dir.join(path);
        if documents(&path)?.iter().filter_map(Cluster::new).any(|cluster| !cluster.is_made())
            && !clusters.contains(&path)
        {
            clusters.push(path);
        }
    }
    // A copy, because a checkout at hand may lack history or blobs, and what counts is what was committed.
    let temporary = tempfile::tempdir()?;
    let checkout = temporary.path().join("repository");
    copy(&suite.dir.join(&suite.folder), &checkout.join(&suite.folder))?;
    for words in [&["init", "--quiet"][..], &["add", "--all", "--force"], &["commit", "--quiet", "-m", "suite"]] {
        let own = ["-c", "user.name=suite", "-c", "user.email=suite@example.com", "-c", "gc.auto=0"];
        let status = Command::new("git").arg("-C").arg(&checkout).args(own).args(words).status()?;
        if !status.success() {
            return Err(format!("`git {}` failed", words.join(" ")).into());
        }
    }
    let mut batches: Vec<(BTreeSet<String>, Vec<String>)> = Vec::new();
    for path in files(&suite.dir, &suite.folder, "kind: ApplicationSet")? {
        let names: BTreeSet<String> = documents(&suite.dir.join(&path))?
            .iter()
            .filter_map(|node| Some(ApplicationSet::new(node)?.name().to_owned()))
            .collect();
        match batches.iter_mut().find(|(known, _)| known.is_disjoint(&names)) {
            Some((known, batch)) => {
                known.extend(names);
                batch.push(path);
            }
            None => batches.push((names, vec![path])),
        }
    }
    let batches = batches.into_iter().map(|(_, batch)| batch).collect();
    Ok(Prepared { checkout, batches, clusters, _temporary: temporary })
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)?.flatten() {
        let target = to.join(entry.file_name());
        if entry.file_name() == ".git" {
            continue;
        } else if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_type()?.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path())?, target)?;
        } else if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn documents(path: &Path) -> Result<Vec<Node>, Failure> {
    let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let (repository, _) = Repository::open(path.parent().unwrap_or(path), None, ReadLimits::default())?;
    let id = repository.sources().add(RepoPath::new("documents")?, text.as_str());
    Ok(yaml::parse(id, &text, &Budget::default()).documents.into_iter().map(|document| document.root).collect())
}

fn oracle(command: &str, options: &Options, prepared: &Prepared, batch: &[String]) -> Result<Value, Failure> {
    let program = options.oracles.join("appset");
    let mut call = Command::new(&program);
    call.arg(command).arg("--repo").arg(&prepared.checkout);
    for clusters in &prepared.clusters {
        call.arg("--clusters").arg(clusters);
    }
    if options.new_globbing {
        call.arg("--new-globbing");
    }
    call.args(batch.iter().map(|path| prepared.checkout.join(path)));
    let output = call.output().map_err(|error| format!("`{}`: {error}", program.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What one side says of a set.
#[derive(Default)]
struct Said {
    applications: BTreeMap<String, Value>,
    refused: Option<String>,
    /// What nobody can know without the world outside.
    unknown: bool,
    steps: Option<Vec<BTreeSet<String>>>,
}

type Sets = BTreeMap<String, Said>;

/// Of two Applications with one name Argo CD keeps the first.
fn keep(said: &mut Said, application: Value) {
    let name = application["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    said.applications.entry(name).or_insert(application);
}

fn theirs(expand: &Value, order: &Value) -> Sets {
    let mut sets = Sets::new();
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["applicationset"].as_str().unwrap_or_default().to_owned();
    for entry in list(expand, "applications") {
        keep(sets.entry(name(&entry)).or_default(), plain(&entry["application"]));
    }
    // A document that is no YAML as it lies there (a chart's template) has no name.
    for error in list(expand, "errors").iter().filter(|error| error["applicationset"] != "") {
        let said = sets.entry(name(error)).or_default();
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        said.unknown = message.contains("not evaluated");
        said.refused = Some(message);
    }
    for ladder in list(order, "applicationsets").iter().filter(|ladder| ladder["strategy"] == "RollingSync") {
        let step = |step: &Value| {
            list(step, "applications").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        sets.entry(name(ladder)).or_default().steps = Some(list(ladder, "steps").iter().map(step).collect());
    }
    sets
}

/// What our expansion says of the sets in some files.
/// A set that an Application brings is not among what the oracle was given.
fn ours(expansion: &Expansion, sources: &SourceMap, batch: &[String]) -> Sets {
    let mut sets = Sets::new();
    let given = |root: &String, at: Span| batch.contains(root) && sources.path(at.file).as_str() == root;
    for set in expansion.sets.iter().filter(|set| given(&set.root, set.manifest.span())) {
        let Some(view) = ApplicationSet::new(&set.manifest) else { continue };
        let said = sets.entry(view.name().to_owned()).or_default();
        for gap in &set.gaps {
            if let Some((_, reason)) =
                gap.message.strip_prefix("Argo CD refuses the ApplicationSet `").and_then(|rest| rest.split_once("`: "))
            {
                said.refused = Some(reason.to_owned());
            } else if gap.kind == "unresolved-generator" && gap.message.contains("is not evaluated") {
                said.unknown = true;
            }
        }
        if view.strategy() == "RollingSync" {
            said.steps = Some(vec![BTreeSet::new(); view.rolling_steps().len()]);
        }
    }
    for (application, _) in &expansion.applications {
        let (Some(generated), Some(manifest)) = (application.generated(), &application.manifest) else { continue };
        if !given(&application.root, generated.set_span) {
            continue;
        }
        let said = sets.entry(generated.set.clone()).or_default();
        for &step in &generated.steps {
            if let Some(steps) = &mut said.steps {
                steps[step].insert(application.name.clone());
            }
        }
        let mut object = plain(&manifest.to_json());
        // Who made an object is ours to add: Argo CD's packages stop before.
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("ownerReferences");
        }
        keep(said, object);
    }
    sets
}

fn run(suite: &Suite, options: &Options) -> Result<Score, Failure> {
    let prepared = prepare(suite, options)?;
    let mut clusters = Vec::new();
    for path in &prepared.clusters {
        clusters.extend(documents(path)?);
    }
    let (repository, _) = Repository::open(&prepared.checkout, None, ReadLimits::default())?;
    let roots: Vec<String> = prepared.batches.iter().flatten().cloned().collect();
    let mut remotes = Vec::new();
    for path in &roots {
        documents(&suite.dir.join(path))?.iter().for_each(|node| addresses(node, &mut remotes));
    }
    let settings = Settings {
        roots,
        clusters,
        remotes,
        new_globbing: options.new_globbing,
        argocd: ArgoCd(2),
        ..Settings::default()
    };
    let expansion = expand::expand(&Manifests::new(&repository), &settings);

    let mut score = Score::default();
    let mut shown = 0;
    let mut err = std::io::stderr().lock();
    let mut show = |text: String| {
        shown += 1;
        if shown <= options.show { writeln!(err, "{}: {text}", suite.name) } else { Ok(()) }
    };
    let mut written = json!({"applications": [], "errors": [], "ladders": []});
    for batch in &prepared.batches {
        let (expand, order) =
            (oracle("expand", options, &prepared, batch)?, oracle("order", options, &prepared, batch)?);
        for (key, answer, from) in [
            ("applications", &expand, "applications"),
            ("errors", &expand, "errors"),
            ("ladders", &order, "applicationsets"),
        ] {
            if let (Some(all), Some(more)) = (written[key].as_array_mut(), answer[from].as_array()) {
                all.extend(more.iter().cloned());
            }
        }
        let (theirs, ours) = (theirs(&expand, &order), ours(&expansion, repository.sources(), batch));
        let nothing = Said::default();
        let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        for name in names {
            let (ours, theirs) = (ours.get(name).unwrap_or(&nothing), theirs.get(name).unwrap_or(&nothing));
            judge(&mut score, name, ours, theirs, &mut show)?;
        }
    }
    if options.write {
        write(suite, options, &prepared, written)?;
    }
    Ok(score)
}

fn judge(
    score: &mut Score,
    name: &str,
    ours: &Said,
    theirs: &Said,
    show: &mut dyn FnMut(String) -> std::io::Result<()>,
) -> Result<(), Failure> {
    score.sets += 1;
    match (&ours.refused, &theirs.refused) {
        (_, Some(_)) if theirs.unknown && ours.unknown => {
            score.unknown += 1;
            return Ok(());
        }
        (Some(ours), Some(theirs)) => {
            score.refused += 1;
            if same_reason(ours, theirs) {
                score.same_reason += 1;
            } else {
                show(format!("{name}: other reasons\n    ours:   {ours}\n    theirs: {theirs}"))?;
            }
            return Ok(());
        }
        (Some(ours), None) => {
            score.ours_only += 1;
            show(format!("{name}: only we refuse: {ours}"))?;
        }
        (None, Some(theirs)) => {
            score.theirs_only += 1;
            show(format!("{name}: only Argo CD refuses: {theirs}"))?;
        }
        (None, None) => {}
    }
    let all: BTreeSet<&String> = ours.applications.keys().chain(theirs.applications.keys()).collect();
    for application in all {
        score.applications += 1;
        let (a, b) = (ours.applications.get(application), theirs.applications.get(application));
        if a == b {
            score.equal += 1;
            continue;
        }
        score.different += 1;
        show(match (a, b) {
            (Some(a), Some(b)) => format!("{name}: `{application}` {}", difference(a, b, "")),
            (None, _) => format!("{name}: `{application}` Argo CD alone has it"),
            (_, None) => format!("{name}: `{application}` we alone have it"),
        })?;
    }
    if ours.steps.is_some() || theirs.steps.is_some() {
        score.ladders += 1;
        if ours.steps == theirs.steps {
            score.equal_ladders += 1;
        } else {
            show(format!("{name}: other steps\n    ours:   {:?}\n    theirs: {:?}", ours.steps, theirs.steps))?;
        }
    }
    Ok(())
}

/// Every text of a tree that may be a repository's address.
fn addresses(node: &Node, found: &mut Vec<String>) {
    if let Some(text) = node.as_text().filter(|text| text.contains("://") || text.starts_with("git@")) {
        found.push(text.to_owned());
    }
    node.as_seq().unwrap_or_default().iter().for_each(|item| addresses(item, found));
    if let Some(map) = node.as_map() {
        map.entries.iter().for_each(|entry| addresses(&entry.value, found));
    }
}

/// Writes the oracle's answers, without places of this machine.
fn write(suite: &Suite, options: &Options, prepared: &Prepared, mut written: Value) -> Result<(), Failure> {
    let place = format!("{}/", prepared.checkout.display());
    for error in written["errors"].as_array_mut().into_iter().flatten() {
        for key in ["file", "message"] {
            if let Some(text) = error[key].as_str().map(|text| text.replace(&place, "")) {
                error[key] = text.into();
            }
        }
    }
    let file = if options.new_globbing { "expected-new-globbing.json" } else { "expected.json" };
    let mut text = String::from("{");
    for (at, (key, entries)) in written.as_object().into_iter().flatten().enumerate() {
        let lines: Vec<String> = entries.as_array().into_iter().flatten().map(Value::to_string).collect();
        text += &format!("{}\n\"{key}\": [\n{}\n]", if at == 0 { "" } else { "," }, lines.join(",\n"));
    }
    std::fs::write(suite.dir.join(file), text + "\n}\n")?;
    Ok(())
}
