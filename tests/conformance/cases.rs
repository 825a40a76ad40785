//! Kustomizations with the real program's answers beside them: `fixtures/kustomize/*.cases`, many small trees in one text.
//!
//! `== shared ==` begins files that every case has, `== name: folder options ==` a case: what is built and how.
//! `-- path --` begins a file, `-- path = "..." --` is a file with its text as a JSON string, for line ends and characters that an editor
//! would lose. A file `.source.yaml` is an Application's `spec.source.kustomize`; `.expanded.yaml` is the same with its build
//! environment filled in by hand, for the program that asks the real Kustomize.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A tree and what is asked of it.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Its name, the key of its answer.
    pub name: String,
    /// The folder that is built.
    pub folder: String,
    /// Options of `kustomize build`.
    pub flags: String,
    /// Texts by path.
    pub files: BTreeMap<String, String>,
}

/// What the real program said.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// The case's name.
    pub case: String,
    /// The objects, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<Json>>,
    /// Or why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The cases of a text.
pub fn read(text: &str) -> Result<Vec<Case>, String> {
    let mut shared = BTreeMap::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut in_shared = false;
    let mut open: Option<String> = None;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let wrong = |what: &str| format!("line {}: {what}", number + 1);
        let bare = line.strip_suffix('\n').unwrap_or(line);
        if let Some(head) = bare.strip_prefix("== ").and_then(|rest| rest.strip_suffix(" ==")) {
            open = None;
            in_shared = head == "shared";
            if !in_shared {
                let (name, how) = head.split_once(": ").ok_or_else(|| wrong("a case without a folder"))?;
                let (folder, flags) = how.split_once(' ').unwrap_or((how, ""));
                let (name, folder, flags) = (name.to_owned(), folder.to_owned(), flags.to_owned());
                cases.push(Case { name, folder, flags, files: shared.clone() });
            }
            continue;
        }
        let files = match cases.last_mut() {
            _ if in_shared => &mut shared,
            Some(case) => &mut case.files,
            None if bare.is_empty() || bare.starts_with('#') => continue,
            None => return Err(wrong("a file before the first case")),
        };
        if let Some(head) = bare.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            if let Some((path, content)) = head.split_once(" = ") {
                let content: String = serde_json::from_str(content).map_err(|error| wrong(&error.to_string()))?;
                files.insert(path.to_owned(), content);
                open = None;
            } else {
                files.insert(head.to_owned(), String::new());
                open = Some(head.to_owned());
            }
            continue;
        }
        match open.as_ref().and_then(|path| files.get_mut(path)) {
            Some(content) => content.push_str(line),
            None if bare.is_empty() || bare.starts_with('#') => {}
            None => return Err(wrong("a line outside of files")),
        }
    }
    Ok(cases)
}

/// Whether two refusals have the same reason: what comes last in Go's chain of errors, in as many words as ours has, or the
/// whole of ours somewhere in theirs. Quotes, paths and where a line is do not count.
pub fn same_reason(ours: &str, theirs: &str) -> bool {
    let plain = |text: &str| {
        let kept: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        kept.split_whitespace().filter(|word| !word.chars().all(|c| c.is_ascii_digit())).collect::<Vec<_>>().join(" ")
    };
    let (ours, theirs) = (ours.trim(), theirs.trim());
    let last = |text: &str| plain(text.rsplit(": ").next().unwrap_or(text));
    let all = plain(theirs);
    all.contains(&plain(ours)) || all.contains(&last(ours)) || plain(ours).contains(&last(theirs))
}
