//! Expansion of small repositories.

use super::*;
use crate::discover::Repository;

mod clusters;
mod files;
mod refusals;
mod settings;
mod starts;

const HERE: &str = "https://git.example/acme/gitops";

fn app(name: &str, path: &str, extra: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  project: default\n  \
         destination: {{namespace: {name}-ns}}\n  source: {{repoURL: {HERE}, path: {path}{extra}}}\n"
    )
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
}

fn run_with(files: &[(&str, &str)], settings: &Settings) -> Expansion {
    let repository = Repository::from_texts(files.to_vec());
    expand(&Manifests::new(&repository), settings)
}

fn run(files: &[(&str, &str)]) -> Expansion {
    run_with(files, &Settings::default())
}

fn names(expansion: &Expansion) -> Vec<&str> {
    expansion.applications.iter().map(|(app, _)| app.name.as_str()).collect()
}

fn objects<'a>(expansion: &'a Expansion, app: &str) -> Vec<&'a str> {
    let found = expansion.applications.iter().find(|(a, _)| a.name == app);
    found.map(|(_, rendered)| rendered.objects.iter().map(|object| object.name()).collect()).unwrap_or_default()
}

fn roots(expansion: &Expansion) -> Vec<&str> {
    expansion.roots.iter().map(|root| root.name.as_str()).collect()
}

#[test]
fn an_app_of_apps_has_one_root_and_its_children_belong_to_it() {
    let files = [
        ("root.yaml", app("root", "argocd", "")),
        ("argocd/web.yaml", app("web", "apps/web", "")),
        ("argocd/db.yaml", app("db", "apps/db", "")),
        ("apps/web/a.yaml", config_map("web-config")),
        ("apps/db/a.yaml", config_map("db-config")),
        ("old/stray.yaml", config_map("stray")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["db", "root", "web"]);
    assert_eq!(roots(&expansion), ["root"]);
    assert_eq!(objects(&expansion, "web"), ["web-config"]);
    assert_eq!(expansion.unmanaged, [RepoPath::new("old/stray.yaml").unwrap()]);
    let (web, _) = &expansion.applications[2];
    assert_eq!(web.parent.as_deref(), Some("root"));
    assert_eq!(web.namespace, "root-ns", "an Application without a namespace lands where its parent sends it");
    assert_eq!(web.destination_namespace.as_ref().unwrap().text, "web-ns");
}

#[test]
fn circles_are_caught() {
    let files = [
        ("a/self.yaml", app("self", "a", "")),
        ("b/one.yaml", app("one", "c", "")),
        ("c/two.yaml", app("two", "b", "")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["one", "self", "two"]);
    assert_eq!(roots(&expansion), ["one", "self"], "of a circle the first is the root");
    assert!(expansion.duplicates.is_empty());
}

#[test]
fn two_applications_of_one_name_are_reported() {
    let files = [
        ("root.yaml", app("root", "apps", "")),
        ("apps/a.yaml", app("web", "x", "")),
        ("apps/b.yaml", app("web", "y", "")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["root", "web"]);
    assert_eq!(expansion.duplicates.len(), 1);
}

#[test]
fn folders_are_read_as_argo_reads_them() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: listed}}\n";
    let root = app("root", "m", ", directory: {recurse: true, include: '{*.yaml,*.json}', exclude: 'skip/*'}");
    let files = [
        ("root.yaml", root.as_str()),
        ("m/list.yaml", list),
        ("m/z.json", r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json"}}"#),
        ("m/a-b/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep2}\n"),
        ("m/a/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep1}\n"),
        ("m/skip/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: skipped}\n"),
        ("m/marked.yaml", "# +argocd:skip-file-rendering\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: marked}\n"),
        ("m/y.yml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: not-included}\n"),
    ];
    let expansion = run(&files);
    assert_eq!(objects(&expansion, "root"), ["deep1", "deep2", "listed", "json"]);
}

#[test]
fn a_broken_file_hides_nothing_else() {
    let root = app("root", "m", "");
    let files = [
        ("root.yaml", root.as_str()),
        ("m/broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [x\n"),
        ("m/good.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n"),
        ("m/notes.yaml", "just: [text\n"),
    ];
    let expansion = run(&files);
    assert_eq!(objects(&expansion, "root"), ["good"]);
    assert_eq!(expansion.broken.len(), 1);
    assert_eq!(expansion.broken[0].path.as_str(), "m/broken.yaml");
    let (_, rendered) = &expansion.applications[0];
    assert_eq!(rendered.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), ["invalid-manifest"]);
}

#[test]
fn sources_elsewhere_outside_and_missing_are_gaps() {
    let elsewhere = app("elsewhere", "apps", "").replace(HERE, "https://git.example/acme/other");
    let files = [
        ("a.yaml", app("here", "apps", "")),
        ("b.yaml", app("outside", "../../etc", "")),
        ("c.yaml", app("absolute", "/apps", "")),
        ("d.yaml", app("missing", "nowhere", "")),
        ("e.yaml", elsewhere),
        ("apps/a.yaml", config_map("a")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    let gaps: Vec<_> = expansion
        .applications
        .iter()
        .map(|(app, rendered)| (app.name.as_str(), rendered.gaps.first().map_or("", |gap| gap.kind)))
        .collect();
    let expected = [
        ("absolute", "values-outside-repository"),
        ("elsewhere", "other-repository"),
        ("here", ""),
        ("missing", "missing-chart"),
        ("outside", "values-outside-repository"),
    ];
    assert_eq!(gaps, expected);
}

#[test]
fn a_plain_repository_is_audited_by_folder() {
    let template = "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {name: t}\nobjects:\n\
                    - {apiVersion: v1, kind: Secret, metadata: {name: '${NAME}-db'}}\n";
    let files = [
        ("backend/openshift.deploy.yml", template),
        ("job/job.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\n"),
        (".github/workflows/ci.yml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ci}\n"),
        ("docker-compose.yml", "services: {}\n"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        (
            "chart/templates/x.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  {{- toYaml (dict \"name\" \"made\") | nindent 2 }}\n",
        ),
        ("lib/Chart.yaml", "apiVersion: v2\nname: l\nversion: 1.0.0\ntype: library\n"),
    ];
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["backend", "chart", "job"]);
    assert_eq!(objects(&expansion, "chart"), ["made"], "a chart is a unit, a library is none");
    assert_eq!(objects(&expansion, "backend"), ["${NAME}-db"]);
    assert!(expansion.applications.iter().all(|(app, _)| app.view().is_none()));
    assert!(expansion.broken.is_empty() && expansion.gaps.is_empty());
    assert_eq!(expansion.templates.len(), 3);
}

#[test]
fn root_replaces_the_default_choice() {
    let files = [("a.yaml", app("a", "x", "")), ("b.yaml", app("b", "y", "")), ("x/c.yaml", config_map("c"))];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let settings = Settings { roots: vec!["a".to_owned()], ..Settings::default() };
    assert_eq!(names(&run_with(&files, &settings)), ["a"]);
    let settings = Settings { roots: vec!["b.yaml".to_owned()], ..Settings::default() };
    assert_eq!(names(&run_with(&files, &settings)), ["b"]);
    let settings = Settings { roots: vec!["nobody".to_owned()], ..Settings::default() };
    assert_eq!(run_with(&files, &settings).gaps[0].kind, "unknown-root");
}

const FLEET: &str = "
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: fleet, namespace: gitops}
spec:
  generators:
  - matrix:
      generators:
      - git: {repoURL: 'https://git.example/acme/gitops', pathParamPrefix: cluster, files: [{path: config/clusters.yaml}]}
      - git: {repoURL: 'https://git.example/acme/gitops', files: [{path: 'components/**/component.yaml'}]}
    selector: {matchLabels: {enabled: 'true'}}
  strategy:
    type: RollingSync
    rollingSync:
      steps:
      - matchExpressions: [{key: rollout-phase, operator: In, values: ['010']}]
      - matchExpressions: [{key: rollout-phase, operator: In, values: ['020']}]
  template:
    metadata:
      name: '{{env}}-{{name}}'
      labels: {rollout-phase: '{{phase}}', environment: '{{env}}'}
    spec:
      project: default
      source: {repoURL: 'https://git.example/acme/gitops', path: '{{path}}'}
      destination: {namespace: 'acme-{{env}}'}
";

fn fleet() -> Vec<(&'static str, &'static str)> {
    vec![
        ("sets/fleet.yaml", FLEET),
        ("config/clusters.yaml", "- {env: dev}\n- {env: production}\n"),
        ("components/a/db/component.yaml", "name: db\nphase: '010'\nenabled: true\n"),
        ("components/a/web/component.yaml", "name: web\nphase: '030'\nenabled: true\n"),
        ("components/a/off/component.yaml", "name: off\nphase: '020'\nenabled: false\n"),
        ("components/a/db/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"),
    ]
}

#[test]
fn a_matrix_of_files_makes_applications_that_point_at_their_component() {
    let expansion = run(&fleet());
    assert_eq!(names(&expansion), ["dev-db", "dev-web", "production-db", "production-web"], "{:?}", expansion.gaps);
    let (app, rendered) = &expansion.applications[2];
    assert_eq!(rendered.objects.len(), 1);
    assert_eq!(app.environment.as_ref().unwrap().text, "production");
    assert_eq!(app.destination_namespace.as_ref().unwrap().text, "acme-production");
    assert_eq!(app.generated().unwrap().steps, [0]);
    assert!(expansion.applications[1].0.generated().unwrap().steps.is_empty(), "phase 030 is in no step");
    assert_eq!(app.manifest.as_ref().unwrap().at(&["metadata", "namespace"]).unwrap().as_str(), Some("gitops"));
}

#[test]
fn a_generated_label_points_at_the_line_of_its_parameter() {
    let repository = Repository::from_texts(fleet());
    let expansion = expand(&Manifests::new(&repository), &Settings::default());
    let (app, _) = &expansion.applications[0];
    let label = app.view().unwrap().label("rollout-phase").unwrap();
    let place = repository.sources().place(label.span());
    assert_eq!((place.path.as_str(), place.line, place.column), ("components/a/db/component.yaml", 2, 8));
    let places: Vec<String> =
        label.origin.contributions().map(|c| repository.sources().place(c.span).path.to_string()).collect();
    assert_eq!(places, ["components/a/db/component.yaml", "sets/fleet.yaml"]);
}

#[test]
fn a_matrix_of_thousands_by_thousands_ends_at_once() {
    let element: String = (0..5_000).map(|n| format!("          - {{k: '{n}'}}\n")).collect();
    let other = element.replace("{k:", "{l:");
    let set = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: big}}\nspec:\n  generators:\n  - \
         matrix:\n      generators:\n      - list:\n          elements:\n{element}      - list:\n          \
         elements:\n{other}  template:\n    metadata: {{name: '{{{{k}}}}-{{{{l}}}}'}}\n    spec: {{project: default}}\n"
    );
    let expansion = run(&[("set.yaml", &set)]);
    assert!(expansion.applications.is_empty());
    assert_eq!(expansion.gaps[0].kind, "budget-exceeded");
}

#[test]
fn a_patch_is_laid_over_and_points_at_its_line() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - list: \
               {elements: [{name: web, wave: '3'}]}\n  template:\n    metadata: {name: '{{name}}', labels: {a: b}}\n    \
               spec: {project: p, destination: {}}\n  templatePatch: |\n    metadata:\n      labels:\n        wave: \
               '{{wave}}'\n        fixed: 'yes'\n    spec:\n      project: other\n      syncPolicy: {automated: {prune: \
               true}}\n";
    let repository = Repository::from_texts(vec![("set.yaml", set)]);
    let expansion = expand(&Manifests::new(&repository), &Settings::default());
    let (app, _) = &expansion.applications[0];
    let view = app.view().unwrap();
    assert_eq!(view.project(), "p", "the project cannot be patched");
    assert!(view.sync_policy().prune());
    assert_eq!(view.label("a").unwrap().as_str(), Some("b"));
    let line = |label: &str| repository.sources().place(view.label(label).unwrap().span()).line;
    assert_eq!(line("wave"), 6, "the list's element");
    assert_eq!(line("fixed"), 14, "the patch's own line");
}

#[test]
fn generators_that_ask_the_world_leave_folders_to_be_audited_by_themselves() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - \
               plugin: {configMapRef: {name: x}}\n  - list: {elements: [{name: web}]}\n  template:\n    metadata: {name: \
               '{{name}}'}\n    spec: {project: p, source: {repoURL: r, path: web}}\n";
    let files = [("set.yaml", set), ("web/a.yaml", &config_map("a")), ("lost/b.yaml", &config_map("b"))];
    let expansion = run(&files);
    assert_eq!(names(&expansion), ["lost", "web"]);
    assert!(expansion.gaps.iter().any(|gap| gap.kind == "unresolved-generator"));
    assert_eq!(roots(&expansion), ["set.yaml"]);
}

#[test]
fn clusters_come_from_secrets_in_the_repository() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: prod\n  labels: {argocd.argoproj.io/secret-type: cluster, \
                  env: prod}\nstringData: {name: Prod_1, server: 'https://prod'}\n";
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - \
               clusters: {values: {tier: '{{metadata.labels.env}}-x'}}\n  template:\n    metadata: {name: \
               'a-{{nameNormalized}}', labels: {tier: '{{values.tier}}'}}\n    spec: {project: p, destination: {server: \
               '{{server}}'}}\n";
    let expansion = run(&[("set.yaml", set), ("prod.yaml", secret)]);
    assert_eq!(names(&expansion), ["a-in-cluster", "a-prod-1"]);
    assert_eq!(expansion.applications[1].0.view().unwrap().label("tier").unwrap().as_str(), Some("prod-x"));
}

#[test]
fn values_of_a_second_child_wait_for_their_own_parameters() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  goTemplate: true\n  \
               goTemplateOptions: [missingkey=error]\n  generators:\n  - matrix:\n      generators:\n      - list: {elements: \
               [{env: dev}]}\n      - git: {repoURL: r, directories: [{path: 'apps/*'}], values: {own: \
               '{{.path.basename}}', outer: '{{.env}}'}}\n  template:\n    metadata: {name: \
               '{{.values.own}}-{{.values.outer}}'}\n    spec: {project: p, source: {repoURL: r, path: '{{.path.path}}'}}\n";
    let expansion = run(&[("set.yaml", set), ("apps/web/a.yaml", &config_map("a"))]);
    assert_eq!(names(&expansion), ["web-dev"], "{:?}", expansion.gaps);
}

#[test]
fn inline_values_of_a_template_point_at_their_own_lines() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - list: \
               {elements: [{env: dev}]}\n  template:\n    metadata: {name: 'web-{{env}}'}\n    spec:\n      project: p\n      \
               source:\n        repoURL: r\n        path: chart\n        helm:\n          values: |\n            name: \
               fixed\n            stage: '{{env}}'\n";
    let template =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.name }}\ndata:\n  stage: {{ .Values.stage }}\n";
    let files = vec![
        ("set.yaml", set),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
        ("chart/templates/c.yaml", template),
    ];
    let repository = Repository::from_texts(files);
    let expansion = expand(&Manifests::new(&repository), &Settings::default());
    let (_, rendered) = &expansion.applications[0];
    let object = &rendered.objects[0].node;
    let place = |path: &[&str]| {
        let place = repository.sources().place(object.at(path).unwrap().span());
        format!("{}:{}", place.path, place.line)
    };
    assert_eq!(object.at(&["data", "stage"]).unwrap().as_str(), Some("dev"));
    assert_eq!(place(&["metadata", "name"]), "set.yaml:16");
    assert_eq!(place(&["data", "stage"]), "set.yaml:6", "what was filled in is the list's");
}

#[test]
fn samples_answer_for_generators_that_ask_the_world() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - \
               pullRequest: {github: {owner: o}}\n  template:\n    metadata: {name: 'pr-{{number}}-{{a.b}}'}\n    spec: \
               {project: p, destination: {}}\n";
    let sample = "number: 7\na: {b: c}\n";
    let sample = crate::yaml::parse(crate::source::FileId(0), sample, &Default::default()).documents.remove(0).root;
    let samples = Samples::new(move |set, generator| match (set, generator) {
        ("s", "pullRequest") => vec![sample.clone()],
        _ => Vec::new(),
    });
    let expansion = run_with(&[("set.yaml", set)], &Settings { samples, ..Settings::default() });
    assert_eq!(names(&expansion), ["pr-7-c"]);
    assert!(expansion.gaps.is_empty());
}

#[test]
fn a_set_that_is_no_yaml_is_broken_and_no_template() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  {{- if x }}\n  a: b\n  \
               {{- end }}\n";
    let other = set.replace("ApplicationSet", "ConfigMap");
    let expansion = run(&[("set.yaml", set), ("other.yaml", &other)]);
    assert_eq!(expansion.broken.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["set.yaml"]);
    assert_eq!(expansion.templates.len(), 1);
}

#[test]
fn a_chart_that_makes_applications_of_itself_ends_in_a_gap() {
    let template = "{{- range until 40 }}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: \"{{ \
                    $.Release.Name }}-{{ . }}\"}\nspec: {project: p, source: {repoURL: r, path: chart}}\n{{- end }}\n";
    let files = [
        ("app.yaml", app("root", "chart", "")),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n".to_owned()),
        (
            "chart/templates/apps.yaml",
            template.replace("repoURL: r", &format!("repoURL: '{HERE}'")).replace("until 40", "until 1"),
        ),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    assert!(expansion.gaps.iter().any(|gap| gap.kind == "budget-exceeded"), "{:?}", expansion.gaps);
    assert!(expansion.applications.len() <= 16);
}

#[test]
fn what_a_plugin_renders_is_read_without_it_and_said() {
    let files = [("a.yaml", app("a", "x", ", plugin: {name: p}")), ("x/c.yaml", config_map("c"))];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    assert_eq!(objects(&expansion, "a"), ["c"]);
    assert_eq!(expansion.applications[0].1.gaps[0].kind, "not-rendered");
}

#[test]
fn a_chart_without_its_library_still_shows_what_does_without() {
    let files = [
        ("a.yaml", app("a", "chart", "")),
        (
            "chart/Chart.yaml",
            "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: common, version: 1.0.0, repository: \
             'https://h'}\n"
                .to_owned(),
        ),
        ("chart/templates/a.yaml", "{{ include \"common.all\" . }}\n".to_owned()),
        ("chart/templates/job.yaml", config_map("own")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expansion = run(&files);
    assert_eq!(objects(&expansion, "a"), ["own"]);
    let mut kinds: Vec<&str> = expansion.applications[0].1.gaps.iter().map(|gap| gap.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["missing-chart", "render-failed"]);
}

#[test]
fn a_template_that_fails_in_a_helper_is_left_out_and_the_helper_stays() {
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    let expansion = run(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
        (
            "chart/templates/_helpers.tpl",
            "{{ define \"team\" }}{{ required \"a team\" .Values.team }}{{ end }}{{ define \"x\" }}x{{ end }}",
        ),
        ("chart/templates/a.yaml", &map("{{ include \"team\" . }}")),
        ("chart/templates/b.yaml", &map("{{ include \"x\" . }}")),
    ]);
    assert_eq!(objects(&expansion, "chart"), ["x"]);
    assert_eq!(expansion.applications[0].1.gaps.len(), 1);
}

#[test]
fn an_overlay_that_patches_an_application_is_its_root() {
    let web = app("web", "apps/web", "");
    let other = app("other", "apps/web", "");
    let files = |extra: Vec<(&'static str, &'static str)>| {
        let mut files = vec![
            ("base/kustomization.yaml", "resources: [web.yaml]\n".to_owned()),
            ("base/web.yaml", web.clone()),
            ("plain/kustomization.yaml", "resources: [other.yaml]\n".to_owned()),
            ("plain/other.yaml", other.clone()),
            ("apps/web/map.yaml", config_map("plain")),
            ("apps/prod/map.yaml", config_map("prod")),
            ("apps/dev/map.yaml", config_map("dev")),
        ];
        files.extend(extra.into_iter().map(|(path, text)| (path, text.to_owned())));
        files
    };
    let expanded = |files: Vec<(&'static str, String)>| {
        let texts: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let expansion = run(&texts);
        let mut found: Vec<String> = expansion
            .applications
            .iter()
            .map(|(app, rendered)| {
                let objects: Vec<&str> = rendered.objects.iter().map(|object| object.name()).collect();
                format!("{}: {} {}", app.root, app.name, objects.join(","))
            })
            .collect();
        found.sort();
        found
    };
    const PROD: (&str, &str) = (
        "overlays/prod/kustomization.yaml",
        "resources: [../../base]\npatches:\n- target: {kind: Application}\n  patch: |-\n    - {op: replace, path: \
         /spec/source/path, value: apps/prod}\n",
    );
    const DEV: (&str, &str) = (
        "overlays/dev/kustomization.yaml",
        "resources: [../../base]\nnamePrefix: dev-\npatches:\n- target: {kind: Application}\n  patch: |-\n    - {op: replace, \
         path: /spec/source/path, value: apps/dev}\n",
    );
    assert_eq!(expanded(files(vec![PROD])), ["other: other plain", "overlays/prod: web prod"]);
    assert_eq!(
        expanded(files(vec![PROD, DEV])),
        ["other: other plain", "overlays/dev: dev-web dev", "overlays/prod: web prod"],
        "each overlay is a root of its own"
    );
    // An Application that brings one overlay leaves the other one to `--root`.
    let mut brought = files(vec![PROD, DEV]);
    brought.push(("root.yaml", app("root", "overlays/dev", "")));
    let found = expanded(brought);
    assert!(
        found.contains(&"root: dev-web dev".to_owned()) && !found.iter().any(|line| line.contains("prod")),
        "{found:?}"
    );
}
