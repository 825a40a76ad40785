//! Holds our builds of kustomizations against the real Kustomize: every kustomization below a folder, or cases that were laid
//! out beforehand, object by object, as data.
//!
//! A suite is a folder with kustomizations anywhere in it, or one with a folder for each case, whose file `.case` names the
//! folder to build and, on its second line, options of `kustomize build`. The cases of `api/krusty/*_test.go` are laid out by
//! writing the in-memory file system to disk at the head of `Kustomizer.Run` and running `go test ./krusty`.
//!
//! `cargo run --example conformance_kustomize -- [--programs DIR] [--flags FLAGS] [--verbose] [--only PART] NAME=DIR...`
//! compares; `--record FILE.cases...` asks the real program about the cases of `fixtures/kustomize` and writes its answers beside
//! them; `--time OUR-PROGRAM NAME=DIR...` measures both.

// A report for people is what this program is for.
#![allow(clippy::print_stdout)]

mod cases;
mod real;
mod speed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use real::Programs;
use schemaward::budget::Budget;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::render::helm::HelmVersion;
use schemaward::render::kustomize::{self, BuildError, BuildOptions, Built, Options};
use schemaward::render::{Addresses, Context, Inflater, Manifests, Tools};
use schemaward::source::{FileId, RepoPath, SourceMap};
use schemaward::yaml::{self, Dialect};
use serde_json::{Value, json};

mod compare;

#[derive(Default)]
struct Score {
    cases: usize,
    equal_cases: usize,
    refused_alike: usize,
    other_words: usize,
    beyond: usize,
    objects: usize,
    equal: usize,
    reasons: BTreeMap<String, usize>,
    theirs: Duration,
    ours: Duration,
}

struct Asked {
    programs: Programs,
    flags: String,
    verbose: bool,
    only: Option<String>,
}

impl Asked {
    fn leaves_out(&self, name: &str) -> bool {
        self.only.as_ref().is_some_and(|only| !name.contains(only.as_str()))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let programs = PathBuf::from(std::env::var("HOME").unwrap_or_default()).join(".cache/schemaward-oracles");
    let mut asked = Asked { programs: Programs::of(&programs), flags: String::new(), verbose: false, only: None };
    let (mut suites, mut record, mut time) = (Vec::new(), false, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--programs" => asked.programs = Programs::of(Path::new(&arguments.next().unwrap_or_default())),
            "--flags" => asked.flags = arguments.next().unwrap_or_default(),
            "--verbose" => asked.verbose = true,
            "--only" => asked.only = arguments.next(),
            "--record" => record = true,
            "--time" => time = arguments.next().map(PathBuf::from),
            suite => match suite.split_once('=') {
                Some((name, dir)) => suites.push((name.to_owned(), PathBuf::from(dir))),
                None => suites.push((suite.to_owned(), PathBuf::from(suite))),
            },
        }
    }
    if record {
        return suites.iter().try_for_each(|(_, file)| write_answers(&asked.programs, file));
    }
    if let Some(ours) = time {
        for (name, dir) in suites {
            let overlays = folders(&dir).into_iter().map(|folder| dir.join(folder.as_str()));
            let job = |overlay: PathBuf| {
                let build = asked.programs.building(&overlay, "");
                (json!({"id": overlay, "kustomize": overlay}), build)
            };
            println!("{}", speed::measure(&ours, &[], &name, overlays.map(job).collect())?);
        }
        return Ok(());
    }
    println!(
        "suite | cases | equal | refused alike | in other words | beyond | objects | equal | % | kustomize | schemaward"
    );
    for (name, dir) in suites {
        let laid_out =
            std::fs::read_dir(&dir).is_ok_and(|mut all| all.any(|e| e.is_ok_and(|e| e.path().join(".case").exists())));
        let score = if laid_out { laid_out_cases(&asked, &dir) } else { suite(&asked, &dir) };
        let share = if score.objects == 0 { 100.0 } else { 100.0 * score.equal as f64 / score.objects as f64 };
        println!(
            "{name} | {} | {} | {} | {} | {} | {} | {} | {share:.2} | {:?} | {:?}",
            score.cases,
            score.equal_cases,
            score.refused_alike,
            score.other_words,
            score.beyond,
            score.objects,
            score.equal,
            score.theirs,
            score.ours
        );
        for (reason, count) in &score.reasons {
            println!("    {count} x {reason}");
        }
    }
    Ok(())
}

fn write_answers(programs: &Programs, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = String::new();
    for case in cases::read(&std::fs::read_to_string(file)?)? {
        lines.push_str(&serde_json::to_string(&programs.answer(&case)?)?);
        lines.push('\n');
    }
    // Where the programs lie is nobody's business.
    let helm = programs.helm.display().to_string();
    // Addresses in memory and folders for once are never twice the same.
    let lines = regex::Regex::new("0x[0-9a-f]{6,}")?.replace_all(&lines, "0x");
    let lines = regex::Regex::new("kustomize-helm-[0-9]+")?.replace_all(&lines, "kustomize-helm-");
    std::fs::write(file.with_extension("answers.jsonl"), lines.replace(&helm, "helm"))?;
    Ok(())
}

/// The folders with a kustomization below a folder.
fn folders(dir: &Path) -> Vec<RepoPath> {
    let Ok((repository, _)) = Repository::open(dir, None, ReadLimits::default()) else { return Vec::new() };
    let named = repository.files().iter().filter(|path| kustomize::FILE_NAMES.contains(&path.file_name()));
    let mut folders: Vec<RepoPath> = named.filter_map(RepoPath::parent).collect();
    folders.dedup();
    folders
}

/// Our build, with charts from the repository.
fn ours(
    manifests: &Manifests<'_>,
    folder: &RepoPath,
    build: &BuildOptions,
    tools: &Tools,
) -> Result<Built, Box<BuildError>> {
    let addresses = Addresses::default();
    let inflater = Inflater { context: &Context::new(manifests, &addresses, tools) };
    let options =
        Options { cache: Some(&manifests.builds), build: Some(build), charts: Some(&inflater), ..Options::default() };
    kustomize::build(manifests.repository(), folder, &options, &Budget::default())
}

fn tools() -> Tools {
    let options = schemaward::render::Options { helm: HelmVersion::V3, ..schemaward::render::Options::default() };
    Tools::new(options, BuildOptions::default())
}

fn suite(asked: &Asked, dir: &Path) -> Score {
    let mut score = Score::default();
    let Ok((repository, _)) = Repository::open(dir, None, ReadLimits::default()) else {
        score.reasons.insert("the folder cannot be opened".to_owned(), 1);
        return score;
    };
    let (manifests, tools) = (Manifests::new(&repository), tools());
    for folder in folders(dir) {
        if !asked.leaves_out(folder.as_str()) {
            case(&mut score, asked, dir, &manifests, &folder, &asked.flags, &tools);
        }
    }
    score
}

/// Cases that were laid out: a folder each, with a file `.case` that says what to build and how.
fn laid_out_cases(asked: &Asked, dir: &Path) -> Score {
    let mut score = Score::default();
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    for folder in folders {
        let Ok(text) = std::fs::read_to_string(folder.join(".case")) else { continue };
        let (path, flags) = text.split_once('\n').unwrap_or((&text, ""));
        if asked.leaves_out(&folder.to_string_lossy()) {
            continue;
        }
        let Ok((repository, _)) = Repository::open(&folder, None, ReadLimits::default()) else { continue };
        let Ok(path) = RepoPath::new(path.trim()) else { continue };
        if asked.verbose {
            println!("{}", folder.display());
        }
        case(&mut score, asked, &folder, &Manifests::new(&repository), &path, flags, &tools());
    }
    score
}

fn case(
    score: &mut Score,
    asked: &Asked,
    dir: &Path,
    manifests: &Manifests<'_>,
    folder: &RepoPath,
    flags: &str,
    tools: &Tools,
) {
    let verbose = asked.verbose;
    {
        let started = Instant::now();
        let theirs = asked.programs.building(&dir.join(folder.as_str()), flags).output();
        score.theirs += started.elapsed();
        let Ok(theirs) = theirs else { return };
        let build = BuildOptions::parse(flags);
        let started = Instant::now();
        let built = ours(manifests, folder, &build, tools);
        score.ours += started.elapsed();
        score.cases += 1;
        let note = |score: &mut Score, reason: String| {
            if verbose {
                println!("  {folder}: {reason}");
            }
            *score.reasons.entry(reason.chars().take(150).collect()).or_default() += 1;
        };
        // Our paths begin at the suite.
        let error =
            String::from_utf8_lossy(&theirs.stderr).replace(&format!("{}/", dir.display()), "").trim().to_owned();
        match (theirs.status.success(), built) {
            (true, Ok(built)) => {
                let different = compare(score, &String::from_utf8_lossy(&theirs.stdout), &built);
                if different.is_empty() {
                    score.equal_cases += 1;
                }
                for reason in different {
                    note(score, reason);
                }
            }
            (false, Err(refused)) => {
                score.refused_alike += 1;
                let alike = cases::same_reason(&refused.message, &error);
                score.other_words += usize::from(!alike);
                if verbose {
                    let words = if alike { "" } else { ", in other words" };
                    println!("  {folder}: both refuse{words}\n      theirs {error}\n      ours   {}", refused.message);
                }
            }
            (true, Err(refused)) => {
                let objects = documents(&String::from_utf8_lossy(&theirs.stdout)).len();
                score.objects += objects;
                note(score, format!("only we refuse: {}", refused.message));
            }
            (false, Ok(built)) if !built.gaps.is_empty() => score.beyond += 1,
            (false, Ok(_)) => note(score, format!("only Kustomize refuses: {error}")),
        }
    }
}

fn documents(text: &str) -> Vec<Value> {
    let sources = SourceMap::default();
    let path = RepoPath::new("output.yaml").unwrap_or_else(|_| RepoPath::root());
    let file: FileId = sources.add(path, text);
    let parsed = yaml::parse_as(Dialect::V2, file, text, &Budget::default());
    parsed.documents.iter().map(|document| document.root.to_json()).collect()
}

fn named(object: &Value) -> String {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_owned();
    format!("{}/{}/{}/{}", text("/apiVersion"), text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

fn compare(score: &mut Score, theirs: &str, built: &Built) -> Vec<String> {
    let theirs = documents(theirs);
    let ours: Vec<Value> = built.objects.iter().map(|object| object.node.to_json()).collect();
    score.objects += theirs.len();
    let mut different = Vec::new();
    let mut rest: BTreeMap<String, &Value> = ours.iter().map(|object| (named(object), object)).collect();
    for object in &theirs {
        let name = named(object);
        match rest.remove(&name) {
            Some(ours) if ours == object => score.equal += 1,
            Some(ours) => different.push(format!("{name} differs at {}", compare::difference(ours, object, ""))),
            None => different.push(format!("{name} is missing")),
        }
    }
    different.extend(rest.keys().map(|name| format!("{name} is too much")));
    let order = |list: &[Value]| list.iter().map(named).collect::<Vec<_>>();
    if different.is_empty() && order(&ours) != order(&theirs) {
        different.push("the order differs".to_owned());
    }
    different
}
