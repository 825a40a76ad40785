//! Any text as YAML: where the quick reader takes it, the whole one gives the same and asks the same of the budget.
//! What Go says of a text that is refused can be had.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward::source::FileId;
use schemaward::yaml::{Dialect, Quoting, parse_common, parse_whole, refusal};
use schemaward_fuzz::{budget, on_a_stack};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    on_a_stack(|| {
        for dialect in [Dialect::V2, Dialect::V3] {
            let (quick, whole) = (budget(), budget());
            let known = parse_whole(dialect, FileId(0), &text, &whole);
            for problem in &known.problems {
                assert!(!refusal(&text, problem, Quoting::All).is_empty());
            }
            let Some(parsed) = parse_common(dialect, FileId(0), &text, &quick) else { continue };
            assert_eq!(parsed, known);
            assert_eq!(quick.items_left(), whole.items_left());
        }
    });
});
