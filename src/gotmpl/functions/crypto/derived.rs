//! Passwords that follow from a master password and a site (`derivePassword`, the Master Password algorithm).

use hmac::{Hmac, KeyInit, Mac};
use scrypt::Params;

use super::super::cast::text;
use super::super::strings::bytes;
use super::super::{Function, plain};
use crate::gotmpl::error::Failure;
use crate::gotmpl::object::Param;
use crate::gotmpl::value::{Data, Value};

use Param::{Str, Uint32};

/// What is mixed into every key.
const SCOPE: &[u8] = b"com.lyndir.masterpassword";

/// What a key costs: a tenth of a second, so that ten of them are as much as a chart may spend.
const STEPS: u64 = 2_000_000;

pub(in super::super) static FAMILY: &[Function] =
    &[plain("derivePassword", &[Uint32, Str, Str, Str, Str], |context, args| {
        let origin = context.union_of(args);
        let shapes: &[&str] = match text(&args[1]).as_str() {
            "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
            "long" => &[
                "CvcvnoCvcvCvcv",
                "CvcvCvcvnoCvcv",
                "CvcvCvcvCvcvno",
                "CvccnoCvcvCvcv",
                "CvccCvcvnoCvcv",
                "CvccCvcvCvcvno",
                "CvcvnoCvccCvcv",
                "CvcvCvccnoCvcv",
                "CvcvCvccCvcvno",
                "CvcvnoCvcvCvcc",
                "CvcvCvcvnoCvcc",
                "CvcvCvcvCvccno",
                "CvccnoCvccCvcv",
                "CvccCvccnoCvcv",
                "CvccCvccCvcvno",
                "CvcvnoCvccCvcc",
                "CvcvCvccnoCvcc",
                "CvcvCvccCvccno",
                "CvccnoCvcvCvcc",
                "CvccCvcvnoCvcc",
                "CvccCvcvCvccno",
            ],
            "medium" => &["CvcnoCvc", "CvcCvcno"],
            "short" => &["Cvcn"],
            "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
            "pin" => &["nnnn"],
            other => {
                return Ok(Value::str(format!("cannot find password template {other}")).from_origin(origin));
            }
        };
        context.budget.steps(STEPS)?;
        let counter = match args[0].data {
            Data::Uint(n, _) => n as u32,
            _ => 0,
        };
        let seed = seed(counter, bytes(&args[2]), bytes(&args[3]), bytes(&args[4])).map_err(Failure::Message)?;
        let shape = shapes[usize::from(seed[0]) % shapes.len()];
        let drawn = shape.bytes().zip(&seed[1..]).map(|(class, &byte)| {
            let from = characters(class).as_bytes();
            char::from(from[usize::from(byte) % from.len()])
        });
        Ok(Value::str(drawn.collect::<String>()).from_origin(origin))
    })];

/// Bytes that choose a password: its shape, then its characters.
fn seed(counter: u32, password: &[u8], user: &[u8], site: &[u8]) -> Result<Vec<u8>, String> {
    let sized = |text: &[u8]| [SCOPE, &(text.len() as u32).to_be_bytes(), text].concat();
    let mut key = [0; 64];
    let params = Params::new(15, 8, 2).map_err(|problem| format!("failed to derive password: {problem}"))?;
    scrypt::scrypt(password, &sized(user), &params, &mut key)
        .map_err(|problem| format!("failed to derive password: {problem}"))?;
    let mut hash = Hmac::<sha2::Sha256>::new_from_slice(&key).map_err(|problem| problem.to_string())?;
    hash.update(&sized(site));
    hash.update(&counter.to_be_bytes());
    Ok(hash.finalize().into_bytes().to_vec())
}

/// What a letter of a shape stands for.
fn characters(class: u8) -> &'static str {
    match class {
        b'C' => "BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => "aeiou",
        b'c' => "bcdfghjklmnpqrstvwxyz",
        b'a' => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => "0123456789",
        b'o' => "@&%?,=[]_:-+*$#!'^~;()/.",
        _ => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}
