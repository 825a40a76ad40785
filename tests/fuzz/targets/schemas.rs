//! Values of a chart held against its values.schema.json: the answer comes in time, and is the same again.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use schemaward::discover::Repository;
use schemaward::render::helm::{Capabilities, HelmVersion, Loader, Release, Request, render};
use schemaward::source::RepoPath;
use schemaward_fuzz::{budget, on_a_stack, parts};

fuzz_target!(|data: &[u8]| {
    let Some((_, given)) = parts::<2>(data) else { return };
    on_a_stack(|| assert_eq!(check(&given), check(&given), "one schema gives two answers"));
});

/// Why the values are refused, or what was not checked.
fn check([schema, values]: &[String; 2]) -> Option<String> {
    let tree = Repository::from_texts(vec![
        ("a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        ("a/values.schema.json", schema),
        ("a/values.yaml", values),
    ]);
    let place = RepoPath::new("a").expect("a path");
    let chart = Loader::new(HelmVersion::V4).load(&tree, &place, &budget()).map(Arc::new).ok()?;
    let capabilities = Capabilities::new(HelmVersion::V4, None, &[]).ok()?;
    let release = Release::new("release-name", "default");
    let request = Request {
        chart: &chart,
        release: &release,
        layers: &[],
        parameters: &[],
        capabilities: &capabilities,
        include_crds: true,
        skip_tests: false,
        skip_schema: false,
        without_missing: true,
        origins: false,
    };
    Some(match render(&request, &budget()) {
        Ok(printed) => printed.gaps.iter().map(|gap| gap.message.as_str()).collect(),
        Err(error) => error.message,
    })
}
