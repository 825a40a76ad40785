//! One kustomization from its file to its objects: resources, generators, components, transformers, validators, in the order
//! in which Kustomize takes them. Follows `api/internal/target/kusttarget.go`.

use std::sync::Arc;

use super::bases::Bases;
use super::build::Build;
use super::config::{self, Config};
use super::crds;
use super::fail::{Fail, Outcome};
use super::fieldspec::FieldSpec;
use super::files::Loader;
use super::generator;
use super::images::{Images, Mentioned};
use super::kustomization::{self, Kustomization, Var};
use super::metadata::{self, Provenance};
use super::object::Object;
use super::patch::{self, Patches, Patching};
use super::plugin;
use super::remote;
use super::replacement;
use super::resmap::ResMap;
use super::schema::Schemas;
use super::transform::{self, Affix, Marks, Namespace, Replicas, Subjects};
use super::tree;
use super::vars;
use crate::yaml::{Entry, Node, Role};

/// Folders may lead to folders this often.
const DEEPEST: usize = 64;

/// What a transformer that changes every object costs for each.
const STEPS_AN_OBJECT: u64 = 4;

/// Objects that a transformer can pass over in the time of one step.
const OBJECTS_A_STEP: u64 = 16;

/// What was gathered so far.
#[derive(Clone, Default)]
pub(super) struct Accumulated {
    pub(super) map: ResMap,
    pub(super) config: Arc<Config>,
    pub(super) vars: Vec<Var>,
}

impl Accumulated {
    fn absorb(&mut self, other: Accumulated) -> Outcome {
        self.map.append_all(other.map.list)?;
        self.config = Config::merged(&self.config, &other.config)?;
        vars::merge(&mut self.vars, &other.vars)
    }
}

/// One kustomization.
pub(super) struct Target<'t> {
    pub(super) build: &'t Build<'t>,
    pub(super) loader: Loader<'t>,
    pub(super) kustomization: Arc<Kustomization>,
    /// The namespace that charts get where neither they nor the kustomization name one.
    chart_namespace: String,
    provenance: Provenance,
    depth: usize,
}

impl<'t> Target<'t> {
    pub(super) fn new(build: &'t Build<'t>, loader: Loader<'t>, kustomization: Arc<Kustomization>) -> Self {
        let chart_namespace = String::new();
        Self { build, loader, kustomization, chart_namespace, provenance: Provenance::default(), depth: 0 }
    }

    /// Sets the types that patches of this build merge by, unless somebody did.
    pub(super) fn set_schema(&self, reset: bool) -> Outcome {
        let k = &self.kustomization;
        let loaded = match &k.openapi_path {
            Some(path) => {
                self.build.seen(self.loader.load(tree::text(path)).map_err(|fail| fail.or_at(path.span())))?
            }
            None => None,
        };
        if self.build.schemas.borrow().is_some() && !reset {
            return Ok(());
        }
        match (loaded, &k.openapi_version) {
            (Some(_), Some(version)) => {
                Err(Fail::at(version.span(), "builtin version and custom schema provided, cannot use both"))
            }
            (Some(loaded), None) => {
                let parsed = crate::yaml::parse(loaded.file, loaded.text()?, self.loader.shared.budget);
                let first = parsed
                    .read_first()
                    .map_err(|problem| Fail::at(problem.span, format!("invalid schema file: {}", problem.message)))?;
                if let Some(document) = first {
                    *self.build.schemas.borrow_mut() =
                        Some(Schemas::from_document(&document.root, self.build.unknown_kind.get())?);
                }
                Ok(())
            }
            (None, Some(version)) => {
                if tree::text(version) != "v1.21.2" && !tree::text(version).is_empty() {
                    return Err(Fail::at(version.span(), "the specified OpenAPI version is not built in"));
                }
                *self.build.schemas.borrow_mut() = Some(Schemas::builtin());
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    /// Everything that the kustomization says, done upon what is there.
    pub(super) fn accumulate(&self, mut ra: Accumulated) -> Result<Accumulated, Fail> {
        let k = &self.kustomization;
        self.resources(&mut ra, &k.resources).map_err(|fail| fail.within("accumulating resources"))?;
        let config = self.build.seen(config::load(&self.loader, &k.configurations))?;
        let config = config.unwrap_or_else(Config::defaults);
        ra.config = Config::merged(&ra.config, &config).map_err(|fail| fail.within("merging config"))?;
        let crds = crds::load(&self.loader, &k.crds).map_err(|fail| fail.within("loading CRDs"));
        let crds = self.build.seen(crds)?.unwrap_or_default();
        ra.config = Config::merged(&ra.config, &crds).map_err(|fail| fail.within("merging CRDs"))?;
        self.generate(&mut ra)?;
        let mut ra = self.components(ra).map_err(|fail| fail.within("accumulating components"))?;
        self.transform(&mut ra)?;
        self.validate(&mut ra)?;
        let merging = |fail: Fail| fail.within("merging vars");
        vars::note(&mut ra.map, &k.vars).map_err(merging)?;
        vars::merge(&mut ra.vars, &k.vars).map_err(merging)?;
        Ok(ra)
    }

    pub(super) fn resources(&self, ra: &mut Accumulated, paths: &[Node]) -> Outcome {
        for path in paths {
            let text = tree::text(path);
            if remote::is_remote(text) {
                let Some(dir) = (self.build.remotes)(text) else {
                    self.build.gap(remote::gap(text).at(path.span()));
                    continue;
                };
                let loader = self.loader.elsewhere(&dir).map_err(|fail| fail.or_at(path.span()))?;
                let found = self.directory(Accumulated::default(), loader, text, false)?;
                ra.absorb(found)?;
                continue;
            }
            let Err(file) = self.file(ra, text) else { continue };
            if file.exceeded {
                return Err(file.or_at(path.span()));
            }
            if file.outside.is_some() {
                self.build.seen(Err::<(), _>(file.or_at(path.span())))?;
                continue;
            }
            let loader = match self.loader.descend(text) {
                Ok(loader) => loader,
                Err(_) if file.malformed => return Err(file.or_at(path.span())),
                Err(fail) => {
                    let prefix = format!("accumulation err='{}'", file.message);
                    // The file that is there and wrong is the better place.
                    let span = file.span.unwrap_or(path.span());
                    return Err(fail.within(prefix).or_at(span));
                }
            };
            let root = loader.root.clone();
            let found = self
                .directory(Accumulated::default(), loader, text, false)
                .map_err(|fail| fail.within(format!("accumulation err='{}'", file.message)).or_at(path.span()))?;
            ra.absorb(found).map_err(|fail| {
                let fail = fail.within(format!("recursed merging from path '{root}'"));
                fail.within(format!("accumulation err='{}'", file.message)).or_at(path.span())
            })?;
        }
        Ok(())
    }

    fn file(&self, ra: &mut Accumulated, path: &str) -> Outcome {
        let read = self.loader.objects(path, false);
        let mut objects = read.map_err(|fail| fail.within(format!("accumulating resources from '{path}'")))?;
        if self.build.metadata.any() {
            metadata::annotate_all(&mut objects, metadata::ORIGIN, &self.provenance.below(path).text());
        }
        if self.build.schemas.borrow().is_none() && objects.iter().any(|object| !object.gvk().is_known()) {
            self.build.unknown_kind.set(true);
        }
        // A file whose own objects clash is refused before it meets the others.
        let own = ResMap::of(objects).map_err(|fail| fail.within(format!("accumulating resources from '{path}'")))?;
        ra.map.append_all(own.list).map_err(|fail| fail.within(format!("merging resources from '{path}'")))
    }

    fn components(&self, mut ra: Accumulated) -> Result<Accumulated, Fail> {
        for path in &self.kustomization.components {
            let text = tree::text(path);
            let loader = if remote::is_remote(text) {
                match (self.build.remotes)(text) {
                    Some(dir) => self.loader.elsewhere(&dir),
                    None => {
                        self.build.gap(remote::gap(text).at(path.span()));
                        continue;
                    }
                }
            } else {
                self.loader.descend(text)
            };
            let loader = loader.map_err(|fail| fail.within("loader.New").or_at(path.span()));
            let Some(loader) = self.build.seen(loader)? else { continue };
            ra = self
                .directory(ra, loader, text, true)
                .map_err(|fail| fail.within("accumulateDirectory").or_at(path.span()))?;
        }
        Ok(ra)
    }

    /// Another kustomization: on its own, or as a component upon what is there.
    fn directory(&self, ra: Accumulated, loader: Loader<'t>, path: &str, component: bool) -> Result<Accumulated, Fail> {
        if self.depth >= DEEPEST {
            let message = format!("kustomizations nested deeper than {DEEPEST}");
            return Err(Fail { exceeded: true, ..Fail::new(message) });
        }
        self.loader.shared.budget.steps(100)?;
        let chart_namespace = match &self.kustomization.namespace {
            Some(namespace) => tree::text(namespace).to_owned(),
            None => self.chart_namespace.clone(),
        };
        if component {
            return self.enter(ra, loader, path, true, chart_namespace);
        }
        let (shared, base) = (loader.shared, loader.clone());
        let namespace = chart_namespace.clone();
        Bases::get(shared, self.build, &base, &namespace, self.depth + 1, DEEPEST, || {
            self.enter(ra, loader, path, false, chart_namespace)
        })
    }

    fn enter(
        &self,
        ra: Accumulated,
        loader: Loader<'t>,
        path: &str,
        component: bool,
        chart_namespace: String,
    ) -> Result<Accumulated, Fail> {
        let root = loader.root.clone();
        loader.shared.trail.borrow_mut().enter(&root, self.depth + 1);
        let kustomization = kustomization::load(&loader)
            .map_err(|fail| fail.within(format!("couldn't make target for path '{root}'")))?;
        let inner = Target {
            build: self.build,
            loader,
            kustomization,
            chart_namespace,
            provenance: self.provenance.below(path),
            depth: self.depth + 1,
        };
        inner.set_schema(false)?;
        let kind = &inner.kustomization.kind;
        if component && kind != "Component" {
            return Err(Fail::new(format!("expected kind 'Component' for path '{root}' but got '{kind}'")));
        }
        if !component && kind == "Component" {
            return Err(Fail::new(format!("expected kind != 'Component' for path '{root}'")));
        }
        inner.accumulate(ra).map_err(|fail| fail.within(format!("recursed accumulation of path '{root}'")))
    }

    fn generate(&self, ra: &mut Accumulated) -> Outcome {
        let k = &self.kustomization;
        if !k.helm_charts.is_empty() && !self.build.enable_helm {
            return Err(Fail::at(
                k.helm_charts[0].span(),
                "trouble configuring builtin HelmChartInflationGenerator: must specify --enable-helm",
            ));
        }
        // All generators are configured before the first one works.
        let mut charts = Vec::new();
        for chart in &k.helm_charts {
            let namespace = k.namespace.as_ref().map_or(self.chart_namespace.as_str(), tree::text);
            let ready = super::charts::ready(self, chart, k.helm_globals.as_ref(), namespace)
                .map_err(|fail| fail.within("trouble configuring builtin HelmChartInflationGenerator"));
            charts.extend(self.build.seen(ready)?);
        }
        let loading = |fail: Fail| fail.within("loading generator plugins");
        let plugins = self.plugins(&k.generators, "generator").map_err(loading)?;
        let mut generators = Vec::new();
        for plugin in &plugins {
            let ready =
                plugin::generator(self, plugin).map_err(|fail| loading(fail.within("failed to load generator")));
            generators.extend(self.build.seen(ready)?.map(|ready| (plugin, ready)));
        }
        for (generators, secret) in [(&k.config_maps, false), (&k.secrets, true)] {
            let kind = if secret { "SecretGenerator" } else { "ConfigMapGenerator" };
            for one in generators {
                let made = generator::generate(&self.loader, one, k.generator_options.as_ref(), secret);
                let Some(made) = self.build.seen(made)? else { continue };
                let made = vec![made];
                self.take_generated(ra, made, &self.provenance.configured(&k.file_name, "builtin", kind, "", ""))?;
            }
        }
        for chart in charts {
            let made = self.build.seen(super::charts::inflate(self, chart))?.unwrap_or_default();
            let by = self.provenance.configured(&k.file_name, "builtin", "HelmChartInflationGenerator", "", "");
            self.take_generated(ra, made, &by)?;
        }
        for (plugin, ready) in generators {
            let made = self.build.seen(plugin::generate(self, plugin, ready))?.unwrap_or_default();
            self.take_generated(ra, made, &plugin::provenance(plugin))?;
        }
        Ok(())
    }

    fn take_generated(&self, ra: &mut Accumulated, mut made: Vec<Object>, by: &Provenance) -> Outcome {
        if self.build.metadata.any() {
            for object in made.iter_mut().filter(|object| object.annotation(metadata::ORIGIN).is_none()) {
                metadata::annotate_all(std::slice::from_mut(object), metadata::ORIGIN, &by.text());
            }
        }
        let own = ResMap::of(made)?;
        for object in own.list {
            if self.build.incomplete.get() && object.notes.behavior != super::object::Behavior::Unspecified {
                // What it would merge with may be what could not be seen.
                if let Err(fail) = ra.map.absorb(object, self.loader.shared.budget)
                    && !fail.message.contains("does not exist")
                {
                    return Err(fail.within("merging from generator"));
                }
                continue;
            }
            ra.map.absorb(object, self.loader.shared.budget).map_err(|fail| fail.within("merging from generator"))?;
        }
        Ok(())
    }

    /// The plugins of a field: written in place, or in files and folders.
    pub(super) fn plugins(&self, nodes: &[Node], what: &str) -> Result<Vec<Object>, Fail> {
        let mut ra = Accumulated::default();
        let mut paths = Vec::new();
        for node in nodes {
            match self.loader.inline(node, tree::text(node), Role::Transformer) {
                Ok(mut inline) => {
                    if self.build.metadata.any() {
                        let here = self.provenance.below(&self.kustomization.file_name);
                        metadata::annotate_all(&mut inline, metadata::ORIGIN, &here.text());
                    }
                    let configuring = |fail: Fail| fail.within(format!("configuring external {what}"));
                    ra.map.append_all(inline).map_err(configuring)?;
                }
                Err(fail) if fail.exceeded => return Err(fail),
                Err(_) => paths.push(node.clone()),
            }
        }
        self.resources(&mut ra, &paths)?;
        Ok(ra.map.list.into_iter().collect())
    }

    fn patching<'s>(&'s self, schemas: &'s Schemas) -> Patching<'s> {
        Patching { schemas, loader: &self.loader, incomplete: self.build.incomplete.get() }
    }

    fn transform(&self, ra: &mut Accumulated) -> Outcome {
        let k = &self.kustomization;
        let config = Arc::clone(&ra.config);
        let schemas = self.build.schemas();
        let map = &mut ra.map;
        // Everything is read before anything is changed.
        let Patches { strategic, patches, json } = patch::patches(&self.loader, self.build, k)?;
        let replacements = replacement::ready(&self.loader, &k.replacements);
        let replacements = replacements.map_err(|fail| patch::configuring(fail, "ReplacementTransformer", &[]));
        let replacements = self.build.seen(replacements)?.unwrap_or_default();
        let plugins = self.plugins(&k.transformers, "transformer")?;
        plugins.iter().try_for_each(plugin::check_transformer)?;
        let patching = self.patching(&schemas);
        let budget = self.loader.shared.budget;
        let whole = [&k.namespace, &k.name_prefix, &k.name_suffix].into_iter().flatten().count();
        let single = patches.len() + json.len() + k.replicas.len() + k.images.len();
        budget.steps(map.list.len() as u64 * (whole as u64 * STEPS_AN_OBJECT + single as u64 / OBJECTS_A_STEP))?;
        let done = |map: &mut ResMap, kind: &str| self.done(map, kind);
        if let Some(strategic) = &strategic {
            strategic.transform(map, &patching)?;
            done(map, "PatchStrategicMergeTransformer")?;
        }
        for patch in &patches {
            patch.transform(map, &patching)?;
            done(map, "PatchTransformer")?;
        }
        if let Some(value) = &k.namespace {
            let specs = config.namespace.clone();
            let namespace = Namespace { value: value.clone(), specs, unset_only: false, subjects: Subjects::Default };
            namespace.transform(map, self.loader.shared.budget)?;
            done(map, "NamespaceTransformer")?;
        }
        for (value, specs, suffix) in
            [(&k.name_prefix, &config.name_prefix, false), (&k.name_suffix, &config.name_suffix, true)]
        {
            if let Some(value) = value {
                Affix { value: value.clone(), specs: specs.clone(), suffix }
                    .transform(map, self.loader.shared.budget)?;
                done(map, if suffix { "SuffixTransformer" } else { "PrefixTransformer" })?;
            }
        }
        for marks in transform::labels(k, &config)? {
            marks.transform(map, budget)?;
            done(map, "LabelTransformer")?;
        }
        if !k.common_annotations.is_empty() {
            let specs = config.common_annotations.clone();
            Marks { pairs: k.common_annotations.clone(), specs }.transform(map, budget)?;
            done(map, "AnnotationsTransformer")?;
        }
        for patch in &json {
            patch.transform(map, &patching)?;
            done(map, "PatchJson6902Transformer")?;
        }
        for replica in &k.replicas {
            let replicas = Replicas { replica: replica.clone(), specs: config.replicas.clone() };
            match replicas.transform(map) {
                Err(_) if self.build.incomplete.get() => {}
                other => other?,
            }
            done(map, "ReplicaCountTransformer")?;
        }
        let mut mentioned = Mentioned::default();
        for image in &k.images {
            Images { image: image.clone(), specs: config.images.clone() }.transform(map, &mut mentioned, budget)?;
            done(map, "ImageTagTransformer")?;
        }
        if !k.replacements.is_empty() {
            for replacement in &replacements {
                replacement.transform(map, &self.loader, self.build.incomplete.get())?;
            }
            done(map, "ReplacementTransformer")?;
        }
        for plugin in &plugins {
            self.build.seen(plugin::transform(self, plugin, map))?;
            if self.build.metadata.any() {
                map.list.iter_mut().for_each(|object| object.notes.annotate_anew());
            }
            if self.build.metadata.transformers {
                metadata::add_transformation(map, &plugin::provenance(plugin), budget)?;
            }
            map.drop_deleted();
        }
        Ok(())
    }

    /// After each transformer: a note of it, if notes are wanted, and farewell to what it deleted.
    fn done(&self, map: &mut ResMap, kind: &str) -> Outcome {
        if self.build.metadata.any() {
            map.list.iter_mut().for_each(|object| object.notes.annotate_anew());
        }
        if self.build.metadata.transformers {
            let by = self.provenance.configured(&self.kustomization.file_name, "builtin", kind, "", "");
            metadata::add_transformation(map, &by, self.loader.shared.budget)?;
        }
        map.drop_deleted();
        Ok(())
    }

    /// The label that says who built the objects.
    pub(super) fn label_managed(&self, map: &mut ResMap) -> Outcome {
        let path = self.loader.load(&self.kustomization.file_name);
        let origin = crate::yaml::Origin::of(Role::Transformer, path?.whole());
        let value = Node::string(format!("kustomize-v{}", super::VERSION), origin.clone());
        let pair = Entry { key: "app.kubernetes.io/managed-by".into(), key_origin: origin, value };
        Marks { pairs: vec![pair], specs: vec![FieldSpec::any("metadata/labels", true)] }
            .transform(map, self.loader.shared.budget)
    }

    fn validate(&self, ra: &mut Accumulated) -> Outcome {
        for plugin in self.plugins(&self.kustomization.validators, "transformer")? {
            let before: Vec<(Node, usize)> =
                ra.map.list.iter().map(|object| (object.node.clone(), object.notes.count())).collect();
            plugin::transform(self, &plugin, &mut ra.map)?;
            // Whoever writes what is there already has changed it too; the label by which validators may sign is taken off
            // before the two are compared, and what is left is never the same.
            let signed = |object: &Object| object.node.at(&["metadata", "labels", "validated-by"]).is_some();
            let same = ra.map.list.len() == before.len()
                && !ra.map.list.iter().any(signed)
                && ra.map.list.iter().zip(&before).all(|(object, (node, notes))| {
                    // A replacement writes into the value that is there, and the same text leaves it the same.
                    let equal = match plugin.kind() {
                        "ReplacementTransformer" => object.node.same_data(node),
                        _ => object.node == *node,
                    };
                    equal && object.notes.count() == *notes
                });
            if !same {
                return Err(Fail::at(plugin.node.span(), "validator shouldn't modify the resource map"));
            }
        }
        Ok(())
    }
}
