//! STUB of the contract by the architect: helper `smd-cache` replaces the bodies, the signatures stay.
//!
//! The immutable picture of the inventory that every answer is made from.

use std::net::IpAddr;

use crate::boot::BootConfig;
use crate::component::{ComponentId, ComponentType, Nid};
use crate::inventory::Inventory;
use crate::mac::MacAddr;
use crate::rejected::Rejected;

/// One poll's inventory, joined and indexed.
#[derive(Debug, Default)]
pub struct Snapshot {}

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
    /// Its row names no component, or one that SMD does not list.
    Orphan,
    /// Its component is known, but the row holds no usable address.
    NoAddress(&'a ComponentId),
    /// Two rows claim its address (or the MAC itself) and the older one keeps it.
    Conflict,
}

/// A network interface of a component: what DHCP and DNS answer about.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    _snapshot: &'a Snapshot,
    _index: u32,
}

impl Snapshot {
    /// Joins and indexes an inventory. Rows that cannot be served come back with their reasons, one by one.
    pub fn build(_inventory: Inventory) -> (Self, Vec<Rejected>) {
        todo!()
    }

    /// The verdict on a MAC: the lookup of the DHCP path.
    pub fn lookup(&self, _mac: MacAddr) -> Known<'_> {
        todo!()
    }

    /// The servable interface with this MAC.
    pub fn host(&self, _mac: MacAddr) -> Option<Host<'_>> {
        todo!()
    }

    /// The servable interface that holds this address.
    pub fn host_at(&self, _address: IpAddr) -> Option<Host<'_>> {
        todo!()
    }

    /// Every servable interface, ordered by component ID, then by SMD's order of rows made stable (MAC).
    pub fn hosts(&self) -> impl Iterator<Item = Host<'_>> {
        std::iter::empty()
    }

    /// The interfaces of one component, in the order of [`Snapshot::hosts`].
    pub fn hosts_of(&self, _id: &str) -> impl Iterator<Item = Host<'_>> {
        std::iter::empty()
    }

    /// The interfaces of the components with this NID (a Node's, or another's with a NID of its own).
    pub fn hosts_with_nid(&self, _nid: Nid) -> impl Iterator<Item = Host<'_>> {
        std::iter::empty()
    }

    /// The interfaces of a group's members.
    pub fn hosts_in_group(&self, _label: &str) -> impl Iterator<Item = Host<'_>> {
        std::iter::empty()
    }

    /// A digest of the content (inventory and boot), equal on every replica with the same content: 32 bytes, SHA-256.
    pub fn digest(&self) -> [u8; 32] {
        todo!()
    }
}

impl<'a> Host<'a> {
    /// The interface's MAC address.
    pub fn mac(self) -> MacAddr {
        todo!()
    }
    /// The component that the interface belongs to.
    pub fn id(self) -> &'a ComponentId {
        todo!()
    }
    /// The component's type, from Components (not from the interface row).
    pub fn component_type(self) -> &'a ComponentType {
        todo!()
    }
    /// The component's own NID as SMD lists it; `None` where there is none.
    pub fn nid(self) -> Option<Nid> {
        todo!()
    }
    /// The NID for hostname patterns: a Node's own, or that of the one node that is child or parent of this component
    /// (`x1000c0s0b0` ↔ `x1000c0s0b0n0`); `None` when there is none or several.
    pub fn pattern_nid(self) -> Option<Nid> {
        todo!()
    }
    /// Addresses of both families in SMD's order, parsed; never empty, no duplicates.
    pub fn addresses(self) -> &'a [IpAddr] {
        todo!()
    }
    /// The labels of the groups that the component is a member of, sorted.
    pub fn groups(self) -> impl Iterator<Item = &'a str> {
        std::iter::empty()
    }
    /// SMD's Description of the interface.
    pub fn description(self) -> &'a str {
        todo!()
    }
    /// SMD's Role of the component (`Compute`, …), where it has one.
    pub fn role(self) -> Option<&'a str> {
        todo!()
    }
    /// Boot configuration as BSS resolves it for `?mac=` of this interface, where BSS has one.
    pub fn boot(self) -> Option<&'a BootConfig> {
        todo!()
    }
}
