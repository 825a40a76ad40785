//! Values of a chart, of its sub-chart and of its user, laid over each other, with parameters on top; both Helms.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use schemaward::discover::Repository;
use schemaward::render::helm::{
    Capabilities, HelmVersion, Loader, Parameter, ParameterKind, Release, Request, ValuesLayer, effective_values,
    render,
};
use schemaward::source::{FileId, RepoPath, Span};
use schemaward::yaml::{Node, Origin, Role};
use schemaward_fuzz::{budget, on_a_stack, parts};

const TEMPLATE: &str = "kind: A\nvalues: {{ .Values | toJson }}\nyaml: {{ .Values | toYaml | nindent 2 }}\n";

fuzz_target!(|data: &[u8]| {
    let Some((choice, given)) = parts::<6>(data) else { return };
    on_a_stack(|| merge(if choice & 1 == 0 { HelmVersion::V3 } else { HelmVersion::V4 }, &given));
});

fn merge(helm: HelmVersion, [own, below, dependencies, first, second, parameters]: &[String; 6]) {
    let chart = format!("apiVersion: v2\nname: a\nversion: 1.0.0\n{dependencies}");
    let tree = Repository::from_texts(vec![
        ("a/Chart.yaml", &chart),
        ("a/values.yaml", own),
        ("a/templates/a.yaml", TEMPLATE),
        ("a/charts/b/Chart.yaml", "apiVersion: v2\nname: b\nversion: 1.0.0\n"),
        ("a/charts/b/values.yaml", below),
        ("a/charts/b/templates/b.yaml", TEMPLATE),
    ]);
    let place = RepoPath::new("a").expect("a path");
    let Ok(chart) = Loader::new(helm).load(&tree, &place, &budget()).map(Arc::new) else { return };
    let layer = |text: &str| ValuesLayer::read("f", FileId(100), &Arc::from(text), helm, &budget());
    let (Ok(first), Ok(second)) = (layer(first), layer(second)) else { return };
    let origin = Origin::of(Role::Parameter, Span::new(FileId(101), 0, 0));
    let parameters: Vec<Parameter> = parameters.lines().map(|line| parameter(line, &origin)).collect();
    let Ok(capabilities) = Capabilities::new(helm, None, &[]) else { return };
    let release = Release::new("release-name", "default");
    let request = Request {
        chart: &chart,
        release: &release,
        layers: &[&first, &second],
        parameters: &parameters,
        capabilities: &capabilities,
        include_crds: true,
        skip_tests: false,
        skip_schema: false,
        without_missing: true,
        origins: true,
    };
    let values = effective_values(&request, &budget());
    let _ = render(&request, &budget());
    if let (Ok(values), true, Some(top)) = (values, parameters.is_empty(), second.documents().last()) {
        kept(top, &values);
    }
}

fn parameter(line: &str, origin: &Origin) -> Parameter {
    let origin = origin.clone();
    match line.split_once(':') {
        Some(("json", text)) => Parameter::of_kind(ParameterKind::Json, text, origin),
        Some(("string", text)) => Parameter::of_kind(ParameterKind::String, text, origin),
        Some(("literal", text)) => Parameter::of_kind(ParameterKind::Literal, text, origin),
        Some(("file", text)) => {
            let plain = Parameter::of_kind(ParameterKind::Set, text, origin.clone());
            let read = |path: &str| if path.is_empty() { Err("no name".to_owned()) } else { Ok(path.into()) };
            Parameter::set_file(text, read, HelmVersion::V4, origin).unwrap_or(plain)
        }
        _ => Parameter::of_kind(ParameterKind::Set, line, origin),
    }
}

/// What the last layer says of the chart itself is there, and scalars are what it says.
fn kept(top: &Node, values: &Node) {
    for entry in top.as_map().iter().flat_map(|map| &map.entries) {
        // A sub-chart and its aliases, and what is shared with it, are merged in ways of their own.
        if entry.value.is_null() || entry.value.as_map().is_some() || &*entry.key == "global" {
            continue;
        }
        let found = values.get(&entry.key);
        let found = found.unwrap_or_else(|| panic!("the key `{}` of the last layer is gone", entry.key));
        assert!(found.same_data(&entry.value), "the value of `{}` is not the last layer's", entry.key);
    }
}
