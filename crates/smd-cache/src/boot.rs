//! What a node boots: BSS's boot parameters or boot-service's configurations, and which of them fits who.
//!
//! BSS finds parameters by what they are stored under, in one of two ways ([`Precedence`], facts: smd-bss §7.3);
//! boot-service has targets and takes the configuration that fits best (facts: openchami-today §4). Which of the two a
//! body comes from shows in the body.

mod configurations;
mod glob;
mod key;
mod parameters;
mod read;

pub(crate) use key::Key;
pub use read::read_boot;

use std::sync::Arc;

use crate::component::{ComponentId, Nid};
use crate::mac::MacAddr;
use configurations::Configurations;
use parameters::Parameters;

/// What a node boots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct BootConfig {
    /// URL of the kernel.
    pub kernel: String,
    /// URL of the initrd; `""` where there is none.
    pub initrd: String,
    /// Kernel command line.
    pub params: String,
}

/// How BSS looks for a requester's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precedence {
    /// BSS on an SQL database, as in OpenCHAMI's recipes: by the very identifier in the request, nothing else.
    #[default]
    Sql,
    /// BSS on etcd or in memory: component xname, then the identifier in the request, then Role, then `Default`.
    Kv,
}

/// What a request names its node by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identifier<'a> {
    /// `?mac=`.
    Mac(MacAddr),
    /// `?name=`.
    Name(&'a str),
    /// `?nid=`.
    Nid(Nid),
}

/// Who boots, and what it may be found by besides what it asks with.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Its component's ID.
    pub id: &'a ComponentId,
    /// Its NID.
    pub nid: Option<Nid>,
    /// Its Role.
    pub role: Option<&'a str>,
    /// The labels of the groups that it is in.
    pub groups: &'a [&'a str],
}

/// Everything that there is to boot.
#[derive(Debug, Clone)]
pub enum BootTable {
    /// BSS's.
    Parameters(Parameters),
    /// boot-service's, or a file's.
    Configurations(Configurations),
}

impl BootTable {
    /// What the asker boots when it asks by this identifier; `None` where there is no kernel for it.
    pub fn resolve(&self, requested: Identifier<'_>, asker: &Asker<'_>) -> Option<&Arc<BootConfig>> {
        let found = match self {
            Self::Parameters(parameters) => parameters.resolve(requested, asker),
            Self::Configurations(configurations) => configurations.resolve(requested, asker),
        };
        found.filter(|config| !config.kernel.is_empty())
    }

    /// How many identifiers have parameters, or how many targets configurations have.
    pub fn len(&self) -> usize {
        match self {
            Self::Parameters(parameters) => parameters.len(),
            Self::Configurations(configurations) => configurations.len(),
        }
    }

    /// Whether there is nothing to boot.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether groups decide what is booted.
    pub fn names_groups(&self) -> bool {
        matches!(self, Self::Configurations(configurations) if configurations.names_groups())
    }
}

impl Default for BootTable {
    fn default() -> Self {
        Self::Parameters(Parameters::default())
    }
}
