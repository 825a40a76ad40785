//! `render --batch` by itself, for measuring: JSON lines in, JSON lines out.
use std::io::{stdin, stdout};

use schemaward::render::helm::{BatchOptions, HelmVersion, run_batch};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let mut options = BatchOptions { jobs: 1, ..BatchOptions::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "3" => options.helm = HelmVersion::V3,
            "4" => options.helm = HelmVersion::V4,
            "--repeat" => options.repeat = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1),
            other => return Err(std::io::Error::other(format!("what is `{other}`?"))),
        }
    }
    run_batch(stdin().lock(), stdout().lock(), &options, &options.shop())
}
