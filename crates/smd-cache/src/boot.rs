//! BSS's boot parameters, and which of them a node boots with.
//!
//! BSS resolves in one of two ways (facts: smd-bss §7.3), after how it stores: see [`Precedence`].

mod read;

pub use read::read_boot;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::component::{ComponentId, Nid};
use crate::mac::MacAddr;
use crate::xname::Xname;

/// What a node boots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

/// All boot parameters, by what they are stored under.
#[derive(Debug, Clone, Default)]
pub struct BootTable {
    precedence: Precedence,
    by_mac: FxHashMap<MacAddr, Arc<BootConfig>>,
    by_nid: FxHashMap<Nid, Arc<BootConfig>>,
    by_name: FxHashMap<Box<str>, Arc<BootConfig>>,
}

impl BootTable {
    /// What the component boots when it asks by this identifier; `None` where BSS has no kernel for it.
    pub fn resolve(&self, requested: Identifier<'_>, id: &ComponentId, role: Option<&str>) -> Option<&Arc<BootConfig>> {
        let found = match self.precedence {
            Precedence::Sql => self.stored_under(requested),
            Precedence::Kv => self
                .stored_under(Identifier::Name(id.as_str()))
                .or_else(|| self.stored_under(requested))
                .or_else(|| self.by_name.get(role?))
                .or_else(|| self.by_name.get("Default")),
        };
        found.filter(|config| !config.kernel.is_empty())
    }

    /// How many identifiers have parameters.
    pub fn len(&self) -> usize {
        self.by_mac.len() + self.by_nid.len() + self.by_name.len()
    }

    /// Whether no identifier has parameters.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn stored_under(&self, identifier: Identifier<'_>) -> Option<&Arc<BootConfig>> {
        if self.is_empty() {
            return None;
        }
        match identifier {
            Identifier::Mac(mac) => self.by_mac.get(&mac),
            Identifier::Nid(nid) => self.by_nid.get(&nid),
            Identifier::Name(name) => self.by_name.get(&*folded(name)),
        }
    }
}

/// An xname in its normal form; any other name (a role, `Default`) as it is.
fn folded(name: &str) -> Box<str> {
    Xname::parse(name).map_or_else(|| name.into(), |xname| xname.to_string().into())
}
