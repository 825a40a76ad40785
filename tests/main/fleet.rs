//! The fleet, `fixtures/repos/fleet`: two ApplicationSets, a matrix of environments and components, six layers of values, two
//! overlays. Held against what the real programs say of it (`expected/make.sh` asks them), from the command line as a user
//! has it: Kustomize 5.8.1 of the overlays, Argo CD 3.2's packages of the Applications, Helm 3.19 and 4.2 of the objects.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use schemaward::budget::Budget;
use schemaward::source::FileId;
use schemaward::yaml;
use serde_json::Value as Json;

use crate::applicationsets::without_owner;
use crate::rules::{report_from, root, spot};

const ROOTS: [&str; 2] = ["azure", "local"];

fn fleet() -> PathBuf {
    root().join("repos/fleet")
}

fn expected(name: &str) -> String {
    std::fs::read_to_string(fleet().join("expected").join(name)).unwrap()
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn documents(text: &str) -> Vec<Json> {
    let parsed = yaml::parse(FileId(0), text, &Budget::default());
    parsed.documents.iter().map(|document| document.root.to_json()).collect()
}

/// What the program prints of one form, in the folder of that form.
fn said(form: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_schemaward"))
        .args(arguments)
        .current_dir(fleet().join(form))
        .env_remove("SOURCE_DATE_EPOCH")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Objects by what they are called.
fn named(objects: impl IntoIterator<Item = Json>) -> BTreeMap<String, Json> {
    let name = |object: &Json| {
        let metadata = &object["metadata"];
        format!("{} {} {} {}", object["apiVersion"], object["kind"], metadata["namespace"], metadata["name"])
    };
    objects.into_iter().map(|object| (name(&object), object)).collect()
}

/// The names of what is not the same on both sides.
fn differing<T: PartialEq>(ours: &BTreeMap<String, T>, theirs: &BTreeMap<String, T>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    names.into_iter().filter(|name| ours.get(*name) != theirs.get(*name)).cloned().collect()
}

#[test]
fn overlays_are_what_kustomize_builds() {
    for form in ["clean", "broken"] {
        for root in ROOTS {
            let ours = said(form, &["render", "--kustomize", &format!("argocd/overlays/{root}")]);
            let theirs = expected(&format!("{form}-{root}.overlay.yaml"));
            let (ours, theirs) = (named(documents(&ours)), named(documents(&theirs)));
            assert!(!theirs.is_empty());
            assert_eq!(differing(&ours, &theirs), [""; 0], "{form}, {root}");
        }
    }
}

#[test]
fn applications_are_what_argo_cd_makes() {
    for form in ["clean", "broken"] {
        for root in ROOTS {
            let overlay = format!("argocd/overlays/{root}");
            let ours = documents(&said(form, &["apps", "--root", &overlay, "--format", "manifests"]));
            let made = |app: &Json| app["metadata"].get("ownerReferences").is_some();
            let ours = ours.into_iter().filter(made).map(without_owner);
            let mut theirs = lines(&expected(&format!("{form}-{root}.applications.jsonl")));
            // Of two with one name Argo CD keeps the first.
            theirs.dedup_by(|a, b| a["metadata"]["name"] == b["metadata"]["name"]);
            let (ours, theirs) = (named(ours), named(theirs));
            assert!(theirs.len() > 20);
            assert_eq!(differing(&ours, &theirs), [""; 0], "{form}, {root}");
        }
    }
}

#[test]
fn objects_are_what_helm_prints() {
    let scripts = documents(&expected("flyway.yaml"));
    for root in ROOTS {
        let mut theirs = BTreeMap::new();
        for line in lines(&expected(&format!("clean-{root}.objects.jsonl"))) {
            let name = line["application"].as_str().unwrap().to_owned();
            let mut objects = line["objects"].as_array().unwrap().clone();
            if name.ends_with("-data-db-migrations") {
                objects.extend(scripts.clone());
            }
            theirs.insert(name, named(objects));
        }
        let overlay = format!("argocd/overlays/{root}");
        for helm in ["3", "4"] {
            let arguments =
                ["render", "--root", &overlay, "--format", "jsonl", "--show-secrets", "--helm-version", helm];
            let mut ours = BTreeMap::new();
            for line in lines(&said("clean", &arguments)) {
                assert_eq!(line["gaps"], Json::Array(Vec::new()));
                let objects = line["objects"].as_array().unwrap().clone();
                ours.insert(line["application"].as_str().unwrap().to_owned(), named(objects));
            }
            // What stands beside the ApplicationSets in the overlay.
            ours.remove(&overlay);
            assert_eq!(differing(&ours, &theirs), [""; 0], "{root}, Helm {helm}");
        }
    }
}

#[test]
fn the_clean_fleet_is_clean_from_either_root() {
    for (root, applications) in [("bootstrap", 72), ("argocd/overlays/azure", 71), ("argocd/overlays/local", 27)] {
        let report = report_from(&fleet().join("clean"), &[root]).report;
        let said: Vec<&str> = report.findings().iter().map(|finding| finding.message.as_str()).collect();
        assert!(said.is_empty() && report.gaps().is_empty(), "{root}: {said:#?} {:#?}", report.gaps());
        let generated = report.coverage.applications;
        assert!(generated >= applications, "{root}: {generated} Applications");
    }
}

/// One defect is one finding that names every environment it is in: all of them, unless it stands in one's own file.
#[test]
fn a_defect_is_one_finding_for_all_environments() {
    let report = report_from(&fleet().join("broken"), &[]).report;
    for finding in report.findings() {
        let (file, line, ..) = spot(&report, finding.primary());
        let environments: Vec<&str> = finding.environments.iter().map(String::as_str).collect();
        let own = file.strip_prefix("sources/values/env/").and_then(|rest| rest.split('/').next());
        let all = match own {
            Some(environment) => vec![environment],
            None => vec!["dev", "production", "staging"],
        };
        let named = environments.is_empty() || environments == all;
        assert!(named, "{file}:{line}: {}: {environments:?}", finding.message);
    }
}

#[test]
fn what_is_hidden_of_a_secret_hides_no_name() {
    let text = said("clean", &["render", "--app", "dev-data-postgres-clusters"]);
    assert!(text.contains("name: orders-db-owner") && text.contains("name: temporal_visibility_app"), "{text}");
    assert!(text.contains("password: \"********\""), "{text}");
}
