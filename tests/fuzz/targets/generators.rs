//! Generators of ConfigMaps and Secrets from literals, files and env files, over a base, with an overlay that merges.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemaward_fuzz::{kustomize, on_a_stack, parts};

fuzz_target!(|data: &[u8]| {
    let Some((choice, [overlay, env, file, base, resources])) = parts::<5>(data) else { return };
    on_a_stack(|| {
        let bases = if choice & 1 == 0 { "resources: [r.yaml]\n" } else { "resources: [../b]\n" };
        let overlay = format!("{bases}{overlay}");
        let base = format!("resources: [r.yaml]\n{base}");
        let texts = [
            ("o/kustomization.yaml", &*overlay),
            ("o/r.yaml", &resources),
            ("o/a.env", &env),
            ("o/f.txt", &file),
            ("b/kustomization.yaml", &base),
            ("b/r.yaml", &resources),
            ("b/a.env", &env),
            ("b/f.txt", &file),
        ];
        let Some(built) = kustomize(&texts) else { return };
        // A resource may hold anything; what is generated holds texts.
        if resources.trim().is_empty() && !overlay.contains("patch") && !overlay.contains("replacements") {
            for object in built.iter().filter(|object| object["kind"] == "ConfigMap") {
                let texts = object["data"].as_object().is_none_or(|data| data.values().all(|value| value.is_string()));
                assert!(texts, "a generated ConfigMap holds what is no text");
            }
        }
    });
});
