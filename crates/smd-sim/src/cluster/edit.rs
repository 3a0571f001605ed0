//! Changes to a cluster: nodes come and go, addresses move. What each writes to the rows is what SMD's V2 parser and
//! its POST handlers write (facts §2, §6).

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use serde::Deserialize;
use smd_cache::Nid;
use thiserror::Error;

use super::Cluster;
use super::rows::{
    Component, ComponentEndpoint, DiscoveryInfo, EndpointNic, EthernetInterface, IpAddressMapping, RedfishEndpoint,
};
use super::uuid;
use super::xname::Xname;

/// One change, as `PATCH /sim/cluster` and [`crate::Sim::change`] take it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new node, or another shape of one that is there.
    PutNode(NewNode),
    /// Its component, interfaces, endpoint and memberships go.
    RemoveNode {
        /// Xname of the node.
        id: String,
    },
    /// All addresses of one interface are replaced.
    SetAddresses {
        /// The MAC as it is stored.
        mac_address: String,
        /// The new addresses, unchecked: SMD does not check them either.
        addresses: Vec<String>,
    },
    /// The interface is handed to another component; `""`: to none.
    MoveInterface {
        /// The MAC as it is stored.
        mac_address: String,
        /// Xname of the new owner; need not exist.
        component_id: String,
    },
}

/// A node to be put.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNode {
    /// Its xname.
    pub id: String,
    /// Its NID.
    #[serde(default)]
    pub nid: Option<Nid>,
    /// Its Redfish name.
    #[serde(default)]
    pub name: String,
    /// Xname of its BMC; `None`: the one its own xname names.
    #[serde(default)]
    pub bmc: Option<String>,
    /// Its interfaces, the boot interface first.
    pub interfaces: Vec<NewInterface>,
}

/// An interface of a [`NewNode`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInterface {
    /// Its MAC.
    pub mac_address: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its addresses.
    #[serde(default, deserialize_with = "plain_addresses")]
    pub addresses: Vec<IpAddressMapping>,
}

/// A BMC to be added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewBmc {
    /// Its xname.
    pub id: String,
    /// Its Redfish name.
    pub name: String,
    /// Its FQDN; `""`: its xname.
    pub fqdn: String,
    /// Its MAC; `""`: no interface is made.
    pub mac_address: String,
    /// Its address; `""`: none.
    pub ip_address: String,
}

/// Why a change cannot be made: it names something that is not there, or no xname.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeError {
    /// No node's xname.
    #[error("{0:?} is not the xname of a node")]
    NotANode(String),
    /// Neither `""` nor an xname.
    #[error("{0:?} is not an xname")]
    NotAnXname(String),
    /// No such component.
    #[error("there is no node {0:?}")]
    NoSuchNode(String),
    /// No such interface.
    #[error("there is no interface with MAC {0:?}")]
    NoSuchInterface(String),
}

impl Cluster {
    /// Makes one change.
    ///
    /// # Errors
    /// If it names something that is not there; then nothing has changed.
    pub fn apply(&mut self, change: &Change, now: SystemTime) -> Result<(), ChangeError> {
        match change {
            Change::PutNode(node) => match Xname::parse(&node.id) {
                Some(xname) if xname.component_type == "Node" => {
                    self.remove(&xname.id);
                    if let Some(bmc) = node.bmc.as_deref().or(xname.bmc_of_node()) {
                        self.ensure_bmc(bmc, now);
                    }
                    self.add_node(&NewNode { id: xname.id, ..node.clone() }, now);
                }
                _ => return Err(ChangeError::NotANode(node.id.clone())),
            },
            Change::RemoveNode { id } => {
                if !self.components.iter().any(|row| row.id == *id && row.component_type == "Node") {
                    return Err(ChangeError::NoSuchNode(id.clone()));
                }
                self.remove(id);
                self.groups.iter_mut().for_each(|group| group.members.ids.retain(|member| member != id));
            }
            Change::SetAddresses { mac_address, addresses } => {
                let row = self.interface_mut(mac_address)?;
                row.ip_addresses = addresses.iter().map(|address| plain_address(address)).collect();
                row.last_update = now;
            }
            Change::MoveInterface { mac_address, component_id } => {
                let owner = match component_id.as_str() {
                    "" => (String::new(), ""),
                    id => Xname::parse(id)
                        .map(|xname| (xname.id, xname.component_type))
                        .ok_or_else(|| ChangeError::NotAnXname(id.into()))?,
                };
                let row = self.interface_mut(mac_address)?;
                (row.component_id, row.component_type) = (owner.0, owner.1.into());
            }
        }
        Ok(())
    }

    /// Adds a node that is not there: component, interfaces, and the endpoint that lets BSS know it, which needs its
    /// BMC to be there already.
    pub(crate) fn add_node(&mut self, node: &NewNode, now: SystemTime) {
        self.components.push(Component {
            id: node.id.clone(),
            component_type: "Node".into(),
            state: "On".into(),
            enabled: Some(true),
            role: "Compute".into(),
            nid: node.nid,
            ..Component::default()
        });
        for interface in &node.interfaces {
            self.add_interface(&node.id, "Node", interface, now);
        }
        let derived = || Xname::parse(&node.id).and_then(|xname| xname.bmc_of_node().map(str::to_owned));
        let Some(bmc) = node.bmc.clone().or_else(derived) else { return };
        let Some(parent) = self.redfish_endpoints.iter().rev().find(|row| row.id == bmc) else { return };
        self.component_endpoints.push(ComponentEndpoint {
            id: node.id.clone(),
            component_type: "Node".into(),
            name: node.name.clone(),
            uuid: uuid::of(&node.id),
            redfish_subtype: String::new(),
            odata_id: format!("/redfish/v1/Systems/{}", node.id),
            actions: Some(Arc::clone(&RESETS)),
            redfish_endpoint_id: bmc,
            enabled: parent.enabled,
            nics: node.interfaces.iter().map(|interface| interface.nic(&node.id)).collect(),
        });
    }

    /// Adds a BMC of which nothing but the xname is known, unless it is there: BSS knows no node without one.
    pub(crate) fn ensure_bmc(&mut self, id: &str, now: SystemTime) {
        if !self.redfish_endpoints.iter().rev().any(|row| row.id == id) {
            self.add_bmc(&NewBmc { id: id.into(), name: id.into(), ..NewBmc::default() }, now);
        }
    }

    /// Adds a BMC that is not there: its endpoint, its component (which has no State and no Flag, facts §3) and its interface.
    pub(crate) fn add_bmc(&mut self, bmc: &NewBmc, now: SystemTime) {
        let fqdn = if bmc.fqdn.is_empty() { &bmc.id } else { &bmc.fqdn };
        self.redfish_endpoints.push(RedfishEndpoint {
            id: bmc.id.clone(),
            component_type: "NodeBMC".into(),
            name: bmc.name.clone(),
            hostname: String::new(),
            domain: String::new(),
            fqdn: fqdn.clone(),
            enabled: true,
            uuid: uuid::of(&bmc.id),
            user: String::new(),
            password: String::new(),
            mac_addr: bmc.mac_address.clone(),
            ip_address: bmc.ip_address.clone(),
            rediscover_on_update: false,
            discovery_info: DiscoveryInfo::not_yet_queried(),
        });
        self.components.push(Component {
            id: bmc.id.clone(),
            component_type: "NodeBMC".into(),
            enabled: Some(true),
            ..Component::default()
        });
        let interface = NewInterface {
            mac_address: bmc.mac_address.clone(),
            description: format!("Interface for BMC {}", bmc.id),
            addresses: if bmc.ip_address.is_empty() { vec![] } else { vec![plain_address(&bmc.ip_address)] },
        };
        self.component_endpoints.push(ComponentEndpoint {
            id: bmc.id.clone(),
            component_type: "NodeBMC".into(),
            name: bmc.id.clone(),
            uuid: String::new(),
            redfish_subtype: String::new(),
            odata_id: format!("/redfish/v1/Managers/{}", bmc.id),
            actions: None,
            redfish_endpoint_id: bmc.id.clone(),
            enabled: true,
            nics: if bmc.mac_address.is_empty() { vec![] } else { vec![interface.nic(&bmc.id)] },
        });
        if !bmc.mac_address.is_empty() {
            self.add_interface(&bmc.id, "NodeBMC", &interface, now);
        }
    }

    fn add_interface(&mut self, component_id: &str, component_type: &str, new: &NewInterface, now: SystemTime) {
        self.interfaces.push(EthernetInterface {
            id: EthernetInterface::key_of(&new.mac_address),
            description: new.description.clone(),
            mac_address: new.mac_address.clone(),
            last_update: now,
            component_id: component_id.into(),
            component_type: component_type.into(),
            ip_addresses: new.addresses.clone(),
        });
    }

    fn interface_mut(&mut self, mac_address: &str) -> Result<&mut EthernetInterface, ChangeError> {
        let row = self.interfaces.iter_mut().find(|row| row.mac_address == mac_address);
        row.ok_or_else(|| ChangeError::NoSuchInterface(mac_address.into()))
    }

    fn remove(&mut self, id: &str) {
        self.components.retain(|row| row.id != id);
        self.interfaces.retain(|row| row.component_id != id);
        self.component_endpoints.retain(|row| row.id != id);
    }
}

impl NewInterface {
    /// As `ochami discover static` describes it to SMD: named after its component, without a path, and with not a
    /// word on being enabled.
    fn nic(&self, component_id: &str) -> EndpointNic {
        EndpointNic {
            name: component_id.into(),
            description: self.description.clone(),
            mac_address: self.mac_address.clone(),
            ..EndpointNic::default()
        }
    }
}

/// The resets that `ochami discover static` says a node allows.
pub(crate) static RESETS: LazyLock<Arc<[String]>> = LazyLock::new(|| {
    const NAMES: [&str; 12] = [
        "On",
        "ForceOff",
        "GracefulShutdown",
        "GracefulRestart",
        "ForceRestart",
        "Nmi",
        "ForceOn",
        "PushPowerButton",
        "PowerCycle",
        "Suspend",
        "Pause",
        "Resume",
    ];
    NAMES.map(str::to_owned).into()
});

/// An address without the name of its network.
fn plain_address(address: &str) -> IpAddressMapping {
    IpAddressMapping { ip_address: address.into(), network: String::new() }
}

/// In a change, addresses are just texts.
fn plain_addresses<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpAddressMapping>, D::Error> {
    let addresses = Vec::<String>::deserialize(deserializer)?;
    Ok(addresses.iter().map(|address| plain_address(address)).collect())
}
