//! New names, tags and digests for images, wherever containers are. Follows `api/filters/imagetag`.

use super::expression::Expression;
use super::fail::{Fail, Outcome};
use super::fieldspec::{self, FieldSpec, Make};
use super::kustomization::Image;
use super::resmap::ResMap;
use super::transform::written;
use super::tree::{self, Shape};
use crate::budget::Budget;
use crate::yaml::{Node, Origin, Value};

/// Texts that are compared in the time of one step.
const TEXTS_A_STEP: u64 = 4;

/// The images of a name, which is a regular expression: with a tag, a digest or neither.
enum Pattern {
    /// A name in which only dots have a meaning, that of any character.
    Plain(String),
    Like(Expression),
}

impl Pattern {
    fn of(name: &str) -> Result<Self, Fail> {
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.:".contains(&b)) {
            return Ok(Self::Plain(name.to_owned()));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Expression::new(&pattern).map(Self::Like)
    }

    fn is_match(&self, image: &str) -> bool {
        let name = match self {
            Pattern::Plain(name) => name,
            Pattern::Like(regex) => return regex.is_match(image),
        };
        let mut rest = image.chars();
        let fits = |wanted: char| rest.next().is_some_and(|c| c == wanted || (wanted == '.' && c != '\n'));
        if !name.chars().all(fits) {
            return false;
        }
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.{}-".contains(&b));
        let rest = rest.as_str();
        let (tag, digest) = rest.split_once('@').map_or((rest, None), |(tag, digest)| (tag, Some(digest)));
        (tag.is_empty() || tag.strip_prefix(':').is_some_and(word))
            && digest.is_none_or(|digest| digest.strip_prefix("sha256:").is_some_and(word))
    }
}

/// A new name, tag or digest for an image.
#[derive(Debug, Clone)]
pub(super) struct Images {
    pub(super) image: Image,
    pub(super) specs: Vec<FieldSpec>,
}

/// The images of each object as far as they were looked at: most objects have few, and most images of a kustomization are for
/// few objects.
#[derive(Default)]
pub(super) struct Mentioned(Vec<Option<Texts>>);

/// The images of one object.
enum Texts {
    Known(Vec<String>),
    /// Something that is no image stands where one belongs.
    Odd,
}

impl Texts {
    fn of(object: &mut Node, specs: &[FieldSpec], budget: &Budget) -> Result<Self, Fail> {
        let mut looked_at = 0;
        let mut texts = Vec::new();
        let fine = mentions(object, &mut looked_at, &mut texts);
        budget.steps(looked_at + specs.len() as u64)?;
        let origin = object.origin.clone();
        let mut note = |node: &mut Node| {
            tree::expect(node, Shape::Scalar)?;
            texts.push(tree::text(node).to_owned());
            Ok(())
        };
        let noted = fieldspec::apply_all(object, specs, Make::Nothing, &origin, &mut note);
        Ok(if fine && noted.is_ok() { Self::Known(texts) } else { Self::Odd })
    }
}

impl Images {
    /// Writes the image wherever it is; what is known of the objects' images is kept for the next one.
    pub(super) fn transform(&self, map: &mut ResMap, mentioned: &mut Mentioned, budget: &Budget) -> Outcome {
        let regex = Pattern::of(&self.image.name).map_err(|fail| {
            let fail = fail.within(format!("the image name `{}` is no regular expression", self.image.name));
            Fail { span: self.image.span, ..fail }
        })?;
        mentioned.0.resize_with(map.list.len(), || None);
        let objects = map.list.iter_mut().zip(&mut mentioned.0).filter(|(object, _)| !object.deleted);
        for (object, known) in objects.filter(|(object, _)| object.kind() != "CustomResourceDefinition") {
            if known.is_none() {
                *known = Some(Texts::of(&mut object.node, &self.specs, budget)?);
            }
            if let Some(Texts::Known(texts)) = known {
                budget.steps(1 + texts.len() as u64 / TEXTS_A_STEP)?;
                if !texts.iter().any(|text| regex.is_match(text)) {
                    continue;
                }
            }
            *known = None;
            let mut looked_at = 0;
            mentions(&object.node, &mut looked_at, &mut Vec::new());
            budget.steps(looked_at + self.specs.len() as u64)?;
            self.everywhere(&mut object.node, &regex)?;
            let origin = object.node.origin.clone();
            let mut edit = |node: &mut Node| self.edit(node, &regex);
            fieldspec::apply_all(&mut object.node, &self.specs, Make::Nothing, &origin, &mut edit)?;
        }
        Ok(())
    }

    /// Containers wherever they are.
    fn everywhere(&self, node: &mut Node, regex: &Pattern) -> Outcome {
        match Shape::of(node) {
            Shape::Map => {
                for entry in tree::entries_mut(node).into_iter().flatten() {
                    self.everywhere(&mut entry.value, regex)?;
                    if matches!(&*entry.key, "containers" | "initContainers") {
                        for item in tree::items_mut(&mut entry.value).into_iter().flatten() {
                            tree::expect(item, Shape::Map)?;
                            if let Some(image) = tree::get_mut(item, "image") {
                                self.edit(image, regex)?;
                            }
                        }
                    }
                }
                Ok(())
            }
            Shape::Seq => tree::items_mut(node).into_iter().flatten().try_for_each(|item| self.everywhere(item, regex)),
            Shape::Scalar => Ok(()),
        }
    }

    fn edit(&self, node: &mut Node, regex: &Pattern) -> Outcome {
        tree::expect(node, Shape::Scalar)?;
        if !regex.is_match(tree::text(node)) {
            return Ok(());
        }
        let (mut name, mut tag, mut digest) = split_image(tree::text(node));
        let image = &self.image;
        let text = |node: &Option<Node>| node.as_ref().map(|node| tree::text(node).to_owned());
        if let Some(new) = text(&image.new_name) {
            name = new;
        }
        match (text(&image.new_tag), text(&image.digest), text(&image.tag_suffix)) {
            (Some(new_tag), new_digest, _) => {
                tag = new_tag;
                digest = new_digest.unwrap_or_default();
            }
            (None, Some(new_digest), _) => {
                tag = String::new();
                digest = new_digest;
            }
            (None, None, Some(suffix)) => {
                tag.push_str(&suffix);
                digest = String::new();
            }
            (None, None, None) => {}
        }
        if !tag.is_empty() {
            name = format!("{name}:{tag}");
        }
        if !digest.is_empty() {
            name = format!("{name}@{digest}");
        }
        let makers: Vec<Origin> = [&image.new_tag, &image.digest, &image.tag_suffix, &image.new_name]
            .into_iter()
            .flatten()
            .map(written)
            .collect();
        let origin = match makers.split_first() {
            Some((first, rest)) => {
                let mut others: Vec<&Origin> = rest.iter().collect();
                others.push(&node.origin);
                tree::joined(first, &others)
            }
            None => node.origin.clone(),
        };
        tree::overwrite(node, tree::untagged(name, origin))
    }
}

/// Finds the images of the containers of a tree, wherever they are; whether each is one.
fn mentions(node: &Node, looked_at: &mut u64, texts: &mut Vec<String>) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        *looked_at += 1;
        match &node.value {
            Value::Map(map) => {
                for entry in &map.entries {
                    if matches!(&*entry.key, "containers" | "initContainers") {
                        for item in entry.value.as_seq().unwrap_or_default() {
                            let image = item.get("image");
                            if image.is_some_and(|image| image.as_scalar().is_none())
                                || (item.as_map().is_none() && !tree::is_null(item))
                            {
                                return false;
                            }
                            texts.extend(image.map(|image| tree::text(image).to_owned()));
                        }
                    }
                    open.push(&entry.value);
                }
            }
            Value::Seq(items) => open.extend(items.iter()),
            Value::Scalar(_) => {}
        }
    }
    true
}

/// Name, tag and digest of an image; empty where there is none.
pub(super) fn split_image(image: &str) -> (String, String, String) {
    let base = image.find('/').filter(|&at| at > 0).unwrap_or(0);
    let search = &image[base..];
    let at = search.find('@').map(|i| i + base);
    let colon = search.find(':').map(|i| i + base);
    match (at, colon) {
        (None, None) => (image.to_owned(), String::new(), String::new()),
        (Some(at), colon) if colon.is_none_or(|colon| at < colon) => {
            (image[..at].to_owned(), String::new(), image[at + 1..].to_owned())
        }
        (Some(at), Some(colon)) => {
            (image[..colon].to_owned(), image[colon + 1..at].to_owned(), image[at + 1..].to_owned())
        }
        (_, Some(colon)) => (image[..colon].to_owned(), image[colon + 1..].to_owned(), String::new()),
        (Some(at), None) => (image[..at].to_owned(), String::new(), image[at + 1..].to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, split_image};

    #[test]
    fn plain_names_match_as_regular_expressions_do() {
        for name in ["nginx", "a.b/c", "host:5000/x_y", ""] {
            let regex =
                regex::Regex::new(&format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")).unwrap();
            for image in [
                "nginx",
                "nginx:",
                "nginx:1.2",
                "nginx:a@sha256:b",
                "nginx@sha256:",
                "nginx@sha1:x",
                "nginx:a:b",
                "nginxx",
                "a.b/c",
                "aXb/c:1",
                "a\nb/c",
                "ab/c",
                "host:5000/x_y:v{}",
                "host:5000/x_y@sha256:a@sha256:b",
                ":1",
                "@sha256:x",
                "",
                "é",
                "aéb/c",
                "nginx:1\n",
                "nginx\n",
            ] {
                assert_eq!(Pattern::of(name).unwrap().is_match(image), regex.is_match(image), "{name} {image:?}");
            }
        }
    }

    #[test]
    fn images_come_apart() {
        let split = |image: &str| {
            let (name, tag, digest) = split_image(image);
            format!("{name} {tag} {digest}")
        };
        assert_eq!(split("nginx"), "nginx  ");
        assert_eq!(split("host:5000/nginx:1.2"), "host:5000/nginx 1.2 ");
        assert_eq!(split("nginx@sha256:ab"), "nginx  sha256:ab");
        assert_eq!(split("a/nginx:1@sha256:ab"), "a/nginx 1 sha256:ab");
    }
}
