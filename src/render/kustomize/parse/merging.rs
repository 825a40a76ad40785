//! What `<<` brings into a mapping.

use super::super::fail::Fail;
use crate::yaml::{Entry, Index, Node, Value};

/// What `<<` brings; of a list the first mapping wins.
pub(super) fn merge(node: &Node) -> Result<Vec<Entry>, Fail> {
    let (mut found, mut index): (Vec<Entry>, Index) = Default::default();
    let maps: Vec<&Node> = match &node.value {
        Value::Map(_) => vec![node],
        Value::Seq(items) => items.iter().collect(),
        Value::Scalar(_) => {
            return Err(Fail::at(node.span(), "map merge requires map or sequence of maps as the value"));
        }
    };
    for map in maps {
        let Some(map) = map.as_map() else {
            return Err(Fail::at(map.span(), "invalid map merge: received alias for a non-map value"));
        };
        for entry in &map.entries {
            if index.position(&found, &entry.key).is_none() {
                found.push(entry.clone());
            }
        }
    }
    Ok(found)
}
