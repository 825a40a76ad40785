//! `semver` and `semverCompare`, and the version object (`sprig semver.go`).

use super::cast::{made, text};
use super::{Function, Functions, Outcome, plain};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::{Object, ObjectKind, Param};
use crate::gotmpl::semver::{Constraints, Version};
use crate::gotmpl::value::{Data, UintType, Value};

use Param::Str;

pub(super) static FAMILY: &[Function] = &[
    plain("semver", &[Str], |context, args| {
        let version = Version::new(&text(&args[0])).map_err(Failure::Message)?;
        made(context, args, Value::object(VersionObject(version)))
    }),
    plain("semverCompare", &[Str, Str], compare),
];

fn compare(context: &Context<'_>, args: &[Value]) -> Outcome {
    let constraint = text(&args[0]);
    context.budget.steps(constraint.len() as u64)?;
    let quotes = context.functions == Functions::Helm4;
    let constraints = Constraints::new(&constraint, quotes).map_err(Failure::Message)?;
    let version = Version::new(&text(&args[1])).map_err(Failure::Message)?;
    made(context, args, Value::bool(constraints.check(&version)))
}

/// `*semver.Version`
struct VersionObject(Version);

impl Object for VersionObject {
    fn type_name(&self) -> &str {
        "*semver.Version"
    }

    fn kind(&self) -> ObjectKind {
        ObjectKind::Pointer
    }

    fn method(&self, name: &str) -> Option<&'static [Param]> {
        match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "Original" | "String" | "IncMajor"
            | "IncMinor" | "IncPatch" => Some(&[]),
            "Compare" | "Equal" | "LessThan" | "GreaterThan" | "LessThanEqual" | "GreaterThanEqual" => {
                Some(&[Param::Object("*semver.Version")])
            }
            "SetPrerelease" | "SetMetadata" => Some(&[Str]),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value], _: &Context<'_>) -> Result<Value, Failure> {
        use std::cmp::Ordering;
        let Version { numbers: [major, minor, patch], pre, metadata, original } = &self.0;
        let number = |n: u64| Value::new(Data::Uint(n, UintType::Uint64));
        let release = |numbers: [u64; 3]| {
            let mut version = Version { numbers, pre: String::new(), metadata: String::new(), original: String::new() };
            let prefix = if original.starts_with('v') { "v" } else { "" };
            version.original = format!("{prefix}{}", version.canonical());
            Value::object(VersionObject(version))
        };
        let order = match args.first().map(|value| &value.data) {
            Some(Data::Object(object)) => object.as_any().downcast_ref::<VersionObject>().map(|o| self.0.compare(&o.0)),
            _ => None,
        };
        let order = order.unwrap_or(Ordering::Equal);
        Ok(match name {
            "Major" => number(*major),
            "Minor" => number(*minor),
            "Patch" => number(*patch),
            "Prerelease" => Value::str(pre.as_str()),
            "Metadata" => Value::str(metadata.as_str()),
            "Original" => Value::str(original.as_str()),
            "String" => Value::str(self.0.canonical()),
            "IncMajor" => release([major.saturating_add(1), 0, 0]),
            "IncMinor" => release([*major, minor.saturating_add(1), 0]),
            // The release that a pre-release announces is the next one.
            "IncPatch" if !pre.is_empty() || !metadata.is_empty() => release([*major, *minor, *patch]),
            "IncPatch" => release([*major, *minor, patch.saturating_add(1)]),
            "Compare" => Value::int(order as i64),
            "Equal" => Value::bool(order == Ordering::Equal),
            "LessThan" => Value::bool(order == Ordering::Less),
            "GreaterThan" => Value::bool(order == Ordering::Greater),
            "LessThanEqual" => Value::bool(order != Ordering::Greater),
            "GreaterThanEqual" => Value::bool(order != Ordering::Less),
            _ => {
                let mut version = self.0.clone();
                let text = args.first().map(text).unwrap_or_default();
                if name == "SetPrerelease" {
                    version.pre = text;
                } else {
                    version.metadata = text;
                }
                let prefix = if original.starts_with('v') { "v" } else { "" };
                version.original = format!("{prefix}{}", version.canonical());
                Value::object(VersionObject(version))
            }
        })
    }

    fn show(&self) -> Option<String> {
        Some(self.0.canonical())
    }

    fn encoded(&self) -> Value {
        Value::str(self.0.canonical())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
