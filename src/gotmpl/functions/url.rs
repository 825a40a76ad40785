//! URLs and paths (`sprig url.go`, Go's `net/url` and `path`).

use super::cast::text;
use super::dicts::map;
use super::strings::melted;
use super::{Function, Outcome, plain};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::Param;
use crate::gotmpl::quote::quote;
use crate::gotmpl::value::{Data, Value};

use Param::{Map as Dict, Str};

pub(super) static FAMILY: &[Function] = &[
    plain("base", &[Str], |context, args| melted(context, &args[0], base)),
    plain("dir", &[Str], |context, args| melted(context, &args[0], dir)),
    plain("clean", &[Str], |context, args| melted(context, &args[0], clean)),
    plain("ext", &[Str], |context, args| melted(context, &args[0], ext)),
    plain("isAbs", &[Str], is_abs),
    plain("osBase", &[Str], |context, args| melted(context, &args[0], base)),
    plain("osDir", &[Str], |context, args| melted(context, &args[0], dir)),
    plain("osClean", &[Str], |context, args| melted(context, &args[0], clean)),
    plain("osExt", &[Str], |context, args| melted(context, &args[0], ext)),
    plain("osIsAbs", &[Str], is_abs),
    plain("urlParse", &[Str], parse_url),
    plain("urlJoin", &[Dict], join_url),
];

fn is_abs(context: &Context<'_>, args: &[Value]) -> Outcome {
    Ok(Value::bool(text(&args[0]).starts_with('/')).from_origin(context.origin_of(&args[0])))
}

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    let last = trimmed.rsplit('/').next().unwrap_or("");
    if last.is_empty() { "/".to_owned() } else { last.to_owned() }
}

fn dir(path: &str) -> String {
    clean(&path[..path.rfind('/').map_or(0, |at| at + 1)])
}

fn ext(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or("");
    name.rfind('.').map_or("", |at| &name[at..]).to_owned()
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The parts of a URL.
#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    userinfo: Option<(String, Option<String>)>,
    host: String,
    path: String,
    raw_path: String,
    query: String,
    fragment: String,
}

/// Where in a URL a character stands: what must be escaped differs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    User,
    Fragment,
}

fn should_escape(b: u8, part: Part) -> bool {
    match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => false,
        b'!' | b'\'' | b'(' | b')' | b'*' if part == Part::Fragment || part == Part::Host => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' if part != Part::Host => match part {
            Part::Path => b == b'?',
            Part::User => matches!(b, b'@' | b'/' | b'?' | b':'),
            _ => false,
        },
        b'$' | b'&' | b'+' | b',' | b';' | b'=' | b':' | b'[' | b']' | b'<' | b'>' | b'"' if part == Part::Host => {
            false
        }
        _ => true,
    }
}

fn escaped(text: &str, part: Part) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if should_escape(b, part) { out.push_str(&format!("%{b:02X}")) } else { out.push(char::from(b)) }
    }
    out
}

fn unescaped(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            let shown: String = String::from_utf8_lossy(&bytes[at..(at + 3).min(bytes.len())]).into_owned();
            return Err(format!("invalid URL escape {}", quote(&shown)));
        };
        out.push(code);
        at += 3;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

impl Url {
    /// `url.Parse`
    fn parse(text: &str) -> Result<Self, String> {
        let (head, fragment) = text.split_once('#').map_or((text, None), |(head, tail)| (head, Some(tail)));
        let wrong = |problem: String| format!("parse {}: {problem}", quote(text));
        let mut url = Url::read(head).map_err(wrong)?;
        if let Some(fragment) = fragment {
            url.fragment = unescaped(fragment).map_err(wrong)?;
        }
        Ok(url)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Url::default();
        if text == "*" {
            url.path = "*".to_owned();
            return Ok(url);
        }
        let mut rest = text;
        for (i, b) in text.bytes().enumerate() {
            match b {
                b'a'..=b'z' | b'A'..=b'Z' => {}
                b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
                b':' if i == 0 => return Err("missing protocol scheme".to_owned()),
                b':' => {
                    url.scheme = text[..i].to_ascii_lowercase();
                    rest = &text[i + 1..];
                    break;
                }
                _ => break,
            }
        }
        if let Some((head, query)) = rest.split_once('?') {
            rest = head;
            url.query = query.to_owned();
        }
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if let Some(after) = rest.strip_prefix("//")
            && (!url.scheme.is_empty() || !rest.starts_with("///"))
        {
            let end = after.find('/').unwrap_or(after.len());
            url.authority(&after[..end])?;
            rest = &after[end..];
        }
        url.path = unescaped(rest)?;
        if escaped(&url.path, Part::Path) != rest {
            url.raw_path = rest.to_owned();
        }
        Ok(url)
    }

    fn authority(&mut self, text: &str) -> Result<(), String> {
        let (user, host) = text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host));
        let port = match host.rfind(']') {
            Some(close) if host.starts_with('[') => &host[close + 1..],
            _ if host.starts_with('[') => return Err("missing ']' in host".to_owned()),
            _ => host.rfind(':').map_or("", |at| &host[at..]),
        };
        let valid = port.is_empty() || port.strip_prefix(':').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
        if !valid {
            return Err(format!("invalid port {} after host", quote(port)));
        }
        if let Some(bad) = host.chars().find(|c| matches!(c, ' ' | '\\' | '^' | '`' | '{' | '|' | '}')) {
            return Err(format!("invalid character {} in host name", quote(&bad.to_string())));
        }
        self.host = unescaped(host)?;
        if let Some(user) = user {
            let (name, password) = user.split_once(':').map_or((user, None), |(name, word)| (name, Some(word)));
            self.userinfo = Some((unescaped(name)?, password.map(unescaped).transpose()?));
        }
        Ok(())
    }

    fn user(&self) -> String {
        match &self.userinfo {
            None => String::new(),
            Some((name, None)) => escaped(name, Part::User),
            Some((name, Some(password))) => format!("{}:{}", escaped(name, Part::User), escaped(password, Part::User)),
        }
    }

    fn hostname(&self) -> &str {
        if let Some(close) = self.host.find(']') {
            return self.host[..close].trim_start_matches('[');
        }
        self.host.split(':').next().unwrap_or("")
    }

    /// `URL.String`
    fn text(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&format!("{}:", self.scheme));
        }
        if !self.opaque.is_empty() {
            out.push_str(&self.opaque);
        } else {
            if !self.scheme.is_empty() || !self.host.is_empty() || self.userinfo.is_some() {
                if !self.host.is_empty() || !self.path.is_empty() || self.userinfo.is_some() {
                    out.push_str("//");
                }
                if self.userinfo.is_some() {
                    out.push_str(&format!("{}@", self.user()));
                }
                out.push_str(&escaped(&self.host, Part::Host));
            }
            let path = if self.raw_path.is_empty() { escaped(&self.path, Part::Path) } else { self.raw_path.clone() };
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            if out.is_empty() && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                out.push_str("./");
            }
            out.push_str(&path);
        }
        if !self.query.is_empty() {
            out.push_str(&format!("?{}", self.query));
        }
        if !self.fragment.is_empty() {
            out.push_str(&format!("#{}", escaped(&self.fragment, Part::Fragment)));
        }
        out
    }
}

fn parse_url(context: &Context<'_>, args: &[Value]) -> Outcome {
    let given = text(&args[0]);
    context.bytes(given.len().saturating_mul(4))?;
    let url = Url::parse(&given).map_err(|problem| format!("unable to parse url: {problem}"))?;
    let origin = context.origin_of(&args[0]);
    let hostname = url.hostname().to_owned();
    let user = url.user();
    let fields = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", user),
    ];
    let fields = fields.map(|(name, text)| (name.into(), Value::str(text).from_origin(origin)));
    Ok(Value::map(fields).from_origin(origin))
}

fn join_url(context: &Context<'_>, args: &[Value]) -> Outcome {
    let dict = map(&args[0]);
    let part = |name: &str| match dict.get(name) {
        None => Ok(String::new()),
        Some(value) => match &value.data {
            Data::Str(text) => Ok(text.as_str().into_owned()),
            Data::Nil | Data::Missing => {
                Err(Failure::from("runtime error: invalid memory address or nil pointer dereference"))
            }
            _ => {
                let kind = value.kind();
                Err(format!("unable to parse {name} key, must be of type string, but {kind} found").into())
            }
        },
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        ..Url::default()
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let parsed = Url::parse(&format!("proto://{user}@host"));
        url.userinfo = parsed.map_err(|problem| format!("unable to parse userinfo in dict: {problem}"))?.userinfo;
    }
    let joined = url.text();
    context.bytes(joined.len())?;
    let fields: Vec<Value> = dict.entries().into_iter().map(|(_, field)| field.value).collect();
    Ok(Value::str(joined).from_origin(context.union_of(&fields)))
}
