//! Every output format on a report in which every text is hostile: valid by its schema, and harmless.

use std::sync::Arc;

use schemaward::finding::{Certainty, Evidence, Finding, Gap, Severity, Suppression};
use schemaward::output::table::Layout;
use schemaward::output::{github, harmless, json, sarif, table};
use schemaward::report::{Report, RuleCard};
use schemaward::source::{RepoPath, SourceMap, Span};
use serde_json::Value;

const CANARY: &str = "c4n4ry-S3cr3t-v4lue";

/// A name that tries everything at once.
const EVIL: &str = "x\u{1b}[31m\u{1b}]8;;http://evil\u{7}y\u{202e}z\u{200b}\r\n::error file=a::pwned\n##[add-mask]q [l](http://e) <img src=x> `b` {0} %0A|\u{9b}31m\u{e0041}";

fn at(sources: &SourceMap, path: &str, text: &str, word: &str) -> Evidence {
    let id = sources.add(RepoPath::new(path).unwrap(), text);
    let start = text.find(word).unwrap();
    Evidence {
        span: Span::new(id, start, start + word.len()),
        text: format!("half a sentence {EVIL}"),
        certainty: Certainty::Rendered,
    }
}

fn report() -> Report {
    let sources = Arc::new(SourceMap::default());
    let line = format!("é: {EVIL} here password: {CANARY}\nenv: [{{name: DB_PASSWORD, value: {CANARY}}}]\n");
    let long = format!("{}here{}", "a: x, ".repeat(2_000), "b: y, ".repeat(2_000));
    let finding = |rule, severity, message: &str, primary| {
        Finding::new(rule, "ordering", severity, message, primary)
            .about("schema", EVIL)
            .within(EVIL)
            .help(format!("do something about {EVIL}, or https://user:{CANARY}@example.org"))
    };
    let evil_path = format!("apps/{}.yaml", EVIL.replace('\n', "\u{b}"));
    let first = finding("a-rule", Severity::Error, EVIL, at(&sources, &evil_path, &line, "here"))
        .because(at(&sources, "b c#?.yaml", &line, "here"))
        .because(at(&sources, "c.yaml", "a: 1\nb: |\n  here\n  there\n", "here\n  there"));
    let mut second = finding("b-rule", Severity::Warning, "also wrong", at(&sources, "d.yaml", &long, "here"));
    second.suppressed = Some(Suppression { reason: format!("known {EVIL}"), span: second.primary().span });
    let third = finding("b-rule", Severity::Info, "a note", at(&sources, "e.yaml", "\t\there: 1\n", "here"));
    let empty = sources.add(RepoPath::new("empty.yaml").unwrap(), "");
    let gaps = vec![
        Gap::new("missing-chart", format!("the chart {EVIL} is not at hand")).of(EVIL).at(first.primary().span),
        Gap::new("unreadable-file", format!("from https://user:{CANARY}@example.org")),
        Gap::new("empty", "nothing").at(Span::new(empty, 0, 0)),
    ];
    let mut report = Report::new(sources, vec![first, second, third], gaps);
    report.coverage.roots = vec![EVIL.to_owned()];
    report.rules = vec![
        RuleCard {
            id: "a-rule",
            family: "ordering",
            severity: Severity::Error,
            title: "a title",
            page: "## Why\n\n*x*",
        },
        RuleCard { id: "b-rule", family: "ordering", severity: Severity::Info, title: "another", page: "## Why" },
    ];
    report
}

fn every_format() -> Vec<(&'static str, String)> {
    let report = report();
    let layout = Layout { verbose: true, ..Layout::default() };
    vec![
        ("table", table::write(&report, Layout::default())),
        ("verbose table", table::write(&report, layout)),
        ("narrow table", table::write(&report, Layout { width: 60, ..layout })),
        ("json", json::write(&report)),
        ("sarif", sarif::write(&report)),
        ("github", github::write(&report)),
    ]
}

fn assert_valid(schema: &Value, document: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn nothing_in_any_format_steers_a_terminal() {
    for (format, text) in every_format() {
        let bad = text.lines().find(|line| line.chars().any(harmless::is_harmful));
        assert!(bad.is_none(), "{format}: {bad:?}");
        assert!(!text.contains("##["), "{format} holds a runner's command");
    }
}

/// What a runner obeys (`actions/runner src/Runner.Common/ActionCommand.cs`); `::: path` of an excerpt names no command.
fn is_command(line: &str) -> bool {
    line.trim_start().strip_prefix("::").is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()))
}

#[test]
fn workflow_commands_come_from_us_alone() {
    for (format, text) in every_format() {
        let commands: Vec<&str> = text.lines().filter(|line| is_command(line)).collect();
        if format != "github" {
            assert!(commands.is_empty(), "{format}: {commands:?}");
            continue;
        }
        assert_eq!(commands.len(), text.lines().count(), "every line is a command");
        for command in commands {
            let properties = command.split("::").nth(1).unwrap();
            assert!(
                command.starts_with("::error ")
                    || command.starts_with("::warning ")
                    || command.starts_with("::notice ")
            );
            for property in properties.split_once(' ').unwrap().1.split(',') {
                let (name, value) = property.split_once('=').unwrap();
                assert!(["file", "line", "endLine", "col", "endColumn", "title"].contains(&name), "{property}");
                assert!(!value.contains(['\n', '\r', ':']), "{property}");
            }
        }
    }
}

#[test]
fn no_secret_of_an_excerpt_or_a_sentence_comes_out() {
    for (format, text) in every_format() {
        assert!(!text.contains(CANARY), "{format}");
        assert!(!text.contains("S3cr3t"), "{format}");
    }
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let schema: Value = serde_json::from_str(&json::schema()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let document: Value = serde_json::from_str(&json::write(&report())).unwrap();
    assert_valid(&schema, &document);
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "a-rule");
    assert_eq!(finding["certainty"], "rendered");
    assert_eq!(finding["evidence"][0]["role"], "primary");
    assert_eq!(finding["evidence"].as_array().unwrap().len(), 3);
    assert_eq!(document["summary"]["findings"]["suppressed"], 1);
    assert_eq!(document["findings"][1]["suppressed"]["file"], "d.yaml");
    let mut wrong = document.clone();
    wrong["findings"][0]["severity"] = "fatal".into();
    assert!(!jsonschema::is_valid(&schema, &wrong), "the schema can say no");
}

#[test]
fn sarif_is_what_its_official_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../data/sarif-2.1.0.schema.json")).unwrap();
    let document: Value = serde_json::from_str(&sarif::write(&report())).unwrap();
    assert_valid(&schema, &document);
    let run = &document["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let result = &run["results"][0];
    assert_eq!(result["level"], "error");
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 2);
    assert_eq!(run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize]["id"], "a-rule");
    let related = &result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(related, "b%20c%23%3F.yaml");
    assert_eq!(run["results"][1]["suppressions"][0]["kind"], "inSource");
    assert!(run["results"][0].get("suppressions").is_none());
    let mut wrong = document.clone();
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!jsonschema::is_valid(&schema, &wrong), "the schema can say no");
}

#[test]
fn carets_stand_under_what_they_mean() {
    let text = table::write(&report(), Layout::default());
    let lines: Vec<&str> = text.lines().collect();
    let marked = lines.windows(2).filter(|pair| pair[1].contains("^^^^")).map(|pair| {
        let column = pair[1].find('^').unwrap();
        let start = pair[1][..column].chars().count();
        pair[0].chars().skip(start).take(4).collect::<String>()
    });
    let marked: Vec<String> = marked.collect();
    assert_eq!(marked, ["here", "here"], "{text}");
}

#[test]
fn long_lines_are_cut_and_keep_their_place() {
    let text = table::write(&report(), Layout::default());
    assert!(text.lines().all(|line| line.chars().count() < 3_000), "no line of the source floods the screen");
    for (repeats, shown) in [(500, "here"), (5_000, "(a line too long to be shown)")] {
        let sources = Arc::new(SourceMap::default());
        let long = format!("{}here{}", "a: x, ".repeat(repeats), "b: y, ".repeat(repeats));
        let finding = Finding::new("r", "f", Severity::Error, "wrong", at(&sources, "a.yaml", &long, "here"));
        let text = table::write(&Report::new(sources, vec![finding], Vec::new()), Layout::default());
        assert!(text.contains(shown) && text.contains(&format!("a.yaml:1:{}", repeats * 6 + 1)), "{text}");
    }
    let report = report();
    let place = report.sources.place(report.findings()[1].primary().span);
    assert_eq!((place.line, place.column), (1, 12_001));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(every_format(), every_format());
}
