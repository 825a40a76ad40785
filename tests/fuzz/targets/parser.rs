//! Tokens in any order as a template: each byte is one of the words that templates are made of, so that the parser and not
//! the lexer decides. What it accepts is run; what it refuses is refused again in the same words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward::gotmpl::TemplateSet;
use schemaward::source::FileId;
use schemaward_fuzz::{budget, family, on_a_stack, run};

/// Often used words come first; a byte beyond the list stands for itself.
const WORDS: [&str; 80] = [
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    "\n",
    ".",
    ".a",
    ".a.b",
    "$",
    "$x",
    "$y",
    ":=",
    "=",
    ",",
    "|",
    "(",
    ")",
    "if ",
    "else",
    "else if ",
    "end",
    "range ",
    "with ",
    "else with ",
    "break",
    "continue",
    "define \"t\"",
    "template \"t\" ",
    "block \"t\" ",
    "include \"t\" ",
    "tpl ",
    "\"t\"",
    "`raw`",
    "'c'",
    "1",
    "-1",
    "0x1F",
    "1e3",
    "1.5",
    "2i",
    "1_000",
    "true",
    "false",
    "nil",
    "eq ",
    "ne ",
    "lt ",
    "and ",
    "or ",
    "not ",
    "len ",
    "index ",
    "slice ",
    "printf \"%v\" ",
    "print ",
    "html ",
    "call ",
    "list ",
    "dict ",
    "default ",
    "toYaml ",
    "quote ",
    "nindent 2 ",
    "text",
    "/*",
    "*/",
    "{{/* c */}}",
    "{{- /* c */ -}}",
    "range $x, $y := ",
    "range $x = ",
    "{{end}}",
    "{{else}}",
    "{{if .a}}",
    "{{range .l}}",
    "{{with .a}}",
    "{{define \"u\"}}",
    "{{break}}",
    "$x.a",
    "(.a).b",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, tokens)) = data.split_first() else { return };
    let mut text = String::new();
    for byte in tokens.iter().take(4000) {
        match WORDS.get(*byte as usize) {
            Some(word) => text.push_str(word),
            None => text.push(char::from(*byte)),
        }
    }
    on_a_stack(|| {
        let (functions, options) = family(*choice);
        let read = || {
            let mut set = TemplateSet::new(functions, options.clone());
            set.add("t", text.as_str(), FileId(0), &budget()).map_err(|error| error.text())
        };
        assert_eq!(read(), read(), "one text is read in two ways");
        run(functions, options.clone(), &text, "{a: {b: 1, a: [2]}, l: [1, {a: x}, null]}");
    });
});
