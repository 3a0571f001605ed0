//! Boot parameters in Postgres: each identifier has its own, and is found by itself only.

use std::collections::BTreeMap;

use super::{BootData, Requester, StoreError};
use crate::cluster::rows::BootParameters;
use crate::cluster::xname::Xname;

/// The stored identifiers.
pub(crate) struct Sql(BTreeMap<Key, BootData>);

/// An identifier as it was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Host(String),
    /// Lower case.
    Mac(String),
    Nid(i64),
}

impl Sql {
    /// The tables after BSS was told all this, in order.
    pub(crate) fn new(told: &[BootParameters]) -> Self {
        let mut sql = Self(BTreeMap::new());
        for entry in told {
            sql.put(entry);
        }
        sql
    }

    /// Stores an entry under those of its identifiers that are new.
    pub(super) fn add(&mut self, entry: &BootParameters) -> Result<(), StoreError> {
        let new: Vec<Key> = keys(entry).into_iter().filter(|key| !self.0.contains_key(key)).collect();
        if new.is_empty() {
            return Err(StoreError::Exists("all of it".into()));
        }
        for key in new {
            self.put_one(key, entry);
        }
        Ok(())
    }

    /// Stores an entry under the first list of identifiers that is not empty. Tags (`Default`, roles) are taken and
    /// never seen again; what the entry leaves out is kept.
    pub(super) fn put(&mut self, entry: &BootParameters) {
        for key in keys(entry) {
            if !matches!(&key, Key::Host(host) if Xname::parse(host).is_none()) {
                self.put_one(key, entry);
            }
        }
    }

    /// Changes those of the entry's identifiers that are there.
    pub(super) fn update(&mut self, entry: &BootParameters) -> Result<(), StoreError> {
        let known: Vec<Key> = keys(entry).into_iter().filter(|key| self.0.contains_key(key)).collect();
        if known.is_empty() {
            return Err(StoreError::NotFound(format!("{:?}", keys(entry))));
        }
        for key in known {
            self.put_one(key, entry);
        }
        Ok(())
    }

    /// Removes what has one of these identifiers, or boots this kernel or initrd.
    pub(super) fn delete(&mut self, entry: &BootParameters) -> Result<(), StoreError> {
        let keys = keys(entry);
        let before = self.0.len();
        let same = |own: &str, told: &str| !told.is_empty() && own == told;
        self.0.retain(|key, data| {
            !(keys.contains(key) || same(&data.kernel, &entry.kernel) || same(&data.initrd, &entry.initrd))
        });
        if self.0.len() == before && !keys.is_empty() {
            return Err(StoreError::NothingToDelete(format!("{keys:?}")));
        }
        Ok(())
    }

    fn put_one(&mut self, key: Key, entry: &BootParameters) {
        let stored = self.0.entry(key).or_default();
        let fields = [
            (&mut stored.kernel, &entry.kernel),
            (&mut stored.initrd, &entry.initrd),
            (&mut stored.params, &entry.params),
        ];
        for (field, told) in fields {
            if !told.is_empty() {
                field.clone_from(told);
            }
        }
    }

    /// What is stored under the very identifier.
    pub(crate) fn resolve(&self, requester: &Requester) -> BootData {
        let key = match requester {
            Requester::Mac(mac) => Key::Mac(mac.to_ascii_lowercase()),
            Requester::Name(name) => Key::Host(name.clone()),
            Requester::Nid(nid) => Key::Nid(*nid),
        };
        self.0.get(&key).cloned().unwrap_or_default()
    }

    /// One item for each set of parameters, with all that share it.
    pub(crate) fn all(&self) -> Vec<BootParameters> {
        grouped(self.0.iter())
    }

    /// One row for each identifier.
    pub(super) fn rows(&self) -> Vec<BootParameters> {
        self.0.iter().flat_map(|record| grouped([record].into_iter())).collect()
    }

    /// The same, of the identifiers that are asked for.
    pub(crate) fn find(&self, asked: &BootParameters) -> Vec<BootParameters> {
        let hosts = asked.hosts.iter().cloned().map(Key::Host);
        let macs = asked.macs.iter().map(|mac| Key::Mac(mac.to_ascii_lowercase()));
        let nids = asked.nids.iter().map(|nid| Key::Nid((*nid).into()));
        grouped(hosts.chain(macs).chain(nids).filter_map(|key| self.0.get_key_value(&key)))
    }
}

fn keys(entry: &BootParameters) -> Vec<Key> {
    if !entry.hosts.is_empty() {
        entry.hosts.iter().cloned().map(Key::Host).collect()
    } else if !entry.macs.is_empty() {
        entry.macs.iter().map(|mac| Key::Mac(mac.to_ascii_lowercase())).collect()
    } else {
        entry.nids.iter().map(|nid| Key::Nid((*nid).into())).collect()
    }
}

fn grouped<'a>(records: impl Iterator<Item = (&'a Key, &'a BootData)>) -> Vec<BootParameters> {
    let mut items: BTreeMap<&BootData, BootParameters> = BTreeMap::new();
    for (key, data) in records {
        let item = items.entry(data).or_insert_with(|| BootParameters {
            kernel: data.kernel.clone(),
            initrd: data.initrd.clone(),
            params: data.params.clone(),
            ..BootParameters::default()
        });
        match key {
            Key::Host(host) => item.hosts.push(host.clone()),
            Key::Mac(mac) => item.macs.push(mac.clone()),
            Key::Nid(nid) => item.nids.extend(i32::try_from(*nid)),
        }
    }
    items.into_values().collect()
}
