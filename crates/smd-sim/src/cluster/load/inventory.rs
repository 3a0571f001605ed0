//! What a `nodes.yaml` describes, in the terms of the cluster's own changes.

use smd_cache::files::{self, Findings, Site};

use crate::cluster::edit::{NewBmc, NewInterface, NewNode};
use crate::cluster::rows::{Group, IpAddressMapping, Members};

/// What a `nodes.yaml` describes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// BMCs, with those that only a node's xname names.
    pub bmcs: Vec<NewBmc>,
    /// Nodes; a NID is there only where the file has one.
    pub nodes: Vec<NewNode>,
    /// Groups in the order in which they are met, with their members in the order of the nodes.
    pub groups: Vec<Group>,
}

impl Inventory {
    /// The inventory that a text describes; `file` names it in findings.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Findings> {
        let Site { bmcs, nodes, groups } = Site::parse(file, text)?;
        Ok(Self {
            bmcs: bmcs.into_iter().map(new_bmc).collect(),
            nodes: nodes.into_iter().map(new_node).collect(),
            groups: groups.into_iter().map(group).collect(),
        })
    }
}

fn new_bmc(bmc: files::Bmc) -> NewBmc {
    let files::Bmc { id, name, fqdn, mac, address } = bmc;
    NewBmc { id, name, fqdn, mac_address: mac, ip_address: address }
}

fn new_node(node: files::Node) -> NewNode {
    let files::Node { id, nid, name, bmc, interfaces } = node;
    NewNode { id, nid, name, bmc, interfaces: interfaces.into_iter().map(new_interface).collect() }
}

fn new_interface(nic: files::Nic) -> NewInterface {
    let files::Nic { mac, description, addresses } = nic;
    let mapping = |files::Address { network, address }| IpAddressMapping { ip_address: address, network };
    NewInterface { mac_address: mac, description, addresses: addresses.into_iter().map(mapping).collect() }
}

fn group(group: files::Group) -> Group {
    let files::Group { label, members } = group;
    let description = format!("The {label} group");
    Group { label, description, members: Members { ids: members }, ..Group::default() }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use smd_cache::Nid;

    use crate::Cluster;

    fn load(text: &str) -> Cluster {
        Cluster::from_inventory("nodes.yaml", text, SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_site_is_a_cluster() {
        let cluster = load(
            "
bmcs:
- {name: bmc01, xname: x1000c0s0b0, mac: 'de:ca:fc:0f:ee:01', ip: 172.16.0.101}
nodes:
- name: compute1
  nid: 1
  xname: x1000c0s0b0n0
  bmc: bmc01
  groups: [compute]
  interfaces:
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{name: management, ip_addr: 172.16.0.1}, {name: v6, ip_addr: 'fd00::1'}]
",
        );
        assert_eq!(cluster.redfish_endpoints[0].name, "bmc01");
        let nodes = cluster.nodes();
        assert_eq!((nodes.len(), nodes[0].nid), (1, Some(Nid(1))));
        assert_eq!(nodes[0].interfaces[0].addresses.len(), 2);
        assert_eq!(cluster.groups[0].members.ids, ["x1000c0s0b0n0"]);
        assert_eq!(cluster.component_endpoints.len(), 2);
    }

    #[test]
    fn a_node_without_nid_gets_the_one_that_smd_makes_up() {
        assert_eq!(load("nodes: [{xname: x1000c0s1b0n0}]").nodes()[0].nid, Some(Nid(16_400_416)));
    }

    #[test]
    fn a_node_without_a_listed_bmc_has_the_one_that_its_xname_names() {
        let cluster = load("nodes: [{xname: x1000c0s1b0n0}, {xname: x1000c0s1b0n1}]");
        let endpoints: Vec<&str> = cluster.component_endpoints.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(endpoints, ["x1000c0s1b0", "x1000c0s1b0n0", "x1000c0s1b0n1"]);
        assert!(cluster.interfaces.is_empty(), "nothing is known of the BMC but its xname");
    }
}
