//! What the repository says of Argo CD's own settings.

use super::*;

const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n  - git: {repoURL: \
                   r, files: [{path: 'apps/*/app.yaml'}]}\n  template:\n    metadata: {name: 'a-{{name}}'}\n    spec: {project: \
                   p}\n";

fn globbed(says: &[(&str, &str)]) -> (Vec<String>, bool) {
    let mut files = vec![("set.yaml", SET), ("apps/web/app.yaml", "name: web"), ("apps/web/sub/app.yaml", "name: sub")];
    files.extend(says);
    let expansion = run(&files);
    let ambiguous = expansion.gaps.iter().any(|gap| gap.kind == "ambiguous-glob");
    (names(&expansion).into_iter().map(str::to_owned).collect(), ambiguous)
}

#[test]
fn the_globbing_is_the_one_that_the_repository_sets() {
    const KEY: &str = "applicationsetcontroller.enable.new.git.file.globbing";
    let values = format!("argo-cd:\n  configs:\n    params:\n      {KEY}: true # for **\n");
    let chart =
        [("argocd/Chart.yaml", "apiVersion: v2\nname: argocd\nversion: 1.0.0\n"), ("argocd/values.yaml", &*values)];
    assert_eq!(globbed(&chart), (vec!["a-web".to_owned()], false));
    let parameters = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cmd-params-cm}}\ndata:\n  '{KEY}': \"true\"\n"
    );
    assert_eq!(globbed(&[("argocd/params.yaml", &parameters)]), (vec!["a-web".to_owned()], false));

    let default = (vec!["a-sub".to_owned(), "a-web".to_owned()], true);
    let off = values.replace("true", "false");
    let commented = values.replace(KEY, &format!("# {KEY}"));
    assert_eq!(globbed(&[]), default);
    assert_eq!(globbed(&[("argocd/values.yaml", &off)]), default);
    assert_eq!(globbed(&[("argocd/values.yaml", &commented)]), default);
    assert_eq!(
        globbed(&[("one/values.yaml", &values), ("two/values.yaml", &off)]),
        default,
        "two that differ say nothing"
    );
}

/// The gaps and refusals of an overlay with a generator that is a program, beside what the repository says.
fn decrypted(says: &[(&str, &str)]) -> Vec<&'static str> {
    let app = app("web", "apps/web", "");
    let mut files = vec![
        ("web.yaml", &*app),
        ("apps/web/kustomization.yaml", "resources: [a.yaml]\ngenerators: [secrets.yaml]\n"),
        ("apps/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        ("apps/web/secrets.yaml", "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: s}\nfiles: [s.enc.yaml]\n"),
    ];
    files.extend(says);
    let expansion = run(&files);
    expansion.applications.iter().flat_map(|(_, rendered)| rendered.gaps.iter().map(|gap| gap.kind)).collect()
}

#[test]
fn generators_that_are_programs_are_refused_only_where_the_repository_does_not_allow_them() {
    let values = |options: &str| format!("configs:\n  cm:\n    kustomize.buildOptions: \"{options}\" # for KSOPS\n");
    let settings = |options: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cm}}\ndata:\n  kustomize.buildOptions: {options}\n"
        )
    };
    let operator = "apiVersion: argoproj.io/v1beta1\nkind: ArgoCD\nmetadata: {name: a}\nspec:\n  kustomizeBuildOptions: \
                    --enable-alpha-plugins\n";
    let allowed = vec!["unevaluated-plugin"];
    assert_eq!(decrypted(&[]), allowed, "nobody says that they are not");
    assert_eq!(decrypted(&[("argocd/values.yaml", &values("--enable-alpha-plugins --enable-exec"))]), allowed);
    assert_eq!(decrypted(&[("argocd/cm.yaml", &settings("--enable-alpha-plugins"))]), allowed);
    assert_eq!(decrypted(&[("argocd/argocd.yaml", operator)]), allowed);
    let generated = "configMapGenerator:\n- name: argocd-cm\n  literals:\n  - kustomize.buildOptions=--enable-exec\n";
    assert_eq!(decrypted(&[("argocd/kustomization.yaml", generated)]), allowed);
    let two = [("one/values.yaml", &*values("--enable-helm")), ("two/values.yaml", &*values("--enable-exec"))];
    assert_eq!(decrypted(&two), allowed, "one of two clusters allows them");

    let refused = vec!["render-failed"];
    assert_eq!(decrypted(&[("argocd/values.yaml", &values("--enable-helm"))]), refused);
    assert_eq!(decrypted(&[("argocd/cm.yaml", &settings("--enable-helm"))]), refused);
}

#[test]
fn what_ksops_decrypts_is_known_but_for_the_values() {
    let encrypted = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: 'ENC[AES256_GCM,data:x]'}\nsops: \
                     {version: 3.9.0}\n";
    let run = |secret: &str, generator: &str| {
        let expansion = run(&[
            ("web.yaml", &app("web", "apps/web", "")),
            ("apps/web/kustomization.yaml", "namePrefix: shop-\nresources: [a.yaml]\ngenerators: [secrets.yaml]\n"),
            ("apps/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
            ("apps/web/secrets.yaml", generator),
            ("apps/web/db.enc.yaml", secret),
        ]);
        let gaps: usize = expansion.applications.iter().map(|(_, rendered)| rendered.gaps.len()).sum();
        (objects(&expansion, "web").into_iter().map(str::to_owned).collect::<Vec<_>>(), gaps)
    };
    let generator = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: s}\nfiles: [./db.enc.yaml]\n";
    let mut all = run(encrypted, generator);
    all.0.sort();
    assert_eq!(all, (vec!["shop-a".to_owned(), "shop-db".to_owned()], 0));
    let plain = (vec!["shop-a".to_owned()], 1);
    assert_eq!(run("apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n", generator), plain, "nothing is encrypted");
    let whole = encrypted.replace("{name: db}", "{name: 'ENC[AES256_GCM,data:y]'}");
    assert_eq!(run(&whole, generator), plain, "its name is encrypted too");
    let merged = encrypted.replace("{name: db}", "{name: db, annotations: {kustomize.config.k8s.io/behavior: merge}}");
    assert_eq!(run(&merged, generator), plain, "what it is merged with is not known");
    assert_eq!(run(encrypted, &generator.replace("db.enc", "other.enc")), plain, "the file is not there");
    assert_eq!(run(encrypted, &format!("{generator}secretFrom: [{{metadata: {{name: x}}, files: [k.enc]}}]\n")), plain);
}
