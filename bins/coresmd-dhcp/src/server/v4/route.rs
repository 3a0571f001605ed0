//! \[IO\] The way of a reply in terms of sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use serve::link::LinkSocket;
use smd_cache::MacAddr;

use crate::server::metrics::Way;
use crate::v4::{Arrival, Destination, Transmit};

/// The port of a client (RFC 2131 §4.1).
const CLIENT_PORT: u16 = 68;
/// The port that a frame of our own comes from, whatever port we listen on.
const SERVER_PORT: u16 = 67;

/// Addresses and interface of a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    /// A frame of our own, to be tried first.
    frame: Option<Frame>,
    /// The way of the datagram, if it is no frame.
    pub(super) way: Way,
    pub(super) to: SocketAddr,
    pub(super) from: Option<IpAddr>,
    /// 0: routing decides.
    pub(super) interface: u32,
}

/// A datagram in a frame to a client that cannot be spoken to otherwise yet.
#[derive(Debug, Clone, Copy)]
struct Frame {
    interface: u32,
    mac: MacAddr,
    source: SocketAddrV4,
    client: SocketAddrV4,
}

impl Route {
    /// The way of this reply.
    pub(super) fn of(transmit: &Transmit, arrival: Arrival<'_>) -> Self {
        let interface = arrival.meta.interface;
        let client = |address| SocketAddrV4::new(address, CLIENT_PORT);
        let (frame, way, to, interface) = match transmit.destination {
            Destination::Relay(relay) => (None, Way::Relay, relay, 0),
            Destination::Unicast(address) => (None, Way::Unicast, client(address), 0),
            Destination::Broadcast => (None, Way::Broadcast, client(Ipv4Addr::BROADCAST), interface),
            Destination::LinkLayer { address, mac } => {
                let source = SocketAddrV4::new(transmit.server, SERVER_PORT);
                let frame = Frame { interface, mac, source, client: client(address) };
                (Some(frame), Way::Fallback, client(Ipv4Addr::BROADCAST), interface)
            }
        };
        Self { frame, way, to: SocketAddr::V4(to), from: source(transmit.server, arrival), interface }
    }

    /// Whether a frame is to be tried.
    pub(super) fn has_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Sends the frame, if that is the way; `false` if it must go as a datagram.
    pub(super) fn send_frame(&self, link: Option<&LinkSocket>, payload: &[u8]) -> bool {
        let (Some(frame), Some(link)) = (self.frame, link) else { return false };
        let Frame { interface, mac, source, client } = frame;
        link.send(interface, mac.octets(), source, client, payload)
            .inspect_err(|error| tracing::debug!(%error, %mac, "no frame was sent: broadcast instead"))
            .is_ok()
    }
}

/// Our source address: the one that was spoken to; for a broadcast our identity in option 54, if the receiving interface
/// has it, else the interface's own.
fn source(server: Ipv4Addr, arrival: Arrival<'_>) -> Option<IpAddr> {
    let spoken_to = arrival.meta.local.filter(|local| arrival.meta.destination == Some(*local));
    let identity = arrival.networks.iter().any(|network| network.addr() == server).then_some(IpAddr::V4(server));
    spoken_to.or(identity).or(arrival.meta.local)
}
