//! Go's `fmt`: `%v` of every value, `Sprint`, `Sprintln` and `Sprintf` with all verbs, flags and error marks.
//!
//! `format` reads format strings, `leaf` writes scalars, this file walks values.

mod format;
mod leaf;

pub(super) use format::{sprint, sprint_followed, sprintf, sprintln};

use super::collection::{List, ListType, Map};
use super::object::ObjectKind;
use super::value::{Data, IntType, Value};
use crate::budget::Exceeded;

/// How deep values may nest that are printed.
const DEEPEST: u32 = 1000;

/// The most that one value may print to.
const LONGEST: usize = 64 << 20;

/// Each byte as a number and a blank, and how long that is.
const WORDS: [([u8; 4], usize); 256] = {
    let mut words = [([b' '; 4], 2); 256];
    let mut number = 0;
    while number < 256 {
        let (word, len) = &mut words[number];
        let (mut rest, mut at) = (number, 1);
        *len += (number > 9) as usize + (number > 99) as usize;
        while at < *len {
            word[*len - 1 - at] = b'0' + (rest % 10) as u8;
            (rest, at) = (rest / 10, at + 1);
        }
        number += 1;
    }
    words
};

type Printed = Result<(), Exceeded>;

/// Flags, width and precision of a verb.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    wid: Option<usize>,
    prec: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    plus_v: bool,
    sharp_v: bool,
}

/// A printer: what it wrote, and how it shall write next.
#[derive(Debug, Default)]
struct Printer {
    out: Vec<u8>,
    flags: Flags,
    /// While an error mark is written, methods are left alone.
    erroring: bool,
    /// Whether pointers that are printed were followed before, as template actions do.
    followed: bool,
}

/// `%v`; what is no value, as the output of an action has it.
pub(super) fn show(value: &Value) -> Result<String, Exceeded> {
    if matches!(value.data, Data::Missing) {
        return Ok("<no value>".to_owned());
    }
    show_as(value, 'v')
}

/// A value as an action writes it: pointers are followed, and addresses taken.
pub(super) fn written(value: &Value) -> Result<String, Exceeded> {
    let Data::Object(object) = &value.data else { return show(value) };
    object.addressed().map_or_else(|| followed(value), Ok)
}

/// A value without its address, or what a pointer points at.
pub(super) fn followed(value: &Value) -> Result<String, Exceeded> {
    let mut printer = Printer { followed: true, ..Printer::default() };
    printer.arg(value, 'v')?;
    Ok(printer.into_text())
}

/// A value under a verb without flags.
pub(crate) fn show_as(value: &Value, verb: char) -> Result<String, Exceeded> {
    let mut printer = Printer::default();
    printer.arg(value, verb)?;
    Ok(printer.into_text())
}

/// Whether the value of an action can be printed: functions cannot.
pub(super) fn is_printable(value: &Value) -> bool {
    !matches!(&value.data, Data::Object(object) if object.kind() == ObjectKind::Func)
}

impl Printer {
    /// What was written; what is not UTF-8 in it is replaced.
    fn into_text(self) -> String {
        String::from_utf8(self.out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A top-level argument.
    fn arg(&mut self, value: &Value, verb: char) -> Printed {
        match &value.data {
            Data::Missing | Data::Nil => match verb {
                'T' | 'v' => self.pad(b"<nil>"),
                _ => self.bad_verb(None, verb)?,
            },
            _ if verb == 'T' => self.string(value.type_name().as_bytes(), 's', value)?,
            _ => self.value(value, verb, 0)?,
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, verb: char, depth: u32) -> Printed {
        if depth > DEEPEST {
            return Err(Exceeded::Depth(DEEPEST));
        }
        if self.out.len() > LONGEST {
            return Err(Exceeded::Bytes(LONGEST as u64));
        }
        match &value.data {
            Data::Missing | Data::Nil => {
                let shown = if self.flags.sharp_v { "interface {}(nil)" } else { "<nil>" };
                self.push(shown);
            }
            Data::Bool(b) => match verb {
                't' | 'v' => self.pad(if *b { b"true" } else { b"false" }),
                _ => self.bad_verb(Some(value), verb)?,
            },
            Data::Int(n, IntType::Named(named)) if self.calls_methods(verb) => {
                self.string((named.show)(*n).as_bytes(), verb, value)?;
            }
            Data::Int(n, _) => self.integer(n.unsigned_abs(), *n < 0, true, verb, value)?,
            Data::Uint(n, _) => self.integer(*n, false, false, verb, value)?,
            Data::Float(f) => self.float(*f, verb, value)?,
            Data::Complex(..) if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') => {
                self.bad_verb(Some(value), verb)?;
            }
            Data::Complex(re, im) => {
                self.push("(");
                self.float(*re, verb, value)?;
                let plus = std::mem::replace(&mut self.flags.plus, true);
                self.float(*im, verb, value)?;
                self.flags.plus = plus;
                self.push("i)");
            }
            Data::Str(text) => self.string(text.as_bytes(), verb, value)?,
            Data::List(list) if depth == 0 && list.list_type() == ListType::Bytes => {
                self.list(list, "[]byte", verb, depth)?
            }
            Data::List(list) => self.list(list, list.type_name(), verb, depth)?,
            Data::Map(map) => self.map(map, map.type_name(), verb, depth)?,
            Data::Object(object) => {
                if self.flags.sharp_v
                    && let Some(text) = object.source()
                {
                    self.pad(text.as_bytes());
                    return Ok(());
                }
                if self.calls_methods(verb)
                    && let Some(text) = object.show()
                {
                    return self.string(text.as_bytes(), verb, value);
                }
                match object.underlying().map(|underlying| underlying.data) {
                    Some(Data::List(list)) => return self.list(&list, object.type_name(), verb, depth),
                    Some(Data::Map(map)) => return self.map(&map, object.type_name(), verb, depth),
                    _ => {}
                }
                match object.kind() {
                    ObjectKind::Pointer if depth == 0 && self.followed => {}
                    ObjectKind::Pointer if depth == 0 => self.push("&"),
                    ObjectKind::Pointer
                        if matches!(verb, 's' | 'q' | 't' | 'f' | 'e' | 'g' | 'F' | 'E' | 'G' | 'c' | 'U') =>
                    {
                        return self.bad_verb(Some(value), verb);
                    }
                    ObjectKind::Pointer => {
                        // An address in Go; nothing can depend on it.
                        self.push("0xc000000000");
                        return Ok(());
                    }
                    _ => {}
                }
                if self.flags.sharp_v {
                    self.push(object.type_name().trim_start_matches('*'));
                }
                self.push("{");
                for (i, (name, field)) in object.fields().iter().enumerate() {
                    self.parts(i);
                    if self.flags.plus_v || self.flags.sharp_v {
                        self.push(name);
                        self.push(":");
                    }
                    self.value(field, verb, depth + 1)?;
                }
                self.push("}");
            }
        }
        Ok(())
    }

    fn list(&mut self, list: &List, type_name: &str, verb: char, depth: u32) -> Printed {
        if matches!(verb, 's' | 'q' | 'x' | 'X')
            && let Some(bytes) = list.as_bytes()
        {
            return self.string(&bytes, verb, &Value::new(Data::List(list.clone())));
        }
        if matches!(verb, 'v' | 'd')
            && self.flags == Flags::default()
            && let Some(bytes) = list.as_bytes()
        {
            return self.numbers(&bytes);
        }
        if !self.opens(type_name, list.is_nil(), "[") {
            return Ok(());
        }
        for (i, item) in list.iter().enumerate() {
            self.parts(i);
            self.value(&item, verb, depth + 1)?;
        }
        self.push(if self.flags.sharp_v { "}" } else { "]" });
        Ok(())
    }

    /// Bytes as what most print them as: whoever prints a whole context prints every file of the chart.
    fn numbers(&mut self, bytes: &[u8]) -> Printed {
        self.out.reserve(bytes.len().saturating_mul("255 ".len()).min(LONGEST));
        self.push("[");
        const AT_ONCE: usize = 64;
        for piece in bytes.chunks(AT_ONCE) {
            if self.out.len() > LONGEST {
                return Err(Exceeded::Bytes(LONGEST as u64));
            }
            let (mut shown, mut len) = ([0; AT_ONCE * 4], 0);
            for &byte in piece {
                let (word, long) = WORDS[usize::from(byte)];
                shown[len..len + 4].copy_from_slice(&word);
                len += long;
            }
            self.out.extend_from_slice(&shown[..len]);
        }
        if !bytes.is_empty() {
            self.out.pop();
        }
        self.push("]");
        Ok(())
    }

    fn map(&mut self, map: &Map, type_name: &str, verb: char, depth: u32) -> Printed {
        if !self.opens(type_name, map.is_nil(), "map[") {
            return Ok(());
        }
        for (i, (key, field)) in map.entries().into_iter().enumerate() {
            self.parts(i);
            self.string(key.as_bytes(), verb, &Value::str(key.clone()))?;
            self.push(":");
            self.value(&field.value, verb, depth + 1)?;
        }
        self.push(if self.flags.sharp_v { "}" } else { "]" });
        Ok(())
    }

    /// Starts a list or a map; tells whether its items follow.
    fn opens(&mut self, type_name: &str, is_nil: bool, bracket: &str) -> bool {
        if self.flags.sharp_v {
            self.push(type_name);
            self.push(if is_nil { "(nil)" } else { "{" });
            return !is_nil;
        }
        self.push(bracket);
        true
    }

    /// What stands between two items.
    fn parts(&mut self, at: usize) {
        if at > 0 {
            self.push(if self.flags.sharp_v { ", " } else { " " });
        }
    }

    fn calls_methods(&self, verb: char) -> bool {
        !self.erroring && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    /// `%!d(string=hi)`
    fn bad_verb(&mut self, value: Option<&Value>, verb: char) -> Printed {
        self.erroring = true;
        self.push("%!");
        self.push(verb.encode_utf8(&mut [0; 4]));
        self.push("(");
        match value {
            Some(value) => {
                self.push(value.type_name());
                self.push("=");
                self.value(value, 'v', 0)?;
            }
            None => self.push("<nil>"),
        }
        self.push(")");
        self.erroring = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::origin::OriginId;
    use super::super::text::Text;
    use super::*;

    #[test]
    fn bytes_print_as_any_other_numbers() {
        let bytes = Text::from_bytes((0..=255).collect());
        let list = Value::new(Data::List(List::of_bytes(bytes, OriginId::NONE)));
        let shown = |verb, wid| {
            let flags = Flags { wid, ..Flags::default() };
            let mut printer = Printer { flags, ..Printer::default() };
            printer.arg(&list, verb).unwrap();
            printer.into_text()
        };
        for verb in ['v', 'd'] {
            assert_eq!(shown(verb, None), shown(verb, Some(1)));
        }
        assert!(shown('v', None).starts_with("[0 1 2 ") && shown('v', None).ends_with(" 253 254 255]"));
        assert_eq!(show(&Value::new(Data::List(List::nil(ListType::Bytes)))).unwrap(), "[]");
    }
}
