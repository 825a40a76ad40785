//! How Go's YAML libraries sort the keys of a mapping (`yaml.v2 sorter.go`): numbers inside keys by their value, letters
//! after everything else.

use crate::yaml::scalar::Dialect;

/// Up to this many keys Go sorts by insertion.
const INSERTION: usize = 12;

/// Sorts entries by their keys.
///
/// Go's comparison is no total order (numbers overflow), on which the standard library's sort may panic. Short lists come
/// out as Go's do even then; long ones in some order.
pub fn sort<T>(dialect: Dialect, entries: &mut Vec<T>, key: impl Fn(&T) -> &str) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let less = |a: usize, b: usize| less(dialect, key(&entries[a]), key(&entries[b]));
    if order.len() <= INSERTION {
        for end in 1..order.len() {
            for at in (1..=end).rev() {
                if !less(order[at], order[at - 1]) {
                    break;
                }
                order.swap(at, at - 1);
            }
        }
    } else {
        order = merged(order, less);
    }
    if order.is_sorted() {
        return;
    }
    let mut slots: Vec<Option<T>> = std::mem::take(entries).into_iter().map(Some).collect();
    entries.extend(order.into_iter().filter_map(|at| slots[at].take()));
}

/// Merge sort from the bottom up.
fn merged(mut order: Vec<usize>, less: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut width = 1;
    while width < order.len() {
        let mut next = Vec::with_capacity(order.len());
        for pair in order.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some((&a, a_rest)), Some((&b, b_rest))) = (left.split_first(), right.split_first()) {
                if less(b, a) {
                    next.push(b);
                    right = b_rest;
                } else {
                    next.push(a);
                    left = a_rest;
                }
            }
            next.extend_from_slice(left);
            next.extend_from_slice(right);
        }
        order = next;
        width *= 2;
    }
    order
}

fn less(dialect: Dialect, a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let same = (0..=same).rev().find(|&at| a.is_char_boundary(at) && b.is_char_boundary(at)).unwrap_or(0);
    let (head, a, b) = (&a[..same], &a[same..], &b[same..]);
    let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len() < b.len() };
    let (x_letter, y_letter) = (x.is_alphabetic(), y.is_alphabetic());
    if x_letter && y_letter {
        return x < y;
    }
    if x_letter || y_letter {
        let after_digit = dialect == Dialect::V3 && head.ends_with(|c: char| c.is_ascii_digit());
        return if after_digit { x_letter } else { y_letter };
    }
    let mut start = 0_i64;
    if x == '0' || y == '0' {
        let digits = head.bytes().rev().take_while(u8::is_ascii_digit);
        start = i64::from(digits.into_iter().any(|digit| digit != b'0'));
    }
    let (x_number, x_len) = number(start, a);
    let (y_number, y_len) = number(start, b);
    if x_number != y_number {
        return x_number < y_number;
    }
    if x_len != y_len {
        return x_len < y_len;
    }
    x < y
}

fn number(start: i64, text: &str) -> (i64, usize) {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold((start, 0), |(n, len), digit| (n.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), len + 1))
}
