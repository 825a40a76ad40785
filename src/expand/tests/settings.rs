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
