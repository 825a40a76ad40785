//! Hashes, and what differs from run to run: keys, certificates, passwords, random text (`sprig crypto.go`, `strings.go`).
//!
//! Nothing random is made: what a chart would draw is derived from where it is drawn and from what, in the right shape,
//! and is marked as made up.

mod cipher;
mod derived;
mod made_up;

use sha2::Digest;

use super::strings::bytes;
use super::{Function, Outcome, plain};
use crate::gotmpl::context::Context;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::Value;

use Param::Str;

pub(super) use derived::FAMILY as DERIVED;
pub(super) use made_up::FAMILY as MADE_UP;

pub(super) static FAMILY: &[Function] = &[
    plain("sha1sum", &[Str], |context, args| hashed(context, args, |bytes| hex(&sha1::Sha1::digest(bytes)))),
    plain("sha256sum", &[Str], |context, args| hashed(context, args, |bytes| hex(&sha2::Sha256::digest(bytes)))),
    plain("sha512sum", &[Str], |context, args| hashed(context, args, |bytes| hex(&sha2::Sha512::digest(bytes)))),
    plain("adler32sum", &[Str], |context, args| hashed(context, args, adler32)),
    plain("decryptAES", &[Str, Str], |context, args| {
        let text = cipher::decrypt(bytes(&args[0]), bytes(&args[1])).map_err(crate::gotmpl::error::Failure::Message)?;
        let value = Value::str(crate::gotmpl::text::Text::from_bytes(text));
        Ok(value.from_origin(context.union_of(args)))
    }),
];

fn hashed(context: &Context<'_>, args: &[Value], hash: fn(&[u8]) -> String) -> Outcome {
    let text = bytes(&args[0]);
    context.budget.steps(text.len() as u64 / 64)?;
    Ok(Value::str(hash(text)).from_origin(context.origin_of(&args[0])))
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn adler32(bytes: &[u8]) -> String {
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    (b << 16 | a).to_string()
}
