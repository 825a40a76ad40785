//! What is known of products, migration tools and secrets before a repository is read: `rules/catalog/*.yaml`.
//!
//! The files are embedded and parsed once; an error in one of them is a failing test. Nothing here reads a repository or
//! judges: it answers "whose is this name?".

mod credential;
mod health;
mod image;
mod pattern;
mod recognise;
mod secret;
pub mod shell;
mod tool;
mod vendor;
mod words;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::yaml::Node;

pub use credential::CredentialKind;
pub use health::Health;
pub use pattern::{Fit, ImageRef, fits};
pub use recognise::{Action, Given, How, Inline, Located, ToolUse};
pub use secret::{MadeSecret, SecretRole, WellKnown};
pub use tool::{Client, Embedded, Setting, Settings, Sources, Tool, Words};
pub use vendor::{GroupKind, Match, Migration, Sureness, Vendor, When};

const VENDORS: &[(&str, &str)] = &[
    ("vendors.yaml", include_str!("../rules/catalog/vendors.yaml")),
    ("self-migrating.yaml", include_str!("../rules/catalog/self-migrating.yaml")),
];
const TOOLS: &str = include_str!("../rules/catalog/tools.yaml");
const SECRETS: &str = include_str!("../rules/catalog/secrets.yaml");
const HEALTH: &str = include_str!("../rules/catalog/health.yaml");
const IMAGES: &str = include_str!("../rules/catalog/images.yaml");
const CREDENTIALS: &str = include_str!("../rules/catalog/credentials.yaml");

/// Everything that is known.
#[derive(Debug, Default)]
pub struct Catalog {
    vendors: Vec<Vendor>,
    tools: Vec<Tool>,
    secrets: secret::SecretFile,
    health: health::HealthFile,
    credentials: credential::CredentialFile,
    images: image::ImageFile,
}

/// The embedded catalogue.
pub fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load().unwrap_or_default());
    &CATALOG
}

impl Catalog {
    /// Parses the embedded files; the error names the file.
    fn load() -> Result<Self, String> {
        let mut catalog = Self::default();
        for (name, text) in VENDORS {
            catalog.vendors.extend(read::<VendorFile>(name, text)?.vendors);
        }
        catalog.vendors.iter_mut().for_each(Vendor::prepare);
        catalog.tools = read::<ToolFile>("tools.yaml", TOOLS)?.tools;
        catalog.secrets = read("secrets.yaml", SECRETS)?;
        catalog.health = read("health.yaml", HEALTH)?;
        catalog.credentials = read("credentials.yaml", CREDENTIALS)?;
        catalog.images = read("images.yaml", IMAGES)?;
        Ok(catalog)
    }

    /// All vendors, those known in depth first.
    pub fn vendors(&self) -> &[Vendor] {
        &self.vendors
    }

    /// The vendor with an id.
    pub fn vendor(&self, id: &str) -> Option<&Vendor> {
        self.vendors.iter().find(|vendor| vendor.id == id)
    }

    /// All tools and clients.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool with an id.
    pub fn tool(&self, id: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.id == id)
    }

    /// Whose image this is.
    pub fn vendor_of_image(&self, image: &str) -> Option<Match<'_>> {
        let image = ImageRef::parse(image);
        self.best(|vendor| vendor.image(&image))
    }

    /// Whose operator's resource this is.
    pub fn vendor_of_resource(&self, group: &str, kind: &str) -> Option<Match<'_>> {
        self.best(|vendor| {
            vendor.resources.iter().any(|it| it.group == group && it.kind == kind).then_some(Sureness::Exact)
        })
    }

    /// Whose database this is, by its name.
    pub fn vendor_of_database(&self, name: &str) -> Option<Match<'_>> {
        let (spelled, all) = (vendor::spelled(name), pattern::words(name));
        self.best(|vendor| vendor.database(&spelled, &all))
    }

    /// Which product is given its database by an environment variable of this name.
    pub fn vendor_of_env(&self, name: &str) -> Option<Match<'_>> {
        let all = pattern::words(name);
        self.best(|vendor| vendor.env(name, &all))
    }

    /// Whose database credential a secret of this name is.
    pub fn vendor_of_secret_name(&self, name: &str) -> Option<Match<'_>> {
        let (lower, all) = (name.to_lowercase(), pattern::words(name));
        self.best(|vendor| vendor.secret(&lower, &all))
    }

    /// Whose chart this is.
    pub fn vendor_of_chart(&self, name: &str) -> Option<Match<'_>> {
        self.best(|vendor| vendor.charts.iter().any(|chart| chart == name).then_some(Sureness::Exact))
    }

    /// Whether resources of a kind make Secrets (Crossplane's connection secrets aside, which any kind may have).
    pub fn makes_secrets(&self, group: &str, kind: &str) -> bool {
        self.secrets.makes(group, kind)
    }

    /// The Secrets that the controller of a resource makes.
    pub fn made_secrets(&self, group: &str, kind: &str, resource: &Node) -> Vec<MadeSecret> {
        self.secrets.made_by(group, kind, resource)
    }

    /// Who brings an object of this name without anybody asking, if somebody does.
    pub fn well_known(&self, kind: &str, name: &str) -> Option<&WellKnown> {
        self.secrets.wellknown.iter().find(|known| known.kind == kind && fits(&known.name, name))
    }

    /// What Argo CD does after it applied an object of a kind.
    pub fn health(&self, group: &str, kind: &str) -> Health {
        self.health.of(group, kind)
    }

    /// What a key or variable of this name holds, if it is a credential.
    pub fn credential_kind(&self, name: &str) -> Option<CredentialKind> {
        self.credentials.kind(name)
    }

    /// Whether a key or variable of this name holds a credential by itself (an address may hold one: its value decides).
    pub fn is_credential_name(&self, name: &str) -> bool {
        self.credential_kind(name).is_some_and(|kind| kind != CredentialKind::Address)
    }

    /// Whether an image is a database server's.
    pub fn is_database_server(&self, image: &str) -> bool {
        self.images.is_server(&ImageRef::parse(image))
    }

    /// What people call a sidecar that never ends by itself, if an image is one's.
    pub fn sidecar(&self, image: &str) -> Option<&str> {
        self.images.sidecar(&ImageRef::parse(image))
    }

    /// Whether a database user of this name may do everything.
    pub fn is_admin_user(&self, name: &str) -> bool {
        self.credentials.is_admin_user(name)
    }

    /// Whether a Secret of this name opens everything in a database.
    pub fn is_admin_secret(&self, name: &str) -> bool {
        self.credentials.is_admin_secret(name)
    }

    /// Whether a key is called after a server's product: the administrator's where nothing says another user.
    pub fn is_product_key(&self, key: &str) -> bool {
        self.credentials.is_product_key(key)
    }

    /// Whether a key of this name holds an administrator's password of a database.
    pub fn is_admin_key(&self, key: &str) -> bool {
        self.credentials.is_admin_key(key)
    }

    /// Whether a value stands for one that is still to come.
    pub fn is_placeholder(&self, value: &str) -> bool {
        self.credentials.is_placeholder(value)
    }

    /// Whether a value says that no credential is wanted.
    pub fn is_no_credential(&self, value: &str) -> bool {
        self.credentials.is_nothing(value)
    }

    /// Whether a value is a password that everybody tries first.
    pub fn is_weak_password(&self, value: &str) -> bool {
        self.credentials.is_weak(value)
    }

    /// The surest vendor; of equals the first in the catalogue.
    fn best(&self, sureness: impl Fn(&Vendor) -> Option<Sureness>) -> Option<Match<'_>> {
        let mut best: Option<Match<'_>> = None;
        for vendor in &self.vendors {
            if let Some(sureness) = sureness(vendor)
                && best.is_none_or(|known| known.sureness < sureness)
            {
                best = Some(Match { vendor, sureness });
            }
        }
        best
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorFile {
    vendors: Vec<Vendor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolFile {
    tools: Vec<Tool>,
}

fn read<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tool_tests;
