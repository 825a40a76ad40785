//! Holds our Helm against the real ones: every chart below some folders, with every set of values that lies beside it.
//!
//!     cargo run --release --example conformance -- [--oracles DIR] [--helm 3|4] [--show N] [--vendor] [--values FILE] [--set K=V]
//!         NAME=DIR...
//!
//! DIR is a checkout of charts; each chart is rendered with its defaults, with `ci/*.yaml` and with
//! `examples/*/values.yaml`. The oracles are `helm-batch` and `helm-batch4`. Objects are compared as data, their order left
//! aside; what differs between two runs of the oracle (keys, passwords, dates) is not compared. With `--vendor`, charts that
//! are listed as dependencies and lie in the same checkout are first copied into `charts/`, where Helm looks for them.
//! Prints a table: suite, Helm, cases, refused by both, objects, equal, different, only one refuses.
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    suites: Vec<(String, PathBuf)>,
}

fn main() -> Result<(), Failure> {
    let options = options()?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| suite | Helm | cases | refused by both | same words | objects | equal | share | we refuse | Helm refuses | speed |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|")?;
    for (name, folder) in &options.suites {
        if options.vendor {
            vendor(folder)?;
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
        suites: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--oracles" => options.oracles = value()?.into(),
            "--set" => options.set.push(value()?),
            "--values" => options.values.push(value()?.into()),
            "--vendor" => options.vendor = true,
            "--show" => options.show = value()?.parse()?,
            "--repeat" => options.repeat = value()?.parse()?,
            "--helm" => options.helms = vec![if value()? == "3" { HelmVersion::V3 } else { HelmVersion::V4 }],
            other => {
                let (name, folder) = other.split_once('=').ok_or(format!("`{other}` is no NAME=DIR"))?;
                options.suites.push((name.to_owned(), folder.into()));
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

/// Copies charts that others list into their `charts/`.
fn vendor(folder: &Path) -> Result<(), Failure> {
    let charts = charts(folder)?;
    for chart in &charts {
        for file in ["Chart.yaml", "requirements.yaml"] {
            let Ok(text) = std::fs::read_to_string(chart.join(file)) else { continue };
            let Some((_, listed)) = text.split_once("dependencies:") else { continue };
            for line in listed.lines() {
                let line = line.trim().trim_start_matches("- ");
                let Some(name) = line.strip_prefix("name:").map(|name| name.trim().trim_matches(['"', '\''])) else {
                    continue;
                };
                let other = charts.iter().find(|other| other.file_name().is_some_and(|n| n == name) && *other != chart);
                let target = chart.join("charts").join(name);
                if let Some(other) = other.filter(|_| !target.exists()) {
                    copy(other, &target)?;
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

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn score(cases: &[Value], helm: HelmVersion, options: &Options) -> Result<Score, Failure> {
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let mut ours = Vec::new();
    let batch = BatchOptions { helm, jobs: 1, repeat: options.repeat, ..BatchOptions::default() };
    run_batch(lines.as_bytes(), &mut ours, &batch)?;
    let theirs = oracle(&lines, helm, options, options.repeat)?;
    let again = oracle(&lines, helm, options, 1)?;
    let mut score = Score { cases: cases.len(), ..Score::default() };
    let mut shown = 0;
    let mut err = std::io::stderr().lock();
    let parse = |text: &[u8]| -> Result<Vec<Value>, Failure> {
        let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
    };
    for ((ours, theirs), again) in parse(&ours)?.iter().zip(parse(&theirs)?).zip(parse(&again)?) {
        let id = ours["id"].as_str().unwrap_or_default();
        score.our_ms += ours["ms"].as_f64().unwrap_or_default();
        score.their_ms += theirs["ms"].as_f64().unwrap_or_default();
        let ok = |answer: &Value| answer["ok"] == true && answer["parseError"].is_null();
        let mut show = |text: String| {
            shown += 1;
            if shown <= options.show { writeln!(err, "{id} [{}]\n  {text}", helm.name()) } else { Ok(()) }
        };
        let count = |answer: &Value| answer["objects"].as_array().map_or(0, Vec::len);
        match (ok(ours), ok(&theirs)) {
            (false, false) => {
                score.refused += 1;
                if ours["error"] == theirs["error"] {
                    score.same_reason += 1;
                    continue;
                }
                if std::env::var("REASONS").is_ok() {
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
                let (mut mine, mut other, again) = (keyed(ours), keyed(&theirs), keyed(&again));
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

/// Objects by what names them; those of one name are numbered.
fn keyed(answer: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for object in answer["objects"].as_array().into_iter().flatten() {
        let metadata = &object["metadata"];
        let mut key = format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"]);
        while all.contains_key(&key) {
            key.push('+');
        }
        all.insert(key, plain(object));
    }
    all
}

/// Takes out what the oracle itself says differently each time.
fn blot(ours: &mut Value, theirs: &mut Value, again: &Value) {
    if theirs == again {
        return;
    }
    match (&mut *ours, &mut *theirs, again) {
        (Value::Object(ours), Value::Object(theirs), Value::Object(again)) => {
            for (key, theirs) in theirs.iter_mut() {
                if let (Some(ours), Some(again)) = (ours.get_mut(key), again.get(key)) {
                    blot(ours, theirs, again);
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs), Value::Array(again)) if theirs.len() == again.len() => {
            ours.iter_mut().zip(theirs).zip(again).for_each(|((ours, theirs), again)| blot(ours, theirs, again));
        }
        _ => {
            *ours = Value::Null;
            *theirs = Value::Null;
        }
    }
}

/// Numbers as one kind of number, keys sorted.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
            sorted.into_iter().collect()
        }
        other => other.clone(),
    }
}

fn difference(a: &Value, b: &Value, path: &str) -> String {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<_> = x.keys().chain(y.keys()).collect();
            let differing = keys.into_iter().find(|key| x.get(*key) != y.get(*key));
            let Some(key) = differing else { return "?".into() };
            let path = format!("{path}.{key}");
            match (x.get(key), y.get(key)) {
                (Some(a), Some(b)) => difference(a, b, &path),
                (Some(a), None) => format!("{path} ours alone: {}", short(a)),
                (_, b) => format!("{path} theirs alone: {}", b.map(short).unwrap_or_default()),
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let at = x.iter().zip(y).position(|(a, b)| a != b).unwrap_or(0);
            difference(&x[at], &y[at], &format!("{path}[{at}]"))
        }
        (Value::String(x), Value::String(y)) => {
            let at = x.bytes().zip(y.bytes()).position(|(a, b)| a != b).unwrap_or(x.len().min(y.len()));
            let from = |text: &str| {
                text.chars()
                    .skip(text[..floor(text, at)].chars().count().saturating_sub(30))
                    .take(120)
                    .collect::<String>()
            };
            format!("{path} at {at}\n    ours:   {:?}\n    theirs: {:?}", from(x), from(y))
        }
        _ => format!("{path}\n    ours:   {}\n    theirs: {}", short(a), short(b)),
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}
