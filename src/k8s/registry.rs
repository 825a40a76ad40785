//! What opens a registry of images: the logins in `.dockerconfigjson`, a file of JSON in which there is more than a password, and
//! often none.

use base64::Engine;
use serde_json::{Map, Value as Json};

use super::text::Shape;

/// What the strongest login of such a file is kept in, with its password; nothing where the key or the text is something else.
pub fn login(key: &str, text: &str) -> Option<(Shape, String)> {
    if !matches!(key, ".dockerconfigjson" | ".dockercfg") {
        return None;
    }
    let file: Json = serde_json::from_str(text).ok()?;
    let registries = match key {
        ".dockerconfigjson" => file.get("auths").and_then(Json::as_object),
        _ => file.as_object(),
    };
    let logins = registries.into_iter().flat_map(Map::values).filter_map(Json::as_object).flat_map(of_registry);
    let held = logins.map(|password| (Shape::of(&password), password));
    Some(held.max_by_key(|(shape, _)| *shape).unwrap_or((Shape::Empty, String::new())))
}

/// The password of a registry's login, and what stands for one: tokens, and `auth`, which repeats user and password or is the only
/// one that says it.
fn of_registry(login: &Map<String, Json>) -> Vec<String> {
    let text = |field: &str| login.get(field).and_then(Json::as_str).filter(|text| !text.is_empty());
    // The last of several that are equal is taken: the password itself.
    let plain = ["identitytoken", "registrytoken", "password"].into_iter().filter_map(text).map(str::to_owned);
    text("auth").map(of_pair).into_iter().chain(plain).collect()
}

/// The password of `user:password` in base64; what is not base64 stands for itself.
fn of_pair(auth: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD.decode(auth.trim()).ok();
    let pair = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    match pair.as_deref().map(|pair| pair.split_once(':')) {
        Some(Some((_, password))) => password.to_owned(),
        _ => auth.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        login(".dockerconfigjson", text).unwrap().0
    }

    #[test]
    fn a_file_counts_by_its_passwords() {
        assert_eq!(shape(r#"{"auths":{}}"#), Shape::Empty);
        assert_eq!(shape(r#"{"credHelpers":{"eu.example.com":"cloud"}}"#), Shape::Empty);
        assert_eq!(shape(r#"{"auths":{"r.example.com":{"username":"","password":"","auth":"Og=="}}}"#), Shape::Empty);
        assert_eq!(shape(r#"{"auths":{"r.example.com":{"username":"ci","password":"${PULL}"}}}"#), Shape::Reference);
        assert_eq!(
            shape(r#"{"auths":{"r.example.com":{"password":"(@= data.values.pull @)"}}}"#),
            Shape::Reference,
            "ytt fills it in"
        );
        assert_eq!(shape(r#"{"auths":{"r.example.com":{"auth":"Y2k6Y2hhbmdlbWU="}}}"#), Shape::Placeholder);
        assert_eq!(shape(r#"{"auths":{"r.example.com":{"auth":"Y2k6NXRyNHdiM3JyeQ=="}}}"#), Shape::Value);
        assert_eq!(shape(r#"{"auths":{"a":{"auth":"Og=="},"b":{"identitytoken":"5tr4wb3rry"}}}"#), Shape::Value);
        assert_eq!(
            shape(r#"{"auths":{"r.example.com":{"password":"<redacted>","auth":"Y2k6NXRyNHdiM3JyeQ=="}}}"#),
            Shape::Value,
            "the pair says it all the same"
        );
        assert_eq!(login(".dockercfg", r#"{"r.example.com":{"password":"5tr4wb3rry"}}"#).unwrap().0, Shape::Value);
    }

    #[test]
    fn what_is_no_such_file_is_not_judged() {
        assert_eq!(login(".dockerconfigjson", "5tr4wb3rry"), None);
        assert_eq!(login("password", "{}"), None);
        for odd in ["[]", "1", "{\"auths\":[1]}", "{\"auths\":{\"a\":1}}", "{\"auths\":{\"a\":{\"auth\":1}}}"] {
            assert_eq!(shape(odd), Shape::Empty, "{odd}");
        }
    }
}
