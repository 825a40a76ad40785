//! Whole repositories. A `broken` one shows findings of every family, and its table is kept beside it as a golden text; a
//! `clean` one gives no finding and hides nothing.

use std::collections::BTreeSet;

use schemaward::output::table::{self, Layout};

use crate::rules::{compare, folders, report_of, root};

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
