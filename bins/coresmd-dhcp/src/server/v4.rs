//! \[IO\] The door of DHCPv4: a datagram goes to the corridor, its reply goes out, and both are counted and logged.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use serve::link::LinkSocket;
use serve::udp::{RecvMeta, Replies};
use smd_cache::SnapshotHandle;

use super::addresses::Addresses;
use super::metrics::{Metrics, Way};
use super::transaction_log;
use crate::policy::Policy;
use crate::v4::{self, Arrival, Destination, Transmit};

/// The port of a client (RFC 2131 §4.1).
const CLIENT_PORT: u16 = 68;
/// The port that a frame of our own comes from, whatever port we listen on.
const SERVER_PORT: u16 = 67;

/// What every socket's thread shares.
pub(super) struct Door {
    pub(super) policy: Policy,
    pub(super) snapshots: SnapshotHandle,
    pub(super) addresses: Arc<ArcSwap<Addresses>>,
    /// `None` without the right to send frames: then those clients are answered by broadcast.
    pub(super) link: Option<LinkSocket>,
    pub(super) metrics: Arc<Metrics>,
}

impl Door {
    /// Answers one datagram. `frame` is room for a frame's payload, used again for each.
    pub(super) fn handle(&self, meta: &RecvMeta, datagram: &[u8], frame: &mut Vec<u8>, replies: &mut Replies) {
        let snapshot: Guard<_> = self.snapshots.guard();
        let addresses = self.addresses.load();
        let arrival = Arrival { meta, networks: addresses.of(meta.interface), datagram };
        let transaction = v4::handle_observed(snapshot.as_deref(), &self.policy, arrival, &mut transaction_log::rule);
        let way = transaction.outcome.as_ref().ok().map(|transmit| self.send(transmit, arrival, frame, replies));
        self.metrics.count(&transaction, way);
        transaction_log::write(&transaction, way);
    }

    /// Sends a reply its way; says which way it went in the end.
    fn send(&self, transmit: &Transmit, arrival: Arrival<'_>, frame: &mut Vec<u8>, replies: &mut Replies) -> Way {
        let interface = arrival.meta.interface;
        let from = source(transmit.server, arrival);
        let mut push = |to: SocketAddrV4, interface| {
            let write = |out: &mut Vec<u8>| self.metrics.omitted(transmit.encode(out).len());
            replies.push(SocketAddr::V4(to), from, interface, write);
        };
        match transmit.destination {
            Destination::Relay(relay) => {
                push(relay, 0);
                Way::Relay
            }
            Destination::Unicast(address) => {
                push(SocketAddrV4::new(address, CLIENT_PORT), 0);
                Way::Unicast
            }
            Destination::Broadcast => {
                push(SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT), interface);
                Way::Broadcast
            }
            Destination::LinkLayer { address, mac } => {
                frame.clear();
                self.metrics.omitted(transmit.encode(frame).len());
                let source = SocketAddrV4::new(transmit.server, SERVER_PORT);
                let client = SocketAddrV4::new(address, CLIENT_PORT);
                let sent = self.link.as_ref().is_some_and(|link| {
                    link.send(interface, mac.octets(), source, client, frame)
                        .inspect_err(|error| tracing::debug!(%error, %mac, "no frame was sent: broadcast instead"))
                        .is_ok()
                });
                if sent {
                    return Way::Link;
                }
                push(SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT), interface);
                Way::Fallback
            }
        }
    }
}

/// Our source address: the one that was spoken to; for a broadcast our identity in option 54, if the receiving interface
/// has it, else the interface's own.
fn source(server: Ipv4Addr, arrival: Arrival<'_>) -> Option<IpAddr> {
    let spoken_to = arrival.meta.local.filter(|local| arrival.meta.destination == Some(*local));
    let identity = arrival.networks.iter().any(|network| network.addr() == server).then_some(IpAddr::V4(server));
    spoken_to.or(identity).or(arrival.meta.local)
}
