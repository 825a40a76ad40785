//! Records of credentials: Secrets, what is known of them, and who is handed which keys.

use std::collections::BTreeSet;

use super::SecretId;
use crate::catalog::Vendor;
use crate::finding::Evidence;
use crate::k8s::Word;
use crate::yaml::Origin;

/// How a workload is given a Secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// One key as one variable.
    Env(Word),
    /// All keys as variables.
    EnvFrom,
    /// As files.
    Volume,
    /// By Vault's agent or the CSI driver, as files.
    Injected,
    /// To pull images: the container does not see it.
    Pull,
}

/// A workload's access to a Secret.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The Secret.
    pub secret: SecretId,
    /// The container, by position; none where the pod as a whole is meant.
    pub container: Option<usize>,
    /// The keys; all of them where there are none.
    pub keys: Vec<Word>,
    /// Where the keys are said, in the same order.
    pub key_origins: Vec<Origin>,
    /// How.
    pub way: Way,
    /// Whether the pod starts without it.
    pub optional: bool,
    /// Where it is said.
    pub origin: Origin,
}

/// Where a credential is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keeper {
    /// A Secret of the cluster.
    Cluster,
    /// A path of Vault, brought into the pod by Vault's agent.
    Vault,
    /// A store behind a SecretProviderClass, brought into the pod by the CSI driver.
    Csi,
}

/// A Secret, by what is known of it from everywhere.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Where it is kept.
    pub keeper: Keeper,
    /// Its namespace.
    pub namespace: Word,
    /// Its name; the path in Vault, or the SecretProviderClass.
    pub name: Word,
    /// What says that it holds a database credential.
    pub database: Option<DatabaseCredential>,
    /// What says that it is an administrator's.
    pub admin: Option<Evidence>,
    /// The vendor whose database it opens.
    pub vendor: Option<(&'static Vendor, Evidence)>,
    /// The keys that open a database.
    pub database_keys: Keyed,
    /// The keys that are an administrator's.
    pub admin_keys: Keyed,
    /// The keys that are the vendor's.
    pub vendor_keys: Keyed,
}

impl Secret {
    /// The database credential that a grant hands over.
    pub fn database_for(&self, grant: &Grant) -> Option<&DatabaseCredential> {
        self.database.as_ref().filter(|_| self.database_keys.reaches(grant))
    }

    /// Why a grant hands over an administrator's credential.
    pub fn admin_for(&self, grant: &Grant) -> Option<&Evidence> {
        self.admin.as_ref().filter(|_| self.admin_keys.reaches(grant))
    }

    /// The key by which a grant of a single key hands it over, where one is named.
    pub fn admin_key<'g>(&self, grant: &'g Grant) -> Option<(&'g Word, &'g Origin)> {
        let Keyed::Only(keys) = &self.admin_keys else { return None };
        grant.keys.iter().zip(&grant.key_origins).find(|(key, _)| keys.contains(*key))
    }

    /// The vendor whose credential a grant hands over.
    pub fn vendor_for(&self, grant: &Grant) -> Option<(&'static Vendor, &Evidence)> {
        let (vendor, evidence) = self.vendor.as_ref()?;
        self.vendor_keys.reaches(grant).then_some((*vendor, evidence))
    }
}

/// Which keys of a Secret something is true of: a Secret may hold a database's password beside many other things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keyed {
    /// All of them.
    All,
    /// These.
    Only(BTreeSet<Word>),
}

impl Default for Keyed {
    fn default() -> Self {
        Keyed::Only(BTreeSet::new())
    }
}

impl Keyed {
    /// Adds a key; all of them where none is named.
    pub fn add(&mut self, key: Option<&Word>) {
        match (&mut *self, key) {
            (Keyed::Only(keys), Some(key)) => {
                keys.insert(key.clone());
            }
            _ => *self = Keyed::All,
        }
    }

    /// Whether a grant hands one of the keys over.
    fn reaches(&self, grant: &Grant) -> bool {
        match self {
            Keyed::All => true,
            Keyed::Only(keys) => grant.keys.is_empty() || grant.keys.iter().any(|key| keys.contains(key)),
        }
    }
}

/// What is known of a database credential.
#[derive(Debug, Clone)]
pub struct DatabaseCredential {
    /// The database, where it is known.
    pub database: Option<String>,
    /// The role, where it is known.
    pub role: Option<String>,
    /// Why.
    pub evidence: Evidence,
}
