//! A network interface of a component: what DHCP and DNS answer about.

use std::fmt;
use std::net::IpAddr;

use super::{Component, Interface, Snapshot};
use crate::boot::BootConfig;
use crate::component::{ComponentId, ComponentType, Nid};
use crate::mac::MacAddr;

/// A servable interface, lent by its snapshot.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) index: u32,
}

impl<'a> Host<'a> {
    /// The interface's MAC address.
    pub fn mac(self) -> MacAddr {
        self.interface().mac
    }

    /// The component that the interface belongs to.
    pub fn id(self) -> &'a ComponentId {
        &self.component().id
    }

    /// The component's type, from Components (not from the interface row).
    pub fn component_type(self) -> &'a ComponentType {
        &self.component().kind
    }

    /// The component's own NID as SMD lists it; `None` where there is none.
    pub fn nid(self) -> Option<Nid> {
        self.component().nid
    }

    /// The NID for hostname patterns: the component's own, or that of the one node that is child or parent of this
    /// component (`x1000c0s0b0` ↔ `x1000c0s0b0n0`); `None` when there is none or several.
    pub fn pattern_nid(self) -> Option<Nid> {
        self.component().pattern_nid
    }

    /// Addresses of both families in SMD's order, parsed; never empty, no duplicates.
    pub fn addresses(self) -> &'a [IpAddr] {
        let range = &self.interface().addresses;
        &self.snapshot.addresses[range.start as usize..range.end as usize]
    }

    /// The labels of the groups that the component is a member of, sorted.
    pub fn groups(self) -> impl Iterator<Item = &'a str> {
        self.component().groups.iter().map(move |group| &*self.snapshot.groups[*group as usize].label)
    }

    /// SMD's Description of the interface.
    pub fn description(self) -> &'a str {
        let range = &self.interface().description;
        &self.snapshot.descriptions[range.start as usize..range.end as usize]
    }

    /// SMD's Role of the component (`Compute`, …), where it has one.
    pub fn role(self) -> Option<&'a str> {
        self.component().role.as_deref()
    }

    /// SMD's `SubRole` of the component (`Worker`, …), where it has one.
    pub fn sub_role(self) -> Option<&'a str> {
        self.component().sub_role.as_deref()
    }

    /// The partition that the component is in, where SMD has partitions and they are asked for.
    pub fn partition(self) -> Option<&'a str> {
        self.component().partition.as_deref()
    }

    /// What the component is called besides its ID, in its source's order: the `name` of a `nodes.yaml`.
    pub fn aliases(self) -> impl Iterator<Item = &'a str> {
        self.component().aliases.iter().map(|alias| &**alias)
    }

    /// Boot configuration as BSS or boot-service resolves it for `?mac=` of this interface, where there is one.
    pub fn boot(self) -> Option<&'a BootConfig> {
        self.interface().boot.as_deref()
    }

    fn interface(self) -> &'a Interface {
        &self.snapshot.interfaces[self.index as usize]
    }

    fn component(self) -> &'a Component {
        &self.snapshot.components[self.interface().component as usize]
    }
}

impl fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({} {} {:?})", self.id(), self.mac(), self.addresses())
    }
}
