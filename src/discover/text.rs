//! From bytes to text: UTF-8 as it is, UTF-16 decoded where a byte order mark says so.

use std::sync::Arc;

/// The text of these bytes; `None` if they are none.
///
/// A UTF-8 byte order mark stays: it counts in the offsets of spans, and `yaml` skips it.
pub(super) fn decode(bytes: &[u8]) -> Option<Arc<str>> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = bytes[2..].as_chunks::<2>();
        let units = pairs.iter().map(|&pair| unit(pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| odd.is_empty()).map(Arc::from)
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => simdutf8::basic::from_utf8(bytes).ok().map(Arc::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_decoded_by_its_mark() {
        let bytes = |text: &str, little: bool| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
        };
        assert_eq!(decode(&bytes("a: é😀\n", true)).as_deref(), Some("a: é😀\n"));
        assert_eq!(decode(&bytes("a: é😀\n", false)).as_deref(), Some("a: é😀\n"));
        assert_eq!(decode(&[0xff, 0xfe, 0x61]), None, "half a unit");
        assert_eq!(decode(&[0xff, 0xfe, 0x00, 0xd8]), None, "half a pair");
    }

    #[test]
    fn what_is_no_utf_8_is_no_text() {
        assert_eq!(decode(b"a: \xff"), None);
        assert_eq!(decode("\u{feff}a".as_bytes()).as_deref(), Some("\u{feff}a"));
    }
}
