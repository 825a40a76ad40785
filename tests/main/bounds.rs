//! Paths and links that leave a repository, accepted and refused as in Argo CD's own tests (`util/app/path`, `util/io/path`,
//! `reposerver/repository`): each row is a repository, what an Application names in it, and what comes of it.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::Path;

use schemaward::discover::{ReadLimits, Repository};
use schemaward::expand::{self, Settings};
use schemaward::render::Manifests;

/// A ConfigMap, named by its file's content.
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n";
const CHART: &str = "apiVersion: v2\nname: chart\nversion: 1.0.0\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Values.name }}'}\n";

struct Row {
    /// What is tried.
    case: &'static str,
    /// `spec.source` without its address.
    source: &'static str,
    /// Links and what they say.
    links: &'static [(&'static str, &'static str)],
    /// The names of the objects.
    objects: &'static [&'static str],
    /// The kinds of the gaps.
    gaps: &'static [&'static str],
}

const OUT: &str = "values-outside-repository";
const LINK_OUT: &str = "link-outside-repository";

const ROWS: &[Row] = &[
    // The path of an Application.
    Row { case: "the root", source: "path: .", links: &[], objects: &["top"], gaps: &[] },
    Row { case: "the root with a slash", source: "path: ./", links: &[], objects: &["top"], gaps: &[] },
    Row { case: "a folder by a detour", source: "path: apps/../apps", links: &[], objects: &["app"], gaps: &[] },
    Row { case: "an absolute root", source: "path: /", links: &[], objects: &[], gaps: &[OUT] },
    Row { case: "an absolute path", source: "path: /etc/passwd", links: &[], objects: &[], gaps: &[OUT] },
    Row { case: "an absolute path that is there", source: "path: /apps", links: &[], objects: &[], gaps: &[OUT] },
    Row { case: "above", source: "path: ..", links: &[], objects: &[], gaps: &[OUT] },
    Row { case: "above with a slash", source: "path: ../", links: &[], objects: &[], gaps: &[OUT] },
    Row { case: "nothing there", source: "path: none", links: &[], objects: &[], gaps: &["missing-chart"] },
    Row { case: "a file", source: "path: top.yaml", links: &[], objects: &[], gaps: &["missing-chart"] },
    // Links in a repository.
    Row {
        case: "links that stay inside",
        source: "path: apps",
        links: &[("apps/a.yaml", "../deep/x.yaml"), ("apps/b.txt", "./..map.yaml"), ("apps/c.txt", "a.yaml")],
        objects: &["app", "deep", "dots"],
        gaps: &[],
    },
    // Go's walk does not go through a link at its start: the Application is empty.
    Row { case: "a link to a folder", source: "path: linked", links: &[("linked", "deep")], objects: &[], gaps: &[] },
    Row {
        case: "a link out",
        source: "path: apps",
        links: &[("apps/x.yaml", "../../bla")],
        objects: &["app"],
        gaps: &[LINK_OUT],
    },
    Row {
        case: "a link out, written oddly",
        source: "path: apps",
        links: &[("badlink", "..///../bad//../link/")],
        objects: &["app"],
        gaps: &[LINK_OUT],
    },
    Row {
        case: "a link that leaves and comes back",
        source: "path: apps",
        links: &[("x.yaml", "../REPOSITORY/apps/app.yaml")],
        objects: &["app"],
        gaps: &[LINK_OUT],
    },
    Row {
        case: "an absolute link",
        source: "path: apps",
        links: &[("x", "/somethingbad")],
        objects: &["app"],
        gaps: &[LINK_OUT],
    },
    Row {
        case: "a link to the secret beside the repository",
        source: "path: apps",
        links: &[("apps/x.yaml", "../../secret.yaml")],
        objects: &["app"],
        gaps: &[LINK_OUT],
    },
    Row {
        case: "a link through a link that leads out",
        source: "path: apps",
        links: &[("apps/x.yaml", "../up/secret.yaml"), ("up", "..")],
        objects: &["app"],
        gaps: &[LINK_OUT, LINK_OUT],
    },
    Row {
        case: "a link to nowhere",
        source: "path: apps",
        links: &[("apps/x.yaml", "nowhere")],
        objects: &["app"],
        gaps: &["broken-link"],
    },
    Row {
        case: "links in a circle",
        source: "path: apps",
        links: &[("apps/x.yaml", "y.yaml"), ("apps/y.yaml", "x.yaml")],
        objects: &["app"],
        gaps: &["broken-link", "broken-link"],
    },
    // Values files.
    Row {
        case: "beside the chart",
        source: "path: chart\n    helm: {valueFiles: [v.yaml]}",
        links: &[],
        objects: &["v"],
        gaps: &[],
    },
    Row {
        case: "up and down",
        source: "path: chart\n    helm: {valueFiles: [a/../../root.yaml]}",
        links: &[],
        objects: &["root"],
        gaps: &[],
    },
    Row {
        case: "from the root",
        source: "path: chart\n    helm: {valueFiles: [/root.yaml]}",
        links: &[],
        objects: &["root"],
        gaps: &[],
    },
    Row {
        case: "too far up",
        source: "path: chart\n    helm: {valueFiles: [a/../../../root.yaml]}",
        links: &[],
        objects: &[""],
        gaps: &[OUT],
    },
    Row {
        case: "up from the root",
        source: "path: chart\n    helm: {valueFiles: [/../../../root.yaml]}",
        links: &[],
        objects: &[""],
        gaps: &[OUT],
    },
    Row {
        case: "a prefix of the root's name",
        source: "path: chart\n    helm: {valueFiles: [../../REPOSITORY2/x.yaml]}",
        links: &[],
        objects: &[""],
        gaps: &[OUT],
    },
    Row {
        case: "the root itself",
        source: "path: chart\n    helm: {valueFiles: [/]}",
        links: &[],
        objects: &[""],
        gaps: &[OUT],
    },
    Row {
        case: "a forbidden scheme",
        source: "path: chart\n    helm: {valueFiles: ['file://../../root.yaml']}",
        links: &[],
        objects: &[""],
        gaps: &["missing-values-file"],
    },
    Row {
        case: "a link inside",
        source: "path: chart\n    helm: {valueFiles: [l.yaml]}",
        links: &[("chart/l.yaml", "v.yaml")],
        objects: &["v"],
        gaps: &[],
    },
    Row {
        case: "the chart's own values by a link",
        source: "path: chart",
        links: &[("chart/values.yaml", "v.yaml")],
        objects: &["v"],
        gaps: &[],
    },
    Row {
        case: "the chart's own values by a link out",
        source: "path: chart",
        links: &[("chart/values.yaml", "../../secret.yaml")],
        objects: &[""],
        gaps: &[LINK_OUT],
    },
    Row {
        case: "a link out",
        source: "path: chart\n    helm: {valueFiles: [l.yaml]}",
        links: &[("chart/l.yaml", "../../secret.yaml")],
        objects: &[""],
        gaps: &[LINK_OUT, "missing-values-file"],
    },
    Row {
        case: "two hops out",
        source: "path: chart\n    helm: {valueFiles: [l.yaml]}",
        links: &[("chart/l.yaml", "m.yaml"), ("chart/m.yaml", "../../secret.yaml")],
        objects: &[""],
        gaps: &[LINK_OUT, LINK_OUT, "missing-values-file"],
    },
    // Parameters that are files.
    Row {
        case: "a parameter's file inside",
        source: "path: chart\n    helm: {fileParameters: [{name: name, path: ../name.txt}]}",
        links: &[],
        objects: &["from-file"],
        gaps: &[],
    },
    Row {
        case: "a parameter's file outside",
        source: "path: chart\n    helm: {fileParameters: [{name: name, path: ../../secret.yaml}]}",
        links: &[],
        objects: &[""],
        gaps: &[OUT],
    },
];

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What an Application with this source gives, and the kinds of the gaps.
fn run(row: &Row) -> (Vec<String>, Vec<String>) {
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "secret.yaml", &MAP.replace("NAME", "canary-beside-the-repository"));
    put(outside.path(), "repository2/x.yaml", "name: canary-beside-the-repository\n");
    let root = outside.path().join("repository");
    for (path, name) in
        [("top.yaml", "top"), ("apps/app.yaml", "app"), ("deep/x.yaml", "deep"), ("apps/..map.yaml", "dots")]
    {
        if name != "dots" || row.links.iter().any(|(_, target)| target.contains("..map")) {
            put(&root, path, &MAP.replace("NAME", name));
        }
    }
    for (path, name) in [("root.yaml", "root"), ("chart/v.yaml", "v")] {
        put(&root, path, &format!("name: {name}\n"));
    }
    put(&root, "name.txt", "from-file");
    put(&root, "chart/Chart.yaml", CHART);
    put(&root, "chart/templates/map.yaml", TEMPLATE);
    let fix = |text: &str| text.replace("REPOSITORY", "repository");
    for (at, target) in row.links {
        std::os::unix::fs::symlink(fix(target), root.join(at)).unwrap();
    }
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: tried}}\nspec:\n  project: default\n  \
         destination: {{namespace: n, server: s}}\n  source:\n    repoURL: https://git.example.com/r.git\n    {}\n",
        fix(row.source)
    );
    put(&root, "argocd/application.yaml", &application);
    let (repository, opening) = Repository::open(&root, None, ReadLimits::default()).unwrap();
    let settings = Settings { remotes: vec!["https://git.example.com/r".to_owned()], ..Settings::default() };
    let expansion = expand::expand(&Manifests::new(&repository), &settings);
    let tried = expansion.applications.iter().filter(|(application, _)| application.name == "tried");
    let (mut objects, mut gaps) = (Vec::new(), opening);
    for (_, rendered) in tried {
        objects.extend(rendered.objects.iter().map(|object| object.name().to_owned()));
        gaps.extend(rendered.gaps.iter().cloned());
    }
    let texts: Vec<String> = gaps.iter().map(|gap| gap.message.clone()).chain(objects.iter().cloned()).collect();
    assert!(!texts.iter().any(|text| text.contains("canary")), "{}: what lies outside was read", row.case);
    let mut kinds: Vec<String> = gaps.into_iter().map(|gap| gap.kind.to_owned()).collect();
    objects.sort();
    kinds.sort();
    (objects, kinds)
}

#[test]
fn paths_and_links_are_taken_and_refused_as_argo_cd_does() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let (objects, gaps) = run(row);
        if objects != row.objects || gaps != row.gaps {
            wrong.push(format!("{} ({}): {objects:?}, {gaps:?}", row.case, row.source));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cases: BTreeSet<(&str, &str)> = ROWS.iter().map(|row| (row.case, row.source)).collect();
    assert_eq!(cases.len(), ROWS.len());
}
