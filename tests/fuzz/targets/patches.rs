//! A patch over resources: strategic merge and JSON 6902, by path, inline, and in the older fields.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward_fuzz::{kustomize, on_a_stack, parts};

fuzz_target!(|data: &[u8]| {
    let Some((choice, [more, resources, patch])) = parts::<3>(data) else { return };
    on_a_stack(|| {
        let head = "resources: [r.yaml]\n";
        let indented = more.replace('\n', "\n    ");
        let kustomization = match choice % 4 {
            0 => format!("{head}{more}"),
            1 => format!("{head}patches:\n- path: p.yaml\n  target:\n    {indented}\n"),
            2 => format!("{head}patchesStrategicMerge: [p.yaml]\n"),
            _ => format!("{head}patchesJson6902:\n- path: p.yaml\n  target:\n    {indented}\n"),
        };
        let texts = [("o/kustomization.yaml", &*kustomization), ("o/r.yaml", &resources), ("o/p.yaml", &patch)];
        let Some(patched) = kustomize(&texts) else { return };
        // Only a directive takes objects away, and nothing but resources makes them.
        if choice % 4 != 0 && !patch.contains("$patch") {
            let plain = kustomize(&[("o/kustomization.yaml", head), ("o/r.yaml", &resources)]);
            if let Some(plain) = plain {
                assert_eq!(plain.len(), patched.len(), "a patch made or took objects");
            }
        }
    });
});
