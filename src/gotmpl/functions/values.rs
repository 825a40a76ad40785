//! The methods of Helm's `chartutil.Values`, which `.Values` has.

use super::{Outcome, builtin};
use crate::gotmpl::collection::{Map, MapType};
use crate::gotmpl::context::Context;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::{Data, Value};

/// The parameters of a method; `None` if there is none of that name.
pub(in crate::gotmpl) fn values_method(name: &str) -> Option<&'static [Param]> {
    match name {
        "AsMap" | "YAML" => Some(&[]),
        "Table" | "PathValue" => Some(&[Param::Str]),
        _ => None,
    }
}

/// Calls a method of `chartutil.Values` (`pkg/chartutil/values.go`).
pub(in crate::gotmpl) fn call_values_method(name: &str, map: &Map, args: &[Value], context: &Context<'_>) -> Outcome {
    match name {
        "AsMap" => Ok(Value::new(Data::Map(map.typed(MapType::Any)))),
        "YAML" => super::encode::yaml_of(context, &Value::new(Data::Map(map.clone())), true),
        "Table" => {
            let path = args[0].as_text().map(|text| text.as_str().into_owned()).unwrap_or_default();
            let mut table = map.clone();
            for part in path.split('.') {
                table = match table.get(part).map(|value| builtin::beneath(&value).data) {
                    Some(Data::Map(inner)) => inner,
                    _ => return Err(format!("{} is not a table", crate::gotmpl::quote::quote(part)).into()),
                };
            }
            Ok(Value::new(Data::Map(table)))
        }
        _ => {
            let path = args[0].as_text().map(|text| text.as_str().into_owned()).unwrap_or_default();
            let missing = || format!("{} is not a value", crate::gotmpl::quote::quote(&path));
            let (tables, key) = path.rsplit_once('.').unwrap_or(("", &path));
            let mut table = map.clone();
            for part in tables.split('.').filter(|part| !part.is_empty()) {
                table = match table.get(part).map(|value| value.data) {
                    Some(Data::Map(inner)) => inner,
                    _ => return Err(missing().into()),
                };
            }
            match table.get(key) {
                Some(value) if !matches!(value.data, Data::Map(_)) => Ok(value),
                _ => Err(missing().into()),
            }
        }
    }
}
