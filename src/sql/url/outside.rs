//! Signs of an address that are not inside something filled in.

/// The last `sign` that is not inside `{{...}}`, `${...}`, `$(...)` or `[...]`.
pub(super) fn find_last(text: &str, sign: u8) -> Option<usize> {
    Outside::of(text, sign).last()
}

/// The first `sign` from `from` on that is not inside `{{...}}`, `${...}`, `$(...)` or `[...]`.
pub(super) fn outside(text: &str, from: usize, sign: u8) -> Option<usize> {
    Outside::of(text, sign).find(|&at| at >= from)
}

/// What holds together, by how it opens and closes; the last one at the start only.
const PAIRS: [(&[u8], &[u8]); 4] = [(b"{{", b"}}"), (b"${", b"}"), (b"$(", b")"), (b"[", b"]")];

/// Every `sign` of a text that is not inside `{{...}}`, `${...}`, `$(...)` or `[...]`, in order.
pub(super) struct Outside<'t> {
    bytes: &'t [u8],
    sign: u8,
    at: usize,
    /// Where the part begins that is being read.
    pub(super) start: usize,
    /// Whether what opens may still be closed: what is closed nowhere behind one place is closed behind no later one.
    closes: [bool; PAIRS.len()],
}

impl<'t> Outside<'t> {
    pub(super) fn of(text: &'t str, sign: u8) -> Self {
        Self { bytes: text.as_bytes(), sign, at: 0, start: 0, closes: [true; PAIRS.len()] }
    }

    /// Where what opens here ends, if anything does.
    fn skipped(&mut self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let opens = |open: &[u8]| rest.starts_with(open) && (open != b"[" || self.at == self.start);
        let pair = PAIRS.iter().position(|(open, _)| opens(open)).filter(|&pair| self.closes[pair])?;
        let close = PAIRS[pair].1;
        let end = memchr::memmem::find(rest, close).map(|len| self.at + len + close.len());
        self.closes[pair] = end.is_some();
        end
    }
}

impl Iterator for Outside<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.at < self.bytes.len() {
            if let Some(end) = self.skipped() {
                self.at = end;
                continue;
            }
            self.at += 1;
            if self.bytes[self.at - 1] == self.sign {
                return Some(self.at - 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_holds_together() {
        let all = |text| Outside::of(text, b',').collect::<Vec<_>>();
        assert_eq!(all("a,b"), [1]);
        assert_eq!(all("{{a,b}},${c,d},$(e,f),g"), [7, 14, 21]);
        assert_eq!(all("[a,b],c"), [5]);
        assert_eq!(all("a[b,c"), [3]);
        assert_eq!(all("{{a,{{b,"), [3, 7]);
        assert_eq!(all("${{a}},b"), [6]);
        assert_eq!(all("$({{,}},),"), [9]);
        assert_eq!((outside("a,b,c", 2, b','), find_last("a,b,{{,}}", b',')), (Some(3), Some(3)));
    }
}
