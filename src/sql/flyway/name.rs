//! Names of scripts: `V1.2__add_orders.sql` and its kin, and what is wrong with the others.

use super::version::Version;

/// How scripts are named; Flyway's defaults unless configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// Before the version of a versioned script.
    pub versioned: String,
    /// Before the version of an undo script (in the paid editions only; others pass it over).
    pub undo: String,
    /// Before the version of a baseline script.
    pub baseline: String,
    /// Before a repeatable script's description.
    pub repeatable: String,
    /// Between version and description.
    pub separator: String,
    /// Endings; compared without regard to case.
    pub suffixes: Vec<String>,
}

impl Default for Naming {
    fn default() -> Self {
        Self {
            versioned: "V".to_owned(),
            undo: "U".to_owned(),
            baseline: "B".to_owned(),
            repeatable: "R".to_owned(),
            separator: "__".to_owned(),
            suffixes: vec![".sql".to_owned()],
        }
    }
}

/// What a script is to Flyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptKind {
    /// Run once, in the order of versions.
    Versioned(Version),
    /// Takes a version back.
    Undo(Version),
    /// Stands for all versions up to its own in an empty database.
    Baseline(Version),
    /// Run again when it changes.
    Repeatable,
    /// Run at an event.
    Callback(&'static str),
}

/// A name that Flyway accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it is.
    pub kind: ScriptKind,
    /// Its description, `_` turned into blanks.
    pub description: String,
}

/// Why Flyway does not accept a name. It passes such a file over in silence, unless `validateMigrationNaming` is on:
/// then it refuses to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// No known prefix.
    #[error("it begins with none of Flyway's prefixes")]
    UnknownPrefix,
    /// Nothing between prefix and separator.
    #[error("it has no version")]
    NoVersion,
    /// What stands there is no version.
    #[error("what stands before the separator is no version")]
    BadVersion,
    /// Something stands between prefix and separator of a script that has no version.
    #[error("it must have no version")]
    UnwantedVersion,
}

/// The events that callbacks are named after (`api/callback/Event.java`).
const EVENTS: &[&str] = &[
    "beforeClean",
    "afterClean",
    "afterCleanError",
    "beforeMigrate",
    "beforeEachMigrate",
    "beforeEachMigrateStatement",
    "afterEachMigrateStatement",
    "afterEachMigrateStatementError",
    "afterEachMigrate",
    "afterEachMigrateError",
    "beforeRepeatables",
    "afterVersioned",
    "afterMigrateApplied",
    "afterMigrate",
    "afterMigrateError",
    "beforeUndo",
    "beforeEachUndo",
    "beforeEachUndoStatement",
    "afterEachUndoStatement",
    "afterEachUndoStatementError",
    "afterEachUndo",
    "afterEachUndoError",
    "afterUndo",
    "afterUndoError",
    "beforeValidate",
    "afterValidate",
    "afterValidateError",
    "beforeBaseline",
    "afterBaseline",
    "afterBaselineError",
    "beforeRepair",
    "afterRepair",
    "afterRepairError",
    "beforeInfo",
    "afterInfo",
    "afterInfoError",
    "afterMigrateOperationFinish",
    "afterInfoOperationFinish",
    "createSchema",
    "beforeCreateSchema",
    "beforeConnect",
    "afterConnect",
];

#[derive(Clone, Copy)]
enum Prefix {
    Versioned,
    Undo,
    Baseline,
    Repeatable,
    Event(&'static str),
}

impl Naming {
    /// Reads a file's name; `None` if its ending is none of a script, so that Flyway never looks at it.
    pub fn parse(&self, file_name: &str) -> Option<Result<Script, Fault>> {
        let stem = self.suffixes.iter().find_map(|suffix| without_suffix(file_name, suffix))?;
        Some(self.parse_stem(stem))
    }

    /// Whether a file is the configuration of one script (`V1__x.sql.conf`).
    pub fn is_script_config(&self, file_name: &str) -> bool {
        file_name.strip_suffix(".conf").is_some_and(|script| self.parse(script).is_some())
    }

    fn parse_stem(&self, stem: &str) -> Result<Script, Fault> {
        let (prefix, rest) = self.prefix(stem).ok_or(Fault::UnknownPrefix)?;
        let (version, description) = rest.split_once(self.separator.as_str()).unwrap_or((rest, ""));
        let versioned = |kind: fn(Version) -> ScriptKind| match version {
            "" => Err(Fault::NoVersion),
            text => Version::parse(text).map(kind).ok_or(Fault::BadVersion),
        };
        let kind = match prefix {
            Prefix::Versioned => versioned(ScriptKind::Versioned)?,
            Prefix::Undo => versioned(ScriptKind::Undo)?,
            Prefix::Baseline => versioned(ScriptKind::Baseline)?,
            _ if !version.is_empty() => return Err(Fault::UnwantedVersion),
            Prefix::Repeatable => ScriptKind::Repeatable,
            Prefix::Event(event) => ScriptKind::Callback(event),
        };
        Ok(Script { kind, description: description.replace('_', " ") })
    }

    /// The longest prefix that a name begins with.
    fn prefix<'n>(&self, stem: &'n str) -> Option<(Prefix, &'n str)> {
        let own = [
            (self.versioned.as_str(), Prefix::Versioned),
            (self.repeatable.as_str(), Prefix::Repeatable),
            (self.baseline.as_str(), Prefix::Baseline),
            (self.undo.as_str(), Prefix::Undo),
        ];
        let events = EVENTS.iter().map(|event| (*event, Prefix::Event(event)));
        let mut best: Option<(usize, Prefix, &str)> = None;
        for (text, prefix) in own.into_iter().chain(events) {
            if let Some(rest) = stem.strip_prefix(text)
                && best.is_none_or(|(length, ..)| text.len() > length)
            {
                best = Some((text.len(), prefix, rest));
            }
        }
        best.map(|(_, prefix, rest)| (prefix, rest))
    }
}

fn without_suffix<'n>(name: &'n str, suffix: &str) -> Option<&'n str> {
    let at = name.len().checked_sub(suffix.len())?;
    let end = name.get(at..)?;
    (end.eq_ignore_ascii_case(suffix) && at > 0).then(|| &name[..at])
}

/// Pairs of scripts that Flyway refuses beside each other: two of one kind and version, two repeatable ones of one
/// description. Each pair is the indexes of the first and of the later one.
pub fn duplicates(scripts: &[Script]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut order: Vec<usize> = (0..scripts.len()).collect();
    order.sort_by(|&a, &b| rank(&scripts[a]).cmp(&rank(&scripts[b])).then(a.cmp(&b)));
    let mut first = 0;
    for at in 1..order.len() {
        let (one, other) = (&scripts[order[first]], &scripts[order[at]]);
        if rank(one) == rank(other) && !matches!(one.kind, ScriptKind::Callback(_)) {
            pairs.push((order[first], order[at]));
        } else {
            first = at;
        }
    }
    pairs.sort_unstable();
    pairs
}

fn rank(script: &Script) -> (u8, Option<&Version>, &str) {
    match &script.kind {
        ScriptKind::Versioned(version) => (0, Some(version), ""),
        ScriptKind::Undo(version) => (1, Some(version), ""),
        ScriptKind::Baseline(version) => (2, Some(version), ""),
        ScriptKind::Repeatable => (3, None, &script.description),
        ScriptKind::Callback(event) => (4, None, event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter for the kind, then the version; or the fault. The table is what Flyway 11.14.1 answers, but for undo
    /// scripts, which its free edition passes over.
    fn told(name: &str) -> String {
        match Naming::default().parse(name) {
            None => "no script".to_owned(),
            Some(Err(fault)) => format!("{fault:?}"),
            Some(Ok(Script { kind, description })) => match kind {
                ScriptKind::Versioned(version) => format!("V {} {description}", version.as_str()),
                ScriptKind::Undo(version) => format!("U {} {description}", version.as_str()),
                ScriptKind::Baseline(version) => format!("B {} {description}", version.as_str()),
                ScriptKind::Repeatable => format!("R {description}"),
                ScriptKind::Callback(event) => format!("{event} {description}"),
            },
        }
    }

    #[test]
    fn names_are_read_as_flyway_reads_them() {
        for (name, want) in [
            ("V1__a.sql", "V 1 a"),
            ("V01__a.sql", "V 01 a"),
            ("V1_1__b_c.sql", "V 1.1 b c"),
            ("V1__.sql", "V 1 "),
            ("V1.sql", "V 1 "),
            ("V__a.sql", "NoVersion"),
            ("V1_init.sql", "BadVersion"),
            ("V1-2__x.sql", "BadVersion"),
            ("v1__a.sql", "UnknownPrefix"),
            ("V 1__x.sql", "BadVersion"),
            ("V1__a.SQL", "V 1 a"),
            ("V1__a.txt", "no script"),
            ("V1__a.sql.conf", "no script"),
            (".sql", "no script"),
            ("R__x.sql", "R x"),
            ("R1__x.sql", "UnwantedVersion"),
            ("R.sql", "R "),
            ("README.sql", "UnwantedVersion"),
            ("U1__x.sql", "U 1 x"),
            ("B1__x.sql", "B 1 x"),
            ("beforeMigrate.sql", "beforeMigrate "),
            ("beforeMigrate__x.sql", "beforeMigrate x"),
            ("beforeMigrateX.sql", "UnwantedVersion"),
            ("beforemigrate.sql", "UnknownPrefix"),
            ("afterEachMigrateStatementError__d.sql", "afterEachMigrateStatementError d"),
            ("V1___x.sql", "V 1  x"),
            ("V1__x__y.sql", "V 1 x  y"),
            ("V-1__x.sql", "V -1 x"),
            ("init.sql", "UnknownPrefix"),
        ] {
            assert_eq!(told(name), want, "{name}");
        }
        assert!(Naming::default().is_script_config("V1__a.sql.conf"));
        assert!(!Naming::default().is_script_config("flyway.conf"));
    }

    #[test]
    fn naming_can_be_configured() {
        let naming = Naming {
            versioned: "M".to_owned(),
            separator: "--".to_owned(),
            suffixes: vec![".ddl".to_owned(), ".sql".to_owned()],
            ..Naming::default()
        };
        let script = naming.parse("M3--add_x.ddl").unwrap().unwrap();
        assert_eq!(script.kind, ScriptKind::Versioned(Version::parse("3").unwrap()));
        assert_eq!(naming.parse("V1--x.sql"), Some(Err(Fault::UnknownPrefix)));
    }

    #[test]
    fn equal_versions_collide_by_kind() {
        let naming = Naming::default();
        let names = [
            "V1__a.sql",
            "V01__b.sql",
            "V1.0__c.sql",
            "B1__d.sql",
            "R__x.sql",
            "R__x.sql",
            "V2__a.sql",
            "beforeMigrate.sql",
            "beforeMigrate__y.sql",
        ];
        let scripts: Vec<Script> = names.iter().map(|name| naming.parse(name).unwrap().unwrap()).collect();
        assert_eq!(duplicates(&scripts), [(0, 1), (0, 2), (4, 5)]);
    }
}
