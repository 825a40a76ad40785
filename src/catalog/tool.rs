//! Migration tools and database clients: what they are called, what they are told and where.

use serde::Deserialize;

use super::pattern::{ImageRef, fits, words};

/// A tool that changes schemas, or a client that can.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its short name in reports.
    pub id: String,
    /// Its name in sentences.
    pub name: String,
    /// The vendor whose own schema it migrates, if it migrates no other.
    #[serde(default)]
    pub vendor: Option<String>,
    /// Image repositories without registry.
    #[serde(default)]
    pub images: Vec<String>,
    /// What the image puts before `args`.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// Whether an image of anybody that has the tool's name in its last segment is taken for it.
    #[serde(default)]
    pub named: bool,
    /// Commands that migrate.
    #[serde(default)]
    pub migrate: Vec<Words>,
    /// Commands that drop or take back.
    #[serde(default)]
    pub destroy: Vec<Words>,
    /// Commands that change the tool's own records, make databases or fill them.
    #[serde(default)]
    pub prepare: Vec<Words>,
    /// Commands that only look.
    #[serde(default)]
    pub inspect: Vec<Words>,
    /// Frameworks that have it in them, and the variables that say so.
    #[serde(default)]
    pub embedded: Vec<Embedded>,
    /// Options of which one must be there.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Tables in which it keeps its records.
    #[serde(default)]
    pub history: Vec<String>,
    /// Schemas in which it keeps its records.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// Where it is told its database and files.
    #[serde(default)]
    pub settings: Settings,
    /// Set for an ad-hoc client.
    #[serde(default)]
    pub client: Option<Client>,
}

/// A framework that runs the tool when an application starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedded {
    /// The variable that switches it on or off.
    pub switch: String,
    /// How the names of its other variables begin, where it may be taken to be on if there is any of them.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The variables that say which database it migrates, the strongest first.
    #[serde(default)]
    pub database: Vec<String>,
}

/// What an ad-hoc client takes SQL from. Options stand without their dashes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Options with SQL in them.
    pub inline: Vec<String>,
    /// Options with a file of SQL.
    pub files: Vec<String>,
    /// One-letter options that take a value.
    pub valued: String,
    /// Whether it speaks JavaScript rather than SQL.
    #[serde(default)]
    pub script: bool,
}

/// Where each thing is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The database's address.
    pub url: Sources,
    /// The host.
    pub host: Sources,
    /// The user.
    pub user: Sources,
    /// The password.
    pub password: Sources,
    /// The database's name.
    pub database: Sources,
    /// Schemas.
    pub schemas: Sources,
    /// Folders or files of migrations.
    pub locations: Sources,
    /// The table of its records.
    pub history: Sources,
    /// Its configuration files.
    pub files: Sources,
}

/// Where one thing is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sources {
    /// Environment names; `*` allowed.
    pub env: Vec<String>,
    /// Command-line options without dashes.
    pub options: Vec<String>,
    /// Keys of its configuration files; `*` allowed.
    pub keys: Vec<String>,
}

/// What a setting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// The database's address.
    Url,
    /// The host.
    Host,
    /// The user.
    User,
    /// The password.
    Password,
    /// The database's name.
    Database,
    /// Schemas.
    Schemas,
    /// Folders or files of migrations.
    Locations,
    /// The table of its records.
    History,
    /// Its configuration files.
    Files,
}

impl Settings {
    /// Every setting with its sources.
    pub fn all(&self) -> [(Setting, &Sources); 9] {
        [
            (Setting::Url, &self.url),
            (Setting::Host, &self.host),
            (Setting::User, &self.user),
            (Setting::Password, &self.password),
            (Setting::Database, &self.database),
            (Setting::Schemas, &self.schemas),
            (Setting::Locations, &self.locations),
            (Setting::History, &self.history),
            (Setting::Files, &self.files),
        ]
    }
}

impl Tool {
    /// Whether an image is the tool's own.
    pub fn is_image(&self, image: &str) -> bool {
        let image = ImageRef::parse(image);
        let last = image.repository.rsplit('/').next().unwrap_or("");
        self.images.iter().any(|pattern| image.fits(pattern).is_some())
            || (self.named && words(last).contains(&self.id))
    }

    /// What an environment variable tells the tool.
    pub fn setting_of_env(&self, name: &str) -> Option<Setting> {
        self.setting(|sources| sources.env.iter().any(|known| fits(known, name)))
    }

    /// What a command-line option (without dashes) tells the tool.
    pub fn setting_of_option(&self, name: &str) -> Option<Setting> {
        self.setting(|sources| sources.options.iter().any(|known| known == name))
    }

    /// What a key of a configuration file tells the tool.
    pub fn setting_of_key(&self, name: &str) -> Option<Setting> {
        self.setting(|sources| sources.keys.iter().any(|known| fits(known, name)))
    }

    fn setting(&self, tells: impl Fn(&Sources) -> bool) -> Option<Setting> {
        self.settings.all().into_iter().find(|(_, sources)| tells(sources)).map(|(setting, _)| setting)
    }
}

/// Words of a command: `rails|rake db:migrate`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Words(Vec<Vec<String>>);

impl From<String> for Words {
    fn from(text: String) -> Self {
        let either = |word: &str| word.split('|').map(str::to_owned).collect();
        Self(text.split_ascii_whitespace().map(either).collect())
    }
}

impl Words {
    /// Whether a command is of these words, and up to which of its words.
    ///
    /// The program is compared without its path; the other words must follow in order, whatever stands between them.
    pub fn last_of(&self, words: &[&str]) -> Option<usize> {
        let (program, rest) = self.0.split_first()?;
        let first = words.first()?;
        let base = first.rsplit('/').next().unwrap_or(first);
        // A program that is known by its folder (`bin/migrate`) is not known by its name alone.
        let is = |known: &String| {
            if known.contains('/') { format!("/{first}").ends_with(&format!("/{known}")) } else { fits(known, base) }
        };
        if !program.iter().any(is) {
            return None;
        }
        let mut at = 0;
        for either in rest {
            let from = at + 1;
            let found = words.get(from..)?.iter().position(|word| either.iter().any(|known| fits(known, word)))?;
            at = from + found;
        }
        Some(at)
    }
}
