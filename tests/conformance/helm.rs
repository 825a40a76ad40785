//! Holds our Helm against the real ones: every chart below some folders, with every set of values that lies beside it.
//!
//!     cargo run --release --example conformance -- [--oracles DIR] [--helm 3|4] [--show N] [--vendor] [--values FILE] [--set K=V]
//!         [--charts DIR]... [--reasons] [--toggle] [--time OUR-PROGRAM] [--rendered|--snapshots|--outputs] NAME=DIR...
//!
//! DIR is a checkout of charts; each chart is rendered with its defaults, with `ci/*.yaml` and with
//! `examples/*/values.yaml`. The oracles are `helm-batch` and `helm-batch4`. Objects are compared as data, their order left
//! aside; what differs between two runs of the oracle (keys, passwords, dates) is not compared. With `--vendor`, charts that
//! are listed as dependencies and lie in the same checkout are first copied into `charts/`, where Helm looks for them; with
//! `--charts`, those that lie in a folder of unpacked charts named `NAME-VERSION`. `--toggle` adds a case for each boolean of
//! a chart's own values, turned over. `--reasons` shows where both refuse in different words. `--rendered`, `--snapshots` and
//! `--outputs` say that the folder behind them brings answers of its own (see `goldens.rs`).
//! `--time` starts `helm template` (of Helm 3) for each case instead, and our program once for all of them.
//! Prints a table: suite, Helm, cases, refused by both, objects, equal, different, only one refuses.
mod compare;
mod goldens;
mod outputs;
mod speed;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use compare::{blot, difference, keyed, objects};
use goldens::Form;
use schemaward::render::helm::{BatchOptions, HelmVersion, run_batch};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Score {
    cases: usize,
    refused: usize,
    same_reason: usize,
    objects: usize,
    equal: usize,
    ours_only: usize,
    theirs_only: usize,
    our_ms: f64,
    their_ms: f64,
}

struct Options {
    oracles: PathBuf,
    helms: Vec<HelmVersion>,
    show: usize,
    repeat: u32,
    vendor: bool,
    set: Vec<String>,
    values: Vec<PathBuf>,
    reasons: bool,
    toggle: bool,
    charts: Vec<PathBuf>,
    time: Option<PathBuf>,
    suites: Vec<(Option<Form>, String, PathBuf)>,
}

const CASES: &str =
    "suite | Helm | cases | refused by both | same words | objects | equal | share | we refuse | Helm refuses | speed";
const GOLDENS: &str = "suite | Helm | cases | files | refused as they say | objects | equal | share | \
     Helm itself differs as we do | different";

/// What the program itself has, whose speed is told.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Failure> {
    let options = options()?;
    let mut out = std::io::stdout();
    let mut head = None;
    for (form, name, folder) in &options.suites {
        if options.vendor || !options.charts.is_empty() {
            vendor(folder, &options.charts)?;
        }
        if let Some(ours) = &options.time {
            let helm = options.oracles.join("helm");
            let jobs =
                cases(folder, &options)?.into_iter().map(|case| (case.clone(), template(&helm, &case))).collect();
            writeln!(out, "{}", speed::measure(ours, &["--helm-version", "3"], name, jobs)?)?;
            continue;
        }
        if head != Some(form.is_some()) {
            head = Some(form.is_some());
            let columns = if form.is_some() { GOLDENS } else { CASES };
            writeln!(out, "| {columns} |\n|{}", "---|".repeat(columns.matches('|').count() + 1))?;
        }
        if let Some(form) = form {
            goldens::run(*form, name, folder, &options)?;
            continue;
        }
        let cases = cases(folder, &options)?;
        for helm in &options.helms {
            let score = score(&cases, *helm, &options)?;
            let share = 100.0 * score.equal as f64 / score.objects.max(1) as f64;
            let speed = score.their_ms / score.our_ms.max(0.001);
            writeln!(
                out,
                "| {name} | {} | {} | {} | {} | {} | {} | {share:.2} % | {} | {} | {speed:.1}x |",
                helm.name(),
                score.cases,
                score.refused,
                score.same_reason,
                score.objects,
                score.equal,
                score.ours_only,
                score.theirs_only,
            )?;
        }
    }
    Ok(())
}

fn options() -> Result<Options, Failure> {
    let home = std::env::var("HOME").unwrap_or_default();
    let mut options = Options {
        oracles: Path::new(&home).join(".cache/schemaward-oracles"),
        helms: vec![HelmVersion::V3, HelmVersion::V4],
        show: 0,
        repeat: 1,
        vendor: false,
        set: Vec::new(),
        values: Vec::new(),
        reasons: false,
        toggle: false,
        charts: Vec::new(),
        time: None,
        suites: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    let mut form = None;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--oracles" => options.oracles = value()?.into(),
            "--set" => options.set.push(value()?),
            "--values" => options.values.push(value()?.into()),
            "--vendor" => options.vendor = true,
            "--charts" => options.charts.push(value()?.into()),
            "--reasons" => options.reasons = true,
            "--toggle" => options.toggle = true,
            "--time" => options.time = Some(value()?.into()),
            "--rendered" => form = Some(Form::Rendered),
            "--snapshots" => form = Some(Form::Snapshots),
            "--outputs" => form = Some(Form::Outputs),
            "--show" => options.show = value()?.parse()?,
            "--repeat" => options.repeat = value()?.parse()?,
            "--helm" => options.helms = vec![if value()? == "3" { HelmVersion::V3 } else { HelmVersion::V4 }],
            other => {
                let (name, folder) = other.split_once('=').ok_or(format!("`{other}` is no NAME=DIR"))?;
                options.suites.push((form.take(), name.to_owned(), folder.into()));
            }
        }
    }
    Ok(options)
}

/// The folders of charts below a folder.
fn charts(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut charts = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        if folder.join("Chart.yaml").is_file() {
            charts.push(folder);
            continue;
        }
        let below = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
        open.extend(below.filter(|path| path.is_dir() && !path.is_symlink()));
    }
    charts.sort();
    Ok(charts)
}

/// Copies charts that others list into their `charts/`, from the same checkout or from a pool.
fn vendor(folder: &Path, pools: &[PathBuf]) -> Result<(), Failure> {
    let own = charts(folder)?;
    let pool: Vec<PathBuf> = pools.iter().flat_map(|pool| files(pool)).collect();
    // What comes out of the pool may list others itself.
    for chart in pool.iter().chain(&own) {
        for file in ["Chart.yaml", "requirements.yaml"] {
            let Ok(text) = std::fs::read_to_string(chart.join(file)) else { continue };
            for document in goldens::documents(&text) {
                for listed in document["dependencies"].as_array().into_iter().flatten() {
                    let name = listed["name"].as_str().unwrap_or_default();
                    let version = listed["version"].as_str().unwrap_or_default().trim_start_matches(['=', '^', '~']);
                    let version = version.trim_end_matches(['x', '*', '.']);
                    let pooled = |path: &&PathBuf| {
                        let (folder, start) = (path.file_name().and_then(|n| n.to_str()), format!("{name}-{version}"));
                        folder.is_some_and(|folder| folder.starts_with(&start))
                    };
                    let beside = |path: &&PathBuf| path.file_name().is_some_and(|n| n == name) && *path != chart;
                    let found = pool.iter().find(pooled).or_else(|| own.iter().find(beside));
                    let target = chart.join("charts").join(name);
                    if let Some(found) = found.filter(|_| !name.is_empty() && !target.exists()) {
                        copy(found, &target)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)?.flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Every chart below a folder, with each of its sets of values.
fn cases(folder: &Path, options: &Options) -> Result<Vec<Value>, Failure> {
    let mut cases = Vec::new();
    for folder in charts(folder)? {
        let mut sets = vec![None];
        for file in files(&folder.join("ci")) {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with("values.yaml") || name.ends_with("values.yml") {
                sets.push(Some(file));
            }
        }
        for example in files(&folder.join("examples")) {
            sets.extend(Some(example.join("values.yaml")).filter(|file| file.is_file()).map(Some));
        }
        if options.toggle {
            cases.extend(toggles(&folder));
        }
        for set in sets {
            let id = format!("{} {}", folder.display(), set.as_deref().map_or("".into(), Path::to_string_lossy));
            cases.push(json!({
                "id": id, "chart": folder, "values": options.values.iter().cloned().chain(set).collect::<Vec<_>>(), "set": options.set, "includeCRDs": true,
                "kubeVersion": "1.31.0", "release": "example", "namespace": "shop",
            }));
        }
    }
    Ok(cases)
}

/// What starts `helm template` for a case.
fn template(helm: &Path, case: &Value) -> Command {
    let mut command = Command::new(helm);
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let all = |key: &str| case[key].as_array().cloned().unwrap_or_default();
    command.args(["template", text("release"), text("chart"), "--namespace", text("namespace"), "--include-crds"]);
    command.args(["--kube-version", text("kubeVersion")]);
    for (flag, key) in [("--values", "values"), ("--set", "set")] {
        all(key).iter().filter_map(Value::as_str).for_each(|value| {
            command.args([flag, value]);
        });
    }
    command
}

/// A case for each boolean of a chart's own values, turned over.
fn toggles(chart: &Path) -> Vec<Value> {
    let Ok(text) = std::fs::read_to_string(chart.join("values.yaml")) else { return Vec::new() };
    let mut found = Vec::new();
    goldens::documents(&text).iter().for_each(|values| booleans(values, "", &mut found));
    let case = |(path, value): (String, bool)| {
        json!({
            "id": format!("{} {path}={}", chart.display(), !value), "chart": chart, "set": [format!("{path}={}", !value)],
            "includeCRDs": false, "kubeVersion": "1.31.0", "release": "example", "namespace": "shop",
        })
    };
    found.into_iter().map(case).collect()
}

fn booleans(value: &Value, path: &str, into: &mut Vec<(String, bool)>) {
    match value {
        Value::Bool(b) => into.push((path.to_owned(), *b)),
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| !key.contains(['.', '[', ',', '=', '\\'])) {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                booleans(value, &below, into);
            }
        }
        _ => {}
    }
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn score(cases: &[Value], helm: HelmVersion, options: &Options) -> Result<Score, Failure> {
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let mut ours = Vec::new();
    let batch = BatchOptions { helm, jobs: 1, repeat: options.repeat, ..BatchOptions::default() };
    run_batch(lines.as_bytes(), &mut ours, &batch, &batch.shop())?;
    let theirs = oracle(&lines, helm, options, options.repeat)?;
    let again = oracle(&lines, helm, options, 1)?;
    let mut score = Score { cases: cases.len(), ..Score::default() };
    let mut shown = 0;
    let mut err = std::io::stderr().lock();
    for ((ours, theirs), again) in answers(&ours)?.iter().zip(answers(&theirs)?).zip(answers(&again)?) {
        let id = ours["id"].as_str().unwrap_or_default();
        score.our_ms += ours["ms"].as_f64().unwrap_or_default();
        score.their_ms += theirs["ms"].as_f64().unwrap_or_default();
        let ok = |answer: &Value| answer["ok"] == true && answer["parseError"].is_null();
        let mut show = |text: String| {
            shown += 1;
            if shown <= options.show { writeln!(err, "{id} [{}]\n  {text}", helm.name()) } else { Ok(()) }
        };
        let count = |answer: &Value| objects(answer).len();
        match (ok(ours), ok(&theirs)) {
            (false, false) => {
                score.refused += 1;
                if ours["error"] == theirs["error"] {
                    score.same_reason += 1;
                    continue;
                }
                if options.reasons {
                    show(format!("ours:   {}\n  theirs: {}", ours["error"], theirs["error"]))?;
                }
            }
            (false, true) => {
                score.ours_only += 1;
                score.objects += count(&theirs);
                show(format!("we refuse: {}", ours["error"]))?;
            }
            (true, false) => {
                score.theirs_only += 1;
                score.objects += count(ours);
                show(format!("Helm refuses: {} {}", theirs["error"], theirs["parseError"]))?;
            }
            (true, true) => {
                let (mut mine, mut other, again) =
                    (keyed(objects(ours)), keyed(objects(&theirs)), keyed(objects(&again)));
                for (key, theirs) in &mut other {
                    if let (Some(ours), Some(again)) = (mine.get_mut(key), again.get(key)) {
                        blot(ours, theirs, again);
                    }
                }
                // Names that are random come in pairs: one of ours, one of theirs.
                let random: Vec<String> = other.keys().filter(|key| !again.contains_key(*key)).cloned().collect();
                for key in random {
                    let kind = key.split(' ').next().unwrap_or_default().to_owned();
                    let pair = mine.keys().find(|k| k.starts_with(&kind) && !other.contains_key(*k)).cloned();
                    if let Some(pair) = pair {
                        mine.remove(&pair);
                        other.remove(&key);
                    }
                }
                let keys: std::collections::BTreeSet<_> = mine.keys().chain(other.keys()).collect();
                for key in keys {
                    let (a, b) = (mine.get(key), other.get(key));
                    score.objects += 1;
                    if a == b {
                        score.equal += 1;
                    } else {
                        show(match (a, b) {
                            (Some(a), Some(b)) => format!("{key}: {}", difference(a, b, "")),
                            (None, _) => format!("{key}: Helm alone has it"),
                            (_, None) => format!("{key}: we alone have it"),
                        })?;
                    }
                }
            }
        }
    }
    Ok(score)
}

/// The lines of an answer.
fn answers(text: &[u8]) -> Result<Vec<Value>, Failure> {
    let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

fn oracle(lines: &str, helm: HelmVersion, options: &Options, repeat: u32) -> Result<Vec<u8>, Failure> {
    let program = options.oracles.join(if helm == HelmVersion::V3 { "helm-batch" } else { "helm-batch4" });
    let mut command = Command::new(&program);
    command.args(["--repeat", &repeat.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("`{}`: {error}", program.display()))?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| "the writer panicked")??;
    Ok(output.stdout)
}
