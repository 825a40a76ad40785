//! Format strings: `Sprintf` with argument numbers, widths and precisions, and Go's marks for what does not fit.

use super::super::context::Context;
use super::super::error::Failure;
use super::super::origin::OriginId;
use super::super::text::{Run, Text, Written};
use super::super::value::{Data, IntType, Value};
use super::leaf::WIDEST;
use super::{Flags, LONGEST, Printer};
use crate::budget::Exceeded;

/// Collects what is printed, with the origin of each argument.
struct Collector<'c, 'r> {
    context: &'c Context<'r>,
    printer: Printer,
    runs: Vec<Run>,
    done: usize,
}

impl Collector<'_, '_> {
    /// Ends a stretch that came from somewhere.
    fn mark(&mut self, what: OriginId) {
        let len = (self.printer.out.len() - self.done) as u32;
        if len > 0 {
            self.runs.push(Run { len, what, place: OriginId::NONE, under: OriginId::NONE });
            self.done = self.printer.out.len();
        }
    }

    fn arg(&mut self, value: &Value, verb: char) -> Result<(), Failure> {
        if let Data::Str(Text::Written(written)) = &value.data
            && matches!(verb, 's' | 'v')
            && self.printer.flags.wid.is_none()
            && self.printer.flags.prec.is_none()
            && !self.printer.flags.sharp_v
        {
            // The text as it is: its runs move along.
            self.printer.push(&written.text);
            self.runs.extend_from_slice(&written.runs);
            self.done = self.printer.out.len();
            return Ok(());
        }
        self.printer.arg(value, verb)?;
        if self.printer.out.len() > LONGEST {
            return Err(Exceeded::Bytes(LONGEST as u64).into());
        }
        self.mark(self.context.origin_of(value));
        Ok(())
    }

    fn finish(mut self, own: OriginId) -> Result<Value, Failure> {
        self.mark(own);
        self.context.bytes(self.printer.out.len())?;
        let text = match String::from_utf8(self.printer.out) {
            Ok(text) => text,
            Err(error) => {
                let origins = &self.context.origins;
                let origin = self.runs.iter().fold(OriginId::NONE, |all, run| origins.union(all, run.what));
                return Ok(Value::str(Text::from_bytes(error.into_bytes())).from_origin(origin));
            }
        };
        if self.runs.is_empty() {
            return Ok(Value::str(text));
        }
        if self.runs.iter().all(|run| run.what == self.runs[0].what && run.place.is_none()) {
            let origin = self.runs[0].what;
            return Ok(Value::str(text).from_origin(origin));
        }
        let mut written = Written { text, runs: Vec::with_capacity(self.runs.len()) };
        self.runs.into_iter().for_each(|run| written.push_run(run));
        Ok(Value::str(written))
    }
}

fn collector<'c, 'r>(context: &'c Context<'r>) -> Collector<'c, 'r> {
    Collector { context, printer: Printer::default(), runs: Vec::new(), done: 0 }
}

/// `fmt.Sprint`
pub(in super::super) fn sprint(context: &Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    joined(collector(context), args)
}

/// `fmt.Sprint` of what pointers point at.
pub(in super::super) fn sprint_followed(context: &Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let mut out = collector(context);
    out.printer.followed = true;
    joined(out, args)
}

fn joined(mut out: Collector<'_, '_>, args: &[Value]) -> Result<Value, Failure> {
    let mut after_string = true;
    for (i, arg) in args.iter().enumerate() {
        let is_string = matches!(arg.data, Data::Str(_));
        if i > 0 && !is_string && !after_string {
            out.printer.push(" ");
            out.mark(OriginId::NONE);
        }
        out.arg(arg, 'v')?;
        after_string = is_string;
    }
    out.finish(OriginId::NONE)
}

/// `fmt.Sprintln`
pub(in super::super) fn sprintln(context: &Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let mut out = collector(context);
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            out.printer.push(" ");
            out.mark(OriginId::NONE);
        }
        out.arg(arg, 'v')?;
    }
    out.printer.push("\n");
    out.finish(OriginId::NONE)
}

/// `fmt.Sprintf`; the first argument is the format.
pub(in super::super) fn sprintf(context: &Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let Some((format, args)) = args.split_first() else { return Ok(Value::str("")) };
    let own = context.origin_of(format);
    let Some(text) = format.as_text() else { return Ok(Value::str("")) };
    let text = text.as_str();
    let mut out = collector(context);
    let mut reader = Reader { format: &text, at: 0, arg: 0, count: args.len(), reordered: false, good: true };
    while reader.at < text.len() {
        reader.good = true;
        let literal = text[reader.at..].find('%').map_or(text.len(), |found| reader.at + found);
        if literal > reader.at {
            out.printer.push(&text[reader.at..literal]);
            out.mark(own);
        }
        reader.at = literal;
        if reader.at >= text.len() {
            break;
        }
        reader.at += 1;
        reader.verb(&mut out, args, own)?;
    }
    if !reader.reordered && reader.arg < args.len() {
        out.printer.flags = Flags::default();
        out.printer.push("%!(EXTRA ");
        for (i, arg) in args[reader.arg..].iter().enumerate() {
            if i > 0 {
                out.printer.push(", ");
            }
            if arg.is_nil() {
                out.printer.push("<nil>");
            } else {
                out.printer.push(arg.type_name());
                out.printer.push("=");
                out.printer.arg(arg, 'v')?;
            }
        }
        out.printer.push(")");
    }
    out.finish(own)
}

struct Reader<'f> {
    format: &'f str,
    at: usize,
    arg: usize,
    count: usize,
    reordered: bool,
    good: bool,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    /// What follows a `%`.
    fn verb(&mut self, out: &mut Collector<'_, '_>, args: &[Value], own: OriginId) -> Result<(), Failure> {
        let mut flags = Flags::default();
        while let Some(b) = self.byte() {
            match b {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut after_index = self.arg_number();
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.int_arg(args) {
                Some(n) => {
                    flags.wid = Some(n.unsigned_abs() as usize);
                    if n < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => out.printer.push("%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            flags.wid = self.number();
            if after_index && flags.wid.is_some() {
                self.good = false;
            }
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if after_index {
                self.good = false;
            }
            after_index = self.arg_number();
            if self.byte() == Some(b'*') {
                self.at += 1;
                match self.int_arg(args) {
                    Some(n) if n >= 0 => flags.prec = Some(n as usize),
                    _ => out.printer.push("%!(BADPREC)"),
                }
                after_index = false;
            } else {
                flags.prec = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.arg_number();
        }
        let Some(verb) = self.format[self.at..].chars().next() else {
            out.printer.push("%!(NOVERB)");
            out.mark(own);
            return Ok(());
        };
        self.at += verb.len_utf8();
        if verb == 'v' {
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        out.printer.flags = flags;
        if verb == '%' {
            out.printer.push("%");
        } else if !self.good {
            out.printer.push(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(arg) = args.get(self.arg) {
            out.arg(arg, verb)?;
            self.arg += 1;
        } else {
            out.printer.push(&format!("%!{verb}(MISSING)"));
        }
        out.mark(own);
        Ok(())
    }

    /// `[n]`: the number of the next argument.
    fn arg_number(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.find(']') else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let number = rest[1..close].parse::<usize>().ok().filter(|&n| n >= 1 && n <= self.count);
        self.at += close + 1;
        match number {
            Some(number) => {
                self.arg = number - 1;
                true
            }
            None => {
                self.good = false;
                // A number that is none is skipped with its brackets; Go goes on as if it had been found.
                rest[1..close].parse::<usize>().is_ok()
            }
        }
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        let mut n = 0usize;
        while let Some(b @ b'0'..=b'9') = self.byte() {
            n = n.saturating_mul(10).saturating_add(usize::from(b - b'0'));
            self.at += 1;
        }
        (self.at > start).then_some(n).filter(|&n| n <= WIDEST)
    }

    fn int_arg(&mut self, args: &[Value]) -> Option<i64> {
        let arg = args.get(self.arg)?;
        self.arg += 1;
        let n = match arg.data {
            Data::Int(n, IntType::Int | IntType::Int8 | IntType::Int16 | IntType::Int32 | IntType::Int64) => n,
            Data::Uint(n, _) => i64::try_from(n).ok()?,
            _ => return None,
        };
        (n.unsigned_abs() as usize <= WIDEST).then_some(n)
    }
}
