//! A made-up cluster: the same parameters give the same cluster, row by row.
//!
//! Node *i* of `nodes` sits at `x<1000+cabinet>c<0-7>s<0-7>b0n<k>` and has NID *i* + 1; its first interface is the
//! boot interface on the boot network (`NMN`), the others are on the high-speed network (`HSN`); every BMC has one
//! interface on the management network (`HMN`). Some boot interfaces have an IPv6 address too, half of those in
//! front of the IPv4 one: SMD keeps whatever order it was told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use ipnet::{Ipv4Net, Ipv6Net};
use smd_cache::{MacAddr, Nid};
use thiserror::Error;

use super::Cluster;
use super::edit::{NewBmc, NewInterface, NewNode};
use super::rows::{BootParameters, Group, IpAddressMapping, Members};

/// Parameters of a generated cluster; [`Generate::new`] fills in all but the size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generate {
    /// Number of nodes.
    pub nodes: usize,
    /// Interfaces of each node, the boot interface included; 1 to 200.
    pub interfaces_per_node: usize,
    /// Nodes that share a BMC, 1 or more; 0: no BMCs at all, so that BSS knows no node.
    pub nodes_per_bmc: usize,
    /// Every how manyth node has an IPv6 address on its boot interface; 0: none.
    pub ipv6_every: usize,
    /// Network of the boot interfaces.
    pub boot_network: Ipv4Net,
    /// Network of all other interfaces of nodes.
    pub hsn_network: Ipv4Net,
    /// Network of the BMCs.
    pub bmc_network: Ipv4Net,
    /// Network of the IPv6 addresses.
    pub ipv6_network: Ipv6Net,
}

/// Why parameters make no cluster: the caller's numbers do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// The network has fewer usable addresses than the cluster needs.
    #[error("network {network} has {room} usable addresses, but {needed} are needed")]
    NetworkTooSmall {
        /// The network.
        network: Ipv4Net,
        /// Addresses that may be given out: neither `.0` nor `.255`, nor any of the first 256.
        room: u64,
        /// Addresses that the cluster needs.
        needed: u64,
    },
    /// Cabinets have at most four digits.
    #[error("{0} nodes need more cabinets than x1000 to x9999")]
    TooManyNodes(usize),
    /// A node has at least a boot interface, and interface numbers go into one byte of the MAC.
    #[error("a node has 1 to 200 interfaces, not {0}")]
    InterfaceCount(usize),
}

impl Generate {
    /// A cluster of this many nodes: three interfaces each, four nodes to a BMC, IPv6 on every fourth node, networks
    /// 10.0.0.0/10, 10.64.0.0/10, 10.128.0.0/10 and `fd00:10::/64`. 10,000 nodes have 32,500 interfaces.
    pub fn new(nodes: usize) -> Self {
        let quarter = |second| Ipv4Net::new_assert(Ipv4Addr::new(10, second, 0, 0), 10);
        Self {
            nodes,
            interfaces_per_node: 3,
            nodes_per_bmc: 4,
            ipv6_every: 4,
            boot_network: quarter(0),
            hsn_network: quarter(64),
            bmc_network: quarter(128),
            ipv6_network: Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0x10, 0, 0, 0, 0, 0, 0), 64),
        }
    }

    /// Makes the cluster.
    ///
    /// # Errors
    /// If the numbers do not fit together.
    pub fn build(&self) -> Result<Cluster, GenerateError> {
        self.check()?;
        let created = SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_SECOND);
        let mut cluster = Cluster::default();
        let mut boot_macs = Vec::with_capacity(self.nodes);
        let mut cabinets: Vec<Group> = Vec::new();
        for index in 0..self.nodes {
            let place = Place::of(index, self.nodes_per_node_card());
            let now = created + Duration::from_micros(index as u64 * 1_700);
            if self.nodes_per_bmc > 0 && place.node == 0 {
                cluster.add_bmc(&self.bmc(place, index / self.nodes_per_bmc), now);
            }
            let node = self.node(place, index);
            boot_macs.push(node.interfaces[0].mac_address.clone());
            if place.is_first_of_cabinet() {
                cabinets.push(group(&format!("cabinet-x{}", place.cabinet), "All nodes of a cabinet"));
            }
            cabinets.last_mut().expect("node 0 is the first of its cabinet").members.ids.push(node.id.clone());
            cluster.add_node(&node, now);
        }
        if self.nodes > 0 {
            let mut compute = group("compute", "All compute nodes");
            compute.members.ids = cabinets.iter().flat_map(|cabinet| cabinet.members.ids.clone()).collect();
            cluster.groups = [vec![compute], cabinets].concat();
            cluster.boot.push(BootParameters {
                macs: boot_macs,
                kernel: "http://10.0.0.2/boot/vmlinuz".into(),
                initrd: "http://10.0.0.2/boot/initramfs.img".into(),
                params: "console=tty0 console=ttyS0,115200 ip=dhcp root=live:http://10.0.0.2/boot/rootfs".into(),
                ..BootParameters::default()
            });
        }
        Ok(cluster)
    }

    fn check(&self) -> Result<(), GenerateError> {
        if !(1..=200).contains(&self.interfaces_per_node) {
            return Err(GenerateError::InterfaceCount(self.interfaces_per_node));
        }
        if self.nodes > CABINETS * SLOTS_PER_CABINET * self.nodes_per_node_card() {
            return Err(GenerateError::TooManyNodes(self.nodes));
        }
        let bmcs = if self.nodes_per_bmc == 0 { 0 } else { self.nodes.div_ceil(self.nodes_per_bmc) };
        let needs = [
            (self.boot_network, self.nodes),
            (self.hsn_network, self.nodes * (self.interfaces_per_node - 1)),
            (self.bmc_network, bmcs),
        ];
        for (network, needed) in needs {
            let room = (1_u64 << (32 - network.prefix_len())).saturating_sub(256) / 256 * HOSTS_PER_256;
            if needed as u64 > room {
                return Err(GenerateError::NetworkTooSmall { network, room, needed: needed as u64 });
            }
        }
        Ok(())
    }

    /// Nodes behind one `b0`; without BMCs as many as there would be by default.
    fn nodes_per_node_card(&self) -> usize {
        if self.nodes_per_bmc == 0 { 4 } else { self.nodes_per_bmc }
    }

    fn node(&self, place: Place, index: usize) -> NewNode {
        let nid = Nid(index as u64 + 1);
        let interfaces = (0..self.interfaces_per_node).map(|number| NewInterface {
            mac_address: mac(number as u8 + 1, index).to_string(),
            description: format!("Interface {number} for nid{nid:06}"),
            addresses: if number == 0 { self.boot_addresses(index) } else { self.hsn_addresses(index, number) },
        });
        NewNode {
            id: format!("{}n{}", place.bmc(), place.node),
            nid: Some(nid),
            name: format!("nid{nid:06}"),
            bmc: None,
            interfaces: interfaces.collect(),
        }
    }

    fn boot_addresses(&self, index: usize) -> Vec<IpAddressMapping> {
        let v4 = address(nth_host(self.boot_network, index).into(), "NMN");
        if self.ipv6_every == 0 || !index.is_multiple_of(self.ipv6_every) {
            return vec![v4];
        }
        let base = u128::from(self.ipv6_network.network());
        let v6 = address(Ipv6Addr::from(base + 0x100 + index as u128).into(), "NMN");
        if (index / self.ipv6_every).is_multiple_of(2) { vec![v4, v6] } else { vec![v6, v4] }
    }

    fn hsn_addresses(&self, index: usize, number: usize) -> Vec<IpAddressMapping> {
        let nth = index * (self.interfaces_per_node - 1) + number - 1;
        vec![address(nth_host(self.hsn_network, nth).into(), "HSN")]
    }

    fn bmc(&self, place: Place, index: usize) -> NewBmc {
        let id = place.bmc();
        NewBmc {
            name: id.clone(),
            fqdn: String::new(),
            mac_address: mac(0, index).to_string(),
            ip_address: nth_host(self.bmc_network, index).to_string(),
            id,
        }
    }
}

/// Where a node sits.
#[derive(Clone, Copy)]
struct Place {
    cabinet: usize,
    chassis: usize,
    slot: usize,
    node: usize,
}

impl Place {
    fn of(index: usize, per_card: usize) -> Self {
        let (card, node) = (index / per_card, index % per_card);
        let (cabinet, card) = (card / SLOTS_PER_CABINET, card % SLOTS_PER_CABINET);
        Self { cabinet: FIRST_CABINET + cabinet, chassis: card / SLOTS, slot: card % SLOTS, node }
    }

    fn bmc(self) -> String {
        format!("x{}c{}s{}b0", self.cabinet, self.chassis, self.slot)
    }

    fn is_first_of_cabinet(self) -> bool {
        (self.chassis, self.slot, self.node) == (0, 0, 0)
    }
}

/// The nth address of a network that may belong to a host: the first 256 are left to the site's services, and no
/// address ends in `.0` or `.255`.
fn nth_host(network: Ipv4Net, nth: usize) -> Ipv4Addr {
    let (block, host) = (nth as u64 / HOSTS_PER_256, nth as u64 % HOSTS_PER_256);
    Ipv4Addr::from(u32::from(network.network()) + ((block + 1) * 256 + host + 1) as u32)
}

/// A locally administered MAC: `02:<number>:<index>`.
fn mac(number: u8, index: usize) -> MacAddr {
    let [a, b, c, d] = (index as u32).to_be_bytes();
    MacAddr([2, number, a, b, c, d])
}

fn address(address: IpAddr, network: &str) -> IpAddressMapping {
    IpAddressMapping { ip_address: address.to_string(), network: network.into() }
}

fn group(label: &str, description: &str) -> Group {
    Group { label: label.into(), description: description.into(), members: Members::default(), ..Group::default() }
}

/// Creation time of the first row, in seconds since 1970: 2026-01-01T00:00:00Z.
const FIRST_SECOND: u64 = 1_767_225_600;
const FIRST_CABINET: usize = 1000;
const CABINETS: usize = 9000;
const SLOTS: usize = 8;
const SLOTS_PER_CABINET: usize = 64;
const HOSTS_PER_256: u64 = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_node_of_a_small_cluster() {
        let cluster = Generate::new(9).build().unwrap();
        let nodes = cluster.nodes();
        assert_eq!(nodes.len(), 9);
        assert_eq!((nodes[0].id.as_str(), nodes[0].nid), ("x1000c0s0b0n0", Some(Nid(1))));
        assert_eq!((nodes[8].id.as_str(), nodes[8].nid), ("x1000c0s2b0n0", Some(Nid(9))));
        let addresses: Vec<String> = nodes[0].interfaces[0].addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.1.1", "fd00:10::100"]);
        let addresses: Vec<String> = nodes[4].interfaces[0].addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["fd00:10::104", "10.0.1.5"], "IPv6 first");
        assert_eq!(nodes[1].interfaces[0].mac.to_string(), "02:01:00:00:00:01");
        assert_eq!(cluster.redfish_endpoints.len(), 3, "four nodes to a BMC");
    }

    #[test]
    fn ten_thousand_nodes() {
        let cluster = Cluster::generate(10_000).unwrap();
        assert_eq!(cluster.interfaces.len(), 32_500);
        assert_eq!(cluster.components.len(), 12_500);
        let mut ids: Vec<&str> = cluster.interfaces.iter().map(|row| row.id.as_str()).collect();
        let mut addresses: Vec<&str> = cluster
            .interfaces
            .iter()
            .flat_map(|row| &row.ip_addresses)
            .map(|entry| entry.ip_address.as_str())
            .collect();
        let counts = (ids.len(), addresses.len());
        ids.sort_unstable();
        ids.dedup();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!((ids.len(), addresses.len()), counts, "every MAC and every address is there once");
        assert_eq!(cluster, Cluster::generate(10_000).unwrap(), "and the same again");
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let small = Generate { boot_network: "10.0.0.0/23".parse().unwrap(), ..Generate::new(255) };
        assert_eq!(
            small.build().unwrap_err().to_string(),
            "network 10.0.0.0/23 has 254 usable addresses, but 255 are needed"
        );
        assert_eq!(
            Generate { interfaces_per_node: 0, ..Generate::new(1) }.build(),
            Err(GenerateError::InterfaceCount(0))
        );
        assert_eq!(Generate::new(9_000_000).build(), Err(GenerateError::TooManyNodes(9_000_000)));
        assert_eq!(Cluster::generate(0).unwrap(), Cluster::default());
    }
}
