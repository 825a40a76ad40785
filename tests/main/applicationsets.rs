//! ApplicationSets held against Argo CD's own generators and templates.
//!
//! `fixtures/applicationsets/expected.json` is what Argo CD 3.2's packages say (the program is described in the README's
//! table of suites): in a Git checkout of that folder, `appset expand --repo . --clusters clusters.yaml sets/*.yaml`.

use std::collections::BTreeMap;
use std::path::Path;

use schemaward::budget::Budget;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::expand::{self, Expansion, Settings};
use schemaward::render::Manifests;
use schemaward::source::RepoPath;
use schemaward::yaml::{self, Meaning, Node, Value};
use serde_json::{Value as Json, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/applicationsets");

fn as_json(node: &Node) -> Json {
    match &node.value {
        Value::Map(map) => {
            map.entries.iter().map(|e| (e.key.to_string(), as_json(&e.value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Seq(items) => items.iter().map(as_json).collect(),
        Value::Scalar(_) => match node.meaning().unwrap() {
            Meaning::Null => Json::Null,
            Meaning::Bool(flag) => json!(flag),
            Meaning::Int(number) => json!(number),
            Meaning::Uint(number) => json!(number),
            Meaning::Float(number) => json!(number),
            Meaning::Str(text) => json!(text),
        },
    }
}

/// Who made an object is ours to add: Argo CD's packages stop before.
fn without_owner(mut object: Json) -> Json {
    object["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    object
}

fn expand_set(repository: &Repository, clusters: &[Node], path: &str) -> Expansion {
    let settings = Settings { roots: vec![path.to_owned()], clusters: clusters.to_vec(), ..Settings::default() };
    expand::expand(&Manifests::new(repository), &settings)
}

#[test]
fn sets_give_what_argo_cd_gives() {
    let (repository, gaps) = Repository::open(Path::new(FOLDER), None, ReadLimits::default()).unwrap();
    assert!(gaps.is_empty());
    let text = std::fs::read_to_string(Path::new(FOLDER).join("clusters.yaml")).unwrap();
    let id = repository.sources().add(RepoPath::new("inventory").unwrap(), text.as_str());
    let parsed = yaml::parse(id, &text, &Budget::default());
    let clusters: Vec<Node> = parsed.documents.into_iter().map(|document| document.root).collect();

    let expected = std::fs::read_to_string(Path::new(FOLDER).join("expected.json")).unwrap();
    let expected: Json = serde_json::from_str(&expected).unwrap();
    let mut applications: BTreeMap<&str, BTreeMap<String, Json>> = BTreeMap::new();
    for one in expected["applications"].as_array().unwrap() {
        let name = one["application"]["metadata"]["name"].as_str().unwrap_or("").to_owned();
        let of_set = applications.entry(one["applicationset"].as_str().unwrap()).or_default();
        // Of two with one name Argo CD keeps the first.
        of_set.entry(name).or_insert_with(|| one["application"].clone());
    }
    let refused: BTreeMap<&str, &str> = expected["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["applicationset"].as_str().unwrap(), error["message"].as_str().unwrap()))
        .collect();

    let sets = repository.under(&RepoPath::new("sets").unwrap());
    assert!(sets.len() >= 88);
    let mut wrong = Vec::new();
    for path in sets {
        let name = path.file_name().trim_end_matches(".yaml");
        let expansion = expand_set(&repository, &clusters, path.as_str());
        let generated = expansion.applications.iter().filter(|(app, _)| app.generated().is_some());
        let ours: BTreeMap<String, Json> = generated
            .map(|(app, _)| (app.name.clone(), without_owner(as_json(app.manifest.as_ref().unwrap()))))
            .collect();
        if ours != applications.get(name).cloned().unwrap_or_default() {
            wrong.push(format!("{name}: other Applications"));
        }
        match refused.get(name) {
            Some(why) if expansion.gaps.is_empty() => wrong.push(format!("{name}: Argo CD refuses it: {why}")),
            None if !expansion.gaps.is_empty() => wrong.push(format!("{name}: {}", expansion.gaps[0].message)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {} sets differ:\n{}", wrong.len(), sets.len(), wrong.join("\n"));
}
