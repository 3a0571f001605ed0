//! Which nodes boot, and what is right for each of them.
//!
//! Made from what the cluster is (the simulator's own list, or the inventory of real services), never from what the
//! servers answer.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use smd_cache::MacAddr;

use crate::packet::Architecture;

/// The domain of every name in the demo.
pub(crate) const DOMAIN: &str = "openchami.cluster";

/// A node of the cluster, from whatever source.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// SMD's ID, an xname as a rule.
    pub(crate) id: String,
    /// SMD's NID.
    pub(crate) nid: Option<u64>,
    /// Its interfaces, in SMD's order.
    pub(crate) interfaces: Vec<Interface>,
}

/// A network interface of a [`Machine`].
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) mac: MacAddr,
    /// Its IPv4 addresses, in SMD's order.
    pub(crate) addresses: Vec<Ipv4Addr>,
    /// The URL of the kernel that BSS gives this MAC, where BSS has one.
    pub(crate) kernel: Option<String>,
}

/// Everything that is going to boot.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<NodePlan>,
    /// The subnets of the nodes' addresses, ascending: the servers' configuration names them.
    pub(crate) subnets: Vec<Subnet>,
    /// How many machines cannot boot: without NID or without IPv4 address.
    pub(crate) left_out: usize,
}

/// One node that is going to boot, and what is right for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodePlan {
    pub(crate) id: String,
    pub(crate) mac: MacAddr,
    pub(crate) architecture: Architecture,
    /// The address that DHCP has to give.
    pub(crate) address: Ipv4Addr,
    pub(crate) subnet: Subnet,
    /// The name, domain included, that DHCP has to give and DNS to resolve.
    pub(crate) hostname: String,
    /// All addresses that DNS knows by that name, ascending.
    pub(crate) addresses: BTreeSet<Ipv4Addr>,
    /// What DNS has to make of the address.
    pub(crate) reverse: String,
    /// The URL of the kernel in its boot script, where the cluster has one.
    pub(crate) kernel: Option<String>,
}

/// A subnet of the cluster. The inventory does not know masks, so the demo says that every subnet is a /16 whose
/// last address is the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subnet(Ipv4Net);

impl Plan {
    /// The first `limit` machines that can boot, or all.
    pub(crate) fn new(machines: &[Machine], limit: Option<usize>) -> Self {
        let names = addresses_by_name(machines);
        let bootable: Vec<_> = machines.iter().filter_map(|machine| NodePlan::new(machine, &names)).collect();
        let left_out = machines.len() - bootable.len();
        let mut nodes: Vec<_> = bootable.into_iter().take(limit.unwrap_or(usize::MAX)).collect();
        for (node, architecture) in nodes.iter_mut().zip(Architecture::ALL.into_iter().cycle()) {
            node.architecture = architecture;
        }
        let subnets: BTreeSet<_> = nodes.iter().map(|node| node.subnet).collect();
        Self { nodes, subnets: subnets.into_iter().collect(), left_out }
    }

    /// The node whose name `index` asks for besides its own.
    pub(crate) fn neighbour(&self, index: usize) -> &NodePlan {
        &self.nodes[(index + 1) % self.nodes.len()]
    }
}

impl NodePlan {
    /// `None` for a machine without NID or address.
    fn new(machine: &Machine, names: &HashMap<String, BTreeSet<Ipv4Addr>>) -> Option<Self> {
        let hostname = hostname(machine.nid?);
        let with_address = || machine.interfaces.iter().filter(|interface| !interface.addresses.is_empty());
        let interface = with_address().find(|interface| interface.kernel.is_some()).or(with_address().next())?;
        let address = interface.addresses[0];
        Some(Self {
            id: machine.id.clone(),
            mac: interface.mac,
            architecture: Architecture::Efi64,
            address,
            subnet: Subnet::of(address),
            addresses: names.get(&hostname).cloned().unwrap_or_default(),
            hostname,
            reverse: format!("{}.{DOMAIN}", machine.id.to_ascii_lowercase()),
            kernel: interface.kernel.clone(),
        })
    }
}

impl Subnet {
    /// The subnet that an address is in.
    pub(crate) fn of(address: Ipv4Addr) -> Self {
        Self(Ipv4Net::new_assert(address, 16).trunc())
    }

    /// In CIDR notation.
    pub(crate) fn network(self) -> Ipv4Net {
        self.0
    }

    /// The router that DHCP has to give.
    pub(crate) fn router(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.0.broadcast().to_bits() - 1)
    }
}

/// The pattern `nid{04d}`, domain included.
fn hostname(nid: u64) -> String {
    format!("nid{nid:04}.{DOMAIN}")
}

/// Two machines of one NID share a name, and one machine's interfaces do too.
fn addresses_by_name(machines: &[Machine]) -> HashMap<String, BTreeSet<Ipv4Addr>> {
    let mut names = HashMap::<String, BTreeSet<_>>::new();
    for machine in machines {
        let Some(nid) = machine.nid else { continue };
        let addresses = machine.interfaces.iter().flat_map(|interface| &interface.addresses);
        names.entry(hostname(nid)).or_default().extend(addresses);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(last: u8, addresses: &[[u8; 4]], kernel: Option<&str>) -> Interface {
        Interface {
            mac: MacAddr([2, 0, 0, 0, 0, last]),
            addresses: addresses.iter().copied().map(Ipv4Addr::from).collect(),
            kernel: kernel.map(str::to_owned),
        }
    }

    fn machine(id: &str, nid: Option<u64>, interfaces: Vec<Interface>) -> Machine {
        Machine { id: id.into(), nid, interfaces }
    }

    #[test]
    fn the_interface_with_a_kernel_boots_and_the_name_has_all_addresses() {
        let storage = interface(1, &[[10, 2, 0, 1]], None);
        let boot = interface(2, &[[10, 1, 0, 1], [10, 1, 0, 9]], Some("http://s/vmlinuz"));
        let plan = Plan::new(&[machine("x1000C0s0b0n0", Some(7), vec![interface(3, &[], None), storage, boot])], None);
        let node = &plan.nodes[0];
        assert_eq!(node.mac, MacAddr([2, 0, 0, 0, 0, 2]));
        assert_eq!(node.address, Ipv4Addr::new(10, 1, 0, 1));
        assert_eq!(node.hostname, "nid0007.openchami.cluster");
        assert_eq!(node.reverse, "x1000c0s0b0n0.openchami.cluster");
        assert_eq!(node.addresses.len(), 3);
        assert_eq!(node.subnet.network().to_string(), "10.1.0.0/16");
        assert_eq!(node.subnet.router(), Ipv4Addr::new(10, 1, 255, 254));
    }

    #[test]
    fn what_cannot_boot_is_counted_and_left_out() {
        let machines = [
            machine("x0c0s0b0n0", None, vec![interface(1, &[[10, 1, 0, 1]], None)]),
            machine("x0c0s1b0n0", Some(2), vec![interface(2, &[], None)]),
            machine("x0c0s2b0n0", Some(3), vec![interface(3, &[[10, 1, 0, 3]], None)]),
            machine("x0c0s3b0n0", Some(4), vec![interface(4, &[[10, 3, 0, 4]], None)]),
            machine("x0c0s4b0n0", Some(5), vec![interface(5, &[[10, 1, 0, 5]], None)]),
        ];
        let plan = Plan::new(&machines, Some(2));
        assert_eq!(plan.left_out, 2);
        let ids: Vec<_> = plan.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids, ["x0c0s2b0n0", "x0c0s3b0n0"]);
        assert_eq!(plan.nodes[1].architecture, Architecture::EfiArm64);
        assert_eq!(plan.neighbour(1).id, "x0c0s2b0n0");
        let subnets: Vec<_> = plan.subnets.iter().map(|subnet| subnet.network().to_string()).collect();
        assert_eq!(subnets, ["10.1.0.0/16", "10.3.0.0/16"]);
    }

    #[test]
    fn nodes_of_one_nid_share_their_name() {
        let machines = [
            machine("x0c0s0b0n0", Some(1), vec![interface(1, &[[10, 1, 0, 1]], None)]),
            machine("x0c0s1b0n0", Some(1), vec![interface(2, &[[10, 1, 0, 2]], None)]),
        ];
        let plan = Plan::new(&machines, None);
        assert_eq!(plan.nodes[0].addresses, plan.nodes[1].addresses);
        assert_eq!(plan.nodes[0].addresses.len(), 2);
    }
}
