//! Where Argo CD starts from, where that is less than plain.

use super::*;

#[test]
fn roots_of_one_name_are_told_apart_by_their_files() {
    let [one, two] = ["one", "two"].map(|cluster| app("bootstrap", &format!("clusters/{cluster}/apps"), ""));
    let web = app("web", "web", "");
    let files = [
        ("clusters/one/bootstrap.yaml", one.as_str()),
        ("clusters/two/bootstrap.yaml", two.as_str()),
        ("clusters/one/apps/web.yaml", web.as_str()),
        ("clusters/two/apps/web.yaml", web.as_str()),
    ];
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["bootstrap", "bootstrap", "web", "web"]);
    assert_eq!(roots(&expansion), ["clusters/one/bootstrap.yaml", "clusters/two/bootstrap.yaml"]);
    let named =
        run_with(&files, &Settings { roots: vec!["clusters/two/bootstrap.yaml".into()], ..Settings::default() });
    assert_eq!(names(&named), ["bootstrap", "web"]);
}

const SETS: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: sets}\nspec:\n  generators:\n  - list: \
                    {elements: [{name: web}]}\n  template:\n    metadata: {name: '{{ \"{{name}}\" }}-{{ .Values.env }}'}\n    \
                    spec: {project: p, source: {repoURL: 'https://git.example/acme/gitops', path: charts/web}}\n";

/// A chart with an ApplicationSet, a chart that it brings, and a folder that stands for itself.
fn installed() -> Vec<(&'static str, &'static str)> {
    vec![
        ("bootstrap/Chart.yaml", "apiVersion: v2\nname: bootstrap\nversion: 1.0.0\n"),
        ("bootstrap/values.yaml", "env: dev\n"),
        ("bootstrap/templates/sets.yaml", SETS),
        ("bootstrap/templates/own.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"),
        ("alone/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alone}\n"),
    ]
}

#[test]
fn a_chart_that_makes_applications_is_where_argo_cd_starts() {
    let remotes = vec![HERE.to_owned()];
    let expansion = run_with(&installed(), &Settings { remotes: remotes.clone(), ..Settings::default() });
    assert_eq!(names(&expansion), ["alone", "bootstrap", "web-dev"]);
    assert_eq!(roots(&expansion), ["alone", "bootstrap"], "what the chart does not bring is audited as ever");
    assert_eq!((objects(&expansion, "bootstrap"), objects(&expansion, "web-dev")), (vec!["own"], vec!["web"]));
    let named = Settings { remotes, roots: vec!["bootstrap".into()], ..Settings::default() };
    assert_eq!(names(&run_with(&installed(), &named)), ["bootstrap", "web-dev"]);
}

#[test]
fn what_a_chart_lacks_is_a_gap_where_its_values_are_not_known() {
    let app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {project: p, source: {repoURL: \
               'https://git.example/acme/gitops', path: 'envs/{{ .Values.cluster }}'}}\n";
    let files = [
        ("bootstrap/Chart.yaml", "apiVersion: v2\nname: bootstrap\nversion: 1.0.0\n"),
        ("bootstrap/templates/app.yaml", app),
        ("envs/one/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
    ];
    let expansion = run_with(&files, &Settings { remotes: vec![HERE.to_owned()], ..Settings::default() });
    assert_eq!(expansion.roots[0].kind, RootKind::Chart);
    assert_eq!(names(&expansion), ["envs/one", "web"]);
}

#[test]
fn of_charts_that_bring_each_other_the_first_is_a_start() {
    let chart = |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    let (one, two, three) = (chart("one"), chart("two"), chart("three"));
    let (to_one, to_two, to_web) = (app("to-one", "one", ""), app("to-two", "two", ""), app("to-web", "web", ""));
    let files = [
        ("one/Chart.yaml", one.as_str()),
        ("one/templates/a.yaml", to_two.as_str()),
        ("two/Chart.yaml", two.as_str()),
        ("two/templates/a.yaml", to_one.as_str()),
        ("three/Chart.yaml", three.as_str()),
        ("three/templates/a.yaml", to_web.as_str()),
        ("web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"),
    ];
    let expansion = run_with(&files, &Settings { remotes: vec![HERE.to_owned()], ..Settings::default() });
    assert_eq!(roots(&expansion), ["one", "three"]);
    assert_eq!(names(&expansion), ["to-one", "to-two", "to-web"]);
}

#[test]
fn a_chart_is_no_start_where_applications_are_declared() {
    let own = app("own", "apps", "");
    let mut files = installed();
    files.extend([
        ("argocd/own.yaml", own.as_str()),
        ("apps/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
    ]);
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["own"]);
}

#[test]
fn an_application_that_a_set_reads_and_hands_on_is_no_root() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec:\n  goTemplate: true\n  generators:\n  \
               - git: {repoURL: 'https://git.example/acme/gitops', files: [{path: 'apps/*/application.yaml'}]}\n  template:\n    \
               metadata: {name: '{{ .metadata.name }}'}\n    spec: {project: '{{ .spec.project }}'}\n  templatePatch: |\n    \
               spec: {{ omit .spec \"project\" | toJson }}\n";
    let (root, web, stray) = (app("root", "argocd", ""), app("web", "web", ""), app("stray", "web", ""));
    let files = [
        ("root.yaml", root.as_str()),
        ("argocd/set.yaml", set),
        ("apps/web/application.yaml", web.as_str()),
        ("apps/stray.yaml", stray.as_str()),
        ("web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"),
    ];
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["root", "stray", "web"]);
    assert_eq!(roots(&expansion), ["root", "stray"]);
    assert_eq!(objects(&expansion, "web"), ["web"]);
}
