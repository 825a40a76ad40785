//! Where things are written: paths inside the repository, texts, spans and places.
//!
//! `RepoPath` is the only way to name a file and cannot lead out of the repository. `SourceMap` keeps the texts that were
//! read, so that a span can be shown as a place or an excerpt. Nothing here opens a file: that is `discover`'s.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

/// A path inside the repository under audit: relative, `/`-separated, normalised, without `..`. The root is `""`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// Why a text is no path inside the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `..` went above the repository's root.
    #[error("the path `{0}` leads out of the repository")]
    Outside(String),
    /// The text holds a NUL byte or is otherwise no path.
    #[error("the path `{0}` is not usable")]
    Unusable(String),
}

impl RepoPath {
    /// The repository's root.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// Reads a path that is relative to the repository's root. A leading `/` means the root, as Argo CD reads it.
    pub fn new(text: &str) -> Result<Self, PathError> {
        Self::root().join(text)
    }

    /// Resolves `relative` from this folder; a leading `/` starts at the repository's root.
    ///
    /// A path that leaves the root is refused even if it comes back (`argo-cd util/app/path/path.go`).
    pub fn join(&self, relative: &str) -> Result<Self, PathError> {
        if relative.contains('\0') {
            return Err(PathError::Unusable(relative.replace('\0', "\\0")));
        }
        let absolute = relative.starts_with('/');
        let mut parts: Vec<&str> = if absolute { Vec::new() } else { self.segments().collect() };
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return Err(PathError::Outside(relative.to_owned()));
                    }
                }
                name => parts.push(name),
            }
        }
        Ok(Self(parts.join("/").into()))
    }

    /// The path as text, `/`-separated, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the repository's root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last segment; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// The ending after the last dot of the file name, without the dot.
    pub fn extension(&self) -> Option<&str> {
        let name = self.file_name();
        name.rfind('.').filter(|&dot| dot > 0).map(|dot| &name[dot + 1..])
    }

    /// The folder that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<RepoPath> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rfind('/').map_or("", |slash| &self.0[..slash]).into()))
    }

    /// The segments from the root down.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|s| !s.is_empty())
    }

    /// Whether this path is `folder` itself or lies below it.
    pub fn is_within(&self, folder: &RepoPath) -> bool {
        folder.is_root()
            || *self == *folder
            || (self.0.starts_with(&*folder.0) && self.0.as_bytes().get(folder.0.len()) == Some(&b'/'))
    }

    /// What remains of this path below `folder`.
    pub fn relative_to(&self, folder: &RepoPath) -> Option<&str> {
        if !self.is_within(folder) {
            return None;
        }
        Some(self.0[folder.0.len()..].trim_start_matches('/'))
    }
}

impl From<RepoPath> for Arc<str> {
    fn from(path: RepoPath) -> Self {
        path.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text in a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// A span of bytes `start..end`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { file, start: clip(start), end: clip(end.max(start)) }
    }

    /// The smallest span that covers both; spans of different texts give the first.
    pub fn cover(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A span as a person reads it. Lines and columns start at 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Line of the last character.
    pub end_line: usize,
    /// The column after the last character.
    pub end_column: usize,
}

/// Bytes between two places of a text up to which its characters were counted.
const STRIDE: usize = 1 << 10;

/// One text: a file of the repository, or a text that came with it (a member of a chart archive, say).
pub struct SourceFile {
    path: RepoPath,
    text: OnceLock<Arc<str>>,
    lines: OnceLock<Vec<u32>>,
    /// How many characters begin before each multiple of [`STRIDE`] bytes.
    characters: OnceLock<Vec<u32>>,
    masks: Mutex<Masks>,
}

impl SourceFile {
    fn new(path: RepoPath) -> Self {
        Self {
            path,
            text: OnceLock::new(),
            lines: OnceLock::new(),
            characters: OnceLock::new(),
            masks: Mutex::default(),
        }
    }

    /// The path by which people know this text.
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The text, if it was read.
    pub fn text(&self) -> Option<&str> {
        self.text.get().map(|text| &**text)
    }

    /// Byte offsets at which lines begin.
    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let text = self.text().unwrap_or("");
            let after = text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i as u32 + 1);
            std::iter::once(0).chain(after).collect()
        })
    }

    /// Line (from 1) and column in characters (from 1) of a byte.
    fn position(&self, byte: u32) -> (usize, usize) {
        let text = self.text().unwrap_or("");
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= byte).max(1);
        let start = starts[line - 1] as usize;
        let mut end = (byte as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        (line, self.characters(end) - self.characters(start.min(end)) + 1)
    }

    /// How many characters begin before a byte: a line may be as long as a file.
    fn characters(&self, byte: usize) -> usize {
        let begin = |bytes: &[u8]| bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count();
        let text = self.text().unwrap_or("").as_bytes();
        let known = self.characters.get_or_init(|| {
            let mut sum = 0;
            let upto = text.chunks(STRIDE).map(|piece| {
                sum += begin(piece) as u32;
                sum
            });
            std::iter::once(0).chain(upto).collect()
        });
        let stride = byte / STRIDE;
        known[stride] as usize + begin(&text[stride * STRIDE..byte])
    }

    /// The bytes of a line (from 1) without its end.
    fn line_bytes(&self, line: usize) -> std::ops::Range<usize> {
        let text = self.text().unwrap_or("");
        let starts = self.line_starts();
        let Some(&start) = line.checked_sub(1).and_then(|i| starts.get(i)) else { return 0..0 };
        let end = starts.get(line).map_or(text.len(), |&next| next as usize);
        let start = start as usize;
        start..start + text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The text of a line (from 1) without its end, with secrets blotted out.
    pub fn line(&self, line: usize) -> String {
        let bytes = self.line_bytes(line);
        let masks = self.masks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let masked = |byte: usize| masks.covers(byte as u32, byte as u32 + 1);
        let text = self.text().unwrap_or("")[bytes.clone()].char_indices();
        text.map(|(i, c)| if masked(bytes.start + i) && !c.is_whitespace() { '*' } else { c }).collect()
    }

    /// The text of a line (from 1) without its end, secrets included: for reading, never for showing.
    pub fn raw_line(&self, line: usize) -> &str {
        &self.text().unwrap_or("")[self.line_bytes(line)]
    }
}

/// Ranges of bytes, apart from each other and in order.
#[derive(Default)]
struct Masks(Vec<(u32, u32)>);

impl Masks {
    fn add(&mut self, mut from: u32, mut to: u32) {
        if from >= to {
            return;
        }
        let first = self.0.partition_point(|&(_, end)| end < from);
        let last = self.0.partition_point(|&(start, _)| start <= to);
        if let Some(&(start, _)) = self.0.get(first).filter(|_| first < last) {
            from = from.min(start);
            to = to.max(self.0[last - 1].1);
        }
        self.0.splice(first..last, [(from, to)]);
    }

    fn covers(&self, from: u32, to: u32) -> bool {
        let next = self.0.partition_point(|&(_, end)| end <= from);
        self.0.get(next).is_some_and(|&(start, _)| start < to)
    }
}

/// Every text that an audit may point into.
///
/// The repository's files are known from the start, in path order, and filled in when `discover` reads them; texts that
/// come later (members of archives) are appended.
#[derive(Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
    later: RwLock<Vec<Arc<SourceFile>>>,
}

impl SourceMap {
    /// A map of the given files, none of them read yet.
    pub fn new(paths: impl IntoIterator<Item = RepoPath>) -> Self {
        Self {
            files: paths.into_iter().map(|path| Arc::new(SourceFile::new(path))).collect(),
            later: RwLock::default(),
        }
    }

    /// Adds a text that is no file of the repository, or (in tests) any text.
    pub fn add(&self, path: RepoPath, text: impl Into<Arc<str>>) -> FileId {
        let file = SourceFile::new(path);
        let _ = file.text.set(text.into());
        let mut later = self.later.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        later.push(Arc::new(file));
        FileId((self.files.len() + later.len() - 1) as u32)
    }

    /// Adds files that may be read later; gives the id of the first, the others follow it.
    pub fn announce(&self, paths: impl IntoIterator<Item = RepoPath>) -> FileId {
        let mut later = self.later.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let first = FileId((self.files.len() + later.len()) as u32);
        later.extend(paths.into_iter().map(|path| Arc::new(SourceFile::new(path))));
        first
    }

    /// The ids of all texts, those of files that were not read among them.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        let later = self.later.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        (0..(self.files.len() + later.len()) as u32).map(FileId)
    }

    /// Whether an id is one of this map; texts that are only rendered have numbers beyond.
    pub fn has(&self, id: FileId) -> bool {
        let later = self.later.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        (id.0 as usize) < self.files.len() + later.len()
    }

    /// The text behind an id of this map; an empty one without a name for an id of no map (a flag's value).
    pub fn file(&self, id: FileId) -> Arc<SourceFile> {
        let at = id.0 as usize;
        if let Some(file) = self.files.get(at) {
            return Arc::clone(file);
        }
        let later = self.later.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let unknown = || Arc::new(SourceFile::new(RepoPath::root()));
        later.get(at - self.files.len()).map_or_else(unknown, Arc::clone)
    }

    /// The text of a file, if it was read.
    pub fn text(&self, id: FileId) -> Option<Arc<str>> {
        self.file(id).text.get().cloned()
    }

    /// Keeps the text of a file once it was read; the first reading stays.
    pub fn fill(&self, id: FileId, text: Arc<str>) -> Arc<str> {
        Arc::clone(self.file(id).text.get_or_init(|| text))
    }

    /// The part of a text that a span covers, secrets included: for reading, never for showing.
    pub fn slice(&self, span: Span) -> Option<String> {
        self.text(span.file)?.get(span.start as usize..span.end as usize).map(str::to_owned)
    }

    /// Makes the text of a span unreadable in every excerpt from now on.
    pub fn mask(&self, span: Span) {
        let file = self.file(span.file);
        file.masks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(span.start, span.end);
    }

    /// Whether any of the text of a span was made unreadable.
    pub fn is_masked(&self, span: Span) -> bool {
        let file = self.file(span.file);
        let masks = file.masks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        masks.covers(span.start, span.end)
    }

    /// The path of the text behind an id.
    pub fn path(&self, id: FileId) -> RepoPath {
        self.file(id).path.clone()
    }

    /// A span as a place for people.
    pub fn place(&self, span: Span) -> Place {
        let file = self.file(span.file);
        let (line, column) = file.position(span.start);
        let (end_line, end_column) = file.position(span.end);
        Place { path: file.path.clone(), line, column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let base = RepoPath::new("apps/web").unwrap();
        assert_eq!(base.join("../db/./x.yaml").unwrap().as_str(), "apps/db/x.yaml");
        assert_eq!(base.join("/top.yaml").unwrap().as_str(), "top.yaml");
        assert!(base.join("../../../etc/passwd").is_err());
        assert!(base.join("../../../apps/web").is_err(), "leaving and coming back is leaving");
        assert!(base.is_within(&RepoPath::new("apps").unwrap()));
        assert!(!base.is_within(&RepoPath::new("app").unwrap()));
        assert_eq!(base.relative_to(&RepoPath::new("apps").unwrap()), Some("web"));
    }

    #[test]
    fn places_count_characters_from_one() {
        let map = SourceMap::default();
        let id = map.add(RepoPath::new("a.yaml").unwrap(), "a: é x\nb: 2\n");
        let place = map.place(Span::new(id, 6, 7));
        assert_eq!((place.line, place.column, place.end_column), (1, 6, 7));
        assert_eq!(map.place(Span::new(id, 8, 9)).line, 2);
    }

    #[test]
    fn places_on_long_lines_are_those_of_short_ones() {
        let text = "aé漢😀\n".repeat(STRIDE) + &"aé漢😀".repeat(STRIDE);
        let map = SourceMap::default();
        let id = map.add(RepoPath::new("a.yaml").unwrap(), text.as_str());
        let (mut line, mut column) = (1, 1);
        for (at, c) in text.char_indices() {
            let place = map.place(Span::new(id, at, at + c.len_utf8()));
            assert_eq!((place.line, place.column), (line, column), "byte {at}");
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        assert_eq!(map.place(Span::new(id, text.len(), text.len() + 9)).end_column, column);
    }

    #[test]
    fn masks_may_overlap_and_come_in_any_order() {
        let mut masks = Masks::default();
        for (from, to) in [(10, 12), (2, 4), (20, 30), (3, 6), (11, 21), (40, 40)] {
            masks.add(from, to);
        }
        let covered: Vec<u32> = (0..50).filter(|&byte| masks.covers(byte, byte + 1)).collect();
        let expected: Vec<u32> = (2..6).chain(10..30).collect();
        assert_eq!(covered, expected);
        assert!(masks.covers(0, 3) && masks.covers(29, 31) && !masks.covers(6, 10) && !masks.covers(30, 99));
    }

    #[test]
    fn masked_text_is_blotted_out() {
        let map = SourceMap::default();
        let id = map.add(RepoPath::new("a.yaml").unwrap(), "password: hunter2\n");
        map.mask(Span::new(id, 10, 17));
        assert_eq!(map.file(id).line(1), "password: *******");
    }
}
