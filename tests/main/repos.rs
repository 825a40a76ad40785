//! Whole repositories. A `broken` one shows findings of every family, and its table is kept beside it as a golden text; a
//! `clean` one gives no finding and hides nothing. Where a `broken` one marks its defects as the fixtures of the rules do, every
//! finding has its mark and every mark its finding, to the line.

use std::collections::BTreeSet;

use schemaward::config::Config;
use schemaward::discover::{ReadLimits, Repository};
use schemaward::expand::Settings;
use schemaward::output::table::{self, Layout};

use crate::rules::{compare, folders, marks, report_of, root, spot};

#[test]
fn clean_repositories_stay_clean() {
    let repositories = folders(&root().join("repos"));
    assert!(repositories.len() >= 2);
    for repository in repositories {
        let report = report_of(&repository.join("clean")).report;
        let said: Vec<&str> = report.findings().iter().map(|finding| finding.message.as_str()).collect();
        assert!(said.is_empty(), "{}: {said:#?}", repository.display());
        assert!(report.gaps().is_empty(), "{}: {:#?}", repository.display(), report.gaps());
        assert!(
            report.coverage.migrators > 0,
            "{}: a repository without migrations proves nothing",
            repository.display()
        );
    }
}

#[test]
fn broken_repositories_show_every_family() {
    for repository in folders(&root().join("repos")) {
        let report = report_of(&repository.join("broken")).report;
        let families: BTreeSet<&str> = report.findings().iter().map(|finding| finding.family).collect();
        let all: BTreeSet<&str> = schemaward::rules::all().iter().map(|rule| rule.family()).collect();
        assert_eq!(families, all, "{}", repository.display());
        let said = table::write(&report, Layout::default());
        if let Err(why) = compare(&repository.join("broken.txt"), &said) {
            panic!("{}: {why}", repository.display());
        }
    }
}

#[test]
fn broken_repositories_break_where_they_are_marked() {
    let mut marked = 0;
    for repository in folders(&root().join("repos")) {
        let folder = repository.join("broken");
        let mut expected: BTreeSet<(String, String, usize)> = BTreeSet::new();
        for rule in schemaward::rules::all() {
            let marks = marks(&folder, rule.id).into_iter();
            expected.extend(marks.map(|(file, line, ..)| (rule.id.to_owned(), file, line)));
        }
        if expected.is_empty() {
            continue;
        }
        marked += 1;
        let report = report_of(&folder).report;
        let findings = report.findings().iter().map(|finding| {
            let (file, line, ..) = spot(&report, finding.primary());
            (finding.rule.to_owned(), file, line)
        });
        let found: BTreeSet<_> = findings.collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        let extra: Vec<_> = found.difference(&expected).collect();
        assert!(
            found == expected,
            "{}: marked and not found: {missing:#?}\nfound and not marked: {extra:#?}",
            repository.display()
        );
    }
    assert!(marked > 0);
}

#[test]
fn an_audit_keeps_objects_only_where_they_are_asked() {
    let path = root().join("repos/fleet/broken");
    let audit = |keep_objects| {
        let (repository, gaps) = Repository::open(&path, None, ReadLimits::default()).unwrap();
        let settings = Settings { keep_objects, ..Settings::default() };
        let audit = schemaward::audit(&repository, &Config::default(), &settings, gaps);
        let objects: usize = audit.expansion.applications.iter().map(|(_, rendered)| rendered.objects.len()).sum();
        (objects, audit.report.coverage.objects, table::write(&audit.report, Layout::default()))
    };
    let (kept, counted, said) = audit(true);
    assert!(kept > 100 && kept == counted, "{kept} of {counted}");
    assert_eq!(audit(false), (0, counted, said));
}
