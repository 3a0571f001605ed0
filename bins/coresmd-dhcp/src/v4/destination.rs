//! Where a reply goes (RFC 2131 §4.1, RFC 8357).

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use dhcp_wire::MessageType;
use dhcp_wire::v4::{BROADCAST, Outgoing, Received};
use smd_cache::MacAddr;

/// The port of servers and relays.
const SERVER_PORT: u16 = 67;

/// The way of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To the relay, by routing.
    Relay(SocketAddrV4),
    /// To an address that the client has, by routing.
    Unicast(Ipv4Addr),
    /// To an address that the client does not have yet, in a frame to its MAC address.
    LinkLayer {
        /// The IP destination.
        address: Ipv4Addr,
        /// The frame's destination.
        mac: MacAddr,
    },
    /// To everyone on the receiving interface.
    Broadcast,
}

/// Chooses the way, in the order of RFC 2131 §4.1. `source`: where the request came from.
pub(super) fn choose(message: &Received<'_>, kind: MessageType, reply: &Outgoing, source: SocketAddr) -> Destination {
    if !reply.giaddr.is_unspecified() {
        let asks_for_port = message.relay_agent().is_some_and(|info| info.wants_source_port());
        let port = if asks_for_port { source.port() } else { SERVER_PORT };
        return Destination::Relay(SocketAddrV4::new(reply.giaddr, port));
    }
    if kind == MessageType::Nak {
        return Destination::Broadcast;
    }
    if !message.ciaddr().is_unspecified() {
        return Destination::Unicast(message.ciaddr());
    }
    match message.mac() {
        Some(mac) if reply.flags & BROADCAST == 0 && !reply.yiaddr.is_unspecified() => {
            Destination::LinkLayer { address: reply.yiaddr, mac }
        }
        _ => Destination::Broadcast,
    }
}
