//! The inventory of both benches: 10,000 nodes with two interfaces each, and their BMCs.

use std::sync::Arc;

use coresmd_dns::catalog::{Catalog, Plan, Zone};
use coresmd_dns::chain::Chain;
use coresmd_dns::name::Name;
use coresmd_dns::view::{Block, Key, View};
use coresmd_dns::wire::Rcode;
use smd_cache::{Inventory, Snapshot};

/// How many nodes there are.
pub(crate) const NODES: usize = 10_000;

/// One server block for every name, which answers from the inventory.
pub(crate) fn view() -> View {
    let catalog = Some(Arc::new(Catalog::build(&snapshot(), &zones())));
    let block = Block::new(catalog, Chain::empty(Rcode::Refused));
    View { keys: vec![Key { zone: Name::root(), block: 0 }], blocks: vec![block] }
}

/// One zone.
pub(crate) fn zones() -> Plan {
    let apex = Name::parse("cluster.local").unwrap_or_else(|error| panic!("cluster.local {error}"));
    Plan::of(vec![Zone::new(apex, "nid{06d}".parse().ok())])
}

/// The inventory.
pub(crate) fn snapshot() -> Snapshot {
    let (mut components, mut interfaces) = (Vec::new(), Vec::new());
    let mut interface = |id: &str, net: usize, n: usize| {
        let mac = format!("{:012x}", 0x0200_0000_0000_u64 + (net * 100_000 + n) as u64);
        let ip = format!("10.{net}.{}.{}", n / 250, n % 250 + 1);
        interfaces.push(format!(
            r#"{{"ID":"{mac}","MACAddress":"{mac}","ComponentID":"{id}","IPAddresses":[{{"IPAddress":"{ip}"}}]}}"#
        ));
    };
    for n in 0..NODES {
        let bmc = format!("x{}c{}s{}b{}", 1000 + n / 512, n / 64 % 8, n / 2 % 32, n % 2);
        let node = format!("{bmc}n0");
        components.push(format!(r#"{{"ID":"{node}","Type":"Node","NID":{n}}}"#));
        components.push(format!(r#"{{"ID":"{bmc}","Type":"NodeBMC"}}"#));
        for net in 0..2 {
            interface(&node, net, n);
        }
        interface(&bmc, 2, n);
    }
    let components = format!(r#"{{"Components":[{}]}}"#, components.join(","));
    let interfaces = format!("[{}]", interfaces.join(","));
    let inventory = Inventory::from_smd(interfaces.as_bytes(), components.as_bytes());
    Snapshot::build(inventory.unwrap_or_else(|error| panic!("{error}"))).0
}
