//! Holds our builds of kustomizations against the real Kustomize: every kustomization below a folder, or cases that were laid
//! out beforehand, object by object, as data.
//!
//! A suite is a folder with kustomizations anywhere in it, or one with a folder for each case, whose file `.case` names the
//! folder to build and, on its second line, options of `kustomize build`. The cases of `api/krusty/*_test.go` are laid out by
//! writing the in-memory file system to disk at the head of `Kustomizer.Run` and running `go test ./krusty`.
//!
//! `cargo run --example conformance_kustomize -- [--kustomize PROGRAM] [--verbose] [--origins] [--time] NAME=DIR...`

// A report for people is what this program is for.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use schemaward::budget::Budget;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::render::kustomize::{self, BuildOptions, Built, Cache, Options};
use schemaward::source::{FileId, RepoPath, SourceMap};
use schemaward::yaml::{self, Dialect};
use serde_json::Value;

mod compare;

#[derive(Default)]
struct Score {
    cases: usize,
    equal_cases: usize,
    refused_alike: usize,
    beyond: usize,
    objects: usize,
    equal: usize,
    reasons: BTreeMap<String, usize>,
    theirs: Duration,
    ours: Duration,
}

fn main() {
    let mut program =
        PathBuf::from(std::env::var("HOME").unwrap_or_default()).join(".cache/schemaward-oracles/kustomize");
    let (mut verbose, mut suites, mut only) = (false, Vec::new(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--kustomize" => program = arguments.next().unwrap_or_default().into(),
            "--verbose" => verbose = true,
            "--only" => only = arguments.next(),
            suite => match suite.split_once('=') {
                Some((name, dir)) => suites.push((name.to_owned(), PathBuf::from(dir))),
                None => suites.push((suite.to_owned(), PathBuf::from(suite))),
            },
        }
    }
    println!("suite | cases | equal | refused alike | beyond | objects | equal | % | kustomize | schemaward");
    for (name, dir) in suites {
        let laid_out =
            std::fs::read_dir(&dir).is_ok_and(|mut all| all.any(|e| e.is_ok_and(|e| e.path().join(".case").exists())));
        let score = if laid_out {
            cases(&program, &dir, verbose, only.as_deref())
        } else {
            suite(&program, &dir, verbose, only.as_deref())
        };
        let share = if score.objects == 0 { 100.0 } else { 100.0 * score.equal as f64 / score.objects as f64 };
        println!(
            "{name} | {} | {} | {} | {} | {} | {} | {share:.2} | {:?} | {:?}",
            score.cases,
            score.equal_cases,
            score.refused_alike,
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
}

fn suite(program: &Path, dir: &Path, verbose: bool, only: Option<&str>) -> Score {
    let mut score = Score::default();
    let Ok((repository, _)) = Repository::open(dir, None, ReadLimits::default()) else {
        score.reasons.insert("the folder cannot be opened".to_owned(), 1);
        return score;
    };
    let mut folders: Vec<RepoPath> = repository
        .files()
        .iter()
        .filter(|path| kustomize::FILE_NAMES.contains(&path.file_name()))
        .filter_map(RepoPath::parent)
        .collect();
    folders.dedup();
    let cache = Cache::default();
    for folder in folders {
        if only.is_some_and(|only| !folder.as_str().contains(only)) {
            continue;
        }
        case(&mut score, program, dir, &repository, &folder, "", &cache, verbose);
    }
    score
}

/// Cases that were laid out: a folder each, with a file `.case` that says what to build and how.
fn cases(program: &Path, dir: &Path, verbose: bool, only: Option<&str>) -> Score {
    let mut score = Score::default();
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    for folder in folders {
        let Ok(text) = std::fs::read_to_string(folder.join(".case")) else { continue };
        let (path, flags) = text.split_once('\n').unwrap_or((&text, ""));
        if only.is_some_and(|only| !folder.to_string_lossy().contains(only)) {
            continue;
        }
        let Ok((repository, _)) = Repository::open(&folder, None, ReadLimits::default()) else { continue };
        let Ok(path) = RepoPath::new(path.trim()) else { continue };
        if verbose {
            println!("{}", folder.display());
        }
        case(&mut score, program, &folder, &repository, &path, flags, &Cache::default(), verbose);
    }
    score
}

#[allow(clippy::too_many_arguments)]
fn case(
    score: &mut Score,
    program: &Path,
    dir: &Path,
    repository: &Repository,
    folder: &RepoPath,
    flags: &str,
    cache: &Cache,
    verbose: bool,
) {
    {
        let started = Instant::now();
        let theirs =
            Command::new(program).arg("build").args(flags.split_whitespace()).arg(dir.join(folder.as_str())).output();
        score.theirs += started.elapsed();
        let Ok(theirs) = theirs else { return };
        let build = BuildOptions::parse(flags);
        let options = Options { cache: Some(cache), build: Some(&build), ..Options::default() };
        let started = Instant::now();
        let ours = kustomize::build(repository, folder, &options, &Budget::default());
        score.ours += started.elapsed();
        score.cases += 1;
        let note = |score: &mut Score, reason: String| {
            if verbose {
                println!("  {folder}: {reason}");
            }
            *score.reasons.entry(reason.chars().take(150).collect()).or_default() += 1;
        };
        let error = String::from_utf8_lossy(&theirs.stderr).trim().to_owned();
        match (theirs.status.success(), ours) {
            (true, Ok(built)) => {
                let different = compare(score, &String::from_utf8_lossy(&theirs.stdout), &built);
                if different.is_empty() {
                    score.equal_cases += 1;
                }
                for reason in different {
                    note(score, reason);
                }
            }
            (false, Err(_)) => {
                score.refused_alike += 1;
                if verbose {
                    let ours = kustomize::build(repository, folder, &options, &Budget::default());
                    let message = ours.err().map(|error| error.message).unwrap_or_default();
                    println!("  {folder}: both refuse\n      theirs {error}\n      ours   {message}");
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
