//! Rows of BMCs and of what they answer for (facts §4).

use std::sync::Arc;

use serde::Serialize;

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
    /// `Physical`, …; may be empty.
    pub redfish_subtype: String,
    /// Path of its Redfish resource.
    pub odata_id: String,
    /// Resets that it allows; `None`: `null` on the wire.
    pub actions: Option<Arc<[String]>>,
    /// The BMC that answers for it.
    pub redfish_endpoint_id: String,
    /// Inherited from that BMC. BSS calls a node with a disabled endpoint unknown.
    pub enabled: bool,
    /// Its interfaces, as Redfish names them.
    pub nics: Vec<EndpointNic>,
}

/// An interface in a [`ComponentEndpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointNic {
    /// Path of its Redfish resource; may be empty.
    pub uri: String,
    /// Its name; shown for BMCs only.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The MAC exactly as Redfish spelt it.
    pub mac_address: String,
    /// Whether Redfish calls it enabled; shown for BMCs only, those of nodes always are.
    pub enabled: bool,
}

impl DiscoveryInfo {
    /// The state of a BMC that nobody asked.
    pub fn not_yet_queried() -> Self {
        Self { last_discovery_status: "NotYetQueried".into() }
    }
}
