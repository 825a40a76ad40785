//! TOML read into values, with the words of BurntSushi's library: 1.5 for Helm 3, 1.6 (TOML 1.1) for Helm 4.

use std::rc::Rc;
use std::sync::Arc;

use super::scan::{Read, Scanner, Stop, is_line_end, shown};
use super::tables::{self, Key, Slot, Table, Tables};
use crate::budget::Exceeded;
use crate::gotmpl::context::Context;
use crate::gotmpl::error::Failure;
use crate::gotmpl::functions::Functions;
use crate::gotmpl::origin::OriginId;
use crate::gotmpl::quote::quote;
use crate::gotmpl::value::{Data, Value};

/// How deep arrays and inline tables may nest.
const DEEPEST: u32 = 200;

/// Reads a document; the inner error is what TOML says.
pub(super) fn read(context: &Context<'_>, text: &str, origin: OriginId) -> Result<Result<Value, String>, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.bytes().take(6).any(|b| b == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Ok(Err(format!("toml: line 1: {message}")));
    }
    let tables = Tables::new(context.functions == Functions::Helm4);
    let mut reader = Reader { context, scanner: Scanner::new(text), tables, depth: 0 };
    match reader.document() {
        Ok(()) => Ok(Ok(Value::new(Data::Map(reader.tables.finish(origin))).from_origin(origin))),
        Err(Stop::Syntax(line, problem)) => Ok(Err(match reader.tables.last_key() {
            key if key.is_empty() => format!("toml: line {line}: {problem}"),
            key => format!("toml: line {line} (last key {}): {problem}", quote(&key)),
        })),
        Err(Stop::Exceeded(exceeded)) => Err(exceeded.into()),
    }
}

struct Reader<'c, 'r> {
    context: &'c Context<'r>,
    scanner: Scanner<'c>,
    tables: Tables,
    depth: u32,
}

impl Reader<'_, '_> {
    fn document(&mut self) -> Read<()> {
        loop {
            self.context.budget.steps(1)?;
            let c = self.scanner.next()?;
            match c {
                None => return Ok(()),
                Some(c) if is_line_end(c) || matches!(c, ' ' | '\t') => continue,
                Some('#') => {
                    self.scanner.comment()?;
                    continue;
                }
                Some('[') => self.header()?,
                c => {
                    self.scanner.back(c);
                    self.pair(None)?;
                }
            }
            self.scanner.blanks()?;
            match self.scanner.next()? {
                Some('#') => self.scanner.comment()?,
                Some(c) if is_line_end(c) => {}
                None => return Ok(()),
                c => {
                    let problem = "expected a top-level item to end with a newline, comment, or EOF, but got";
                    return self.scanner.wrong(format!("{problem} {} instead", shown(c)));
                }
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`, behind the first bracket.
    fn header(&mut self) -> Read<()> {
        let array = self.scanner.accept('[')?;
        let mut key = Key::new();
        loop {
            self.scanner.blanks()?;
            match self.scanner.peek()? {
                None | Some(']') => {
                    return self.scanner.wrong("unexpected end of table name (table names cannot be empty)");
                }
                Some('.') => {
                    return self.scanner.wrong("unexpected table separator (table names cannot be empty)");
                }
                _ => self.part(&mut key)?,
            }
            self.scanner.blanks()?;
            match self.scanner.next()? {
                Some('.') => {}
                Some(']') => break,
                c => {
                    let got = shown(c);
                    return self.scanner.wrong(format!("expected '.' or ']' to end table name, but got {got} instead"));
                }
            }
        }
        if array && !self.scanner.accept(']')? {
            let c = self.scanner.next()?;
            let problem = "expected end of table array name delimiter ']', but got";
            return self.scanner.wrong(format!("{problem} {} instead", shown(c)));
        }
        self.tables.open(&key, array, self.context.budget)?;
        self.tables.note(None, false);
        Ok(())
    }

    /// One part of a key; the line of the first one is told of the whole.
    fn part(&mut self, key: &mut Key) -> Read<()> {
        if key.len() as u32 > DEEPEST {
            return Err(Exceeded::Depth(DEEPEST).into());
        }
        let start = self.scanner.at;
        let part = if self.scanner.accept('"')? {
            self.scanner.string(self.tables.next)?
        } else if self.scanner.accept('\'')? {
            self.scanner.raw_string()?
        } else {
            self.scanner.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))?;
            self.scanner.text[start..self.scanner.at].to_owned()
        };
        if key.is_empty() {
            self.tables.line = self.scanner.line;
        }
        key.push(Arc::from(part));
        Ok(())
    }

    /// `a.b = 1`, where it stands in a table in braces put there too.
    fn pair(&mut self, inline: Option<&mut Table>) -> Read<()> {
        self.scanner.blanks()?;
        match self.scanner.peek()? {
            None | Some('=') => return self.scanner.wrong("unexpected '=': key name appears blank"),
            Some('.') => return self.scanner.wrong("unexpected '.': keys cannot start with a '.'"),
            _ => {}
        }
        let mut key = Key::new();
        loop {
            self.scanner.blanks()?;
            match self.scanner.peek()? {
                None | Some('=') => return self.scanner.wrong("unexpected '='"),
                Some('.') => return self.scanner.wrong("unexpected '.'"),
                _ => self.part(&mut key)?,
            }
            self.scanner.blanks()?;
            match self.scanner.next()? {
                Some('.') => {}
                Some('=') => break,
                None => return self.scanner.wrong("unexpected EOF; expected key separator '='"),
                c => {
                    let problem = format!("expected '.' or '=', but got {} instead", shown(c));
                    return if c == Some('\n') {
                        self.scanner.wrong_before(problem)
                    } else {
                        self.scanner.wrong(problem)
                    };
                }
            }
        }
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let outer = self.tables.context.clone();
        self.tables.current = Some(Arc::clone(last));
        self.tables.open_each(parents, self.context.budget)?;
        let (slot, array) = self.value(false)?;
        let copy = inline.is_some().then(|| slot.clone());
        self.tables.set(last, slot, self.context.budget)?;
        self.tables.note(Some(last), array);
        if let (Some(table), Some(slot)) = (inline, copy) {
            let mut table = table;
            for name in parents {
                let inner = table.entry(Arc::clone(name)).or_insert_with(|| Slot::Table(Table::default()));
                table = match inner {
                    Slot::Table(inner) => inner,
                    Slot::Inline(inner) => Rc::make_mut(inner),
                    _ => {
                        let context = quote(&tables::shown(&self.tables.context));
                        return Err(Stop::Syntax(self.tables.line, format!("{context} is not a table")));
                    }
                };
            }
            table.insert(Arc::clone(last), slot);
        } else {
            self.tables.current = None;
        }
        self.tables.context = outer;
        Ok(())
    }

    /// A value, and whether it is an array.
    fn value(&mut self, in_array: bool) -> Read<(Slot, bool)> {
        self.context.budget.items(1)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Exceeded::Depth(DEEPEST).into());
        }
        self.scanner.blanks()?;
        let start = self.scanner.at;
        let next = self.tables.next;
        let c = self.scanner.next()?;
        let slot = match c {
            Some('0'..='9') => {
                self.scanner.back(c);
                Slot::Scalar(self.scanner.number_or_date(next)?)
            }
            Some('[') => Slot::Array(Rc::new(self.array()?)),
            Some('{') => Slot::Inline(Rc::new(self.inline_table(in_array)?)),
            Some(quotes @ ('"' | '\'')) => {
                let text = if !self.scanner.accept(quotes)? {
                    if quotes == '"' { self.scanner.string(next)? } else { self.scanner.raw_string()? }
                } else if self.scanner.accept(quotes)? {
                    self.scanner.long_string(quotes, next)?
                } else {
                    String::new()
                };
                Slot::Scalar(Data::Str(text.into()))
            }
            Some('.') => return self.scanner.wrong("floats must start with a digit, not '.'"),
            Some('-' | '+') => Slot::Scalar(self.scanner.signed(start)?),
            Some(c) if c.is_alphabetic() => Slot::Scalar(self.letters(c, start)?),
            None => return self.scanner.wrong("unexpected EOF; expected value"),
            c => {
                let problem = format!("expected value but found {} instead", shown(c));
                return if c == Some('\n') { self.scanner.wrong_before(problem) } else { self.scanner.wrong(problem) };
            }
        };
        self.depth -= 1;
        let array = matches!(slot, Slot::Array(_));
        Ok((slot, array))
    }

    /// `inf`, `nan`, `true` or `false`, behind the first letter.
    fn letters(&mut self, first: char, start: usize) -> Read<Data> {
        if matches!(first, 'i' | 'n') {
            for [second, third] in [['n', 'f'], ['a', 'n']] {
                if self.scanner.accept(second)? && self.scanner.accept(third)? {
                    return self.scanner.float(start);
                }
            }
        }
        // One letter is given back, however many were taken.
        let last = self.scanner.text[..self.scanner.at].chars().next_back();
        self.scanner.back(last);
        self.scanner.word()
    }

    fn array(&mut self) -> Read<Vec<Slot>> {
        let current = self.tables.current.clone();
        self.tables.note(current.as_ref(), true);
        let mut items = Vec::new();
        loop {
            let c = self.scanner.next()?;
            match c {
                Some(c) if is_line_end(c) || matches!(c, ' ' | '\t') => continue,
                Some('#') => {
                    self.scanner.comment()?;
                    continue;
                }
                Some(',') => return self.scanner.wrong("unexpected comma"),
                Some(']') => return Ok(items),
                c => self.scanner.back(c),
            }
            items.push(self.value(true)?.0);
            loop {
                let c = self.scanner.next()?;
                match c {
                    Some(c) if is_line_end(c) || matches!(c, ' ' | '\t') => {}
                    Some('#') => self.scanner.comment()?,
                    Some(',') => break,
                    Some(']') => return Ok(items),
                    c => {
                        let problem = "expected a comma (',') or array terminator (']'), but got";
                        return self.scanner.wrong(format!("{problem} {}", or_end(c)));
                    }
                }
            }
        }
    }

    fn inline_table(&mut self, in_array: bool) -> Read<Table> {
        let (outer, current) = (self.tables.context.clone(), self.tables.current.clone());
        self.tables.open_inline(in_array, self.context.budget)?;
        let mut table = Table::default();
        while self.within(false)? {
            self.pair(Some(&mut table))?;
            if !self.within(true)? {
                break;
            }
        }
        (self.tables.context, self.tables.current) = (outer, current);
        Ok(table)
    }

    /// Goes to the next pair of a table in braces, or, behind one, over the comma; false at the brace that closes it.
    fn within(&mut self, behind: bool) -> Read<bool> {
        let next = self.tables.next;
        loop {
            let c = self.scanner.next()?;
            match c {
                Some(' ' | '\t') => {}
                Some(c) if is_line_end(c) && !next => {
                    return self.scanner.wrong_before("newlines not allowed within inline tables");
                }
                Some(c) if is_line_end(c) => {}
                Some('#') => self.scanner.comment()?,
                Some('}') => return Ok(false),
                Some(',') if !behind => return self.scanner.wrong("unexpected comma"),
                Some(',') => {
                    self.scanner.blanks()?;
                    if self.scanner.peek()? == Some('}') {
                        if next {
                            continue;
                        }
                        return self.scanner.wrong("trailing comma not allowed in inline tables");
                    }
                    return Ok(true);
                }
                c if behind => {
                    let problem = "expected a comma or an inline table terminator '}', but got";
                    return self.scanner.wrong(format!("{problem} {} instead", or_end(c)));
                }
                c => {
                    self.scanner.back(c);
                    return Ok(true);
                }
            }
        }
    }
}

fn or_end(c: Option<char>) -> String {
    c.map_or_else(|| "end of file".to_owned(), |c| format!("'{c}'"))
}
