//! Kustomizations held against the real Kustomize: `fixtures/kustomize/*.cases` with the answers that
//! `tests/conformance/kustomize.rs` recorded.

use std::path::Path;

use schemaward::budget::Budget;
use schemaward::discover::Repository;
use schemaward::render::helm::HelmVersion;
use schemaward::render::kustomize::{self, ApplicationSource, BuildOptions, Options};
use schemaward::render::{Addresses, Context, Inflater, Manifests, Options as Rendering, Tools};
use schemaward::source::{FileId, RepoPath};
use schemaward::yaml;
use serde_json::Value as Json;

use cases::{Answer, Case};

#[path = "../conformance/cases.rs"]
mod cases;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/kustomize");

/// The build environment of the cases' Application, which their `.expanded.yaml` has by hand.
const ENVIRONMENT: [(&str, &str); 3] =
    [("ARGOCD_APP_NAME", "web"), ("ARGOCD_APP_NAMESPACE", "argocd"), ("ARGOCD_APP_REVISION_SHORT", "0123456")];

/// Cases that differ, and why; one that no longer does must leave the list.
const KNOWN: &[(&str, &[&str])] = &[];

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(_, names)| names.contains(&name))
}

fn build(case: &Case) -> Result<Vec<Json>, String> {
    let repository = Repository::from_texts(case.files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect());
    let flags = BuildOptions::parse(&case.flags);
    let options = Rendering { helm: HelmVersion::V3, ..Rendering::default() };
    let tools = Tools::new(options, flags.clone());
    let manifests = Manifests::new(&repository);
    let addresses = Addresses::default();
    let inflater = Inflater { context: &Context::new(&manifests, &addresses, &tools) };
    let source = case.files.get(".source.yaml").map(|text| {
        let parsed = yaml::parse(FileId(u32::MAX), text, &Budget::default());
        let mut source = ApplicationSource::read(&parsed.documents[0].root);
        source.environment = ENVIRONMENT.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        source
    });
    let options =
        Options { build: Some(&flags), charts: Some(&inflater), source: source.as_ref(), ..Options::default() };
    let folder = RepoPath::new(&case.folder).unwrap();
    match kustomize::build(&repository, &folder, &options, &Budget::default()) {
        Ok(built) if built.gaps.is_empty() => Ok(built.objects.iter().map(|object| object.node.to_json()).collect()),
        Ok(built) => Err(built.gaps[0].message.clone()),
        Err(error) => Err(error.message.clone()),
    }
}

#[test]
fn kustomizations_give_what_kustomize_gives() {
    let mut wrong = Vec::new();
    let (mut count, mut known) = (0, 0);
    for name in ["helm", "edit", "own"] {
        let file = Path::new(FOLDER).join(name);
        let cases = cases::read(&std::fs::read_to_string(file.with_extension("cases")).unwrap()).unwrap();
        let answers = std::fs::read_to_string(file.with_extension("answers.jsonl")).unwrap();
        let answers: Vec<Answer> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(cases.len(), answers.len(), "{name}: record the answers again");
        for (case, answer) in cases.iter().zip(&answers) {
            assert_eq!(case.name, answer.case, "{name}: record the answers again");
            count += 1;
            let said = |what: String| format!("{name}: {}: {what}", case.name);
            let before = wrong.len();
            match (build(case), &answer.objects, &answer.error) {
                (Ok(ours), Some(theirs), _) if ours == *theirs => {}
                (Ok(ours), Some(theirs), _) => {
                    let differs = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
                    let shown = differs.map_or(String::new(), |(ours, theirs)| format!("\n  {ours}\n  {theirs}"));
                    wrong.push(said(format!("{} objects for {}{shown}", ours.len(), theirs.len())));
                }
                (Err(ours), None, Some(theirs)) => {
                    if !cases::same_reason(&ours, theirs) {
                        wrong.push(said(format!("refused for another reason\n  {ours}\n  {theirs}")));
                    }
                }
                (Ok(_), _, theirs) => wrong.push(said(format!("only Kustomize refuses: {theirs:?}"))),
                (Err(ours), ..) => wrong.push(said(format!("only we refuse: {ours}"))),
            }
            if is_known(&format!("{name}: {}", case.name)) {
                assert!(wrong.len() > before, "{name}: {} differs no longer: take it from the list", case.name);
                wrong.truncate(before);
                known += 1;
            }
        }
    }
    assert_eq!(known, KNOWN.iter().map(|(_, names)| names.len()).sum::<usize>());
    assert!(wrong.is_empty(), "{} of {count} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}
