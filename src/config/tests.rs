//! The configuration as it is read, and what it does to findings.

use std::sync::Arc;

use super::*;
use crate::finding::{Certainty, Evidence, Finding};

fn config(text: &str) -> Result<Config, ConfigError> {
    let source = Source { name: NAME.to_owned(), text: text.to_owned() };
    Config::read(&source, &SourceMap::default())
}

fn message(text: &str) -> String {
    config(text).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn nothing_is_a_configuration() {
    for text in ["", "\n", "# only words\n", "version: 1\n"] {
        assert!(config(text).is_ok(), "{text:?}");
    }
}

#[test]
fn what_is_not_understood_has_a_place() {
    assert!(
        message("version: 1\nignored: []\n").starts_with("schemaward.yaml:2:1: "),
        "{}",
        message("version: 1\nignored: []\n")
    );
    assert!(message("ignored: []\n").contains("ignored"));
    assert!(message("version: 2\n").contains(":1:1: the version 2 is not known"));
    assert!(message("ignore: ['a', 'b[']\n").contains("`b[`"));
    assert!(message("severities: {hook-wave-inversion: fatal}\n").contains(":1:"));
    assert!(message("allow:\n- {rule: x, reason: ' '}\n").contains("needs a reason"));
    assert!(message("allow:\n- {rule: x}\n").contains("reason"));
    assert!(message("allow:\n- {rule: x, reason: y, expires: tomorrow}\n").contains("not a day"));
    assert!(message("a: [\n").starts_with("schemaward.yaml:"));
}

#[test]
fn off_is_a_level_and_no_boolean() {
    assert!(config("severities: {a-rule: off}\n").is_ok());
}

#[test]
fn unknown_rules_are_refused_with_their_place() {
    let source = Source { name: NAME.to_owned(), text: "severities:\n  no-such: error\n".to_owned() };
    let sources = SourceMap::default();
    let config = Config::read(&source, &sources).unwrap();
    let error = config.check_rules(&sources, |_| false).unwrap_err().to_string();
    assert_eq!(error, "schemaward.yaml:2:12: there is no rule `no-such`");
    assert!(config.check_rules(&sources, |rule| rule == "no-such").is_ok());
}

#[test]
fn paths_are_ignored_by_folder_and_by_glob() {
    let config = config("ignore: [docs, './vendor/**', '*.tmp.yaml', a/*/x.yaml]\n").unwrap();
    for path in ["docs/a/b.yaml", "docs", "vendor/x", "a.tmp.yaml", "a/b/x.yaml"] {
        assert!(config.ignored().is_match(path), "{path}");
    }
    for path in ["src/docs.yaml", "a/b/c/x.yaml", "Docs/a.yaml", "b/a.tmp.yaml"] {
        assert!(!config.ignored().is_match(path), "{path}");
    }
}

#[test]
fn owners_environments_and_externals_answer() {
    let config = config(
        "
owners:
- {database: app, schema: keycloak, owner: platform-keycloak}
- {database: 'lang*', owner: langfuse}
environments:
  prod: {labels: {env: 'prod*'}, namespaces: ['*-prod'], paths: [env/prod]}
external:
  secrets: [{name: 'vault-*', namespace: data, keys: [password]}, {name: any}]
  services: ['*.database.azure.com']
clusters:
- {name: blue, server: https://blue, labels: {tier: one}}
generators:
- {applicationset: 'pr-*', generator: pullRequest, parameters: [{number: 7}]}
",
    )
    .unwrap();
    assert_eq!(config.owner_of("app", Some("keycloak")).as_deref(), Some("platform-keycloak"));
    assert_eq!(config.owner_of("app", None), None);
    assert_eq!(config.owner_of("langfuse", None).as_deref(), Some("langfuse"));
    let at = Whereabouts { namespace: Some("web-prod"), ..Whereabouts::default() };
    assert_eq!(config.environment_of(&at), Some("prod"));
    assert_eq!(config.environment_of(&Whereabouts { paths: &["env/prod/a"], ..Whereabouts::default() }), Some("prod"));
    assert_eq!(config.environment_of(&Whereabouts::default()), None);
    assert_eq!(config.external_secret("data", "vault-db"), Some(&["password".to_owned()][..]));
    assert_eq!(config.external_secret("web", "vault-db"), None);
    assert_eq!(config.external_secret("web", "any"), Some(&[][..]));
    assert!(config.is_external_service("x.database.azure.com"));
    let clusters = config.clusters();
    assert!(crate::k8s::argo::Cluster::new(&clusters[0]).is_some());
    assert_eq!(clusters[0].at(&["stringData", "name"]).unwrap().as_str(), Some("blue"));
    assert_eq!(config.samples("pr-web", "pullRequest").len(), 1);
    assert!(config.samples("web", "pullRequest").is_empty());
}

/// A finding of `a-rule` at the first `here` of a manifest, judged by a configuration.
fn judged(config: &str, manifest: &str, today: Option<&str>) -> Vec<Finding> {
    let sources = Arc::new(SourceMap::default());
    let source = Source { name: NAME.to_owned(), text: config.to_owned() };
    let mut config = Config::read(&source, &sources).unwrap();
    config.today = today.map(str::to_owned);
    let id = sources.add(RepoPath::new("apps/web.yaml").unwrap(), manifest);
    let start = manifest.find("here").unwrap();
    let span = Span::new(id, start, start + 4);
    let evidence = Evidence { span, text: String::new(), certainty: Certainty::Literal };
    let finding = Finding::new("a-rule", "ordering", Severity::Error, "wrong", evidence).about("schema", "billing");
    config.judge(vec![finding], &sources)
}

fn rules(findings: &[Finding]) -> Vec<(&str, Option<&str>)> {
    findings.iter().map(|f| (f.rule, f.suppressed.as_ref().map(|s| s.reason.as_str()))).collect()
}

#[test]
fn allowances_match_by_rule_subject_and_path() {
    let allowed = |allow: &str| rules(&judged(&format!("allow:\n- {allow}\n"), "a: here\n", None)).len() == 1;
    assert!(allowed("{rule: a-rule, reason: known}"));
    assert!(allowed("{rule: a-rule, subject: {schema: 'bill*'}, path: apps, reason: known}"));
    assert!(allowed("{rule: a-rule, path: '**/web.yaml', reason: known}"));
    for other in [
        "{rule: b-rule, reason: k}",
        "{rule: a-rule, subject: {schema: x}, reason: k}",
        "{rule: a-rule, path: envs, reason: k}",
        "{rule: a-rule, subject: {secret: '*'}, reason: k}",
    ] {
        let findings = judged(&format!("allow:\n- {other}\n"), "a: here\n", None);
        assert_eq!(rules(&findings), [("a-rule", None), (allow::UNUSED, None)], "{other}");
    }
}

#[test]
fn allowances_expire_after_their_day() {
    let text = "allow:\n- {rule: a-rule, reason: known, expires: 2026-06-30}\n";
    assert_eq!(rules(&judged(text, "a: here\n", Some("2026-06-30"))), [("a-rule", Some("known"))]);
    let over = judged(text, "a: here\n", Some("2026-07-01"));
    assert_eq!(rules(&over), [("a-rule", None), (allow::EXPIRED, None)]);
    assert_eq!(rules(&judged(text, "a: here\n", None)), [("a-rule", Some("known"))], "no day, no expiry");
}

#[test]
fn severities_change_and_off_is_reported() {
    let findings = judged("severities: {a-rule: info}\n", "a: here\n", None);
    assert_eq!(findings[0].severity, Severity::Info);
    let findings = judged("severities: {a-rule: off}\n", "a: here\n", None);
    assert_eq!(rules(&findings), [("a-rule", Some("switched off in the configuration"))]);
}

#[test]
fn comments_allow_beside_and_above() {
    for manifest in [
        "a: here # schemaward: allow a-rule known\n",
        "# schemaward: allow a-rule known\na: here\n",
        "  # schemaward: allow a-rule known\n  # more words\n\n  a: here\n",
        "-- schemaward: allow a-rule known\nhere;\n",
        "{{- /* schemaward: allow a-rule known */}}\na: here\n",
        "a: here # schemaward: allow a-rule: known\r\n",
    ] {
        assert_eq!(rules(&judged("", manifest, None)), [("a-rule", Some("known"))], "{manifest:?}");
    }
}

#[test]
fn comments_elsewhere_or_without_a_reason_are_reported() {
    for manifest in [
        "a: here\n# schemaward: allow a-rule known\n",
        "a: here\nb: 1 # schemaward: allow a-rule known\n",
        "a: here # schemaward: allow a-rule\n",
        "a: here # schemaward: allow b-rule known\n",
        "b: 1 # schemaward: allow a-rule known\na: here\n",
    ] {
        let findings = judged("", manifest, None);
        assert_eq!(rules(&findings), [("a-rule", None), (allow::UNUSED, None)], "{manifest:?}");
    }
}

#[test]
fn differences_that_are_meant_say_where_and_why() {
    let text = "differences:\n- {component: 'data-*', aspects: [hooks], environments: [local], reason: seeded}\n- \
                {component: web, reason: known}\n";
    let config = config(text).unwrap();
    let [data, web] = config.intended() else { panic!("{:?}", config.intended()) };
    assert!(data.speaks_of("data-db", Aspect::Hooks) && !data.speaks_of("data-db", Aspect::Phase));
    assert!(!data.speaks_of("web", Aspect::Hooks));
    assert!(data.lets("local") && !data.lets("production"));
    assert!(web.speaks_of("web", Aspect::Phase) && web.lets("production"));
    assert!(message("differences:\n- {component: x}\n").contains("reason"));
    assert!(message("differences:\n- {component: x, reason: ' '}\n").starts_with("schemaward.yaml:2:"));
    assert!(message("differences:\n- {component: x, aspects: [images], reason: y}\n").contains("images"));
    assert!(message("differences:\n- {component: 'x[', reason: y}\n").contains("`x[`"));
}

#[test]
fn a_difference_that_is_not_found_is_reported() {
    let text = "differences:\n- {component: web, reason: known}\n";
    let findings = judged(text, "a: here\n", None);
    assert_eq!(rules(&findings), [("a-rule", None), (allow::UNUSED, None)]);
    assert!(findings[1].message.contains("not found"), "{}", findings[1].message);
}
