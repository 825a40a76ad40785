//! What files are: templates of other languages, what tests are fed with, charts that are not at hand.

use super::*;

#[test]
fn applications_that_tests_are_fed_with_are_none() {
    let (own, fed) = (app("own", "own", ""), app("fed", "fed", ""));
    for folder in ["lint/tests/fixtures", "cli/testdata/x"] {
        let file = format!("{folder}/app.yaml");
        assert_eq!(names(&run(&[("apps/own.yaml", &own), (&file, &fed)])), ["own"], "{folder}");
        assert_eq!(names(&run(&[(&file, &fed)])), ["fed"], "{folder}: there is nothing else");
    }
}

#[test]
fn the_name_of_a_chart_is_said_though_it_is_a_password_too() {
    let chart = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: flights, version: '', repository: 'https://flights.example'}\n";
    let values = "flights:\n  db: {password: flights}\n";
    let expansion = run(&[("chart/Chart.yaml", chart), ("chart/values.yaml", values)]);
    let gaps: Vec<&Gap> = expansion.applications.iter().flat_map(|(_, out)| &out.gaps).collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].message, "the chart `flights` from `https://flights.example` is not at hand");
}

#[test]
fn what_another_template_language_fills_in_is_a_template_even_of_a_set() {
    for (open, close) in
        [("<#if x>", "</#if>"), ("<% if x %>", "<% end %>"), ("{% if x %}", "{% endif %}"), ("%{ if x }", "%{ endif }")]
    {
        for kind in ["ApplicationSet", "ConfigMap"] {
            let text = format!("apiVersion: v1\nkind: {kind}\nmetadata:\n{open}\n  name: s\n{close}\n");
            let expansion = run(&[("a.ftl.yaml", &text)]);
            assert!(expansion.broken.is_empty() && expansion.templates.len() == 1, "{text}");
        }
    }
}
