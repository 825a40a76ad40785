//! Suites whose answers were committed by somebody else beside the charts: rendered examples, helm-chartsnap's snapshots and
//! the outputs of Helm's own tests. Where we differ from such a file, the real Helm is asked whether it still agrees with it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use schemaward::budget::Budget;
use schemaward::render::helm::{HelmVersion, Job, Shop};
use schemaward::source::FileId;
use serde_json::{Value, json};

use super::compare::{blot, difference, keyed, objects};
use super::{Failure, Options, answers, charts, files, oracle};

/// What stands in a snapshot for what differs each time.
const MASK: &str = "###DYNAMIC_FIELD###";

/// The form of a suite.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `examples/*/values.yaml` and `examples/*/rendered/**` (OpenTelemetry's Makefile says how they are made).
    Rendered,
    /// `ci/*.yaml` and `ci/__snapshots__/*.snap` (helm-chartsnap).
    Snapshots,
    /// `pkg/cmd/testdata` of Helm.
    Outputs,
}

/// One answer.
pub(crate) struct Golden {
    /// What is asked, as a line of a batch.
    pub job: Value,
    /// The templates whose objects are shown; all where there is none.
    pub show: Vec<&'static str>,
    /// The files with the answer.
    pub files: usize,
    /// The objects, or how the refusal begins.
    pub answer: Result<Vec<Value>, String>,
    /// Keys that do not count.
    pub aside: &'static [&'static str],
    /// Whether the order counts.
    pub ordered: bool,
}

/// Compares a suite, and prints a line of the table for each Helm.
pub(crate) fn run(form: Form, name: &str, folder: &Path, options: &Options) -> Result<(), Failure> {
    let goldens = match form {
        Form::Rendered => rendered(folder)?,
        Form::Snapshots => snapshots(folder)?,
        Form::Outputs => super::outputs::goldens(folder)?,
    };
    let lines: String = goldens.iter().map(|golden| format!("{}\n", golden.job)).collect();
    for helm in &options.helms {
        let theirs = answers(&oracle(&lines, *helm, options, 1)?)?;
        let again = answers(&oracle(&lines, *helm, options, 1)?)?;
        let shop = Shop::new(*helm);
        let mut score = Score::default();
        for ((golden, theirs), again) in goldens.iter().zip(&theirs).zip(&again) {
            score.judge(golden, &shop, (theirs, again), *helm, options)?;
        }
        let share = 100.0 * score.equal as f64 / score.objects.max(1) as f64;
        writeln!(
            std::io::stdout(),
            "| {name} | {} | {} | {} | {} | {} | {} | {share:.2} % | {} | {} |",
            helm.name(),
            goldens.len(),
            goldens.iter().map(|golden| golden.files).sum::<usize>(),
            score.refused,
            score.objects,
            score.equal,
            score.stale,
            score.different,
        )?;
    }
    Ok(())
}

#[derive(Default)]
struct Score {
    refused: usize,
    objects: usize,
    equal: usize,
    stale: usize,
    different: usize,
    shown: usize,
}

impl Score {
    fn judge(
        &mut self,
        golden: &Golden,
        shop: &Shop,
        (theirs, again): (&Value, &Value),
        helm: HelmVersion,
        options: &Options,
    ) -> Result<(), Failure> {
        let id = golden.job["id"].as_str().unwrap_or_default();
        let mut said = Vec::new();
        let printed = shop.print(&serde_json::from_value::<Job>(golden.job.clone())?);
        match (&golden.answer, printed) {
            (Err(begins), Err(error)) if error.message.starts_with(begins.as_str()) => self.refused += 1,
            (Err(begins), other) => {
                // A refusal counts as one object.
                self.objects += 1;
                let ours = other.map(|printed| format!("{} objects", printed.manifests.len()));
                let ours = ours.unwrap_or_else(|error| error.message);
                self.count(theirs["error"] == ours.as_str());
                said.push(format!("\n    ours:   {ours}\n    golden: {begins}\n    Helm:   {}", theirs["error"]));
            }
            (Ok(expected), Err(error)) => {
                self.objects += expected.len();
                let stale = theirs["error"] == error.message.as_str();
                (0..expected.len()).for_each(|_| self.count(stale));
                said.push(format!("we refuse: {}", error.message));
            }
            (Ok(expected), Ok(printed)) => {
                let manifests = printed.manifests.iter().filter(|manifest| shows(&golden.show, &manifest.source));
                let ours: Vec<Value> = manifests.map(|manifest| manifest.to_json()).collect();
                if golden.ordered && keys(&ours) != keys(expected) {
                    said.push(format!("another order: {:?}, golden {:?}", keys(&ours), keys(expected)));
                    self.different += 1;
                }
                self.compare(golden, (&ours, expected), (objects(theirs), objects(again)), &mut said);
            }
        }
        for text in said {
            self.shown += 1;
            if self.shown <= options.show {
                writeln!(std::io::stderr(), "{id} [{}] {text}", helm.name())?;
            }
        }
        Ok(())
    }

    fn count(&mut self, stale: bool) {
        if stale {
            self.stale += 1;
        } else {
            self.different += 1;
        }
    }

    fn compare(
        &mut self,
        golden: &Golden,
        (ours, expected): (&[Value], &[Value]),
        (theirs, again): (&[Value], &[Value]),
        said: &mut Vec<String>,
    ) {
        let (mut ours, mut expected, mut theirs) = (keyed(ours), keyed(expected), keyed(theirs));
        let again = keyed(again);
        for (key, golden) in &mut expected {
            if let Some(ours) = ours.get_mut(key) {
                mask(ours, golden);
            }
        }
        for all in [&mut ours, &mut expected, &mut theirs] {
            all.values_mut().for_each(|object| put_aside(object, golden.aside));
        }
        let all: BTreeSet<String> = ours.keys().chain(expected.keys()).cloned().collect();
        for key in all {
            self.objects += 1;
            let (mine, wanted) = (ours.get(&key), expected.get(&key));
            if mine == wanted {
                self.equal += 1;
                continue;
            }
            let (mut mine, mut real) = (mine.cloned(), theirs.get(&key).cloned());
            if let (Some(ours), Some(theirs), Some(again)) = (&mut mine, &mut real, again.get(&key)) {
                let mut again = again.clone();
                put_aside(&mut again, golden.aside);
                blot(ours, theirs, &again);
            }
            let stale = mine == real;
            self.count(stale);
            let what = match (&mine, wanted) {
                (Some(ours), Some(golden)) => difference(ours, golden, ""),
                (None, _) => "the golden alone has it".to_owned(),
                (_, None) => "we alone have it".to_owned(),
            };
            said.push(format!("{key}: {}{what}", if stale { "(Helm says the same as we) " } else { "" }));
        }
    }
}

fn keys(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|object| format!("{} {}", object["kind"], object["metadata"]["name"])).collect()
}

fn shows(wanted: &[&str], source: &str) -> bool {
    let inner = source.split_once('/').map_or(source, |(_, inner)| inner);
    let fits = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => inner.strip_prefix(start).is_some_and(|rest| !rest.contains('/')),
        None => inner == *pattern,
    };
    wanted.is_empty() || wanted.iter().any(fits)
}

/// Takes out of ours what the golden has masked.
fn mask(ours: &mut Value, golden: &Value) {
    match (ours, golden) {
        (ours, Value::String(text)) if text == MASK => *ours = golden.clone(),
        (Value::Object(ours), Value::Object(golden)) => {
            golden.iter().for_each(|(key, golden)| {
                if let Some(ours) = ours.get_mut(key) {
                    mask(ours, golden);
                }
            });
        }
        (Value::Array(ours), Value::Array(golden)) => ours.iter_mut().zip(golden).for_each(|(o, g)| mask(o, g)),
        _ => {}
    }
}

fn put_aside(object: &mut Value, keys: &[&str]) {
    match object {
        Value::Object(fields) => {
            fields.retain(|key, _| !keys.contains(&key.as_str()));
            fields.values_mut().for_each(|value| put_aside(value, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| put_aside(value, keys)),
        _ => {}
    }
}

/// The documents of a text, those that say nothing left out.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let parsed = schemaward::yaml::parse(FileId(0), text, &Budget::default());
    parsed.documents.iter().map(|document| document.root.to_json()).filter(|value| !value.is_null()).collect()
}

fn rendered(folder: &Path) -> Result<Vec<Golden>, Failure> {
    let mut goldens = Vec::new();
    for chart in charts(folder)? {
        for example in files(&chart.join("examples")) {
            let mut values = files(&example);
            values.retain(|file| file.to_string_lossy().ends_with("values.yaml"));
            let mut answer = BTreeMap::new();
            below(&example.join("rendered"), &mut answer)?;
            if values.is_empty() || answer.is_empty() {
                continue;
            }
            // Where there are several sets of values, what the later wrote lies over what the earlier did: not told apart.
            if values.len() > 1 {
                continue;
            }
            goldens.push(Golden {
                job: json!({
                    "id": example, "chart": chart, "values": values, "release": "example", "namespace": "default",
                    "kubeVersion": "1.29",
                }),
                show: Vec::new(),
                files: answer.len(),
                answer: Ok(answer.values().flat_map(|text| documents(text)).collect()),
                aside: &["checksum/config", "helm.sh/chart"],
                ordered: false,
            });
        }
    }
    Ok(goldens)
}

fn below(folder: &Path, into: &mut BTreeMap<PathBuf, String>) -> Result<(), Failure> {
    for path in files(folder) {
        if path.is_dir() {
            below(&path, into)?;
        } else {
            into.insert(path.clone(), std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn snapshots(folder: &Path) -> Result<Vec<Golden>, Failure> {
    let versions = [
        "cert-manager.io/v1",
        "gateway.networking.k8s.io/v1",
        "gateway.networking.k8s.io/v1beta1",
        "gateway.networking.k8s.io/v1alpha2",
        "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding",
    ];
    let mut goldens = Vec::new();
    for chart in charts(folder)? {
        for snapshot in files(&chart.join("ci/__snapshots__")) {
            let Some(name) = snapshot.file_stem() else { continue };
            let values = chart.join("ci").join(name).with_extension("yaml");
            if !values.is_file() {
                continue;
            }
            goldens.push(Golden {
                job: json!({
                    "id": snapshot, "chart": chart, "values": [values], "release": "chartsnap", "namespace": "default",
                    "apiVersions": versions,
                }),
                show: Vec::new(),
                files: 1,
                answer: Ok(documents(&std::fs::read_to_string(&snapshot)?)),
                aside: &[],
                ordered: false,
            });
        }
    }
    Ok(goldens)
}
