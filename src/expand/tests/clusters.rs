//! Clusters: Secrets that register none, and those of which an operator makes one.

use super::*;

const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - clusters: \
                   {selector: {matchLabels: {env: prod}}}\n  template:\n    metadata: {name: 'a-{{nameNormalized}}'}\n    spec: \
                   {project: p, destination: {server: '{{server}}'}}\n";

fn secret(name: &str, fields: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  labels: {{argocd.argoproj.io/secret-type: cluster, env: \
         prod}}\n{fields}\n"
    )
}

/// The Applications, and what is a defect or not known.
fn expanded(clusters: &[&str], argocd: u8) -> (Vec<String>, Vec<String>, bool) {
    let all = clusters.join("---\n");
    let settings = Settings { argocd: ArgoCd(argocd), ..Settings::default() };
    let expansion = run_with(&[("set.yaml", SET), ("clusters.yaml", &all)], &settings);
    let generated = expansion.applications.iter().filter(|(app, _)| app.generated().is_some());
    let names = generated.map(|(app, _)| app.name.clone()).collect();
    let defects = expansion.gaps.iter().filter(|gap| gap.defect).map(|gap| gap.message.clone()).collect();
    (names, defects, expansion.sets[0].unresolved)
}

#[test]
fn a_config_that_is_not_read_stops_the_generator_until_3_3_and_the_applications_of_its_cluster_since() {
    let good = secret("good", "stringData: {name: good, server: 'https://good', config: '{\"bearerToken\": \"x\"}'}");
    for config in ["token", "[]", "{\"bearerToken\": 3}", "{\"TLSClientConfig\": {\"cadata\": \"the CA!\"}}"] {
        let bad = secret("bad", &format!("stringData: {{name: bad, server: 'https://bad', config: '{config}'}}"));
        let (names, defects, unresolved) = expanded(&[&good, &bad], 3);
        assert!(names.is_empty() && unresolved, "{config}: {names:?}");
        assert!(
            defects.len() == 1 && defects[0].contains("error listing clusters: unable to convert"),
            "{config}: it is told once: {defects:?}"
        );
        let (names, defects, unresolved) = expanded(&[&good, &bad], 4);
        assert_eq!((names, unresolved), (vec!["a-bad".to_owned(), "a-good".to_owned()], false), "{config}");
        assert!(defects.len() == 1 && defects[0].contains("cluster Secret `bad`"), "{config}: {defects:?}");
        assert!(!defects[0].contains("token\"") && !defects[0].contains("the CA!"), "{defects:?}");
    }
}

#[test]
fn what_go_reads_is_fit() {
    for config in
        ["", "null", "{\"tlsClientConfig\": {\"caData\": \"QR==\", \"other\": 1}}", "{\"token\": \"${TOKEN}\", \"x\""]
    {
        let secret = secret("c", &format!("stringData: {{name: c, server: 'https://c', config: '{config}'}}"));
        assert_eq!(expanded(&[&secret], 3), (vec!["a-c".to_owned()], Vec::new(), false), "{config}");
    }
}

#[test]
fn a_secret_that_kubernetes_refuses_registers_no_cluster() {
    let good = secret("good", "data: {name: Z29vZA==, server: aHR0cHM6Ly9nb29k}");
    let bad = secret("bad", "data: {name: YmFk, server: 'https://bad'}");
    let (names, defects, _) = expanded(&[&good, &bad], 3);
    assert_eq!(names, ["a-good"]);
    assert_eq!(defects, ["Kubernetes refuses the cluster Secret `bad`: `data.server` is no base64"]);
}

/// An ExternalSecret or SealedSecret with a template.
fn made(kind: &str, env: &str, spec: &str) -> String {
    let [open, close] = if kind == "SealedSecret" { ["", ""] } else { ["target: {", "}, data: [{secretKey: name}]"] };
    format!(
        "apiVersion: operator/v1\nkind: {kind}\nmetadata: {{name: made}}\nspec: {{{open}template: {{metadata: {{labels: \
         {{argocd.argoproj.io/secret-type: cluster, env: {env}}}}}{spec}}}{close}}}\n"
    )
}

#[test]
fn what_an_operator_makes_is_a_cluster_as_far_as_its_template_says() {
    let said = made("ExternalSecret", "prod", ", data: {name: Made_1, server: 'https://made', config: '{{ .token }}'}");
    assert_eq!(expanded(&[&said], 6), (vec!["a-made-1".to_owned()], Vec::new(), false));
    let own = "apiVersion: operator/v1\nkind: ExternalSecret\nmetadata: {name: own, labels: {argocd.argoproj.io/secret-type: cluster, env: \
               prod}}\nspec: {dataFrom: [{extract: {key: x}}]}\n";
    let good = secret("good", "stringData: {name: good, server: 'https://good'}");
    let sealed = made("SealedSecret", "prod", "}, encryptedData: {name: x, server: y").replace("}}}\n", "}}\n");
    let sops = secret("sops", "stringData: {name: 'ENC[AES256]', server: 'ENC[AES256]'}\nsops: {version: 3.8.1}");
    for hidden in [own, &made("ExternalSecret", "prod", ""), &sealed, &sops] {
        assert_eq!(expanded(&[&good, hidden], 6), (vec!["a-good".to_owned()], Vec::new(), true), "{hidden}");
    }
    let other = made("ExternalSecret", "dev", "");
    assert_eq!(
        expanded(&[&good, &other], 6),
        (vec!["a-good".to_owned()], Vec::new(), false),
        "what is not selected is not missed"
    );
}

#[test]
fn annotations_that_a_secret_lacks_in_git_may_be_added_when_it_is_applied() {
    let set = SET.replace(
        "spec:\n  generators",
        "spec:\n  goTemplate: true\n  goTemplateOptions: [missingkey=error]\n  generators",
    );
    for (asked, defects) in [(".metadata.annotations", 0), (".metadata.others", 1)] {
        let set =
            set.replace("{{nameNormalized}}", &format!("{{{{ len {asked} }}}}")).replace("{{server}}", "{{ .server }}");
        let secret = secret("c", "stringData: {name: c, server: 'https://c'}");
        let expansion = run(&[("set.yaml", &set), ("clusters.yaml", &secret)]);
        assert_eq!(expansion.gaps.iter().filter(|gap| gap.defect).count(), defects, "{asked}: {:?}", expansion.gaps);
        assert!(expansion.sets[0].unresolved);
    }
}
