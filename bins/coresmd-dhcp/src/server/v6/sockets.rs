//! \[IO\] The sockets of DHCPv6 and the groups that they join.
//!
//! Clients send to `ff02::1:2`, relays that know no server to `ff05::1:3` (RFC 8415 §7.1), and only a socket without an address
//! of its own hears both. So whoever is to listen at an address gets a socket for that, and another one for the groups on
//! the interface that has the address. Interfaces that come up later are joined when they do.

use std::collections::BTreeSet;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use serve::interfaces::{Interface, Interfaces};
use serve::udp::{BindSpec, UdpEndpoint};

use crate::config::{ALL_RELAYS_AND_SERVERS, ALL_SERVERS, Listen6};
use crate::server::ServerError;

/// How long an interface may be up without being joined.
const REFRESH: Duration = Duration::from_secs(5);

/// A bound socket.
#[derive(Clone)]
pub(super) struct Socket {
    /// Where it listens, as the configuration would say it.
    pub(super) place: Listen6,
    pub(super) endpoint: Arc<UdpEndpoint>,
}

/// Binds what the configuration asks for, and joins the groups.
pub(super) fn open(listen: &[Listen6], interfaces: &Interfaces) -> Result<Vec<Socket>, ServerError> {
    let places = places(listen, |entry| groups_of(entry, interfaces));
    let shared = places.len() > 1;
    let sockets = places.into_iter().map(|place| bind(place, shared)).collect::<Result<Vec<_>, _>>()?;
    join(&sockets, interfaces, &mut BTreeSet::new());
    Ok(sockets)
}

/// Joins the groups on interfaces that come up, until it is dropped with the runtime.
pub(super) async fn follow(sockets: Vec<Socket>) {
    let mut ticks = tokio::time::interval(REFRESH);
    let mut failed = BTreeSet::new();
    loop {
        ticks.tick().await;
        match Interfaces::list() {
            Ok(interfaces) => join(&sockets, &interfaces, &mut failed),
            Err(error) => tracing::warn!(%error, "the interfaces cannot be listed: new ones are not joined"),
        }
    }
}

/// The sockets for these entries of `listen`: each once, none whose datagrams another one receives anyway. `interface`: on
/// which one an entry's address is.
fn places(listen: &[Listen6], interface: impl Fn(&Listen6) -> Option<String>) -> Vec<Listen6> {
    let mut places: Vec<Listen6> = listen.to_vec();
    for entry in listen.iter().filter(|entry| !entry.address.is_unspecified() && entry.port != 0) {
        if let Some(interface) = interface(entry) {
            let groups = Listen6 { address: Ipv6Addr::UNSPECIFIED, interface: Some(interface), ..*entry };
            if !places.contains(&groups) {
                places.push(groups);
            }
        }
    }
    let everywhere = |port| places.contains(&Listen6 { address: Ipv6Addr::UNSPECIFIED, port, interface: None });
    let is_interface = |place: &Listen6| place.address.is_unspecified() && place.interface.is_some();
    let needed = places.iter().filter(|place| place.port == 0 || !(is_interface(place) && everywhere(place.port)));
    needed.cloned().collect()
}

/// The interface of an entry's address, if it is one for groups.
fn groups_of(entry: &Listen6, interfaces: &Interfaces) -> Option<String> {
    let owner = match &entry.interface {
        Some(name) => interfaces.by_name(name),
        None => interfaces.by_address(entry.address.into()),
    };
    owner.filter(|owner| owner.flags.multicast()).map(|owner| owner.name.clone())
}

fn bind(place: Listen6, shared: bool) -> Result<Socket, ServerError> {
    let spec = BindSpec {
        device: place.interface.clone(),
        reuse_address: shared,
        ..BindSpec::new(SocketAddr::V6(SocketAddrV6::new(place.address, place.port, 0, 0)))
    };
    let bound = UdpEndpoint::bind(&spec).and_then(|endpoint| Ok((endpoint.local_addr()?, endpoint)));
    match bound {
        Ok((address, endpoint)) => {
            tracing::info!(%address, interface = place.interface, "listening");
            Ok(Socket { place, endpoint: Arc::new(endpoint) })
        }
        Err(source) => Err(ServerError::Bind { name: place.to_string(), source }),
    }
}

/// Joins both groups by every socket that can hear them, on its interface or on all; one that was joined before is
/// joined. `failed`: the interfaces for which a warning was logged.
fn join(sockets: &[Socket], interfaces: &Interfaces, failed: &mut BTreeSet<u32>) {
    for Socket { place, endpoint } in sockets.iter().filter(|socket| socket.place.address.is_unspecified()) {
        for interface in interfaces.iter().filter(|interface| is_joined(place, interface)) {
            for group in [ALL_RELAYS_AND_SERVERS, ALL_SERVERS] {
                if let Err(error) = endpoint.join(group, interface.index)
                    && failed.insert(interface.index)
                {
                    let interface = &interface.name;
                    tracing::warn!(interface, %group, %error, "a group cannot be joined: clients there are not heard");
                }
            }
        }
    }
}

fn is_joined(place: &Listen6, interface: &Interface) -> bool {
    match &place.interface {
        Some(name) => *name == interface.name,
        None => interface.flags.up() && interface.flags.multicast() && !interface.flags.loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(text: &str, port: u16, interface: Option<&str>) -> Listen6 {
        Listen6 { address: text.parse().unwrap(), port, interface: interface.map(str::to_owned) }
    }

    /// What is bound for these entries, on a machine that has `fd00:16::/64` on eth0.
    fn bound(entries: &[Listen6]) -> Vec<String> {
        let on_eth0 = |entry: &Listen6| entry.to_string().contains("fd00:16:").then(|| "eth0".to_owned());
        places(entries, on_eth0).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_brings_the_groups_and_no_datagram_reaches_two_sockets() {
        let everywhere = || listen("::", 547, None);
        let [eth0, eth1] = ["eth0", "eth1"].map(|name| listen("::", 547, Some(name)));
        let address = || listen("fd00:16::253", 547, None);
        for (entries, sockets) in [
            (vec![everywhere()], &["[::]:547"][..]),
            (vec![address()], &["[fd00:16::253]:547", "[::%eth0]:547"]),
            (vec![eth0.clone(), address()], &["[::%eth0]:547", "[fd00:16::253]:547"]),
            (vec![eth1.clone(), address()], &["[::%eth1]:547", "[fd00:16::253]:547", "[::%eth0]:547"]),
            (vec![eth0.clone(), everywhere(), address()], &["[::]:547", "[fd00:16::253]:547"]),
            (vec![eth0, listen("::", 1547, None)], &["[::%eth0]:547", "[::]:1547"]),
            (vec![listen("::1", 547, None)], &["[::1]:547"]),
            (vec![listen("fd00:16::253", 0, None)], &["[fd00:16::253]:0"]),
        ] {
            assert_eq!(bound(&entries), sockets);
        }
    }

    #[test]
    fn a_loopback_address_has_no_groups() {
        assert_eq!(groups_of(&listen("::1", 547, None), &Interfaces::list().unwrap()), None);
        assert_eq!(groups_of(&listen("fd00::1", 547, Some("no-such")), &Interfaces::list().unwrap()), None);
    }
}
