//! Quick hashes: one for keys that nobody else chooses, one that nobody else can foresee.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys nobody else chooses: their hash may be foreseen.
pub(crate) type Known<K, V> = HashMap<K, V, BuildHasherDefault<Mixing>>;

/// What makes a hash that nobody can foresee.
pub type Seed = foldhash::fast::RandomState;

/// A map whose keys anybody may choose.
pub(crate) type Seeded<K, V> = HashMap<K, V, Seed>;

/// One multiplication for each number.
#[derive(Debug, Default)]
pub(crate) struct Mixing(u64);

impl Hasher for Mixing {
    fn write(&mut self, bytes: &[u8]) {
        let (pieces, rest) = bytes.as_chunks();
        pieces.iter().for_each(|piece| self.write_u64(u64::from_le_bytes(*piece)));
        self.write_u64(rest.iter().fold(rest.len() as u64, |number, &byte| number << 8 | u64::from(byte)));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
