//! Scalars in YAML that is written again: the quotes, blocks and tags that yaml.v3 gives a text whose type is known.

use super::super::meaning;
use crate::yaml::emit::{Emitter, Layout};
use crate::yaml::{Scalar, Style};

/// A scalar as it stands in a text, or as it was made; `told` if a tag says how it is meant.
pub(super) fn scalar(scalar: &Scalar, raw: Option<&str>, told: bool, in_flow: bool, indent: usize) -> Option<String> {
    let text = &*scalar.text;
    match scalar.style {
        Style::Literal | Style::Folded if !in_flow => block(text, scalar.style, indent),
        // Whoever names a tag says how the text is meant.
        Style::Plain if told && text.is_empty() => Some(if in_flow { "''".to_owned() } else { String::new() }),
        Style::Plain if told => string(text),
        Style::Plain => {
            if text.contains('\n') {
                let written = if in_flow {
                    quoted(text, Style::DoubleQuoted, indent)
                } else {
                    block(text, Style::Literal, indent)
                };
                let was = raw.map_or("!!str", meaning::kind);
                return if was == "!!str" { written } else { Some(format!("{was} {}", written?)) };
            }
            if in_flow && text.is_empty() {
                match raw.map_or("!!null", meaning::kind) {
                    "!!str" => {}
                    "!!null" => return Some("''".to_owned()),
                    was => return Some(format!("{was} ''")),
                }
            }
            if in_flow && ends_in_flow(text) {
                return quoted(text, Style::SingleQuoted, indent);
            }
            match raw {
                Some(raw) => plain(raw, text),
                None if scalar.tag.as_deref().is_none_or(str::is_empty) => untyped(text),
                None => plain("x", text),
            }
        }
        style => quoted(text, style, indent),
    }
}

/// Whether a text has a character that keeps it from being plain in a flow collection.
pub(super) fn ends_in_flow(text: &str) -> bool {
    text.contains([',', '?', ':', '[', ']', '{', '}'])
}

/// How a text is written in the place of a plain scalar, whose type it keeps: by quotes, or by a tag where they do not help.
pub(in super::super) fn plain(old: &str, new: &str) -> Option<String> {
    let (was, is) = (meaning::kind(old), meaning::kind(new));
    match was {
        "!!str" if is == "!!str" => string(new),
        "!!str" => quoted(new, Style::DoubleQuoted, 0),
        _ if was == is => Some(new.to_owned()),
        _ if is == "!!str" && !new.is_empty() => Some(format!("{was} {}", string(new)?)),
        _ => Some(format!("{was} {new}").trim_end().to_owned()),
    }
}

/// A text without a type.
fn untyped(text: &str) -> Option<String> {
    if meaning::kind(text) == "!!str" { string(text) } else { Some(text.to_owned()) }
}

/// A text that is no other type when it is plain: in quotes only if its characters ask for them.
fn string(text: &str) -> Option<String> {
    let mut emitter = Emitter::new(Layout::KUSTOMIZE);
    emitter.string(text).ok()?;
    let written = emitter.finish();
    let written = written.trim_end_matches('\n');
    // What YAML 1.1 takes for something else is not quoted here.
    let bare = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|bare| *bare == text);
    let ambiguous = bare.filter(|bare| bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:+-".contains(&b)));
    Some(ambiguous.unwrap_or(written).to_owned())
}

/// A text in quotes, single ones where they can hold it; further lines are indented.
pub(super) fn quoted(text: &str, style: Style, indent: usize) -> Option<String> {
    let special = text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{feff}');
    if style == Style::SingleQuoted && !special && !text.contains(" \n") && !text.contains("\n ") {
        let mut made = String::from("'");
        let mut broken = false;
        for c in text.chars() {
            if c == '\n' {
                // One line end alone would be a blank.
                made.push_str(if broken { "\n" } else { "\n\n" });
                broken = true;
                continue;
            }
            if broken {
                made.extend(std::iter::repeat_n(' ', indent));
                broken = false;
            }
            made.push(c);
            if c == '\'' {
                made.push(c);
            }
        }
        made.push('\'');
        return Some(made);
    }
    let mut made = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => made.extend(['\\', c]),
            '\0' => made.push_str("\\0"),
            '\x07' => made.push_str("\\a"),
            '\x08' => made.push_str("\\b"),
            '\t' => made.push_str("\\t"),
            '\n' => made.push_str("\\n"),
            '\x0b' => made.push_str("\\v"),
            '\x0c' => made.push_str("\\f"),
            '\r' => made.push_str("\\r"),
            '\x1b' => made.push_str("\\e"),
            '\u{85}' => made.push_str("\\N"),
            '\u{2028}' => made.push_str("\\L"),
            '\u{2029}' => made.push_str("\\P"),
            c if c.is_control() => made.push_str(&format!("\\x{:02X}", c as u32)),
            '\u{feff}' => made.push_str("\\uFEFF"),
            c => made.push(c),
        }
    }
    made.push('"');
    Some(made)
}

/// A block with its header; ends with a line end.
fn block(text: &str, style: Style, indent: usize) -> Option<String> {
    let odd = text.contains(|c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{feff}');
    if odd || text.contains(" \n") || text.ends_with(' ') || text.is_empty() {
        return quoted(text, Style::DoubleQuoted, indent);
    }
    let sign = if style == Style::Folded { '>' } else { '|' };
    let chomp = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let mut made = format!("{sign}{hint}{chomp}\n");
    let mut indented = true;
    let mut empty = true;
    for c in text.chars() {
        if c == '\n' {
            if style == Style::Folded && !empty && !indented {
                made.push('\n');
            }
            made.push('\n');
            empty = true;
            continue;
        }
        if empty {
            made.extend(std::iter::repeat_n(' ', indent));
            indented = matches!(c, ' ' | '\t');
        }
        made.push(c);
        empty = false;
    }
    if !made.ends_with('\n') {
        made.push('\n');
    }
    Some(made)
}
