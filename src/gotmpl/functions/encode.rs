//! YAML, JSON and TOML, out and in, and base 64 and 32 (`sprig defaults.go`, `strings.go`, `helm pkg/engine/funcs.go`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::emit::emit;
use super::json::{self, Form};
use super::{Function, Outcome, decode, plain};
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::moving::Moving;
use crate::gotmpl::object::Param;
use crate::gotmpl::text::Text;
use crate::gotmpl::value::Value;
use crate::yaml::emit::Layout;

use Param::{Any, Str};

const ESCAPED: Form = Form { html: true, pretty: false };
const PRETTY: Form = Form { html: true, pretty: true };

pub(super) static FAMILY: &[Function] = &[
    plain("toJson", &[Any], |context, args| quiet(json::encode(context, &args[0], ESCAPED))),
    plain("toPrettyJson", &[Any], |context, args| quiet(json::encode(context, &args[0], PRETTY))),
    plain("toRawJson", &[Any], |context, args| json::encode(context, &args[0], Form::default())),
    plain("mustToJson", &[Any], |context, args| json::encode(context, &args[0], ESCAPED)),
    plain("mustToPrettyJson", &[Any], |context, args| json::encode(context, &args[0], PRETTY)),
    plain("mustToRawJson", &[Any], |context, args| json::encode(context, &args[0], Form::default())),
    plain("fromJson", &[Str], |context, args| Ok(decode::json(context, &args[0])?.unwrap_or(Value::NIL))),
    plain("mustFromJson", &[Str], |context, args| decode::json(context, &args[0])?.map_err(Failure::Message)),
    plain("b64enc", &[Str], |context, args| coded(context, &args[0], |bytes| STANDARD.encode(bytes).into_bytes())),
    plain("b64dec", &[Str], |context, args| coded(context, &args[0], base64)),
    plain("b32enc", &[Str], |context, args| coded(context, &args[0], base32_encode)),
    plain("b32dec", &[Str], |context, args| coded(context, &args[0], base32_decode)),
];

pub(super) static HELM: &[Function] = &[
    plain("toYaml", &[Any], |context, args| quiet(yaml_of(context, &args[0], false))),
    plain("toYamlPretty", &[Any], |context, args| quiet(trimmed(context, emit(context, &args[0], Layout::PRETTY)?))),
    plain("fromYaml", &[Str], |context, args| decode::yaml_map(context, &args[0])),
    plain("fromYamlArray", &[Str], |context, args| decode::yaml_list(context, &args[0])),
    plain("fromJson", &[Str], |context, args| decode::json_map(context, &args[0])),
    plain("fromJsonArray", &[Str], |context, args| decode::json_list(context, &args[0])),
];

pub(super) static HELM4: &[Function] =
    &[plain("mustToYaml", &[Any], |context, args| yaml_of(context, &args[0], false))];

/// Errors of encoding give the empty string.
fn quiet(outcome: Outcome) -> Outcome {
    match outcome {
        Err(Failure::Message(_)) => Ok(Value::fixed("")),
        other => other,
    }
}

/// A value as YAML, as `sigs.k8s.io/yaml` writes it; `ended` keeps the last line end.
pub(crate) fn yaml_of(context: &Context<'_>, value: &Value, ended: bool) -> Outcome {
    let text = emit(context, value, Layout::SIGS)?;
    if ended { Ok(text) } else { trimmed(context, text) }
}

fn trimmed(context: &Context<'_>, text: Value) -> Outcome {
    let bytes = text.as_text().map(Text::as_bytes).unwrap_or_default();
    let Some(rest) = bytes.strip_suffix(b"\n") else { return Ok(text) };
    let mut moving = Moving::new(&text);
    moving.keep(0..rest.len());
    moving.finish(context)
}

fn coded(context: &Context<'_>, value: &Value, code: fn(&[u8]) -> Vec<u8>) -> Outcome {
    let bytes = value.as_text().map(Text::as_bytes).unwrap_or_default();
    context.bytes(bytes.len().saturating_mul(2))?;
    Ok(Value::str(Text::from_bytes(code(bytes))).from_origin(context.origin_of(value)))
}

fn is_line_end(b: &u8) -> bool {
    matches!(b, b'\n' | b'\r')
}

/// Go skips line ends and says at which byte of the rest it gave up.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let clean: Vec<u8> = bytes.iter().copied().filter(|b| !is_line_end(b)).collect();
    // Bits after the last byte do not matter to Go.
    let config = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    match engine.decode(&clean) {
        Ok(decoded) => decoded,
        Err(_) => format!("illegal base64 data at input byte {}", bad_byte(bytes)).into_bytes(),
    }
}

/// Where `encoding/base64` stops (`decodeQuantum`).
fn bad_byte(bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        match b {
            b if is_line_end(&b) => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => count = (count + 1) % 4,
            b'=' => {
                let rest: Vec<(usize, u8)> =
                    bytes.iter().copied().enumerate().skip(at + 1).filter(|(_, b)| !is_line_end(b)).collect();
                return match (count, rest.as_slice()) {
                    (0 | 1, _) => at,
                    (2, []) => bytes.len(),
                    (2, [(bad, b), ..]) if *b != b'=' => *bad,
                    (2, [_, (trailing, _), ..]) => *trailing,
                    (3, [(trailing, _), ..]) => *trailing,
                    _ => at,
                };
            }
            _ => return at,
        }
        at += 1;
    }
    at.saturating_sub(count)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32_encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0u8; 5];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = group.iter().fold(0u64, |bits, &b| bits << 8 | u64::from(b));
        let used = (chunk.len() * 8).div_ceil(5);
        for i in 0..8 {
            let digit = (bits >> (35 - 5 * i)) as usize & 31;
            out.push(if i < used { BASE32[digit] } else { b'=' });
        }
    }
    out
}

fn base32_decode(bytes: &[u8]) -> Vec<u8> {
    let clean: Vec<u8> = bytes.iter().copied().filter(|b| !is_line_end(b)).collect();
    let mut out = Vec::new();
    for (n, group) in clean.chunks(8).enumerate() {
        let last = (n + 1) * 8 >= clean.len();
        let digits = group.iter().take_while(|b| **b != b'=').count();
        let corrupt = |at: usize| format!("illegal base32 data at input byte {at}").into_bytes();
        let mut bits = 0u64;
        for (i, b) in group[..digits].iter().enumerate() {
            let Some(digit) = BASE32.iter().position(|known| known == b) else { return corrupt(n * 8 + i) };
            bits |= (digit as u64) << (35 - 5 * i);
        }
        let padded = group[digits..].iter().all(|b| *b == b'=');
        if group.len() < 8 && digits == group.len() {
            return corrupt(n * 8);
        }
        if group.len() < 8 || !padded || (digits < 8 && (!last || matches!(digits, 0 | 1 | 3 | 6))) {
            return corrupt(n * 8 + digits);
        }
        let count = digits * 5 / 8;
        out.extend((0..count).map(|i| (bits >> (32 - 8 * i)) as u8));
    }
    out
}
