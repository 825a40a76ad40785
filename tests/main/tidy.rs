//! What keeps the house in order: who may import whom, what a rule must come with, how long a file may be, which words do not
//! belong here. Each test tells what was forgotten, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use schemaward::rules;

use crate::rules::{files, folders, root};

/// Who may import whom. A room that is not listed may import nothing.
const IMPORTS: &[(&str, &str)] = &[
    ("source", ""),
    ("sql", ""),
    ("glob", ""),
    ("hash", ""),
    ("finding", "source"),
    ("budget", "finding source"),
    ("yaml", "source budget hash"),
    ("gotmpl", "source budget hash yaml"),
    ("discover", "finding hash source"),
    ("k8s", "budget catalog source yaml"),
    ("catalog", "budget k8s source sql yaml"),
    ("render", "budget catalog discover finding glob gotmpl hash k8s source yaml"),
    ("expand", "budget discover finding glob gotmpl k8s render source yaml"),
    ("config", "budget discover finding k8s source yaml"),
    ("facts", "budget catalog config expand finding glob k8s source sql yaml"),
    ("graph", "catalog facts finding k8s source yaml"),
    ("report", "finding source"),
    ("rules", "catalog config finding graph report"),
    ("output", "budget finding graph report source yaml"),
    (
        "cli",
        "audit Audit budget catalog config discover expand finding graph k8s output render report rules source yaml",
    ),
    ("main", ""),
    (
        "lib",
        "budget catalog config discover expand facts finding glob graph hash k8s output render report rules source sql yaml",
    ),
];

/// Files that are still too long; none may be added.
const TOO_LONG: &[&str] = &[];
const LINES: usize = 500;

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches"] {
        if !home().join(folder).exists() {
            continue;
        }
        for file in files(&home().join(folder)) {
            if file.extension().is_some_and(|ending| ending == "rs") {
                let name = file.strip_prefix(home()).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(file).unwrap()));
            }
        }
    }
    found
}

/// The rooms that a file names after `crate::`.
fn named(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, mark) in text.match_indices("crate::") {
        let rest = &text[at + mark.len()..];
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{').and_then(|rest| rest.split_once("};")) {
            Some((list, _)) => {
                rooms.extend(list.split(',').map(|item| word(item.trim())).filter(|name| !name.is_empty()))
            }
            None => {
                rooms.insert(word(rest));
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_only_what_they_may() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        IMPORTS.iter().map(|(room, rooms)| (*room, rooms.split(' ').collect())).collect();
    let mut wrong = Vec::new();
    for (name, text) in sources().into_iter().filter(|(name, _)| name.starts_with("src/")) {
        let test = name.ends_with("tests.rs") || name.contains("/tests/");
        let room = name["src/".len()..].split(['/', '.']).next().unwrap().to_owned();
        let code = text.split("#[cfg(test)]").next().unwrap_or("").lines();
        let code: String = code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for other in named(&code).into_iter().filter(|other| *other != room && !test) {
            if !allowed.get(room.as_str()).is_some_and(|rooms| rooms.contains(other.as_str())) {
                wrong.push(format!("{name}: `{room}` must not import `{other}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_is_one_file_and_comes_with_its_page_and_fixtures() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let id = rule.id;
        let file = format!("src/rules/{}.rs", id.replace('-', "_"));
        let Ok(text) = std::fs::read_to_string(home().join(&file)) else {
            wrong.push(format!("{id}: there is no {file}"));
            continue;
        };
        // Rules about allowances are found where allowances meet findings; their tests are `config`'s.
        let of_config = text.contains("|_| Vec::new()");
        for kind in ["pass", "fail"] {
            if !of_config && folders(&root().join(id).join(kind)).is_empty() {
                wrong.push(format!("{id}: fixtures/{id}/{kind}/ has no case"));
            }
        }
        for (what, said) in [("title", rule.title()), ("family", rule.family())] {
            if said.is_empty() {
                wrong.push(format!("{id}: the front matter of rules/{id}.md has no {what}"));
            }
        }
        for section in ["## What it looks at", "## Why it hurts", "## How to mend it"] {
            if !rule.body().contains(section) {
                wrong.push(format!("{id}: rules/{id}.md has no section `{section}`"));
            }
        }
    }
    let known: BTreeSet<String> = rules::all().iter().map(|rule| rule.id.to_owned()).collect();
    for folder in folders(&root()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if folder.join("fail").exists() && !known.contains(&name) {
            wrong.push(format!("fixtures/{name} belongs to no rule"));
        }
    }
    for (folder, ending, suffix) in [("rules", "md", ""), ("src/rules", "rs", "")] {
        for file in std::fs::read_dir(home().join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let stem = file.file_stem().unwrap().to_str().unwrap().replace('_', "-") + suffix;
            if file.extension().is_some_and(|e| e == ending) && stem != "README" && !known.contains(&stem) {
                wrong.push(format!("{} belongs to no rule", file.strip_prefix(home()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_index_lists_every_rule_as_its_page_has_it() {
    let mut index = String::new();
    let families: BTreeSet<&str> = rules::all().iter().map(|rule| rule.family()).collect();
    for family in families {
        index += &format!("\n### {family}\n\n| rule | severity | finds |\n|---|---|---|\n");
        for rule in rules::all().iter().filter(|rule| rule.family() == family) {
            index += &format!("| [{0}]({0}.md) | {1} | {2} |\n", rule.id, rule.severity().name(), rule.title());
        }
    }
    let path = home().join("rules/README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, after) =
        page.split_once("<!-- index -->\n").expect("rules/README.md has a mark where the index begins");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}<!-- index -->\n{index}")).unwrap();
        return;
    }
    assert_eq!(after, index, "rules/README.md is not up to date: `UPDATE=1 cargo test` writes it");
}

#[test]
fn files_open_with_what_they_own_and_stay_short() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let opening = text.lines().take_while(|line| line.starts_with("//!")).count();
        if opening == 0 && !name.ends_with("tests.rs") {
            wrong.push(format!("{name}: begin it with `//!`: what it owns, what it must not do"));
        }
        let lines = text.lines().count();
        match (lines > LINES, TOO_LONG.contains(&name.as_str())) {
            (true, false) => wrong.push(format!("{name}: {lines} lines; make it a folder")),
            (false, true) => {
                wrong.push(format!("{name}: short enough now; take it off the list in tests/main/tidy.rs"))
            }
            _ => {}
        }
        let stem = Path::new(&name).file_stem().unwrap().to_str().unwrap();
        if ["utils", "util", "helpers", "common", "manager", "misc"].contains(&stem) {
            wrong.push(format!("{name}: name it after what it owns"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_names_the_place_where_it_was_written() {
    // Put together here, so that this file does not hold them.
    let words: Vec<String> = [
        ("/wo", "rk/"),
        ("/tmp", "/corpora"),
        ("cla", "ude"),
        ("anthro", "pic"),
        ("the le", "ad"),
        ("helper ses", "sion"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    let mut wrong = Vec::new();
    let mut looked_at: Vec<PathBuf> = Vec::new();
    for folder in ["src", "tests", "rules", "fixtures", "benches"] {
        if home().join(folder).exists() {
            looked_at.extend(files(&home().join(folder)));
        }
    }
    for file in ["README.md", "CHANGELOG.md", "Cargo.toml"] {
        looked_at.extend(Some(home().join(file)).filter(|path| path.exists()));
    }
    for file in looked_at {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let text = text.to_lowercase();
        for word in words.iter().filter(|word| text.contains(word.as_str())) {
            wrong.push(format!("{}: `{word}`", file.strip_prefix(home()).unwrap().display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
