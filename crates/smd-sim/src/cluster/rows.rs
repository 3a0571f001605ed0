//! The rows of SMD and BSS, field by field as they go over the wire (facts: smd-bss §2–4, §7.2).

use std::time::SystemTime;

use serde::{Deserialize, Serialize, Serializer};
use smd_cache::Nid;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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

/// A row of `/hsm/v2/Inventory/RedfishEndpoints`. SMD gives the password away in clear unless it has a Vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RedfishEndpoint {
    /// Xname of the BMC.
    #[serde(rename = "ID")]
    pub id: String,
    /// `NodeBMC`, …
    #[serde(rename = "Type")]
    pub component_type: String,
    /// Free text.
    #[serde(rename = "Name", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// First part of the FQDN.
    #[serde(rename = "Hostname")]
    pub hostname: String,
    /// Rest of the FQDN.
    #[serde(rename = "Domain")]
    pub domain: String,
    /// Unique; the ID where nothing else was given.
    #[serde(rename = "FQDN")]
    pub fqdn: String,
    /// Whether the BMC is to be used; its component endpoints inherit this.
    #[serde(rename = "Enabled")]
    pub enabled: bool,
    /// Redfish UUID.
    #[serde(rename = "UUID", skip_serializing_if = "String::is_empty")]
    pub uuid: String,
    /// Redfish account.
    #[serde(rename = "User")]
    pub user: String,
    /// Redfish password.
    #[serde(rename = "Password")]
    pub password: String,
    /// MAC of the BMC.
    #[serde(rename = "MACAddr", skip_serializing_if = "String::is_empty")]
    pub mac_addr: String,
    /// Address of the BMC.
    #[serde(rename = "IPAddress", skip_serializing_if = "String::is_empty")]
    pub ip_address: String,
    /// Whether a change starts a discovery.
    #[serde(rename = "RediscoverOnUpdate")]
    pub rediscover_on_update: bool,
    /// State of the discovery.
    #[serde(rename = "DiscoveryInfo")]
    pub discovery_info: DiscoveryInfo,
}

/// State of a BMC's discovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiscoveryInfo {
    /// `NotYetQueried` where discovery is off, as it is by default.
    #[serde(rename = "LastDiscoveryStatus")]
    pub last_discovery_status: String,
}

/// What a row of `/hsm/v2/Inventory/ComponentEndpoints` is made of; the wire form is made where it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentEndpoint {
    /// Its xname.
    pub id: String,
    /// `Node` or `NodeBMC`.
    pub component_type: String,
    /// Redfish name.
    pub name: String,
    /// Redfish UUID; `""`: absent on the wire.
    pub uuid: String,
    /// The BMC that answers for it.
    pub redfish_endpoint_id: String,
    /// Inherited from that BMC. BSS calls a node with a disabled endpoint unknown.
    pub enabled: bool,
    /// Its interfaces, as Redfish names them.
    pub nics: Vec<EndpointNic>,
}

/// An interface in a [`ComponentEndpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointNic {
    /// Free text.
    pub description: String,
    /// The MAC exactly as Redfish spelt it.
    pub mac_address: String,
}

/// A row of `/hsm/v2/groups`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Group {
    /// Lower-case label, unique.
    pub label: String,
    /// Free text.
    pub description: String,
    /// A component may be in one group of each exclusive set; `""`: absent on the wire.
    #[serde(rename = "exclusiveGroup", skip_serializing_if = "String::is_empty")]
    pub exclusive_group: String,
    /// Tags to select by; absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its members.
    pub members: Members,
}

/// Component IDs of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Members {
    /// Xnames.
    pub ids: Vec<String>,
}

/// One set of boot parameters as BSS is told it: `ochami bss boot params`. Only the first list of identifiers that
/// is not empty counts: hosts, else macs, else nids (facts §7.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BootParameters {
    /// Xnames, roles or tags (`Default`, `Unknown-x86_64`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// MACs in colon form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// NIDs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nids: Vec<i32>,
    /// Kernel command line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub params: String,
    /// URL of the kernel; a node without one is unknown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kernel: String,
    /// URL of the initrd.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub initrd: String,
}

impl EthernetInterface {
    /// The primary key of a stored MAC: lower case, without `:` (facts §2; hyphens stay).
    pub fn key_of(mac_address: &str) -> String {
        mac_address.to_ascii_lowercase().replace(':', "")
    }
}

impl DiscoveryInfo {
    /// The state of a BMC that nobody asked.
    pub fn not_yet_queried() -> Self {
        Self { last_discovery_status: "NotYetQueried".into() }
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
