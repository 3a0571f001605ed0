//! BSS's storage of boot parameters, in the two forms that answer so differently (facts §7.2, §7.3, §12).

use crate::bss::hosts::{Directory, Host};
use crate::cluster::rows::BootParameters;
use crate::settings::{BssMode, Settings};

mod kv;
mod sql;

use kv::Kv;
use sql::Sql;

/// The storage.
pub(crate) enum Store {
    /// Postgres.
    Sql(Sql),
    /// etcd or memory.
    Kv(Kv),
}

/// What a requester boots.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BootData {
    /// URL of the kernel; `""`: the requester counts as unknown.
    pub(crate) kernel: String,
    /// URL of the initrd.
    pub(crate) initrd: String,
    /// Kernel command line.
    pub(crate) params: String,
    /// KV only: the token of the stored entry.
    pub(crate) referral_token: String,
}

/// Why the storage will not do what it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// This is there already.
    Exists(String),
    /// This is not there, so that it cannot be changed.
    NotFound(String),
    /// This is not there, so that it cannot be deleted.
    NothingToDelete(String),
}

/// What a requester calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requester {
    /// `mac=`, as sent.
    Mac(String),
    /// `name=`.
    Name(String),
    /// `nid=`.
    Nid(i64),
}

impl Store {
    /// The storage after BSS was told all this, in order.
    pub(crate) fn new(told: &[BootParameters], directory: &Directory, settings: &Settings) -> Self {
        match settings.bss.mode {
            BssMode::Sql => Self::Sql(Sql::new(told)),
            BssMode::Kv => Self::Kv(Kv::new(told, directory, settings.seed)),
        }
    }

    /// Stores what is not there yet.
    pub(crate) fn add(&mut self, told: &BootParameters, directory: &Directory) -> Result<(), StoreError> {
        match self {
            Self::Sql(sql) => sql.add(told),
            Self::Kv(kv) => kv.add(told, directory),
        }
    }

    /// Stores it whether it is there or not.
    pub(crate) fn put(&mut self, told: &BootParameters, directory: &Directory) {
        match self {
            Self::Sql(sql) => sql.put(told),
            Self::Kv(kv) => kv.put(told, directory, &told.referral_token),
        }
    }

    /// Changes what is there.
    pub(crate) fn update(&mut self, told: &BootParameters, directory: &Directory) -> Result<(), StoreError> {
        match self {
            Self::Sql(sql) => sql.update(told),
            Self::Kv(kv) => {
                kv.update(told, directory);
                Ok(())
            }
        }
    }

    /// Removes it.
    pub(crate) fn delete(&mut self, told: &BootParameters, directory: &Directory) -> Result<(), StoreError> {
        match self {
            Self::Sql(sql) => sql.delete(told),
            Self::Kv(kv) => kv.delete(told, directory),
        }
    }

    /// What is stored, so that a storage that is told just this holds just this.
    pub(crate) fn rows(&self) -> Vec<BootParameters> {
        match self {
            Self::Sql(sql) => sql.rows(),
            Self::Kv(kv) => kv.all(),
        }
    }

    /// What this requester boots; `host` is who it was found to be.
    pub(crate) fn resolve(&self, requester: &Requester, host: Option<&Host>) -> BootData {
        match self {
            Self::Sql(sql) => sql.resolve(requester),
            Self::Kv(kv) => kv.resolve(requester, host),
        }
    }

    /// KV only: what machines that nobody knows boot on this architecture.
    pub(crate) fn of_unknown(&self, arch: &str) -> Option<BootData> {
        match self {
            Self::Sql(_) => None,
            Self::Kv(kv) => Some(kv.of_unknown(arch)),
        }
    }

    /// Everything that is stored, as `GET /boot/v1/bootparameters` lists it.
    pub(crate) fn all(&self) -> Vec<BootParameters> {
        match self {
            Self::Sql(sql) => sql.all(),
            Self::Kv(kv) => kv.all(),
        }
    }

    /// What is stored for these identifiers.
    pub(crate) fn find(&self, asked: &BootParameters, directory: &Directory) -> Vec<BootParameters> {
        match self {
            Self::Sql(sql) => sql.find(asked),
            Self::Kv(kv) => kv.find(asked, directory),
        }
    }
}
