//! What there is: the rows that SMD and BSS hold, and the nodes that they describe.
//!
//! Rows are kept as SMD stores them, text and all: SMD checks little (facts: an address need only be non-empty, a
//! PATCH is not checked at all), so a simulated one must be able to hold a bad row. [`Cluster::nodes`] is the typed
//! side: what a client ought to make of it.

use std::collections::HashMap;
use std::net::IpAddr;

use smd_cache::{ComponentId, MacAddr, Nid};

pub mod edit;
pub mod generate;
pub mod load;
pub mod rows;
pub(crate) mod uuid;
pub(crate) mod xname;

use generate::{Generate, GenerateError};
use rows::{
    BootParameters, Component, ComponentEndpoint, EthernetInterface, Group, NodeMap, Partition, RedfishEndpoint,
    Subscription,
};

/// A whole inventory with its boot parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cluster {
    /// `/hsm/v2/State/Components`.
    pub components: Vec<Component>,
    /// `/hsm/v2/Inventory/EthernetInterfaces`.
    pub interfaces: Vec<EthernetInterface>,
    /// `/hsm/v2/Inventory/RedfishEndpoints`.
    pub redfish_endpoints: Vec<RedfishEndpoint>,
    /// `/hsm/v2/Inventory/ComponentEndpoints`; BSS calls a node without one unknown.
    pub component_endpoints: Vec<ComponentEndpoint>,
    /// `/hsm/v2/groups`.
    pub groups: Vec<Group>,
    /// `/hsm/v2/partitions`.
    pub partitions: Vec<Partition>,
    /// `/hsm/v2/Defaults/NodeMaps`.
    pub node_maps: Vec<NodeMap>,
    /// `/hsm/v2/Subscriptions/SCN`.
    pub subscriptions: Vec<Subscription>,
    /// How many subscriptions there have ever been: the last ID.
    pub last_subscription: u64,
    /// What BSS was told, oldest first (`/boot/v1/bootparameters`). After a write over HTTP it is what BSS then
    /// holds: a row for each identifier.
    pub boot: Vec<BootParameters>,
}

/// A node as a client should see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its xname.
    pub id: ComponentId,
    /// Its NID, where it has one.
    pub nid: Option<Nid>,
    /// Its interfaces in the order they were declared, the boot interface first; those with a good MAC only.
    pub interfaces: Vec<NodeInterface>,
}

/// One interface of a [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInterface {
    /// Its MAC.
    pub mac: MacAddr,
    /// Its addresses in SMD's order; only those that are addresses.
    pub addresses: Vec<IpAddr>,
}

impl Cluster {
    /// A made-up cluster of this many nodes, always the same; [`Generate`] has the other parameters.
    ///
    /// # Errors
    /// If there are more nodes than the default networks have addresses.
    pub fn generate(nodes: usize) -> Result<Self, GenerateError> {
        Generate::new(nodes).build()
    }

    /// All components of type `Node`, in the order they were declared.
    pub fn nodes(&self) -> Vec<Node> {
        let mut interfaces: HashMap<&str, Vec<NodeInterface>> = HashMap::new();
        for row in &self.interfaces {
            let Ok(mac) = row.mac_address.parse() else { continue };
            let addresses = row.ip_addresses.iter().filter_map(|entry| entry.ip_address.parse().ok()).collect();
            interfaces.entry(&row.component_id).or_default().push(NodeInterface { mac, addresses });
        }
        let nodes = self.components.iter().filter(|component| component.component_type == "Node");
        nodes
            .filter_map(|component| {
                let interfaces = interfaces.remove(component.id.as_str()).unwrap_or_default();
                Some(Node { id: ComponentId::new(&component.id).ok()?, nid: component.nid, interfaces })
            })
            .collect()
    }
}
