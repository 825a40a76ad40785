//! Chart.yaml and requirements.yaml: what a chart says of itself, checked as Helm checks it.
//!
//! Reading is Go's: keys in any case, numbers and booleans taken for the text of a string field.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::semver;
use super::version::HelmVersion;
use crate::yaml::{Entry, Meaning, Node, Origin};

/// A text and where it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The text, cleaned as Helm cleans it.
    pub text: Arc<str>,
    /// Where; nothing for what was not said.
    pub origin: Option<Origin>,
}

impl Said {
    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Spaces become blanks, what cannot be printed goes.
    fn clean(&mut self) {
        if self.text.chars().any(|c| c.is_whitespace() && c != ' ' || c.is_control()) {
            let space = |c: char| if c.is_whitespace() { ' ' } else { c };
            let text: String = self.text.chars().map(space).filter(|c| !c.is_control()).collect();
            self.text = text.into();
        }
    }
}

/// Somebody who looks after a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// `name`
    pub name: Said,
    /// `email`
    pub email: Said,
    /// `url`
    pub url: Said,
}

/// Values that a parent takes over from a sub-chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// A table of the child, to a place of the parent.
    Pair {
        /// The path in the child's values.
        child: String,
        /// The path in the parent's values; `.` for its top.
        parent: String,
    },
    /// A table under the child's `exports`, to the parent's top.
    Export(String),
}

/// A chart that a chart needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependency {
    /// `name`
    pub name: Said,
    /// `version`: a range.
    pub version: Said,
    /// `repository`
    pub repository: Said,
    /// `condition`
    pub condition: Said,
    /// `tags`
    pub tags: Vec<Said>,
    /// `import-values`
    pub imports: Vec<Import>,
    /// `alias`
    pub alias: Said,
}

/// What a chart says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `name`
    pub name: Said,
    /// `home`
    pub home: Said,
    /// `sources`
    pub sources: Vec<Said>,
    /// `version`
    pub version: Said,
    /// `description`
    pub description: Said,
    /// `keywords`
    pub keywords: Vec<Said>,
    /// `maintainers`
    pub maintainers: Vec<Maintainer>,
    /// `icon`
    pub icon: Said,
    /// `apiVersion`
    pub api_version: Said,
    /// `condition`
    pub condition: Said,
    /// `tags`
    pub tags: Said,
    /// `appVersion`
    pub app_version: Said,
    /// `deprecated`
    pub deprecated: bool,
    /// `annotations`; nothing where there are none.
    pub annotations: Option<BTreeMap<Arc<str>, Said>>,
    /// `kubeVersion`: a range.
    pub kube_version: Said,
    /// `dependencies`; nothing where they are not listed at all.
    pub dependencies: Option<Vec<Dependency>>,
    /// `type`
    pub kind: Said,
    /// Whether there are nulls among the maintainers, and among the dependencies.
    hollow: (bool, bool),
}

impl Metadata {
    /// Whether this is a library: its templates are there for others to include.
    pub fn is_library(&self) -> bool {
        self.kind.text.eq_ignore_ascii_case("library")
    }

    /// Reads a document over what is known already (requirements.yaml over Chart.yaml).
    ///
    /// # Errors
    /// Go's text.
    pub(super) fn read(&mut self, node: &Node, helm: HelmVersion) -> Result<(), String> {
        let package = package(helm);
        if node.is_null() {
            return Ok(());
        }
        let fields = Fields::of(node, &format!("{package}.Metadata"), "")?;
        let mut faults = Faults::default();
        faults.note("name", fields.text("name", &mut self.name));
        faults.note("home", fields.text("home", &mut self.home));
        faults.note("sources", fields.texts("sources", &mut self.sources));
        faults.note("version", fields.text("version", &mut self.version));
        faults.note("description", fields.text("description", &mut self.description));
        faults.note("keywords", fields.texts("keywords", &mut self.keywords));
        faults.note("icon", fields.text("icon", &mut self.icon));
        faults.note("apiVersion", fields.text("apiVersion", &mut self.api_version));
        faults.note("condition", fields.text("condition", &mut self.condition));
        faults.note("tags", fields.text("tags", &mut self.tags));
        faults.note("appVersion", fields.text("appVersion", &mut self.app_version));
        faults.note("kubeVersion", fields.text("kubeVersion", &mut self.kube_version));
        faults.note("type", fields.text("type", &mut self.kind));
        faults.note("deprecated", fields.truth("deprecated", &mut self.deprecated));
        faults.note("annotations", annotations(&fields, &mut self.annotations));
        let maintainers = fields.items("maintainers", &format!("[]*{package}.Maintainer"), maintainer);
        let dependencies = fields.items("dependencies", &format!("[]*{package}.Dependency"), dependency);
        let maintainers = faults.note("maintainers", maintainers).flatten();
        let dependencies = faults.note("dependencies", dependencies).flatten();
        faults.first()?;
        if let Some(items) = maintainers {
            self.hollow.0 = items.iter().any(Option::is_none);
            self.maintainers = items.into_iter().flatten().collect();
        }
        if let Some(items) = dependencies {
            self.hollow.1 = items.iter().any(Option::is_none);
            self.dependencies = Some(items.into_iter().flatten().collect());
        }
        Ok(())
    }

    /// Cleans and checks, as `chart.Metadata.Validate` does.
    ///
    /// # Errors
    /// Helm's text.
    pub(super) fn validate(&mut self, helm: HelmVersion) -> Result<(), String> {
        let fields = [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ];
        fields.into_iter().chain(&mut self.sources).chain(&mut self.keywords).for_each(Said::clean);
        let invalid = |what: String| Err(format!("validation: {what}"));
        if self.api_version.is_empty() {
            return invalid("chart.metadata.apiVersion is required".into());
        }
        let name = &*self.name.text;
        if name.is_empty() {
            return invalid("chart.metadata.name is required".into());
        }
        if helm == HelmVersion::V4 && (name == "." || name == "..") {
            return invalid(format!("chart.metadata.name {name:?} is not allowed"));
        }
        if name.contains('/') && name != "/" {
            return invalid(format!("chart.metadata.name {name:?} is invalid"));
        }
        if self.version.is_empty() {
            return invalid("chart.metadata.version is required".into());
        }
        if !semver::is_version(&self.version.text) {
            return invalid(format!("chart.metadata.version {:?} is invalid", self.version.text));
        }
        if !matches!(&*self.kind.text, "" | "application" | "library") {
            return invalid("chart.metadata.type must be application or library".into());
        }
        match self.hollow {
            (true, _) => return invalid("maintainers must not contain empty or null nodes".into()),
            (_, true) => return invalid("dependencies must not contain empty or null nodes".into()),
            _ => {}
        }
        for maintainer in &mut self.maintainers {
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(Said::clean);
        }
        let mut known: BTreeSet<Arc<str>> = BTreeSet::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            let fields =
                [&mut dependency.name, &mut dependency.version, &mut dependency.repository, &mut dependency.condition];
            fields.into_iter().chain(&mut dependency.tags).for_each(Said::clean);
            let alias = &dependency.alias.text;
            if !alias.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
                let name = &dependency.name.text;
                return invalid(format!("dependency {name:?} has disallowed characters in the alias"));
            }
            let key = if alias.is_empty() { &dependency.name.text } else { alias };
            if !known.insert(Arc::clone(key)) {
                return invalid(format!("more than one dependency with name or alias {key:?}"));
            }
        }
        Ok(())
    }
}

/// Where a Helm keeps its types.
fn package(helm: HelmVersion) -> &'static str {
    match helm {
        HelmVersion::V3 => "chart",
        HelmVersion::V4 => "v2",
    }
}

/// Reads a lock file, which says nothing that rendering needs.
///
/// # Errors
/// Go's text.
pub(super) fn lock(node: &Node, helm: HelmVersion) -> Result<(), String> {
    if node.is_null() {
        return Ok(());
    }
    let package = package(helm);
    let fields = Fields::of(node, &format!("{package}.Lock"), "")?;
    let mut faults = Faults::default();
    faults.note("digest", fields.text("digest", &mut Said::default()));
    faults.note("dependencies", fields.items("dependencies", &format!("[]*{package}.Dependency"), dependency));
    faults.first()
}

fn annotations(fields: &Fields<'_>, into: &mut Option<BTreeMap<Arc<str>, Said>>) -> Result<(), String> {
    let Some(node) = fields.get("annotations").filter(|node| !node.is_null()) else { return Ok(()) };
    let map = node.as_map().ok_or_else(|| fields.wrong("annotations", node, "map[string]string"))?;
    let each = map.entries.iter().map(|Entry { key, value, .. }| {
        let said = said(value).ok_or_else(|| fields.wrong("annotations", value, "string"))?;
        Ok((Arc::clone(key), said))
    });
    *into = Some(each.collect::<Result<_, String>>()?);
    Ok(())
}

fn maintainer(node: &Node) -> Result<Maintainer, String> {
    let fields = Fields::of(node, "Maintainer", "maintainers.")?;
    let (mut maintainer, mut faults) = (Maintainer::default(), Faults::default());
    faults.note("name", fields.text("name", &mut maintainer.name));
    faults.note("email", fields.text("email", &mut maintainer.email));
    faults.note("url", fields.text("url", &mut maintainer.url));
    faults.first().map(|()| maintainer)
}

fn dependency(node: &Node) -> Result<Dependency, String> {
    let fields = Fields::of(node, "Dependency", "dependencies.")?;
    let (mut dependency, mut faults) = (Dependency::default(), Faults::default());
    faults.note("name", fields.text("name", &mut dependency.name));
    faults.note("version", fields.text("version", &mut dependency.version));
    faults.note("repository", fields.text("repository", &mut dependency.repository));
    faults.note("condition", fields.text("condition", &mut dependency.condition));
    faults.note("tags", fields.texts("tags", &mut dependency.tags));
    faults.note("alias", fields.text("alias", &mut dependency.alias));
    faults.note("enabled", fields.truth("enabled", &mut false));
    let imports = faults.note("import-values", fields.list("import-values", "[]interface {}")).flatten();
    faults.first()?;
    for item in imports.unwrap_or_default() {
        if item.as_map().is_some() {
            let text = |key: &str| item.get(key).and_then(said).map_or("<nil>".to_owned(), |s| s.text.to_string());
            dependency.imports.push(Import::Pair { child: text("child"), parent: text("parent") });
        } else if let Some(name) = item.as_str() {
            dependency.imports.push(Import::Export(name.to_owned()));
        }
    }
    Ok(dependency)
}

/// What is wrong with the fields of a struct. Go meets them in the order of their names, and says the first.
#[derive(Default)]
struct Faults(Option<(&'static str, String)>);

impl Faults {
    fn note<T>(&mut self, field: &'static str, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(fault) => {
                if self.0.as_ref().is_none_or(|(known, _)| field < *known) {
                    self.0 = Some((field, fault));
                }
                None
            }
        }
    }

    fn first(self) -> Result<(), String> {
        self.0.map_or(Ok(()), |(_, fault)| Err(fault))
    }
}

/// A mapping as a Go struct reads it.
pub(super) struct Fields<'n> {
    node: &'n Node,
    /// The struct's name, with its package.
    owner: String,
    above: &'static str,
}

impl<'n> Fields<'n> {
    pub(super) fn of(node: &'n Node, owner: &str, above: &'static str) -> Result<Self, String> {
        if node.as_map().is_none() {
            let kind = node.json_kind();
            return Err(mismatch(kind, &format!("Go value of type {owner}")));
        }
        Ok(Self { node, owner: owner.to_owned(), above })
    }

    /// A field; as it is spelled if there is one, else in any case.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let entries = &self.node.as_map()?.entries;
        let exact = entries.iter().find(|entry| *entry.key == *name);
        let folded = || entries.iter().filter(|e| e.key.eq_ignore_ascii_case(name)).max_by(|a, b| a.key.cmp(&b.key));
        exact.or_else(folded).map(|entry| &entry.value)
    }

    pub(super) fn wrong(&self, name: &str, node: &Node, wanted: &str) -> String {
        let Self { owner, above, .. } = self;
        let owner = owner.rsplit('.').next().unwrap_or(owner);
        mismatch(node.json_kind(), &format!("Go struct field {owner}.{above}{name} of type {wanted}"))
    }

    fn text(&self, name: &str, into: &mut Said) -> Result<(), String> {
        if let Some(node) = self.get(name) {
            let said = said(node).ok_or_else(|| self.wrong(name, node, "string"))?;
            // A null leaves what was there.
            if said.origin.is_some() {
                *into = said;
            }
        }
        Ok(())
    }

    fn texts(&self, name: &str, into: &mut Vec<Said>) -> Result<(), String> {
        if let Some(items) = self.list(name, "[]string")? {
            let each = items.iter().map(|item| said(item).ok_or_else(|| self.wrong(name, item, "string")));
            *into = each.collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    fn truth(&self, name: &str, into: &mut bool) -> Result<(), String> {
        if let Some(node) = self.get(name).filter(|node| !node.is_null()) {
            *into = node.as_bool().ok_or_else(|| self.wrong(name, node, "bool"))?;
        }
        Ok(())
    }

    /// The items of a list of structs, nothing for a null; nothing at all where the field is not there.
    fn items<T>(
        &self,
        name: &str,
        wanted: &str,
        read: fn(&Node) -> Result<T, String>,
    ) -> Result<Option<Vec<Option<T>>>, String> {
        let Some(items) = self.list(name, wanted)? else { return Ok(None) };
        let each = items.iter().map(|item| match item.as_map() {
            None if item.is_null() => Ok(None),
            None => Err(self.wrong(name, item, wanted.trim_start_matches("[]*"))),
            Some(_) => read(item).map(Some),
        });
        each.collect::<Result<_, _>>().map(Some)
    }

    fn list(&self, name: &str, wanted: &str) -> Result<Option<&'n [Node]>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(node) if node.is_null() => Ok(None),
            Some(node) => node.as_seq().map(Some).ok_or_else(|| self.wrong(name, node, wanted)),
        }
    }
}

pub(super) fn mismatch(kind: &str, place: &str) -> String {
    format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into {place}")
}

/// A scalar for a string field: numbers and booleans become text, a null says nothing. `None` for a collection.
pub(super) fn said(node: &Node) -> Option<Said> {
    let text: Arc<str> = match node.meaning()? {
        Meaning::Null => return Some(Said::default()),
        Meaning::Bool(b) => b.to_string().into(),
        Meaning::Int(n) => n.to_string().into(),
        Meaning::Uint(n) => n.to_string().into(),
        Meaning::Float(n) => shortest(n).into(),
        Meaning::Str(text) => text.into(),
    };
    Some(Said { text, origin: Some(node.origin.clone()) })
}

/// Go's `strconv.FormatFloat(n, 'g', -1, 64)`.
pub(super) fn shortest(n: f64) -> String {
    let exact = format!("{n:e}");
    let Some((mantissa, exponent)) = exact.split_once('e') else { return exact };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return n.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
