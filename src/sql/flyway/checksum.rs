//! The checksum by which Flyway notices that a script was changed.

/// CRC-32 over the lines of a script without their ends, as a signed number.
///
/// Lines end with `\n`, `\r` or `\r\n`; a byte-order mark is left out of the first line
/// (`flyway-core ChecksumCalculator`, `BomFilter`). Placeholders count as they are written, so the checksum of a
/// repeatable script with placeholders is Flyway's `equivalentChecksum`.
pub fn checksum(text: &str) -> i32 {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut hasher = crc32fast::Hasher::new();
    for line in text.split(['\n', '\r']) {
        hasher.update(line.as_bytes());
    }
    hasher.finalize().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_marks_do_not_count() {
        assert_eq!(checksum("a\nb\n"), -1_635_563_411);
        assert_eq!(checksum("a\r\nb"), -1_635_563_411);
        assert_eq!(checksum("a\rb\r"), -1_635_563_411);
        assert_eq!(checksum("\u{feff}a\nb"), -1_635_563_411);
        assert_eq!(checksum(""), 0);
        assert_ne!(checksum("a\n\u{feff}b"), checksum("a\nb"));
    }
}
