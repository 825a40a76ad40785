//! Who a patch or a replacement is meant for: regular expressions over group, version, kind, name and namespace, and
//! selectors over labels and annotations.

use std::borrow::Cow;

use super::expression::Expression;
use super::fail::Fail;
use super::id::{Gvk, ResId};
use super::object::{Object, refuse_list};
use super::tree;
use crate::yaml::Node;

/// A target as written; empty parts mean any.
#[derive(Debug, Clone, Default)]
pub(super) struct Selector {
    pub(super) id: ResId,
    pub(super) annotations: String,
    pub(super) labels: String,
}

impl Selector {
    pub(super) fn is_blank(&self) -> bool {
        self.id == ResId::default()
    }

    pub(super) fn compile(&self) -> Result<Compiled, Fail> {
        Ok(Compiled {
            group: anchored(&self.id.gvk.group)?,
            version: anchored(&self.id.gvk.version)?,
            kind: anchored(&self.id.gvk.kind)?,
            name: anchored(&self.id.name)?,
            namespace: anchored(&self.id.namespace)?,
            annotations: Requirements::parse(&self.annotations),
            labels: Requirements::parse(&self.labels),
        })
    }
}

/// What a part of a name must be.
enum Pattern {
    Any,
    Exactly(String),
    /// One of some simple ones.
    OneOf(Vec<Vec<Step>>),
    Like(Expression),
}

/// A part of a simple expression.
#[derive(Clone, Copy)]
enum Step {
    Sign(u8),
    /// Any character but the end of a line.
    One,
    /// As many of them as there are.
    Many,
}

/// The alternatives of an expression that has nothing but letters, `.`, `.*`, `.+` and `|`, as most have.
fn simple(pattern: &str) -> Option<Vec<Vec<Step>>> {
    let branch = |branch: &str| {
        let mut steps = Vec::new();
        let mut rest = branch.bytes().peekable();
        while let Some(b) = rest.next() {
            match b {
                b'.' => match rest.next_if(|next| matches!(next, b'*' | b'+')) {
                    None => steps.push(Step::One),
                    Some(b'+') => steps.extend([Step::One, Step::Many]),
                    Some(_) => steps.push(Step::Many),
                },
                b'-' | b'_' | b'/' | b':' => steps.push(Step::Sign(b)),
                b if b.is_ascii_alphanumeric() => steps.push(Step::Sign(b)),
                _ => return None,
            }
        }
        Some(steps)
    };
    pattern.split('|').map(branch).collect()
}

/// Whether a text is what a simple expression says.
fn goes(steps: &[Step], text: &[u8]) -> bool {
    let (mut step, mut at) = (0, 0);
    // Where the last `.*` stands, and up to where it reaches.
    let mut many: Option<(usize, usize)> = None;
    loop {
        let goes_on = match steps.get(step) {
            None => at == text.len(),
            Some(Step::Many) => {
                many = Some((step + 1, at));
                step += 1;
                continue;
            }
            Some(Step::Sign(sign)) => text.get(at) == Some(sign),
            Some(Step::One) => text.get(at).is_some_and(|&b| b != b'\n'),
        };
        if goes_on && step == steps.len() {
            return true;
        }
        if goes_on {
            (step, at) = (step + 1, at + 1);
            continue;
        }
        let Some((after, reach)) = many else { return false };
        if text.get(reach).is_none_or(|&b| b == b'\n') {
            return false;
        }
        many = Some((after, reach + 1));
        (step, at) = (after, reach + 1);
    }
}

fn anchored(pattern: &str) -> Result<Pattern, Fail> {
    if pattern.is_empty() {
        return Ok(Pattern::Any);
    }
    if pattern.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Ok(Pattern::Exactly(pattern.to_owned()));
    }
    if let Some(branches) = simple(pattern) {
        return Ok(Pattern::OneOf(branches));
    }
    Expression::new(&format!("^(?:{pattern})$")).map(Pattern::Like)
}

/// A target ready to be asked.
pub(super) struct Compiled {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    /// What is no selector is refused when an object is asked about it.
    annotations: Result<Requirements, Fail>,
    labels: Result<Requirements, Fail>,
}

fn fits(pattern: &Pattern, text: &str) -> bool {
    match pattern {
        Pattern::Any => true,
        Pattern::Exactly(exact) => exact == text,
        Pattern::OneOf(branches) => {
            // Each character is one sign, whatever its bytes are.
            let sign = |c: char| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(u8::MAX);
            let signs: Cow<'_, [u8]> =
                if text.is_ascii() { text.as_bytes().into() } else { text.chars().map(sign).collect() };
            branches.iter().any(|steps| goes(steps, &signs))
        }
        Pattern::Like(expression) => expression.is_match(text),
    }
}

impl Compiled {
    fn gvk(&self, gvk: &Gvk) -> bool {
        fits(&self.group, &gvk.group) && fits(&self.version, &gvk.version) && fits(&self.kind, &gvk.kind)
    }

    /// Whether the target of a patch means this object: by its present or its first name.
    pub(super) fn selects(&self, object: &Object) -> Result<bool, Fail> {
        let original = object.notes.former.first().map(|former| former.name.as_str());
        if !fits(&self.name, object.name()) && !original.is_some_and(|name| fits(&self.name, name)) {
            return Ok(false);
        }
        let (current, original) = (object.id(), object.original_id());
        let named = (fits(&self.namespace, original.effective_namespace())
            || fits(&self.namespace, current.effective_namespace()))
            && self.gvk(&current.gvk);
        if !named {
            return Ok(false);
        }
        for (field, wanted) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            let marks = object.node.at(&["metadata", field]);
            marks.map_or(Ok(()), refuse_list)?;
            if !wanted.as_ref().map_err(Fail::clone)?.fit(marks) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses what is no selector of labels or annotations.
    pub(super) fn checked(self) -> Result<Self, Fail> {
        for wanted in [&self.annotations, &self.labels] {
            wanted.as_ref().map_err(Fail::clone)?;
        }
        Ok(self)
    }

    /// Whether labels and annotations fit.
    pub(super) fn marks(&self, object: &Object) -> Result<bool, Fail> {
        for (field, wanted) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !wanted.as_ref().map_err(Fail::clone)?.fit(object.node.at(&["metadata", field])) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether no name that an object has or had fits, without a look at the rest of it.
    pub(super) fn names_never(&self, object: &Object) -> bool {
        let former = &object.notes.former;
        !fits(&self.name, object.name()) && !former.iter().any(|former| fits(&self.name, &former.name))
    }

    /// The name that is asked for, if only one fits.
    pub(super) fn only_name(&self) -> Option<&str> {
        match &self.name {
            Pattern::Exactly(name) => Some(name),
            _ => None,
        }
    }

    /// Whether one name of an object fits, its namespace as written.
    pub(super) fn names(&self, id: &ResId) -> bool {
        self.gvk(&id.gvk) && fits(&self.name, &id.name) && fits(&self.namespace, &id.namespace)
    }
}

/// A selector over labels (`a=b, c in (x,y), !d`), as Kubernetes reads it.
#[derive(Debug, Default)]
pub(super) struct Requirements(Vec<Requirement>);

#[derive(Debug)]
struct Requirement {
    key: String,
    test: Test,
}

impl Requirement {
    /// Refuses keys and values that no label can have.
    fn check(&self) -> Result<(), Fail> {
        let word = |text: &str| {
            let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            text.len() <= 63
                && ends(text.chars().next())
                && ends(text.chars().last())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let (prefix, name) = self.key.split_once('/').unwrap_or(("example", &self.key));
        let domain = |part: &str| word(part) && !part.bytes().any(|b| b.is_ascii_uppercase() || b == b'_');
        if !word(name) || prefix.len() > 253 || !prefix.split('.').all(domain) {
            return Err(Fail::new(format!("unable to parse requirement: invalid label key \"{}\"", self.key)));
        }
        let values = match &self.test {
            Test::In(values) | Test::NotIn(values) => values.as_slice(),
            _ => &[],
        };
        match values.iter().find(|value| !value.is_empty() && !word(value)) {
            Some(value) => Err(Fail::new(format!(
                "unable to parse requirement: invalid label value: \"{value}\": at key: \"{}\"",
                self.key
            ))),
            None => Ok(()),
        }
    }
}

#[derive(Debug)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Requirements {
    pub(super) fn parse(text: &str) -> Result<Self, Fail> {
        let wrong = || Fail::new(format!("unable to parse requirement: found in `{text}`"));
        let mut rest = text.trim();
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (absent, after) = match rest.strip_prefix('!') {
                Some(after) => (true, after.trim_start()),
                None => (false, rest),
            };
            let end = after.find(|c: char| c.is_whitespace() || SIGNS.contains(c)).unwrap_or(after.len());
            let (key, after) = (after[..end].to_owned(), after[end..].trim_start());
            if key.is_empty() {
                let token = token(after);
                return Err(Fail::new(format!("found '{token}', expected: !, identifier, or 'end of string'")));
            }
            let (test, after) = if absent {
                (Test::Absent, after)
            } else if let Some(after) = after.strip_prefix("==").or_else(|| after.strip_prefix('=')) {
                let (value, after) = word(after);
                (Test::In(vec![value]), after)
            } else if let Some(after) = after.strip_prefix("!=") {
                let (value, after) = word(after);
                (Test::NotIn(vec![value]), after)
            } else if let Some(after) = after.strip_prefix('>') {
                let (value, after) = word(after);
                (Test::Above(value.parse().map_err(|_| wrong())?), after)
            } else if let Some(after) = after.strip_prefix('<') {
                let (value, after) = word(after);
                (Test::Below(value.parse().map_err(|_| wrong())?), after)
            } else if let Some(after) = after.strip_prefix("notin") {
                let (values, after) = set(after).ok_or_else(wrong)?;
                (Test::NotIn(values), after)
            } else if let Some(after) = after.strip_prefix("in").filter(|_| !after.is_empty()) {
                let (values, after) = set(after).ok_or_else(wrong)?;
                (Test::In(values), after)
            } else {
                (Test::Exists, after)
            };
            found.push(Requirement { key, test });
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if after.is_empty() => "",
                None => {
                    return Err(Fail::new(format!("found '{}', expected: ',' or 'end of string'", token(after))));
                }
            };
            if rest.is_empty() && after.starts_with(',') {
                return Err(Fail::new("found '', expected: identifier after ','"));
            }
        }
        found.iter().try_for_each(Requirement::check)?;
        Ok(Self(found))
    }

    fn fit(&self, map: Option<&Node>) -> bool {
        self.0.iter().all(|requirement| {
            let value = map.and_then(|map| map.get(&requirement.key)).map(tree::text);
            match &requirement.test {
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::In(values) => value.is_some_and(|value| values.iter().any(|v| v == value)),
                Test::NotIn(values) => value.is_none_or(|value| !values.iter().any(|v| v == value)),
                Test::Above(bound) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *bound),
                Test::Below(bound) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *bound),
            }
        })
    }
}

fn word(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace() || SIGNS.contains(c)).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

/// What cannot stand in a word.
const SIGNS: &str = "=!<>(),";

/// The word or the sign at the beginning of a text.
fn token(text: &str) -> &str {
    let text = text.trim_start();
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = if text.starts_with(|c| SIGNS.contains(c)) {
        let doubled = ["==", "!="].iter().any(|sign| text.starts_with(sign));
        if doubled { 2 } else { first }
    } else {
        text.find(|c: char| c.is_whitespace() || SIGNS.contains(c)).unwrap_or(text.len())
    };
    &text[..end]
}

fn set(text: &str) -> Option<(Vec<String>, &str)> {
    let inner = text.trim_start().strip_prefix('(')?;
    let end = inner.find(')')?;
    let values = inner[..end].split(',').map(|value| value.trim().to_owned()).collect();
    Some((values, &inner[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};
    use crate::yaml::{Entry, Origin};

    #[test]
    fn simple_expressions_mean_what_they_say() {
        let texts = ["", "a", "ab", "a.b", "axb", "aéb", "a\nb", "abcabd", "tekton.dev", "b", "é", "a|b", "xab.*"];
        for pattern in
            ["a.b", ".*", ".+", "a|b", "a|", "a.*b", "a.*b.", ".*ab.*d", "tekton.dev", "a.+b|x.*", "..", "a/b:c"]
        {
            let compiled = anchored(pattern).unwrap();
            assert!(matches!(compiled, Pattern::OneOf(_)), "{pattern}");
            for text in texts {
                assert_eq!(
                    fits(&compiled, text),
                    Expression::new(&format!("^(?:{pattern})$")).unwrap().is_match(text),
                    "{pattern} {text:?}"
                );
            }
        }
        for pattern in ["a*", "a.*?", ".**", "(a)", "a\\.b", "[a]", "^a$", "a{2}"] {
            assert!(!matches!(anchored(pattern), Ok(Pattern::OneOf(_))), "{pattern}");
        }
    }

    fn labels(pairs: &[(&str, &str)]) -> Node {
        let origin = Origin::literal(Span::new(FileId(0), 0, 0));
        let entry = |(key, value): &(&str, &str)| Entry {
            key: (*key).into(),
            key_origin: origin.clone(),
            value: Node::string(*value, origin.clone()),
        };
        Node::map(pairs.iter().map(entry).collect(), origin.clone())
    }

    #[test]
    fn requirements_read_as_kubernetes_reads_them() {
        let map = labels(&[("app", "web"), ("tier", "2")]);
        let fits = |text: &str| Requirements::parse(text).unwrap().fit(Some(&map));
        assert!(fits(""));
        assert!(fits("app=web,tier in (1, 2)"));
        assert!(fits("app == web, !gone, tier>1"));
        assert!(fits("app!=db,gone notin (x)"));
        assert!(!fits("app notin (web)"));
        assert!(!fits("gone"));
        assert!(Requirements::parse("a b").is_err());
        assert!(Requirements::parse("=x").is_err());
    }
}
