//! Letters and words: cases as Go maps them, the case conversions of xstrings, wrapping of goutils.

/// `unicode.ToUpper`: one character for one.
pub(super) fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// `unicode.ToLower`: one character for one.
pub(super) fn lower(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    c.to_lowercase().next().unwrap_or(c)
}

/// `unicode.ToTitle`: as upper case, but for the letters that have a title case of their own.
pub(super) fn title(c: char) -> char {
    match c as u32 {
        0x1c4..=0x1c6 => '\u{1c5}',
        0x1c7..=0x1c9 => '\u{1c8}',
        0x1ca..=0x1cc => '\u{1cb}',
        0x1f1..=0x1f3 => '\u{1f2}',
        _ => upper(c),
    }
}

/// What ends a word to `strings.Title`.
pub(super) fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_');
    }
    !c.is_alphanumeric() && c.is_whitespace()
}

/// goutils' swapping of cases.
pub(super) fn swap(c: char, after_space: &mut bool) -> char {
    if c.is_uppercase() {
        *after_space = false;
        lower(c)
    } else if c.is_lowercase() {
        if std::mem::take(after_space) { title(c) } else { upper(c) }
    } else {
        *after_space = c.is_whitespace();
        c
    }
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `xstrings.ToPascalCase`
pub(super) fn pascal(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let mut current = '\0';
    let mut first_upper = false;
    for c in chars.by_ref() {
        current = c;
        if !is_connector(c) {
            first_upper = c.is_uppercase();
            current = upper(c);
            break;
        }
        out.push(c);
    }
    if chars.peek().is_none() {
        // A text of connectors ends with its last one twice.
        if !text.is_empty() {
            out.push(current);
        }
        return out;
    }
    for c in chars {
        let previous = std::mem::replace(&mut current, c);
        if is_connector(current) && is_connector(previous) {
            out.push(previous);
            continue;
        }
        if is_connector(previous) {
            first_upper = current.is_uppercase();
            current = upper(current);
        } else {
            if first_upper {
                if current.is_uppercase() {
                    current = lower(current);
                } else {
                    first_upper = false;
                }
            }
            out.push(previous);
        }
    }
    out.push(current);
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Letters,
    Connector,
    Punct,
    Other,
}

fn is_punct(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation() && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    matches!(c as u32, 0xa1 | 0xa7 | 0xab | 0xb6 | 0xb7 | 0xbb | 0xbf | 0x2010..=0x2027 | 0x2030..=0x205e | 0x3001..=0x3003)
}

fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else { return (Word::Invalid, "", "") };
    let run = |test: &dyn Fn(char) -> bool| text.find(|c| !test(c)).unwrap_or(text.len());
    let (kind, end) = if is_connector(first) {
        (Word::Connector, run(&is_connector))
    } else if is_punct(first) {
        (Word::Punct, run(&is_punct))
    } else if first.is_uppercase() {
        let uppers = run(&char::is_uppercase);
        let next = text[uppers..].chars().next();
        let letters = next.is_some_and(char::is_alphabetic);
        if text[..uppers].chars().count() > 1 {
            // The last capital of `HTTPStatus` begins the next word.
            let last = text[..uppers].chars().next_back().map_or(0, char::len_utf8);
            (Word::Upper, if letters { uppers - last } else { uppers })
        } else if letters {
            let rest = &text[uppers..];
            let more = rest.find(|c: char| !c.is_alphabetic() || c.is_uppercase()).unwrap_or(rest.len());
            (Word::Upper, uppers + more)
        } else {
            (Word::Upper, uppers)
        }
    } else if first.is_alphabetic() {
        (Word::Letters, run(&|c| c.is_alphabetic() && !c.is_uppercase()))
    } else if first.is_numeric() {
        (Word::Number, run(&char::is_numeric))
    } else {
        let other = |c: char| !(is_connector(c) || c.is_alphabetic() || c.is_numeric() || is_punct(c));
        (Word::Other, run(&other))
    };
    (kind, &text[..end], &text[end..])
}

fn push_lower(out: &mut String, kind: Word, word: &str, connector: char) {
    if word.is_empty() {
        return;
    }
    if kind == Word::Connector {
        word.chars().for_each(|_| out.push(connector));
    } else if matches!(kind, Word::Number | Word::Letters | Word::Punct | Word::Other | Word::Invalid)
        && !has_upper(word)
    {
        out.push_str(word);
    } else {
        word.chars().for_each(|c| out.push(lower(c)));
    }
}

fn has_upper(word: &str) -> bool {
    word.chars().any(char::is_uppercase)
}

/// `xstrings.ToSnakeCase` and `ToKebabCase`
pub(super) fn connected(text: &str, connector: char) -> String {
    let mut out = String::new();
    let ends = |kind: Word| matches!(kind, Word::Connector | Word::Punct);
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push_lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                while matches!(kind, Word::Letters | Word::Number) {
                    push_lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Word::Invalid && !ends(kind) {
                    out.push(connector);
                }
            }
            Word::Connector => push_lower(&mut out, previous, last, connector),
            Word::Punct => {}
            _ if kind != Word::Number => {
                if !ends(kind) {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Letters {
                    push_lower(&mut out, Word::Number, number, connector);
                    if !ends(kind) {
                        out.push(connector);
                    }
                    continue;
                }
                out.push(connector);
                push_lower(&mut out, Word::Number, number, connector);
                while matches!(kind, Word::Letters | Word::Number) {
                    push_lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Word::Invalid && !ends(kind) {
                    out.push(connector);
                }
            }
        }
    }
    push_lower(&mut out, kind, word, connector);
    out
}

/// goutils' wrapping of lines; widths count bytes.
pub(super) fn wrap(text: &str, width: i64, with: &str, long_words: bool) -> String {
    let with = if with.is_empty() { "\n" } else { with };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = Vec::new();
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let end = (width + at + 1).min(bytes.len());
        let space = bytes[at..end].iter().rposition(|&b| b == b' ').map(|found| at + found);
        match space {
            Some(space) => {
                out.extend_from_slice(&bytes[at..space]);
                out.extend_from_slice(with.as_bytes());
                at = space + 1;
            }
            None if long_words => {
                out.extend_from_slice(&bytes[at..at + width]);
                out.extend_from_slice(with.as_bytes());
                at += width;
            }
            None => match bytes[at + width..].iter().position(|&b| b == b' ') {
                None => {
                    out.extend_from_slice(&bytes[at..]);
                    at = bytes.len();
                }
                Some(found) => {
                    let space = at + width + found;
                    out.extend_from_slice(&bytes[at..space]);
                    out.extend_from_slice(with.as_bytes());
                    at = space + 1;
                }
            },
        }
    }
    out.extend_from_slice(&bytes[at..]);
    String::from_utf8_lossy(&out).into_owned()
}
