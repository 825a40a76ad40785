//! Any text as a template, with any delimiters: the lexer, and what follows from its tokens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward::gotmpl::Options;
use schemaward_fuzz::{family, on_a_stack, parts, run};

fuzz_target!(|data: &[u8]| {
    let Some((choice, [head, body])) = parts::<2>(data) else { return };
    on_a_stack(|| {
        let (functions, options) = family(choice);
        // Where there are two parts, the first has the delimiters.
        if body.is_empty() {
            run(functions, options, &head, "");
            return;
        }
        let (left, right) = head.split_once(' ').unwrap_or((&head, ""));
        let options = Options { delims: Some((left.to_owned(), right.to_owned())), ..options };
        run(functions, options, &body, "");
    });
});
