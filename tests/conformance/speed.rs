//! How long one run of `render --batch` takes for many overlays, beside starting `kustomize build` for each of them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value as Json, json};

use super::real::Programs;

/// Prints, for overlays that both build, the time of all and the ratios.
pub fn measure(programs: &Programs, ours: &Path, name: &str, overlays: &[PathBuf]) -> std::io::Result<String> {
    let mut theirs: Vec<(PathBuf, f64)> = Vec::new();
    for overlay in overlays {
        let started = Instant::now();
        let output = programs.build(overlay, "")?;
        let ms = started.elapsed().as_secs_f64() * 1000.0;
        if output.status.success() {
            theirs.push((overlay.clone(), ms));
        }
    }
    let lines: String = theirs
        .iter()
        .map(|(overlay, _)| json!({"id": overlay.to_string_lossy(), "kustomize": overlay}).to_string() + "\n")
        .collect();
    let mut best: Option<(f64, String)> = None;
    // The first run finds the files on the disk, as the other program did not have to the second time.
    for _ in 0..3 {
        let started = Instant::now();
        let mut child = Command::new(ours)
            .args(["render", "--batch", "-", "--show-secrets", "--jobs", "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = child.stdin.take();
        let feeder = {
            let lines = lines.clone();
            std::thread::spawn(move || input.map(|mut input| input.write_all(lines.as_bytes())))
        };
        let output = child.wait_with_output()?;
        let ms = started.elapsed().as_secs_f64() * 1000.0;
        let _ = feeder.join();
        if best.as_ref().is_none_or(|(known, _)| ms < *known) {
            best = Some((ms, String::from_utf8_lossy(&output.stdout).into_owned()));
        }
    }
    let (total, answers) = best.unwrap_or_default();
    let mut ratios = Vec::new();
    let mut refused = 0;
    for ((overlay, ms), answer) in theirs.iter().zip(answers.lines()) {
        let answer: Json = serde_json::from_str(answer)?;
        assert_eq!(answer["id"], overlay.to_string_lossy().as_ref());
        refused += usize::from(answer["ok"] != true);
        ratios.push(ms / answer["ms"].as_f64().unwrap_or(f64::MAX).max(0.001));
    }
    ratios.sort_by(f64::total_cmp);
    let all: f64 = theirs.iter().map(|(_, ms)| ms).sum();
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    Ok(format!(
        "{name}: {} overlays ({refused} not built by us), kustomize {all:.0} ms, one batch {total:.0} ms: {:.0} times as fast in \
         all, {median:.0} times in the median, {:.0} at worst",
        theirs.len(),
        all / total.max(0.001),
        ratios.first().copied().unwrap_or_default()
    ))
}
