//! What files in a source's own folder say over the source: `.argocd-source.yaml` for every Application, and
//! `.argocd-source-<name>.yaml` for one, which is where image updaters write (`reposerver/repository/repository.go:
//! mergeSourceParameters`).

mod decode;

use super::{Context, Output};
use crate::finding::Gap;
use crate::k8s::argo::{Application, Source};
use crate::source::RepoPath;
use crate::yaml::Node;

/// What stays as the Application has it.
const KEPT: [&str; 4] = ["chart", "path", "repoURL", "targetRevision"];

/// The source with what the files of its folder say over it, if there are any.
///
/// # Errors
/// A gap where one of them is not what Argo CD can read: it then renders nothing.
pub(super) fn of_folder(
    context: &Context<'_>,
    app: &Application<'_>,
    source: &Source<'_>,
    folder: &RepoPath,
    output: &mut Output,
) -> Result<Option<Node>, Box<Gap>> {
    let mut merged: Option<Node> = None;
    let names = [".argocd-source.yaml".to_owned(), format!(".argocd-source-{}.yaml", app.name())];
    for path in names.iter().filter_map(|name| folder.join(name).ok()) {
        if !context.repository().is_file(&path) {
            continue;
        }
        let parsed = context.manifests().parsed(&path).map_err(|error| Box::new(error.gap()))?;
        output.read(context, [&path]);
        let refused = |message: &str, span| {
            let message = format!("error while parsing source parameters: `{path}`: {message}");
            Box::new(Gap::new("render-failed", message).at(span).defect())
        };
        let first = parsed.read_first().map_err(|problem| refused(&problem.message, problem.span))?;
        let whole = context.repository().id(&path).map(|id| crate::source::Span::new(id, 0, 0));
        match first {
            Some(document) if document.root.as_map().is_some() => {
                let old = merged.as_ref().unwrap_or(source.node);
                let laid = decode::source(old, &document.root);
                let laid = laid.map_err(|wrong| refused(&wrong.message, wrong.span))?;
                // Where the source lies is not for its own files to say.
                merged = Some(with(laid, source.node, &KEPT));
            }
            other => {
                let span = other.map(|document| document.root.span()).or(whole).unwrap_or(source.node.span());
                return Err(refused("it is no mapping", span));
            }
        }
    }
    Ok(merged)
}

/// A mapping with some fields as another has them.
fn with(made: Node, of: &Node, fields: &[&str]) -> Node {
    let entries = |node: &Node| node.as_map().map_or(Vec::new(), |map| map.entries.clone());
    let is_kept = |key: &str| fields.contains(&key);
    let mut all: Vec<_> = entries(of).into_iter().filter(|entry| is_kept(&entry.key)).collect();
    all.extend(entries(&made).into_iter().filter(|entry| !is_kept(&entry.key)));
    Node::map(all, made.origin)
}

#[cfg(test)]
mod tests {
    use crate::budget::Budget;
    use crate::discover::Repository;
    use crate::k8s::argo::Application;
    use crate::render::kustomize::BuildOptions;
    use crate::render::{Addresses, Context, Manifests, Options, Output, Tools, application};
    use crate::source::FileId;

    const BASE: [(&str, &str); 2] = [
        ("web/kustomization.yaml", "resources: [pod.yaml]\n"),
        (
            "web/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: \"nginx:1\"}]}\n",
        ),
    ];

    fn rendered(overrides: &[(&str, &str)], kustomize: &str) -> (Repository, Output) {
        let mut files = BASE.to_vec();
        files.extend(overrides);
        let repository = Repository::from_texts(files);
        let text = format!(
            "metadata: {{name: shop}}\nspec:\n  source:\n    repoURL: https://git.example.com/x\n    path: web\n{kustomize}"
        );
        let node = crate::yaml::parse(FileId(u32::MAX), &text, &Budget::default()).documents.remove(0).root;
        let output = {
            let (manifests, addresses) = (Manifests::new(&repository), Addresses::only("https://git.example.com/x"));
            let tools = Tools::new(Options::default(), BuildOptions::default());
            application(&Context::new(&manifests, &addresses, &tools), &Application { node: &node })
        };
        (repository, output)
    }

    fn image(output: &Output) -> &str {
        let containers = output.rendered.objects[0].node.at(&["spec", "containers"]).unwrap();
        containers.as_seq().unwrap()[0].get("image").unwrap().as_text().unwrap()
    }

    #[test]
    fn files_of_the_folder_are_laid_over_the_source() {
        let all = ("web/.argocd-source.yaml", "kustomize: {images: [\"nginx:2\"], namePrefix: a-}\n");
        let own = ("web/.argocd-source-shop.yaml", "kustomize:\n  images:\n  - nginx:3\n");
        let other = ("web/.argocd-source-other.yaml", "kustomize: {images: [\"nginx:4\"]}\n");
        let given = "    kustomize: {images: [\"nginx:1.5\"], nameSuffix: -z}\n";
        for (files, wanted, name) in [
            (vec![other], "nginx:1.5", "web-z"),
            (vec![all], "nginx:2", "a-web-z"),
            (vec![own, other], "nginx:3", "web-z"),
            (vec![all, own], "nginx:3", "a-web-z"),
        ] {
            let (_, output) = rendered(&files, given);
            assert_eq!((image(&output), output.rendered.objects[0].name()), (wanted, name));
            assert!(output.rendered.gaps.is_empty());
        }
    }

    #[test]
    fn an_image_is_said_to_come_from_the_file_that_names_it() {
        let own = ("web/.argocd-source-shop.yaml", "kustomize:\n  images:\n  - nginx:3\n");
        let (repository, output) = rendered(&[own], "");
        let containers = output.rendered.objects[0].node.at(&["spec", "containers"]).unwrap();
        let place = repository.sources().place(containers.as_seq().unwrap()[0].get("image").unwrap().span());
        assert_eq!((place.path.as_str(), place.line), (own.0, 3));
        assert!(output.files.iter().any(|path| path.as_str() == own.0));
    }

    #[test]
    fn where_the_source_lies_stays_and_nulls_change_nothing() {
        let text = "path: elsewhere\nchart: c\nrepoURL: r\ntargetRevision: v\nkustomize: {namePrefix: null}\n";
        let (_, output) = rendered(&[("web/.argocd-source.yaml", text)], "    kustomize: {namePrefix: a-}\n");
        assert_eq!(output.rendered.objects[0].name(), "a-web");
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_where_it_stands() {
        let text = "kustomize:\n  namePrefix: b-\n  images: nginx:2\n";
        for name in ["web/.argocd-source.yaml", "web/.argocd-source-shop.yaml"] {
            let (repository, output) = rendered(&[(name, text)], "");
            let [gap] = &output.rendered.gaps[..] else { panic!("{:?}", output.rendered.gaps) };
            assert!(gap.message.contains("cannot unmarshal string into Go struct field"), "{}", gap.message);
            let place = repository.sources().place(gap.span.unwrap());
            assert_eq!((place.path.as_str(), place.line, place.column), (name, 3, 11));
            assert!(gap.defect && output.rendered.objects.is_empty());
        }
        // A path that does not fit is refused as well, though it would not count.
        let (_, output) = rendered(&[("web/.argocd-source.yaml", "path: 1\n")], "");
        assert_eq!(output.rendered.gaps.len(), 1);
    }

    #[test]
    fn several_kinds_at_once_and_what_is_no_mapping_are_refused() {
        for (text, words) in [
            ("helm: {releaseName: a}\n", "several kinds of source are configured at once"),
            ("aloi\n", "error while parsing source parameters"),
            ("[]\n", "error while parsing source parameters"),
            ("", "error while parsing source parameters"),
            ("a: \"b\n", "error while parsing source parameters"),
        ] {
            let (_, output) = rendered(&[("web/.argocd-source.yaml", text)], "    kustomize: {namePrefix: a-}\n");
            let gaps: Vec<&str> = output.rendered.gaps.iter().map(|gap| gap.message.as_str()).collect();
            assert!(matches!(gaps[..], [gap] if gap.starts_with(words)), "{text}: {gaps:?}");
            assert!(output.rendered.objects.is_empty());
        }
    }
}
