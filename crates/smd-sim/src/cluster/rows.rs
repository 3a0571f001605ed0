//! The rows of SMD and BSS, field by field as they go over the wire (facts: smd-bss §2–4, §7.2).
//!
//! Interfaces and components are here; [`endpoints`], [`groups`], [`defaults`] and [`boot`] have the others.

use std::time::SystemTime;

use serde::{Serialize, Serializer};
use smd_cache::Nid;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub mod boot;
pub mod defaults;
pub mod endpoints;
pub mod groups;

pub use boot::BootParameters;
pub use defaults::{NodeMap, Subscription};
pub use endpoints::{ComponentEndpoint, DiscoveryInfo, EndpointNic, RedfishEndpoint};
pub use groups::{Group, Members, Partition};

/// A row of `/hsm/v2/Inventory/EthernetInterfaces`. All keys are always there; unset texts are `""`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EthernetInterface {
    /// Primary key: the stored MAC without its `:`.
    #[serde(rename = "ID")]
    pub id: String,
    /// Free text.
    #[serde(rename = "Description")]
    pub description: String,
    /// The MAC as stored: lower colon form by POST, as Redfish spelt it by the V2 parser.
    #[serde(rename = "MACAddress")]
    pub mac_address: String,
    /// Moves on creation and on writes that touch the addresses, on nothing else.
    #[serde(rename = "LastUpdate", serialize_with = "rfc3339_micros")]
    pub last_update: SystemTime,
    /// The component it belongs to; need not exist; `""` where there is none.
    #[serde(rename = "ComponentID")]
    pub component_id: String,
    /// Type of that component, derived from its xname; `""` without one.
    #[serde(rename = "Type")]
    pub component_type: String,
    /// Addresses in order.
    #[serde(rename = "IPAddresses")]
    pub ip_addresses: Vec<IpAddressMapping>,
}

/// One address of an interface; the text is whatever was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IpAddressMapping {
    /// The address.
    #[serde(rename = "IPAddress")]
    pub ip_address: String,
    /// Name of the network it is in; absent on the wire when empty.
    #[serde(rename = "Network", skip_serializing_if = "String::is_empty")]
    pub network: String,
}

/// A row of `/hsm/v2/State/Components`. Only `ID` and `Type` are always there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Component {
    /// Its xname.
    #[serde(rename = "ID")]
    pub id: String,
    /// `Node`, `NodeBMC`, …
    #[serde(rename = "Type")]
    pub component_type: String,
    /// `On`, `Off`, `Empty`, …; `""`: absent on the wire.
    #[serde(rename = "State", skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// `OK`, `Warning`, …; `""`: absent on the wire.
    #[serde(rename = "Flag", skip_serializing_if = "String::is_empty")]
    pub flag: String,
    /// Whether the component is enabled; `None` only in reduced results.
    #[serde(rename = "Enabled", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Free text set by software on the node.
    #[serde(rename = "SoftwareStatus", skip_serializing_if = "String::is_empty")]
    pub software_status: String,
    /// `Compute`, `Management`, …: an open set.
    #[serde(rename = "Role", skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// `Worker`, `Master`, …: an open set.
    #[serde(rename = "SubRole", skip_serializing_if = "String::is_empty")]
    pub sub_role: String,
    /// The NID; absent on the wire where there is none.
    #[serde(rename = "NID", skip_serializing_if = "Option::is_none")]
    pub nid: Option<Nid>,
    /// Free text.
    #[serde(rename = "Subtype", skip_serializing_if = "String::is_empty")]
    pub subtype: String,
    /// `Sling`, `Ethernet`, …
    #[serde(rename = "NetType", skip_serializing_if = "String::is_empty")]
    pub net_type: String,
    /// `X86`, `ARM`, …
    #[serde(rename = "Arch", skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// `River`, `Mountain`, `Hill`.
    #[serde(rename = "Class", skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// Whether reservations are off for it.
    #[serde(rename = "ReservationDisabled", skip_serializing_if = "is_false")]
    pub reservation_disabled: bool,
    /// Whether it is locked.
    #[serde(rename = "Locked", skip_serializing_if = "is_false")]
    pub locked: bool,
}

impl EthernetInterface {
    /// The primary key of a stored MAC: lower case, without `:` (facts §2; hyphens stay).
    pub fn key_of(mac_address: &str) -> String {
        mac_address.to_ascii_lowercase().replace(':', "")
    }
}

/// RFC 3339 in UTC with microseconds, trailing zeros trimmed: what SMD makes of Postgres's `timestamptz`.
fn rfc3339_micros<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let time = OffsetDateTime::from(*time);
    let micros = time.replace_nanosecond(time.microsecond() * 1000).unwrap_or(time);
    serializer.serialize_str(&micros.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}
