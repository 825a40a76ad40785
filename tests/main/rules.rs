//! The fixtures of the rules. Each `fixtures/<rule>/{pass,fail}/<case>/` is a small repository that is judged on its own rule
//! only: in `pass` there must be no finding, in `fail` exactly those that comments with carets mark.
//!
//! A mark is a comment below the line that it is about, its carets under the characters that the finding points at:
//!
//! ```yaml
//! image: flyway/flyway:latest
//! #      ^^^^^^^^^^^^^^^^^^^^ unpinned-migration-image
//! ```
//!
//! `# file: rule-id` marks a finding on a file as a whole, `# line: rule-id` one on the whole line above: inside a text that
//! begins where the line does there is no room for carets. `UPDATE=1 cargo test` writes what each case says to
//! `<case>.txt` beside it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use schemaward::config::Config;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::finding::{Evidence, Finding};
use schemaward::report::Report;
use schemaward::{Audit, audit, expand, rules};

/// A place as a mark and a finding have it: file, line, first column, last column.
pub type Spot = (String, usize, usize, usize);

#[test]
fn fixtures_say_what_their_marks_say() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        for kind in ["pass", "fail"] {
            for case in folders(&root().join(rule.id).join(kind)) {
                if let Err(why) = judge(rule.id, kind == "fail", &case) {
                    wrong.push(format!("{}:\n{why}", case.strip_prefix(root()).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

fn judge(rule: &str, fails: bool, case: &Path) -> Result<(), String> {
    let report = report_of(case).report;
    let findings: Vec<&Finding> =
        report.findings().iter().filter(|f| f.rule == rule && f.suppressed.is_none()).collect();
    let found: BTreeSet<Spot> = findings.iter().map(|finding| spot(&report, finding.primary())).collect();
    let marked = marks(case, rule);
    if !fails && !marked.is_empty() {
        return Err("a case that must pass has marks".to_owned());
    }
    if fails && marked.is_empty() {
        return Err("a case that must fail has no mark".to_owned());
    }
    let mut said = String::new();
    for finding in &findings {
        said += &shown(&report, finding);
    }
    if found != marked {
        let missing: Vec<_> = marked.difference(&found).collect();
        let extra: Vec<_> = found.difference(&marked).collect();
        return Err(format!("marked and not found: {missing:?}\nfound and not marked: {extra:?}\n{said}"));
    }
    let golden = PathBuf::from(format!("{}.txt", case.display()));
    if fails { compare(&golden, &said) } else { Ok(()) }
}

/// Compares a text with its golden file, or writes it.
pub fn compare(golden: &Path, said: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(golden, said).map_err(|error| error.to_string());
    }
    let known = std::fs::read_to_string(golden).unwrap_or_default();
    if known == said {
        return Ok(());
    }
    Err(format!("it says something new (`UPDATE=1 cargo test` accepts it)\n--- was\n{known}\n--- is\n{said}"))
}

/// Audits a folder as a repository.
pub fn report_of(folder: &Path) -> Audit {
    report_from(folder, &[])
}

/// Audits a folder as a repository, from these roots.
pub fn report_from(folder: &Path, roots: &[&str]) -> Audit {
    let (repository, gaps) = Repository::open(folder, None, ReadLimits::default()).unwrap();
    let mut config = Config::load(&repository, None).unwrap();
    // Every fixture is judged on the same day.
    config.today = Some("2026-06-30".to_owned());
    let roots = roots.iter().map(|&root| root.to_owned()).collect();
    let settings = expand::Settings { roots, ignored: config.ignored().clone(), ..expand::Settings::default() };
    audit(&repository, &config, &settings, gaps)
}

/// What a person reads of a finding: place, sentence, the chain of evidence, what to do.
fn shown(report: &Report, finding: &Finding) -> String {
    let mut text = String::new();
    let (file, line, column, _) = spot(report, finding.primary());
    let severity = finding.severity.name();
    let _ = writeln!(text, "{file}:{line}:{column}: {severity}, {}: {}", finding.certainty().name(), finding.message);
    for evidence in finding.evidence() {
        let (file, line, column, _) = spot(report, evidence);
        let _ = writeln!(text, "  {file}:{line}:{column}: {}", evidence.text);
    }
    let _ = writeln!(text, "  help: {}", finding.help);
    text
}

/// Where evidence stands; of what goes over several lines, the first.
pub fn spot(report: &Report, evidence: &Evidence) -> Spot {
    let place = report.sources.place(evidence.span);
    let end = if place.end_line == place.line {
        place.end_column.saturating_sub(1).max(place.column)
    } else {
        report.sources.file(evidence.span.file).line(place.line).trim_end().chars().count()
    };
    (place.path.as_str().to_owned(), place.line, place.column, end)
}

/// The marks of a rule in a folder.
pub fn marks(case: &Path, rule: &str) -> BTreeSet<Spot> {
    let mut marks = BTreeSet::new();
    for file in files(case) {
        let name = file.strip_prefix(case).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut above = 0;
        for (at, line) in text.lines().enumerate() {
            if line.trim_start_matches(['#', '-', ' ']) == format!("file: {rule}") {
                marks.insert((name.clone(), 1, 1, 1));
            } else if line.trim_start_matches(['#', '-', ' ']) == format!("line: {rule}") {
                let whole = text.lines().nth(above - 1).unwrap_or("");
                let indent = whole.len() - whole.trim_start().len();
                marks.insert((name.clone(), above, indent + 1, whole.trim_end().chars().count()));
            } else if let Some((first, last)) = carets(line, rule) {
                marks.insert((name.clone(), above, first, last));
            } else if !is_mark(line) {
                above = at + 1;
            }
        }
    }
    marks
}

/// Whether a line is a mark of any rule: those of several may stand under one line.
fn is_mark(line: &str) -> bool {
    let comment = line.trim_start();
    let Some(text) = comment.strip_prefix('#').or_else(|| comment.strip_prefix("--")) else { return false };
    let (before, rule) = text.trim().rsplit_once(' ').unwrap_or_default();
    let what = before.trim_matches('^').trim();
    rules::all().iter().any(|known| known.id == rule) && matches!(what, "" | "line:" | "file:") && !before.is_empty()
}

/// First and last column of the carets of a comment line.
fn carets(line: &str, rule: &str) -> Option<(usize, usize)> {
    let comment = line.trim_start();
    let rest = comment.strip_prefix('#').or_else(|| comment.strip_prefix("--"))?.trim_start();
    let after = rest.trim_start_matches('^');
    if after.len() == rest.len() || after.trim() != rule {
        return None;
    }
    let first = line.chars().position(|c| c == '^')?;
    Some((first + 1, first + rest.len() - after.len()))
}

/// The folder of the fixtures.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The folders in a folder, sorted.
pub fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// All files below a folder, sorted.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn marks_are_read_to_the_column() {
    assert_eq!(carets("  # ^^^ a-rule", "a-rule"), Some((5, 7)));
    assert_eq!(carets("-- ^ a-rule", "a-rule"), Some((4, 4)));
    assert_eq!(carets("# ^^^ another-rule", "a-rule"), None);
    assert_eq!(carets("# no mark a-rule", "a-rule"), None);
}
