//! Replacements over resources: sources, targets, field paths and their options.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward_fuzz::{kustomize, on_a_stack, parts};

fuzz_target!(|data: &[u8]| {
    let Some((choice, [replacement, resources, more])) = parts::<3>(data) else { return };
    on_a_stack(|| {
        let head = "resources: [r.yaml]\n";
        let kustomization = match choice % 3 {
            0 => format!("{head}replacements:\n{replacement}\n"),
            1 => format!("{head}replacements:\n- path: p.yaml\n"),
            _ => format!("{head}replacements:\n- path: p.yaml\n{more}"),
        };
        let texts = [("o/kustomization.yaml", &*kustomization), ("o/r.yaml", &resources), ("o/p.yaml", &replacement)];
        let Some(replaced) = kustomize(&texts) else { return };
        if choice % 3 == 1
            && let Some(plain) = kustomize(&[("o/kustomization.yaml", head), ("o/r.yaml", &resources)])
        {
            assert_eq!(plain.len(), replaced.len(), "a replacement made or took objects");
        }
    });
});
