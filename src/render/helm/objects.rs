//! Helm's objects as templates see them: `.Chart`, `.Capabilities`, `.Release`, `.Files`.

mod files;

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

pub(super) use files::Files;

use super::capabilities::{Capabilities, KubeVersion};
use super::dependencies::Instance;
use super::metadata::{Import, Said};
use super::version::{HelmVersion, TypeName};
use crate::gotmpl::{
    Context, Data, Failure, List, ListType, Map, MapType, Object, ObjectKind, Param, SharedOrigins, Value,
};
use crate::yaml::{Origin, Role};

/// A Go struct.
struct Record {
    type_name: &'static str,
    kind: ObjectKind,
    fields: Vec<Member>,
}

struct Member {
    name: &'static str,
    json: &'static str,
    omit_empty: bool,
    value: Value,
}

impl Record {
    fn encode_into(&self, into: &mut Vec<(Arc<str>, Value)>) {
        for member in &self.fields {
            let empty = match &member.value.data {
                Data::Object(_) => false,
                _ => !member.value.truth(),
            };
            let left_out = member.json.is_empty() || (member.omit_empty && empty);
            if !left_out {
                into.push((member.json.into(), member.value.clone()));
            }
        }
    }
}

impl Object for Record {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn kind(&self) -> ObjectKind {
        self.kind
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields.iter().find(|member| member.name == name).map(|member| member.value.clone())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.fields.iter().map(|member| (member.name, member.value.clone())).collect()
    }

    fn members(&self) -> Option<Vec<(Arc<str>, Value)>> {
        let mut all = Vec::new();
        self.encode_into(&mut all);
        Some(all)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Helm 3's `.Chart`: its metadata, and whether it is the root.
struct ChartRecord {
    metadata: Rc<Record>,
    root: bool,
}

impl Object for ChartRecord {
    fn type_name(&self) -> &str {
        "struct { chart.Metadata; IsRoot bool }"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "IsRoot" => Some(Value::bool(self.root)),
            "Metadata" => Some(Value::new(Data::Object(self.metadata.clone()))),
            name => self.metadata.field(name),
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let metadata = Value::new(Data::Object(self.metadata.clone()));
        vec![("Metadata", metadata), ("IsRoot", Value::bool(self.root))]
    }

    fn promoted(&self) -> Vec<(&'static str, Value)> {
        self.metadata.fields().into_iter().chain([("IsRoot", Value::bool(self.root))]).collect()
    }

    fn members(&self) -> Option<Vec<(Arc<str>, Value)>> {
        let mut all = Vec::new();
        self.metadata.encode_into(&mut all);
        all.push(("IsRoot".into(), Value::bool(self.root)));
        Some(all)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Makes Helm's objects for one render.
pub(super) struct Maker<'o> {
    pub(super) helm: HelmVersion,
    pub(super) origins: &'o SharedOrigins,
}

impl Maker<'_> {
    fn said(&self, said: &Said) -> Value {
        let value = Value::str(Arc::clone(&said.text));
        match &said.origin {
            Some(origin) => value.from_origin(self.origins.known(origin)),
            None => value,
        }
    }

    /// `[]string` of a struct, or the list of a map.
    fn texts(&self, all: &[Said]) -> Value {
        let items: Vec<Value> = all.iter().map(|said| self.said(said)).collect();
        match self.helm {
            HelmVersion::V3 if items.is_empty() => Value::new(Data::List(List::nil(ListType::Strings))),
            HelmVersion::V3 => Value::strings(items),
            HelmVersion::V4 => Value::list(items),
        }
    }

    /// `.Chart`
    pub(super) fn chart(&self, instance: &Instance) -> Value {
        let metadata = &instance.chart.metadata;
        let origin = metadata.name.origin.as_ref().map(|origin| Origin::of(Role::Chart, origin.anchor()));
        let name = Said { text: Arc::clone(&instance.name), origin };
        let annotations = match &metadata.annotations {
            None => Map::nil(MapType::Strings),
            Some(all) => {
                let fields: Map = all.iter().map(|(key, said)| (Arc::clone(key), self.said(said))).collect();
                fields.typed(MapType::Strings)
            }
        };
        let member = |name, json, value| Member { name, json, omit_empty: true, value };
        let fields = vec![
            member("Name", "name", self.said(&name)),
            member("Home", "home", self.said(&metadata.home)),
            member("Sources", "sources", self.texts(&metadata.sources)),
            member("Version", "version", self.said(&metadata.version)),
            member("Description", "description", self.said(&metadata.description)),
            member("Keywords", "keywords", self.texts(&metadata.keywords)),
            member("Maintainers", "maintainers", self.maintainers(instance)),
            member("Icon", "icon", self.said(&metadata.icon)),
            member("APIVersion", "apiVersion", self.said(&metadata.api_version)),
            member("Condition", "condition", self.said(&metadata.condition)),
            member("Tags", "tags", self.said(&metadata.tags)),
            member("AppVersion", "appVersion", self.said(&metadata.app_version)),
            member("Deprecated", "deprecated", Value::bool(metadata.deprecated)),
            member("Annotations", "annotations", Value::new(Data::Map(annotations))),
            member("KubeVersion", "kubeVersion", self.said(&metadata.kube_version)),
            member("Dependencies", "dependencies", self.dependencies(instance)),
            member("Type", "type", self.said(&metadata.kind)),
        ];
        match self.helm {
            HelmVersion::V3 => {
                let kind = ObjectKind::Struct;
                let record = Record { type_name: "chart.Metadata", kind, fields };
                Value::object(ChartRecord { metadata: Rc::new(record), root: instance.root })
            }
            HelmVersion::V4 => {
                let root = ("IsRoot".into(), Value::bool(instance.root));
                Value::map(fields.into_iter().map(|m| (m.name.into(), m.value)).chain([root]))
            }
        }
    }

    /// A pointer to a struct, or the map that Helm 4 makes of it.
    fn record(&self, type_name: &'static str, fields: Vec<Member>) -> Value {
        match self.helm {
            HelmVersion::V3 => Value::object(Record { type_name, kind: ObjectKind::Pointer, fields }),
            HelmVersion::V4 => Value::map(fields.into_iter().map(|member| (member.name.into(), member.value))),
        }
    }

    fn records(&self, items: Vec<Value>, type_name: &'static str) -> Value {
        Value::new(Data::List(match self.helm {
            HelmVersion::V3 if items.is_empty() => List::nil(ListType::Named(type_name)),
            HelmVersion::V3 => List::new(items, ListType::Named(type_name)),
            HelmVersion::V4 => List::new(items, ListType::Any),
        }))
    }

    fn maintainers(&self, instance: &Instance) -> Value {
        let each = instance.chart.metadata.maintainers.iter().map(|one| {
            let member = |name, json, said| Member { name, json, omit_empty: true, value: self.said(said) };
            let fields = vec![
                member("Name", "name", &one.name),
                member("Email", "email", &one.email),
                member("URL", "url", &one.url),
            ];
            self.record("*chart.Maintainer", fields)
        });
        self.records(each.collect(), "[]*chart.Maintainer")
    }

    fn dependencies(&self, instance: &Instance) -> Value {
        let listed = instance.chart.metadata.dependencies.as_deref().unwrap_or_default();
        let each = instance.wanted.iter().flatten().filter_map(|wanted| {
            let one = listed.get(wanted.index)?;
            let member = |name, json, omit_empty, value| Member { name, json, omit_empty, value };
            let name = Said { text: Arc::clone(&wanted.name), origin: one.name.origin.clone() };
            let imports = one.imports.iter().map(|import| {
                let (child, parent) = match import {
                    Import::Pair { child, parent } => (child.clone(), parent.clone()),
                    Import::Export(name) => (format!("exports.{name}"), ".".to_owned()),
                };
                let fields: Map =
                    [("child".into(), Value::str(child)), ("parent".into(), Value::str(parent))].into_iter().collect();
                Value::new(Data::Map(fields.typed(MapType::Strings)))
            });
            let fields = vec![
                member("Name", "name", false, self.said(&name)),
                member("Version", "version", true, self.said(&one.version)),
                member("Repository", "repository", false, self.said(&one.repository)),
                member("Condition", "condition", true, self.said(&one.condition)),
                member("Tags", "tags", true, self.texts(&one.tags)),
                member("Enabled", "enabled", true, Value::bool(wanted.enabled)),
                member("ImportValues", "import-values", true, Value::list(imports.collect())),
                member("Alias", "alias", true, self.said(&one.alias)),
            ];
            Some(self.record("*chart.Dependency", fields))
        });
        self.records(each.collect(), "[]*chart.Dependency")
    }

    /// `.Capabilities`
    pub(super) fn capabilities(&self, capabilities: &Capabilities) -> Value {
        let own = |name, value| Member { name, json: name, omit_empty: false, value };
        let set = VersionSet {
            type_name: self.helm.type_of(TypeName::VersionSet),
            all: capabilities.api_versions.iter().map(|version| Value::str(version.as_str())).collect(),
        };
        let build = self.helm.build().into_iter().map(|(name, json, text)| {
            let omit_empty = name != "KubeClientVersion";
            Member { name, json, omit_empty, value: Value::fixed(text) }
        });
        let kind = ObjectKind::Struct;
        let build = Record { type_name: "version.BuildInfo", kind, fields: build.collect() };
        let fields = vec![
            own("KubeVersion", self.kubernetes(&capabilities.kubernetes)),
            own("APIVersions", Value::object(set)),
            own("HelmVersion", Value::object(build)),
        ];
        let type_name = self.helm.type_of(TypeName::Capabilities);
        Value::object(Record { type_name, kind: ObjectKind::Pointer, fields })
    }

    fn kubernetes(&self, version: &KubeVersion) -> Value {
        let member = |name, json, text: &str| Member { name, json, omit_empty: false, value: Value::str(text) };
        let mut fields = vec![member("Version", "Version", &version.version)];
        if self.helm == HelmVersion::V4 {
            // Not exported: to be seen when the struct is printed, and nowhere else.
            fields.push(member("normalizedVersion", "", &version.normalized));
        }
        fields.push(member("Major", "Major", &version.major));
        fields.push(member("Minor", "Minor", &version.minor));
        let type_name = self.helm.type_of(TypeName::KubeVersion);
        Value::object(KubeRecord {
            record: Rc::new(Record { type_name, kind: ObjectKind::Struct, fields }),
            version: version.clone(),
            has_address: true,
        })
    }
}

/// `.Capabilities.KubeVersion`, whose methods need its address: a field of a struct that is pointed at has one, what an
/// interface holds does not.
struct KubeRecord {
    record: Rc<Record>,
    version: KubeVersion,
    has_address: bool,
}

impl Object for KubeRecord {
    fn type_name(&self) -> &str {
        self.record.type_name
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.record.field(name).filter(|_| name != "normalizedVersion")
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.record.fields()
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        (self.has_address && matches!(name, "String" | "GitVersion")).then_some(&[])
    }

    fn call(&self, name: &str, _: &[Value], _: &Context<'_>) -> Result<Value, Failure> {
        let text = if name == "GitVersion" { &self.version.version } else { &self.version.normalized };
        Ok(Value::str(text.as_str()))
    }

    fn addressed(&self) -> Option<String> {
        self.has_address.then(|| self.version.normalized.clone())
    }

    fn without_address(&self) -> Option<Value> {
        let (record, version) = (Rc::clone(&self.record), self.version.clone());
        Some(Value::object(KubeRecord { record, version, has_address: false }))
    }

    fn members(&self) -> Option<Vec<(Arc<str>, Value)>> {
        self.record.members()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.APIVersions`
struct VersionSet {
    type_name: &'static str,
    all: Vec<Value>,
}

impl Object for VersionSet {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn kind(&self) -> ObjectKind {
        ObjectKind::List
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        (name == "Has").then_some(&[Param::Str])
    }

    fn call(&self, _: &str, args: &[Value], _: &Context<'_>) -> Result<Value, Failure> {
        let wanted = args.first().and_then(Value::as_text);
        Ok(Value::bool(wanted.is_some_and(|wanted| self.all.iter().any(|one| one.as_text() == Some(wanted)))))
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::strings(self.all.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
