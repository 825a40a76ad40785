//! The words of a command: where its program stands, and what its options tell a tool.
//!
//! Values that may be secrets are places only.

use super::recognise::{Given, Located};
use super::tool::{Setting, Tool};
use crate::sql::parse_url;

/// A word of a command with its place.
pub(super) type Spot = Located;

/// The options of a command.
#[derive(Default)]
pub(super) struct Options {
    pub names: Vec<String>,
    pub given: Vec<Given>,
    pub inline: Vec<Spot>,
    pub files: Vec<Located>,
}

impl Options {
    /// Reads what follows the program.
    pub fn read(tool: &Tool, words: &[Spot]) -> Self {
        let mut options = Self::default();
        let mut at = 1;
        while let Some(word) = words.get(at) {
            at += 1;
            let Some(body) = word.text.strip_prefix('-').filter(|body| !body.is_empty()) else {
                options.positional(tool, word);
                continue;
            };
            let long = body.trim_start_matches('-');
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.len())),
                None => (long.to_owned(), None),
            };
            let clustered =
                tool.client.as_ref().filter(|_| !body.starts_with('-') && name.len() > 1 && !knows(tool, &name));
            let (name, attached) = match clustered {
                Some(client) => match cluster(body, &client.valued) {
                    Some(found) => found,
                    None => continue,
                },
                None => (name, attached),
            };
            options.names.push(name.clone());
            if !knows(tool, &name) {
                continue;
            }
            let value = match attached {
                Some(length) => tail(word, length),
                None => match words.get(at) {
                    Some(next) => {
                        at += 1;
                        next.clone()
                    }
                    None => continue,
                },
            };
            options.valued(tool, &name, value);
        }
        options
    }

    fn valued(&mut self, tool: &Tool, name: &str, value: Spot) {
        let is = |known: &[String]| known.iter().any(|it| it == name);
        if let Some(client) = &tool.client {
            if is(&client.inline) {
                return self.inline.push(value);
            }
            if is(&client.files) {
                if value.text != "-" {
                    self.files.push(value);
                }
                return;
            }
        }
        if let Some(setting) = tool.setting_of_option(name) {
            self.given.push(given(setting, &value));
        }
    }

    /// An address or a variable that stands for one.
    fn positional(&mut self, tool: &Tool, word: &Spot) {
        let address = word.text.contains("://") || word.text.contains("@tcp(") || word.text.starts_with("jdbc:");
        let pairs = tool.client.is_some() && word.text.contains('=') && parse_url(&word.text).is_some();
        if address || pairs || (is_variable(&word.text) && looks_like_address(&word.text)) {
            self.given.push(given(Setting::Url, word));
        }
    }
}

/// Whether an option of this name takes a value that matters here.
fn knows(tool: &Tool, name: &str) -> bool {
    let client = tool.client.as_ref();
    client.is_some_and(|it| it.inline.iter().chain(&it.files).any(|known| known == name))
        || tool.setting_of_option(name).is_some()
}

/// `-tAc`, `-f/x.sql`: the letter that takes a value, and how many bytes of the word are its value.
fn cluster(body: &str, valued: &str) -> Option<(String, Option<usize>)> {
    for (at, letter) in body.char_indices() {
        if !letter.is_ascii_alphanumeric() {
            return None;
        }
        if valued.contains(letter) {
            let rest = body.len() - at - 1;
            return Some((letter.to_string(), (rest > 0).then_some(rest)));
        }
    }
    None
}

/// The last bytes of a word as a spot; the whole word's span where quotes make the two differ.
fn tail(word: &Spot, length: usize) -> Spot {
    let text = word.text.get(word.text.len() - length..).unwrap_or("").to_owned();
    let exact = word.span.len() == word.text.len();
    let span = if exact { word.span.end - length..word.span.end } else { word.span.clone() };
    Spot { text, argument: word.argument, span }
}

fn given(setting: Setting, value: &Spot) -> Given {
    let secret = matches!(setting, Setting::Password | Setting::Url);
    let text = (!secret || is_variable(&value.text)).then(|| value.text.clone());
    let url = if setting == Setting::Url || setting == Setting::Database { parse_url(&value.text) } else { None };
    // `psql -d postgres://...` gives an address where a name is meant.
    let setting = if setting == Setting::Database && url.is_some() { Setting::Url } else { setting };
    let text = if setting == Setting::Url && !is_variable(&value.text) { None } else { text };
    Given { setting, argument: value.argument, span: value.span.clone(), text, url }
}

/// `$X`, `${X}`, `$(X)` and nothing else.
fn is_variable(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else { return false };
    let inner = rest
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')))
        .unwrap_or(rest);
    !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn looks_like_address(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    ["URL", "URI", "DSN", "DBSTRING", "CONN"].iter().any(|word| upper.contains(word))
}

/// A program's name without its folder.
pub(super) fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Where the program stands behind what only starts it (`exec`, `env A=b`, `npx`, `bundle exec`, `python -m`).
pub(super) fn program_index(words: &[Spot]) -> usize {
    let mut at = 0;
    let text = |at: usize| words.get(at).map(|word| word.text.as_str());
    let options = |mut at: usize| {
        while text(at).is_some_and(|word| word.starts_with('-')) {
            at += 1;
        }
        at
    };
    for _ in 0..8 {
        let Some(word) = text(at) else { return words.len() };
        let next = at + 1;
        let skip_word =
            |known: &[&str]| if text(next).is_some_and(|word| known.contains(&word)) { next + 1 } else { next };
        at = match base(word) {
            "exec" | "command" | "nohup" | "time" | "nice" | "ionice" | "tini" | "dumb-init" | "catatonit"
            | "stdbuf" | "sudo" | "doas" | "php" | "node" | "npx" | "pnpx" | "bunx" | "tsx" | "ts-node" | "setsid" => {
                options(next)
            }
            "timeout" | "su-exec" | "gosu" | "chroot" => (options(next) + 1).min(words.len()),
            "env" => {
                let mut after = options(next);
                while text(after).is_some_and(|word| word.contains('=')) {
                    after += 1;
                }
                after
            }
            "yarn" | "pnpm" | "npm" | "bun" => options(skip_word(&["run", "exec", "dlx", "x"])),
            "poetry" | "pipenv" | "uv" | "pdm" | "hatch" | "rye" if text(next) == Some("run") => options(next + 1),
            "bundle" if text(next) == Some("exec") => next + 1,
            "python" | "python3" | "python3.11" | "python3.12" | "python3.13" | "pypy3" => options(next),
            _ => return at,
        };
    }
    at.min(words.len())
}
