//! Where output goes: standard output or a file, coloured or not, as wide as the screen.

use std::io::{IsTerminal, Write};
use std::panic::PanicHookInfo;

use super::{Color, Exit, Global, Refusal};
use crate::output::harmless;
use crate::output::table::Layout;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 100;

/// How to lay out tables for where they go.
pub(super) fn layout(global: &Global) -> Layout {
    let stdout = std::io::stdout();
    let to_file = global.output.is_some();
    let color = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !to_file && anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never,
    };
    let screen = if to_file || !stdout.is_terminal() { None } else { std::env::var("COLUMNS").ok() };
    let width = screen.and_then(|columns| columns.parse().ok()).map_or(WIDTH, |columns: usize| columns.clamp(60, 200));
    Layout { color, width, verbose: global.verbose }
}

/// Writes a report to where it was asked for.
pub(super) fn write(text: &str, global: &Global) -> Result<(), Refusal> {
    let Some(path) = &global.output else {
        let mut stdout = std::io::stdout().lock();
        return match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                Err(Refusal::File { path: "standard output".into(), verb: "written", reason: error.to_string() })
            }
            Ok(()) => Ok(()),
        };
    };
    std::fs::write(path, text).map_err(|error| Refusal::File {
        path: path.display().to_string(),
        verb: "written",
        reason: error.to_string(),
    })
}

/// Where a report goes that is written as it comes.
pub(super) fn open(global: &Global) -> Result<Box<dyn Write>, Refusal> {
    let Some(path) = &global.output else { return Ok(Box::new(std::io::BufWriter::new(std::io::stdout()))) };
    let refusal = |error: std::io::Error| Refusal::File {
        path: path.display().to_string(),
        verb: "written",
        reason: error.to_string(),
    };
    Ok(Box::new(std::io::BufWriter::new(std::fs::File::create(path).map_err(refusal)?)))
}

/// Says on standard error why the run is worthless.
pub(super) fn refuse(reason: &str) -> Exit {
    let lines: Vec<_> = reason.lines().map(harmless::text).collect();
    let _ = writeln!(std::io::stderr(), "error: {}", lines.join("\n"));
    Exit::Worthless
}

/// Says on standard error what a reader should not overlook, unless told to be quiet.
pub(super) fn remark(remark: &str, global: &Global) {
    if !global.quiet {
        let _ = writeln!(std::io::stderr(), "note: {}", harmless::text(remark));
    }
}

/// The panic hook. The payload is left out: it may hold text of the repository, secrets included.
pub(super) fn panicked(info: &PanicHookInfo<'_>) {
    if crate::yaml::gives_up_on_words() {
        return;
    }
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    let _ = writeln!(
        std::io::stderr(),
        "error: schemaward {} broke{place}; this is a defect, please report it with this line",
        env!("CARGO_PKG_VERSION")
    );
}
