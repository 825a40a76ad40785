//! Where rendered text came from: the line of the values, or of the template.

use super::super::*;
use crate::budget::Budget;
use crate::source::{RepoPath, SourceMap};
use crate::yaml::{Node, Role};

const VALUES: &str = "\
name: web
empty: \"\"
port: 8080
image:
  repository: nginx
  tag: \"1.27\"
enabled: true
list: [a, b]
env:
  LOG: debug
  LEVEL: \"3\"
text: \"{{ .name }}-tpl\"
multi: |
  one
  two
object:
  host: \"{{ .name }}.local\"
  metadata:
    kind: Store
";

/// Renders a template and gives for a path of the result: the text at its anchor, the roles of all that took part.
fn traced(template: &str, path: &[&str]) -> (String, Vec<Role>) {
    let map = SourceMap::default();
    let file = |name: &str, text: &str| map.add(RepoPath::new(name).unwrap(), text);
    let (source, values) = (file("t.yaml", template), file("values.yaml", VALUES));
    let budget = Budget::default();
    let parsed = crate::yaml::parse(values, VALUES, &budget);
    let mut set = TemplateSet::new(Functions::Helm3, Options { missing_key: MissingKey::Zero, ..Options::default() });
    set.add("t", template, source, &budget).unwrap();
    let render = set.render(&budget);
    let output = render.execute("t", &render.value(&parsed.documents[0].root)).unwrap();
    let rendered = file("rendered", &output.text);
    let result = crate::yaml::parse(rendered, &output.text, &budget);
    assert_eq!(result.problems, [], "{}", output.text);
    let mut root = result.documents[0].root.clone();
    output.trace(&mut root, rendered, 0);
    let mut node: &Node = &root;
    for key in path {
        node = match key.parse::<usize>() {
            Ok(at) => &node.as_seq().unwrap()[at],
            Err(_) => node.get(key).unwrap_or_else(|| panic!("no {key} in {}", output.text)),
        };
    }
    let place = map.slice(node.origin.anchor()).unwrap_or_default();
    (place.trim().to_owned(), node.origin.contributions().map(|c| c.role).collect())
}

#[test]
fn values_are_found_through_functions() {
    let cases = [
        ("a: {{ .name }}", &["a"][..], "web"),
        ("a: {{ .name | quote }}", &["a"], "web"),
        ("a: {{ .name | upper | trunc 2 | squote }}", &["a"], "web"),
        ("a: {{ printf \"%s-x\" .name }}", &["a"], "web"),
        ("a: {{ .port }}", &["a"], "8080"),
        ("a: {{ int .port }}", &["a"], "8080"),
        ("a: {{ add .port 1 }}", &["a"], "8080"),
        ("a: {{ .name | default \"d\" }}", &["a"], "web"),
        ("a: {{ .empty | default \"d\" }}", &["a"], "\"\""),
        ("a: {{ coalesce .empty .name }}", &["a"], "web"),
        ("a: {{ ternary .name \"b\" .enabled }}", &["a"], "web"),
        ("a: {{ .enabled }}", &["a"], "true"),
        ("a: {{ .name | b64enc }}", &["a"], "web"),
        ("a: \"{{ .image.repository }}:{{ .image.tag }}\"", &["a"], "nginx"),
        ("env:\n{{ toYaml .env | indent 2 }}", &["env", "LEVEL"], "\"3\""),
        ("env:\n  {{- toYaml .env | nindent 2 }}", &["env", "LOG"], "debug"),
        ("a: {{ .list | join \",\" }}", &["a"], "a"),
        ("a:\n{{ range .list }}  - {{ . }}\n{{ end }}", &["a", "1"], "b"),
        ("a:\n{{ range $k, $v := .env }}  {{ $k }}: {{ $v | quote }}\n{{ end }}", &["a", "LOG"], "debug"),
        ("{{ define \"n\" }}{{ .name }}-{{ .port }}{{ end }}a: {{ include \"n\" . }}", &["a"], "8080"),
        ("{{ define \"n\" }}b: {{ .name }}\nc: 1{{ end }}a:\n  {{- include \"n\" . | nindent 2 }}", &["a", "b"], "web"),
        ("a: {{ tpl .text . }}", &["a"], "\"{{ .name }}-tpl\""),
        ("{{ tpl (toYaml .object) . }}", &["metadata", "kind"], "Store"),
        ("{{ tpl (toYaml .object) . }}", &["host"], "\"{{ .name }}.local\""),
        ("a: {{ (dict \"x\" .name).x }}", &["a"], "web"),
        ("{{ $x := fromYaml (printf \"q: %s\" .name) }}a: {{ $x.q }}", &["a"], "web"),
        ("a: {{ .list | toJson }}", &["a", "0"], "a"),
        ("a: {{ .multi | sha256sum }}", &["a"], "one\n  two"),
        ("a: {{ with .image }}{{ .tag }}{{ end }}", &["a"], "\"1.27\""),
    ];
    for (template, path, wanted) in cases {
        let (place, roles) = traced(template, path);
        assert!(place.starts_with(wanted) || wanted.starts_with(&place), "{template}: at {place:?}, {roles:?}");
        assert!(roles.contains(&Role::Template), "{template}: {roles:?}");
    }
}

#[test]
fn template_text_is_the_templates_line() {
    let (place, roles) = traced("a: 1\nb:\n  c: fixed\n", &["b", "c"]);
    assert_eq!((place.as_str(), roles), ("c: fixed", vec![Role::Template]));
}

#[test]
fn a_text_of_several_lines_is_the_templates_unless_a_value_is_most_of_it() {
    let composed = "a: |\n  flyway.url=jdbc:postgresql://db/{{ .name }}\n  flyway.baselineOnMigrate=true\n";
    let (place, roles) = traced(composed, &["a"]);
    assert!(place.contains("flyway.url"), "{place}");
    assert_eq!(roles[0], Role::Template);
    assert!(roles.contains(&Role::Manifest), "the value stays known: {roles:?}");
    assert_eq!(traced("a: |\n  {{- .multi | nindent 2 }}", &["a"]).1[0], Role::Manifest);
}

#[test]
fn conditions_come_last() {
    let (place, roles) = traced("{{ if .enabled }}a: {{ .name }}{{ end }}", &["a"]);
    assert_eq!((place.as_str(), roles), ("web", vec![Role::Manifest, Role::Template, Role::Condition]));
    let (place, roles) = traced("{{ if eq .name \"web\" }}\na: 1\n{{ end }}", &["a"]);
    assert_eq!((place.as_str(), roles), ("a: 1", vec![Role::Template, Role::Condition]));
}

#[test]
fn made_up_text_says_so() {
    let (_, roles) = traced("a: {{ randAlphaNum 8 | quote }}", &["a"]);
    assert_eq!(roles, vec![Role::Template, Role::Generated]);
}
