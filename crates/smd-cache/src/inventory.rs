//! The typed inventory: bodies in, typed rows out, and what had to be put aside on the way.
//!
//! Fetching bodies is somebody else's work ([`crate::refresh`], a file, a test); joining rows is [`crate::Snapshot`]'s.

mod components;
mod groups;
mod interfaces;

pub use components::read_components;
pub(crate) use components::read_nid;
pub use groups::{read_groups, read_partitions};
pub use interfaces::read_interfaces;

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;
use time::OffsetDateTime;

use crate::boot::{BootTable, Precedence, read_boot};
use crate::component::{ComponentId, ComponentType, Nid};
use crate::mac::MacAddr;
use crate::rejected::Rejected;
use crate::wire::BodyError;

/// Everything that was read in one poll, typed.
#[derive(Debug, Default, Clone)]
pub struct Inventory {
    /// SMD's `EthernetInterfaces`.
    pub interfaces: Vec<Interface>,
    /// MACs of interface rows that cannot be read otherwise: known, never served.
    pub unreadable: Vec<MacAddr>,
    /// SMD's Components.
    pub components: Vec<Component>,
    /// SMD's groups; empty where they are not asked for.
    pub groups: Vec<Group>,
    /// SMD's partitions; empty where they are not asked for.
    pub partitions: Vec<Group>,
    /// BSS's boot parameters; empty where there is no BSS.
    pub boot: BootTable,
    /// What was put aside while reading.
    pub rejected: Vec<Rejected>,
}

/// A row of `EthernetInterfaces`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Where the row stands in its collection, from 0.
    pub row: usize,
    /// SMD's key of the row.
    pub id: Box<str>,
    /// Its MAC address.
    pub mac: MacAddr,
    /// The component that it names.
    pub component: Option<ComponentId>,
    /// Free text.
    pub description: Box<str>,
    /// When its addresses were last written; `None` where that is unknown, which counts as youngest.
    pub updated: Option<OffsetDateTime>,
    /// Its usable addresses in SMD's order, IPv4-mapped IPv6 as IPv4, no duplicates.
    pub addresses: Vec<IpAddr>,
}

/// A row of Components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Where the row stands in its collection, from 0.
    pub row: usize,
    /// Its ID.
    pub id: ComponentId,
    /// Its type.
    pub component_type: ComponentType,
    /// Its NID; `None` where it has none (absent or negative).
    pub nid: Option<Nid>,
    /// Its Role.
    pub role: Option<Box<str>>,
    /// Its `SubRole`.
    pub sub_role: Option<Box<str>>,
    /// What it is called besides.
    pub aliases: Box<[Box<str>]>,
}

/// A group or a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its label; a partition's name.
    pub label: Box<str>,
    /// The component IDs of its members.
    pub members: Vec<ComponentId>,
}

/// The bodies that make an inventory, as they came.
#[derive(Debug, Clone, Copy)]
pub struct Bodies<'a> {
    /// `/hsm/v2/Inventory/EthernetInterfaces`.
    pub interfaces: &'a [u8],
    /// `/hsm/v2/State/Components`.
    pub components: &'a [u8],
    /// `/hsm/v2/groups`, where they were asked for.
    pub groups: Option<&'a [u8]>,
    /// `/boot/v1/bootparameters`, `/boot/v1/dumpstate` or `/bootconfigurations`, and which way a BSS resolves.
    pub boot: Option<(&'a [u8], Precedence)>,
}

/// A collection of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// SMD's `EthernetInterfaces`.
    Interfaces,
    /// SMD's Components.
    Components,
    /// SMD's groups.
    Groups,
    /// SMD's partitions.
    Partitions,
    /// BSS's boot parameters, or boot-service's configurations.
    Boot,
}

/// A body that is not what its path promises.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{part}: {error}")]
pub struct PartError {
    /// Which collection.
    pub part: Part,
    /// What is wrong with its body.
    pub error: BodyError,
}

impl Inventory {
    /// Reads all bodies; the first that cannot be taken whole is the error.
    pub fn read(bodies: &Bodies<'_>) -> Result<Self, PartError> {
        let at = |part| move |error| PartError { part, error };
        let mut inventory = Self::default();
        read_interfaces(&mut inventory, bodies.interfaces).map_err(at(Part::Interfaces))?;
        read_components(&mut inventory, bodies.components).map_err(at(Part::Components))?;
        if let Some(body) = bodies.groups {
            read_groups(&mut inventory, body).map_err(at(Part::Groups))?;
        }
        if let Some((body, precedence)) = bodies.boot {
            read_boot(&mut inventory, body, precedence).map_err(at(Part::Boot))?;
        }
        Ok(inventory)
    }

    /// Takes in what another inventory holds; its boot parameters replace these where it has any.
    pub fn absorb(&mut self, other: Self) {
        self.interfaces.extend(other.interfaces);
        self.unreadable.extend(other.unreadable);
        self.components.extend(other.components);
        self.groups.extend(other.groups);
        self.partitions.extend(other.partitions);
        self.rejected.extend(other.rejected);
        if !other.boot.is_empty() {
            self.boot = other.boot;
        }
    }

    /// Reads SMD's two collections alone.
    pub fn from_smd(interfaces: &[u8], components: &[u8]) -> Result<Self, PartError> {
        Self::read(&Bodies { interfaces, components, groups: None, boot: None })
    }
}

impl Part {
    /// All parts, in the order in which they are read.
    pub const ALL: [Self; 5] = [Self::Interfaces, Self::Components, Self::Groups, Self::Partitions, Self::Boot];

    /// The collection's name, as rejected rows and failures say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interfaces => "EthernetInterfaces",
            Self::Components => "Components",
            Self::Groups => "groups",
            Self::Partitions => "partitions",
            Self::Boot => "bootparameters",
        }
    }

    /// The keys under which an object may wrap the collection.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Interfaces => &["EthernetInterfaces"],
            Self::Components => &["Components"],
            Self::Groups => &["Groups", "groups"],
            Self::Partitions => &["Partitions", "partitions"],
            Self::Boot => &["boot-parameters", "Params"],
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
