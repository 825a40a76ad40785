//! Any text as YAML: where the quick reader takes it, the whole one gives the same and asks the same of the budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward::source::FileId;
use schemaward::yaml::{Dialect, parse_common, parse_whole};
use schemaward_fuzz::{budget, on_a_stack};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    on_a_stack(|| {
        for dialect in [Dialect::V2, Dialect::V3] {
            let (quick, whole) = (budget(), budget());
            let Some(parsed) = parse_common(dialect, FileId(0), &text, &quick) else { continue };
            assert_eq!(parsed, parse_whole(dialect, FileId(0), &text, &whole));
            assert_eq!(quick.items_left(), whole.items_left());
        }
    });
});
