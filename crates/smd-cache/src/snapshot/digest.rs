//! A digest of a snapshot's content that does not depend on the order in which SMD and BSS listed it, so that replicas
//! agree and a poll that changed nothing is seen to have changed nothing.

use std::net::IpAddr;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::{Entry, Snapshot};
use crate::boot::BootConfig;

/// SHA-256 over every component, interface, group and boot configuration, in the snapshot's own order.
pub(super) fn digest(snapshot: &Snapshot) -> [u8; 32] {
    let mut content = Content::default();
    content.number(snapshot.components.len() as u64);
    for component in &snapshot.components {
        content.text(component.id.as_str());
        content.text(component.kind.as_str());
        content.text(&component.nid.map_or_else(String::new, |nid| nid.to_string()));
        for text in [component.role.as_deref(), component.sub_role.as_deref(), component.partition.as_deref()] {
            content.text(text.unwrap_or_default());
        }
        content.number(component.aliases.len() as u64);
        component.aliases.iter().for_each(|alias| content.text(alias));
        content.number(component.interfaces.len() as u64);
        content.number(component.groups.len() as u64);
        component.groups.iter().for_each(|group| content.number(u64::from(*group)));
    }
    let mut boots: FxHashMap<*const BootConfig, [u8; 32]> = FxHashMap::default();
    for host in snapshot.hosts() {
        content.bytes(&host.mac().octets());
        content.number(host.addresses().len() as u64);
        host.addresses().iter().for_each(|address| content.address(*address));
        content.text(host.description());
        match host.boot() {
            None => content.number(0),
            Some(boot) => content.bytes(boots.entry(boot).or_insert_with(|| boot_digest(boot))),
        }
    }
    content.number(snapshot.groups.len() as u64);
    snapshot.groups.iter().for_each(|group| content.text(&group.label));
    for (mac, verdict) in unservable(snapshot) {
        content.bytes(&mac);
        content.number(verdict);
    }
    content.finish()
}

/// The MACs that are known but not served, in order, with a number for why.
fn unservable(snapshot: &Snapshot) -> Vec<([u8; 6], u64)> {
    let numbered = snapshot.by_mac.iter().filter_map(|(mac, entry)| match entry {
        Entry::Host(_) => None,
        Entry::Orphan => Some((mac.octets(), 0)),
        Entry::Conflict => Some((mac.octets(), 1)),
        Entry::NoAddress(component) => Some((mac.octets(), 2 + u64::from(*component))),
    });
    let mut all: Vec<([u8; 6], u64)> = numbered.collect();
    all.sort_unstable();
    all
}

fn boot_digest(boot: &BootConfig) -> [u8; 32] {
    let mut content = Content::default();
    content.text(&boot.kernel);
    content.text(&boot.initrd);
    content.text(&boot.params);
    content.finish()
}

/// Values written one after the other, each with its length, so that no two contents are written alike.
#[derive(Default)]
struct Content(Vec<u8>);

impl Content {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.bytes(&address.octets()),
            IpAddr::V6(address) => self.bytes(&address.octets()),
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn finish(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}
