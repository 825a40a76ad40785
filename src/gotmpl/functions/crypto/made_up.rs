//! Values that are drawn at random in Go: here they are derived from their place and arguments, shaped as the real ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;

use super::super::builtin::list_of;
use super::super::cast::text;
use super::super::strings::{bytes, int, shown};
use super::super::{Function, Outcome, Runs, Seed};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::{Object, Param};
use crate::gotmpl::text::Text;
use crate::gotmpl::value::Value;
use crate::gotmpl::{List, print};

use Param::{Int, List as Items, Str};

const fn made_up(
    name: &'static str,
    params: &'static [Param],
    run: fn(&Context<'_>, &[Value], &Seed) -> Outcome,
) -> Function {
    Function { name, params, variadic: None, run: Runs::Generated(run), looks: true }
}

const CERTIFICATE: Param = Param::Object("sprig.certificate");

pub(in super::super) static FAMILY: &[Function] = &[
    made_up("randAlphaNum", &[Int], |c, a, s| {
        random(c, a, s, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    }),
    made_up("randAlpha", &[Int], |c, a, s| random(c, a, s, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    made_up("randNumeric", &[Int], |c, a, s| random(c, a, s, b"0123456789")),
    made_up("randAscii", &[Int], |c, a, s| {
        let printable: Vec<u8> = (32..=126).collect();
        random(c, a, s, &printable)
    }),
    made_up("randBytes", &[Int], |context, args, seed| {
        let count = size(context, &args[0])?;
        marked(context, args, seed, STANDARD.encode(Stream::new(context, seed, args)?.take(count)))
    }),
    made_up("randInt", &[Int, Int], |context, args, seed| {
        let (least, most) = (int(&args[0]), int(&args[1]));
        if most <= least {
            return Err("invalid argument to Intn".into());
        }
        let drawn = Stream::new(context, seed, args)?.number() % most.wrapping_sub(least) as u64;
        let origin = context.origins.union(context.origins.generated(seed.span), context.union_of(args));
        Ok(Value::int(least.wrapping_add(drawn as i64)).from_origin(origin))
    }),
    made_up("shuffle", &[Str], |context, args, seed| {
        let mut chars: Vec<char> = text(&args[0]).chars().collect();
        let mut stream = Stream::new(context, seed, args)?;
        for i in (1..chars.len()).rev() {
            chars.swap(i, (stream.number() % (i as u64 + 1)) as usize);
        }
        marked(context, args, seed, chars.into_iter().collect())
    }),
    made_up("uuidv4", &[], |context, args, seed| {
        let mut b = Stream::new(context, seed, args)?.take(16);
        b[6] = b[6] & 0x0f | 0x40;
        b[8] = b[8] & 0x3f | 0x80;
        let h = super::hex(&b);
        marked(context, args, seed, format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..]))
    }),
    made_up("bcrypt", &[Str], |context, args, seed| marked(context, args, seed, bcrypt(context, seed, args)?)),
    made_up("htpasswd", &[Str, Str], |context, args, seed| {
        let user = text(&args[0]);
        if user.contains(':') {
            return Ok(Value::str(format!("invalid username: {user}")).from_origin(context.union_of(args)));
        }
        marked(context, args, seed, format!("{user}:{}", bcrypt(context, seed, args)?))
    }),
    made_up("encryptAES", &[Str, Str], |context, args, seed| {
        let plain = bytes(&args[1]);
        if plain.is_empty() {
            return Ok(Value::fixed("").from_origin(context.union_of(args)));
        }
        context.bytes(plain.len().saturating_mul(2))?;
        let iv = Stream::new(context, seed, args)?.take(16);
        marked(context, args, seed, STANDARD.encode(super::cipher::encrypt(bytes(&args[0]), plain, &iv)))
    }),
    made_up("genPrivateKey", &[Str], |context, args, seed| {
        let (label, size) = match text(&args[0]).as_str() {
            "" | "rsa" => ("RSA PRIVATE KEY", 2350),
            "dsa" => ("DSA PRIVATE KEY", 860),
            "ecdsa" => ("EC PRIVATE KEY", 121),
            "ed25519" => ("PRIVATE KEY", 48),
            other => return Ok(Value::str(format!("Unknown type {other}"))),
        };
        marked(context, args, seed, pem(context, seed, args, label, size)?)
    }),
    made_up("genCA", &[Str, Int], |context, args, seed| certificate(context, args, seed, None)),
    made_up("genCAWithKey", &[Str, Int, Str], |context, args, seed| certificate(context, args, seed, Some(2))),
    made_up("genSelfSignedCert", &[Str, Items, Items, Int], |context, args, seed| {
        certificate(context, args, seed, None)
    }),
    made_up("genSelfSignedCertWithKey", &[Str, Items, Items, Int, Str], |context, args, seed| {
        certificate(context, args, seed, Some(4))
    }),
    made_up("genSignedCert", &[Str, Items, Items, Int, CERTIFICATE], |context, args, seed| {
        certificate(context, args, seed, None)
    }),
    made_up("genSignedCertWithKey", &[Str, Items, Items, Int, CERTIFICATE, Str], |context, args, seed| {
        certificate(context, args, seed, Some(5))
    }),
    made_up("buildCustomCert", &[Str, Str], |context, args, _| {
        let decoded = |value: &Value, what: &str| {
            let clean: Vec<u8> = bytes(value).iter().copied().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
            STANDARD.decode(clean).map_err(|_| format!("unable to decode base64 {what}"))
        };
        let certificate = decoded(&args[0], "certificate").map_err(Failure::Message)?;
        let key = decoded(&args[1], "private key").map_err(Failure::Message)?;
        let begins = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("-----BEGIN ");
        if !begins(&certificate) {
            return Err("unable to decode certificate".into());
        }
        if !begins(&key) {
            return Err("error parsing private key: no PEM data in input".into());
        }
        let origin = context.union_of(args);
        let field = |bytes| Value::str(Text::from_bytes(bytes)).from_origin(origin);
        Ok(Value::object(Certificate { cert: field(certificate), key: field(key) }).from_origin(origin))
    }),
];

/// Bytes that depend on the place and the arguments alone.
struct Stream {
    seed: Vec<u8>,
    block: u64,
    rest: Vec<u8>,
}

impl Stream {
    fn new(context: &Context<'_>, seed: &Seed, args: &[Value]) -> Result<Self, Failure> {
        let mut hash = sha2::Sha256::new();
        hash.update(seed.name.as_bytes());
        // Not the file's number, which other files of the repository would shift.
        hash.update(seed.span.start.to_be_bytes());
        for arg in args {
            hash.update([0]);
            hash.update(shown(context, arg)?.as_bytes());
        }
        Ok(Self { seed: hash.finalize().to_vec(), block: 0, rest: Vec::new() })
    }

    fn byte(&mut self) -> u8 {
        if self.rest.is_empty() {
            let mut hash = sha2::Sha256::new();
            hash.update(&self.seed);
            hash.update(self.block.to_be_bytes());
            self.block += 1;
            self.rest = hash.finalize().to_vec();
        }
        self.rest.pop().unwrap_or(0)
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |n, _| n << 8 | u64::from(self.byte()))
    }
}

/// A value that is made up here.
fn marked(context: &Context<'_>, args: &[Value], seed: &Seed, text: String) -> Outcome {
    context.bytes(text.len())?;
    let origin = context.origins.union(context.origins.generated(seed.span), context.union_of(args));
    Ok(Value::str(text).from_origin(origin))
}

fn size(context: &Context<'_>, value: &Value) -> Result<usize, Failure> {
    let size = usize::try_from(int(value)).map_err(|_| Failure::from("runtime error: makeslice: len out of range"))?;
    context.bytes(size)?;
    Ok(size)
}

fn random(context: &Context<'_>, args: &[Value], seed: &Seed, from: &[u8]) -> Outcome {
    if int(&args[0]) < 0 {
        // The library's error is swallowed.
        return Ok(Value::fixed(""));
    }
    let count = size(context, &args[0])?;
    let mut stream = Stream::new(context, seed, args)?;
    let text = (0..count).map(|_| char::from(from[usize::from(stream.byte()) % from.len()])).collect();
    marked(context, args, seed, text)
}

fn bcrypt(context: &Context<'_>, seed: &Seed, args: &[Value]) -> Result<String, Failure> {
    const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut stream = Stream::new(context, seed, args)?;
    let tail: String = (0..53).map(|_| char::from(ALPHABET[usize::from(stream.byte()) % 64])).collect();
    Ok(format!("$2a$10${tail}"))
}

/// A block in the shape of PEM; its content means nothing.
fn pem(context: &Context<'_>, seed: &Seed, args: &[Value], label: &str, size: usize) -> Result<String, Failure> {
    let mut stream = Stream::new(context, seed, args)?;
    label.bytes().for_each(|b| stream.seed.push(b));
    let text = STANDARD.encode(stream.take(size));
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).filter_map(|at| text.get(at..(at + 64).min(text.len()))).collect();
    Ok(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")))
}

/// `sprig.certificate`
struct Certificate {
    cert: Value,
    key: Value,
}

impl Object for Certificate {
    fn type_name(&self) -> &str {
        "sprig.certificate"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.cert.clone()),
            "Key" => Some(self.key.clone()),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", self.cert.clone()), ("Key", self.key.clone())]
    }

    fn encoded(&self) -> Value {
        Value::map([("Cert".into(), self.cert.clone()), ("Key".into(), self.key.clone())])
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn strings_only(list: Option<List>, what: fn(&str) -> String) -> Result<Vec<String>, Failure> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let mut texts = Vec::new();
    for item in list.items() {
        match item.as_text() {
            Some(text) => texts.push(text.as_str().into_owned()),
            None => return Err(Failure::Message(what(&print::show(item)?))),
        }
    }
    Ok(texts)
}

fn certificate(context: &Context<'_>, args: &[Value], seed: &Seed, own_key: Option<usize>) -> Outcome {
    if args.len() > 3 {
        for ip in strings_only(list_of(&args[1]), |shown| format!("error parsing ip: {shown} is not a string"))? {
            if ip.parse::<std::net::IpAddr>().is_err() {
                return Err(format!("error parsing ip: {ip}").into());
            }
        }
        strings_only(list_of(&args[2]), |shown| {
            format!("error processing alternate dns name: {shown} is not a string")
        })?;
    }
    context.bytes(4096)?;
    let origin = context.origins.union(context.origins.generated(seed.span), context.union_of(args));
    let cert = pem(context, seed, args, "CERTIFICATE", 830)?;
    let key = match own_key.and_then(|at| args.get(at)) {
        Some(key) if !text(key).contains("-----BEGIN ") => {
            return Err("parsing private key: no PEM data in input".into());
        }
        Some(key) => key.clone(),
        None => Value::str(pem(context, seed, args, "RSA PRIVATE KEY", 1192)?).from_origin(origin),
    };
    Ok(Value::object(Certificate { cert: Value::str(cert).from_origin(origin), key }).from_origin(origin))
}
