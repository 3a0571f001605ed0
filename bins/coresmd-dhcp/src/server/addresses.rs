//! \[IO\] The networks of this machine's interfaces, looked up for every packet and listed anew every few seconds.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use ipnet::{Ipv4Net, Ipv6Net};
use rustc_hash::FxBuildHasher;
use serve::interfaces::{Interface, Interfaces};

/// How long a change of addresses may go unnoticed.
const REFRESH: Duration = Duration::from_secs(5);

/// The addresses with their networks, by index of the interface, in the kernel's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Addresses(HashMap<u32, Networks, FxBuildHasher>);

/// The addresses of one interface with their networks, by family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Networks {
    ipv4: Vec<Ipv4Net>,
    ipv6: Vec<Ipv6Net>,
}

impl Addresses {
    /// Asks the kernel.
    pub(super) fn list() -> io::Result<Self> {
        Ok(Self(Interfaces::list()?.iter().map(|interface| (interface.index, networks(interface))).collect()))
    }

    /// The IPv4 addresses of one interface; none for an unknown one.
    pub(super) fn of(&self, interface: u32) -> &[Ipv4Net] {
        self.0.get(&interface).map_or(&[], |networks| &networks.ipv4)
    }

    /// The IPv6 addresses of one interface, link-local ones too; none for an unknown one.
    pub(super) fn ipv6_of(&self, interface: u32) -> &[Ipv6Net] {
        self.0.get(&interface).map_or(&[], |networks| &networks.ipv6)
    }
}

/// Keeps the list up to date until it is dropped with the runtime.
pub(super) async fn follow(addresses: Arc<ArcSwap<Addresses>>) {
    let mut ticks = tokio::time::interval(REFRESH);
    loop {
        ticks.tick().await;
        match Addresses::list() {
            Ok(listed) if listed == **addresses.load() => {}
            Ok(listed) => {
                tracing::info!("the addresses of this machine have changed");
                addresses.store(Arc::new(listed));
            }
            Err(error) => {
                tracing::warn!(%error, "the addresses of this machine cannot be listed; the old ones are kept");
            }
        }
    }
}

fn networks(interface: &Interface) -> Networks {
    let ipv4 = interface.ipv4.iter().filter_map(|(address, prefix)| Ipv4Net::new(*address, *prefix).ok());
    let ipv6 = interface.ipv6.iter().filter_map(|(address, prefix)| Ipv6Net::new(*address, *prefix).ok());
    Networks { ipv4: ipv4.collect(), ipv6: ipv6.collect() }
}
