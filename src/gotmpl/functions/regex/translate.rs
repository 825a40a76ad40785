//! Go's spelling of regular expressions in the regex crate's: the two mean the same by different letters.
//!
//! Go's `\d`, `\w`, `\s` and `\b` are ASCII; `\Q..\E` quotes; a `{` that begins no repetition is a letter; classes have no
//! set operations and no classes inside but `[:name:]`; a repeated repetition and one above 1000 are errors.

/// Go's message for what it does not accept.
pub(crate) fn translate(text: &str) -> Result<String, String> {
    Translator { text, chars: text.char_indices().collect(), at: 0, out: String::new() }.run()
}

struct Translator<'t> {
    text: &'t str,
    chars: Vec<(usize, char)>,
    at: usize,
    out: String,
}

/// What a repetition may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Atom,
    Repeat(usize),
}

/// The class of a category or a script, or of all other characters; Go knows no other properties.
fn property(name: &str, others: bool) -> Option<String> {
    let spelled: String = name.chars().filter(|c| *c != ' ').collect();
    if spelled.is_empty() || !spelled.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let letter = if others { 'P' } else { 'p' };
    match spelled.to_ascii_lowercase().as_str() {
        // No text of Rust's has any of these.
        "cs" | "surrogate" => Some(if others { "[\\x{0}-\\x{10FFFF}]" } else { "[^\\x{0}-\\x{10FFFF}]" }.to_owned()),
        "any" | "ascii" | "assigned" => Some(format!("\\{letter}{{{spelled}}}")),
        _ => {
            let classes = ["gc", "sc"].map(|kind| format!("\\{letter}{{{kind}={spelled}}}"));
            classes.into_iter().find(|class| regex_syntax::parse(class).is_ok())
        }
    }
}

impl Translator<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|&(_, c)| c)
    }

    fn byte(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.text.len(), |&(at, _)| at)
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        &self.text[self.byte(from)..self.byte(to)]
    }

    fn run(mut self) -> Result<String, String> {
        let mut last = Last::Nothing;
        let mut groups = 0u32;
        let mut depth: u32 = 0;
        while let Some(c) = self.peek(0) {
            let start = self.at;
            match c {
                '\\' => last = self.escape()?,
                '[' => {
                    self.class()?;
                    last = Last::Atom;
                }
                '*' | '+' | '?' => last = self.repeat(last, start, start + 1)?,
                '{' => match self.counted() {
                    Some((end, most)) => {
                        if most > 1000 {
                            let shown = self.slice(start, end);
                            return Err(format!("invalid repeat count: `{shown}`"));
                        }
                        last = self.repeat(last, start, end)?;
                    }
                    None => {
                        self.out.push_str("\\{");
                        self.at += 1;
                        last = Last::Atom;
                    }
                },
                '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(c);
                    self.at += 1;
                    last = Last::Atom;
                }
                '(' => {
                    depth += 1;
                    groups += 1;
                    if groups > 5000 || depth > 1000 {
                        return Err("expression nests too deeply".to_owned());
                    }
                    self.group()?;
                    last = Last::Nothing;
                }
                ')' => {
                    if depth == 0 {
                        return Err(format!("unexpected ): `{}`", self.text));
                    }
                    depth -= 1;
                    self.push(c);
                    last = Last::Atom;
                }
                '|' => {
                    self.push(c);
                    last = Last::Nothing;
                }
                _ => {
                    self.push(c);
                    last = Last::Atom;
                }
            }
        }
        if depth > 0 {
            return Err(format!("missing closing ): `{}`", self.text));
        }
        Ok(self.out)
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.at += 1;
    }

    /// `(`, `(?:`, `(?i)`, `(?P<name>`.
    fn group(&mut self) -> Result<(), String> {
        if self.peek(1) != Some('?') {
            self.push('(');
            return Ok(());
        }
        let rest = self.slice(self.at, self.chars.len());
        if rest.starts_with("(?P<") || rest.starts_with("(?<") {
            let Some(end) = rest.find('>') else {
                return Err(format!("invalid named capture: `{rest}`"));
            };
            let name = &rest[rest.find('<').map_or(0, |at| at + 1)..end];
            if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
                return Err(format!("invalid named capture: `{}`", &rest[..=end]));
            }
            // The crate refuses names that begin with a digit or stand twice, which Go takes.
            let count = rest[..=end].chars().count();
            let head = format!("(?P<{name}>");
            self.out.push_str(&head);
            self.at += count;
            return Ok(());
        }
        let end = rest.find([':', ')']);
        let flags = end.map_or("", |end| &rest[2..end]);
        let known = flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-'));
        let (Some(end), true) = (end, known) else {
            let shown: String = rest.chars().take(3).collect();
            return Err(if end.is_none() {
                format!("missing argument to repetition operator: `{shown}`")
            } else {
                format!("invalid or unsupported Perl syntax: `{shown}`")
            });
        };
        let head = rest[..end].to_owned();
        self.out.push_str(&head);
        self.at += head.chars().count();
        if self.peek(0) == Some(':') {
            self.push(':');
        } else {
            // The flags' own parenthesis closes at once.
            self.out.push(')');
            self.at += 1;
            // It was counted as open.
            return self.closed();
        }
        Ok(())
    }

    /// A group of flags alone is closed where it stands; an empty group keeps the count of open ones right.
    fn closed(&mut self) -> Result<(), String> {
        self.chars.insert(self.at, (self.byte(self.at), ')'));
        self.out.push_str("(?:");
        Ok(())
    }

    fn repeat(&mut self, last: Last, start: usize, end: usize) -> Result<Last, String> {
        match last {
            Last::Nothing => {
                let shown = self.slice(start, end);
                return Err(format!("missing argument to repetition operator: `{shown}`"));
            }
            Last::Repeat(from) => {
                let shown = self.slice(from, end);
                return Err(format!("invalid nested repetition operator: `{shown}`"));
            }
            Last::Atom => {}
        }
        let text = self.slice(start, end).to_owned();
        self.out.push_str(&text);
        self.at = end;
        if self.peek(0) == Some('?') {
            self.push('?');
        }
        Ok(Last::Repeat(start))
    }

    /// `{n}`, `{n,}` or `{n,m}` here: its end, and the largest count.
    fn counted(&self) -> Option<(usize, u64)> {
        let mut at = self.at + 1;
        let number = |at: &mut usize| {
            let start = *at;
            while self.chars.get(*at).is_some_and(|(_, c)| c.is_ascii_digit()) {
                *at += 1;
            }
            (*at > start).then(|| self.slice(start, *at).parse::<u64>().unwrap_or(u64::MAX))
        };
        let least = number(&mut at)?;
        let mut most = least;
        if self.chars.get(at).map(|&(_, c)| c) == Some(',') {
            at += 1;
            most = number(&mut at).unwrap_or(least);
        }
        (self.chars.get(at).map(|&(_, c)| c) == Some('}')).then_some((at + 1, most.max(least)))
    }

    fn escape(&mut self) -> Result<Last, String> {
        let Some(c) = self.peek(1) else { return Err("trailing backslash at end of expression: ``".to_owned()) };
        let start = self.at;
        self.at += 2;
        match c {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            's' => self.out.push_str("[\\t\\n\\x0C\\r ]"),
            'S' => self.out.push_str("[^\\t\\n\\x0C\\r ]"),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'A' => self.out.push_str("\\A"),
            'z' => self.out.push_str("\\z"),
            'Q' => {
                let rest = self.slice(self.at, self.chars.len()).to_owned();
                let quoted = rest.split("\\E").next().unwrap_or("");
                let some = !quoted.is_empty();
                self.out.push_str(&regex::escape(quoted));
                self.at += quoted.chars().count();
                if self.peek(0).is_some() {
                    self.at += 2;
                }
                return Ok(if some { Last::Atom } else { Last::Nothing });
            }
            'E' => return Ok(Last::Nothing),
            'p' | 'P' => self.property(start)?,
            _ => self.letter(c, start)?,
        }
        Ok(Last::Atom)
    }

    /// `\pN`, `\p{Greek}`.
    fn property(&mut self, start: usize) -> Result<(), String> {
        let end = match self.peek(0) {
            Some('{') => (self.at..self.chars.len()).find(|&i| self.chars[i].1 == '}').map(|at| at + 1),
            Some(_) => Some(self.at + 1),
            None => None,
        };
        let unknown = |end| Err(format!("invalid character class range: `{}`", self.slice(start, end)));
        let Some(end) = end else { return unknown(self.chars.len()) };
        let text = self.slice(start, end);
        let braced = text[2..].strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let name = braced.unwrap_or(&text[2..]);
        let (inverted, name) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
        let others = text.starts_with("\\P") != inverted;
        let Some(class) = property(name, others) else { return unknown(end) };
        self.out.push_str(&class);
        self.at = end;
        Ok(())
    }

    /// An escaped letter or sign, `\n`, `\x41`, `\x{10FFFF}`, `\101`.
    fn letter(&mut self, c: char, start: usize) -> Result<(), String> {
        let invalid =
            |translator: &Self| Err(format!("invalid escape sequence: `{}`", translator.slice(start, translator.at)));
        let code = match c {
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '0'..='7' => {
                if c != '0' && !matches!(self.peek(0), Some('0'..='7')) {
                    return invalid(self);
                }
                let mut code = c as u32 - '0' as u32;
                for _ in 0..2 {
                    let Some(digit) = self.peek(0).and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    self.at += 1;
                }
                code
            }
            'x' => {
                let braced = self.peek(0) == Some('{');
                let digits = if braced { 1..self.chars.len() } else { 0..2 };
                let mut text = String::new();
                for i in digits {
                    match self.peek(i).filter(char::is_ascii_hexdigit) {
                        Some(digit) => text.push(digit),
                        None => break,
                    }
                }
                self.at += text.len() + usize::from(braced);
                if braced {
                    if self.peek(0) != Some('}') {
                        return invalid(self);
                    }
                    self.at += 1;
                } else if text.len() < 2 {
                    return invalid(self);
                }
                match u32::from_str_radix(&text, 16) {
                    Ok(code) if code <= 0x10ffff => code,
                    _ => return invalid(self),
                }
            }
            c if c.is_ascii_punctuation() => {
                self.out.push('\\');
                self.out.push(c);
                return Ok(());
            }
            _ => return invalid(self),
        };
        self.out.push_str(&format!("\\x{{{code:X}}}"));
        Ok(())
    }

    fn class(&mut self) -> Result<(), String> {
        let start = self.at;
        self.push('[');
        if self.peek(0) == Some('^') {
            self.push('^');
        }
        let mut first = true;
        // Behind a class like `\\w` a hyphen is a letter: no range begins with one.
        let mut classed = false;
        loop {
            let mut class = false;
            let Some(c) = self.peek(0) else {
                return Err(format!("missing closing ]: `{}`", self.slice(start, self.chars.len())));
            };
            match c {
                ']' if !first => {
                    self.push(']');
                    return Ok(());
                }
                '[' if self.peek(1) == Some(':') => {
                    let rest = self.slice(self.at, self.chars.len());
                    match rest.find(":]") {
                        Some(end) => {
                            let name = rest[..end + 2].to_owned();
                            self.out.push_str(&name);
                            self.at += name.chars().count();
                        }
                        None => {
                            self.out.push_str("\\[");
                            self.at += 1;
                        }
                    }
                }
                '\\' => {
                    let Some(c) = self.peek(1) else {
                        return Err("trailing backslash at end of expression: ``".to_owned());
                    };
                    let from = self.at;
                    self.at += 2;
                    class = matches!(c, 'd' | 'w' | 's' | 'D' | 'W' | 'S' | 'p' | 'P');
                    match c {
                        'd' => self.out.push_str("0-9"),
                        'w' => self.out.push_str("0-9A-Za-z_"),
                        's' => self.out.push_str("\\t\\n\\x0C\\r "),
                        'D' => self.out.push_str("[^0-9]"),
                        'W' => self.out.push_str("[^0-9A-Za-z_]"),
                        'S' => self.out.push_str("[^\\t\\n\\x0C\\r ]"),
                        'p' | 'P' => self.property(from)?,
                        _ => self.letter(c, from)?,
                    }
                }
                '-' => {
                    // A range if it stands between two ends, a letter otherwise.
                    let between = !first && !classed && self.peek(1).is_some_and(|c| c != ']');
                    self.out.push_str(if between { "-" } else { "\\-" });
                    self.at += 1;
                }
                '[' | ']' | '&' | '~' | '^' | '#' => {
                    self.out.push('\\');
                    self.push(c);
                }
                c => self.push(c),
            }
            first = false;
            classed = class;
        }
    }
}
