//! The immutable picture of the inventory that every answer is made from: joined and indexed once, then only read.
//!
//! Interfaces lie in one table ordered by component ID and MAC, so that a component's are a range of it; their addresses
//! lie in another, in the same order. Indexes hold positions. Which of two rows keeps what both claim: `claims`.

mod build;
mod claims;
mod digest;
mod host;
mod related;

pub use host::Host;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use rustc_hash::FxHashMap;

use crate::boot::BootConfig;
use crate::component::{ComponentId, ComponentType, Nid};
use crate::inventory::Inventory;
use crate::mac::MacAddr;
use crate::rejected::Rejected;

/// One poll's inventory, joined and indexed.
#[derive(Default)]
pub struct Snapshot {
    /// Ordered by ID.
    components: Vec<Component>,
    /// The servable interfaces, ordered by component and MAC.
    interfaces: Vec<Interface>,
    addresses: Vec<IpAddr>,
    /// The interfaces' descriptions, one after the other.
    descriptions: String,
    /// Ordered by label.
    groups: Vec<Group>,
    by_mac: FxHashMap<MacAddr, Entry>,
    by_address: FxHashMap<IpAddr, u32>,
    /// NIDs and the components that have them, ordered.
    by_nid: Vec<(Nid, u32)>,
    last_update: Option<SystemTime>,
    digest: [u8; 32],
}

/// What the snapshot knows about a MAC.
#[derive(Debug, Clone, Copy)]
pub enum Known<'a> {
    /// An interface of a listed component, with one usable address or more.
    Host(Host<'a>),
    /// SMD lists the MAC, but it cannot be served; it must never be given a pool address.
    Unservable(Unservable<'a>),
    /// SMD does not know it.
    Unknown,
}

/// Why a known MAC cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unservable<'a> {
    /// Its row names no component, or one that SMD does not list, or cannot be read.
    Orphan,
    /// Its component is known, but the row holds no usable address.
    NoAddress(&'a ComponentId),
    /// Other rows claim all its addresses and are older.
    Conflict,
}

/// How much a snapshot holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Known MACs, servable or not.
    pub interfaces: usize,
    /// Listed components, with interfaces or without.
    pub components: usize,
    /// Servable interfaces.
    pub hosts: usize,
    /// Groups.
    pub groups: usize,
}

/// A component and where its interfaces lie.
struct Component {
    id: ComponentId,
    kind: ComponentType,
    nid: Option<Nid>,
    pattern_nid: Option<Nid>,
    role: Option<Box<str>>,
    sub_role: Option<Box<str>>,
    /// What it is called besides, in its source's order.
    aliases: Box<[Box<str>]>,
    partition: Option<Arc<str>>,
    interfaces: Range<u32>,
    /// The groups that it is a member of, ordered.
    groups: Box<[u32]>,
}

/// A servable interface and where its texts and addresses lie.
struct Interface {
    mac: MacAddr,
    component: u32,
    addresses: Range<u32>,
    description: Range<u32>,
    boot: Option<Arc<BootConfig>>,
}

struct Group {
    label: Box<str>,
    /// Components, ordered.
    members: Vec<u32>,
}

/// The verdict on a MAC, with positions.
#[derive(Clone, Copy)]
enum Entry {
    Host(u32),
    NoAddress(u32),
    Orphan,
    Conflict,
}

impl Snapshot {
    /// Joins and indexes an inventory. Rows that cannot be served come back with their reasons, one by one, after those
    /// that were put aside while the inventory was read.
    pub fn build(inventory: Inventory) -> (Self, Vec<Rejected>) {
        build::build(inventory)
    }

    /// The verdict on a MAC: the lookup of the DHCP path.
    pub fn lookup(&self, mac: MacAddr) -> Known<'_> {
        match self.by_mac.get(&mac) {
            None => Known::Unknown,
            Some(Entry::Host(index)) => Known::Host(self.at(*index)),
            Some(Entry::Orphan) => Known::Unservable(Unservable::Orphan),
            Some(Entry::Conflict) => Known::Unservable(Unservable::Conflict),
            Some(Entry::NoAddress(component)) => {
                Known::Unservable(Unservable::NoAddress(&self.components[*component as usize].id))
            }
        }
    }

    /// The servable interface with this MAC.
    pub fn host(&self, mac: MacAddr) -> Option<Host<'_>> {
        match self.lookup(mac) {
            Known::Host(host) => Some(host),
            Known::Unservable(_) | Known::Unknown => None,
        }
    }

    /// The servable interface that holds this address (an IPv4-mapped IPv6 address is its IPv4 address).
    pub fn host_at(&self, address: IpAddr) -> Option<Host<'_>> {
        self.by_address.get(&address.to_canonical()).map(|index| self.at(*index))
    }

    /// Every servable interface, ordered by component ID, then by MAC.
    pub fn hosts(&self) -> impl Iterator<Item = Host<'_>> {
        (0..self.interfaces.len() as u32).map(|index| self.at(index))
    }

    /// The servable interfaces of one component, in the order of [`Snapshot::hosts`].
    pub fn hosts_of<'a>(&'a self, id: &str) -> impl Iterator<Item = Host<'a>> + use<'a> {
        let component = self.components.binary_search_by(|component| component.id.as_str().cmp(id)).ok();
        component.into_iter().flat_map(|component| self.hosts_of_component(component))
    }

    /// The servable interfaces of the components with this NID (a Node's, or another's with a NID of its own).
    pub fn hosts_with_nid(&self, nid: Nid) -> impl Iterator<Item = Host<'_>> {
        let first = self.by_nid.partition_point(|entry| entry.0 < nid);
        let same = self.by_nid[first..].iter().take_while(move |entry| entry.0 == nid);
        same.flat_map(|entry| self.hosts_of_component(entry.1 as usize))
    }

    /// The servable interfaces of a group's members, in the order of [`Snapshot::hosts`].
    pub fn hosts_in_group<'a>(&'a self, label: &str) -> impl Iterator<Item = Host<'a>> + use<'a> {
        let group = self.groups.binary_search_by(|group| (*group.label).cmp(label)).ok();
        let members = group.map(|index| &self.groups[index].members);
        members.into_iter().flatten().flat_map(|component| self.hosts_of_component(*component as usize))
    }

    /// A digest of the content (inventory and boot), equal on every replica with the same content: 32 bytes, SHA-256.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The newest `LastUpdate` of all interface rows, served or not; `None` where no row has one. Deletions and changes of
    /// other fields leave no trace in it (facts: smd-bss §2).
    pub fn last_update(&self) -> Option<SystemTime> {
        self.last_update
    }

    /// How much it holds.
    pub fn counts(&self) -> Counts {
        Counts {
            interfaces: self.by_mac.len(),
            components: self.components.len(),
            hosts: self.interfaces.len(),
            groups: self.groups.len(),
        }
    }

    fn hosts_of_component(&self, component: usize) -> impl Iterator<Item = Host<'_>> {
        self.components[component].interfaces.clone().map(|index| self.at(index))
    }

    fn at(&self, index: u32) -> Host<'_> {
        Host { snapshot: self, index }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshot").field(&self.counts()).finish()
    }
}
