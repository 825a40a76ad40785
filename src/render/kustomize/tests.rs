//! Kustomizations in memory: what is built, what is refused, and which line each value comes from.

use crate::budget::{Budget, Limits};
use crate::discover::Repository;
use crate::k8s::Resource;
use crate::render::kustomize::{ApplicationSource, BuildError, BuildOptions, Built, Options, build};
use crate::source::RepoPath;
use crate::yaml::{Contribution, Node, Role, Value};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.0
        envFrom:
        - configMapRef:
            name: settings
";

const OVERLAY: &str = "\
namespace: shop
namePrefix: prod-
resources:
- ../base
labels:
- pairs:
    team: blue
commonAnnotations:
  owner: ops
images:
- name: nginx
  newTag: \"2.0\"
replicas:
- name: web
  count: 3
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      template:
        spec:
          containers:
          - name: web
            command: [run]
          - name: side
            image: side:1
- target:
    kind: Deployment
  path: ops.yaml
configMapGenerator:
- name: settings
  behavior: merge
  literals:
  - COLOUR=blue
secretGenerator:
- name: token
  literals:
  - key=hidden
";

fn fleet() -> Vec<(&'static str, &'static str)> {
    vec![
        ("base/kustomization.yaml", "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  envs: [a.env]\n"),
        ("base/web.yaml", DEPLOYMENT),
        ("base/a.env", "# first\nMODE=fast\nCOLOUR=red\n"),
        ("overlay/kustomization.yaml", OVERLAY),
        ("overlay/ops.yaml", "- op: add\n  path: /metadata/annotations/zone\n  value: west\n"),
    ]
}

fn built_with(
    texts: Vec<(&str, &str)>,
    dir: &str,
    options: &Options<'_>,
) -> (Repository, Result<Built, Box<BuildError>>) {
    let repository = Repository::from_texts(texts);
    let built = build(&repository, &RepoPath::new(dir).unwrap(), options, &Budget::default());
    (repository, built)
}

fn built(texts: Vec<(&str, &str)>, dir: &str) -> Built {
    built_with(texts, dir, &Options::default()).1.unwrap()
}

fn refused(texts: Vec<(&str, &str)>, dir: &str) -> String {
    built_with(texts, dir, &Options::default()).1.unwrap_err().message
}

fn object<'b>(built: &'b Built, kind: &str) -> &'b Resource {
    built.objects.iter().find(|object| object.kind() == kind).unwrap()
}

fn text<'n>(object: &'n Resource, path: &[&str]) -> &'n str {
    let found = path.iter().fold(&object.node, |node, part| match part.parse::<usize>() {
        Ok(at) => &node.as_seq().unwrap()[at],
        Err(_) => node.get(part).unwrap_or_else(|| panic!("no {part}")),
    });
    found.as_text().unwrap_or("")
}

#[test]
fn an_overlay_says_what_kustomize_says() {
    let built = built(fleet(), "overlay");
    let kinds: Vec<&str> = built.objects.iter().map(Resource::kind).collect();
    assert_eq!(kinds, ["ConfigMap", "Secret", "Deployment"]);
    let web = object(&built, "Deployment");
    assert_eq!(web.name(), "prod-web");
    assert_eq!(web.namespace(), Some("shop"));
    assert_eq!(text(web, &["spec", "replicas"]), "3");
    assert_eq!(text(web, &["metadata", "annotations", "zone"]), "west");
    // The elements of a patch come first, as Kustomize has it.
    let containers = ["spec", "template", "spec", "containers"];
    assert_eq!(text(web, &[&containers[..], &["0", "image"]].concat()), "nginx:2.0");
    assert_eq!(text(web, &[&containers[..], &["1", "name"]].concat()), "side");
    let map = object(&built, "ConfigMap");
    assert_eq!(text(map, &["data", "COLOUR"]), "blue");
    assert_eq!(text(map, &["data", "MODE"]), "fast");
    assert!(map.name().starts_with("prod-settings-"));
    let reference = [&containers[..], &["0", "envFrom", "0", "configMapRef", "name"]].concat();
    assert_eq!(text(web, &reference), map.name());
    assert_eq!(text(object(&built, "Secret"), &["data", "key"]), "aGlkZGVu");
    assert!(built.gaps.is_empty());
    let files: Vec<&str> = built.files.iter().map(RepoPath::as_str).collect();
    assert_eq!(
        files,
        ["base/a.env", "base/kustomization.yaml", "base/web.yaml", "overlay/kustomization.yaml", "overlay/ops.yaml"]
    );
}

#[test]
fn hashes_are_those_of_kustomize() {
    let texts = vec![(
        "kustomization.yaml",
        "configMapGenerator:\n- name: a\n  literals: [\"k=<v>\"]\nsecretGenerator:\n- name: b\n  literals: [k=v]\n",
    )];
    let built = built(texts, "");
    let names: Vec<&str> = built.objects.iter().map(Resource::name).collect();
    // `kustomize build` 5.8.1 says so.
    assert_eq!(names, ["a-m95cgghbtk", "b-ftgtgc4t9f"]);
}

#[test]
fn the_hash_of_another_kind_is_a_gap() {
    let text = "configMapGenerator:\n- {name: a, literals: [k=v]}\n- {name: b, literals: [k=v]}\npatches:\n- target: {name: a}\n  \
                options: {allowKindChange: true}\n  patch: '- {op: replace, path: /kind, value: Thing}'\n";
    let built = built(vec![("kustomization.yaml", text)], "");
    let names: Vec<&str> = built.objects.iter().map(Resource::name).collect();
    assert!(names.contains(&"a") && names.iter().any(|name| name.starts_with("b-")), "{names:?}");
    assert_eq!(built.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), ["unknown-hash"]);
    assert!(built.gaps[0].span.is_some());
}

fn scalars<'n>(node: &'n Node, path: String, found: &mut Vec<(String, &'n Node)>) {
    match &node.value {
        Value::Map(map) => {
            map.entries.iter().for_each(|e| scalars(&e.value, format!("{path}/{}", e.key), found));
        }
        Value::Seq(items) => {
            items.iter().enumerate().for_each(|(at, item)| scalars(item, format!("{path}/{at}"), found));
        }
        Value::Scalar(_) => found.push((path, node)),
    }
}

fn all(built: &Built) -> Vec<(String, Node)> {
    let mut found = Vec::new();
    for object in &built.objects {
        // Names carry hashes, which any change changes.
        let name: String = object.name().split('-').take(2).collect::<Vec<_>>().join("-");
        let mut own = Vec::new();
        scalars(&object.node, format!("{}/{name}", object.kind()), &mut own);
        found.extend(own.into_iter().map(|(path, node)| (path, node.clone())));
    }
    found
}

/// Every scalar that is built names a line; who changes what is written there changes that scalar, or breaks the build.
#[test]
fn changing_the_line_of_an_origin_changes_the_value() {
    let (repository, first) = built_with(fleet(), "overlay", &Options::default());
    let first = first.unwrap();
    let mut checked = 0;
    for (path, node) in all(&first) {
        if path.ends_with("/apiVersion") || path.ends_with("/kind") || path.ends_with("/type") {
            continue;
        }
        let span = node.span();
        let place = repository.sources().place(span);
        let source = repository.sources().text(span.file).unwrap();
        let written = &source[span.start as usize..span.end as usize];
        // The last sign of what is written there becomes another one.
        let at = written.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap_or_else(|| panic!("{path}: {written:?}"));
        let at = span.start as usize + at;
        let new = if source.as_bytes()[at] == b'7' { "8" } else { "7" };
        let changed = format!("{}{new}{}", &source[..at], &source[at + 1..]);
        let texts = fleet()
            .into_iter()
            .map(|(name, text)| (name, if name == place.path.as_str() { changed.as_str() } else { text }))
            .collect();
        let (_, second) = built_with(texts, "overlay", &Options::default());
        let Ok(second) = second else { continue };
        let same = all(&second).iter().any(|(other, value)| *other == path && value.same_data(&node));
        assert!(!same, "{path} at {}:{} does not depend on it", place.path, place.line);
        checked += 1;
    }
    assert!(checked > 15, "only {checked} scalars were looked at");
}

fn roles(node: &Node) -> Vec<Role> {
    node.origin.contributions().map(|contribution: Contribution| contribution.role).collect()
}

#[test]
fn origins_tell_base_patch_generator_and_field_apart() {
    let built = built(fleet(), "overlay");
    let web = object(&built, "Deployment");
    let container = &web.node.at(&["spec", "template", "spec"]).unwrap().items("containers")[0];
    assert_eq!(roles(container.get("name").unwrap())[0], Role::Patch);
    assert_eq!(roles(container.get("image").unwrap()), [Role::Transformer, Role::Manifest]);
    assert_eq!(roles(web.node.at(&["metadata", "name"]).unwrap()), [Role::Manifest, Role::Transformer]);
    assert_eq!(roles(web.node.at(&["metadata", "namespace"]).unwrap()), [Role::Transformer]);
    let map = object(&built, "ConfigMap");
    assert_eq!(roles(map.node.at(&["data", "COLOUR"]).unwrap())[0], Role::Generator);
}

#[test]
fn refusals_are_kustomizes() {
    let with = |kustomization: &'static str| vec![("kustomization.yaml", kustomization), ("web.yaml", DEPLOYMENT)];
    let cases = [
        ("resources: [web.yaml]\nresource: [x]\n", "invalid Kustomization: json: unknown field \"resource\""),
        (
            "resources: [web.yaml, web.yaml]\n",
            "may not add resource with an already registered id: Deployment.v1.apps/web.[noNs]",
        ),
        (
            "resources: [gone.yaml]\n",
            "accumulating resources: accumulation err='accumulating resources from 'gone.yaml'",
        ),
        ("kind: Kustomization\n", "kustomization.yaml is empty"),
        (
            "resources: [web.yaml]\npatches:\n- patch: '{kind: Service, apiVersion: v1, metadata: {name: x}}'\n",
            "no resource matches strategic merge patch \"Service.v1.[noGrp]/x.[noNs]\": no matches for Id",
        ),
        ("resources: [web.yaml]\npatches:\n- path: gone.yaml\n", "failed to get the patch file from path(gone.yaml)"),
        (
            "resources: [web.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"remove\", \"path\": \"/spec/x\"}]'\n",
            "error in remove for path: '/spec/x': Unable to remove nonexistent key: x: missing value",
        ),
        (
            "resources: [web.yaml]\nreplicas:\n- {name: other, count: 1}\n",
            "resource with name other does not match a config with the following GVK",
        ),
        ("resources: [web.yaml]\nhelmCharts:\n- name: x\n", "must specify --enable-helm"),
        (
            "resources: [web.yaml]\ntransformers:\n- |\n  {apiVersion: x/v1, kind: Y, metadata: {name: n}}\n",
            "external plugins disabled",
        ),
    ];
    for (kustomization, message) in cases {
        let told = refused(with(kustomization), "");
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn nothing_outside_the_root_is_read() {
    let texts = |restricted: &'static str| {
        vec![("app/kustomization.yaml", restricted), ("secret.env", "a=b\n"), ("x.yaml", DEPLOYMENT)]
    };
    let outside = "configMapGenerator:\n- name: x\n  envs: [../secret.env]\n";
    assert!(refused(texts(outside), "app").contains("security; file 'secret.env' is not in or below 'app'"));
    assert!(refused(texts("resources: [../x.yaml]\n"), "app").contains("security; file 'x.yaml'"));
    assert!(refused(texts("resources: [../../../etc]\n"), "app").contains("no such file or directory"));
    assert!(refused(texts("resources: [/etc/passwd]\n"), "app").contains("cannot be absolute"));
    let build = BuildOptions::parse("--load-restrictor LoadRestrictionsNone");
    let options = Options { build: Some(&build), ..Options::default() };
    assert!(built_with(texts(outside), "app", &options).1.is_ok());
}

#[test]
fn circles_end() {
    let texts = vec![("a/kustomization.yaml", "resources: [../b]\n"), ("b/kustomization.yaml", "resources: [../a]\n")];
    assert!(refused(texts, "a").contains("cycle detected: candidate root 'a' contains visited root 'a'"));
    let texts = vec![("a/b/kustomization.yaml", "resources: [..]\n"), ("a/kustomization.yaml", "resources: [b]\n")];
    assert!(refused(texts, "a/b").contains("cycle detected"));
}

#[test]
fn what_is_remote_is_a_gap_and_the_rest_is_built() {
    let kustomization = "\
resources:
- https://github.com/org/repo//deploy?ref=v1
- web.yaml
patches:
- patch: '{kind: Service, apiVersion: v1, metadata: {name: remote}, spec: {x: y}}'
- path: https://example.com/patch.yaml
helmCharts:
- name: chart
";
    let texts = vec![("kustomization.yaml", kustomization), ("web.yaml", DEPLOYMENT)];
    let flags = BuildOptions::parse("--enable-helm");
    let options = Options { build: Some(&flags), ..Options::default() };
    let (repository, result) = built_with(texts.clone(), "", &options);
    let result = result.unwrap();
    assert_eq!(result.objects.len(), 1);
    let kinds: Vec<(&str, usize)> =
        result.gaps.iter().map(|gap| (gap.kind, repository.sources().place(gap.span.unwrap()).line)).collect();
    assert_eq!(kinds, [("remote-base", 2), ("missing-chart", 8), ("remote-base", 6)]);
    // With a checkout at hand the base is built like any other.
    let mut texts = texts;
    texts.push(("vendor/kustomization.yaml", "resources: [s.yaml]\n"));
    texts.push(("vendor/s.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: remote}\n"));
    let remotes = |url: &str| url.contains("org/repo").then(|| RepoPath::new("vendor").unwrap());
    let options = Options { build: Some(&flags), remotes: Some(&remotes), ..Options::default() };
    let result = built_with(texts, "", &options).1.unwrap();
    assert_eq!(text(object(&result, "Service"), &["spec", "x"]), "y");
}

#[test]
fn files_of_the_web_are_gaps() {
    let kustomization = "\
resources: [web.yaml]
openapi: {path: https://example.com/schema.json}
crds: [https://example.com/crd.json]
configurations: [https://example.com/names.yaml]
configMapGenerator:
- {name: a, files: [x=https://me:word@example.com/x.json]}
- {name: b, envs: [http://example.com/x.env]}
- {name: c, behavior: merge, literals: [k=v]}
patches:
- path: https://example.com/patch.yaml
- path: own.yaml
replacements:
- path: https://example.com/replacements.yaml
namePrefix: p-
";
    let texts = vec![
        ("kustomization.yaml", kustomization),
        ("web.yaml", DEPLOYMENT),
        ("own.yaml", "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web, labels: {own: patch}}\n"),
    ];
    let (repository, result) = built_with(texts, "", &Options::default());
    let result = result.unwrap();
    assert_eq!(result.objects.len(), 1);
    assert_eq!(text(&result.objects[0], &["metadata", "name"]), "p-web");
    assert_eq!(text(&result.objects[0], &["metadata", "labels", "own"]), "patch");
    let lines: Vec<usize> = result.gaps.iter().map(|gap| repository.sources().place(gap.span.unwrap()).line).collect();
    assert_eq!(lines, [2, 4, 3, 6, 7, 10, 13]);
    assert!(result.gaps.iter().all(|gap| gap.kind == "remote-base" && !gap.message.contains("word")));
}

#[test]
fn bombs_meet_the_budget() {
    let mut ops = String::from("- {op: add, path: /spec/a, value: {x: [1, 2, 3, 4]}}\n");
    for _ in 0..40 {
        ops.push_str("- {op: copy, from: /spec/a, path: /spec/b}\n- {op: move, from: /spec/b, path: /spec/a/b}\n");
        ops.push_str("- {op: copy, from: /spec/a, path: /spec/c}\n- {op: move, from: /spec/c, path: /spec/a/c}\n");
    }
    let kustomization = "resources: [web.yaml]\npatches:\n- {target: {kind: Deployment}, path: ops.yaml}\n";
    let texts = vec![("kustomization.yaml", kustomization), ("web.yaml", DEPLOYMENT), ("ops.yaml", ops.as_str())];
    let repository = Repository::from_texts(texts);
    let budget = Budget::new(Limits { items: 100_000, ..Limits::default() });
    let error = build(&repository, &RepoPath::root(), &Options::default(), &budget).unwrap_err();
    assert!(error.exceeded, "{error}");
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let manifest = format!("apiVersion: v1\nkind: X\nmetadata: {{name: x}}\nspec: {deep}\n");
    let texts = vec![("kustomization.yaml", "resources: [x.yaml]\n"), ("x.yaml", manifest.as_str())];
    assert!(built_with(texts, "", &Options::default()).1.is_err());
}

/// Why a kustomization of a ConfigMap exceeds its limits.
fn exceeded(kustomization: &str, config_map: &str, limits: Limits) -> String {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n";
    let (object, patch) = (format!("{head}{config_map}"), format!("{head}  own: x\n"));
    let texts = vec![("kustomization.yaml", kustomization), ("in.yaml", object.as_str()), ("p.yaml", patch.as_str())];
    let repository = Repository::from_texts(texts);
    let error = build(&repository, &RepoPath::root(), &Options::default(), &Budget::new(limits)).unwrap_err();
    assert!(error.exceeded, "{error}");
    error.message
}

#[test]
fn long_paths_wide_mappings_and_much_to_mend_meet_the_budget() {
    let path = vec!["a"; 100_000].join("/");
    let deep =
        format!("resources: [in.yaml]\nlabels:\n- pairs: {{a: b}}\n  fields: [{{path: {path}, create: true}}]\n");
    assert!(exceeded(&deep, "  a: b\n", Limits::default()).contains("nested deeper than 400"));
    let keys: String = (0..1_000).map(|n| format!("  k{n}: {{}}\n")).collect();
    let patched = "resources: [in.yaml]\npatches: [{path: p.yaml}]\n";
    let message = exceeded(patched, &keys, Limits { steps: 900, ..Limits::default() });
    assert!(message.contains("more than 900 steps"), "{message}");
    let low = format!("    a: \"b\n{}  \"\n", "  x\n".repeat(1_000));
    let message = exceeded("resources: [in.yaml]\n", &low, Limits { bytes: 1 << 20, ..Limits::default() });
    assert!(message.contains("bytes of text"), "{message}");
}

#[test]
fn texts_that_grow_meet_the_budget() {
    let grows = "- source: {kind: ConfigMap, fieldPath: data.a}\n  targets:\n  - select: {kind: ConfigMap}\n    \
                 fieldPaths: [data.a]\n    options: {delimiter: '-', index: 1000000}\n";
    let replaced = format!("resources: [in.yaml]\nreplacements:\n{}", grows.repeat(40));
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    assert!(exceeded(&replaced, "  a: b-c\n", limits).contains("bytes of text"));
    let images = "- {name: x, newTag: z}\n".repeat(300);
    let noted = format!("resources: [in.yaml]\nbuildMetadata: [transformerAnnotations]\nimages:\n{images}");
    let message = exceeded(&noted, "  a: b\n", Limits { steps: 20_000, ..Limits::default() });
    assert!(message.contains("more than 20000 steps"), "{message}");
    let variables = "resources: [in.yaml]\nconfigurations: [config.yaml]\nvars:\n- name: A\n  objref: {apiVersion: v1, kind: \
                     ConfigMap, name: m}\n  fieldref: {fieldPath: data.a}\n";
    let config = "varReference:\n- {path: data/b}\n";
    let texts = format!("  a: {}\n  b: {}\n", "x".repeat(10_000), "$(A)".repeat(1_000));
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n";
    let texts = format!("{head}{texts}");
    let files = vec![("kustomization.yaml", variables), ("in.yaml", &*texts), ("config.yaml", config)];
    let repository = Repository::from_texts(files);
    let error = build(&repository, &RepoPath::root(), &Options::default(), &Budget::new(limits)).unwrap_err();
    assert!(error.exceeded && error.message.contains("bytes of text"), "{error}");
}

#[test]
fn many_keys_and_many_generators_are_no_reason_to_give_up() {
    let keys: String = (0..20_000).map(|n| format!("  k{n}: v\n")).collect();
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n";
    let (object, patch) = (format!("{head}  own: x\n"), format!("{head}{keys}"));
    let generators: String = (0..500).map(|n| format!("- {{name: g{n}, literals: [a=b]}}\n")).collect();
    let kustomization = format!("resources: [in.yaml]\npatches: [{{path: p.yaml}}]\nconfigMapGenerator:\n{generators}");
    let files = vec![("kustomization.yaml", &*kustomization), ("in.yaml", &*object), ("p.yaml", &*patch)];
    let built = built(files, "");
    assert_eq!(built.objects.len(), 501);
    let patched = built.objects.iter().find(|object| object.name() == "m").unwrap();
    assert_eq!(patched.node.entries("data").len(), 20_001);
}

#[test]
fn argo_cd_edits_the_kustomization_first() {
    let source = "\
namePrefix: app-
images: ['nginx=mirror/nginx:9', 'other:1']
replicas: [{name: web, count: '4'}]
commonLabels: {app: $ARGOCD_APP_NAME}
labelWithoutSelector: true
namespace: there
patches:
- target: {kind: Deployment}
  patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'
components: [../part]
ignoreMissingComponents: true
";
    let texts = vec![
        ("app/kustomization.yaml", "namespace: here\nresources: [web.yaml]\n"),
        ("app/web.yaml", DEPLOYMENT),
        ("application.yaml", source),
    ];
    let repository = Repository::from_texts(texts);
    let path = RepoPath::new("application.yaml").unwrap();
    let (id, whole) = (repository.id(&path).unwrap(), repository.read(&path).unwrap());
    let parsed = crate::yaml::parse(id, &whole, &Budget::default());
    let mut source = ApplicationSource::read(&parsed.documents[0].root);
    source.environment = vec![("ARGOCD_APP_NAME".to_owned(), "shop".to_owned())];
    let options = Options { source: Some(&source), ..Options::default() };
    let built = build(&repository, &RepoPath::new("app").unwrap(), &options, &Budget::default()).unwrap();
    let web = object(&built, "Deployment");
    assert_eq!((web.name(), web.namespace()), ("app-web", Some("there")));
    assert_eq!(text(web, &["metadata", "labels", "app"]), "shop");
    assert_eq!(text(web, &["spec", "paused"]), "true");
    assert_eq!(text(web, &["spec", "replicas"]), "4");
    let image = &web.node.at(&["spec", "template", "spec"]).unwrap().items("containers")[0];
    assert_eq!(image.str_at("image"), Some("mirror/nginx:9"));
    // The line to edit is the Application's.
    let place = repository.sources().place(image.get("image").unwrap().span());
    assert_eq!((place.path.as_str(), place.line), ("application.yaml", 2));
    assert!(web.node.at(&["spec", "selector"]).is_none());
}

#[test]
fn values_are_spelled_for_every_reader() {
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {n: 1, b: yes}}\ndata: {a: yes, b: 0o14, c: 2020-01-01, d: 1e3}\n";
    let texts = vec![("kustomization.yaml", "resources: [x.yaml]\n"), ("x.yaml", manifest)];
    let built = built(texts, "");
    let json = built.objects[0].node.to_json().to_string();
    assert!(json.contains(r#""data":{"a":"yes","b":12,"c":"2020-01-01T00:00:00Z","d":1000}"#), "{json}");
    assert!(json.contains(r#""annotations":{"n":"1","b":"yes"}"#), "{json}");
}
