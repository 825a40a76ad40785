//! Shell scripts cut into commands: enough to see which programs are called with which words.
//!
//! Nothing is expanded or run. Variables stay as written; command substitutions are read as commands of their own, to a
//! bounded depth. A script that cannot be finished (an open quote) gives what was read.

use std::ops::Range;

/// A word of a command, quotes taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text; variables stay as written.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Range<usize>,
}

/// What a command reads on its standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A heredoc's body or a here-string.
    Text(Range<usize>),
    /// A file (`< init.sql`).
    File(Word),
    /// The command before it in the pipe, by its index.
    Pipe(usize),
}

/// One simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words: assignments and keywords left out.
    pub words: Vec<Word>,
    /// What it reads.
    pub input: Vec<Input>,
}

/// The longest script that is read, in bytes.
const LENGTH: usize = 256 * 1024;
/// The most commands that are kept.
const COMMANDS: usize = 4096;
/// How deep command substitutions are followed.
const DEPTH: usize = 6;

/// Cuts a script into its commands, in the order of their beginnings. Ranges are of `script`.
pub fn commands(script: &str) -> Vec<Command> {
    let mut end = script.len().min(LENGTH);
    while !script.is_char_boundary(end) {
        end -= 1;
    }
    let mut reader = Reader { bytes: &script.as_bytes()[..end], text: script, found: Vec::new() };
    reader.read(0..end, DEPTH);
    reader.found
}

/// A command that is given as words already (`command:` and `args:` without a shell); spans are of each word.
pub fn plain(words: impl IntoIterator<Item = impl Into<String>>) -> Command {
    let words = words.into_iter().map(Into::into).map(|text: String| Word { span: 0..text.len(), text });
    Command { words: words.collect(), input: Vec::new() }
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    found: Vec<Command>,
}

struct Heredoc {
    delimiter: String,
    indented: bool,
    command: usize,
}

impl Reader<'_> {
    fn read(&mut self, range: Range<usize>, depth: usize) {
        let mut at = range.start;
        let mut heredocs: Vec<Heredoc> = Vec::new();
        let mut current = self.begin();
        while at < range.end && self.found.len() < COMMANDS {
            let rest = &self.bytes[at..range.end];
            match rest[0] {
                b' ' | b'\t' | b'\r' => at += 1,
                b'\\' if rest.get(1) == Some(&b'\n') => at += 2,
                b'#' => at = self.line_end(at, range.end),
                b'\n' => {
                    at += 1;
                    for heredoc in std::mem::take(&mut heredocs) {
                        at = self.heredoc(&heredoc, at, range.end);
                    }
                    current = self.begin();
                }
                b'|' => {
                    let piped = rest.get(1) != Some(&b'|');
                    at += if rest.get(1).is_some_and(|&b| b == b'|' || b == b'&') { 2 } else { 1 };
                    let from = current;
                    current = self.begin();
                    if piped && from != current {
                        self.found[current].input.push(Input::Pipe(from));
                    }
                }
                b'&' if rest.get(1) == Some(&b'>') => at = self.redirect(at + 2, range.end),
                b';' | b'&' | b'(' | b')' => {
                    at += 1;
                    current = self.begin();
                }
                b'<' if rest.starts_with(b"<<<") => {
                    let (word, stop) = self.word(self.blanks(at + 3, range.end), range.end, depth);
                    let inner = self.inner(&word.span);
                    self.found[current].input.push(Input::Text(inner));
                    at = stop;
                }
                b'<' if rest.starts_with(b"<<") => {
                    let indented = rest.get(2) == Some(&b'-');
                    let from = self.blanks(at + 2 + usize::from(indented), range.end);
                    let (word, stop) = self.word(from, range.end, 0);
                    heredocs.push(Heredoc { delimiter: word.text, indented, command: current });
                    at = stop;
                }
                b'<' if rest.get(1) != Some(&b'(') && rest.get(1) != Some(&b'&') => {
                    let (word, stop) = self.word(self.blanks(at + 1, range.end), range.end, depth);
                    self.found[current].input.push(Input::File(word));
                    at = stop.max(at + 1);
                }
                b'<' | b'>' => at = self.redirect(at + 1, range.end),
                _ => {
                    let (word, stop) = self.word(at, range.end, depth);
                    at = stop.max(at + 1);
                    self.keep(word, current, &mut at, range.end);
                }
            }
        }
    }

    /// A new command, or the last one if nothing was said in it yet.
    fn begin(&mut self) -> usize {
        let unused = self.found.last().is_some_and(|last| last.words.is_empty() && last.input.is_empty());
        if !unused {
            self.found.push(Command::default());
        }
        self.found.len() - 1
    }

    /// Keeps a word unless it is a keyword, an assignment or the number of a redirection.
    fn keep(&mut self, word: Word, current: usize, at: &mut usize, end: usize) {
        let first = self.found[current].words.is_empty();
        let bare = self.text.get(word.span.clone()) == Some(word.text.as_str());
        let keyword = matches!(
            word.text.as_str(),
            "if" | "then"
                | "else"
                | "elif"
                | "fi"
                | "while"
                | "until"
                | "do"
                | "done"
                | "!"
                | "{"
                | "}"
                | "esac"
                | "time"
        );
        let number = word.text.bytes().all(|b| b.is_ascii_digit());
        if number && matches!(self.bytes.get(*at), Some(b'>' | b'<')) && *at == word.span.end {
            *at = self.redirect(*at + 1, end);
        } else if !(first && ((keyword && bare) || is_assignment(&word.text))) {
            self.found[current].words.push(word);
        }
    }

    fn blanks(&self, mut at: usize, end: usize) -> usize {
        while at < end && matches!(self.bytes[at], b' ' | b'\t') {
            at += 1;
        }
        at
    }

    fn line_end(&self, at: usize, end: usize) -> usize {
        self.bytes[at..end].iter().position(|&b| b == b'\n').map_or(end, |n| at + n)
    }

    /// Skips what a redirection goes to.
    fn redirect(&mut self, mut at: usize, end: usize) -> usize {
        while at < end && matches!(self.bytes[at], b'>' | b'&' | b'|') {
            at += 1;
        }
        self.word(self.blanks(at, end), end, 0).1
    }

    /// Without the quotes around it.
    fn inner(&self, span: &Range<usize>) -> Range<usize> {
        let quoted = span.len() > 1 && matches!(self.bytes[span.start], b'"' | b'\'');
        if quoted { span.start + 1..span.end - 1 } else { span.clone() }
    }

    /// Reads a heredoc's body, which begins at `at`; gives the place after its delimiter's line.
    fn heredoc(&mut self, heredoc: &Heredoc, at: usize, end: usize) -> usize {
        let mut line = at;
        while line < end {
            let stop = self.line_end(line, end);
            let mut text = &self.bytes[line..stop];
            while heredoc.indented && text.first() == Some(&b'\t') {
                text = &text[1..];
            }
            // Scripts in YAML are often indented as a whole; a delimiter with blanks before it is meant as one.
            if text.trim_ascii() == heredoc.delimiter.as_bytes() {
                self.found[heredoc.command].input.push(Input::Text(at..line));
                return (stop + 1).min(end);
            }
            line = stop + 1;
        }
        self.found[heredoc.command].input.push(Input::Text(at..end));
        end
    }

    /// Reads one word; substitutions within it are read as commands of their own.
    fn word(&mut self, start: usize, end: usize, depth: usize) -> (Word, usize) {
        let mut text = Vec::new();
        let mut at = start;
        while at < end {
            match self.bytes[at] {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'\\' => {
                    if self.bytes.get(at + 1).is_some_and(|&b| b != b'\n') && at + 1 < end {
                        text.push(self.bytes[at + 1]);
                    }
                    at = (at + 2).min(end);
                }
                b'\'' => {
                    let close = self.find(at + 1, end, b'\'');
                    text.extend_from_slice(&self.bytes[at + 1..close]);
                    at = (close + 1).min(end);
                }
                b'"' => at = self.double_quoted(at + 1, end, depth, &mut text),
                b'`' => {
                    let close = self.find(at + 1, end, b'`');
                    self.substitution(at + 1..close, depth);
                    text.extend_from_slice(&self.bytes[at..(close + 1).min(end)]);
                    at = (close + 1).min(end);
                }
                b'$' => at = self.dollar(at, end, depth, &mut text),
                b => {
                    text.push(b);
                    at += 1;
                }
            }
        }
        (Word { text: String::from_utf8_lossy(&text).into_owned(), span: start..at }, at)
    }

    fn double_quoted(&mut self, mut at: usize, end: usize, depth: usize, text: &mut Vec<u8>) -> usize {
        while at < end {
            match self.bytes[at] {
                b'"' => return at + 1,
                b'\\' if at + 1 < end => {
                    if !matches!(self.bytes[at + 1], b'"' | b'\\' | b'$' | b'`' | b'\n') {
                        text.push(b'\\');
                    }
                    if self.bytes[at + 1] != b'\n' {
                        text.push(self.bytes[at + 1]);
                    }
                    at += 2;
                }
                b'`' => {
                    let close = self.find(at + 1, end, b'`');
                    self.substitution(at + 1..close, depth);
                    at = (close + 1).min(end);
                }
                b'$' => at = self.dollar(at, end, depth, text),
                b => {
                    text.push(b);
                    at += 1;
                }
            }
        }
        end
    }

    /// `$(...)`, `${...}`, `$((...))` and `$name`, kept as written.
    fn dollar(&mut self, at: usize, end: usize, depth: usize, text: &mut Vec<u8>) -> usize {
        let stop = match self.bytes.get(at + 1) {
            Some(b'(') => {
                let close = self.closing(at + 1, end, b'(', b')');
                let arithmetic = self.bytes.get(at + 2) == Some(&b'(');
                // `$(NAME)` is Kubernetes' own; as a command it would be one word, and no tool is called so.
                if !arithmetic {
                    self.substitution(at + 2..close, depth);
                }
                (close + 1).min(end)
            }
            Some(b'{') => (self.closing(at + 1, end, b'{', b'}') + 1).min(end),
            _ => at + 1,
        };
        text.extend_from_slice(&self.bytes[at..stop]);
        stop
    }

    fn substitution(&mut self, range: Range<usize>, depth: usize) {
        if depth > 0 && range.start < range.end {
            // The command around it goes on afterwards: its index must stay its own.
            self.found.push(Command::default());
            self.read(range, depth - 1);
        }
    }

    fn find(&self, at: usize, end: usize, sign: u8) -> usize {
        self.bytes[at.min(end)..end].iter().position(|&b| b == sign).map_or(end, |n| at + n)
    }

    /// The closing sign of a pair, quotes respected.
    fn closing(&self, at: usize, end: usize, open: u8, close: u8) -> usize {
        let (mut level, mut at) = (0usize, at);
        while at < end {
            match self.bytes[at] {
                b'\\' => at += 1,
                b'\'' => at = self.find(at + 1, end, b'\''),
                b if b == open => level += 1,
                b if b == close => {
                    level -= 1;
                    if level == 0 {
                        return at;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        end
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let name = name.strip_suffix('+').unwrap_or(name);
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<Vec<String>> {
        let all = commands(script).into_iter().filter(|command| !command.words.is_empty());
        all.map(|command| command.words.into_iter().map(|word| word.text).collect()).collect()
    }

    #[test]
    fn commands_fall_apart_at_their_signs() {
        assert_eq!(
            words("a b && c 'd e';f|g # h\ni"),
            [vec!["a", "b"], vec!["c", "d e"], vec!["f"], vec!["g"], vec!["i"]]
        );
        assert_eq!(words("A=1 B=\"x y\" run --x=$Y \"${Z}\""), [["run", "--x=$Y", "${Z}"]]);
        assert_eq!(
            words("until pg_isready -h db; do sleep 1; done"),
            [vec!["pg_isready", "-h", "db"], vec!["sleep", "1"]]
        );
        assert_eq!(words("if ! a; then b; else c; fi"), [["a"], ["b"], ["c"]]);
        assert_eq!(words("a 2>&1 >out b"), [["a", "b"]]);
        assert_eq!(words("a \\\n  b"), [["a", "b"]]);
        let nested = words("outer \"$(inner 'q' | more)\" `deep`");
        for want in [vec!["inner", "q"], vec!["more"], vec!["deep"], vec!["outer", "$(inner 'q' | more)", "`deep`"]] {
            assert!(nested.iter().any(|found| *found == want), "{want:?} in {nested:?}");
        }
    }

    #[test]
    fn what_is_read_is_kept() {
        let script = "psql <<-'EOF' | tee log\n\tCREATE TABLE a();\n\tEOF\ncat x.sql | psql -f - < y.sql\n";
        let all = commands(script);
        let Input::Text(body) = &all[0].input[0] else { panic!() };
        assert_eq!(&script[body.clone()], "\tCREATE TABLE a();\n");
        assert_eq!(all[1].input, [Input::Pipe(0)]);
        let last = all.iter().find(|it| it.words.iter().any(|word| word.text == "-f")).unwrap();
        assert!(matches!(&last.input[..], [Input::Pipe(_), Input::File(file)] if file.text == "y.sql"));
    }

    #[test]
    fn hostile_scripts_end() {
        for script in
            ["'", "\"", "`", "$(", "${", "<<", "<<<", "((((", "))))", "$($($($($($($($($(a", "\\", "a<", "<<EOF"]
        {
            commands(script);
        }
        commands(&"$(".repeat(100_000));
        commands(&"a;".repeat(100_000));
    }
}
