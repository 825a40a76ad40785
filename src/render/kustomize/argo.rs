//! What Argo CD does to a kustomization before it builds it: the edits of `spec.source.kustomize`, and the options of the
//! command line from `argocd-cm`. Follows `argo-cd util/kustomize/kustomize.go` and Kustomize's `edit` commands.

use std::collections::HashSet;

use super::fail::{Fail, Outcome};
use super::files::Loader;
use super::globs;
use super::images::split_image;
use super::kustomization::{self, Image, Kustomization, Labels, Replica};
use super::structs;
use super::tree;
use crate::yaml::{Entry, Node, Origin};

/// `spec.source.kustomize` of an Application.
#[derive(Debug, Clone, Default)]
pub struct ApplicationSource {
    /// `namePrefix`.
    pub name_prefix: Option<Node>,
    /// `nameSuffix`.
    pub name_suffix: Option<Node>,
    /// `images`, each `name=new:tag` or the like.
    pub images: Vec<Node>,
    /// `replicas`: entries with `name` and `count`.
    pub replicas: Vec<Node>,
    /// `commonLabels`.
    pub common_labels: Vec<Entry>,
    /// `forceCommonLabels`.
    pub force_common_labels: bool,
    /// `labelWithoutSelector`.
    pub label_without_selector: bool,
    /// `labelIncludeTemplates`.
    pub label_include_templates: bool,
    /// `commonAnnotations`.
    pub common_annotations: Vec<Entry>,
    /// `forceCommonAnnotations`.
    pub force_common_annotations: bool,
    /// `commonAnnotationsEnvsubst`.
    pub common_annotations_envsubst: bool,
    /// `namespace`.
    pub namespace: Option<Node>,
    /// `patches`.
    pub patches: Vec<Node>,
    /// `components`.
    pub components: Vec<Node>,
    /// `ignoreMissingComponents`.
    pub ignore_missing_components: bool,
    /// `kubeVersion`, for charts.
    pub kube_version: String,
    /// `apiVersions`, for charts.
    pub api_versions: Vec<String>,
    /// The build environment (`ARGOCD_APP_NAME`, ...) by which `$NAME` is replaced.
    pub environment: Vec<(String, String)>,
}

impl ApplicationSource {
    /// Reads `spec.source.kustomize`; what is not written as Argo CD wants it is left out.
    pub fn read(node: &Node) -> Self {
        let text =
            |key: &str| node.get(key).filter(|node| node.as_text().is_some_and(|text| !text.is_empty())).cloned();
        let flag = |key: &str| node.get(key).and_then(Node::as_bool).unwrap_or(false);
        let sorted = |key: &str| {
            let mut entries = node.entries(key).to_vec();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            entries
        };
        let texts = |key: &str| node.items(key).iter().filter_map(Node::as_text).map(str::to_owned).collect();
        Self {
            name_prefix: text("namePrefix"),
            name_suffix: text("nameSuffix"),
            images: node.items("images").to_vec(),
            replicas: node.items("replicas").to_vec(),
            common_labels: sorted("commonLabels"),
            force_common_labels: flag("forceCommonLabels"),
            label_without_selector: flag("labelWithoutSelector"),
            label_include_templates: flag("labelIncludeTemplates"),
            common_annotations: sorted("commonAnnotations"),
            force_common_annotations: flag("forceCommonAnnotations"),
            common_annotations_envsubst: flag("commonAnnotationsEnvsubst"),
            namespace: text("namespace"),
            patches: node.items("patches").to_vec(),
            components: node.items("components").to_vec(),
            ignore_missing_components: flag("ignoreMissingComponents"),
            kube_version: node.get("kubeVersion").and_then(Node::as_text).unwrap_or("").to_owned(),
            api_versions: texts("apiVersions"),
            environment: Vec::new(),
        }
    }

    /// Whether `kustomize edit` writes the file before patches are added to it.
    pub(super) fn edits_the_file(&self) -> bool {
        let texts = [&self.name_prefix, &self.name_suffix, &self.namespace];
        let lists = [&self.images, &self.replicas];
        texts.iter().any(|text| text.is_some())
            || lists.iter().any(|list| !list.is_empty())
            || !self.common_labels.is_empty()
            || !self.common_annotations.is_empty()
    }

    /// Edits the kustomization in the order in which Argo CD does.
    pub(super) fn edit(&self, k: &mut Kustomization, loader: &Loader<'_>) -> Outcome {
        if self.name_prefix.is_some() {
            k.name_prefix.clone_from(&self.name_prefix);
        }
        if self.name_suffix.is_some() {
            k.name_suffix.clone_from(&self.name_suffix);
        }
        self.edit_images(k)?;
        self.edit_replicas(k)?;
        self.edit_labels(k)?;
        self.edit_annotations(k)?;
        if self.namespace.is_some() {
            k.namespace.clone_from(&self.namespace);
        }
        if let Some(patch) = self.patches.first().filter(|_| k.null_patches && !self.edits_the_file()) {
            let message = "expected 'patches' field in kustomization.yaml to be []any, but got <nil>";
            return Err(Fail::at(patch.span(), message));
        }
        for patch in &self.patches {
            structs::patch(patch)?;
            k.patches.push(kustomization::patch(patch)?);
        }
        self.edit_components(k, loader)
    }

    fn edit_components(&self, k: &mut Kustomization, loader: &Loader<'_>) -> Outcome {
        let mut known: HashSet<String> = k.components.iter().map(|node| tree::text(node).to_owned()).collect();
        for component in &self.components {
            let pattern = tree::text(component);
            if self.ignore_missing_components {
                // Argo CD looks for a pattern as if it were a name.
                let path = loader.root.join(pattern.trim_start_matches('/')).ok();
                if path.and_then(|path| loader.shared.files.find(&path)).is_none() {
                    continue;
                }
            }
            let mut found = globs::named(loader, pattern).map_err(|fail| fail.or_at(component.span()))?;
            if found.is_empty() && super::remote::is_remote(pattern) {
                found.push(pattern.to_owned());
            }
            if found.is_empty() {
                // What is wrong with it as a folder.
                let fail = loader.descend(pattern).err().unwrap_or_else(|| Fail::new("must build at directory"));
                return Err(fail.within(format!("{pattern} has no match")).or_at(component.span()));
            }
            for path in found {
                if known.insert(path.clone()) {
                    k.components.push(Node::string(path, component.origin.clone()));
                }
            }
        }
        Ok(())
    }

    fn edit_images(&self, k: &mut Kustomization) -> Outcome {
        if self.images.is_empty() {
            return Ok(());
        }
        let mut images: Vec<Image> = Vec::new();
        for node in &self.images {
            let made = image(&self.expanded(tree::text(node)), &node.origin)?;
            images.retain(|known| known.name != made.name);
            images.push(made);
        }
        for old in std::mem::take(&mut k.images) {
            match images.iter_mut().find(|new| new.name == old.name) {
                Some(new) => {
                    let preserved = |new: &mut Option<Node>, old: &Option<Node>| {
                        if new.as_ref().is_some_and(|node| tree::text(node) == "*") {
                            new.clone_from(old);
                        }
                    };
                    preserved(&mut new.new_name, &old.new_name);
                    preserved(&mut new.new_tag, &old.new_tag);
                    preserved(&mut new.digest, &old.digest);
                }
                None => images.push(old),
            }
        }
        for image in &mut images {
            for field in [&mut image.new_name, &mut image.new_tag, &mut image.digest] {
                if field.as_ref().is_some_and(|node| tree::text(node) == "*") {
                    *field = None;
                }
            }
        }
        images.sort_by(|a, b| a.name.cmp(&b.name));
        k.images = images;
        Ok(())
    }

    fn edit_replicas(&self, k: &mut Kustomization) -> Outcome {
        if self.replicas.is_empty() {
            return Ok(());
        }
        let mut replicas: Vec<Replica> = Vec::new();
        for node in &self.replicas {
            let name = node.get("name").map_or("", tree::text).to_owned();
            let count = node.get("count");
            // The count may be a number or a text with one.
            let number = count.and_then(|count| tree::text(count).trim().parse::<i64>().ok());
            let (Some(count), Some(number)) = (count, number) else {
                return Err(Fail::at(node.span(), "expected integer value for count. Received: something else"));
            };
            if name.contains('=') {
                let message = "invalid format of replica, use the following format: <name>=<count>";
                return Err(Fail::at(node.span(), message));
            }
            replicas.retain(|known| known.name != name);
            replicas.push(Replica { name, count: Node::plain(number.to_string(), count.origin.clone()) });
        }
        for old in std::mem::take(&mut k.replicas) {
            if !replicas.iter().any(|new| new.name == old.name) {
                replicas.push(old);
            }
        }
        replicas.sort_by(|a, b| a.name.cmp(&b.name));
        k.replicas = replicas;
        Ok(())
    }

    fn edit_labels(&self, k: &mut Kustomization) -> Outcome {
        if self.common_labels.is_empty() {
            return Ok(());
        }
        if self.label_include_templates && !self.label_without_selector {
            return Err(Fail::at(
                self.common_labels[0].value.span(),
                "--without-selector flag must be specified for --include-templates to work",
            ));
        }
        for label in &self.common_labels {
            let label = self.expanded_entry(label);
            if !self.label_without_selector {
                add(&mut k.common_labels, label, self.force_common_labels, "label")?;
                continue;
            }
            let fits = |known: &&mut Labels| {
                !known.include_selectors && known.include_templates == self.label_include_templates
            };
            match k.labels.iter_mut().find(fits) {
                Some(known) => add(&mut known.pairs, label, self.force_common_labels, "label")?,
                None => k.labels.push(Labels {
                    pairs: vec![label],
                    include_templates: self.label_include_templates,
                    ..Labels::default()
                }),
            }
        }
        Ok(())
    }

    fn edit_annotations(&self, k: &mut Kustomization) -> Outcome {
        for annotation in &self.common_annotations {
            let annotation = if self.common_annotations_envsubst {
                self.expanded_entry(annotation)
            } else {
                let text = unquoted(tree::text(&annotation.value));
                Entry { value: Node::string(text, annotation.value.origin.clone()), ..annotation.clone() }
            };
            add(&mut k.common_annotations, annotation, self.force_common_annotations, "annotation")?;
        }
        Ok(())
    }

    fn expanded_entry(&self, entry: &Entry) -> Entry {
        let text = self.expanded(tree::text(&entry.value));
        Entry { value: Node::string(unquoted(&text), entry.value.origin.clone()), ..entry.clone() }
    }

    /// Go's `os.Expand` over the build environment; `$$` is a dollar.
    fn expanded(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, length) = if let Some(inner) = after.strip_prefix('{') {
                match inner.find('}') {
                    Some(end) => (&inner[..end], end + 2),
                    None => ("", 1),
                }
            } else {
                let special = after.chars().next().is_some_and(|c| "*#$@!?-0123456789".contains(c));
                let word = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                let length = if special { 1 } else { word };
                (&after[..length], length)
            };
            if name == "$" {
                out.push('$');
            } else if name.is_empty() && length == 0 {
                // A dollar before anything else stays.
                out.push('$');
            } else if let Some((_, value)) = self.environment.iter().find(|(known, _)| known == name) {
                out.push_str(value);
            } else if name.starts_with("ARGOCD_APP_REVISION") {
                // Only known when it is built.
                out.push_str(&rest[at..=at + length]);
            }
            rest = &after[length.min(after.len())..];
        }
        out.push_str(rest);
        out
    }
}

/// The value of a `key:value` argument, which may stand in quotes.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

fn add(pairs: &mut Vec<Entry>, new: Entry, force: bool, what: &str) -> Outcome {
    match pairs.iter_mut().find(|known| known.key == new.key) {
        Some(_) if !force => Err(Fail::at(
            new.key_origin.anchor(),
            format!("{what} {} already in kustomization file. Use --force to override.", new.key),
        )),
        Some(known) => {
            *known = new;
            Ok(())
        }
        None => {
            pairs.push(new);
            pairs.sort_by(|a, b| a.key.cmp(&b.key));
            Ok(())
        }
    }
}

/// An argument of `kustomize edit set image`.
fn image(argument: &str, origin: &Origin) -> Result<Image, Fail> {
    let (key, value) = argument.split_once('=').map_or(("", argument), |(key, value)| (key, value));
    let (name, tag, digest) = split_image(value);
    if name == argument {
        return Err(Fail::at(origin.anchor(), "invalid format of image, use one of the following options"));
    }
    let filled = |text: &str| (!text.is_empty()).then(|| Node::string(text, origin.clone()));
    Ok(Image {
        name: if key.is_empty() { name.clone() } else { key.to_owned() },
        new_name: if key.is_empty() { None } else { filled(&name) },
        new_tag: filled(&tag),
        tag_suffix: None,
        digest: filled(&digest),
        span: Some(origin.anchor()),
    })
}

/// The options of `kustomize build`, as `kustomize.buildOptions` of `argocd-cm` gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// `--enable-helm`.
    pub enable_helm: bool,
    /// `--enable-alpha-plugins` or `--enable-exec`: programs would run, so they are gaps rather than refused.
    pub enable_plugins: bool,
    /// `--load-restrictor LoadRestrictionsNone`.
    pub load_restrictor_none: bool,
    /// `--reorder none`.
    pub keep_order: bool,
    /// `--enable-managedby-label`.
    pub managed_by_label: bool,
    /// `--helm-kube-version`.
    pub kube_version: String,
    /// `--helm-api-versions`.
    pub api_versions: Vec<String>,
}

impl BuildOptions {
    /// Reads the words of a command line; others than these change nothing about the objects.
    pub fn parse(text: &str) -> Self {
        let mut options = Self::default();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let on = value != Some("false");
            match name {
                "--enable-helm" => options.enable_helm = on,
                "--enable-alpha-plugins" | "--enable_alpha_plugins" | "--enable-exec" => options.enable_plugins |= on,
                "--load-restrictor" | "--load_restrictor" => {
                    let value = value.or_else(|| words.next()).unwrap_or("");
                    options.load_restrictor_none = matches!(value, "LoadRestrictionsNone" | "none");
                }
                "--reorder" => options.keep_order = value.or_else(|| words.next()) == Some("none"),
                "--helm-kube-version" => {
                    value.or_else(|| words.next()).unwrap_or_default().clone_into(&mut options.kube_version);
                }
                "--helm-api-versions" => {
                    let value = value.or_else(|| words.next()).unwrap_or_default();
                    options.api_versions.extend(value.split(',').filter(|v| !v.is_empty()).map(str::to_owned));
                }
                "--enable-managedby-label" => options.managed_by_label = on,
                _ => {}
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn origin() -> Origin {
        Origin::literal(Span::new(FileId(0), 0, 0))
    }

    #[test]
    fn images_are_read_as_the_edit_command_reads_them() {
        let shown = |argument: &str| {
            let image = image(argument, &origin()).unwrap();
            let text = |node: &Option<Node>| node.as_ref().map_or("-", tree::text).to_owned();
            format!("{} {} {} {}", image.name, text(&image.new_name), text(&image.new_tag), text(&image.digest))
        };
        assert_eq!(shown("node:8.15.0"), "node - 8.15.0 -");
        assert_eq!(shown("mysql=mariadb"), "mysql mariadb - -");
        assert_eq!(shown("a=host:5000/b:1"), "a host:5000/b 1 -");
        assert_eq!(shown("alpine@sha256:24"), "alpine - - sha256:24");
        assert!(image("alpine", &origin()).is_err());
    }

    #[test]
    fn the_environment_is_put_in() {
        let environment = vec![("ARGOCD_APP_NAME".to_owned(), "web".to_owned())];
        let source = ApplicationSource { environment, ..ApplicationSource::default() };
        assert_eq!(
            source.expanded("a:${ARGOCD_APP_REVISION}$ARGOCD_APP_REVISION_SHORT"),
            "a:${ARGOCD_APP_REVISION}$ARGOCD_APP_REVISION_SHORT"
        );
        assert_eq!(source.expanded("a-$ARGOCD_APP_NAME-${ARGOCD_APP_NAME}.$$ $GONE!"), "a-web-web.$ !");
    }

    #[test]
    fn build_options_are_read() {
        let options = BuildOptions::parse("--enable-helm --load-restrictor LoadRestrictionsNone");
        assert!(options.enable_helm && options.load_restrictor_none && !options.enable_plugins);
    }
}
