//! Writes what the fuzzers start from: a folder of inputs for each target, and a dictionary, from this repository's fixtures and
//! recorded cases, and from whatever checkouts are named besides. Nothing of it is committed.
//!
//! `cargo run --release --example seeds -- OUT [DIR...]`; it belongs to the main package, whose builds the fuzzer does not watch.
// It says what it wrote, and ends where it cannot write.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What stands between two parts of an input.
const CUT: &str = "\n%%\n";

/// Files that are too long teach the fuzzer little.
const LONG: usize = 4000;

struct Out {
    root: PathBuf,
    made: BTreeMap<&'static str, usize>,
}

impl Out {
    fn add(&mut self, target: &'static str, choice: u8, parts: &[&str]) {
        let mut bytes = vec![choice];
        bytes.extend(parts.join(CUT).into_bytes());
        self.write(target, &bytes);
    }

    fn write(&mut self, target: &'static str, bytes: &[u8]) {
        let count = self.made.entry(target).or_default();
        let folder = self.root.join(target);
        fs::create_dir_all(&folder).expect("a folder to write into");
        fs::write(folder.join(format!("{count:05}")), bytes).expect("a file to write");
        *count += 1;
    }
}

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let root = arguments.next().expect("seeds OUT [DIR...]");
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Out { root, made: BTreeMap::new() };
    templates(home, &mut out);
    charts(home, &mut out);
    overlays(&mut out);
    for dir in [home.join("fixtures")].into_iter().chain(arguments) {
        folder(&dir, &mut out, 0);
    }
    let words = WORDS.split_whitespace().map(|word| format!("{:?}\n", word.replace('~', " ")));
    fs::write(out.root.join("words.dict"), words.collect::<String>()).expect("a file to write");
    out.made.iter().for_each(|(target, count)| println!("{target}: {count}"));
}

/// The recorded templates.
fn templates(home: &Path, out: &mut Out) {
    let cases = fs::read_to_string(home.join("src/gotmpl/tests/answers.jsonl")).expect("recorded answers");
    let mut values = String::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        if case["values"].is_object() {
            values = case["values"].to_string();
        }
        let Some(text) = case["template"].as_str() else { continue };
        out.add("lexer", 2, &[text]);
        out.add("lexer", 2, &["<< >>", &text.replace("{{", "<<").replace("}}", ">>")]);
        for choice in 0..2 {
            out.add("evaluator", choice, &[text, &values]);
        }
    }
    for choice in 0..5 {
        out.add("parser", choice, &["\0\u{11}\u{4}\u{b}\u{7}\u{1}\u{2b}\0\u{13}\u{1}\u{2b}\0\u{15}\u{1}"]);
    }
}

/// The recorded charts.
fn charts(home: &Path, out: &mut Out) {
    let cases = fs::read_to_string(home.join("src/render/helm/tests/cases.jsonl")).expect("recorded charts");
    for (at, line) in cases.lines().enumerate() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let file = |name: &str| case["files"][name].as_str().unwrap_or_default();
        let dependencies =
            file("Chart.yaml").split_once("dependencies:").map(|(_, rest)| format!("dependencies:{rest}"));
        let below = case["files"].as_object().and_then(|files| {
            files.iter().find(|(name, _)| name.starts_with("charts/") && name.ends_with("/values.yaml"))
        });
        let below = below.and_then(|(_, text)| text.as_str()).unwrap_or_default();
        let layer = |at: usize| case["values"][at].as_str().unwrap_or_default();
        let parameters = case["set"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
        let dependencies = dependencies.unwrap_or_default();
        let parts = [file("values.yaml"), below, &dependencies, layer(0), layer(1), &parameters.join("\n")];
        out.add("values", at as u8, &parts);
        if let Some(schema) = case["files"]["values.schema.json"].as_str() {
            out.add("schemas", 0, &[schema, file("values.yaml")]);
        }
        for (name, text) in case["files"].as_object().into_iter().flatten() {
            if let (true, Some(text)) = (name.contains("templates/"), text.as_str()) {
                out.add("evaluator", 0, &[text, &format!("Values:\n  {}", file("values.yaml").replace('\n', "\n  "))]);
                out.add("lexer", 0, &[text]);
            }
        }
    }
    let parameters = "a.b[0].c=1\nstring:a=1,b={x,y}\njson:a={\"b\":[1,null]}\nfile:a=x\na=null\na\\.b=c\\,d";
    let dependencies = "dependencies:\n- {name: b, version: 1.x, alias: c, condition: c.on, tags: [t], import-values: [data, {child: x, parent: y}]}\n";
    for choice in 0..2 {
        out.add(
            "values",
            choice,
            &[
                "a: {b: 1}\nglobal: {g: 1}\nc: {on: true, n: null}\ntags: {t: true}\n",
                "exports: {data: {d: 1}}\nx: {z: [1]}\nn: 1\nglobal: {g: 2, h: 3}\n",
                dependencies,
                "a: null\nc: {x: 2}\nl: [1, 2]\n",
                "a: {b: null}\ns: text\n",
                parameters,
            ],
        );
        out.add(
            "values",
            choice,
            &["a: {b: 1}\nk: 2\n", "n: 1\n", dependencies, "k: {d: 1}\n", "a: 1\nk: null\nm: [{}]\n", ""],
        );
    }
}

const RESOURCES: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: n, labels: {a: b}, annotations: {c: d}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: 'nginx:1.0', ports: [{containerPort: 80, protocol: TCP}], env: [{name: A, value: x}]}
      - {name: side, image: side}
      volumes: [{name: v, configMap: {name: settings}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80, targetPort: http}], selector: {a: b}}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: t}
spec: {hosts: [a.b.c, 'x:y:z'], map: {k.l/m: v, n: 3, empty: null}}
";

/// What each field of a kustomization may say.
fn overlays(out: &mut Out) {
    let patches = [
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: n}\nspec: {template: {spec: {containers: [{name: web, env: [{name: B, value: z}], image: null}, {$patch: delete, name: side}]}}}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: n}\nspec: {template: {spec: {$patch: replace, volumes: []}}}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n$patch: delete\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80, name: x}, {$patch: merge}], $setElementOrder/ports: [{port: 80}], $retainKeys: [ports], $deleteFromPrimitiveList/x: [1]}\n",
        "- {op: add, path: /spec/hosts/-, value: q}\n- {op: replace, path: /spec/map/k.l~1m, value: [1]}\n- {op: remove, path: /spec/map/n}\n- {op: test, path: /spec/hosts/0, value: a.b.c}\n- {op: move, from: /spec/map, path: /spec/m2}\n- {op: copy, from: /spec/hosts/1, path: /metadata/labels}\n",
        "[{\"op\": \"add\", \"path\": \"/metadata/labels/x\", \"value\": \"y\"}]",
    ];
    for patch in patches {
        for (choice, more) in [
            (0, "patches: [{path: p.yaml}]\nnamePrefix: x-\nnamespace: m\n"),
            (1, "kind: Deployment|Thing\nname: .*\nlabelSelector: a=b\nannotationSelector: c"),
            (2, ""),
            (3, "group: example.com\nversion: v1\nkind: Thing\nname: t"),
            (
                0,
                "patches:\n- {path: p.yaml, target: {kind: Thing}, options: {allowNameChange: true, allowKindChange: true}}\n",
            ),
        ] {
            out.add("patches", choice, &[more, RESOURCES, patch]);
        }
    }
    let targets = "  targets:\n  - select: {kind: Thing, name: t}\n    reject: [{name: x}]\n    fieldPaths: ['spec.hosts.0', 'spec.hosts.*', 'spec.map.[k.l/m]', 'spec.map.k\\.l/m', 'spec.new.[name=x].y']\n";
    let sources = [
        "- source: {kind: Deployment, name: web, fieldPath: 'spec.template.spec.containers.[name=web].image', options: {delimiter: ':', index: 1}}\n",
        "- source: {kind: Service, fieldPath: spec.ports}\n",
        "- sourceValue: text\n",
        "- source: {kind: Deployment, fieldPath: metadata}\n",
        "- source: {kind: Service, name: web}\n",
    ];
    for source in sources {
        for options in [
            "    options: {create: true}\n",
            "    options: {delimiter: '.', index: -1}\n",
            "    options: {delimiter: ':', index: 9, encoding: base64}\n",
            "",
        ] {
            for choice in 0..3 {
                out.add(
                    "replacements",
                    choice,
                    &[&format!("{source}{targets}{options}"), RESOURCES, "nameSuffix: -x\n"],
                );
            }
        }
    }
    let generators = [
        "configMapGenerator:\n- {name: c, literals: [a=b, \"c='d'\", 'e=\"f\"'], files: [f.txt, k=f.txt], envs: [a.env], options: {labels: {x: y}, annotations: {z: w}, immutable: true}}\n",
        "secretGenerator:\n- {name: s, type: Opaque, namespace: n, literals: [a=b], env: a.env, options: {disableNameSuffixHash: true}}\ngeneratorOptions: {labels: {l: m}, disableNameSuffixHash: false}\n",
        "configMapGenerator:\n- {name: c, behavior: merge, literals: [a=z]}\n",
        "secretGenerator:\n- {name: s, behavior: replace, namespace: n, files: [f.txt]}\nnamePrefix: p-\n",
        "configMapGenerator:\n- {name: c, behavior: create}\n- {name: d}\n",
        "images: [{name: nginx, newName: r/n, newTag: v, digest: 'sha256:1'}]\nreplicas: [{name: web, count: 2}]\nlabels: [{pairs: {q: r}, includeSelectors: true, includeTemplates: true, fields: [{path: a/b, create: true}]}]\ncommonLabels: {s: t}\ncommonAnnotations: {u: v}\nbuildMetadata: [originAnnotations]\nsortOptions: {order: fifo}\n",
        "vars:\n- {name: V, objref: {kind: Service, name: web, apiVersion: v1}, fieldref: {fieldpath: metadata.name}}\n",
    ];
    for base in generators {
        for overlay in generators {
            for choice in 0..2 {
                let env = "A=1\n# c\n\nB = two\nC\nexport D=4\n";
                out.add(
                    "generators",
                    choice,
                    &[overlay, env, "text\n\u{e9}", base, if choice == 0 { "" } else { RESOURCES }],
                );
            }
        }
    }
}

/// Charts' templates and kustomizations below a folder.
fn folder(dir: &Path, out: &mut Out, depth: usize) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let link = path.is_symlink();
        if path.is_dir() && !link && depth < 12 {
            folder(&path, out, depth + 1);
        } else if !link && let Some(text) = short(&path) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".yaml") && !text.contains("{{") {
                out.write("yaml", text.as_bytes());
            }
            if path.components().any(|part| part.as_os_str() == "templates") && text.contains("{{") {
                let values = path.ancestors().find_map(|above| short(&above.join("values.yaml"))).unwrap_or_default();
                let indented = values.replace('\n', "\n  ");
                out.add("evaluator", 1, &[&text, &format!("Values:\n  {indented}")]);
                out.add("lexer", 0, &[&text]);
            } else if name == "values.yaml" {
                out.add("values", 0, &[&text, "", "", "", "", ""]);
            } else if name == "kustomization.yaml" {
                overlay(dir, &text, out);
            }
        }
    }
}

fn overlay(dir: &Path, text: &str, out: &mut Out) {
    let mut named =
        text.split_whitespace().filter(|word| word.ends_with(".yaml")).filter_map(|word| short(&dir.join(word)));
    let resources = named.next().unwrap_or_default();
    let last = named.next_back().unwrap_or_default();
    out.add("patches", 0, &[text, &resources, &last]);
    if text.contains("replacements") {
        out.add("replacements", 0, &[text, &resources, &last]);
    }
    if text.contains("enerator") {
        out.add("generators", 0, &[text, "A=1\n", "text\n", "", &resources]);
    }
}

fn short(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().filter(|text| text.len() <= LONG)
}

/// Words worth trying, with `~` for a space.
const WORDS: &str = "{{ }} {{- -}} {{/* */}} {{-~/* */~-}} := || if~ else~ else~if~ else~with~ end range~ with~ break continue \
define~ template~ block~ include~ tpl~ .Values $.Values $x $_ <no~value> index~ slice~ printf~ print~ println~ html~ js~ \
urlquery~ call~ len~ not~ and~ or~ eq~ ne~ lt~ le~ gt~ ge~ %v %d %s %q %#v %+v %T %x %08.3f %[1]d %*d default~ coalesce~ ternary~ empty~ \
required~ fail~ lookup~ toYaml~ toJson~ toPrettyJson~ toRawJson~ toToml~ fromYaml~ fromYamlArray~ fromJson~ fromJsonArray~ fromToml~ \
mustToYaml~ quote~ squote~ indent~ nindent~ trunc~ trim~ trimSuffix~ trimPrefix~ trimAll~ replace~ repeat~ split~ splitn~ splitList~ \
join~ cat~ upper~ lower~ title~ untitle~ substr~ nospace~ initials~ wrap~ wrapWith~ contains~ hasPrefix~ hasSuffix~ abbrev~ abbrevboth~ \
camelcase~ kebabcase~ snakecase~ swapcase~ shuffle~ plural~ regexMatch~ regexFind~ regexFindAll~ regexReplaceAll~ \
regexReplaceAllLiteral~ regexSplit~ mustRegexFind~ regexQuoteMeta~ list~ first~ last~ rest~ initial~ append~ prepend~ concat~ reverse~ \
uniq~ without~ has~ compact~ chunk~ until~ untilStep~ seq~ sortAlpha~ dict~ get~ set~ unset~ hasKey~ pluck~ keys~ values~ pick~ omit~ \
merge~ mergeOverwrite~ mustMerge~ deepCopy~ dig~ deepEqual~ add~ add1~ sub~ div~ mod~ mul~ max~ min~ maxf~ floor~ ceil~ round~ addf~ \
int~ int64~ float64~ toString~ toStrings~ toDecimal~ atoi~ typeOf~ typeIs~ typeIsLike~ kindOf~ kindIs~ b64enc~ b64dec~ b32enc~ b32dec~ \
sha1sum~ sha256sum~ sha512sum~ adler32sum~ bcrypt~ htpasswd~ derivePassword~ encryptAES~ decryptAES~ genCA~ genSelfSignedCert~ \
genSignedCert~ genPrivateKey~ randAlphaNum~ uuidv4 now date~ dateInZone~ dateModify~ toDate~ ago~ duration~ durationRound~ unixEpoch~ \
htmlDate~ semver~ semverCompare~ urlParse~ urlJoin~ getHostByName~ env~ osBase~ osDir~ base~ dir~ clean~ ext~ isAbs~ slugify~ \
toYamlPretty~ normalize~ ^1.2.3 ~1.2 >=1.0.0-0 2006-01-02T15:04:05Z07:00 \
apiVersion: kind: metadata: name: namespace: labels: annotations: spec: template: containers: $patch: delete replace merge \
$setElementOrder/ $retainKeys $deleteFromPrimitiveList/ op: add remove test move copy path: from: value: target: group: version: \
labelSelector: annotationSelector: options: allowNameChange: allowKindChange: patches: patchesStrategicMerge: patchesJson6902: \
resources: components: replacements: source: sourceValue: select: reject: fieldPath: fieldPaths: delimiter: index: create: encoding: base64 \
targets: configMapGenerator: secretGenerator: generatorOptions: literals: files: envs: behavior: disableNameSuffixHash: immutable: type: \
namePrefix: nameSuffix: commonLabels: commonAnnotations: images: newName: newTag: digest: replicas: count: vars: objref: fieldref: \
configurations: crds: openapi: transformers: generators: validators: sortOptions: order: legacy fifo buildMetadata: helmCharts: \
dependencies: condition: alias: tags: import-values: exports: global: child: parent: null true false ~ [] {} [name=x] .* | |- > >- \
&a *a <<: !!str !!binary --- ... %% json: string: file: \\, \\. {x,y} [0] [1]. =null \
$ref $defs $id $anchor $dynamicRef $dynamicAnchor $recursiveRef $schema #/$defs/a definitions properties patternProperties \
additionalProperties unevaluatedProperties propertyNames required dependencies dependentSchemas items prefixItems additionalItems \
unevaluatedItems contains minContains uniqueItems enum const pattern format allOf anyOf oneOf multipleOf minimum maxLength";
