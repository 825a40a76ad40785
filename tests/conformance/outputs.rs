//! The outputs of Helm's own tests of `helm template` (`pkg/cmd/testdata`), and what its `template_test.go` asks for each.

use std::path::Path;

use serde_json::{Value, json};

use super::Failure;
use super::goldens::{Golden, documents};

/// What is asked besides the chart.
#[derive(Clone, Copy, Default)]
struct Row {
    chart: &'static str,
    output: &'static str,
    set: &'static [&'static str],
    values: &'static [&'static str],
    release: &'static str,
    kube_version: &'static str,
    api_versions: &'static [&'static str],
    include_crds: bool,
    skip_tests: bool,
    show: &'static [&'static str],
}

/// A row that asks for nothing special.
const fn row(chart: &'static str, output: &'static str) -> Row {
    Row {
        chart,
        output,
        set: &[],
        values: &[],
        release: "",
        kube_version: "1.20.0",
        api_versions: &[],
        include_crds: false,
        skip_tests: false,
        show: &[],
    }
}

const SUB: &str = "subchart";

/// All rows but the one that names no chart, those for `--debug`, which prints more, and completions.
const ROWS: &[Row] = &[
    row(SUB, "template"),
    Row { set: &["service.name=apache"], ..row(SUB, "template-set") },
    Row { values: &["subchart/charts/subchartA/values.yaml"], ..row(SUB, "template-values-files") },
    // The name that the template of the name gives.
    Row { release: "foobar-ywjj-baz", ..row(SUB, "template-name-template") },
    row("lib-chart", "template-lib-chart"),
    row("chart-bad-type", "template-chart-bad-type"),
    row("chart-with-template-lib-dep", "template-chart-with-template-lib-dep"),
    row("chart-with-template-lib-archive-dep", "template-chart-with-template-lib-archive-dep"),
    Row { kube_version: "1.16.0", ..row(SUB, "template-with-kube-version") },
    Row { api_versions: &["helm.k8s.io/test", "helm.k8s.io/test2"], ..row(SUB, "template-with-api-version") },
    Row { include_crds: true, ..row(SUB, "template-with-crds") },
    Row { show: &["templates/service.yaml"], ..row(SUB, "template-show-only-one") },
    Row {
        show: &["templates/service.yaml", "charts/subcharta/templates/service.yaml"],
        ..row(SUB, "template-show-only-multiple")
    },
    Row { show: &["templates/subdir/role*"], ..row(SUB, "template-show-only-glob") },
    row("object-order", "object-order"),
    row("chart-with-template-with-invalid-yaml", "template-with-invalid-yaml"),
    row("chart-with-template-with-invalid-template-expr", "template-with-invalid-template-expr-debug-show-only"),
    Row { skip_tests: true, ..row(SUB, "template-skip-tests") },
    row("issue-9027", "issue-9027"),
    Row { set: &["configmap.enabled=true", "subchartb.enabled=true"], ..row(SUB, "template-subchart-cm") },
    Row {
        set: &["configmap.enabled=true", "subchartb.enabled=true", "configmap.value=baz"],
        ..row(SUB, "template-subchart-cm-set")
    },
    Row { values: &["subchart/extra_values.yaml"], ..row(SUB, "template-subchart-cm-set-file") },
];

/// The rows with their outputs, from a checkout of Helm.
pub(crate) fn goldens(folder: &Path) -> Result<Vec<Golden>, Failure> {
    let data = folder.join("pkg/cmd/testdata");
    let charts = data.join("testcharts");
    let golden = |row: &Row| -> Result<Golden, Failure> {
        let text = std::fs::read_to_string(data.join("output").join(row.output).with_extension("txt"))?;
        let values: Vec<_> = row.values.iter().map(|file| charts.join(file)).collect();
        let job: Value = json!({
            "id": format!("{} {}", row.chart, row.output), "chart": charts.join(row.chart), "values": values,
            "set": row.set, "release": row.release, "kubeVersion": row.kube_version, "apiVersions": row.api_versions,
            "includeCRDs": row.include_crds, "skipTests": row.skip_tests,
        });
        // What follows the reader's words is the command line's.
        let answer = match text.strip_prefix("Error: ") {
            Some(error) => Err(error.split("yaml: ").next().unwrap_or(error).trim_end().to_owned()),
            None => Ok(documents(&text)),
        };
        Ok(Golden { job, show: row.show.to_vec(), files: 1, answer, aside: &[], ordered: row.show.len() < 2 })
    };
    ROWS.iter().map(golden).collect()
}
