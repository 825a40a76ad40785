//! Chart archives: gzipped tar files, bounded in size, whose names cannot lead out (`pkg/chart/loader/archive.go`).

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::error::{Reason, RenderError};

/// Bytes that an archive may unpack to.
const MOST_BYTES: u64 = 100 << 20;
/// Bytes that one of its files may have; also of a file in a chart's folder.
pub(super) const MOST_FILE_BYTES: u64 = 5 << 20;
/// Files that an archive may have: empty ones cost no bytes.
const MOST_FILES: usize = 100_000;

/// A file of an archive, by its path in the chart.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Unpacks an archive in memory.
///
/// # Errors
/// Helm's text.
pub(super) fn unpack(archive: &[u8]) -> Result<Vec<Member>, RenderError> {
    if !archive.starts_with(b"\x1f\x8b") {
        return Err(RenderError::refused(if archive.len() < 10 { "EOF" } else { "gzip: invalid header" }));
    }
    let broken = |error: std::io::Error| RenderError::refused(error.to_string());
    let mut tar = tar::Archive::new(MultiGzDecoder::new(archive).take(2 * MOST_BYTES));
    let mut members = Vec::new();
    let mut remaining = MOST_BYTES;
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let said = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() || said.ends_with('/') || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        let name = inner_name(&said)?;
        let size = if kind.is_symlink() || kind.is_hard_link() { 0 } else { entry.size() };
        if size > remaining {
            let message = format!("decompressed chart is larger than the maximum file size {MOST_BYTES}");
            return Err(RenderError::refused(message));
        }
        if size > MOST_FILE_BYTES {
            let message =
                format!("decompressed chart file {said:?} is larger than the maximum file size {MOST_FILE_BYTES}");
            return Err(RenderError::refused(message));
        }
        if members.len() == MOST_FILES {
            return Err(RenderError::new(Reason::Exceeded, format!("a chart archive of more than {MOST_FILES} files")));
        }
        let mut bytes = Vec::new();
        if size > 0 {
            entry.by_ref().take(size).read_to_end(&mut bytes).map_err(broken)?;
        }
        remaining -= bytes.len() as u64;
        members.push(Member { name, bytes });
    }
    if members.is_empty() {
        return Err(RenderError::refused("no files in chart archive"));
    }
    Ok(members)
}

/// The path in the chart of a member that lies in the chart's folder.
fn inner_name(said: &str) -> Result<String, RenderError> {
    let refused = |message: &str| Err(RenderError::refused(message));
    let delimiter = if said.contains('\\') { '\\' } else { '/' };
    let (folder, inner) = said.split_once(delimiter).unwrap_or((said, ""));
    let inner = inner.replace(delimiter, "/");
    if inner.starts_with('/') {
        return refused("chart illegally contains absolute paths");
    }
    let name = clean(&inner);
    if name == "." {
        let message = format!("chart illegally contains content outside the base directory: {said:?}");
        return Err(RenderError::refused(message));
    }
    if name.starts_with("..") {
        return refused("chart illegally references parent directory");
    }
    let bytes = name.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/' {
        return refused("chart contains illegally named files");
    }
    if folder == "Chart.yaml" {
        return refused("chart yaml not in base directory");
    }
    Ok(name)
}

/// Go's `path.Clean` of a relative path.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    /// An archive of these files.
    pub(in super::super) fn pack(files: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            let field = &mut header.as_old_mut().name;
            field[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar.into_inner().unwrap()).unwrap();
        gzip.finish().unwrap()
    }

    fn names(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let members = unpack(&pack(files)).map_err(|error| error.message)?;
        Ok(members.into_iter().map(|member| member.name).collect())
    }

    #[test]
    fn names_stay_inside() {
        assert_eq!(names(&[("web/Chart.yaml", "x"), ("web/a/./b", "")]), Ok(vec!["Chart.yaml".into(), "a/b".into()]));
        assert_eq!(names(&[("web\\templates\\a.yaml", "x")]), Ok(vec!["templates/a.yaml".into()]));
        assert!(names(&[("web/../../etc/passwd", "")]).unwrap_err().contains("parent directory"));
        assert!(names(&[("web//etc/passwd", "")]).unwrap_err().contains("absolute"));
        assert!(names(&[("web/c:/x", "")]).unwrap_err().contains("illegally named"));
        assert!(names(&[("Chart.yaml", "")]).unwrap_err().contains("outside the base directory"));
        assert!(names(&[]).unwrap_err().contains("no files"));
    }

    #[test]
    fn large_files_are_refused() {
        let large = " ".repeat(MOST_FILE_BYTES as usize + 1);
        assert!(names(&[("web/a", &large)]).unwrap_err().contains("maximum file size 5242880"));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert_eq!(unpack(b"apiVersion: v2\nname: x").unwrap_err_message(), "gzip: invalid header");
    }

    trait Message {
        fn unwrap_err_message(self) -> String;
    }

    impl Message for Result<Vec<Member>, RenderError> {
        fn unwrap_err_message(self) -> String {
            self.err().unwrap().message
        }
    }
}
