//! Where a refusal of Argo CD is shown: at the text that it refuses, not at the set that holds it.

use super::*;

/// The message of the only refusal, and the text of the line to which it points.
fn refusal(set: &str) -> (String, String) {
    let repository = Repository::from_texts(vec![("set.yaml", set)]);
    let expansion = expand(&Manifests::new(&repository), &Settings::default());
    let refused: Vec<&Gap> = expansion.gaps.iter().filter(|gap| gap.defect).collect();
    let [gap] = refused[..] else { panic!("{:?}", expansion.gaps) };
    let span = gap.span.unwrap();
    let text = repository.sources().text(span.file).unwrap();
    let start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    (gap.message.clone(), text[start..].lines().next().unwrap().trim().to_owned())
}

fn set(template: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: s}}\nspec:\n  goTemplate: true\n  \
         goTemplateOptions: [missingkey=error]\n  generators:\n  - list: {{elements: [{{env: dev, limit: '5'}}]}}\n{template}"
    )
}

#[test]
fn a_field_that_takes_no_text_is_shown_where_the_text_is() {
    let template = "  template:\n    metadata: {name: a}\n    spec:\n      project: p\n      syncPolicy:\n        retry:\n          \
                    backoff: {factor: 2}\n          limit: '{{ .limit }}'\n";
    let (message, line) = refusal(&set(template));
    assert!(message.ends_with("`spec.syncPolicy.retry.limit` must be a whole number"), "{message}");
    assert_eq!(line, "limit: '{{ .limit }}'");
}

#[test]
fn a_template_that_asks_for_what_is_not_there_is_shown_at_its_text() {
    let template = "  template:\n    metadata:\n      name: a\n      labels:\n        env: '{{ .env }}'\n        tier: '{{ .tier \
                    }}'\n    spec: {project: p}\n";
    let (message, line) = refusal(&set(template));
    assert!(message.contains("map has no entry for key \"tier\""), "{message}");
    assert_eq!(line, "tier: '{{ .tier }}'");
}

#[test]
fn a_patch_is_refused_at_its_line() {
    let patched = |line: &str| {
        set(&format!(
            "  template:\n    metadata: {{name: a}}\n    spec: {{project: p}}\n  templatePatch: |\n    metadata:\n      \
             labels: {{env: '{{{{ .env }}}}'}}\n    spec:\n      {line}\n"
        ))
    };
    let cases = ["revisionHistoryLimit: many", "info: '{{ .tier }}'", "info: [{{ .env }}"];
    for line in cases {
        let (message, shown) = refusal(&patched(line));
        assert_eq!(shown, line, "{message}");
    }
}
