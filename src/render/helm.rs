//! Helm in process: charts, values, capabilities and manifests, each value with the place where it was written.
//!
//! Two Helms are emulated, 3.19 and 4.2, each to the letter. Reads through `discover` only; starts nothing, fetches
//! nothing: a chart that is not at hand is said to be missing.

mod archive;
mod batch;
mod capabilities;
mod chart;
mod coalesce;
mod dependencies;
mod documents;
mod engine;
mod error;
mod ignore;
mod kinds;
mod load;
mod manifest;
mod metadata;
mod objects;
mod pattern;
mod remembered;
mod render;
mod schema;
mod semver;
mod shop;
mod strvals;
mod tree;
mod values;
mod version;

#[cfg(test)]
mod tests;

pub use batch::{BatchOptions, Kustomize, Mask, run_batch};
pub use capabilities::{Capabilities, KubeVersion};
pub use chart::{Bytes, Chart, ChartFile, Content, Missing};
pub use engine::Release;
pub use error::{Reason, RenderError};
pub use load::Loader;
pub use manifest::{Hook, Manifest};
pub use metadata::{Dependency, Import, Maintainer, Metadata, Said};
pub use render::{Printed, Request, effective_values, is_release_name, render};
pub use shop::{Job, Shop};
pub use values::{Parameter, ParameterKind, ValuesLayer};
pub use version::HelmVersion;
