//! Running a chart's templates: which belong to it, in which order they are read, what each is given
//! (`pkg/engine/engine.go`).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError};

use rayon::prelude::*;

use super::capabilities::Capabilities;
use super::chart::{Bytes, Chart, ChartFile};
use super::dependencies::Instance;
use super::error::{Reason, RenderError};
use super::objects::{Files, Maker};
use super::render::Request;
use super::tree::{Table, ToValues, Tree};
use super::version::HelmVersion;
use crate::budget::Budget;
use crate::gotmpl::{
    Data, Error, Fields, Functions, Map, MapType, MissingKey, Options, Output, Render, TemplateSet, Value,
};
use crate::source::{FileId, Span};
use crate::yaml::Origin;

/// What `.Release` says.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Where the name is written.
    pub name_origin: Option<Origin>,
    /// Its namespace.
    pub namespace: String,
    /// Where the namespace is written.
    pub namespace_origin: Option<Origin>,
    /// Whether it is said to be an upgrade.
    pub is_upgrade: bool,
}

impl Release {
    /// A release that is installed.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            name_origin: None,
            namespace: namespace.into(),
            namespace_origin: None,
            is_upgrade: false,
        }
    }
}

/// A template of a chart or of a sub-chart of it.
struct Template<'i> {
    file: &'i ChartFile,
    instance: usize,
}

/// The templates of a chart by their full names.
struct Templates<'i> {
    instances: Vec<&'i Instance>,
    by_name: BTreeMap<Arc<str>, Template<'i>>,
    /// In the order in which Helm reads and runs them.
    order: Vec<Arc<str>>,
}

impl<'i> Templates<'i> {
    fn of(root: &'i Instance) -> Self {
        let (mut instances, mut by_name) = (Vec::new(), BTreeMap::new());
        gather(root, &mut instances, &mut by_name);
        let mut order: Vec<Arc<str>> = by_name.keys().cloned().collect();
        let depth = |name: &str| name.bytes().filter(|&b| b == b'/').count();
        order.sort_by_cached_key(|name| Reverse((depth(name), Arc::clone(name))));
        Self { instances, by_name, order }
    }

    /// What tells one choice of sub-charts from another.
    fn shape(&self) -> String {
        let mut shape = String::new();
        for instance in &self.instances {
            let _ = write!(shape, "{}@{:p};", instance.path, Arc::as_ptr(&instance.chart));
        }
        shape
    }

    /// The templates, read; by the first who asks, for all who render the same choice of sub-charts, and want to know
    /// origins or not.
    fn set(&self, chart: &Chart, origins: bool, budget: &Budget) -> Result<Arc<TemplateSet>, RenderError> {
        let ours = {
            let mut sets = chart.sets.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(sets.entry((self.shape(), origins)).or_default())
        };
        // Whoever comes while another reads them waits: to read them again takes as long.
        let mut ours = ours.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = &*ours {
            return Ok(Arc::clone(set));
        }
        let mut set = no_templates(chart, origins);
        for name in &self.order {
            let Some(template) = self.by_name.get(name) else { continue };
            let (file, text) = text_of(template.file)?;
            set.add(name, text, file, budget).map_err(|error| parse_error(name, &error))?;
        }
        Ok(Arc::clone(ours.insert(Arc::new(set))))
    }
}

fn no_templates(chart: &Chart, origins: bool) -> TemplateSet {
    let functions = match chart.helm {
        HelmVersion::V3 => Functions::Helm3,
        HelmVersion::V4 => Functions::Helm4,
    };
    let options = Options { missing_key: MissingKey::Zero, blank_no_value: true, origins, ..Options::default() };
    TemplateSet::new(functions, options).sharing(&chart.shelf)
}

fn text_of(template: &ChartFile) -> Result<(FileId, Arc<str>), RenderError> {
    let content = template.content.read()?;
    Ok(match content {
        Bytes::Text(file, whole) => match content.text() {
            Some(text) if text.len() < whole.len() => (*file, Arc::from(text)),
            _ => (*file, Arc::clone(whole)),
        },
        Bytes::Binary(_) => (FileId(u32::MAX), String::from_utf8_lossy(content.bytes()).into()),
    })
}

/// Parses the templates that every release of a chart has, for those who will ask for no origins: by all threads at once,
/// where a release goes through them one by one. Each share of them has one budget.
pub(super) fn parse_ahead(chart: &Chart) {
    let all: Vec<&ChartFile> = chart.always().into_iter().flat_map(|chart| &chart.templates).collect();
    all.into_par_iter().for_each_init(Budget::default, |budget, file| {
        if let Ok((id, text)) = text_of(file) {
            // What is wrong with it is said by the release that reads it under its name.
            let _ = no_templates(chart, false).add("", text, id, budget);
        }
    });
}

/// Lists a chart and those below it, parents first, and their templates: where names meet, a parent's wins over its
/// sub-charts', and a later sub-chart's over an earlier one's.
fn gather<'i>(
    instance: &'i Instance,
    instances: &mut Vec<&'i Instance>,
    by_name: &mut BTreeMap<Arc<str>, Template<'i>>,
) {
    let index = instances.len();
    instances.push(instance);
    instance.children.iter().for_each(|child| gather(child, instances, by_name));
    let library = instance.chart.metadata.is_library();
    for file in &instance.chart.templates {
        let base = file.name.rsplit('/').next().unwrap_or(&file.name);
        if !library || base.starts_with('_') {
            let name = super::archive::clean(&format!("{}/{}", instance.path, file.name));
            by_name.insert(name.into(), Template { file, instance: index });
        }
    }
}

/// Runs the templates of a chart, and gives what each wrote, by name.
pub(super) fn run(
    root: &Instance,
    values: &Table,
    request: &Request<'_>,
    budget: &Budget,
) -> Result<Vec<(Arc<str>, Output)>, RenderError> {
    let templates = Templates::of(root);
    let set = templates.set(&root.chart, request.origins, budget)?;
    let render = set.render(budget);
    let scopes = Scopes::new(&templates, values, request.release, request.capabilities, &render);
    let mut outputs = Vec::new();
    for name in &templates.order {
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some(template) = templates.by_name.get(name).filter(|_| !base.starts_with('_')) else { continue };
        let dot = scopes.of(template.instance, name, &templates.instances[template.instance].path);
        let output = render.execute(name, &dot).map_err(|error| {
            let error = exec_error(name, &error, root.chart.helm);
            RenderError { template: Some(Arc::clone(name)), ..error }
        })?;
        outputs.push((Arc::clone(name), output));
    }
    outputs.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(outputs)
}

/// What the templates of each chart are given.
struct Scopes {
    dots: Vec<Map>,
    values_type: MapType,
    template: Arc<str>,
}

impl Scopes {
    fn new(
        templates: &Templates<'_>,
        values: &Table,
        release: &Release,
        capabilities: &Capabilities,
        render: &Render<'_>,
    ) -> Self {
        let origins = render.origins();
        let helm = templates.instances[0].chart.helm;
        let maker = Maker { helm, origins: &origins };
        let values_type = match helm {
            HelmVersion::V3 => MapType::ChartutilValues,
            HelmVersion::V4 => MapType::CommonValues,
        };
        let shared = [
            ("Release".into(), release_value(release, &maker)),
            ("Capabilities".into(), maker.capabilities(capabilities)),
        ];
        let mut made = Made { dots: Vec::new(), to_values: ToValues::new(&origins), maker, shared, values_type };
        made.scope(templates.instances[0], Some(&Tree::Table(values.clone())));
        Self { dots: made.dots, values_type, template: "Template".into() }
    }

    /// The dot of a chart, told which template is run. It is one map for all templates of the chart, as in Helm.
    fn of(&self, instance: usize, name: &Arc<str>, path: &str) -> Value {
        let about: Map = [
            ("Name".into(), Value::str(Arc::clone(name))),
            ("BasePath".into(), Value::str(format!("{path}/templates"))),
        ]
        .into_iter()
        .collect();
        let dot = &self.dots[instance];
        dot.stage(&self.template, Value::new(Data::Map(about.typed(self.values_type))));
        Value::new(Data::Map(dot.typed(self.values_type)))
    }
}

struct Made<'o> {
    dots: Vec<Map>,
    to_values: ToValues<'o>,
    maker: Maker<'o>,
    shared: [(Arc<str>, Value); 2],
    values_type: MapType,
}

impl Made<'_> {
    /// Makes the scope of a chart and of those below it, in the order of `Instance::walk`.
    fn scope(&mut self, instance: &Instance, values: Option<&Tree>) -> Map {
        let table = values.and_then(Tree::as_table);
        let own = match table.map(|table| self.to_values.value(&Tree::Table(table.clone()))) {
            Some(Value { data: Data::Map(map), origin }) => {
                Value { data: Data::Map(map.typed(self.values_type)), origin }
            }
            _ => Value::new(Data::Map(Map::new(Fields::default(), self.values_type))),
        };
        let dot: Map = [
            ("Chart".into(), self.maker.chart(instance)),
            ("Files".into(), Value::object(Files::new(&instance.chart.files, self.maker.origins))),
            ("Values".into(), own),
        ]
        .into_iter()
        .chain(self.shared.iter().cloned())
        .collect();
        self.dots.push(dot.clone());
        let mut below = Vec::new();
        for child in &instance.children {
            let values = table.and_then(|table| table.table(&child.name)).map(Tree::Table);
            let scope = self.scope(child, values.as_ref());
            below.push((Arc::clone(&child.name), Value::new(Data::Map(scope))));
        }
        dot.set("Subcharts", Value::map(below), crate::gotmpl::OriginId::NONE);
        dot
    }
}

fn release_value(release: &Release, maker: &Maker<'_>) -> Value {
    let text = |text: &str, origin: &Option<Origin>| {
        let value = Value::str(text);
        match origin {
            Some(origin) => value.from_origin(maker.origins.known(origin)),
            None => value,
        }
    };
    Value::map([
        ("Name".into(), text(&release.name, &release.name_origin)),
        ("Namespace".into(), text(&release.namespace, &release.namespace_origin)),
        ("IsUpgrade".into(), Value::bool(release.is_upgrade)),
        ("IsInstall".into(), Value::bool(!release.is_upgrade)),
        ("Revision".into(), Value::int(1)),
        ("Service".into(), Value::fixed("Helm")),
    ])
}

fn parse_error(name: &str, error: &Error) -> RenderError {
    if let Some(exceeded) = error.exceeded() {
        return exceeded_in(name, &exceeded.to_string(), error.span());
    }
    let text = error.text();
    let tokens: Vec<&str> = text.split(": ").collect();
    let message = match tokens[..] {
        [_, location, .., last] => format!("parse error at ({location}): {last}"),
        [_, location] => format!("parse error at ({location}): {location}"),
        _ => format!("parse error in ({name}): {text}"),
    };
    RenderError::refused(message).at(error.span())
}

fn exec_error(name: &str, error: &Error, helm: HelmVersion) -> RenderError {
    if let Some(exceeded) = error.exceeded() {
        return exceeded_in(name, &exceeded.to_string(), error.span());
    }
    let text = error.text();
    let message = match text.splitn(3, ": ").collect::<Vec<_>>()[..] {
        [_, location, rest] => match refusal(rest) {
            Some(reason) => format!("execution error at ({location}): {reason}"),
            None if helm == HelmVersion::V4 => traced(&text).unwrap_or(text),
            None => text,
        },
        _ => format!("execution error in ({name}): {text}"),
    };
    RenderError::refused(message).at(error.span())
}

fn exceeded_in(name: &str, message: &str, span: Option<Span>) -> RenderError {
    RenderError::new(Reason::Exceeded, format!("{name}: {message}")).at(span)
}

/// What `required` or `fail` said.
fn refusal(text: &str) -> Option<&str> {
    let start = text.find("HELM_ERR_START")? + "HELM_ERR_START".len();
    let end = text.rfind("HELM_ERR_END").filter(|end| *end >= start)?;
    Some(&text[start..end])
}

/// Helm 4's account of an error, a paragraph for each template that it went through; nothing where one of the errors
/// that wrap each other is not a template's.
fn traced(text: &str) -> Option<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut text = text;
    loop {
        let paragraph = paragraph(text)?;
        if paragraphs.last() != Some(&paragraph) {
            paragraphs.push(paragraph);
        }
        let calling = text.split_once(" at <").and_then(|(_, after)| after.split_once(">: "));
        match calling.and_then(|(_, message)| message.strip_prefix("error calling ")) {
            Some(call) => text = call.split_once(": ").map(|(_, inner)| inner)?,
            None => return Some(paragraphs.concat().trim().to_owned()),
        }
    }
}

fn paragraph(text: &str) -> Option<String> {
    let rest = text.strip_prefix("template: ")?;
    if rest.starts_with("no template ") {
        return Some(format!("{text}\n"));
    }
    let cut = |message: &str| message.split(" template:").next().unwrap_or(message).to_owned();
    if let Some((name, after)) = rest.split_once(": executing ")
        && let Some(after) = after.strip_prefix('"')
        && let Some((function, after)) = after.split_once('"')
        && let Some((place, message)) = after.strip_prefix(" at <").and_then(|after| after.split_once(">: "))
    {
        let message = cut(message);
        return Some(format!("{name}\n  executing \"{function}\" at <{place}>:\n    {message}\n"));
    }
    let (name, message) = rest.rsplit_once(": ")?;
    Some(format!("{name}\n  {}\n", cut(message)))
}
