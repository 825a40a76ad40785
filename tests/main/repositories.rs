//! Applications whose sources lie in several repositories: those of which a checkout is named are read like the one under
//! audit, each within its own root.

use std::path::Path;
use std::process::{Command, Output};

const PLATFORM: &str = "https://git.example.com/acme/platform.git";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn application(name: &str, sources: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  \
         project: default\n  destination: {{server: 'https://kubernetes.default.svc', namespace: web}}\n  syncPolicy: \
         {{syncOptions: [CreateNamespace=true]}}\n  sources:\n{sources}"
    )
}

/// Two repositories side by side: `apps` and `platform`.
fn repositories() -> tempfile::TempDir {
    let both = tempfile::tempdir().unwrap();
    let chart = application(
        "chart",
        "  - {repoURL: 'https://git.example.com/acme/apps', ref: apps, targetRevision: main}\n  - repoURL: \
         git@git.example.com:acme/platform\n    path: charts/web\n    targetRevision: main\n    helm: {valueFiles: \
         [defaults.yaml, $apps/values/web.yaml]}\n",
    );
    let base = "resources: [\"https://git.example.com/acme/platform//base?ref=main\"]\nnamePrefix: my-\n";
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set, namespace: argocd}\nspec:\n  \
               generators:\n  - git: {repoURL: 'https://git.example.com/acme/platform', revision: main, directories: [{path: \
               'plain/*'}]}\n  template:\n    metadata: {name: 'plain-{{path.basename}}'}\n    spec:\n      project: \
               default\n      source: {repoURL: 'https://git.example.com/acme/platform', path: '{{path}}', targetRevision: \
               main}\n      destination: {server: 'https://kubernetes.default.svc', namespace: web}\n      syncPolicy: \
               {syncOptions: [CreateNamespace=true]}\n";
    let own =
        application("own", "  - {repoURL: 'https://git.example.com/acme/apps', path: own, targetRevision: main}\n");
    write(
        &both.path().join("apps"),
        &[
            ("argocd/chart.yaml", &chart),
            ("argocd/set.yaml", set),
            ("argocd/own.yaml", &own),
            ("own/kustomization.yaml", base),
            ("values/web.yaml", "size: 7\n"),
        ],
    );
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    write(
        &both.path().join("platform"),
        &[
            ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
            ("charts/web/values.yaml", "size: 1\ncolour: red\n"),
            ("charts/web/defaults.yaml", "colour: blue\n"),
            (
                "charts/web/templates/map.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  size: {{ .Values.size | quote }}\n  colour: \
                 {{ .Values.colour }}\n",
            ),
            ("base/kustomization.yaml", "resources: [map.yaml]\n"),
            ("base/map.yaml", &map("base")),
            ("plain/one/map.yaml", &map("one")),
            ("plain/two/map.yaml", &map("two")),
        ],
    );
    both
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_schemaward"));
    command.args(arguments).current_dir(folder).env_remove("SOURCE_DATE_EPOCH").output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.stderr.is_empty() || output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_checkout_is_read_like_the_repository_under_audit() {
    let both = repositories();
    let apps = both.path().join("apps");
    let named = format!("{PLATFORM}=../platform");
    let options = ["--repository", named.as_str()];
    let text = out(&run(&apps, &[&["render", ".", "--origins"], &options[..]].concat()));
    for expected in [
        // Values of both repositories, each with its own place.
        ("size: \"7\"", "values/web.yaml:1"),
        ("colour: blue", "git.example.com/acme/platform/charts/web/defaults.yaml:1"),
        ("name: my-base", "git.example.com/acme/platform/base/map.yaml:3"),
        ("name: one", "git.example.com/acme/platform/plain/one/map.yaml:3"),
        ("name: two", "git.example.com/acme/platform/plain/two/map.yaml:3"),
    ] {
        let line =
            text.lines().find(|line| line.contains(expected.0)).unwrap_or_else(|| panic!("{expected:?}\n{text}"));
        assert!(line.contains(expected.1), "{expected:?}: {line}");
    }
    assert_eq!(run(&apps, &[&["check", ".", "--strict"], &options[..]].concat()).status.code(), Some(0));
    let text = out(&run(&apps, &[&["apps", ".", "--format", "json"], &options[..]].concat()));
    assert!(text.contains("git.example.com/acme/platform/charts/web/defaults.yaml"), "{text}");
}

#[test]
fn without_a_checkout_the_other_repository_is_a_gap() {
    let both = repositories();
    let apps = both.path().join("apps");
    let check = ["check", ".", "--fail-on", "never"];
    assert_eq!(run(&apps, &check).status.code(), Some(0));
    let output = run(&apps, &[&check[..], &["--strict"]].concat());
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.matches("(`--repository`)").count(), 4, "{text}");
    std::fs::create_dir(both.path().join("empty")).unwrap();
    let named = format!("{PLATFORM}=../empty");
    let output = run(&apps, &[&check[..], &["--strict", "--repository", &named]].concat());
    assert_eq!(output.status.code(), Some(3), "an empty folder is no checkout");
    assert!(String::from_utf8_lossy(&output.stdout).contains("is empty"));
}

#[test]
fn a_configuration_outside_the_repository_names_checkouts_and_one_inside_only_what_is_inside() {
    let both = repositories();
    let apps = both.path().join("apps");
    let configuration = |path: &str| format!("repositories: [{{url: '{PLATFORM}', path: '{path}'}}]\n");
    write(both.path(), &[("schemaward.yaml", &configuration("platform"))]);
    let output = run(&apps, &["check", ".", "--strict", "--config", "../schemaward.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    // What comes with the change under audit reads nothing outside of it, links or not.
    write(&apps, &[("schemaward.yaml", &configuration("../platform"))]);
    let inside = |arguments: &[&str]| {
        let output = run(&apps, arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("is no folder of the repository"));
    };
    inside(&["check", "."]);
    inside(&["check", ".", "--config", "schemaward.yaml"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../platform", apps.join("link")).unwrap();
        write(&apps, &[("schemaward.yaml", &configuration("link"))]);
        inside(&["check", "."]);
        std::fs::remove_file(apps.join("link")).unwrap();
    }
    // A submodule: its files are another repository's, and no manifests of this one.
    std::fs::rename(both.path().join("platform"), apps.join("platform")).unwrap();
    write(&apps, &[("schemaward.yaml", &configuration("platform"))]);
    let output = run(&apps, &["check", ".", "--strict", "--format", "json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["summary"]["unmanaged"], 0, "{text}");
}

#[test]
fn a_path_does_not_lead_from_one_repository_into_another() {
    let both = repositories();
    let apps = both.path().join("apps");
    let app = application(
        "out",
        "  - {repoURL: 'https://git.example.com/acme/platform', path: ../apps/own, targetRevision: main}\n  - repoURL: \
         https://git.example.com/acme/platform\n    path: charts/web\n    targetRevision: main\n    helm: {valueFiles: \
         [../../../apps/values/web.yaml]}\n",
    );
    write(&apps, &[("argocd/out.yaml", &app)]);
    let named = format!("{PLATFORM}=../platform");
    let text = out(&run(&apps, &["check", ".", "--fail-on", "never", "--format", "json", "--repository", &named]));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let kinds: Vec<&str> = report["findings"].as_array().unwrap().iter().filter_map(|f| f["rule"].as_str()).collect();
    assert_eq!(kinds, ["values-outside-repository", "values-outside-repository"], "{text}");
}

#[test]
fn the_table_of_applications_says_where_each_goes_and_what_it_reads() {
    let both = repositories();
    let apps = both.path().join("apps");
    let app = application(
        "values",
        "  - {repoURL: 'https://git.example.com/acme/platform', path: charts/web, targetRevision: main, helm: {valueFiles: \
         [defaults.yaml, nowhere.yaml], ignoreMissingValueFiles: true}}\n",
    );
    write(&apps, &[("argocd/values.yaml", &app)]);
    let named = format!("{PLATFORM}=../platform");
    let text = out(&run(&apps, &["apps", ".", "--app", "values", "--repository", &named]));
    for expected in ["values", "a root", "project default", "https://kubernetes.default.svc", "namespace web"] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let files: Vec<&str> = text.lines().filter(|line| line.contains("- git.example.com")).collect();
    assert_eq!(files.len(), 2, "{text}");
    assert!(text.contains("(missing)"), "{text}");
}
