//! Label selectors: on a generator's parameters, and on cluster Secrets (`applicationset/utils/selector.go`).

use crate::yaml::Node;

/// A selector that was read.
#[derive(Debug, Default)]
pub struct Selector<'a> {
    requirements: Vec<(&'a str, Operator, Vec<&'a str>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl<'a> Selector<'a> {
    /// Reads `matchLabels` and `matchExpressions`; the error is the one for which Argo CD refuses the generator.
    pub fn new(node: &'a Node) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for entry in node.entries("matchLabels") {
            requirements.push((&*entry.key, Operator::In, vec![entry.value.as_text().unwrap_or("")]));
        }
        for expression in node.items("matchExpressions") {
            let key = expression.get("key").and_then(Node::as_text).unwrap_or("");
            let name = expression.get("operator").and_then(Node::as_text).unwrap_or("");
            let values: Vec<&str> = expression.items("values").iter().filter_map(Node::as_text).collect();
            let operator = match name {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => return Err(format!("`{name}` is not a valid label selector operator")),
            };
            let needs = matches!(operator, Operator::In | Operator::NotIn);
            if needs == values.is_empty() {
                let how = if needs { "needs values" } else { "takes no values" };
                return Err(format!("the label selector operator `{name}` {how}"));
            }
            requirements.push((key, operator, values));
        }
        Ok(Self { requirements })
    }

    /// Whether there is nothing to match.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether values that are found by name match.
    pub fn matches<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> bool {
        self.requirements.iter().all(|(key, operator, values)| {
            let found = value(key);
            match operator {
                Operator::In => found.is_some_and(|found| values.contains(&found)),
                Operator::NotIn => found.is_none_or(|found| !values.contains(&found)),
                Operator::Exists => found.is_some(),
                Operator::DoesNotExist => found.is_none(),
            }
        })
    }
}
