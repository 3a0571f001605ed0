//! Rows of SMD's collections (facts: smd-bss §2–§4): only the fields that answers are made from.

use serde::Deserialize;

use super::loose::{AddressEntry, List, Loose, Text};

/// A row of `/hsm/v2/Inventory/EthernetInterfaces`. SMD always sends every key, inventory-service may leave any out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EthernetInterface<'a> {
    /// The MAC as SMD folded it for a key.
    #[serde(borrow, default, rename = "ID")]
    pub(crate) id: Text<'a>,
    /// Free text.
    #[serde(borrow, default)]
    pub(crate) description: Text<'a>,
    /// The MAC as its reporter spelled it.
    #[serde(borrow, default, rename = "MACAddress")]
    pub(crate) mac_address: Text<'a>,
    /// RFC 3339; moves when the addresses are written, not with the other fields.
    #[serde(borrow, default)]
    pub(crate) last_update: Text<'a>,
    /// The component that owns the interface; `""` for none, and it need not be listed.
    #[serde(borrow, default, rename = "ComponentID")]
    pub(crate) component_id: Text<'a>,
    /// Addresses of both families, unchecked by SMD.
    #[serde(borrow, default, rename = "IPAddresses")]
    pub(crate) ip_addresses: List<AddressEntry<'a>>,
}

/// The MAC of a row that cannot be read otherwise: its owner is known to SMD all the same.
#[derive(Debug, Deserialize)]
pub(crate) struct MacOnly<'a> {
    /// The MAC as its reporter spelled it.
    #[serde(borrow, default, rename = "MACAddress")]
    pub(crate) mac_address: Loose<'a>,
}

/// A row of `/hsm/v2/State/Components`. State, Flag and Enabled are not read: a disabled node is served too.
#[derive(Debug, Deserialize)]
pub(crate) struct Component<'a> {
    /// An xname, or whatever inventory-service was given.
    #[serde(borrow, default, rename = "ID")]
    pub(crate) id: Text<'a>,
    /// `Node`, `NodeBMC`, …
    #[serde(borrow, default, rename = "Type")]
    pub(crate) kind: Text<'a>,
    /// A number, a number in quotes, or absent.
    #[serde(borrow, default, rename = "NID")]
    pub(crate) nid: Loose<'a>,
    /// `Compute`, … where it has one.
    #[serde(borrow, default, rename = "Role")]
    pub(crate) role: Text<'a>,
    /// `Worker`, … where it has one.
    #[serde(borrow, default, rename = "SubRole")]
    pub(crate) sub_role: Text<'a>,
    /// Other names: ours alone, see [`crate::files`].
    #[serde(borrow, default, rename = "Aliases")]
    pub(crate) aliases: List<Loose<'a>>,
}

/// A row of `/hsm/v2/groups`, or of `/hsm/v2/partitions`, where the label is called `name`.
#[derive(Debug, Deserialize)]
pub(crate) struct Group<'a> {
    /// The group's name.
    #[serde(borrow, default, alias = "name")]
    pub(crate) label: Text<'a>,
    /// Its members.
    #[serde(borrow, default)]
    pub(crate) members: Option<Members<'a>>,
}

/// The members of a group.
#[derive(Debug, Deserialize)]
pub(crate) struct Members<'a> {
    /// Component IDs.
    #[serde(borrow, default)]
    pub(crate) ids: List<Loose<'a>>,
}
