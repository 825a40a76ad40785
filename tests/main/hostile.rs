//! What a stranger's pull request may hold: each of these ends soon, in a gap or a finding with a place, and hides nothing
//! else.

use std::path::Path;
use std::process::{Command, Output};

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A repository with one healthy manifest that has a finding of its own, which must come out whatever stands beside it.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let job = "apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {argocd.argoproj.io/sync-wave: first}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'flyway/flyway:11.14.1', args: [migrate]}]}}}
";
    write(folder.path(), "healthy/job.yaml", job);
    folder
}

fn check(folder: &Path, format: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_schemaward")).args(["check", "--format", format]).arg(folder).output().unwrap()
}

/// The report; panics where the run ended badly or the healthy part is not in it.
fn report(folder: &Path) -> serde_json::Value {
    let output = check(folder, "json");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{:?}: {errors}", output.status);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let healthy = report["findings"].as_array().unwrap().iter().any(|f| f["rule"] == "invalid-sync-wave");
    assert!(healthy, "the healthy part is gone: {report:#}");
    report
}

fn kinds(report: &serde_json::Value) -> Vec<&str> {
    let gaps = report["gaps"].as_array().unwrap().iter().map(|gap| gap["kind"].as_str().unwrap());
    let findings = report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap());
    gaps.chain(findings).collect()
}

fn application(name: &str, source: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: default
  source:
    repoURL: https://git.example.com/fleet.git
{source}
  destination: {{server: 'https://kubernetes.default.svc', namespace: x}}
---
"
    )
}

fn healthy_application() -> String {
    application("healthy", "    path: healthy")
}

#[test]
fn alias_bombs_and_deep_nesting_end_in_a_place() {
    let repository = repository();
    let mut bomb =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    write(repository.path(), "bomb/bomb.yaml", bomb);
    write(
        repository.path(),
        "deep/flow.yaml",
        format!("apiVersion: v1\nkind: X\nmetadata: {{name: x}}\na: {}", "[".repeat(100_000)),
    );
    write(
        repository.path(),
        "deep/block.yaml",
        format!("apiVersion: v1\nkind: X\nmetadata: {{name: x}}\na:\n  {}x", "- ".repeat(50_000)),
    );
    let report = report(repository.path());
    let broken = kinds(&report).iter().filter(|kind| **kind == "invalid-manifest").count();
    assert!(broken >= 3, "{:?}", kinds(&report));
}

#[test]
fn what_leads_out_of_the_repository_is_named_and_not_read() {
    let repository = repository();
    let outside = tempfile::tempdir().unwrap();
    write(
        outside.path(),
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: outside}\nstringData: {password: c4n4ry}\n",
    );
    std::os::unix::fs::symlink(outside.path(), repository.path().join("linked")).unwrap();
    std::os::unix::fs::symlink("../../../../etc/passwd", repository.path().join("passwd.yaml")).unwrap();
    std::os::unix::fs::symlink("loop-b", repository.path().join("loop-a")).unwrap();
    std::os::unix::fs::symlink("loop-a", repository.path().join("loop-b")).unwrap();
    let apps = [
        healthy_application(),
        application("up", "    path: ../../../etc"),
        application("link", "    path: linked"),
        application("values", "    path: chart\n    helm: {valueFiles: [../../../etc/passwd, /etc/passwd]}"),
    ];
    write(repository.path(), "apps.yaml", apps.concat());
    write(repository.path(), "chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 0.1.0\n");
    write(
        repository.path(),
        "chart/templates/a.yaml",
        "{{ .Files.Get \"../healthy/job.yaml\" }}\n{{ .Files.Get \"/etc/passwd\" }}\n",
    );
    let report = report(repository.path());
    let text = report.to_string();
    assert!(!text.contains("c4n4ry") && !text.contains("root:x:"), "{report:#}");
    assert!(
        kinds(&report).iter().filter(|kind| **kind == "link-outside-repository").count() >= 2,
        "{:?}",
        kinds(&report)
    );
    for name in ["up", "values"] {
        let said = report["gaps"].as_array().unwrap().iter().any(|gap| gap["application"] == name);
        assert!(said, "{name}: {:#}", report["gaps"]);
    }
}

#[test]
fn huge_and_odd_files_are_named() {
    let repository = repository();
    write(repository.path(), "huge/huge.yaml", vec![b'#'; 12 << 20]);
    write(repository.path(), "odd/latin1.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \xe9}\n");
    write(repository.path(), "odd/nul.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\0b}\n");
    let report = report(repository.path());
    let text = report.to_string();
    for name in ["huge/huge.yaml", "odd/latin1.yaml", "odd/nul.yaml"] {
        assert!(text.contains(name), "{name} is dropped: {report:#}");
    }
}

#[test]
fn templates_that_never_end_meet_the_budget() {
    let repository = repository();
    let bombs = [
        ("repeat", "{{ repeat 1000000000 \"x\" }}"),
        ("until", "{{ range until 1000000000 }}x{{ end }}"),
        ("nested", "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}"),
        ("include", "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}"),
        ("tpl", "{{ define \"b\" }}{{ tpl \"{{ include \\\"b\\\" . }}\" . }}{{ end }}{{ include \"b\" . }}"),
        ("indent", "{{ indent 1000000000 \"x\" }}"),
        ("globs", "{{ range until 100000 }}{{ $x := $.Files.Glob (repeat 500 \"{a,*b}\") }}{{ end }}"),
        ("glob", "{{ $.Files.Glob (repeat 5000 \"a*\") }}"),
        ("regex", "{{ regexFindAll \".*?b|a\" (repeat 200000 \"a\") -1 }}"),
        ("parens", &format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000))),
        ("ifs", &format!("{}{}", "{{ if true }}".repeat(50_000), "{{ end }}".repeat(50_000))),
    ];
    let mut apps = healthy_application();
    for (name, template) in &bombs {
        write(repository.path(), &format!("{name}/Chart.yaml"), "apiVersion: v2\nname: bomb\nversion: 0.1.0\n");
        write(repository.path(), &format!("{name}/templates/a.yaml"), template);
        write(repository.path(), &format!("{name}/files/a.txt"), "a");
        apps.push_str(&application(name, &format!("    path: {name}")));
    }
    write(repository.path(), "apps.yaml", apps);
    let report = report(repository.path());
    for (name, _) in &bombs {
        let gap = report["gaps"].as_array().unwrap().iter().find(|gap| gap["application"] == *name);
        let gap = gap.unwrap_or_else(|| panic!("{name} has no gap: {:#}", report["gaps"]));
        assert!(gap["file"].is_string() && gap["line"].is_number(), "{name}: {gap}");
    }
}

#[test]
fn overlays_in_a_circle_and_generators_without_end_are_gaps() {
    let repository = repository();
    write(repository.path(), "a/kustomization.yaml", "resources: [../b]\n");
    write(repository.path(), "b/kustomization.yaml", "resources: [../a]\n");
    let elements: String = (0..5_000).map(|n| format!("{{n: '{n}'}}, ")).collect();
    let set = format!(
        "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: wide, namespace: argocd}}
spec:
  generators:
    - matrix:
        generators:
          - list: {{elements: [{elements}]}}
          - list: {{elements: [{}]}}
  template:
    metadata: {{name: 'x-{{{{n}}}}-{{{{m}}}}'}}
    spec:
      project: default
      source: {{repoURL: 'https://git.example.com/fleet.git', path: healthy}}
      destination: {{server: 'https://kubernetes.default.svc', namespace: x}}
",
        elements.replace("n:", "m:")
    );
    write(repository.path(), "sets.yaml", set);
    write(repository.path(), "apps.yaml", healthy_application() + &application("circle", "    path: a"));
    let report = report(repository.path());
    let gaps = report["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["application"] == "circle"), "{gaps:#?}");
    assert!(gaps.iter().any(|gap| gap["kind"] == "budget-exceeded" && gap["file"] == "sets.yaml"), "{gaps:#?}");
    assert!(report["summary"]["applications"].as_u64().unwrap() < 20_000);
}

#[test]
fn nothing_that_a_terminal_obeys_comes_out() {
    let repository = repository();
    let escape = "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}\u{202e}\u{200b}";
    let manifest = format!(
        "apiVersion: batch/v1
kind: Job
metadata:
  name: \"x{}::error::y\"
  annotations: {{argocd.argoproj.io/sync-wave: \"{}\"}} # {escape}
spec: {{template: {{spec: {{containers: [{{name: a, image: b}}]}}}}}}
",
        escape.escape_unicode().to_string().replace("\\u{", "\\U0000").replace('}', "").replace("\\U0000", "\\u00"),
        "a\\u001b[31m"
    );
    write(repository.path(), "odd/escape.yaml", manifest);
    write(repository.path(), "odd/name\u{1b}[31m\n::error::z.yaml", "apiVersion: v1\nkind: X\n a: b\n");
    for format in ["table", "json", "sarif", "github"] {
        let output = check(repository.path(), format);
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            let bad = text.chars().find(|c| matches!(c, '\u{1b}' | '\u{7}' | '\u{202e}' | '\u{200b}'));
            assert!(bad.is_none(), "{format}: {bad:?}");
            let command = text.lines().find(|line| line.starts_with("::error::"));
            assert!(command.is_none(), "{format}: {command:?}");
        }
    }
}

#[test]
fn a_text_that_ends_too_soon_is_no_defect_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    write(folder.path(), "values.yaml", "a: \"x\\");
    let mut command = Command::new(env!("CARGO_BIN_EXE_schemaward"));
    let output = command.args(["render", "--chart"]).arg(folder.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.starts_with("error: cannot load values.yaml: "), "{errors}");
}
