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
    /// A selector of parameters, whose values may be anything. The error is the one for which Argo CD refuses the generator.
    pub fn of_parameters(node: &'a Node) -> Result<Self, String> {
        Self::read(node, false)
    }

    /// A selector of labels, whose values must be ones that labels can have.
    pub fn of_labels(node: &'a Node) -> Result<Self, String> {
        Self::read(node, true)
    }

    fn read(node: &'a Node, labels: bool) -> Result<Self, String> {
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
        for (key, _, values) in &requirements {
            if !is_label_key(key) {
                return Err(format!("`{key}` cannot be a label's key"));
            }
            if let Some(value) = values.iter().find(|value| labels && !is_label_value(value)) {
                return Err(format!("`{value}` cannot be a label's value"));
            }
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

/// `validation.IsQualifiedName` of Kubernetes: a name, perhaps after a domain and a slash.
fn is_label_key(key: &str) -> bool {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    domain.is_none_or(is_domain) && !name.is_empty() && is_label_value(name)
}

/// `validation.IsValidLabelValue` of Kubernetes.
fn is_label_value(value: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = [value.bytes().next(), value.bytes().next_back()];
    value.len() <= 63 && value.bytes().all(inner) && ends.into_iter().flatten().all(|b| b.is_ascii_alphanumeric())
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            let ends = [label.bytes().next(), label.bytes().next_back()];
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && ends.into_iter().flatten().all(|b| b != b'-')
        })
}
