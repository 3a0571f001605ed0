//! SMD's "V2 parser": what a BMC's own inventory (`SchemaVersion` 1, as `ochami` and `magellan` send it) becomes.
//!
//! Its oddities are kept (facts §6, §12): system *k* of a BMC is `<bmc>n<k>` whatever it was called, and has NID *k* + 1
//! unless it is there already; MACs are lower-cased and nothing else; one address a NIC, without the name of its
//! network; a NIC without one is refused; and the NIC of a BMC is stored twice, so that a good POST answers 409.

use std::time::SystemTime;

use serde::Deserialize;
use smd_cache::Nid;

use crate::cluster::Cluster;
use crate::cluster::rows::{
    Component, ComponentEndpoint, EndpointNic, EthernetInterface, IpAddressMapping, RedfishEndpoint,
};
use crate::reply::Reply;
use crate::smd::interfaces::write::{MAC_TAKEN, NO_ADDRESS};

/// The part of a body that describes what a BMC answers for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Inventory {
    systems: Vec<System>,
    managers: Vec<Manager>,
}

/// What becomes of an interface whose MAC is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays as it is, and that is an error.
    Refused,
    /// It is written anew.
    Replaced,
}

/// Stores components, component endpoints and interfaces. Returns what goes wrong on the way, which stops nothing.
pub(super) fn store(
    cluster: &mut Cluster,
    bmc: &RedfishEndpoint,
    inventory: &Inventory,
    existing: Existing,
    now: SystemTime,
) -> Vec<Reply> {
    let mut errors = Vec::new();
    for manager in &inventory.managers {
        put_component(cluster, Manager::component(bmc));
        put_endpoint(cluster, manager.endpoint(bmc));
        let nics = manager.nics.iter().flat_map(|nic| [nic, nic]);
        errors.extend(nics.filter_map(|nic| put_interface(cluster, nic, &bmc.id, "NodeBMC", existing, now)));
    }
    for (number, system) in inventory.systems.iter().enumerate() {
        let id = format!("{}n{number}", bmc.id);
        put_component(cluster, system.component(&id, number));
        put_endpoint(cluster, system.endpoint(&id, bmc));
        errors.extend(system.nics.iter().filter_map(|nic| put_interface(cluster, nic, &id, "Node", existing, now)));
    }
    errors
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct System {
    uri: String,
    uuid: String,
    name: String,
    #[serde(rename = "system_type")]
    kind: String,
    power_state: String,
    actions: Option<Vec<String>>,
    #[serde(rename = "ethernet_interfaces")]
    nics: Vec<Nic>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Manager {
    uri: String,
    name: String,
    actions: Option<Vec<String>>,
    #[serde(rename = "ethernet_interfaces")]
    nics: Vec<Nic>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Nic {
    uri: String,
    mac: String,
    ip: String,
    name: String,
    description: String,
    enabled: bool,
}

impl System {
    fn component(&self, id: &str, number: usize) -> Component {
        let state = if self.power_state.is_empty() { "On" } else { &self.power_state };
        Component {
            id: id.into(),
            component_type: "Node".into(),
            state: state.into(),
            enabled: Some(true),
            nid: Some(Nid(number as u64 + 1)),
            ..Component::default()
        }
    }

    fn endpoint(&self, id: &str, bmc: &RedfishEndpoint) -> ComponentEndpoint {
        ComponentEndpoint {
            id: id.into(),
            component_type: "Node".into(),
            name: self.name.clone(),
            uuid: self.uuid.clone(),
            redfish_subtype: self.kind.clone(),
            odata_id: path(&self.uri).into(),
            actions: self.actions.as_deref().map(Into::into),
            redfish_endpoint_id: bmc.id.clone(),
            enabled: bmc.enabled,
            nics: self.nics.iter().map(Nic::row).collect(),
        }
    }
}

impl Manager {
    /// A BMC has neither state nor flag.
    fn component(bmc: &RedfishEndpoint) -> Component {
        Component { id: bmc.id.clone(), component_type: "NodeBMC".into(), enabled: Some(true), ..Component::default() }
    }

    fn endpoint(&self, bmc: &RedfishEndpoint) -> ComponentEndpoint {
        ComponentEndpoint {
            id: bmc.id.clone(),
            component_type: "NodeBMC".into(),
            name: self.name.clone(),
            uuid: String::new(),
            redfish_subtype: String::new(),
            odata_id: path(&self.uri).into(),
            actions: self.actions.as_deref().map(Into::into),
            redfish_endpoint_id: bmc.id.clone(),
            enabled: bmc.enabled,
            nics: self.nics.iter().map(Nic::row).collect(),
        }
    }
}

impl Nic {
    fn row(&self) -> EndpointNic {
        EndpointNic {
            uri: path(&self.uri).into(),
            name: self.name.clone(),
            description: self.description.clone(),
            mac_address: self.mac.clone(),
            enabled: self.enabled,
        }
    }
}

/// Adds a component. One that is there keeps its NID, its role and whether it is enabled; flag, class and architecture
/// are blanked.
fn put_component(cluster: &mut Cluster, new: Component) {
    match cluster.components.iter_mut().find(|row| row.id == new.id) {
        Some(row) => {
            let Component { state, flag, subtype, net_type, arch, class, .. } = new;
            (row.state, row.flag, row.subtype) = (state, flag, subtype);
            (row.net_type, row.arch, row.class) = (net_type, arch, class);
        }
        None => cluster.components.push(new),
    }
}

fn put_endpoint(cluster: &mut Cluster, new: ComponentEndpoint) {
    match cluster.component_endpoints.iter_mut().find(|row| row.id == new.id) {
        Some(row) => *row = new,
        None => cluster.component_endpoints.push(new),
    }
}

fn put_interface(
    cluster: &mut Cluster,
    nic: &Nic,
    component_id: &str,
    component_type: &str,
    existing: Existing,
    now: SystemTime,
) -> Option<Reply> {
    if nic.ip.is_empty() {
        return Some(Reply::bad_request(NO_ADDRESS));
    }
    let mac_address = nic.mac.to_lowercase();
    let new = EthernetInterface {
        id: EthernetInterface::key_of(&mac_address),
        description: nic.description.clone(),
        mac_address,
        last_update: now,
        component_id: component_id.into(),
        component_type: component_type.into(),
        ip_addresses: vec![IpAddressMapping { ip_address: nic.ip.clone(), network: String::new() }],
    };
    match cluster.interfaces.iter_mut().find(|row| row.id == new.id) {
        Some(_) if existing == Existing::Refused => return Some(Reply::conflict(MAC_TAKEN)),
        Some(row) => *row = new,
        None => cluster.interfaces.push(new),
    }
    None
}

/// The path of a URI.
fn path(uri: &str) -> &str {
    match uri.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]),
        None => uri,
    }
}
