//! BSS's boot parameters: found by what they are stored under, and nothing else (facts: smd-bss §7.3).

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::key::{Key, folded};
use super::{Asker, BootConfig, Identifier, Precedence};
use crate::component::Nid;
use crate::mac::MacAddr;
use crate::rejected::RejectReason;
use crate::wire::BootParameters;

/// All boot parameters of a BSS, by what they are stored under.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    precedence: Precedence,
    by_mac: FxHashMap<MacAddr, Arc<BootConfig>>,
    by_nid: FxHashMap<Nid, Arc<BootConfig>>,
    by_name: FxHashMap<Box<str>, Arc<BootConfig>>,
}

impl Parameters {
    pub(super) fn new(precedence: Precedence) -> Self {
        Self { precedence, ..Self::default() }
    }

    pub(super) fn resolve(&self, requested: Identifier<'_>, asker: &Asker<'_>) -> Option<&Arc<BootConfig>> {
        match self.precedence {
            Precedence::Sql => self.stored_under(requested),
            Precedence::Kv => self
                .stored_under(Identifier::Name(asker.id.as_str()))
                .or_else(|| self.stored_under(requested))
                .or_else(|| self.by_name.get(asker.role?))
                .or_else(|| self.by_name.get("Default")),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_mac.len() + self.by_nid.len() + self.by_name.len()
    }

    /// Stores one item under each of its identifiers. An item without any (BSS in KV mode lists its images so) is
    /// nobody's.
    pub(super) fn store(&mut self, row: &BootParameters<'_>, mut reject: impl FnMut(RejectReason)) {
        let config = Arc::new(row.config());
        for value in row.hosts.0.iter().chain(&row.macs.0).chain(&row.nids.0) {
            let is_new = match Key::read(value) {
                Some(Key::Mac(mac)) => insert(self.by_mac.entry(mac), &config),
                Some(Key::Nid(nid)) => insert(self.by_nid.entry(nid), &config),
                Some(Key::Name(name)) => insert(self.by_name.entry(name), &config),
                None => {
                    reject(RejectReason::BootIdentifier(value.to_string()));
                    continue;
                }
            };
            if !is_new {
                reject(RejectReason::DuplicateBoot(value.to_string()));
            }
        }
    }

    fn stored_under(&self, identifier: Identifier<'_>) -> Option<&Arc<BootConfig>> {
        if self.len() == 0 {
            return None;
        }
        match identifier {
            Identifier::Mac(mac) => self.by_mac.get(&mac),
            Identifier::Nid(nid) => self.by_nid.get(&nid),
            Identifier::Name(name) => self.by_name.get(&*folded(name)),
        }
    }
}

/// Whether the config has been stored: the first under an identifier stays.
fn insert<K>(entry: Entry<'_, K, Arc<BootConfig>>, config: &Arc<BootConfig>) -> bool {
    match entry {
        Entry::Occupied(first) => first.get() == config,
        Entry::Vacant(slot) => {
            slot.insert(Arc::clone(config));
            true
        }
    }
}
