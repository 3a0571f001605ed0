//! Component endpoints as they go over the wire: what SMD's V2 parser makes of an inventory.
//!
//! BSS reads the MACs of a node from `RedfishSystemInfo`, and breaks without it.

use std::collections::HashMap;

use serde::Serialize;

use crate::cluster::Cluster;
use crate::cluster::rows::{ComponentEndpoint, EndpointNic};

/// FQDNs of the BMCs by their IDs.
pub(super) type Fqdns<'a> = HashMap<&'a str, &'a str>;

/// FQDNs of all BMCs.
pub(super) fn fqdns(cluster: &Cluster) -> Fqdns<'_> {
    cluster.redfish_endpoints.iter().map(|row| (row.id.as_str(), row.fqdn.as_str())).collect()
}

/// The wire form of a row.
pub(super) fn wire<'a>(row: &'a ComponentEndpoint, fqdns: &Fqdns<'a>) -> Wire<'a> {
    let fqdn = fqdns.get(row.redfish_endpoint_id.as_str()).copied().unwrap_or_default();
    let is_node = row.component_type == "Node";
    let redfish_type = if is_node { "ComputerSystem" } else { "Manager" };
    let reset = Reset {
        allowable_values: row.actions.as_deref(),
        action_info: format!("{}/ResetActionInfo", row.odata_id),
        target: format!("{}/Actions/{redfish_type}.Reset", row.odata_id),
    };
    let (system_reset, manager_reset) = if is_node { (Some(reset), None) } else { (None, Some(reset)) };
    let info = Info {
        name: &row.name,
        actions: Actions { system: system_reset, manager: manager_reset },
        nics: row.nics.iter().map(|nic| Nic::new(nic, is_node)).collect(),
        command_shell: (!is_node).then_some(CommandShell {
            service_enabled: true,
            max_concurrent_sessions: 65_536,
            connect_types_supported: [],
        }),
    };
    let (system, manager) = if is_node { (Some(info), None) } else { (None, Some(info)) };
    Wire {
        id: &row.id,
        component_type: &row.component_type,
        redfish_type,
        redfish_subtype: &row.redfish_subtype,
        uuid: &row.uuid,
        odata_id: &row.odata_id,
        redfish_endpoint_id: &row.redfish_endpoint_id,
        enabled: row.enabled,
        redfish_endpoint_fqdn: fqdn,
        redfish_url: format!("{fqdn}{}", row.odata_id),
        component_endpoint_type: format!("ComponentEndpoint{redfish_type}"),
        system,
        manager,
    }
}

/// A component endpoint.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Wire<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
    #[serde(rename = "Type")]
    component_type: &'a str,
    redfish_type: &'static str,
    redfish_subtype: &'a str,
    #[serde(rename = "UUID", skip_serializing_if = "str::is_empty")]
    uuid: &'a str,
    #[serde(rename = "OdataID")]
    odata_id: &'a str,
    #[serde(rename = "RedfishEndpointID")]
    redfish_endpoint_id: &'a str,
    enabled: bool,
    #[serde(rename = "RedfishEndpointFQDN")]
    redfish_endpoint_fqdn: &'a str,
    #[serde(rename = "RedfishURL")]
    redfish_url: String,
    component_endpoint_type: String,
    #[serde(rename = "RedfishSystemInfo", skip_serializing_if = "Option::is_none")]
    system: Option<Info<'a>>,
    #[serde(rename = "RedfishManagerInfo", skip_serializing_if = "Option::is_none")]
    manager: Option<Info<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info<'a> {
    name: &'a str,
    actions: Actions<'a>,
    #[serde(rename = "EthernetNICInfo")]
    nics: Vec<Nic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_shell: Option<CommandShell>,
}

#[derive(Serialize)]
struct Actions<'a> {
    #[serde(rename = "#ComputerSystem.Reset", skip_serializing_if = "Option::is_none")]
    system: Option<Reset<'a>>,
    #[serde(rename = "#Manager.Reset", skip_serializing_if = "Option::is_none")]
    manager: Option<Reset<'a>>,
}

#[derive(Serialize)]
struct Reset<'a> {
    #[serde(rename = "ResetType@Redfish.AllowableValues")]
    allowable_values: Option<&'a [String]>,
    #[serde(rename = "@Redfish.ActionInfo")]
    action_info: String,
    target: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Nic<'a> {
    redfish_id: &'a str,
    #[serde(rename = "@odata.id")]
    odata_id: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    interface_enabled: bool,
    #[serde(rename = "MACAddress")]
    mac_address: &'a str,
    #[serde(rename = "PermanentMACAddress", skip_serializing_if = "Option::is_none")]
    permanent_mac_address: Option<&'a str>,
}

impl<'a> Nic<'a> {
    /// Of a BMC's interface SMD forgets the path, and of a node's whether it is enabled.
    fn new(nic: &'a EndpointNic, of_node: bool) -> Self {
        let path = if of_node { nic.uri.as_str() } else { "" };
        Self {
            redfish_id: path,
            odata_id: path,
            description: &nic.description,
            hostname: (!of_node).then_some(&nic.name),
            interface_enabled: of_node || nic.enabled,
            mac_address: &nic.mac_address,
            permanent_mac_address: (!of_node).then_some(&nic.mac_address),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CommandShell {
    service_enabled: bool,
    max_concurrent_sessions: u32,
    connect_types_supported: [(); 0],
}
