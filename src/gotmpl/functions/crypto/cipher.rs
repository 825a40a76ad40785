//! AES-256 in CBC mode, as `encryptAES` and `decryptAES` use it. Slow and simple: it protects nothing here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const ROUNDS: usize = 14;

/// Multiplies by x in the field of AES.
fn double(b: u8) -> u8 {
    (b << 1) ^ if b & 0x80 != 0 { 0x1b } else { 0 }
}

fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = double(a);
        b >>= 1;
    }
    product
}

/// The substitution box: inverses in the field, then an affine map.
fn boxes() -> ([u8; 256], [u8; 256]) {
    let (mut forward, mut backward) = ([0u8; 256], [0u8; 256]);
    for i in 0..=255u8 {
        let inverse = (1..=255u8).find(|&j| multiply(i, j) == 1).unwrap_or(0);
        let s = inverse
            ^ inverse.rotate_left(1)
            ^ inverse.rotate_left(2)
            ^ inverse.rotate_left(3)
            ^ inverse.rotate_left(4)
            ^ 0x63;
        forward[usize::from(i)] = s;
        backward[usize::from(s)] = i;
    }
    (forward, backward)
}

struct Aes {
    keys: Vec<[u8; 16]>,
    forward: [u8; 256],
    backward: [u8; 256],
}

impl Aes {
    fn new(password: &[u8]) -> Self {
        let (forward, backward) = boxes();
        let mut key = [0u8; 32];
        let len = password.len().min(32);
        key[..len].copy_from_slice(&password[..len]);
        let mut words: Vec<[u8; 4]> = key.chunks(4).map(|w| [w[0], w[1], w[2], w[3]]).collect();
        let mut round = 1u8;
        for i in 8..4 * (ROUNDS + 1) {
            let mut word = words[i - 1];
            if i % 8 == 0 {
                word.rotate_left(1);
                word = word.map(|b| forward[usize::from(b)]);
                word[0] ^= round;
                round = double(round);
            } else if i % 8 == 4 {
                word = word.map(|b| forward[usize::from(b)]);
            }
            let before = words[i - 8];
            words.push([word[0] ^ before[0], word[1] ^ before[1], word[2] ^ before[2], word[3] ^ before[3]]);
        }
        let keys = words.chunks(4).map(|group| {
            let mut key = [0u8; 16];
            key.iter_mut().zip(group.iter().flatten()).for_each(|(k, b)| *k = *b);
            key
        });
        Self { keys: keys.collect(), forward, backward }
    }

    fn add(block: &mut [u8; 16], key: &[u8; 16]) {
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
    }

    fn mix(block: &mut [u8; 16], factors: [u8; 4]) {
        for column in block.chunks_mut(4) {
            let old = [column[0], column[1], column[2], column[3]];
            for (i, b) in column.iter_mut().enumerate() {
                *b = (0..4).fold(0, |sum, j| sum ^ multiply(old[(i + j) % 4], factors[j]));
            }
        }
    }

    fn encrypt(&self, block: &mut [u8; 16]) {
        Self::add(block, &self.keys[0]);
        for round in 1..=ROUNDS {
            let old = block.map(|b| self.forward[usize::from(b)]);
            for (i, b) in block.iter_mut().enumerate() {
                *b = old[(i + 4 * (i % 4)) % 16];
            }
            if round < ROUNDS {
                Self::mix(block, [2, 3, 1, 1]);
            }
            Self::add(block, &self.keys[round]);
        }
    }

    fn decrypt(&self, block: &mut [u8; 16]) {
        for round in (1..=ROUNDS).rev() {
            Self::add(block, &self.keys[round]);
            if round < ROUNDS {
                Self::mix(block, [14, 11, 13, 9]);
            }
            let old = *block;
            for (i, b) in block.iter_mut().enumerate() {
                *b = self.backward[usize::from(old[(i + 16 - 4 * (i % 4)) % 16])];
            }
        }
        Self::add(block, &self.keys[0]);
    }
}

fn block(bytes: &[u8]) -> [u8; 16] {
    let mut block = [0u8; 16];
    block.iter_mut().zip(bytes).for_each(|(b, from)| *b = *from);
    block
}

/// The initial vector, then the text with its padding, enciphered.
pub(super) fn encrypt(password: &[u8], text: &[u8], iv: &[u8]) -> Vec<u8> {
    let aes = Aes::new(password);
    let padding = 16 - text.len() % 16;
    let padded: Vec<u8> = text.iter().copied().chain(std::iter::repeat_n(padding as u8, padding)).collect();
    let mut out = iv.to_vec();
    let mut previous = block(iv);
    for chunk in padded.chunks(16) {
        let mut current = block(chunk);
        Aes::add(&mut current, &previous);
        aes.encrypt(&mut current);
        out.extend_from_slice(&current);
        previous = current;
    }
    out
}

/// The reverse, from base 64; errors in Go's words.
pub(super) fn decrypt(password: &[u8], text: &[u8]) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = STANDARD.decode(text).map_err(|_| "illegal base64 data at input byte 0".to_owned())?;
    if bytes.len() < 16 {
        return Err(format!("runtime error: slice bounds out of range [:16] with capacity {}", bytes.len()));
    }
    if bytes.len() % 16 != 0 {
        return Err("crypto/cipher: input not full blocks".to_owned());
    }
    let aes = Aes::new(password);
    let mut out = Vec::with_capacity(bytes.len());
    let mut previous = block(&bytes[..16]);
    for chunk in bytes[16..].chunks(16) {
        let mut current = block(chunk);
        aes.decrypt(&mut current);
        Aes::add(&mut current, &previous);
        out.extend_from_slice(&current);
        previous = block(chunk);
    }
    let Some(&padding) = out.last() else { return Err("runtime error: index out of range [-1]".to_owned()) };
    match out.len().checked_sub(usize::from(padding)) {
        Some(len) => out.truncate(len),
        None => {
            return Err(format!(
                "runtime error: slice bounds out of range [:{}]",
                out.len() as i64 - i64::from(padding)
            ));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_enciphered_comes_back() {
        let sealed = encrypt(b"secretkey", b"plaintext of more than sixteen bytes", &[7; 16]);
        let opened = decrypt(b"secretkey", STANDARD.encode(sealed).as_bytes()).unwrap();
        assert_eq!(opened, b"plaintext of more than sixteen bytes");
    }

    #[test]
    fn the_cipher_is_aes() {
        // FIPS 197, appendix C.3.
        let key: Vec<u8> = (0..32).collect();
        let mut block: [u8; 16] = std::array::from_fn(|i| (i * 0x11) as u8);
        Aes::new(&key).encrypt(&mut block);
        assert_eq!(super::super::hex(&block), "8ea2b7ca516745bfeafc49904b496089");
    }
}
