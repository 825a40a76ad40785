//! Small charts, one for each thing that Helm does, held against what Helm 3.19.0 and 4.2.1 made of them.
//!
//! `tests/cases.jsonl` has a chart's files, what it is given, and both answers, which `helm-batch` and `helm-batch4` gave to
//! the same jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::budget::Budget;
use crate::discover::Repository;
use crate::source::{FileId, RepoPath, Span};
use crate::yaml::{Node, Origin, Role};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    files: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    set: Vec<String>,
    #[serde(default)]
    set_string: Vec<String>,
    release: Option<String>,
    namespace: Option<String>,
    kube_version: Option<String>,
    #[serde(default)]
    api_versions: Vec<String>,
    #[serde(default, rename = "includeCRDs")]
    include_crds: bool,
    #[serde(default)]
    skip_tests: bool,
    helm3: Answer,
    helm4: Answer,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Answer {
    objects: Option<Vec<Value>>,
    error: Option<String>,
}

/// A tree of the chart in `chart/` and of values files.
fn tree(case: &Case) -> Repository {
    let mut texts: Vec<(String, &str)> =
        case.files.iter().map(|(name, text)| (format!("chart/{name}"), text.as_str())).collect();
    texts.extend(case.values.iter().enumerate().map(|(at, text)| (format!("values-{at}.yaml"), text.as_str())));
    Repository::from_texts(texts.iter().map(|(name, text)| (name.as_str(), *text)).collect())
}

fn print(case: &Case, helm: HelmVersion) -> Result<Printed, RenderError> {
    let tree = tree(case);
    let budget = Budget::default();
    let capabilities = Capabilities::new(helm, case.kube_version.as_deref(), &case.api_versions)?;
    let mut layers = Vec::new();
    for at in 0..case.values.len() {
        let path = RepoPath::new(&format!("values-{at}.yaml")).unwrap();
        layers.push(ValuesLayer::read("f", tree.id(&path).unwrap(), &tree.read(&path).unwrap(), helm, &budget)?);
    }
    let layers: Vec<&ValuesLayer> = layers.iter().collect();
    let origin = || Origin::of(Role::Parameter, Span::new(FileId(0), 0, 0));
    let set = case.set.iter().map(|text| Parameter::set(text, origin()));
    let parameters: Vec<Parameter> =
        set.chain(case.set_string.iter().map(|text| Parameter::set_string(text, origin()))).collect();
    let chart = Arc::new(Loader::new(helm).load(&tree, &RepoPath::new("chart").unwrap(), &budget)?);
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or(other.to_owned());
    let release = Release::new(or(&case.release, "release-name"), or(&case.namespace, "default"));
    let request = Request {
        chart: &chart,
        release: &release,
        layers: &layers,
        parameters: &parameters,
        capabilities: &capabilities,
        include_crds: case.include_crds,
        skip_tests: case.skip_tests,
        skip_schema: false,
        without_missing: false,
        origins: true,
    };
    render(&request, &budget)
}

/// Numbers as JSON readers compare them, keys sorted.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => serde_json::json!(n.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
            sorted.into_iter().collect()
        }
        other => other.clone(),
    }
}

fn cases() -> Vec<Case> {
    include_str!("tests/cases.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether a message is Helm's. What a schema says has no order: Go's maps have none. Where ours keeps a text of the chart to
/// itself (`...`), Helm's may show one.
fn fits(ours: &str, theirs: &str) -> bool {
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (ours, theirs) = (lines(ours), lines(theirs));
    let same = |(ours, theirs): (&String, &String)| match ours.split_once("...") {
        Some((head, tail)) => {
            theirs.len() >= head.len() + tail.len() && theirs.starts_with(head) && theirs.ends_with(tail)
        }
        None => ours == theirs,
    };
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
}

#[test]
fn as_helm_answers() {
    let mut wrong = Vec::new();
    for case in cases() {
        for (helm, expected) in [(HelmVersion::V3, &case.helm3), (HelmVersion::V4, &case.helm4)] {
            let objects = |all: &[Value]| all.iter().map(plain).collect::<Vec<_>>();
            let same = match (print(&case, helm), expected) {
                (Ok(printed), Answer { objects: Some(all), .. }) => {
                    let ours: Vec<Value> = printed.manifests.iter().map(Manifest::to_json).collect();
                    if objects(&ours) == objects(all) { Ok(()) } else { Err(serde_json::json!(ours).to_string()) }
                }
                (Err(error), Answer { error: Some(text), .. }) => {
                    if fits(&error.message, text) {
                        Ok(())
                    } else {
                        Err(error.message)
                    }
                }
                (Ok(printed), _) => Err(format!("{} objects", printed.manifests.len())),
                (Err(error), _) => Err(error.message),
            };
            if let Err(ours) = same {
                wrong.push(format!("{} [{}]\n  ours:   {ours}\n  theirs: {expected:?}", case.name, helm.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_missing_dependency_is_a_gap_that_names_where_it_is_listed() {
    let files = [(
        "chart/Chart.yaml",
        concat!(
            "apiVersion: v2\nname: a\nversion: 1.0.0\n",
            "dependencies:\n",
            "- name: b\n  version: 1.x\n  repository: https://charts.example\n"
        ),
    )];
    let tree = Repository::from_texts(files.to_vec());
    let place = RepoPath::new("chart").unwrap();
    let chart = Loader::new(HelmVersion::V4).load(&tree, &place, &Budget::default()).unwrap();
    let gap = chart.missing[0].gap();
    assert_eq!(gap.kind, "missing-chart");
    assert_eq!(gap.message, "the chart `b` 1.x from `https://charts.example` is not at hand");
    assert_eq!(tree.sources().place(gap.span.unwrap()).line, 5);
}

#[test]
fn a_local_dependency_is_taken_from_where_it_lies() {
    let chart = "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n";
    let files = [
        (
            "charts/a/Chart.yaml".to_owned(),
            format!("{chart}- {{name: b, version: 1.0.0, repository: 'file://../b'}}\n"),
        ),
        ("charts/b/Chart.yaml".to_owned(), "apiVersion: v2\nname: b\nversion: 1.0.0\n".to_owned()),
        ("charts/b/templates/b.yaml".to_owned(), "kind: B\n".to_owned()),
    ];
    let tree = Repository::from_texts(files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect());
    let place = RepoPath::new("charts/a").unwrap();
    let load = |loader: Loader<'_>| loader.load(&tree, &place, &Budget::default()).unwrap();
    assert_eq!(load(Loader::new(HelmVersion::V4)).missing.len(), 1, "Helm itself looks in `charts/` only");
    let built = load(Loader::new(HelmVersion::V4).building(&[]));
    assert!(built.missing.is_empty());
    assert_eq!(built.dependencies[0].name(), "b");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let chart = root.path().join("a");
    std::fs::create_dir_all(chart.join("ignored")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: a\nversion: 1.0.0\n").unwrap();
    std::fs::write(chart.join(".helmignore"), "ignored/\n*.bak\n").unwrap();
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(to, chart.join(from)).unwrap();
    let load = || {
        let limits = crate::discover::ReadLimits::default();
        let (tree, _) = Repository::open_whole(root.path(), limits, &Arc::default()).unwrap();
        Loader::new(HelmVersion::V4).load(&tree, &RepoPath::new("a").unwrap(), &Budget::default())
    };
    link("ignored/x", "nowhere");
    assert!(load().is_ok(), "nobody looks into a folder that is left out");
    link("values.bak", "../b/values.yaml");
    let refused = load().err().unwrap().message;
    assert_eq!(refused, "error evaluating symlink a/values.bak: lstat b: no such file or directory");
}

#[test]
fn an_archive_in_charts_is_a_sub_chart() {
    let packed = archive::tests::pack(&[
        ("b/Chart.yaml", "apiVersion: v2\nname: b\nversion: 1.0.0\n"),
        ("b/values.yaml", "x: 1\n"),
        ("b/templates/b.yaml", "kind: B\nx: {{ .Values.x }}\n"),
    ]);
    let sources = crate::source::SourceMap::default();
    let place = RepoPath::new("b-1.0.0.tgz").unwrap();
    let chart = Loader::new(HelmVersion::V4).load_archive(&sources, &packed, &place, &Budget::default()).unwrap();
    assert_eq!((chart.name(), chart.templates.len()), ("b", 1));
    let span = chart.values.as_ref().and_then(|node| node.get("x")).map(Node::span).unwrap();
    assert_eq!(sources.place(span).path.as_str(), "b-1.0.0.tgz/values.yaml");
}

#[test]
fn values_know_their_lines_and_roles() {
    let case = Case {
        files: BTreeMap::from([
            ("Chart.yaml".to_owned(), "apiVersion: v2\nname: a\nversion: 1.0.0\n".to_owned()),
            ("values.yaml".to_owned(), "x: 1\nw: default\n".to_owned()),
            (
                "templates/a.yaml".to_owned(),
                "kind: A\nx: {{ .Values.x }}\nw: {{ .Values.w }}\nz: {{ .Values.z }}\n".to_owned(),
            ),
        ]),
        values: vec!["\nx: 2\n".to_owned()],
        set: vec!["z=3".to_owned()],
        ..cases().remove(0)
    };
    let printed = print(&case, HelmVersion::V4).unwrap();
    let tree = tree(&case);
    let at = |key: &str| {
        let origin = &printed.manifests[0].node.get(key).unwrap().origin;
        let place = tree.sources().place(origin.anchor());
        (origin.role(), place.path.to_string(), place.line)
    };
    assert_eq!(at("x"), (Role::Values, "values-0.yaml".to_owned(), 2));
    assert_eq!(at("w"), (Role::Default, "chart/values.yaml".to_owned(), 2));
    assert_eq!(at("z").0, Role::Parameter);
    assert_eq!(at("kind"), (Role::Template, "chart/templates/a.yaml".to_owned(), 1));
}

#[test]
fn parameters_of_applications_keep_their_commas() {
    let text = |value: &str| {
        let origin = Origin::of(Role::Parameter, Span::new(FileId(0), 0, 0));
        Parameter::of_application("a.b", value, false, origin).text
    };
    assert_eq!(text("x,y"), "a.b=x\\,y");
    assert_eq!(text("x\\,y"), "a.b=x\\,y");
    assert_eq!(text("{x,y}"), "a.b={x,y}");
    assert_eq!(text(",x"), "a.b=\\,x");
}

/// What a chart gives under a budget, when only its files are said.
fn rendered(files: &[(String, String)]) -> Result<usize, RenderError> {
    let files = files.iter().cloned().collect();
    let case = Case { files, values: Vec::new(), set: Vec::new(), ..cases().remove(0) };
    print(&case, HelmVersion::V4).map(|printed| printed.manifests.len())
}

#[test]
fn aliases_of_aliases_run_out_of_budget() {
    let chart = |name: &str, many: usize| {
        let listed = (0..many).map(|i| format!("- {{name: s, version: '*', alias: a{i}}}\n"));
        format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\ndependencies:\n{}", listed.collect::<String>())
    };
    let tree = |many| {
        let at = |level: usize| format!("{}Chart.yaml", "charts/s/".repeat(level));
        (0..4).map(|level| (at(level), chart("s", if level < 3 { many } else { 0 }))).collect::<Vec<_>>()
    };
    assert_eq!(rendered(&tree(5)), Ok(0), "a few are no trouble");
    assert_eq!(rendered(&tree(300)).unwrap_err().reason, Reason::Exceeded);
}

#[test]
fn globals_of_many_sub_charts_run_out_of_budget() {
    let tree = |charts: usize, globals: usize| {
        let about = |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
        let values: String = (0..globals).map(|i| format!("  k{i}: {{a: 1}}\n")).collect();
        let mut files =
            vec![("Chart.yaml".to_owned(), about("a")), ("values.yaml".to_owned(), format!("global:\n{values}"))];
        files.extend((0..charts).map(|i| (format!("charts/s{i}/Chart.yaml"), about(&format!("s{i}")))));
        files
    };
    assert_eq!(rendered(&tree(30, 200)), Ok(0), "a few are no trouble");
    assert_eq!(rendered(&tree(300, 5000)).unwrap_err().reason, Reason::Exceeded);
}
