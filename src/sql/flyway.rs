//! Flyway's own rules: names and versions of scripts, locations, checksums, configuration.
//!
//! Held against Flyway 11.14.1 (`ResourceNameParser`, `MigrationVersion`, `LocationParser`, `ChecksumCalculator`,
//! `ConfigUtils`). Nothing here judges what a project should do.

mod checksum;
mod config;
mod location;
mod name;
mod version;

pub use checksum::checksum;
pub use config::{Config, Entry, key_of_argument, key_of_env, read_properties, read_toml};
pub use location::{Location, Store};
pub use name::{Fault, Naming, Script, ScriptKind, duplicates};
pub use version::Version;
