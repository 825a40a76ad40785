//! Many charts in one run: JSON lines in, JSON lines out, without Argo CD around them.
//!
//! A line names a chart, values files and parameters; the answer has the objects, or Helm's reason. Charts and values files
//! are read once each, however many lines name them.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;

use super::shop::LINK;
use super::{HelmVersion, Job, Printed, Shop};
use crate::source::SourceMap;
use crate::yaml::{Node, write_list};

/// One line of output, but for its objects.
#[derive(Serialize)]
struct Answer {
    id: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    ms: f64,
    #[serde(skip)]
    objects: Option<Objects>,
}

/// What a line gave.
enum Objects {
    Printed(Printed),
    Built(Vec<Node>),
}

impl Objects {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Objects::Printed(printed) => {
                let nodes = printed.manifests.iter().map(|manifest| &manifest.node);
                write_list(b"[]", nodes, out, Node::write_json);
            }
            Objects::Built(nodes) => write_list(b"[]", nodes.iter(), out, Node::write_json),
        }
    }
}

/// Builds a kustomization: the objects, or the reason why not.
pub type Kustomize<'f> = dyn Fn(&Path) -> Result<Vec<Node>, String> + Sync + 'f;

/// Takes out of an object what is not to be shown.
pub type Mask<'f> = dyn Fn(&Node, &SourceMap) -> Node + Sync + 'f;

/// How a batch is run.
#[derive(Default)]
pub struct BatchOptions<'k> {
    /// The Helm to be.
    pub helm: HelmVersion,
    /// Lines that are worked on at a time; as many as there are processors where it is 0. Where the caller is a thread of a
    /// pool already, that pool decides.
    pub jobs: usize,
    /// Folders in which charts are looked for that others list and do not bring.
    pub charts: &'k [PathBuf],
    /// How often each line is rendered, everything read afresh; the time is the mean. 0 and 1 render once and share.
    pub repeat: u32,
    /// What builds kustomizations.
    pub kustomize: Option<&'k Kustomize<'k>>,
    /// What masks objects, and with them errors; without one everything is shown.
    pub mask: Option<&'k Mask<'k>>,
}

/// Nesting of template calls is bounded, and needs room.
const STACK: usize = 64 << 20;

/// Lines that are read before the first answers are written.
const AHEAD: usize = 64;

/// Reads jobs, one JSON object a line, and writes an answer for each, in order. The shop is one for these options.
///
/// # Errors
/// A line that is no job, with its number; reading and writing.
pub fn run_batch(
    input: impl BufRead,
    mut output: impl Write,
    options: &BatchOptions<'_>,
    shop: &Shop,
) -> std::io::Result<()> {
    let broken = |message: String| std::io::Error::new(std::io::ErrorKind::InvalidData, message);
    // Another pool would only keep this one's thread waiting.
    let pool = match rayon::current_thread_index() {
        Some(_) => None,
        None => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).stack_size(STACK).build();
            Some(pool.map_err(|error| broken(error.to_string()))?)
        }
    };
    let mut lines = input.lines().enumerate();
    let mut written = Vec::new();
    loop {
        let mut jobs: Vec<Job> = Vec::new();
        for (number, line) in lines.by_ref() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            jobs.push(serde_json::from_str(&line).map_err(|error| broken(format!("line {}: {error}", number + 1)))?);
            if jobs.len() == AHEAD {
                break;
            }
        }
        if jobs.is_empty() {
            return output.flush();
        }
        let stock = || {
            if options.repeat <= 1 {
                shop.stock(&jobs);
            }
        };
        let together = || {
            stock();
            let line = |job| {
                let mut line = Vec::new();
                write_line(&answer(job, shop, options), &mut line).map(|()| line)
            };
            jobs.par_iter().map(line).collect::<Result<Vec<_>, _>>()
        };
        let lines = match &pool {
            Some(pool) => pool.install(together)?,
            None if rayon::current_num_threads() > 1 => together()?,
            None => {
                // No answer waits for another: all are written in one and the same place.
                stock();
                for job in &jobs {
                    written.clear();
                    write_line(&answer(job, shop, options), &mut written)?;
                    output.write_all(&written)?;
                }
                Vec::new()
            }
        };
        for line in lines {
            output.write_all(&line)?;
        }
    }
}

fn write_line(answer: &Answer, line: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *line, answer)?;
    if let Some(objects) = &answer.objects {
        line.pop();
        line.extend_from_slice(b",\"objects\":");
        objects.write(line);
        line.push(b'}');
    }
    line.push(b'\n');
    Ok(())
}

fn answer(job: &Job, shop: &Shop, options: &BatchOptions<'_>) -> Answer {
    let start = Instant::now();
    let rounds = options.repeat.max(1);
    let mut result = Err("nothing to render: neither `chart` nor `kustomize`".to_owned());
    for _ in 0..rounds {
        result = match (&job.chart, &job.kustomize) {
            (Some(_), _) if options.repeat > 1 => print(job, &options.shop(), options),
            (Some(_), _) => print(job, shop, options),
            (None, Some(folder)) => match options.kustomize {
                Some(build) => build(folder).map(Objects::Built),
                None => Err("kustomizations are not built here".to_owned()),
            },
            (None, None) => break,
        };
    }
    let ms = start.elapsed().as_secs_f64() * 1000.0 / f64::from(rounds);
    let id = job.id.clone();
    match result {
        Ok(objects) => Answer { id, ok: true, error: None, ms, objects: Some(objects) },
        Err(error) => Answer { id, ok: false, error: Some(error), ms, objects: None },
    }
}

fn print(job: &Job, shop: &Shop, options: &BatchOptions<'_>) -> Result<Objects, String> {
    let mut printed = shop.print(job).map_err(|error| error.message)?;
    // An answer has no room for gaps: half of a chart is no answer.
    if let Some(link) = printed.gaps.iter().find(|gap| gap.kind == LINK) {
        return Err(link.message.clone());
    }
    if let Some(mask) = options.mask {
        for manifest in &mut printed.manifests {
            manifest.node = mask(&manifest.node, shop.sources());
        }
    }
    Ok(Objects::Printed(printed))
}

impl BatchOptions<'_> {
    /// A shop in which nothing was read yet.
    pub fn shop(&self) -> Shop {
        let shop = Shop::new(self.helm).with_charts(self.charts);
        if self.mask.is_some() { shop.quietly() } else { shop.without_origins() }
    }
}
