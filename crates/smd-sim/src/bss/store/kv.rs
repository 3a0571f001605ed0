//! Boot parameters in etcd or memory: one entry a key, keys being xnames wherever the component is known, and tags.

use std::collections::{BTreeMap, BTreeSet};

use super::{BootData, Requester, StoreError};
use crate::bss::hosts::{Directory, Host};
use crate::cluster::rows::BootParameters;
use crate::cluster::uuid;

/// The stored keys. Kernels and initrds stay listed once they have been told.
pub(crate) struct Kv {
    entries: BTreeMap<String, BootData>,
    kernels: BTreeSet<String>,
    initrds: BTreeSet<String>,
}

impl Kv {
    /// The store after BSS was told all this, in order. Tokens are made up from the seed.
    pub(crate) fn new(told: &[BootParameters], directory: &Directory, seed: u64) -> Self {
        let mut kv = Self { entries: BTreeMap::new(), kernels: BTreeSet::new(), initrds: BTreeSet::new() };
        for (number, entry) in told.iter().enumerate() {
            match entry.referral_token.as_str() {
                "" => kv.put(entry, directory, &uuid::of(&format!("{seed}/{number}"))),
                token => kv.put(entry, directory, token),
            }
        }
        kv
    }

    /// Stores an entry none of whose keys is there yet. Without identifiers it is the kernel or initrd that is new.
    pub(super) fn add(&mut self, entry: &BootParameters, directory: &Directory) -> Result<(), StoreError> {
        let keys = keys(entry, directory);
        let told = [&entry.hosts, &entry.macs]
            .into_iter()
            .flatten()
            .cloned()
            .chain(entry.nids.iter().map(ToString::to_string));
        for (key, told) in keys.iter().zip(told) {
            if self.entries.contains_key(key) {
                return Err(StoreError::Exists(told));
            }
        }
        let images = [(&self.kernels, &entry.kernel), (&self.initrds, &entry.initrd)];
        if let Some((_, image)) = images.iter().find(|(known, image)| keys.is_empty() && known.contains(*image)) {
            return Err(StoreError::Exists((*image).clone()));
        }
        self.put(entry, directory, &entry.referral_token);
        Ok(())
    }

    /// Changes what is stored under these identifiers; those that are not there are passed over.
    pub(super) fn update(&mut self, entry: &BootParameters, directory: &Directory) {
        for key in keys(entry, directory) {
            let Some(data) = self.entries.get_mut(&key) else { continue };
            let fields = [
                (&mut data.kernel, &entry.kernel),
                (&mut data.initrd, &entry.initrd),
                (&mut data.params, &entry.params),
            ];
            for (field, told) in fields {
                if !told.is_empty() {
                    field.clone_from(told);
                }
            }
            self.kernels.extend(Some(data.kernel.clone()).filter(|kernel| !kernel.is_empty()));
            self.initrds.extend(Some(data.initrd.clone()).filter(|initrd| !initrd.is_empty()));
        }
    }

    /// Removes these keys; without identifiers it is the bare kernel or initrd that goes.
    pub(super) fn delete(&mut self, entry: &BootParameters, directory: &Directory) -> Result<(), StoreError> {
        let keys = keys(entry, directory);
        if keys.is_empty() {
            for (known, image) in [(&mut self.kernels, &entry.kernel), (&mut self.initrds, &entry.initrd)] {
                if !image.is_empty() && !known.remove(image) {
                    return Err(StoreError::NothingToDelete(image.clone()));
                }
            }
        }
        for key in keys {
            if self.entries.remove(&key).is_none() {
                return Err(StoreError::NothingToDelete(key));
            }
        }
        Ok(())
    }

    /// Stores an entry under the first list of identifiers that is not empty; what was there is replaced whole.
    pub(super) fn put(&mut self, entry: &BootParameters, directory: &Directory, referral_token: &str) {
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        self.kernels.extend(told(&entry.kernel));
        self.initrds.extend(told(&entry.initrd));
        for key in keys(entry, directory) {
            let data = BootData {
                kernel: entry.kernel.clone(),
                initrd: entry.initrd.clone(),
                params: entry.params.clone(),
                referral_token: referral_token.into(),
            };
            self.entries.insert(key, data);
        }
    }

    /// Component → literal identifier → role → `Default`.
    pub(crate) fn resolve(&self, requester: &Requester, host: Option<&Host>) -> BootData {
        let literal = match requester {
            Requester::Mac(text) | Requester::Name(text) => text.clone(),
            Requester::Nid(nid) => nid_key(*nid),
        };
        let component = host.map(|host| host.component.id.as_str());
        let role = host.map(|host| host.component.role.as_str());
        let keys = component.into_iter().chain([literal.as_str()]).chain(role).chain(["Default"]);
        keys.filter(|key| !key.is_empty()).find_map(|key| self.entries.get(key)).cloned().unwrap_or_default()
    }

    /// What machines that nobody knows boot on this architecture.
    pub(crate) fn of_unknown(&self, arch: &str) -> BootData {
        self.entries.get(&format!("Unknown-{arch}")).cloned().unwrap_or_default()
    }

    /// Bare kernels, bare initrds, then one item a key.
    pub(crate) fn all(&self) -> Vec<BootParameters> {
        let kernels = self.kernels.iter();
        let kernels = kernels.map(|kernel| BootParameters { kernel: kernel.clone(), ..BootParameters::default() });
        let initrds = self.initrds.iter();
        let initrds = initrds.map(|initrd| BootParameters { initrd: initrd.clone(), ..BootParameters::default() });
        kernels.chain(initrds).chain(self.entries.iter().map(item)).collect()
    }

    /// The items of these identifiers, each looked for as a key first and then by the component behind the key.
    pub(crate) fn find(&self, asked: &BootParameters, directory: &Directory) -> Vec<BootParameters> {
        let macs = asked.macs.iter().filter_map(|mac| directory.by_mac(mac));
        let nids = asked.nids.iter().filter_map(|nid| directory.by_nid((*nid).into()));
        let components = macs.chain(nids).map(|host| host.component.id.as_str());
        let keys: BTreeSet<&str> = asked.hosts.iter().map(String::as_str).chain(components).collect();
        keys.into_iter().filter_map(|key| self.entries.get_key_value(key)).map(item).collect()
    }
}

fn keys(entry: &BootParameters, directory: &Directory) -> Vec<String> {
    let id = |host: &Host| host.component.id.clone();
    if !entry.hosts.is_empty() {
        entry.hosts.clone()
    } else if !entry.macs.is_empty() {
        entry.macs.iter().map(|mac| directory.by_mac(mac).map_or_else(|| mac.clone(), id)).collect()
    } else {
        let nids = entry.nids.iter().map(|nid| i64::from(*nid));
        nids.map(|nid| directory.by_nid(nid).map_or_else(|| nid_key(nid), id)).collect()
    }
}

fn item((key, data): (&String, &BootData)) -> BootParameters {
    BootParameters {
        hosts: vec![key.clone()],
        kernel: data.kernel.clone(),
        initrd: data.initrd.clone(),
        params: data.params.clone(),
        referral_token: data.referral_token.clone(),
        ..BootParameters::default()
    }
}

fn nid_key(nid: i64) -> String {
    format!("nid{nid}")
}
