//! The command line from outside: exit codes, formats, refusals.

use std::path::Path;
use std::process::{Command, Output};

const CLEAN: &[(&str, &str)] = &[
    (
        "argocd/web.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://git.example.com/shop.git, path: web, targetRevision: HEAD}
  destination: {server: https://kubernetes.default.svc, namespace: web}
  syncPolicy: {syncOptions: [CreateNamespace=true]}
",
    ),
    ("web/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n"),
];

const BROKEN: (&str, &str) = ("web/broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n");

/// A chart that is not in the repository.
const GAP: (&str, &str) = (
    "argocd/chart.yaml",
    "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chart, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://charts.example.com, chart: nowhere, targetRevision: 1.0.0}
  destination: {server: https://kubernetes.default.svc, namespace: web}
",
);

fn repository(files: &[&(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in CLEAN.iter().chain(files.iter().copied()) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_schemaward"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("SOURCE_DATE_EPOCH")
        .output()
        .unwrap()
}

fn code(folder: &Path, arguments: &[&str]) -> i32 {
    let output = run(folder, arguments);
    output.status.code().unwrap_or_else(|| panic!("{arguments:?}: {:?}", output.status))
}

fn stdout(folder: &Path, arguments: &[&str]) -> String {
    String::from_utf8(run(folder, arguments).stdout).unwrap()
}

fn stderr(folder: &Path, arguments: &[&str]) -> String {
    String::from_utf8(run(folder, arguments).stderr).unwrap()
}

#[test]
fn exit_codes_say_what_was_found_in_every_format() {
    let (clean, broken, gap) = (repository(&[]), repository(&[&BROKEN]), repository(&[&GAP]));
    for format in ["table", "json", "sarif", "github"] {
        let check = |folder: &tempfile::TempDir, more: &[&str]| {
            code(folder.path(), &[&["check", "--format", format], more].concat())
        };
        assert_eq!(check(&clean, &[]), 0, "{format}");
        assert_eq!(check(&clean, &["--strict"]), 0, "{format}");
        assert_eq!(check(&broken, &[]), 1, "{format}");
        assert_eq!(check(&broken, &["--fail-on", "never"]), 0, "{format}");
        assert_eq!(check(&broken, &["--fail-on", "error"]), 1, "{format}");
        assert_eq!(check(&gap, &[]), 0, "{format}");
        assert_eq!(check(&gap, &["--strict"]), 3, "{format}");
    }
}

#[test]
fn a_worthless_run_is_code_2_and_says_why_on_standard_error() {
    let clean = repository(&[]);
    let empty = tempfile::tempdir().unwrap();
    for (folder, arguments, why) in [
        (clean.path(), &["check", "--no-such-option"][..], "unexpected argument"),
        (clean.path(), &["check", "--format", "xml"], "`table`, `json`, `sarif`, `github`"),
        (clean.path(), &["rules", "--format", "sarif"], "`table`, `json`"),
        (clean.path(), &["check", "no/such/folder"], "no/such/folder"),
        (clean.path(), &["check", "--rule", "no-such-rule"], "no-such-rule"),
        (clean.path(), &["check", "--family", "no-such-family"], "no-such-family"),
        (clean.path(), &["check", "--app", "no-such-app"], "no-such-app"),
        (clean.path(), &["check", "--environment", "no-such-environment"], "no-such-environment"),
        (clean.path(), &["check", "--argocd-version", "9.9"], "`3.6`"),
        (clean.path(), &["check", "--kube-version", "x"], "Kubernetes"),
        (clean.path(), &["render", "--app", "no-such-app"], "no-such-app"),
        (clean.path(), &["check", "--config", "no/such.yaml"], "no/such.yaml"),
        (clean.path(), &["check", "--today", "tomorrow"], "2026-12-31"),
        (clean.path(), &["check", "--ref", "no-such-commit"], "Git"),
        (clean.path(), &["explain", "rule", "no-such-rule"], "no-such-rule"),
        (clean.path(), &["no-such-command"], "no-such-command"),
        (clean.path(), &[], "Usage"),
        (empty.path(), &["check"], "nothing to audit"),
    ] {
        let output = run(folder, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_broken_configuration_is_refused_with_its_place() {
    for (text, place) in [
        ("version: 1\nno-such-key: 1\n", "schemaward.yaml:2:1: "),
        ("severities:\n  no-such-rule: off\n", "schemaward.yaml:2:17: there is no rule `no-such-rule`"),
        ("allow:\n- {rule: invalid-manifest}\n", "schemaward.yaml:2:"),
        ("a: [\n", "schemaward.yaml:"),
    ] {
        let folder = repository(&[&("schemaward.yaml", text)]);
        assert_eq!(code(folder.path(), &["check"]), 2, "{text}");
        let said = stderr(folder.path(), &["check"]);
        assert!(said.contains(place), "{text}: {said}");
    }
}

#[test]
fn what_the_configuration_allows_is_counted_and_does_not_fail() {
    let allow = "allow:\n- {rule: invalid-manifest, path: web/**, reason: it is a template}\n";
    let folder = repository(&[&BROKEN, &("schemaward.yaml", allow)]);
    assert_eq!(code(folder.path(), &["check"]), 0);
    let report: serde_json::Value =
        serde_json::from_str(&stdout(folder.path(), &["check", "--format", "json"])).unwrap();
    assert_eq!(report["summary"]["findings"]["suppressed"], 1);
    assert_eq!(report["findings"][0]["suppressed"]["reason"], "it is a template");
    let unused = repository(&[&("schemaward.yaml", allow)]);
    assert_eq!(code(unused.path(), &["check"]), 1);
    assert!(stdout(unused.path(), &["check"]).contains("unused-allowance"));
    let over = allow.replace("reason:", "expires: 2026-01-31, reason:");
    let over = repository(&[&BROKEN, &("schemaward.yaml", &over)]);
    assert_eq!(code(over.path(), &["check", "--today", "2026-01-31"]), 0);
    assert_eq!(code(over.path(), &["check", "--today", "2026-02-01"]), 1);
}

#[test]
fn options_are_global_and_output_goes_to_a_file() {
    let folder = repository(&[&BROKEN]);
    let to_file = run(folder.path(), &["--format", "json", "check", "--output", "report.json"]);
    assert_eq!(to_file.status.code(), Some(1));
    assert!(to_file.stdout.is_empty());
    let written = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    std::fs::remove_file(folder.path().join("report.json")).unwrap();
    assert_eq!(written, stdout(folder.path(), &["check", "--format=json"]));
}

#[test]
fn findings_are_chosen_by_rule_family_and_application() {
    let folder = repository(&[&BROKEN]);
    assert_eq!(code(folder.path(), &["check", "--rule", "invalid-manifest"]), 1);
    assert_eq!(code(folder.path(), &["check", "--rule", "missing-secret"]), 0);
    assert_eq!(code(folder.path(), &["check", "--family", "ownership"]), 0);
    assert_eq!(code(folder.path(), &["check", "--family", "repository"]), 1);
}

#[test]
fn colour_only_where_it_is_wanted() {
    let folder = repository(&[&BROKEN]);
    assert!(!stdout(folder.path(), &["check"]).contains('\u{1b}'), "standard output is no terminal here");
    assert!(stdout(folder.path(), &["check", "--color", "always"]).contains('\u{1b}'));
    assert!(!stdout(folder.path(), &["check", "--color", "always", "--format", "json"]).contains('\u{1b}'));
}

#[test]
fn applications_and_objects_are_listed() {
    let folder = repository(&[&(
        "web/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: c4n4ry}\n",
    )]);
    assert!(stdout(folder.path(), &["apps"]).contains("web"));
    let apps: serde_json::Value = serde_json::from_str(&stdout(folder.path(), &["apps", "--format", "json"])).unwrap();
    assert_eq!(apps["applications"][0]["name"], "web");
    assert_eq!(apps["applications"][0]["root"], "web");
    let lines = stdout(folder.path(), &["render", "--format", "jsonl"]);
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&line["application"], &line["namespace"]), (&"web".into(), &"web".into()));
    assert_eq!(line["objects"].as_array().unwrap().len(), 2);
    for format in ["yaml", "jsonl"] {
        assert!(!stdout(folder.path(), &["render", "--format", format]).contains("c4n4ry"), "{format}");
        assert!(
            stdout(folder.path(), &["render", "--format", format, "--show-secrets"]).contains("c4n4ry"),
            "{format}"
        );
    }
    assert!(stdout(folder.path(), &["render", "--app", "web", "--origins"]).contains("# web/config.yaml:"));
    assert_eq!(code(folder.path(), &["check", "--show-secrets"]), 2, "no other command shows a secret");
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let rules: serde_json::Value =
        serde_json::from_str(&stdout(folder.path(), &["rules", "--format", "json"])).unwrap();
    let rules = rules.as_array().unwrap();
    assert!(rules.len() >= 28, "{}", rules.len());
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        let page = stdout(folder.path(), &["explain", "rule", id]);
        assert!(page.contains(rule["title"].as_str().unwrap()) && page.len() > 200, "{id}: {page}");
    }
}

#[test]
fn schemas_completions_and_the_manual_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    for of in ["config", "report"] {
        let schema: serde_json::Value = serde_json::from_str(&stdout(folder.path(), &["schema", of])).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
    }
    assert!(stdout(folder.path(), &["completions", "bash"]).contains("_schemaward"));
    assert!(stdout(folder.path(), &["man"]).contains(".TH schemaward"));
    assert_eq!(code(folder.path(), &["--version"]), 0);
    assert_eq!(code(folder.path(), &["check", "--help"]), 0);
}

#[test]
fn the_configuration_schema_says_what_the_reader_takes() {
    let folder = tempfile::tempdir().unwrap();
    let schema: serde_json::Value = serde_json::from_str(&stdout(folder.path(), &["schema", "config"])).unwrap();
    for (text, valid) in [
        (r#"{"version": 1, "ignore": ["a/**"], "severities": {"invalid-manifest": "off"}}"#, true),
        (r#"{"allow": [{"rule": "invalid-manifest", "reason": "known", "expires": "2099-01-31"}]}"#, true),
        (r#"{"owners": [{"database": "app", "owner": "x"}], "clusters": [{"name": "c", "labels": {"a": "b"}}]}"#, true),
        (r#"{"external": {"secrets": [{"name": "x", "keys": ["a"]}], "services": ["h"]}}"#, true),
        (r#"{"no-such-key": 1}"#, false),
        (r#"{"allow": [{"rule": "invalid-manifest"}]}"#, false),
        (r#"{"severities": {"invalid-manifest": "fatal"}}"#, false),
        (r#"{"owners": [{"database": "app"}]}"#, false),
    ] {
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(jsonschema::is_valid(&schema, &document), valid, "schema: {text}");
        let folder = repository(&[&("schemaward.yaml", text)]);
        assert_eq!(code(folder.path(), &["check"]) != 2, valid, "reader: {text}");
    }
}

#[test]
fn today_is_the_day_of_the_commit_under_audit() {
    let allow = "allow:\n- {rule: invalid-manifest, path: web/**, expires: 2026-01-31, reason: for now}\n";
    let folder = repository(&[&BROKEN, &("schemaward.yaml", allow)]);
    let git = |arguments: &[&str], day: &str| {
        let done = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(folder.path())
            .env("GIT_COMMITTER_DATE", format!("{day}T12:00:00Z"))
            .env("GIT_AUTHOR_DATE", format!("{day}T12:00:00Z"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    assert_eq!(code(folder.path(), &["check"]), 0, "outside Git, nothing expires");
    git(&["init", "--quiet"], "2026-01-31");
    git(&["add", "."], "2026-01-31");
    git(&["commit", "--quiet", "-m", "one"], "2026-01-31");
    assert_eq!(code(folder.path(), &["check"]), 0);
    git(&["commit", "--quiet", "--allow-empty", "-m", "two"], "2026-02-01");
    assert_eq!(code(folder.path(), &["check"]), 1);
    assert_eq!(code(folder.path(), &["check", "--ref", "HEAD~1"]), 0);
    assert_eq!(code(folder.path(), &["check", "--today", "2026-01-01"]), 0);
}

#[test]
fn the_configuration_places_applications_in_environments() {
    let secret = (
        "web/job.yaml",
        "apiVersion: batch/v1
kind: Job
metadata: {name: j, annotations: {argocd.argoproj.io/hook: Sync, argocd.argoproj.io/sync-wave: x}}
",
    );
    let places = "environments:\n  production: {namespaces: [web]}\n";
    let folder = repository(&[&secret, &("schemaward.yaml", places)]);
    let apps: serde_json::Value = serde_json::from_str(&stdout(folder.path(), &["apps", "--format", "json"])).unwrap();
    assert_eq!(apps["applications"][0]["environment"], "production");
    let report = stdout(folder.path(), &["check", "--environment", "production", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let finding = report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "invalid-sync-wave").unwrap();
    assert_eq!(finding["environments"], serde_json::json!(["production"]));
    assert_eq!(code(folder.path(), &["check", "--environment", "staging"]), 2);
}

#[test]
fn only_what_is_new_against_a_base_is_reported() {
    let folder = repository(&[&BROKEN]);
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    assert_eq!(code(folder.path(), &["check"]), 1);
    assert_eq!(code(folder.path(), &["check", "--base", "HEAD"]), 0);
    std::fs::write(folder.path().join("web/again.yaml"), BROKEN.1).unwrap();
    std::fs::write(folder.path().join(BROKEN.0), format!("# moved down\n\n{}", BROKEN.1)).unwrap();
    let report = stdout(folder.path(), &["check", "--base", "HEAD", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let files: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|f| f["evidence"][0]["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["web/again.yaml"]);
    assert_eq!(code(folder.path(), &["check", "--base", "no-such-commit"]), 2);
}

#[test]
fn a_chart_is_rendered_by_itself_and_in_a_batch() {
    let folder = repository(&[
        &("chart/Chart.yaml", "apiVersion: v2\nname: one\nversion: 1.0.0\n"),
        &("chart/values.yaml", "a: from values\n"),
        &(
            "chart/templates/all.yaml",
            "apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
data: {a: {{ .Values.a | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: c4n4ry}
",
        ),
    ]);
    let chart = ["render", "--chart", "chart", "--release", "web", "--namespace", "shop", "--set", "a=set"];
    let yaml = stdout(folder.path(), &chart);
    assert!(yaml.contains("name: web\n") && yaml.contains("namespace: shop\n") && yaml.contains("a: set\n"), "{yaml}");
    assert!(!yaml.contains("c4n4ry"));
    let origins = stdout(folder.path(), &[&chart[..], &["--origins"]].concat());
    assert!(origins.contains("name: web # templates/") && origins.contains("kind: Secret # templates/"), "{origins}");
    assert!(stdout(folder.path(), &[&chart[..], &["--show-secrets"]].concat()).contains("c4n4ry"));
    std::fs::write(folder.path().join("text"), "from a file").unwrap();
    for (more, wanted) in [
        (["--set-literal", "a=x,y={1}"], "a: \"x,y={1}\"\n"),
        (["--set-json", "a={\"b\": [1, null]}"], "map[b:[1 <nil>]]"),
        (["--set-file", "a=text"], "a: \"from a file\"\n"),
    ] {
        let yaml = stdout(folder.path(), &[&chart[..7], &more].concat());
        assert!(yaml.contains(wanted), "{wanted}: {yaml}");
    }
    assert_eq!(code(folder.path(), &[&chart[..], &["--set-file", "a=nowhere"]].concat()), 2);
    assert_eq!(code(folder.path(), &["render", "--chart", "no-such-chart"]), 2);
    assert_eq!(code(folder.path(), &["render", "--set", "a=b"]), 2, "only with a chart");

    let jobs =
        "{\"id\": \"1\", \"chart\": \"chart\", \"setLiteral\": [\"a=b,c\"]}\n{\"id\": \"2\", \"chart\": \"nowhere\"}\n";
    std::fs::write(folder.path().join("jobs"), jobs).unwrap();
    let answers = stdout(folder.path(), &["render", "--batch", "jobs"]);
    let answers: Vec<serde_json::Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    assert_eq!((&answers[0]["id"], &answers[0]["ok"]), (&"1".into(), &true.into()));
    assert_eq!(answers[0]["objects"].as_array().unwrap().len(), 2);
    assert!(answers[0].to_string().contains("\"b,c\""), "{}", answers[0]);
    assert!(!answers[0].to_string().contains("c4n4ry"));
    assert_eq!(answers[1]["ok"], false);
    let shown = stdout(folder.path(), &["render", "--batch", "jobs", "--show-secrets"]);
    assert!(shown.lines().next().unwrap().contains("c4n4ry"));
}

#[cfg(unix)]
#[test]
fn a_chart_of_which_a_part_is_out_of_reach_is_not_shown_as_if_it_were_whole() {
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let folder = repository(&[
        &("charts/one/Chart.yaml", "apiVersion: v2\nname: one\nversion: 1.0.0\n"),
        &("charts/one/templates/own.yaml", &map("own")),
        &("charts/shared.yaml", &map("shared")),
        &("jobs", "{\"id\": \"1\", \"chart\": \"charts/one\"}\n"),
    ]);
    let link = |target, at| std::os::unix::fs::symlink(target, folder.path().join(at)).unwrap();
    link("../shared.yaml", "charts/one/README.md");
    let answer = || stdout(folder.path(), &["render", "--batch", "jobs"]);
    assert!(answer().contains("\"ok\":true"), "no template reads it: {}", answer());
    link("../../shared.yaml", "charts/one/templates/linked.yaml");
    assert!(answer().contains("the link `templates/linked.yaml` leads out of what may be read"), "{}", answer());
    let chart = || run(folder.path(), &["render", "--chart", "charts/one"]);
    let (shown, said) = (chart().stdout, chart().stderr);
    assert!(String::from_utf8_lossy(&shown).contains("name: own\n"));
    assert!(String::from_utf8_lossy(&said).contains("link-outside-repository: the link `templates/linked.yaml`"));
    std::fs::write(folder.path().join("charts/one/templates/fails.yaml"), "{{ .Values.shared.a }}").unwrap();
    let refused = String::from_utf8_lossy(&chart().stderr).into_owned();
    assert!(refused.contains("linked.yaml") && refused.contains("nil pointer evaluating"), "{refused}");
    std::fs::remove_file(folder.path().join("charts/one/templates/fails.yaml")).unwrap();

    std::fs::create_dir(folder.path().join(".git")).unwrap();
    assert!(answer().contains("\"name\":\"shared\""), "{}", answer());
}

#[test]
fn a_chart_that_lacks_another_says_where_and_takes_it_from_a_folder_of_charts() {
    let listed = "apiVersion: v2\nname: one\nversion: 1.0.0\ndependencies:\n- name: base\n  version: ~2.1\n  repository: https://charts.example.org\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-base}\n";
    let folder = repository(&[
        &("one/Chart.yaml", listed),
        &("shelf/base/Chart.yaml", "apiVersion: v2\nname: base\nversion: 2.1.4\n"),
        &("shelf/base/templates/map.yaml", map),
        &("broken/Chart.yaml", "apiVersion: v2\nname: broken\nversion: 1.0.0\n"),
        &("broken/templates/a.yaml", "\n{{ include \"b\" . }}"),
        &("broken/templates/_b.tpl", "{{ define \"b\" }}{{ .Values.x.y }}{{ end }}"),
        &("jobs", "{\"id\": \"1\", \"chart\": \"one\"}\n"),
    ]);
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let missing = said(&["render", "--chart", "one"]);
    assert!(
        missing.contains("missing in charts/ directory: base\n  | at Chart.yaml:5:9\n  | `helm dependency build`"),
        "{missing}"
    );
    for arguments in [["--chart", "one"], ["--batch", "jobs"]] {
        let shown = stdout(folder.path(), &[&["render", "--charts", "shelf"], &arguments[..]].concat());
        assert!(shown.contains("from-base"), "{shown}");
    }
    let error = said(&["render", "--helm-version", "4", "--chart", "broken"]);
    assert!(error.lines().count() > 2 && !error.contains("\\n"), "{error}");
    assert!(error.lines().skip(1).all(|line| line.starts_with("  | ")), "{error}");
}

#[test]
fn a_batch_answers_alike_however_many_threads_share_what_they_read() {
    let about = |name: &str, rest: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n{rest}");
    let sub =
        "dependencies:\n- {name: common, version: 1.0.0}\n- {name: off, version: 1.0.0, condition: off.enabled}\n";
    let library = "{{ define \"common.name\" }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ include \"common.name\" . }}'}\n";
    let crd = format!("kind: CustomResourceDefinition\nmetadata: {{name: a}}\n{}", "# filler\n".repeat(1_000));
    let mut files: Vec<(String, String)> = Vec::new();
    for chart in ["one", "two", "broken"] {
        files.push((format!("{chart}/Chart.yaml"), about(chart, sub)));
        files.push((format!("{chart}/templates/map.yaml"), map.to_owned()));
        files.push((format!("{chart}/crds/a.yaml"), crd.clone()));
        files.push((format!("{chart}/charts/common/Chart.yaml"), about("common", "type: library\n")));
        files.push((format!("{chart}/charts/common/templates/_name.tpl"), library.to_owned()));
        files.push((format!("{chart}/charts/off/Chart.yaml"), about("off", "")));
        files.push((format!("{chart}/charts/off/templates/_own.tpl"), "{{ if }}".to_owned()));
    }
    files.push(("two/crds/b.yaml".to_owned(), format!("a: [\n{}", "# filler\n".repeat(1_000))));
    files.push(("broken/templates/b.yaml".to_owned(), "\n{{ if }}".to_owned()));
    let job = |id: &str, chart: &str, rest: &str| format!("{{\"id\":\"{id}\",\"chart\":\"{chart}\"{rest}}}\n");
    let off = ",\"set\":[\"off.enabled=false\"]";
    let (on, crds) = (off.replace("false", "true"), format!("{off},\"includeCRDs\":true"));
    let jobs = [("one", off), ("two", off), ("broken", off), ("one", &on), ("one", &crds), ("two", &crds)];
    let lines = jobs.iter().enumerate().map(|(number, (chart, rest))| job(&number.to_string(), chart, rest));
    files.push(("jobs".to_owned(), lines.collect()));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = repository(&files.iter().collect::<Vec<_>>());
    let answers = |threads, how: &[&str]| {
        let text = stdout(folder.path(), &[&["render", "--batch", "jobs", "--jobs", threads], how].concat());
        let answers = text.lines().map(|line| {
            let mut answer: serde_json::Value = serde_json::from_str(line).unwrap();
            answer.as_object_mut().unwrap().remove("ms");
            answer
        });
        answers.collect::<Vec<_>>()
    };
    let alone = answers("1", &[]);
    let said: Vec<bool> = alone.iter().map(|answer| answer["ok"] == true).collect();
    assert_eq!(said, [true, true, false, false, true, false], "{alone:#?}");
    assert!(alone[2]["error"].as_str().unwrap().contains("broken/templates/b.yaml:2"), "{}", alone[2]);
    for (threads, how) in [("4", &[][..]), ("1", &["--show-secrets"]), ("4", &["--show-secrets"])] {
        assert_eq!(answers(threads, how), alone, "{threads} {how:?}");
    }
}
