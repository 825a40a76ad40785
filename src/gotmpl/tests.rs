//! Whole templates against what Go and Helm print.

mod hostile;
mod origins;

use super::*;
use crate::budget::Budget;
use crate::source::FileId;

/// Runs a text with values; what it prints, or the error's text.
pub(super) fn run_with(functions: Functions, options: Options, text: &str, values: &str) -> Result<String, String> {
    let budget = Budget::default();
    let parsed = crate::yaml::parse(FileId(1), values, &budget);
    let node = parsed.documents.first().map(|document| document.root.clone());
    let mut set = TemplateSet::new(functions, options);
    let shown = |error: Box<Error>| match functions {
        Functions::Helm3 => error.helm_text(3),
        _ => error.text(),
    };
    // Argo CD gives its templates no name.
    let name = if functions == Functions::ArgoCd { "" } else { "case" };
    set.add(name, text, FileId(0), &budget).map_err(shown)?;
    let render = set.render(&budget);
    let dot = node.map_or_else(|| Value::map([]), |node| render.value(&node));
    render.execute(name, &dot).map(|output| output.text).map_err(shown)
}

fn sprig(text: &str, values: &str) -> String {
    run_with(Functions::Sprig, Options::default(), text, values).unwrap_or_else(|error| format!("ERR {error}"))
}

#[test]
fn sets_are_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<TemplateSet>();
}

#[test]
fn templates_run() {
    let values = "a: x\nbig: 12345678\nlist: [1, 2, 3]\nm: {b: 1, a: 2}\n";
    let cases = [
        ("{{ upper .a }} {{ .b }}", "X <no value>"),
        ("{{ .big }} {{ int .big }}", "1.2345678e+07 12345678"),
        ("{{ range $i, $x := .list }}{{ $i }}={{ $x }};{{ end }}", "0=1;1=2;2=3;"),
        ("{{ range $k, $v := .m }}{{ $k }}{{ $v }} {{ end }}", "a2 b1 "),
        ("{{ if eq .a \"x\" }}yes{{ else }}no{{ end }}", "yes"),
        ("{{- define \"t\" }}<{{ . }}>{{ end -}} {{ template \"t\" .a }}", "<x>"),
        ("{{ printf \"%-5s|%05d|%q|%v\" .a 42 .a .m }}", "x    |00042|\"x\"|map[a:2 b:1]"),
        ("{{ $d := dict \"a\" 1 }}{{ $_ := set $d \"b\" 2 }}{{ $d }}", "map[a:1 b:2]"),
        ("{{ with .nope }}a{{ else with .a }}{{ . }}{{ end }}", "x"),
        ("{{ range .list }}{{ if eq . 2.0 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
        (
            "{{ eq 1 1.0 }}",
            "ERR template: case:1:3: executing \"case\" at <eq 1 1.0>: error calling eq: \
          incompatible types for comparison: int and float64",
        ),
        (
            "{{ .a.b }}",
            "ERR template: case:1:5: executing \"case\" at <.a.b>: can't evaluate field b in type interface {}",
        ),
        ("{{ nosuch }}", "ERR template: case:1: function \"nosuch\" not defined"),
    ];
    for (text, wanted) in cases {
        assert_eq!(sprig(text, values), wanted, "{text}");
    }
}

/// Runs recorded cases: JSON lines with `template`, `mode`, `options` and the real program's `ok`, `output` or `error`.
/// `values` hold until others are given. Gives the number of cases and what differs.
fn compare(cases: &str) -> (usize, Vec<String>) {
    let (mut total, mut different, mut values) = (0, Vec::new(), String::new());
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        if case["values"].is_object() {
            values = case["values"].to_string();
        }
        let Some(text) = case["template"].as_str() else { continue };
        let mode = case["mode"].as_str().unwrap_or("sprig");
        let option = |name: &str| case["options"].as_array().is_some_and(|all| all.iter().any(|o| o == name));
        let missing_key = if option("missingkey=error") {
            MissingKey::Error
        } else if option("missingkey=zero") || mode == "helm" {
            MissingKey::Zero
        } else {
            MissingKey::Invalid
        };
        let functions = match mode {
            "go" => Functions::Bare,
            "helm" => Functions::Helm3,
            "argocd" => Functions::ArgoCd,
            _ => Functions::Sprig,
        };
        let dot = if mode == "helm" { format!("{{\"Values\": {values}}}") } else { values.clone() };
        let run = |origins| {
            let options = Options { missing_key, blank_no_value: mode == "helm", origins, ..Options::default() };
            run_with(functions, options, text, &dot)
        };
        let wanted = if case["ok"] == true {
            Ok(case["output"].as_str().unwrap_or_default().to_owned())
        } else {
            Err(case["error"].as_str().unwrap_or_default().replace("case/templates/case.txt", "case"))
        };
        total += 1;
        // Nobody need know of origins.
        if let Some(ours) = [run(true), run(false)].into_iter().find(|ours| *ours != wanted) {
            different.push(format!("{text}\n   ours   {ours:?}\n   oracle {wanted:?}"));
        }
    }
    (total, different)
}

/// What text/template with sprig, Helm's engine and Argo CD's packages answered: a sample of the cases that this
/// engine was held against.
#[test]
fn the_real_programs_agree() {
    let (total, different) = compare(include_str!("tests/answers.jsonl"));
    assert!(different.is_empty(), "of {total}:\n{}", different.join("\n"));
}

/// The same for the rows of Go's own tests of lexing, parsing, running and comparing, as far as they need no methods of Go's, and
/// for sprig's, with names, words and values of our own.
#[test]
fn the_rows_of_gos_and_sprigs_tests_agree() {
    let (total, different) = compare(include_str!("tests/suites.jsonl"));
    assert!(different.is_empty(), "of {total}:\n{}", different.join("\n"));
}

/// The same for a file that `GOTMPL_CASES` names; prints what differs.
#[test]
#[ignore = "needs a file of recorded answers"]
fn recorded() {
    let path = std::env::var("GOTMPL_CASES").unwrap();
    let (total, different) = compare(&std::fs::read_to_string(path).unwrap());
    different.iter().for_each(|case| println!("{case}"));
    println!("cases {total}, equal {}, different {}", total - different.len(), different.len());
}

#[test]
fn helm_4_shows_errors_as_a_trace() {
    let nil = "nil pointer evaluating interface {}.b";
    let cases = [
        (
            "{{ define \"x\" }}{{ .a.b.c }}{{ end }}{{ include \"x\" . }}",
            format!(
                "t:1:40\n  executing \"t\" at <include \"x\" .>:\n    error calling include:\nt:1:21\n  executing \"x\" at \
                 <.a.b.c>:\n    {nil}"
            ),
        ),
        (
            "{{ include \"nope\" . }}",
            "t:1:3\n  executing \"t\" at <include \"nope\" .>:\n    error calling include:\ntemplate: no template \"nope\" \
             associated with template \"gotpl\""
                .to_owned(),
        ),
        (
            "{{ tpl \"{{ .a.b }}\" . }}",
            format!(
                "template: t:1:3: executing \"t\" at <tpl \"{{{{ .a.b }}}}\" .>: error calling tpl: error during tpl function \
                 execution for \"{{{{ .a.b }}}}\": template: gotpl:1:5: executing \"gotpl\" at <.a.b>: {nil}"
            ),
        ),
        ("{{ fail \"no\" }}", "execution error at (t:1:3): no".to_owned()),
        (
            "{{ index .l 1 }}",
            "template: t:1:3: executing \"t\" at <index .l 1>: error calling index: index of untyped nil".to_owned(),
        ),
    ];
    for (text, wanted) in cases {
        let budget = Budget::default();
        let options = Options { missing_key: MissingKey::Zero, ..Options::default() };
        let mut set = TemplateSet::new(Functions::Helm4, options);
        set.add("t", text, FileId(0), &budget).unwrap();
        let error = set.render(&budget).execute("t", &Value::map([])).unwrap_err();
        let shown = error.helm_text(4);
        assert_eq!(shown, wanted, "{text}");
    }
}

/// Times renders of a chart's templates: `GOTMPL_CHART` names its folder. What is measured is the engine alone, on parsed
/// templates and values.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let chart = std::path::PathBuf::from(std::env::var("GOTMPL_CHART").unwrap());
    let budget = Budget::new(crate::budget::Limits { steps: u64::MAX, bytes: u64::MAX, items: u64::MAX, depth: 1000 });
    let values = std::fs::read_to_string(chart.join("values.yaml")).unwrap();
    let values = crate::yaml::parse(FileId(1), &values, &budget).documents.remove(0).root;
    let start = "{Chart: {Name: bench, Version: 0.1.0, AppVersion: ''}, Release: {Name: rel, Service: Helm}}";
    let start = crate::yaml::parse(FileId(2), start, &budget).documents.remove(0).root;
    let parsing = std::time::Instant::now();
    let options = Options { missing_key: MissingKey::Zero, blank_no_value: true, ..Options::default() };
    let mut set = TemplateSet::new(Functions::Helm3, options);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(chart.join("templates")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("bench/templates/{}", path.file_name().unwrap().to_string_lossy());
        set.add(&name, std::fs::read_to_string(&path).unwrap(), FileId(3), &budget).unwrap();
        if !name.contains("/_") {
            names.push(name);
        }
    }
    let parsed = parsing.elapsed();
    let rounds = 500;
    let running = std::time::Instant::now();
    let mut bytes = 0;
    for _ in 0..rounds {
        let render = set.render(&budget);
        let dot = render.value(&start);
        let values = render.named_map(&values, MapType::ChartutilValues);
        dot.as_map().unwrap().set("Values", values, OriginId::NONE);
        for name in &names {
            bytes += render.execute(name, &dot).unwrap().text.len();
        }
    }
    println!("parsed in {parsed:?}; {:?} a render of {} bytes", running.elapsed() / rounds, bytes / rounds as usize);
}
