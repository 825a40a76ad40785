//! How long one run of `render --batch` takes for many jobs, beside starting the other program for each of them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value as Json;

/// Runs of ours, of which the fastest counts: the first finds files on the disk that the other program had found already.
const RUNS: usize = 5;

/// Prints, for jobs that the other program does, the time of all and the ratios. A job is a line of the batch and what starts
/// the other program for it.
pub fn measure(ours: &Path, arguments: &[&str], name: &str, jobs: Vec<(Json, Command)>) -> std::io::Result<String> {
    let mut done: Vec<(Json, f64)> = Vec::new();
    for (job, mut command) in jobs {
        let started = Instant::now();
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        let ms = milliseconds(started);
        if status.success() {
            done.push((job, ms));
        }
    }
    let lines: String = done.iter().map(|(job, _)| format!("{job}\n")).collect();
    let total = (0..RUNS).map(|_| batch(ours, arguments, &lines, Stdio::null())).collect::<Result<Vec<_>, _>>()?;
    let total = total.into_iter().map(|(ms, _)| ms).fold(f64::MAX, f64::min);
    // What each takes by itself, without another beside it.
    let (_, answers) = batch(ours, &[arguments, &["--jobs", "1"]].concat(), &lines, Stdio::piped())?;
    let mut ratios = Vec::new();
    let mut refused = 0;
    for ((job, ms), answer) in done.iter().zip(answers.lines()) {
        let answer: Json = serde_json::from_str(answer)?;
        assert_eq!(answer["id"], job["id"]);
        refused += usize::from(answer["ok"] != true);
        ratios.push(ms / answer["ms"].as_f64().unwrap_or(f64::MAX).max(0.001));
    }
    ratios.sort_by(f64::total_cmp);
    let all: f64 = done.iter().map(|(_, ms)| ms).sum();
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    Ok(format!(
        "{name}: {} jobs ({refused} not done by us), the other program {all:.0} ms, one batch {total:.1} ms: {:.0} times as \
         fast in all; each by itself {median:.0} times in the median, {:.0} at worst",
        done.len(),
        all / total.max(0.001),
        ratios.first().copied().unwrap_or_default()
    ))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// The time of a run, and its answers.
fn batch(ours: &Path, arguments: &[&str], lines: &str, answers: Stdio) -> std::io::Result<(f64, String)> {
    let started = Instant::now();
    let mut command = Command::new(ours);
    command.args(["render", "--batch", "-", "--show-secrets"]).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(answers).stderr(Stdio::null()).spawn()?;
    let input = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.map(|mut input| input.write_all(lines.as_bytes())));
        child.wait_with_output()
    })?;
    Ok((milliseconds(started), String::from_utf8_lossy(&output.stdout).into_owned()))
}
