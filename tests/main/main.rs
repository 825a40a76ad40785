//! The integration tests, one binary: a module for each theme.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod applicationsets;
mod bounds;
mod canary;
mod cli;
mod fleet;
mod formats;
mod hostile;
mod kustomize;
mod repos;
mod repositories;
mod rules;
mod tidy;
