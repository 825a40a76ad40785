//! Builds that share a cache against builds that do not: a base that is known must make no difference.

use crate::budget::Budget;
use crate::discover::Repository;
use crate::render::kustomize::{BuildError, Built, Cache, Options, build};
use crate::source::RepoPath;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 1}
";

/// Two overlays on one base, built with one cache.
fn both<'o>(cache: &'o Cache, texts: &[(&str, &str)]) -> (Repository, Options<'o>) {
    (Repository::from_texts(texts.to_vec()), Options { cache: Some(cache), ..Options::default() })
}

fn of_folder(repository: &Repository, dir: &str, options: &Options<'_>) -> Result<Built, Box<BuildError>> {
    build(repository, &RepoPath::new(dir).unwrap(), options, &Budget::default())
}

fn shown(built: &Built) -> Vec<String> {
    built.objects.iter().map(|object| object.node.to_json().to_string()).collect()
}

#[test]
fn a_base_that_is_known_gives_what_a_base_that_is_built_gives() {
    let texts = [
        ("base/kustomization.yaml", "resources: [web.yaml]\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n"),
        ("base/web.yaml", DEPLOYMENT),
        ("one/kustomization.yaml", "resources: [../base]\nnamePrefix: one-\nreplicas: [{name: web, count: 7}]\n"),
        ("two/kustomization.yaml", "resources: [../base]\nnamespace: two\ncommonLabels: {l: m}\n"),
    ];
    let cache = Cache::default();
    let (repository, cached) = both(&cache, &texts);
    for dir in ["one", "two", "one"] {
        let fresh = of_folder(&repository, dir, &Options::default()).unwrap();
        let known = of_folder(&repository, dir, &cached).unwrap();
        // What one overlay changed is not seen by the next, and the files of the base count as read each time.
        assert_eq!(shown(&known), shown(&fresh), "{dir}");
        assert_eq!(known.files, fresh.files, "{dir}");
    }
}

#[test]
fn a_base_with_a_gap_is_never_taken_for_known() {
    let texts = [
        ("base/kustomization.yaml", "resources: ['https://github.com/org/repo//deploy', web.yaml]\n"),
        ("base/web.yaml", DEPLOYMENT),
        ("one/kustomization.yaml", "resources: [../base]\n"),
        ("two/kustomization.yaml", "resources: [../base]\n"),
    ];
    let cache = Cache::default();
    let (repository, cached) = both(&cache, &texts);
    for dir in ["one", "two"] {
        let built = of_folder(&repository, dir, &cached).unwrap();
        assert_eq!((built.objects.len(), built.gaps.len()), (1, 1), "{dir}");
    }
}

#[test]
fn a_base_that_is_known_closes_circles_all_the_same() {
    let texts = [
        ("base/kustomization.yaml", "resources: [../leaf]\n"),
        ("leaf/kustomization.yaml", "resources: [web.yaml]\n"),
        ("leaf/web.yaml", DEPLOYMENT),
        ("leaf/inner/kustomization.yaml", "resources: [../../base]\n"),
        ("good/kustomization.yaml", "resources: [../base]\n"),
    ];
    let cache = Cache::default();
    let (repository, cached) = both(&cache, &texts);
    assert!(of_folder(&repository, "good", &cached).is_ok());
    // From within the leaf the base leads back to where the build began.
    let fresh = of_folder(&repository, "leaf/inner", &Options::default()).unwrap_err().message;
    let known = of_folder(&repository, "leaf/inner", &cached).unwrap_err().message;
    assert_eq!(known, fresh);
    assert!(known.contains("cycle detected"), "{known}");
}

#[test]
fn a_base_that_is_known_counts_in_the_nesting() {
    let mut texts: Vec<(String, String)> =
        (0..60).map(|at| (format!("k{at}/kustomization.yaml"), format!("resources: [../k{}]\n", at + 1))).collect();
    texts.push(("k60/kustomization.yaml".to_owned(), "resources: [web.yaml]\n".to_owned()));
    texts.push(("k60/web.yaml".to_owned(), DEPLOYMENT.to_owned()));
    texts.extend((0..10).map(|at| {
        let next = if at == 9 { "../k0".to_owned() } else { format!("../o{}", at + 1) };
        (format!("o{at}/kustomization.yaml"), format!("resources: [{next}]\n"))
    }));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let cache = Cache::default();
    let (repository, cached) = both(&cache, &texts);
    assert!(of_folder(&repository, "k0", &cached).is_ok());
    assert!(of_folder(&repository, "o0", &cached).unwrap_err().exceeded);
    assert!(of_folder(&repository, "o7", &cached).is_ok());
}
