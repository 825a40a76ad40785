//! Text from a repository, made safe to show: on a terminal, in a log that obeys workflow commands, in Markdown, in HTML.
//!
//! Every sink calls one of these; none writes repository text as it came. What a character was stays readable.

use std::borrow::Cow;
use std::fmt::Write;

/// Longer texts are cut: a name of a megabyte is no name.
const LONGEST: usize = 2_000;

/// Whether a character can steer a terminal, turn the reading direction, or hide.
pub fn is_harmful(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'            // control, ESC and CSI among them
        | '\u{ad}' | '\u{34f}' | '\u{61c}'               // soft hyphen, joiner, Arabic mark
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' // invisible fillers
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' // zero width, marks, line ends, embeddings
        | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// One line of prose: every harmful character is spelled out, what is too long is cut.
pub fn text(text: &str) -> Cow<'_, str> {
    let clean = text.len() <= LONGEST && !text.chars().any(is_harmful) && !text.contains("##");
    if clean {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len().min(LONGEST) + 16);
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            safe.push('…');
            break;
        }
        spell(&mut safe, c);
    }
    Cow::Owned(without_orders(safe))
}

/// A runner takes `##[command]` and `##vso[command]` anywhere in a line for an order. One character for one.
fn without_orders(text: String) -> String {
    let mut safe = text;
    let mut from = 0;
    while let Some(at) = safe[from..].find("##").map(|at| at + from) {
        from = at + 1;
        let name = safe[at + 2..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        if name.starts_with('[') {
            safe.replace_range(from..from + 1, "\u{266f}");
        }
    }
    safe
}

fn spell(into: &mut String, c: char) {
    match c {
        '\n' => into.push_str("\\n"),
        '\r' => into.push_str("\\r"),
        '\t' => into.push_str("\\t"),
        c if is_harmful(c) => {
            let _ = write!(into, "\\u{{{:x}}}", u32::from(c));
        }
        c => into.push(c),
    }
}

/// A line of source: each harmful character is replaced by one visible character, so that columns stay true. Tabs stay.
pub fn source_line(line: &str) -> String {
    let visible = |c: char| match c {
        '\t' => '\t',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if is_harmful(c) => '\u{fffd}',
        c => c,
    };
    without_orders(line.chars().map(visible).collect())
}

/// Prose inside Markdown: nothing in it is a link, an image, HTML, emphasis or a heading.
pub fn markdown(prose: &str) -> String {
    let prose = text(prose);
    let mut safe = String::with_capacity(prose.len() + 16);
    for c in prose.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Data of a GitHub workflow command.
pub fn workflow_data(prose: &str) -> String {
    text(prose).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a GitHub workflow command.
pub fn workflow_property(prose: &str) -> String {
    workflow_data(prose).replace(':', "%3A").replace(',', "%2C")
}

/// JSON in which every harmful character is spelled `\uXXXX`: the same value to a reader, nothing for a terminal to obey.
pub fn json(json: &str) -> Cow<'_, str> {
    // Line ends are JSON's own layout; inside strings they are escaped already.
    let bad = |c: char| is_harmful(c) && c != '\n';
    if !json.chars().any(bad) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if bad(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "a\u{1b}]8;;http://x\u{7}b\u{202e}c\u{200b}\n::error::pwned ##[add-mask]x";

    #[test]
    fn prose_is_one_line_without_orders() {
        let safe = text(NASTY);
        assert!(!safe.chars().any(is_harmful), "{safe:?}");
        assert!(!safe.contains("##["));
        assert!(safe.contains("\\u{202e}") && safe.contains("\\n::error"), "what it was stays readable: {safe}");
    }

    #[test]
    fn plain_prose_is_untouched() {
        assert!(matches!(text("schema `größe` is migrated twice"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_prose_is_cut() {
        assert_eq!(text(&"x".repeat(1 << 20)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn source_lines_keep_their_columns() {
        let line = "k: \u{1b}[31m\u{202e}x\t# y";
        let safe = source_line(line);
        assert_eq!(safe.chars().count(), line.chars().count());
        assert!(!safe.chars().any(|c| c != '\t' && is_harmful(c)));
    }

    #[test]
    fn markdown_is_inert() {
        let safe = markdown("[x](javascript:1) <img src=x onerror=1> @all **b** `c`");
        assert!(!safe.contains("<img") && !safe.contains("[x](") && !safe.contains("@all"), "{safe}");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"name": "a\u{202e}b\u{9b}c\u{e0041}"});
        let written = serde_json::to_string_pretty(&value).unwrap();
        let safe = json(&written);
        assert!(!safe.chars().any(|c| c != '\n' && is_harmful(c)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
