//! Templates that mean harm end with an error that has a place: no hang, no overflow, no flood.

use super::super::*;
use crate::budget::{Budget, Limits};
use crate::source::FileId;

/// Runs a template as Helm would, under the usual limits and on a stack of the size that is asked for.
fn run(text: &'static str) -> Result<String, Error> {
    let work = move || {
        let budget = Budget::new(Limits { steps: 2_000_000, bytes: 32 << 20, items: 400_000, depth: 1_000 });
        let mut set =
            TemplateSet::new(Functions::Helm3, Options { missing_key: MissingKey::Zero, ..Options::default() });
        set.add("t", text, FileId(0), &budget).map_err(|error| *error)?;
        let render = set.render(&budget);
        let dot = Value::map([]);
        let result = render.execute("t", &dot).map(|output| output.text).map_err(|error| *error);
        drop(dot);
        result
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap();
    thread.join().unwrap()
}

fn exceeds(text: &'static str) {
    let error = run(text).expect_err(text);
    assert!(error.exceeded().is_some(), "{text}: {error}");
    assert!(error.span().is_some(), "{text}: {error}");
}

#[test]
fn endless_includes_are_refused_in_helms_words() {
    let error = run("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exec);
    let end = "error calling include: rendering template has a nested reference name: x: unable to execute template";
    assert!(error.text().ends_with(end));
}

#[test]
fn endless_templates_are_refused_in_gos_words() {
    let error = run("{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}").unwrap_err();
    assert_eq!(
        error.text(),
        "template: t:1:28: executing \"x\" at <{{template \"x\" .}}>: exceeded maximum template depth (100000)"
    );
    let error =
        run("{{ define \"x\" }}{{ tpl \"{{ include \\\"x\\\" . }}\" . }}{{ end }}{{ include \"x\" . }}").unwrap_err();
    assert!(error.text().contains("nested reference name: x"), "{error}");
}

#[test]
fn floods_run_out_of_budget() {
    for text in [
        "{{ repeat 2000000000 \"abcdefgh\" }}",
        "{{ until 1000000000 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ seq 1 100000000 }}",
        "{{ replace \"a\" \"b\" (repeat 1000000 \"a\") }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000000000 }}x{{ end }}",
        "{{ indent 1000000000 \"a\" }}",
        "{{ randAlphaNum 1000000000 }}",
        "{{ $s := \"aaaaaaaa\" }}{{ range 100 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}",
        "{{ $s := \"aaaaaaaa\" }}{{ range 100 }}{{ $s = replace \"a\" \"aa\" $s }}{{ end }}",
        "{{ $l := list 1 }}{{ range 100 }}{{ $l = concat $l $l }}{{ end }}",
        "{{ regexReplaceAll \"a*\" (repeat 100000 \"ba\") (repeat 1000 \"x\") }}",
        "{{ regexFindAll \".*?b|a\" (repeat 100000 \"a\") -1 }}",
        "{{ regexReplaceAll \"a(.*b)?\" (repeat 100000 \"a\") \"\" }}",
        "{{ regexMatch \"[ab]*a[ab]{1000}c\" (repeat 1000000 \"ab\") }}",
        "{{ range 1000000000 }}{{ $x := add1 (repeat 100000 \"1\") }}{{ end }}",
        "{{ $s := repeat 100000 \"a\" }}{{ range 1000000000 }}{{ $x := add1 $s }}{{ $x = toDate $s $s }}{{ end }}",
        "{{ $d := dict }}{{ range $i := until 2000 }}{{ $_ := set $d (print $i) $i }}{{ end }}{{ range 1000000000 }}{{ $x := pick $d \"a\" }}{{ $x = toDecimal $d }}{{ end }}",
        "{{ $d := dict }}{{ range $i := until 500000 }}{{ $_ := set $d (print $i) $i }}{{ end }}",
        "{{ $s := repeat 20000 \"ab \" }}{{ range 200 }}{{ $s = $s | quote | toJson }}{{ end }}",
        "{{ define \"a\" }}{{ range 100 }}{{ include \"b\" . }}{{ end }}{{ end }}{{ define \"b\" }}{{ range 100 }}{{ include \"c\" . }}{{ end }}{{ end }}{{ define \"c\" }}{{ range 1000 }}xx{{ end }}{{ end }}{{ include \"a\" . }}",
    ] {
        exceeds(text);
    }
}

#[test]
fn values_that_contain_themselves_are_bounded() {
    for call in [
        "{{ $d }}",
        "{{ toYaml $d }}",
        "{{ toJson $d }}",
        "{{ deepCopy $d }}",
        "{{ printf \"%v\" $d }}",
        "{{ toToml $d }}",
    ] {
        let text: &'static str = Box::leak(format!("{{{{ $d := dict }}}}{{{{ $_ := set $d \"d\" $d }}}}{call}").into());
        exceeds(text);
    }
    exceeds(
        "{{ $a := dict }}{{ $b := dict }}{{ $_ := set $a \"x\" $a }}{{ $_ := set $b \"x\" $b }}{{ deepEqual $a $b }}",
    );
    // Each copy holds all entries before the first one of them is copied.
    let wide = "{{ $d := dict }}{{ range until 1000 }}{{ $_ := set $d (print .) $d }}{{ end }}{{ deepCopy $d }}";
    let error = run(wide).expect_err(wide);
    assert_eq!(error.exceeded(), Some(crate::budget::Exceeded::Items(400_000)));
}

#[test]
fn deep_values_are_dropped_without_recursion() {
    let text = "{{ $d := dict }}{{ range 100000 }}{{ $d = dict \"d\" $d }}{{ end }}{{ $l := list }}{{ range 100000 }}{{ $l = list $l }}{{ end }}ok";
    assert_eq!(run(text).as_deref(), Ok("ok"));
}

#[test]
fn deep_nesting_is_bounded() {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    exceeds(leak(format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000))));
    exceeds(leak(format!("{}x{}", "{{ if true }}".repeat(5_000), "{{ end }}".repeat(5_000))));
    exceeds(leak(format!("{{{{ if true }}}}{}{{{{ end }}}}", "{{ else if true }}".repeat(5_000))));
    // What is deep and allowed runs on the stack that is asked for.
    let text = leak(format!("{{{{ {}1{} }}}}", "(print ".repeat(900), ")".repeat(900)));
    assert_eq!(run(text).as_deref(), Ok("1"));
    let text = leak(format!(
        "{{{{ define \"x\" }}}}{}{{{{ include \"x\" . }}}}{}{{{{ end }}}}{{{{ include \"x\" . }}}}",
        "{{ if true }}".repeat(40),
        "{{ end }}".repeat(40)
    ));
    exceeds(text);
}

#[test]
fn hostile_expressions_are_bounded() {
    for text in [
        "{{ regexMatch \"(((a{1000}){1000}){1000})\" \"a\" }}",
        "{{ mustRegexMatch \"((((((((((a{30}){30}){30}){30})))))))\" \"aaa\" }}",
    ] {
        // Refused, or no match: the point is that it ends.
        let _ = run(text);
    }
    // Many matches in a long text are no harm by themselves.
    let text = "{{ regexReplaceAll \"[ \\t]+\" (repeat 200000 \"ab \") \"-\" | len }}";
    assert_eq!(run(text).as_deref(), Ok("600000"));
    assert!(run("{{ fromJson (printf \"%s1%s\" (repeat 100000 \"[\") (repeat 100000 \"]\")) }}").is_err());
}

#[test]
fn wherever_the_budget_ends_the_place_is_one_in_the_text() {
    let text = "\u{e9}{{ range until 3 }}\u{20ac}{{ . }}{{ end }}\u{1f600}";
    for steps in 0..60 {
        let budget = Budget::new(Limits { steps, ..Limits::default() });
        let mut set = TemplateSet::new(Functions::Helm3, Options::default());
        let read = set.add("t", text, FileId(0), &budget);
        let error = read.err().or_else(|| set.render(&budget).execute("t", &Value::map([])).err());
        let Some(span) = error.and_then(|error| error.span()) else { continue };
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{steps}: {span:?}");
    }
}
