//! `.Files`: what a chart brings beside its templates.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use super::super::chart::{Bytes, ChartFile, Content};
use crate::budget::Exceeded;
use crate::glob::{Dialect, Glob, LONGEST};
use crate::gotmpl::{
    Context, Data, Failure, Field, Fields, List, ListType, Map, MapType, Object, ObjectKind, OriginId, Param,
    SharedOrigins, Text, Value, yaml_of,
};
use crate::source::Span;
use crate::yaml::{Origin, Role};

/// `.Files`: all files of a chart, or those that a pattern picked, by name.
pub(in super::super) struct Files {
    files: Vec<(Arc<str>, Content)>,
    origins: SharedOrigins,
}

impl Files {
    pub(in super::super) fn new(files: &[ChartFile], origins: &SharedOrigins) -> Self {
        let mut files: Vec<_> = files.iter().map(|file| (Arc::clone(&file.name), file.content.clone())).collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        // Of two files of one name (an archive can have them) the later counts.
        files.reverse();
        files.dedup_by(|(a, _), (b, _)| a == b);
        files.reverse();
        Self { files, origins: Rc::clone(origins) }
    }

    fn content(&self, name: &str) -> Option<&Content> {
        let at = self.files.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.files[at].1)
    }

    /// A file's text, whose lines know where they are.
    fn text(&self, content: &Content) -> Result<Value, Failure> {
        let content = content.read().map_err(|error| error.message)?;
        Ok(match content {
            Bytes::Binary(_) => Value::str(Text::from_bytes(content.bytes().to_vec())),
            Bytes::Text(file, whole) => {
                let text: Arc<str> = match content.text() {
                    Some(text) if text.len() < whole.len() => text.into(),
                    _ => Arc::clone(whole),
                };
                let origin = Origin::of(Role::Default, Span::new(*file, 0, whole.len()));
                Value::str(text).from_origin(self.origins.known(&origin))
            }
        })
    }

    /// A file's bytes.
    fn bytes(&self, content: &Content) -> Result<Value, Failure> {
        let text = self.text(content)?;
        let bytes =
            text.as_text().map_or(List::nil(ListType::Bytes), |bytes| List::of_bytes(bytes.clone(), text.origin));
        Ok(Value::new(Data::List(bytes)).from_origin(text.origin))
    }

    /// The last names of the files with what `encode` makes of them, as YAML.
    fn flat(
        &self,
        context: &Context<'_>,
        encode: impl Fn(&Content) -> Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let fields = self.files.iter().map(|(name, content)| {
            let base = name.rsplit('/').next().unwrap_or(name);
            Ok((Arc::from(base), encode(content)?))
        });
        let fields = fields.collect::<Result<Vec<_>, Failure>>()?;
        yaml_of(context, &Value::map(fields), false)
    }
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind(&self) -> ObjectKind {
        ObjectKind::Map
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => Some(&[Param::Str]),
            "AsConfig" | "AsSecrets" => Some(&[]),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value], context: &Context<'_>) -> Result<Value, Failure> {
        let argument = args.first().and_then(Value::as_text).map(Text::as_str).unwrap_or_default();
        match name {
            "Get" => self.content(&argument).map_or(Ok(Value::fixed("")), |content| self.text(content)),
            "GetBytes" => {
                let none = || Ok(Value::new(Data::List(List::new(Vec::new(), ListType::Bytes))));
                self.content(&argument).map_or_else(none, |content| self.bytes(content))
            }
            "Glob" => {
                if argument.len() > LONGEST {
                    return Err(Exceeded::Bytes(LONGEST as u64).into());
                }
                // To read the pattern takes as long as to hold some names against it.
                let names = self.files.len() as u64 + 8;
                context.budget.steps((argument.len() as u64).saturating_mul(names))?;
                // A pattern that is none matches everything.
                let glob = Glob::new(&argument, Dialect::GobwasPath).ok();
                let fits = |name: &str| glob.as_ref().is_none_or(|glob| glob.matches(name));
                let files = self.files.iter().filter(|(name, _)| fits(name)).cloned().collect();
                Ok(Value::object(Files { files, origins: Rc::clone(&self.origins) }))
            }
            "Lines" => {
                let Some(content) = self.content(&argument) else { return Ok(Value::strings(Vec::new())) };
                let value = self.text(content)?;
                let text = value.as_text().map(|text| text.as_str().into_owned()).unwrap_or_default();
                if text.is_empty() {
                    return Err("runtime error: index out of range [-1]".into());
                }
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let lines = text.split('\n').map(|line| Value::str(line).from_origin(value.origin));
                Ok(Value::strings(lines.collect()))
            }
            "AsConfig" => self.flat(context, |content| self.text(content)),
            "AsSecrets" => self.flat(context, |content| {
                use base64::Engine as _;
                let origin = self.text(content)?.origin;
                let bytes = content.read().map_err(|error| error.message)?.bytes();
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                Ok(Value::str(text).from_origin(origin))
            }),
            name => Err(format!("no method {name}").into()),
        }
    }

    /// Nothing where one of the files cannot be read.
    fn underlying(&self) -> Option<Value> {
        let field = |value| Field { key_origin: OriginId::NONE, value };
        let fields =
            self.files.iter().map(|(name, content)| Some((Arc::clone(name), field(self.bytes(content).ok()?))));
        Some(Value::new(Data::Map(Map::new(fields.collect::<Option<Fields>>()?, MapType::Bytes))))
    }

    fn truth(&self) -> bool {
        !self.files.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
