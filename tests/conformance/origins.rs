//! Asks the origins of rendered values for proof: changes the line that is said to have supplied a value, renders again
//! and looks whether that value changed.
//!
//!     cargo run --release --example origins -- [--kustomizations] [--picks N] [--seed N] [--show N] DIR...
//!
//! Prints, over all charts (or kustomizations) below the folders: picks, how many changed, and how many of all values that
//! changed with them name the line.
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemaward::budget::Budget;
use schemaward::discover::Repository;
use schemaward::render::helm::{Capabilities, HelmVersion, Loader, Manifest, Release, Request, ValuesLayer, render};
use schemaward::render::kustomize::{self, Options};
use schemaward::source::{RepoPath, Span};
use schemaward::yaml::{Meaning, Node, Role, Value};

type Failure = Box<dyn std::error::Error>;

/// A rendered scalar: where it is, what it says, where it is from.
#[derive(Clone)]
struct Scalar {
    text: String,
    contributions: Vec<(Role, Span)>,
}

/// What is rendered.
enum Subject {
    Chart(PathBuf),
    /// A folder of a tree of texts, with the tree.
    Overlay(RepoPath, Arc<Vec<(String, String)>>),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Chart(folder) => write!(f, "{}", folder.display()),
            Subject::Overlay(folder, _) => write!(f, "{folder}"),
        }
    }
}

fn main() -> Result<(), Failure> {
    let mut overlays = false;
    let (mut picks, mut seed, mut show, mut folders) = (200, 1u64, 0, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse::<u64>().ok()).ok_or("a number is missing");
        match argument.as_str() {
            "--picks" => picks = number()?,
            "--seed" => seed = number()?,
            "--show" => show = number()?,
            "--kustomizations" => overlays = true,
            folder => folders.push(PathBuf::from(folder)),
        }
    }
    let mut charts = Vec::new();
    for folder in &folders {
        if overlays {
            find_overlays(folder, &mut charts)?;
        } else {
            find(folder, &mut charts)?;
        }
    }
    let mut random = Random(seed);
    let mut out = std::io::stdout().lock();
    let (mut done, mut right, mut others, mut named, mut tries) = (0u64, 0u64, 0u64, 0u64, 0u64);
    while done < picks && tries < 50 * picks && !charts.is_empty() {
        tries += 1;
        let chart = &charts[random.below(charts.len())];
        let mut sets = vec![None];
        if let Subject::Chart(folder) = chart {
            sets.extend(values_of(folder).into_iter().map(Some));
        }
        let set = sets[random.below(sets.len())].clone();
        let Ok(before) = Rendered::of(chart, set.as_deref(), None) else { continue };
        let from_values: Vec<(&String, &Scalar)> = before
            .scalars
            .iter()
            .filter(|(_, s)| overlays || matches!(s.contributions[0].0, Role::Values | Role::Default))
            .collect();
        if from_values.is_empty() {
            continue;
        }
        let (path, scalar) = from_values[random.below(from_values.len())];
        let span = scalar.contributions[0].1;
        let Some((file, text)) = before.text(span.file).filter(|(file, _)| overlays || file.ends_with("values.yaml"))
        else {
            continue;
        };
        let old = &text[span.start as usize..span.end as usize];
        let mut changed = None;
        for new in instead_of(old) {
            let edited = format!("{}{new}{}", &text[..span.start as usize], &text[span.end as usize..]);
            if let Ok(after) = Rendered::of(chart, set.as_deref(), Some((&file, &edited))) {
                changed = Some(after);
                break;
            }
        }
        let Some(after) = changed else { continue };
        done += 1;
        let moved = after.scalars.get(path).is_none_or(|now| now.text != scalar.text);
        right += u64::from(moved);
        if !moved && done - right <= show {
            writeln!(out, "{} {:?}\n  {path}\n  said to be from {file}: {old:?}", chart, set)?;
        }
        let line = |at: u32| text[..at as usize].matches('\n').count();
        let mut unnamed = Vec::new();
        for (path, was) in &before.scalars {
            if after.scalars.get(path).is_some_and(|now| now.text != was.text) {
                others += 1;
                let says = |other: &Span| other.file == span.file && line(other.start) == line(span.start);
                if was.contributions.iter().any(|(_, span)| says(span)) {
                    named += 1;
                } else {
                    unnamed.push(path);
                }
            }
        }
        if show > 0 && !unnamed.is_empty() {
            writeln!(
                out,
                "{} {:?}\n  changed without naming {file} {old:?}: {:?}",
                chart,
                set,
                &unnamed[..unnamed.len().min(4)]
            )?;
        }
    }
    let share = |part: u64, all: u64| 100.0 * part as f64 / all.max(1) as f64;
    writeln!(out, "picks {done}, changed {right} ({:.1} %)", share(right, done))?;
    writeln!(out, "values that changed {others}, naming the line {named} ({:.1} %)", share(named, others))?;
    Ok(())
}

/// A small generator (xorshift), so that a seed tells the whole run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }
}

/// What to write instead of a scalar, the likeliest to be accepted first.
fn instead_of(old: &str) -> Vec<String> {
    if let Ok(n) = old.parse::<i64>() {
        return vec![(n + 1).to_string(), format!("{}", n + 3)];
    }
    match old {
        "true" => vec!["false".into()],
        "false" => vec!["true".into()],
        "" | "~" | "null" => vec![" changed".into(), " 7".into()],
        "\"\"" | "''" => vec!["\"changed\"".into(), "\"7\"".into()],
        old if old.starts_with('"') => vec![format!("{}x\"", &old[..old.len() - 1])],
        old if old.starts_with('\'') => vec![format!("{}x'", &old[..old.len() - 1])],
        old if old.ends_with("Mi") || old.ends_with("Gi") || old.ends_with('m') || old.ends_with('s') => {
            vec![format!("1{old}")]
        }
        old if old.ends_with('\n') => vec![format!("{}x\n", old.trim_end_matches('\n'))],
        old => vec![format!("{old}x")],
    }
}

struct Rendered {
    scalars: BTreeMap<String, Scalar>,
    tree: Repository,
}

impl Rendered {
    fn of(subject: &Subject, values: Option<&Path>, edit: Option<(&str, &str)>) -> Result<Self, Failure> {
        match subject {
            Subject::Chart(chart) => Self::of_chart(chart, values, edit),
            Subject::Overlay(folder, texts) => Self::of_overlay(folder, texts, edit),
        }
    }

    fn of_overlay(folder: &RepoPath, texts: &[(String, String)], edit: Option<(&str, &str)>) -> Result<Self, Failure> {
        let text = |name: &str, text| edit.filter(|(file, _)| *file == name).map_or(text, |(_, edited)| edited);
        let texts = texts.iter().map(|(name, old)| (name.as_str(), text(name, old.as_str())));
        let tree = Repository::from_texts(texts.collect());
        let built = kustomize::build(&tree, folder, &Options::default(), &Budget::default())?;
        let mut scalars = BTreeMap::new();
        for object in &built.objects {
            let text = |path: &[&str]| object.node.at(path).and_then(Node::as_text).unwrap_or("").to_owned();
            let name = format!("{}/{}", text(&["kind"]), text(&["metadata", "name"]));
            collect(&object.node, &name, &mut scalars);
        }
        Ok(Self { scalars, tree })
    }

    fn of_chart(chart: &Path, values: Option<&Path>, edit: Option<(&str, &str)>) -> Result<Self, Failure> {
        let mut texts = Vec::new();
        gather(chart, chart, "chart/", &mut texts)?;
        if let Some(values) = values {
            texts.push(("given/values.yaml".to_owned(), std::fs::read_to_string(values)?));
        }
        if let Some((file, text)) = edit {
            texts.iter_mut().filter(|(name, _)| name == file).for_each(|(_, old)| *old = text.to_owned());
        }
        let tree = Repository::from_texts(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect());
        let budget = Budget::default();
        let helm = HelmVersion::V4;
        let chart = Arc::new(Loader::new(helm).load(&tree, &RepoPath::new("chart")?, &budget)?);
        let mut layers = Vec::new();
        if values.is_some() {
            let path = RepoPath::new("given/values.yaml")?;
            let id = tree.id(&path).ok_or("no values")?;
            layers.push(ValuesLayer::read("values.yaml", id, &tree.read(&path)?, helm, &budget)?);
        }
        let layers: Vec<&ValuesLayer> = layers.iter().collect();
        let capabilities = Capabilities::new(helm, None, &[])?;
        let release = Release::new("example", "shop");
        let request = Request {
            chart: &chart,
            release: &release,
            layers: &layers,
            parameters: &[],
            capabilities: &capabilities,
            include_crds: false,
            skip_tests: false,
            skip_schema: true,
            without_missing: true,
            origins: true,
        };
        let printed = render(&request, &budget)?;
        let mut scalars = BTreeMap::new();
        for manifest in &printed.manifests {
            collect(&manifest.node, &key(manifest), &mut scalars);
        }
        Ok(Self { scalars, tree })
    }

    fn text(&self, file: schemaward::source::FileId) -> Option<(String, String)> {
        let path = self.tree.files().iter().find(|path| self.tree.id(path) == Some(file))?;
        Some((path.as_str().to_owned(), self.tree.read(path).ok()?.to_string()))
    }
}

fn key(manifest: &Manifest) -> String {
    let text = |path: &[&str]| manifest.node.at(path).and_then(Node::as_text).unwrap_or("").to_owned();
    format!("{}/{} {}", text(&["kind"]), text(&["metadata", "name"]), manifest.source)
}

fn collect(node: &Node, path: &str, into: &mut BTreeMap<String, Scalar>) {
    match &node.value {
        Value::Map(map) => map.entries.iter().for_each(|e| collect(&e.value, &format!("{path}.{}", e.key), into)),
        Value::Seq(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(item, &format!("{path}[{i}]"), into))
        }
        Value::Scalar(scalar) => {
            if matches!(node.meaning(), Some(Meaning::Null)) {
                return;
            }
            let contributions = node.origin.contributions().map(|c| (c.role, c.span)).collect();
            into.insert(path.to_owned(), Scalar { text: scalar.text.to_string(), contributions });
        }
    }
}

fn gather(root: &Path, folder: &Path, under: &str, into: &mut Vec<(String, String)>) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name == ".git") {
            continue;
        }
        if path.is_dir() {
            gather(root, &path, under, into)?;
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            into.push((format!("{under}{}", path.strip_prefix(root)?.display()), text));
        }
    }
    Ok(())
}

fn values_of(chart: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(chart.join("ci")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_str().is_some_and(|name| name.ends_with("values.yaml")));
    files.sort();
    files
}

fn find_overlays(root: &Path, into: &mut Vec<Subject>) -> Result<(), Failure> {
    let mut texts = Vec::new();
    gather(root, root, "", &mut texts)?;
    texts.sort();
    let texts = Arc::new(texts);
    for (name, _) in texts.iter() {
        let path = RepoPath::new(name)?;
        if kustomize::FILE_NAMES.contains(&path.file_name()) {
            into.push(Subject::Overlay(path.parent().unwrap_or_else(RepoPath::root), Arc::clone(&texts)));
        }
    }
    Ok(())
}

fn find(folder: &Path, into: &mut Vec<Subject>) -> Result<(), Failure> {
    if folder.join("Chart.yaml").is_file() {
        into.push(Subject::Chart(folder.to_owned()));
        return Ok(());
    }
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    below.sort();
    below.iter().filter(|path| path.is_dir() && !path.is_symlink()).try_for_each(|path| find(path, into))
}
