//! Errors of charts without the credentials among their values: `fail` and `required` say what a chart makes them say.

use crate::catalog::catalog;
use crate::yaml::Node;

/// Nesting to which values are searched.
const DEPTH: u32 = 64;
/// Shorter values are words that stand everywhere.
const SHORTEST: usize = 4;

/// A message in which no value of a credential's key is left.
pub fn quiet<'n>(
    message: String,
    values: impl IntoIterator<Item = &'n Node>,
    parameters: impl IntoIterator<Item = (&'n str, &'n str)>,
) -> String {
    let named = parameters.into_iter().filter(|(name, value)| {
        let last = name.rsplit('.').next().unwrap_or(name);
        value.len() >= SHORTEST && catalog().is_credential_name(last)
    });
    let mut found: Vec<&str> = named.map(|(_, value)| value).collect();
    for node in values {
        credentials(node, DEPTH, &mut found);
    }
    found.sort_by_key(|value| std::cmp::Reverse(value.len()));
    found.iter().fold(message, |message, value| message.replace(value, "***"))
}

fn credentials<'n>(node: &'n Node, depth: u32, found: &mut Vec<&'n str>) {
    if depth == 0 {
        return;
    }
    for entry in node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default() {
        match entry.value.as_text() {
            Some(text) if text.len() >= SHORTEST && catalog().is_credential_name(&entry.key) => found.push(text),
            Some(_) => {}
            None => credentials(&entry.value, depth - 1, found),
        }
    }
    for item in node.as_seq().unwrap_or_default() {
        credentials(item, depth - 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::source::FileId;

    #[test]
    fn a_chart_cannot_print_its_passwords_by_failing() {
        let text = "db: {adminPassword: hunter2!, host: pg}\nlist: [{apiToken: abcdef}]\nport: 5432\n";
        let values = crate::yaml::parse(FileId(0), text, &Budget::default()).documents.remove(0).root;
        let said = quiet(
            "error calling fail: pg hunter2! abcdef 5432 given".to_owned(),
            [&values],
            [("db.password", "given")],
        );
        assert_eq!(said, "error calling fail: pg *** *** 5432 ***");
    }
}
