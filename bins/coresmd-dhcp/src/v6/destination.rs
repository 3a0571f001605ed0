//! Where a reply goes: back to the address and port that the message came from, be it a client's or a relay's (RFC 8415
//! §18.3.10; RFC 8357 for other ports than 546 and 547).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use serve::udp::RecvMeta;

/// The way of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The receiver.
    pub to: SocketAddr,
    /// Our address to answer from; `None` leaves the choice to the kernel, as after a multicast.
    pub from: Option<IpAddr>,
    /// The interface to send through; 0 leaves it to routing.
    pub interface: u32,
}

/// Chooses the way.
pub(super) fn choose(meta: &RecvMeta) -> Destination {
    let is_link_local = matches!(meta.source.ip(), IpAddr::V6(source) if Ipv6Addr::is_unicast_link_local(&source));
    Destination { to: meta.source, from: meta.local, interface: if is_link_local { meta.interface } else { 0 } }
}
