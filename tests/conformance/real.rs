//! The real Kustomize, called as Argo CD calls it: the edits of `spec.source.kustomize` one after the other, then the build
//! (`argo-cd util/kustomize/kustomize.go`).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use super::cases::{Answer, Case};

/// The programs.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `kustomize`
    pub kustomize: PathBuf,
    /// `helm`, for charts.
    pub helm: PathBuf,
}

impl Programs {
    /// The programs of a folder.
    pub fn of(folder: &Path) -> Self {
        Self { kustomize: folder.join("kustomize"), helm: folder.join("helm") }
    }

    /// What starts `kustomize build` of a folder.
    pub fn building(&self, folder: &Path, flags: &str) -> Command {
        let mut command = Command::new(&self.kustomize);
        command.arg("build").args(flags.split_whitespace());
        if flags.contains("--enable-helm") {
            command.arg("--helm-command").arg(&self.helm);
        }
        // Nothing may be fetched: what is not at hand is refused.
        command.env("http_proxy", "http://127.0.0.1:9").env("https_proxy", "http://127.0.0.1:9");
        command.arg(folder);
        command
    }

    /// What the real program says about a case.
    pub fn answer(&self, case: &Case) -> Result<Answer, String> {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let root = scratch.path().canonicalize().map_err(|error| error.to_string())?;
        for (path, text) in &case.files {
            let file = root.join(path);
            let parent = file.parent().unwrap_or(&root);
            std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&file, text)).map_err(|e| e.to_string())?;
        }
        let folder = root.join(&case.folder);
        let source = case.files.get(".expanded.yaml").or_else(|| case.files.get(".source.yaml"));
        let shown =
            |text: &str| text.replace(&format!("{}/", root.display()), "").replace(root.to_str().unwrap_or(" "), ".");
        let mut answer = Answer { case: case.name.clone(), ..Answer::default() };
        if let Some(source) = source {
            let source: Json = serde_yaml::from_str(source).map_err(|error| format!("{}: {error}", case.name))?;
            if let Err(error) = self.edit(&source, &root, &folder) {
                answer.error = Some(shown(said(&error)));
                return Ok(answer);
            }
        }
        let built = self.building(&folder, &case.flags).output().map_err(|error| error.to_string())?;
        if built.status.success() {
            answer.objects = Some(super::documents(&String::from_utf8_lossy(&built.stdout)));
        } else {
            answer.error = Some(shown(said(&String::from_utf8_lossy(&built.stderr))));
        }
        Ok(answer)
    }

    fn edit(&self, source: &Json, root: &Path, folder: &Path) -> Result<(), String> {
        let run = |arguments: Vec<String>| -> Result<(), String> {
            let output = Command::new(&self.kustomize).args(&arguments).current_dir(folder).output();
            let output = output.map_err(|error| error.to_string())?;
            if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
        };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let text = |key: &str| source[key].as_str().filter(|text| !text.is_empty());
        let flag = |key: &str| source[key].as_bool().unwrap_or(false);
        let list = |key: &str| source[key].as_array().cloned().unwrap_or_default();
        let pairs = |key: &str| {
            let map = source[key].as_object().cloned().unwrap_or_default();
            map.iter().map(|(key, value)| format!("{key}:{}", value.as_str().unwrap_or(""))).collect::<Vec<_>>()
        };
        for (key, what) in [("namePrefix", "nameprefix"), ("nameSuffix", "namesuffix")] {
            if let Some(text) = text(key) {
                run(words(&["edit", "set", what, "--", text]))?;
            }
        }
        let images = list("images");
        if !images.is_empty() {
            let mut line = words(&["edit", "set", "image"]);
            line.extend(images.iter().map(|image| image.as_str().unwrap_or("").to_owned()));
            run(line)?;
        }
        let replicas = list("replicas");
        if !replicas.is_empty() {
            let mut line = words(&["edit", "set", "replicas"]);
            for one in &replicas {
                let count = one["count"].as_i64().or_else(|| one["count"].as_str()?.parse().ok());
                let count = count.ok_or("expected integer value for count")?;
                line.push(format!("{}={count}", one["name"].as_str().unwrap_or("")));
            }
            run(line)?;
        }
        for (key, what, flags) in [
            (
                "commonLabels",
                "label",
                &[
                    ("forceCommonLabels", "--force"),
                    ("labelWithoutSelector", "--without-selector"),
                    ("labelIncludeTemplates", "--include-templates"),
                ][..],
            ),
            ("commonAnnotations", "annotation", &[("forceCommonAnnotations", "--force")][..]),
        ] {
            let pairs = pairs(key);
            if !pairs.is_empty() {
                let mut line = words(&["edit", "add", what]);
                line.extend(flags.iter().filter(|(key, _)| flag(key)).map(|(_, flag)| (*flag).to_owned()));
                line.extend(pairs);
                run(line)?;
            }
        }
        if let Some(namespace) = text("namespace") {
            run(words(&["edit", "set", "namespace", "--", namespace]))?;
        }
        let patches = list("patches");
        if !patches.is_empty() {
            append_patches(folder, patches)?;
        }
        let mut components = list("components");
        if flag("ignoreMissingComponents") {
            components.retain(|path| {
                let path = folder.join(path.as_str().unwrap_or("")).canonicalize();
                path.is_ok_and(|path| path.starts_with(root))
            });
        }
        if !components.is_empty() {
            let mut line = words(&["edit", "add", "component"]);
            line.extend(components.iter().map(|path| path.as_str().unwrap_or("").to_owned()));
            run(line)?;
        }
        Ok(())
    }
}

/// The error itself, without warnings before it and the usage behind it.
fn said(text: &str) -> &str {
    // Of a crash the stack is left out, which is never twice the same.
    if let Some(at) = text.find("fatal error: ") {
        return text[at..].lines().next().unwrap_or("");
    }
    if let Some(crash) = text.find("panic: ").and_then(|at| text[at..].split("\n\ngoroutine").next()) {
        return crash.trim();
    }
    let error = text.find("Error: ").map_or(text, |at| &text[at..]);
    error.split("\nUsage:").next().unwrap_or(error).trim()
}

/// There is no `edit` for patches: Argo CD appends them to the file itself.
fn append_patches(folder: &Path, more: Vec<Json>) -> Result<(), String> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let file = names.iter().map(|name| folder.join(name)).find(|file| file.exists());
    let file = file.ok_or("kustomization file not found in the path")?;
    let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let mut root = super::documents(&text).into_iter().next().unwrap_or(Json::Null);
    let map = root.as_object_mut().ok_or("expected kustomization.yaml to be type map[string]any, but got <nil>")?;
    match map.get_mut("patches") {
        Some(Json::Array(patches)) => patches.extend(more),
        Some(_) => return Err("expected 'patches' field in kustomization.yaml to be []any".to_owned()),
        None => {
            map.insert("patches".to_owned(), json!(more));
        }
    }
    std::fs::write(&file, root.to_string()).map_err(|error| error.to_string())
}
