//! Looks at texts many bytes at a time: what is remarkable is rare.

use std::ops::Range;

/// Bytes that are looked at together, without a branch for each.
const PIECE: usize = 32;

/// The pieces of a text that hold a byte of some kind.
fn pieces_with(bytes: &[u8], is: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = Range<usize>> {
    let (pieces, rest) = bytes.as_chunks::<PIECE>();
    let end = bytes.len() - rest.len();
    let held = move |piece: &[u8; PIECE]| piece.iter().fold(false, |any, &b| any | is(b));
    let whole = pieces.iter().enumerate().filter(move |(_, piece)| held(piece));
    let last = rest.iter().any(|&b| is(b)).then_some(end..bytes.len());
    whole.map(|(number, _)| number * PIECE..(number + 1) * PIECE).chain(last)
}

/// The characters of a text that have a part in its pieces with a byte of some kind.
pub(crate) fn chars_near(text: &str, is: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = char> {
    let whole = |piece: Range<usize>| text.floor_char_boundary(piece.start)..text.ceil_char_boundary(piece.end);
    pieces_with(text.as_bytes(), is).flat_map(move |piece| text[whole(piece)].chars())
}

/// Whether a text holds a byte of some kind.
pub(crate) fn holds(bytes: &[u8], is: impl Fn(u8) -> bool + Copy) -> bool {
    pieces_with(bytes, is).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_is_left_out() {
        for length in [0, 1, 31, 32, 33, 64, 70] {
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[at] = b'b';
                let found: Vec<_> = pieces_with(&bytes, |b| b == b'b').collect();
                assert!(found.len() == 1 && found[0].contains(&at), "{length} {at} {found:?}");
                assert!(!holds(&bytes, |b| b == b'c'));
                let text = "é".repeat(at) + "ü" + &"é".repeat(length - at);
                assert!(chars_near(&text, |b| b == 0xbc).any(|c| c == 'ü'));
            }
        }
    }
}
