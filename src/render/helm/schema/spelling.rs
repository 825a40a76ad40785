//! The patterns of a schema in the regex crate's spelling: Helm's validator has Go's expressions, boon has JavaScript's.
//!
//! What boon says of a pattern is told of what the schema says, with Go's reason where that is no expression.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::gotmpl;

/// What the patterns of a schema were before.
#[derive(Default)]
pub(super) struct Spelling {
    patterns: HashMap<String, Pattern>,
}

struct Pattern {
    said: String,
    /// Why Go does not take it.
    problem: Option<String>,
}

impl Spelling {
    /// A schema in boon's spelling.
    pub fn of(schema: &Value) -> (Value, Spelling) {
        let mut spelling = Spelling::default();
        let mut spelled = schema.clone();
        // A reference into patterns needs them as they are.
        let points = schema.to_string().contains("/patternProperties/");
        spelling.part(&mut spelled, points);
        (spelled, spelling)
    }

    /// What the schema says where boon saw this.
    pub fn said<'t>(&'t self, spelled: &'t str) -> &'t str {
        self.patterns.get(spelled).map_or(spelled, |pattern| &pattern.said)
    }

    /// Why a pattern is none.
    pub fn problem(&self, spelled: &str) -> Option<&str> {
        self.patterns.get(spelled)?.problem.as_deref()
    }

    fn spell(&mut self, pattern: &str) -> String {
        let (mut spelled, problem) = match gotmpl::crates_expression(pattern) {
            Ok(spelled) => (spelled, None),
            // Nothing may be repeated at the beginning: this is a pattern to nobody.
            Err(problem) => (format!("(*{pattern}"), Some(format!("error parsing regexp: {problem}"))),
        };
        // Two that mean the same stay two: each is told of by itself, and has a schema of its own.
        while self.patterns.get(&spelled).is_some_and(|known| known.said != pattern) {
            spelled = format!("(?:{spelled})");
        }
        self.patterns.insert(spelled.clone(), Pattern { said: pattern.to_owned(), problem });
        spelled
    }

    /// Nesting is bounded by the JSON reader.
    fn part(&mut self, part: &mut Value, points: bool) {
        let Value::Object(fields) = part else { return };
        for (keyword, field) in fields.iter_mut() {
            match (keyword.as_str(), field) {
                ("pattern", Value::String(pattern)) => *pattern = self.spell(pattern),
                ("patternProperties", Value::Object(named)) => {
                    named.values_mut().for_each(|one| self.part(one, points));
                    if !points {
                        self.names(named);
                    }
                }
                (
                    "properties" | "definitions" | "$defs" | "dependentSchemas" | "dependencies",
                    Value::Object(named),
                ) => named.values_mut().for_each(|one| self.part(one, points)),
                ("allOf" | "anyOf" | "oneOf" | "items" | "prefixItems", Value::Array(all)) => {
                    all.iter_mut().for_each(|one| self.part(one, points));
                }
                (
                    "items"
                    | "additionalItems"
                    | "unevaluatedItems"
                    | "contains"
                    | "additionalProperties"
                    | "unevaluatedProperties"
                    | "propertyNames"
                    | "not"
                    | "if"
                    | "then"
                    | "else"
                    | "contentSchema",
                    one,
                ) => self.part(one, points),
                _ => {}
            }
        }
    }

    fn names(&mut self, named: &mut Map<String, Value>) {
        let spelled: Map<String, Value> =
            std::mem::take(named).into_iter().map(|(pattern, one)| (self.spell(&pattern), one)).collect();
        *named = spelled;
    }
}
