//! Which migration tools a container runs, told from its image, command and arguments.
//!
//! Nothing is expanded: a variable in the place of a program is nobody's. Looking (`flyway info`, `psql -c 'select 1'`,
//! `pg_isready`) and backing up (`pg_dump`) are no migrations.

use std::ops::Range;

use super::Catalog;
use super::shell::{self, Command, Input};
use super::tool::{Setting, Tool, Words};
use super::words::{Options, Spot, base, program_index};
use crate::sql::{DatabaseUrl, Script, scan};

/// What a tool is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Bring the schema up.
    Migrate,
    /// Drop it or take it back.
    Destroy,
    /// Change its own records, make databases, fill them.
    Prepare,
    /// Look.
    Inspect,
    /// Run SQL through a client.
    AdHoc,
    /// Not to be told: the image is the tool's, what it is told stands elsewhere.
    Unknown,
}

/// By what a tool was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Words of `command` or `args`.
    Command,
    /// A command in a shell script.
    Script,
    /// The image alone.
    Image,
}

/// A text and where it stands: the argument (`command` first, then `args`, counted through) and the range within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The text, quotes taken off.
    pub text: String,
    /// Which argument.
    pub argument: usize,
    /// Where in it.
    pub span: Range<usize>,
}

/// Something a tool is told on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What it is about.
    pub setting: Setting,
    /// Which argument.
    pub argument: usize,
    /// Where in it: the value, or the word that holds it.
    pub span: Range<usize>,
    /// The text as written; `None` for what may hold a secret, unless it is a variable alone.
    pub text: Option<String>,
    /// An address taken apart.
    pub url: Option<DatabaseUrl>,
}

/// SQL that stands in the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// Which argument.
    pub argument: usize,
    /// Where in it.
    pub span: Range<usize>,
    /// What it does; its ranges are of the SQL's own text.
    pub script: Script,
}

/// One use of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUse<'c> {
    /// The tool.
    pub tool: &'c Tool,
    /// What it is told to do.
    pub action: Action,
    /// By what it was recognised.
    pub how: How,
    /// The argument that says it; 0 without any.
    pub argument: usize,
    /// Where in it; empty where only the image says it.
    pub span: Range<usize>,
    /// What it is told on the command line.
    pub given: Vec<Given>,
    /// Files of SQL that a client is given.
    pub files: Vec<Located>,
    /// SQL that a client is given.
    pub sql: Vec<Inline>,
}

impl ToolUse<'_> {
    /// Whether the use changes a schema, or may.
    pub fn may_change_schema(&self) -> bool {
        match self.action {
            Action::Inspect => false,
            Action::AdHoc => {
                !self.files.is_empty()
                    || self.tool.client.as_ref().is_some_and(|it| it.script)
                    || self.sql.iter().any(|it| it.script.changes_schema())
            }
            _ => true,
        }
    }

    /// Whether it is an ad-hoc client rather than a migration tool.
    pub fn is_client(&self) -> bool {
        self.tool.client.is_some()
    }
}

/// How deep `sh -c` in `sh -c` is followed.
const DEPTH: usize = 4;
const RUNTIMES: &[&str] = &["java", "node", "python", "python3", "dotnet"];
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"];

impl Catalog {
    /// The tools that a container uses.
    pub fn recognise(&self, image: &str, command: &[&str], args: &[&str]) -> Vec<ToolUse<'_>> {
        let mut finder = Finder { catalog: self, found: Vec::new(), scripts: Vec::new() };
        let given: Vec<&str> = command.iter().chain(args).copied().collect();
        let own = self.tools().iter().find(|tool| tool.client.is_none() && tool.is_image(image));
        let mut words = spots(&given);
        let to_entrypoint = command.is_empty() && !args.is_empty();
        let addressed = if to_entrypoint { own.or_else(|| self.spoken_to(args)) } else { None };
        if let Some(tool) = addressed {
            let first = words.first().map(|word| (word.argument, word.span.clone())).unwrap_or_default();
            let entry = tool.entrypoint.iter();
            words.splice(0..0, entry.map(|text| Spot { text: text.clone(), argument: first.0, span: first.1.clone() }));
        }
        finder.command(&words, How::Command, DEPTH);
        // A runtime runs what the image brings.
        let runtime = given.first().is_some_and(|program| RUNTIMES.contains(&base(program)));
        let unseen = given.is_empty() || (finder.found.is_empty() && (runtime || !finder.scripts.is_empty()));
        if let (true, Some(tool)) = (unseen, own) {
            let whole = given.first().map_or(0..0, |first| 0..first.len());
            finder.found.push(ToolUse::new(tool, Action::Unknown, How::Image, 0, whole));
        }
        finder.found
    }

    /// The tool that an image of anybody must have for its entrypoint: told to migrate, with options that no other tool has. One
    /// everyday word (`--database`) is not enough.
    fn spoken_to(&self, args: &[&str]) -> Option<&Tool> {
        let options = args.iter().filter_map(|word| word.strip_prefix('-'));
        let options: Vec<&str> = options
            .filter_map(|word| word.trim_start_matches('-').split('=').next())
            .filter(|option| option.len() > 1)
            .collect();
        let knows = |tool: &Tool, option: &str| tool.setting_of_option(option).is_some();
        let is_compound = |option: &&str| option.contains('-') || option.contains(|c: char| c.is_ascii_uppercase());
        let speaks_of = |own: &[&str]| own.len() > 1 || own.iter().any(is_compound);
        let only = |tool: &Tool, option: &str| {
            knows(tool, option) && self.tools().iter().filter(|other| knows(other, option)).count() == 1
        };
        self.tools().iter().find(|tool| {
            let words: Vec<&str> = tool.entrypoint.iter().map(String::as_str).chain(args.iter().copied()).collect();
            let told = |command: &Words| command.last_of(&words).is_some_and(|at| at >= tool.entrypoint.len());
            !tool.entrypoint.is_empty()
                && tool.migrate.iter().any(told)
                && speaks_of(&options.iter().copied().filter(|option| only(tool, option)).collect::<Vec<_>>())
        })
    }

    /// The tools that a shell script uses; all places are of argument 0, the script itself.
    pub fn recognise_script(&self, script: &str) -> Vec<ToolUse<'_>> {
        let mut finder = Finder { catalog: self, found: Vec::new(), scripts: Vec::new() };
        finder.script(script, 0, 0, DEPTH);
        finder.found
    }

    /// Scripts in files that a container runs: to be read where they are mounted.
    pub fn script_files(&self, command: &[&str], args: &[&str]) -> Vec<Located> {
        let mut finder = Finder { catalog: self, found: Vec::new(), scripts: Vec::new() };
        let words = spots(&command.iter().chain(args).copied().collect::<Vec<_>>());
        finder.command(&words, How::Command, DEPTH);
        finder.scripts
    }
}

fn spots(words: &[&str]) -> Vec<Spot> {
    let spot = |(argument, text): (usize, &&str)| Spot { text: (*text).to_owned(), argument, span: 0..text.len() };
    words.iter().enumerate().map(spot).collect()
}

impl<'c> ToolUse<'c> {
    fn new(tool: &'c Tool, action: Action, how: How, argument: usize, span: Range<usize>) -> Self {
        Self { tool, action, how, argument, span, given: Vec::new(), files: Vec::new(), sql: Vec::new() }
    }
}

struct Finder<'c> {
    catalog: &'c Catalog,
    found: Vec<ToolUse<'c>>,
    scripts: Vec<Located>,
}

/// The script that a command stands in, for what it reads from it.
struct Place<'a> {
    text: &'a str,
    argument: usize,
    offset: usize,
}

impl<'c> Finder<'c> {
    /// Looks at each command of a script. `offset` is where the script begins within its argument.
    fn script(&mut self, script: &str, argument: usize, offset: usize, depth: usize) {
        let all = shell::commands(script);
        let place = Place { text: script, argument, offset };
        for command in &all {
            let spots: Vec<Spot> = command
                .words
                .iter()
                .map(|word| Spot {
                    text: word.text.clone(),
                    argument,
                    span: offset + word.span.start..offset + word.span.end,
                })
                .collect();
            self.in_script(&spots, command, &all, &place, depth);
        }
    }

    fn in_script(&mut self, words: &[Spot], command: &Command, all: &[Command], place: &Place<'_>, depth: usize) {
        let before = self.found.len();
        self.command(words, How::Script, depth);
        let Some(tool) = self.client(&words[program_index(words)..]) else { return };
        let mut sql = Vec::new();
        let mut files = Vec::new();
        for input in &command.input {
            match input {
                Input::Text(range) => {
                    let script = scan(place.text.get(range.clone()).unwrap_or(""));
                    let span = place.offset + range.start..place.offset + range.end;
                    sql.push(Inline { argument: place.argument, span, script });
                }
                Input::File(word) => files.push(Located {
                    text: word.text.clone(),
                    argument: place.argument,
                    span: place.offset + word.span.start..place.offset + word.span.end,
                }),
                Input::Pipe(from) => piped(all.get(*from), place, &mut sql, &mut files),
            }
        }
        let writes = |it: &Inline| it.script.does_anything();
        if files.is_empty() && !sql.iter().any(writes) {
            return;
        }
        sql.retain(writes);
        match self.found[before..].iter_mut().find(|it| it.tool.id == tool.id) {
            Some(known) => {
                known.sql.extend(sql);
                known.files.extend(files);
            }
            None => {
                let index = program_index(words);
                let Some(word) = words.get(index) else { return };
                let mut used = ToolUse::new(tool, Action::AdHoc, How::Script, word.argument, word.span.clone());
                let parsed = Options::read(tool, &words[index..]);
                (used.given, used.sql, used.files) = (parsed.given, sql, files);
                self.found.push(used);
            }
        }
    }

    /// Looks at one command.
    fn command(&mut self, words: &[Spot], how: How, depth: usize) {
        let index = program_index(words);
        let words = &words[index..];
        let Some(first) = words.first() else { return };
        let name = base(&first.text);
        if SHELLS.contains(&name) {
            return self.shell(&words[1..], depth);
        }
        if name.ends_with(".sh") || name.ends_with(".bash") {
            self.scripts.push(first.clone());
        }
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        if let Some(tool) = self.client(words) {
            return self.ad_hoc(tool, words, how);
        }
        for tool in self.catalog.tools().iter().filter(|tool| tool.client.is_none()) {
            let before = self.found.len();
            let actions = [
                (Action::Destroy, &tool.destroy),
                (Action::Migrate, &tool.migrate),
                (Action::Prepare, &tool.prepare),
                (Action::Inspect, &tool.inspect),
            ];
            for (action, known) in actions {
                if action == Action::Inspect && self.found.len() > before {
                    break;
                }
                let Some(at) = known.iter().find_map(|it: &Words| it.last_of(&texts)) else { continue };
                let options = Options::read(tool, words);
                if !tool.needs.is_empty() && !tool.needs.iter().any(|name| options.names.contains(name)) {
                    continue;
                }
                let mut used = ToolUse::new(tool, action, how, words[at].argument, words[at].span.clone());
                used.given = options.given;
                self.found.push(used);
            }
            if self.found.len() > before {
                return;
            }
        }
    }

    /// `sh -c script` and `sh file`.
    fn shell(&mut self, words: &[Spot], depth: usize) {
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let text = word.text.as_str();
            at += 1;
            let short = text.strip_prefix(['-', '+']).filter(|rest| !rest.starts_with('-'));
            match short {
                Some(letters) if letters.contains('c') && text.starts_with('-') => {
                    let Some(script) = words.get(at).filter(|_| depth > 0) else { return };
                    let quotes = script.span.len().saturating_sub(script.text.len());
                    let offset = script.span.start + usize::from(quotes == 2);
                    return self.script(&script.text, script.argument, offset, depth - 1);
                }
                Some(letters) if letters.ends_with('o') || letters.ends_with('O') => at += 1,
                Some(_) => {}
                None if text.starts_with("--") => {}
                None if matches!(text, "sh" | "ash") => {}
                None => {
                    self.scripts.push(word.clone());
                    return;
                }
            }
        }
    }

    /// The ad-hoc client that a program is.
    fn client(&self, words: &[Spot]) -> Option<&'c Tool> {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let catalog = self.catalog;
        catalog
            .tools()
            .iter()
            .find(|tool| tool.client.is_some() && tool.migrate.iter().any(|it| it.last_of(&texts).is_some()))
    }

    /// A client with SQL or a file of it among its words.
    fn ad_hoc(&mut self, tool: &'c Tool, words: &[Spot], how: How) {
        let options = Options::read(tool, words);
        let speaks_sql = tool.client.as_ref().is_none_or(|client| !client.script);
        let mut sql = Vec::new();
        for word in &options.inline {
            let script = scan(&word.text);
            if if speaks_sql { script.does_anything() } else { changes_documents(&word.text) } {
                sql.push(Inline { argument: word.argument, span: word.span.clone(), script });
            }
        }
        if sql.is_empty() && options.files.is_empty() {
            return;
        }
        let mut used = ToolUse::new(tool, Action::AdHoc, how, words[0].argument, words[0].span.clone());
        (used.given, used.sql, used.files) = (options.given, sql, options.files);
        self.found.push(used);
    }
}

/// What a command before a pipe hands on: a file's text, or words of its own.
fn piped(from: Option<&Command>, place: &Place<'_>, sql: &mut Vec<Inline>, files: &mut Vec<Located>) {
    let Some(command) = from else { return };
    let Some((first, rest)) = command.words.split_first() else { return };
    let moved = |range: &Range<usize>| place.offset + range.start..place.offset + range.end;
    for input in &command.input {
        match input {
            Input::Text(range) => sql.push(Inline {
                argument: place.argument,
                span: moved(range),
                script: scan(place.text.get(range.clone()).unwrap_or("")),
            }),
            Input::File(word) => {
                files.push(Located { text: word.text.clone(), argument: place.argument, span: moved(&word.span) });
            }
            Input::Pipe(_) => {}
        }
    }
    for word in rest.iter().filter(|word| !word.text.starts_with('-')) {
        match base(&first.text) {
            "echo" | "printf" => {
                sql.push(Inline { argument: place.argument, span: moved(&word.span), script: scan(&word.text) });
            }
            "cat" | "zcat" | "gunzip" | "gzip" => {
                files.push(Located { text: word.text.clone(), argument: place.argument, span: moved(&word.span) });
            }
            _ => {}
        }
    }
}

/// What mongosh is told that changes something.
fn changes_documents(text: &str) -> bool {
    [
        "createCollection",
        "createIndex",
        "createUser",
        "createRole",
        "dropDatabase",
        ".drop(",
        "insert",
        "updateOne",
        "updateMany",
        "deleteOne",
        "deleteMany",
        "replaceOne",
        "bulkWrite",
        "renameCollection",
    ]
    .iter()
    .any(|word| text.contains(word))
}
